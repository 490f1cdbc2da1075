//! Platforms that create payments as fast as they are answered, and send the same request again until
//! it is: what they are told is what may not be lost.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::client::shop::{self, MERCHANTS, PLATFORM};
use crate::client::wire::Response;
use crate::crash::mix::CARD_FRICTIONLESS;
use crate::crash::records::{Claim, Creation};
use crate::crash::run::Run;
use crate::crash::steps::Steps;

/// Three links of this many random letters make a row of more than 4 kB that no compression makes
/// small. With short rows the sockets between primary and standby hold all that a standby has not
/// yet written, and a harness sees no loss where there would be some.
const LETTERS_PER_LINK: usize = 1_900;
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// Between two tries of a request. A platform would wait for the seconds that `Retry-After` names; we
/// want to see the moment in which writes are back.
const RETRY_PAUSE: Duration = Duration::from_millis(50);
/// One payment in so many is paid, so that captures, events and webhooks are under way as well.
const PAID_ONE_IN: u32 = 20;
/// Longer than a client waits for one answer.
const CLIENTS_TIMEOUT: Duration = Duration::from_secs(90);

/// The clients' common knowledge, beside what the run has.
pub struct Load {
    run: Arc<Run>,
    begun: Instant,
    over: AtomicBool,
    writes: Mutex<Vec<Duration>>,
    slowest: Mutex<Duration>,
    tried_to_pay: Mutex<Vec<String>>,
    /// Answers with 503, which ask to try again.
    pub refused: AtomicU64,
    /// Requests whose connection broke.
    pub broken: AtomicU64,
}

impl Load {
    /// Nothing yet.
    pub fn new(run: Arc<Run>) -> Self {
        Self {
            run,
            begun: Instant::now(),
            over: AtomicBool::new(false),
            writes: Mutex::default(),
            slowest: Mutex::default(),
            tried_to_pay: Mutex::default(),
            refused: AtomicU64::new(0),
            broken: AtomicU64::new(0),
        }
    }

    /// How long it has been running.
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// When each write was acknowledged.
    pub fn writes(&self) -> Vec<Duration> {
        self.writes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The payments that somebody began to pay.
    pub fn tried_to_pay(&self) -> Vec<String> {
        self.tried_to_pay.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The longest that a client waited for one answer.
    pub fn slowest(&self) -> Duration {
        *self.slowest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets clients to work.
    pub fn start(self: &Arc<Self>, clients: usize, rng: &mut StdRng) -> JoinSet<()> {
        let mut all = JoinSet::new();
        for number in 1..=clients {
            all.spawn(client(self.clone(), number, rng.random()));
        }
        all
    }

    /// Lets every client finish what it is at.
    pub async fn stop(&self, clients: JoinSet<()>) -> anyhow::Result<()> {
        self.over.store(true, Ordering::SeqCst);
        timeout(CLIENTS_TIMEOUT, clients.join_all())
            .await
            .map_err(|_| anyhow::anyhow!("a client does not end: the gateway hangs"))?;
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    fn acknowledged(&self) {
        let at = self.elapsed();
        self.writes.lock().unwrap_or_else(PoisonError::into_inner).push(at);
    }

    fn tries_to_pay(&self, payment: &str) {
        let mut tried = self.tried_to_pay.lock().unwrap_or_else(PoisonError::into_inner);
        tried.push(payment.to_owned());
    }

    fn took(&self, took: Duration) {
        let mut slowest = self.slowest.lock().unwrap_or_else(PoisonError::into_inner);
        *slowest = slowest.max(took);
    }
}

struct Client {
    load: Arc<Load>,
    steps: Steps,
    rng: StdRng,
    root: String,
    used: u64,
}

async fn client(load: Arc<Load>, number: usize, seed: u64) {
    let mut client = Client {
        steps: Steps::new(load.run.clone(), number),
        load,
        rng: StdRng::seed_from_u64(seed),
        root: format!("{number}-{seed:x}"),
        used: 0,
    };
    while !client.load.is_over() {
        let Some((payment, link)) = client.create().await else { continue };
        if client.rng.random_range(0..PAID_ONE_IN) == 0 {
            client.pay(&payment, &link).await;
        }
    }
}

impl Client {
    /// Asks for a payment until there is an answer, or the load is over.
    async fn create(&mut self) -> Option<(String, String)> {
        let (body, shares) = self.draw_body();
        self.used += 1;
        let key = format!("{}-{}", self.root, self.used);
        let creation = Creation { body: body.to_string(), shares, payment: None };
        // Known before it is sent: an answer that never comes must not hide the question.
        self.load.run.records().creations.insert(key.clone(), creation.clone());
        loop {
            let begun = Instant::now();
            let answer = self.steps.create(&key, &creation.body).await;
            self.load.took(begun.elapsed());
            match answer {
                Ok(answer) if answer.status == 200 => return self.created(&key, &answer),
                Ok(answer) => self.judge_refusal(&key, &answer),
                Err(_) => {
                    self.load.broken.fetch_add(1, Ordering::Relaxed);
                }
            }
            if self.load.is_over() {
                return None;
            }
            sleep(RETRY_PAUSE).await;
        }
    }

    fn created(&self, key: &str, answer: &Response) -> Option<(String, String)> {
        self.load.acknowledged();
        let payment = shop::payment_id(answer).ok()?;
        let link = answer.json().ok()?["result"]["link"].as_str()?.to_owned();
        let mut records = self.load.run.records();
        records.told(&payment, Claim::Exists);
        if let Some(creation) = records.creations.get_mut(key) {
            creation.payment = Some(payment.clone());
        }
        Some((payment, link))
    }

    /// While servers change places, "ask again" is the only right answer beside the wanted one.
    fn judge_refusal(&self, key: &str, answer: &Response) {
        self.load.refused.fetch_add(1, Ordering::Relaxed);
        if answer.status != 503 || answer.header("retry-after").is_none() {
            let what = format!("create is answered with {}: {}", answer.status, answer.text());
            self.load.run.violation(Some(key), what);
        }
    }

    /// Pays by card. What breaks off on the way is nobody's promise; what is shown is noted.
    async fn pay(&mut self, payment: &str, link: &str) {
        self.load.tries_to_pay(payment);
        let Ok(bank) = self.steps.go_to_bank(payment, link).await else { return };
        let done = self.steps.at_the_bank(payment, bank, CARD_FRICTIONLESS).await;
        if done.is_ok() {
            // The answer, when there is one, is a claim like any other.
            let _ = self.steps.verify(payment).await;
        }
    }

    fn draw_body(&mut self) -> (Value, BTreeMap<String, u64>) {
        let amount: u64 = self.rng.random_range(1_000..100_000);
        let (first, second) = (amount / 4, amount / 5);
        let shares = [(MERCHANTS[0], first), (MERCHANTS[1], second)];
        let mut all: BTreeMap<String, u64> =
            shares.iter().map(|(merchant, share)| ((*merchant).to_owned(), *share)).collect();
        all.insert(PLATFORM.to_owned(), amount - first - second);
        let [paid, unpaid, hook] = [self.letters(), self.letters(), self.letters()];
        let body = json!({
            "amount": amount,
            "success_link": format!("http://shop.invalid/ok?s={paid}"),
            "fail_link": format!("http://shop.invalid/no?s={unpaid}"),
            "webhook": format!("{}?s={hook}", self.load.run.webhook),
            "developer_tracking_id": self.root,
            "accept_card": true,
            "destination": [
                {"amount": first, "destination": MERCHANTS[0]},
                {"amount": second, "destination": MERCHANTS[1]},
            ],
        });
        (body, all)
    }

    fn letters(&mut self) -> String {
        let one = |_| char::from(LETTERS[self.rng.random_range(0..LETTERS.len())]);
        (0..LETTERS_PER_LINK).map(one).collect()
    }
}
