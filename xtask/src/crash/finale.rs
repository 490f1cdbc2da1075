//! The end of a run: what is on its way is brought home, and then everything has to agree, down to
//! the last millime and the last webhook.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use tokio::time::sleep;

use super::refunds;
use super::run::Run;
use super::settle::{InFlight, check_books, check_payments, status_of};
use crate::client::payer::Payer;
use crate::client::stand::Stand;

/// Inquiring once settles an attempt; a reversal takes another look to be seen.
const ROUNDS_MAX: usize = 8;
/// The second try of a webhook comes 15 s after the first.
const WEBHOOKS_TIMEOUT: Duration = Duration::from_secs(40);

/// Drains and checks a gateway that runs and that nobody else uses. Gives how many payments are paid.
pub async fn finish(run: &Run, stand: &Stand) -> anyhow::Result<usize> {
    let all = run.records().payments();
    finish_of(run, stand, &all).await
}

/// The same, where only these payments can have been paid.
pub async fn finish_of(run: &Run, stand: &Stand, all: &[String]) -> anyhow::Result<usize> {
    // What was heard until now is checked below with all the rest; what comes later, at the end.
    run.records().take_fresh();
    drain(run, stand).await?;
    let mut platform = Payer::new(&[run.shop.gateway]);
    let closed_tabs = run.records().paid_at_the_bank.clone();
    for payment in closed_tabs {
        let status = status_of(run, &mut platform, &payment).await?;
        if status.as_deref() != Some("SUCCESS") {
            let what = format!("the bank took the money, and the payment stands at {status:?}");
            run.violation(Some(&payment), what);
        }
    }
    let paid = check_payments(run, &mut platform, all.to_vec()).await?;
    refunds::check(run, &mut platform, all).await?;
    check_balances(run, stand, &paid)?;
    await_webhooks(run, &mut platform, all).await?;
    for InFlight { payment, attempt, is_refund } in check_books(run, stand)? {
        // A refund under way when the gateway died is looked after a minute later.
        if is_refund && !run.records().refunds_of(&payment).is_empty() {
            continue;
        }
        let what = format!("attempt {attempt} is on its way though all was drained");
        run.violation(Some(&payment), what);
    }
    Ok(paid.len())
}

/// Asks the bank about every attempt that is on its way, as an operator would.
async fn drain(run: &Run, stand: &Stand) -> anyhow::Result<()> {
    for _ in 0..ROUNDS_MAX {
        let mut in_flight = check_books(run, stand)?;
        in_flight.retain(|order| !order.is_refund);
        if in_flight.is_empty() {
            return Ok(());
        }
        for InFlight { payment, attempt, .. } in &in_flight {
            let inquire = ["attempt", "resolve", payment, attempt, "--inquire"];
            let (succeeded, said) = stand.try_command(&inquire)?;
            let said = if succeeded { Value::Null } else { said };
            run.journal.note(&json!({"inquired": payment, "attempt": attempt, "refused": said}));
        }
        sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

/// Each merchant has received its shares of what was paid, and not a millime more.
fn check_balances(run: &Run, stand: &Stand, paid: &BTreeSet<String>) -> anyhow::Result<()> {
    let expected: BTreeMap<String, u64> = run.records().expected_balances(paid);
    for (merchant, expected) in expected {
        let balance = stand.command(&["balance", "show", &merchant])?;
        let part = |name: &str| balance[name].as_u64().unwrap_or(0);
        let found = part("pending_millimes") + part("available_millimes");
        if found != expected {
            let what =
                format!("merchant {merchant} should have {expected} millimes and has {found}");
            run.violation(None, what);
        }
    }
    Ok(())
}

/// Every payment that ended must have told its receiver, and what it told was held against the
/// payment like any other claim.
async fn await_webhooks(run: &Run, platform: &mut Payer, all: &[String]) -> anyhow::Result<()> {
    let mut ended = Vec::new();
    for payment in all {
        let status = status_of(run, platform, payment).await?;
        if status.as_deref().is_some_and(super::records::is_final) {
            ended.push(payment.clone());
        }
    }
    let begun = Instant::now();
    loop {
        ended.retain(|payment| !run.has_webhook(payment));
        if ended.is_empty() || WEBHOOKS_TIMEOUT < begun.elapsed() {
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    for payment in &ended {
        run.violation(Some(payment), "its webhook never came");
    }
    let late = run.records().take_fresh();
    check_payments(run, platform, late).await?;
    Ok(())
}

/// The middle and the last hundredth of some durations, in milliseconds.
pub fn percentiles(durations: &[Duration]) -> (u128, u128) {
    let mut sorted = durations.to_vec();
    sorted.sort_unstable();
    let at = |percent: usize| {
        let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
        sorted.get(index).map_or(0, Duration::as_millis)
    };
    (at(50), at(99))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_taken_from_what_was_measured() {
        let durations: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(percentiles(&durations), (51, 100));
        assert_eq!(percentiles(&durations[..1]), (100, 100));
        assert_eq!(percentiles(&[]), (0, 0));
    }
}
