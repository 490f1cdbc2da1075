-- The first schema, in the subset that PostgreSQL, Citus, CockroachDB and YugabyteDB share: the
-- shard first in every key of a big table, no foreign key across shards, no trigger, sequence, enum
-- or partition. The names are those of the embedded engine; ids are uuid, amounts and times bigint.
-- Text that is looked up is compared byte by byte (COLLATE "C"), whatever the locale of the server.
-- The runner executes one statement after the other, each for itself.

-- Under which master key the secrets below were stored; written when a gateway first opens it.
CREATE TABLE master_key (
    id      bigint  NOT NULL PRIMARY KEY CHECK (id = 1),
    key_id  text    NOT NULL
);

-- A move from the embedded engine: from which database, and, in the other table, how far each table
-- got. While it has begun and not ended, no gateway opens this database.
CREATE TABLE moves (
    id            bigint  NOT NULL PRIMARY KEY CHECK (id = 1),
    source        text    NOT NULL,
    source_epoch  bigint  NOT NULL,
    began_us      bigint  NOT NULL,
    ended_us      bigint
);

CREATE TABLE move_steps (
    name       text    NOT NULL PRIMARY KEY,
    row_count  bigint  NOT NULL,
    last_key   text    NOT NULL
);

CREATE TABLE merchants (
    id          bigint  NOT NULL PRIMARY KEY,
    name        text    NOT NULL,
    image_url   text,
    status      text    NOT NULL CHECK (status IN ('onboarding', 'active', 'suspended', 'closed')),
    fee_plan    text,
    created_us  bigint  NOT NULL,
    version     bigint  NOT NULL
);

CREATE TABLE apps (
    id              uuid    NOT NULL PRIMARY KEY,
    merchant_id     bigint  NOT NULL REFERENCES merchants (id),
    mode            text    NOT NULL CHECK (mode IN ('test', 'live')),
    webhook_mode    text    NOT NULL CHECK (webhook_mode IN ('get', 'post', 'auto')),
    webhook_secret  bytea   NOT NULL,
    created_us      bigint  NOT NULL,
    version         bigint  NOT NULL
);

CREATE TABLE key_pairs (
    public_key        text COLLATE "C" NOT NULL PRIMARY KEY,
    app_id            uuid    NOT NULL REFERENCES apps (id),
    kind              text    NOT NULL CHECK (kind IN ('pair', 'api_key')),
    name              text,
    private_key_hash  bytea   NOT NULL,
    created_us        bigint  NOT NULL,
    expires_us        bigint,
    version           bigint  NOT NULL
);

CREATE INDEX key_pairs_of_app ON key_pairs (app_id);

CREATE TABLE terminals (
    merchant_id    bigint  NOT NULL REFERENCES merchants (id),
    id             text COLLATE "C" NOT NULL,
    serial_number  text    NOT NULL,
    created_us     bigint  NOT NULL,
    version        bigint  NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

-- In the shard of its mode and phone, so that a phone has one wallet.
CREATE TABLE wallets (
    vshard      smallint  NOT NULL,
    id          uuid      NOT NULL,
    mode        text      NOT NULL CHECK (mode IN ('test', 'live')),
    phone       text COLLATE "C" NOT NULL,
    name        text      NOT NULL,
    created_us  bigint    NOT NULL,
    version     bigint    NOT NULL,
    PRIMARY KEY (vshard, id),
    UNIQUE (vshard, mode, phone)
);

CREATE TABLE phone_windows (
    vshard      smallint  NOT NULL,
    mode        text      NOT NULL,
    phone       text COLLATE "C" NOT NULL,
    codes       text      NOT NULL,
    version     bigint    NOT NULL,
    PRIMARY KEY (vshard, mode, phone)
);

-- `card` is a keyed hash of what an acquirer tells of a card; forgotten with its last decline.
CREATE TABLE card_windows (
    vshard      smallint  NOT NULL,
    card        text COLLATE "C" NOT NULL,
    declined    text      NOT NULL,
    newest_us   bigint    NOT NULL,
    version     bigint    NOT NULL,
    PRIMARY KEY (vshard, card)
);

CREATE INDEX card_windows_to_forget ON card_windows (newest_us);

CREATE TABLE payments (
    vshard                 smallint  NOT NULL,
    id                     uuid      NOT NULL,
    merchant_id            bigint    NOT NULL,
    app_id                 uuid      NOT NULL,
    mode                   text      NOT NULL CHECK (mode IN ('test', 'live')),
    amount_millimes        bigint    NOT NULL CHECK (amount_millimes > 0),
    currency               text      NOT NULL,
    status                 text      NOT NULL,
    captured_attempt       bigint,
    end_reason             text,
    ended_us               bigint,
    created_us             bigint    NOT NULL,
    updated_us             bigint    NOT NULL,
    expires_us             bigint    NOT NULL,
    channel                text      NOT NULL CHECK (channel IN ('online', 'qr', 'pos')),
    terminal               text,
    success_link           text,
    fail_link              text,
    webhook                text,
    developer_tracking_id  text,
    accept_card            boolean   NOT NULL,
    image_url              text,
    client_ref             text,
    captured_millimes      bigint,
    hold_secs              bigint,
    authorized             text,
    authorized_look_us     bigint,
    sequence               bigint    NOT NULL,
    version                bigint    NOT NULL,
    fee_plan               text,
    settles_us             bigint,
    is_settled             boolean   NOT NULL,
    PRIMARY KEY (vshard, id),
    CONSTRAINT captured_has_its_attempt
        CHECK ((status = 'captured') = (captured_attempt IS NOT NULL)),
    CONSTRAINT captured_has_its_amount
        CHECK ((status = 'captured') = (captured_millimes IS NOT NULL)),
    CONSTRAINT authorized_says_what_is_held CHECK (status <> 'authorized' OR authorized IS NOT NULL),
    CONSTRAINT a_terminal_is_a_pos CHECK ((channel = 'pos') = (terminal IS NOT NULL)),
    CONSTRAINT an_end_has_its_time
        CHECK ((status IN ('captured', 'failed', 'expired', 'canceled')) = (ended_us IS NOT NULL)),
    CONSTRAINT what_is_settled_was_to_be CHECK (NOT is_settled OR settles_us IS NOT NULL)
);

CREATE INDEX payments_to_expire ON payments (expires_us)
    WHERE status IN ('created', 'requires_action');
CREATE INDEX payments_held ON payments (authorized_look_us) WHERE authorized_look_us IS NOT NULL;

-- All payments of a day are due at one moment: in the order of their ids, and so nearly of their making,
-- the newest stand together at the end.
CREATE INDEX payments_to_settle ON payments (settles_us, id)
    WHERE settles_us IS NOT NULL AND NOT is_settled;
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
    vshard             smallint  NOT NULL,
    payment_id         uuid      NOT NULL,
    number             bigint    NOT NULL,
    destination        bigint    NOT NULL,
    amount_millimes    bigint    NOT NULL,
    kind               text      NOT NULL CHECK (kind IN ('fixed', 'remainder')),
    captured_millimes  bigint,
    PRIMARY KEY (vshard, payment_id, number),
    FOREIGN KEY (vshard, payment_id) REFERENCES payments (vshard, id)
);

CREATE TABLE attempts (
    vshard          smallint  NOT NULL,
    payment_id      uuid      NOT NULL,
    number          bigint    NOT NULL,
    status          text      NOT NULL,
    state           text      NOT NULL,
    rail            text      NOT NULL,
    order_number    text COLLATE "C",
    next_look_us    bigint,
    needs_operator  boolean   NOT NULL,
    started_us      bigint    NOT NULL,
    updated_us      bigint    NOT NULL,
    version         bigint    NOT NULL,
    PRIMARY KEY (vshard, payment_id, number),
    FOREIGN KEY (vshard, payment_id) REFERENCES payments (vshard, id)
);

-- The payment's lock: one open attempt, whoever pays.
CREATE UNIQUE INDEX attempts_one_open ON attempts (vshard, payment_id)
    WHERE status IN ('init', 'sent', 'unknown');

CREATE UNIQUE INDEX attempts_of_order ON attempts (vshard, order_number)
    WHERE order_number IS NOT NULL;

CREATE INDEX attempts_to_look_at ON attempts (next_look_us) WHERE next_look_us IS NOT NULL;

CREATE INDEX attempts_for_operator ON attempts (updated_us) WHERE needs_operator;

CREATE TABLE challenges (
    vshard      smallint  NOT NULL,
    id          uuid      NOT NULL,
    payment_id  uuid      NOT NULL,
    attempt     bigint    NOT NULL,
    code_hash   bytea     NOT NULL,
    sent_us     bigint    NOT NULL,
    expires_us  bigint    NOT NULL,
    tries       bigint    NOT NULL,
    ended       boolean   NOT NULL,
    version     bigint    NOT NULL,
    PRIMARY KEY (vshard, payment_id, id),
    FOREIGN KEY (vshard, payment_id) REFERENCES payments (vshard, id)
);

-- Money on its way back to the payer. `reference` is the refund's id as its journal entries name it.
CREATE TABLE refunds (
    vshard           smallint  NOT NULL,
    payment_id       uuid      NOT NULL,
    number           bigint    NOT NULL,
    reference        text COLLATE "C" NOT NULL,
    amount_millimes  bigint    NOT NULL CHECK (amount_millimes > 0),
    status           text      NOT NULL
        CHECK (status IN ('pending', 'sent', 'unknown', 'succeeded', 'failed')),
    state            text      NOT NULL,
    next_look_us     bigint,
    looks            bigint    NOT NULL,
    needs_operator   boolean   NOT NULL,
    asked_us         bigint    NOT NULL,
    updated_us       bigint    NOT NULL,
    version          bigint    NOT NULL,
    PRIMARY KEY (vshard, payment_id, number),
    UNIQUE (vshard, reference),
    FOREIGN KEY (vshard, payment_id) REFERENCES payments (vshard, id)
);

CREATE INDEX refunds_to_look_at ON refunds (next_look_us) WHERE next_look_us IS NOT NULL;

CREATE INDEX refunds_by_time ON refunds (asked_us);

-- What a refund takes from each leg, and from which of its merchant's accounts.
CREATE TABLE refund_parts (
    vshard                   smallint  NOT NULL,
    payment_id               uuid      NOT NULL,
    refund                   bigint    NOT NULL,
    leg                      bigint    NOT NULL,
    destination              bigint    NOT NULL,
    amount_millimes          bigint    NOT NULL CHECK (amount_millimes > 0),
    credited_to              text      NOT NULL,
    from_credited_millimes   bigint    NOT NULL CHECK (from_credited_millimes >= 0),
    from_available_millimes  bigint    NOT NULL CHECK (from_available_millimes >= 0),
    from_debt_millimes       bigint    NOT NULL CHECK (from_debt_millimes >= 0),
    PRIMARY KEY (vshard, payment_id, refund, leg),
    FOREIGN KEY (vshard, payment_id, refund) REFERENCES refunds (vshard, payment_id, number),
    CONSTRAINT the_sources_are_the_part CHECK (amount_millimes =
        from_credited_millimes + from_available_millimes + from_debt_millimes)
);

-- `about` is the payment that something is done with; empty where one is made.
CREATE TABLE idempotency_keys (
    vshard       smallint  NOT NULL,
    merchant_id  bigint    NOT NULL,
    mode         text      NOT NULL,
    about        text COLLATE "C" NOT NULL,
    key          text COLLATE "C" NOT NULL,
    fingerprint  bytea     NOT NULL,
    payment_id   uuid      NOT NULL,
    answer       text      NOT NULL,
    request_id   text      NOT NULL,
    route        text      NOT NULL,
    created_us   bigint    NOT NULL,
    PRIMARY KEY (vshard, merchant_id, mode, about, key)
);

CREATE INDEX idempotency_keys_to_prune ON idempotency_keys (created_us);

-- `posted` and `held` have no CHECK: the row that an upsert proposes carries what is added to them.
-- `need` is only read inside that statement, where it is what the account must hold for the batch to
-- go through; what is stored is 0.
CREATE TABLE accounts (
    vshard           smallint  NOT NULL,
    id               uuid      NOT NULL,
    owner            text      NOT NULL,
    kind             text      NOT NULL,
    mode             text      NOT NULL,
    currency         text      NOT NULL,
    posted_millimes  bigint    NOT NULL,
    held_millimes    bigint    NOT NULL,
    need_millimes    bigint    NOT NULL,
    PRIMARY KEY (vshard, id)
) WITH (fillfactor = 70);

-- Few owe anything. Only of what never changes, so that adding to an account touches no index.
CREATE INDEX accounts_of_debt ON accounts (vshard, id) WHERE kind = 'debt';

CREATE TABLE journal_entries (
    vshard      smallint  NOT NULL,
    id          uuid      NOT NULL,
    kind        text      NOT NULL,
    reference   text COLLATE "C" NOT NULL,
    payment_id  uuid,
    mode        text      NOT NULL,
    currency    text      NOT NULL,
    at_us       bigint    NOT NULL,
    PRIMARY KEY (vshard, id),
    UNIQUE (vshard, kind, reference)
);

CREATE INDEX journal_entries_of_payment ON journal_entries (vshard, payment_id);

CREATE TABLE postings (
    vshard           smallint  NOT NULL,
    entry_id         uuid      NOT NULL,
    line             bigint    NOT NULL,
    account_vshard   smallint  NOT NULL,
    account_id       uuid      NOT NULL,
    amount_millimes  bigint    NOT NULL CHECK (amount_millimes <> 0),
    PRIMARY KEY (vshard, entry_id, line),
    FOREIGN KEY (vshard, entry_id) REFERENCES journal_entries (vshard, id)
);

-- The lines of the journal that are not in their accounts' balances yet, with what names the account.
-- Empty while balances are folded with the entries.
CREATE TABLE unfolded_lines (
    vshard           smallint  NOT NULL,
    entry_id         uuid      NOT NULL,
    line             bigint    NOT NULL,
    account_vshard   smallint  NOT NULL,
    account_id       uuid      NOT NULL,
    owner            text      NOT NULL,
    kind             text      NOT NULL,
    mode             text      NOT NULL,
    currency         text      NOT NULL,
    amount_millimes  bigint    NOT NULL,
    hold_id          uuid,
    at_us            bigint    NOT NULL,
    PRIMARY KEY (vshard, entry_id, line)
);

CREATE INDEX unfolded_lines_by_age ON unfolded_lines (at_us);

-- The lines that were added to a balance after they were written: each of them once.
CREATE TABLE account_lines (
    vshard           smallint  NOT NULL,
    account_id       uuid      NOT NULL,
    entry_id         uuid      NOT NULL,
    line             bigint    NOT NULL,
    amount_millimes  bigint    NOT NULL,
    at_us            bigint    NOT NULL,
    PRIMARY KEY (vshard, account_id, entry_id, line)
);

-- Money of an account that is reserved for an attempt; what is held of an account is the sum of those
-- that are open. Whether anybody still wants one is looked at from `look_us` on.
CREATE TABLE holds (
    vshard           smallint  NOT NULL,
    id               uuid      NOT NULL,
    account_id       uuid      NOT NULL,
    owner            text      NOT NULL,
    kind             text      NOT NULL,
    mode             text      NOT NULL,
    currency         text      NOT NULL,
    amount_millimes  bigint    NOT NULL CHECK (amount_millimes > 0),
    payment_id       uuid      NOT NULL,
    attempt          bigint    NOT NULL,
    state            text      NOT NULL CHECK (state IN ('open', 'posted', 'released')),
    opened_us        bigint    NOT NULL,
    look_us          bigint    NOT NULL,
    version          bigint    NOT NULL,
    PRIMARY KEY (vshard, id)
);

CREATE INDEX holds_open ON holds (look_us) WHERE state = 'open';

CREATE TABLE events (
    vshard      smallint  NOT NULL,
    id          uuid      NOT NULL,
    payment_id  uuid      NOT NULL,
    sequence    bigint    NOT NULL,
    kind        text      NOT NULL,
    body        text      NOT NULL,
    at_us       bigint    NOT NULL,
    PRIMARY KEY (vshard, id),
    UNIQUE (vshard, payment_id, sequence),
    FOREIGN KEY (vshard, payment_id) REFERENCES payments (vshard, id)
);

CREATE TABLE deliveries (
    vshard       smallint  NOT NULL,
    id           uuid      NOT NULL,
    event_id     uuid      NOT NULL,
    payment_id   uuid      NOT NULL,
    app_id       uuid      NOT NULL,
    url          text      NOT NULL,
    post_url     text      NOT NULL,
    origin       text COLLATE "C" NOT NULL,
    method       text      NOT NULL CHECK (method IN ('get', 'post')),
    status       text      NOT NULL CHECK (status IN ('pending', 'delivered', 'dead', 'gone')),
    state_us     bigint    NOT NULL,
    tries        bigint    NOT NULL,
    last_result  text,
    replay       boolean   NOT NULL,
    created_us   bigint    NOT NULL,
    version      bigint    NOT NULL,
    PRIMARY KEY (vshard, id),
    FOREIGN KEY (vshard, event_id) REFERENCES events (vshard, id)
);

-- By receiver first: one with thousands of them due must not stand before all others.
CREATE INDEX deliveries_to_send ON deliveries (app_id, origin, state_us) WHERE status = 'pending';

CREATE INDEX deliveries_of_payment ON deliveries (vshard, payment_id);

CREATE TABLE learned_methods (
    vshard  smallint  NOT NULL,
    app_id  uuid      NOT NULL,
    origin  text COLLATE "C" NOT NULL,
    method  text      NOT NULL CHECK (method IN ('get', 'post')),
    PRIMARY KEY (vshard, app_id, origin)
);

-- One row for each batch that was committed: after a COMMIT without an answer it says whether it was.
CREATE TABLE batches (
    vshard  smallint  NOT NULL,
    id      uuid      NOT NULL,
    seen    bigint    NOT NULL,
    at_us   bigint    NOT NULL,
    PRIMARY KEY (vshard, id)
);

CREATE INDEX batches_to_prune ON batches (at_us);

-- Which gateway does the work of a shard (webhooks, expiry, looks at banks), and until when it need not
-- be asked. A takeover raises the epoch; what the former owner still writes names the old one.
CREATE TABLE leases (
    vshard      smallint  NOT NULL PRIMARY KEY,
    owner       uuid      NOT NULL,
    epoch       bigint    NOT NULL,
    expires_us  bigint    NOT NULL
) WITH (fillfactor = 50);

-- The gateways that want a share of the shards, and when each was last heard of.
CREATE TABLE nodes (
    id       uuid    NOT NULL PRIMARY KEY,
    seen_us  bigint  NOT NULL
);
