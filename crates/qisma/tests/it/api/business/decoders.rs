//! The codes, read by programs that share nothing with ours: a reader of pictures and a decoder of
//! EMVCo codes.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use qisma::operations::merchants;
use qisma_domain::ids::Mode;
use reqwest::Method;
use serde_json::{Value, json};

use super::{MERCHANT, OPERATION, a_key, ask, generate, status};
use crate::given;
use crate::test_app::{Reply, TestApp};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What a program prints about its input.
fn say(program: &str, script: &str, input: &str) -> String {
    let mut running = Command::new(program)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(script))
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the tools are installed: run scripts/setup");
    running.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = running.wait_with_output().unwrap();
    assert!(output.status.success(), "{script}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// What stands in the code of an operation.
async fn scanned(app: &TestApp, amount_millimes: i64) -> String {
    scanned_in(app, Mode::Test, amount_millimes).await
}

async fn scanned_in(app: &TestApp, mode: Mode, amount_millimes: i64) -> String {
    let key = a_key(app, MERCHANT, mode).await;
    let reply = ask(app, &key, &generate(OPERATION, amount_millimes)).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let png = reply.json()["qr_code"].as_str().unwrap().to_owned();
    let python = root().join(".venv/bin/python");
    say(python.to_str().expect("our path is UTF-8"), "python/read_code.py", &png)
}

fn decoded(text: &str) -> Value {
    serde_json::from_str(&say("node", "browser/read_code.mjs", text)).unwrap()
}

#[tokio::test]
async fn the_picture_says_who_is_paid_how_much_and_where() {
    let settings = [
        ("QISMA__QR__GUID", "tn.wallet.example"),
        ("QISMA__QR__ACCOUNT", "10112107400001578821"),
        ("QISMA__QR__CITY", "La Goulette"),
        ("QISMA__QR__POSTAL_CODE", "2060"),
        ("QISMA__HTTP__PUBLIC_URL", "https://pay.example/"),
        ("QISMA__RAILS__WALLET__ENABLED", "always"),
        ("QISMA__MESSAGES__SMS__URL", "https://sms.example/send"),
        ("QISMA__MESSAGES__SMS__TOKEN", "a token for messages"),
    ];
    let app = TestApp::with_settings(&settings).await;
    given::a_platform(&app).await;
    given::an_app(&app.gateway, MERCHANT, Mode::Live).await;
    let found = decoded(&scanned_in(&app, Mode::Live, 2_450).await);
    let key = a_key(&app, MERCHANT, Mode::Live).await;
    let made = status(&app, &key, OPERATION).await.json();
    let link = made["link"].as_str().unwrap();
    let expected = json!({
        "00": "01", "01": "12",
        "26": {"00": "tn.wallet.example", "01": "10112107400001578821"},
        "52": found["52"], "53": "788 (TND)", "54": "2.45", "58": "TN (Tunisia)",
        "59": "Merchant 1000", "60": "La Goulette", "61": "2060",
        "62": {"05": made["payment_id"]},
        "80": format!("0017tn.wallet.example01{:02}{link}", link.len()),
        "63": found["63"],
    });
    assert_eq!(found, expected);
    assert!(found["52"].as_str().unwrap().starts_with("5999 "), "{found}");
}

#[tokio::test]
async fn a_code_for_test_money_names_no_account_into_which_real_money_could_go() {
    let app = TestApp::with_settings(&[("QISMA__QR__ACCOUNT", "10112107400001578821")]).await;
    given::a_platform(&app).await;
    let found = decoded(&scanned(&app, 1_000).await);
    assert_eq!(found["26"]["01"], MERCHANT);
}

#[tokio::test]
async fn an_arabic_name_is_read_in_both_alphabets() {
    let app = TestApp::start().await;
    let name = "سوق تونس".to_owned();
    merchants::create(&app.gateway, Some(MERCHANT), name, None).await.unwrap();
    let active = qisma_domain::merchant::MerchantStatus::Active;
    given::set_status(&app.gateway, MERCHANT, active).await;
    given::an_app(&app.gateway, MERCHANT, Mode::Test).await;
    let found = decoded(&scanned(&app, 1_000).await);
    assert_eq!((&found["59"], &found["64"]), (&json!("souq touns"), &json!("0002AR0108سوق تونس")));
}

#[tokio::test]
async fn the_code_on_the_payments_page_is_the_same() {
    let app = TestApp::start().await;
    given::a_platform(&app).await;
    let text = scanned(&app, 1_000).await;
    let key = a_key(&app, MERCHANT, Mode::Test).await;
    let made = status(&app, &key, OPERATION).await.json();
    let path = format!("/pay/{}", made["payment_id"].as_str().unwrap());
    let page = Reply::of(app.request(Method::GET, &path)).await.body;
    let drawn = qisma::codes::Drawing::of(&text).svg_path();
    assert!(page.contains(&format!("<path d=\"{drawn}\" fill=\"#000\"/>")), "{page}");
}
