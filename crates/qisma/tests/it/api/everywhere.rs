//! What holds for every path: headers, methods, paths that are none, and what stays private.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use qisma::http;
use qisma::telemetry::Metrics;
use reqwest::Method;
use tokio_util::sync::CancellationToken;

use crate::given;
use crate::test_app::{Reply, TestApp, bearer};

#[tokio::test]
async fn every_answer_has_an_id_of_ours_and_may_not_be_kept() {
    let app = TestApp::start().await;
    let mut ids = Vec::new();
    for path in ["/health", "/api/v2/generate_payment", "/nowhere", "/pay/x"] {
        let request = app.request(Method::GET, path).header("x-request-id", "forged");
        let reply = Reply::of(request).await;
        assert_eq!(reply.header("cache-control"), "no-store", "{path}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        ids.push(reply.header("x-request-id").to_owned());
    }
    assert!(ids.iter().all(|id| id.starts_with("req_") && id.len() == 28), "{ids:?}");
    ids.dedup();
    assert_eq!(ids.len(), 4);
}

#[tokio::test]
async fn methods_that_a_path_does_not_have_get_a_405_that_names_those_it_has() {
    let app = TestApp::start().await;
    for (path, allowed) in [
        ("/health", "GET"),
        ("/api/v2/generate_payment", "POST"),
        ("/api/v2/verify_payment/AAAAAAAAAAAAAAAAAAAAAA", "GET"),
        ("/pay/AAAAAAAAAAAAAAAAAAAAAA", "GET"),
    ] {
        for method in ["HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "get"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let reply = Reply::of(app.request(method.clone(), path)).await;
            assert_eq!((reply.status, reply.header("allow")), (405, allowed), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_method_is_what_the_request_says_and_nothing_else() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let request = app
        .request(Method::GET, "/api/v2/generate_payment")
        .header("authorization", bearer(&keys))
        .header("x-http-method-override", "POST");
    assert_eq!(Reply::of(request).await.status, 405);
}

#[tokio::test]
async fn paths_that_are_none_are_not_found_and_never_redirected() {
    let app = TestApp::start().await;
    for path in [
        "/api",
        "/api/v2/",
        "/api/v2/generate_payment/",
        "//api/v2/generate_payment",
        "/API/v2/generate_payment",
        "/api/v2/generate_payment.",
        "/api/v2/%67enerate_payment/x",
        "/metrics",
        "/admin",
        "/debug",
        "/.env",
        "/",
    ] {
        let reply = Reply::of(app.request(Method::POST, path)).await;
        assert_eq!(reply.status, 404, "{path}");
        let is_json = path.starts_with("/api");
        assert_eq!(reply.body.starts_with('{'), is_json, "{path}: {}", reply.body);
    }
}

#[tokio::test]
async fn a_path_that_is_none_speaks_the_language_of_a_person() {
    let app = TestApp::start().await;
    let request = app.request(Method::GET, "/nowhere").header("accept-language", "ar");
    assert!(Reply::of(request).await.body.contains("dir=\"rtl\""));
}

#[tokio::test]
async fn the_bank_is_a_neighbour_and_no_part_of_the_gateway() {
    let app = TestApp::start().await;
    let bank = Reply::of(app.client.get(format!("{}/payment/rest/register.do", app.sandbox_url)));
    let own = Reply::of(app.request(Method::GET, "/payment/rest/register.do"));
    assert_eq!((bank.await.status, own.await.status), (200, 404));
}

#[tokio::test]
async fn health_says_that_all_is_well_and_no_more() {
    let app = TestApp::start().await;
    let reply = Reply::of(app.request(Method::GET, "/health?verbose=1")).await;
    assert_eq!((reply.status, reply.json()["status"].as_str()), (200, Some("ok")));
}

async fn panicking() {
    panic!("a bug, with a secret in it")
}

#[tokio::test]
async fn a_panic_ends_one_request_and_says_nothing_of_itself() {
    let app = TestApp::start().await;
    let around = from_fn_with_state(app.gateway.clone(), http::middleware::around);
    let routes: Router = Router::new().route("/api/bug", get(panicking)).layer(around);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api/bug", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, routes).into_future());
    for _ in 0..2 {
        let reply = Reply::of(app.client.get(&url)).await;
        assert_eq!((reply.status, reply.error().as_str()), (500, "internal"));
        assert!(!reply.body.contains("secret"), "{}", reply.body);
    }
}

#[tokio::test]
async fn health_fails_once_a_commits_outcome_is_unknown() {
    let app = TestApp::start().await;
    app.gateway.fatal.cancel();
    let reply = Reply::of(app.request(Method::GET, "/health")).await;
    assert_eq!((reply.status, reply.json()["status"].as_str()), (503, Some("failing")));
}

#[tokio::test]
async fn metrics_are_served_on_their_own_listener_by_route_and_without_ids() {
    let metrics = Metrics::install().unwrap();
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let id = app.payment(&keys, &given::a_request()).await;
    app.verify(&keys, &id).await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/metrics", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    tokio::spawn(http::metrics::serve(listener, metrics, stop.clone()));
    let text = Reply::of(app.client.get(url)).await.body;
    let route = "route=\"/api/v2/verify_payment/{payment_id}\"";
    assert!(
        text.contains(&format!("qisma_http_requests_total{{{route},status=\"2xx\"}}")),
        "{text}"
    );
    assert!(text.contains("qisma_http_request_seconds_bucket"), "{text}");
    assert!(!text.contains(&id), "{text}");
    stop.cancel();
}

#[tokio::test]
async fn a_gateway_that_stops_finishes_what_has_begun_and_takes_no_more() {
    let app = TestApp::start().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/health", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    let served = tokio::spawn(http::serve(app.gateway.clone(), listener, stop.clone()));
    assert_eq!(Reply::of(app.client.get(&url)).await.status, 200);
    stop.cancel();
    served.await.unwrap().unwrap();
    assert!(app.client.get(&url).send().await.is_err());
}

#[tokio::test]
async fn one_connection_too_many_is_turned_away() {
    let app = TestApp::with_settings(&[("QISMA__HTTP__CONNECTIONS_MAX", "16")]).await;
    let address = app.url.trim_start_matches("http://").to_owned();
    let mut open = Vec::new();
    // The test's own client keeps a connection too.
    for _ in 0..15 {
        open.push(one_answer(&address).await.expect("there is room"));
    }
    assert!(one_answer(&address).await.is_none());
}

/// Asks once and keeps the connection, if an answer comes.
async fn one_answer(address: &str) -> Option<tokio::net::TcpStream> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut socket = tokio::net::TcpStream::connect(address).await.ok()?;
    socket.write_all(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n").await.ok()?;
    let mut first = [0; 12];
    socket.read_exact(&mut first).await.ok()?;
    Some(socket)
}
