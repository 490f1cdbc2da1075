//! The statements that read from PostgreSQL, by the names they have in the embedded engine. A test
//! prepares each of them. What writes, and what loads a batch's rows, is in `sets`.

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $(
            $(#[$doc])*
            pub(crate) const $name: &str = $sql;
        )*
        /// All statements with their names, for the test that prepares them.
        pub const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

macro_rules! payment_columns {
    () => {
        "p.id, p.merchant_id, p.app_id, p.mode, p.amount_millimes, p.currency, p.status,
         p.captured_attempt, p.end_reason, p.ended_us, p.created_us, p.updated_us, p.expires_us,
         p.success_link, p.fail_link, p.webhook, p.developer_tracking_id, p.accept_card,
         p.image_url, p.sequence, p.version, p.channel,
         p.terminal, p.fee_plan, p.settles_us, p.is_settled,
         p.client_ref, p.captured_millimes, p.hold_secs, p.authorized"
    };
}
macro_rules! delivery_columns {
    () => {
        "id, event_id, payment_id, app_id, url, post_url, origin, method, status, state_us, tries,
         last_result, replay, created_us, version"
    };
}
macro_rules! attempt_columns {
    () => {
        "payment_id, number, state, rail, started_us, updated_us, version"
    };
}

macro_rules! line_columns {
    () => {
        "entry_id, line, account_id, owner, kind, mode, currency, amount_millimes, hold_id, at_us"
    };
}
macro_rules! hold_columns {
    () => {
        "id, account_id, owner, kind, mode, currency, amount_millimes, payment_id, attempt, state,
         opened_us, version, look_us"
    };
}

macro_rules! refund_columns {
    () => {
        "payment_id, number, reference, amount_millimes, state, next_look_us, looks,
         needs_operator, asked_us, updated_us, version"
    };
}
macro_rules! part_columns {
    () => {
        "payment_id, refund, leg, destination, amount_millimes, credited_to,
         from_credited_millimes, from_available_millimes, from_debt_millimes"
    };
}

statements! {
    // -- merchants and their keys --
    FIND_MERCHANT = "SELECT id, name, image_url, status, created_us, version, fee_plan FROM merchants
        WHERE id = $1";
    LIST_MERCHANTS = "SELECT id, name, image_url, status, created_us, version, fee_plan FROM merchants
        WHERE id > $1 ORDER BY id LIMIT $2";
    FIND_APP = "SELECT id, merchant_id, mode, webhook_mode, webhook_secret, created_us, version
        FROM apps WHERE id = $1";
    FIND_FIRST_APP = "SELECT id, merchant_id, mode, webhook_mode, webhook_secret, created_us, version
        FROM apps WHERE merchant_id = $1 AND mode = $2 ORDER BY created_us, id LIMIT 1";
    LIST_APPS = "SELECT id, merchant_id, mode, webhook_mode, webhook_secret, created_us, version
        FROM apps ORDER BY created_us, id LIMIT $1";
    FIND_KEY_PAIR = "SELECT public_key, app_id, kind, name, private_key_hash, created_us, expires_us,
        version FROM key_pairs WHERE public_key = $1";
    LIST_API_KEYS = "SELECT public_key, app_id, kind, name, private_key_hash, created_us, expires_us,
        version FROM key_pairs WHERE kind = 'api_key' ORDER BY created_us, public_key LIMIT $1";
    LIST_KEY_PAIRS_OF_APP = "SELECT public_key, app_id, kind, name, private_key_hash, created_us,
        expires_us, version FROM key_pairs WHERE app_id = $1 ORDER BY created_us, public_key";

    // -- terminals --
    FIND_TERMINAL = "SELECT merchant_id, id, serial_number, created_us, version FROM terminals
        WHERE merchant_id = $1 AND id = $2";
    LIST_TERMINALS = "SELECT merchant_id, id, serial_number, created_us, version FROM terminals
        ORDER BY merchant_id, id LIMIT $1";

    // -- wallets --
    FIND_WALLET = "SELECT id, mode, phone, name, created_us, version FROM wallets
        WHERE vshard = $1 AND mode = $2 AND phone = $3";
    FIND_PHONE_WINDOW = "SELECT mode, phone, codes, version FROM phone_windows
        WHERE vshard = $1 AND mode = $2 AND phone = $3";
    FIND_CARD_WINDOW = "SELECT card, declined, version FROM card_windows
        WHERE vshard = $1 AND card = $2";
    LIST_CARDS_TO_FORGET = "SELECT card FROM card_windows
        WHERE newest_us < $1 AND vshard = ANY($3::smallint[]) ORDER BY newest_us LIMIT $2";

    // -- payments --
    FIND_PAYMENT = concat!("SELECT ", payment_columns!(),
        " FROM payments p WHERE p.vshard = $1 AND p.id = $2");
    FIND_PAYMENT_OF_MERCHANT = concat!("SELECT ", payment_columns!(),
        " FROM payments p WHERE p.vshard = $1 AND p.id = $2 AND p.merchant_id = $3 AND p.mode = $4");
    LIST_PAYMENTS = concat!("SELECT ", payment_columns!(),
        " FROM payments p ORDER BY p.created_us DESC, p.id LIMIT $1");
    LIST_PAYMENTS_OF_MERCHANT = concat!("SELECT ", payment_columns!(),
        " FROM payments p WHERE p.merchant_id = $1 AND p.mode = $2
          ORDER BY p.created_us DESC, p.id LIMIT $3");
    FIND_PAYMENT_OF_OPERATION = concat!("SELECT ", payment_columns!(),
        " FROM payments p WHERE p.vshard = $1 AND p.merchant_id = $2 AND p.mode = $3
            AND p.developer_tracking_id = $4 AND p.channel = 'qr'");
    // From the newest: those of a span of time, after the last one of the page before.
    LIST_OPERATIONS = concat!("SELECT ", payment_columns!(),
        " FROM payments p WHERE p.merchant_id = $1 AND p.mode = $2 AND p.channel = 'qr'
            AND p.created_us >= $3 AND (p.created_us, p.id) < ($4, $5)
          ORDER BY p.created_us DESC, p.id DESC LIMIT $6");
    LIST_POS_OF_TRACKING_ID = concat!("SELECT ", payment_columns!(),
        " FROM payments p WHERE p.merchant_id = $1 AND p.mode = $2
            AND p.developer_tracking_id = $3 AND p.channel = 'pos'
          ORDER BY p.created_us DESC, p.id DESC LIMIT $4");
    LIST_HISTORY_BEFORE = concat!("SELECT ", payment_columns!(),
        " FROM payments p WHERE p.merchant_id = $1 AND p.mode = $2
            AND p.created_us BETWEEN $3 AND $4
            AND (p.created_us, p.vshard, p.id) < ($5, $6, $7)
            AND ($8 = '' OR strpos($8, ' ' || p.status || ' ') > 0)
            AND ($9 = 0 OR p.app_id = $10)
            AND (p.channel <> 'online') = ($12 = 1) AND ($13 = '' OR p.terminal = $13)
          ORDER BY p.created_us DESC, p.vshard DESC, p.id DESC LIMIT $11");
    LIST_HISTORY_AFTER = concat!("SELECT ", payment_columns!(),
        " FROM payments p WHERE p.merchant_id = $1 AND p.mode = $2
            AND p.created_us BETWEEN $3 AND $4
            AND (p.created_us, p.vshard, p.id) > ($5, $6, $7)
            AND ($8 = '' OR strpos($8, ' ' || p.status || ' ') > 0)
            AND ($9 = 0 OR p.app_id = $10)
            AND (p.channel <> 'online') = ($12 = 1) AND ($13 = '' OR p.terminal = $13)
          ORDER BY p.created_us ASC, p.vshard ASC, p.id ASC LIMIT $11");
    LIST_CARDS_OF_CLIENT = "SELECT a.rail, p.ended_us FROM payments p
        JOIN attempts a ON a.vshard = p.vshard AND a.payment_id = p.id AND a.number = p.captured_attempt
        WHERE p.client_ref = $1 AND p.status = 'captured'
        ORDER BY p.created_us, p.id LIMIT $2";
    // Of one index alone: where so many payments back, or on, are made.
    HISTORY_SEEN_BACK_TO = "SELECT created_us FROM payments WHERE merchant_id = $1 AND mode = $2
        AND created_us BETWEEN $3 AND $4 ORDER BY created_us DESC LIMIT 1 OFFSET $5";
    HISTORY_SEEN_ON_TO = "SELECT created_us FROM payments WHERE merchant_id = $1 AND mode = $2
        AND created_us BETWEEN $3 AND $4 ORDER BY created_us ASC LIMIT 1 OFFSET $5";
    LIST_LEGS = "SELECT number, destination, amount_millimes, kind, captured_millimes FROM legs
        WHERE vshard = $1 AND payment_id = $2 ORDER BY number";
    LIST_PAYMENTS_TO_EXPIRE = "SELECT id FROM payments
        WHERE status IN ('created', 'requires_action') AND expires_us <= $1
            AND vshard = ANY($3::smallint[])
        ORDER BY expires_us LIMIT $2";
    LIST_PAYMENTS_TO_SETTLE = "SELECT id FROM payments
        WHERE settles_us IS NOT NULL AND NOT is_settled AND settles_us <= $1
            AND vshard = ANY($3::smallint[])
        ORDER BY settles_us, id LIMIT $2";
    NEXT_SETTLEMENT = "SELECT min(settles_us) FROM payments
        WHERE settles_us IS NOT NULL AND NOT is_settled AND vshard = ANY($1::smallint[])";
    NEXT_EXPIRY = "SELECT min(expires_us) FROM payments
        WHERE status IN ('created', 'requires_action') AND vshard = ANY($1::smallint[])";
    LIST_HELD_TO_LOOK_AT = "SELECT id FROM payments
        WHERE authorized_look_us IS NOT NULL AND authorized_look_us <= $1 AND mode = $2
            AND vshard = ANY($4::smallint[])
        ORDER BY authorized_look_us LIMIT $3";
    NEXT_HELD_LOOK = "SELECT min(authorized_look_us) FROM payments
        WHERE authorized_look_us IS NOT NULL AND vshard = ANY($1::smallint[])";

    // -- attempts and codes --
    LIST_ATTEMPTS = concat!("SELECT ", attempt_columns!(),
        " FROM attempts WHERE vshard = $1 AND payment_id = $2 ORDER BY number");
    LIST_ATTEMPTS_TO_LOOK_AT = "SELECT a.payment_id, a.number FROM attempts a
        JOIN payments p ON p.vshard = a.vshard AND p.id = a.payment_id
        WHERE a.next_look_us IS NOT NULL AND a.next_look_us <= $1 AND p.mode = $2
            AND a.vshard = ANY($4::smallint[])
        ORDER BY a.next_look_us LIMIT $3";
    NEXT_LOOK = "SELECT min(next_look_us) FROM attempts
        WHERE next_look_us IS NOT NULL AND vshard = ANY($1::smallint[])";
    LIST_ATTEMPTS_UNRESOLVED = concat!("SELECT ", attempt_columns!(),
        " FROM attempts WHERE next_look_us IS NOT NULL OR needs_operator
          OR status IN ('init', 'sent', 'unknown') ORDER BY started_us, payment_id, number LIMIT $1");
    LIST_CHALLENGES = "SELECT id, payment_id, attempt, code_hash, sent_us, expires_us, tries, ended,
        version FROM challenges WHERE vshard = $1 AND payment_id = $2 ORDER BY sent_us, id";

    // -- refunds --
    LIST_REFUNDS_OF_PAYMENT = concat!("SELECT ", refund_columns!(),
        " FROM refunds WHERE vshard = $1 AND payment_id = $2 ORDER BY number");
    LIST_REFUND_PARTS = concat!("SELECT ", part_columns!(),
        " FROM refund_parts WHERE vshard = $1 AND payment_id = $2 ORDER BY refund, leg");
    LIST_REFUNDS = concat!("SELECT ", refund_columns!(),
        " FROM refunds ORDER BY asked_us DESC, reference LIMIT $1");
    LIST_REFUNDS_TO_LOOK_AT = "SELECT r.payment_id, r.number FROM refunds r
        JOIN payments p ON p.vshard = r.vshard AND p.id = r.payment_id
        WHERE r.next_look_us IS NOT NULL AND r.next_look_us <= $1 AND p.mode = $2
            AND r.vshard = ANY($4::smallint[])
        ORDER BY r.next_look_us LIMIT $3";
    NEXT_REFUND_LOOK = "SELECT min(next_look_us) FROM refunds
        WHERE next_look_us IS NOT NULL AND vshard = ANY($1::smallint[])";

    // -- idempotency --
    FIND_IDEMPOTENCY_KEY = "SELECT merchant_id, mode, about, key, fingerprint, payment_id, answer, request_id, created_us, route
        FROM idempotency_keys WHERE vshard = $1 AND merchant_id = $2 AND mode = $3 AND about = $4
            AND key = $5";
    LIST_IDEMPOTENCY_KEYS_TO_PRUNE = "SELECT merchant_id, mode, about, key FROM idempotency_keys
        WHERE created_us < $1 AND vshard = ANY($3::smallint[]) ORDER BY created_us LIMIT $2";

    // -- books --
    FIND_BALANCE = "SELECT posted_millimes, held_millimes FROM accounts WHERE vshard = $1 AND id = $2";
    LIST_DEBTS = "SELECT owner, mode FROM accounts
        WHERE kind = 'debt' AND posted_millimes <> 0 AND vshard = ANY($1::smallint[])
        ORDER BY vshard, id";
    LIST_POSTINGS_OF_PAYMENT = "SELECT e.kind, e.at_us, u.owner, u.kind, p.amount_millimes,
            p.account_vshard, p.account_id
        FROM journal_entries e
        JOIN postings p ON p.vshard = e.vshard AND p.entry_id = e.id
        LEFT JOIN unfolded_lines u ON u.vshard = p.vshard AND u.entry_id = p.entry_id
            AND u.line = p.line
        WHERE e.vshard = $1 AND e.payment_id = $2 ORDER BY e.at_us, e.id, p.line";
    LIST_ACCOUNTS_OF_PAYMENT = "SELECT p.account_id FROM journal_entries e
        JOIN postings p ON p.vshard = e.vshard AND p.entry_id = e.id
        WHERE e.vshard = $1 AND e.payment_id = $2";
    FIND_ACCOUNT_NAME = "SELECT owner, kind FROM accounts WHERE vshard = $1 AND id = $2";

    // -- lines that are folded later, and holds --
    LIST_UNFOLDED_LINES = concat!("SELECT ", line_columns!(), " FROM unfolded_lines
        WHERE vshard = ANY($2::smallint[]) ORDER BY at_us, vshard, entry_id, line LIMIT $1");
    SUM_UP_UNFOLDED = "SELECT count(*), min(at_us) FROM unfolded_lines
        WHERE vshard = ANY($1::smallint[])";
    COUNT_UNFOLDED_OF_HOLD = "SELECT count(*) FROM journal_entries e
        JOIN unfolded_lines u ON u.vshard = e.vshard AND u.entry_id = e.id
        WHERE e.vshard = $1 AND e.payment_id = $2 AND u.hold_id = $3";
    LIST_OPEN_HOLDS = "SELECT id, payment_id, attempt FROM holds
        WHERE state = 'open' AND look_us <= $1 AND vshard = ANY($3::smallint[])
        ORDER BY look_us, id LIMIT $2";

    // -- events and deliveries --
    FIND_EVENT = "SELECT id, payment_id, sequence, kind, body, at_us FROM events
        WHERE vshard = $1 AND id = $2";
    LIST_EVENTS_OF_PAYMENT = "SELECT id, payment_id, sequence, kind, body, at_us FROM events
        WHERE vshard = $1 AND payment_id = $2 ORDER BY sequence";
    FIND_DELIVERY = concat!("SELECT ", delivery_columns!(),
        " FROM deliveries WHERE vshard = $1 AND id = $2");
    LIST_DELIVERIES = concat!("SELECT ", delivery_columns!(),
        " FROM deliveries ORDER BY created_us DESC, id LIMIT $1");
    LIST_DELIVERIES_OF_PAYMENT = concat!("SELECT ", delivery_columns!(),
        " FROM deliveries WHERE vshard = $1 AND payment_id = $2 ORDER BY created_us, id");
    NEXT_RECEIVER = "SELECT app_id, origin FROM deliveries
        WHERE status = 'pending' AND (app_id, origin) > ($1, $2)
            AND vshard = ANY($3::smallint[])
        ORDER BY app_id, origin LIMIT 1";
    LIST_WAITING_OF_RECEIVER = "SELECT id, state_us FROM deliveries
        WHERE status = 'pending' AND app_id = $1 AND origin = $2
            AND vshard = ANY($4::smallint[])
        ORDER BY state_us, vshard, id LIMIT $3";
    FIND_LEARNED_METHOD = "SELECT method FROM learned_methods
        WHERE vshard = $1 AND app_id = $2 AND origin = $3";

    // -- a batch's rows, table by table --
    LOAD_PAYMENTS = concat!("SELECT ", payment_columns!(), "
        FROM unnest($1::smallint[], $2::uuid[]) AS k (vshard, id)
        JOIN payments p ON p.vshard = k.vshard AND p.id = k.id");
    LOAD_LEGS = "SELECT l.number, l.destination, l.amount_millimes, l.kind, l.captured_millimes,
            l.payment_id
        FROM unnest($1::smallint[], $2::uuid[]) AS k (vshard, id)
        JOIN legs l ON l.vshard = k.vshard AND l.payment_id = k.id
        ORDER BY l.payment_id, l.number";
    LOAD_ATTEMPTS = concat!("SELECT ", attempt_columns!(), "
        FROM unnest($1::smallint[], $2::uuid[]) AS k (shard, payment)
        JOIN attempts a ON a.vshard = k.shard AND a.payment_id = k.payment
        ORDER BY a.payment_id, a.number");
    LOAD_CHALLENGES = "SELECT c.id, c.payment_id, c.attempt, c.code_hash, c.sent_us, c.expires_us,
            c.tries, c.ended, c.version
        FROM unnest($1::smallint[], $2::uuid[]) AS k (vshard, id)
        JOIN challenges c ON c.vshard = k.vshard AND c.payment_id = k.id
        ORDER BY c.payment_id, c.sent_us, c.id";
    LOAD_REFUNDS = concat!("SELECT ", refund_columns!(), "
        FROM unnest($1::smallint[], $2::uuid[]) AS k (shard, payment)
        JOIN refunds r ON r.vshard = k.shard AND r.payment_id = k.payment
        ORDER BY r.payment_id, r.number");
    LOAD_REFUND_PARTS = concat!("SELECT ", part_columns!(), "
        FROM unnest($1::smallint[], $2::uuid[]) AS k (shard, payment)
        JOIN refund_parts q ON q.vshard = k.shard AND q.payment_id = k.payment
        ORDER BY q.payment_id, q.refund, q.leg");
    LOAD_IDEMPOTENCY_KEYS = "SELECT i.merchant_id, i.mode, i.about, i.key, i.fingerprint,
            i.payment_id, i.answer, i.request_id, i.created_us, i.route
        FROM unnest($1::smallint[], $2::bigint[], $3::text[], $4::text[], $5::text[])
            AS k (vshard, merchant_id, mode, about, key)
        JOIN idempotency_keys i ON i.vshard = k.vshard AND i.merchant_id = k.merchant_id
            AND i.mode = k.mode AND i.about = k.about AND i.key = k.key";
    LOAD_MERCHANTS = "SELECT id, name, image_url, status, created_us, version, fee_plan FROM merchants
        WHERE id = ANY($1::bigint[])";
    LOAD_APPS = "SELECT id, merchant_id, mode, webhook_mode, webhook_secret, created_us, version
        FROM apps WHERE id = ANY($1::uuid[])";
    LOAD_KEY_PAIRS = "SELECT public_key, app_id, kind, name, private_key_hash, created_us, expires_us,
        version FROM key_pairs WHERE public_key = ANY($1::text[]) OR app_id = ANY($2::uuid[])";
    LOAD_TERMINALS = "SELECT t.merchant_id, t.id, t.serial_number, t.created_us, t.version
        FROM unnest($1::bigint[], $2::text[]) AS k (merchant_id, id)
        JOIN terminals t ON t.merchant_id = k.merchant_id AND t.id = k.id";
    LOAD_BALANCES = "SELECT a.id, a.posted_millimes, a.held_millimes
        FROM unnest($1::smallint[], $2::uuid[]) AS k (vshard, id)
        JOIN accounts a ON a.vshard = k.vshard AND a.id = k.id";
    LOAD_HOLDS = concat!("SELECT ", hold_columns!(), "
        FROM unnest($1::smallint[], $2::uuid[]) AS k (shard, hold)
        JOIN holds h ON h.vshard = k.shard AND h.id = k.hold");
    LOAD_ACCOUNT_LINES = "SELECT l.account_id, l.entry_id, l.line
        FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::bigint[])
            AS k (vshard, account_id, entry_id, line)
        JOIN account_lines l ON l.vshard = k.vshard AND l.account_id = k.account_id
            AND l.entry_id = k.entry_id AND l.line = k.line";
    LOAD_UNFOLDED_LINES = "SELECT u.entry_id, u.line
        FROM unnest($1::smallint[], $2::uuid[], $3::bigint[]) AS k (vshard, entry_id, line)
        JOIN unfolded_lines u ON u.vshard = k.vshard AND u.entry_id = k.entry_id
            AND u.line = k.line";
    LOAD_WALLETS = "SELECT w.id, w.mode, w.phone, w.name, w.created_us, w.version
        FROM unnest($1::smallint[], $2::text[], $3::text[]) AS k (vshard, mode, phone)
        JOIN wallets w ON w.vshard = k.vshard AND w.mode = k.mode AND w.phone = k.phone";
    LOAD_PHONE_WINDOWS = "SELECT w.mode, w.phone, w.codes, w.version
        FROM unnest($1::smallint[], $2::text[], $3::text[]) AS k (vshard, mode, phone)
        JOIN phone_windows w ON w.vshard = k.vshard AND w.mode = k.mode AND w.phone = k.phone";
    LOAD_CARD_WINDOWS = "SELECT w.card, w.declined, w.version
        FROM unnest($1::smallint[], $2::text[]) AS k (vshard, card)
        JOIN card_windows w ON w.vshard = k.vshard AND w.card = k.card";
    LOAD_DELIVERIES = concat!("SELECT ", delivery_columns!(), "
        FROM unnest($1::smallint[], $2::uuid[]) AS k (shard, delivery)
        JOIN deliveries d ON d.vshard = k.shard AND d.id = k.delivery");
    LOAD_LEARNED_METHODS = "SELECT m.app_id, m.origin, m.method
        FROM unnest($1::smallint[], $2::uuid[], $3::text[]) AS k (vshard, app_id, origin)
        JOIN learned_methods m ON m.vshard = k.vshard AND m.app_id = k.app_id
            AND m.origin = k.origin";
}
