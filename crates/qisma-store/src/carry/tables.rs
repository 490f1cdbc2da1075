//! What is carried from one database to another: every table, every column, in an order in which what
//! is referred to comes before what refers to it. A test holds this list against both schemas.

mod payments;

use self::payments::PAYMENTS;
use super::columns::{
    Column, Kind, Table, VSHARD, bytes, column, id, number, or_null, table, text, truth,
};

/// Tables of either engine that are not carried: they say how that database came about and who works
/// on it, and nothing about money.
pub const NOT_CARRIED: &[&str] = &[
    "batches",
    "epochs",
    "leases",
    "migration_lease",
    "move_steps",
    "moves",
    "nodes",
    "schema_version",
    "sqlite_stat1",
    "sqlite_stat4",
];

/// Every table, in the order in which they are filled.
pub const TABLES: &[Table] = &[
    table("master_key", 1, &[number("id"), text("key_id")]),
    table(
        "merchants",
        1,
        &[
            number("id"),
            text("name"),
            or_null(text("image_url")),
            text("status"),
            or_null(text("fee_plan")),
            number("created_us"),
            number("version"),
        ],
    ),
    table(
        "apps",
        1,
        &[
            id("id"),
            number("merchant_id"),
            text("mode"),
            text("webhook_mode"),
            bytes("webhook_secret"),
            number("created_us"),
            number("version"),
        ],
    ),
    table(
        "key_pairs",
        1,
        &[
            text("public_key"),
            id("app_id"),
            text("kind"),
            or_null(text("name")),
            bytes("private_key_hash"),
            number("created_us"),
            or_null(number("expires_us")),
            number("version"),
        ],
    ),
    table(
        "terminals",
        2,
        &[
            number("merchant_id"),
            text("id"),
            text("serial_number"),
            number("created_us"),
            number("version"),
        ],
    ),
    table(
        "wallets",
        2,
        &[
            VSHARD,
            id("id"),
            text("mode"),
            text("phone"),
            text("name"),
            number("created_us"),
            number("version"),
        ],
    ),
    table(
        "phone_windows",
        3,
        &[VSHARD, text("mode"), text("phone"), text("codes"), number("version")],
    ),
    table(
        "card_windows",
        2,
        &[VSHARD, text("card"), text("declined"), number("newest_us"), number("version")],
    ),
    table("payments", 2, PAYMENTS),
    table(
        "legs",
        3,
        &[
            VSHARD,
            id("payment_id"),
            number("number"),
            number("destination"),
            number("amount_millimes"),
            text("kind"),
            or_null(number("captured_millimes")),
        ],
    ),
    table("attempts", 3, ATTEMPTS),
    table(
        "challenges",
        3,
        &[
            VSHARD,
            id("payment_id"),
            id("id"),
            number("attempt"),
            bytes("code_hash"),
            number("sent_us"),
            number("expires_us"),
            number("tries"),
            truth("ended"),
            number("version"),
        ],
    ),
    table("refunds", 3, REFUNDS),
    table("refund_parts", 4, REFUND_PARTS),
    table(
        "idempotency_keys",
        5,
        &[
            VSHARD,
            number("merchant_id"),
            text("mode"),
            text("about"),
            text("key"),
            bytes("fingerprint"),
            id("payment_id"),
            text("answer"),
            text("request_id"),
            text("route"),
            number("created_us"),
        ],
    ),
    ACCOUNTS,
    table(
        "journal_entries",
        2,
        &[
            VSHARD,
            id("id"),
            text("kind"),
            text("reference"),
            or_null(id("payment_id")),
            text("mode"),
            text("currency"),
            number("at_us"),
        ],
    ),
    table(
        "postings",
        3,
        &[
            VSHARD,
            id("entry_id"),
            number("line"),
            column("account_vshard", Kind::Shard),
            id("account_id"),
            number("amount_millimes"),
        ],
    ),
    table("unfolded_lines", 3, UNFOLDED_LINES),
    table(
        "account_lines",
        4,
        &[
            VSHARD,
            id("account_id"),
            id("entry_id"),
            number("line"),
            number("amount_millimes"),
            number("at_us"),
        ],
    ),
    table("holds", 2, HOLDS),
    table(
        "events",
        2,
        &[
            VSHARD,
            id("id"),
            id("payment_id"),
            number("sequence"),
            text("kind"),
            text("body"),
            number("at_us"),
        ],
    ),
    table("deliveries", 2, DELIVERIES),
    table("learned_methods", 3, &[VSHARD, id("app_id"), text("origin"), text("method")]),
];

/// What the balances are compared of.
pub const ACCOUNTS: Table = Table {
    name: "accounts",
    key_columns: 2,
    columns: &[
        VSHARD,
        id("id"),
        text("owner"),
        text("kind"),
        text("mode"),
        text("currency"),
        number("posted_millimes"),
        number("held_millimes"),
    ],
    filled: &[("need_millimes", "0")],
};

const UNFOLDED_LINES: &[Column] = &[
    VSHARD,
    id("entry_id"),
    number("line"),
    column("account_vshard", Kind::Shard),
    id("account_id"),
    text("owner"),
    text("kind"),
    text("mode"),
    text("currency"),
    number("amount_millimes"),
    or_null(id("hold_id")),
    number("at_us"),
];

const HOLDS: &[Column] = &[
    VSHARD,
    id("id"),
    id("account_id"),
    text("owner"),
    text("kind"),
    text("mode"),
    text("currency"),
    number("amount_millimes"),
    id("payment_id"),
    number("attempt"),
    text("state"),
    number("opened_us"),
    number("look_us"),
    number("version"),
];

const ATTEMPTS: &[Column] = &[
    VSHARD,
    id("payment_id"),
    number("number"),
    text("status"),
    text("state"),
    text("rail"),
    or_null(text("order_number")),
    or_null(number("next_look_us")),
    truth("needs_operator"),
    number("started_us"),
    number("updated_us"),
    number("version"),
];

const REFUNDS: &[Column] = &[
    VSHARD,
    id("payment_id"),
    number("number"),
    text("reference"),
    number("amount_millimes"),
    text("status"),
    text("state"),
    or_null(number("next_look_us")),
    number("looks"),
    truth("needs_operator"),
    number("asked_us"),
    number("updated_us"),
    number("version"),
];

const REFUND_PARTS: &[Column] = &[
    VSHARD,
    id("payment_id"),
    number("refund"),
    number("leg"),
    number("destination"),
    number("amount_millimes"),
    text("credited_to"),
    number("from_credited_millimes"),
    number("from_available_millimes"),
    number("from_debt_millimes"),
];

const DELIVERIES: &[Column] = &[
    VSHARD,
    id("id"),
    id("event_id"),
    id("payment_id"),
    id("app_id"),
    text("url"),
    text("post_url"),
    text("origin"),
    text("method"),
    text("status"),
    number("state_us"),
    number("tries"),
    or_null(text("last_result")),
    truth("replay"),
    number("created_us"),
    number("version"),
];
