//! The lane's side: 256 callers, each waiting for its answer before it asks again.

use qisma_domain::account::Acquirer;
use qisma_domain::app::WebhookMode;
use qisma_domain::attempt::{CardDetails, Opened};
use qisma_domain::decide::create_app::{CreateApp, NewKeyPair};
use qisma_domain::decide::create_merchant::CreateMerchant;
use qisma_domain::decide::create_payment::{CreatePayment, NewPayment};
use qisma_domain::decide::record_opened::RecordOpened;
use qisma_domain::decide::record_outcome::{ApprovalFacts, BankReport, Outcome, RecordOutcome};
use qisma_domain::decide::record_refund::{RecordRefund, RefundReport};
use qisma_domain::decide::refund_payment::{RefundPayment, WhenShort};
use qisma_domain::decide::send_refund::{SendRefund, Sending};
use qisma_domain::decide::set_merchant_status::SetMerchantStatus;
use qisma_domain::decide::start_card::StartCard;
use qisma_domain::ids::{AppId, MerchantId, Mode, PaymentId};
use qisma_domain::link::{Link, LinkKind};
use qisma_domain::merchant::MerchantStatus;
use qisma_domain::money::Amount;
use qisma_domain::payment::Channel;
use qisma_domain::split::{LegRequest, Share};
use qisma_domain::time::Timestamp;
use qisma_store::{Engine, Store, StoreOptions};
use rand::SeedableRng;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How many ask at once.
pub const CALLERS: usize = 256;
/// The clock begins here and moves by this much with each batch, so that the rows tell the batches
/// apart.
const BEGIN_MICROS: i64 = 1_764_000_000_000_000;
const STEP_MICROS: i64 = 1_000;
const AMOUNT: i64 = 10_000;

/// A store with a platform and two merchants.
pub struct Bench {
    store: Store,
    create_us: Mutex<Vec<u64>>,
    capture_us: Mutex<Vec<u64>>,
}

impl Bench {
    /// Makes one.
    pub async fn open(engine: Engine) -> Self {
        let clock = AtomicI64::new(BEGIN_MICROS);
        let store = Store::open(StoreOptions {
            engine,
            read_connections_max: 1,
            leases: qisma_store::LeaseOptions::default(),
            fold: qisma_store::Fold::Inline,
            calendar: Arc::default(),
            now: Arc::new(move || {
                Timestamp::from_micros(clock.fetch_add(STEP_MICROS, Ordering::Relaxed))
            }),
            rng: {
                // Another seed for each lane, or they would mint the same ids.
                let mut seed = 0;
                Box::new(move || {
                    seed += 1;
                    Box::new(rand::rngs::StdRng::seed_from_u64(seed))
                })
            },
            on_fatal: Arc::new(|why| panic!("{why}")),
            on_delivery: Arc::new(|| {}),
        });
        let store = store.expect("a fresh database can be opened");
        let bench = Self { store, create_us: Mutex::default(), capture_us: Mutex::default() };
        for id in ["9000", "1234", "4321"] {
            let (id, name) = (merchant(id), "Bench".to_owned());
            let create = CreateMerchant { id, name, image_url: None };
            bench.store.run(create).await.expect("the number is free");
            let activate = SetMerchantStatus { id, status: MerchantStatus::Active };
            bench.store.run(activate).await.expect("it exists");
        }
        let app = CreateApp {
            id: app(),
            merchant: merchant("9000"),
            mode: Mode::Test,
            webhook_mode: WebhookMode::Get,
            webhook_secret_sealed: vec![0; 72],
            keys: NewKeyPair { public_key: "bench".into(), private_key_hash: [0; 32] },
        };
        bench.store.run(app).await.expect("its merchant exists");
        bench
    }

    /// Creates payments with two destinations.
    pub async fn create(&self, payments: usize) -> Vec<PaymentId> {
        self.create_by(CALLERS, payments).await
    }

    /// The same by another number of callers.
    pub async fn create_by(&self, callers: usize, payments: usize) -> Vec<PaymentId> {
        let work = |store: Store, (): ()| async move {
            let begun = Instant::now();
            let answer = store.run(create_payment()).await.expect("the lane takes it");
            (answer.created.payment_id, begun.elapsed())
        };
        let (payments, times): (Vec<_>, Vec<_>) =
            self.by_callers(callers, vec![(); payments], work).await.into_iter().unzip();
        keep(&self.create_us, times);
        payments
    }

    /// Opens a card order for each payment.
    pub async fn start_cards(&self, payments: &[PaymentId]) {
        let work = |store: Store, payment: PaymentId| async move {
            let start = StartCard { payment, acquirer: Acquirer::Sandbox };
            let started = store.run(start).await.expect("nobody else pays it");
            let opened = Opened {
                order_id: started.order_number,
                page_url: "http://127.0.0.1:8081/payment/page".into(),
            };
            let record = RecordOpened { payment, attempt: started.attempt, opened };
            store.run(record).await.expect("the attempt is open");
        };
        self.by_callers(CALLERS, payments.to_vec(), work).await;
    }

    /// Captures each payment.
    pub async fn capture(&self, payments: &[PaymentId]) {
        let work = |store: Store, payment: PaymentId| async move {
            let begun = Instant::now();
            let outcome = store.run(approval(payment)).await.expect("the attempt is there");
            assert_eq!(outcome, Outcome::Captured);
            begun.elapsed()
        };
        keep(&self.capture_us, self.by_callers(CALLERS, payments.to_vec(), work).await);
    }

    /// Gives a quarter of each payment back, in the three commands that it takes at an acquirer.
    pub async fn refund(&self, payments: &[PaymentId]) {
        let work = |store: Store, payment: PaymentId| async move {
            let refund = store.run(refund_of(payment)).await.expect("it is paid").refund;
            let number = refund.number;
            let send = SendRefund { payment, number, nothing_came_of_it: false };
            let sending = store.run(send).await.expect("it is there");
            assert!(matches!(sending, Sending::Ask { .. }), "nobody else sends it");
            let report = RefundReport::Done;
            let record = RecordRefund { payment, number, report, sent_at: None };
            store.run(record).await.expect("it is there");
        };
        self.by_callers(CALLERS, payments.to_vec(), work).await;
    }

    /// How long creates and captures took so far: the middle one, and all but one in a hundred.
    pub fn latencies_us(&self) -> ((u64, u64), (u64, u64)) {
        (shape(&self.create_us), shape(&self.capture_us))
    }

    /// Forgets how long they took.
    pub fn forget_latencies(&self) {
        for times in [&self.create_us, &self.capture_us] {
            times.lock().expect("nobody panics holding it").clear();
        }
    }

    /// Divides the work among the callers.
    async fn by_callers<I, T, F>(
        &self,
        callers: usize,
        items: Vec<I>,
        work: fn(Store, I) -> F,
    ) -> Vec<T>
    where
        I: Clone + Send + Sync + 'static,
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let share = items.len().div_ceil(callers).max(1);
        let callers: Vec<_> = items
            .chunks(share)
            .map(|items| {
                let (store, items) = (self.store.clone(), items.to_vec());
                tokio::spawn(async move {
                    let mut done = Vec::with_capacity(items.len());
                    for item in items {
                        done.push(work(store.clone(), item).await);
                    }
                    done
                })
            })
            .collect();
        let mut all = Vec::with_capacity(items.len());
        for caller in callers {
            all.extend(caller.await.expect("no caller panics"));
        }
        all
    }
}

fn keep(times: &Mutex<Vec<u64>>, more: Vec<Duration>) {
    let micros = more.into_iter().map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    times.lock().expect("nobody panics holding it").extend(micros);
}

fn shape(times: &Mutex<Vec<u64>>) -> (u64, u64) {
    let mut times = times.lock().expect("nobody panics holding it").clone();
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or(0);
    (at(50), at(99))
}

fn merchant(id: &str) -> MerchantId {
    MerchantId::parse(id).expect("digits")
}

fn app() -> AppId {
    AppId::from_bytes([7; 16])
}

fn amount(millimes: i64) -> Amount {
    Amount::from_millimes(millimes).expect("in range")
}

fn create_payment() -> CreatePayment {
    let link = |path: &str| {
        let text = format!("https://shop.example/{path}");
        Link::parse(&text, LinkKind::Success, false).expect("a link")
    };
    let leg = |id: &str, millimes: i64| LegRequest {
        destination: merchant(id),
        share: Share::Fixed(amount(millimes)),
    };
    CreatePayment {
        merchant: merchant("9000"),
        app: app(),
        mode: Mode::Test,
        new: NewPayment {
            amount: amount(AMOUNT),
            legs: vec![leg("1234", 5_000), leg("4321", 2_500)],
            channel: Channel::Online,
            success_link: Some(link("ok")),
            fail_link: Some(link("no")),
            webhook: None,
            developer_tracking_id: Some("bench".into()),
            accept_card: true,
            image_url: None,
            session_timeout_secs: 86_400,
            client: None,
            charge: None,
            hold_secs: None,
        },
        link_prefix: "https://pay.example/pay/".into(),
        idempotent: None,
    }
}

fn refund_of(payment: PaymentId) -> RefundPayment {
    RefundPayment {
        payment,
        merchant: merchant("9000"),
        mode: Mode::Test,
        amount: Some(amount(AMOUNT / 4)),
        reversals: vec![],
        destinations: ["9000", "1234", "4321"].map(merchant).into(),
        parked: BTreeSet::new(),
        when_short: WhenShort::Debt,
        idempotent: None,
    }
}

fn approval(payment: PaymentId) -> RecordOutcome {
    let order_number = format!("{payment}-1");
    let facts = ApprovalFacts {
        order_id: order_number.clone(),
        order_number,
        amount_millimes: AMOUNT,
        currency: "788".into(),
    };
    let card = CardDetails {
        masked_pan: "450921**1119".into(),
        expiration: "202612".into(),
        cardholder_name: "FOULEN BEN FOULEN".into(),
        payment_system: "VISA".into(),
        approval_code: "123456".into(),
        bank_country_code: String::new(),
        binding_id: String::new(),
    };
    let report = BankReport::Approved { facts, card: Box::new(card) };
    RecordOutcome { payment, attempt: 1, report }
}
