//! The status of an operation, and the history of them.

use qisma::operations::api_keys::NewApiKey;
use qisma_domain::ids::Mode;
use reqwest::Method;
use serde_json::{Value, json};

use super::{HISTORY, MERCHANT, OPERATION, STATUS, a_holder, a_key, ask, generate, status};
use crate::api::v2::paying;
use crate::given;
use crate::test_app::{Reply, TestApp, bearer};

#[tokio::test]
async fn the_status_of_an_operation_says_all_of_it() {
    let (app, key) = a_holder().await;
    ask(&app, &key, &generate(OPERATION, 1_000)).await;
    let answer = status(&app, &key, OPERATION).await.json();
    let id = answer["payment_id"].as_str().unwrap();
    let at = "2026-11-23T10:00:00Z";
    let expected = json!({
        "success": true, "code": 200, "operation_uuid": OPERATION, "payment_id": id,
        "link": format!("{}/pay/{id}", app.url), "amount_in_millimes": 1_000,
        "status": "PENDING", "created_at": at, "updated_at": at,
    });
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn a_code_that_was_paid_is_a_success_and_its_money_the_merchants() {
    let (app, key) = a_holder().await;
    ask(&app, &key, &generate(OPERATION, 1_000)).await;
    let id = status(&app, &key, OPERATION).await.json()["payment_id"].as_str().unwrap().to_owned();
    paying::pay_by_wallet(&app, &id).await;
    assert_eq!(status(&app, &key, OPERATION).await.json()["status"], "SUCCESS");
}

#[tokio::test]
async fn a_code_that_was_not_paid_in_time_is_expired() {
    let (app, key) = a_holder().await;
    ask(&app, &key, &generate(OPERATION, 1_000)).await;
    app.clock.advance(1_199);
    assert_eq!(status(&app, &key, OPERATION).await.json()["status"], "PENDING");
    app.clock.advance(1);
    assert_eq!(status(&app, &key, OPERATION).await.json()["status"], "EXPIRED");
}

#[tokio::test]
async fn an_operation_of_another_merchant_or_mode_is_not_found() {
    let (app, key) = a_holder().await;
    ask(&app, &key, &generate(OPERATION, 1_000)).await;
    given::an_app(&app.gateway, given::RECEIVERS[0], Mode::Test).await;
    given::an_app(&app.gateway, MERCHANT, Mode::Live).await;
    let strangers = [
        a_key(&app, given::RECEIVERS[0], Mode::Test).await,
        a_key(&app, MERCHANT, Mode::Live).await,
    ];
    let nothing = status(&app, &key, "another").await;
    assert_eq!((nothing.status, nothing.error().as_str()), (404, "transaction_not_found"));
    for stranger in &strangers {
        assert_eq!(status(&app, stranger, OPERATION).await.body, nothing.body);
        assert_eq!(ask(&app, stranger, HISTORY).await.json()["results"], json!([]));
    }
}

#[tokio::test]
async fn a_payment_of_a_shop_is_no_operation_though_it_is_called_like_one() {
    let (app, key) = a_holder().await;
    let shop = given::an_app(&app.gateway, MERCHANT, Mode::Test).await;
    app.payment(&shop, &given::a_request_with(&json!({"developer_tracking_id": OPERATION}))).await;
    assert_eq!(status(&app, &key, OPERATION).await.status, 404);
    assert_eq!(ask(&app, &key, HISTORY).await.json()["results"], json!([]));
}

#[tokio::test]
async fn a_status_needs_an_operation() {
    let (app, key) = a_holder().await;
    assert_eq!(ask(&app, &key, STATUS).await.refused_fields(), ["operation_uuid"]);
}

/// Five operations, a day apart, the first of them at the start of the tests.
async fn five_days(app: &TestApp, key: &NewApiKey) {
    for day in 1..=5 {
        assert_eq!(ask(app, key, &generate(&format!("day-{day}"), day)).await.status, 200);
        app.clock.advance(86_400);
    }
}

fn operations(page: &Value) -> Vec<&str> {
    let results = page["results"].as_array().unwrap();
    results.iter().map(|row| row["operation_uuid"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_history_is_read_page_by_page_from_the_newest() {
    let (app, key) = a_holder().await;
    five_days(&app, &key).await;
    let mut path = format!("{HISTORY}?merchant_id={MERCHANT}&limit=2");
    let mut pages = vec![];
    loop {
        let page = ask(&app, &key, &path).await.json();
        pages.push(operations(&page).join(" "));
        let Some(next) = page["next"].as_str() else { break };
        path = next.strip_prefix(&app.url).expect("a link to this gateway").to_owned();
    }
    assert_eq!(pages, ["day-5 day-4", "day-3 day-2", "day-1"]);
}

#[tokio::test]
async fn the_history_is_cut_to_the_days_that_are_asked_for() {
    let (app, key) = a_holder().await;
    five_days(&app, &key).await;
    let of = async |query: &str| {
        let page = ask(&app, &key, &format!("{HISTORY}?{query}")).await;
        assert_eq!(page.status, 200, "{}", page.body);
        operations(&page.json()).join(" ")
    };
    assert_eq!(of("start_date=2026-11-24&end_date=2026-11-25").await, "day-3 day-2");
    assert_eq!(of("start_date=2026-11-27T10:00:00Z").await, "day-5");
    assert_eq!(of("end_date=2026-11-23T10:00:00Z").await, "day-1");
    assert_eq!(of("start_date=2026-11-25&end_date=2026-11-24").await, "");
}

#[tokio::test]
async fn mistakes_in_the_history_are_told_at_once() {
    let (app, key) = a_holder().await;
    let query = "merchant_id=x&start_date=x&end_date=x&limit=101&before=x";
    let reply = ask(&app, &key, &format!("{HISTORY}?{query}")).await;
    let fields = ["merchant_id", "start_date", "end_date", "limit", "before"];
    assert_eq!(reply.refused_fields(), fields);
}

#[tokio::test]
async fn the_history_of_another_merchant_is_not_found() {
    let (app, key) = a_holder().await;
    let reply = ask(&app, &key, &format!("{HISTORY}?merchant_id={}", given::RECEIVERS[0])).await;
    assert_eq!((reply.status, reply.error().as_str()), (404, "merchant_not_found"));
}

#[tokio::test]
async fn the_merchants_history_lists_codes_with_what_terminals_took() {
    let (app, key) = a_holder().await;
    let shop = given::an_app(&app.gateway, MERCHANT, Mode::Test).await;
    ask(&app, &key, &generate(OPERATION, 1_000)).await;
    let id = status(&app, &key, OPERATION).await.json()["payment_id"].clone();
    let listed = async |query: &str| {
        let path = format!("/api/developers/history?{query}");
        let request = app.request(Method::GET, &path).header("authorization", bearer(&shop));
        Reply::of(request).await.json()["results"].clone()
    };
    let rows = listed("type=pos").await;
    assert_eq!((rows.as_array().unwrap().len(), &rows[0]["payment_id"]), (1, &id));
    assert_eq!(listed("type=online").await, json!([]));
    assert_eq!(listed("type=pos&terminal_id=testing1234").await, json!([]));
}
