//! The sender against receivers that behave badly.

use super::canned::{Canned, CannedServer, closed_address};
use super::*;

fn sender(allow_loopback: bool) -> Outbound {
    Outbound::new(OutboundSettings { allow_loopback, timeout_secs: 1, ..Default::default() })
        .expect("the client can be built")
}

fn get(url: impl Into<String>) -> OutboundRequest {
    OutboundRequest {
        method: Method::Get,
        url: url.into(),
        headers: Vec::new(),
        body: Vec::new(),
        test_mode: true,
    }
}

async fn result_of(canned: Canned) -> OutboundResult {
    let server = CannedServer::start(canned).await;
    sender(true).send(get(server.url())).await
}

fn status_of(result: OutboundResult) -> Option<u16> {
    match result {
        OutboundResult::Answered { status, .. } => Some(status),
        OutboundResult::Failed(_) => None,
    }
}

#[tokio::test]
async fn a_2xx_is_a_success() {
    assert!(result_of(Canned::answer("204 No Content", "")).await.is_success());
}

#[tokio::test]
async fn a_server_error_is_an_answer_but_no_success() {
    let result = result_of(Canned::answer("503 Busy", "")).await;
    assert_eq!((status_of(result), result.is_success()), (Some(503), false));
}

#[tokio::test]
async fn headers_and_body_are_sent_as_they_are() {
    let server = CannedServer::start(Canned::ok("")).await;
    let request = OutboundRequest {
        method: Method::Post,
        headers: vec![("webhook-id".into(), "evt_1".into())],
        body: br#"{"a":  1}"#.to_vec(),
        ..get(format!("{}/hook?shop=7", server.url()))
    };
    sender(true).send(request).await;
    let seen = server.only_request();
    assert!(seen.starts_with("POST /hook?shop=7 HTTP/1.1\r\n"), "{seen}");
    assert!(seen.contains("\r\nwebhook-id: evt_1\r\n"), "{seen}");
    assert!(seen.ends_with("\r\n\r\n{\"a\":  1}"), "{seen}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let target = CannedServer::start(Canned::ok("")).await;
    let head = format!("HTTP/1.1 302 Found\r\nlocation: {}\r\n\r\n", target.url());
    let result = result_of(Canned::Bytes(head.into_bytes())).await;
    assert_eq!((status_of(result), target.requests().len()), (Some(302), 0));
}

#[tokio::test]
async fn a_receiver_that_hangs_times_out() {
    let result = result_of(Canned::Stall(Vec::new())).await;
    assert_eq!(result, OutboundResult::Failed(FailureClass::TimedOut));
}

#[tokio::test]
async fn a_2xx_head_is_a_success_even_if_the_body_never_ends() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc".to_vec();
    assert!(result_of(Canned::Stall(head)).await.is_success());
}

#[tokio::test]
async fn a_huge_body_is_cut_and_changes_nothing() {
    assert!(result_of(Canned::Endless).await.is_success());
}

#[tokio::test]
async fn a_lost_answer_is_a_protocol_failure() {
    let result = result_of(Canned::Bytes(Vec::new())).await;
    assert_eq!(result, OutboundResult::Failed(FailureClass::Protocol));
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_a_protocol_failure() {
    let result = result_of(Canned::Bytes(b"220 mail.example ESMTP\r\n".to_vec())).await;
    assert_eq!(result, OutboundResult::Failed(FailureClass::Protocol));
}

#[tokio::test]
async fn retry_after_is_read_from_the_head() {
    let head = b"HTTP/1.1 429 Slow Down\r\nretry-after: 120\r\ncontent-length: 0\r\n\r\n".to_vec();
    let OutboundResult::Answered { retry_after, .. } = result_of(Canned::Bytes(head)).await else {
        panic!("the receiver answered");
    };
    assert_eq!(retry_after, Some(RetryAfter::DelaySecs(120)));
}

#[tokio::test]
async fn nobody_listening_is_a_connect_failure() {
    let url = format!("http://{}/", closed_address().await);
    let result = sender(true).send(get(url)).await;
    assert_eq!(result, OutboundResult::Failed(FailureClass::ConnectFailed));
}

#[tokio::test]
async fn plain_text_where_tls_was_expected_is_a_tls_failure() {
    let url = format!("https://{}/", plain_greeter().await);
    let result = sender(true).send(get(url)).await;
    assert_eq!(result, OutboundResult::Failed(FailureClass::Tls));
}

#[tokio::test]
async fn a_name_without_an_address_is_a_dns_failure() {
    let result = sender(false).send(get("https://nobody.invalid/")).await;
    assert_eq!(result, OutboundResult::Failed(FailureClass::DnsFailed));
}

#[tokio::test]
async fn a_name_that_resolves_to_loopback_is_refused() {
    let request = OutboundRequest { test_mode: false, ..get("https://localhost/") };
    let result = sender(true).send(request).await;
    let refused = FailureClass::Forbidden(Forbidden::Address);
    assert_eq!(result, OutboundResult::Failed(refused));
}

#[tokio::test]
async fn a_name_that_resolves_to_loopback_is_reached_where_the_settings_allow_it() {
    let server = CannedServer::start(Canned::ok("")).await;
    let url = format!("http://localhost:{}/", server.address.port());
    assert!(sender(true).send(get(url)).await.is_success());
}

#[tokio::test]
async fn a_literal_loopback_address_is_refused_and_nothing_is_sent() {
    let server = CannedServer::start(Canned::ok("")).await;
    let mut settings = OutboundSettings { timeout_secs: 1, ..Default::default() };
    settings.ports_allowed.push(server.address.port());
    let sender = Outbound::new(settings).expect("the client can be built");
    let result = sender.send(get(server.url())).await;
    assert_eq!(result, OutboundResult::Failed(FailureClass::Forbidden(Forbidden::Address)));
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_header_that_cannot_be_sent_is_a_failure_and_no_panic() {
    let server = CannedServer::start(Canned::ok("")).await;
    let headers = vec![("x-note".to_owned(), "a\r\nb: c".to_owned())];
    let result = sender(true).send(OutboundRequest { headers, ..get(server.url()) }).await;
    assert_eq!(result, OutboundResult::Failed(FailureClass::Protocol));
}

/// A server that greets in plain text before it reads anything, as a TLS greeting never ends a
/// request head.
async fn plain_greeter() -> std::net::SocketAddr {
    use tokio::io::AsyncWriteExt;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound listener has an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            tokio::spawn(async move {
                let _open = stream;
                std::future::pending::<()>().await;
            });
        }
    });
    address
}
