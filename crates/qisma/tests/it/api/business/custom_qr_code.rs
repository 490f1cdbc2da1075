//! `generate_custom_qr_code`: one operation, one payment, one code.

use qisma_domain::ids::Mode;
use qisma_domain::merchant::MerchantStatus;
use reqwest::Method;
use serde_json::json;

use super::{GENERATE, MERCHANT, OPERATION, a_holder, a_key, ask, generate, status};
use crate::api::v2::paying;
use crate::given;
use crate::test_app::{Reply, TestApp};

#[tokio::test]
async fn the_documented_request_gets_the_documented_answer() {
    let (app, key) = a_holder().await;
    let reply = ask(&app, &key, &generate(OPERATION, 1_000)).await;
    let code = reply.json()["qr_code"].clone();
    let documented = json!({
        "success": true, "code": 200, "qr_code": code, "operation_uuid": OPERATION,
    });
    assert_eq!((reply.status, reply.json()), (200, documented));
    // A PNG, in base64.
    assert!(code.as_str().unwrap().starts_with("iVBORw0KGgo"), "{code}");
}

#[tokio::test]
async fn the_same_operation_is_the_same_payment_and_the_same_code() {
    let (app, key) = a_holder().await;
    let first = ask(&app, &key, &generate(OPERATION, 1_000)).await;
    app.clock.advance(1_199);
    let second = ask(&app, &key, &generate(OPERATION, 1_000)).await;
    assert_eq!((second.status, second.json()), (200, first.json()));
    assert_eq!(app.payment_count().await, 1);
}

#[tokio::test]
async fn a_code_whose_time_is_over_is_not_shown_again_nor_made_anew() {
    let (app, key) = a_holder().await;
    ask(&app, &key, &generate(OPERATION, 1_000)).await;
    // The second time, the key of the first request is forgotten, and the operation is not.
    for wait_secs in [1_200, 40 * 86_400] {
        app.clock.advance(wait_secs);
        let again = ask(&app, &key, &generate(OPERATION, 1_000)).await;
        assert_eq!((again.status, again.error().as_str()), (409, "operation_uuid_ended"));
    }
    assert_eq!(app.payment_count().await, 1);
}

#[tokio::test]
async fn a_code_that_was_paid_is_not_shown_again() {
    let (app, key) = a_holder().await;
    ask(&app, &key, &generate(OPERATION, 1_000)).await;
    let id = status(&app, &key, OPERATION).await.json()["payment_id"].as_str().unwrap().to_owned();
    paying::pay_by_wallet(&app, &id).await;
    let again = ask(&app, &key, &generate(OPERATION, 1_000)).await;
    assert_eq!((again.status, again.error().as_str()), (409, "operation_uuid_ended"));
}

#[tokio::test]
async fn the_same_operation_with_another_amount_is_refused() {
    let (app, key) = a_holder().await;
    ask(&app, &key, &generate(OPERATION, 1_000)).await;
    let refused = ask(&app, &key, &generate(OPERATION, 1_001)).await;
    assert_eq!((refused.status, refused.error().as_str()), (409, "operation_uuid_reused"));
    assert_eq!(app.payment_count().await, 1);
}

#[tokio::test]
async fn fifty_requests_at_once_make_one_payment() {
    let (app, key) = a_holder().await;
    let path = generate(OPERATION, 1_000);
    let asked = (0..50).map(|_| ask(&app, &key, &path));
    let replies = futures_util::future::join_all(asked).await;
    let first = replies[0].json();
    assert!(replies.iter().all(|reply| reply.status == 200 && reply.json() == first));
    assert_eq!(app.payment_count().await, 1);
}

#[tokio::test]
async fn fifty_amounts_at_once_make_one_payment_and_49_refusals() {
    let (app, key) = a_holder().await;
    let paths: Vec<_> = (1..=50).map(|millimes| generate(OPERATION, millimes)).collect();
    let replies = futures_util::future::join_all(paths.iter().map(|path| ask(&app, &key, path)));
    let statuses: Vec<_> = replies.await.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 49, "{statuses:?}");
    assert_eq!(app.payment_count().await, 1);
}

#[tokio::test]
async fn another_merchant_is_not_found_whether_or_not_it_exists() {
    let (app, key) = a_holder().await;
    let of = |merchant: &str| generate(OPERATION, 1_000).replace(MERCHANT, merchant);
    let existing = ask(&app, &key, &of(given::RECEIVERS[0])).await;
    let unknown = ask(&app, &key, &of("77")).await;
    assert_eq!((existing.status, existing.error().as_str()), (404, "merchant_not_found"));
    assert_eq!(existing.body, unknown.body);
    assert_eq!(app.payment_count().await, 0);
}

#[tokio::test]
async fn two_merchants_may_use_the_same_operation() {
    let (app, key) = a_holder().await;
    given::an_app(&app.gateway, given::RECEIVERS[0], Mode::Test).await;
    let other = a_key(&app, given::RECEIVERS[0], Mode::Test).await;
    ask(&app, &key, &generate(OPERATION, 1_000)).await;
    let path = generate(OPERATION, 2_000).replace(MERCHANT, given::RECEIVERS[0]);
    assert_eq!(ask(&app, &other, &path).await.status, 200);
    assert_eq!(app.payment_count().await, 2);
}

#[tokio::test]
async fn all_mistakes_are_told_at_once_and_nothing_is_written() {
    let (app, key) = a_holder().await;
    let path = format!("{GENERATE}?amount_in_millimes=0&merchant_id=x&barcode=true");
    let reply = ask(&app, &key, &path).await;
    let fields = ["amount_in_millimes", "merchant_id", "operation_uuid", "barcode"];
    assert_eq!((reply.status, reply.refused_fields()), (400, fields.map(str::to_owned).to_vec()));
    assert_eq!(app.payment_count().await, 0);
}

#[tokio::test]
async fn a_parameter_that_stands_twice_is_refused() {
    let (app, key) = a_holder().await;
    for more in ["&amount_in_millimes=1", "&x=1&x=2", "&x=%00"] {
        let reply = ask(&app, &key, &format!("{}{more}", generate(OPERATION, 1_000))).await;
        assert_eq!((reply.status, reply.refused_fields()), (400, vec!["query".to_owned()]));
    }
}

#[tokio::test]
async fn operations_are_short_and_plain() {
    let (app, key) = a_holder().await;
    for operation in ["a%20b", "%C3%A9", "a%2Fb", &"x".repeat(65)] {
        let reply = ask(&app, &key, &generate(operation, 1_000)).await;
        assert_eq!(reply.refused_fields(), ["operation_uuid"], "{operation}");
    }
    assert_eq!(ask(&app, &key, &generate(&"x".repeat(64), 1_000)).await.status, 200);
}

#[tokio::test]
async fn a_code_for_live_money_needs_a_live_wallet() {
    let app = TestApp::start().await;
    given::a_platform(&app).await;
    given::an_app(&app.gateway, MERCHANT, Mode::Live).await;
    let key = a_key(&app, MERCHANT, Mode::Live).await;
    let reply = ask(&app, &key, &generate(OPERATION, 1_000)).await;
    assert_eq!((reply.status, reply.refused_fields()), (400, vec!["merchant_id".to_owned()]));
}

#[tokio::test]
async fn the_codes_page_is_there_when_its_merchant_was_suspended_meanwhile() {
    let (app, key) = a_holder().await;
    ask(&app, &key, &generate(OPERATION, 1_000)).await;
    let id = status(&app, &key, OPERATION).await.json()["payment_id"].as_str().unwrap().to_owned();
    given::set_status(&app.gateway, MERCHANT, MerchantStatus::Suspended).await;
    let page = Reply::of(app.request(Method::GET, &format!("/pay/{id}"))).await;
    assert_eq!(page.status, 200);
}
