//! How a payment at a terminal ends: once, and told by status, verify and webhook.

use qisma_domain::ids::Mode;
use reqwest::Method;
use serde_json::json;

use super::{TRACKING, a_request, a_till, ask, buttons, init, newest, pass, press, status, taken};
use crate::given;
use crate::test_app::{Reply, bearer};

#[tokio::test]
async fn a_payment_that_was_taken_is_paid_and_has_the_documented_status() {
    let (app, keys) = a_till().await;
    init(&app, &keys, &a_request()).await;
    assert_eq!(status(&app, &keys).await, "P");
    assert_eq!(press(&app, "/pay").await, 1);
    let reply = ask(&app, &keys, &format!("developer_tracking_id={TRACKING}")).await.json();
    let id = reply["transactions"][0]["transaction_id"].clone();
    let documented = json!({
        "success": true,
        "transactions": [{
            "developer_tracking_id": TRACKING, "payment_status": "PS", "transaction_id": id,
        }],
        "status_code": 200,
    });
    assert_eq!(reply, documented);
    assert_eq!(id.as_str().unwrap().len(), 36);
    assert_eq!(taken(&app).await, 10_000);
    let query = format!("flouci_transaction_id={}", id.as_str().unwrap());
    assert_eq!(ask(&app, &keys, &query).await.json(), documented);
}

#[tokio::test]
async fn verify_calls_what_a_terminal_took_pos() {
    let (app, keys) = a_till().await;
    init(&app, &keys, &a_request()).await;
    press(&app, "/pay").await;
    status(&app, &keys).await;
    let verified =
        app.verify(&keys, &newest(&app).await.to_string()).await.json()["result"].clone();
    assert_eq!((&verified["type"], &verified["status"]), (&json!("pos"), &json!("SUCCESS")));
}

#[tokio::test]
async fn a_payment_that_was_declined_has_failed_at_once() {
    let (app, keys) = a_till().await;
    init(&app, &keys, &a_request()).await;
    assert_eq!(press(&app, "/decline").await, 1);
    assert_eq!(status(&app, &keys).await, "PF");
    assert_eq!((buttons(&app, "/pay").await.len(), taken(&app).await), (0, 0));
}

#[tokio::test]
async fn a_payment_that_nobody_took_times_out() {
    let (app, keys) = a_till().await;
    init(&app, &keys, &a_request()).await;
    pass(&app, 299).await;
    assert_eq!(status(&app, &keys).await, "P");
    pass(&app, 2).await;
    assert_eq!(status(&app, &keys).await, "PE");
    assert_eq!(buttons(&app, "/pay").await, Vec::<String>::new());
}

#[tokio::test]
async fn the_worker_finds_out_what_the_terminal_did_when_nobody_asks() {
    let (app, keys) = a_till().await;
    init(&app, &keys, &a_request()).await;
    press(&app, "/pay").await;
    pass(&app, 61).await;
    assert_eq!(taken(&app).await, 10_000);
}

#[tokio::test]
async fn paying_and_declining_at_once_has_one_outcome() {
    let (app, keys) = a_till().await;
    init(&app, &keys, &a_request()).await;
    let actions: Vec<_> = [buttons(&app, "/pay").await, buttons(&app, "/decline").await].concat();
    let presses = (0..20).map(|turn| {
        let url = format!("{}{}", app.sandbox_url, actions[turn % 2]);
        app.client.post(url).send()
    });
    let looks = (0..20).map(|_| status(&app, &keys));
    let both = futures_util::future::join(
        futures_util::future::join_all(presses),
        futures_util::future::join_all(looks),
    );
    both.await;
    let outcome = status(&app, &keys).await;
    let expected = if outcome == "PS" { 10_000 } else { 0 };
    assert!(outcome == "PS" || outcome == "PF", "{outcome}");
    assert_eq!(taken(&app).await, expected);
}

#[tokio::test]
async fn the_webhook_hears_of_the_end_once() {
    let (app, keys) = a_till().await;
    init(&app, &keys, &a_request()).await;
    press(&app, "/pay").await;
    for _ in 0..3 {
        status(&app, &keys).await;
    }
    let payment = newest(&app).await;
    let read = app.gateway.store.read(move |reader| reader.deliveries(Some(&payment), 10));
    let urls: Vec<_> = read.await.unwrap().into_iter().map(|delivery| delivery.url).collect();
    let told = format!("https://shop.example/hook?payment_id={payment}&success=True");
    assert_eq!(urls, [told]);
}

#[tokio::test]
async fn one_tracking_id_may_name_several_from_the_newest() {
    let (app, keys) = a_till().await;
    init(&app, &keys, &a_request()).await;
    press(&app, "/pay").await;
    status(&app, &keys).await;
    app.clock.advance(1);
    init(&app, &keys, &a_request()).await;
    let reply = ask(&app, &keys, &format!("developer_tracking_id={TRACKING}")).await.json();
    let rows = reply["transactions"].as_array().unwrap();
    let words: Vec<_> = rows.iter().map(|row| row["payment_status"].as_str().unwrap()).collect();
    assert_eq!(words, ["P", "PS"]);
}

#[tokio::test]
async fn the_history_keeps_terminals_and_pages_apart() {
    let (app, keys) = a_till().await;
    init(&app, &keys, &a_request()).await;
    let online = app.payment(&keys, &given::a_request()).await;
    let listed = async |query: &str| {
        let path = format!("/api/developers/history?{query}");
        let request = app.request(Method::GET, &path).header("authorization", bearer(&keys));
        let page = Reply::of(request).await.json();
        let rows = page["results"].as_array().unwrap().clone();
        rows.iter().map(|row| row["payment_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(listed("").await, [online.as_str()]);
    let pos = listed("type=pos").await;
    assert!(pos.len() == 1 && pos[0] != online, "{pos:?}");
    assert_eq!(listed("type=pos&terminal_id=testing1234").await, pos);
    assert_eq!(listed("type=pos&terminal_id=testing12345").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_strangers_transaction_is_not_found() {
    let (app, keys) = a_till().await;
    init(&app, &keys, &a_request()).await;
    let by_name = format!("developer_tracking_id={TRACKING}");
    let id = ask(&app, &keys, &by_name).await.json()["transactions"][0]["transaction_id"].clone();
    let by_id = format!("flouci_transaction_id={}", id.as_str().unwrap());
    let stranger = given::an_app(&app.gateway, given::RECEIVERS[0], Mode::Test).await;
    let live = given::an_app(&app.gateway, given::PLATFORM, Mode::Live).await;
    let nothing = ask(&app, &keys, "flouci_transaction_id=x").await;
    assert_eq!((nothing.status, nothing.error().as_str()), (404, "transaction_not_found"));
    for other in [&stranger, &live] {
        for query in [&by_name, &by_id] {
            assert_eq!(ask(&app, other, query).await.body, nothing.body);
        }
    }
}

#[tokio::test]
async fn a_payment_of_a_shop_is_no_transaction_of_a_terminal() {
    let (app, keys) = a_till().await;
    let request = given::a_request_with(&json!({"developer_tracking_id": TRACKING}));
    app.payment(&keys, &request).await;
    let reply = ask(&app, &keys, &format!("developer_tracking_id={TRACKING}")).await;
    assert_eq!(reply.status, 404);
}

#[tokio::test]
async fn a_status_names_one_of_the_two() {
    let (app, keys) = a_till().await;
    assert_eq!(ask(&app, &keys, "").await.refused_fields(), ["developer_tracking_id"]);
    let both = "developer_tracking_id=a&flouci_transaction_id=b";
    assert_eq!(ask(&app, &keys, both).await.refused_fields(), ["flouci_transaction_id"]);
}
