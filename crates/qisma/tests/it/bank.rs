//! The sandbox bank in this process, on the test's clock, and a payer who fills in its form.

use std::pin::Pin;
use std::sync::Arc;

use qisma::acquirers::smt::{RegisterAnswer, RegisterOrder};
use qisma::clock::{Clock, ManualClock};
use qisma::gateway::Gateway;
use qisma::random::Randomness;
use qisma_domain::time::Timestamp;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// A card that pays without 3-D Secure.
const FRICTIONLESS: [(&str, &str); 4] = [
    ("cc-number", "4509211111111127"),
    ("cc-exp", "12/26"),
    ("cc-csc", "748"),
    ("cc-name", "Foulen Ben Foulen"),
];

/// The test's clock, as the sandbox reads it.
struct BankClock(ManualClock);

impl qisma_sandbox::Clock for BankClock {
    fn now_ms(&self) -> i64 {
        self.0.now().micros() / 1_000
    }

    fn sleep_until(&self, at_ms: i64) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.0.sleep_until(Timestamp::from_micros(at_ms * 1_000))
    }
}

/// A sandbox that ends with the test.
pub struct Bank {
    pub url: String,
    client: reqwest::Client,
    _dir: TempDir,
}

impl Bank {
    pub async fn open(clock: &ManualClock) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sandbox = qisma_sandbox::Sandbox::open(qisma_sandbox::Options {
            data_dir: dir.path().to_owned(),
            public_url: url.clone(),
            callback_key: "key".into(),
            clock: Arc::new(BankClock(clock.clone())),
            rng: Randomness::seeded(3).rng(),
        })
        .unwrap();
        tokio::spawn(qisma_sandbox::serve(listener, sandbox, CancellationToken::new()));
        qisma::outbound::install_tls_provider();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { url, client, _dir: dir }
    }

    /// Registers an order as the gateway does, and returns its page.
    pub async fn register(&self, gateway: &Gateway, order_number: &str) -> String {
        let order = RegisterOrder {
            order_number,
            amount_millimes: 10_000,
            return_url: "https://pay.example/return",
            fail_url: "https://pay.example/return",
            session_timeout_secs: 1_200,
            language: "en",
            description: "",
            json_params: None,
            dynamic_callback_url: None,
        };
        match gateway.sandbox.register(&order).await {
            RegisterAnswer::Opened { page_url, .. } => page_url,
            other => panic!("{other:?}"),
        }
    }

    /// Types a card that pays into the bank's page.
    pub async fn pay(&self, page_url: &str) {
        let html = self.client.get(page_url).send().await.unwrap().text().await.unwrap();
        let form = html.split("<form").nth(1).expect("the page has a form");
        let mut fields = vec![];
        for input in form.split("<input").skip(1) {
            let kind = attribute(input, "autocomplete");
            let typed = FRICTIONLESS.iter().find(|(name, _)| *name == kind);
            fields.extend(typed.map(|(_, value)| (attribute(input, "name"), *value)));
        }
        assert_eq!(fields.len(), FRICTIONLESS.len(), "every value has a field");
        let action = format!("{}{}", self.url, attribute(form, "action").replace("&amp;", "&"));
        let answer = self.client.post(action).form(&fields).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
    }
}

fn attribute<'tag>(tag: &'tag str, name: &str) -> &'tag str {
    let tag = tag.split('>').next().unwrap_or_default();
    let value = tag.split(&format!(" {name}=\"")).nth(1);
    value.and_then(|rest| rest.split('"').next()).unwrap_or_default()
}
