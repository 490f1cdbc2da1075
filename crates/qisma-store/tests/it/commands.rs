//! Commands of the product, short, and commands that only a test can think of.

use qisma_domain::changes::Changes;
use qisma_domain::decide::Decide;
use qisma_domain::decide::create_merchant::CreateMerchant;
use qisma_domain::decide::create_payment::{CreatePayment, IdempotentRequest, NewPayment};
use qisma_domain::decide::set_merchant_status::SetMerchantStatus;
use qisma_domain::idempotency::{IdempotencyKey, IdempotencyScope};
use qisma_domain::ids::{AppId, MerchantId, Mode, PaymentId};
use qisma_domain::link::{Link, LinkKind};
use qisma_domain::merchant::MerchantStatus;
use qisma_domain::money::Amount;
use qisma_domain::payment::Channel;
use qisma_domain::phone::Phone;
use qisma_domain::snapshot::{Keys, Snapshot};
use qisma_domain::split::{LegRequest, Share};
use qisma_domain::time::Timestamp;
use rand::rand_core::Rng;
use std::sync::mpsc;

use crate::support::Place;

pub fn merchant(number: i64) -> MerchantId {
    MerchantId::from_number(number).expect("a small number")
}

pub fn amount(millimes: i64) -> Amount {
    Amount::from_millimes(millimes).expect("the test stays in range")
}

pub fn phone(text: &str) -> Phone {
    Phone::parse(text).expect("a phone of the test")
}

pub fn create_merchant(number: i64) -> CreateMerchant {
    CreateMerchant { id: merchant(number), name: format!("Merchant {number}"), image_url: None }
}

pub fn set_status(number: i64, status: MerchantStatus) -> SetMerchantStatus {
    SetMerchantStatus { id: merchant(number), status }
}

/// 10,000 millimes, of which each of these merchants gets 100.
pub fn create(legs: impl IntoIterator<Item = i64>) -> CreatePayment {
    let link = |kind| Link::parse("https://shop.example/x", kind, true).expect("a good link");
    let leg =
        |number| LegRequest { destination: merchant(number), share: Share::Fixed(amount(100)) };
    CreatePayment {
        merchant: merchant(1),
        app: AppId::from_bytes([2; 16]),
        mode: Mode::Test,
        new: NewPayment {
            amount: amount(10_000),
            legs: legs.into_iter().map(leg).collect(),
            channel: Channel::Online,
            success_link: Some(link(LinkKind::Success)),
            fail_link: Some(link(LinkKind::Fail)),
            webhook: Some(link(LinkKind::Webhook)),
            developer_tracking_id: None,
            accept_card: true,
            image_url: None,
            session_timeout_secs: 1_200,
            client: None,
            charge: None,
            hold_secs: None,
        },
        link_prefix: "https://pay.example/pay/".into(),
        idempotent: None,
    }
}

pub fn scope(key: &str) -> IdempotencyScope {
    let key = IdempotencyKey::parse(key).expect("a key of the test");
    IdempotencyScope { merchant: merchant(1), mode: Mode::Test, about: None, key }
}

pub fn keyed(key: &str, fingerprint: u8) -> CreatePayment {
    let mut command = create([2]);
    command.idempotent = Some(IdempotentRequest {
        scope: scope(key),
        fingerprint: [fingerprint; 32],
        request_id: "a request".into(),
        route: "/api/v2/generate_payment".into(),
    });
    command
}

impl Place {
    /// Active merchants 1 to `count`.
    pub async fn people(&self, count: i64) {
        for number in 1..=count {
            self.must(create_merchant(number)).await;
            self.must(set_status(number, MerchantStatus::Active)).await;
        }
    }

    /// A payment of merchant 1 that gives 100 to merchant 2.
    pub async fn payment(&self) -> PaymentId {
        self.must(create([2])).await.created.payment_id
    }
}

type Wish = dyn Fn(&mut dyn Rng) -> Changes + Send;

/// A command that changes whatever the test wants.
pub struct Does(Box<Wish>);

pub fn does(changes: impl Fn(&mut dyn Rng) -> Changes + Send + 'static) -> Does {
    Does(Box::new(changes))
}

/// A command that changes nothing.
pub fn nothing() -> Does {
    does(|_| Changes::none())
}

impl Decide for Does {
    type Answer = ();
    type Refusal = ();

    fn keys(&self, _keys: &mut Keys) {}

    fn decide(
        &self,
        _see: &Snapshot,
        _now: Timestamp,
        rng: &mut dyn Rng,
    ) -> Result<((), Changes), ()> {
        Ok(((), (self.0)(rng)))
    }
}

/// A command that stops the lane until the test lets go.
pub struct Gate {
    entered: mpsc::Sender<()>,
    open: mpsc::Receiver<()>,
}

/// The test's side of a [`Gate`].
pub struct Hold {
    entered: mpsc::Receiver<()>,
    open: mpsc::Sender<()>,
}

pub fn gate() -> (Gate, Hold) {
    let (entered, is_entered) = mpsc::channel();
    let (open, is_open) = mpsc::channel();
    (Gate { entered, open: is_open }, Hold { entered: is_entered, open })
}

impl Hold {
    /// Returns once the lane stands still.
    pub fn wait(&self) {
        self.entered.recv().expect("the lane comes to the gate");
    }

    /// Lets the lane go on.
    pub fn release(self) {
        self.open.send(()).expect("the lane waits at the gate");
    }
}

impl Decide for Gate {
    type Answer = ();
    type Refusal = ();

    fn keys(&self, _keys: &mut Keys) {}

    fn decide(
        &self,
        _see: &Snapshot,
        _now: Timestamp,
        _rng: &mut dyn Rng,
    ) -> Result<((), Changes), ()> {
        // Whether anybody still waits on the other side does not matter.
        let _ = self.entered.send(());
        let _ = self.open.recv();
        Ok(((), Changes::none()))
    }
}

/// A command that cannot even say which rows it needs.
pub struct Nameless;

impl Decide for Nameless {
    type Answer = ();
    type Refusal = ();

    fn keys(&self, _keys: &mut Keys) {
        panic!("a planted bug");
    }

    fn decide(
        &self,
        _see: &Snapshot,
        _now: Timestamp,
        _rng: &mut dyn Rng,
    ) -> Result<((), Changes), ()> {
        Ok(((), Changes::none()))
    }
}
