//! `init_pos_transaction`: what it takes, and what it sends to the terminal.

use qisma_domain::ids::Mode;
use serde_json::json;

use super::{a_request, a_till, buttons, init, init_with, newest, press, status};
use crate::given;

#[tokio::test]
async fn the_documented_request_gets_the_documented_answer() {
    let (app, keys) = a_till().await;
    let reply = init(&app, &keys, &a_request()).await;
    let documented = json!({"success": true, "terminal_id": "testing1234", "status_code": 201});
    assert_eq!((reply.status, reply.json()), (201, documented));
    assert_eq!(buttons(&app, "/pay").await.len(), 1);
}

#[tokio::test]
async fn all_mistakes_are_told_at_once_and_nothing_is_written() {
    let (app, keys) = a_till().await;
    let body = json!({
        "id_terminal": "a b", "amount_in_millimes": 0, "payment_method": "GOLD", "webhook": "x",
    });
    let reply = init(&app, &keys, &body).await;
    let fields =
        ["id_terminal", "serial_number", "amount_in_millimes", "payment_method", "webhook"];
    assert_eq!((reply.status, reply.refused_fields()), (400, fields.map(str::to_owned).to_vec()));
    assert_eq!(app.payment_count().await, 0);
}

#[tokio::test]
async fn there_is_no_terminal_for_live_money_yet() {
    let (app, _) = a_till().await;
    let live = given::an_app(&app.gateway, given::PLATFORM, Mode::Live).await;
    let reply = init(&app, &live, &a_request()).await;
    assert_eq!((reply.status, reply.refused_fields()), (400, vec!["id_terminal".to_owned()]));
}

#[tokio::test]
async fn the_same_key_asks_the_terminal_once() {
    let (app, keys) = a_till().await;
    let body = a_request();
    let asked = (0..20).map(|_| init_with(&app, &keys, &body, Some("key-1")));
    let replies = futures_util::future::join_all(asked).await;
    assert!(replies.iter().all(|reply| reply.status == 201), "{}", replies[0].body);
    assert_eq!((app.payment_count().await, buttons(&app, "/pay").await.len()), (1, 1));
    let mut other = body.clone();
    other["amount_in_millimes"] = json!(1);
    assert_eq!(init_with(&app, &keys, &other, Some("key-1")).await.status, 422);
}

#[tokio::test]
async fn the_same_key_does_not_ask_again_for_what_was_declined() {
    let (app, keys) = a_till().await;
    init_with(&app, &keys, &a_request(), Some("key-1")).await;
    press(&app, "/decline").await;
    assert_eq!(status(&app, &keys).await, "PF");
    assert_eq!(init_with(&app, &keys, &a_request(), Some("key-1")).await.status, 201);
    assert_eq!(buttons(&app, "/pay").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_terminal_that_cannot_be_reached_is_said_and_nobody_is_asked() {
    let (app, keys) = a_till().await;
    let fault = json!({"fault": "http503", "endpoint": "register"}).to_string();
    let armed = app.client.post(format!("{}/sandbox/faults", app.sandbox_url)).body(fault);
    assert_eq!(armed.send().await.unwrap().status(), 200);
    let reply = init(&app, &keys, &a_request()).await;
    assert!(matches!(reply.status, 201 | 503), "{}", reply.body);
    assert_eq!(buttons(&app, "/pay").await, Vec::<String>::new());
}

#[tokio::test]
async fn the_payments_page_offers_no_other_way_to_pay() {
    let (app, keys) = a_till().await;
    init(&app, &keys, &a_request()).await;
    let path = format!("/pay/{}", newest(&app).await);
    let page = crate::test_app::Reply::of(app.request(reqwest::Method::GET, &path)).await;
    assert!(page.status == 200 && !page.body.contains("<form"), "{}", page.body);
}
