//! Sends the requests and judges what comes of them.

use anyhow::bail;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

use super::case::{CLASSES, Case, Then, World};
use super::chance;
use crate::client::wire::{Connection, Response};

/// An answer, or the end of the connection, comes by then.
const PATIENCE: Duration = Duration::from_secs(8);
/// Mistakes that are printed.
const PRINTED_MAX: usize = 10;

/// What was found.
#[derive(Default)]
pub struct Findings {
    /// How often each class was answered with each status; 0: closed without an answer.
    pub answers: BTreeMap<(&'static str, u16), u64>,
    /// What was answered out of order.
    pub mistakes: Vec<String>,
}

impl Findings {
    /// Takes in what another tester found.
    pub fn absorb(&mut self, other: Self) {
        for (answer, count) in other.answers {
            *self.answers.entry(answer).or_default() += count;
        }
        self.mistakes.extend(other.mistakes);
    }

    /// Prints the first mistakes.
    pub fn print_mistakes(&self) {
        for mistake in self.mistakes.iter().take(PRINTED_MAX) {
            println!("MISTAKE: {mistake}\n");
        }
    }
}

/// Sends requests, over one connection for as long as it lasts.
pub struct Tester {
    world: Arc<World>,
    seed: u64,
    connection: Option<Connection>,
}

impl Tester {
    /// A tester without a connection.
    pub fn new(world: Arc<World>, seed: u64) -> Self {
        Self { world, seed, connection: None }
    }

    /// Sends the requests of these numbers.
    pub async fn all(mut self, numbers: impl Iterator<Item = u64>) -> Findings {
        let mut findings = Findings::default();
        for number in numbers {
            let (class, case) = draw(&self.world, self.seed, number);
            let answers = match self.one(&case).await {
                Ok(answers) => answers,
                Err(error) => {
                    self.connection = None;
                    findings.mistakes.push(evidence(number, class, &case, &format!("{error:#}")));
                    continue;
                }
            };
            let status = answers.first().map_or(0, |answer| answer.status);
            *findings.answers.entry((class, status)).or_default() += 1;
            if let Err(mistake) = judge(&self.world, &case, &answers) {
                findings.mistakes.push(evidence(number, class, &case, &mistake));
            }
        }
        findings
    }

    /// Sends one request and gives its answers, of which there should be one or none.
    async fn one(&mut self, case: &Case) -> anyhow::Result<Vec<Response>> {
        if let Some(connection) = self.connection.take().filter(|_| case.then == Then::Answer) {
            let answers = self.over(connection, case).await?;
            if !answers.is_empty() {
                return Ok(answers);
            }
            // Closed after the request before this one: that is no answer to this one.
        }
        let connection = Connection::open(self.world.shop.gateway).await?;
        self.over(connection, case).await
    }

    async fn over(
        &mut self,
        mut connection: Connection,
        case: &Case,
    ) -> anyhow::Result<Vec<Response>> {
        // A gateway that has refused already may close before it has all of it.
        let sent = connection.send(&case.bytes).await;
        match case.then {
            Then::Leave => return Ok(vec![]),
            Then::Finish if sent.is_ok() => drop(connection.finish_sending().await),
            _ => {}
        }
        let is_head = case.bytes.starts_with(b"HEAD ");
        let mut answers = Vec::new();
        loop {
            match timeout(PATIENCE, connection.receive_to(is_head)).await {
                Err(_) => bail!("neither answered nor closed in {} s", PATIENCE.as_secs()),
                Ok(Ok(Some(answer))) => answers.push(answer),
                Ok(Ok(None)) => return Ok(answers),
                // Reset: it had closed while we were still sending.
                Ok(Err(error)) if error.downcast_ref::<std::io::Error>().is_some() => {
                    return Ok(answers);
                }
                Ok(Err(error)) => return Err(error),
            }
            if case.then == Then::Answer {
                let again = answers.last().is_some_and(|answer| answer.keeps_alive);
                self.connection = again.then_some(connection);
                return Ok(answers);
            }
        }
    }
}

fn judge(world: &World, case: &Case, answers: &[Response]) -> Result<(), String> {
    if answers.len() > 1 {
        return Err(format!("{} answers to one request", answers.len()));
    }
    let Some(answer) = answers.first() else { return Ok(()) };
    let is_json = answer.header("content-type").is_some_and(|kind| kind.contains("json"))
        && !case.bytes.starts_with(b"HEAD ");
    if !(200..500).contains(&answer.status) {
        Err(format!("status {}", answer.status))
    } else if is_json && answer.json().is_err() {
        Err(format!("status {} with a body that is not JSON", answer.status))
    } else if answer.header("set-cookie").is_some() {
        Err("a cookie, which we never set".to_owned())
    } else if leads_elsewhere(world, answer) {
        Err("a link that does not begin with the gateway's own address".to_owned())
    } else if case.is_refused && answer.status < 400 {
        Err(format!("status {}, where a refusal was due", answer.status))
    } else {
        Ok(())
    }
}

/// Whether the payer's link begins with anything but what the settings say, such as a `Host` that the
/// caller made up.
fn leads_elsewhere(world: &World, answer: &Response) -> bool {
    let own = format!("http://{}/pay/", world.shop.gateway);
    answer.text().split_once("\"link\":\"").is_some_and(|(_, link)| !link.starts_with(&own))
}

fn draw(world: &World, seed: u64, number: u64) -> (&'static str, Case) {
    let classes = u64::try_from(CLASSES.len()).expect("there are few classes");
    let index = usize::try_from(number % classes).expect("below the number of classes");
    let (class, draw) = CLASSES[index];
    (class, draw(world, &mut chance(seed, number)))
}

fn evidence(number: u64, class: &str, case: &Case, what: &str) -> String {
    let text = String::from_utf8_lossy(&case.bytes);
    let shown: String = text.chars().take(600).collect();
    format!("request {number} ({class}): {what}\n{}", shown.escape_debug())
}

/// Sends one request and prints it with its answer.
pub async fn show(world: &Arc<World>, seed: u64, number: u64) -> anyhow::Result<()> {
    let (class, case) = draw(world, seed, number);
    println!("{}", evidence(number, class, &case, "as sent"));
    for answer in Tester::new(world.clone(), seed).one(&case).await? {
        println!("status {}: {}", answer.status, answer.text());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::shop::Shop;

    fn world() -> World {
        let gateway = "127.0.0.1:1".parse().unwrap();
        let shop = Shop { gateway, authorization: "Bearer a:b".into() };
        World { shop, payment: "AAAAAAAAAAAAAAAAAAAAAA".into() }
    }

    #[test]
    fn the_same_seed_draws_the_same_requests() {
        for number in 0..240 {
            let (first, second) = (draw(&world(), 7, number), draw(&world(), 7, number));
            assert_eq!(first.1.bytes, second.1.bytes);
        }
        assert_ne!(draw(&world(), 7, 5).1.bytes, draw(&world(), 8, 5).1.bytes);
    }

    #[test]
    fn every_class_can_be_drawn_many_times() {
        let classes: std::collections::BTreeSet<_> =
            (0..6_000).map(|number| draw(&world(), 1, number).0).collect();
        assert_eq!(classes.len(), CLASSES.len());
    }
}
