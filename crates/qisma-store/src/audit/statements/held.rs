//! What the auditor asks about money that is held until a merchant takes it (ADR 0024): that nothing of it
//! is booked before, that it really is held, and that what is taken of it is divided whole.

statements! {
    // -- I7: the shares of a capture are the capture --
    SHARES_NOT_THE_CAPTURE = "SELECT p.id,
            'its shares sum to ' || sum(coalesce(l.captured_millimes, l.amount_millimes))
            || ', captured was ' || p.captured_millimes || ' of ' || p.amount_millimes
        FROM payments p JOIN legs l ON l.vshard = p.vshard AND l.payment_id = p.id
        WHERE p.status = 'captured' GROUP BY p.vshard, p.id
        HAVING sum(coalesce(l.captured_millimes, l.amount_millimes)) <> p.captured_millimes
            OR p.amount_millimes < p.captured_millimes LIMIT $1";
    SHARES_ABOVE_THEIR_LEGS = "SELECT l.payment_id,
            'its leg ' || l.number || ' got ' || l.captured_millimes || ' of ' || l.amount_millimes
        FROM legs l WHERE l.captured_millimes NOT BETWEEN 0 AND l.amount_millimes LIMIT $1";

    // -- I8: what is held is approved and held, and not booked --
    HELD_AND_BOOKED = "SELECT p.id,
            'it is ' || p.status || ', and has the entry ' || e.kind || ' ' || e.reference
        FROM payments p
        JOIN journal_entries e ON e.vshard = p.vshard AND e.payment_id = p.id
        WHERE p.hold_secs IS NOT NULL AND p.status <> 'captured' LIMIT $1";
    HELD_WITHOUT_APPROVAL = "SELECT p.id,
            'its money is held by attempt ' || coalesce((p.authorized ->> 'attempt'), 'none')
            || ', which is not approved'
        FROM payments p WHERE p.status = 'authorized' AND NOT EXISTS
            (SELECT 1 FROM attempts a WHERE a.vshard = p.vshard AND a.payment_id = p.id
             AND a.number = CAST((p.authorized ->> 'attempt') AS bigint) AND a.status = 'approved')
        LIMIT $1";
    // An approval that holds money is the payment's, or is being reversed.
    HELD_FOR_NOTHING = concat!("SELECT a.payment_id,
            'its attempt ' || a.number || ' holds money that nobody takes or lets go'
        FROM attempts a JOIN payments p ON p.vshard = a.vshard AND p.id = a.payment_id
        WHERE a.status = 'approved' AND p.hold_secs IS NOT NULL
          AND p.captured_attempt IS DISTINCT FROM a.number
          AND NOT (", holds!(), ")
          AND NOT ((a.rail ->> 'reversal') IN ('due', 'refund_due')
            AND (a.next_look_us IS NOT NULL OR a.needs_operator))
        LIMIT $1");
    WALLET_NOT_HELD = "SELECT p.id,
            'its wallet holds ' || coalesce(sum(h.amount_millimes), 0) || ' for it, approved was '
            || p.amount_millimes
        FROM payments p
        JOIN attempts a ON a.vshard = p.vshard AND a.payment_id = p.id
            AND a.number = CAST((p.authorized ->> 'attempt') AS bigint) AND a.order_number IS NULL
        LEFT JOIN holds h ON h.payment_id = p.id AND h.attempt = a.number AND h.state = 'open'
        WHERE p.status = 'authorized' GROUP BY p.vshard, p.id
        HAVING coalesce(sum(h.amount_millimes), 0) <> p.amount_millimes LIMIT $1";
    // I16, as far as held money goes.
    HELD_AND_FORGOTTEN = "SELECT p.id,
            'its held money is ' || (p.authorized ->> 'step') || ', and nobody looks after it'
        FROM payments p
        WHERE p.authorized IS NOT NULL AND (p.authorized ->> 'step') <> 'ended'
          AND p.authorized_look_us IS NULL
          AND CAST((p.authorized ->> 'needs_operator') AS text) NOT IN ('1', 'true') LIMIT $1";
}
