//! Give money of a captured payment back: all that is left, or a part, divided over the legs or as the
//! merchant chose. A wallet has it in this very change; of a card only the acquirer can say, and it is
//! asked after this is safe.

use rand_core::Rng;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use super::Decide;
use super::create_payment::IdempotentRequest;
use super::payment_change::PaymentChange;
use crate::account::{Account, AccountKind};
use crate::allocation::{TakeError, check_chosen_parts, continued_allocation};
use crate::attempt::RailAttempt;
use crate::changes::Changes;
use crate::event::EventKind;
use crate::idempotency::IdempotencyRow;
use crate::ids::{AccountId, MerchantId, Mode, PaymentId, RefundId};
use crate::journal::EntryKind;
use crate::limits;
use crate::money::{Amount, Currency};
use crate::payment::Payment;
use crate::postings::{Source, of_refund, of_refund_paid};
use crate::refund::{Refund, RefundPart, RefundState, first_open, left_of_share, taken_back};
use crate::snapshot::{Keys, Snapshot};
use crate::split::Leg;
use crate::time::Timestamp;

/// What becomes of a refund when a merchant does not have its part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenShort {
    /// What it lacks becomes its debt to the platform: no payer waits for a poor merchant.
    #[default]
    Debt,
    /// The refund is refused, and the shortfalls are named.
    Refuse,
}

/// Whom the money of a part is taken from, as the merchant chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChosenReversal {
    /// The merchant.
    pub destination: MerchantId,
    /// How much.
    pub amount: Amount,
}

/// Give money back.
#[derive(Clone, Debug)]
pub struct RefundPayment {
    /// The payment.
    pub payment: PaymentId,
    /// Who asks; a stranger's payment is not found.
    pub merchant: MerchantId,
    /// In which mode.
    pub mode: Mode,
    /// How much; nothing: what the chosen parts sum to, or all that is left.
    pub amount: Option<Amount>,
    /// From whom; none: over all legs, in proportion.
    pub reversals: Vec<ChosenReversal>,
    /// The merchants of its legs, whose balances decide: known since the payment was made.
    pub destinations: BTreeSet<MerchantId>,
    /// Those of them whose share was parked when the payment was captured.
    pub parked: BTreeSet<MerchantId>,
    /// What becomes of it when a merchant does not have its part.
    pub when_short: WhenShort,
    /// What makes a repetition find the first answer.
    pub idempotent: Option<IdempotentRequest>,
}

/// What became of the wish: the refund as it stands now, also when it was made before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundAnswer {
    /// The refund.
    pub refund: Refund,
    /// The id of the request that made it, when this one only repeats it.
    pub replay_of: Option<String>,
}

/// What an idempotency key of a refund is answered with. The refund goes on after this was written, so
/// its state is read anew.
#[derive(Serialize, Deserialize)]
struct Kept {
    payment_id: PaymentId,
    refund_id: RefundId,
}

/// The refund that a key of this command was answered with.
pub fn refund_kept(row: &IdempotencyRow) -> RefundId {
    let kept: Kept = serde_json::from_str(&row.answer).expect("we wrote this answer");
    kept.refund_id
}

/// Why nothing is given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundRefusal {
    /// No such payment of this merchant in this mode.
    NotFound,
    /// The key was used for another request.
    KeyReused,
    /// It is not paid, or nothing of it is left.
    NotAllowed,
    /// More is wanted than is left.
    AmountAboveRest {
        /// What is left.
        left: Amount,
    },
    /// Of the chosen parts these, by their place in the request, name no leg of the payment.
    NotALeg(Vec<usize>),
    /// ... and these are more than their legs have left.
    PartsAboveLegs(Vec<usize>),
    /// The chosen parts are more than the amount.
    PartsAboveAmount,
    /// The chosen parts are less than the amount, and the caller's own share does not have the rest.
    PartsBelowAmount,
    /// These merchants lack so much, and may not owe it.
    Short(Vec<(MerchantId, Amount)>),
}

impl Decide for RefundPayment {
    type Answer = RefundAnswer;
    type Refusal = RefundRefusal;

    fn keys(&self, keys: &mut Keys) {
        keys.payments.insert(self.payment);
        keys.refunds.insert(self.payment);
        keys.idempotency.extend(self.idempotent.as_ref().map(|request| request.scope.clone()));
        for merchant in &self.destinations {
            let of = |kind| Account::merchant(*merchant, kind, self.mode, Currency::Tnd).id();
            let sources = [AccountKind::Pending, AccountKind::Available, AccountKind::Parked];
            keys.balances.extend(sources.map(of));
        }
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        rng: &mut dyn Rng,
    ) -> Result<(RefundAnswer, Changes), RefundRefusal> {
        if let Some(answer) = self.replay(see)? {
            return Ok((answer, Changes::none()));
        }
        let mut change =
            PaymentChange::begin(see, &self.payment, now).map_err(|_| RefundRefusal::NotFound)?;
        let payment = change.payment.clone();
        if payment.merchant != self.merchant || payment.mode != self.mode {
            return Err(RefundRefusal::NotFound);
        }
        let paid_by = change.before().captured_attempt().ok_or(RefundRefusal::NotAllowed)?;
        let (source, credited_to) = match &paid_by.rail {
            // What is settled is no longer where the capture has put it.
            RailAttempt::Card(card) if payment.is_settled() => {
                (Source::Card(card.acquirer), AccountKind::Available)
            }
            RailAttempt::Card(card) => (Source::Card(card.acquirer), AccountKind::Pending),
            RailAttempt::Wallet(wallet) => {
                let wallet = wallet.wallet.expect("only a wallet that is there captures");
                (Source::Wallet(wallet), AccountKind::Available)
            }
        };
        let amounts = self.amounts_of_legs(&payment, change.refunds())?;
        let parts = self.parts((see, &payment, change.refunds()), &amounts, credited_to)?;
        let is_first = first_open(change.refunds()).is_none();
        let number = change.refunds().iter().map(|refund| refund.number).max().unwrap_or(0) + 1;
        let at = change.now;
        let refund = Refund {
            id: RefundId::mint(payment.id.shard(), at, rng),
            payment: payment.id,
            number,
            amount: Amount::checked_sum(amounts).expect("no more than the payment has"),
            parts,
            state: RefundState::Pending,
            // The request that made it goes on at once; this is for when it cannot. One that stands behind
            // another is called up when that one ends.
            next_look_at: is_first.then(|| now.plus_secs(limits::REFUND_HEADSTART_SECS)),
            looks: 0,
            needs_operator: false,
            asked_at: at,
            updated_at: at,
            version: 0,
        };
        let refund = book(&mut change, refund, source, rng);
        self.remember(&mut change, &refund);
        Ok((RefundAnswer { refund, replay_of: None }, change.finish()))
    }
}

impl RefundPayment {
    /// The refund that this key already made, if any.
    fn replay(&self, see: &Snapshot) -> Result<Option<RefundAnswer>, RefundRefusal> {
        let Some(request) = &self.idempotent else { return Ok(None) };
        let Some(row) = see.idempotency.get(&request.scope) else { return Ok(None) };
        if row.fingerprint != request.fingerprint {
            return Err(RefundRefusal::KeyReused);
        }
        let kept = refund_kept(row);
        let payment = see.payments.get(&self.payment).ok_or(RefundRefusal::NotFound)?;
        let refund = payment.refunds.iter().find(|refund| refund.id == kept);
        let refund = refund.expect("a key and its refund commit together").clone();
        Ok(Some(RefundAnswer { refund, replay_of: Some(row.request_id.clone()) }))
    }

    fn remember(&self, change: &mut PaymentChange<'_>, refund: &Refund) {
        let Some(request) = &self.idempotent else { return };
        let kept = Kept { payment_id: refund.payment, refund_id: refund.id };
        let created_at = change.now;
        let answer = serde_json::to_string(&kept).expect("plain strings are JSON");
        change.extra().idempotency.push(request.kept(refund.payment, answer, created_at));
    }

    /// What each leg gives, in order.
    fn amounts_of_legs(
        &self,
        payment: &Payment,
        refunds: &[Refund],
    ) -> Result<Vec<Amount>, RefundRefusal> {
        let legs: Vec<Amount> = payment.legs.iter().map(Leg::share).collect();
        let already = taken_back(payment, refunds);
        let taken = Amount::checked_sum(already.iter().copied());
        let left = taken.and_then(|taken| payment.captured().checked_sub(taken));
        let left = left.expect("no payment gives back more than it has");
        if left.is_zero() || limits::REFUNDS_PER_PAYMENT_MAX <= refunds.len() {
            return Err(RefundRefusal::NotAllowed);
        }
        let chosen = Amount::checked_sum(self.reversals.iter().map(|chosen| chosen.amount));
        let chosen = chosen.ok_or(RefundRefusal::AmountAboveRest { left })?;
        let amount = self.amount.unwrap_or(if chosen.is_zero() { left } else { chosen });
        if left < amount {
            return Err(RefundRefusal::AmountAboveRest { left });
        }
        if self.reversals.is_empty() {
            let parts = continued_allocation(&legs, &already, amount);
            return Ok(parts.expect("the legs have what the payment has left"));
        }
        let rest = amount.checked_sub(chosen).ok_or(RefundRefusal::PartsAboveAmount)?;
        self.chosen(payment, &already, rest)
    }

    /// The parts as they were chosen; what they leave of the amount comes from the caller's own share. A
    /// merchant that holds two legs gives from the first of them first.
    fn chosen(
        &self,
        payment: &Payment,
        already: &[Amount],
        rest: Amount,
    ) -> Result<Vec<Amount>, RefundRefusal> {
        let mut parts = vec![Amount::ZERO; payment.legs.len()];
        let mut take = |destination: MerchantId, mut wanted: Amount| {
            let legs = payment.legs.iter().zip(already).zip(&mut parts);
            for ((leg, already), part) in
                legs.filter(|((leg, _), _)| leg.destination == destination)
            {
                let left =
                    leg.share().checked_sub(*already).and_then(|left| left.checked_sub(*part));
                let taken = left.unwrap_or_default().min(wanted);
                *part = part.checked_add(taken).expect("a part is at most its leg");
                wanted = wanted.checked_sub(taken).expect("no more than is wanted is taken");
            }
            wanted.is_zero()
        };
        let (mut not_legs, mut above) = (vec![], vec![]);
        for (place, chosen) in self.reversals.iter().enumerate() {
            if payment.legs.iter().all(|leg| leg.destination != chosen.destination) {
                not_legs.push(place);
            } else if !take(chosen.destination, chosen.amount) {
                above.push(place);
            }
        }
        if !not_legs.is_empty() {
            return Err(RefundRefusal::NotALeg(not_legs));
        }
        if !above.is_empty() {
            return Err(RefundRefusal::PartsAboveLegs(above));
        }
        if !take(payment.merchant, rest) {
            return Err(RefundRefusal::PartsBelowAmount);
        }
        let legs: Vec<Amount> = payment.legs.iter().map(Leg::share).collect();
        let checked: Result<Amount, TakeError> = check_chosen_parts(&legs, already, &parts);
        assert!(checked.is_ok(), "each part was held against what its leg has left");
        Ok(parts)
    }

    /// From which accounts each leg's part is taken. *Pending* and *parked* hold the shares of many
    /// payments, each of which is to be moved on as a whole: of those a leg gives at most its own.
    fn parts(
        &self,
        (see, payment, refunds): (&Snapshot, &Payment, &[Refund]),
        amounts: &[Amount],
        credited_to: AccountKind,
    ) -> Result<Vec<RefundPart>, RefundRefusal> {
        let mut purse = Purse { see, payment, taken: BTreeMap::new() };
        let mut short: BTreeMap<MerchantId, Amount> = BTreeMap::new();
        let mut parts = vec![];
        for ((leg, net), &amount) in payment.legs.iter().zip(payment.net_legs()).zip(amounts) {
            if amount.is_zero() {
                continue;
            }
            let destination = leg.destination;
            let is_parked = self.parked.contains(&destination);
            let credited_to = if is_parked { AccountKind::Parked } else { credited_to };
            let own = match credited_to {
                AccountKind::Available => amount,
                _ => left_of_share(leg.number, net, credited_to, refunds).min(amount),
            };
            let (from_credited, _) = purse.take(destination, credited_to, own);
            let rest = amount.checked_sub(from_credited).expect("no more than is wanted is taken");
            let (from_available, from_debt) = purse.take(destination, AccountKind::Available, rest);
            if !from_debt.is_zero() {
                let lacks = short.entry(destination).or_default();
                *lacks = lacks.checked_add(from_debt).expect("at most the payment's amount");
            }
            parts.push(RefundPart {
                leg: leg.number,
                destination,
                amount,
                credited_to,
                from_credited,
                from_available,
                from_debt,
            });
        }
        if self.when_short == WhenShort::Refuse && !short.is_empty() {
            return Err(RefundRefusal::Short(short.into_iter().collect()));
        }
        Ok(parts)
    }
}

/// What the merchants have, less what this refund has taken already.
struct Purse<'a> {
    see: &'a Snapshot,
    payment: &'a Payment,
    taken: BTreeMap<AccountId, i64>,
}

impl Purse<'_> {
    /// Takes what there is of this amount; gives what was taken, and what is still wanted.
    fn take(
        &mut self,
        merchant: MerchantId,
        kind: AccountKind,
        wanted: Amount,
    ) -> (Amount, Amount) {
        let payment = self.payment;
        let account = Account::merchant(merchant, kind, payment.mode, payment.currency).id();
        let balance = self.see.balances.get(&account).copied().unwrap_or_default();
        let before = self.taken.entry(account).or_default();
        let free = balance.available_millimes().saturating_sub(*before).max(0);
        let taken = Amount::from_millimes(free.min(wanted.millimes()))
            .expect("between zero and what is wanted");
        *before = before.saturating_add(taken.millimes());
        (taken, wanted.checked_sub(taken).expect("no more than is wanted is taken"))
    }
}

/// Books a refund, and for a wallet also its end.
fn book(
    change: &mut PaymentChange<'_>,
    mut refund: Refund,
    source: Source,
    rng: &mut dyn Rng,
) -> Refund {
    let (number, reference) = (refund.number, refund.id.to_string());
    let postings = of_refund(&change.payment, &refund);
    change.post(EntryKind::Refund, reference.clone(), postings, rng);
    change.put_refund(refund.clone());
    change.emit_refund(EventKind::RefundCreated, number, rng);
    if let Source::Wallet(_) = source {
        let postings = of_refund_paid(&change.payment, &refund, source);
        change.post(EntryKind::RefundPaid, reference, postings, rng);
        refund.state = RefundState::Succeeded { at: change.now };
        refund.next_look_at = None;
        change.put_refund(refund);
        change.emit_refund(EventKind::RefundSucceeded, number, rng);
    }
    let booked = change.refunds().iter().find(|refund| refund.number == number);
    booked.expect("it was put there a moment ago").clone()
}
