//! A gateway and its sandbox bank inside the test's process: a data directory of their own, one
//! clock that the test moves, chance from a seed, real sockets. When it goes, the books must balance.

use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::Arc;

use qisma::clock::{Clock, ManualClock};
use qisma::config::{Config, Sources};
use qisma::data_dir::DataDir;
use qisma::gateway::{Gateway, GatewayOptions};
use qisma::keyring::{Keyring, MasterKey};
use qisma::operations::apps::NewApp;
use qisma::outbound::install_tls_provider;
use qisma::random::Randomness;
use qisma_domain::time::Timestamp;
use qisma_store::audit::{Audit, Invariant};
use qisma_store::{Engine, PostgresOptions};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use tempfile::TempDir;
use throwaway_postgres::Lent;
use tokio_util::sync::CancellationToken;

pub const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// When every test begins: a Monday in November 2026.
pub const START: Timestamp = Timestamp::from_secs(1_795_428_000);
const SEED: u64 = 7;
/// What the bank signs its callbacks with; the gateway has it only where a test sets it.
pub const CALLBACK_KEY: &str = "a key for callbacks";
const ROWS_MAX: i64 = 10_000;

/// A running gateway with its bank.
pub struct TestApp {
    pub gateway: Gateway,
    pub clock: ManualClock,
    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub url: String,
    /// The bank's address, in the same form.
    pub sandbox_url: String,
    /// Follows no redirect.
    pub client: Client,
    stop: CancellationToken,
    data: TempDir,
    // The last to go: the gateway is a client of it.
    database: Option<Lent>,
}

impl TestApp {
    /// A gateway with the default settings.
    pub async fn start() -> Self {
        Self::with_settings(&[]).await
    }

    /// A gateway with these variables set: `("QISMA__LINKS__HTTPS_ONLY", "true")`.
    pub async fn with_settings(settings: &[(&str, &str)]) -> Self {
        install_tls_provider();
        let data = tempfile::tempdir().unwrap();
        let clock = ManualClock::starting_at(START);
        let stop = CancellationToken::new();
        let sandbox_url = start_sandbox(&data, &clock, &stop);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let bound = listener.local_addr().unwrap();
        let database = lent();
        let gateway =
            open(config(&data, &sandbox_url, database.as_ref(), settings), &clock, bound).await;
        tokio::spawn(qisma::http::serve(gateway.clone(), listener, stop.clone()));
        let client =
            Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build();
        let serves_http = gateway.config.http.tls.is_none();
        let app = Self {
            gateway,
            clock,
            url: format!("http://{bound}"),
            sandbox_url,
            client: client.unwrap(),
            stop,
            data,
            database,
        };
        if serves_http {
            assert_eq!(Reply::of(app.request(Method::GET, "/health")).await.status, 200);
        }
        app
    }

    /// Stops the gateway and starts it again on its data, at another port, with other settings.
    pub async fn restart_with(&mut self, settings: &[(&str, &str)]) {
        let store = self.gateway.store.clone();
        tokio::task::spawn_blocking(move || store.close()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let bound = listener.local_addr().unwrap();
        let config = config(&self.data, &self.sandbox_url, self.database.as_ref(), settings);
        self.gateway = open(config, &self.clock, bound).await;
        self.url = format!("http://{bound}");
        let served = qisma::http::serve(self.gateway.clone(), listener, self.stop.clone());
        tokio::spawn(served);
    }

    /// Where the gateway and its bank keep their files.
    pub fn data_dir(&self) -> &std::path::Path {
        self.data.path()
    }

    /// A request to a path, without credentials.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// `POST /api/v2/generate_payment` with an app's keys and this text as JSON.
    pub fn generating(&self, app: &NewApp, body: impl Into<String>) -> RequestBuilder {
        self.request(Method::POST, "/api/v2/generate_payment")
            .header(AUTHORIZATION, bearer(app))
            .header(CONTENT_TYPE, "application/json")
            .body(body.into())
    }

    /// Asks for a payment.
    pub async fn generate(&self, app: &NewApp, body: &Value) -> Reply {
        Reply::of(self.generating(app, body.to_string())).await
    }

    /// Asks for a payment that must be granted, and gives its id.
    pub async fn payment(&self, app: &NewApp, body: &Value) -> String {
        let reply = self.generate(app, body).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.json()["result"]["payment_id"].as_str().unwrap().to_owned()
    }

    /// Asks what became of a payment.
    pub async fn verify(&self, app: &NewApp, payment_id: &str) -> Reply {
        let path = format!("/api/v2/verify_payment/{payment_id}");
        Reply::of(self.request(Method::GET, &path).header(AUTHORIZATION, bearer(app))).await
    }

    /// How many payments there are.
    pub async fn payment_count(&self) -> usize {
        self.gateway.store.read(|reader| Ok(reader.payments(None, ROWS_MAX)?.len())).await.unwrap()
    }
}

/// The value of an app's `Authorization` header.
pub fn bearer(app: &NewApp) -> String {
    format!("Bearer {}:{}", app.public_key, app.private_key)
}

/// An answer, read to its end.
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Reply {
    /// Sends a request and reads the answer.
    pub async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, body: response.text().await.unwrap() }
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    /// A header as text; empty when it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The error's code.
    pub fn error(&self) -> String {
        self.json()["result"]["error"].as_str().unwrap_or_default().to_owned()
    }

    /// The fields that were refused, in order.
    pub fn refused_fields(&self) -> Vec<String> {
        let errors = self.json()["result"]["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
    }
}

/// A database of a server, if the suite runs on one; else the gateway keeps to its directory.
pub fn lent() -> Option<Lent> {
    Lent::wanted(&template(), migrate).unwrap()
}

/// What a database is copied from: a gateway's, before it was ever used.
pub fn template() -> String {
    format!("qisma_{}", qisma_store::postgres::schema_digest())
}

pub fn migrate(url: &str) -> anyhow::Result<()> {
    let options = PostgresOptions {
        url: url.to_owned(),
        tls_ca_file: None,
        is_pooled: false,
        is_citus: false,
        lanes: 1,
    };
    qisma_store::migrate_engine(&Engine::Postgres(options), START)?;
    Ok(())
}

/// Opening waits for a server, which is not for a thread of the runtime.
async fn open(config: Config, clock: &ManualClock, bound: SocketAddr) -> Gateway {
    let options = GatewayOptions {
        config,
        keyring: Keyring::new(&MasterKey::parse(MASTER_KEY).unwrap()),
        clock: Arc::new(clock.clone()),
        randomness: Randomness::seeded(SEED),
        bound,
    };
    tokio::task::spawn_blocking(move || Gateway::open(options)).await.unwrap().unwrap()
}

fn config(
    data: &TempDir,
    sandbox_url: &str,
    database: Option<&Lent>,
    settings: &[(&str, &str)],
) -> Config {
    let is_pooled = database.is_some_and(Lent::is_pooled);
    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let ours = [
        ("QISMA__ACQUIRERS__SANDBOX__URL", sandbox_url),
        ("QISMA__WEBHOOKS__ALLOW_LOOPBACK", "true"),
        ("QISMA__DATABASE__URL", database.map_or("", Lent::url)),
        ("QISMA__DATABASE__POOLER", if is_pooled { "transaction" } else { "none" }),
    ];
    let is_own = |(name, _): &(&str, &str)| settings.iter().all(|(other, _)| other != name);
    // What a test sets itself wins.
    let variables = ours.into_iter().filter(is_own).chain(settings.iter().copied()).map(own);
    let variables = variables.collect();
    let sources = Sources { variables, ..Sources::default() };
    Config::load(&sources, &DataDir::open(data.path()).unwrap()).unwrap()
}

fn start_sandbox(data: &TempDir, clock: &ManualClock, stop: &CancellationToken) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let sandbox = qisma_sandbox::Sandbox::open(qisma_sandbox::Options {
        data_dir: data.path().join("sandbox"),
        public_url: url.clone(),
        callback_key: CALLBACK_KEY.to_owned(),
        clock: Arc::new(BankClock(clock.clone())),
        rng: Randomness::seeded(SEED + 1).rng(),
    })
    .unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    tokio::spawn(qisma_sandbox::serve(listener, sandbox, stop.clone()));
    url
}

/// The test's clock as the bank reads it: the bank shares no code with the gateway.
struct BankClock(ManualClock);

impl qisma_sandbox::Clock for BankClock {
    fn now_ms(&self) -> i64 {
        self.0.now().micros() / 1_000
    }

    fn sleep_until(&self, at_ms: i64) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.0.sleep_until(Timestamp::from_micros(at_ms * 1_000))
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop.cancel();
        if std::thread::panicking() {
            return;
        }
        // Asking a server waits, which is not for a thread of the runtime.
        let engine = &self.gateway.config.database.engine;
        std::thread::scope(|scope| scope.spawn(|| check_books(engine)).join()).unwrap();
    }
}

/// No test may leave the books off: every invariant is asked of every row.
fn check_books(engine: &Engine) {
    let audit = Audit::open(engine).unwrap();
    for invariant in Invariant::ALL {
        let problems = audit.check(invariant).unwrap().problems;
        assert!(problems.is_empty(), "{}: {problems:#?}", invariant.id());
    }
}
