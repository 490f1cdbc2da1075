//! Healthy books with something of everything in them, made by the commands that make real ones.

use qisma_domain::account::Acquirer;
use qisma_domain::app::WebhookMode;
use qisma_domain::attempt::CardDetails;
use qisma_domain::challenge::CodeKey;
use qisma_domain::decide::Decide;
use qisma_domain::decide::confirm_code::{ConfirmCode, Funds};
use qisma_domain::decide::create_app::{CreateApp, NewKeyPair};
use qisma_domain::decide::create_merchant::CreateMerchant;
use qisma_domain::decide::create_payment::{CreatePayment, IdempotentRequest, NewPayment};
use qisma_domain::decide::create_wallet::CreateWallet;
use qisma_domain::decide::expire_payment::ExpirePayment;
use qisma_domain::decide::record_outcome::{ApprovalFacts, BankReport, RecordOutcome};
use qisma_domain::decide::record_refund::{RecordRefund, RefundReport};
use qisma_domain::decide::record_reversal::{RecordReversal, ReversalReport};
use qisma_domain::decide::refund_payment::{RefundPayment, WhenShort};
use qisma_domain::decide::send_refund::SendRefund;
use qisma_domain::decide::set_merchant_fees::SetMerchantFees;
use qisma_domain::decide::set_merchant_status::SetMerchantStatus;
use qisma_domain::decide::settle_payment::SettlePayment;
use qisma_domain::decide::start_card::StartCard;
use qisma_domain::decide::start_wallet::StartWallet;
use qisma_domain::idempotency::{IdempotencyKey, IdempotencyScope};
use qisma_domain::ids::{AppId, MerchantId, Mode, PaymentId};
use qisma_domain::link::{Link, LinkKind};
use qisma_domain::merchant::MerchantStatus;
use qisma_domain::money::{Amount, Currency};
use qisma_domain::payment::Channel;
use qisma_domain::phone::Phone;
use qisma_domain::split::{LegRequest, Share};
use qisma_domain::time::Timestamp;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;

use crate::audit::{Audit, Invariant};
use crate::{Engine, Store, StoreOptions};

const START: Timestamp = Timestamp::from_secs(1_795_000_000);

pub struct Books {
    dir: TempDir,
    store: Store,
    now: Arc<AtomicI64>,
}

pub fn merchant(text: &str) -> MerchantId {
    MerchantId::parse(text).unwrap()
}

pub fn amount(millimes: i64) -> Amount {
    Amount::from_millimes(millimes).unwrap()
}

impl Books {
    /// Books with nothing in them but two merchants, an app and a wallet with money.
    pub async fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let now = Arc::new(AtomicI64::new(START.micros()));
        let clock = now.clone();
        let store = Store::open(StoreOptions {
            engine: Engine::Sqlite(dir.path().join("qisma.db")),
            read_connections_max: 1,
            leases: crate::LeaseOptions::default(),
            fold: crate::Fold::Inline,
            calendar: Arc::default(),
            now: Arc::new(move || Timestamp::from_micros(clock.load(Ordering::Relaxed))),
            rng: Box::new(|| Box::new(StdRng::seed_from_u64(7))),
            on_fatal: Arc::new(|_| {}),
            on_delivery: Arc::new(|| {}),
        })
        .unwrap();
        let books = Self { dir, store, now };
        for id in ["1", "1234"] {
            let (id, name) = (merchant(id), "Shop".to_owned());
            books.run(CreateMerchant { id, name, image_url: None }).await;
            books.run(SetMerchantStatus { id, status: MerchantStatus::Active }).await;
        }
        books
            .run(CreateApp {
                id: AppId::from_bytes([2; 16]),
                merchant: merchant("1"),
                mode: Mode::Test,
                webhook_mode: WebhookMode::Get,
                webhook_secret_sealed: vec![1],
                keys: NewKeyPair { public_key: "public".into(), private_key_hash: [3; 32] },
            })
            .await;
        let wallet = CreateWallet {
            phone: phone(),
            name: "Payer".into(),
            mode: Mode::Test,
            fund: amount(100_000),
        };
        books.run(wallet).await;
        books
    }

    /// Books in which everything has happened once.
    pub async fn full() -> Self {
        let books = Self::empty().await;
        let open = books.payment(None).await;
        books.start_card(open).await;
        let by_card = books.payment(Some("key-1")).await;
        books.approve(by_card).await;
        books.refund(by_card, 1_000).await;
        books.end_refund(by_card, 1, RefundReport::Done).await;
        books.refund(by_card, 500).await;
        books.end_refund(by_card, 2, RefundReport::Refused { code: 7 }).await;
        books.refund(by_card, 200).await;
        let by_wallet = books.payment(Some("key-2")).await;
        books.pay_by_wallet(by_wallet).await;
        books.advance(1);
        let second = books.payment(None).await;
        books.pay_by_wallet(second).await;
        let returned = books.late_approval().await;
        books.give_back(returned).await;
        books.late_approval().await;
        let parked = books.payment(None).await;
        let status = MerchantStatus::Suspended;
        books.run(SetMerchantStatus { id: merchant("1234"), status }).await;
        books.approve(parked).await;
        books
    }

    /// Books with one payment: 250 and 48 of tax were taken from the platform's 2,000, and it is settled.
    pub async fn charged_and_settled() -> Self {
        let books = Self::empty().await;
        let plan = r#"{"bps":150,"fixed_millimes":100,"min_millimes":0,"max_millimes":null,
            "tax_bps":1900,"bearer":"platform"}"#;
        let plan = serde_json::from_str(plan).unwrap();
        books.run(SetMerchantFees { id: merchant("1"), plan: Some(plan) }).await;
        let payment = books.payment(None).await;
        books.approve(payment).await;
        books.refund(payment, 1_000).await;
        books.end_refund(payment, 1, RefundReport::Done).await;
        books.advance(5 * 86_400);
        let command = SettlePayment {
            payment,
            mode: Mode::Test,
            destinations: ["1", "1234"].map(merchant).into(),
            parked: BTreeSet::new(),
        };
        books.run(command).await;
        books
    }

    pub async fn run<D: Decide>(&self, command: D) -> D::Answer
    where
        D::Refusal: Debug,
    {
        self.advance(1);
        self.store.run(command).await.unwrap()
    }

    pub fn advance(&self, secs: i64) {
        self.now.fetch_add(secs * 1_000_000, Ordering::Relaxed);
    }

    pub async fn payment(&self, key: Option<&str>) -> PaymentId {
        self.make(key, None).await
    }

    /// A payment that is paid at once, or of which the money is held for so long first.
    pub async fn make(&self, key: Option<&str>, hold_secs: Option<i64>) -> PaymentId {
        let link = |kind| Link::parse("https://shop.example/x", kind, false).unwrap();
        let scope = |key| IdempotencyScope {
            merchant: merchant("1"),
            mode: Mode::Test,
            about: None,
            key: IdempotencyKey::parse(key).unwrap(),
        };
        let new = NewPayment {
            amount: amount(10_000),
            legs: vec![LegRequest {
                destination: merchant("1234"),
                share: Share::Fixed(amount(8_000)),
            }],
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
            hold_secs,
        };
        let command = CreatePayment {
            merchant: merchant("1"),
            app: AppId::from_bytes([2; 16]),
            mode: Mode::Test,
            new,
            link_prefix: "https://pay.example/pay/".into(),
            idempotent: key.map(|key| IdempotentRequest {
                scope: scope(key),
                fingerprint: [4; 32],
                request_id: "r".into(),
                route: "/api/v2/generate_payment".into(),
            }),
        };
        self.run(command).await.created.payment_id
    }

    pub async fn start_card(&self, payment: PaymentId) {
        self.run(StartCard { payment, acquirer: Acquirer::Sandbox }).await;
    }

    /// The bank approves the first attempt, which is started when there is none.
    pub async fn approve(&self, payment: PaymentId) {
        // A refusal only says that there is one already.
        let _ = self.store.run(StartCard { payment, acquirer: Acquirer::Sandbox }).await;
        let (facts, card) = approval(payment);
        let report = BankReport::Approved { facts, card };
        self.run(RecordOutcome { payment, attempt: 1, report }).await;
    }

    /// The bank holds the money of the first attempt, which is started.
    pub async fn hold_by_card(&self, payment: PaymentId) {
        self.start_card(payment).await;
        let (facts, card) = approval(payment);
        let report = BankReport::Held { facts, card };
        self.run(RecordOutcome { payment, attempt: 1, report }).await;
    }

    pub async fn pay_by_wallet(&self, payment: PaymentId) {
        self.advance(60);
        let code_key = || CodeKey::new([5; 32]);
        let start = StartWallet {
            payment,
            mode: Mode::Test,
            phone: phone(),
            resend: false,
            code_key: code_key(),
        };
        let code = self.run(start).await.code.expose().to_owned();
        let (code_key, funds) = (code_key(), Funds::Balance);
        self.run(ConfirmCode { payment, code, code_key, funds }).await;
    }

    /// A payment that expired while its order could still be paid, and then was.
    pub async fn late_approval(&self) -> PaymentId {
        let payment = self.payment(None).await;
        self.start_card(payment).await;
        let report = BankReport::NotRegistered;
        self.run(RecordOutcome { payment, attempt: 1, report }).await;
        self.advance(1_200);
        self.run(ExpirePayment { payment }).await;
        self.approve(payment).await;
        payment
    }

    pub async fn give_back(&self, payment: PaymentId) {
        self.run(RecordReversal { payment, attempt: 1, report: ReversalReport::GivenBack }).await;
    }

    /// Gives so much of a payment back, under a key.
    pub async fn refund(&self, payment: PaymentId, millimes: i64) {
        let scope = IdempotencyScope {
            merchant: merchant("1"),
            mode: Mode::Test,
            about: Some(payment),
            key: IdempotencyKey::parse(&format!("refund-{millimes}")).unwrap(),
        };
        let command = RefundPayment {
            payment,
            merchant: merchant("1"),
            mode: Mode::Test,
            amount: Some(amount(millimes)),
            reversals: vec![],
            destinations: ["1", "1234"].map(merchant).into(),
            parked: BTreeSet::new(),
            when_short: WhenShort::Debt,
            idempotent: Some(IdempotentRequest {
                scope,
                fingerprint: [4; 32],
                request_id: "r".into(),
                route: "/api/v2/generate_payment".into(),
            }),
        };
        self.run(command).await;
    }

    /// The acquirer is asked for a refund, and says this.
    pub async fn end_refund(&self, payment: PaymentId, number: u16, report: RefundReport) {
        self.run(SendRefund { payment, number, nothing_came_of_it: false }).await;
        self.run(RecordRefund { payment, number, report, sent_at: None }).await;
    }

    pub fn path(&self) -> PathBuf {
        self.dir.path().join("qisma.db")
    }

    /// Damages the database behind everybody's back, as no code of ours does.
    pub fn damage(&self, sql: &str) {
        let connection = Connection::open(self.path()).unwrap();
        connection
            .execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;")
            .unwrap();
        let changed = connection.execute(sql, []).unwrap();
        assert!(0 < changed, "the damage hits a row");
    }

    /// The problems of each invariant that is broken.
    pub fn broken(&self) -> BTreeMap<Invariant, Vec<String>> {
        let audit = Audit::open(&Engine::Sqlite(self.path())).unwrap();
        let findings = Invariant::ALL.map(|each| (each, audit.check(each).unwrap().problems));
        findings.into_iter().filter(|(_, problems)| !problems.is_empty()).collect()
    }
}

/// What the bank says of a payment's first attempt.
fn approval(payment: PaymentId) -> (ApprovalFacts, Box<CardDetails>) {
    let facts = ApprovalFacts {
        order_number: format!("{payment}-1"),
        order_id: String::new(),
        amount_millimes: 10_000,
        currency: Currency::Tnd.number().into(),
    };
    (facts, Box::default())
}

pub fn phone() -> Phone {
    Phone::parse("55555555").unwrap()
}
