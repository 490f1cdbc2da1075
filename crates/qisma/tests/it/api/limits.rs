//! What an address may do wrong in a minute, and who is the address behind a proxy.

use reqwest::Method;

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
