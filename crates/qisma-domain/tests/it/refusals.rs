//! Every refusal: it changes nothing, so there is nothing to look at but the word.

use qisma_domain::account::Acquirer;
use qisma_domain::attempt::{AbandonReason, Opened};
use qisma_domain::challenge::CodeKey;
use qisma_domain::decide::abandon_attempt::{AbandonAttempt, NotOpen};
use qisma_domain::decide::cancel_payment::{CancelPayment, CancelRefusal};
use qisma_domain::decide::confirm_code::{ConfirmCode, ConfirmRefusal, Funds};
use qisma_domain::decide::expire_payment::{ExpirePayment, ExpireRefusal};
use qisma_domain::decide::record_opened::{AttemptEnded, RecordOpened};
use qisma_domain::decide::record_outcome::{BankReport, RecordOutcome};
use qisma_domain::decide::record_reversal::{RecordReversal, ReversalReport};
use qisma_domain::decide::resolve_attempt::ResolveRefusal;
use qisma_domain::decide::start_card::{StartCard, StartRefusal};
use qisma_domain::decide::start_wallet::WalletRefusal;
use qisma_domain::ids::PaymentId;
use qisma_domain::payment::Canceler;

use crate::world::{CODE_KEY, RICH, World, new_payment};

fn start_card(world: &mut World) -> Option<StartRefusal> {
    let payment = world.payment;
    world.run(&StartCard { payment, acquirer: Acquirer::Sandbox }).err()
}

fn confirm(world: &mut World, code: &str) -> Option<ConfirmRefusal> {
    let payment = world.payment;
    let (code, funds) = (code.into(), Funds::Balance);
    world.run(&ConfirmCode { payment, code, code_key: CODE_KEY, funds }).err()
}

fn expire(world: &mut World) -> Option<ExpireRefusal> {
    let payment = world.payment;
    world.run(&ExpirePayment { payment }).err()
}

fn cancel(world: &mut World) -> Option<CancelRefusal> {
    let payment = world.payment;
    world.run(&CancelPayment { payment, by: Canceler::Payer, unpaid_attempt: None }).err()
}

#[test]
fn what_is_done_to_a_payment_that_is_not_there_is_refused() {
    let mut world = World::new();
    let payment = PaymentId::from_bytes([9; 16]);
    world.payment = payment;
    assert_eq!(start_card(&mut world), Some(StartRefusal::NotFound));
    let wallet = world.try_wallet(RICH, false).err();
    assert_eq!(wallet, Some(WalletRefusal::Start(StartRefusal::NotFound)));
    assert_eq!(confirm(&mut world, "000000"), Some(ConfirmRefusal::NotFound));
    assert_eq!(expire(&mut world), Some(ExpireRefusal::NotFound));
    assert_eq!(cancel(&mut world), Some(CancelRefusal::NotFound));
    assert_eq!(world.resolve(1), Err(ResolveRefusal::NotFound));
    let report = BankReport::Unpaid;
    assert!(world.run(&RecordOutcome { payment, attempt: 1, report }).is_err());
    let report = ReversalReport::GivenBack;
    assert!(world.run(&RecordReversal { payment, attempt: 1, report }).is_err());
}

#[test]
fn a_second_attempt_is_refused_while_one_is_open_whoever_pays() {
    let mut world = World::new();
    world.start_card();
    assert_eq!(start_card(&mut world), Some(StartRefusal::AttemptOpen));
    let wallet = world.try_wallet(RICH, false).err();
    assert_eq!(wallet, Some(WalletRefusal::Start(StartRefusal::AttemptOpen)));
}

#[test]
fn an_attempt_is_refused_at_the_deadline_and_not_a_microsecond_before() {
    let mut world = World::new();
    world.now = world.aggregate().payment.expires_at;
    assert_eq!(start_card(&mut world), Some(StartRefusal::TimeOver));
    let wallet = world.try_wallet(RICH, false).err();
    assert_eq!(wallet, Some(WalletRefusal::Start(StartRefusal::TimeOver)));
    world.now = world.now.plus_micros(-1);
    assert_eq!(start_card(&mut world), None);
}

#[test]
fn a_payment_expires_at_its_deadline_and_not_a_microsecond_before() {
    let mut world = World::new();
    world.now = world.aggregate().payment.expires_at.plus_micros(-1);
    assert_eq!(expire(&mut world), Some(ExpireRefusal::NotDue));
    world.now = world.now.plus_micros(1);
    assert_eq!(expire(&mut world), None);
}

#[test]
fn a_card_attempt_that_is_open_holds_up_expiry_and_cancel() {
    let mut world = World::new();
    world.start_card();
    assert_eq!(cancel(&mut world), Some(CancelRefusal::CardOpen { attempt: 1 }));
    world.pass(1_200);
    assert_eq!(expire(&mut world), Some(ExpireRefusal::CardOpen));
}

#[test]
fn a_cancel_that_read_another_attempt_as_unpaid_is_refused() {
    let mut world = World::new();
    world.start_card();
    world.abandon(1);
    world.start_card();
    let payment = world.payment;
    let refused =
        world.run(&CancelPayment { payment, by: Canceler::Payer, unpaid_attempt: Some(1) });
    assert_eq!(refused, Err(CancelRefusal::CardOpen { attempt: 2 }));
}

#[test]
fn a_payment_that_has_ended_takes_no_further_command() {
    let mut world = World::new();
    let sent = world.start_wallet(RICH);
    world.confirm(sent.code.expose());
    assert_eq!(start_card(&mut world), Some(StartRefusal::Ended));
    assert_eq!(confirm(&mut world, sent.code.expose()), Some(ConfirmRefusal::Ended));
    assert_eq!(cancel(&mut world), Some(CancelRefusal::Ended));
    world.pass(1_200);
    assert_eq!(expire(&mut world), Some(ExpireRefusal::Ended));
}

#[test]
fn a_payment_that_takes_no_card_refuses_one() {
    let mut new = new_payment();
    new.accept_card = false;
    let mut world = World::with(new);
    assert_eq!(start_card(&mut world), Some(StartRefusal::RailNotAccepted));
}

#[test]
fn a_loop_of_changes_of_way_comes_to_an_end() {
    let mut world = World::new();
    for number in 1..=20 {
        world.start_card();
        world.abandon(number);
    }
    assert_eq!(start_card(&mut world), Some(StartRefusal::TooManyAttempts));
}

#[test]
fn a_code_is_refused_where_none_is_expected() {
    let mut world = World::new();
    assert_eq!(confirm(&mut world, "000000"), Some(ConfirmRefusal::NoCodeExpected));
    let sent = world.start_wallet(RICH);
    world.abandon(1);
    assert_eq!(confirm(&mut world, sent.code.expose()), Some(ConfirmRefusal::NoCodeExpected));
    world.start_card();
    assert_eq!(confirm(&mut world, sent.code.expose()), Some(ConfirmRefusal::NoCodeExpected));
}

#[test]
fn a_code_is_refused_after_two_minutes_and_at_the_payments_deadline() {
    let mut world = World::new();
    let sent = world.start_wallet(RICH);
    world.now = world.aggregate().challenges[0].expires_at;
    assert_eq!(world.now.secs(), 1_000_120);
    assert_eq!(confirm(&mut world, sent.code.expose()), Some(ConfirmRefusal::CodeExpired));
    world.now = world.aggregate().payment.expires_at;
    assert_eq!(confirm(&mut world, sent.code.expose()), Some(ConfirmRefusal::TimeOver));
}

#[test]
fn an_attempt_that_is_not_open_can_neither_be_left_nor_opened() {
    let mut world = World::new();
    world.start_card();
    world.abandon(1);
    let payment = world.payment;
    let reason = AbandonReason::PayerLeft;
    let left = world.run(&AbandonAttempt { payment, attempt: 1, reason });
    assert_eq!(left, Err(NotOpen));
    let opened = Opened { order_id: "o".into(), page_url: "https://bank/p".into() };
    let opened = world.run(&RecordOpened { payment, attempt: 1, opened });
    assert_eq!(opened, Err(AttemptEnded));
}

#[test]
fn news_of_the_bank_about_a_wallet_attempt_is_refused() {
    let mut world = World::new();
    world.start_wallet(RICH);
    let payment = world.payment;
    let report = BankReport::Unpaid;
    assert!(world.run(&RecordOutcome { payment, attempt: 1, report }).is_err());
    let report = ReversalReport::GivenBack;
    assert!(world.run(&RecordReversal { payment, attempt: 1, report }).is_err());
}

#[test]
fn an_attempt_whose_page_is_open_is_not_left_as_unopened() {
    let mut world = World::new();
    world.start_card();
    world.open(1);
    let (payment, reason) = (world.payment, AbandonReason::NotOpened);
    assert_eq!(world.run(&AbandonAttempt { payment, attempt: 1, reason }), Err(NotOpen));
}

#[test]
fn an_attempt_that_the_bank_is_still_asked_about_is_closed_only_by_force() {
    let mut world = World::new();
    world.start_card();
    assert_eq!(world.resolve(1), Err(ResolveRefusal::StillAsked));
}

#[test]
fn an_operator_closes_only_what_is_unresolved() {
    let mut world = World::new();
    world.start_wallet(RICH);
    assert_eq!(world.resolve(1), Err(ResolveRefusal::NotUnresolved));
    world.abandon(1);
    world.start_card();
    world.abandon(2);
    assert_eq!(world.resolve(2), Err(ResolveRefusal::NotUnresolved));
    world.report(2, world.approval(2));
    assert_eq!(world.resolve(2), Err(ResolveRefusal::Approved));
}

#[test]
fn a_code_of_another_payment_is_a_wrong_code() {
    let mut world = World::new();
    let sent = world.start_wallet(RICH);
    let challenge = &world.aggregate().challenges[0];
    let other = PaymentId::from_bytes([9; 16]);
    let hash = CODE_KEY.hash(&challenge.id, &other, sent.code.expose());
    assert_ne!(hash, challenge.code_hash);
    let key = CodeKey::new([8; 32]);
    assert!(!challenge.is(sent.code.expose(), &key));
}
