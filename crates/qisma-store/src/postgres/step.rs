//! One statement of a transaction, and what it must come to.

use super::param::Param;

/// A statement of a transaction, and how many rows it must touch.
pub(super) struct Step<'p> {
    pub(super) sql: &'static str,
    pub(super) params: Vec<Param<'p>>,
    pub(super) rows: usize,
    /// What the rows are, for whoever reads why it did not go through.
    pub(super) what: &'static str,
}

/// A step that touched fewer rows than it must.
pub(super) struct Short {
    pub(super) touched: u64,
    pub(super) wanted: usize,
    pub(super) what: &'static str,
}

impl std::fmt::Display for Short {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} {}", self.touched, self.wanted, self.what)
    }
}
