//! What the auditor asks about fees (I17) and about what is settled (I18).

statements! {
    // -- I17: fee and tax are what the frozen plan makes of the amount --
    LIST_FEES_BOOKED = "SELECT p.id, coalesce(p.captured_millimes, p.amount_millimes), p.fee_plan,
            CAST(coalesce(sum(CASE WHEN coalesce(u.kind, a.kind) = 'fees'
                THEN q.amount_millimes END), 0) AS bigint),
            CAST(coalesce(sum(CASE WHEN coalesce(u.kind, a.kind) = 'tax'
                THEN q.amount_millimes END), 0) AS bigint)
        FROM payments p
        JOIN journal_entries e ON e.vshard = p.vshard AND e.payment_id = p.id AND e.kind = 'capture'
        JOIN postings q ON q.vshard = e.vshard AND q.entry_id = e.id
        LEFT JOIN accounts a ON a.vshard = q.account_vshard AND a.id = q.account_id
        LEFT JOIN unfolded_lines u ON u.vshard = q.vshard AND u.entry_id = q.entry_id
            AND u.line = q.line
        WHERE p.fee_plan IS NOT NULL
        GROUP BY p.vshard, p.id, p.captured_millimes, p.amount_millimes, p.fee_plan";
    FEES_WITHOUT_PLAN = "SELECT e.payment_id,
            'its capture takes ' || q.amount_millimes || ' as a fee, and it has no fee plan'
        FROM journal_entries e
        JOIN payments p ON p.vshard = e.vshard AND p.id = e.payment_id
        JOIN postings q ON q.vshard = e.vshard AND q.entry_id = e.id
        LEFT JOIN accounts a ON a.vshard = q.account_vshard AND a.id = q.account_id
        LEFT JOIN unfolded_lines u ON u.vshard = q.vshard AND u.entry_id = q.entry_id
            AND u.line = q.line
        WHERE e.kind = 'capture' AND p.fee_plan IS NULL
          AND coalesce(u.kind, a.kind) IN ('fees', 'tax') LIMIT $1";

    // -- I18: what is settled is no longer pending --
    PENDING_OFF = "SELECT x.payment_id,
            'it is ' || CASE WHEN q.is_settled THEN 'settled' ELSE 'not settled' END
            || ', and of ' || x.owner || ' pending is ' || x.millimes
        FROM (SELECT e.vshard, e.payment_id, coalesce(u.owner, a.owner) AS owner,
                sum(p.amount_millimes) AS millimes
            FROM journal_entries e
            JOIN postings p ON p.vshard = e.vshard AND p.entry_id = e.id
            LEFT JOIN accounts a ON a.vshard = p.account_vshard AND a.id = p.account_id
            LEFT JOIN unfolded_lines u ON u.vshard = p.vshard AND u.entry_id = p.entry_id
                AND u.line = p.line
            WHERE coalesce(u.kind, a.kind) = 'pending'
            GROUP BY e.vshard, e.payment_id, coalesce(u.owner, a.owner)) x
        JOIN payments q ON q.vshard = x.vshard AND q.id = x.payment_id
        WHERE x.millimes < 0 OR (q.is_settled AND x.millimes <> 0) LIMIT $1";
    SETTLED_TOO_SOON = "SELECT e.payment_id,
            'the entry settlement ' || e.reference || ' is of a payment that is not settled'
        FROM journal_entries e LEFT JOIN payments p ON p.vshard = e.vshard AND p.id = e.payment_id
        WHERE e.kind = 'settlement' AND (p.id IS NULL OR NOT p.is_settled OR e.at_us < p.settles_us)
        LIMIT $1";
    SETTLEMENT_NOT_THE_RAIL = "SELECT p.id,
            'it is ' || p.status || CASE WHEN a.order_number IS NULL THEN ', and not by card'
                ELSE ' by card' END
            || CASE WHEN p.settles_us IS NULL THEN ', and is never settled' ELSE ', and is settled'
                END
        FROM payments p LEFT JOIN attempts a ON a.vshard = p.vshard AND a.payment_id = p.id
            AND a.number = p.captured_attempt
        WHERE (p.settles_us IS NULL) <> (a.order_number IS NULL) LIMIT $1";
}
