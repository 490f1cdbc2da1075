//! One try of one delivery: what is sent, and what is recorded of it.

use qisma_domain::app::{App, WebhookMode};
use qisma_domain::decide::record_delivery::{RecordDelivery, TryResult};
use qisma_domain::delivery::{Delivery, DeliveryMethod, DeliveryState};
use qisma_domain::event::Event;
use qisma_domain::signature::{WebhookSecret, sign};
use qisma_domain::time::Timestamp;
use qisma_store::{Fence, RunError};
use tokio_util::sync::CancellationToken;

use super::gates::Verdict;
use super::search::Parcel;
use crate::gateway::Gateway;
use crate::operations::apps::open_webhook_secret;
use crate::outbound::{Method, OutboundRequest, OutboundResult, RetryAfter};

/// How long to wait before a record that the store could not take is tried again.
const RECORD_AGAIN_SECS: i64 = 1;
/// ... and one that failed for a fault of ours, which will hardly be gone in a second.
const RECORD_AGAIN_AFTER_FAULT_SECS: i64 = 60;

/// Sends a delivery and records what came of it. It returns once that is safe, because until then
/// the delivery is due and would be sent again.
pub(super) async fn send_and_record(
    gateway: &Gateway,
    parcel: Parcel,
    shutdown: &CancellationToken,
) -> Verdict {
    let Parcel { delivery, fence, event, app, learned } = parcel;
    // It may have waited for long, or this machine stood still: then another gateway sends it.
    if !fence.holds(gateway.now()) {
        return Verdict::NotCalled;
    }
    let webhook_mode = app.as_ref().map_or(WebhookMode::Get, |app| app.webhook_mode);
    let method = method_of(webhook_mode, &delivery, learned);
    let (verdict, result) = match prepare(gateway, &delivery, event, app, method) {
        Ok(request) => outcome(gateway.outbound.send(request).await, gateway.now()),
        Err(reason) => {
            tracing::error!(delivery = %delivery.id, reason, "a webhook cannot be sent");
            (Verdict::NotCalled, TryResult::Failed(reason.to_owned()))
        }
    };
    let command = RecordDelivery {
        delivery: delivery.id,
        version: delivery.version,
        receiver: (delivery.app, delivery.origin),
        method,
        webhook_mode,
        result,
        jitter_key: *gateway.keyring.webhook_jitter_key(),
    };
    record(gateway, command, &fence, shutdown).await;
    verdict
}

/// How a delivery is sent: as the app says; where it leaves that open, first as this receiver was
/// found to take it, and after a refusal as the refusal suggests.
fn method_of(
    mode: WebhookMode,
    delivery: &Delivery,
    learned: Option<DeliveryMethod>,
) -> DeliveryMethod {
    match mode {
        WebhookMode::Get => DeliveryMethod::Get,
        WebhookMode::Post => DeliveryMethod::Post,
        WebhookMode::Auto if delivery.tries == 0 => learned.unwrap_or(delivery.method),
        WebhookMode::Auto => delivery.method,
    }
}

/// The request, or in a few words why there is none.
fn prepare(
    gateway: &Gateway,
    delivery: &Delivery,
    event: Option<Event>,
    app: Option<App>,
    method: DeliveryMethod,
) -> Result<OutboundRequest, &'static str> {
    let event = event.ok_or("its event is missing or cannot be read")?;
    let app = app.ok_or("its app is missing or cannot be read")?;
    let secret = open_webhook_secret(gateway, &app.id, &app.webhook_secret_sealed)
        .map_err(|_| "its app's webhook secret cannot be opened with this master key")?;
    let (method, url, body) = match method {
        DeliveryMethod::Get => (Method::Get, &delivery.url, vec![]),
        DeliveryMethod::Post => (Method::Post, &delivery.post_url, event.body.into_bytes()),
    };
    let event = event.id.to_string();
    let headers = headers(delivery, event, method, &secret, gateway.now(), &body);
    let test_mode = app.mode == qisma_domain::ids::Mode::Test;
    Ok(OutboundRequest { method, url: url.clone(), headers, body, test_mode })
}

/// The headers of Standard Webhooks, and two of ours. The event's id is the message's: whoever has
/// seen it need not act again.
fn headers(
    delivery: &Delivery,
    event: String,
    method: Method,
    secret: &WebhookSecret,
    now: Timestamp,
    body: &[u8],
) -> Vec<(String, String)> {
    let signature = sign(std::slice::from_ref(secret), &event, now.secs(), body);
    let mut headers = vec![
        ("webhook-id", event),
        ("webhook-timestamp", now.secs().to_string()),
        ("webhook-signature", signature),
        ("webhook-attempt", delivery.tries.saturating_add(1).to_string()),
    ];
    if delivery.replay {
        headers.push(("webhook-replay", "true".to_owned()));
    }
    if method == Method::Post {
        headers.push(("content-type", "application/json".to_owned()));
    }
    headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn outcome(result: OutboundResult, now: Timestamp) -> (Verdict, TryResult) {
    match result {
        OutboundResult::Answered { status, retry_after, latency } => {
            metrics::histogram!("qisma_webhook_answer_seconds").record(latency);
            let retry_after_secs = retry_after.map(|wish| wait_secs(wish, now));
            (Verdict::of_status(status), TryResult::Answered { status, retry_after_secs })
        }
        OutboundResult::Failed(class) => (Verdict::Failed, TryResult::Failed(class.to_string())),
    }
}

/// How long a receiver wants us to wait from now on.
fn wait_secs(wish: RetryAfter, now: Timestamp) -> i64 {
    match wish {
        RetryAfter::DelaySecs(secs) => i64::try_from(secs).unwrap_or(i64::MAX),
        RetryAfter::UntilUnixSecs(at) => at.saturating_sub(now.secs()),
    }
}

/// Records a try, for as long as it takes: an answer that was lost would be a webhook sent twice.
async fn record(
    gateway: &Gateway,
    command: RecordDelivery,
    fence: &Fence,
    shutdown: &CancellationToken,
) {
    loop {
        let wait_secs = match gateway.store.run_fenced(command.clone(), fence).await {
            Ok(delivery) => return report(&delivery),
            // It was resent meanwhile, so it is due again; or the process is about to end; or another
            // gateway has taken the shard over and sends it once more.
            Err(RunError::Refused(_) | RunError::Unknown | RunError::Superseded) => return,
            Err(RunError::Internal) => RECORD_AGAIN_AFTER_FAULT_SECS,
            Err(RunError::Overloaded | RunError::StorageFull | RunError::Unavailable) => {
                RECORD_AGAIN_SECS
            }
        };
        tracing::error!(delivery = %command.delivery, "a webhook's answer could not be recorded yet");
        let again_at = gateway.now().plus_secs(wait_secs);
        tokio::select! {
            () = gateway.clock.sleep_until(again_at) => {}
            // At the end the store may be closed already; the webhook then leaves once more.
            () = shutdown.cancelled() => return,
        }
    }
}

/// Tells operators. Neither the address nor the payment's id is logged: both are secrets.
fn report(delivery: &Delivery) {
    let state = delivery.state.as_str();
    metrics::counter!("qisma_webhook_tries_total", "state" => state).increment(1);
    let result = delivery.last_result.as_deref().unwrap_or_default();
    let (id, tries) = (delivery.id, delivery.tries);
    match delivery.state {
        DeliveryState::Delivered { .. } | DeliveryState::Gone { .. } => {
            tracing::info!(delivery = %id, tries, result, state, "a webhook was answered");
        }
        DeliveryState::Pending { next_at } => {
            let next_at = next_at.rfc3339();
            tracing::warn!(delivery = %id, tries, result, next_at, "a webhook is tried again");
        }
        DeliveryState::Dead { .. } => {
            tracing::error!(delivery = %id, tries, result, "a webhook was given up; see `qisma delivery resend`");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_in_seconds_and_one_with_a_date_mean_the_same() {
        let now = Timestamp::from_secs(1_000);
        assert_eq!(wait_secs(RetryAfter::DelaySecs(120), now), 120);
        assert_eq!(wait_secs(RetryAfter::UntilUnixSecs(1_120), now), 120);
        assert_eq!(wait_secs(RetryAfter::DelaySecs(u64::MAX), now), i64::MAX);
    }
}
