//! `qisma doctor` on a PostgreSQL server.

use tempfile::TempDir;

use super::moving::{ask, execute, name_and_password, target};

#[test]
fn the_doctor_shows_what_the_server_says_of_itself() {
    let (place, target) = (TempDir::new().unwrap(), target());
    ask(place.path(), &target, "migrate").json();
    let report = ask(place.path(), &target, "doctor").json();
    assert_eq!(report["synchronous_commit"], "on", "{report}");
    assert!(0 < report["connections_max"].as_i64().unwrap(), "{report}");
    assert!(report["clock_ahead_millis"].as_i64().unwrap().abs() <= 500, "{report}");
    let warnings = report["unsafe_settings"].to_string();
    assert!(warnings.contains("synchronous_standby_names is empty"), "{warnings}");
}

#[test]
fn a_server_on_which_no_gateway_can_work_fails_the_doctor() {
    for (setting, said) in [
        ("synchronous_commit = off", "Set synchronous_commit = on"),
        ("default_transaction_read_only = on", "name its primary"),
    ] {
        let (place, target) = (TempDir::new().unwrap(), target());
        let (name, _) = name_and_password(&target);
        execute(&target, &format!("ALTER DATABASE \"{name}\" SET {setting}"));
        let refused = ask(place.path(), &target, "doctor");
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.error().contains(said), "{refused:?}");
    }
}

#[test]
fn a_schema_of_a_newer_qisma_fails_the_doctor() {
    let (place, target) = (TempDir::new().unwrap(), target());
    ask(place.path(), &target, "migrate").json();
    execute(&target, "UPDATE schema_version SET version = 99");
    let refused = ask(place.path(), &target, "doctor");
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.error().contains("install the newer qisma"), "{refused:?}");
}
