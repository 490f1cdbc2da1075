//! Ten thousand payments, each given back in steps drawn by chance: at the end every leg has given what
//! it had, and on the way nobody gives more than the rule says.

use qisma_domain::account::{AccountKind, Acquirer};
use qisma_domain::allocation::continued_allocation;
use qisma_domain::attempt::{Attempt, AttemptState, CardAttempt, RailAttempt};
use qisma_domain::decide::Decide;
use qisma_domain::decide::record_refund::{RecordRefund, RefundReport};
use qisma_domain::decide::refund_payment::{ChosenReversal, RefundPayment, WhenShort};
use qisma_domain::decide::send_refund::SendRefund;
use qisma_domain::ids::{AppId, Mode, PaymentId};
use qisma_domain::link::LinkKind;
use qisma_domain::money::{Amount, Currency};
use qisma_domain::payment::{Channel, Payment, PaymentState};
use qisma_domain::refund::{refundable, taken_back};
use qisma_domain::snapshot::{PaymentAggregate, Snapshot};
use qisma_domain::split::{LegRequest, Share, Split};
use qisma_domain::time::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};

use crate::world::{amount, link, merchant};

const SEQUENCES: u64 = 10_000;
const AT: Timestamp = Timestamp::from_secs(1_000);

/// A payment by card that was captured, with up to six destinations and perhaps a remainder.
pub fn captured(rng: &mut StdRng) -> Payment {
    let largest = [9, 999, 99_999_999_999][rng.random_range(0..3)];
    let count = rng.random_range(0..=6);
    let shares: Vec<i64> = (0..count).map(|_| rng.random_range(1..=largest)).collect();
    let legs = (2..).zip(&shares).map(|(number, &millimes)| LegRequest {
        destination: merchant(number),
        share: Share::Fixed(amount(millimes)),
    });
    let legs: Vec<_> = legs.collect();
    let rest = if legs.is_empty() || rng.random() { rng.random_range(1..=largest) } else { 0 };
    let total = amount(shares.iter().sum::<i64>() + rest);
    let url = link("https://shop.example/", LinkKind::Success);
    Payment {
        id: PaymentId::from_bytes([9; 16]),
        merchant: merchant(1),
        app: AppId::from_bytes([8; 16]),
        mode: Mode::Test,
        amount: total,
        currency: Currency::Tnd,
        legs: Split::resolve(total, merchant(1), &legs).expect("it adds up").into_legs(),
        fee_plan: None,
        settlement: None,
        state: PaymentState::Captured { attempt: 1, amount: total, at: AT },
        created_at: AT,
        updated_at: AT,
        expires_at: AT.plus_secs(1_200),
        channel: Channel::Online,
        success_link: Some(url.clone()),
        fail_link: Some(url),
        webhook: None,
        developer_tracking_id: None,
        accept_card: true,
        image_url: None,
        client: None,
        hold_secs: None,
        authorization: None,
        sequence: 1,
        version: 2,
    }
}

pub fn attempt_of(payment: &Payment) -> Attempt {
    let order_number = CardAttempt::order_number_of(&payment.id, 1);
    let card = CardAttempt::begin(Acquirer::Sandbox, order_number, AT, AT);
    Attempt {
        payment: payment.id,
        number: 1,
        rail: RailAttempt::Card(card),
        state: AttemptState::Approved { at: AT },
        started_at: AT,
        updated_at: AT,
        version: 1,
    }
}

struct Sequence {
    see: Snapshot,
    payment: Payment,
    rng: StdRng,
    /// What the books hold, by kind of account; every entry is added up.
    held: BTreeMap<AccountKind, i64>,
    /// Whether every step so far was left to the rule.
    is_by_rule: bool,
}

impl Sequence {
    fn of(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let payment = captured(&mut rng);
        let mut aggregate = PaymentAggregate::of(payment.clone());
        aggregate.attempts.push(attempt_of(&payment));
        let see =
            Snapshot { payments: BTreeMap::from([(payment.id, aggregate)]), ..Snapshot::default() };
        Self { see, payment, rng, held: BTreeMap::new(), is_by_rule: true }
    }

    fn aggregate(&self) -> &PaymentAggregate {
        &self.see.payments[&self.payment.id]
    }

    fn taken(&self) -> Vec<Amount> {
        taken_back(&self.payment, &self.aggregate().refunds)
    }

    fn run<D: Decide>(&mut self, command: &D) -> D::Answer {
        let decided = command.decide(&self.see, AT, &mut self.rng).map_err(|_| "refused");
        let (answer, changes) = decided.expect("every step can be made");
        for line in changes.entries.iter().flat_map(|entry| entry.postings.lines()) {
            *self.held.entry(line.account.kind).or_default() += line.amount_millimes;
        }
        self.see.apply(&changes);
        answer
    }

    /// Gives back some of what is left; now and then as somebody chose, now and then the bank refuses.
    fn step(&mut self) {
        let left = refundable(&self.payment, &self.aggregate().refunds);
        let step = self.rng.random_range(1..=left.millimes());
        let mut wanted = Some(amount(step));
        let mut reversals = vec![];
        if self.rng.random_ratio(1, 8) {
            let taken = self.taken();
            let legs = self.payment.legs.iter().zip(taken);
            let mut leg = legs.filter_map(|(leg, taken)| {
                let rest = leg.amount.checked_sub(taken).filter(|rest| !rest.is_zero())?;
                Some((leg.destination, rest))
            });
            let (destination, rest) = leg.next_back().expect("something is left");
            let part = amount(self.rng.random_range(1..=rest.millimes()));
            reversals.push(ChosenReversal { destination, amount: part });
            (wanted, self.is_by_rule) = (None, false);
        }
        let before = self.taken();
        let made = self.run(&RefundPayment {
            payment: self.payment.id,
            merchant: merchant(1),
            mode: Mode::Test,
            amount: wanted,
            reversals,
            destinations: BTreeSet::new(),
            parked: BTreeSet::new(),
            when_short: WhenShort::Debt,
            idempotent: None,
        });
        let (payment, number) = (self.payment.id, made.refund.number);
        self.run(&SendRefund { payment, number, nothing_came_of_it: false });
        let is_refused = self.rng.random_ratio(1, 8);
        let report =
            if is_refused { RefundReport::Refused { code: 7 } } else { RefundReport::Done };
        self.run(&RecordRefund { payment, number, report, sent_at: None });
        if is_refused {
            assert_eq!(self.taken(), before, "a refused refund has taken nothing");
        }
        self.check();
    }

    fn check(&self) {
        let taken = self.taken();
        for (leg, taken) in self.payment.legs.iter().zip(&taken) {
            assert!(*taken <= leg.amount);
        }
        if self.is_by_rule {
            let legs: Vec<Amount> = self.payment.legs.iter().map(|leg| leg.amount).collect();
            let total = Amount::checked_sum(taken.iter().copied()).expect("no more than it has");
            let nothing = vec![Amount::ZERO; legs.len()];
            let at_once = continued_allocation(&legs, &nothing, total);
            assert_eq!(at_once.expect("no more than it has"), taken, "how it was cut matters not");
        }
    }
}

#[test]
fn after_ten_thousand_sequences_every_leg_has_given_exactly_what_it_had() {
    for seed in 0..SEQUENCES {
        let mut sequence = Sequence::of(seed);
        while !refundable(&sequence.payment, &sequence.aggregate().refunds).is_zero() {
            sequence.step();
        }
        let legs: Vec<Amount> = sequence.payment.legs.iter().map(|leg| leg.amount).collect();
        assert_eq!(sequence.taken(), legs, "seed {seed}");
        // Nobody had anything, so all of it is owed, and the acquirer has paid it out.
        let amount = sequence.payment.amount.millimes();
        let held = |kind| sequence.held.get(&kind).copied().unwrap_or_default();
        assert_eq!(held(AccountKind::RefundClearing), 0, "seed {seed}");
        assert_eq!(held(AccountKind::Debt), -amount, "seed {seed}");
        assert_eq!(held(AccountKind::Clearing), amount, "seed {seed}");
    }
}
