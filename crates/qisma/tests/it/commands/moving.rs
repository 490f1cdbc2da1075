//! `qisma migrate --from`: a stopped gateway's data moves to a server whole, or not at all.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use throwaway_postgres::{Lent, Profile, Stand};
use url::Url;

use super::demo::{Payer, code_on, pasted};
use super::{Ended, Server, command, demo, ended, qisma};

const DATABASE_URL: &str = "QISMA__DATABASE__URL";
const OTHER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// An empty database on a server.
pub fn target() -> Lent {
    Lent::in_profile(Profile::Plain, "qisma_moved_to", |_| Ok(())).unwrap()
}

/// The name of a database, and what its URL keeps to itself.
pub fn name_and_password(target: &Lent) -> (String, String) {
    let url = Url::parse(target.url()).unwrap();
    (url.path().trim_start_matches('/').to_owned(), url.password().unwrap().to_owned())
}

/// Executes statements on a server, past the gateway.
pub fn execute(target: &Lent, sql: &str) {
    let (name, _) = name_and_password(target);
    let stand = Stand::shared(Profile::Plain).unwrap();
    target.wait(async {
        stand.cluster().connect(&name).await.unwrap().batch_execute(sql).await.unwrap();
    });
}

/// A command on a data directory whose database is the server's.
fn on_target(data: &Path, target: &Lent, line: &str) -> Command {
    let mut command = command();
    command.args(line.split_whitespace()).arg("--json").arg("--data").arg(data);
    command.env(DATABASE_URL, target.url());
    command
}

pub fn ask(data: &Path, target: &Lent, line: &str) -> Ended {
    ended(&mut on_target(data, target, line))
}

/// Moves what a data directory holds.
fn moved(data: &Path, target: &Lent) -> Ended {
    let from = format!("migrate --from sqlite:{}", data.join("qisma.db").display());
    ask(data, target, &from)
}

/// A directory with a merchant, an app and a wallet with money in it.
fn source() -> TempDir {
    let place = TempDir::new().unwrap();
    let wallet = "wallet create --phone 55555555 --name Amira --mode test --fund-millimes 100000";
    for line in [
        "merchant create --name Souk --id 1234",
        "app create --merchant 1234 --mode test",
        "terminal create --merchant 1234 --id till-7 --serial SN-1",
        wallet,
    ] {
        qisma(place.path(), line).json();
    }
    place
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_gateway_has_its_payments_keys_and_balances() {
    let (place, target) = (TempDir::new().unwrap(), target());
    let data = place.path();
    let demo = demo::start(data);
    let made = pasted(demo.ready["generate_command"].as_str().unwrap());
    let id = made["result"]["payment_id"].as_str().unwrap();
    let mut payer = Payer::open(made["result"]["link"].as_str().unwrap()).await;
    payer.submit("/wallet", "phone", "55555555").await;
    let phone = format!("{}/phone/55555555", demo.ready["sandbox"].as_str().unwrap());
    let code = code_on(&payer.look_at(&phone).await);
    payer.submit("/code", "code", &code).await;
    let (old_url, question) = (demo.ready["gateway"].clone(), demo.ready["verify_command"].clone());
    assert_eq!(demo.terminate(), Some(0));
    let balances = |ask: &dyn Fn(&str) -> Ended| {
        ["1234", "4321"].map(|merchant| ask(&format!("balance show {merchant}")).json())
    };
    let before = balances(&|line| qisma(data, line));

    let report = moved(data, &target).json();
    assert_eq!(report["ok"], true, "{report}");
    assert_eq!(balances(&|line| ask(data, &target, line)), before);
    assert_eq!(before[0]["available_millimes"], 8_000);
    assert_eq!(ask(data, &target, "verify").json()["ok"], true);
    let server = Server::of(&mut on_target(data, &target, "serve --listen 127.0.0.1:0"));
    let question = question.as_str().unwrap().replace("{payment_id}", id);
    let new_url = server.ready["url"].as_str().unwrap();
    let found = pasted(&question.replace(old_url.as_str().unwrap(), new_url));
    assert_eq!(found["result"]["status"], "SUCCESS", "{found}");
}

#[test]
fn a_move_that_was_killed_goes_on_and_nothing_is_served_before_its_end() {
    let (place, target) = (source(), target());
    let data = place.path();
    ask(data, &target, "migrate").json();
    let (name, _) = name_and_password(&target);
    // Nobody writes to that table while this client has it.
    let stand = Stand::shared(Profile::Plain).unwrap();
    let held = target.wait(async {
        let client = stand.cluster().connect(&name).await.unwrap();
        let lock = "BEGIN; LOCK TABLE postings IN SHARE ROW EXCLUSIVE MODE";
        client.batch_execute(lock).await.unwrap();
        client
    });
    let mut moving = command();
    moving.arg("migrate").arg("--data").arg(data).env(DATABASE_URL, target.url());
    moving.arg("--from").arg(format!("sqlite:{}", data.join("qisma.db").display()));
    let mut moving = moving.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(moving.stderr.take().unwrap()).lines();
    let seen = lines.map(Result::unwrap).find(|line| line.starts_with("copying postings"));
    moving.kill().unwrap();
    moving.wait().unwrap();
    drop(held);
    assert!(seen.is_some(), "it ended before");

    for line in ["serve --listen 127.0.0.1:0", "merchant list"] {
        let refused = ask(data, &target, line);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.stderr.contains("not come to its end"), "{refused:?}");
    }
    let report = moved(data, &target).json();
    assert_eq!((&report["resumed"], &report["ok"]), (&Value::Bool(true), &Value::Bool(true)));
    let rows: i64 = report["tables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|table| table["rows"].as_i64().unwrap())
        .sum();
    assert!(report["rows_copied"].as_i64().unwrap() < rows, "{report}");
    assert_eq!(ask(data, &target, "merchant list").json()[0]["id"], "1234");
    assert_eq!(ask(data, &target, "verify").json()["ok"], true);
}

#[test]
fn a_database_with_somebody_elses_data_is_refused() {
    let (place, target) = (source(), target());
    execute(&target, "CREATE TABLE orders (id bigint)");
    let refused = moved(place.path(), &target).error();
    assert!(refused.contains("tables that are not Qisma's"), "{refused}");
    execute(&target, "DROP TABLE orders");
    ask(place.path(), &target, "merchant create --name Dar --id 77").json();
    let refused = moved(place.path(), &target).error();
    assert!(refused.contains("is not empty (it has rows in merchants)"), "{refused}");
}

#[test]
fn a_database_of_another_master_key_is_refused() {
    let (place, target) = (source(), target());
    let mut other = on_target(place.path(), &target, "merchant list");
    ended(other.env("QISMA__SECURITY__MASTER_KEY", OTHER_KEY)).json();
    let refused = moved(place.path(), &target).error();
    assert!(refused.contains("was written under the master key"), "{refused}");
}

#[test]
fn a_row_that_was_changed_on_the_way_is_found() {
    let (place, target) = (source(), target());
    moved(place.path(), &target).json();
    execute(&target, "UPDATE wallets SET name = 'Somebody'");
    execute(
        &target,
        "UPDATE accounts SET posted_millimes = posted_millimes + 1 WHERE kind = 'wallet'",
    );
    let compared = moved(place.path(), &target);
    assert_eq!(compared.code, Some(1));
    assert!(compared.error().contains("differ in wallets, accounts"), "{compared:?}");
    let report: Value = serde_json::from_str(&compared.stdout).unwrap();
    assert_eq!(report["accounts_differing"], 1, "{report}");
    let mut tables = report["tables"].as_array().unwrap().iter();
    let wallets = tables.find(|table| table["table"] == "wallets").unwrap();
    assert_ne!(wallets["sha256"], wallets["target_sha256"], "{wallets}");
}

#[test]
fn what_a_running_gateway_uses_is_not_moved() {
    let (place, target) = (source(), target());
    let _server = Server::start(place.path());
    let refused = moved(place.path(), &target).error();
    assert!(refused.contains("is in use by another process"), "{refused}");
}

#[test]
fn people_see_the_tables_and_never_a_password() {
    let (place, target) = (source(), target());
    let (name, password) = name_and_password(&target);
    let mut moving = command();
    moving.arg("migrate").arg("--data").arg(place.path()).arg("--to").arg(target.url());
    moving.arg("--from").arg(format!("sqlite:{}", place.path().join("qisma.db").display()));
    let Ended { code, stdout, stderr } = ended(&mut moving);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("copying merchants"), "{stderr}");
    assert!(stdout.contains("Both sides are equal"), "{stdout}");
    assert!(stdout.contains(&format!("/{name}")), "{stdout}");
    assert!(!format!("{stdout}{stderr}").contains(&password), "{stdout}{stderr}");
}

#[test]
fn a_move_in_any_other_direction_is_refused() {
    let place = source();
    let file = format!("sqlite:{}", place.path().join("qisma.db").display());
    let back = qisma(place.path(), &format!("migrate --from postgres://db/money --to {file}"));
    assert_eq!(back.code, Some(78));
    assert!(back.error().contains("begins at a file"), "{back:?}");
    let aside = qisma(place.path(), &format!("migrate --from {file}"));
    assert_eq!(aside.code, Some(78));
    assert!(aside.error().contains("goes to a PostgreSQL server"), "{aside:?}");
    let nowhere =
        qisma(place.path(), "migrate --from sqlite:/nowhere/qisma.db --to postgres://db/money");
    assert_eq!(nowhere.code, Some(1));
    assert!(nowhere.error().contains("there is no database at"), "{nowhere:?}");
}
