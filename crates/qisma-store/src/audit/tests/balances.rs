//! Damage to balances, to what waits to be added to them, and to what is held of them.

use super::{Invariant, check};

#[tokio::test]
async fn a_stored_balance_that_is_no_sum_breaks_i3() {
    let damage = "UPDATE accounts SET posted_millimes = posted_millimes + 1 WHERE kind = 'parked'";
    check(Invariant::I3, damage, "merchant:1234 parked test stores 8001").await;
}

#[tokio::test]
async fn an_account_that_is_missing_breaks_i3() {
    check(Invariant::I3, "DELETE FROM accounts WHERE kind = 'parked'", "stores nothing").await;
}

#[tokio::test]
async fn a_line_that_waits_without_having_been_posted_breaks_i3() {
    let damage =
        "INSERT INTO unfolded_lines SELECT vshard, zeroblob(16), 1, vshard, id, owner, kind,
        mode, currency, 5, NULL, 1 FROM accounts WHERE kind = 'parked'";
    check(Invariant::I3, damage, "a line of 5 is to be folded, but was not posted").await;
}

#[tokio::test]
async fn a_line_that_is_folded_and_not_counted_breaks_i3() {
    let damage = "INSERT INTO unfolded_lines SELECT p.vshard, p.entry_id, p.line, p.account_vshard,
        p.account_id, a.owner, a.kind, a.mode, a.currency, p.amount_millimes, NULL, 1
        FROM postings p JOIN accounts a ON a.id = p.account_id WHERE a.kind = 'parked'";
    check(Invariant::I3, damage, "sum to 8000, of which 8000 are to be folded").await;
}

#[tokio::test]
async fn a_line_that_takes_what_nothing_holds_breaks_i3() {
    let damage = "INSERT INTO unfolded_lines SELECT p.vshard, p.entry_id, p.line, p.account_vshard,
        p.account_id, a.owner, a.kind, a.mode, a.currency, p.amount_millimes, zeroblob(16), 1
        FROM postings p JOIN accounts a ON a.id = p.account_id
        WHERE a.kind = 'wallet' AND p.amount_millimes < 0";
    check(Invariant::I3, damage, "is to be taken from a hold of nothing").await;
}

#[tokio::test]
async fn a_hold_that_its_account_does_not_count_breaks_i3() {
    let damage =
        "INSERT INTO holds SELECT vshard, zeroblob(16), id, owner, kind, mode, currency, 5,
        zeroblob(16), 1, 'open', 1, 1, 1 FROM accounts WHERE kind = 'wallet'";
    check(Invariant::I3, damage, "holds 0, its open holds sum to 5").await;
}

#[tokio::test]
async fn a_held_amount_that_nothing_holds_breaks_i3() {
    let damage = "UPDATE accounts SET held_millimes = 5 WHERE kind = 'wallet'";
    check(Invariant::I3, damage, "holds 5").await;
}
