//! `init_pos_transaction`: what it takes, and what it sends to the terminal.

use qisma::operations::terminals;
use qisma_domain::ids::{MerchantId, Mode};
use reqwest::Method;
use serde_json::json;

use super::{a_request, a_till, ask, buttons, buttons_of, init, init_with, newest, press, status};
use crate::given;
use crate::test_app::Reply;

#[tokio::test]
async fn the_documented_request_gets_the_documented_answer() {
    let (app, keys) = a_till().await;
    let reply = init(&app, &keys, &a_request()).await;
    let id = reply.json()["transaction_id"].clone();
    // The documented answer, and our own addition.
    let expected = json!({
        "success": true, "terminal_id": "testing1234", "status_code": 201, "transaction_id": id,
    });
    assert_eq!((reply.status, reply.json()), (201, expected));
    assert_eq!(buttons(&app, "/pay").await.len(), 1);
}

#[tokio::test]
async fn a_transaction_without_a_tracking_id_is_found_by_the_id_in_the_answer() {
    let (app, keys) = a_till().await;
    let mut body = a_request();
    let members = body.as_object_mut().unwrap();
    members.retain(|name, _| name != "developer_tracking_id" && name != "webhook");
    let id = init(&app, &keys, &body).await.json()["transaction_id"].clone();
    let query = format!("flouci_transaction_id={}", id.as_str().unwrap());
    let found = ask(&app, &keys, &query).await.json()["transactions"][0].clone();
    let expected =
        json!({"developer_tracking_id": null, "payment_status": "P", "transaction_id": id});
    assert_eq!(found, expected);
}

#[tokio::test]
async fn two_merchants_may_have_a_terminal_of_the_same_id() {
    let (app, keys) = a_till().await;
    let other = given::an_app(&app.gateway, given::RECEIVERS[0], Mode::Test).await;
    init(&app, &keys, &a_request()).await;
    init(&app, &other, &a_request()).await;
    assert_eq!(buttons(&app, "/pay").await.len(), 1);
    assert_eq!(buttons_of(&app, given::RECEIVERS[0], "/pay").await.len(), 1);
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
async fn a_terminal_that_was_registered_is_asked_by_its_serial_number_only() {
    let (app, keys) = a_till().await;
    let merchant = MerchantId::parse(given::PLATFORM).unwrap();
    terminals::create(&app.gateway, merchant, "testing1234", "SN-0002").await.unwrap();
    let reply = init(&app, &keys, &a_request()).await;
    assert_eq!((reply.status, reply.refused_fields()), (400, vec!["serial_number".to_owned()]));
    assert_eq!(app.payment_count().await, 0);
    let mut right = a_request();
    right["serial_number"] = json!("SN-0002");
    assert_eq!(init(&app, &keys, &right).await.status, 201);
    // The terminal of another merchant is another machine.
    let other = given::an_app(&app.gateway, given::RECEIVERS[0], Mode::Test).await;
    assert_eq!(init(&app, &other, &a_request()).await.status, 201);
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
async fn the_payments_page_offers_no_other_way_to_pay() {
    let (app, keys) = a_till().await;
    init(&app, &keys, &a_request()).await;
    let path = format!("/pay/{}", newest(&app).await);
    let page = Reply::of(app.request(Method::GET, &path)).await;
    assert!(page.status == 200 && !page.body.contains("<form"), "{}", page.body);
}

#[tokio::test]
async fn nobody_is_sent_from_the_payments_page_to_a_page_of_the_bank() {
    let (app, keys) = a_till().await;
    init(&app, &keys, &a_request()).await;
    let page = format!("/pay/{}", newest(&app).await);
    for way in ["leave", "bank"] {
        let reply = Reply::of(app.request(Method::GET, &format!("{page}/{way}"))).await;
        assert_eq!((reply.status, reply.header("location")), (303, page.as_str()), "{way}");
    }
}
