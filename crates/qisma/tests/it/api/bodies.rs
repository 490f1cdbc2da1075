//! Bodies that are not what they should be: a 400 each, never a reset and never a 5xx.

use std::time::Duration;

use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::given;
use crate::test_app::{Reply, TestApp, bearer};

async fn check(body: impl Into<String>, code: &str) {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let reply = Reply::of(app.generating(&keys, body)).await;
    assert_eq!((reply.status, reply.error().as_str()), (400, code));
}

/// The least request with `text` put in as further members.
fn with(text: &str) -> String {
    given::a_request().to_string().replacen('{', &format!("{{{text},"), 1)
}

#[tokio::test]
async fn a_member_that_stands_twice_is_refused() {
    check(with("\"amount\":1"), "json_duplicate_member").await;
    check(with("\"am\\u006funt\":1"), "json_duplicate_member").await;
    check(with("\"metadata\":[{\"a\":{\"b\":1,\"b\":2}}]"), "json_duplicate_member").await;
}

#[tokio::test]
async fn what_is_no_text_is_refused() {
    check(with("\"metadata\":\"\\u0000\""), "json_nul_character").await;
    check(with("\"metadata\":\"\\ud800\""), "json_malformed").await;
}

#[tokio::test]
async fn what_is_not_json_is_refused() {
    check("", "json_malformed").await;
    check("amount=1000", "json_malformed").await;
    check(format!("\u{feff}{}", given::a_request()), "json_malformed").await;
    check(format!("{}x", given::a_request()), "json_malformed").await;
    check("[]", "json_not_an_object").await;
}

#[tokio::test]
async fn a_body_of_other_bytes_than_utf_8_is_refused() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let request = app.generating(&keys, "").body(b"{\"a\":\"\xff\"}".to_vec());
    assert_eq!(Reply::of(request).await.error(), "json_malformed");
    let utf_16: Vec<u8> = "{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(Reply::of(app.generating(&keys, "").body(utf_16)).await.error(), "json_malformed");
}

#[tokio::test]
async fn a_body_that_is_nested_too_deep_is_refused() {
    let deep = format!("\"metadata\":{}{}", "[".repeat(40), "]".repeat(40));
    check(with(&deep), "json_too_deep").await;
    check("[".repeat(50_000), "json_malformed").await;
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused_though_it_would_be_json() {
    check(with(&format!("\"metadata\":\"{}\"", "a".repeat(65_536))), "body_too_large").await;
}

#[tokio::test]
async fn a_body_just_short_enough_is_read() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let room = 65_536 - with("\"metadata\":\"\"").len();
    let body = with(&format!("\"metadata\":\"{}\"", "a".repeat(room)));
    assert_eq!(Reply::of(app.generating(&keys, body)).await.status, 200);
}

#[tokio::test]
async fn other_content_types_are_refused() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let types =
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "json"];
    for content_type in types {
        let request = app
            .request(Method::POST, "/api/v2/generate_payment")
            .header("authorization", bearer(&keys))
            .header("content-type", content_type)
            .body(given::a_request().to_string());
        let reply = Reply::of(request).await;
        let answer = (reply.status, reply.error());
        assert_eq!(answer, (400, "content_type_unsupported".to_owned()), "{content_type}");
    }
}

#[tokio::test]
async fn a_content_type_may_name_its_charset() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let request = app
        .request(Method::POST, "/api/v2/generate_payment")
        .header("authorization", bearer(&keys))
        .header("content-type", "Application/JSON; charset=utf-8")
        .body(given::a_request().to_string());
    assert_eq!(Reply::of(request).await.status, 200);
}

#[tokio::test]
async fn a_compressed_body_is_refused() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let plain = app.generating(&keys, given::a_request().to_string());
    let reply = Reply::of(plain.header("content-encoding", "gzip")).await;
    assert_eq!((reply.status, reply.error().as_str()), (400, "content_encoding_unsupported"));
}

/// Writes a request whole, whatever is answered meanwhile, and then reads the answer.
async fn answer_to(app: &TestApp, head: &str, body_bytes: usize) -> String {
    let address = app.url.trim_start_matches("http://");
    let mut socket = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "{head} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
         Content-Length: {body_bytes}\r\nConnection: close\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let body = vec![b' '; body_bytes];
    for chunk in body.chunks(16_384) {
        socket.write_all(chunk).await.expect("the gateway goes on reading");
    }
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.expect("an answer and no reset");
    answer
}

#[tokio::test]
async fn a_refused_sender_of_a_long_body_gets_the_answer_and_no_reset() {
    let app = TestApp::start().await;
    let path = "POST /api/v2/generate_payment";
    let answer = answer_to(&app, path, 1_000_000).await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    let answer = answer_to(&app, "POST /nowhere", 1_000_000).await;
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    let answer = answer_to(&app, "DELETE /health", 1_000_000).await;
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
}

#[tokio::test]
async fn a_refused_sender_of_an_endless_body_is_answered_within_seconds() {
    let app = TestApp::start().await;
    let mut socket = TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap();
    let head =
        "POST /nowhere HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    let read = tokio::time::timeout(Duration::from_secs(5), socket.read_exact(&mut answer)).await;
    read.expect("an answer within seconds").unwrap();
    assert_eq!(&answer, b"HTTP/1.1 404");
}

#[tokio::test]
async fn a_sender_that_waits_to_be_told_to_go_on_is_told_not_to() {
    let app = TestApp::start().await;
    let mut socket = TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap();
    let head = "POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\
                Expect: 100-continue\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 404");
}

#[tokio::test]
async fn a_body_that_does_not_arrive_in_time_is_refused() {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let mut socket = TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap();
    let head = format!(
        "POST /api/v2/generate_payment HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
         Authorization: {}\r\nContent-Length: 10\r\nConnection: close\r\n\r\n{{",
        bearer(&keys)
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    app.clock.wait_for_sleepers(1).await;
    app.clock.advance(9);
    assert_eq!(app.clock.sleeper_count(), 1);
    app.clock.advance(1);
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("body_incomplete"), "{answer}");
}
