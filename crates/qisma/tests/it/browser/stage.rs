//! What a scenario is played on: the gateway with its workers and bank, a shop on an origin of its own
//! that redirects once more, and the control through which the scenario asks this process for things.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Query, RawQuery, State};
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use qisma::clock::Clock;
use qisma::operations::apps::NewApp;
use qisma::verify::VerifyOptions;
use qisma_domain::delivery::{Delivery, DeliveryState};
use qisma_domain::ids::Mode;
use qisma_domain::time::Timestamp;
use qisma_store::Shards;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::given;
use crate::test_app::TestApp;

const SCENARIOS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser");
const ROWS_MAX: i64 = 1_000;
/// Far longer than anything here takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

struct Stage {
    app: TestApp,
    keys: NewApp,
    shop: String,
    /// The queries that the shop's webhook received, in order.
    webhooks: watch::Sender<Vec<String>>,
}

/// Plays a scenario, and then proves that the books balance, the bank's included.
pub async fn play(scenario: &str) {
    let app = TestApp::start().await;
    let keys = given::a_platform(&app).await;
    let stop = CancellationToken::new();
    let mut workers = qisma::workers::start(&app.gateway, &stop);
    let webhooks = watch::Sender::new(vec![]);
    let shop_url = serve(shop_routes(webhooks.clone()), &stop).await;
    let stage = Arc::new(Stage { app, keys, shop: shop_url, webhooks });
    let control = serve(control_routes(stage.clone()), &stop).await;
    let output = Command::new("node")
        .args(["run.mjs", &format!("scenarios/{scenario}.mjs")])
        .current_dir(SCENARIOS)
        .env("QISMA_GATEWAY", &stage.app.url)
        .env("QISMA_SANDBOX", &stage.app.sandbox_url)
        .env("QISMA_SHOP", &stage.shop)
        .env("QISMA_CONTROL", &control)
        .kill_on_drop(true)
        .output()
        .await
        .expect("node runs; scripts/setup installs what the browser tests need");
    let told = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{told}");
    let options = VerifyOptions { require_acquirer: true };
    let clock: Arc<dyn Clock> = Arc::new(stage.app.clock.clone());
    let report = qisma::verify::run(&stage.app.gateway.config, clock, options).await.unwrap();
    assert_eq!(report.exit_code(), 0, "{}", serde_json::to_string_pretty(&report).unwrap());
    stop.cancel();
    while workers.join_next().await.is_some() {}
}

async fn serve(routes: Router, stop: &CancellationToken) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let stopped = stop.clone().cancelled_owned();
    tokio::spawn(
        async move { axum::serve(listener, routes).with_graceful_shutdown(stopped).await },
    );
    url
}

/// A shop that, like many, redirects once more before it says anything.
fn shop_routes(webhooks: watch::Sender<Vec<String>>) -> Router {
    Router::new()
        .route(
            "/back/{which}",
            get(|Path(which): Path<String>, RawQuery(query): RawQuery| async move {
                Redirect::to(&format!("/landed/{which}?{}", query.unwrap_or_default()))
            }),
        )
        .route(
            "/landed/{which}",
            get(|Path(which): Path<String>| async move {
                let icon = "<link rel=icon href=data:,>";
                Html(format!("<!doctype html><title>Shop</title>{icon}<h1>{which}</h1>"))
            }),
        )
        .route(
            "/hook",
            get(|RawQuery(query): RawQuery| async move {
                webhooks.send_modify(|all| all.push(query.unwrap_or_default()));
            }),
        )
}

fn control_routes(stage: Arc<Stage>) -> Router {
    Router::new()
        .route("/payment", post(create_payment))
        .route("/verify/{payment_id}", get(verify_payment))
        .route("/advance", post(advance))
        .route("/webhook/{payment_id}", get(webhook))
        .with_state(stage)
}

/// Asks for a payment: the documented split, with the scenario's own fields.
async fn create_payment(State(stage): State<Arc<Stage>>, fields: String) -> String {
    let mut request = given::a_split_request();
    request["success_link"] = json!(format!("{}/back/success", stage.shop));
    request["fail_link"] = json!(format!("{}/back/fail", stage.shop));
    request["webhook"] = json!(format!("{}/hook", stage.shop));
    let fields: Value = serde_json::from_str(&fields).unwrap();
    for (name, value) in fields.as_object().unwrap() {
        request[name] = value.clone();
    }
    let reply = stage.app.generate(&stage.keys, &request).await;
    reply.json()["result"].to_string()
}

async fn verify_payment(State(stage): State<Arc<Stage>>, Path(id): Path<String>) -> String {
    stage.app.verify(&stage.keys, &id).await.body
}

/// Lets time pass, stopping wherever a worker wants to wake, and waits until all that fell due on the
/// way is done.
async fn advance(
    State(stage): State<Arc<Stage>>,
    Query(query): Query<BTreeMap<String, i64>>,
) -> String {
    let clock = &stage.app.clock;
    let target = clock.now().plus_secs(query["secs"]);
    while clock.now() < target {
        let wake = clock.next_wake().filter(|wake| clock.now() < *wake);
        clock.advance_to(wake.unwrap_or(target).min(target));
        tokio::time::timeout(PATIENCE, settle(&stage)).await.expect("the workers finish");
    }
    String::new()
}

async fn settle(stage: &Stage) {
    loop {
        let now: Timestamp = stage.app.clock.now();
        let read = stage.app.gateway.store.read(move |reader| {
            let is_due = |delivery: &Delivery| {
                matches!(delivery.state, DeliveryState::Pending { next_at } if next_at <= now)
            };
            Ok(reader.payments_to_expire(&Shards::all(), now, 1)?.is_empty()
                && reader.attempts_to_look_at(&Shards::all(), Mode::Test, now, 1)?.is_empty()
                && !reader.deliveries(None, ROWS_MAX)?.iter().any(is_due))
        });
        if read.await.unwrap() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// The query of a payment's webhook, once it has come.
async fn webhook(State(stage): State<Arc<Stage>>, Path(id): Path<String>) -> String {
    let mut webhooks = stage.webhooks.subscribe();
    let is_of = |query: &&String| query.contains(&id);
    let came = webhooks.wait_for(|all| all.iter().any(|query| is_of(&query)));
    let all = tokio::time::timeout(PATIENCE, came).await.expect("the webhook comes").unwrap();
    json!({ "query": all.iter().find(is_of) }).to_string()
}
