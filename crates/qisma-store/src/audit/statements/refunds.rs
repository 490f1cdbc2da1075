//! What the auditor asks about refunds: that no leg gives back more than it got (I11), and that what was
//! taken from merchants is paid out or waits (I14).

statements! {
    COUNT_REFUNDS = "SELECT count(*) FROM refunds";

    // -- I11: nobody gives back more than they had, and each refund is booked --
    REFUND_PARTS_NOT_THE_AMOUNT = "SELECT r.payment_id,
            'its refund ' || r.number || ' is of ' || r.amount_millimes || ', its parts sum to '
            || coalesce(sum(q.amount_millimes), 0)
        FROM refunds r LEFT JOIN refund_parts q ON q.vshard = r.vshard
            AND q.payment_id = r.payment_id AND q.refund = r.number
        GROUP BY r.vshard, r.payment_id, r.number
        HAVING coalesce(sum(q.amount_millimes), 0) <> r.amount_millimes LIMIT $1";
    LEGS_REFUNDED_TOO_MUCH = "SELECT q.payment_id,
            'its leg ' || q.leg || ' gives back ' || sum(q.amount_millimes) || ', it is of '
            || coalesce(max(coalesce(l.captured_millimes, l.amount_millimes)), 0)
        FROM refund_parts q
        JOIN refunds r ON r.vshard = q.vshard AND r.payment_id = q.payment_id
            AND r.number = q.refund
        LEFT JOIN legs l ON l.vshard = q.vshard AND l.payment_id = q.payment_id
            AND l.number = q.leg AND l.destination = q.destination
        WHERE r.status <> 'failed' GROUP BY q.vshard, q.payment_id, q.leg
        HAVING coalesce(max(coalesce(l.captured_millimes, l.amount_millimes)), 0)
            < sum(q.amount_millimes) LIMIT $1";
    REFUNDED_TOO_MUCH = "SELECT r.payment_id,
            'it gives back ' || sum(r.amount_millimes) || ', captured was '
            || coalesce(max(p.captured_millimes), 0)
        FROM refunds r LEFT JOIN payments p ON p.vshard = r.vshard AND p.id = r.payment_id
            AND p.status = 'captured'
        WHERE r.status <> 'failed' GROUP BY r.vshard, r.payment_id
        HAVING coalesce(max(p.captured_millimes), 0) < sum(r.amount_millimes) LIMIT $1";
    REFUNDS_NOT_BOOKED = "SELECT r.payment_id,
            'its refund ' || r.number || ' is ' || r.status || ', and has '
            || count(e.id) FILTER (WHERE e.kind = 'refund') || ' entries of its making, '
            || count(e.id) FILTER (WHERE e.kind = 'refund_paid') || ' of its success, '
            || count(e.id) FILTER (WHERE e.kind = 'refund_failed') || ' of its failure'
        FROM refunds r LEFT JOIN journal_entries e ON e.vshard = r.vshard
            AND e.reference = r.reference AND e.kind IN ('refund', 'refund_paid', 'refund_failed')
        GROUP BY r.vshard, r.payment_id, r.number
        HAVING count(e.id) FILTER (WHERE e.kind = 'refund') <> 1
            OR count(e.id) FILTER (WHERE e.kind = 'refund_paid')
                <> CASE r.status WHEN 'succeeded' THEN 1 ELSE 0 END
            OR count(e.id) FILTER (WHERE e.kind = 'refund_failed')
                <> CASE r.status WHEN 'failed' THEN 1 ELSE 0 END LIMIT $1";
    ENTRIES_OF_NO_REFUND = "SELECT e.payment_id,
            'the entry ' || e.kind || ' ' || e.reference || ' is of no refund'
        FROM journal_entries e LEFT JOIN refunds r ON r.vshard = e.vshard
            AND r.reference = e.reference AND r.payment_id = e.payment_id
        WHERE e.kind IN ('refund', 'refund_paid', 'refund_failed') AND r.number IS NULL LIMIT $1";
    // What the merchants' accounts gave, against the parts.
    REFUND_LINES_OFF = "SELECT coalesce(x.payment_id, y.payment_id),
            'its refunds take ' || coalesce(x.millimes, 0) || ' from '
            || coalesce(x.owner || ' ' || x.kind, y.owner || ' ' || y.kind) || ', booked was '
            || coalesce(y.millimes, 0)
        FROM (SELECT vshard, payment_id, owner, kind, sum(millimes) AS millimes
            FROM (SELECT vshard, payment_id, 'merchant:' || destination AS owner,
                    credited_to AS kind, from_credited_millimes AS millimes FROM refund_parts
                UNION ALL SELECT vshard, payment_id, 'merchant:' || destination, 'available',
                    from_available_millimes FROM refund_parts
                UNION ALL SELECT vshard, payment_id, 'merchant:' || destination, 'debt',
                    from_debt_millimes FROM refund_parts) s
            WHERE millimes <> 0 GROUP BY vshard, payment_id, owner, kind) x
        FULL JOIN (SELECT e.vshard, e.payment_id, coalesce(u.owner, a.owner) AS owner,
                coalesce(u.kind, a.kind) AS kind, -sum(p.amount_millimes) AS millimes
            FROM journal_entries e
            JOIN postings p ON p.vshard = e.vshard AND p.entry_id = e.id
            LEFT JOIN accounts a ON a.vshard = p.account_vshard AND a.id = p.account_id
            LEFT JOIN unfolded_lines u ON u.vshard = p.vshard AND u.entry_id = p.entry_id
                AND u.line = p.line
            WHERE e.kind = 'refund' AND coalesce(u.kind, a.kind) <> 'refund_clearing'
            GROUP BY e.vshard, e.payment_id, coalesce(u.owner, a.owner), coalesce(u.kind, a.kind)) y
            ON y.vshard = x.vshard AND y.payment_id = x.payment_id AND y.owner = x.owner
                AND y.kind = x.kind
        WHERE coalesce(x.millimes, 0) <> coalesce(y.millimes, 0) LIMIT $1";
    // I16, as far as refunds go: the first in line is looked after, or an operator knows.
    REFUNDS_STUCK = "SELECT r.payment_id,
            'its refund ' || r.number || ' is ' || r.status || ', and nobody looks after it'
        FROM refunds r
        WHERE r.status IN ('pending', 'sent', 'unknown') AND r.next_look_us IS NULL
          AND NOT r.needs_operator AND NOT EXISTS
            (SELECT 1 FROM refunds b WHERE b.vshard = r.vshard AND b.payment_id = r.payment_id
             AND b.number < r.number AND b.status IN ('pending', 'sent', 'unknown'))
        LIMIT $1";

    // -- I14: what is owed and what is owned are the same --
    STORED_BALANCES_NOT_ZERO = concat!("SELECT NULL,
            'all stored balances of ' || mode || ' ' || currency || ' sum to ' || sum(millimes)
        FROM (SELECT mode, currency, posted_millimes AS millimes FROM accounts
            UNION ALL SELECT mode, currency, amount_millimes FROM ", not_folded!(), ") s
        GROUP BY mode, currency HAVING sum(millimes) <> 0 LIMIT $1");
    REFUND_CLEARING_OFF = concat!("SELECT NULL,
            'refund_clearing ' || coalesce(c.mode, x.mode) || ' stands at '
            || coalesce(c.millimes, 0) || ', refunds under way make ' || coalesce(x.millimes, 0)
        FROM (SELECT mode, currency, sum(millimes) AS millimes
            FROM (SELECT mode, currency, posted_millimes AS millimes FROM accounts
                WHERE kind = 'refund_clearing'
                UNION ALL SELECT mode, currency, amount_millimes FROM ", not_folded!(), "
                WHERE kind = 'refund_clearing') s
            GROUP BY mode, currency) c
        FULL JOIN (SELECT p.mode, p.currency, sum(r.amount_millimes) AS millimes
            FROM refunds r JOIN payments p ON p.vshard = r.vshard AND p.id = r.payment_id
            WHERE r.status IN ('pending', 'sent', 'unknown') GROUP BY p.mode, p.currency) x
            ON x.mode = c.mode AND x.currency = c.currency
        WHERE coalesce(c.millimes, 0) <> coalesce(x.millimes, 0) LIMIT $1");
}
