//! A gateway and a sandbox bank that talk over HTTP, on one clock that a test moves.

use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use qisma::clock::{Clock, ManualClock};
use qisma::config::{Config, Sources};
use qisma::data_dir::DataDir;
use qisma::gateway::{Gateway, GatewayOptions};
use qisma::http::{callbacks, checkout};
use qisma::keyring::{Keyring, MasterKey};
use qisma::operations::{apps, merchants, wallets};
use qisma::random::Randomness;
use qisma::workers::{expiry, inquiry};
use qisma_domain::account::{Account, AccountKind, Acquirer};
use qisma_domain::app::WebhookMode;
use qisma_domain::decide::create_payment::{CreatePayment, NewPayment};
use qisma_domain::ids::{AppId, MerchantId, Mode, PaymentId};
use qisma_domain::link::Link;
use qisma_domain::merchant::MerchantStatus;
use qisma_domain::money::{Amount, Currency};
use qisma_domain::phone::Phone;
use qisma_domain::snapshot::PaymentAggregate;
use qisma_domain::split::{LegRequest, Share};
use qisma_domain::time::Timestamp;
use qisma_sandbox::Sandbox;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub const START: Timestamp = Timestamp::from_secs(1_795_000_000);
pub const PHONE: &str = "55555555";
const CALLBACK_KEY: &str = "a key for callbacks";
pub const AMOUNT_MILLIMES: i64 = 10_000;

/// Gateway, bank and clock; all of it ends with the test.
pub struct World {
    pub gateway: Gateway,
    pub clock: ManualClock,
    /// Where the gateway is, without a slash at the end.
    pub url: String,
    /// Where the bank is, without a slash at the end.
    pub bank: String,
    pub client: reqwest::Client,
    pub stop: CancellationToken,
    app: AppId,
    _keep: TempDir,
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The sandbox's clock over ours.
struct SandboxClock(ManualClock);

impl qisma_sandbox::Clock for SandboxClock {
    fn now_ms(&self) -> i64 {
        self.0.now().micros() / 1_000
    }

    fn sleep_until(&self, at_ms: i64) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.0.sleep_until(Timestamp::from_micros(at_ms * 1_000))
    }
}

fn merchant(id: &str) -> MerchantId {
    MerchantId::parse(id).unwrap()
}

impl World {
    /// Without callbacks: a payer who does not come back is found by a look.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With a bank that tells at once what happened.
    pub async fn start_with_callbacks() -> Self {
        Self::start_with(&[("QISMA__ACQUIRERS__SANDBOX__CALLBACK_KEY", CALLBACK_KEY)]).await
    }

    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        // Another test may have been first; one provider is as good as the other.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let keep = tempfile::tempdir().unwrap();
        let clock = ManualClock::starting_at(START);
        let stop = CancellationToken::new();
        let bank = start_bank(&keep, &clock, &stop).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let bound = listener.local_addr().unwrap();
        let mut variables = vec![("QISMA__ACQUIRERS__SANDBOX__URL", bank.as_str())];
        variables.extend(settings);
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let variables = variables.into_iter().map(own).collect();
        let directory = DataDir::open(keep.path().join("gateway")).unwrap();
        let sources = Sources { variables, ..Sources::default() };
        let randomness = Randomness::seeded(7);
        let gateway = Gateway::open(GatewayOptions {
            config: Config::load(&sources, &directory).unwrap(),
            keyring: Keyring::new(&MasterKey::generate(&mut *randomness.rng())),
            clock: Arc::new(clock.clone()),
            randomness,
            bound,
        })
        .unwrap();
        let app = fill(&gateway).await;
        let serving = axum::serve(listener, router(gateway.clone()))
            .with_graceful_shutdown(stop.clone().cancelled_owned());
        tokio::spawn(serving.into_future());
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        let url = format!("http://{bound}");
        Self { gateway, clock, url, bank, client, stop, app, _keep: keep }
    }

    /// A payment of 10 dinars, 8 of them for merchant 1234 and 2 for 4321, open for 20 minutes.
    pub async fn payment(&self) -> PaymentId {
        self.payment_with(|_| ()).await
    }

    pub async fn payment_with(&self, change: impl FnOnce(&mut NewPayment)) -> PaymentId {
        let leg = |id: &str, millimes| LegRequest {
            destination: merchant(id),
            share: Share::Fixed(Amount::from_millimes(millimes).unwrap()),
        };
        let mut new = NewPayment {
            amount: Amount::from_millimes(AMOUNT_MILLIMES).unwrap(),
            legs: vec![leg("1234", 8_000), leg("4321", 2_000)],
            success_link: Link::from_stored("https://shop.example/thanks?basket=7").unwrap(),
            fail_link: Link::from_stored("https://shop.example/sorry").unwrap(),
            webhook: None,
            developer_tracking_id: None,
            accept_card: true,
            image_url: None,
            session_timeout_secs: 1_200,
        };
        change(&mut new);
        let command = CreatePayment {
            merchant: merchant("1000"),
            app: self.app,
            mode: Mode::Test,
            new,
            link_prefix: format!("{}/pay/", self.url),
            idempotent: None,
        };
        self.gateway.store.run(command).await.unwrap().created.payment_id
    }

    /// Lets time pass, and the workers do what is due then. A moment more than asked for: on a clock
    /// that stands still, each change of a payment is a microsecond later than the one before.
    pub async fn pass(&self, secs: i64) {
        self.clock.advance_to(self.clock.now().plus_secs(secs).plus_micros(1_000));
        self.work().await;
    }

    /// Lets the workers do what is due.
    pub async fn work(&self) {
        expiry::step(&self.gateway).await;
        // A round may make another one due at once: what came too late is given back.
        for _ in 0..3 {
            inquiry::step(&self.gateway).await;
        }
    }

    pub async fn read(&self, payment: PaymentId) -> PaymentAggregate {
        let read = self.gateway.store.read(move |reader| reader.payment_by_link(&payment));
        read.await.unwrap().unwrap()
    }

    /// The word of a payment's state.
    pub async fn state(&self, payment: PaymentId) -> &'static str {
        self.read(payment).await.payment.state.as_str()
    }

    /// The words of its attempts' states, in order.
    pub async fn attempts(&self, payment: PaymentId) -> Vec<&'static str> {
        self.read(payment).await.attempts.iter().map(|attempt| attempt.state.as_str()).collect()
    }

    /// What a merchant has pending or available in test mode.
    pub async fn balance(&self, id: &str) -> i64 {
        let id = merchant(id);
        let read = self.gateway.store.read(move |reader| {
            let of = |kind| {
                let account = Account::merchant(id, kind, Mode::Test, Currency::Tnd);
                reader.balance(&account).map(|balance| balance.posted_millimes)
            };
            Ok(of(AccountKind::Pending)? + of(AccountKind::Available)?)
        });
        read.await.unwrap()
    }

    /// What the bank owes us: below zero once it took money for us.
    pub async fn clearing(&self) -> i64 {
        let account = Account::clearing(Acquirer::Sandbox, Mode::Test, Currency::Tnd);
        let read = self.gateway.store.read(move |reader| reader.balance(&account));
        read.await.unwrap().posted_millimes
    }

    /// What the wallet of [`PHONE`] holds.
    pub async fn wallet(&self) -> i64 {
        let read = self.gateway.store.read(|reader| {
            let wallet = reader.wallet(Mode::Test, &Phone::parse(PHONE).unwrap())?.unwrap();
            reader.balance(&Account::wallet(wallet.id, Mode::Test, Currency::Tnd))
        });
        read.await.unwrap().available_millimes()
    }

    /// Every kind of event the payment has had.
    pub async fn events(&self, payment: PaymentId) -> Vec<&'static str> {
        let read = self.gateway.store.read(move |reader| reader.events_of_payment(&payment));
        read.await.unwrap().iter().map(|event| event.kind.as_str()).collect()
    }

    /// Arms a fault of the sandbox.
    pub async fn arm(&self, fault: &str) {
        let call = self.client.post(format!("{}/sandbox/faults", self.bank));
        let answer = call.body(fault.to_owned()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }

    /// Takes every fault away.
    pub async fn disarm(&self) {
        self.client.delete(format!("{}/sandbox/faults", self.bank)).send().await.unwrap();
    }

    /// An order as the bank has it.
    pub async fn order(&self, order_number: &str) -> serde_json::Value {
        let call =
            self.client.post(format!("{}/payment/rest/getOrderStatusExtended.do", self.bank));
        let form =
            [("userName", "sandbox-api"), ("password", "sandbox"), ("orderNumber", order_number)];
        let answer = call.form(&form).send().await.unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }

    /// Whether the bank knows the order of a payment's attempt, and where it stands there.
    pub async fn order_status(&self, payment: PaymentId, attempt: u16) -> Option<i64> {
        self.order(&format!("{payment}-{attempt}")).await["orderStatus"].as_i64()
    }
}

fn router(gateway: Gateway) -> Router {
    Router::new()
        .route("/pay/{id}", get(checkout::show))
        .route("/pay/{id}/wallet", post(checkout::pay_by_wallet))
        .route("/pay/{id}/code", post(checkout::confirm_code))
        .route("/pay/{id}/resend", post(checkout::resend))
        .route("/pay/{id}/change", post(checkout::change_way))
        .route("/pay/{id}/card", post(checkout::pay_by_card))
        .route("/pay/{id}/bank", get(checkout::at_bank))
        .route("/pay/{id}/return", get(checkout::returned))
        .route("/pay/{id}/leave", get(checkout::leave))
        .route("/pay/{id}/cancel", post(checkout::cancel))
        .route("/pay/{id}/status", get(checkout::status))
        .route("/assets/{name}", get(checkout::asset))
        .route("/acquirers/smt/callback", get(callbacks::smt).post(callbacks::smt))
        .route("/acquirers/sandbox/callback", get(callbacks::sandbox).post(callbacks::sandbox))
        .with_state(gateway)
}

async fn start_bank(keep: &TempDir, clock: &ManualClock, stop: &CancellationToken) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let sandbox = Sandbox::open(qisma_sandbox::Options {
        data_dir: keep.path().join("bank"),
        public_url: url.clone(),
        callback_key: CALLBACK_KEY.to_owned(),
        clock: Arc::new(SandboxClock(clock.clone())),
        rng: Randomness::seeded(8).rng(),
    })
    .unwrap();
    tokio::spawn(qisma_sandbox::serve(listener, sandbox, stop.clone()));
    url
}

/// Merchants, an app and a wallet with 15 dinars.
async fn fill(gateway: &Gateway) -> AppId {
    for (id, name) in [("1000", "Dar El Jeld"), ("1234", "Cooks"), ("4321", "Drivers")] {
        merchants::create(gateway, Some(id), name.to_owned(), None).await.unwrap();
        merchants::set_status(gateway, merchant(id), MerchantStatus::Active).await.unwrap();
    }
    wallets::create(gateway, PHONE, "Foulen".to_owned(), Mode::Test, 15_000).await.unwrap();
    let app = apps::create(gateway, merchant("1000"), Mode::Test, WebhookMode::Auto).await;
    app.unwrap().app_id
}
