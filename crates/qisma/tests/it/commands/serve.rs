//! `qisma serve`: who may serve a directory, and how it starts and ends.

use super::{Server, command, ended, qisma};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};
use tempfile::TempDir;

#[test]
fn a_second_gateway_on_a_directory_ends_within_a_second() {
    let place = TempDir::new().unwrap();
    let _first = Server::start(place.path());
    let begun = Instant::now();
    let second = qisma(place.path(), "serve --listen 127.0.0.1:0");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(second.code, Some(1));
    assert!(second.stderr.contains("in use by another process"), "{second:?}");
}

#[test]
fn a_socket_that_a_killed_gateway_left_behind_is_ignored() {
    let place = TempDir::new().unwrap();
    Server::start(place.path()).kill();
    assert!(place.path().join("qisma.sock").exists());
    // First without a gateway, then with the next one.
    qisma(place.path(), "merchant create --name Souk --id 1234").json();
    let _next = Server::start(place.path());
    qisma(place.path(), "merchant set-status 1234 active").json();
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let place = TempDir::new().unwrap();
    let server = Server::start(place.path());
    qisma(place.path(), "merchant create --name Souk --id 1234").json();
    server.kill();
    assert_eq!(qisma(place.path(), "merchant list").json()[0]["id"], "1234");
}

#[test]
fn asked_to_stop_it_ends_well_and_takes_its_socket_away() {
    let place = TempDir::new().unwrap();
    assert_eq!(Server::start(place.path()).terminate(), Some(0));
    assert!(!place.path().join("qisma.sock").exists());
}

#[test]
fn only_its_owner_may_open_what_it_keeps() {
    let place = TempDir::new().unwrap();
    let data = place.path().join("made/by/serve");
    let _server = Server::start(&data);
    let mode = |name: &str| data.join(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(""), 0o700);
    for name in ["qisma.sock", "qisma.db", "qisma.db-wal", "master.key", "lock"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
}

#[test]
fn a_lost_master_key_is_not_replaced_by_a_new_one() {
    let place = TempDir::new().unwrap();
    Server::start(place.path()).terminate();
    let key = place.path().join("master.key");
    std::fs::remove_file(&key).unwrap();
    for line in ["serve --listen 127.0.0.1:0", "merchant list", "doctor"] {
        let refused = qisma(place.path(), line);
        assert_ne!(refused.code, Some(0), "{line}");
        assert!(refused.stderr.contains("put the file back from a backup"), "{refused:?}");
        assert!(!key.exists(), "{line}");
    }
}

#[test]
fn a_database_is_not_opened_with_another_master_key() {
    let place = TempDir::new().unwrap();
    Server::start(place.path()).terminate();
    for line in ["serve --listen 127.0.0.1:0", "merchant list", "doctor"] {
        let mut command = command();
        command.args(line.split_whitespace()).arg("--json").arg("--data").arg(place.path());
        let other = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let refused = ended(command.env("QISMA__SECURITY__MASTER_KEY", other));
        assert_eq!(refused.code, Some(1), "{line}: {refused:?}");
        assert!(refused.stderr.contains("was written under the master key"), "{refused:?}");
    }
    Server::start(place.path());
}

#[test]
fn a_migrated_database_takes_the_key_of_the_first_gateway() {
    let place = TempDir::new().unwrap();
    qisma(place.path(), "migrate").json();
    assert!(!place.path().join("master.key").exists());
    Server::start(place.path()).terminate();
    Server::start(place.path());
}

#[test]
fn a_directory_with_a_long_path_has_a_command_socket_too() {
    let place = TempDir::new().unwrap();
    let data = place.path().join("a-name-of-twenty-chars/".repeat(6));
    let _server = Server::start(&data);
    qisma(&data, "merchant create --name Souk --id 1234").json();
}

#[test]
fn a_demo_is_not_served_to_other_machines() {
    let place = TempDir::new().unwrap();
    std::fs::write(place.path().join("demo"), "").unwrap();
    let refused = qisma(place.path(), "serve --listen 0.0.0.0:0");
    assert_eq!(refused.code, Some(78));
    assert!(refused.stderr.contains("is a demo"), "{refused:?}");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let place = TempDir::new().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let refused = qisma(place.path(), &format!("serve --listen {address}"));
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains(&format!("{address} cannot be listened on")), "{refused:?}");
}

#[test]
fn a_sandbox_shares_a_directory_with_the_gateway() {
    let place = TempDir::new().unwrap();
    let _server = Server::start(place.path());
    let mut sandbox = command();
    sandbox.args(["sandbox", "--listen", "127.0.0.1:0", "--json", "--data"]).arg(place.path());
    let sandbox = Server::of(&mut sandbox);
    assert!(sandbox.ready["url"].as_str().unwrap().starts_with("http://127.0.0.1:"));
    assert_eq!(sandbox.terminate(), Some(0));
}
