//! A running sandbox, a clock to move, and a payer who follows forms and redirects as a browser does.

use std::pin::Pin;
use std::sync::Arc;

use qisma_sandbox::{Clock, Options, Sandbox};
use rand::SeedableRng;
use rand::rngs::StdRng;
use reqwest::{Client, Response};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub const CALLBACK_KEY: &str = "a key for callbacks";
pub const VISA: Card = ("4509 2111 1111 1119", "12/26", "748");
pub const FRICTIONLESS: Card = ("4509-2111-1111-1127", "12/26", "748");
pub const NO_FUNDS: Card = ("5104051111111115", "12/26", "186");

/// Number, expiry, security code.
pub type Card = (&'static str, &'static str, &'static str);

/// A clock that stands still until it is moved.
pub struct ManualClock {
    now_ms: watch::Sender<i64>,
    sleepers: watch::Sender<usize>,
}

impl ManualClock {
    fn new() -> Arc<Self> {
        let (now_ms, _) = watch::channel(1_795_000_000_000);
        let (sleepers, _) = watch::channel(0);
        Arc::new(Self { now_ms, sleepers })
    }

    pub fn advance_secs(&self, secs: i64) {
        self.now_ms.send_modify(|now_ms| *now_ms += secs * 1_000);
    }

    /// Completes once so many have begun to wait on this clock since it was made.
    pub async fn sleepers(&self, count: usize) {
        self.sleepers.subscribe().wait_for(|sleepers| *sleepers >= count).await.unwrap();
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> i64 {
        *self.now_ms.borrow()
    }

    fn sleep_until(&self, at_ms: i64) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let mut now_ms = self.now_ms.subscribe();
        self.sleepers.send_modify(|sleepers| *sleepers += 1);
        Box::pin(async move {
            let reached = now_ms.wait_for(|now_ms| *now_ms >= at_ms).await;
            assert!(reached.is_ok(), "the clock outlives its sleepers");
        })
    }
}

/// A sandbox that stops when it is dropped.
pub struct Bank {
    pub url: String,
    pub clock: Arc<ManualClock>,
    pub client: Client,
    pub data_dir: Arc<TempDir>,
    stop: CancellationToken,
}

impl Drop for Bank {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Bank {
    pub async fn start() -> Self {
        Self::start_in(Arc::new(tempfile::tempdir().unwrap())).await
    }

    /// Another sandbox over the same books.
    pub async fn restart(self) -> Self {
        self.stop.cancel();
        Self::start_in(Arc::clone(&self.data_dir)).await
    }

    async fn start_in(data_dir: Arc<TempDir>) -> Self {
        // Another test may have been first; one provider is as good as the other.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let clock = ManualClock::new();
        let sandbox = Sandbox::open(Options {
            data_dir: data_dir.path().to_owned(),
            public_url: url.clone(),
            callback_key: CALLBACK_KEY.to_owned(),
            clock: Arc::<ManualClock>::clone(&clock),
            rng: Box::new(StdRng::seed_from_u64(1)),
        })
        .unwrap();
        let stop = CancellationToken::new();
        tokio::spawn(qisma_sandbox::serve(listener, sandbox, stop.clone()));
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self { url, clock, client, data_dir, stop }
    }

    /// A form post with a login, answered whatever way.
    pub async fn send(&self, endpoint: &str, fields: &[(&str, &str)]) -> reqwest::Result<Response> {
        let mut form = vec![("userName", "shop"), ("password", "secret")];
        form.retain(|(name, _)| fields.iter().all(|(other, _)| other != name));
        form.extend(fields);
        let url = format!("{}/payment/rest/{endpoint}.do", self.url);
        self.client.post(url).form(&form).send().await
    }

    /// A form post with a login, answered with 200 and JSON.
    pub async fn call(&self, endpoint: &str, fields: &[(&str, &str)]) -> Value {
        let response = self.send(endpoint, fields).await.unwrap();
        assert_eq!(response.status(), 200);
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
    }

    /// Registers an order of 10 dinars and returns its id; `more` adds fields.
    pub async fn register(&self, number: &str, more: &[(&str, &str)]) -> String {
        self.register_at("register", number, more).await
    }

    pub async fn register_at(&self, endpoint: &str, number: &str, more: &[(&str, &str)]) -> String {
        let mut fields = vec![
            ("orderNumber", number),
            ("amount", "10000"),
            ("currency", "788"),
            ("returnUrl", "http://shop.example/back?basket=7"),
            ("failUrl", "http://shop.example/sorry"),
        ];
        fields.extend(more);
        let answer = self.call(endpoint, &fields).await;
        assert!(answer.get("errorCode").is_none(), "{answer}");
        answer["orderId"].as_str().unwrap().to_owned()
    }

    pub async fn status(&self, order_id: &str) -> Value {
        self.call("getOrderStatusExtended", &[("orderId", order_id)]).await
    }

    pub async fn order_status(&self, order_id: &str) -> (i64, i64) {
        let status = self.status(order_id).await;
        (status["orderStatus"].as_i64().unwrap(), status["actionCode"].as_i64().unwrap())
    }

    /// Arms a fault.
    pub async fn arm(&self, fault: &Value) {
        let url = format!("{}/sandbox/faults", self.url);
        let response = self.client.post(url).body(fault.to_string()).send().await.unwrap();
        assert_eq!(response.status(), 200);
    }

    pub fn form_url(&self, order_id: &str) -> String {
        format!("{}/payment/merchants/SANDBOX/payment.html?mdOrder={order_id}", self.url)
    }

    /// Opens the order's page and types a card.
    pub async fn present(&self, order_id: &str, card: Card) -> Page {
        let page = Page::get(self, &self.form_url(order_id)).await;
        page.submit(self, &card_fields(card)).await
    }

    /// Pays the order to the end and returns where the payer is sent.
    pub async fn pay(&self, order_id: &str, card: Card) -> String {
        let mut page = self.present(order_id, card).await;
        if page.html.contains("one-time-code") {
            page = page.submit(self, &[("one-time-code", "123456")]).await;
        }
        page.leave(self).await
    }
}

/// What is typed, by `autocomplete`.
pub fn card_fields(card: Card) -> [(&'static str, &'static str); 4] {
    [
        ("cc-number", card.0),
        ("cc-exp", card.1),
        ("cc-csc", card.2),
        ("cc-name", "Foulen Ben Foulen"),
    ]
}

/// A page as a payer sees it, redirects already followed.
pub struct Page {
    pub url: String,
    pub html: String,
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
}

impl Page {
    pub async fn get(bank: &Bank, url: &str) -> Self {
        let response = bank.client.get(url).send().await.unwrap();
        Self::follow(bank, url, response).await
    }

    async fn follow(bank: &Bank, url: &str, mut response: Response) -> Self {
        let mut url = url.to_owned();
        while response.status() == 303 {
            let location = response.headers()["location"].to_str().unwrap();
            assert!(location.starts_with('/'), "a form must not lead elsewhere: {location}");
            url = format!("{}{location}", bank.url);
            response = bank.client.get(&url).send().await.unwrap();
        }
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { url, html: response.text().await.unwrap(), status, headers }
    }

    /// Fills the page's one form in by `autocomplete` and sends it.
    pub async fn submit(&self, bank: &Bank, values: &[(&str, &str)]) -> Self {
        assert_eq!(self.html.matches("<form").count(), 1);
        let mut fields = Vec::new();
        for input in self.html.split("<input").skip(1) {
            let kind = attribute(input, "autocomplete");
            let value = values.iter().find(|(name, _)| *name == kind);
            fields.extend(value.map(|(_, value)| (attribute(input, "name"), *value)));
        }
        assert_eq!(fields.len(), values.len(), "every value has a field");
        let form = self.html.split("<form").nth(1).unwrap();
        self.post(bank, attribute(form, "action"), &fields).await
    }

    /// Presses the button that gives up.
    pub async fn cancel(&self, bank: &Bank) -> Self {
        let button = self.html.split("<button").nth(2).unwrap();
        self.post(bank, attribute(button, "formaction"), &[]).await
    }

    async fn post(&self, bank: &Bank, action: &str, fields: &[(&str, &str)]) -> Self {
        let url = format!("{}{}", bank.url, action.replace("&amp;", "&"));
        let response = bank.client.post(&url).form(fields).send().await.unwrap();
        Self::follow(bank, &url, response).await
    }

    /// Follows the page's refresh and returns the address of the shop it leads to.
    pub async fn leave(&self, bank: &Bank) -> String {
        let marker = "<meta http-equiv=\"refresh\" content=\"0;url=";
        let rest = self.html.split(marker).nth(1).expect("the page leads on");
        let way = format!("{}{}", bank.url, rest.split('"').next().unwrap());
        let response = bank.client.get(way).send().await.unwrap();
        assert_eq!(response.status(), 303);
        response.headers()["location"].to_str().unwrap().to_owned()
    }
}

fn attribute<'a>(tag: &'a str, name: &str) -> &'a str {
    let tag = tag.split('>').next().unwrap();
    tag.split(&format!(" {name}=\"")).nth(1).map_or("", |rest| rest.split('"').next().unwrap())
}
