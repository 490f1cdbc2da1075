//! Payers' phones. A phone takes a code every 30 seconds and five in an hour, so many payers are
//! needed, and each waits before paying again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A little more than the gateway asks for.
const REST: Duration = Duration::from_secs(32);
const USES_MAX: u32 = 5;

struct Phone {
    number: String,
    free_at: Instant,
    uses: u32,
}

/// Phones that have a wallet.
pub struct Phones {
    /// The longest rested one first.
    waiting: VecDeque<Phone>,
}

impl Phones {
    /// These phones, all rested.
    pub fn new(numbers: &[String], now: Instant) -> Self {
        let phone = |number: &String| Phone { number: number.clone(), free_at: now, uses: 0 };
        Self { waiting: numbers.iter().map(phone).collect() }
    }

    /// A phone that may be sent a code now, if there is one.
    pub fn take(&mut self, now: Instant) -> Option<String> {
        let mut phone = self.waiting.pop_front_if(|phone| phone.free_at <= now)?;
        let number = phone.number.clone();
        phone.uses += 1;
        if phone.uses < USES_MAX {
            phone.free_at = now + REST;
            self.waiting.push_back(phone);
        }
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_rests_between_codes_and_is_laid_aside_after_five() {
        let begin = Instant::now();
        let mut phones = Phones::new(&["a".into(), "b".into()], begin);
        assert_eq!(phones.take(begin).as_deref(), Some("a"));
        assert_eq!(phones.take(begin).as_deref(), Some("b"));
        assert_eq!(phones.take(begin), None);
        let taken = (1..10).filter(|n| phones.take(begin + REST * *n).is_some()).count();
        let taken_later = (11..20).filter(|n| phones.take(begin + REST * *n).is_some()).count();
        assert_eq!(taken + taken_later, 8);
    }
}
