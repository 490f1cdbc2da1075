//! The looks at banks that payers cause: at most one for an attempt at a time and few in all, so that
//! nobody who reloads a page makes a bank answer for it.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use qisma_domain::ids::PaymentId;
use tokio::sync::Semaphore;

/// Calls to banks at a time, for all payers together.
const CALLS_MAX: usize = 32;

type AttemptKey = (PaymentId, u16);

/// Which looks are running.
#[derive(Debug)]
pub struct PayerLooks {
    running: Mutex<BTreeSet<AttemptKey>>,
    /// One permit for each call that may run.
    pub(super) calls: Semaphore,
}

impl Default for PayerLooks {
    fn default() -> Self {
        Self { running: Mutex::default(), calls: Semaphore::new(CALLS_MAX) }
    }
}

impl PayerLooks {
    /// Begins a look; nothing when one at the same attempt is running. It ends with the guard, so a
    /// panic or a cancelled request ends it too.
    pub(super) fn begin(&self, payment: PaymentId, attempt: u16) -> Option<RunningLook<'_>> {
        let key = (payment, attempt);
        self.set().insert(key).then(|| RunningLook { looks: self, key })
    }

    fn set(&self) -> MutexGuard<'_, BTreeSet<AttemptKey>> {
        // Each change is one call, so a panic elsewhere leaves the set whole.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A look that is running.
pub(super) struct RunningLook<'a> {
    looks: &'a PayerLooks,
    key: AttemptKey,
}

impl Drop for RunningLook<'_> {
    fn drop(&mut self) {
        self.looks.set().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_is_looked_at_once_at_a_time() {
        let looks = PayerLooks::default();
        let payment = PaymentId::from_bytes([1; 16]);
        let first = looks.begin(payment, 1);
        assert!(looks.begin(payment, 1).is_none());
        assert!(looks.begin(payment, 2).is_some());
        drop(first);
        assert!(looks.begin(payment, 1).is_some());
    }
}
