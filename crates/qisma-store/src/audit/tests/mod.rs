//! Healthy books pass; each kind of damage is seen by the invariant that it breaks.

mod balances;
mod books;
mod held;
mod money;
mod refunds;

use qisma_domain::account::AccountKind;
use qisma_domain::event::EventKind;
use std::collections::BTreeMap;

use self::books::Books;
use super::source::Source;
use super::statements;
use super::{Audit, Invariant, OrderStanding as S, PROBLEMS_MAX};
use crate::Engine;

/// Damages full books and expects the invariant to say these words of it.
async fn check(invariant: Invariant, damage: &str, words: &str) {
    let books = Books::full().await;
    books.damage(damage);
    let broken = books.broken();
    let problems = broken.get(&invariant).cloned().unwrap_or_default();
    assert!(problems.iter().any(|problem| problem.contains(words)), "{broken:#?}");
}

#[tokio::test]
async fn every_statement_can_be_prepared() {
    let books = Books::empty().await;
    let audit = Audit::open(&Engine::Sqlite(books.path())).unwrap();
    let all = statements::ALL.iter().chain(statements::refunds::ALL);
    for (name, sql) in all.chain(statements::money::ALL).chain(statements::held::ALL) {
        let Source::Sqlite(connection) = &audit.source else { panic!("a file") };
        connection.prepare(sql).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn the_lists_in_the_statements_are_the_domains() {
    let listed = |words: Vec<&str>| {
        format!("({})", words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", "))
    };
    let ends = EventKind::ALL.into_iter().filter(|kind| kind.is_end());
    let negative = AccountKind::ALL.into_iter().filter(|kind| kind.may_be_negative());
    let told = EventKind::ALL.into_iter().filter(|kind| kind.is_told());
    let [given_ends, terminal, given_negative, given_told] = statements::LISTS;
    assert_eq!(given_ends, listed(ends.map(EventKind::as_str).collect()));
    let given_told: Vec<_> = given_told.split_whitespace().collect();
    assert_eq!(given_told.join(" "), listed(told.map(EventKind::as_str).collect()));
    assert_eq!(terminal, "('captured', 'failed', 'expired', 'canceled')");
    let mut expected: Vec<_> = negative.map(AccountKind::as_str).collect();
    let mut given: Vec<_> = given_negative.split('\'').skip(1).step_by(2).collect();
    expected.sort_unstable();
    given.sort_unstable();
    assert_eq!(given, expected);
}

#[tokio::test]
async fn books_with_nothing_in_them_are_healthy() {
    assert_eq!(Books::empty().await.broken(), BTreeMap::new());
}

#[tokio::test]
async fn books_in_which_everything_happened_are_healthy() {
    assert_eq!(Books::full().await.broken(), BTreeMap::new());
}

#[tokio::test]
async fn every_invariant_is_asked_of_some_rows() {
    let books = Books::full().await;
    let audit = Audit::open(&Engine::Sqlite(books.path())).unwrap();
    let asked_of_none =
        Invariant::ALL.into_iter().find(|each| audit.check(*each).unwrap().checked == 0);
    assert_eq!(asked_of_none, None);
}

#[tokio::test]
async fn an_audit_stays_at_one_moment_while_others_write() {
    let books = Books::empty().await;
    let audit = Audit::open(&Engine::Sqlite(books.path())).unwrap();
    let before = audit.check(Invariant::I7).unwrap();
    books.payment(None).await;
    assert_eq!(audit.check(Invariant::I7).unwrap(), before);
}

#[tokio::test]
async fn what_is_parked_is_shown() {
    let books = Books::full().await;
    let parked = Audit::open(&Engine::Sqlite(books.path())).unwrap().parked().unwrap();
    let parked: Vec<_> =
        parked.iter().map(|one| (one.owner.as_str(), one.amount_millimes)).collect();
    assert_eq!(parked, [("merchant:1234", 8_000)]);
}

#[tokio::test]
async fn every_order_is_shown_with_what_became_of_it() {
    let books = Books::full().await;
    let mut standings = vec![];
    let audit = Audit::open(&Engine::Sqlite(books.path())).unwrap();
    audit.card_orders(|order| standings.push(order.standing)).unwrap();
    standings.sort_by_key(|standing| format!("{standing:?}"));
    assert_eq!(standings, [S::GivenBack, S::Open, S::Paid, S::Paid, S::ReversalDue]);
}

#[tokio::test]
async fn only_an_order_that_was_sent_is_known() {
    let books = Books::empty().await;
    let payment = books.payment(None).await;
    books.start_card(payment).await;
    let audit = Audit::open(&Engine::Sqlite(books.path())).unwrap();
    assert!(audit.knows_order(&payment, 1).unwrap());
    assert!(!audit.knows_order(&payment, 2).unwrap());
}

#[tokio::test]
async fn only_the_first_problems_are_listed() {
    let books = Books::empty().await;
    for _ in 0..=PROBLEMS_MAX {
        books.payment(None).await;
    }
    books.damage("UPDATE legs SET amount_millimes = 1");
    assert_eq!(books.broken()[&Invariant::I7].len(), PROBLEMS_MAX);
}

#[tokio::test]
async fn a_database_that_is_not_there_is_not_made() {
    let books = Books::empty().await;
    let path = books.path().with_file_name("other.db");
    let error = Audit::open(&Engine::Sqlite(path.clone())).err().unwrap().to_string();
    assert!(error.contains("qisma serve") && !path.exists(), "{error}");
}

#[tokio::test]
async fn an_entry_that_does_not_balance_breaks_i1() {
    let damage = "UPDATE postings SET amount_millimes = amount_millimes + 1 WHERE line = 1 AND
        entry_id = (SELECT id FROM journal_entries WHERE kind = 'capture' LIMIT 1)";
    check(Invariant::I1, damage, "lines that sum to 1").await;
}

#[tokio::test]
async fn a_posting_without_its_entry_breaks_i1() {
    let damage = "DELETE FROM journal_entries WHERE kind = 'wallet_funding'";
    check(Invariant::I1, damage, "belongs to no entry").await;
}

#[tokio::test]
async fn money_out_of_nothing_breaks_i2_from_that_entry_on() {
    let damage = "UPDATE postings SET amount_millimes = 100005 WHERE amount_millimes = 100000";
    check(Invariant::I2, damage, "after the entry wallet_funding").await;
}

#[tokio::test]
async fn a_wallet_that_once_was_below_zero_breaks_i4_though_it_is_not_now() {
    let damage = "UPDATE journal_entries SET at_us = at_us + 3600000000000
        WHERE kind = 'wallet_funding'";
    check(Invariant::I4, damage, "wallet test falls to -20000").await;
}

/// Books in which a wallet was given its money so long after it paid, as the entries are dated.
async fn books_with_money_late_by(late_us: i64) -> Books {
    let books = Books::empty().await;
    let payment = books.payment(None).await;
    books.pay_by_wallet(payment).await;
    books.damage(&format!(
        "UPDATE journal_entries SET at_us = {late_us} +
            (SELECT at_us FROM journal_entries WHERE kind = 'capture')
        WHERE kind = 'wallet_funding'"
    ));
    books
}

#[tokio::test]
async fn a_fall_that_is_healed_within_a_second_is_a_clock_that_was_set_back() {
    assert_eq!(books_with_money_late_by(1_000_000).await.broken(), BTreeMap::new());
}

#[tokio::test]
async fn a_fall_that_is_healed_later_than_any_clock_explains_breaks_i4() {
    for late_us in [1_000_001, 10_000_000] {
        let broken = books_with_money_late_by(late_us).await.broken();
        let words = "wallet test falls to -10000";
        assert!(broken[&Invariant::I4].iter().any(|problem| problem.contains(words)), "{broken:?}");
    }
}

#[tokio::test]
async fn a_fall_that_is_never_healed_breaks_i4() {
    let books = Books::empty().await;
    let payment = books.payment(None).await;
    books.pay_by_wallet(payment).await;
    books.damage("UPDATE postings SET amount_millimes = 9999 WHERE amount_millimes = 100000");
    let broken = books.broken();
    let expected = "falls to -1";
    assert!(broken[&Invariant::I4].iter().any(|problem| problem.ends_with(expected)), "{broken:?}");
}

#[tokio::test]
async fn a_gap_among_a_payments_events_breaks_i5() {
    let damage = "UPDATE events SET sequence = 7 WHERE kind = 'leg.parked'";
    check(Invariant::I5, damage, "its event 7 follows 1").await;
}

#[tokio::test]
async fn an_event_dated_before_the_one_before_it_breaks_i5() {
    let damage = "UPDATE events SET at_us = at_us - 1 WHERE sequence = 2 AND kind = 'leg.parked'";
    check(Invariant::I5, damage, "dated out of order").await;
}

#[tokio::test]
async fn an_entry_dated_before_its_payment_breaks_i5() {
    let damage = "UPDATE journal_entries SET at_us = 1 WHERE kind = 'unwanted_approval'";
    check(Invariant::I5, damage, "dated outside of its time").await;
}

#[tokio::test]
async fn one_reference_booked_in_two_shards_breaks_i6() {
    let damage = "INSERT INTO journal_entries SELECT (vshard + 1) % 256, id, kind, reference,
        payment_id, mode, currency, at_us FROM journal_entries WHERE kind = 'wallet_funding'";
    check(Invariant::I6, damage, "2 entries wallet_funding").await;
}

#[tokio::test]
async fn a_payment_captured_twice_breaks_i6() {
    let damage = "INSERT INTO journal_entries SELECT vshard, zeroblob(16), kind, 'again',
        payment_id, mode, currency, at_us FROM journal_entries WHERE kind = 'capture' LIMIT 1";
    check(Invariant::I6, damage, "it is captured 2 times").await;
}

#[tokio::test]
async fn legs_that_are_not_the_amount_break_i7() {
    let damage = "UPDATE legs SET amount_millimes = 2001 WHERE kind = 'remainder'";
    check(Invariant::I7, damage, "its legs sum to 10001, it is of 10000").await;
}

#[tokio::test]
async fn a_share_booked_to_somebody_else_breaks_i7() {
    let damage = "UPDATE legs SET destination = 4321 WHERE destination = 1234";
    check(Invariant::I7, damage, "merchant:4321").await;
}

/// Damages the nth captured payment of full books, first to last, and expects I7 to say so each time:
/// two streams are compared, and each of them ends before the other once.
async fn check_each_capture(damage: impl Fn(usize) -> String, words: &str) {
    const CAPTURES: usize = 4;
    for n in 0..CAPTURES {
        let books = Books::full().await;
        books.damage(&damage(n));
        let broken = books.broken();
        let problems = broken.get(&Invariant::I7).cloned().unwrap_or_default();
        assert!(problems.iter().any(|problem| problem.contains(words)), "{n}: {broken:#?}");
    }
}

#[tokio::test]
async fn a_capture_that_credits_no_merchant_breaks_i7() {
    let damage = |n| {
        format!(
            "UPDATE postings SET (account_vshard, account_id) =
                (SELECT vshard, id FROM accounts WHERE kind = 'suspense')
            WHERE 0 < amount_millimes AND (vshard, entry_id) = (SELECT vshard, id
                FROM journal_entries WHERE kind = 'capture'
                ORDER BY vshard, payment_id LIMIT 1 OFFSET {n})"
        )
    };
    check_each_capture(damage, "\"merchant:1234\": 8000}, but booked was {}").await;
}

#[tokio::test]
async fn a_capture_that_credits_merchants_without_a_leg_breaks_i7() {
    let damage = |n| {
        format!(
            "DELETE FROM legs WHERE (vshard, payment_id) = (SELECT vshard, id FROM payments
                WHERE status = 'captured' ORDER BY vshard, id LIMIT 1 OFFSET {n})"
        )
    };
    check_each_capture(damage, "its legs are {}, but booked was {\"merchant:1\"").await;
}

#[tokio::test]
async fn a_share_that_is_credited_to_no_merchant_breaks_i7() {
    let damage = "UPDATE accounts SET owner = 'platform' WHERE kind = 'parked'";
    check(Invariant::I7, damage, "but booked was {\"merchant:1\": 2000}").await;
}

#[tokio::test]
async fn a_credit_to_a_merchant_that_is_no_leg_breaks_i7() {
    let damage = "UPDATE accounts SET owner = 'merchant:77' WHERE kind = 'parked'";
    check(Invariant::I7, damage, "\"merchant:77\": 8000").await;
}

#[tokio::test]
async fn a_captured_payment_that_was_not_booked_breaks_i8() {
    let damage = "UPDATE journal_entries SET kind = 'other' WHERE kind = 'capture'";
    check(Invariant::I8, damage, "it is captured, but no entry says so").await;
}

#[tokio::test]
async fn a_booked_payment_that_is_not_captured_breaks_i8() {
    let damage = "UPDATE payments SET status = 'expired', captured_attempt = NULL,
        captured_millimes = NULL
        WHERE status = 'captured'";
    check(Invariant::I8, damage, "of a payment that is expired").await;
}

#[tokio::test]
async fn a_capture_without_an_approved_attempt_breaks_i8() {
    let damage = "UPDATE payments SET captured_attempt = 2 WHERE status = 'captured'";
    check(Invariant::I8, damage, "attempt 2, which is not approved").await;
}

#[tokio::test]
async fn an_unwanted_approval_that_nobody_gives_back_breaks_i8() {
    let damage = "UPDATE attempts SET next_look_us = NULL
        WHERE json_extract(rail, '$.reversal') = 'due'";
    check(Invariant::I8, damage, "nothing is due to").await;
}

#[tokio::test]
async fn a_reversal_of_nothing_breaks_i8() {
    let damage = "UPDATE journal_entries SET reference = 'other' WHERE kind = 'unwanted_reversal'";
    check(Invariant::I8, damage, "what was never booked").await;
}

#[tokio::test]
async fn a_forgotten_event_breaks_i9() {
    let damage = "DELETE FROM events WHERE kind = 'payment.succeeded'";
    check(Invariant::I9, damage, "it is captured and counts 1 events; 0 are there").await;
}

#[tokio::test]
async fn an_event_of_another_end_breaks_i9() {
    let damage = "UPDATE events SET kind = 'payment.failed' WHERE kind = 'payment.succeeded'";
    check(Invariant::I9, damage, "it is captured and counts 1 events").await;
}

#[tokio::test]
async fn an_event_of_no_payment_breaks_i9() {
    let damage = "UPDATE events SET payment_id = zeroblob(16) WHERE kind = 'leg.parked'";
    check(Invariant::I9, damage, "but it is not there").await;
}

#[tokio::test]
async fn a_forgotten_delivery_breaks_i9() {
    check(Invariant::I9, "DELETE FROM deliveries", "has 0 deliveries").await;
}

#[tokio::test]
async fn a_key_of_somebody_elses_payment_breaks_i10() {
    let damage = "UPDATE idempotency_keys SET merchant_id = 2 WHERE key = 'key-1'";
    check(Invariant::I10, damage, "its merchant has no such payment").await;
}

#[tokio::test]
async fn a_key_whose_answer_names_another_payment_breaks_i10() {
    let damage = "UPDATE idempotency_keys SET answer = '{\"payment_id\":\"x\"}'";
    check(Invariant::I10, damage, "names another payment").await;
}

#[tokio::test]
async fn one_payment_under_two_keys_breaks_i10() {
    let damage = "INSERT INTO idempotency_keys SELECT vshard, merchant_id, mode, about,
        'again', fingerprint, payment_id, answer, request_id, route, created_us FROM idempotency_keys
        WHERE about = '' LIMIT 1";
    check(Invariant::I10, damage, "made under 2 keys").await;
}

#[tokio::test]
async fn an_entry_that_moves_money_of_another_mode_breaks_i13() {
    let damage = "UPDATE accounts SET mode = 'live' WHERE kind = 'parked'";
    check(Invariant::I13, damage, "the account merchant:1234 parked live").await;
}

#[tokio::test]
async fn an_account_that_changed_its_owner_breaks_i13() {
    let damage = "UPDATE accounts SET owner = 'merchant:4321' WHERE kind = 'parked'";
    check(Invariant::I13, damage, "was another one").await;
}

#[tokio::test]
async fn a_clearing_account_that_is_not_its_payments_breaks_i15() {
    let damage = "UPDATE accounts SET posted_millimes = posted_millimes - 5
        WHERE id = (SELECT id FROM accounts WHERE kind = 'clearing' LIMIT 1)";
    check(Invariant::I15, damage, "stands at -29005, its payments make -29000").await;
}
