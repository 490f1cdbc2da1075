//! A gateway with one shop whose payments end as the test says, and the worker that sends webhooks.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use qisma::clock::ManualClock;
use qisma::config::{Config, Flag, Sources};
use qisma::data_dir::DataDir;
use qisma::gateway::{Gateway, GatewayOptions};
use qisma::keyring::{Keyring, MasterKey};
use qisma::operations::apps::{self, NewApp};
use qisma::operations::merchants;
use qisma::random::Randomness;
use qisma::workers::deliver;
use qisma_domain::account::Acquirer;
use qisma_domain::app::WebhookMode;
use qisma_domain::attempt::CardDetails;
use qisma_domain::decide::cancel_payment::CancelPayment;
use qisma_domain::decide::create_payment::{CreatePayment, NewPayment};
use qisma_domain::decide::record_outcome::{ApprovalFacts, BankReport, RecordOutcome};
use qisma_domain::decide::start_card::StartCard;
use qisma_domain::delivery::Delivery;
use qisma_domain::ids::{AppId, MerchantId, Mode, PaymentId};
use qisma_domain::link::{Link, LinkKind};
use qisma_domain::merchant::MerchantStatus;
use qisma_domain::money::Amount;
use qisma_domain::payment::{Canceler, Channel};
use qisma_domain::time::Timestamp;
use tempfile::TempDir;
use throwaway_postgres::Lent;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::test_app::lent;

/// Longer than anything here takes; only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(20);
const START: Timestamp = Timestamp::from_secs(1_795_000_000);

pub struct Shop {
    pub gateway: Gateway,
    pub clock: ManualClock,
    pub merchant: MerchantId,
    pub app: NewApp,
    worker: Option<JoinHandle<()>>,
    shutdown: CancellationToken,
    dir: TempDir,
    // The last to go: the gateway is a client of it.
    database: Option<Lent>,
}

impl Shop {
    /// A shop on this machine, whose receivers may be on it too.
    pub async fn open(webhook_mode: WebhookMode) -> Self {
        Self::with_settings(webhook_mode, &[("webhooks.allow_loopback", "true")]).await
    }

    pub async fn with_settings(
        webhook_mode: WebhookMode,
        settings: &[(&'static str, &str)],
    ) -> Self {
        Self::with_clock(webhook_mode, settings, ManualClock::starting_at(START)).await
    }

    pub async fn with_clock(
        webhook_mode: WebhookMode,
        settings: &[(&'static str, &str)],
        clock: ManualClock,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let database = lent();
        let gateway = open_gateway(&dir, database.as_ref(), &clock, settings);
        let shop = merchants::create(&gateway, Some("1"), "Shop".into(), None).await.unwrap();
        merchants::set_status(&gateway, shop.id, MerchantStatus::Active).await.unwrap();
        let app = apps::create(&gateway, shop.id, Mode::Test, webhook_mode).await.unwrap();
        let shutdown = CancellationToken::new();
        let worker = tokio::spawn(deliver::run(gateway.clone(), shutdown.clone()));
        let (merchant, worker) = (shop.id, Some(worker));
        Self { gateway, clock, merchant, app, worker, shutdown, dir, database }
    }

    /// Stops everything and starts it again on the same database.
    pub async fn restart(&mut self) {
        self.stop().await;
        let settings = [("webhooks.allow_loopback", "true")];
        self.gateway = open_gateway(&self.dir, self.database.as_ref(), &self.clock, &settings);
        self.shutdown = CancellationToken::new();
        let worker = deliver::run(self.gateway.clone(), self.shutdown.clone());
        self.worker = Some(tokio::spawn(worker));
    }

    /// Stops the worker, and then the store.
    pub async fn stop(&mut self) {
        self.shutdown.cancel();
        if let Some(worker) = self.worker.take() {
            worker.await.unwrap();
        }
        self.gateway.store.close();
    }

    pub async fn payment(&self, webhook: &str) -> PaymentId {
        self.payment_of(self.app.app_id, webhook).await
    }

    pub async fn payment_of(&self, app: AppId, webhook: &str) -> PaymentId {
        let command = CreatePayment {
            merchant: self.merchant,
            app,
            mode: Mode::Test,
            new: new_payment(webhook),
            link_prefix: "https://pay.example/pay/".into(),
            idempotent: None,
        };
        self.gateway.store.run(command).await.unwrap().created.payment_id
    }

    /// A payment that was paid by card: its webhook is due.
    pub async fn paid(&self, webhook: &str) -> PaymentId {
        let payment = self.payment(webhook).await;
        self.capture(payment).await;
        payment
    }

    pub async fn capture(&self, payment: PaymentId) {
        capture(&self.gateway, payment).await;
    }

    /// The bank says of the attempt that it was paid, whether it was or not.
    pub async fn approve(&self, payment: PaymentId, attempt: u16) {
        approve(&self.gateway, payment, attempt).await;
    }

    /// A payment that the payer called off: its webhook is due.
    pub async fn canceled(&self, webhook: &str) -> PaymentId {
        let payment = self.payment(webhook).await;
        let command = CancelPayment { payment, by: Canceler::Payer, unpaid_attempt: None };
        self.gateway.store.run(command).await.unwrap();
        payment
    }

    /// The payment's one delivery.
    pub async fn delivery(&self, payment: PaymentId) -> Delivery {
        let read = move |reader: &qisma_store::Reader<'_>| reader.deliveries(Some(&payment), 10);
        let deliveries = self.gateway.store.read(read).await.unwrap();
        let [delivery] = deliveries.try_into().expect("one delivery a payment");
        delivery
    }

    /// The payment's delivery, once this is true of it.
    pub async fn delivery_when(
        &self,
        payment: PaymentId,
        is_so: impl Fn(&Delivery) -> bool,
    ) -> Delivery {
        let search = async {
            loop {
                let delivery = self.delivery(payment).await;
                if is_so(&delivery) {
                    return delivery;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, search).await.expect("the delivery gets that far")
    }

    /// The payment's delivery, once so many tries of it are recorded.
    pub async fn tried(&self, payment: PaymentId, tries: u16) -> Delivery {
        self.delivery_when(payment, |delivery| delivery.tries == tries).await
    }

    /// Waits until the worker has nothing to do at this moment.
    pub async fn settle(&self) {
        self.clock.wait_for_sleepers(1).await;
    }
}

/// A payment of 10 dinars with a webhook.
pub fn new_payment(webhook: &str) -> NewPayment {
    let link = |text, kind| Link::parse(text, kind, false).unwrap();
    NewPayment {
        amount: Amount::from_millimes(10_000).unwrap(),
        legs: vec![],
        channel: Channel::Online,
        success_link: Some(link("https://shop.example/paid", LinkKind::Success)),
        fail_link: Some(link("https://shop.example/failed", LinkKind::Fail)),
        webhook: Some(link(webhook, LinkKind::Webhook)),
        developer_tracking_id: Some("order 7".into()),
        accept_card: true,
        image_url: None,
        session_timeout_secs: 1_200,
        client: None,
        charge: None,
        hold_secs: None,
    }
}

/// Pays a payment of 10 dinars by card, without a bank.
pub async fn capture(gateway: &Gateway, payment: PaymentId) {
    let start = StartCard { payment, acquirer: Acquirer::Sandbox };
    let started = gateway.store.run(start).await.unwrap();
    approve(gateway, payment, started.attempt).await;
}

async fn approve(gateway: &Gateway, payment: PaymentId, attempt: u16) {
    let facts = ApprovalFacts {
        order_number: format!("{payment}-{attempt}"),
        order_id: String::new(),
        amount_millimes: 10_000,
        currency: "788".into(),
    };
    let report = BankReport::Approved { facts, card: Box::new(CardDetails::default()) };
    gateway.store.run(RecordOutcome { payment, attempt, report }).await.unwrap();
}

fn open_gateway(
    dir: &TempDir,
    database: Option<&Lent>,
    clock: &ManualClock,
    settings: &[(&'static str, &str)],
) -> Gateway {
    let pooler = if database.is_some_and(Lent::is_pooled) { "transaction" } else { "none" };
    let server = [("database.url", database.map_or("", Lent::url)), ("database.pooler", pooler)];
    let flags = server
        .iter()
        .chain(settings)
        .map(|(key, value)| Flag { name: "--test", key, value: (*value).to_owned() })
        .collect();
    let sources = Sources { file: None, variables: vec![], flags };
    let directory = DataDir::open(dir.path()).unwrap();
    let config = Config::load(&sources, &directory).unwrap();
    let randomness = Randomness::seeded(1);
    let keyring = Keyring::new(&MasterKey::generate(&mut *randomness.rng()));
    Gateway::open(GatewayOptions {
        config,
        keyring,
        clock: Arc::new(clock.clone()),
        randomness,
        bound: SocketAddr::from(([127, 0, 0, 1], 8_080)),
    })
    .unwrap()
}
