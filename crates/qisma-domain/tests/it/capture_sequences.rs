//! Ten thousand payments of which the money is held, each captured in a part drawn by chance and then given
//! back: every share is what the rule says, their sum is what was captured, and it ends at zero.

use qisma_domain::account::AccountKind;
use qisma_domain::authorization::Authorization;
use qisma_domain::decide::Decide;
use qisma_domain::decide::capture_payment::{CapturePayment, CaptureStanding};
use qisma_domain::decide::record_capture::{CaptureReport, RecordCapture};
use qisma_domain::decide::refund_payment::{RefundPayment, WhenShort};
use qisma_domain::decide::send_capture::SendCapture;
use qisma_domain::ids::{Mode, PaymentId};
use qisma_domain::money::Amount;
use qisma_domain::payment::{Payment, PaymentState};
use qisma_domain::refund::{refundable, taken_back};
use qisma_domain::snapshot::{PaymentAggregate, Snapshot};
use qisma_domain::split::Leg;
use qisma_domain::time::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};

use crate::refund_sequences::{attempt_of, captured};
use crate::world::{amount, merchant};

const SEQUENCES: u64 = 10_000;
const AT: Timestamp = Timestamp::from_secs(1_000);
const HOLD_SECS: i64 = 604_800;
/// Up to here the rule is followed millime by millime.
const COUNTED_MAX: i64 = 2_000;

struct Sequence {
    see: Snapshot,
    id: PaymentId,
    rng: StdRng,
    /// What the books hold, by kind of account; every entry is added up.
    booked: BTreeMap<AccountKind, i64>,
}

impl Sequence {
    fn of(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let payment = Payment {
            state: PaymentState::Authorized,
            hold_secs: Some(HOLD_SECS),
            authorization: Some(Authorization::begin(1, AT, HOLD_SECS)),
            ..captured(&mut rng)
        };
        let id = payment.id;
        let mut aggregate = PaymentAggregate::of(payment);
        aggregate.attempts.push(attempt_of(&aggregate.payment));
        let see = Snapshot { payments: BTreeMap::from([(id, aggregate)]), ..Snapshot::default() };
        Self { see, id, rng, booked: BTreeMap::new() }
    }

    fn payment(&self) -> &Payment {
        &self.see.payments[&self.id].payment
    }

    fn shares(&self) -> Vec<Amount> {
        self.payment().legs.iter().map(Leg::share).collect()
    }

    fn run<D: Decide>(&mut self, command: &D) -> D::Answer {
        let decided = command.decide(&self.see, AT, &mut self.rng).map_err(|_| "refused");
        let (answer, changes) = decided.expect("every step can be made");
        for line in changes.entries.iter().flat_map(|entry| entry.postings.lines()) {
            *self.booked.entry(line.account.kind).or_default() += line.amount_millimes;
        }
        self.see.apply(&changes);
        answer
    }

    fn capture(&mut self, wanted: Amount) {
        let payment = self.id;
        self.run(&CapturePayment {
            payment,
            merchant: merchant(1),
            mode: Mode::Test,
            amount: Some(wanted),
            hold: None,
            idempotent: None,
        });
        self.run(&SendCapture { payment, nothing_came_of_it: false });
        let report = CaptureReport::Done;
        let standing = self.run(&RecordCapture { payment, report, sent_at: None });
        assert_eq!(standing, CaptureStanding::Captured { amount: wanted, at: self.captured_at() });
    }

    fn captured_at(&self) -> Timestamp {
        match self.payment().state {
            PaymentState::Captured { at, .. } => at,
            other => panic!("{other:?}"),
        }
    }

    fn refund(&mut self) {
        let payment = self.id;
        self.run(&RefundPayment {
            payment,
            merchant: merchant(1),
            mode: Mode::Test,
            amount: None,
            reversals: vec![],
            destinations: BTreeSet::new(),
            parked: BTreeSet::new(),
            when_short: WhenShort::Debt,
            idempotent: None,
        });
    }
}

/// The rule as it is written down: millime by millime to the leg with the largest `leg / (2 * share + 1)`.
fn one_by_one(legs: &[Leg], captured: i64) -> Vec<i64> {
    let mut shares = vec![0_i64; legs.len()];
    for _ in 0..captured {
        let mut best: Option<usize> = None;
        for (place, leg) in legs.iter().enumerate() {
            if leg.amount.millimes() <= shares[place] {
                continue;
            }
            let weight = |place: usize, other: usize| {
                i128::from(legs[place].amount.millimes()) * i128::from(2 * shares[other] + 1)
            };
            if best.is_none_or(|best| weight(best, place) < weight(place, best)) {
                best = Some(place);
            }
        }
        shares[best.expect("no more is captured than the legs have")] += 1;
    }
    shares
}

#[test]
fn after_ten_thousand_partial_captures_every_share_is_what_the_rule_says() {
    for seed in 0..SEQUENCES {
        let mut sequence = Sequence::of(seed);
        let whole = sequence.payment().amount.millimes();
        let wanted = amount(sequence.rng.random_range(1..=whole));
        sequence.capture(wanted);
        let shares = sequence.shares();
        assert_eq!(Amount::checked_sum(shares.iter().copied()), Some(wanted), "seed {seed}");
        let legs = &sequence.payment().legs;
        assert!(legs.iter().all(|leg| leg.share() <= leg.amount), "seed {seed}");
        if wanted.millimes() <= COUNTED_MAX {
            let millimes: Vec<i64> = shares.iter().map(|share| share.millimes()).collect();
            assert_eq!(millimes, one_by_one(legs, wanted.millimes()), "seed {seed}");
        }
        let parked = sequence.booked.get(&AccountKind::Parked).copied();
        let booked = sequence.booked.get(&AccountKind::Clearing).copied();
        let sums = (parked, booked);
        assert_eq!(sums, (Some(wanted.millimes()), Some(-wanted.millimes())), "seed {seed}");
    }
}

#[test]
fn what_was_captured_in_part_is_given_back_to_the_millime() {
    for seed in 0..SEQUENCES / 10 {
        let mut sequence = Sequence::of(seed);
        let whole = sequence.payment().amount.millimes();
        let wanted = amount(sequence.rng.random_range(1..=whole));
        sequence.capture(wanted);
        sequence.refund();
        let refunds = sequence.see.payments[&sequence.id].refunds.clone();
        assert_eq!(refundable(sequence.payment(), &refunds), Amount::ZERO, "seed {seed}");
        assert_eq!(taken_back(sequence.payment(), &refunds), sequence.shares(), "seed {seed}");
    }
}
