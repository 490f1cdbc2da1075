//! What the bank may say of an order, believed or not, and when it is asked again.

use qisma_domain::account::AccountKind;
use qisma_domain::attempt::{AttemptState, DeclineClass, Reversal};
use qisma_domain::decide::record_outcome::{ApprovalFacts, BankReport, Outcome};
use qisma_domain::decide::record_reversal::ReversalReport;
use qisma_domain::decide::resolve_attempt::ResolveRefusal;

use crate::world::World;

const DECLINE: BankReport = BankReport::Declined { class: DeclineClass::Other, code: 5 };

impl World {
    /// Seconds until the next look at this attempt; none when nobody looks.
    fn look_in(&self, number: u16) -> Option<i64> {
        let card = self.attempt(number).card().expect("a card attempt");
        // A command in the same microsecond as the one before is a microsecond later than the clock.
        card.next_look_at.map(|at| at.secs() - self.now.secs())
    }

    fn needs_operator(&self, number: u16) -> bool {
        self.attempt(number).card().expect("a card attempt").needs_operator
    }

    /// A card attempt at the bank's page.
    fn at_the_bank() -> Self {
        let mut world = Self::new();
        world.start_card();
        world.open(1);
        world
    }

    /// Reports each time the order is due, and says after how long each look was.
    fn looks(&mut self, number: u16, report: &BankReport) -> Vec<i64> {
        let mut gaps = vec![];
        while let Some(secs) = self.look_in(number) {
            gaps.push(secs);
            self.pass(secs);
            self.report(number, report.clone());
        }
        gaps
    }

    fn differ(&mut self, spoil: impl FnOnce(&mut ApprovalFacts)) -> Outcome {
        let mut facts = self.facts(1);
        spoil(&mut facts);
        self.report(1, BankReport::Approved { facts, card: Box::default() })
    }
}

#[test]
fn an_approval_with_any_other_fact_is_not_believed() {
    let spoils: [fn(&mut ApprovalFacts); 4] = [
        |facts| facts.order_number.push('0'),
        |facts| facts.order_id = "another".into(),
        |facts| facts.amount_millimes -= 1,
        |facts| facts.currency = "978".into(),
    ];
    for spoil in spoils {
        let mut world = World::at_the_bank();
        assert_eq!(world.differ(spoil), Outcome::FactsDiffer);
        assert_eq!(world.picture(), "processing, 1 card sent");
        assert!(world.needs_operator(1));
        assert_eq!(world.look_in(1), Some(60));
    }
}

#[test]
fn an_order_id_that_the_bank_does_not_repeat_is_no_other_fact() {
    let mut world = World::at_the_bank();
    assert_eq!(world.differ(|facts| facts.order_id.clear()), Outcome::Captured);
}

#[test]
fn an_order_at_the_bank_is_read_every_minute_to_the_sessions_end_and_then_three_times() {
    let mut world = World::at_the_bank();
    let gaps = world.looks(1, &BankReport::Unpaid);
    let mut expected = vec![60; 30];
    expected.extend([3_600, 21_600, 86_400]);
    assert_eq!(gaps, expected);
    assert!(world.needs_operator(1));
    assert_eq!(world.picture(), "processing, 1 card sent");
}

#[test]
fn a_bank_that_does_not_answer_is_asked_again_soon() {
    let mut world = World::new();
    world.start_card();
    world.report(1, BankReport::NoAnswer);
    assert_eq!(world.look_in(1), Some(5));
    world.pass(5);
    world.report(1, BankReport::NoAnswer);
    assert_eq!(world.look_in(1), Some(30));
}

#[test]
fn an_order_whose_payment_has_ended_is_looked_at_until_the_bank_is_final() {
    let mut world = World::at_the_bank();
    world.cancel(Some(1));
    assert_eq!(world.look_in(1), Some(60));
    assert_eq!(world.report(1, DECLINE), Outcome::Declined);
    assert_eq!(world.look_in(1), None);
    assert_eq!(world.attempt(1).state.as_str(), "abandoned");
}

#[test]
fn an_order_that_was_never_opened_gives_the_payment_back_and_is_read_to_its_sessions_end() {
    let mut world = World::new();
    world.start_card();
    world.pass(60);
    assert_eq!(world.report(1, BankReport::NotRegistered), Outcome::Declined);
    assert_eq!(world.picture(), "created, 1 card abandoned");
    assert_eq!(world.look_in(1), Some(60));
    world.pass(1_140);
    world.report(1, BankReport::NotRegistered);
    assert_eq!((world.look_in(1), world.needs_operator(1)), (None, false));
}

#[test]
fn a_bank_that_forgets_an_order_it_opened_ends_nothing_and_an_operator_is_told() {
    let mut world = World::at_the_bank();
    world.pass(1_800);
    assert_eq!(world.report(1, BankReport::NotRegistered), Outcome::Open);
    assert_eq!(world.picture(), "processing, 1 card sent");
    assert_eq!((world.look_in(1), world.needs_operator(1)), (Some(3_600), true));
}

#[test]
fn a_bank_that_forgets_an_order_it_approved_does_not_stop_the_way_back() {
    let mut world = World::at_the_bank();
    world.cancel(Some(1));
    world.report(1, world.approval(1));
    world.pass(3_600);
    for report in [BankReport::NotRegistered, DECLINE, BankReport::NoAnswer] {
        world.report(1, report);
        assert!(world.look_in(1).is_some_and(|secs| secs > 0));
    }
    assert_eq!(world.attempt(1).card().unwrap().reversal, Reversal::Due);
}

#[test]
fn other_facts_after_a_decline_stay_an_operators_though_the_bank_repeats_itself() {
    let mut world = World::at_the_bank();
    world.report(1, DECLINE);
    assert_eq!(world.differ(|facts| facts.amount_millimes += 1), Outcome::FactsDiffer);
    assert_eq!((world.look_in(1), world.needs_operator(1)), (Some(60), true));
    assert_eq!(world.report(1, DECLINE), Outcome::Declined);
    assert_eq!((world.look_in(1), world.needs_operator(1)), (None, true));
}

#[test]
fn a_way_back_whose_answer_was_lost_ends_when_it_is_found_done() {
    let mut world = World::at_the_bank();
    world.cancel(Some(1));
    world.report(1, world.approval(1));
    world.reversal(1, ReversalReport::NoAnswer);
    assert_eq!(world.report(1, BankReport::GivenBack), Outcome::Unwanted);
    assert_eq!(world.held(AccountKind::Suspense), 0);
    assert_eq!(world.attempt(1).state.as_str(), "voided");
    assert_eq!(world.report(1, BankReport::GivenBack), Outcome::Unchanged);
}

#[test]
fn money_that_the_bank_gave_back_by_itself_is_for_an_operator_to_note() {
    let mut world = World::at_the_bank();
    world.report(1, world.approval(1));
    assert_eq!(world.report(1, BankReport::GivenBack), Outcome::Unchanged);
    assert!(world.needs_operator(1));
    assert_eq!(world.resolve(1), Ok(()));
    assert!(!world.needs_operator(1));
    assert_eq!(world.resolve(1), Err(ResolveRefusal::Approved));
    assert_eq!(world.picture(), "captured, 1 card approved, payment.succeeded");
}

#[test]
fn a_reversal_that_is_refused_becomes_a_refund_and_then_an_operators() {
    let mut world = World::at_the_bank();
    world.cancel(Some(1));
    world.report(1, world.approval(1));
    assert_eq!(world.look_in(1), Some(0));
    assert_eq!(world.reversal(1, ReversalReport::Refused), Reversal::RefundDue);
    assert_eq!(world.look_in(1), Some(0));
    assert_eq!(world.reversal(1, ReversalReport::Refused), Reversal::RefundDue);
    assert!(world.needs_operator(1));
    assert_eq!(world.resolve(1), Ok(()));
    assert_eq!((world.look_in(1), world.needs_operator(1)), (Some(0), false));
    assert_eq!(world.reversal(1, ReversalReport::GivenBack), Reversal::Done);
}

#[test]
fn a_way_back_is_tried_on_a_schedule_of_its_own_however_late_it_begins() {
    let mut world = World::at_the_bank();
    world.pass(200_000);
    world.report(1, BankReport::Unpaid);
    world.cancel(Some(1));
    world.report(1, world.approval(1));
    for secs in [3_600, 21_600, 86_400] {
        world.reversal(1, ReversalReport::NoAnswer);
        assert_eq!((world.look_in(1), world.needs_operator(1)), (Some(secs), false));
        world.pass(secs);
    }
    world.reversal(1, ReversalReport::NoAnswer);
    assert!(world.needs_operator(1));
}

#[test]
fn an_answer_about_giving_back_what_is_not_due_changes_nothing() {
    let mut world = World::at_the_bank();
    world.report(1, world.approval(1));
    assert_eq!(world.reversal(1, ReversalReport::GivenBack), Reversal::NotDue);
    assert!(matches!(world.attempt(1).state, AttemptState::Approved { .. }));
}
