//! `qisma demo`: the same for everybody, on this machine only, and the printed request works.

use super::{Ended, Server, command, ended, qisma};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

fn start(data: &Path) -> Server {
    let mut demo = command();
    demo.args(["demo", "--listen", "127.0.0.1:0", "--sandbox-listen", "127.0.0.1:0"]);
    Server::of(demo.args(["--shop-listen", "127.0.0.1:0", "--json", "--data"]).arg(data))
}

#[test]
fn every_demo_has_the_same_ids_and_keys() {
    let (first, second) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let app = start(first.path()).ready["app"].clone();
    assert_eq!(app, start(second.path()).ready["app"]);
    let merchants = |data: &Path| qisma(data, "merchant list").json();
    assert_eq!(merchants(first.path()), merchants(second.path()));
}

#[test]
fn a_demo_begins_afresh_each_time() {
    let place = TempDir::new().unwrap();
    let first = start(place.path());
    qisma(place.path(), "merchant create --name Intruder --id 77").json();
    let app = first.ready["app"].clone();
    assert_eq!(first.terminate(), Some(0));
    let second = start(place.path());
    assert_eq!(second.ready["app"], app);
    let merchants = qisma(place.path(), "merchant list").json();
    let ids: Vec<&Value> = merchants.as_array().unwrap().iter().map(|m| &m["id"]).collect();
    assert_eq!(ids, ["1000", "1234", "4321", "5678"]);
}

#[test]
fn a_demo_has_one_merchant_that_may_not_receive() {
    let place = TempDir::new().unwrap();
    let _demo = start(place.path());
    let merchants = qisma(place.path(), "merchant list").json();
    let statuses: Vec<&Value> =
        merchants.as_array().unwrap().iter().map(|m| &m["status"]).collect();
    assert_eq!(statuses, ["active", "active", "active", "suspended"]);
}

#[test]
fn real_data_is_never_wiped() {
    let place = TempDir::new().unwrap();
    qisma(place.path(), "merchant create --name Souk --id 1234").json();
    let refused = qisma(place.path(), "demo --listen 127.0.0.1:0");
    assert_eq!(refused.code, Some(1));
    assert!(refused.error().contains("not a demo's"), "{refused:?}");
    assert_eq!(qisma(place.path(), "merchant list").json()[0]["id"], "1234");
}

#[test]
fn a_demo_is_refused_off_loopback() {
    let place = TempDir::new().unwrap();
    for flag in ["--listen", "--sandbox-listen", "--shop-listen"] {
        let refused = qisma(place.path(), &format!("demo {flag} 0.0.0.0:0"));
        assert_eq!(refused.code, Some(78));
        assert!(refused.error().contains("this machine only"), "{refused:?}");
    }
}

/// Runs a command as it was printed, in a shell.
fn pasted(line: &str) -> Value {
    let Ended { code, stdout, stderr } = ended(Command::new("sh").args(["-c", line]));
    assert_eq!(code, Some(0), "{stderr}");
    serde_json::from_str(&stdout).unwrap()
}

#[test]
fn the_printed_request_makes_a_payment_that_the_printed_question_finds() {
    let place = TempDir::new().unwrap();
    let demo = start(place.path());
    let made = pasted(demo.ready["generate_command"].as_str().unwrap());
    assert_eq!(made["result"]["success"], true, "{made}");
    let id = made["result"]["payment_id"].as_str().unwrap();
    let question = demo.ready["verify_command"].as_str().unwrap().replace("{payment_id}", id);
    let found = pasted(&question);
    assert_eq!(found["result"]["status"], "PENDING", "{found}");
    assert_eq!(found["result"]["amount"], 10_000, "{found}");
    let shown = qisma(place.path(), &format!("payment show {id}")).json();
    assert_eq!(shown["legs"][0]["destination"], "1234");
    assert_eq!(shown["legs"][0]["amount_millimes"], 8_000);
    assert_eq!(shown["legs"][1]["destination"], "4321");
}
