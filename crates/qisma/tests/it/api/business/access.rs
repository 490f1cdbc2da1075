//! Who may call with an API key: every way not to be somebody gets the same 401.

use qisma::operations::api_keys;
use qisma_domain::ids::Mode;
use qisma_domain::merchant::MerchantStatus;
use reqwest::Method;

use super::{MERCHANT, OPERATION, STATUS, a_holder, a_key, ask, status};
use crate::given;
use crate::test_app::{Reply, TestApp, bearer};

async fn with(app: &TestApp, authorization: &str) -> Reply {
    let request = app.request(Method::GET, &format!("{STATUS}?operation_uuid={OPERATION}"));
    Reply::of(request.header("authorization", authorization)).await
}

#[tokio::test]
async fn every_way_not_to_hold_a_key_gets_the_same_401() {
    let app = TestApp::start().await;
    let pair = given::a_platform(&app).await;
    let key = a_key(&app, MERCHANT, Mode::Test).await.api_key;
    let (id, proof) = key.split_at(32);
    let nobody = Reply::of(app.request(Method::GET, STATUS)).await;
    assert_eq!((nobody.status, nobody.error().as_str()), (401, "api_key_invalid"));
    for authorization in [
        String::new(),
        "Api-Key".to_owned(),
        "Api-Key x".to_owned(),
        format!("Api-Key {proof}{id}"),
        format!("Api-Key {id}{id}"),
        format!("Api-Key {key}0"),
        format!("Api-Key {}", key.to_uppercase()),
        format!("Api-Key {id}:{proof}"),
        format!("Bearer {key}"),
        key.clone(),
        bearer(&pair),
        bearer(&pair).replace("Bearer", "Api-Key"),
        format!("Api-Key {}{}", pair.public_key, pair.private_key).replace('-', ""),
    ] {
        let reply = with(&app, &authorization).await;
        assert_eq!((reply.status, &reply.body), (401, &nobody.body), "{authorization}");
        assert_eq!(reply.header("www-authenticate"), "Api-Key realm=\"qisma\"");
    }
}

#[tokio::test]
async fn an_api_key_does_not_open_what_a_pair_opens() {
    let (app, key) = a_holder().await;
    let (id, proof) = key.api_key.split_at(32);
    let id = uuid_of(id);
    let request = app.request(Method::GET, "/api/v2/verify_payment/AAAAAAAAAAAAAAAAAAAAAA");
    let reply = Reply::of(request.header("authorization", format!("Bearer {id}:{proof}"))).await;
    assert_eq!((reply.status, reply.error().as_str()), (401, "credentials_invalid"));
}

fn uuid_of(digits: &str) -> String {
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    parts.join("-")
}

#[tokio::test]
async fn the_scheme_is_written_in_any_case() {
    let (app, key) = a_holder().await;
    assert_eq!(with(&app, &format!("api-key {}", key.api_key)).await.status, 404);
}

#[tokio::test]
async fn a_key_that_came_a_moment_ago_is_refused_as_soon_as_it_is_revoked() {
    let (app, key) = a_holder().await;
    assert_eq!(status(&app, &key, OPERATION).await.status, 404);
    api_keys::revoke(&app.gateway, &key.id).await.unwrap();
    assert_eq!(status(&app, &key, OPERATION).await.status, 401);
}

#[tokio::test]
async fn the_rotation_of_the_apps_pair_leaves_the_key_as_it_is() {
    let (app, key) = a_holder().await;
    qisma::operations::apps::rotate(&app.gateway, key.app_id, 0).await.unwrap();
    assert_eq!(status(&app, &key, OPERATION).await.status, 404);
}

#[tokio::test]
async fn the_key_of_a_merchant_that_is_not_active_is_refused() {
    let (app, key) = a_holder().await;
    given::set_status(&app.gateway, MERCHANT, MerchantStatus::Suspended).await;
    assert_eq!(status(&app, &key, OPERATION).await.status, 401);
}

#[tokio::test]
async fn wrong_keys_are_answered_with_429_after_the_limit() {
    let limit = ("QISMA__HTTP__LOGIN_FAILURES_PER_MINUTE_MAX", "1");
    let app = TestApp::with_settings(&[limit]).await;
    assert_eq!(with(&app, "Api-Key x").await.status, 401);
    assert_eq!(with(&app, "Api-Key x").await.status, 429);
}

#[tokio::test]
async fn asking_too_often_is_answered_with_429() {
    let limit = ("QISMA__HTTP__VERIFY_PER_MINUTE_MAX", "1");
    let app = TestApp::with_settings(&[limit]).await;
    given::a_platform(&app).await;
    let key = a_key(&app, MERCHANT, Mode::Test).await;
    assert_eq!(status(&app, &key, OPERATION).await.status, 404);
    let refused = ask(&app, &key, super::HISTORY).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "60"));
}
