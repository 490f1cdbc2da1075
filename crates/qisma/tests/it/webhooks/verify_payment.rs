//! Receivers ask `verify_payment` at once, from inside their handlers (Flouci API, section 7).

use std::sync::Arc;

use axum::Router;
use axum::extract::RawQuery;
use qisma::workers::deliver;
use qisma_domain::ids::PaymentId;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::mpsc::unbounded_channel;
use tokio_util::sync::CancellationToken;

use crate::given::{a_platform, a_request};
use crate::shop::capture;
use crate::test_app::TestApp;

#[tokio::test]
async fn a_receiver_that_verifies_from_inside_its_handler_sees_success() {
    let app = Arc::new(TestApp::start().await);
    let keys = Arc::new(a_platform(&app).await);
    let shutdown = CancellationToken::new();
    let worker = tokio::spawn(deliver::run(app.gateway.clone(), shutdown.clone()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let webhook = format!("http://{}/hook", listener.local_addr().unwrap());
    let (saw, mut seen) = unbounded_channel();
    let (asked, with_keys) = (app.clone(), keys.clone());
    let receiver = Router::new().fallback(async move |RawQuery(query): RawQuery| {
        let query = query.unwrap_or_default();
        let id = query.trim_start_matches("payment_id=").split('&').next().unwrap_or_default();
        let answer = asked.verify(&with_keys, id).await;
        saw.send(answer.json()["result"]["status"].clone()).unwrap();
    });
    let serving = tokio::spawn(async move { axum::serve(listener, receiver).await });
    let mut request = a_request();
    request["webhook"] = webhook.into();
    request["accept_card"] = true.into();
    let payment = app.payment(&keys, &request).await;
    capture(&app.gateway, PaymentId::parse(&payment).unwrap()).await;
    assert_eq!(seen.recv().await, Some(json!("SUCCESS")));
    shutdown.cancel();
    worker.await.unwrap();
    serving.abort();
}
