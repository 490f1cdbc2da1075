//! Refunds: who gives what, from which account, and what becomes of it at the acquirer.

use qisma_domain::account::AccountKind;
use qisma_domain::decide::record_refund::{RecordRefund, RefundReport};
use qisma_domain::decide::refund_payment::{
    ChosenReversal, RefundPayment, RefundRefusal, WhenShort,
};
use qisma_domain::decide::resolve_refund::{ResolveRefund, ResolveRefundRefusal};
use qisma_domain::decide::send_refund::{SendRefund, Sending};
use qisma_domain::ids::Mode;
use qisma_domain::journal::EntryKind;
use qisma_domain::merchant::MerchantStatus;
use qisma_domain::refund::{Refund, RefundState};
use qisma_domain::time::Timestamp;
use std::collections::BTreeSet;

use crate::world::{RICH, World, amount, merchant, new_payment};

impl World {
    /// All that is left of the payment.
    fn refunding(&self) -> RefundPayment {
        let legs = &self.aggregate().payment.legs;
        RefundPayment {
            payment: self.payment,
            merchant: merchant(1),
            mode: Mode::Test,
            amount: None,
            reversals: vec![],
            destinations: legs.iter().map(|leg| leg.destination).collect(),
            parked: BTreeSet::new(),
            when_short: WhenShort::Debt,
            idempotent: None,
        }
    }

    fn refunding_of(&self, millimes: i64) -> RefundPayment {
        RefundPayment { amount: Some(amount(millimes)), ..self.refunding() }
    }

    fn refund(&mut self, command: &RefundPayment) -> Refund {
        self.run(command).expect("the test wants it to go through").refund
    }

    fn refusal(&mut self, command: &RefundPayment) -> RefundRefusal {
        self.run(command).expect_err("the test wants it to be refused")
    }

    fn by_card() -> Self {
        let mut world = Self::new();
        world.start_card();
        world.report(1, world.approval(1));
        world
    }

    fn by_wallet() -> Self {
        let mut world = Self::new();
        let sent = world.start_wallet(RICH);
        world.confirm(sent.code.expose());
        world
    }

    fn send(&mut self, number: u16, nothing_came_of_it: bool) -> bool {
        let payment = self.payment;
        let sending = self.must(&SendRefund { payment, number, nothing_came_of_it });
        matches!(sending, Sending::Ask { .. })
    }

    fn told(&mut self, number: u16, report: RefundReport) -> &'static str {
        self.must(&RecordRefund { payment: self.payment, number, report, sent_at: None }).as_str()
    }

    fn resolve_refund(&mut self, is_paid: bool) -> Result<Refund, ResolveRefundRefusal> {
        self.run(&ResolveRefund { payment: self.payment, number: 1, is_paid })
    }

    fn refund_states(&self) -> Vec<&'static str> {
        self.aggregate().refunds.iter().map(|refund| refund.state.as_str()).collect()
    }

    fn parts(&self, number: u16) -> Vec<i64> {
        let refund = self.aggregate().refund(number).expect("the test made it");
        refund.parts.iter().map(|part| part.amount.millimes()).collect()
    }

    fn kinds(&self) -> Vec<EntryKind> {
        self.entries
            .iter()
            .map(|entry| entry.kind)
            .skip_while(|kind| *kind != EntryKind::Refund)
            .collect()
    }
}

#[test]
fn a_wallet_has_its_money_in_the_same_change() {
    let mut world = World::by_wallet();
    let before = world.held(AccountKind::Wallet);
    let refund = world.refund(&world.refunding());
    assert!(matches!(refund.state, RefundState::Succeeded { .. }));
    assert_eq!(world.held(AccountKind::Wallet), before + 10_000);
    assert_eq!(world.held(AccountKind::Available), 0);
    assert_eq!(world.held(AccountKind::RefundClearing), 0);
    assert_eq!(
        world.picture(),
        "captured, 1 wallet approved, payment.succeeded, refund.created, refund.succeeded"
    );
}

#[test]
fn a_card_has_it_once_the_acquirer_says_so() {
    let mut world = World::by_card();
    world.refund(&world.refunding());
    assert_eq!(world.held(AccountKind::RefundClearing), 10_000);
    assert!(world.send(1, false));
    assert_eq!(world.told(1, RefundReport::Done), "succeeded");
    assert_eq!(world.held(AccountKind::RefundClearing), 0);
    assert_eq!(world.held(AccountKind::Clearing), 0);
    assert_eq!(world.kinds(), [EntryKind::Refund, EntryKind::RefundPaid]);
}

#[test]
fn a_refusal_gives_every_leg_its_part_back() {
    let mut world = World::by_card();
    let before = world.held(AccountKind::Pending);
    world.refund(&world.refunding_of(3_000));
    world.send(1, false);
    assert_eq!(world.told(1, RefundReport::Refused { code: 7 }), "failed");
    assert_eq!(world.held(AccountKind::Pending), before);
    assert_eq!(world.kinds(), [EntryKind::Refund, EntryKind::RefundFailed]);
    // What failed can be tried again in full.
    assert_eq!(world.refund(&world.refunding()).amount, amount(10_000));
}

#[test]
fn a_refusal_of_an_earlier_asking_says_nothing_of_a_later_one() {
    let mut world = World::by_card();
    world.refund(&world.refunding_of(3_000));
    world.send(1, false);
    let (payment, report) = (world.payment, RefundReport::Refused { code: 7 });
    let earlier = Some(Timestamp::from_secs(1));
    let stale = RecordRefund { payment, number: 1, report, sent_at: earlier };
    assert_eq!(world.must(&stale).as_str(), "sent");
}

#[test]
fn the_sum_before_is_that_of_the_moment_in_which_asking_is_written_down() {
    let mut world = World::by_card();
    world.refund(&world.refunding_of(3_000));
    world.refund(&world.refunding_of(3_000));
    world.send(1, false);
    world.told(1, RefundReport::Done);
    let send = SendRefund { payment: world.payment, number: 2, nothing_came_of_it: false };
    let Sending::Ask { given_back_millimes, .. } = world.must(&send) else { panic!("it is next") };
    assert_eq!(given_back_millimes, 3_000);
}

#[test]
fn partial_refunds_take_from_the_legs_in_proportion_and_end_at_zero() {
    let mut world = World::by_wallet();
    for millimes in [1, 3_333, 6_665] {
        world.refund(&world.refunding_of(millimes));
    }
    world.refund(&world.refunding());
    assert_eq!([world.parts(1), world.parts(2)], [vec![1], vec![2_666, 667]]);
    assert_eq!(world.refusal(&world.refunding()), RefundRefusal::NotAllowed);
}

#[test]
fn more_than_is_left_is_refused_with_what_is_left() {
    let mut world = World::by_wallet();
    world.refund(&world.refunding_of(6_000));
    let left = amount(4_000);
    let refusal = world.refusal(&world.refunding_of(6_000));
    assert_eq!(refusal, RefundRefusal::AmountAboveRest { left });
}

#[test]
fn what_nobody_paid_cannot_be_given_back() {
    let mut world = World::new();
    assert_eq!(world.refusal(&world.refunding()), RefundRefusal::NotAllowed);
}

#[test]
fn a_strangers_payment_is_not_found() {
    let mut world = World::by_wallet();
    let stranger = RefundPayment { merchant: merchant(4321), ..world.refunding() };
    assert_eq!(world.refusal(&stranger), RefundRefusal::NotFound);
    let live = RefundPayment { mode: Mode::Live, ..world.refunding() };
    assert_eq!(world.refusal(&live), RefundRefusal::NotFound);
}

fn chosen(pairs: &[(i64, i64)]) -> Vec<ChosenReversal> {
    let chosen = |&(number, millimes)| ChosenReversal {
        destination: merchant(number),
        amount: amount(millimes),
    };
    pairs.iter().map(chosen).collect()
}

#[test]
fn chosen_parts_are_taken_as_they_are_and_the_next_refund_catches_up() {
    let mut world = World::by_wallet();
    let reversals = chosen(&[(4321, 2_000)]);
    let refund = world.refund(&RefundPayment { reversals, ..world.refunding() });
    assert_eq!((refund.amount, world.parts(1)), (amount(2_000), vec![2_000]));
    world.refund(&world.refunding());
    assert_eq!(world.parts(2), [8_000]);
}

#[test]
fn chosen_parts_that_cannot_be_are_refused_one_by_one() {
    let mut world = World::by_wallet();
    let of = |pairs: &[(i64, i64)]| RefundPayment { reversals: chosen(pairs), ..world.refunding() };
    let (strangers, above) = (of(&[(1234, 1), (99, 1), (98, 1)]), of(&[(1234, 8_001), (4321, 1)]));
    let (below, over) = (of(&[(1234, 1)]), of(&[(1234, 5)]));
    let (below, over) = (
        RefundPayment { amount: Some(amount(2)), ..below },
        RefundPayment { amount: Some(amount(4)), ..over },
    );
    assert_eq!(world.refusal(&strangers), RefundRefusal::NotALeg(vec![1, 2]));
    assert_eq!(world.refusal(&above), RefundRefusal::PartsAboveLegs(vec![0]));
    assert_eq!(world.refusal(&below), RefundRefusal::PartsBelowAmount);
    assert_eq!(world.refusal(&over), RefundRefusal::PartsAboveAmount);
}

#[test]
fn what_chosen_parts_leave_comes_from_the_callers_own_share() {
    let mut new = new_payment();
    new.legs.truncate(1);
    let mut world = World::with(new);
    let sent = world.start_wallet(RICH);
    world.confirm(sent.code.expose());
    let reversals = chosen(&[(1234, 500)]);
    world.refund(&RefundPayment { reversals, ..world.refunding_of(1_200) });
    assert_eq!(world.parts(1), [500, 700]);
}

/// A second payment by wallet gives 1234 and 4321 nothing; the first one's shares are gone.
fn with_poor_merchants() -> World {
    let mut world = World::by_wallet();
    for balance in
        world.see.balances.values_mut().filter(|balance| balance.posted_millimes == 8_000)
    {
        // As if most of it had been paid out; the books of this world are put right below.
        balance.posted_millimes = 1_000;
    }
    let float = world.see.balances.values_mut().find(|balance| balance.posted_millimes < 0);
    float.expect("the float is below zero").posted_millimes += 7_000;
    world
}

#[test]
fn what_a_merchant_lacks_becomes_its_debt() {
    let mut world = with_poor_merchants();
    world.refund(&world.refunding());
    assert_eq!(world.held(AccountKind::Debt), -7_000);
    let parts = &world.aggregate().refund(1).expect("it was made").parts;
    let sources = parts.iter().map(|part| (part.from_credited, part.from_debt));
    assert_eq!(
        sources.collect::<Vec<_>>(),
        [(amount(1_000), amount(7_000)), (amount(2_000), amount(0))]
    );
}

#[test]
fn where_nobody_may_owe_the_shortfall_is_named() {
    let mut world = with_poor_merchants();
    let command = RefundPayment { when_short: WhenShort::Refuse, ..world.refunding() };
    let short = vec![(merchant(1234), amount(7_000))];
    assert_eq!(world.refusal(&command), RefundRefusal::Short(short));
}

#[test]
fn a_parked_share_is_given_back_from_where_it_is_parked() {
    let mut world = World::new();
    world.start_card();
    world.status(4321, MerchantStatus::Suspended);
    world.report(1, world.approval(1));
    let parked = BTreeSet::from([merchant(4321)]);
    world.refund(&RefundPayment { parked, ..world.refunding() });
    assert_eq!((world.held(AccountKind::Parked), world.held(AccountKind::Debt)), (0, 0));
}

#[test]
fn one_refund_of_a_payment_is_at_the_acquirer_at_a_time() {
    let mut world = World::by_card();
    world.refund(&world.refunding_of(1_000));
    world.refund(&world.refunding_of(2_000));
    assert!(!world.send(2, false), "it stands behind the first");
    assert!(world.send(1, false));
    assert!(!world.send(1, false), "it is under way");
    world.told(1, RefundReport::NoAnswer);
    assert!(!world.send(2, false), "the first one's end is not known");
    world.told(1, RefundReport::Done);
    let due = world.aggregate().refund(2).and_then(|refund| refund.next_look_at);
    assert_eq!(due, Some(world.now), "it is called up");
    assert!(world.send(2, false));
    assert_eq!(world.refund_states(), ["succeeded", "sent"]);
}

#[test]
fn what_came_to_nothing_is_sent_again_only_after_five_minutes() {
    let mut world = World::by_card();
    world.refund(&world.refunding());
    world.send(1, false);
    world.told(1, RefundReport::NoAnswer);
    world.pass(299);
    assert!(!world.send(1, true));
    world.pass(1);
    assert!(!world.send(1, false), "nobody has asked what came of it");
    assert!(world.send(1, true));
}

#[test]
fn sums_that_are_not_ours_are_an_operators() {
    let mut world = World::by_card();
    world.refund(&world.refunding());
    world.send(1, false);
    assert_eq!(world.told(1, RefundReport::SumsDiffer), "unknown");
    assert!(world.aggregate().refund(1).is_some_and(|refund| refund.needs_operator));
}

#[test]
fn news_of_an_end_change_nothing_twice() {
    let mut world = World::by_card();
    world.refund(&world.refunding());
    world.send(1, false);
    world.told(1, RefundReport::Done);
    let before = world.entries.len();
    assert_eq!(world.told(1, RefundReport::Refused { code: 5 }), "succeeded");
    assert_eq!(world.entries.len(), before);
}

/// The first of two waits for an operator.
fn waiting_for_an_operator() -> World {
    let mut world = World::by_card();
    world.refund(&world.refunding_of(3_000));
    world.refund(&world.refunding_of(2_000));
    world.send(1, false);
    world.told(1, RefundReport::SumsDiffer);
    world
}

#[test]
fn an_operators_yes_ends_a_refund_and_calls_up_the_next() {
    let mut world = waiting_for_an_operator();
    world.resolve_refund(true).unwrap();
    assert_eq!(world.refund_states(), ["succeeded", "pending"]);
    assert_eq!(world.held(AccountKind::RefundClearing), 2_000);
    assert!(world.send(2, false));
}

#[test]
fn an_operators_no_gives_every_leg_its_part_back() {
    let mut world = waiting_for_an_operator();
    world.resolve_refund(false).unwrap();
    assert_eq!(world.refund_states(), ["failed", "pending"]);
    assert_eq!(world.held(AccountKind::Pending), 8_000);
}

#[test]
fn an_operator_says_nothing_of_a_refund_that_the_acquirer_may_still_explain() {
    let mut world = World::by_card();
    assert_eq!(world.resolve_refund(true), Err(ResolveRefundRefusal::NotFound));
    world.refund(&world.refunding());
    assert_eq!(world.resolve_refund(true), Err(ResolveRefundRefusal::NotUnresolved));
    world.send(1, false);
    assert_eq!(world.resolve_refund(true), Err(ResolveRefundRefusal::NotUnresolved));
    world.told(1, RefundReport::Done);
    assert_eq!(world.resolve_refund(false), Err(ResolveRefundRefusal::NotUnresolved));
}
