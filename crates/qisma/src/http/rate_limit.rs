//! How often somebody may ask: a bucket that fills evenly and gives one token a request.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

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

/// A limit on the requests of each caller.
pub struct RateLimit<K> {
    per_minute_max: i64,
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
    /// At most this many requests a minute, all at once or spread.
    pub fn new(per_minute_max: u32) -> Self {
        let buckets = Buckets { recent: BTreeMap::new(), older: BTreeMap::new() };
        Self { per_minute_max: i64::from(per_minute_max), buckets: Mutex::new(buckets) }
    }

    /// Takes a token, or says after how many seconds there is one.
    pub fn take(&self, caller: K, now: Timestamp) -> Result<(), TooMany> {
        let step_micros = (MINUTE_MICROS / self.per_minute_max).max(1);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if CALLERS_MAX <= buckets.recent.len() {
            buckets.older = std::mem::take(&mut buckets.recent);
        }
        let before = buckets.older.remove(&caller).unwrap_or(now);
        let full_at = buckets.recent.entry(caller).or_insert(before);
        let after = (*full_at).max(now).plus_micros(step_micros);
        let empty_until = after.plus_micros(-step_micros * self.per_minute_max);
        if now < empty_until {
            let retry_after_secs = empty_until.secs_left(now).unsigned_abs();
            return Err(TooMany { retry_after_secs });
        }
        *full_at = after;
        Ok(())
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
    /// Looks at banks that payers cause.
    pub bank_looks: RateLimit<ClientAddress>,
}

impl ClientLimits {
    /// The limits of these settings.
    pub fn new(settings: &Http) -> Self {
        Self {
            login_failures: RateLimit::new(settings.login_failures_per_minute_max),
            unknown_links: RateLimit::new(settings.unknown_links_per_minute_max),
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

/// Around payers' pages: an address that tries links until one exists is told to wait.
pub async fn limit_unknown_links(
    State((gateway, limits)): State<Limited>,
    client: ClientAddress,
    request: Request,
    next: Next,
) -> Response {
    let tongue = Tongue::of(&request);
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
