//! Every bound of the sandbox, in one place.

use std::time::Duration;

/// Longest request body.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// How long requests in flight may take to finish after shutdown was asked for.
pub const SHUTDOWN_GRACE: Duration = Duration::from_secs(3);
/// Longest `orderNumber`: 36 in the BPC manual, 32 in SMT's older one.
pub const ORDER_NUMBER_CHARS_MAX: usize = 36;
/// Longest `description` (BPC manual).
pub const DESCRIPTION_CHARS_MAX: usize = 598;
/// Longest `returnUrl`, `failUrl` and `dynamicCallbackUrl` (BPC manual).
pub const URL_CHARS_MAX: usize = 512;
/// Longest `userName` and `password` (BPC manual; the password's 30 is not enforced by the family).
pub const CREDENTIAL_CHARS_MAX: usize = 100;
/// Longest name of a terminal.
pub const TERMINAL_CHARS_MAX: usize = 32;
/// Largest amount: 12 digits of minor units.
pub const AMOUNT_MAX: i64 = 999_999_999_999;
/// Life of an order that names none (BPC manual).
pub const SESSION_SECS_DEFAULT: i64 = 1_200;
/// How long after its payment an order may still be reversed; afterwards it must be refunded.
pub const REVERSAL_WINDOW_MS: i64 = 24 * 3_600 * 1_000;
/// Longest `externalRefundId` (BPC manual).
pub const EXTERNAL_REFUND_ID_CHARS_MAX: usize = 32;
/// Most orders on one page of `getLastOrdersForMerchants.do`.
pub const PAGE_SIZE_MAX: i64 = 200;
/// Longest card holder's name that is kept.
pub const HOLDER_CHARS_MAX: usize = 64;
/// Longest text message.
pub const SMS_CHARS_MAX: usize = 1_000;
/// Messages kept for one phone.
pub const SMS_PER_PHONE_MAX: usize = 50;
/// Phones whose messages are kept.
pub const PHONES_MAX: usize = 10_000;
/// Faults armed at once.
pub const FAULTS_MAX: usize = 100;
/// Longest delay of a late answer.
pub const DELAY_SECS_MAX: u32 = 86_400;
/// Delay of a late answer that names none.
pub const DELAY_SECS_DEFAULT: u32 = 30;
/// How long a hanging answer hangs.
pub const HANG_MS_MAX: i64 = 120_000;
/// How often a callback that was not taken is repeated (BPC manual).
pub const CALLBACK_REPEATS_MAX: u32 = 3;
/// The time between two tries of a callback (BPC manual).
pub const CALLBACK_PAUSE_MS: i64 = 30_000;
/// How long one try of a callback may take.
pub const CALLBACK_TIMEOUT: Duration = Duration::from_secs(10);
