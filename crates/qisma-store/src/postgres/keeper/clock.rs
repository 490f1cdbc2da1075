//! How far two clocks are apart.

/// The most that a gateway's clock may differ from the server's.
const OFF_MAX_US: i64 = 500_000;

/// By how much our clock is behind a server's that answered at some moment between two of ours: what
/// lies between them is not held against anybody.
pub(super) fn behind_us(before: i64, server: i64, after: i64) -> i64 {
    server.saturating_sub(after).max(0).saturating_add(server.saturating_sub(before).min(0))
}

/// Whether that is more than leases allow.
pub(super) const fn is_too_much(behind_us: i64) -> bool {
    OFF_MAX_US < behind_us.saturating_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_took_long_says_nothing_against_the_clock() {
        assert_eq!(behind_us(1_000_000, 1_000_000, 9_000_000), 0);
        assert_eq!(behind_us(1_000_000, 9_000_000, 9_000_000), 0);
    }

    #[test]
    fn a_clock_behind_and_a_clock_ahead_are_told_apart() {
        assert_eq!(behind_us(1_000, 1_700, 1_200), 500);
        assert_eq!(behind_us(1_000, 400, 1_200), -600);
    }

    #[test]
    fn half_a_second_is_allowed_in_either_direction() {
        assert!(!is_too_much(500_000) && !is_too_much(-500_000));
        assert!(is_too_much(500_001) && is_too_much(-500_001));
    }
}
