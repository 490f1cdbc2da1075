//! `btipay`, an independent client of this API family, works against the sandbox unmodified.

use std::path::Path;

use tokio::process::Command;

use crate::support::Bank;

#[tokio::test]
async fn an_independent_client_of_this_api_registers_an_order_and_reads_it() {
    let bank = Bank::start().await;
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(here.join("../../.venv/bin/python"))
        .arg(here.join("tests/btipay_client.py"))
        .arg(&bank.url)
        .output()
        .await
        .expect("the Python packages are installed: run scripts/setup");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
