//! The one place that knows what time it is. Everything else is given a [`Clock`], so that a test
//! can make an hour pass without waiting for it.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use qisma_domain::time::Timestamp;
use tokio::sync::{Notify, oneshot};

/// A wait that a [`Clock`] handed out.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tells the time and waits for it.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;

    /// Resolves once [`now`](Self::now) has reached `at`; at once when it already has.
    fn sleep_until(&self, at: Timestamp) -> Sleep;

    /// Whether it is the world's time, so that other machines' clocks should agree with it.
    fn is_of_the_world(&self) -> bool;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// The longest single wait on the monotonic timer, after which the wall clock is read again. The
/// wall clock may be set while we wait, and a due time is a wall-clock time.
const STEP_MAX: Duration = Duration::from_mins(1);

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody is given")]
    fn now(&self) -> Timestamp {
        // A clock before 1970 is a machine that has not been set; zero makes that plain to see.
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }

    fn sleep_until(&self, at: Timestamp) -> Sleep {
        let clock = *self;
        Box::pin(async move {
            loop {
                let left_micros = at.micros().saturating_sub(clock.now().micros());
                let Ok(left_micros @ 1..) = u64::try_from(left_micros) else { return };
                tokio::time::sleep(Duration::from_micros(left_micros).min(STEP_MAX)).await;
            }
        })
    }

    fn is_of_the_world(&self) -> bool {
        true
    }
}

/// A clock that stands still until it is told to move. Clones share the same time.
#[derive(Clone)]
pub struct ManualClock {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    // Rung whenever somebody goes to sleep, for tests that wait until a worker has.
    slept: Notify,
}

struct State {
    now: Timestamp,
    // Keyed by due time and then by arrival, so that sleepers always wake in the same order.
    sleepers: BTreeMap<(Timestamp, u64), oneshot::Sender<()>>,
    arrivals_count: u64,
}

impl ManualClock {
    /// A clock that stands at `start`.
    pub fn starting_at(start: Timestamp) -> Self {
        let state = State { now: start, sleepers: BTreeMap::new(), arrivals_count: 0 };
        Self { shared: Arc::new(Shared { state: Mutex::new(state), slept: Notify::new() }) }
    }

    /// Moves the clock forward and wakes everybody whose time has come, earliest first. Moving
    /// back is a mistake of the caller: time does not.
    pub fn advance(&self, secs: i64) {
        assert!(secs >= 0, "a clock does not go back");
        let to = self.now().plus_secs(secs);
        self.advance_to(to);
    }

    /// Moves the clock to `to`, unless it is already past it, and wakes those who are due.
    pub fn advance_to(&self, to: Timestamp) {
        let mut state = self.state();
        let now = state.now.max(to);
        state.now = now;
        while let Some(sleeper) = state.sleepers.first_entry() {
            if sleeper.key().0 > now {
                break;
            }
            // A sleeper that was dropped meanwhile (a cancelled task) has nobody left to wake.
            let _ = sleeper.remove().send(());
        }
    }

    /// When the next sleeper is due; `None` when nobody sleeps.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let mut state = self.state();
        state.sleepers.retain(|_, sleeper| !sleeper.is_closed());
        state.sleepers.first_key_value().map(|((at, _), _)| *at)
    }

    /// How many wait for this clock at the moment.
    pub fn sleeper_count(&self) -> usize {
        let mut state = self.state();
        state.sleepers.retain(|_, sleeper| !sleeper.is_closed());
        state.sleepers.len()
    }

    /// Waits until at least `count` tasks sleep on this clock: then each of them is done with what
    /// it had to do at the present time, and the clock may be moved.
    pub async fn wait_for_sleepers(&self, count: usize) {
        loop {
            // Listening starts before the count is taken, or a sleeper in between is missed.
            let slept = self.shared.slept.notified();
            if self.sleeper_count() >= count {
                return;
            }
            slept.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the time valid: no step below stops half-way.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.state().now
    }

    fn sleep_until(&self, at: Timestamp) -> Sleep {
        let clock = self.clone();
        Box::pin(async move {
            let woken = {
                let mut state = clock.state();
                if at <= state.now {
                    return;
                }
                state.arrivals_count += 1;
                let (waker, woken) = oneshot::channel();
                let arrival = state.arrivals_count;
                state.sleepers.insert((at, arrival), waker);
                woken
            };
            clock.shared.slept.notify_waiters();
            // This future holds a clone of the clock, so the sender outlives the wait.
            let _ = woken.await;
        })
    }

    fn is_of_the_world(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_secs(1_795_000_000);

    #[tokio::test]
    async fn sleepers_wake_in_the_order_of_their_due_times() {
        let clock = ManualClock::starting_at(START);
        let (woken, mut order) = tokio::sync::mpsc::unbounded_channel();
        for delay_secs in [30, 10, 20, 500] {
            let (clock, woken) = (clock.clone(), woken.clone());
            tokio::spawn(async move {
                clock.sleep_until(START.plus_secs(delay_secs)).await;
                woken.send(delay_secs)
            });
        }
        clock.wait_for_sleepers(4).await;
        clock.advance(60);
        let first_three = [order.recv().await, order.recv().await, order.recv().await];
        assert_eq!(first_three, [Some(10), Some(20), Some(30)]);
        assert_eq!(clock.next_wake(), Some(START.plus_secs(500)));
    }

    #[tokio::test]
    async fn a_time_that_has_come_is_not_waited_for() {
        let clock = ManualClock::starting_at(START);
        clock.sleep_until(START).await;
        assert_eq!(clock.sleeper_count(), 0);
    }

    #[tokio::test]
    async fn a_cancelled_wait_is_forgotten() {
        let clock = ManualClock::starting_at(START);
        let task = tokio::spawn(clock.sleep_until(START.plus_secs(1)));
        clock.wait_for_sleepers(1).await;
        task.abort();
        let _ = task.await;
        assert_eq!(clock.sleeper_count(), 0);
    }

    #[test]
    fn the_system_clock_knows_that_it_is_after_the_year_2020() {
        assert!(SystemClock.now() > Timestamp::from_secs(1_577_836_800));
    }
}
