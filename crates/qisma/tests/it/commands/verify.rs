//! `qisma verify` beside a gateway that was given other settings than the command.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::{Ended, Server, command, ended};

const SANDBOX_URL: &str = "QISMA__ACQUIRERS__SANDBOX__URL";
/// Nobody listens there: the port of the discard service, which nobody runs any more.
const DEAD_URL: &str = "http://127.0.0.1:9";

/// Verifies with settings under which no acquirer can be reached.
fn verify(data: &Path) -> Ended {
    let mut command = command();
    command.args(["verify", "--require-acquirer", "--json", "--data"]).arg(data);
    ended(command.env(SANDBOX_URL, DEAD_URL))
}

#[test]
fn the_gateway_that_runs_asks_the_acquirers_that_it_was_given() {
    let (bank_data, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let mut bank = command();
    bank.args(["sandbox", "--listen", "127.0.0.1:0", "--json", "--data"]).arg(bank_data.path());
    let bank = Server::of(&mut bank);
    let mut serve = command();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--json", "--data"]).arg(data.path());
    let server = Server::of(serve.env(SANDBOX_URL, bank.ready["url"].as_str().unwrap()));
    assert_eq!(verify(data.path()).json()["ok"], true);
    assert_eq!(server.terminate(), Some(0));
    let alone = verify(data.path());
    let report: Value = serde_json::from_str(&alone.stdout).unwrap();
    assert_eq!((alone.code, &report["ok"]), (Some(1), &Value::Bool(false)), "{report}");
}

#[test]
fn another_database_than_the_gateways_is_verified_with_the_commands_own_settings() {
    let (data, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    super::qisma(other.path(), "merchant create --name Souk --id 1234").json();
    let _server = Server::start(data.path());
    let database = format!("sqlite:{}", other.path().join("qisma.db").display());
    let mut command = command();
    command.args(["verify", "--json", "--data"]).arg(data.path());
    command.env("QISMA__DATABASE__URL", database).env(SANDBOX_URL, DEAD_URL);
    let report = ended(&mut command).json();
    let all = report["invariants"].as_array().unwrap();
    let check = all.iter().find(|check| check["id"] == "I15").unwrap();
    let note = check["note"].as_str().unwrap();
    assert!(note.starts_with("sandbox was to be asked"), "{note}");
}
