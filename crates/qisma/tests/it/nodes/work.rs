//! Webhooks and expiry, which both gateways could do and one of them does; on a clock that the test
//! moves.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use qisma::clock::{Clock, ManualClock};
use qisma::config::{Config, Sources};
use qisma::data_dir::DataDir;
use qisma::gateway::{Gateway, GatewayOptions};
use qisma::keyring::{Keyring, MasterKey};
use qisma::operations::apps::NewApp;
use qisma::random::Randomness;
use qisma::workers;
use qisma_domain::decide::cancel_payment::CancelPayment;
use qisma_domain::decide::create_payment::CreatePayment;
use qisma_domain::delivery::{Delivery, DeliveryState};
use qisma_domain::ids::{MerchantId, Mode, PaymentId};
use qisma_domain::payment::Canceler;
use tempfile::TempDir;
use throwaway_postgres::{Lent, Profile};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::given;
use crate::shop::new_payment;
use crate::test_app::{MASTER_KEY, START, migrate, template};
use crate::webhooks::receiver::Receiver;

const PAYMENTS: usize = 40;
const LEASE_SECS: i64 = 15;

pub struct Node {
    pub gateway: Gateway,
    workers: JoinSet<()>,
    _data: TempDir,
}

impl Node {
    pub async fn start(clock: &ManualClock, database: &Lent, seed: u64) -> Self {
        let data = tempfile::tempdir().unwrap();
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let variables =
            [("QISMA__WEBHOOKS__ALLOW_LOOPBACK", "true"), ("QISMA__DATABASE__URL", database.url())];
        let sources = Sources { variables: variables.map(own).to_vec(), ..Sources::default() };
        let options = GatewayOptions {
            config: Config::load(&sources, &DataDir::open(data.path()).unwrap()).unwrap(),
            keyring: Keyring::new(&MasterKey::parse(MASTER_KEY).unwrap()),
            clock: Arc::new(clock.clone()),
            // Gateways tell each other apart by chance.
            randomness: Randomness::seeded(seed),
            bound: SocketAddr::from(([127, 0, 0, 1], 8_080)),
        };
        let opening = tokio::task::spawn_blocking(move || Gateway::open(options));
        let gateway = opening.await.unwrap().unwrap();
        let workers = workers::start(&gateway, &CancellationToken::new());
        Self { gateway, workers, _data: data }
    }

    /// What sleeps in a gateway that has nothing to do: each of its workers.
    fn sleepers(&self) -> usize {
        self.workers.len()
    }

    fn share(&self) -> usize {
        self.gateway.store.owned_shards().count()
    }
}

/// Two gateways with a shop, and somebody who hears of its payments.
struct Nodes {
    clock: ManualClock,
    one: Node,
    other: Node,
    app: NewApp,
    receiver: Receiver,
    _database: Lent,
}

impl Nodes {
    async fn start() -> Self {
        let database = Lent::in_profile(Profile::Plain, &template(), migrate).unwrap();
        let clock = ManualClock::starting_at(START);
        let one = Node::start(&clock, &database, 1).await;
        given::a_merchant(&one.gateway, given::PLATFORM).await;
        let app = given::an_app(&one.gateway, given::PLATFORM, Mode::Test).await;
        let other = Node::start(&clock, &database, 2).await;
        let receiver = Receiver::start().await;
        let nodes = Self { clock, one, other, app, receiver, _database: database };
        while (nodes.one.share(), nodes.other.share()) != (128, 128) {
            nodes.tick().await;
        }
        nodes
    }

    /// Waits until whoever still runs has begun all that is due.
    async fn rest(&self) {
        self.clock.wait_for_sleepers(self.one.sleepers() + self.other.sleepers()).await;
    }

    /// A second passes, once all that is due has been begun.
    async fn tick(&self) {
        self.rest().await;
        self.clock.advance(1);
    }

    /// Payments that were asked of one gateway, with a webhook each.
    async fn payments(&self) -> Vec<PaymentId> {
        let mut payments = vec![];
        for _ in 0..PAYMENTS {
            let create = CreatePayment {
                merchant: MerchantId::parse(given::PLATFORM).unwrap(),
                app: self.app.app_id,
                mode: Mode::Test,
                new: new_payment(&self.receiver.url("/hook")),
                link_prefix: "https://pay.example/pay/".into(),
                idempotent: None,
            };
            payments.push(self.other.gateway.store.run(create).await.unwrap().created.payment_id);
        }
        payments
    }

    /// The same, called off: their webhooks are due.
    async fn canceled(&self) {
        for payment in self.payments().await {
            let cancel = CancelPayment { payment, by: Canceler::Payer, unpaid_attempt: None };
            self.other.gateway.store.run(cancel).await.unwrap();
        }
    }

    async fn is_all_delivered(&self) -> bool {
        let read = self.other.gateway.store.read(|reader| reader.deliveries(None, 1_000));
        let deliveries = read.await.unwrap();
        let is_delivered = |one: &Delivery| matches!(one.state, DeliveryState::Delivered { .. });
        deliveries.len() == PAYMENTS && deliveries.iter().all(is_delivered)
    }

    /// Waits until every webhook was delivered, each once.
    async fn webhooks(&mut self) {
        while !self.is_all_delivered().await {
            self.tick().await;
        }
        let mut events = BTreeSet::new();
        for _ in 0..PAYMENTS {
            let request = self.receiver.next().await;
            events.insert(request.header("webhook-id").to_owned());
        }
        assert_eq!(events.len(), PAYMENTS, "some webhook came twice");
        assert!(self.receiver.is_quiet(), "some webhook came twice");
    }

    /// Waits until the other gateway does all the work, and gives how many seconds that takes.
    async fn taken_over(&self) -> i64 {
        let began_at = self.clock.now();
        loop {
            self.rest().await;
            if self.other.share() == 256 {
                return self.clock.now().secs() - began_at.secs();
            }
            self.clock.advance(1);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_webhook_is_sent_once_though_two_gateways_send() {
    let mut nodes = Nodes::start().await;
    nodes.canceled().await;
    nodes.webhooks().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_payment_expires_once_though_two_gateways_look() {
    let mut nodes = Nodes::start().await;
    let payments = nodes.payments().await;
    // Both have slept through the end of their leases, and have to share the work anew.
    nodes.rest().await;
    nodes.clock.advance(1_200);
    nodes.webhooks().await;
    for payment in payments {
        let read = move |reader: &qisma_store::Reader<'_>| reader.events_of_payment(&payment);
        let events = nodes.one.gateway.store.read(read).await.unwrap();
        let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(kinds, ["payment.expired"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_gateway_left_is_done_by_the_other_when_the_lease_is_over() {
    let mut nodes = Nodes::start().await;
    nodes.rest().await;
    nodes.one.workers.shutdown().await;
    nodes.canceled().await;
    let secs = nodes.taken_over().await;
    assert!(secs <= LEASE_SECS, "{secs}");
    nodes.webhooks().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_stops_in_order_hands_its_work_over_before_its_lease_is_over() {
    let mut nodes = Nodes::start().await;
    nodes.rest().await;
    nodes.one.workers.shutdown().await;
    let store = nodes.one.gateway.store.clone();
    tokio::task::spawn_blocking(move || store.close()).await.unwrap();
    nodes.canceled().await;
    let secs = nodes.taken_over().await;
    assert!(secs <= LEASE_SECS / 3, "{secs}");
    nodes.webhooks().await;
}
