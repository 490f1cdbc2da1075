//! The settings of the gateway itself: how it is reached, where it keeps things, what it logs.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use qisma_domain::decide::refund_payment::WhenShort;
use qisma_domain::limits::{self, HOLD_SECS_MAX};
use qisma_store::Fold;
use secrecy::SecretString;
use tracing_subscriber::EnvFilter;
use url::Url;

use super::layers::MASTER_KEY;
use super::network::Network;
use super::reader::Reader;
use crate::keyring::MasterKey;

/// What a limit on the requests of a minute may be.
const PER_MINUTE: RangeInclusive<u32> = 1..=60_000_000;
/// The same for one that can be switched off.
const PER_MINUTE_OR_OFF: RangeInclusive<u32> = 0..=60_000_000;

/// How payers and platforms reach the gateway.
#[derive(Clone, Debug)]
pub struct Http {
    /// Where it listens; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Its address as browsers see it, when that is set.
    pub public_url: Option<Url>,
    /// What payment links begin with, when that is set.
    pub link_base_url: Option<Url>,
    /// The proxies whose word on the client's address is believed.
    pub trusted_proxies: Vec<Network>,
    /// What it needs to speak https itself.
    pub tls: Option<TlsFiles>,
    /// The longest request body.
    pub body_bytes_max: usize,
    /// Connections open at once.
    pub connections_max: usize,
    /// How often one app may verify payments in a minute.
    pub verify_per_minute_max: u32,
    /// Requests of one app in a minute; 0: no limit. Also the next ones.
    pub app_requests_per_minute_max: u32,
    /// Requests of all apps of one merchant in a minute.
    pub merchant_requests_per_minute_max: u32,
    /// Requests about one payment in a minute.
    pub payment_requests_per_minute_max: u32,
    /// Forms of one payment's page in a minute.
    pub payment_forms_per_minute_max: u32,
    /// Pages that one address may ask for in a minute.
    pub pages_per_minute_max: u32,
    /// How often the credentials of one address may be refused in a minute.
    pub login_failures_per_minute_max: u32,
    /// How often one address may open links of payments that do not exist, in a minute.
    pub unknown_links_per_minute_max: u32,
    /// How often payers of one address may make us ask a bank, in a minute.
    pub bank_looks_per_minute_max: u32,
}

/// A certificate and its key, as PEM files.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The chain, the server's own certificate first.
    pub cert: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

impl Http {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let cert = reader.text("http.tls_cert").map(PathBuf::from);
        let key = reader.text("http.tls_key").map(PathBuf::from);
        match (&cert, &key) {
            (Some(_), None) => reader.must_be("http.tls_key", "set together with http.tls_cert"),
            (None, Some(_)) => reader.must_be("http.tls_cert", "set together with http.tls_key"),
            _ => {}
        }
        Self {
            listen: reader.address("http.listen"),
            public_url: reader.site("http.public_url"),
            link_base_url: reader.base_url("http.link_base_url"),
            trusted_proxies: reader.list(
                "http.trusted_proxies",
                "a list of addresses or networks such as 10.0.0.0/8, with zeros behind the prefix",
                |item| item.as_str()?.parse().ok(),
            ),
            tls: cert.zip(key).map(|(cert, key)| TlsFiles { cert, key }),
            body_bytes_max: reader.number("http.body_bytes_max", 4_096..=1_048_576),
            connections_max: reader.number("http.connections_max", 16..=65_536),
            verify_per_minute_max: reader.number("http.verify_per_minute_max", PER_MINUTE),
            app_requests_per_minute_max: reader
                .number("http.app_requests_per_minute_max", PER_MINUTE_OR_OFF),
            merchant_requests_per_minute_max: reader
                .number("http.merchant_requests_per_minute_max", PER_MINUTE_OR_OFF),
            payment_requests_per_minute_max: reader
                .number("http.payment_requests_per_minute_max", PER_MINUTE_OR_OFF),
            payment_forms_per_minute_max: reader
                .number("http.payment_forms_per_minute_max", PER_MINUTE_OR_OFF),
            pages_per_minute_max: reader.number("http.pages_per_minute_max", PER_MINUTE_OR_OFF),
            login_failures_per_minute_max: reader
                .number("http.login_failures_per_minute_max", PER_MINUTE),
            unknown_links_per_minute_max: reader
                .number("http.unknown_links_per_minute_max", PER_MINUTE),
            bank_looks_per_minute_max: reader.number("http.bank_looks_per_minute_max", PER_MINUTE),
        }
    }

    /// The gateway's address as browsers see it. `bound` is where it really listens, which only
    /// the system knows when the port was left to it.
    pub fn public_url_at(&self, bound: SocketAddr) -> Url {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        self.public_url.clone().unwrap_or_else(|| site_of(scheme, bound))
    }

    /// What payment links begin with: an address whose path ends with a slash.
    pub fn link_base_url_at(&self, bound: SocketAddr) -> Url {
        self.link_base_url.clone().unwrap_or_else(|| self.public_url_at(bound))
    }
}

fn site_of(scheme: &str, address: SocketAddr) -> Url {
    Url::parse(&format!("{scheme}://{address}")).expect("an address and port are a valid host")
}

/// Where metrics are served.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// A listener of its own; none: metrics are off.
    pub listen: Option<SocketAddr>,
}

impl Metrics {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self { listen: reader.optional_address("metrics.listen") }
    }
}

/// The root of all keys.
#[derive(Clone, Debug)]
pub struct Security {
    /// The configured master key; none: the one in the data directory.
    pub master_key: Option<MasterKey>,
}

impl Security {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let rule = "32 bytes in base64 (44 characters); `openssl rand -base64 32` makes one";
        let master_key = reader.parsed(MASTER_KEY, rule, |text| MasterKey::parse(text).ok());
        Self { master_key }
    }
}

/// The sandbox bank, for the process that is one.
#[derive(Clone, Debug)]
pub struct Sandbox {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Its address as browsers see it, when that is set.
    pub public_url: Option<Url>,
    /// The key that signs its callbacks.
    pub callback_key: Option<SecretString>,
}

impl Sandbox {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            listen: reader.address("sandbox.listen"),
            public_url: reader.site("sandbox.public_url"),
            callback_key: reader.secret("sandbox.callback_key"),
        }
    }

    /// Its address as browsers see it. `bound` is where it really listens.
    pub fn public_url_at(&self, bound: SocketAddr) -> Url {
        self.public_url.clone().unwrap_or_else(|| site_of("http", bound))
    }
}

/// Which links a platform may give.
#[derive(Clone, Debug)]
pub struct Links {
    /// Whether plain http is refused.
    pub https_only: bool,
}

impl Links {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self { https_only: reader.switch("links.https_only") }
    }
}

/// How the books are kept.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// When balances follow the journal.
    pub fold: Fold,
}

impl Ledger {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let fold = match reader.text("ledger.fold") {
            Some("inline") => Some(Fold::Inline),
            Some("deferred") => Some(Fold::Deferred),
            _ => None,
        };
        if fold.is_none() {
            reader.must_be("ledger.fold", "\"inline\" or \"deferred\"");
        }
        Self { fold: fold.unwrap_or_default() }
    }
}

/// How long money is held for merchants.
#[derive(Clone, Copy, Debug)]
pub struct Payments {
    /// For how long an approval of a pre-authorised payment holds the money.
    pub authorization_timeout_secs: i64,
}

impl Payments {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let allowed = 60..=HOLD_SECS_MAX;
        let name = "payments.authorization_timeout_secs";
        Self { authorization_timeout_secs: reader.number(name, allowed) }
    }
}

/// How money is given back.
#[derive(Clone, Copy, Debug)]
pub struct Refunds {
    /// What becomes of a refund when a merchant does not have its part.
    pub when_short: WhenShort,
}

impl Refunds {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let when_short =
            reader.parsed("refunds.when_short", "\"debt\" or \"refuse\"", |text| match text {
                "debt" => Some(WhenShort::Debt),
                "refuse" => Some(WhenShort::Refuse),
                _ => None,
            });
        Self { when_short: when_short.unwrap_or_default() }
    }
}

/// How much may be tried with cards.
#[derive(Clone, Copy, Debug)]
pub struct Cards {
    /// Card attempts of one payment.
    pub attempts_per_payment_max: usize,
    /// Declines of one card in an hour, over all payments; 0: no limit. Also the next ones.
    pub declines_per_card_max: usize,
    /// Card attempts from one address in ten minutes, those that were paid left out.
    pub attempts_per_address_max: u32,
    /// Declined card attempts from one address in an hour.
    pub declines_per_address_max: u32,
}

impl Cards {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            attempts_per_payment_max: reader
                .number("cards.attempts_per_payment_max", 1..=limits::ATTEMPTS_STARTED_MAX),
            declines_per_card_max: reader
                .number("cards.declines_per_card_max", 0..=limits::CARD_DECLINES_KEPT_MAX),
            attempts_per_address_max: reader
                .number("cards.attempts_per_address_max", PER_MINUTE_OR_OFF),
            declines_per_address_max: reader
                .number("cards.declines_per_address_max", PER_MINUTE_OR_OFF),
        }
    }
}

/// What the gateway does without being asked.
#[derive(Clone, Copy, Debug)]
pub struct Workers {
    /// Whether webhooks are kept back.
    pub deliveries_are_paused: bool,
    /// For how long a gateway that is not heard of keeps its share, where several use one server.
    pub lease_secs: i64,
}

impl Workers {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let paused =
            reader.list("workers.paused", "a list of what is kept back: \"deliveries\"", |item| {
                (item.as_str() == Some("deliveries")).then_some(())
            });
        Self {
            deliveries_are_paused: !paused.is_empty(),
            // A shorter one would end between two renewals, of which each may take a moment.
            lease_secs: reader.number("workers.lease_secs", 6..=300),
        }
    }
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// What is logged, and how.
#[derive(Clone, Debug)]
pub struct Log {
    /// How lines are written.
    pub format: LogFormat,
    /// How much is logged, in the words of `tracing-subscriber`'s `EnvFilter`.
    pub level: String,
}

impl Log {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let format = reader.parsed("log.format", "\"json\" or \"text\"", |text| match text {
            "json" => Some(LogFormat::Json),
            "text" => Some(LogFormat::Text),
            _ => None,
        });
        let rule = "error, warn, info, debug or trace, or a list such as info,qisma=debug";
        let level = reader.parsed("log.level", rule, |text| {
            EnvFilter::try_new(text).is_ok().then(|| text.to_owned())
        });
        Self {
            format: format.unwrap_or(LogFormat::Json),
            level: level.unwrap_or_else(|| "info".to_owned()),
        }
    }
}
