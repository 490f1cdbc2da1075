//! Money that is held until the merchant takes it: who may take it, when, and what the bank's answers do.

use qisma_domain::account::{AccountKind, Acquirer};
use qisma_domain::attempt::Reversal;
use qisma_domain::authorization::Step;
use qisma_domain::decide::capture_payment::{
    CaptureAnswer, CapturePayment, CaptureRefusal, CaptureStanding, WalletHold,
};
use qisma_domain::decide::check_code::{CheckCode, Checked};
use qisma_domain::decide::confirm_code::{CodeAnswer, ConfirmCode, Funds};
use qisma_domain::decide::create_payment::NewPayment;
use qisma_domain::decide::expire_payment::ExpirePayment;
use qisma_domain::decide::record_capture::{CaptureReport, RecordCapture};
use qisma_domain::decide::record_outcome::{BankReport, Outcome};
use qisma_domain::decide::record_release::RecordRelease;
use qisma_domain::decide::record_reversal::ReversalReport;
use qisma_domain::decide::release_hold::ReleaseHold;
use qisma_domain::decide::release_payment::{ReleasePayment, ReleaseRefusal, ReleaseWhy};
use qisma_domain::decide::resolve_capture::{ResolveCapture, ResolveCaptureRefusal};
use qisma_domain::decide::send_capture::{Capturing, SendCapture};
use qisma_domain::decide::start_card::StartCard;
use qisma_domain::ids::{HoldId, Mode};

use crate::world::{CODE_KEY, RICH, World, amount, merchant, new_payment};

const HOLD_SECS: i64 = 604_800;

fn world() -> World {
    World::with(NewPayment { hold_secs: Some(HOLD_SECS), ..new_payment() })
}

impl World {
    /// The bank holds the money of this attempt.
    fn hold_at_bank(&mut self, number: u16) -> Outcome {
        let facts = self.facts(number);
        self.report(number, BankReport::Held { facts, card: Box::default() })
    }

    fn authorized_by_card() -> Self {
        let mut world = world();
        world.start_card();
        assert_eq!(world.hold_at_bank(1), Outcome::Authorized);
        world
    }

    /// Authorized by wallet, as the gateway does it: the code, the hold, and then the payment.
    fn authorized_by_wallet() -> (Self, HoldId) {
        let mut world = world();
        let code = world.start_wallet(RICH).code.expose().to_owned();
        let payment = world.payment;
        let checked = world.must(&CheckCode { payment, code: code.clone(), code_key: CODE_KEY });
        let Checked::Right(wish) = checked else { panic!("{checked:?}") };
        world.must(&wish);
        let funds = Funds::Held(wish.id());
        let confirm = ConfirmCode { payment, code, code_key: CODE_KEY, funds };
        assert_eq!(world.must(&confirm), CodeAnswer::Authorized);
        (world, wish.id())
    }

    fn capture(
        &mut self,
        millimes: Option<i64>,
        hold: Option<WalletHold>,
    ) -> Result<CaptureStanding, CaptureRefusal> {
        let answer = self.run(&CapturePayment {
            payment: self.payment,
            merchant: merchant(1),
            mode: Mode::Test,
            amount: millimes.map(amount),
            hold,
            idempotent: None,
        });
        answer.map(|CaptureAnswer { standing, .. }| standing)
    }

    fn send_capture(&mut self, nothing_came_of_it: bool) -> bool {
        let command = SendCapture { payment: self.payment, nothing_came_of_it };
        matches!(self.must(&command), Capturing::Ask { .. })
    }

    fn captured(&mut self, report: CaptureReport) -> CaptureStanding {
        self.must(&RecordCapture { payment: self.payment, report, sent_at: None })
    }

    fn resolve_capture(&mut self, is_captured: bool) -> Result<(), ResolveCaptureRefusal> {
        self.run(&ResolveCapture { payment: self.payment, is_captured })
    }

    /// A part is being taken, and the bank has taken another sum.
    fn unresolved() -> Self {
        let mut world = Self::authorized_by_card();
        world.capture(Some(8_500), None).expect("it is held");
        world.send_capture(false);
        world.captured(CaptureReport::SumsDiffer);
        world
    }

    fn release(&mut self) -> Result<(), ReleaseRefusal> {
        let why =
            ReleaseWhy::Canceled { merchant: merchant(1), mode: Mode::Test, idempotent: None };
        self.run(&ReleasePayment { payment: self.payment, why }).map(drop)
    }

    fn let_time_end_it(&mut self) -> Result<(), ReleaseRefusal> {
        let why = ReleaseWhy::Expired;
        self.run(&ReleasePayment { payment: self.payment, why }).map(drop)
    }

    fn word(&self) -> &'static str {
        self.aggregate().payment.state.as_str()
    }

    fn step(&self) -> Step {
        self.aggregate().payment.authorization.as_ref().expect("it is held").step
    }

    fn held_millimes(&self) -> i64 {
        let wallet = self
            .see
            .wallets
            .values()
            .find(|wallet| wallet.phone.as_str() == RICH)
            .expect("it is there");
        self.see.balances[&wallet.account().id()].held_millimes
    }
}

#[test]
fn what_is_approved_is_held_and_nothing_is_booked() {
    let world = World::authorized_by_card();
    assert_eq!(world.word(), "authorized");
    assert!(world.entries.iter().all(|entry| entry.payment.is_none()));
}

#[test]
fn a_wallet_that_pays_later_holds_the_money() {
    let (world, _) = World::authorized_by_wallet();
    assert_eq!((world.word(), world.held_millimes()), ("authorized", 10_000));
}

#[test]
fn a_hold_that_a_merchant_may_still_take_is_not_freed() {
    let (mut world, hold) = World::authorized_by_wallet();
    let payment = world.payment;
    assert!(!world.must(&ReleaseHold { hold, payment, attempt: 1 }));
}

#[test]
fn a_part_is_taken_from_the_wallet_and_the_rest_is_free() {
    let (mut world, hold) = World::authorized_by_wallet();
    let taken = world.capture(Some(8_500), Some(WalletHold::TakenNow(hold)));
    assert!(matches!(taken, Ok(CaptureStanding::Captured { .. })), "{taken:?}");
    assert_eq!((world.held_millimes(), world.held(AccountKind::Wallet)), (0, 91_505));
}

#[test]
fn another_hold_than_the_payments_own_is_not_taken() {
    let (mut world, _) = World::authorized_by_wallet();
    let other = WalletHold::TakenNow(HoldId::from_bytes([1; 16]));
    assert_eq!(world.capture(None, Some(other)), Err(CaptureRefusal::NotHeld));
}

#[test]
fn a_capture_by_card_is_booked_once_the_bank_has_it_and_not_before() {
    let mut world = World::authorized_by_card();
    world.capture(Some(8_500), None).unwrap();
    assert_eq!((world.word(), world.step().as_str()), ("authorized", "capture_pending"));
    assert!(world.send_capture(false));
    assert!(!world.send_capture(false), "it is sent once");
    world.captured(CaptureReport::Done);
    assert_eq!((world.word(), world.step()), ("captured", Step::Ended));
}

#[test]
fn the_same_news_twice_changes_nothing() {
    let mut world = World::authorized_by_card();
    world.capture(None, None).unwrap();
    world.send_capture(false);
    let first = world.captured(CaptureReport::Done);
    assert_eq!(world.captured(CaptureReport::Done), first);
    assert_eq!(world.captured(CaptureReport::Refused { code: 7 }), first);
}

#[test]
fn a_refusal_leaves_the_money_held_and_it_can_be_confirmed_again() {
    let mut world = World::authorized_by_card();
    world.capture(None, None).unwrap();
    world.send_capture(false);
    assert_eq!(world.captured(CaptureReport::Refused { code: 7 }), CaptureStanding::Refused);
    assert_eq!((world.word(), world.step()), ("authorized", Step::Held));
    assert!(world.capture(Some(1), None).is_ok());
}

#[test]
fn an_unknown_capture_is_not_sent_again_before_five_minutes_nor_without_the_banks_word() {
    let mut world = World::authorized_by_card();
    world.capture(None, None).unwrap();
    world.send_capture(false);
    world.captured(CaptureReport::NoAnswer);
    assert!(!world.send_capture(true));
    world.pass(300);
    assert!(!world.send_capture(false));
    assert!(world.send_capture(true));
}

#[test]
fn while_a_capture_is_under_way_nothing_else_happens_to_the_money() {
    let mut world = World::authorized_by_card();
    world.capture(None, None).unwrap();
    assert_eq!(world.capture(None, None), Err(CaptureRefusal::UnderWay));
    assert_eq!(world.release(), Err(ReleaseRefusal::CaptureUnderWay));
    world.pass(HOLD_SECS);
    assert_eq!(world.let_time_end_it(), Err(ReleaseRefusal::CaptureUnderWay));
}

#[test]
fn what_is_canceled_at_a_card_is_due_to_be_reversed() {
    let mut world = World::authorized_by_card();
    world.release().unwrap();
    assert_eq!(
        (world.word(), world.attempt(1).card().unwrap().reversal),
        ("canceled", Reversal::Due)
    );
    assert_eq!(world.reversal(1, ReversalReport::GivenBack), Reversal::Done);
    assert!(world.entries.iter().all(|entry| entry.payment.is_none()), "nothing was ever booked");
}

#[test]
fn a_hold_that_the_bank_keeps_is_asked_for_again_and_never_refunded() {
    let mut world = World::authorized_by_card();
    world.release().unwrap();
    assert_eq!(world.reversal(1, ReversalReport::HoldKept), Reversal::Due);
    let card = world.attempt(1).card().unwrap().clone();
    assert!(card.needs_operator && card.next_look_at.is_some());
}

#[test]
fn what_is_canceled_at_a_wallet_is_free_after_it() {
    let (mut world, hold) = World::authorized_by_wallet();
    world.release().unwrap();
    assert_eq!((world.step(), world.held_millimes()), (Step::Releasing, 10_000));
    let payment = world.payment;
    assert!(world.must(&ReleaseHold { hold, payment, attempt: 1 }));
    world.must(&RecordRelease { payment });
    assert_eq!((world.step(), world.held_millimes()), (Step::Ended, 0));
}

#[test]
fn what_is_held_ends_by_its_time_and_cannot_be_taken_then() {
    let mut world = World::authorized_by_card();
    world.pass(HOLD_SECS - 1);
    assert_eq!(world.let_time_end_it(), Err(ReleaseRefusal::NotDue));
    // Its moments are some microseconds ahead of a clock that stands still.
    world.pass(2);
    assert_eq!(world.capture(None, None), Err(CaptureRefusal::TimeOver));
    world.let_time_end_it().unwrap();
    assert_eq!(world.word(), "expired");
}

#[test]
fn a_second_approval_of_an_authorized_payment_is_due_to_be_reversed_and_booked_nowhere() {
    let mut world = world();
    world.start_card();
    world.open(1);
    world.abandon(1);
    world.start_card();
    world.hold_at_bank(2);
    assert_eq!(world.hold_at_bank(1), Outcome::Unwanted);
    world.reversal(1, ReversalReport::GivenBack);
    let told = world.events.last().unwrap().kind.as_str();
    assert_eq!((world.word(), told), ("authorized", "payment.duplicate_success_reversed"));
}

#[test]
fn a_bank_that_takes_what_it_should_hold_is_not_believed() {
    let mut world = world();
    world.start_card();
    let facts = world.facts(1);
    let report = BankReport::Approved { facts, card: Box::default() };
    assert_eq!(world.report(1, report), Outcome::FactsDiffer);
}

#[test]
fn nobody_pays_or_calls_off_what_is_held() {
    let mut world = World::authorized_by_card();
    let payment = world.payment;
    assert!(world.run(&StartCard { payment, acquirer: Acquirer::Sandbox }).is_err());
    let command = ExpirePayment { payment };
    world.pass(1_200);
    assert!(world.run(&command).is_err());
}

#[test]
fn an_operator_who_knows_ends_a_capture_either_way_and_once() {
    let mut taken = World::unresolved();
    taken.resolve_capture(true).unwrap();
    assert_eq!(taken.word(), "captured");
    assert_eq!(taken.resolve_capture(true), Err(ResolveCaptureRefusal::NotUnresolved));
    let mut not_taken = World::unresolved();
    not_taken.resolve_capture(false).unwrap();
    assert_eq!((not_taken.word(), not_taken.step()), ("authorized", Step::Held));
    assert_eq!(not_taken.resolve_capture(true), Err(ResolveCaptureRefusal::NotUnresolved));
    assert!(not_taken.capture(None, None).is_ok());
}

#[test]
fn an_operator_has_no_say_while_the_bank_may_still_answer() {
    let mut world = World::authorized_by_card();
    assert_eq!(world.resolve_capture(true), Err(ResolveCaptureRefusal::NotUnresolved));
    world.capture(None, None).unwrap();
    world.send_capture(false);
    world.captured(CaptureReport::NoAnswer);
    assert_eq!(world.resolve_capture(true), Err(ResolveCaptureRefusal::NotUnresolved));
}
