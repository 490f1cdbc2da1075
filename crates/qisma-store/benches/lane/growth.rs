//! How the lane slows as the tables grow: creates a second on a few payments, and on many.

use qisma_store::Engine;

use super::lane::{Bench, CALLERS};
use super::{middle, per_second, timed};

/// Windows of creates at each size; what counts is the middle one.
const WINDOWS: usize = 5;
const WINDOW: usize = 20_000;
/// Fills faster than it measures, in bigger batches, and in steps whose answers fit into memory.
const FILLERS: usize = 1_024;
const FILL_STEP: usize = 200_000;

/// Measures with so many payments in the tables, then fills them up and measures again.
pub async fn measure(engine: Engine, few: usize, many: usize) -> serde_json::Value {
    let bench = Bench::open(engine).await;
    let mut count = 0;
    let small = at(&bench, &mut count, few).await;
    let big = at(&bench, &mut count, many).await;
    let ratio = big.per_s.saturating_mul(1_000) / small.per_s.max(1);
    serde_json::json!({
        "callers": CALLERS,
        "windows": WINDOWS,
        "payments_per_window": WINDOW,
        "few": small.to_json(few),
        "many": big.to_json(many),
        "ratio_permille": ratio,
    })
}

struct Pace {
    per_s: u64,
    create_us: (u64, u64),
}

impl Pace {
    fn to_json(&self, payments: usize) -> serde_json::Value {
        serde_json::json!({
            "payments": payments,
            "creates_per_s": self.per_s,
            "create_p50_us": self.create_us.0,
            "create_p99_us": self.create_us.1,
        })
    }
}

async fn at(bench: &Bench, count: &mut usize, payments: usize) -> Pace {
    while *count < payments {
        let step = FILL_STEP.min(payments - *count);
        bench.create_by(FILLERS, step).await;
        bench.forget_latencies();
        *count += step;
        eprintln!("growth: {count} of {payments}");
    }
    let mut rates = Vec::with_capacity(WINDOWS);
    for _ in 0..WINDOWS {
        let (_, took) = timed(bench.create(WINDOW)).await;
        rates.push(per_second(WINDOW, took));
        *count += WINDOW;
    }
    Pace { per_s: middle(rates), create_us: bench.latencies_us().0 }
}
