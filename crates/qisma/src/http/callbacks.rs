//! Callbacks of acquirers. Even a genuine one only makes us read the order again: it can be replayed,
//! and its words about money are not believed (BPC manual, "Callback notifications").

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use qisma_domain::ids::PaymentId;

use super::body::read_body;
use super::error::ErrorCode;
use crate::acquirers::smt::{Notice, NoticeRefusal, SmtClient};
use crate::gateway::Gateway;
use crate::payer::outcome::look_at;

/// Longer than any real callback.
const NOTICE_BYTES_MAX: usize = 8 * 1024;

/// `GET` and `POST /acquirers/smt/callback`.
pub async fn smt(State(gateway): State<Gateway>, request: Request) -> Response {
    match gateway.smt.as_ref() {
        Some(client) => take(&gateway, client, request).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `GET` and `POST /acquirers/sandbox/callback`.
pub async fn sandbox(State(gateway): State<Gateway>, request: Request) -> Response {
    take(&gateway, &gateway.sandbox, request).await
}

async fn take(gateway: &Gateway, client: &SmtClient, request: Request) -> Response {
    let form = if *request.method() == Method::POST {
        match read_body(&*gateway.clock, request.into_body(), NOTICE_BYTES_MAX).await {
            Ok(body) => String::from_utf8_lossy(&body).into_owned(),
            Err(ErrorCode::BodyTooLarge) => return refusal(NoticeRefusal::TooLarge),
            Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
        }
    } else {
        request.uri().query().unwrap_or_default().to_owned()
    };
    let notice = match client.check_notice(&form) {
        Ok(notice) => notice,
        Err(reason) => return refusal(reason),
    };
    let Some((payment, attempt)) = attempt_of(&notice) else {
        // Signed, but for an order of somebody else's: repeating it would change nothing.
        tracing::warn!("a callback names an order number that is not ours");
        return StatusCode::OK.into_response();
    };
    let gateway = gateway.clone();
    // The acquirer is answered at once; whatever is lost here the attempt's next look finds.
    tokio::spawn(async move {
        if let Err(error) = look_at(&gateway, payment, attempt).await {
            tracing::warn!(%payment, attempt, %error, "a callback's order could not be looked at");
        }
    });
    StatusCode::OK.into_response()
}

fn refusal(reason: NoticeRefusal) -> Response {
    let status = match reason {
        NoticeRefusal::NoKey | NoticeRefusal::NoChecksum | NoticeRefusal::BadChecksum => {
            StatusCode::UNAUTHORIZED
        }
        NoticeRefusal::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        NoticeRefusal::Field(_) => StatusCode::BAD_REQUEST,
    };
    tracing::warn!(%reason, "a callback was refused");
    (status, reason.to_string()).into_response()
}

/// Payment and attempt, out of our order number.
fn attempt_of(notice: &Notice) -> Option<(PaymentId, u16)> {
    // The id may hold a dash itself, so the attempt is what follows the last one.
    let (payment, attempt) = notice.order_number.rsplit_once('-')?;
    Some((PaymentId::parse(payment).ok()?, attempt.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt_of_number(order_number: &str) -> Option<(PaymentId, u16)> {
        let notice = Notice { order_id: "x".into(), order_number: order_number.into() };
        attempt_of(&notice)
    }

    #[test]
    fn an_order_number_names_payment_and_attempt() {
        // Base64url of sixteen bytes 0xfb holds dashes.
        let payment = PaymentId::from_bytes([0xfb; 16]);
        assert_eq!(attempt_of_number(&format!("{payment}-12")), Some((payment, 12)));
    }

    #[test]
    fn a_strange_order_number_names_nothing() {
        for number in ["", "-", "10747", "abc-1", "-1-1", "2p7-70000"] {
            assert_eq!(attempt_of_number(number), None, "{number}");
        }
    }
}
