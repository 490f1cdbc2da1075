//! What `init_pos_transaction` takes, for the OpenAPI document. It is not what reads a request.

use utoipa::ToSchema;

/// A payment for a terminal to take. Unknown fields are ignored.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct InitPosTransactionRequest {
    /// The terminal; in test mode any name is one.
    #[schema(pattern = "^[A-Za-z0-9._-]{1,32}$", example = "testing1234")]
    id_terminal: String,
    /// The terminal's serial number.
    #[schema(pattern = "^[A-Za-z0-9._-]{1,32}$", example = "SN-0001")]
    serial_number: String,
    /// What is paid, in millimes; 1 TND is 1000.
    #[schema(minimum = 1, maximum = 999_999_999_999_i64, example = 10_000)]
    amount_in_millimes: i64,
    /// `NFC`, `CARD`, `WALLET` or `CHECK`: what the terminal asks for.
    #[schema(pattern = "^(NFC|CARD|WALLET|CHECK)$", example = "CARD")]
    payment_method: String,
    /// The caller's own reference: echoed as sent, never unique; its status is asked for by it.
    #[schema(max_length = 1024, example = "till-7-0001")]
    developer_tracking_id: Option<String>,
    /// Who hears of the payment's end. Its own query is kept.
    #[schema(max_length = 2048, example = "https://shop.example/hook?key=1")]
    webhook: Option<String>,
}
