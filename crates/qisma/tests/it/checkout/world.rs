//! What the checkout's tests begin with, and the questions they ask of the books.

use std::ops::Deref;
use std::sync::Mutex;
use std::time::Duration;

use qisma::clock::Clock;
use qisma::operations::apps::NewApp;
use qisma::operations::{apps, merchants, wallets};
use qisma::workers::{expiry, fold, holds, inquiry};
use qisma_domain::account::{Account, AccountKind, Acquirer, Balance};
use qisma_domain::app::WebhookMode;
use qisma_domain::decide::create_payment::{CreatePayment, NewPayment};
use qisma_domain::ids::{MerchantId, Mode, PaymentId};
use qisma_domain::link::Link;
use qisma_domain::merchant::MerchantStatus;
use qisma_domain::money::{Amount, Currency};
use qisma_domain::payment::Channel;
use qisma_domain::phone::Phone;
use qisma_domain::snapshot::PaymentAggregate;
use qisma_domain::split::{LegRequest, Share};

use crate::test_app::{CALLBACK_KEY, TestApp};

pub const PHONE: &str = "55555555";
/// Far longer than anything here takes, also on a busy machine.
pub const PATIENCE: Duration = Duration::from_mins(1);
pub const AMOUNT_MILLIMES: i64 = 10_000;

/// A gateway and its bank, with merchants who take payments and a payer who has a wallet.
pub struct World {
    app: TestApp,
    /// Where the bank is, without a slash at the end.
    pub bank: String,
    /// The codes on the payer's phone when it was last looked at.
    pub codes_seen: Mutex<Vec<String>>,
    /// The app that asks for payments.
    pub caller: NewApp,
}

impl Deref for World {
    type Target = TestApp;

    fn deref(&self) -> &TestApp {
        &self.app
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
        Self::begin(settings, 15_000).await
    }

    /// With a payer who can pay many times.
    pub async fn start_rich() -> Self {
        Self::start_rich_with(&[]).await
    }

    pub async fn start_rich_with(settings: &[(&str, &str)]) -> Self {
        Self::begin(settings, 1_000 * AMOUNT_MILLIMES).await
    }

    /// Stops the gateway and starts it again with other settings, a moment later: chance begins anew, and
    /// would mint the same ids again in the same moment.
    pub async fn restart_with(&mut self, settings: &[(&str, &str)]) {
        self.app.clock.advance(1);
        self.app.restart_with(settings).await;
    }

    async fn begin(settings: &[(&str, &str)], fund_millimes: i64) -> Self {
        let app = TestApp::with_settings(settings).await;
        let caller = fill(&app, fund_millimes).await;
        // The wallet's money is in its journal, and may have to be folded.
        fold::step(&app.gateway).await;
        Self { bank: app.sandbox_url.clone(), app, codes_seen: Mutex::default(), caller }
    }

    /// A payment of 10 dinars, 8 of them for merchant 1234 and 2 for 4321, open for 20 minutes.
    pub async fn payment(&self) -> PaymentId {
        self.payment_with(|_| ()).await
    }

    /// A payment as it was asked for over HTTP.
    pub async fn made(&self, body: &serde_json::Value) -> String {
        self.app.payment(&self.caller, body).await
    }

    pub async fn payment_with(&self, change: impl FnOnce(&mut NewPayment)) -> PaymentId {
        let leg = |id: &str, millimes| LegRequest {
            destination: merchant(id),
            share: Share::Fixed(Amount::from_millimes(millimes).unwrap()),
        };
        let mut new = NewPayment {
            amount: Amount::from_millimes(AMOUNT_MILLIMES).unwrap(),
            legs: vec![leg("1234", 8_000), leg("4321", 2_000)],
            channel: Channel::Online,
            success_link: Some(Link::from_stored("https://shop.example/thanks?basket=7").unwrap()),
            fail_link: Some(Link::from_stored("https://shop.example/sorry").unwrap()),
            webhook: None,
            developer_tracking_id: None,
            accept_card: true,
            image_url: None,
            session_timeout_secs: 1_200,
            client: None,
            charge: None,
            hold_secs: None,
        };
        change(&mut new);
        let command = CreatePayment {
            merchant: merchant("1000"),
            app: self.caller.app_id,
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
        holds::step(&self.gateway).await;
        fold::step(&self.gateway).await;
    }

    pub async fn read(&self, payment: PaymentId) -> PaymentAggregate {
        let read = self.gateway.store.read(move |reader| reader.payment_by_link(&payment));
        read.await.unwrap().unwrap()
    }

    /// The word of a payment's state.
    pub async fn state(&self, payment: PaymentId) -> &'static str {
        self.read(payment).await.payment.state.as_str()
    }

    /// Waits until something in the background has brought a payment into a state.
    pub async fn becomes(&self, payment: PaymentId, state: &str) {
        let reached = async {
            while self.state(payment).await != state {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, reached).await.expect("the payment never got there");
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

    /// What one of a merchant's accounts holds in test mode.
    pub async fn account(&self, id: &str, kind: AccountKind) -> i64 {
        let account = Account::merchant(merchant(id), kind, Mode::Test, Currency::Tnd);
        let read = self.gateway.store.read(move |reader| reader.balance(&account));
        read.await.unwrap().posted_millimes
    }

    /// What the bank owes us: below zero once it took money for us.
    pub async fn clearing(&self) -> i64 {
        let account = Account::clearing(Acquirer::Sandbox, Mode::Test, Currency::Tnd);
        let read = self.gateway.store.read(move |reader| reader.balance(&account));
        read.await.unwrap().posted_millimes
    }

    /// What the wallet of [`PHONE`] can spend.
    pub async fn wallet(&self) -> i64 {
        self.purse().await.available_millimes()
    }

    /// What the wallet of [`PHONE`] holds.
    pub async fn purse(&self) -> Balance {
        let read = self.gateway.store.read(|reader| {
            let wallet = reader.wallet(Mode::Test, &Phone::parse(PHONE).unwrap())?.unwrap();
            reader.balance(&Account::wallet(wallet.id, Mode::Test, Currency::Tnd))
        });
        read.await.unwrap()
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

/// Merchants, an app and a wallet.
async fn fill(app: &TestApp, fund_millimes: i64) -> NewApp {
    let gateway = &app.gateway;
    for (id, name) in [("1000", "Dar El Jeld"), ("1234", "Cooks"), ("4321", "Drivers")] {
        merchants::create(gateway, Some(id), name.to_owned(), None).await.unwrap();
        merchants::set_status(gateway, merchant(id), MerchantStatus::Active).await.unwrap();
    }
    wallets::create(gateway, PHONE, "Foulen".to_owned(), Mode::Test, fund_millimes).await.unwrap();
    let app = apps::create(gateway, merchant("1000"), Mode::Test, WebhookMode::Auto).await;
    app.unwrap()
}
