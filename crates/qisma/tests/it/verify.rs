//! `qisma verify` beside a running gateway and a bank with books of its own. What each invariant
//! sees in damaged rows is shown in qisma-store, where rows can be damaged.

use std::sync::Arc;

use qisma::clock::{Clock, ManualClock};
use qisma::verify::{self, Report, Status, VerifyError, VerifyOptions};
use qisma_domain::account::Acquirer;
use qisma_domain::app::WebhookMode;
use qisma_domain::decide::expire_payment::ExpirePayment;
use qisma_domain::decide::record_outcome::{BankReport, RecordOutcome};
use qisma_domain::decide::record_reversal::{RecordReversal, ReversalReport};
use qisma_domain::decide::start_card::StartCard;
use qisma_domain::ids::PaymentId;
use qisma_domain::time::Timestamp;
use qisma_store::Engine;
use tokio::net::TcpListener;

use crate::bank::Bank;
use crate::shop::Shop;

/// Nobody may be called there, so nobody is.
const WEBHOOK: &str = "https://127.0.0.1/hook";

/// A shop and its bank, on one clock.
struct World {
    shop: Shop,
    bank: Bank,
}

impl World {
    async fn new() -> Self {
        // The bank's clock is the shop's: both are moved together from then on.
        let clock = ManualClock::starting_at(Timestamp::from_secs(1_795_000_000));
        let bank = Bank::open(&clock).await;
        let shop = shop_with(&bank.url, clock).await;
        Self { shop, bank }
    }

    /// An order at the bank of a payment whose attempt is open; the bank's page.
    async fn order(&self) -> (PaymentId, String) {
        let payment = self.shop.payment(WEBHOOK).await;
        let start = StartCard { payment, acquirer: Acquirer::Sandbox };
        let started = self.shop.gateway.store.run(start).await.unwrap();
        (payment, self.bank.register(&self.shop.gateway, &started.order_number).await)
    }

    async fn verify(&self) -> Report {
        self.shop_verify(false).await.unwrap()
    }

    async fn shop_verify(&self, require_acquirer: bool) -> Result<Report, VerifyError> {
        verify_shop(&self.shop, require_acquirer).await
    }
}

async fn shop_with(bank_url: &str, clock: ManualClock) -> Shop {
    let settings = [("acquirers.sandbox.url", bank_url)];
    Shop::with_clock(WebhookMode::Get, &settings, clock).await
}

async fn verify_shop(shop: &Shop, require_acquirer: bool) -> Result<Report, VerifyError> {
    let clock: Arc<dyn Clock> = Arc::new(shop.clock.clone());
    verify::run(&shop.gateway.config, clock, VerifyOptions { require_acquirer }).await
}

/// What is broken, with the first problem.
fn broken(report: &Report) -> Vec<(&'static str, &str)> {
    let broken = report.invariants.iter().filter(|check| check.status != Status::Ok);
    broken.map(|check| (check.id, check.problems.first().map_or("", String::as_str))).collect()
}

#[tokio::test]
async fn an_order_that_both_say_is_paid_is_right() {
    let world = World::new().await;
    let (payment, page) = world.order().await;
    world.bank.pay(&page).await;
    world.shop.approve(payment, 1).await;
    let report = world.verify().await;
    assert_eq!(broken(&report), []);
    let check = report.check("I15").unwrap();
    assert_eq!((check.checked, &check.in_flight, report.exit_code()), (1, &vec![], 0));
}

#[tokio::test]
async fn the_report_is_json_with_every_invariant() {
    let report = serde_json::to_value(World::new().await.verify().await).unwrap();
    let ids: Vec<_> =
        report["invariants"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    let expected =
        ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10", "I11", "I13", "I14", "I15"];
    assert_eq!(ids, expected);
    assert_eq!((&report["ok"], &report["invariants"][0]["status"]), (&true.into(), &"ok".into()));
}

#[tokio::test]
async fn an_order_that_nobody_paid_is_right() {
    let world = World::new().await;
    world.order().await;
    assert_eq!(broken(&world.verify().await), []);
}

#[tokio::test]
async fn an_order_that_the_bank_does_not_know_is_right_as_long_as_nobody_paid() {
    let world = World::new().await;
    let payment = world.shop.payment(WEBHOOK).await;
    let start = StartCard { payment, acquirer: Acquirer::Sandbox };
    world.shop.gateway.store.run(start).await.unwrap();
    assert_eq!(broken(&world.verify().await), []);
}

#[tokio::test]
async fn an_order_that_is_paid_while_its_attempt_is_open_is_in_flight() {
    let world = World::new().await;
    let (payment, page) = world.order().await;
    world.bank.pay(&page).await;
    let report = world.verify().await;
    assert_eq!(broken(&report), []);
    let [in_flight] = report.check("I15").unwrap().in_flight.as_slice() else {
        panic!("{report:?}")
    };
    assert!(in_flight.contains(&payment.to_string()), "{in_flight}");
}

#[tokio::test]
async fn a_paid_order_whose_look_is_overdue_is_broken() {
    let world = World::new().await;
    let (_, page) = world.order().await;
    world.bank.pay(&page).await;
    world.shop.clock.advance(600);
    let report = world.verify().await;
    let [("I15", problem)] = broken(&report)[..] else { panic!("{report:?}") };
    assert!(problem.contains("nobody looks at it"), "{problem}");
    assert_eq!(report.exit_code(), 1);
}

#[tokio::test]
async fn a_payment_that_is_captured_here_and_unpaid_at_the_bank_is_broken() {
    let world = World::new().await;
    let (payment, _) = world.order().await;
    world.shop.approve(payment, 1).await;
    let report = world.verify().await;
    let [("I15", problem)] = broken(&report)[..] else { panic!("{report:?}") };
    assert!(problem.contains("we say it paid, the acquirer says nobody paid it"), "{problem}");
}

#[tokio::test]
async fn an_approval_that_came_late_and_was_given_back_is_right() {
    let world = World::new().await;
    let (payment, page) = world.order().await;
    world.bank.pay(&page).await;
    let store = &world.shop.gateway.store;
    let report = BankReport::NotRegistered;
    store.run(RecordOutcome { payment, attempt: 1, report }).await.unwrap();
    world.shop.clock.advance(1_200);
    store.run(ExpirePayment { payment }).await.unwrap();
    world.shop.approve(payment, 1).await;
    assert_eq!(world.verify().await.check("I15").unwrap().in_flight.len(), 1);
    let order = format!("{payment}-1");
    let by = qisma::acquirers::smt::StatusBy::OrderNumber(&order);
    let qisma::acquirers::smt::StatusAnswer::Order(facts) =
        world.shop.gateway.sandbox.status(by).await
    else {
        panic!("the bank knows the order")
    };
    world.shop.gateway.sandbox.reverse(&facts.order_id.unwrap()).await;
    let report = ReversalReport::GivenBack;
    store.run(RecordReversal { payment, attempt: 1, report }).await.unwrap();
    let report = world.verify().await;
    assert_eq!((broken(&report), report.check("I15").unwrap().in_flight.len()), (vec![], 0));
}

/// The address of nobody.
async fn dead_url() -> String {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", nobody.local_addr().unwrap())
}

#[tokio::test]
async fn a_bank_that_cannot_be_reached_is_a_failure_only_where_that_was_asked_for() {
    let clock = ManualClock::starting_at(Timestamp::from_secs(1));
    let shop = shop_with(&dead_url().await, clock).await;
    shop.paid(WEBHOOK).await;
    let report = verify_shop(&shop, false).await.unwrap();
    let check = report.check("I15").unwrap();
    assert_eq!((check.status, report.exit_code()), (Status::NotChecked, 0));
    assert!(check.note.as_deref().unwrap_or_default().contains("could not be reached"));
    assert_eq!(verify_shop(&shop, true).await.unwrap().exit_code(), 1);
}

#[tokio::test]
async fn a_bank_that_cannot_be_reached_is_missed_though_no_order_was_ever_sent_to_it() {
    let clock = ManualClock::starting_at(Timestamp::from_secs(1));
    let shop = shop_with(&dead_url().await, clock).await;
    let report = verify_shop(&shop, false).await.unwrap();
    let status = report.check("I15").unwrap().status;
    assert_eq!((status, report.exit_code()), (Status::NotChecked, 0));
    assert_eq!(verify_shop(&shop, true).await.unwrap().exit_code(), 1);
}

#[tokio::test]
async fn a_bank_that_does_not_let_us_in_is_not_checked() {
    let clock = ManualClock::starting_at(Timestamp::from_secs(1_795_000_000));
    let bank = Bank::open(&clock).await;
    let settings =
        [("acquirers.sandbox.url", bank.url.as_str()), ("acquirers.sandbox.password", "wrong")];
    let shop = Shop::with_clock(WebhookMode::Get, &settings, clock).await;
    let report = verify_shop(&shop, true).await.unwrap();
    let check = report.check("I15").unwrap();
    assert_eq!((check.status, report.exit_code()), (Status::NotChecked, 1));
    assert!(check.note.as_deref().unwrap_or_default().contains("code 5"), "{check:?}");
}

#[tokio::test]
async fn a_live_gateway_without_a_sandbox_is_not_asked_for_one() {
    let clock = ManualClock::starting_at(Timestamp::from_secs(1_795_000_000));
    let bank = Bank::open(&clock).await;
    let url = format!("{}/payment/rest/", bank.url);
    let settings = [
        ("acquirers.smt.url", url.as_str()),
        ("acquirers.smt.user_name", "user"),
        ("acquirers.smt.password", "password"),
    ];
    let shop = Shop::with_clock(WebhookMode::Get, &settings, clock).await;
    let report = verify_shop(&shop, true).await.unwrap();
    assert_eq!((report.exit_code(), &report.check("I15").unwrap().note), (0, &None));
}

#[tokio::test]
async fn a_paid_order_that_our_books_have_lost_is_broken() {
    let world = World::new().await;
    let payment = PaymentId::from_bytes([9; 16]);
    let page = world.bank.register(&world.shop.gateway, &format!("{payment}-1")).await;
    assert_eq!(broken(&world.verify().await), [], "nobody has paid it yet");
    world.bank.pay(&page).await;
    let report = world.verify().await;
    let [("I15", problem)] = broken(&report)[..] else { panic!("{report:?}") };
    assert!(problem.contains(&format!("{payment}-1")), "{problem}");
    assert!(problem.contains("our books do not know it"), "{problem}");
}

#[tokio::test]
async fn a_lost_order_is_found_behind_the_first_page_of_the_banks_list() {
    let world = World::new().await;
    let mut page = String::new();
    for n in 1..=205 {
        let payment = PaymentId::from_bytes([n; 16]);
        page = world.bank.register(&world.shop.gateway, &format!("{payment}-1")).await;
    }
    world.bank.pay(&page).await;
    let report = world.verify().await;
    let [("I15", problem)] = broken(&report)[..] else { panic!("{report:?}") };
    assert!(problem.contains("our books do not know it"), "{problem}");
}

#[tokio::test]
async fn a_paid_order_of_another_program_of_the_shop_is_none_of_ours() {
    let world = World::new().await;
    let page = world.bank.register(&world.shop.gateway, "shop-442").await;
    world.bank.pay(&page).await;
    assert_eq!(broken(&world.verify().await), []);
}

#[tokio::test]
async fn a_paid_order_that_the_books_know_after_all_is_not_lost() {
    let world = World::new().await;
    let payment = world.shop.payment(WEBHOOK).await;
    // As with an order that came after the moment that is verified: it is none of this bank's.
    let start = StartCard { payment, acquirer: Acquirer::Smt };
    let started = world.shop.gateway.store.run(start).await.unwrap();
    let page = world.bank.register(&world.shop.gateway, &started.order_number).await;
    world.bank.pay(&page).await;
    assert_eq!(world.verify().await.check("I15").unwrap().problems, [""; 0]);
}

#[tokio::test]
async fn a_bank_that_lists_no_orders_is_asked_for_each_and_the_report_says_what_it_could_not_see() {
    // Every order is unknown to it, and it has no further endpoint.
    let status = "/payment/rest/getOrderStatusExtended.do";
    let unknown = || async { r#"{"errorCode":"6","errorMessage":"Unregistered orderId"}"# };
    let app = axum::Router::new().route(status, axum::routing::post(unknown));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, app).into_future());
    let clock = ManualClock::starting_at(Timestamp::from_secs(1_795_000_000));
    let shop = shop_with(&url, clock).await;
    let report = verify_shop(&shop, true).await.unwrap();
    let check = report.check("I15").unwrap();
    assert_eq!((check.status, report.exit_code()), (Status::Ok, 0));
    assert!(check.note.as_deref().unwrap_or_default().contains("lists no orders"), "{check:?}");
    shop.paid(WEBHOOK).await;
    assert_eq!(verify_shop(&shop, true).await.unwrap().exit_code(), 1);
}

#[tokio::test]
async fn a_database_that_is_not_there_is_an_error_that_says_what_to_do() {
    let world = World::new().await;
    let mut config = world.shop.gateway.config.clone();
    config.database.engine = Engine::Sqlite(std::env::temp_dir().join("not/there/qisma.db"));
    let clock: Arc<dyn Clock> = Arc::new(world.shop.clock.clone());
    let error = verify::run(&config, clock, VerifyOptions::default()).await.err().unwrap();
    assert!(error.to_string().contains("there is no database"), "{error}");
}

#[tokio::test]
async fn a_gateway_that_has_stopped_can_be_verified_too() {
    let mut world = World::new().await;
    world.shop.paid(WEBHOOK).await;
    world.shop.stop().await;
    assert_eq!(world.verify().await.check("I9").unwrap().status, Status::Ok);
}
