//! Who gets the odd millime: one amount into parts, and parts taken bit by bit from legs.
//!
//! Two jobs, two rules (ADR 0004). [`largest_remainder()`] divides one amount once. Recomputing it on
//! the running total of several partial captures or refunds would be wrong: a leg's share can go
//! *down* when the total goes up (legs 1, 3, 5: a total of 4 gives 1, 1, 2, a total of 5 gives
//! 0, 2, 3), so the second refund would give a leg money back. [`continued_allocation`] only adds.

mod continued;
mod largest_remainder;

pub use continued::{TakeError, check_chosen_parts, continued_allocation};
pub use largest_remainder::{InvalidWeights, largest_remainder};
