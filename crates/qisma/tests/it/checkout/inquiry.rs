//! Payers who paid and closed the tab, while some bank hangs.

use qisma::clock::ManualClock;
use qisma::workers::inquiry;
use qisma_domain::ids::{Mode, PaymentId};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::browser::FRICTIONLESS;
use super::world::World;
use crate::bank::Bank;
use crate::given;
use crate::test_app::{START, TestApp};

/// More than the worker asks one acquirer at a time.
const TEST_PAYMENTS: usize = 9;
/// Longer than any of these tests is waited for.
const NEVER: (&str, &str) = ("QISMA__ACQUIRERS__TIMEOUT_SECS", "120");

fn start_worker(world: &World) {
    tokio::spawn(inquiry::run(world.gateway.clone(), CancellationToken::new()));
}

/// A payment of real money, on the page of its bank.
async fn a_live_payment_at_its_bank(world: &World) -> (PaymentId, String) {
    let keys = given::an_app(&world.gateway, "1000", Mode::Live).await;
    let request = given::a_request_with(&json!({"accept_card": true}));
    let id = PaymentId::parse(&TestApp::payment(world, &keys, &request).await).unwrap();
    let leaving = world.open(id).await.submit(world, "/card", &[]).await;
    (id, leaving.leave(world).await.url)
}

#[tokio::test]
async fn a_sandbox_that_hangs_does_not_delay_a_live_payment() {
    let bank = Bank::open(&ManualClock::starting_at(START)).await;
    let live_url = format!("{}/payment/rest/", bank.url);
    let world = World::start_with(&[
        NEVER,
        ("QISMA__ACQUIRERS__SMT__URL", &live_url),
        ("QISMA__ACQUIRERS__SMT__USER_NAME", "sandbox-api"),
        ("QISMA__ACQUIRERS__SMT__PASSWORD", "sandbox"),
    ])
    .await;
    for _ in 0..TEST_PAYMENTS {
        world.go_to_bank(world.payment().await).await;
    }
    // Of all orders, that of the live payment is due last.
    world.clock.advance(1);
    let (payment, page_url) = a_live_payment_at_its_bank(&world).await;
    bank.pay(&page_url).await;
    world.arm(r#"{"fault": "hang"}"#).await;
    world.clock.advance(61);
    start_worker(&world);
    world.becomes(payment, "captured").await;
}

#[tokio::test]
async fn an_order_that_hangs_does_not_hold_up_one_that_is_due_later() {
    let world = World::start_with(&[NEVER]).await;
    let hanging = world.payment().await;
    world.go_to_bank(hanging).await;
    world.arm(&format!(r#"{{"fault": "hang", "order_number": "{hanging}-1"}}"#)).await;
    world.clock.advance(61);
    start_worker(&world);
    let payment = world.payment().await;
    world.go_to_bank(payment).await.pay(&world, FRICTIONLESS).await;
    world.clock.wait_for_sleepers(1).await;
    world.clock.advance(61);
    world.becomes(payment, "captured").await;
}
