//! Confirm a wallet payment with the code from the phone: checked, debited and captured in one
//! command. Nothing is reserved before a right code, so a stranger cannot freeze money by typing a
//! number. Where balances are folded later, the money is held first ([`super::place_hold`]): then this
//! captures against that hold, in the payment's own shard. So it is, too, where the merchant takes the money
//! later: then the hold stays.

use rand_core::Rng;

use super::Decide;
use super::payment_change::PaymentChange;
use super::place_hold::PlaceHold;
use super::start_wallet::open_wallet_attempt;
use crate::account::Account;
use crate::attempt::{Attempt, AttemptState, DeclineClass};
use crate::challenge::{Challenge, CodeKey};
use crate::changes::Changes;
use crate::ids::{HoldId, PaymentId, WalletId};
use crate::limits;
use crate::postings::Source;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;
use crate::wallet::{CodeHistory, PhoneWindow};

/// Confirm a wallet payment.
#[derive(Clone)]
pub struct ConfirmCode {
    /// The payment.
    pub payment: PaymentId,
    /// What was typed.
    pub code: String,
    /// What codes are hashed with.
    pub code_key: CodeKey,
    /// Where the money comes from.
    pub funds: Funds,
}

/// Where the money of a wallet payment comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Funds {
    /// From the wallet as it stands: it is looked at and debited in this command.
    Balance,
    /// From this hold, which was placed before.
    Held(HoldId),
    /// From nowhere: the wallet did not have enough to hold.
    Missing,
}

/// What came of it; each of these is a change that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeAnswer {
    /// Paid.
    Captured,
    /// The money is held until the merchant takes it.
    Authorized,
    /// A wrong code.
    Wrong {
        /// Tries that are left for this code.
        tries_left: i64,
    },
    /// The last wrong code, of this one's tries or of the phone's for the day: the attempt is declined.
    TriesUsedUp,
    /// The right code, but the wallet does not hold enough: the attempt is declined.
    InsufficientFunds,
}

/// Why nothing was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmRefusal {
    /// No such payment.
    NotFound,
    /// Nothing waits for a code.
    NoCodeExpected,
    /// The code's two minutes are over.
    CodeExpired,
    /// The payment's time is over.
    TimeOver,
    /// The payment has ended, or its money is held.
    Ended,
}

impl Decide for ConfirmCode {
    type Answer = CodeAnswer;
    type Refusal = ConfirmRefusal;

    fn keys(&self, keys: &mut Keys) {
        keys.payments.insert(self.payment);
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        rng: &mut dyn Rng,
    ) -> Result<(CodeAnswer, Changes), ConfirmRefusal> {
        let mut typed = Typed::look(see, self.payment, (&self.code, &self.code_key), now)?;
        let answer = match (typed.right_wallet(), self.funds) {
            (None, _) => typed.wrong(now, rng),
            (Some(_), Funds::Missing) => typed.decline(rng),
            // What the merchant takes later has to be held first.
            (Some(_), Funds::Balance) if typed.change.payment.hold_secs.is_some() => {
                return Err(ConfirmRefusal::NoCodeExpected);
            }
            (Some(wallet), Funds::Balance) if typed.is_short(see, wallet) => typed.decline(rng),
            (Some(wallet), Funds::Balance) => typed.pay(wallet, None, rng),
            // Another attempt's hold pays nothing: what it is for was looked at in another moment.
            (Some(wallet), Funds::Held(hold)) if hold != typed.wish(wallet).id() => {
                return Err(ConfirmRefusal::NoCodeExpected);
            }
            (Some(wallet), Funds::Held(hold)) => typed.pay(wallet, Some(hold), rng),
        };
        Ok((answer, typed.finish()))
    }
}

/// A code that was typed for a payment that waits for one.
pub(super) struct Typed<'a> {
    change: PaymentChange<'a>,
    attempt: Attempt,
    challenge: Challenge,
    window: PhoneWindow,
    /// The wallet, if the code is right and somebody has one.
    wallet: Option<WalletId>,
}

impl<'a> Typed<'a> {
    /// Looks at what was typed.
    pub(super) fn look(
        see: &'a Snapshot,
        payment: PaymentId,
        (code, code_key): (&str, &CodeKey),
        now: Timestamp,
    ) -> Result<Self, ConfirmRefusal> {
        let change =
            PaymentChange::begin(see, &payment, now).map_err(|_| ConfirmRefusal::NotFound)?;
        if !change.payment.state.awaits_payer() {
            return Err(ConfirmRefusal::Ended);
        }
        if !change.payment.is_payable(now) {
            return Err(ConfirmRefusal::TimeOver);
        }
        let attempt = open_wallet_attempt(change.before()).ok_or(ConfirmRefusal::NoCodeExpected)?;
        let live = change.before().live_challenge().filter(|live| live.attempt == attempt.number);
        let challenge = live.ok_or(ConfirmRefusal::NoCodeExpected)?;
        if challenge.expires_at <= now {
            return Err(ConfirmRefusal::CodeExpired);
        }
        let (attempt, challenge) = (attempt.clone(), challenge.clone());
        let wallet = attempt.wallet().and_then(|wallet| wallet.wallet);
        // Compared also where nobody has the wallet: the time it takes must not tell.
        let right = challenge.is(code, code_key);
        let window = window_of(see, &change, &attempt, now);
        // Past the phone's budget no code is right, and nothing tells that from a wrong one.
        let budget_is_over = window.codes.wrong_codes_over().is_some();
        let wallet = wallet.filter(|_| right && !budget_is_over);
        Ok(Self { change, attempt, challenge, window, wallet })
    }

    /// The wallet that pays, if the code is right.
    pub(super) const fn right_wallet(&self) -> Option<WalletId> {
        self.wallet
    }

    /// What has to be held for this attempt.
    pub(super) fn wish(&self, wallet: WalletId) -> PlaceHold {
        let payment = &self.change.payment;
        PlaceHold {
            account: Account::wallet(wallet, payment.mode, payment.currency),
            amount: payment.amount,
            payment: payment.id,
            attempt: self.attempt.number,
        }
    }

    fn is_short(&self, see: &Snapshot, wallet: WalletId) -> bool {
        let wish = self.wish(wallet);
        let balance = see.balances.get(&wish.account.id()).copied().unwrap_or_default();
        balance.available_millimes() < wish.amount.millimes()
    }

    fn pay(&mut self, wallet: WalletId, hold: Option<HoldId>, rng: &mut dyn Rng) -> CodeAnswer {
        self.end_challenge();
        self.attempt.state = AttemptState::Approved { at: self.change.now };
        self.change.put_attempt(self.attempt.clone());
        let is_captured = self.change.payment.hold_secs.is_none();
        if let Some(hold) = hold.filter(|_| is_captured) {
            self.change.take_from_hold(hold);
        }
        self.change.capture_or_hold(&self.attempt, Source::Wallet(wallet), rng);
        if is_captured { CodeAnswer::Captured } else { CodeAnswer::Authorized }
    }

    fn decline(&mut self, rng: &mut dyn Rng) -> CodeAnswer {
        self.end_challenge();
        let class = DeclineClass::InsufficientFunds;
        self.attempt.state = AttemptState::Declined { class, code: 0 };
        self.change.put_attempt(self.attempt.clone());
        self.change.after_decline(rng);
        CodeAnswer::InsufficientFunds
    }

    fn end_challenge(&mut self) {
        self.challenge.ended = true;
        self.change.put_challenge(self.challenge.clone());
    }

    /// Counts a wrong code.
    pub(super) fn wrong(&mut self, now: Timestamp, rng: &mut dyn Rng) -> CodeAnswer {
        let (challenge, window) = (&mut self.challenge, &mut self.window);
        challenge.tries += 1;
        let tries_left = limits::OTP_TRIES_MAX - challenge.tries;
        if window.codes.wrong_codes_over().is_none() {
            window.codes.wrong_at.push(now);
        }
        let used_up = tries_left <= 0 || window.codes.wrong_codes_over().is_some();
        challenge.ended = used_up;
        window.version += 1;
        self.change.extra().phone_windows.push(window.clone());
        self.change.put_challenge(challenge.clone());
        if !used_up {
            return CodeAnswer::Wrong { tries_left };
        }
        let class = DeclineClass::Authentication;
        self.attempt.state = AttemptState::Declined { class, code: 0 };
        self.change.put_attempt(self.attempt.clone());
        self.change.after_decline(rng);
        CodeAnswer::TriesUsedUp
    }

    /// The change, complete.
    pub(super) fn finish(self) -> Changes {
        self.change.finish()
    }
}

/// What the phone of an attempt has had of codes.
fn window_of(
    see: &Snapshot,
    change: &PaymentChange<'_>,
    attempt: &Attempt,
    now: Timestamp,
) -> PhoneWindow {
    let mode = change.payment.mode;
    let phone = attempt.wallet().map(|wallet| wallet.phone.clone());
    let phone = phone.expect("only a wallet attempt waits for a code");
    let known = see.phone_windows.get(&(mode, phone.clone())).cloned();
    let fresh = PhoneWindow { mode, phone, codes: CodeHistory::default(), version: 0 };
    let window = known.unwrap_or(fresh);
    PhoneWindow { codes: window.codes.at(now), ..window }
}
