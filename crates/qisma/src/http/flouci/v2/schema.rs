//! What the calls of `/api/v2` with a body take, for the OpenAPI document. It is not what reads a request: clients
//! send numbers in texts and switches as numbers, which no derived reader accepts.

use utoipa::ToSchema;

/// A payment to make. Numbers may also be sent as strings of digits, and switches as `"true"`,
/// `"false"`, 1 or 0. Unknown fields are ignored.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct GeneratePaymentRequest {
    /// What the payer pays, in millimes; 1 TND is 1000.
    #[schema(minimum = 1, maximum = 999_999_999_999_i64, example = 10_000)]
    amount: i64,
    /// Where a payer who paid is led; `payment_id` is added to its query. http or https.
    #[schema(min_length = 1, max_length = 2048, example = "https://shop.example/paid")]
    success_link: String,
    /// Where a payer who did not pay is led; `payment_id` is added to its query. http or https.
    #[schema(min_length = 1, max_length = 2048, example = "https://shop.example/not-paid")]
    fail_link: String,
    /// Who hears of the payment's end. Its own query is kept.
    #[schema(max_length = 2048, example = "https://shop.example/hook?key=1")]
    webhook: Option<String>,
    /// The caller's own reference: echoed as sent, never unique.
    #[schema(max_length = 1024, example = "order-1")]
    developer_tracking_id: Option<String>,
    /// Whether it may be paid by card.
    #[schema(default = false)]
    accept_card: Option<bool>,
    /// The picture to show instead of the merchant's; shown only if it is https.
    image_url: Option<String>,
    /// How long it may be paid.
    #[schema(minimum = 60, maximum = 86_400, default = 1200)]
    session_timeout_secs: Option<i64>,
    /// How the amount is divided. What is left goes to the calling app's merchant.
    #[schema(max_items = 50)]
    destination: Option<Vec<DestinationRequest>>,
    /// Whether an approval only holds the money, until `confirm_payment` takes it or `cancel_payment` lets
    /// it go.
    #[schema(default = false)]
    pre_authorization: Option<bool>,
    /// The older name of `pre_authorization`; if both are sent, they say the same.
    #[schema(default = false)]
    pre_auth: Option<bool>,
    /// The payer's id at the merchant. A card that pays is saved for it.
    #[schema(max_length = 255, example = "client-7")]
    client_id: Option<String>,
    /// A saved card of that payer, which is charged at once.
    #[schema(max_length = 64, example = "01491d0b-c848-7dd6-a20d-e96900a7d8c0")]
    binding_id: Option<String>,
    /// The saved card's security code; required with `binding_id`. It is passed on and never kept.
    #[schema(pattern = "^[0-9]{3,4}$", example = "748")]
    cvc: Option<String>,
}

/// A refund to make. Numbers may also be sent as strings of digits. Unknown fields are ignored.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct RefundPaymentRequest {
    /// The payment's id.
    #[schema(example = "FoPKKHqfQIKfBqhEj8M47A")]
    payment_id: String,
    /// How much to give back, in millimes; all that is left when it is absent.
    #[schema(minimum = 1, maximum = 999_999_999_999_i64, example = 2_500)]
    amount: Option<i64>,
    /// Whose shares it is taken from; what they leave of the amount comes from the caller's own. All
    /// shares in proportion when it is absent.
    #[schema(max_items = 50)]
    reversals: Option<Vec<DestinationRequest>>,
}

/// A saved card to give up.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct RevokeBindingRequest {
    /// The payer's id at the merchant.
    #[schema(max_length = 255, example = "client-7")]
    client_id: String,
    /// The saved card.
    #[schema(max_length = 64, example = "01491d0b-c848-7dd6-a20d-e96900a7d8c0")]
    binding_id: String,
}

/// A payment to confirm. Numbers may also be sent as strings of digits. Unknown fields are ignored.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct ConfirmPaymentRequest {
    /// The payment's id.
    #[schema(example = "FoPKKHqfQIKfBqhEj8M47A")]
    payment_id: String,
    /// How much to take of what is held, in millimes; all of it when it is absent.
    #[schema(minimum = 1, maximum = 999_999_999_999_i64, example = 8_500)]
    amount: Option<i64>,
}

/// A payment to cancel. Unknown fields are ignored.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct CancelPaymentRequest {
    /// The payment's id.
    #[schema(example = "FoPKKHqfQIKfBqhEj8M47A")]
    payment_id: String,
}

/// A payment to make, with the keys that v2 takes in a header.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct GeneratePaymentV1Request {
    /// The app's public key.
    app_token: String,
    /// The app's private key.
    app_secret: String,
    #[schema(inline)]
    #[serde(flatten)]
    payment: GeneratePaymentRequest,
}

/// One merchant's share.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct DestinationRequest {
    /// The share, in millimes.
    #[schema(minimum = 1, maximum = 999_999_999_999_i64, example = 8000)]
    amount: i64,
    /// The merchant's id, also as a number.
    #[schema(pattern = "^(0|[1-9][0-9]{0,17})$", example = "1234")]
    destination: String,
}
