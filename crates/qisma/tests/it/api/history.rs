//! The list of payments: every filter, every mistake, and pages that lose and repeat nothing.

use qisma::operations::apps::NewApp;
use qisma_domain::ids::Mode;
use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};

use super::v2::paying::pay_by_wallet;
use crate::given;
use crate::test_app::{Reply, TestApp, bearer};

const HISTORY: &str = "/api/developers/history";

async fn get(app: &TestApp, keys: &NewApp, query: &str) -> Reply {
    let request = app.request(Method::GET, &format!("{HISTORY}?{query}"));
    Reply::of(request.header(AUTHORIZATION, bearer(keys))).await
}

async fn ids(app: &TestApp, keys: &NewApp, query: &str) -> Vec<String> {
    let reply = get(app, keys, query).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    ids_of(&reply.json())
}

fn ids_of(page: &Value) -> Vec<String> {
    let rows = page["results"].as_array().unwrap();
    rows.iter().map(|row| row["payment_id"].as_str().unwrap().to_owned()).collect()
}

/// A second apart, oldest first.
async fn payments(app: &TestApp, keys: &NewApp, count: usize) -> Vec<String> {
    let mut ids = vec![];
    for _ in 0..count {
        ids.push(app.payment(keys, &given::a_request()).await);
        app.clock.advance(1);
    }
    ids
}

#[tokio::test]
async fn a_row_has_what_a_shop_keeps_of_a_payment() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let mut request = given::a_split_request();
    request["developer_tracking_id"] = json!("order-1");
    let id = app.payment(&keys, &request).await;
    pay_by_wallet(&app, &id).await;
    let page = get(&app, &keys, "type=online").await.json();
    assert_eq!(
        page["results"],
        json!([{
            "payment_id": id,
            "type": "wallet",
            "amount": 10_000,
            "status": "SUCCESS",
            "settlement_status": "AVAILABLE",
            "developer_tracking_id": "order-1",
            "destinations": [
                {"amount": 8_000, "destination": "1234", "credited_to": "available"},
                {"amount": 2_000, "destination": "4321", "credited_to": "available"},
            ],
            "created_at": "2026-11-23T10:00:00Z",
            "updated_at": page["results"][0]["updated_at"],
        }])
    );
    assert_eq!((&page["next"], &page["previous"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn the_links_lead_through_every_payment_once_and_back() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let mut made = payments(&app, &keys, 7).await;
    made.reverse();
    let (mut query, mut seen) = ("limit=3".to_owned(), vec![]);
    let query_of =
        |link: &Value| link.as_str().and_then(|url| url.split_once('?')).map(|it| it.1.to_owned());
    let mut last = loop {
        let page = get(&app, &keys, &query).await.json();
        seen.extend(ids_of(&page));
        match query_of(&page["next"]) {
            Some(next) => query = next,
            None => break page,
        }
    };
    assert_eq!(seen, made);
    let mut back = ids_of(&last);
    while let Some(previous) = query_of(&last["previous"]) {
        last = get(&app, &keys, &previous).await.json();
        back.splice(0..0, ids_of(&last));
    }
    assert_eq!(back, made);
}

#[tokio::test]
async fn dates_are_whole_days_in_tunisia_and_both_ends_count() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let id = app.payment(&keys, &given::a_request()).await;
    for (query, is_there) in [
        ("start_date=2026-11-23&end_date=2026-11-23", true),
        ("start_date=2026-11-24", false),
        ("end_date=2026-11-22", false),
        ("start_date=2026-11-23T10:00:00Z&end_date=2026-11-23T10:00:00Z", true),
        ("start_date=2026-11-23T11:00:00&end_date=2026-11-23T11:00:00", true),
        ("start_date=2026-11-23T10:00:01Z", false),
        ("end_date=2026-11-23T10:59:59", false),
    ] {
        let expected = if is_there { vec![id.clone()] } else { vec![] };
        assert_eq!(ids(&app, &keys, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn each_status_code_finds_its_payments() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let paid = app.payment(&keys, &given::a_request()).await;
    pay_by_wallet(&app, &paid).await;
    let open = app.payment(&keys, &given::a_request()).await;
    for (code, expected) in
        [("S", vec![&paid]), ("AS", vec![&paid]), ("P", vec![&open]), ("PF", vec![])]
    {
        let found = ids(&app, &keys, &format!("operation_status={code}")).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{code}");
    }
}

#[tokio::test]
async fn one_app_of_a_merchant_is_found_by_its_public_key() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let other = given::an_app(&app.gateway, given::PLATFORM, Mode::Test).await;
    let one = app.payment(&keys, &given::a_request()).await;
    app.clock.advance(1);
    let two = app.payment(&other, &given::a_request()).await;
    assert_eq!(ids(&app, &keys, "").await, [two.clone(), one]);
    let query = format!("app_token={}", other.public_key);
    assert_eq!(ids(&app, &keys, &query).await, [two]);
}

#[tokio::test]
async fn nobody_sees_a_strangers_payments() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    payments(&app, &keys, 2).await;
    let stranger = given::an_app(&app.gateway, given::RECEIVERS[0], Mode::Test).await;
    assert_eq!(ids(&app, &stranger, "").await, Vec::<String>::new());
    let query = format!("app_token={}", keys.public_key);
    assert_eq!(get(&app, &stranger, &query).await.refused_fields(), ["app_token"]);
}

#[tokio::test]
async fn a_terminal_with_payments_of_the_web_is_error_1004() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let reply = get(&app, &keys, "type=online&terminal_id=testing123456789").await;
    assert_eq!((reply.status, reply.json()["code"].as_i64()), (400, Some(1004)));
}

#[tokio::test]
async fn all_mistakes_are_reported_at_once() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let query = "type=web&merchant_id=1234&start_date=yesterday&end_date=2026-13-01\
                 &operation_status=X&limit=0&cursor=before.1.x";
    let reply = get(&app, &keys, query).await;
    let mut fields = reply.refused_fields();
    fields.sort();
    let expected =
        ["cursor", "end_date", "limit", "merchant_id", "operation_status", "start_date", "type"];
    assert_eq!((reply.status, fields), (400, expected.map(str::to_owned).to_vec()));
}
