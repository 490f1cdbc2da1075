//! Settlement and fees in the books: who has what before and after, whatever refunds do in between.

use qisma_domain::account::{Account, AccountKind};
use qisma_domain::decide::create_payment::NewPayment;
use qisma_domain::decide::record_refund::{RecordRefund, RefundReport};
use qisma_domain::decide::recover_debt::RecoverDebt;
use qisma_domain::decide::refund_payment::{RefundPayment, WhenShort};
use qisma_domain::decide::send_refund::SendRefund;
use qisma_domain::decide::set_merchant_fees::SetMerchantFees;
use qisma_domain::decide::settle_payment::{SettlePayment, SettleRefusal};
use qisma_domain::fees::{Bps, FeeBearer, FeePlan};
use qisma_domain::ids::Mode;
use qisma_domain::merchant::MerchantStatus;
use qisma_domain::money::Currency;
use qisma_domain::refund::{RefundState, refundable};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeSet;

use crate::world::{RICH, World, amount, create, merchant, new_payment};

const DAY_SECS: i64 = 86_400;

impl World {
    /// The next payment is charged by this plan.
    fn charge(&mut self, plan: FeePlan) {
        self.must(&SetMerchantFees { id: merchant(1), plan: Some(plan) });
        self.payment = self.must(&create(new_payment())).created.payment_id;
    }

    fn is_paid_by_card(&mut self) {
        self.start_card();
        self.report(1, self.approval(1));
    }

    /// A payment of which merchant 1 gets everything.
    fn asks_for_itself(&mut self, millimes: i64) {
        let new = NewPayment { amount: amount(millimes), legs: vec![], ..new_payment() };
        self.payment = self.must(&create(new)).created.payment_id;
    }

    fn is_paid_by_wallet(&mut self) {
        let sent = self.start_wallet(RICH);
        self.confirm(sent.code.expose());
    }

    fn recover(&mut self) -> i64 {
        self.must(&RecoverDebt { merchant: merchant(1), mode: Mode::Test })
    }

    fn settling(&self) -> SettlePayment {
        SettlePayment {
            payment: self.payment,
            mode: Mode::Test,
            destinations: [1, 1234, 4321].map(merchant).into(),
            parked: BTreeSet::new(),
        }
    }

    fn give_back(&mut self, millimes: i64) -> u16 {
        let command = RefundPayment {
            payment: self.payment,
            merchant: merchant(1),
            mode: Mode::Test,
            amount: Some(amount(millimes)),
            reversals: vec![],
            destinations: [1, 1234, 4321].map(merchant).into(),
            parked: BTreeSet::new(),
            when_short: WhenShort::Debt,
            idempotent: None,
        };
        self.must(&command).refund.number
    }

    fn end_refund(&mut self, number: u16, report: RefundReport) {
        let payment = self.payment;
        self.must(&SendRefund { payment, number, nothing_came_of_it: false });
        self.must(&RecordRefund { payment, number, report, sent_at: None });
    }

    fn has(&self, number: i64, kind: AccountKind) -> i64 {
        let account = Account::merchant(merchant(number), kind, Mode::Test, Currency::Tnd).id();
        self.see.balances.get(&account).copied().unwrap_or_default().posted_millimes
    }

    /// Pending, available and owed of a merchant.
    fn stands(&self, number: i64) -> [i64; 3] {
        [AccountKind::Pending, AccountKind::Available, AccountKind::Debt]
            .map(|kind| self.has(number, kind))
    }
}

fn fixed(millimes: i64, bearer: FeeBearer) -> FeePlan {
    FeePlan { fixed: amount(millimes), bearer, ..FeePlan::default() }
}

#[test]
fn what_is_pending_is_available_once_it_is_settled() {
    let mut world = World::new();
    world.is_paid_by_card();
    assert_eq!(world.run(&world.settling()), Err(SettleRefusal::NotDue));
    world.pass(DAY_SECS);
    world.must(&world.settling());
    assert_eq!((world.stands(1234), world.stands(4321)), ([0, 8_000, 0], [0, 2_000, 0]));
}

#[test]
fn what_is_settled_is_not_settled_again() {
    let mut world = World::new();
    world.is_paid_by_card();
    world.pass(DAY_SECS);
    world.must(&world.settling());
    assert_eq!(world.run(&world.settling()), Err(SettleRefusal::NothingToSettle));
}

#[test]
fn a_payment_by_wallet_has_nothing_to_settle() {
    let mut world = World::new();
    world.is_paid_by_wallet();
    world.pass(DAY_SECS);
    assert_eq!(world.run(&world.settling()), Err(SettleRefusal::NothingToSettle));
}

#[test]
fn shares_that_are_not_in_the_balances_yet_are_settled_later() {
    let mut world = World::new();
    world.is_paid_by_card();
    world.pass(DAY_SECS);
    world.see.balances.clear();
    assert_eq!(world.run(&world.settling()), Err(SettleRefusal::NotFolded));
}

#[test]
fn a_parked_share_stays_parked() {
    let mut world = World::new();
    world.status(1234, MerchantStatus::Suspended);
    world.is_paid_by_card();
    world.pass(DAY_SECS);
    world.must(&SettlePayment { parked: [merchant(1234)].into(), ..world.settling() });
    assert_eq!(world.has(1234, AccountKind::Parked), 8_000);
    assert_eq!(world.stands(4321), [0, 2_000, 0]);
}

#[test]
fn a_refund_before_the_settlement_takes_what_is_pending() {
    let mut world = World::new();
    world.is_paid_by_card();
    world.give_back(5_000);
    assert_eq!(world.stands(1234), [4_000, 0, 0]);
    world.pass(DAY_SECS);
    world.must(&world.settling());
    assert_eq!(world.stands(1234), [0, 4_000, 0]);
}

#[test]
fn a_payment_that_was_given_back_is_settled_without_an_entry() {
    let mut world = World::new();
    world.is_paid_by_card();
    world.give_back(10_000);
    let entries = world.entries.len();
    world.pass(DAY_SECS);
    world.must(&world.settling());
    assert_eq!(world.entries.len(), entries);
    assert!(world.aggregate().payment.is_settled());
}

#[test]
fn a_refund_after_the_settlement_takes_what_is_available() {
    let mut world = World::new();
    world.is_paid_by_card();
    world.pass(DAY_SECS);
    world.must(&world.settling());
    // Of another payment something is pending, which is not for this refund.
    let settled = world.payment;
    world.payment = world.must(&create(new_payment())).created.payment_id;
    world.is_paid_by_card();
    world.payment = settled;
    world.give_back(10_000);
    assert_eq!(world.stands(1234), [8_000, 0, 0]);
}

#[test]
fn a_refund_that_is_refused_after_the_settlement_leaves_nothing_pending() {
    let mut world = World::new();
    world.is_paid_by_card();
    let refund = world.give_back(5_000);
    world.pass(DAY_SECS);
    world.must(&world.settling());
    world.end_refund(refund, RefundReport::Refused { code: 7 });
    assert_eq!((world.stands(1234), world.stands(4321)), ([0, 8_000, 0], [0, 2_000, 0]));
}

#[test]
fn fee_and_tax_are_taken_with_the_capture() {
    let mut world = World::new();
    let tax_bps = Bps::try_from(1_900).expect("19 %");
    world.charge(FeePlan { tax_bps, ..fixed(500, FeeBearer::Leg(merchant(1234))) });
    world.is_paid_by_card();
    assert_eq!(world.stands(1234), [8_000 - 595, 0, 0]);
    assert_eq!((world.held(AccountKind::Fees), world.held(AccountKind::Tax)), (500, 95));
}

#[test]
fn a_platform_without_a_share_pays_from_what_it_has_and_owes_the_rest() {
    let mut world = World::new();
    world.asks_for_itself(300);
    world.is_paid_by_wallet();
    world.charge(fixed(500, FeeBearer::Platform));
    world.is_paid_by_card();
    assert_eq!(world.stands(1), [0, 0, -200]);
    assert_eq!((world.stands(1234)[0], world.held(AccountKind::Fees)), (8_000, 500));
}

#[test]
fn a_plan_counts_for_what_is_made_after_it() {
    let mut world = World::new();
    world.must(&SetMerchantFees { id: merchant(1), plan: Some(fixed(500, FeeBearer::Platform)) });
    world.is_paid_by_card();
    assert_eq!(world.held(AccountKind::Fees), 0);
}

#[test]
fn a_fee_is_kept_when_all_is_given_back() {
    let mut world = World::new();
    world.charge(fixed(500, FeeBearer::Leg(merchant(1234))));
    world.is_paid_by_card();
    world.give_back(10_000);
    assert_eq!((world.stands(1234), world.held(AccountKind::Fees)), ([0, 0, -500], 500));
}

#[test]
fn a_refund_of_a_charged_leg_leaves_others_pending_alone() {
    let mut world = World::new();
    world.is_paid_by_card();
    world.charge(fixed(500, FeeBearer::Leg(merchant(1234))));
    world.is_paid_by_card();
    world.give_back(10_000);
    assert_eq!(world.stands(1234), [8_000, 0, -500]);
}

#[test]
fn a_debt_is_recovered_as_far_as_there_is_money() {
    let mut world = World::new();
    world.charge(fixed(500, FeeBearer::Platform));
    world.is_paid_by_card();
    assert_eq!(world.recover(), 0);
    world.must(&SetMerchantFees { id: merchant(1), plan: None });
    world.asks_for_itself(200);
    world.is_paid_by_wallet();
    assert_eq!((world.recover(), world.stands(1)), (200, [0, 0, -300]));
}

#[test]
fn what_was_recovered_for_a_refund_that_is_refused_is_given_back() {
    let mut world = World::new();
    world.asks_for_itself(10_000);
    world.is_paid_by_card();
    world.pass(DAY_SECS);
    world.must(&world.settling());
    let refunded = world.payment;
    // It spends its money, on the fee of another payment; so the refund is owed.
    world.charge(fixed(10_000, FeeBearer::Platform));
    world.is_paid_by_card();
    world.must(&SetMerchantFees { id: merchant(1), plan: None });
    world.payment = refunded;
    let refund = world.give_back(10_000);
    world.asks_for_itself(9_000);
    world.is_paid_by_wallet();
    assert_eq!((world.recover(), world.stands(1)), (9_000, [0, 0, -1_000]));
    world.payment = refunded;
    world.end_refund(refund, RefundReport::Refused { code: 7 });
    assert_eq!((world.recover(), world.stands(1)), (-9_000, [0, 9_000, 0]));
}

fn any_plan(rng: &mut StdRng) -> FeePlan {
    let bearers = [
        FeeBearer::Platform,
        FeeBearer::Equal,
        FeeBearer::Proportional,
        FeeBearer::Leg(merchant(1234)),
        FeeBearer::Leg(merchant(4321)),
    ];
    FeePlan {
        bps: Bps::try_from(rng.random_range(0..=500)).expect("at most 5 %"),
        fixed: amount(rng.random_range(0..=700)),
        min: amount(rng.random_range(0..=900)),
        max: rng.random::<bool>().then(|| amount(rng.random_range(900..=1_500))),
        tax_bps: Bps::try_from(rng.random_range(0..=2_000)).expect("at most 20 %"),
        bearer: bearers[rng.random_range(0..bearers.len())],
    }
}

/// Payments with chance plans, refunded in chance steps, some of which the bank refuses, and settled
/// between any two of them. The world adds up its books after every step.
#[test]
fn whatever_happens_around_a_settlement_nothing_stays_pending_and_the_fee_is_kept() {
    for seed in 0..400 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut world = World::new();
        let plan = any_plan(&mut rng);
        world.charge(plan);
        world.is_paid_by_card();
        let settles_in = rng.random_range(0..4);
        for step in 0.. {
            if step == settles_in {
                world.pass(DAY_SECS);
                world.must(&world.settling());
            }
            let aggregate = world.aggregate();
            let left = refundable(&aggregate.payment, &aggregate.refunds).millimes();
            if left == 0 {
                break;
            }
            let refund = world.give_back(rng.random_range(1..=left));
            let refused = rng.random_ratio(1, 4);
            let report =
                if refused { RefundReport::Refused { code: 7 } } else { RefundReport::Done };
            world.end_refund(refund, report);
        }
        if !world.aggregate().payment.is_settled() {
            world.pass(DAY_SECS);
            world.must(&world.settling());
        }
        let done = |state: &RefundState| matches!(state, RefundState::Succeeded { .. });
        assert!(world.aggregate().refunds.iter().any(|refund| done(&refund.state)));
        assert_eq!([1, 1234, 4321].map(|number| world.has(number, AccountKind::Pending)), [0; 3]);
        let merchants: i64 = [1, 1234, 4321].iter().flat_map(|number| world.stands(*number)).sum();
        let charge = plan.charge(amount(10_000)).total_millimes();
        assert_eq!(merchants, -charge, "seed {seed}: {plan:?}");
        let taken = world.held(AccountKind::Fees) + world.held(AccountKind::Tax);
        assert_eq!(taken, charge, "seed {seed}: {plan:?}");
    }
}
