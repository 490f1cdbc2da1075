//! Terminals of which it is not certain whether they were asked, and those that surely were not. Somebody
//! may pay at the first kind, so only the bank ends it.

use qisma_domain::payment::PaymentState;
use serde_json::json;

use super::{a_request, a_till, arm, buttons, init, init_with, newest, pass, press, status, taken};
use crate::test_app::TestApp;

/// An acquirer that nobody listens for: the connection is refused before anything is sent.
const NOBODY: (&str, &str) = ("QISMA__ACQUIRERS__SANDBOX__URL", "http://127.0.0.1:9/");

async fn state(app: &TestApp) -> PaymentState {
    let id = newest(app).await;
    let read = app.gateway.store.read(move |reader| reader.payment_by_link(&id)).await;
    read.unwrap().unwrap().payment.state
}

#[tokio::test]
async fn what_the_terminal_shows_is_paid_though_the_answer_to_its_registration_was_lost() {
    let (app, keys) = a_till().await;
    arm(&app, json!({"fault": "lost_answer", "endpoint": "register", "times": 1})).await;
    let reply = init(&app, &keys, &a_request()).await;
    assert_eq!((reply.status, status(&app, &keys).await.as_str()), (201, "P"), "{}", reply.body);
    assert_eq!(press(&app, "/pay").await, 1);
    // Asked at the till, the bank is read at once, and not only when the worker looks.
    assert_eq!(status(&app, &keys).await, "PS");
    assert_eq!(taken(&app).await, 10_000);
}

#[tokio::test]
async fn what_a_terminal_shows_without_our_knowing_still_times_out() {
    let (app, keys) = a_till().await;
    arm(&app, json!({"fault": "lost_answer", "endpoint": "register", "times": 1})).await;
    init(&app, &keys, &a_request()).await;
    pass(&app, 299).await;
    assert_eq!(status(&app, &keys).await, "P");
    pass(&app, 2).await;
    assert_eq!(status(&app, &keys).await, "PE");
}

#[tokio::test]
async fn a_decline_behind_a_lost_answer_is_a_decline_and_not_an_unreachable_terminal() {
    let (app, keys) = a_till().await;
    let late = json!({"fault": "late", "endpoint": "register", "times": 1, "delay_secs": 5});
    arm(&app, late).await;
    let told = async {
        // The terminal is quicker than the acquirer's answer, and the payer quicker still.
        while press(&app, "/decline").await == 0 {
            tokio::task::yield_now().await;
        }
        app.clock.advance(6);
    };
    let body = a_request();
    let (reply, ()) = futures_util::future::join(init(&app, &keys, &body), told).await;
    assert_eq!((reply.status, status(&app, &keys).await.as_str()), (201, "PF"), "{}", reply.body);
}

#[tokio::test]
async fn an_acquirer_in_trouble_may_have_asked_the_terminal_so_the_payment_waits_for_its_time() {
    let (app, keys) = a_till().await;
    arm(&app, json!({"fault": "http503", "endpoint": "register"})).await;
    let reply = init(&app, &keys, &a_request()).await;
    assert_eq!((reply.status, status(&app, &keys).await.as_str()), (201, "P"), "{}", reply.body);
    pass(&app, 61).await;
    assert_eq!(status(&app, &keys).await, "P");
    pass(&app, 240).await;
    assert_eq!(status(&app, &keys).await, "PE");
}

#[tokio::test]
async fn a_terminal_that_was_not_asked_is_said_and_its_payment_called_off() {
    let (mut app, keys) = a_till().await;
    app.restart_with(&[NOBODY]).await;
    let reply = init(&app, &keys, &a_request()).await;
    assert_eq!((reply.status, reply.error().as_str()), (503, "terminal_unavailable"));
    assert!(matches!(state(&app).await, PaymentState::Canceled { .. }));
    assert_eq!(buttons(&app, "/pay").await, Vec::<String>::new());
}

#[tokio::test]
async fn the_same_key_learns_again_that_nobody_was_asked() {
    let (mut app, keys) = a_till().await;
    app.restart_with(&[NOBODY]).await;
    let first = init_with(&app, &keys, &a_request(), Some("key-1")).await;
    // The acquirer is back; the payment that was called off stays so.
    app.restart_with(&[]).await;
    let second = init_with(&app, &keys, &a_request(), Some("key-1")).await;
    assert_eq!((first.status, second.status), (503, 503), "{}", second.body);
    assert_eq!(second.error(), "terminal_unavailable");
    assert_eq!(buttons(&app, "/pay").await, Vec::<String>::new());
}

#[tokio::test]
async fn the_same_key_after_an_uncertain_time_out_learns_that_nobody_is_asked() {
    let (app, keys) = a_till().await;
    arm(&app, json!({"fault": "http503", "endpoint": "register", "times": 1})).await;
    assert_eq!(init_with(&app, &keys, &a_request(), Some("key-1")).await.status, 201);
    pass(&app, 301).await;
    let again = init_with(&app, &keys, &a_request(), Some("key-1")).await;
    assert_eq!((again.status, again.error().as_str()), (503, "terminal_unavailable"));
}

#[tokio::test]
async fn a_status_reads_each_open_transaction_of_its_name_and_not_only_the_newest() {
    let (app, keys) = a_till().await;
    init(&app, &keys, &a_request()).await;
    press(&app, "/pay").await;
    app.clock.advance(1);
    init(&app, &keys, &a_request()).await;
    let query = format!("developer_tracking_id={}", super::TRACKING);
    let rows = super::ask(&app, &keys, &query).await.json()["transactions"].clone();
    let words: Vec<_> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["payment_status"].as_str().unwrap())
        .collect();
    assert_eq!(words, ["P", "PS"]);
    assert_eq!(taken(&app).await, 10_000);
}
