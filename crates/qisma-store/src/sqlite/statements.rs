//! Every statement of the embedded engine, in one place. A test prepares each of them.

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $(
            #[expect(missing_docs, reason = "the name and the SQL say it")]
            $(#[$doc])*
            pub const $name: &str = $sql;
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
    // -- one process at a time --
    RAISE_EPOCH = "INSERT INTO epochs (id, epoch) VALUES (1, 1)
        ON CONFLICT (id) DO UPDATE SET epoch = epochs.epoch + 1 RETURNING epoch";
    FIND_EPOCH = "SELECT epoch FROM epochs WHERE id = 1";
    FIND_IDENTITY = "SELECT (SELECT key_id FROM master_key WHERE id = 1),
        (SELECT applied_us FROM schema_version WHERE version = 1),
        (SELECT coalesce(max(epoch), 0) FROM epochs)";
    FIND_KEY_ID = "SELECT key_id FROM master_key WHERE id = 1";
    INSERT_KEY_ID = "INSERT INTO master_key (id, key_id) VALUES (1, ?1)
        ON CONFLICT (id) DO NOTHING";

    // -- merchants and their keys --
    FIND_MERCHANT = "SELECT id, name, image_url, status, created_us, version, fee_plan FROM merchants
        WHERE id = ?1";
    LIST_MERCHANTS = "SELECT id, name, image_url, status, created_us, version, fee_plan FROM merchants
        WHERE id > ?1 ORDER BY id LIMIT ?2";
    INSERT_MERCHANT = "INSERT INTO merchants (id, name, image_url, status, created_us, version,
        fee_plan) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    UPDATE_MERCHANT = "UPDATE merchants SET name = ?2, image_url = ?3, status = ?4, version = ?5,
        fee_plan = ?7 WHERE id = ?1 AND version = ?6";
    FIND_APP = "SELECT id, merchant_id, mode, webhook_mode, webhook_secret, created_us, version
        FROM apps WHERE id = ?1";
    FIND_FIRST_APP = "SELECT id, merchant_id, mode, webhook_mode, webhook_secret, created_us, version
        FROM apps WHERE merchant_id = ?1 AND mode = ?2 ORDER BY created_us, id LIMIT 1";
    LIST_APPS = "SELECT id, merchant_id, mode, webhook_mode, webhook_secret, created_us, version
        FROM apps ORDER BY created_us, id LIMIT ?1";
    INSERT_APP = "INSERT INTO apps
        (id, merchant_id, mode, webhook_mode, webhook_secret, created_us, version)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    UPDATE_APP = "UPDATE apps SET webhook_mode = ?2, webhook_secret = ?3, version = ?4
        WHERE id = ?1 AND version = ?5";
    FIND_KEY_PAIR = "SELECT public_key, app_id, kind, name, private_key_hash, created_us, expires_us,
        version FROM key_pairs WHERE public_key = ?1";
    LIST_API_KEYS = "SELECT public_key, app_id, kind, name, private_key_hash, created_us, expires_us,
        version FROM key_pairs WHERE kind = 'api_key' ORDER BY created_us, public_key LIMIT ?1";
    LIST_KEY_PAIRS_OF_APP = "SELECT public_key, app_id, kind, name, private_key_hash, created_us,
        expires_us, version FROM key_pairs WHERE app_id = ?1 ORDER BY created_us, public_key";
    INSERT_KEY_PAIR = "INSERT INTO key_pairs
        (public_key, app_id, kind, name, private_key_hash, created_us, expires_us, version)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    UPDATE_KEY_PAIR = "UPDATE key_pairs SET expires_us = ?2, version = ?3
        WHERE public_key = ?1 AND version = ?4";

    // -- terminals --
    FIND_TERMINAL = "SELECT merchant_id, id, serial_number, created_us, version FROM terminals
        WHERE merchant_id = ?1 AND id = ?2";
    LIST_TERMINALS = "SELECT merchant_id, id, serial_number, created_us, version FROM terminals
        ORDER BY merchant_id, id LIMIT ?1";
    INSERT_TERMINAL = "INSERT INTO terminals (merchant_id, id, serial_number, created_us, version)
        VALUES (?1, ?2, ?3, ?4, ?5)";

    // -- wallets --
    FIND_WALLET = "SELECT id, mode, phone, name, created_us, version FROM wallets
        WHERE vshard = ?1 AND mode = ?2 AND phone = ?3";
    INSERT_WALLET = "INSERT INTO wallets (vshard, id, mode, phone, name, created_us, version)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    FIND_PHONE_WINDOW = "SELECT mode, phone, codes, version FROM phone_windows
        WHERE vshard = ?1 AND mode = ?2 AND phone = ?3";
    INSERT_PHONE_WINDOW = "INSERT INTO phone_windows (vshard, mode, phone, codes, version)
        VALUES (?1, ?2, ?3, ?4, ?5)";
    UPDATE_PHONE_WINDOW = "UPDATE phone_windows SET codes = ?4, version = ?5
        WHERE vshard = ?1 AND mode = ?2 AND phone = ?3 AND version = ?6";
    FIND_CARD_WINDOW = "SELECT card, declined, version FROM card_windows
        WHERE vshard = ?1 AND card = ?2";
    INSERT_CARD_WINDOW = "INSERT INTO card_windows (vshard, card, declined, newest_us, version)
        VALUES (?1, ?2, ?3, ?4, ?5)";
    UPDATE_CARD_WINDOW = "UPDATE card_windows SET declined = ?3, newest_us = ?4, version = ?5
        WHERE vshard = ?1 AND card = ?2 AND version = ?6";
    DELETE_CARD_WINDOW = "DELETE FROM card_windows
        WHERE vshard = ?1 AND card = ?2 AND version = ?3";
    LIST_CARDS_TO_FORGET = "SELECT card FROM card_windows WHERE newest_us < ?1
        ORDER BY newest_us LIMIT ?2";

    // -- payments --
    FIND_PAYMENT = concat!("SELECT ", payment_columns!(),
        " FROM payments p WHERE p.vshard = ?1 AND p.id = ?2");
    FIND_PAYMENT_OF_MERCHANT = concat!("SELECT ", payment_columns!(),
        " FROM payments p WHERE p.vshard = ?1 AND p.id = ?2 AND p.merchant_id = ?3 AND p.mode = ?4");
    LIST_PAYMENTS = concat!("SELECT ", payment_columns!(),
        " FROM payments p ORDER BY p.created_us DESC, p.id LIMIT ?1");
    LIST_PAYMENTS_OF_MERCHANT = concat!("SELECT ", payment_columns!(),
        " FROM payments p WHERE p.merchant_id = ?1 AND p.mode = ?2
          ORDER BY p.created_us DESC, p.id LIMIT ?3");
    INSERT_PAYMENT = "INSERT INTO payments (vshard, id, merchant_id, app_id, mode, amount_millimes,
        currency, status, captured_attempt, end_reason, ended_us, created_us, updated_us, expires_us,
        success_link, fail_link, webhook, developer_tracking_id, accept_card, image_url, sequence,
        version, channel, terminal, fee_plan, settles_us, is_settled, client_ref, captured_millimes,
        hold_secs, authorized, authorized_look_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,
        ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28,
        ?29, ?30, ?31, ?32)";
    UPDATE_PAYMENT = "UPDATE payments SET status = ?3, captured_attempt = ?4, end_reason = ?5,
        ended_us = ?6, updated_us = ?7, sequence = ?8, version = ?9, settles_us = ?11,
        is_settled = ?12, captured_millimes = ?13, authorized = ?14, authorized_look_us = ?15
        WHERE vshard = ?1 AND id = ?2 AND version = ?10";
    FIND_PAYMENT_OF_OPERATION = concat!("SELECT ", payment_columns!(),
        " FROM payments p WHERE p.vshard = ?1 AND p.merchant_id = ?2 AND p.mode = ?3
            AND p.developer_tracking_id = ?4 AND p.channel = 'qr'");
    // From the newest: those of a span of time, after the last one of the page before.
    LIST_OPERATIONS = concat!("SELECT ", payment_columns!(),
        " FROM payments p WHERE p.merchant_id = ?1 AND p.mode = ?2 AND p.channel = 'qr'
            AND p.created_us >= ?3 AND (p.created_us, p.id) < (?4, ?5)
          ORDER BY p.created_us DESC, p.id DESC LIMIT ?6");
    LIST_POS_OF_TRACKING_ID = concat!("SELECT ", payment_columns!(),
        " FROM payments p WHERE p.merchant_id = ?1 AND p.mode = ?2
            AND p.developer_tracking_id = ?3 AND p.channel = 'pos'
          ORDER BY p.created_us DESC, p.id DESC LIMIT ?4");
    LIST_HISTORY_BEFORE = concat!("SELECT ", payment_columns!(),
        " FROM payments p WHERE p.merchant_id = ?1 AND p.mode = ?2
            AND p.created_us BETWEEN ?3 AND ?4
            AND (p.created_us, p.vshard, p.id) < (?5, ?6, ?7)
            AND (?8 = '' OR instr(?8, ' ' || p.status || ' ') > 0)
            AND (?9 = 0 OR p.app_id = ?10)
            AND (p.channel <> 'online') = (?12 = 1) AND (?13 = '' OR p.terminal = ?13)
          ORDER BY p.created_us DESC, p.vshard DESC, p.id DESC LIMIT ?11");
    LIST_HISTORY_AFTER = concat!("SELECT ", payment_columns!(),
        " FROM payments p WHERE p.merchant_id = ?1 AND p.mode = ?2
            AND p.created_us BETWEEN ?3 AND ?4
            AND (p.created_us, p.vshard, p.id) > (?5, ?6, ?7)
            AND (?8 = '' OR instr(?8, ' ' || p.status || ' ') > 0)
            AND (?9 = 0 OR p.app_id = ?10)
            AND (p.channel <> 'online') = (?12 = 1) AND (?13 = '' OR p.terminal = ?13)
          ORDER BY p.created_us ASC, p.vshard ASC, p.id ASC LIMIT ?11");
    LIST_CARDS_OF_CLIENT = "SELECT a.rail, p.ended_us FROM payments p
        JOIN attempts a ON a.vshard = p.vshard AND a.payment_id = p.id AND a.number = p.captured_attempt
        WHERE p.client_ref = ?1 AND p.status = 'captured'
        ORDER BY p.created_us, p.id LIMIT ?2";
    // Of one index alone: where so many payments back, or on, are made.
    HISTORY_SEEN_BACK_TO = "SELECT created_us FROM payments WHERE merchant_id = ?1 AND mode = ?2
        AND created_us BETWEEN ?3 AND ?4 ORDER BY created_us DESC LIMIT 1 OFFSET ?5";
    HISTORY_SEEN_ON_TO = "SELECT created_us FROM payments WHERE merchant_id = ?1 AND mode = ?2
        AND created_us BETWEEN ?3 AND ?4 ORDER BY created_us ASC LIMIT 1 OFFSET ?5";
    LIST_LEGS = "SELECT number, destination, amount_millimes, kind, captured_millimes FROM legs
        WHERE vshard = ?1 AND payment_id = ?2 ORDER BY number";
    INSERT_LEG = "INSERT INTO legs (vshard, payment_id, number, destination, amount_millimes, kind)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    UPDATE_LEG = "UPDATE legs SET captured_millimes = ?4
        WHERE vshard = ?1 AND payment_id = ?2 AND number = ?3";
    LIST_PAYMENTS_TO_EXPIRE = "SELECT id FROM payments
        WHERE status IN ('created', 'requires_action') AND expires_us <= ?1
        ORDER BY expires_us LIMIT ?2";
    LIST_PAYMENTS_TO_SETTLE = "SELECT id FROM payments
        WHERE settles_us IS NOT NULL AND is_settled = 0 AND settles_us <= ?1
        ORDER BY settles_us, id LIMIT ?2";
    NEXT_SETTLEMENT = "SELECT min(settles_us) FROM payments
        WHERE settles_us IS NOT NULL AND is_settled = 0";
    NEXT_EXPIRY = "SELECT min(expires_us) FROM payments
        WHERE status IN ('created', 'requires_action')";
    LIST_HELD_TO_LOOK_AT = "SELECT id FROM payments
        WHERE authorized_look_us IS NOT NULL AND authorized_look_us <= ?1 AND mode = ?2
        ORDER BY authorized_look_us LIMIT ?3";
    NEXT_HELD_LOOK = "SELECT min(authorized_look_us) FROM payments
        WHERE authorized_look_us IS NOT NULL";

    // -- attempts and codes --
    LIST_ATTEMPTS = concat!("SELECT ", attempt_columns!(),
        " FROM attempts WHERE vshard = ?1 AND payment_id = ?2 ORDER BY number");
    INSERT_ATTEMPT = "INSERT INTO attempts (vshard, payment_id, number, status, state, rail,
        order_number, next_look_us, needs_operator, started_us, updated_us, version)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    UPDATE_ATTEMPT = "UPDATE attempts SET status = ?4, state = ?5, rail = ?6, next_look_us = ?7,
        needs_operator = ?8, updated_us = ?9, version = ?10
        WHERE vshard = ?1 AND payment_id = ?2 AND number = ?3 AND version = ?11";
    LIST_ATTEMPTS_TO_LOOK_AT = "SELECT a.payment_id, a.number FROM attempts a
        JOIN payments p ON p.vshard = a.vshard AND p.id = a.payment_id
        WHERE a.next_look_us IS NOT NULL AND a.next_look_us <= ?1 AND p.mode = ?2
        ORDER BY a.next_look_us LIMIT ?3";
    NEXT_LOOK = "SELECT min(next_look_us) FROM attempts WHERE next_look_us IS NOT NULL";
    LIST_ATTEMPTS_UNRESOLVED = concat!("SELECT ", attempt_columns!(),
        " FROM attempts WHERE next_look_us IS NOT NULL OR needs_operator = 1
          OR status IN ('init', 'sent', 'unknown') ORDER BY started_us, payment_id, number LIMIT ?1");
    LIST_CHALLENGES = "SELECT id, payment_id, attempt, code_hash, sent_us, expires_us, tries, ended,
        version FROM challenges WHERE vshard = ?1 AND payment_id = ?2 ORDER BY sent_us, id";
    INSERT_CHALLENGE = "INSERT INTO challenges (vshard, id, payment_id, attempt, code_hash, sent_us,
        expires_us, tries, ended, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    UPDATE_CHALLENGE = "UPDATE challenges SET tries = ?4, ended = ?5, version = ?6
        WHERE vshard = ?1 AND payment_id = ?2 AND id = ?3 AND version = ?7";

    // -- refunds --
    LIST_REFUNDS_OF_PAYMENT = concat!("SELECT ", refund_columns!(),
        " FROM refunds WHERE vshard = ?1 AND payment_id = ?2 ORDER BY number");
    LIST_REFUND_PARTS = concat!("SELECT ", part_columns!(),
        " FROM refund_parts WHERE vshard = ?1 AND payment_id = ?2 ORDER BY refund, leg");
    LIST_REFUNDS = concat!("SELECT ", refund_columns!(),
        " FROM refunds ORDER BY asked_us DESC, reference LIMIT ?1");
    LIST_REFUNDS_TO_LOOK_AT = "SELECT r.payment_id, r.number FROM refunds r
        JOIN payments p ON p.vshard = r.vshard AND p.id = r.payment_id
        WHERE r.next_look_us IS NOT NULL AND r.next_look_us <= ?1 AND p.mode = ?2
        ORDER BY r.next_look_us LIMIT ?3";
    NEXT_REFUND_LOOK = "SELECT min(next_look_us) FROM refunds
        WHERE next_look_us IS NOT NULL";
    INSERT_REFUND = "INSERT INTO refunds (vshard, payment_id, number, reference, amount_millimes,
        status, state, next_look_us, looks, needs_operator, asked_us, updated_us, version)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
    UPDATE_REFUND = "UPDATE refunds SET status = ?4, state = ?5, next_look_us = ?6, looks = ?7,
        needs_operator = ?8, updated_us = ?9, version = ?10
        WHERE vshard = ?1 AND payment_id = ?2 AND number = ?3 AND version = ?11";
    INSERT_REFUND_PART = "INSERT INTO refund_parts (vshard, payment_id, refund, leg, destination,
        amount_millimes, credited_to, from_credited_millimes, from_available_millimes,
        from_debt_millimes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

    // -- idempotency --
    FIND_IDEMPOTENCY_KEY = "SELECT merchant_id, mode, about, key, fingerprint, payment_id, answer, request_id, created_us, route
        FROM idempotency_keys WHERE vshard = ?1 AND merchant_id = ?2 AND mode = ?3 AND about = ?4
            AND key = ?5";
    INSERT_IDEMPOTENCY_KEY = "INSERT INTO idempotency_keys (vshard, merchant_id, mode, about,
        key, fingerprint, payment_id, answer, request_id, created_us, route)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    LIST_IDEMPOTENCY_KEYS_TO_PRUNE = "SELECT merchant_id, mode, about, key FROM idempotency_keys
        WHERE created_us < ?1 ORDER BY created_us LIMIT ?2";
    DELETE_IDEMPOTENCY_KEY = "DELETE FROM idempotency_keys
        WHERE vshard = ?1 AND merchant_id = ?2 AND mode = ?3 AND about = ?4
            AND key = ?5";

    // -- books --
    FIND_BALANCE = "SELECT posted_millimes, held_millimes FROM accounts WHERE vshard = ?1 AND id = ?2";
    ADD_TO_ACCOUNT = "INSERT INTO accounts
        (vshard, id, owner, kind, mode, currency, posted_millimes, held_millimes)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        ON CONFLICT (vshard, id) DO UPDATE SET
            posted_millimes = accounts.posted_millimes + excluded.posted_millimes,
            held_millimes = accounts.held_millimes + excluded.held_millimes
        RETURNING posted_millimes - held_millimes";
    INSERT_ENTRY = "INSERT INTO journal_entries
        (vshard, id, kind, reference, payment_id, mode, currency, at_us)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    INSERT_POSTING = "INSERT INTO postings
        (vshard, entry_id, line, account_vshard, account_id, amount_millimes)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    LIST_DEBTS = "SELECT owner, mode FROM accounts
        WHERE kind = 'debt' AND posted_millimes <> 0
        ORDER BY vshard, id";
    // An account that nothing was folded into yet is named by the line that waits.
    LIST_POSTINGS_OF_PAYMENT = "SELECT e.kind, e.at_us, u.owner, u.kind, p.amount_millimes,
            p.account_vshard, p.account_id
        FROM journal_entries e
        JOIN postings p ON p.vshard = e.vshard AND p.entry_id = e.id
        LEFT JOIN unfolded_lines u ON u.vshard = p.vshard AND u.entry_id = p.entry_id
            AND u.line = p.line
        WHERE e.vshard = ?1 AND e.payment_id = ?2 ORDER BY e.at_us, e.id, p.line";
    LIST_ACCOUNTS_OF_PAYMENT = "SELECT p.account_id FROM journal_entries e
        JOIN postings p ON p.vshard = e.vshard AND p.entry_id = e.id
        WHERE e.vshard = ?1 AND e.payment_id = ?2";
    FIND_ACCOUNT_NAME = "SELECT owner, kind FROM accounts WHERE vshard = ?1 AND id = ?2";

    // -- lines that are folded later --
    INSERT_UNFOLDED_LINE = "INSERT INTO unfolded_lines (vshard, entry_id, line, account_vshard,
        account_id, owner, kind, mode, currency, amount_millimes, hold_id, at_us)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    DELETE_UNFOLDED_LINE = "DELETE FROM unfolded_lines
        WHERE vshard = ?1 AND entry_id = ?2 AND line = ?3";
    FIND_UNFOLDED_LINE = "SELECT 1 FROM unfolded_lines
        WHERE vshard = ?1 AND entry_id = ?2 AND line = ?3";
    LIST_UNFOLDED_LINES = concat!("SELECT ", line_columns!(), " FROM unfolded_lines
        ORDER BY at_us, vshard, entry_id, line LIMIT ?1");
    SUM_UP_UNFOLDED = "SELECT count(*), min(at_us) FROM unfolded_lines";
    COUNT_UNFOLDED_OF_HOLD = "SELECT count(*) FROM journal_entries e
        JOIN unfolded_lines u ON u.vshard = e.vshard AND u.entry_id = e.id
        WHERE e.vshard = ?1 AND e.payment_id = ?2 AND u.hold_id = ?3";
    INSERT_ACCOUNT_LINE = "INSERT INTO account_lines (vshard, account_id, entry_id, line,
        amount_millimes, at_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    FIND_ACCOUNT_LINE = "SELECT 1 FROM account_lines
        WHERE vshard = ?1 AND account_id = ?2 AND entry_id = ?3 AND line = ?4";

    // -- holds --
    INSERT_HOLD = "INSERT INTO holds (vshard, id, account_id, owner, kind, mode, currency,
        amount_millimes, payment_id, attempt, state, opened_us, version, look_us)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
    UPDATE_HOLD = "UPDATE holds SET state = ?3, version = ?4, look_us = ?6
        WHERE vshard = ?1 AND id = ?2 AND version = ?5";
    FIND_HOLD = concat!("SELECT ", hold_columns!(), " FROM holds WHERE vshard = ?1 AND id = ?2");
    LIST_OPEN_HOLDS = "SELECT id, payment_id, attempt FROM holds
        WHERE state = 'open' AND look_us <= ?1 ORDER BY look_us, id LIMIT ?2";

    // -- events and deliveries --
    FIND_EVENT = "SELECT id, payment_id, sequence, kind, body, at_us FROM events
        WHERE vshard = ?1 AND id = ?2";
    LIST_EVENTS_OF_PAYMENT = "SELECT id, payment_id, sequence, kind, body, at_us FROM events
        WHERE vshard = ?1 AND payment_id = ?2 ORDER BY sequence";
    INSERT_EVENT = "INSERT INTO events (vshard, id, payment_id, sequence, kind, body, at_us)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    FIND_DELIVERY = concat!("SELECT ", delivery_columns!(),
        " FROM deliveries WHERE vshard = ?1 AND id = ?2");
    LIST_DELIVERIES = concat!("SELECT ", delivery_columns!(),
        " FROM deliveries ORDER BY created_us DESC, id LIMIT ?1");
    LIST_DELIVERIES_OF_PAYMENT = concat!("SELECT ", delivery_columns!(),
        " FROM deliveries WHERE vshard = ?1 AND payment_id = ?2 ORDER BY created_us, id");
    NEXT_RECEIVER = "SELECT app_id, origin FROM deliveries
        WHERE status = 'pending' AND (app_id, origin) > (?1, ?2)
        ORDER BY app_id, origin LIMIT 1";
    LIST_WAITING_OF_RECEIVER = "SELECT id, state_us FROM deliveries
        WHERE status = 'pending' AND app_id = ?1 AND origin = ?2
        ORDER BY state_us, vshard, id LIMIT ?3";
    INSERT_DELIVERY = "INSERT INTO deliveries (vshard, id, event_id, payment_id, app_id, url,
        post_url, origin, method, status, state_us, tries, last_result, replay, created_us, version)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
    UPDATE_DELIVERY = "UPDATE deliveries SET method = ?3, status = ?4, state_us = ?5, tries = ?6,
        last_result = ?7, replay = ?8, version = ?9 WHERE vshard = ?1 AND id = ?2 AND version = ?10";
    FIND_LEARNED_METHOD = "SELECT method FROM learned_methods
        WHERE vshard = ?1 AND app_id = ?2 AND origin = ?3";
    PUT_LEARNED_METHOD = "INSERT INTO learned_methods (vshard, app_id, origin, method)
        VALUES (?1, ?2, ?3, ?4) ON CONFLICT (vshard, app_id, origin) DO UPDATE SET method = excluded.method";
}
