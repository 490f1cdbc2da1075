//! Who may call: every way not to be somebody gets the same 401.

use qisma::operations::apps::{self, NewApp};
use qisma_domain::ids::Mode;
use qisma_domain::merchant::MerchantStatus;
use reqwest::Method;

use crate::given;
use crate::test_app::{Reply, TestApp, bearer};

const VERIFY: &str = "/api/v2/verify_payment/AAAAAAAAAAAAAAAAAAAAAA";

/// A request whose keys were taken is answered that there is no such payment.
async fn status_with(app: &TestApp, keys: &NewApp) -> u16 {
    app.verify(keys, "AAAAAAAAAAAAAAAAAAAAAA").await.status
}

async fn refusal(app: &TestApp, authorizations: &[&str]) -> Reply {
    let mut request = app.request(Method::GET, VERIFY);
    for value in authorizations {
        request = request.header("authorization", *value);
    }
    Reply::of(request).await
}

#[tokio::test]
async fn every_way_not_to_be_somebody_gets_the_same_401() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let (public, private) = (&keys.public_key, &keys.private_key);
    let good = bearer(&keys);
    let cases = [
        vec![String::new()],
        vec!["Bearer".to_owned()],
        vec!["Bearer x".to_owned()],
        vec![format!("Bearer {public}")],
        vec![format!("Bearer {public}:")],
        vec![format!("Bearer :{private}")],
        vec![format!("Bearer {private}:{public}")],
        vec![format!("Bearer {public}:{public}")],
        vec![format!("Bearer unknown:{private}")],
        vec![format!("Bearer {public}:{private}x")],
        vec![format!("Basic {public}:{private}")],
        vec![format!("{public}:{private}")],
        vec![good.clone(), good.clone()],
        vec![format!("Bearer {public}:{}", "x".repeat(20_000))],
    ];
    let nobody = refusal(&app, &[]).await;
    assert_eq!((nobody.status, nobody.error().as_str()), (401, "credentials_invalid"));
    for case in &cases {
        let values: Vec<_> = case.iter().map(String::as_str).collect();
        let reply = refusal(&app, &values).await;
        assert_eq!((reply.status, &reply.body), (401, &nobody.body), "{case:?}");
        assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"qisma\"", "{case:?}");
    }
}

#[tokio::test]
async fn keys_in_the_url_open_nothing() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let path = format!("{VERIFY}?public={}&private={}", keys.public_key, keys.private_key);
    assert_eq!(Reply::of(app.request(Method::GET, &path)).await.status, 401);
}

#[tokio::test]
async fn the_scheme_is_written_in_any_case() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let reply = refusal(&app, &[&bearer(&keys).replace("Bearer", "bearer")]).await;
    assert_eq!(reply.status, 404);
}

#[tokio::test]
async fn rotated_keys_work_until_their_overlap_is_over() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    apps::rotate(&app.gateway, keys.app_id, 1).await.unwrap();
    app.clock.advance(3_599);
    assert_eq!(status_with(&app, &keys).await, 404);
    app.clock.advance(1);
    assert_eq!(status_with(&app, &keys).await, 401);
}

#[tokio::test]
async fn the_keys_of_a_merchant_that_is_not_active_are_refused() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    for status in [MerchantStatus::Suspended, MerchantStatus::Closed] {
        given::set_status(&app.gateway, given::PLATFORM, status).await;
        assert_eq!(status_with(&app, &keys).await, 401, "{status:?}");
    }
}

#[tokio::test]
async fn keys_that_came_a_moment_ago_are_refused_as_soon_as_their_merchant_is_suspended() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    assert_eq!(status_with(&app, &keys).await, 404);
    given::set_status(&app.gateway, given::PLATFORM, MerchantStatus::Suspended).await;
    assert_eq!(status_with(&app, &keys).await, 401);
}

#[tokio::test]
async fn a_live_app_does_not_see_test_payments() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let id = app.payment(&keys, &given::a_request()).await;
    let live = given::an_app(&app.gateway, given::PLATFORM, Mode::Live).await;
    assert_eq!(app.verify(&live, &id).await.status, 404);
}

#[tokio::test]
async fn credentials_are_looked_at_before_the_body() {
    let app = TestApp::start().await;
    let request = app.request(Method::POST, "/api/v2/generate_payment").body("{");
    assert_eq!(Reply::of(request).await.status, 401);
}
