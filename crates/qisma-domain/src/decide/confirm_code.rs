//! Confirm a wallet payment with the code from the phone: checked, debited and captured in one
//! command. Nothing is reserved before it, so a stranger cannot freeze money by typing a number.

use rand_core::Rng;

use super::Decide;
use super::payment_change::PaymentChange;
use super::start_wallet::open_wallet_attempt;
use crate::account::Account;
use crate::attempt::{Attempt, AttemptState, DeclineClass};
use crate::challenge::{Challenge, CodeKey};
use crate::changes::Changes;
use crate::ids::{PaymentId, WalletId};
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
}

/// What came of it; each of these is a change that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeAnswer {
    /// Paid.
    Captured,
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
    /// The payment has ended.
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
        let mut change =
            PaymentChange::begin(see, &self.payment, now).map_err(|_| ConfirmRefusal::NotFound)?;
        if change.payment.state.is_terminal() {
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
        let right = challenge.is(&self.code, &self.code_key);
        let window = window_of(see, &change, &attempt, now);
        // Past the phone's budget no code is right, and nothing tells that from a wrong one.
        let budget_is_over = window.codes.wrong_codes_over().is_some();
        let answer = match wallet.filter(|_| right && !budget_is_over) {
            Some(wallet) => pay(&mut change, see, attempt, challenge, wallet, rng),
            None => wrong(&mut change, attempt, challenge, (window, now), rng),
        };
        Ok((answer, change.finish()))
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

fn pay(
    change: &mut PaymentChange<'_>,
    see: &Snapshot,
    mut attempt: Attempt,
    mut challenge: Challenge,
    wallet: WalletId,
    rng: &mut dyn Rng,
) -> CodeAnswer {
    challenge.ended = true;
    change.put_challenge(challenge);
    let account = Account::wallet(wallet, change.payment.mode, change.payment.currency);
    let balance = see.balances.get(&account.id()).copied().unwrap_or_default();
    if balance.available_millimes() < change.payment.amount.millimes() {
        let class = DeclineClass::InsufficientFunds;
        attempt.state = AttemptState::Declined { class, code: 0 };
        change.put_attempt(attempt);
        change.after_decline(rng);
        return CodeAnswer::InsufficientFunds;
    }
    attempt.state = AttemptState::Approved { at: change.now };
    change.put_attempt(attempt.clone());
    change.capture(&attempt, Source::Wallet(wallet), rng);
    CodeAnswer::Captured
}

fn wrong(
    change: &mut PaymentChange<'_>,
    mut attempt: Attempt,
    mut challenge: Challenge,
    (mut window, now): (PhoneWindow, Timestamp),
    rng: &mut dyn Rng,
) -> CodeAnswer {
    challenge.tries += 1;
    let tries_left = limits::OTP_TRIES_MAX - challenge.tries;
    if window.codes.wrong_codes_over().is_none() {
        window.codes.wrong_at.push(now);
    }
    challenge.ended = tries_left <= 0 || window.codes.wrong_codes_over().is_some();
    window.version += 1;
    change.extra().phone_windows.push(window);
    let used_up = challenge.ended;
    change.put_challenge(challenge);
    if !used_up {
        return CodeAnswer::Wrong { tries_left };
    }
    attempt.state = AttemptState::Declined { class: DeclineClass::Authentication, code: 0 };
    change.put_attempt(attempt);
    change.after_decline(rng);
    CodeAnswer::TriesUsedUp
}
