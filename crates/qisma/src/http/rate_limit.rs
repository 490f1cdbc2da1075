//! How often one app may ask: a bucket that fills evenly and gives one token a request.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use qisma_domain::ids::AppId;
use qisma_domain::time::Timestamp;

use super::error::ApiError;

/// Apps remembered at once. They are authenticated, so strangers cannot fill this.
const APPS_MAX: usize = 10_000;
const MINUTE_MICROS: i64 = 60_000_000;

/// A limit on each app's requests.
pub struct RateLimit {
    per_minute_max: i64,
    // When each app's bucket is full again; a moment that has passed means a full bucket.
    full_at: Mutex<BTreeMap<AppId, Timestamp>>,
}

impl RateLimit {
    /// At most this many requests a minute, all at once or spread.
    pub fn new(per_minute_max: u32) -> Self {
        Self { per_minute_max: i64::from(per_minute_max), full_at: Mutex::new(BTreeMap::new()) }
    }

    /// Takes a token, or says after how many seconds there is one.
    pub fn take(&self, app: AppId, now: Timestamp) -> Result<(), ApiError> {
        let step_micros = (MINUTE_MICROS / self.per_minute_max).max(1);
        let mut buckets = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if APPS_MAX <= buckets.len() {
            buckets.retain(|_, full_at| now < *full_at);
        }
        let full_at = buckets.entry(app).or_insert(now);
        let after = (*full_at).max(now).plus_micros(step_micros);
        let empty_until = after.plus_micros(-step_micros * self.per_minute_max);
        if now < empty_until {
            return Err(ApiError::rate_limited(empty_until.secs_left(now).unsigned_abs()));
        }
        *full_at = after;
        Ok(())
    }
}
