//! How often somebody may ask: a bucket that fills evenly and gives one token a request.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use qisma_domain::time::Timestamp;

use super::checkout::{Tongue, too_many_requests};
use super::client::ClientAddress;
use super::error::ApiError;
use crate::config::Http;
use crate::gateway::Gateway;

/// Callers remembered at once, and as many again who came before them: strangers who have many
/// addresses cannot fill the memory.
const CALLERS_MAX: usize = 50_000;
const MINUTE_MICROS: i64 = 60_000_000;

/// Somebody asks too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany {
    /// When there is a token again.
    pub retry_after_secs: u64,
}

impl From<TooMany> for ApiError {
    fn from(TooMany { retry_after_secs }: TooMany) -> Self {
        Self::rate_limited(retry_after_secs)
    }
}

/// A limit on what each caller does.
pub struct RateLimit<K> {
    /// 0: no limit.
    count_max: i64,
    window_micros: i64,
    buckets: Mutex<Buckets<K>>,
}

/// When each caller's bucket is full again; a moment that has passed means a full bucket.
struct Buckets<K> {
    recent: BTreeMap<K, Timestamp>,
    /// Those who have not asked since `recent` was begun. Forgotten together: to look for the ones
    /// whose bucket is full would let strangers decide how long each request takes.
    older: BTreeMap<K, Timestamp>,
}

impl<K: Ord> RateLimit<K> {
    /// At most this many requests a minute, all at once or spread; 0: as many as there are.
    pub fn new(per_minute_max: u32) -> Self {
        Self::within(per_minute_max, MINUTE_MICROS)
    }

    /// At most so many within these minutes, all at once or spread; 0: as many as there are.
    pub fn within_minutes(count_max: u32, minutes: u32) -> Self {
        Self::within(count_max, i64::from(minutes) * MINUTE_MICROS)
    }

    fn within(count_max: u32, window_micros: i64) -> Self {
        let buckets = Buckets { recent: BTreeMap::new(), older: BTreeMap::new() };
        Self { count_max: i64::from(count_max), window_micros, buckets: Mutex::new(buckets) }
    }

    /// Takes a token, or says after how many seconds there is one.
    pub fn take(&self, caller: K, now: Timestamp) -> Result<(), TooMany> {
        let Some(step_micros) = self.step_micros() else { return Ok(()) };
        let mut forgotten = BTreeMap::new();
        let mut buckets = self.lock();
        if CALLERS_MAX <= buckets.recent.len() {
            let recent = std::mem::take(&mut buckets.recent);
            forgotten = std::mem::replace(&mut buckets.older, recent);
        }
        let before = buckets.older.remove(&caller).unwrap_or(now);
        let full_at = buckets.recent.entry(caller).or_insert(before);
        let after = self.after_one(*full_at, step_micros, now);
        if let Ok(after) = after {
            *full_at = after;
        }
        drop(buckets);
        // It takes a while, for which nobody else should wait.
        drop(forgotten);
        after.map(|_| ())
    }

    /// Whether there is a token, which nobody takes.
    pub fn check(&self, caller: &K, now: Timestamp) -> Result<(), TooMany> {
        let Some(step_micros) = self.step_micros() else { return Ok(()) };
        let buckets = self.lock();
        let full_at = buckets.recent.get(caller).or_else(|| buckets.older.get(caller));
        self.after_one(full_at.copied().unwrap_or(now), step_micros, now).map(|_| ())
    }

    /// Puts a token back, if the caller is still known.
    pub fn give_back(&self, caller: &K) {
        let Some(step_micros) = self.step_micros() else { return };
        let Buckets { recent, older } = &mut *self.lock();
        if let Some(full_at) = recent.get_mut(caller).or_else(|| older.get_mut(caller)) {
            *full_at = full_at.plus_micros(-step_micros);
        }
    }

    /// The time in which one token comes; nothing where there is no limit.
    fn step_micros(&self) -> Option<i64> {
        Some(self.window_micros.checked_div(self.count_max)?.max(1))
    }

    /// When a bucket is full again once a token is taken from it.
    fn after_one(
        &self,
        full_at: Timestamp,
        step_micros: i64,
        now: Timestamp,
    ) -> Result<Timestamp, TooMany> {
        let after = full_at.max(now).plus_micros(step_micros);
        let empty_until = after.plus_micros(-step_micros * self.count_max);
        if now < empty_until {
            let retry_after_secs = empty_until.secs_left(now).unsigned_abs();
            return Err(TooMany { retry_after_secs });
        }
        Ok(after)
    }

    fn lock(&self) -> MutexGuard<'_, Buckets<K>> {
        // Each change is a few moves, so a panic elsewhere leaves the buckets whole.
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an address may do that costs us more than it costs the one who asks.
///
/// Addresses are shared, by the customers of a mobile carrier and by all that stands behind a proxy
/// that the settings do not name. So nobody is shut out for what a neighbour did wrong: right keys and
/// links that exist always work, and only what goes wrong is counted.
pub struct ClientLimits {
    login_failures: RateLimit<ClientAddress>,
    unknown_links: RateLimit<ClientAddress>,
    /// Pages of payers, whatever they are.
    pages: RateLimit<ClientAddress>,
    /// Looks at banks that payers cause.
    pub bank_looks: RateLimit<ClientAddress>,
}

impl ClientLimits {
    /// The limits of these settings.
    pub fn new(settings: &Http) -> Self {
        Self {
            login_failures: RateLimit::new(settings.login_failures_per_minute_max),
            unknown_links: RateLimit::new(settings.unknown_links_per_minute_max),
            pages: RateLimit::new(settings.pages_per_minute_max),
            bank_looks: RateLimit::new(settings.bank_looks_per_minute_max),
        }
    }
}

/// What the layers below are given.
pub type Limited = (Gateway, Arc<ClientLimits>);

/// Around the API: an address whose credentials were refused too often is told to wait.
pub async fn limit_login_failures(
    State((gateway, limits)): State<Limited>,
    client: ClientAddress,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    if response.status() != StatusCode::UNAUTHORIZED {
        return response;
    }
    match limits.login_failures.take(client, gateway.now()) {
        Ok(()) => response,
        Err(too_many) => ApiError::from(too_many).into_response(),
    }
}

/// Around payers' pages: an address that tries links until one exists is told to wait, and so is one
/// that asks for more pages than all payers behind it would.
pub async fn limit_pages(
    State((gateway, limits)): State<Limited>,
    client: ClientAddress,
    request: Request,
    next: Next,
) -> Response {
    let tongue = Tongue::of(&request);
    if let Err(too_many) = limits.pages.take(client, gateway.now()) {
        return too_many_requests(too_many, tongue, None);
    }
    let response = next.run(request).await;
    if response.status() != StatusCode::NOT_FOUND {
        return response;
    }
    match limits.unknown_links.take(client, gateway.now()) {
        Ok(()) => response,
        Err(too_many) => too_many_requests(too_many, tongue, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);

    #[test]
    fn a_token_comes_back_after_its_part_of_a_minute() {
        let limit = RateLimit::new(2);
        assert_eq!((limit.take(1, NOW), limit.take(1, NOW)), (Ok(()), Ok(())));
        assert_eq!(limit.take(1, NOW), Err(TooMany { retry_after_secs: 30 }));
        assert_eq!(limit.take(2, NOW), Ok(()));
        assert_eq!(limit.take(1, NOW.plus_secs(30)), Ok(()));
        assert!(limit.take(1, NOW.plus_secs(30)).is_err());
    }

    #[test]
    fn a_token_that_is_given_back_can_be_taken_again() {
        let limit = RateLimit::within_minutes(1, 10);
        limit.take(1, NOW).unwrap();
        assert_eq!(limit.check(&1, NOW), Err(TooMany { retry_after_secs: 600 }));
        limit.give_back(&1);
        assert_eq!((limit.check(&1, NOW), limit.take(1, NOW)), (Ok(()), Ok(())));
        assert!(limit.take(1, NOW).is_err());
    }

    #[test]
    fn nobody_has_more_tokens_than_the_limit_for_what_was_given_back() {
        let limit = RateLimit::new(1);
        limit.give_back(&1);
        limit.take(1, NOW).unwrap();
        limit.give_back(&1);
        limit.give_back(&1);
        limit.take(1, NOW).unwrap();
        assert!(limit.take(1, NOW).is_err());
    }

    #[test]
    fn without_a_limit_nobody_is_counted() {
        let limit = RateLimit::new(0);
        for _ in 0..3 {
            assert_eq!((limit.check(&1, NOW), limit.take(1, NOW)), (Ok(()), Ok(())));
        }
        assert_eq!(limit.buckets.lock().unwrap().recent.len(), 0);
    }

    #[test]
    fn no_number_of_callers_fills_the_memory() {
        let limit = RateLimit::new(1);
        for caller in 0..3 * CALLERS_MAX {
            assert_eq!(limit.take(caller, NOW), Ok(()));
        }
        let buckets = limit.buckets.lock().unwrap();
        assert!(buckets.recent.len() + buckets.older.len() <= 2 * CALLERS_MAX);
    }

    #[test]
    fn whoever_asks_again_is_remembered_though_many_came_between() {
        let limit = RateLimit::new(1);
        limit.take(0, NOW).unwrap();
        for caller in 1..=CALLERS_MAX {
            limit.take(caller, NOW).unwrap();
        }
        assert!(limit.take(0, NOW).is_err());
    }
}
