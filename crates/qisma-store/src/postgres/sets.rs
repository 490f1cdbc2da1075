//! The statements that write to PostgreSQL, one for each table, each a whole batch at a time: every
//! parameter is a column as an array. The names are those of the embedded engine's statements.
//!
//! The rows of each array are in the order of their keys, so that two batches lock in one order. An
//! insert leaves out a row that is there already, an update a row that is at another version: the
//! count of rows tells that another lane or node was faster.

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $(
            $(#[$doc])*
            pub(crate) const $name: &str = $sql;
        )*
        /// All of them with their names, for the test that prepares them.
        pub const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

statements! {
    // -- merchants and their keys --
    INSERT_MERCHANT = "INSERT INTO merchants (id, name, image_url, status, created_us, version,
            fee_plan)
        SELECT id, name, image_url, status, created_us, version, fee_plan
        FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[],
            $6::bigint[], $7::text[]) AS u (id, name, image_url, status, created_us, version,
            fee_plan)
        ON CONFLICT DO NOTHING";
    UPDATE_MERCHANT = "UPDATE merchants AS t
        SET name = u.name, image_url = u.image_url, status = u.status, version = u.version,
            fee_plan = u.fee_plan
        FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[],
            $6::bigint[], $7::text[]) AS u (id, name, image_url, status, version, expected,
            fee_plan)
        WHERE t.id = u.id AND t.version = u.expected";
    INSERT_APP = "INSERT INTO apps (id, merchant_id, mode, webhook_mode, webhook_secret, created_us,
            version)
        SELECT id, merchant_id, mode, webhook_mode, webhook_secret, created_us, version
        FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::bytea[], $6::bigint[],
            $7::bigint[]) AS u (id, merchant_id, mode, webhook_mode, webhook_secret, created_us,
            version)
        ON CONFLICT DO NOTHING";
    UPDATE_APP = "UPDATE apps AS t
        SET webhook_mode = u.webhook_mode, webhook_secret = u.webhook_secret, version =
            u.version
        FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::bigint[], $5::bigint[]) AS u (id,
            webhook_mode, webhook_secret, version, expected)
        WHERE t.id = u.id AND t.version = u.expected";
    INSERT_KEY_PAIR = "INSERT INTO key_pairs (public_key, app_id, kind, name, private_key_hash,
            created_us, expires_us, version)
        SELECT public_key, app_id, kind, name, private_key_hash, created_us, expires_us, version
        FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::bigint[],
            $7::bigint[], $8::bigint[]) AS u (public_key, app_id, kind, name, private_key_hash,
            created_us, expires_us, version)
        ON CONFLICT DO NOTHING";
    UPDATE_KEY_PAIR = "UPDATE key_pairs AS t
        SET expires_us = u.expires_us, version = u.version
        FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) AS u (public_key,
            expires_us, version, expected)
        WHERE t.public_key = u.public_key AND t.version = u.expected";

    // -- wallets --
    INSERT_TERMINAL = "INSERT INTO terminals (merchant_id, id, serial_number, created_us, version)
        SELECT merchant_id, id, serial_number, created_us, version
        FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[])
            AS u (merchant_id, id, serial_number, created_us, version)
        ON CONFLICT DO NOTHING";
    INSERT_WALLET = "INSERT INTO wallets (vshard, id, mode, phone, name, created_us, version)
        SELECT vshard, id, mode, phone, name, created_us, version
        FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[], $5::text[],
            $6::bigint[], $7::bigint[]) AS u (vshard, id, mode, phone, name, created_us,
            version)
        ON CONFLICT DO NOTHING";
    INSERT_PHONE_WINDOW = "INSERT INTO phone_windows (vshard, mode, phone, codes, version)
        SELECT vshard, mode, phone, codes, version
        FROM unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bigint[]) AS u
            (vshard, mode, phone, codes, version)
        ON CONFLICT DO NOTHING";
    UPDATE_PHONE_WINDOW = "UPDATE phone_windows AS t
        SET codes = u.codes, version = u.version
        FROM unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bigint[],
            $6::bigint[]) AS u (vshard, mode, phone, codes, version, expected)
        WHERE t.vshard = u.vshard AND t.mode = u.mode AND t.phone = u.phone AND t.version =
            u.expected";
    INSERT_CARD_WINDOW = "INSERT INTO card_windows (vshard, card, declined, newest_us, version)
        SELECT vshard, card, declined, newest_us, version
        FROM unnest($1::smallint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[]) AS u
            (vshard, card, declined, newest_us, version)
        ON CONFLICT DO NOTHING";
    UPDATE_CARD_WINDOW = "UPDATE card_windows AS t
        SET declined = u.declined, newest_us = u.newest_us, version = u.version
        FROM unnest($1::smallint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[],
            $6::bigint[]) AS u (vshard, card, declined, newest_us, version, expected)
        WHERE t.vshard = u.vshard AND t.card = u.card AND t.version = u.expected";
    DELETE_CARD_WINDOW = "DELETE
        FROM card_windows AS t
        USING unnest($1::smallint[], $2::text[], $3::bigint[]) AS u (vshard, card, version)
        WHERE t.vshard = u.vshard AND t.card = u.card AND t.version = u.version";

    // -- payments --
    INSERT_PAYMENT = "INSERT INTO payments (vshard, id, merchant_id, app_id, mode, amount_millimes, currency,
            status, captured_attempt, end_reason, ended_us, created_us, updated_us, expires_us,
            success_link, fail_link, webhook, developer_tracking_id, accept_card, image_url,
            sequence, version, channel, terminal, fee_plan, settles_us, is_settled, client_ref,
            captured_millimes, hold_secs, authorized, authorized_look_us)
        SELECT vshard, id, merchant_id, app_id, mode, amount_millimes, currency, status,
            captured_attempt, end_reason, ended_us, created_us, updated_us, expires_us,
            success_link, fail_link, webhook, developer_tracking_id, accept_card, image_url,
            sequence, version, channel, terminal, fee_plan, settles_us, is_settled, client_ref,
            captured_millimes, hold_secs, authorized, authorized_look_us
        FROM unnest($1::smallint[], $2::uuid[], $3::bigint[], $4::uuid[], $5::text[],
            $6::bigint[], $7::text[], $8::text[], $9::bigint[], $10::text[], $11::bigint[],
            $12::bigint[], $13::bigint[], $14::bigint[], $15::text[], $16::text[], $17::text[],
            $18::text[], $19::boolean[], $20::text[], $21::bigint[], $22::bigint[], $23::text[],
            $24::text[], $25::text[], $26::bigint[], $27::boolean[], $28::text[],
            $29::bigint[], $30::bigint[], $31::text[], $32::bigint[]) AS u
            (vshard, id, merchant_id, app_id, mode, amount_millimes, currency, status,
            captured_attempt, end_reason, ended_us, created_us, updated_us, expires_us,
            success_link, fail_link, webhook, developer_tracking_id, accept_card, image_url,
            sequence, version, channel, terminal, fee_plan, settles_us, is_settled, client_ref,
            captured_millimes, hold_secs, authorized, authorized_look_us)
        ON CONFLICT DO NOTHING";
    UPDATE_PAYMENT = "UPDATE payments AS t
        SET status = u.status, captured_attempt = u.captured_attempt, end_reason = u.end_reason,
            ended_us = u.ended_us, updated_us = u.updated_us, sequence = u.sequence, version =
            u.version, settles_us = u.settles_us, is_settled = u.is_settled,
            captured_millimes = u.captured_millimes, authorized = u.authorized,
            authorized_look_us = u.authorized_look_us
        FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::bigint[], $5::text[],
            $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[],
            $12::boolean[], $13::bigint[], $14::text[], $15::bigint[]) AS u (vshard, id, status,
            captured_attempt, end_reason, ended_us, updated_us, sequence, version, expected,
            settles_us, is_settled, captured_millimes, authorized, authorized_look_us)
        WHERE t.vshard = u.vshard AND t.id = u.id AND t.version = u.expected";
    INSERT_LEG = "INSERT INTO legs (vshard, payment_id, number, destination, amount_millimes, kind)
        SELECT vshard, payment_id, number, destination, amount_millimes, kind
        FROM unnest($1::smallint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[],
            $6::text[]) AS u (vshard, payment_id, number, destination, amount_millimes, kind)
        ON CONFLICT DO NOTHING";
    UPDATE_LEG = "UPDATE legs AS t
        SET captured_millimes = u.captured_millimes
        FROM unnest($1::smallint[], $2::uuid[], $3::bigint[], $4::bigint[]) AS u (vshard,
            payment_id, number, captured_millimes)
        WHERE t.vshard = u.vshard AND t.payment_id = u.payment_id AND t.number = u.number";
    INSERT_ATTEMPT = "INSERT INTO attempts (vshard, payment_id, number, status, state, rail, order_number,
            next_look_us, needs_operator, started_us, updated_us, version)
        SELECT vshard, payment_id, number, status, state, rail, order_number, next_look_us,
            needs_operator, started_us, updated_us, version
        FROM unnest($1::smallint[], $2::uuid[], $3::bigint[], $4::text[], $5::text[],
            $6::text[], $7::text[], $8::bigint[], $9::boolean[], $10::bigint[], $11::bigint[],
            $12::bigint[]) AS u (vshard, payment_id, number, status, state, rail, order_number,
            next_look_us, needs_operator, started_us, updated_us, version)
        ON CONFLICT DO NOTHING";
    UPDATE_ATTEMPT = "UPDATE attempts AS t
        SET status = u.status, state = u.state, rail = u.rail, next_look_us = u.next_look_us,
            needs_operator = u.needs_operator, updated_us = u.updated_us, version = u.version
        FROM unnest($1::smallint[], $2::uuid[], $3::bigint[], $4::text[], $5::text[],
            $6::text[], $7::bigint[], $8::boolean[], $9::bigint[], $10::bigint[], $11::bigint[])
            AS u (vshard, payment_id, number, status, state, rail, next_look_us, needs_operator,
            updated_us, version, expected)
        WHERE t.vshard = u.vshard AND t.payment_id = u.payment_id AND t.number = u.number AND
            t.version = u.expected";
    INSERT_CHALLENGE = "INSERT INTO challenges (vshard, id, payment_id, attempt, code_hash, sent_us, expires_us,
            tries, ended, version)
        SELECT vshard, id, payment_id, attempt, code_hash, sent_us, expires_us, tries, ended,
            version
        FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::bigint[], $5::bytea[],
            $6::bigint[], $7::bigint[], $8::bigint[], $9::boolean[], $10::bigint[]) AS u
            (vshard, id, payment_id, attempt, code_hash, sent_us, expires_us, tries, ended,
            version)
        ON CONFLICT DO NOTHING";
    UPDATE_CHALLENGE = "UPDATE challenges AS t
        SET tries = u.tries, ended = u.ended, version = u.version
        FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::bigint[], $5::boolean[],
            $6::bigint[], $7::bigint[]) AS u (vshard, payment_id, id, tries, ended, version,
            expected)
        WHERE t.vshard = u.vshard AND t.payment_id = u.payment_id AND t.id = u.id AND t.version
            = u.expected";

    // -- refunds --
    INSERT_REFUND = "INSERT INTO refunds (vshard, payment_id, number, reference, amount_millimes, status,
            state, next_look_us, looks, needs_operator, asked_us, updated_us, version)
        SELECT vshard, payment_id, number, reference, amount_millimes, status, state,
            next_look_us, looks, needs_operator, asked_us, updated_us, version
        FROM unnest($1::smallint[], $2::uuid[], $3::bigint[], $4::text[], $5::bigint[],
            $6::text[], $7::text[], $8::bigint[], $9::bigint[], $10::boolean[], $11::bigint[],
            $12::bigint[], $13::bigint[]) AS u (vshard, payment_id, number, reference,
            amount_millimes, status, state, next_look_us, looks, needs_operator, asked_us,
            updated_us, version)
        ON CONFLICT DO NOTHING";
    UPDATE_REFUND = "UPDATE refunds AS t
        SET status = u.status, state = u.state, next_look_us = u.next_look_us, looks = u.looks,
            needs_operator = u.needs_operator, updated_us = u.updated_us, version = u.version
        FROM unnest($1::smallint[], $2::uuid[], $3::bigint[], $4::text[], $5::text[],
            $6::bigint[], $7::bigint[], $8::boolean[], $9::bigint[], $10::bigint[],
            $11::bigint[]) AS u (vshard, payment_id, number, status, state, next_look_us, looks,
            needs_operator, updated_us, version, expected)
        WHERE t.vshard = u.vshard AND t.payment_id = u.payment_id AND t.number = u.number AND
            t.version = u.expected";
    INSERT_REFUND_PART = "INSERT INTO refund_parts (vshard, payment_id, refund, leg, destination,
            amount_millimes, credited_to, from_credited_millimes, from_available_millimes,
            from_debt_millimes)
        SELECT vshard, payment_id, refund, leg, destination, amount_millimes, credited_to,
            from_credited_millimes, from_available_millimes, from_debt_millimes
        FROM unnest($1::smallint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[],
            $6::bigint[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[]) AS u (vshard,
            payment_id, refund, leg, destination, amount_millimes, credited_to,
            from_credited_millimes, from_available_millimes, from_debt_millimes)
        ON CONFLICT DO NOTHING";

    // -- idempotency --
    INSERT_IDEMPOTENCY_KEY = "INSERT INTO idempotency_keys (vshard, merchant_id, mode, about, key, fingerprint,
            payment_id, answer, request_id, created_us, route)
        SELECT vshard, merchant_id, mode, about, key, fingerprint, payment_id, answer,
            request_id, created_us, route
        FROM unnest($1::smallint[], $2::bigint[], $3::text[], $4::text[], $5::text[],
            $6::bytea[], $7::uuid[], $8::text[], $9::text[], $10::bigint[], $11::text[])
            AS u (vshard, merchant_id, mode, about, key, fingerprint, payment_id, answer,
            request_id, created_us, route)
        ON CONFLICT DO NOTHING";
    DELETE_IDEMPOTENCY_KEY = "DELETE
        FROM idempotency_keys AS t
        USING unnest($1::smallint[], $2::bigint[], $3::text[], $4::text[], $5::text[]) AS u
            (vshard, merchant_id, mode, about, key)
        WHERE t.vshard = u.vshard AND t.merchant_id = u.merchant_id AND t.mode = u.mode AND
            t.about = u.about AND t.key = u.key
            AND t.created_us < $6";

    // -- books --
    INSERT_ENTRY = "INSERT INTO journal_entries (vshard, id, kind, reference, payment_id, mode, currency,
            at_us)
        SELECT vshard, id, kind, reference, payment_id, mode, currency, at_us
        FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[],
            $7::text[], $8::bigint[]) AS u (vshard, id, kind, reference, payment_id, mode,
            currency, at_us)
        ON CONFLICT DO NOTHING";
    INSERT_POSTING = "INSERT INTO postings (vshard, entry_id, line, account_vshard, account_id,
            amount_millimes)
        SELECT vshard, entry_id, line, account_vshard, account_id, amount_millimes
        FROM unnest($1::smallint[], $2::uuid[], $3::bigint[], $4::smallint[], $5::uuid[],
            $6::bigint[]) AS u (vshard, entry_id, line, account_vshard, account_id,
            amount_millimes)
        ON CONFLICT DO NOTHING";
    INSERT_UNFOLDED_LINE = "INSERT INTO unfolded_lines (vshard, entry_id, line, account_vshard, account_id,
            owner, kind, mode, currency, amount_millimes, hold_id, at_us)
        SELECT vshard, entry_id, line, account_vshard, account_id, owner, kind, mode, currency,
            amount_millimes, hold_id, at_us
        FROM unnest($1::smallint[], $2::uuid[], $3::bigint[], $4::smallint[], $5::uuid[],
            $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[], $11::uuid[],
            $12::bigint[]) AS u (vshard, entry_id, line, account_vshard, account_id, owner,
            kind, mode, currency, amount_millimes, hold_id, at_us)
        ON CONFLICT DO NOTHING";
    DELETE_UNFOLDED_LINE = "DELETE
        FROM unfolded_lines AS t
        USING unnest($1::smallint[], $2::uuid[], $3::bigint[]) AS u (vshard, entry_id, line)
        WHERE t.vshard = u.vshard AND t.entry_id = u.entry_id AND t.line = u.line";
    INSERT_ACCOUNT_LINE = "INSERT INTO account_lines (vshard, account_id, entry_id, line, amount_millimes,
            at_us)
        SELECT vshard, account_id, entry_id, line, amount_millimes, at_us
        FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[],
            $6::bigint[]) AS u (vshard, account_id, entry_id, line, amount_millimes, at_us)
        ON CONFLICT DO NOTHING";
    INSERT_HOLD = "INSERT INTO holds (vshard, id, account_id, owner, kind, mode, currency,
            amount_millimes, payment_id, attempt, state, opened_us, version, look_us)
        SELECT vshard, id, account_id, owner, kind, mode, currency, amount_millimes,
            payment_id, attempt, state, opened_us, version, look_us
        FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[],
            $7::text[], $8::bigint[], $9::uuid[], $10::bigint[], $11::text[], $12::bigint[],
            $13::bigint[], $14::bigint[]) AS u (vshard, id, account_id, owner, kind, mode,
            currency, amount_millimes, payment_id, attempt, state, opened_us, version, look_us)
        ON CONFLICT DO NOTHING";
    UPDATE_HOLD = "UPDATE holds AS t
        SET state = u.state, version = u.version, look_us = u.look_us
        FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[],
            $6::bigint[]) AS u (vshard, id, state, version, expected, look_us)
        WHERE t.vshard = u.vshard AND t.id = u.id AND t.version = u.expected";
    // Locks the accounts in the order of the arrays, which an UPDATE that joins them would not. That an
    // account of which something is needed is there at all is asked before: this would make it.
    ADD_TO_ACCOUNT = "INSERT INTO accounts (vshard, id, owner, kind, mode, currency, posted_millimes,
            held_millimes, need_millimes)
        SELECT vshard, id, owner, kind, mode, currency, posted_millimes, held_millimes,
            need_millimes
        FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[],
            $7::bigint[], $8::bigint[], $9::bigint[]) AS u (vshard, id, owner, kind, mode,
            currency, posted_millimes, held_millimes, need_millimes)
        ON CONFLICT (vshard, id) DO UPDATE SET posted_millimes = accounts.posted_millimes +
            excluded.posted_millimes, held_millimes = accounts.held_millimes +
            excluded.held_millimes
        WHERE excluded.need_millimes = 0 OR accounts.posted_millimes - accounts.held_millimes >=
            excluded.need_millimes";

    // -- events and deliveries --
    INSERT_EVENT = "INSERT INTO events (vshard, id, payment_id, sequence, kind, body, at_us)
        SELECT vshard, id, payment_id, sequence, kind, body, at_us
        FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::bigint[], $5::text[],
            $6::text[], $7::bigint[]) AS u (vshard, id, payment_id, sequence, kind, body, at_us)
        ON CONFLICT DO NOTHING";
    INSERT_DELIVERY = "INSERT INTO deliveries (vshard, id, event_id, payment_id, app_id, url, post_url, origin,
            method, status, state_us, tries, last_result, replay, created_us, version)
        SELECT vshard, id, event_id, payment_id, app_id, url, post_url, origin, method, status,
            state_us, tries, last_result, replay, created_us, version
        FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[],
            $7::text[], $8::text[], $9::text[], $10::text[], $11::bigint[], $12::bigint[],
            $13::text[], $14::boolean[], $15::bigint[], $16::bigint[]) AS u (vshard, id,
            event_id, payment_id, app_id, url, post_url, origin, method, status, state_us,
            tries, last_result, replay, created_us, version)
        ON CONFLICT DO NOTHING";
    UPDATE_DELIVERY = "UPDATE deliveries AS t
        SET method = u.method, status = u.status, state_us = u.state_us, tries = u.tries,
            last_result = u.last_result, replay = u.replay, version = u.version
        FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[], $5::bigint[],
            $6::bigint[], $7::text[], $8::boolean[], $9::bigint[], $10::bigint[]) AS u (vshard,
            id, method, status, state_us, tries, last_result, replay, version, expected)
        WHERE t.vshard = u.vshard AND t.id = u.id AND t.version = u.expected";
    PUT_LEARNED_METHOD = "INSERT INTO learned_methods (vshard, app_id, origin, method)
        SELECT vshard, app_id, origin, method
        FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[]) AS u (vshard, app_id,
            origin, method)
        ON CONFLICT (vshard, app_id, origin) DO UPDATE SET method = excluded.method";

    // -- what the database belongs to --
    FIND_KEY_ID = "SELECT key_id FROM master_key WHERE id = 1";
    INSERT_KEY_ID = "INSERT INTO master_key (id, key_id) VALUES (1, $1) ON CONFLICT (id) DO NOTHING";

    // -- who does a shard's work --
    LIST_LEASES = "SELECT vshard, owner, expires_us FROM leases ORDER BY vshard";
    // Whoever takes a shard over makes a new epoch, by which what the former owner still writes is
    // told apart. What ends later than any lease may was written by a clock that was wrong.
    CLAIM_LEASE = "INSERT INTO leases (vshard, owner, epoch, expires_us)
        SELECT vshard, owner, epoch, expires_us
        FROM unnest($1::smallint[], $2::uuid[], $3::bigint[], $4::bigint[]) AS u (vshard, owner,
            epoch, expires_us)
        ON CONFLICT (vshard) DO UPDATE SET owner = excluded.owner, epoch = leases.epoch + 1,
            expires_us = excluded.expires_us
        WHERE leases.expires_us <= $5 OR leases.expires_us > $6 OR leases.owner = excluded.owner
        RETURNING vshard, epoch";
    RENEW_LEASE = "INSERT INTO leases (vshard, owner, epoch, expires_us)
        SELECT vshard, owner, epoch, expires_us
        FROM unnest($1::smallint[], $2::uuid[], $3::bigint[], $4::bigint[]) AS u (vshard, owner,
            epoch, expires_us)
        ON CONFLICT (vshard) DO UPDATE SET expires_us = excluded.expires_us
        WHERE leases.owner = excluded.owner AND leases.epoch = excluded.epoch
        RETURNING vshard";
    // Changes nothing, but locks: a takeover waits for the transaction that has begun with this.
    HOLD_LEASE = "INSERT INTO leases (vshard, owner, epoch, expires_us)
        SELECT vshard, owner, epoch, expires_us
        FROM unnest($1::smallint[], $2::uuid[], $3::bigint[], $4::bigint[]) AS u (vshard, owner,
            epoch, expires_us)
        ON CONFLICT (vshard) DO UPDATE SET epoch = leases.epoch
        WHERE leases.owner = excluded.owner AND leases.epoch = excluded.epoch";
    LIST_NODES = "SELECT id FROM nodes WHERE seen_us > $1 ORDER BY id";
    PUT_NODE = "INSERT INTO nodes (id, seen_us) VALUES ($1, $2)
        ON CONFLICT (id) DO UPDATE SET seen_us = excluded.seen_us";
    END_NODE = "DELETE FROM nodes WHERE id = $1 OR seen_us < $2";

    // -- what was moved here from another engine --
    FIND_MOVE = "SELECT source, source_epoch, ended_us IS NOT NULL FROM moves WHERE id = 1";
    INSERT_MOVE = "INSERT INTO moves (id, source, source_epoch, began_us) VALUES (1, $1, $2, $3)
        ON CONFLICT (id) DO NOTHING";
    FORGET_MOVE = "DELETE FROM moves WHERE id = 1";
    END_MOVE = "UPDATE moves SET ended_us = $1 WHERE id = 1";
    LIST_MOVE_STEPS = "SELECT name, row_count, last_key FROM move_steps ORDER BY name";
    PUT_MOVE_STEP = "INSERT INTO move_steps (name, row_count, last_key) VALUES ($1, $2, $3)
        ON CONFLICT (name) DO UPDATE SET row_count = excluded.row_count, last_key = excluded.last_key";

    // -- what was committed --
    INSERT_BATCH = "INSERT INTO batches (vshard, id, seen, at_us)
        VALUES ($1, $2, 0, $3)";
    SEE_BATCH = "INSERT INTO batches (vshard, id, seen, at_us)
        VALUES ($1, $2, 0, $3)
        ON CONFLICT (vshard, id) DO UPDATE SET seen = batches.seen + 1
        RETURNING seen";
    PRUNE_BATCHES = "DELETE
        FROM batches
        WHERE at_us < $1";
}
