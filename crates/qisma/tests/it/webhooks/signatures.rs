//! Signatures, as the reference libraries of Standard Webhooks check them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use qisma_domain::app::WebhookMode;
use serde_json::{Value, json};

use super::receiver::{Receiver, Request};
use crate::shop::Shop;

/// A webhook as the scripts of the libraries read it.
fn message(shop: &Shop, request: &Request) -> Value {
    let headers = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let headers: serde_json::Map<_, _> =
        headers.map(|name| (name.to_owned(), json!(request.header(name)))).into_iter().collect();
    json!({
        "secret": shop.app.webhook_secret, "headers": headers, "body": request.body,
        "now_secs": shop.gateway.now().secs(),
    })
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What a library says: `ok`, or `refused: ` and why.
fn verdict(program: &str, script: &str, message: &Value) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(script);
    let mut library = Command::new(program)
        .arg(script)
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the tools are installed: run scripts/setup");
    library.stdin.take().unwrap().write_all(message.to_string().as_bytes()).unwrap();
    let output = library.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn verdicts(message: &Value) -> [String; 2] {
    let python = root().join(".venv/bin/python");
    let python = python.to_str().expect("our path is UTF-8");
    [
        verdict(python, "python/verify_webhook.py", message),
        verdict("node", "browser/verify_webhook.mjs", message),
    ]
}

async fn webhook(mode: WebhookMode) -> Value {
    let (shop, mut receiver) = (Shop::open(mode).await, Receiver::start().await);
    shop.paid(&receiver.url("/hook")).await;
    message(&shop, &receiver.next().await)
}

#[tokio::test]
async fn the_python_and_the_node_library_accept_a_post() {
    assert_eq!(verdicts(&webhook(WebhookMode::Post).await), ["ok", "ok"]);
}

#[tokio::test]
async fn the_python_and_the_node_library_accept_a_get_with_its_empty_body() {
    assert_eq!(verdicts(&webhook(WebhookMode::Get).await), ["ok", "ok"]);
}

#[tokio::test]
async fn the_python_and_the_node_library_refuse_a_changed_body() {
    let mut message = webhook(WebhookMode::Post).await;
    let body = message["body"].as_str().unwrap_or_default().replace("10000", "10001");
    message["body"] = body.into();
    assert!(verdicts(&message).iter().all(|verdict| verdict.starts_with("refused")));
}

#[tokio::test]
async fn the_id_of_a_webhook_is_its_event_s() {
    let (shop, mut receiver) = (Shop::open(WebhookMode::Get).await, Receiver::start().await);
    let payment = shop.paid(&receiver.url("/hook")).await;
    let request = receiver.next().await;
    assert_eq!(request.header("webhook-id"), shop.delivery(payment).await.event.to_string());
}

#[tokio::test]
async fn the_sender_names_itself() {
    let (shop, mut receiver) = (Shop::open(WebhookMode::Get).await, Receiver::start().await);
    shop.paid(&receiver.url("/hook")).await;
    assert!(receiver.next().await.header("user-agent").starts_with("qisma/"));
}
