//! Damage to refunds: what I11 and I14 see of it.

use super::{Invariant, check};

#[tokio::test]
async fn a_refund_that_is_not_its_parts_breaks_i11() {
    let damage = "UPDATE refunds SET amount_millimes = 1001 WHERE number = 1";
    check(Invariant::I11, damage, "its refund 1 is of 1001, its parts sum to 1000").await;
}

#[tokio::test]
async fn a_leg_that_gives_back_more_than_it_got_breaks_i11() {
    let damage = "UPDATE legs SET amount_millimes = 5 WHERE number = 2";
    check(Invariant::I11, damage, "its leg 2 gives back").await;
}

#[tokio::test]
async fn more_refunds_than_was_captured_break_i11() {
    let damage = "UPDATE payments SET captured_millimes = 1100 WHERE status = 'captured'";
    check(Invariant::I11, damage, "it gives back 1200, captured was 1100").await;
}

#[tokio::test]
async fn a_refund_that_was_paid_out_and_is_called_failed_breaks_i11() {
    let damage = "UPDATE refunds SET status = 'failed' WHERE number = 1";
    check(Invariant::I11, damage, "1 of its success, 0 of its failure").await;
}

#[tokio::test]
async fn a_refund_that_was_never_booked_breaks_i11() {
    let damage = "UPDATE refunds SET reference = 'ref_of_nothing' WHERE number = 1";
    check(Invariant::I11, damage, "has 0 entries of its making").await;
}

#[tokio::test]
async fn an_entry_of_no_refund_breaks_i11() {
    let damage = "DELETE FROM refunds WHERE number = 1";
    check(Invariant::I11, damage, "is of no refund").await;
}

#[tokio::test]
async fn a_part_that_was_taken_from_another_account_breaks_i11() {
    let damage = "UPDATE refund_parts SET credited_to = 'parked' WHERE refund = 1 AND leg = 1";
    check(Invariant::I11, damage, "from merchant:1234 parked, booked was 0").await;
}

#[tokio::test]
async fn a_refund_that_nobody_looks_after_breaks_i11() {
    let damage = "UPDATE refunds SET next_look_us = NULL";
    check(Invariant::I11, damage, "its refund 3 is pending, and nobody looks after it").await;
}

#[tokio::test]
async fn a_refund_under_two_keys_breaks_i10() {
    let damage = "INSERT INTO idempotency_keys SELECT vshard, merchant_id, mode, about, 'again',
        fingerprint, payment_id, answer, request_id, route, created_us FROM idempotency_keys
        WHERE about <> '' LIMIT 1";
    check(Invariant::I10, damage, "was made under 2 keys").await;
}

#[tokio::test]
async fn money_that_waits_for_no_refund_breaks_i14() {
    let damage = "UPDATE refunds SET status = 'succeeded' WHERE number = 3";
    check(Invariant::I14, damage, "stands at 200, refunds under way make 0").await;
}

#[tokio::test]
async fn a_stored_balance_out_of_nothing_breaks_i14() {
    let damage = "UPDATE accounts SET posted_millimes = posted_millimes + 1 WHERE kind = 'wallet'";
    check(Invariant::I14, damage, "all stored balances of test TND sum to 1").await;
}

#[tokio::test]
async fn clearing_that_forgets_a_refund_breaks_i15() {
    let damage = "UPDATE refunds SET status = 'pending' WHERE number = 1";
    check(Invariant::I15, damage, "the clearing account of acquirer:sandbox").await;
}
