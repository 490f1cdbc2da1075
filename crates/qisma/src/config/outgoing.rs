//! The settings of what leaves the gateway towards payers and platforms, and of the ways to pay.

use secrecy::SecretString;
use toml::Value;
use url::Url;

use super::reader::Reader;

/// Which ways to pay are open besides cards.
#[derive(Clone, Debug)]
pub struct Rails {
    /// Wallets.
    pub wallet: WalletRail,
}

/// Where payers may pay by wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WalletRail {
    /// In test mode only.
    Test,
    /// In test and live mode.
    Always,
    /// Nowhere.
    Never,
}

impl WalletRail {
    /// Whether wallets are open to live payments (`live`) or to test payments.
    pub const fn is_open(self, live: bool) -> bool {
        match self {
            Self::Test => !live,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

impl Rails {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let key = "rails.wallet.enabled";
        // A switch in a variable or a flag comes as text.
        let wallet = match reader.value(key) {
            Value::Boolean(true) => WalletRail::Always,
            Value::Boolean(false) => WalletRail::Never,
            Value::String(text) if text == "test" => WalletRail::Test,
            Value::String(text) if matches!(text.as_str(), "always" | "true") => WalletRail::Always,
            Value::String(text) if matches!(text.as_str(), "never" | "false") => WalletRail::Never,
            _ => {
                reader.must_be(key, "\"test\", \"always\" or true, \"never\" or false");
                WalletRail::Never
            }
        };
        Self { wallet }
    }
}

/// How payers are written to.
#[derive(Clone, Debug)]
pub struct Messages {
    /// The SMS gateway for live codes; none: no live code can be sent.
    pub sms: Option<SmsGateway>,
}

/// An HTTP gateway that sends text messages.
#[derive(Clone, Debug)]
pub struct SmsGateway {
    /// Where messages are posted.
    pub url: Url,
    /// What it asks for, when it does.
    pub token: Option<SecretString>,
}

impl Messages {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let url = reader.url("messages.sms.url");
        let token = reader.secret("messages.sms.token");
        Self { sms: url.map(|url| SmsGateway { url, token }) }
    }
}

/// How events leave for the platforms.
#[derive(Clone, Debug)]
pub struct Webhooks {
    /// Whether test-mode webhooks may go to this machine.
    pub allow_loopback: bool,
    /// How long the head of an answer may take.
    pub timeout_secs: u64,
    /// How long a connection may take; part of the former, and never more.
    pub connect_timeout_secs: u64,
    /// Deliveries under way at once.
    pub concurrency_max: usize,
    /// Of these, to one receiver; never more than all.
    pub per_origin_max: usize,
    /// The ports to which webhooks may go.
    pub ports_allowed: Vec<u16>,
}

impl Webhooks {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let timeout_secs = reader.number("webhooks.timeout_secs", 1..=60);
        let connect_timeout_secs: u64 = reader.number("webhooks.connect_timeout_secs", 1..=60);
        let concurrency_max = reader.number("webhooks.concurrency_max", 1..=4_096);
        let per_origin_max: usize = reader.number("webhooks.per_origin_max", 1..=4_096);
        Self {
            allow_loopback: reader.switch("webhooks.allow_loopback"),
            timeout_secs,
            // Whoever lowers a whole need not know of its part.
            connect_timeout_secs: connect_timeout_secs.min(timeout_secs),
            concurrency_max,
            per_origin_max: per_origin_max.min(concurrency_max),
            ports_allowed: reader.list(
                "webhooks.ports_allowed",
                "a list of ports from 1 to 65535",
                |item| u16::try_from(item.as_integer()?).ok().filter(|port| *port != 0),
            ),
        }
    }
}
