//! The gateway's parts, joined: what every handler, worker and command is given.

use anyhow::Context;
use qisma_domain::ids::Mode;
use qisma_domain::time::Timestamp;
use qisma_store::{LeaseOptions, Store, StoreOptions};
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::acquirers::smt::{SmtClient, SmtSettings};
use crate::clock::Clock;
use crate::config::{AcquirerSettings, Config};
use crate::data_dir::DatabaseLock;
use crate::http::KnownKeys;
use crate::http::request_limits::RequestLimits;
use crate::keyring::Keyring;
use crate::messages::MessageSender;
use crate::outbound::{Outbound, OutboundSettings};
use crate::payer::card_limits::AddressLimits;
use crate::payer::looks::PayerLooks;
use crate::payer::refund::RefundNews;
use crate::random::{BoxedRng, Randomness};

/// The gateway. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Gateway {
    parts: Arc<Parts>,
}

/// What the gateway is made of.
pub struct Parts {
    /// The settings.
    pub config: Config,
    /// What is kept.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The keys derived from the master key.
    pub keyring: Keyring,
    /// What callers' public keys lead to.
    pub known_keys: KnownKeys,
    /// How often callers may ask, and of one payment.
    pub request_limits: RequestLimits,
    /// Where payers and acquirers find us; ends in `/`.
    pub public_url: Url,
    /// What payers' links begin with; ends in `/`.
    pub link_base_url: Url,
    /// The sandbox bank, for test payments.
    pub sandbox: SmtClient,
    /// SMT, for live payments, where it is set up.
    pub smt: Option<SmtClient>,
    /// Who writes to payers in test mode.
    pub test_messages: MessageSender,
    /// Who writes to payers in live mode.
    pub live_messages: MessageSender,
    /// The guarded way to receivers of webhooks.
    pub outbound: Outbound,
    /// Raised with each commit that has a webhook to send.
    pub deliveries: watch::Receiver<u64>,
    /// Raised when an order may have to be looked at sooner than was planned.
    pub inquiries: Notify,
    /// Told when a refund may have to be looked after sooner than was planned.
    pub refund_news: RefundNews,
    /// What addresses have tried with cards.
    pub address_limits: AddressLimits,
    /// The looks at banks that payers have caused and that are running.
    pub payer_looks: PayerLooks,
    /// Cancelled when a commit's outcome became unknown: the process must end with code 70.
    pub fatal: CancellationToken,
    rng: Mutex<BoxedRng>,
}

/// What a gateway is opened with, besides its settings.
pub struct GatewayOptions {
    /// The settings.
    pub config: Config,
    /// The keys.
    pub keyring: Keyring,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The chance.
    pub randomness: Randomness,
    /// Where the gateway listens, for the addresses it gives out.
    pub bound: SocketAddr,
}

impl Gateway {
    /// Opens the store and joins the parts. Nothing is served and no worker runs yet.
    pub fn open(options: GatewayOptions) -> anyhow::Result<Self> {
        let GatewayOptions { config, keyring, clock, randomness, bound } = options;
        // A server keeps its own peace between the nodes that use it.
        let database = config.database.file().map(DatabaseLock::take).transpose()?;
        let claim = qisma_store::claim(&config.database.engine, clock.now(), keyring.key_id())?;
        let fatal = CancellationToken::new();
        let (delivery, deliveries) = watch::channel(0_u64);
        let store = Store::open(StoreOptions {
            engine: config.database.engine.clone(),
            read_connections_max: config.database.read_connections_max,
            leases: LeaseOptions {
                lease_secs: config.workers.lease_secs,
                clock_must_agree: clock.is_of_the_world(),
            },
            fold: config.ledger.fold,
            now: {
                let clock = clock.clone();
                Arc::new(move || clock.now())
            },
            rng: {
                let randomness = randomness.clone();
                Box::new(move || randomness.rng())
            },
            on_fatal: {
                let fatal = fatal.clone();
                Arc::new(move |_| {
                    // Held here because the lane holds this: until its last commit, nobody else
                    // may open the database.
                    let _owner = &database;
                    fatal.cancel();
                })
            },
            on_delivery: Arc::new(move || {
                delivery.send_modify(|count| *count = count.wrapping_add(1));
            }),
        })?;
        drop(claim);
        let (sandbox, smt) = clients(&config)?;
        let outbound = Outbound::new(OutboundSettings {
            allow_loopback: config.webhooks.allow_loopback,
            ports_allowed: config.webhooks.ports_allowed.clone(),
            connect_timeout_secs: config.webhooks.connect_timeout_secs,
            timeout_secs: config.webhooks.timeout_secs,
            ..OutboundSettings::default()
        })?;
        let live_messages = live_messages(&config)?;
        let parts = Parts {
            test_messages: MessageSender::sandbox(config.acquirers.sandbox.root.as_str())
                .context("acquirers.sandbox.url")?,
            live_messages,
            public_url: config.http.public_url_at(bound),
            link_base_url: config.http.link_base_url_at(bound),
            rng: Mutex::new(randomness.rng()),
            request_limits: RequestLimits::new(&config.http),
            address_limits: AddressLimits::new(&config.cards),
            config,
            store,
            clock,
            keyring,
            known_keys: KnownKeys::default(),
            sandbox,
            smt,
            outbound,
            deliveries,
            inquiries: Notify::new(),
            refund_news: RefundNews::default(),
            payer_looks: PayerLooks::default(),
            fatal,
        };
        Ok(Self { parts: Arc::new(parts) })
    }

    /// The moment, as this gateway's clock tells it.
    pub fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// Draws chance.
    pub fn with_rng<T>(&self, draw: impl FnOnce(&mut BoxedRng) -> T) -> T {
        draw(&mut self.parts.rng.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The acquirer of a mode's cards, where there is one.
    pub fn acquirer(&self, mode: Mode) -> Option<&SmtClient> {
        match mode {
            Mode::Test => Some(&self.parts.sandbox),
            Mode::Live => self.parts.smt.as_ref(),
        }
    }

    /// Whether wallets are open to a mode's payments.
    pub fn wallet_is_open(&self, mode: Mode) -> bool {
        self.parts.config.rails.wallet.is_open(mode == Mode::Live)
    }

    /// Who writes to a mode's payers.
    pub fn messages(&self, mode: Mode) -> &MessageSender {
        match mode {
            Mode::Test => &self.parts.test_messages,
            Mode::Live => &self.parts.live_messages,
        }
    }
}

impl Deref for Gateway {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

/// The clients of the sandbox bank, and of SMT where it is set up.
fn clients(config: &Config) -> anyhow::Result<(SmtClient, Option<SmtClient>)> {
    let settings = &config.acquirers;
    let sandbox = smt_client(&settings.sandbox.account, settings.timeout_secs)?;
    let live = settings.smt.as_ref();
    let smt = live.map(|live| smt_client(live, settings.timeout_secs)).transpose()?;
    Ok((sandbox, smt))
}

/// Who writes to payers in live mode.
fn live_messages(config: &Config) -> anyhow::Result<MessageSender> {
    let Some(sms) = &config.messages.sms else { return Ok(MessageSender::None) };
    let token = sms.token.clone().unwrap_or_else(|| String::new().into());
    MessageSender::gateway(sms.url.as_str(), token).context("messages.sms.url")
}

/// An acquirer's client, from its settings.
pub(crate) fn smt_client(
    settings: &AcquirerSettings,
    timeout_secs: u64,
) -> anyhow::Result<SmtClient> {
    Ok(SmtClient::new(SmtSettings {
        url: settings.url.to_string(),
        user_name: settings.user_name.clone(),
        password: settings.password.clone(),
        currency: format!("{:03}", settings.currency),
        callback_key: settings.callback_key.clone(),
        timeout_secs,
    })?)
}
