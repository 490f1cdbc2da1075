//! What every client of ours shares: TLS, no redirects, no proxies, bounded bodies, and errors
//! that never repeat a URL.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use reqwest::{Client, ClientBuilder, Response, redirect};

/// A client could not be built.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up the HTTP client: check the system's TLS certificates")]
pub struct ClientSetupError;

/// Makes ring the TLS provider of this process. May be called any number of times.
///
/// reqwest is built without a provider: two of them in one binary make rustls panic at first use.
pub fn install_tls_provider() {
    // An error only means that a provider is already installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A builder with our rules. The environment's proxies are ignored because they would connect for
/// us, past the egress guard; redirects are not followed because they lead past it too.
pub(super) fn builder(connect_timeout: Duration) -> ClientBuilder {
    install_tls_provider();
    Client::builder()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(connect_timeout)
        .user_agent(concat!("qisma/", env!("CARGO_PKG_VERSION")))
}

/// Builds a client from what `make` gives.
///
/// Certificates are checked with reqwest's platform verifier, which on Linux reads the system's
/// root certificates (`/etc/ssl/certs`, or `SSL_CERT_FILE`) and fails where there are none. A
/// machine without them must still reach its own sandbox over http, so there the client is built
/// trusting nobody: every https call then fails as untrusted.
pub(super) fn build(make: impl Fn() -> ClientBuilder) -> Result<Client, ClientSetupError> {
    if let Ok(client) = make().build() {
        return Ok(client);
    }
    tracing::warn!("no root certificates found, https calls will fail: install ca-certificates");
    make().tls_certs_only([]).build().map_err(|_| ClientSetupError)
}

/// A client for addresses that the operator chose (acquirers, the SMS gateway), which may well be
/// on this machine. `timeout` bounds a call from the connection to the last byte of the body.
pub fn operator_client(
    connect_timeout: Duration,
    timeout: Duration,
) -> Result<Client, ClientSetupError> {
    build(|| {
        builder(connect_timeout)
            .timeout(timeout)
            .pool_max_idle_per_host(2)
            // Shorter than servers keep idle connections: one closed under our request would
            // leave its outcome unknown.
            .pool_idle_timeout(Duration::from_secs(15))
    })
}

/// Why a body could not be read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFault {
    /// Longer than the bound.
    TooLarge,
    /// The deadline passed first.
    TimedOut,
    /// The connection was cut.
    Lost,
}

/// Reads a body of at most `size_max_bytes`, and stops reading as soon as there is more.
pub async fn read_bounded(
    mut response: Response,
    size_max_bytes: usize,
) -> Result<Vec<u8>, BodyFault> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > size_max_bytes => {
                return Err(BodyFault::TooLarge);
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(error) if error.is_timeout() => return Err(BodyFault::TimedOut),
            Err(_) => return Err(BodyFault::Lost),
        }
    }
}

/// Finds a cause of a given type, however deep it was wrapped.
pub(super) fn cause<T: StdError + 'static>(error: &reqwest::Error) -> Option<&T> {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(current) = next {
        if let Some(found) = current.downcast_ref() {
            return Some(found);
        }
        // `source` of an I/O error skips the error it wraps, and rustls wraps its own in one.
        let wrapped = current.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(inner) => Some(inner),
            None => current.source(),
        };
    }
    None
}
