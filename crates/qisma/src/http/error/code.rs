//! Every error code, with its status and the sentence that says what to do. A test compares them with
//! `docs/errors.md`.

use axum::http::StatusCode;

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:ident, $message:literal;)*) => {
        /// Why a request is not granted. `docs/errors.md` explains each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)*
        }

        impl ErrorCode {
            /// Every code there is.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code as callers read it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// The HTTP status that goes with it.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status),* }
            }

            /// The number that Flouci's clients know it by.
            pub const fn number(self) -> u16 {
                match self {
                    Self::TerminalIdNotAllowed => 1004,
                    _ => 1,
                }
            }

            /// The sentence that says what to do.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$name => $message),* }
            }
        }
    };
}

error_codes! {
    /// Fields of the request are wrong; each is listed.
    RequestInvalid = "request_invalid", BAD_REQUEST, "The request has mistakes.";
    /// Another content type than JSON.
    ContentTypeUnsupported = "content_type_unsupported", BAD_REQUEST,
        "Send the body as JSON, with the header Content-Type: application/json.";
    /// A compressed body.
    ContentEncodingUnsupported = "content_encoding_unsupported", BAD_REQUEST,
        "Send the body uncompressed, without a Content-Encoding header.";
    /// More bytes than a body may have.
    BodyTooLarge = "body_too_large", BAD_REQUEST,
        "The body is too long; send only the documented fields.";
    /// The body did not arrive whole, or not in time.
    BodyIncomplete = "body_incomplete", BAD_REQUEST,
        "The body did not arrive in full; send the request again.";
    /// Not JSON, or not UTF-8.
    JsonMalformed = "json_malformed", BAD_REQUEST,
        "The body is not valid JSON in UTF-8; send one JSON object and nothing around it.";
    /// JSON, but no object.
    JsonNotAnObject = "json_not_an_object", BAD_REQUEST,
        "The body must be one JSON object, such as {\"amount\": 12500}.";
    /// A member that stands twice in one object.
    JsonDuplicateMember = "json_duplicate_member", BAD_REQUEST,
        "An object in the body has the same member twice; send each member once.";
    /// Arrays and objects nested too deep.
    JsonTooDeep = "json_too_deep", BAD_REQUEST,
        "The body is nested too deep; send only the documented fields.";
    /// A NUL character in a text.
    JsonNulCharacter = "json_nul_character", BAD_REQUEST,
        "A text in the body contains the NUL character; remove it.";
    /// A terminal was named where payments of the web are asked for.
    TerminalIdNotAllowed = "terminal_id_not_allowed", BAD_REQUEST,
        "terminal_id goes with type=pos only; leave it out, or ask for type=pos.";
    /// An idempotency key that cannot be one, or two of them.
    IdempotencyKeyInvalid = "idempotency_key_invalid", BAD_REQUEST,
        "Idempotency-Key is sent once and has 1 to 255 visible ASCII characters; send a fresh UUID \
         for each payment.";
    /// No credentials, or wrong ones, or those of a merchant that is not active.
    CredentialsInvalid = "credentials_invalid", UNAUTHORIZED,
        "Send the header Authorization: Bearer PUBLIC_KEY:PRIVATE_KEY with the keys of an active \
         app (v1: app_token and app_secret in the body, or the headers apppublic and appsecret).";
    /// No API key, or a wrong or revoked one, or that of a merchant that is not active.
    ApiKeyInvalid = "api_key_invalid", UNAUTHORIZED,
        "Send the header Authorization: Api-Key KEY with an API key of an active merchant.";
    /// No such payment, or somebody else's.
    PaymentNotFound = "payment_not_found", NOT_FOUND, "Payment not found";
    /// Nothing was done under this key, or by somebody else.
    IdempotencyKeyNotFound = "idempotency_key_not_found", NOT_FOUND,
        "Nothing was done under this key in the last 30 days; send the request again, with the same \
         Idempotency-Key.";
    /// Another merchant than the API key's.
    MerchantNotFound = "merchant_not_found", NOT_FOUND,
        "Merchant not found; send the merchant_id of the API key.";
    /// No such payment by QR code or at a terminal, or somebody else's.
    TransactionNotFound = "transaction_not_found", NOT_FOUND, "Transaction not found";
    /// The same operation came with another amount before.
    OperationReused = "operation_uuid_reused", CONFLICT,
        "This operation_uuid was used with another amount; send a fresh one for a new payment.";
    /// The operation's payment was paid, or its time is over.
    OperationEnded = "operation_uuid_ended", CONFLICT,
        "The payment of this operation_uuid has ended, so its code pays nothing; ask for its status, \
         and send a fresh operation_uuid for a new payment.";
    /// No such path.
    RouteNotFound = "route_not_found", NOT_FOUND,
        "There is nothing at this path; compare it with the documentation, without a slash at the \
         end.";
    /// A method that the path does not have.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED,
        "This path takes another method; the Allow header names it.";
    /// It is not paid, or not so much of it is left.
    RefundNotAllowed = "refund_not_allowed", CONFLICT, "Payment cannot be refunded";
    /// Merchants do not have their parts of it.
    RefundShort = "refund_short", CONFLICT,
        "Merchants do not have their parts of the refund, and nothing was changed; refund less, or \
         say with reversals who gives it.";
    /// The acquirer does not give the money back.
    RefundRefused = "refund_refused", CONFLICT,
        "The acquirer refuses to give the money back, and every share is as before; ask the \
         gateway's operator.";
    /// No such saved card, or somebody else's.
    BindingNotFound = "binding_not_found", PRECONDITION_FAILED,
        "No such saved card of this client, and nothing was charged; bindings/list gives those there \
         are. Without binding_id the payer can type a card.";
    /// The bank declined the saved card.
    ChargeDeclined = "charge_declined", PRECONDITION_FAILED,
        "The bank declined the saved card and nothing was charged; without binding_id the payer can \
         pay another way.";
    /// The saved card was not charged, and will not be.
    ChargeNotMade = "charge_not_made", PRECONDITION_FAILED,
        "The saved card was not charged; ask for a new payment, with a fresh Idempotency-Key.";
    /// Nothing is held for it: it was not approved, or has ended.
    PaymentNotAuthorized = "payment_not_authorized", CONFLICT,
        "Nothing is held for this payment, so it cannot be confirmed; verify it to see how it stands.";
    /// It was confirmed before, or paid at once.
    PaymentAlreadyCaptured = "payment_already_captured", CONFLICT,
        "The payment's money was taken before; verify it, and refund it to give money back.";
    /// It has ended without money.
    PaymentAlreadyEnded = "payment_already_ended", CONFLICT,
        "The payment has ended before; verify it to see how.";
    /// The acquirer is asked to take what it holds.
    CaptureUnderWay = "capture_under_way", CONFLICT,
        "The payment is being confirmed; verify it in a moment to see what came of it.";
    /// The acquirer does not take what it holds.
    CaptureRefused = "capture_refused", CONFLICT,
        "The acquirer refuses to take the money, and nothing was taken; confirm the payment again, or \
         cancel it.";
    /// Somebody is paying what is to be canceled.
    PaymentBeingPaid = "payment_being_paid", CONFLICT,
        "Somebody is paying this payment; verify it in a moment, and cancel it then.";
    /// The same key came with another request before.
    IdempotencyKeyReused = "idempotency_key_reused", UNPROCESSABLE_ENTITY,
        "This Idempotency-Key was used for a different request; send a fresh key for a new payment.";
    /// Too many requests of one app, or too many wrong ones of one address.
    RateLimited = "rate_limited", TOO_MANY_REQUESTS,
        "Too many requests; wait for the time in Retry-After. What becomes of a payment, its webhook \
         tells you.";
    /// A bug of ours.
    Internal = "internal", INTERNAL_SERVER_ERROR,
        "An internal error; nothing was changed. Send the same request again, with the same \
         Idempotency-Key.";
    /// More waits than can be done soon.
    Overloaded = "overloaded", SERVICE_UNAVAILABLE,
        "The gateway is busy and nothing was changed; send the same request again, with the same \
         Idempotency-Key.";
    /// The acquirer did not pass the payment on to the terminal.
    TerminalUnavailable = "terminal_unavailable", SERVICE_UNAVAILABLE,
        "The terminal cannot be reached at the moment and nobody was asked to pay; send the request \
         again, without its Idempotency-Key or with a fresh one.";
    /// The disk is full.
    StorageFull = "storage_full", SERVICE_UNAVAILABLE,
        "The gateway's disk is full and nothing was changed; send the same request again later, \
         with the same Idempotency-Key.";
    /// The database could not be read.
    StorageUnavailable = "storage_unavailable", SERVICE_UNAVAILABLE,
        "The gateway cannot read its data at the moment and nothing was changed; send the same \
         request again, with the same Idempotency-Key.";
    /// The acquirer does not answer a question.
    AcquirerUnavailable = "acquirer_unavailable", SERVICE_UNAVAILABLE,
        "The acquirer does not answer at the moment and nothing was charged; send the same request \
         again, with the same Idempotency-Key.";
    /// Whether the change was made is not known.
    OutcomeUnknown = "outcome_unknown", SERVICE_UNAVAILABLE,
        "It is not known whether the change was made; ask again with the same Idempotency-Key and \
         you will get its answer.";
}
