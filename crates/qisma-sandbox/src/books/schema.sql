-- The acquirer's books. No card number, security code or one-time code ever comes here.
CREATE TABLE orders (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL UNIQUE,
    user_name    TEXT NOT NULL,
    order_number TEXT NOT NULL,
    amount       INTEGER NOT NULL CHECK (amount > 0),
    currency     TEXT NOT NULL,
    description  TEXT NOT NULL,
    return_url   TEXT NOT NULL,
    fail_url     TEXT,
    callback_url TEXT,
    language     TEXT NOT NULL,
    ip           TEXT NOT NULL,
    terminal     TEXT,
    two_phase    INTEGER NOT NULL CHECK (two_phase IN (0, 1)),
    created_ms   INTEGER NOT NULL,
    expires_ms   INTEGER NOT NULL,
    status       INTEGER NOT NULL CHECK (status BETWEEN 0 AND 6),
    action_code  INTEGER NOT NULL,
    approved     INTEGER NOT NULL CHECK (approved BETWEEN 0 AND amount),
    deposited    INTEGER NOT NULL CHECK (deposited BETWEEN 0 AND approved),
    refunded     INTEGER NOT NULL CHECK (refunded BETWEEN 0 AND deposited),
    masked_pan   TEXT CHECK (masked_pan LIKE '______**____'),
    expiration   TEXT,
    holder       TEXT,
    brand        TEXT,
    approval_code      TEXT,
    approval_reference TEXT,
    approved_ms        INTEGER,
    deposited_ms       INTEGER,
    UNIQUE (user_name, order_number),
    CHECK ((approval_code IS NOT NULL) = (status BETWEEN 1 AND 4)),
    CHECK ((deposited > 0) = (status IN (2, 4)))
) STRICT;

CREATE INDEX orders_by_time ON orders (user_name, created_ms, seq);
CREATE INDEX orders_open ON orders (user_name, expires_ms) WHERE status IN (0, 5);
CREATE INDEX orders_of_terminal ON orders (terminal, seq)
    WHERE terminal IS NOT NULL AND status = 0;

-- Refunds that carry the merchant's own id, so that a repeated call gives the same answer.
CREATE TABLE refunds (
    order_id    TEXT NOT NULL REFERENCES orders (id),
    external_id TEXT NOT NULL,
    amount      INTEGER NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (order_id, external_id)
) STRICT, WITHOUT ROWID;
