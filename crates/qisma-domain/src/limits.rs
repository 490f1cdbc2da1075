//! Every limit of the rules, in one place. If it can grow, it has a `_MAX` here.

/// The largest amount of a payment, in millimes (12 digits: Flouci API, section 2; BPC manual).
pub const AMOUNT_MILLIMES_MAX: i64 = 999_999_999_999;
/// Destinations of one payment.
pub const DESTINATIONS_MAX: usize = 50;
/// Shortest life of a payment's link.
pub const SESSION_TIMEOUT_SECS_MIN: i64 = 60;
/// Longest life of a payment's link.
pub const SESSION_TIMEOUT_SECS_MAX: i64 = 86_400;
/// Life of a payment's link when the request does not say.
pub const SESSION_TIMEOUT_SECS_DEFAULT: i64 = 1_200;
/// Bytes of a stored link.
pub const LINK_BYTES_MAX: usize = 2_048;
/// Bytes of a `developer_tracking_id`.
pub const TRACKING_ID_BYTES_MAX: usize = 1_024;
/// Bytes of a payer's `client_id`.
pub const CLIENT_ID_BYTES_MAX: usize = 255;
/// Characters of a merchant's or a wallet's name.
pub const NAME_CHARS_MAX: usize = 120;
/// Characters of an idempotency key.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;
/// How long an idempotency key is remembered.
pub const IDEMPOTENCY_RETENTION_SECS: i64 = 30 * 86_400;

/// Attempts of a payment that came to an end at a rail: after the last one the payment has failed.
pub const ATTEMPTS_MAX: usize = 5;
/// Attempts of any kind, those the payer left included: a loop of changes of way must end.
pub const ATTEMPTS_STARTED_MAX: usize = 20;

/// Wrong codes until the attempt is declined.
pub const OTP_TRIES_MAX: i64 = 5;
/// Life of a code.
pub const OTP_LIFE_SECS: i64 = 120;
/// Codes sent for one payment.
pub const OTP_SENDS_PER_PAYMENT_MAX: i64 = 3;
/// Codes sent to one phone in an hour.
pub const OTP_SENDS_PER_PHONE_MAX: usize = 5;
/// The window of [`OTP_SENDS_PER_PHONE_MAX`].
pub const OTP_PHONE_WINDOW_SECS: i64 = 3_600;
/// Wrong codes typed for one phone in a day, over all payments: with five tries a payment, whoever
/// begins payments without end would guess without end.
pub const OTP_WRONG_PER_PHONE_MAX: usize = 20;
/// The window of [`OTP_WRONG_PER_PHONE_MAX`].
pub const OTP_WRONG_WINDOW_SECS: i64 = 86_400;
/// Time between two codes to one phone.
pub const OTP_SEND_GAP_SECS: i64 = 30;

/// An attempt at the bank's page is read again this often.
pub const INQUIRY_STEP_SECS: i64 = 60;
/// ... until the session's end and this much more (ADR 0013).
pub const INQUIRY_GRACE_SECS: i64 = 600;
/// ... and then after these delays, before an operator is asked.
pub const INQUIRY_LATE_STEPS_SECS: [i64; 3] = [3_600, 21_600, 86_400];
/// After a registration without an answer: first looks at the bank (reliability schedule T10).
pub const INQUIRY_UNKNOWN_STEPS_SECS: [i64; 2] = [5, 30];

/// Refunds of one payment, failed ones included.
pub const REFUNDS_PER_PAYMENT_MAX: usize = 100;
/// For so long the request that makes a refund may bring it to its end; then the worker sees to it.
pub const REFUND_HEADSTART_SECS: i64 = 5;
/// After an unknown answer to a refund: so many looks in quick succession, then the late ones.
pub const REFUND_LOOKS_EARLY_MAX: usize = 12;
/// Time within which a refund's request must leave, once it was written down that it will.
pub const REFUND_LEAVES_SECS: i64 = 30;
/// Time after which a refund that the acquirer does not know of may be sent again. Longer than a request
/// that left in time and the look after it can last, at the longest timeout (120 s each), so that none
/// is still on its way.
pub const REFUND_RESEND_SECS: i64 = 300;
/// What stands instead of the acquirer's number where an operator said that a refund, or a capture of held
/// money, has failed.
pub const RESOLVED_CODE: i64 = -1;

/// For so long a decline counts against its card.
pub const CARD_DECLINES_WINDOW_SECS: i64 = 3_600;
/// Declines of one card that are remembered: the highest limit that can be set.
pub const CARD_DECLINES_KEPT_MAX: usize = 100;
/// For how long an approval of a pre-authorised payment holds the money, when nobody set it otherwise.
pub const HOLD_SECS_DEFAULT: i64 = 7 * 86_400;
/// The longest that money may be held: what a card's issuer keeps longer it lets go by itself.
pub const HOLD_SECS_MAX: i64 = 30 * 86_400;
/// From a right code to the capture it takes a moment. A hold of a wallet's money that is older belongs to
/// a gateway that died in between, or to a payer who gave up; one who had a new code sent has time to type
/// it. One that is kept for a merchant is looked at again after as long.
pub const HOLD_LOOK_SECS: i64 = 900;

/// Hours for which a rotated key pair still works when the operator does not say.
pub const KEY_OVERLAP_HOURS_DEFAULT: i64 = 24;
/// The longest overlap.
pub const KEY_OVERLAP_HOURS_MAX: i64 = 168;

// A session must outlive the look that catches a payer who closed the tab.
const _: () = assert!(INQUIRY_STEP_SECS <= SESSION_TIMEOUT_SECS_MIN);
const _: () = assert!(OTP_LIFE_SECS < OTP_PHONE_WINDOW_SECS);
