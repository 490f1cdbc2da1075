//! Clients for a benchmark: as fast as answers come, or at a rate whatever comes.

use anyhow::{Context as _, ensure};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::{sleep_until, timeout};

use crate::client::wire::{Connection, Response};

/// Writes the request of one turn of one client.
pub type Draw = Arc<dyn Fn(usize, usize) -> Vec<u8> + Send + Sync>;

/// No answer takes nearly so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came of a load.
#[derive(Default)]
pub struct Measured {
    /// How long it took.
    pub took: Duration,
    /// How long each answer took, the shortest first.
    latencies: Vec<Duration>,
    /// The payments that were created.
    pub payments: Vec<String>,
}

impl Measured {
    /// Answers a second.
    pub fn per_second(&self) -> u64 {
        let micros = u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX).max(1);
        u64::try_from(self.latencies.len()).unwrap_or(u64::MAX).saturating_mul(1_000_000) / micros
    }

    /// The middle latency and that of all but one in a hundred, in microseconds.
    pub fn latency_us(&self) -> (u64, u64) {
        let at = |percent: usize| {
            let found = self.latencies.get(self.latencies.len() * percent / 100);
            found.map_or(0, |latency| u64::try_from(latency.as_micros()).unwrap_or(u64::MAX))
        };
        (at(50), at(99))
    }

    fn absorb(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.payments.extend(other.payments);
    }

    fn add(&mut self, answer: &Response, latency: Duration) -> anyhow::Result<()> {
        ensure!(answer.status == 200, "answered {}: {}", answer.status, answer.text());
        self.latencies.push(latency);
        self.payments.extend(payment_id(&answer.body));
        Ok(())
    }
}

/// The id in an answer, found without reading all of it: the clients share the machine with the
/// gateway, and what they do costs it time.
fn payment_id(body: &[u8]) -> Option<String> {
    const BEFORE: &[u8] = b"\"payment_id\":\"";
    let at = body.windows(BEFORE.len()).position(|window| window == BEFORE)? + BEFORE.len();
    Some(String::from_utf8_lossy(body.get(at..at + 22)?).into_owned())
}

/// When a load ends.
#[derive(Clone, Copy)]
pub enum Until {
    /// After this time.
    After(Duration),
    /// After so many requests of each client.
    Turns(usize),
}

/// Clients that ask again as soon as they are answered.
pub async fn closed(
    address: SocketAddr,
    clients: usize,
    until: Until,
    draw: &Draw,
) -> anyhow::Result<Measured> {
    let begun = Instant::now();
    let tasks = (0..clients).map(|client| {
        let draw = draw.clone();
        tokio::spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut measured = Measured::default();
            for turn in 0.. {
                let is_over = match until {
                    Until::After(time) => begun.elapsed() >= time,
                    Until::Turns(turns) => turn >= turns,
                };
                if is_over {
                    break;
                }
                let request = draw(client, turn);
                let sent = Instant::now();
                let answer = call(&mut connection, &request).await?;
                measured.add(&answer, sent.elapsed())?;
            }
            anyhow::Ok(measured)
        })
    });
    gather(tasks.collect(), begun).await
}

/// Clients that ask at a fixed rate together, whatever comes. A request that has to wait for the one
/// before it counts from when it was due, so that a slow gateway cannot slow down its own exam.
pub async fn open(
    address: SocketAddr,
    per_second: u32,
    time: Duration,
    draw: &Draw,
) -> anyhow::Result<Measured> {
    const CLIENTS: u32 = 64;
    let begun = Instant::now();
    let period = Duration::from_secs(1) * CLIENTS / per_second;
    let tasks = (0..CLIENTS).map(|client| {
        let draw = draw.clone();
        tokio::spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut measured = Measured::default();
            let mut due = begun + period * client / CLIENTS;
            for turn in 0.. {
                if due.duration_since(begun) >= time {
                    break;
                }
                let was_late = Instant::now() > due;
                sleep_until(due.into()).await;
                // The timer wakes up to a millisecond late, which is not the gateway's fault.
                let from = if was_late { due } else { Instant::now() };
                let request = draw(usize::try_from(client).unwrap_or(0), turn);
                let answer = call(&mut connection, &request).await?;
                measured.add(&answer, from.elapsed())?;
                due += period;
            }
            anyhow::Ok(measured)
        })
    });
    gather(tasks.collect(), begun).await
}

async fn call(connection: &mut Connection, request: &[u8]) -> anyhow::Result<Response> {
    connection.send(request).await?;
    let answer = timeout(PATIENCE, connection.receive()).await.context("no answer in time")?;
    answer?.context("closed before the answer")
}

type Tasks = Vec<tokio::task::JoinHandle<anyhow::Result<Measured>>>;

async fn gather(tasks: Tasks, begun: Instant) -> anyhow::Result<Measured> {
    let mut all = Measured::default();
    for task in tasks {
        all.absorb(task.await??);
    }
    all.took = begun.elapsed();
    all.latencies.sort_unstable();
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_found_in_an_answer() {
        let body =
            br#"{"result":{"success":true,"payment_id":"FoPKKHqfQIKfBqhEj8M47A","link":"x"}}"#;
        assert_eq!(payment_id(body).as_deref(), Some("FoPKKHqfQIKfBqhEj8M47A"));
        assert_eq!(payment_id(b"{}"), None);
    }

    #[test]
    fn rates_and_latencies_are_those_of_all_answers() {
        let latencies = (1..=200).map(Duration::from_micros).collect();
        let took = Duration::from_millis(100);
        let measured = Measured { took, latencies, payments: vec![] };
        assert_eq!(measured.per_second(), 2_000);
        assert_eq!(measured.latency_us(), (101, 199));
    }
}
