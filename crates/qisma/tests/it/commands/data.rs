//! Commands that read or change data.

use super::{Ended, command, ended, offline_and_live, qisma};
use serde_json::json;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// Ids of 22 characters that begin with a hyphen, or with two.
const HYPHENED: [&str; 2] = ["-hhhhhhhhhhhhhhhhhhhhw", "--aaaaaaaaaaaaaaaaaaaw"];

fn merchant(data: &Path, id: &str) {
    assert_eq!(qisma(data, &format!("merchant create --name Souk --id {id}")).code, Some(0));
}

#[test]
fn a_new_merchant_is_onboarding_until_it_is_set_active() {
    offline_and_live(|data| {
        let created = qisma(data, "merchant create --name Souk --id 1234").json();
        assert_eq!(created["id"], "1234");
        assert_eq!(created["name"], "Souk");
        assert_eq!(created["status"], "onboarding");
        assert_eq!(created["image_url"], json!(null));
        assert_eq!(qisma(data, "merchant set-status 1234 active").json()["status"], "active");
        let list = qisma(data, "merchant list").json();
        assert_eq!(list[0]["status"], "active");
        assert_eq!(list.as_array().unwrap().len(), 1);
    });
}

#[test]
fn a_second_merchant_with_the_same_id_is_refused() {
    offline_and_live(|data| {
        merchant(data, "1234");
        let second = qisma(data, "merchant create --name Dar --id 1234");
        assert_eq!(second.code, Some(1));
        assert!(second.error().contains("exists already"), "{second:?}");
    });
}

#[test]
fn an_app_shows_both_keys_and_its_webhook_secret_when_it_is_made() {
    offline_and_live(|data| {
        merchant(data, "1234");
        let app = qisma(data, "app create --merchant 1234 --mode test --webhook-mode post").json();
        assert!(app["app_id"].as_str().unwrap().starts_with("app_"));
        assert_eq!(app["public_key"].as_str().unwrap().len(), 36);
        assert_eq!(app["private_key"].as_str().unwrap().len(), 36);
        assert!(app["webhook_secret"].as_str().unwrap().starts_with("whsec_"));
    });
}

#[test]
fn an_app_is_told_by_get_unless_asked_otherwise() {
    offline_and_live(|data| {
        merchant(data, "1234");
        qisma(data, "app create --merchant 1234 --mode test").json();
        assert_eq!(qisma(data, "app list").json()[0]["webhook_mode"], "get");
    });
}

#[test]
fn a_private_key_is_never_shown_again() {
    offline_and_live(|data| {
        merchant(data, "1234");
        let app = qisma(data, "app create --merchant 1234 --mode live").json();
        let list = qisma(data, "app list").stdout;
        assert!(list.contains(app["public_key"].as_str().unwrap()));
        assert!(!list.contains(app["private_key"].as_str().unwrap()));
        assert!(!list.contains(app["webhook_secret"].as_str().unwrap()));
    });
}

#[test]
fn rotated_keys_are_listed_with_the_end_of_the_old_ones() {
    offline_and_live(|data| {
        merchant(data, "1234");
        let app = qisma(data, "app create --merchant 1234 --mode test").json();
        let id = app["app_id"].as_str().unwrap();
        let rotated = qisma(data, &format!("app rotate {id} --overlap-hours 2")).json();
        let list = qisma(data, "app list").json();
        let keys = list[0]["keys"].as_array().unwrap();
        let end_of = |public_key: &serde_json::Value| {
            keys.iter().find(|key| key["public_key"] == *public_key).unwrap()["expires_at"].clone()
        };
        assert_eq!(end_of(&rotated["public_key"]), json!(null));
        assert_eq!(end_of(&app["public_key"]), rotated["old_keys_end_at"]);
    });
}

#[test]
fn a_test_wallet_begins_with_the_money_it_was_given() {
    offline_and_live(|data| {
        let line =
            "wallet create --phone +21655555555 --name Amira --mode test --fund-millimes 100000";
        let wallet = qisma(data, line).json();
        assert!(wallet["wallet_id"].as_str().unwrap().starts_with("wal_"));
        // What a terminal shows stays in its history, and in whatever reads it along.
        assert_eq!(wallet["phone"], "** *** *55");
        assert_eq!(wallet["mode"], "test");
        assert_eq!(wallet["balance_millimes"], 100_000);
    });
}

#[test]
fn a_live_wallet_cannot_be_funded_by_hand() {
    offline_and_live(|data| {
        let line = "wallet create --phone 55555555 --name Amira --mode live --fund-millimes 1";
        let refused = qisma(data, line);
        assert_eq!(refused.code, Some(1));
        assert!(refused.error().contains("--fund-millimes"), "{refused:?}");
    });
}

#[test]
fn a_merchant_without_payments_has_an_empty_balance() {
    offline_and_live(|data| {
        merchant(data, "1234");
        let expected = json!({
            "merchant": "1234", "mode": "live", "currency": "TND",
            "pending_millimes": 0, "available_millimes": 0, "held_millimes": 0,
            "reserve_millimes": 0, "parked_millimes": 0, "debt_millimes": 0,
        });
        assert_eq!(qisma(data, "balance show 1234 --mode live").json(), expected);
        assert_eq!(qisma(data, "balance show 1234").json()["mode"], "test");
    });
}

#[test]
fn the_balance_of_an_unknown_merchant_is_refused() {
    offline_and_live(|data| {
        let refused = qisma(data, "balance show 99");
        assert_eq!(refused.code, Some(1));
        assert!(refused.error().contains("no merchant"), "{refused:?}");
    });
}

#[test]
fn lists_of_nothing_are_empty() {
    offline_and_live(|data| {
        for line in ["payment list", "attempt list --unresolved", "delivery list", "app list"] {
            assert_eq!(qisma(data, line).json(), json!([]), "{line}");
        }
    });
}

#[test]
fn an_id_may_begin_with_a_hyphen() {
    offline_and_live(|data| {
        for id in HYPHENED {
            let not_found = [
                format!("payment show {id}"),
                format!("attempt resolve {id} 1 --inquire"),
                format!("attempt resolve {id} 1 --close"),
                format!("delivery resend dlv_{id}"),
            ];
            for line in not_found {
                let refused = qisma(data, &line);
                assert_eq!(refused.code, Some(1), "{line}: {refused:?}");
                assert!(refused.error().contains("there is no"), "{line}: {refused:?}");
            }
            assert_eq!(qisma(data, &format!("delivery list --payment {id}")).json(), json!([]));
        }
    });
}

#[test]
fn data_and_json_stand_before_or_after_the_command() {
    let place = TempDir::new().unwrap();
    merchant(place.path(), "1234");
    let run = |arrange: fn(&mut Command, &Path)| {
        let mut command = command();
        arrange(&mut command, place.path());
        ended(&mut command).json()
    };
    let before = run(|command, data| {
        command.arg("--data").arg(data).args(["--json", "merchant", "list"]);
    });
    let between = run(|command, data| {
        command.args(["merchant", "--json", "--data"]).arg(data).arg("list");
    });
    assert_eq!(before, between);
    assert_eq!(before, qisma(place.path(), "merchant list").json());
}

#[test]
fn people_get_a_table() {
    let place = TempDir::new().unwrap();
    merchant(place.path(), "1234");
    let Ended { stdout, .. } =
        ended(command().args(["merchant", "list", "--data"]).arg(place.path()));
    let lines: Vec<&str> = stdout.lines().collect();
    assert!(lines[0].starts_with("id    name  status"), "{stdout}");
    assert!(lines[1].starts_with("1234  Souk  onboarding"), "{stdout}");
}

#[test]
fn a_word_that_is_not_a_status_is_a_usage_error() {
    let place = TempDir::new().unwrap();
    let refused = qisma(place.path(), "merchant set-status 1234 happy");
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("onboarding, active, suspended, closed"), "{refused:?}");
}

#[test]
fn a_setting_that_does_not_exist_ends_with_78() {
    let place = TempDir::new().unwrap();
    let mut command = command();
    command.args(["merchant", "list", "--json", "--data"]).arg(place.path());
    let refused = ended(command.env("QISMA__HTTP__LISTN", "127.0.0.1:1"));
    assert_eq!(refused.code, Some(78));
    assert!(refused.error().contains("QISMA__HTTP__LISTEN"), "{refused:?}");
}

#[test]
fn commands_at_the_same_time_take_turns() {
    let place = TempDir::new().unwrap();
    let run = |id: usize| qisma(place.path(), &format!("merchant create --name Souk --id {id}"));
    std::thread::scope(|scope| {
        let all: Vec<_> = (1..=6).map(|id| scope.spawn(move || run(id))).collect();
        for one in all {
            one.join().unwrap().json();
        }
    });
    assert_eq!(qisma(place.path(), "merchant list").json().as_array().unwrap().len(), 6);
}

#[test]
fn a_migrated_directory_is_up_to_date() {
    let place = TempDir::new().unwrap();
    let first = qisma(place.path(), "migrate").json();
    assert_eq!(first["applied"][0], "0001_first");
    let second = qisma(place.path(), "migrate").json();
    assert_eq!(second["applied"], json!([]));
    assert_eq!(qisma(place.path(), "doctor").json()["schema_version"], second["version"]);
}

#[test]
fn the_doctor_says_where_a_value_came_from_and_hides_secrets() {
    let place = TempDir::new().unwrap();
    let mut command = command();
    command.args(["doctor", "--json", "--data"]).arg(place.path());
    let report = ended(command.env("QISMA__ACQUIRERS__SANDBOX__PASSWORD", "hunter2"));
    let settings = report.json()["settings"].as_array().unwrap().clone();
    let password = settings.iter().find(|s| s["key"] == "acquirers.sandbox.password").unwrap();
    assert_eq!(password["origin"], "variable QISMA__ACQUIRERS__SANDBOX__PASSWORD");
    assert!(!report.stdout.contains("hunter2"));
}

#[test]
fn the_doctor_sees_whether_a_gateway_runs() {
    let server = |data: &Path| qisma(data, "doctor").json()["server"].clone();
    let place = TempDir::new().unwrap();
    assert_eq!(server(place.path()), "stopped");
    let _server = super::Server::start(place.path());
    assert_eq!(server(place.path()), "running");
}
