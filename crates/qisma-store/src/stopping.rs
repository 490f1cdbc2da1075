//! The end of a lane, told to what waits in it.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Says that the lane is to end, to whoever waits in it.
#[derive(Default)]
pub struct Stopping {
    stops: Mutex<bool>,
    told: Condvar,
}

impl Stopping {
    /// Waits, and says whether the lane is to end; at once when it is.
    pub fn wait(&self, pause: Duration) -> bool {
        let stops = self.stops.lock().unwrap_or_else(PoisonError::into_inner);
        let (stops, _) = self
            .told
            .wait_timeout_while(stops, pause, |stops| !*stops)
            .unwrap_or_else(PoisonError::into_inner);
        *stops
    }

    /// Says it.
    pub(crate) fn stop(&self) {
        *self.stops.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.told.notify_all();
    }
}
