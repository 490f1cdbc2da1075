//! How fast the lane writes, against a loop of prepared statements that writes the same rows in the
//! same transactions: what deciding in memory costs on top of what the engine and the disk take.
//!
//! Each round makes fresh databases and measures both sides one after the other, so that both meet
//! the same disk. `cargo xtask bench` runs it and shows the medians.

mod bare;
mod growth;
mod lane;
mod server;

use qisma_store::{Engine, PostgresOptions};
use std::time::{Duration, Instant};

/// Payments in the tables of which growth is held against.
const FEW: usize = 100_000;

/// What one round measured.
struct Round {
    creates: Pair,
    captures: Pair,
    /// How long it took to give a part of each payment back.
    refunds: Duration,
}

/// Both sides of a comparison.
struct Pair {
    lane: Duration,
    bare: Duration,
    /// How many transactions each side committed.
    commits: usize,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |name: &str, default: usize| {
        let at = arguments.iter().position(|argument| argument == name);
        let given = at.and_then(|at| arguments.get(at + 1)?.parse().ok());
        given.unwrap_or(default)
    };
    let (payments, rounds) = (number("--payments", 20_000), number("--rounds", 5));
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    let at = arguments.iter().position(|argument| argument == "--postgres");
    let url = at.map(|at| arguments.get(at + 1).expect("--postgres URL"));
    let (lanes, many) = (number("--lanes", 2), number("--growth", 0));
    if many != 0 {
        let dir = tempfile::Builder::new().prefix("qisma-growth-").tempdir().expect("a folder");
        let file = || Engine::Sqlite(dir.path().join("growth.db"));
        let engine = url.map_or_else(file, |url| on_server(url, lanes));
        let found = runtime.block_on(growth::measure(engine, FEW, many));
        return println!("{found}");
    }
    if let Some(url) = url {
        let found = runtime.block_on(server::measure(url, lanes, payments, rounds));
        return println!("{found}");
    }
    let measured: Vec<Round> = (0..rounds).map(|_| runtime.block_on(round(payments))).collect();
    let creates = summary(payments, measured.iter().map(|round| &round.creates));
    let captures = summary(payments, measured.iter().map(|round| &round.captures));
    let refunds = measured.iter().map(|round| per_second(payments, round.refunds)).collect();
    println!(
        "{}",
        serde_json::json!({
            "callers": lane::CALLERS,
            "payments": payments,
            "rounds": rounds,
            "creates": creates,
            "captures": captures,
            "refunds_per_s": middle(refunds),
        })
    );
}

async fn round(payments: usize) -> Round {
    let dir = tempfile::Builder::new().prefix("qisma-lane-").tempdir().expect("a folder");
    let (own, before) = (dir.path().join("lane.db"), dir.path().join("before.db"));
    let lane = lane::Bench::open(Engine::Sqlite(own.clone())).await;

    bare::copy(&own, &before);
    let (paid_for, lane_creates) = timed(lane.create(payments)).await;
    let rows = bare::Rows::created(&own);
    let begun = Instant::now();
    rows.write(&before);
    let creates = Pair { lane: lane_creates, bare: begun.elapsed(), commits: rows.commits() };

    lane.start_cards(&paid_for).await;
    std::fs::remove_file(&before).expect("it was written above");
    bare::copy(&own, &before);
    let ((), lane_captures) = timed(lane.capture(&paid_for)).await;
    let rows = bare::Rows::captured(&own);
    let begun = Instant::now();
    rows.write(&before);
    let captures = Pair { lane: lane_captures, bare: begun.elapsed(), commits: rows.commits() };
    let ((), refunds) = timed(lane.refund(&paid_for)).await;
    Round { creates, captures, refunds }
}

fn on_server(url: &str, lanes: usize) -> Engine {
    let url = url.to_owned();
    Engine::Postgres(PostgresOptions {
        url,
        tls_ca_file: None,
        is_pooled: false,
        is_citus: false,
        lanes,
    })
}

async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let begun = Instant::now();
    let done = work.await;
    (done, begun.elapsed())
}

fn per_second(payments: usize, took: Duration) -> u64 {
    let micros = took.as_micros().max(1);
    u64::try_from(payments).unwrap_or(u64::MAX).saturating_mul(1_000_000)
        / u64::try_from(micros).unwrap_or(u64::MAX)
}

fn middle(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}

/// The middle of the rounds, in payments a second and in thousandths.
fn summary<'a>(payments: usize, pairs: impl Iterator<Item = &'a Pair>) -> serde_json::Value {
    let pairs: Vec<&Pair> = pairs.collect();
    let per_second = |took: Duration| per_second(payments, took);
    let middle = |of: &dyn Fn(&Pair) -> u64| middle(pairs.iter().map(|pair| of(pair)).collect());
    let batch = |pair: &Pair| u64::try_from(payments / pair.commits.max(1)).unwrap_or(0);
    serde_json::json!({
        "lane_per_s": middle(&|pair| per_second(pair.lane)),
        "bare_per_s": middle(&|pair| per_second(pair.bare)),
        "ratio_permille": middle(&|pair| {
            per_second(pair.lane).saturating_mul(1_000) / per_second(pair.bare).max(1)
        }),
        "payments_per_commit": middle(&batch),
    })
}
