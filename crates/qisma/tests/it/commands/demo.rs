//! `qisma demo`: the same for everybody, on this machine only, and the printed request works.

use super::{Ended, Server, command, ended, qisma};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub fn start(data: &Path) -> Server {
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

#[test]
fn a_demo_never_uses_another_database_or_a_real_key() {
    for name in ["QISMA__DATABASE__URL", "QISMA__SECURITY__MASTER_KEY"] {
        let place = TempDir::new().unwrap();
        let mut demo = command();
        demo.args(["demo", "--json", "--data"]).arg(place.path()).env(name, "real");
        let refused = ended(&mut demo);
        assert_eq!(refused.code, Some(78));
        assert!(refused.error().contains(name), "{refused:?}");
        assert!(!refused.stderr.contains("real\""), "{refused:?}");
    }
    let place = TempDir::new().unwrap();
    let refused = qisma(place.path(), "demo --config real.toml");
    assert_eq!(refused.code, Some(78));
    assert!(refused.error().contains("--config"), "{refused:?}");
}

#[test]
fn a_taken_port_of_the_shop_is_replaced() {
    let place = TempDir::new().unwrap();
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = held.local_addr().unwrap();
    let mut demo = command();
    demo.args(["demo", "--listen", "127.0.0.1:0", "--sandbox-listen", "127.0.0.1:0"]);
    demo.args(["--shop-listen", &taken.to_string(), "--json", "--data"]).arg(place.path());
    let demo = Server::of(&mut demo);
    assert_ne!(demo.ready["shop"], format!("http://{taken}"));
}

#[test]
fn nothing_is_wiped_when_a_port_is_taken() {
    let place = TempDir::new().unwrap();
    assert_eq!(start(place.path()).terminate(), Some(0));
    qisma(place.path(), "merchant create --name Souk --id 77").json();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let line = format!("demo --listen 127.0.0.1:0 --sandbox-listen {address}");
    assert_ne!(qisma(place.path(), &line).code, Some(0));
    let merchants = qisma(place.path(), "merchant list").json();
    assert!(merchants.as_array().unwrap().iter().any(|merchant| merchant["id"] == "77"));
}

/// Runs a command as it was printed, in a shell.
pub fn pasted(line: &str) -> Value {
    let Ended { code, stdout, stderr } =
        ended(Command::new("sh").args(["-c", line]).env("no_proxy", "127.0.0.1"));
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

/// A payer's browser, as far as a wallet needs one.
pub struct Payer {
    client: reqwest::Client,
    gateway: String,
    page: String,
}

impl Payer {
    pub async fn open(link: &str) -> Self {
        qisma::outbound::install_tls_provider();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let (gateway, _) = link.split_once("/pay/").unwrap();
        let gateway = gateway.to_owned();
        let page = client.get(link).send().await.unwrap().text().await.unwrap();
        Self { client, gateway, page }
    }

    /// Sends the form whose action ends so, with one field typed.
    pub async fn submit(&mut self, action_end: &str, name: &str, value: &str) {
        let actions = self.page.split("action=\"").skip(1);
        let form = actions.filter_map(|rest| rest.split_once('"'));
        let (action, rest) = form.filter(|(a, _)| a.ends_with(action_end)).last().unwrap();
        let csrf = rest.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let url = format!("{}{action}", self.gateway);
        let fields = [("csrf", csrf), (name, value)];
        let answer = self.client.post(url).form(&fields).send().await.unwrap();
        self.page = answer.text().await.unwrap();
    }

    /// What another page shows.
    pub async fn look_at(&self, url: &str) -> String {
        self.client.get(url).send().await.unwrap().text().await.unwrap()
    }
}

/// The newest six digits on a phone's page.
pub fn code_on(phone_page: &str) -> String {
    let runs = phone_page.split(|letter: char| !letter.is_ascii_digit());
    runs.into_iter().find(|run| run.len() == 6).unwrap().to_owned()
}

/// Asks for the payment's only delivery until it has ended, for a while.
fn delivered(data: &Path, payment: &str) -> Value {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let list = qisma(data, &format!("delivery list --payment {payment}")).json();
        if list[0]["state"] != "pending" || deadline < Instant::now() {
            return list[0].clone();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_by_wallet_reaches_balances_shop_and_books() {
    let place = TempDir::new().unwrap();
    let demo = start(place.path());
    let made = pasted(demo.ready["generate_command"].as_str().unwrap());
    let id = made["result"]["payment_id"].as_str().unwrap();
    let mut payer = Payer::open(made["result"]["link"].as_str().unwrap()).await;
    payer.submit("/wallet", "phone", "55555555").await;
    let phone = format!("{}/phone/55555555", demo.ready["sandbox"].as_str().unwrap());
    let code = code_on(&payer.look_at(&phone).await);
    payer.submit("/code", "code", &code).await;

    let shown = qisma(place.path(), &format!("payment show {id}")).json();
    assert_eq!(shown["status"], "SUCCESS", "{shown}");
    let available = |merchant: &str| {
        let balance = qisma(place.path(), &format!("balance show {merchant}")).json();
        balance["available_millimes"].clone()
    };
    assert_eq!([available("1234"), available("4321")], [8_000, 2_000]);
    assert_eq!(delivered(place.path(), id)["state"], "delivered");
    let shop = payer.look_at(demo.ready["shop"].as_str().unwrap()).await;
    assert!(shop.contains(&format!("payment_id={id}")));
    let books = qisma(place.path(), "verify --require-acquirer").json();
    assert_eq!(books["ok"], true, "{books}");
}
