//! Take what is held for a payment, or a part of it: the merchant confirms (T14). What a wallet holds is
//! taken in this very change; of a card only the acquirer can say, and it is asked after this is safe.

use rand_core::Rng;
use serde::{Deserialize, Serialize};

use super::Decide;
use super::create_payment::IdempotentRequest;
use super::payment_change::PaymentChange;
use crate::account::Account;
use crate::attempt::{Attempt, RailAttempt};
use crate::authorization::Step;
use crate::changes::Changes;
use crate::hold::HoldState;
use crate::ids::{HoldId, MerchantId, Mode, PaymentId};
use crate::limits;
use crate::money::Amount;
use crate::payment::{Payment, PaymentState};
use crate::postings::Source;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// What a wallet holds for the payment, and when it is taken from the wallet's balance (ADR 0018).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WalletHold {
    /// With the capture.
    TakenNow(HoldId),
    /// By the fold, afterwards.
    TakenByTheFold(HoldId),
}

impl WalletHold {
    const fn id(self) -> HoldId {
        match self {
            Self::TakenNow(id) | Self::TakenByTheFold(id) => id,
        }
    }
}

/// Take what is held.
#[derive(Clone, Debug)]
pub struct CapturePayment {
    /// The payment.
    pub payment: PaymentId,
    /// Who asks; a stranger's payment is not found.
    pub merchant: MerchantId,
    /// In which mode.
    pub mode: Mode,
    /// How much; nothing: all of it. The rest is let go.
    pub amount: Option<Amount>,
    /// The wallet's hold: known since the payment was approved, and the same ever since.
    pub hold: Option<WalletHold>,
    /// What makes a repetition find the first answer.
    pub idempotent: Option<IdempotentRequest>,
}

/// What has become of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureStanding {
    /// The money is taken and divided.
    Captured {
        /// How much.
        amount: Amount,
        /// When.
        at: Timestamp,
    },
    /// The acquirer is asked for it.
    UnderWay {
        /// How much.
        amount: Amount,
    },
    /// The acquirer refused: nothing was taken.
    Refused,
}

impl CaptureStanding {
    /// Where a capture stands that was once begun.
    pub fn of(payment: &Payment) -> Self {
        if let PaymentState::Captured { amount, at, .. } = payment.state {
            return Self::Captured { amount, at };
        }
        let capturing = payment.authorization.as_ref().and_then(|held| held.step.capturing());
        capturing.map_or(Self::Refused, |amount| Self::UnderWay { amount })
    }
}

/// What became of the wish, also when it was granted before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureAnswer {
    /// Where the capture stands.
    pub standing: CaptureStanding,
    /// The id of the request that began it, when this one only repeats it.
    pub replay_of: Option<String>,
}

/// What an idempotency key of a capture or a release is answered with. The payment goes on after this was
/// written, so its state is read anew.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    payment_id: PaymentId,
    /// Tells it from a refund's.
    verb: String,
}

/// Why nothing is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureRefusal {
    /// No such payment of this merchant in this mode.
    NotFound,
    /// The key was used for another request.
    KeyReused,
    /// Nothing is held for it: nobody has approved it, or it has ended without money.
    NotHeld,
    /// It was captured before.
    Captured,
    /// It is being captured.
    UnderWay,
    /// It was held for as long as it could be.
    TimeOver,
    /// More is wanted than is held.
    AmountAboveHeld {
        /// What is held.
        held: Amount,
    },
}

impl Decide for CapturePayment {
    type Answer = CaptureAnswer;
    type Refusal = CaptureRefusal;

    fn keys(&self, keys: &mut Keys) {
        keys.payments.insert(self.payment);
        keys.idempotency.extend(self.idempotent.as_ref().map(|request| request.scope.clone()));
        keys.holds.extend(self.hold.map(WalletHold::id));
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        rng: &mut dyn Rng,
    ) -> Result<(CaptureAnswer, Changes), CaptureRefusal> {
        if let Some(answer) = self.replay(see)? {
            return Ok((answer, Changes::none()));
        }
        let mut change =
            PaymentChange::begin(see, &self.payment, now).map_err(|_| CaptureRefusal::NotFound)?;
        let (attempt, amount) = self.check(&change, now)?;
        match &attempt.rail {
            RailAttempt::Card(_) => {
                let mut held = change.payment.authorization.clone().expect("it is authorized");
                // The request goes on at once; this is for when it cannot.
                let look_at = now.plus_secs(limits::REFUND_HEADSTART_SECS);
                held.go_to(Step::CapturePending { amount }, Some(look_at));
                held.refused_code = None;
                change.put_authorization(held);
            }
            RailAttempt::Wallet(wallet) => {
                let wallet = wallet.wallet.expect("only a wallet that is there is held from");
                let account = Account::wallet(wallet, change.payment.mode, change.payment.currency);
                let id = HoldId::of(&account.id(), &self.payment, attempt.number);
                let taken = self.hold.filter(|hold| hold.id() == id);
                let taken = taken.ok_or(CaptureRefusal::NotHeld)?;
                take(&mut change, see, taken)?;
                change.capture(&attempt, Source::Wallet(wallet), amount, rng);
            }
        }
        if let Some(request) = &self.idempotent {
            remember(&mut change, request, "capture");
        }
        let standing = CaptureStanding::of(&change.payment);
        Ok((CaptureAnswer { standing, replay_of: None }, change.finish()))
    }
}

impl CapturePayment {
    /// The attempt that holds the money, and how much to take of it.
    fn check(
        &self,
        change: &PaymentChange<'_>,
        now: Timestamp,
    ) -> Result<(Attempt, Amount), CaptureRefusal> {
        let payment = &change.payment;
        if payment.merchant != self.merchant || payment.mode != self.mode {
            return Err(CaptureRefusal::NotFound);
        }
        if let PaymentState::Captured { .. } = payment.state {
            return Err(CaptureRefusal::Captured);
        }
        if payment.state != PaymentState::Authorized {
            return Err(CaptureRefusal::NotHeld);
        }
        let held = payment.authorization.as_ref().ok_or(CaptureRefusal::NotHeld)?;
        if held.step != Step::Held {
            return Err(CaptureRefusal::UnderWay);
        }
        if held.is_overdue(now) {
            return Err(CaptureRefusal::TimeOver);
        }
        let amount = self.amount.unwrap_or(payment.amount);
        if payment.amount < amount {
            return Err(CaptureRefusal::AmountAboveHeld { held: payment.amount });
        }
        let attempt = change.before().authorized_attempt().ok_or(CaptureRefusal::NotHeld)?;
        Ok((attempt.clone(), amount))
    }

    /// Where the capture stands that this key already began, if any.
    fn replay(&self, see: &Snapshot) -> Result<Option<CaptureAnswer>, CaptureRefusal> {
        let Some(request) = &self.idempotent else { return Ok(None) };
        let Some(row) = see.idempotency.get(&request.scope) else { return Ok(None) };
        if row.fingerprint != request.fingerprint {
            return Err(CaptureRefusal::KeyReused);
        }
        let seen = see.payments.get(&self.payment).ok_or(CaptureRefusal::NotFound)?;
        let standing = CaptureStanding::of(&seen.payment);
        Ok(Some(CaptureAnswer { standing, replay_of: Some(row.request_id.clone()) }))
    }
}

/// Ends the wallet's hold, now or with the fold. What of it is not taken is free again in the same moment.
fn take(
    change: &mut PaymentChange<'_>,
    see: &Snapshot,
    taken: WalletHold,
) -> Result<(), CaptureRefusal> {
    match taken {
        WalletHold::TakenByTheFold(id) => change.take_from_hold(id),
        WalletHold::TakenNow(id) => {
            let open = see.holds.get(&id).filter(|hold| hold.state == HoldState::Open);
            let open = open.ok_or(CaptureRefusal::NotHeld)?;
            change.extra().holds.push(open.ended(HoldState::Posted));
        }
    }
    Ok(())
}

/// Remembers under a key what was done with the payment.
pub(super) fn remember(change: &mut PaymentChange<'_>, request: &IdempotentRequest, verb: &str) {
    let payment = change.payment.id;
    let kept = Kept { payment_id: payment, verb: verb.to_owned() };
    let answer = serde_json::to_string(&kept).expect("plain strings are JSON");
    let row = request.kept(payment, answer, change.now);
    change.extra().idempotency.push(row);
}
