//! The lanes of a PostgreSQL server: payments a second, to be held against what `pgbench` reaches on
//! the same cluster in the same run.

use super::lane::{Bench, CALLERS};
use super::{middle, on_server, per_second, timed};

/// Measures creates and captures, round after round on the same tables.
pub async fn measure(url: &str, lanes: usize, payments: usize, rounds: usize) -> serde_json::Value {
    let bench = Bench::open(on_server(url, lanes)).await;
    // Statements are prepared and tables have grown a little before anything counts.
    bench.create(payments / 10).await;
    let (mut creates, mut captures) = (vec![], vec![]);
    for _ in 0..rounds {
        let (paid_for, took) = timed(bench.create(payments)).await;
        creates.push(per_second(payments, took));
        bench.start_cards(&paid_for).await;
        let ((), took) = timed(bench.capture(&paid_for)).await;
        captures.push(per_second(payments, took));
    }
    let (create_us, capture_us) = bench.latencies_us();
    serde_json::json!({
        "callers": CALLERS,
        "lanes": lanes,
        "payments": payments,
        "rounds": rounds,
        "creates_per_s": middle(creates),
        "create_p50_us": create_us.0,
        "create_p99_us": create_us.1,
        "captures_per_s": middle(captures),
        "capture_p50_us": capture_us.0,
        "capture_p99_us": capture_us.1,
    })
}
