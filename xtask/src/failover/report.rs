//! What came of a try, and the table of all of them.

use serde::{Deserialize, Serialize};
use std::time::Duration;

use super::check::Verdict;
use super::gaps::Gaps;

/// What came of one try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The machine does not permit it.
    NotRun {
        /// Why.
        reason: String,
    },
    /// It was run.
    Run(Found),
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Payments that a client was told of.
    pub acknowledged: usize,
    /// Of these, those that are gone.
    pub lost: usize,
    /// Keys or payments with two effects.
    pub doubled: usize,
    /// Whatever else may not be: a balance that is off, an answer that is none.
    pub violations: usize,
    /// The longest pause in writing, in milliseconds.
    pub longest_ms: u64,
    /// All standstills together, in milliseconds.
    pub standstill_ms: u64,
    /// What of it is allowed, in milliseconds.
    pub allowed_ms: u64,
    /// The longest that a client waited for an answer, in milliseconds.
    pub slowest_ms: u64,
    /// Answers with 503.
    pub refused: u64,
    /// Requests without an answer.
    pub broken: u64,
    /// Acknowledged writes a second before the fault.
    pub writes_per_sec: u64,
}

/// What was seen beside the verdict and the gaps.
pub struct Seen {
    /// Whatever else may not be.
    pub violations: usize,
    /// Answers with 503.
    pub refused: u64,
    /// Requests without an answer.
    pub broken: u64,
    /// The longest that a client waited for an answer.
    pub slowest: Duration,
    /// Acknowledged writes a second before the fault.
    pub writes_per_sec: u64,
    /// The longest that writes may stand still.
    pub allowed: Duration,
}

impl Outcome {
    /// Puts together what was found.
    pub fn of(verdict: &Verdict, gaps: &Gaps, seen: &Seen) -> Self {
        Self::Run(Found {
            acknowledged: verdict.acknowledged,
            lost: verdict.lost.len(),
            doubled: verdict.doubled.len(),
            violations: seen.violations,
            longest_ms: millis(gaps.longest),
            standstill_ms: millis(gaps.standstill),
            allowed_ms: millis(seen.allowed),
            slowest_ms: millis(seen.slowest),
            refused: seen.refused,
            broken: seen.broken,
            writes_per_sec: seen.writes_per_sec,
        })
    }

    /// Whether nothing was found that may not be. What was not run has not failed.
    pub fn is_passed(&self) -> bool {
        match self {
            Self::NotRun { .. } => true,
            Self::Run(found) => found.is_passed(),
        }
    }
}

impl Found {
    fn is_passed(&self) -> bool {
        let wrong = self.lost + self.doubled + self.violations;
        wrong == 0 && self.acknowledged > 0 && self.standstill_ms <= self.allowed_ms
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The heading of the table.
pub const HEADING: &str = "fault        seed        acked   lost  doubled  other  longest gap  \
                           standstill  allowed  slowest   503s  broken  writes/s";

/// One line of the table.
pub fn line(name: &str, seed: u64, outcome: &Outcome) -> String {
    let found = match outcome {
        Outcome::NotRun { reason } => return format!("{name:<12} NOT RUN: {reason}"),
        Outcome::Run(found) => found,
    };
    format!(
        "{name:<12} {seed:<10} {:>6} {:>6} {:>8} {:>6} {:>12} {:>11} {:>8} {:>8} {:>6} {:>7} {:>9}  {}",
        found.acknowledged,
        found.lost,
        found.doubled,
        found.violations,
        secs(found.longest_ms),
        secs(found.standstill_ms),
        secs(found.allowed_ms),
        secs(found.slowest_ms),
        found.refused,
        found.broken,
        found.writes_per_sec,
        if found.is_passed() { "ok" } else { "FAILED" },
    )
}

fn secs(millis: u64) -> String {
    format!("{}.{} s", millis / 1_000, millis % 1_000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Found {
        Found { acknowledged: 10, standstill_ms: 5_000, allowed_ms: 10_000, ..Found::default() }
    }

    #[test]
    fn a_try_in_which_nothing_is_wrong_passes() {
        assert!(Outcome::Run(found()).is_passed());
    }

    #[test]
    fn anything_lost_doubled_or_otherwise_wrong_fails_a_try() {
        let lost = Found { lost: 1, ..found() };
        let doubled = Found { doubled: 1, ..found() };
        let other = Found { violations: 1, ..found() };
        for wrong in [lost, doubled, other] {
            assert!(!Outcome::Run(wrong).is_passed());
        }
    }

    #[test]
    fn writes_that_are_back_too_late_fail_a_try() {
        assert!(!Outcome::Run(Found { standstill_ms: 10_001, ..found() }).is_passed());
    }

    #[test]
    fn a_try_without_a_single_write_shows_nothing() {
        assert!(!Outcome::Run(Found { acknowledged: 0, ..found() }).is_passed());
    }

    #[test]
    fn durations_are_shown_in_tenths_of_a_second() {
        assert_eq!(secs(19_349), "19.3 s");
    }
}
