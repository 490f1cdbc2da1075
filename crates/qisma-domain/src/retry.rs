//! When a webhook is tried again.
//!
//! The schedule of Standard Webhooks with a second try after 15 s instead of 5 s, because one known
//! receiver takes at most 5 deliveries a minute for one payment (Flouci API, section 7).

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::ids::DeliveryId;
use crate::time::Timestamp;

/// The delay before each try, counted from the one before it (the first: from the event).
pub const DELAYS_SECS: [i64; 10] =
    [0, 15, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// A delay grows by at most 10 %, in parts per million. It never shrinks, so that a receiver that
/// was down for three days is always still tried.
pub const JITTER_PPM_MAX: u64 = 100_000;
/// The longest `Retry-After` that is obeyed.
pub const RETRY_AFTER_SECS_MAX: i64 = 86_400;

/// When to try next, or nothing when all tries are used up.
///
/// `previous_at` is the time of the previous try (before the first: of the event) and `tries_done`
/// their number. `key` is the receiver's: the jitter is drawn from it, so that it is spread over
/// receivers and yet the same after a restart. `retry_after_secs` is what the receiver asked for; it
/// can only make the wait longer.
pub fn next_delivery_at(
    previous_at: Timestamp,
    tries_done: u32,
    key: &[u8],
    id: &DeliveryId,
    retry_after_secs: Option<i64>,
) -> Option<Timestamp> {
    let try_index = usize::try_from(tries_done).ok()?;
    let delay_secs = *DELAYS_SECS.get(try_index)?;
    // Seconds times parts per million are microseconds.
    let scheduled_micros = delay_secs * (1_000_000 + jitter_ppm(key, id, tries_done));
    let asked_secs = retry_after_secs.unwrap_or(0).clamp(0, RETRY_AFTER_SECS_MAX);
    Some(previous_at.plus_micros(scheduled_micros.max(asked_secs * 1_000_000)))
}

fn jitter_ppm(key: &[u8], id: &DeliveryId, tries_done: u32) -> i64 {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(id.as_bytes());
    mac.update(&tries_done.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let drawn = digest.iter().take(8).fold(0, |sum: u64, &byte| (sum << 8) | u64::from(byte));
    i64::try_from(drawn % (JITTER_PPM_MAX + 1)).expect("at most JITTER_PPM_MAX")
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"the key of an endpoint";

    fn id(byte: u8) -> DeliveryId {
        DeliveryId::from_bytes([byte; 16])
    }

    fn wait_micros(tries_done: u32, byte: u8, retry_after_secs: Option<i64>) -> i64 {
        let start = Timestamp::from_secs(1_764_000_000);
        let next = next_delivery_at(start, tries_done, KEY, &id(byte), retry_after_secs).unwrap();
        next.micros() - start.micros()
    }

    #[test]
    fn without_jitter_the_last_try_comes_after_75_hours_35_minutes_and_15_seconds() {
        let mut total_secs = 0;
        let lines = DELAYS_SECS.map(|delay_secs| {
            total_secs += delay_secs;
            let (hours, minutes) = (total_secs / 3600, total_secs / 60 % 60);
            format!("{hours:02}:{minutes:02}:{:02}", total_secs % 60)
        });
        assert_eq!(
            lines,
            [
                "00:00:00", "00:00:15", "00:05:15", "00:35:15", "02:35:15", "07:35:15", "17:35:15",
                "31:35:15", "51:35:15", "75:35:15",
            ]
        );
    }

    #[test]
    fn the_first_try_leaves_at_once() {
        assert_eq!(wait_micros(0, 1, None), 0);
    }

    #[test]
    fn jitter_only_makes_a_delay_longer_and_by_at_most_a_tenth() {
        for (tries_done, delay_secs) in (0..).zip(DELAYS_SECS) {
            for byte in 0..=255 {
                let wait = wait_micros(tries_done, byte, None);
                assert!(delay_secs * 1_000_000 <= wait);
                assert!(wait <= delay_secs * 1_100_000);
            }
        }
    }

    #[test]
    fn jitter_differs_between_deliveries_tries_and_keys_and_is_repeatable() {
        assert_eq!(jitter_ppm(KEY, &id(1), 1), jitter_ppm(KEY, &id(1), 1));
        assert_ne!(jitter_ppm(KEY, &id(1), 1), jitter_ppm(KEY, &id(2), 1));
        assert_ne!(jitter_ppm(KEY, &id(1), 1), jitter_ppm(KEY, &id(1), 2));
        assert_ne!(jitter_ppm(KEY, &id(1), 1), jitter_ppm(b"another key", &id(1), 1));
    }

    #[test]
    fn after_ten_tries_there_is_no_next_one() {
        for tries_done in [10, 11, u32::MAX] {
            assert_eq!(next_delivery_at(Timestamp::MAX, tries_done, KEY, &id(1), Some(60)), None);
        }
    }

    #[test]
    fn a_receiver_can_ask_for_a_longer_wait_up_to_a_day_but_never_a_shorter_one() {
        assert_eq!(wait_micros(1, 1, Some(3600)), 3_600_000_000);
        assert_eq!(wait_micros(1, 1, Some(i64::MAX)), 86_400_000_000);
        assert_eq!(wait_micros(4, 1, Some(1)), wait_micros(4, 1, None));
        assert_eq!(wait_micros(4, 1, Some(-1)), wait_micros(4, 1, None));
    }
}
