//! How long nobody could write: the pauses between one acknowledged write and the next.

use std::time::Duration;

/// A shorter pause is a busy machine, not a failover.
pub const STANDSTILL_MIN: Duration = Duration::from_secs(1);

/// The pauses in writing after something was done to the servers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    /// The longest.
    pub longest: Duration,
    /// All that were standstills, together: an election is one, finding a new standby another.
    pub standstill: Duration,
    /// How many standstills there were.
    pub count: usize,
}

impl Gaps {
    /// The pauses that reach beyond the moment `since`. `writes` are the moments at which a write was
    /// acknowledged, in any order; whoever waits at `end` has waited since the last of them.
    pub fn between(since: Duration, end: Duration, writes: &[Duration]) -> Self {
        let mut moments: Vec<Duration> = writes.iter().copied().filter(|at| *at <= end).collect();
        moments.push(end);
        moments.sort_unstable();
        let mut gaps = Self::default();
        // Where nothing was ever acknowledged, the pause begins with the fault.
        let mut last = moments[0].min(since);
        for moment in moments {
            let pause = moment.saturating_sub(last);
            last = moment;
            if moment <= since {
                continue;
            }
            gaps.longest = gaps.longest.max(pause);
            if STANDSTILL_MIN <= pause {
                gaps.standstill += pause;
                gaps.count += 1;
            }
        }
        gaps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(since: u64, end: u64, writes: &[u64]) -> (u64, u64, usize) {
        let writes: Vec<Duration> = writes.iter().copied().map(Duration::from_millis).collect();
        let (since, end) = (Duration::from_millis(since), Duration::from_millis(end));
        let gaps = Gaps::between(since, end, &writes);
        let millis = |gap: Duration| u64::try_from(gap.as_millis()).unwrap();
        (millis(gaps.longest), millis(gaps.standstill), gaps.count)
    }

    #[test]
    fn a_pause_begins_with_the_last_write_before_the_fault() {
        assert_eq!(between(1_000, 5_100, &[900, 5_000]), (4_100, 4_100, 1));
    }

    #[test]
    fn two_standstills_of_one_failover_are_added_up() {
        let writes = [1_000, 4_000, 4_500, 7_000, 7_100];
        assert_eq!(between(1_000, 7_200, &writes), (3_000, 5_500, 2));
    }

    #[test]
    fn what_was_before_the_fault_does_not_count() {
        assert_eq!(between(9_000, 9_300, &[1_000, 8_900, 9_200]), (300, 0, 0));
    }

    #[test]
    fn writes_that_never_come_back_are_a_pause_until_the_end() {
        assert_eq!(between(1_000, 60_000, &[500, 1_000]), (59_000, 59_000, 1));
    }

    #[test]
    fn where_nothing_was_ever_written_the_pause_begins_with_the_fault() {
        assert_eq!(between(1_000, 9_000, &[]), (8_000, 8_000, 1));
    }

    #[test]
    fn writes_may_be_noted_in_any_order() {
        assert_eq!(between(0, 3_200, &[3_000, 200, 1_000]), (2_000, 2_000, 1));
    }
}
