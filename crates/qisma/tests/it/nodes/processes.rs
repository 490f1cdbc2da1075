//! Two `qisma serve` on one database, with the races of one gateway between them, while one of them is
//! killed: one winner each, and nothing undone for longer than the lease.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use qisma::outbound::install_tls_provider;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use reqwest::{Client, Url};
use serde_json::{Value, json};
use tempfile::TempDir;
use throwaway_postgres::{Lent, Profile};

use crate::checkout::browser::Page;
use crate::commands::{Ended, Server, command, ended};
use crate::test_app::{MASTER_KEY, migrate, template};
use crate::webhooks::receiver::Receiver;

const PAYMENTS: usize = 24;
/// Each form is sent so often at once, to one gateway and the other in turn.
const SUBMITS: usize = 6;
const AMOUNT: i64 = 10_000;
const LEASE: Duration = Duration::from_secs(6);
/// For a webhook to be found and sent by a machine that has much else to do.
const SLACK: Duration = Duration::from_secs(6);

/// The gateways as a payer and a platform see them.
struct World {
    client: Client,
    urls: Vec<Url>,
    bank: String,
    authorization: String,
    hook: String,
}

fn with_settings(command: &mut Command, database: &Lent, bank: &str) {
    command
        .env("QISMA__DATABASE__URL", database.url())
        .env("QISMA__SECURITY__MASTER_KEY", MASTER_KEY)
        .env("QISMA__WORKERS__LEASE_SECS", LEASE.as_secs().to_string())
        .env("QISMA__WEBHOOKS__ALLOW_LOOPBACK", "true")
        .env("QISMA__HTTP__BANK_LOOKS_PER_MINUTE_MAX", "1000000")
        .env("QISMA__CARDS__ATTEMPTS_PER_ADDRESS_MAX", "0")
        .env("QISMA__ACQUIRERS__SANDBOX__URL", bank);
}

fn serve(database: &Lent, bank: &str, data: &Path) -> Server {
    let mut command = command();
    command.args(["serve", "--listen", "127.0.0.1:0", "--json", "--data"]).arg(data);
    with_settings(&mut command, database, bank);
    Server::of(&mut command)
}

fn qisma(database: &Lent, bank: &str, data: &Path, line: &str) -> Ended {
    let mut command = command();
    command.args(line.split_whitespace()).arg("--json").arg("--data").arg(data);
    with_settings(&mut command, database, bank);
    ended(&mut command)
}

fn phone(number: usize) -> String {
    format!("2{number:07}")
}

impl World {
    /// The answers of all gateways that answer, each asked as often as the others, all at once.
    async fn of_all(&self, path: &str, fields: &[(String, String)]) -> Vec<u16> {
        let send = |number: usize| {
            let url = self.urls[number % self.urls.len()].join(path).unwrap();
            self.client.post(url).form(fields).send()
        };
        let answers = join_all((0..SUBMITS).map(send)).await;
        answers.into_iter().flatten().map(|answer| answer.status().as_u16()).collect()
    }

    /// A page, of whichever gateway has it.
    async fn page(&self, path: &str) -> Page {
        for url in &self.urls {
            if let Ok(answer) = self.client.get(url.join(path).unwrap()).send().await
                && answer.status() == 200
            {
                let (url, status) = (answer.url().to_string(), answer.status().as_u16());
                let headers = answer.headers().clone();
                let Ok(html) = answer.text().await else { continue };
                return Page { url, status, headers, html };
            }
        }
        panic!("no gateway shows {path}");
    }

    /// Asks both gateways for a payment under one key, at once.
    async fn create(&self, number: usize) -> String {
        let body = json!({
            "amount": AMOUNT,
            "success_link": "http://shop.invalid/ok",
            "fail_link": "http://shop.invalid/no",
            "webhook": self.hook,
            "developer_tracking_id": "race",
            "accept_card": true,
        });
        let ask = |url: &Url| {
            self.client
                .post(url.join("/api/v2/generate_payment").unwrap())
                .header(AUTHORIZATION, &self.authorization)
                .header(CONTENT_TYPE, "application/json")
                .header("Idempotency-Key", format!("race-{number}"))
                .body(body.to_string())
                .send()
        };
        let mut ids = BTreeSet::new();
        for answer in join_all(self.urls.iter().chain(&self.urls).map(ask)).await {
            let Ok(answer) = answer else { continue };
            let status = answer.status().as_u16();
            let Ok(text) = answer.text().await else { continue };
            assert_eq!(status, 200, "{text}");
            let answer: Value = serde_json::from_str(&text).unwrap();
            ids.insert(answer["result"]["payment_id"].as_str().unwrap().to_owned());
        }
        assert_eq!(ids.len(), 1, "one key, one payment: {ids:?}");
        ids.pop_first().unwrap()
    }

    async fn cancel(&self, payment: &str) {
        let page = self.page(&format!("/pay/{payment}")).await;
        let (url, fields) = page.form("/cancel", &[]);
        let statuses = self.of_all(Url::parse(&url).unwrap().path(), &fields).await;
        assert!(statuses.contains(&303), "{statuses:?}");
    }

    /// Pays by wallet; the right code is sent many times, to both gateways.
    async fn pay(&self, payment: &str, phone: &str) {
        let page = self.page(&format!("/pay/{payment}")).await;
        let (url, fields) = page.form("/wallet", &[("phone", phone)]);
        let path = Url::parse(&url).unwrap().path().to_owned();
        let mut next = None;
        for gateway in &self.urls {
            let sent = self.client.post(gateway.join(&path).unwrap()).form(&fields).send().await;
            let Ok(answer) = sent else { continue };
            next = answer.headers().get(LOCATION).map(|at| at.to_str().unwrap().to_owned());
            if next.is_some() {
                break;
            }
        }
        let next = self.urls[0].join(&next.expect("a code is asked for")).unwrap();
        let query = next.query().map_or_else(String::new, |query| format!("?{query}"));
        let page = self.page(&format!("{}{query}", next.path())).await;
        let code = self.code(phone).await;
        let (url, fields) = page.form("/code", &[("code", &code)]);
        let statuses = self.of_all(Url::parse(&url).unwrap().path(), &fields).await;
        assert!(statuses.iter().all(|status| *status < 500), "{statuses:?}");
    }

    async fn code(&self, phone: &str) -> String {
        let begun = Instant::now();
        while begun.elapsed() < SLACK {
            let page = self.client.get(format!("{}/phone/{phone}", self.bank)).send().await;
            let html = page.unwrap().text().await.unwrap();
            let code = html.split(|c: char| !c.is_ascii_digit()).find(|run| run.len() == 6);
            if let Some(code) = code {
                return code.to_owned();
            }
        }
        panic!("no code reached {phone}");
    }

    async fn status(&self, payment: &str) -> String {
        let mut answer = None;
        for url in &self.urls {
            let url = url.join(&format!("/api/v2/verify_payment/{payment}")).unwrap();
            let asked = self.client.get(url).header(AUTHORIZATION, &self.authorization);
            answer = asked.send().await.ok().or(answer);
        }
        let answer: Value = serde_json::from_str(&answer.unwrap().text().await.unwrap()).unwrap();
        answer["result"]["status"].as_str().unwrap().to_owned()
    }
}

/// The webhooks of so many payments: by payment, the events that were told.
async fn webhooks(receiver: &mut Receiver) -> BTreeMap<String, BTreeSet<String>> {
    let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    while told.len() < PAYMENTS {
        let request = receiver.next().await;
        let query = request.uri.query().unwrap_or_default();
        let payment = query.trim_start_matches("payment_id=").split('&').next().unwrap();
        let event = request.header("webhook-id").to_owned();
        told.entry(payment.to_owned()).or_default().insert(event);
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn two_gateways_of_which_one_is_killed_let_one_win_each_race_and_leave_nothing_undone() {
    install_tls_provider();
    let database = Lent::in_profile(Profile::Plain, &template(), migrate).unwrap();
    let (data, mut receiver) = ([(); 3].map(|()| TempDir::new().unwrap()), Receiver::start().await);
    let mut bank = command();
    bank.args(["sandbox", "--listen", "127.0.0.1:0", "--json", "--data"]).arg(data[2].path());
    let sandbox = Server::of(&mut bank);
    let bank = sandbox.ready["url"].as_str().unwrap().to_owned();
    let servers = [0, 1].map(|number| serve(&database, &bank, data[number].path()));
    let run = |line: &str| qisma(&database, &bank, data[1].path(), line).json();
    run("merchant create --name Souk --id 1234");
    run("merchant set-status 1234 active");
    let app = run("app create --merchant 1234 --mode test --webhook-mode get");
    let key = |name: &str| app[name].as_str().unwrap();
    for number in (1..PAYMENTS).step_by(2) {
        let phone = phone(number);
        run(&format!(
            "wallet create --phone {phone} --name Payer --mode test --fund-millimes {AMOUNT}"
        ));
    }
    let url = |server: &Server| Url::parse(server.ready["url"].as_str().unwrap()).unwrap();
    let no_redirect = reqwest::redirect::Policy::none();
    let world = World {
        client: Client::builder().redirect(no_redirect).no_proxy().build().unwrap(),
        urls: servers.iter().map(url).collect(),
        bank: bank.clone(),
        authorization: format!("Bearer {}:{}", key("public_key"), key("private_key")),
        hook: receiver.url("/hook"),
    };
    let [first, second] = servers;
    // Another moment in every run.
    let dies_at = usize::try_from(std::process::id()).unwrap() % PAYMENTS;
    let (done, victim) = (AtomicUsize::new(0), Mutex::new(Some(first)));
    let killed_at = Mutex::new(Instant::now());
    let races = (0..PAYMENTS).map(|number| {
        let (world, done, victim, killed_at) = (&world, &done, &victim, &killed_at);
        async move {
            if done.fetch_add(1, Ordering::SeqCst) == dies_at
                && let Some(victim) = victim.lock().unwrap().take()
            {
                victim.kill();
                *killed_at.lock().unwrap() = Instant::now();
            }
            let payment = world.create(number).await;
            if number % 2 == 0 {
                world.cancel(&payment).await;
            } else {
                world.pay(&payment, &phone(number)).await;
            }
            (payment, number)
        }
    });
    let payments: Vec<_> = stream::iter(races).buffer_unordered(4).collect().await;
    let all_ended_at = Instant::now().max(*killed_at.lock().unwrap());
    let told = webhooks(&mut receiver).await;
    let late = all_ended_at.elapsed();
    assert!(late < LEASE + SLACK, "the last webhook came {late:?} later (killed at {dies_at})");
    for (payment, number) in &payments {
        assert_eq!(told[payment].len(), 1, "one end, one event");
        let wanted = if number % 2 == 0 { "FAILURE" } else { "SUCCESS" };
        assert_eq!(world.status(payment).await, wanted, "killed at {dies_at}");
    }
    assert_eq!(run("payment list --limit 1000").as_array().unwrap().len(), PAYMENTS);
    let balance = run("balance show 1234");
    let paid = i64::try_from(PAYMENTS / 2).unwrap() * AMOUNT;
    let part = |name: &str| balance[name].as_i64().unwrap_or(0);
    assert_eq!(part("pending_millimes") + part("available_millimes"), paid);
    let verify = run("verify");
    assert!(verify["invariants"].as_array().unwrap().iter().all(|one| one["status"] == "ok"));
    assert_eq!(second.terminate(), Some(0));
}
