//! The one place that chance comes from. Everything else is given an rng, so that the demo and the
//! tests make the same ids and keys every time.

use std::sync::{Arc, Mutex, PoisonError};

pub use rand::rand_core::Rng;
use rand::rand_core::{SeedableRng, UnwrapErr};
use rand::rngs::{StdRng, SysRng};

/// An rng that can be handed to another thread.
pub type BoxedRng = Box<dyn Rng + Send>;

/// Hands out rngs: each from the operating system or, for the demo and for tests, all from a seed.
/// Clones share the same source.
#[derive(Clone)]
pub struct Randomness {
    source: Source,
}

#[derive(Clone)]
enum Source {
    System,
    Seeded(Arc<Mutex<StdRng>>),
}

impl Randomness {
    /// Chance of the operating system. Its rngs panic when the system has none to give: without
    /// it no key and no id may be made.
    pub const fn system() -> Self {
        Self { source: Source::System }
    }

    /// The same chance every time. Whoever knows the seed knows every key: demo and tests only.
    pub fn seeded(seed: u64) -> Self {
        Self { source: Source::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(seed)))) }
    }

    /// A new rng. From a seed, the first call gets the same one every time, the second as well.
    pub fn rng(&self) -> BoxedRng {
        match &self.source {
            Source::System => Box::new(UnwrapErr(SysRng)),
            Source::Seeded(parent) => {
                // A panic elsewhere leaves the parent valid: it is only ever asked for a child.
                let mut parent = parent.lock().unwrap_or_else(PoisonError::into_inner);
                Box::new(StdRng::from_rng(&mut *parent))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Randomness;

    fn first_numbers(randomness: &Randomness) -> [u64; 2] {
        [randomness.rng().next_u64(), randomness.rng().next_u64()]
    }

    #[test]
    fn the_same_seed_gives_the_same_rngs_in_the_same_order() {
        assert_eq!(first_numbers(&Randomness::seeded(7)), first_numbers(&Randomness::seeded(7)));
    }

    #[test]
    fn two_rngs_of_one_seed_differ() {
        let [first, second] = first_numbers(&Randomness::seeded(7));
        assert_ne!(first, second);
    }

    #[test]
    fn the_system_gives_other_numbers_each_time() {
        let [first, second] = first_numbers(&Randomness::system());
        assert_ne!(first, second);
    }
}
