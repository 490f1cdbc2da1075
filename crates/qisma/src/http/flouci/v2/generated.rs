//! What `generate_payment` answers, in the words of either version (Flouci API, sections 2 and 6).

use axum::response::{IntoResponse, Response};
use qisma_domain::decide::create_payment::CreateAnswer;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::body::Answer;
use crate::http::idempotency;

/// The answer of `generate_payment`.
#[derive(Debug, Serialize, ToSchema)]
pub struct GeneratePaymentAnswer {
    /// The payment.
    result: GeneratedPayment,
    /// Always `developers`.
    #[schema(example = "developers")]
    name: &'static str,
    /// Always 0.
    #[schema(example = 0)]
    code: u8,
    /// The version of the path that was called.
    #[schema(example = "v2")]
    version: &'static str,
}

/// The payment that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct GeneratedPayment {
    /// Always true.
    #[schema(example = true)]
    success: bool,
    /// The payment's id: 22 characters of base64url, which may begin with `-` or `_`.
    #[schema(example = "FoPKKHqfQIKfBqhEj8M47A")]
    payment_id: String,
    /// Where the payer pays.
    #[schema(example = "https://pay.example/pay/FoPKKHqfQIKfBqhEj8M47A")]
    link: String,
    /// The caller's own reference, as sent.
    #[schema(required = true)]
    developer_tracking_id: Option<String>,
}

/// Words it for a version of the API, and marks one that was given before.
pub fn respond(answer: CreateAnswer, version: &'static str) -> Response {
    let CreateAnswer { created, replay_of } = answer;
    // Exactly 200: a 201 breaks a client (Flouci API, section 2).
    let mut response = Answer(GeneratePaymentAnswer {
        result: GeneratedPayment {
            success: true,
            payment_id: created.payment_id.to_string(),
            link: created.link,
            developer_tracking_id: created.developer_tracking_id,
        },
        name: "developers",
        code: 0,
        version,
    })
    .into_response();
    if let Some(original) = replay_of {
        idempotency::mark_replay(&mut response, &original);
    }
    response
}
