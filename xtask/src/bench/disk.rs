//! What a sync costs here, measured before anything else: every durable rate follows from it.

use anyhow::Context as _;
use serde_json::{Value, json};
use std::io::Write as _;
use std::time::{Duration, Instant};

const SYNCS: usize = 200;
/// A page of the write-ahead log.
const PAGE: [u8; 4_096] = [7; 4_096];
/// The slowest syncs of a quiet disk are a few times its usual one.
const NOISY_TIMES: u32 = 20;
/// Processes that wanted to run over the last minute on a quiet machine, in hundredths.
const NOISY_LOAD_HUNDREDTHS: u64 = 100;

/// What the probe found.
pub struct Disk {
    /// The middle sync.
    pub p50: Duration,
    /// All but one in a hundred are faster.
    pub p99: Duration,
    load_hundredths: u64,
}

/// Writes and syncs pages at the end of a file.
pub fn probe() -> anyhow::Result<Disk> {
    let mut file = tempfile::tempfile().context("no temporary file can be made")?;
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        file.write_all(&PAGE)?;
        let begun = Instant::now();
        file.sync_data()?;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    Ok(Disk {
        p50: times[SYNCS / 2],
        p99: times[SYNCS * 99 / 100],
        load_hundredths: hundredths(&load).unwrap_or(0),
    })
}

/// Reads the first number of `0.42 0.30 0.20 1/80 123`.
fn hundredths(load: &str) -> Option<u64> {
    let (whole, part) = load.split(' ').next()?.split_once('.')?;
    Some(whole.parse::<u64>().ok()? * 100 + part.parse::<u64>().ok()?)
}

impl Disk {
    /// Whether what is measured now says little.
    pub fn is_noisy(&self) -> bool {
        self.p99 > self.p50 * NOISY_TIMES || self.load_hundredths > NOISY_LOAD_HUNDREDTHS
    }

    /// The finding in one sentence.
    pub fn sentence(&self) -> String {
        let noise = if self.is_noisy() {
            "THE MACHINE IS NOISY: measure again when nothing else runs"
        } else {
            "the machine is quiet"
        };
        let (p50, p99) = (self.p50.as_micros(), self.p99.as_micros());
        let (whole, part) = (self.load_hundredths / 100, self.load_hundredths % 100);
        format!("a sync takes p50 {p50} us, p99 {p99} us; load {whole}.{part:02}; {noise}")
    }

    /// The finding for a program.
    pub fn to_json(&self) -> Value {
        json!({
            "sync_p50_us": u64::try_from(self.p50.as_micros()).ok(),
            "sync_p99_us": u64::try_from(self.p99.as_micros()).ok(),
            "load_hundredths": self.load_hundredths,
            "noisy": self.is_noisy(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_load_is_read_in_hundredths() {
        assert_eq!(hundredths("12.05 1.00 0.90 1/80 123"), Some(1_205));
        assert_eq!(hundredths(""), None);
    }

    #[test]
    fn a_disk_with_long_outliers_is_noisy() {
        let disk = |p99| Disk {
            p50: Duration::from_micros(200),
            p99: Duration::from_micros(p99),
            load_hundredths: 50,
        };
        assert!(!disk(1_000).is_noisy());
        assert!(disk(9_000).is_noisy());
    }
}
