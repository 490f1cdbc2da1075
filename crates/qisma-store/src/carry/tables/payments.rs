//! The columns of payments, of which there are many.

use super::{Column, VSHARD, id, number, or_null, text, truth};

pub(super) const PAYMENTS: &[Column] = &[
    VSHARD,
    id("id"),
    number("merchant_id"),
    id("app_id"),
    text("mode"),
    number("amount_millimes"),
    text("currency"),
    text("status"),
    or_null(number("captured_attempt")),
    or_null(text("end_reason")),
    or_null(number("ended_us")),
    number("created_us"),
    number("updated_us"),
    number("expires_us"),
    text("channel"),
    or_null(text("terminal")),
    or_null(text("success_link")),
    or_null(text("fail_link")),
    or_null(text("webhook")),
    or_null(text("developer_tracking_id")),
    truth("accept_card"),
    or_null(text("image_url")),
    or_null(number("captured_millimes")),
    or_null(number("hold_secs")),
    or_null(text("authorized")),
    or_null(number("authorized_look_us")),
    number("sequence"),
    number("version"),
];
