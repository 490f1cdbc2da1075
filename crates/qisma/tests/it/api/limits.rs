//! How often apps, merchants and payments are answered; what an address may do wrong in a minute, and
//! who is the address behind a proxy.

use qisma::operations::apps::NewApp;
use qisma_domain::ids::Mode;
use reqwest::Method;
use serde_json::json;

use super::v2::paying;
use crate::given;
use crate::test_app::{Reply, START, TestApp, bearer};

const VERIFY: &str = "/api/v2/verify_payment/AAAAAAAAAAAAAAAAAAAAAA";
const UNKNOWN: &str = "/pay/AAAAAAAAAAAAAAAAAAAAAA";
const TWO_LOGINS: (&str, &str) = ("QISMA__HTTP__LOGIN_FAILURES_PER_MINUTE_MAX", "2");
const TWO_LINKS: (&str, &str) = ("QISMA__HTTP__UNKNOWN_LINKS_PER_MINUTE_MAX", "2");
const PROXY: (&str, &str) = ("QISMA__HTTP__TRUSTED_PROXIES", "127.0.0.0/8");

async fn get(app: &TestApp, path: &str, forwarded_for: &str) -> Reply {
    Reply::of(app.request(Method::GET, path).header("x-forwarded-for", forwarded_for)).await
}

#[tokio::test]
async fn wrong_credentials_are_answered_with_429_after_the_limit() {
    let app = TestApp::with_settings(&[TWO_LOGINS]).await;
    assert_eq!(get(&app, VERIFY, "").await.status, 401);
    assert_eq!(get(&app, VERIFY, "").await.status, 401);
    let refused = get(&app, VERIFY, "").await;
    assert_eq!((refused.status, refused.error().as_str()), (429, "rate_limited"));
    assert_eq!(refused.header("retry-after"), "30");
    app.clock.advance_to(START.plus_secs(30));
    assert_eq!(get(&app, VERIFY, "").await.status, 401);
}

#[tokio::test]
async fn right_credentials_are_taken_whatever_neighbours_do() {
    let app = TestApp::with_settings(&[TWO_LOGINS]).await;
    let keys = given::a_platform(&app).await;
    for _ in 0..3 {
        get(&app, VERIFY, "").await;
    }
    let request = app.request(Method::GET, VERIFY).header("authorization", bearer(&keys));
    assert_eq!(Reply::of(request).await.status, 404);
}

#[tokio::test]
async fn links_that_do_not_exist_are_answered_with_a_429_page_after_the_limit() {
    let app = TestApp::with_settings(&[TWO_LINKS]).await;
    let keys = given::a_platform(&app).await;
    let payment = app.payment(&keys, &given::a_request()).await;
    assert_eq!(get(&app, UNKNOWN, "").await.status, 404);
    assert_eq!(get(&app, "/pay/x/status", "").await.status, 404);
    let refused = get(&app, UNKNOWN, "").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "30"));
    assert!(refused.header("content-type").starts_with("text/html"), "{}", refused.body);
    assert_eq!(get(&app, &format!("/pay/{payment}"), "").await.status, 200);
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_has_its_own_limit() {
    let app = TestApp::with_settings(&[TWO_LINKS, PROXY]).await;
    for client in ["203.0.113.9", "203.0.113.10", "2001:db8::1"] {
        let statuses = [
            get(&app, UNKNOWN, client).await.status,
            get(&app, UNKNOWN, client).await.status,
            get(&app, UNKNOWN, client).await.status,
        ];
        assert_eq!(statuses, [404, 404, 429], "{client}");
    }
    // The same household.
    assert_eq!(get(&app, UNKNOWN, "2001:db8::2").await.status, 429);
}

#[tokio::test]
async fn a_client_without_a_proxy_cannot_claim_another_address() {
    let app = TestApp::with_settings(&[TWO_LINKS]).await;
    let mut statuses = Vec::new();
    for client in ["203.0.113.9", "203.0.113.10", "203.0.113.11"] {
        statuses.push(get(&app, UNKNOWN, client).await.status);
    }
    assert_eq!(statuses, [404, 404, 429]);
}

async fn generate_v1(app: &TestApp, keys: &NewApp) -> Reply {
    let mut body = given::a_request();
    (body["app_token"], body["app_secret"]) =
        (keys.public_key.clone().into(), keys.private_key.clone().into());
    let request = app.request(Method::POST, "/api/generate_payment");
    Reply::of(request.header("content-type", "application/json").body(body.to_string())).await
}

async fn refund(app: &TestApp, keys: &NewApp, id: &str) -> Reply {
    let request = app
        .request(Method::POST, "/api/v2/refund_payment")
        .header("authorization", bearer(keys))
        .header("content-type", "application/json")
        .body(json!({ "payment_id": id, "amount": 1 }).to_string());
    Reply::of(request).await
}

#[tokio::test]
async fn an_app_that_asks_too_often_is_answered_with_429_on_every_path() {
    let app = TestApp::with_settings(&[("QISMA__HTTP__APP_REQUESTS_PER_MINUTE_MAX", "2")]).await;
    let keys = given::a_platform(&app).await;
    let sibling = given::an_app(&app.gateway, given::PLATFORM, Mode::Test).await;
    let id = app.payment(&keys, &given::a_request()).await;
    assert_eq!(app.verify(&keys, &id).await.status, 200);
    let replies = [
        app.generate(&keys, &given::a_request()).await,
        generate_v1(&app, &keys).await,
        app.verify(&keys, &id).await,
        refund(&app, &keys, &id).await,
        Reply::of(
            app.request(Method::GET, "/api/idempotency/k").header("authorization", bearer(&keys)),
        )
        .await,
    ];
    for reply in replies {
        let answer = (reply.status, reply.error(), reply.header("retry-after"));
        assert_eq!(answer, (429, "rate_limited".to_owned(), "30"));
    }
    assert_eq!(app.verify(&sibling, &id).await.status, 200);
    app.clock.advance(30);
    assert_eq!(app.verify(&keys, &id).await.status, 200);
}

#[tokio::test]
async fn the_apps_of_a_merchant_share_its_limit() {
    let limit = ("QISMA__HTTP__MERCHANT_REQUESTS_PER_MINUTE_MAX", "2");
    let app = TestApp::with_settings(&[limit]).await;
    let keys = given::a_platform(&app).await;
    let sibling = given::an_app(&app.gateway, given::PLATFORM, Mode::Test).await;
    let other = given::an_app(&app.gateway, "1234", Mode::Test).await;
    let id = app.payment(&keys, &given::a_request()).await;
    assert_eq!(app.verify(&sibling, &id).await.status, 200);
    assert_eq!(app.verify(&sibling, &id).await.status, 429);
    assert_eq!(app.verify(&other, &id).await.status, 404);
}

#[tokio::test]
async fn a_payment_that_is_asked_about_too_often_is_answered_with_429_to_its_merchant_alone() {
    let limit = ("QISMA__HTTP__PAYMENT_REQUESTS_PER_MINUTE_MAX", "2");
    let app = TestApp::with_settings(&[limit]).await;
    let keys = given::a_platform(&app).await;
    let stranger = given::an_app(&app.gateway, "1234", Mode::Test).await;
    let id = app.payment(&keys, &given::a_split_request()).await;
    paying::pay_by_wallet(&app, &id).await;
    for _ in 0..3 {
        assert_eq!(app.verify(&stranger, &id).await.status, 404);
    }
    assert_eq!(app.verify(&keys, &id).await.status, 200);
    assert_eq!(refund(&app, &keys, &id).await.status, 200);
    let refused = refund(&app, &keys, &id).await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (429, Some("RATE_LIMITED")));
    assert_eq!(
        (refused.json()["status"].as_str(), refused.header("retry-after")),
        (Some("error"), "30")
    );
    app.clock.advance(1);
    let other = app.payment(&keys, &given::a_request()).await;
    assert_eq!(app.verify(&keys, &other).await.status, 200);
}

#[tokio::test]
async fn an_address_that_asks_for_too_many_pages_is_answered_with_a_429_page() {
    let app = TestApp::with_settings(&[("QISMA__HTTP__PAGES_PER_MINUTE_MAX", "2"), PROXY]).await;
    let keys = given::a_platform(&app).await;
    let page = format!("/pay/{}", app.payment(&keys, &given::a_request()).await);
    for client in ["203.0.113.9", "203.0.113.10"] {
        for expected in [200, 200, 429] {
            assert_eq!(get(&app, &page, client).await.status, expected, "{client}");
        }
    }
}

#[tokio::test]
async fn a_payment_takes_only_so_many_forms_in_a_minute() {
    let app = TestApp::with_settings(&[("QISMA__HTTP__PAYMENT_FORMS_PER_MINUTE_MAX", "2")]).await;
    let keys = given::a_platform(&app).await;
    let page = format!("/pay/{}", app.payment(&keys, &given::a_request()).await);
    let submit = || {
        let request = app.request(Method::POST, &format!("{page}/code"));
        let kind = "application/x-www-form-urlencoded";
        Reply::of(request.header("content-type", kind).body("csrf=wrong&code=123456"))
    };
    assert_eq!((submit().await.status, submit().await.status), (403, 403));
    let refused = submit().await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "30"));
    assert_eq!(get(&app, &page, "").await.status, 200);
}
