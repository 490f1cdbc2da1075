//! Calls to addresses that a merchant chose, through the egress guard: a receiver must be on the
//! public internet, whatever its name resolves to, and may not lead us anywhere else.
//!
//! **Invariant:** no call to a merchant's URL leaves by another road. Calls to addresses that the
//! operator chose use [`operator_client`].

mod addresses;
#[cfg(test)]
pub(crate) mod canned;
mod http;
mod resolver;
mod retry_after;
#[cfg(test)]
mod tests;
mod urls;

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response};
use tokio::time::{Instant, timeout_at};

pub use addresses::{AddressRule, is_global_unicast};
pub use http::{BodyFault, ClientSetupError, install_tls_provider, operator_client, read_bounded};
pub use retry_after::RetryAfter;
pub use urls::{CheckedUrl, Forbidden, PORTS_DEFAULT, UrlRules, check_url};

use resolver::GuardedResolver;

/// How receivers are called.
#[derive(Clone, Debug)]
pub struct OutboundSettings {
    /// In test mode, let receivers be on this machine.
    pub allow_loopback: bool,
    /// Ports that receivers may listen on. Test mode adds 80.
    pub ports_allowed: Vec<u16>,
    /// How long resolving, connecting and the TLS handshake may take together.
    pub connect_timeout_secs: u64,
    /// How long the head of the answer may take, connecting included.
    pub timeout_secs: u64,
    /// How much of an answer's body is read before the connection is closed.
    pub response_size_max_bytes: usize,
}

impl Default for OutboundSettings {
    fn default() -> Self {
        Self {
            allow_loopback: false,
            ports_allowed: PORTS_DEFAULT.to_vec(),
            connect_timeout_secs: 5,
            timeout_secs: 15,
            response_size_max_bytes: 16 * 1024,
        }
    }
}

/// The methods that receivers understand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Facts in the query, no body.
    Get,
    /// Facts in the body.
    Post,
}

/// One call. It has no `Debug`, so that its query, its signature and its body reach no log.
#[derive(Clone)]
pub struct OutboundRequest {
    /// GET or POST.
    pub method: Method,
    /// Where to, as the merchant wrote it.
    pub url: String,
    /// Names and values of headers.
    pub headers: Vec<(String, String)>,
    /// The bytes of the body, sent as they are.
    pub body: Vec<u8>,
    /// Whether the payment is a test one, for which http and perhaps loopback are allowed.
    pub test_mode: bool,
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutboundResult {
    /// The head of an answer arrived in time.
    Answered {
        /// The HTTP status. A redirect is not followed.
        status: u16,
        /// When the receiver asked us to come back.
        retry_after: Option<RetryAfter>,
        /// From the start of the call to the head of the answer.
        latency: Duration,
    },
    /// No answer arrived.
    Failed(FailureClass),
}

impl OutboundResult {
    /// Whether the receiver took the message: a 2xx, whatever became of its body.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Answered { status: 200..=299, .. })
    }
}

/// Why no answer arrived, in words fit for a delivery's log: no URL, no address, no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FailureClass {
    /// The name has no address, or the resolver did not answer.
    #[error("the host name could not be resolved: check its spelling and its DNS records")]
    DnsFailed,
    /// The egress guard refused the call. Nothing was sent.
    #[error("refused: {0}")]
    Forbidden(Forbidden),
    /// Nobody listens there.
    #[error("the connection failed: check that the receiver is listening")]
    ConnectFailed,
    /// The handshake failed or the certificate is not trusted.
    #[error("the TLS handshake failed: check the receiver's certificate")]
    Tls,
    /// No head of an answer in time. The receiver may have taken the message all the same.
    #[error("no answer in time: answer first and work afterwards")]
    TimedOut,
    /// The connection was cut or the answer is not HTTP.
    #[error("the answer was not HTTP or was cut short")]
    Protocol,
}

/// The sender. Cheap to share behind an `Arc`; one per process.
#[derive(Debug)]
pub struct Outbound {
    settings: OutboundSettings,
    rules: UrlRules,
    global: Client,
    // Only where the settings allow loopback: one client per rule, as a resolver cannot know
    // which request it resolves for.
    global_or_loopback: Option<Client>,
    loopback: Option<Client>,
}

impl Outbound {
    /// Prepares the clients. Nothing is sent.
    pub fn new(settings: OutboundSettings) -> Result<Self, ClientSetupError> {
        let connect_timeout = Duration::from_secs(settings.connect_timeout_secs);
        let client = |rule| {
            http::build(|| {
                http::builder(connect_timeout)
                    .dns_resolver(GuardedResolver { rule })
                    // A kept connection would be used without a new look at the address.
                    .pool_max_idle_per_host(0)
            })
        };
        let when_loopback = |rule| settings.allow_loopback.then(|| client(rule)).transpose();
        Ok(Self {
            global: client(AddressRule::Global)?,
            global_or_loopback: when_loopback(AddressRule::GlobalOrLoopback)?,
            loopback: when_loopback(AddressRule::Loopback)?,
            rules: UrlRules {
                allow_loopback: settings.allow_loopback,
                ports_allowed: settings.ports_allowed.clone(),
            },
            settings,
        })
    }

    /// Makes one call and says what became of it. Never repeats it.
    pub async fn send(&self, request: OutboundRequest) -> OutboundResult {
        let started = Instant::now();
        let deadline = started + Duration::from_secs(self.settings.timeout_secs);
        let response = match self.head(request, deadline).await {
            Ok(response) => response,
            Err(class) => return OutboundResult::Failed(class),
        };
        let latency = started.elapsed();
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .and_then(RetryAfter::parse);
        let status = response.status().as_u16();
        // The body decides nothing. It is read so that a well-behaved receiver can finish
        // writing, within the same deadline, and then dropped.
        let size_max_bytes = self.settings.response_size_max_bytes;
        let _ = timeout_at(deadline, read_bounded(response, size_max_bytes)).await;
        OutboundResult::Answered { status, retry_after, latency }
    }

    async fn head(
        &self,
        request: OutboundRequest,
        deadline: Instant,
    ) -> Result<Response, FailureClass> {
        let checked = check_url(&request.url, &self.rules, request.test_mode)
            .map_err(FailureClass::Forbidden)?;
        let client = self.client(checked.rule)?;
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        let mut call = client.request(method, checked.url).headers(headers(&request.headers)?);
        if !request.body.is_empty() {
            call = call.body(request.body);
        }
        let response = timeout_at(deadline, call.send())
            .await
            .map_err(|_| FailureClass::TimedOut)?
            .map_err(|error| classify(&error))?;
        // The guard looks before connecting; this second look is for a client library that one
        // day connects by another road.
        match response.remote_addr() {
            Some(peer) if !checked.rule.allows(peer.ip()) => {
                Err(FailureClass::Forbidden(Forbidden::Address))
            }
            _ => Ok(response),
        }
    }

    fn client(&self, rule: AddressRule) -> Result<&Client, FailureClass> {
        match rule {
            AddressRule::Global => Some(&self.global),
            AddressRule::GlobalOrLoopback => self.global_or_loopback.as_ref(),
            AddressRule::Loopback => self.loopback.as_ref(),
        }
        .ok_or(FailureClass::Forbidden(Forbidden::Address))
    }
}

fn headers(pairs: &[(String, String)]) -> Result<HeaderMap, FailureClass> {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let name = HeaderName::try_from(name).map_err(|_| FailureClass::Protocol)?;
        let value = HeaderValue::try_from(value).map_err(|_| FailureClass::Protocol)?;
        headers.append(name, value);
    }
    Ok(headers)
}

/// The order matters: a refusal of ours and a time-out both come wrapped as connection errors.
fn classify(error: &reqwest::Error) -> FailureClass {
    if let Some(reason) = http::cause::<Forbidden>(error) {
        FailureClass::Forbidden(*reason)
    } else if error.is_timeout() {
        FailureClass::TimedOut
    } else if error.is_dns() {
        FailureClass::DnsFailed
    } else if http::cause::<rustls::Error>(error).is_some() {
        FailureClass::Tls
    } else if error.is_connect() {
        FailureClass::ConnectFailed
    } else {
        FailureClass::Protocol
    }
}
