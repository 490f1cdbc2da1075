//! Planted bugs, by name, in builds with the feature `mutants` only. A crash harness that does not
//! catch them proves nothing.

/// Whether the planted bug of this name is switched on (`QISMA_MUTANT`).
pub fn is_on(name: &str) -> bool {
    std::env::var("QISMA_MUTANT").is_ok_and(|on| on == name)
}
