//! Counters and histograms in Prometheus' text form. Whoever serves them asks [`Metrics::render`].

use std::sync::{Arc, Mutex, PoisonError};

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;

/// Upper bounds of every histogram whose name ends in `_seconds`: from a commit (a fraction of a
/// millisecond) to the longest wait for an acquirer or a receiver.
const SECONDS_BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0];

/// Upper bounds of every histogram whose name ends in `_size`: how many things came together.
const SIZE_BUCKETS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 64.0, 256.0, 1024.0, 8192.0];

/// Samples are folded into their buckets this often. Without it they pile up in memory until
/// somebody looks, and nobody may ever look.
const UPKEEP_SECS: i64 = 5;

/// The recorder of this process, of which there can be only one.
static INSTALLED: Mutex<Option<PrometheusHandle>> = Mutex::new(None);

/// A handle on the recorded metrics.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

/// Metrics could not be recorded.
#[derive(Debug, Error)]
#[error("metrics cannot be recorded: {0}")]
pub struct MetricsError(#[from] BuildError);

impl Metrics {
    /// Starts to record, or joins the recording that this process has begun already.
    pub fn install() -> Result<Self, MetricsError> {
        // A panic elsewhere leaves either no handle or a whole one.
        let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = &*installed {
            return Ok(Self { handle: handle.clone() });
        }
        let handle = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS_BUCKETS)?
            .set_buckets_for_metric(Matcher::Suffix("_size".to_owned()), &SIZE_BUCKETS)?
            .install_recorder()?;
        *installed = Some(handle.clone());
        Ok(Self { handle })
    }

    /// Everything recorded so far, in Prometheus' text form.
    pub fn render(&self) -> String {
        self.handle.render()
    }

    /// Keeps the recorder's memory bounded until the token is cancelled.
    pub async fn upkeep(self, clock: Arc<dyn Clock>, stop: CancellationToken) {
        loop {
            let next = clock.now().plus_secs(UPKEEP_SECS);
            tokio::select! {
                () = clock.sleep_until(next) => self.handle.run_upkeep(),
                () = stop.cancelled() => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Metrics;

    #[test]
    fn a_duration_is_counted_in_the_declared_buckets() {
        let recorded = Metrics::install().unwrap();
        metrics::histogram!("qisma_test_wait_seconds").record(0.003);
        let text = recorded.render();
        assert!(text.contains("qisma_test_wait_seconds_bucket{le=\"0.005\"} 1"), "{text}");
    }
}
