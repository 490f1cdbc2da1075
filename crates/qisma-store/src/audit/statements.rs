//! What the auditor asks, in the SQL that both engines understand. A statement that looks for problems answers two columns, the
//! payment (or nothing) and what is wrong in a sentence's end, and takes as its only parameter how
//! many rows are wanted.

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $(
            $(#[$doc])*
            pub(in crate::audit) const $name: &str = $sql;
        )*
        /// All of them with their names, for the test that prepares them.
        #[cfg(test)]
        pub(in crate::audit) const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

/// The events that tell of a payment's end.
macro_rules! ends {
    () => {
        "('payment.succeeded', 'payment.failed', 'payment.expired', 'payment.canceled')"
    };
}
/// The events that a payment's webhook hears of.
macro_rules! told {
    () => {
        "('payment.succeeded', 'payment.authorized', 'payment.failed', 'payment.expired',
          'payment.canceled')"
    };
}
macro_rules! terminal {
    () => {
        "('captured', 'failed', 'expired', 'canceled')"
    };
}
/// Whether the payment `p` is held by its attempt `a`.
macro_rules! holds {
    () => {
        "p.status = 'authorized' AND CAST((p.authorized ->> 'attempt') AS bigint) = a.number"
    };
}
/// The accounts that may stand below zero.
macro_rules! may_be_negative {
    () => {
        "('clearing', 'wallet_float', 'debt', 'suspense', 'refund_clearing')"
    };
}

/// The lines that are in the journal and in no balance: one that was folded may still wait to be
/// forgotten.
macro_rules! not_folded {
    () => {
        "(SELECT * FROM unfolded_lines w WHERE NOT EXISTS
            (SELECT 1 FROM account_lines l WHERE l.vshard = w.account_vshard
             AND l.account_id = w.account_id AND l.entry_id = w.entry_id AND l.line = w.line)) n"
    };
}

/// The lists above, for the test that compares them with the domain's.
#[cfg(test)]
pub(super) const LISTS: [&str; 4] = [ends!(), terminal!(), may_be_negative!(), told!()];

pub(super) mod held;
pub(super) mod money;
pub(super) mod refunds;

statements! {
    COUNT_ENTRIES = "SELECT count(*) FROM journal_entries";
    COUNT_ACCOUNTS = "SELECT count(*) FROM accounts";
    COUNT_PAYMENTS = "SELECT count(*) FROM payments";
    COUNT_EVENTS = "SELECT count(*) FROM events";
    COUNT_KEYS = "SELECT count(*) FROM idempotency_keys";
    COUNT_ORDERS = "SELECT count(*) FROM attempts WHERE order_number IS NOT NULL";

    // -- I1: every entry balances --
    ENTRIES_UNBALANCED = "SELECT e.payment_id,
            'the entry ' || e.kind || ' ' || e.reference || ' has ' || count(p.line)
            || ' lines that sum to ' || coalesce(sum(p.amount_millimes), 0)
        FROM journal_entries e
        LEFT JOIN postings p ON p.vshard = e.vshard AND p.entry_id = e.id
        GROUP BY e.vshard, e.id
        HAVING count(p.line) < 2 OR sum(p.amount_millimes) <> 0 LIMIT $1";
    POSTINGS_WITHOUT_ENTRY = "SELECT NULL,
            'a posting of ' || p.amount_millimes || ' belongs to no entry'
        FROM postings p
        LEFT JOIN journal_entries e ON e.vshard = p.vshard AND e.id = p.entry_id
        WHERE e.id IS NULL LIMIT $1";

    // -- I2: the sum of all accounts is zero after every entry --
    LIST_SUMS_IN_ORDER = "SELECT e.payment_id, e.kind, e.reference, e.mode, e.currency,
            CAST((SELECT coalesce(sum(p.amount_millimes), 0) FROM postings p
             WHERE p.vshard = e.vshard AND p.entry_id = e.id) AS bigint)
        FROM journal_entries e ORDER BY e.at_us, e.vshard, e.id";

    // -- I3: stored balances are the sums of their postings --
    // What a worker has yet to fold is in the journal and not in the balance.
    BALANCES_OFF = concat!("SELECT NULL,
            'the account ' || coalesce(a.owner || ' ' || a.kind || ' ' || a.mode, 'that is not there')
            || ' stores ' || coalesce(a.posted_millimes || '', 'nothing')
            || ', its postings sum to ' || coalesce(s.millimes, 0)
            || coalesce(', of which ' || u.millimes || ' are to be folded', '')
        FROM accounts a
        FULL JOIN (SELECT account_vshard AS vshard, account_id AS id,
                sum(amount_millimes) AS millimes, count(*) AS lines
            FROM postings GROUP BY account_vshard, account_id) s
            ON s.vshard = a.vshard AND s.id = a.id
        LEFT JOIN (SELECT account_vshard AS vshard, account_id AS id,
                sum(amount_millimes) AS millimes, count(*) AS lines
            FROM ", not_folded!(), " GROUP BY account_vshard, account_id) u
            ON u.vshard = s.vshard AND u.id = s.id
        WHERE (a.id IS NOT NULL OR s.lines <> coalesce(u.lines, 0))
          AND a.posted_millimes IS DISTINCT FROM
            coalesce(s.millimes, 0) - coalesce(u.millimes, 0) LIMIT $1");
    UNFOLDED_NOT_POSTED = "SELECT NULL,
            'a line of ' || u.amount_millimes || ' is to be folded, but was not posted'
        FROM unfolded_lines u
        LEFT JOIN postings p ON p.vshard = u.vshard AND p.entry_id = u.entry_id AND p.line = u.line
        WHERE p.amount_millimes IS DISTINCT FROM u.amount_millimes
           OR p.account_vshard IS DISTINCT FROM u.account_vshard
           OR p.account_id IS DISTINCT FROM u.account_id LIMIT $1";
    LINES_WITHOUT_HOLD = concat!("SELECT NULL,
            'a line of ' || n.amount_millimes || ' is to be taken from a hold of '
            || coalesce(h.amount_millimes || ' that is ' || h.state, 'nothing')
        FROM ", not_folded!(), "
        LEFT JOIN holds h ON h.vshard = n.account_vshard AND h.id = n.hold_id
        WHERE n.hold_id IS NOT NULL
          AND (h.state IS DISTINCT FROM 'open'
            OR h.amount_millimes IS DISTINCT FROM -n.amount_millimes) LIMIT $1");
    HOLDS_OFF = "SELECT NULL,
            'the account ' || coalesce(a.owner || ' ' || a.kind || ' ' || a.mode, 'that is not there')
            || ' holds ' || coalesce(a.held_millimes, 0) || ', its open holds sum to '
            || coalesce(h.millimes, 0)
        FROM (SELECT vshard, id, owner, kind, mode, held_millimes FROM accounts
            WHERE held_millimes <> 0) a
        FULL JOIN (SELECT vshard, account_id AS id, sum(amount_millimes) AS millimes
            FROM holds WHERE state = 'open' GROUP BY vshard, account_id) h
            ON h.vshard = a.vshard AND h.id = a.id
        WHERE coalesce(a.held_millimes, 0) <> coalesce(h.millimes, 0) LIMIT $1";

    // -- I4: no account that may not fall below zero ever did --
    // Only an account that something was taken from can have fallen.
    LIST_MOVES_IN_ORDER = concat!("SELECT p.account_vshard, p.account_id,
            a.owner || ' ' || a.kind || ' ' || a.mode, e.at_us, p.amount_millimes
        FROM postings p
        JOIN journal_entries e ON e.vshard = p.vshard AND e.id = p.entry_id
        JOIN accounts a ON a.vshard = p.account_vshard AND a.id = p.account_id
        WHERE a.kind NOT IN ", may_be_negative!(), "
          AND (p.account_vshard, p.account_id) IN
            (SELECT account_vshard, account_id FROM postings WHERE amount_millimes < 0)
        ORDER BY p.account_vshard, p.account_id, e.at_us, p.amount_millimes DESC");

    // -- I5: a payment's history is only added to --
    EVENTS_OUT_OF_ORDER = "SELECT payment_id,
            'its event ' || sequence || ' follows ' || before || ' or is dated out of order'
        FROM (SELECT v.payment_id, v.sequence, v.at_us, p.created_us, p.updated_us,
                lag(v.sequence, 1, 0) OVER history AS before,
                lag(v.at_us, 1, 0) OVER history AS before_us
            FROM events v JOIN payments p ON p.vshard = v.vshard AND p.id = v.payment_id
            WINDOW history AS (PARTITION BY v.vshard, v.payment_id ORDER BY v.sequence)) AS h
        WHERE sequence <> before + 1 OR at_us < before_us
           OR at_us < created_us OR updated_us < at_us LIMIT $1";
    ENTRIES_OUT_OF_TIME = "SELECT e.payment_id,
            'the entry ' || e.kind || ' ' || e.reference || ' is dated outside of its time'
        FROM journal_entries e JOIN payments p ON p.vshard = e.vshard AND p.id = e.payment_id
        WHERE e.at_us < p.created_us
           OR (e.kind = 'capture' AND p.ended_us IS NOT NULL AND e.at_us <> p.ended_us)
        LIMIT $1";

    // -- I6: nothing is booked twice --
    ENTRIES_TWICE = "SELECT NULL,
            count(*) || ' entries ' || kind || ' have the reference ' || reference
        FROM journal_entries GROUP BY kind, reference HAVING 1 < count(*) LIMIT $1";
    CAPTURES_TWICE = "SELECT payment_id, 'it is captured ' || count(*) || ' times'
        FROM journal_entries WHERE kind = 'capture'
        GROUP BY vshard, payment_id HAVING 1 < count(*) LIMIT $1";

    // -- I7: the parts of a payment are the whole --
    LEGS_NOT_THE_AMOUNT = "SELECT p.id,
            'its legs sum to ' || coalesce(sum(l.amount_millimes), 0) || ', it is of '
            || p.amount_millimes
        FROM payments p LEFT JOIN legs l ON l.vshard = p.vshard AND l.payment_id = p.id
        GROUP BY p.vshard, p.id
        HAVING coalesce(sum(l.amount_millimes), 0) <> p.amount_millimes LIMIT $1";
    // Both in the order of an index, so that nothing is sorted.
    LIST_SHARES_OF_LEGS = "SELECT p.vshard, p.id, 'merchant:' || l.destination,
            coalesce(l.captured_millimes, l.amount_millimes),
            p.fee_plan, p.merchant_id, coalesce(p.captured_millimes, p.amount_millimes), l.number, l.destination
        FROM payments p JOIN legs l ON l.vshard = p.vshard AND l.payment_id = p.id
        WHERE p.status = 'captured' ORDER BY p.vshard, p.id";
    LIST_SHARES_BOOKED = "SELECT e.vshard, e.payment_id, coalesce(a.owner, u.owner),
            p.amount_millimes
        FROM journal_entries e
        JOIN postings p ON p.vshard = e.vshard AND p.entry_id = e.id
        LEFT JOIN accounts a ON a.vshard = p.account_vshard AND a.id = p.account_id
        LEFT JOIN unfolded_lines u ON u.vshard = p.vshard AND u.entry_id = p.entry_id
            AND u.line = p.line
        WHERE e.kind = 'capture' AND e.payment_id IS NOT NULL
            AND coalesce(a.owner, u.owner) LIKE 'merchant:%'
        ORDER BY e.vshard, e.payment_id";

    // -- I8: what a payment is called is what was booked --
    CAPTURED_NOT_BOOKED = "SELECT p.id, 'it is captured, but no entry says so'
        FROM payments p WHERE p.status = 'captured' AND NOT EXISTS
            (SELECT 1 FROM journal_entries e
             WHERE e.vshard = p.vshard AND e.payment_id = p.id AND e.kind = 'capture')
        LIMIT $1";
    BOOKED_NOT_CAPTURED = "SELECT e.payment_id,
            'the entry capture ' || e.reference || ' is of a payment that is '
            || coalesce(p.status, 'not there')
        FROM journal_entries e
        LEFT JOIN payments p ON p.vshard = e.vshard AND p.id = e.payment_id
        WHERE e.kind = 'capture' AND p.status IS DISTINCT FROM 'captured' LIMIT $1";
    CAPTURED_WITHOUT_APPROVAL = "SELECT p.id,
            'it is captured by attempt ' || p.captured_attempt || ', which is not approved'
        FROM payments p WHERE p.status = 'captured' AND NOT EXISTS
            (SELECT 1 FROM attempts a WHERE a.vshard = p.vshard AND a.payment_id = p.id
             AND a.number = p.captured_attempt AND a.status = 'approved')
        LIMIT $1";
    APPROVED_NOT_BOOKED = "SELECT a.payment_id,
            'its attempt ' || a.number || ' is approved, but its money is booked nowhere'
        FROM attempts a JOIN payments p ON p.vshard = a.vshard AND p.id = a.payment_id
        WHERE a.status = 'approved' AND p.captured_attempt IS DISTINCT FROM a.number
          AND p.hold_secs IS NULL AND NOT EXISTS
            (SELECT 1 FROM journal_entries e WHERE e.vshard = a.vshard
             AND e.kind = 'unwanted_approval' AND e.reference = a.order_number)
        LIMIT $1";
    UNWANTED_AND_KEPT = "SELECT e.payment_id,
            'the unwanted approval ' || e.reference || ' was not given back, and nothing is due to'
        FROM journal_entries e WHERE e.kind = 'unwanted_approval' AND NOT EXISTS
            (SELECT 1 FROM journal_entries r WHERE r.vshard = e.vshard
             AND r.kind = 'unwanted_reversal' AND r.reference = e.reference)
        AND NOT EXISTS
            (SELECT 1 FROM attempts a WHERE a.vshard = e.vshard AND a.order_number = e.reference
             AND a.status = 'approved'
             AND (a.rail ->> 'reversal') IN ('due', 'refund_due')
             AND (a.next_look_us IS NOT NULL OR a.needs_operator))
        LIMIT $1";
    GIVEN_BACK_NOT_TAKEN = "SELECT e.payment_id,
            'the reversal ' || e.reference || ' gives back what was never booked'
        FROM journal_entries e WHERE e.kind = 'unwanted_reversal' AND NOT EXISTS
            (SELECT 1 FROM journal_entries a WHERE a.vshard = e.vshard
             AND a.kind = 'unwanted_approval' AND a.reference = e.reference)
        LIMIT $1";

    // -- I9: every end is told once --
    EVENTS_NOT_THE_STATE = concat!("SELECT p.id,
            'it is ' || p.status || ' and counts ' || p.sequence || ' events; ' || count(v.id)
            || ' are there, ' || count(v.id) FILTER (WHERE v.kind IN ", ends!(), ")
            || ' of them of an end'
        FROM payments p LEFT JOIN events v ON v.vshard = p.vshard AND v.payment_id = p.id
        GROUP BY p.vshard, p.id
        HAVING count(v.id) <> p.sequence OR coalesce(max(v.sequence), 0) <> p.sequence
            OR count(v.id) FILTER (WHERE v.kind IN ", ends!(), ")
                <> CASE WHEN p.status IN ", terminal!(), " THEN 1 ELSE 0 END
            OR count(v.id) FILTER (WHERE v.kind = CASE p.status
                WHEN 'captured' THEN 'payment.succeeded' WHEN 'failed' THEN 'payment.failed'
                WHEN 'expired' THEN 'payment.expired' WHEN 'canceled' THEN 'payment.canceled'
                END) <> CASE WHEN p.status IN ", terminal!(), " THEN 1 ELSE 0 END
        LIMIT $1");
    EVENTS_OF_NOTHING = "SELECT v.payment_id, 'an event ' || v.kind || ' names it, but it is not there'
        FROM events v LEFT JOIN payments p ON p.vshard = v.vshard AND p.id = v.payment_id
        WHERE p.id IS NULL LIMIT $1";
    DELIVERIES_NOT_THE_EVENTS = concat!("SELECT v.payment_id,
            'its event ' || v.kind || ' has ' || count(d.id) || ' deliveries'
        FROM events v
        JOIN payments p ON p.vshard = v.vshard AND p.id = v.payment_id
        LEFT JOIN deliveries d ON d.vshard = v.vshard AND d.payment_id = v.payment_id
            AND d.event_id = v.id
        WHERE v.kind IN ", told!(), "
        GROUP BY v.vshard, v.id
        HAVING count(d.id) <> CASE WHEN max(p.webhook) IS NULL THEN 0 ELSE 1 END
        LIMIT $1");

    // -- I10: one effect for each key, and it is the one that was answered --
    LIST_KEYS = "SELECT k.payment_id, (k.answer ->> 'payment_id'),
            p.id IS NOT NULL AND p.merchant_id = k.merchant_id AND p.mode = k.mode
        FROM idempotency_keys k
        LEFT JOIN payments p ON p.vshard = k.vshard AND p.id = k.payment_id";
    PAYMENTS_OF_TWO_KEYS = "SELECT payment_id, 'it was made under ' || count(*) || ' keys'
        FROM idempotency_keys WHERE about = '' GROUP BY vshard, payment_id
        HAVING 1 < count(*) LIMIT $1";
    REFUNDS_OF_TWO_KEYS = "SELECT k.payment_id,
            'its refund ' || coalesce(k.answer ->> 'refund_id', 'that is not named')
            || ' was made under ' || count(*) || ' keys'
        FROM idempotency_keys k WHERE k.about <> '' AND (k.answer ->> 'verb') IS NULL
        GROUP BY k.vshard, k.payment_id, (k.answer ->> 'refund_id')
        HAVING 1 < count(*) LIMIT $1";

    // -- I13: one mode and one currency --
    ENTRIES_ACROSS_MODES = "SELECT e.payment_id,
            'the entry ' || e.kind || ' ' || e.reference || ' is ' || e.mode || ' ' || e.currency
            || ', but moves the account ' || a.owner || ' ' || a.kind || ' ' || a.mode || ' '
            || a.currency
        FROM postings p
        JOIN journal_entries e ON e.vshard = p.vshard AND e.id = p.entry_id
        JOIN accounts a ON a.vshard = p.account_vshard AND a.id = p.account_id
        WHERE a.mode <> e.mode OR a.currency <> e.currency LIMIT $1";
    ENTRIES_OF_ANOTHER_MODE = "SELECT e.payment_id,
            'the entry ' || e.kind || ' is ' || e.mode || ' ' || e.currency || ', the payment is '
            || p.mode || ' ' || p.currency
        FROM journal_entries e JOIN payments p ON p.vshard = e.vshard AND p.id = e.payment_id
        WHERE e.mode <> p.mode OR e.currency <> p.currency LIMIT $1";
    LIST_ACCOUNTS = "SELECT vshard, id, owner, kind, mode, currency FROM accounts";

    // -- I15: what acquirers owe is what payers paid there --
    CLEARING_OFF = concat!("SELECT NULL,
            'the clearing account of ' || coalesce(c.owner, x.owner) || ' ' || coalesce(c.mode, x.mode)
            || ' stands at ' || coalesce(c.posted_millimes, 0) || ', its payments make '
            || coalesce(x.millimes, 0)
        FROM (SELECT owner, mode, currency, sum(posted_millimes) AS posted_millimes
            FROM (SELECT owner, mode, currency, posted_millimes FROM accounts
                WHERE kind = 'clearing'
                UNION ALL SELECT owner, mode, currency, amount_millimes FROM ", not_folded!(), "
                WHERE kind = 'clearing') stripes
            GROUP BY owner, mode, currency) c
        FULL JOIN (SELECT 'acquirer:' || (a.rail ->> 'acquirer') AS owner, p.mode,
                p.currency, -sum(CASE WHEN p.captured_attempt = a.number
                    THEN p.captured_millimes ELSE p.amount_millimes END
                    - coalesce(b.millimes, 0)) AS millimes
            FROM attempts a JOIN payments p ON p.vshard = a.vshard AND p.id = a.payment_id
            LEFT JOIN (SELECT vshard, payment_id, sum(amount_millimes) AS millimes FROM refunds
                WHERE status = 'succeeded' GROUP BY vshard, payment_id) b
                ON b.vshard = p.vshard AND b.payment_id = p.id AND p.captured_attempt = a.number
            WHERE a.status = 'approved' AND a.order_number IS NOT NULL
              AND (p.captured_attempt = a.number
                OR (p.hold_secs IS NULL AND (a.rail ->> 'reversal') IN ('due', 'refund_due')))
            GROUP BY 1, 2, 3) x
            ON x.owner = c.owner AND x.mode = c.mode AND x.currency = c.currency
        WHERE coalesce(c.posted_millimes, 0) <> coalesce(x.millimes, 0) LIMIT $1");
    LIST_ORDERS = concat!("SELECT a.payment_id, a.number, a.order_number, a.status,
            (a.rail ->> 'acquirer'), (a.rail ->> 'reversal'),
            CASE WHEN ", holds!(), " THEN p.authorized_look_us ELSE a.next_look_us END,
            a.started_us,
            CASE WHEN p.captured_attempt = a.number THEN p.captured_millimes
                ELSE p.amount_millimes END, p.currency,
            (a.rail ->> 'opened') IS NOT NULL, CAST(coalesce(b.done, 0) AS bigint),
            CAST(coalesce(b.under_way, 0) AS bigint), b.next_look_us,
            CASE WHEN ", holds!(), " THEN (p.authorized ->> 'step') END
        FROM attempts a JOIN payments p ON p.vshard = a.vshard AND p.id = a.payment_id
        LEFT JOIN (SELECT vshard, payment_id, min(next_look_us) AS next_look_us,
                sum(CASE status WHEN 'succeeded' THEN amount_millimes END) AS done,
                sum(CASE WHEN status IN ('sent', 'unknown') THEN amount_millimes END) AS under_way
            FROM refunds GROUP BY vshard, payment_id) b
            ON b.vshard = p.vshard AND b.payment_id = p.id AND p.captured_attempt = a.number
        WHERE a.order_number IS NOT NULL");
    // By shard, payment and attempt.
    IS_ORDER_KNOWN = "SELECT count(*) FROM attempts
        WHERE vshard = $1 AND payment_id = $2 AND number = $3 AND order_number IS NOT NULL";

    LIST_PARKED = "SELECT owner, mode, currency, posted_millimes FROM accounts
        WHERE kind = 'parked' AND posted_millimes <> 0 ORDER BY owner, mode, currency";
}
