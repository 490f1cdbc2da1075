//! What the clients meant to do and what they were told, written down as it happens. The oracle is
//! this file, never the gateway's own word.

use anyhow::Context as _;
use serde_json::{Value, json};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// A file of JSON lines, each written with one call at the end of the file.
pub struct Journal {
    path: PathBuf,
    file: Mutex<File>,
    next: AtomicU64,
    begun: Instant,
}

impl Journal {
    /// Begins a journal.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let file = File::options().create(true).append(true).open(path);
        let file = file.with_context(|| format!("{} cannot be written", path.display()))?;
        let (next, begun) = (AtomicU64::new(1), Instant::now());
        Ok(Self { path: path.to_owned(), file: Mutex::new(file), next, begun })
    }

    /// Notes what a client is about to do. Gives the number under which its result is noted.
    pub fn intent(&self, client: usize, call: &str, about: &Value) -> u64 {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.write(json!({"n": number, "client": client, "intent": call, "about": about}));
        number
    }

    /// Notes how it ended.
    pub fn result(&self, number: u64, result: &Value) {
        self.write(json!({"n": number, "result": result}));
    }

    /// Notes something that the harness did itself, such as a kill.
    pub fn note(&self, what: &Value) {
        self.write(json!({"harness": what}));
    }

    fn write(&self, mut line: Value) {
        line["ms"] = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX).into();
        let line = format!("{line}\n");
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // An oracle with gaps would find nothing: better no run at all.
        file.write_all(line.as_bytes()).expect("the client journal can be written");
    }

    /// The lines in which this text stands, and the results of the intents among them.
    pub fn lines_about(&self, text: &str) -> Vec<String> {
        let all = std::fs::read_to_string(&self.path).unwrap_or_default();
        let number = |line: &str| serde_json::from_str::<Value>(line).ok()?["n"].as_u64();
        let hits = all.lines().filter(|line| line.contains(text));
        let numbers: std::collections::BTreeSet<u64> = hits.filter_map(number).collect();
        let about = |line: &&str| {
            line.contains(text) || number(line).is_some_and(|number| numbers.contains(&number))
        };
        all.lines().filter(about).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_about_a_payment_hold_its_intents_with_their_results() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(&dir.path().join("journal")).unwrap();
        let first = journal.intent(1, "create", &json!({"key": "k1"}));
        let second = journal.intent(2, "create", &json!({"key": "k2"}));
        journal.result(first, &json!({"payment": "p1"}));
        journal.result(second, &json!("unknown"));
        assert_eq!(journal.lines_about("p1").len(), 2);
        assert_eq!(journal.lines_about("k2").len(), 2);
        assert_eq!(journal.lines_about("k3").len(), 0);
    }
}
