-- The first schema. Every big table begins its key with the shard (ADR 0008), so that the same
-- statements can later run where shards live on different machines.

-- Under which master key the secrets below were stored; written when a gateway first opens it.
CREATE TABLE master_key (
    id      INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    key_id  TEXT    NOT NULL
) STRICT;

CREATE TABLE merchants (
    id          INTEGER NOT NULL PRIMARY KEY,
    name        TEXT    NOT NULL,
    image_url   TEXT,
    status      TEXT    NOT NULL CHECK (status IN ('onboarding', 'active', 'suspended', 'closed')),
    fee_plan    TEXT,
    created_us  INTEGER NOT NULL,
    version     INTEGER NOT NULL
) STRICT;

CREATE TABLE apps (
    id              BLOB    NOT NULL PRIMARY KEY,
    merchant_id     INTEGER NOT NULL REFERENCES merchants (id),
    mode            TEXT    NOT NULL CHECK (mode IN ('test', 'live')),
    webhook_mode    TEXT    NOT NULL CHECK (webhook_mode IN ('get', 'post', 'auto')),
    webhook_secret  BLOB    NOT NULL,
    created_us      INTEGER NOT NULL,
    version         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE key_pairs (
    public_key        TEXT    NOT NULL PRIMARY KEY,
    app_id            BLOB    NOT NULL REFERENCES apps (id),
    kind              TEXT    NOT NULL CHECK (kind IN ('pair', 'api_key')),
    name              TEXT,
    private_key_hash  BLOB    NOT NULL,
    created_us        INTEGER NOT NULL,
    expires_us        INTEGER,
    version           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX key_pairs_of_app ON key_pairs (app_id);

CREATE TABLE terminals (
    merchant_id    INTEGER NOT NULL REFERENCES merchants (id),
    id             TEXT    NOT NULL,
    serial_number  TEXT    NOT NULL,
    created_us     INTEGER NOT NULL,
    version        INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, id)
) STRICT, WITHOUT ROWID;

-- In the shard of its mode and phone, so that a phone has one wallet.
CREATE TABLE wallets (
    vshard      INTEGER NOT NULL,
    id          BLOB    NOT NULL,
    mode        TEXT    NOT NULL CHECK (mode IN ('test', 'live')),
    phone       TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    created_us  INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    PRIMARY KEY (vshard, id),
    UNIQUE (vshard, mode, phone)
) STRICT, WITHOUT ROWID;

CREATE TABLE phone_windows (
    vshard      INTEGER NOT NULL,
    mode        TEXT    NOT NULL,
    phone       TEXT    NOT NULL,
    codes       TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    PRIMARY KEY (vshard, mode, phone)
) STRICT, WITHOUT ROWID;

-- `card` is a keyed hash of what an acquirer tells of a card; forgotten with its last decline.
CREATE TABLE card_windows (
    vshard      INTEGER NOT NULL,
    card        TEXT    NOT NULL,
    declined    TEXT    NOT NULL,
    newest_us   INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    PRIMARY KEY (vshard, card)
) STRICT, WITHOUT ROWID;
CREATE INDEX card_windows_to_forget ON card_windows (newest_us);

CREATE TABLE payments (
    vshard                 INTEGER NOT NULL,
    id                     BLOB    NOT NULL,
    merchant_id            INTEGER NOT NULL,
    app_id                 BLOB    NOT NULL,
    mode                   TEXT    NOT NULL CHECK (mode IN ('test', 'live')),
    amount_millimes        INTEGER NOT NULL CHECK (amount_millimes > 0),
    currency               TEXT    NOT NULL,
    status                 TEXT    NOT NULL,
    captured_attempt       INTEGER,
    end_reason             TEXT,
    ended_us               INTEGER,
    created_us             INTEGER NOT NULL,
    updated_us             INTEGER NOT NULL,
    expires_us             INTEGER NOT NULL,
    channel                TEXT    NOT NULL CHECK (channel IN ('online', 'qr', 'pos')),
    terminal               TEXT,
    success_link           TEXT,
    fail_link              TEXT,
    webhook                TEXT,
    developer_tracking_id  TEXT,
    accept_card            INTEGER NOT NULL,
    image_url              TEXT,
    client_ref             TEXT,
    captured_millimes      INTEGER,
    hold_secs              INTEGER,
    authorized             TEXT,
    authorized_look_us     INTEGER,
    sequence               INTEGER NOT NULL,
    version                INTEGER NOT NULL,
    fee_plan               TEXT,
    settles_us             INTEGER,
    is_settled             INTEGER NOT NULL,
    PRIMARY KEY (vshard, id),
    CONSTRAINT captured_has_its_attempt
        CHECK ((status = 'captured') = (captured_attempt IS NOT NULL)),
    CONSTRAINT captured_has_its_amount
        CHECK ((status = 'captured') = (captured_millimes IS NOT NULL)),
    CONSTRAINT authorized_says_what_is_held CHECK (status <> 'authorized' OR authorized IS NOT NULL),
    CONSTRAINT a_terminal_is_a_pos CHECK ((channel = 'pos') = (terminal IS NOT NULL)),
    CONSTRAINT an_end_has_its_time
        CHECK ((status IN ('captured', 'failed', 'expired', 'canceled')) = (ended_us IS NOT NULL)),
    CONSTRAINT what_is_settled_was_to_be CHECK (is_settled = 0 OR settles_us IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX payments_to_expire ON payments (expires_us)
    WHERE status IN ('created', 'requires_action');
-- All payments of a day are due at one moment: in the order of their ids, and so nearly of their making,
-- the newest stand together at the end.
CREATE INDEX payments_to_settle ON payments (settles_us, id)
    WHERE settles_us IS NOT NULL AND is_settled = 0;
CREATE INDEX payments_held ON payments (authorized_look_us) WHERE authorized_look_us IS NOT NULL;
CREATE INDEX payments_of_merchant ON payments (merchant_id, mode, created_us);
CREATE INDEX payments_of_client ON payments (client_ref, created_us)
    WHERE client_ref IS NOT NULL;
-- One payment for each operation of a merchant; it is minted into the operation's shard.
CREATE UNIQUE INDEX payments_of_operation
    ON payments (vshard, merchant_id, mode, developer_tracking_id) WHERE channel = 'qr';
CREATE INDEX payments_by_qr ON payments (merchant_id, mode, created_us, id) WHERE channel = 'qr';
CREATE INDEX payments_by_pos
    ON payments (merchant_id, mode, developer_tracking_id, created_us) WHERE channel = 'pos';

CREATE TABLE legs (
    vshard             INTEGER NOT NULL,
    payment_id         BLOB    NOT NULL,
    number             INTEGER NOT NULL,
    destination        INTEGER NOT NULL,
    amount_millimes    INTEGER NOT NULL,
    kind               TEXT    NOT NULL CHECK (kind IN ('fixed', 'remainder')),
    captured_millimes  INTEGER,
    PRIMARY KEY (vshard, payment_id, number),
    FOREIGN KEY (vshard, payment_id) REFERENCES payments (vshard, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
    vshard          INTEGER NOT NULL,
    payment_id      BLOB    NOT NULL,
    number          INTEGER NOT NULL,
    status          TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    rail            TEXT    NOT NULL,
    order_number    TEXT,
    next_look_us    INTEGER,
    needs_operator  INTEGER NOT NULL,
    started_us      INTEGER NOT NULL,
    updated_us      INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    PRIMARY KEY (vshard, payment_id, number),
    FOREIGN KEY (vshard, payment_id) REFERENCES payments (vshard, id)
) STRICT, WITHOUT ROWID;
-- The payment's lock: one open attempt, whoever pays.
CREATE UNIQUE INDEX attempts_one_open ON attempts (vshard, payment_id)
    WHERE status IN ('init', 'sent', 'unknown');
CREATE UNIQUE INDEX attempts_of_order ON attempts (vshard, order_number)
    WHERE order_number IS NOT NULL;
CREATE INDEX attempts_to_look_at ON attempts (next_look_us) WHERE next_look_us IS NOT NULL;
CREATE INDEX attempts_for_operator ON attempts (updated_us) WHERE needs_operator = 1;

CREATE TABLE challenges (
    vshard      INTEGER NOT NULL,
    id          BLOB    NOT NULL,
    payment_id  BLOB    NOT NULL,
    attempt     INTEGER NOT NULL,
    code_hash   BLOB    NOT NULL,
    sent_us     INTEGER NOT NULL,
    expires_us  INTEGER NOT NULL,
    tries       INTEGER NOT NULL,
    ended       INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    PRIMARY KEY (vshard, payment_id, id),
    FOREIGN KEY (vshard, payment_id) REFERENCES payments (vshard, id)
) STRICT, WITHOUT ROWID;

-- Money on its way back to the payer. `reference` is the refund's id as its journal entries name it.
CREATE TABLE refunds (
    vshard           INTEGER NOT NULL,
    payment_id       BLOB    NOT NULL,
    number           INTEGER NOT NULL,
    reference        TEXT    NOT NULL,
    amount_millimes  INTEGER NOT NULL CHECK (amount_millimes > 0),
    status           TEXT    NOT NULL
        CHECK (status IN ('pending', 'sent', 'unknown', 'succeeded', 'failed')),
    state            TEXT    NOT NULL,
    next_look_us     INTEGER,
    looks            INTEGER NOT NULL,
    needs_operator   INTEGER NOT NULL,
    asked_us         INTEGER NOT NULL,
    updated_us       INTEGER NOT NULL,
    version          INTEGER NOT NULL,
    PRIMARY KEY (vshard, payment_id, number),
    UNIQUE (vshard, reference),
    FOREIGN KEY (vshard, payment_id) REFERENCES payments (vshard, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX refunds_to_look_at ON refunds (next_look_us) WHERE next_look_us IS NOT NULL;
CREATE INDEX refunds_by_time ON refunds (asked_us);

-- What a refund takes from each leg, and from which of its merchant's accounts.
CREATE TABLE refund_parts (
    vshard                   INTEGER NOT NULL,
    payment_id               BLOB    NOT NULL,
    refund                   INTEGER NOT NULL,
    leg                      INTEGER NOT NULL,
    destination              INTEGER NOT NULL,
    amount_millimes          INTEGER NOT NULL CHECK (amount_millimes > 0),
    credited_to              TEXT    NOT NULL,
    from_credited_millimes   INTEGER NOT NULL CHECK (from_credited_millimes >= 0),
    from_available_millimes  INTEGER NOT NULL CHECK (from_available_millimes >= 0),
    from_debt_millimes       INTEGER NOT NULL CHECK (from_debt_millimes >= 0),
    PRIMARY KEY (vshard, payment_id, refund, leg),
    FOREIGN KEY (vshard, payment_id, refund) REFERENCES refunds (vshard, payment_id, number),
    CONSTRAINT the_sources_are_the_part CHECK (amount_millimes =
        from_credited_millimes + from_available_millimes + from_debt_millimes)
) STRICT, WITHOUT ROWID;

-- `about` is the payment that something is done with; empty where one is made.
CREATE TABLE idempotency_keys (
    vshard       INTEGER NOT NULL,
    merchant_id  INTEGER NOT NULL,
    mode         TEXT    NOT NULL,
    about        TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    fingerprint  BLOB    NOT NULL,
    payment_id   BLOB    NOT NULL,
    answer       TEXT    NOT NULL,
    request_id   TEXT    NOT NULL,
    route        TEXT    NOT NULL,
    created_us   INTEGER NOT NULL,
    PRIMARY KEY (vshard, merchant_id, mode, about, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_to_prune ON idempotency_keys (created_us);

CREATE TABLE accounts (
    vshard           INTEGER NOT NULL,
    id               BLOB    NOT NULL,
    owner            TEXT    NOT NULL,
    kind             TEXT    NOT NULL,
    mode             TEXT    NOT NULL,
    currency         TEXT    NOT NULL,
    posted_millimes  INTEGER NOT NULL,
    held_millimes    INTEGER NOT NULL,
    PRIMARY KEY (vshard, id)
) STRICT, WITHOUT ROWID;

-- Few owe anything. Only of what never changes, so that adding to an account touches no index.
CREATE INDEX accounts_of_debt ON accounts (vshard, id) WHERE kind = 'debt';

CREATE TABLE journal_entries (
    vshard      INTEGER NOT NULL,
    id          BLOB    NOT NULL,
    kind        TEXT    NOT NULL,
    reference   TEXT    NOT NULL,
    payment_id  BLOB,
    mode        TEXT    NOT NULL,
    currency    TEXT    NOT NULL,
    at_us       INTEGER NOT NULL,
    PRIMARY KEY (vshard, id),
    UNIQUE (vshard, kind, reference)
) STRICT, WITHOUT ROWID;
CREATE INDEX journal_entries_of_payment ON journal_entries (vshard, payment_id);

CREATE TABLE postings (
    vshard           INTEGER NOT NULL,
    entry_id         BLOB    NOT NULL,
    line             INTEGER NOT NULL,
    account_vshard   INTEGER NOT NULL,
    account_id       BLOB    NOT NULL,
    amount_millimes  INTEGER NOT NULL CHECK (amount_millimes <> 0),
    PRIMARY KEY (vshard, entry_id, line),
    FOREIGN KEY (vshard, entry_id) REFERENCES journal_entries (vshard, id)
) STRICT, WITHOUT ROWID;

-- The lines of the journal that are not in their accounts' balances yet, with what names the account.
-- Empty while balances are folded with the entries.
CREATE TABLE unfolded_lines (
    vshard           INTEGER NOT NULL,
    entry_id         BLOB    NOT NULL,
    line             INTEGER NOT NULL,
    account_vshard   INTEGER NOT NULL,
    account_id       BLOB    NOT NULL,
    owner            TEXT    NOT NULL,
    kind             TEXT    NOT NULL,
    mode             TEXT    NOT NULL,
    currency         TEXT    NOT NULL,
    amount_millimes  INTEGER NOT NULL,
    hold_id          BLOB,
    at_us            INTEGER NOT NULL,
    PRIMARY KEY (vshard, entry_id, line)
) STRICT, WITHOUT ROWID;
CREATE INDEX unfolded_lines_by_age ON unfolded_lines (at_us);

-- The lines that were added to a balance after they were written: each of them once.
CREATE TABLE account_lines (
    vshard           INTEGER NOT NULL,
    account_id       BLOB    NOT NULL,
    entry_id         BLOB    NOT NULL,
    line             INTEGER NOT NULL,
    amount_millimes  INTEGER NOT NULL,
    at_us            INTEGER NOT NULL,
    PRIMARY KEY (vshard, account_id, entry_id, line)
) STRICT, WITHOUT ROWID;

-- Money of an account that is reserved for an attempt; what is held of an account is the sum of those
-- that are open. Whether anybody still wants one is looked at from `look_us` on.
CREATE TABLE holds (
    vshard           INTEGER NOT NULL,
    id               BLOB    NOT NULL,
    account_id       BLOB    NOT NULL,
    owner            TEXT    NOT NULL,
    kind             TEXT    NOT NULL,
    mode             TEXT    NOT NULL,
    currency         TEXT    NOT NULL,
    amount_millimes  INTEGER NOT NULL CHECK (amount_millimes > 0),
    payment_id       BLOB    NOT NULL,
    attempt          INTEGER NOT NULL,
    state            TEXT    NOT NULL CHECK (state IN ('open', 'posted', 'released')),
    opened_us        INTEGER NOT NULL,
    look_us          INTEGER NOT NULL,
    version          INTEGER NOT NULL,
    PRIMARY KEY (vshard, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX holds_open ON holds (look_us) WHERE state = 'open';

CREATE TABLE events (
    vshard      INTEGER NOT NULL,
    id          BLOB    NOT NULL,
    payment_id  BLOB    NOT NULL,
    sequence    INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    body        TEXT    NOT NULL,
    at_us       INTEGER NOT NULL,
    PRIMARY KEY (vshard, id),
    UNIQUE (vshard, payment_id, sequence),
    FOREIGN KEY (vshard, payment_id) REFERENCES payments (vshard, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries (
    vshard       INTEGER NOT NULL,
    id           BLOB    NOT NULL,
    event_id     BLOB    NOT NULL,
    payment_id   BLOB    NOT NULL,
    app_id       BLOB    NOT NULL,
    url          TEXT    NOT NULL,
    post_url     TEXT    NOT NULL,
    origin       TEXT    NOT NULL,
    method       TEXT    NOT NULL CHECK (method IN ('get', 'post')),
    status       TEXT    NOT NULL CHECK (status IN ('pending', 'delivered', 'dead', 'gone')),
    state_us     INTEGER NOT NULL,
    tries        INTEGER NOT NULL,
    last_result  TEXT,
    replay       INTEGER NOT NULL,
    created_us   INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    PRIMARY KEY (vshard, id),
    FOREIGN KEY (vshard, event_id) REFERENCES events (vshard, id)
) STRICT, WITHOUT ROWID;
-- By receiver first: one with thousands of them due must not stand before all others.
CREATE INDEX deliveries_to_send ON deliveries (app_id, origin, state_us) WHERE status = 'pending';
CREATE INDEX deliveries_of_payment ON deliveries (vshard, payment_id);

CREATE TABLE learned_methods (
    vshard  INTEGER NOT NULL,
    app_id  BLOB    NOT NULL,
    origin  TEXT    NOT NULL,
    method  TEXT    NOT NULL CHECK (method IN ('get', 'post')),
    PRIMARY KEY (vshard, app_id, origin)
) STRICT, WITHOUT ROWID;

-- What the planner should reckon with: a million payments in 256 shards. Without these figures it takes
-- the shard alone for as good a key as shard and payment together, and reads 4,000 rows to find one.
-- Each row: rows in the index, then rows for each value of its first column, of its first two, ...
-- Nothing ever runs ANALYZE, so the plans are the same on every machine and on every day.
ANALYZE;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('payments', 'payments', '1000000 4000 1'),
    ('payments', 'payments_to_expire', '1000 1'),
    ('payments', 'payments_to_settle', '10000 5000 1'),
    ('payments', 'payments_held', '1000 1'),
    ('payments', 'payments_of_merchant', '1000000 1000 500 1'),
    ('payments', 'payments_of_operation', '100000 400 4 4 1'),
    ('payments', 'payments_by_qr', '100000 1000 500 1 1'),
    ('payments', 'payments_by_pos', '100000 1000 500 2 1'),
    ('legs', 'legs', '3000000 12000 3 1'),
    ('attempts', 'attempts', '1000000 4000 1 1'),
    ('attempts', 'attempts_one_open', '1000 4 1'),
    ('attempts', 'attempts_of_order', '1000000 4000 1'),
    ('attempts', 'attempts_to_look_at', '1000 1'),
    ('attempts', 'attempts_for_operator', '100 1'),
    ('challenges', 'challenges', '500000 2000 1 1'),
    ('idempotency_keys', 'idempotency_keys', '1000000 4000 40 40 40 1'),
    ('idempotency_keys', 'idempotency_keys_to_prune', '1000000 1'),
    ('refunds', 'refunds', '10000 40 2 1'),
    ('refunds', 'sqlite_autoindex_refunds_2', '10000 40 1'),
    ('refunds', 'refunds_to_look_at', '10 1'),
    ('refunds', 'refunds_by_time', '10000 1'),
    ('refund_parts', 'refund_parts', '30000 120 6 3 1'),
    ('accounts', 'accounts', '10000 40 1'),
    ('accounts', 'accounts_of_debt', '100 1 1'),
    ('journal_entries', 'journal_entries', '1000000 4000 1'),
    ('journal_entries', 'sqlite_autoindex_journal_entries_2', '1000000 4000 2000 1'),
    ('journal_entries', 'journal_entries_of_payment', '1000000 4000 1'),
    ('postings', 'postings', '3000000 12000 3 1'),
    ('unfolded_lines', 'unfolded_lines', '10000 40 3 1'),
    ('unfolded_lines', 'unfolded_lines_by_age', '10000 3'),
    ('account_lines', 'account_lines', '3000000 12000 300 1 1'),
    ('holds', 'holds', '500000 2000 1'),
    ('holds', 'holds_open', '100 1'),
    ('events', 'events', '1000000 4000 1'),
    ('events', 'sqlite_autoindex_events_2', '1000000 4000 1 1'),
    ('deliveries', 'deliveries', '1000000 4000 1'),
    ('deliveries', 'deliveries_to_send', '1000 100 10 1'),
    ('deliveries', 'deliveries_of_payment', '1000000 4000 1');
ANALYZE sqlite_schema;
