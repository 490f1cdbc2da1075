//! Start a wallet attempt, or send its code again. The code is in the answer only: it goes to the
//! phone from memory, after the commit, and is kept as a keyed hash.

use rand_core::Rng;

use super::Decide;
use super::payment_change::PaymentChange;
use super::start_card::{StartRefusal, check_can_start, next_number};
use crate::attempt::{Attempt, AttemptState, RailAttempt, WalletAttempt};
use crate::challenge::{Challenge, Code, CodeKey};
use crate::changes::Changes;
use crate::ids::{ChallengeId, Mode, PaymentId};
use crate::limits;
use crate::payment::PaymentState;
use crate::phone::Phone;
use crate::snapshot::{Keys, PaymentAggregate, Snapshot};
use crate::time::Timestamp;
use crate::wallet::PhoneWindow;

/// Start a wallet attempt (or, with the same phone and an open wallet attempt, send a new code).
#[derive(Clone, Debug)]
pub struct StartWallet {
    /// The payment.
    pub payment: PaymentId,
    /// The payment's mode, to find the wallet in.
    pub mode: Mode,
    /// The phone that was typed, or that of the open attempt.
    pub phone: Phone,
    /// Whether this asks for the open attempt's code again.
    pub resend: bool,
    /// What codes are hashed with.
    pub code_key: CodeKey,
}

/// A code to send. An unknown phone gets the same answer, with nobody to send to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeToSend {
    /// The attempt's number.
    pub attempt: u16,
    /// The code; its `Debug` shows nothing.
    pub code: Code,
    /// Whether anybody has this phone's wallet.
    pub has_wallet: bool,
}

/// Why no code was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WalletRefusal {
    /// As for any attempt.
    Start(StartRefusal),
    /// There is no wallet attempt to send again for.
    NothingToResend,
    /// A code was sent a moment ago.
    TooSoon {
        /// Until another may be sent.
        retry_after_secs: i64,
    },
    /// This payment has had its codes.
    TooManyForPayment,
    /// This phone has had its codes for now.
    TooManyForPhone {
        /// Until another may be sent.
        retry_after_secs: i64,
    },
}

impl Decide for StartWallet {
    type Answer = CodeToSend;
    type Refusal = WalletRefusal;

    fn keys(&self, keys: &mut Keys) {
        keys.payments.insert(self.payment);
        keys.wallets.insert((self.mode, self.phone.clone()));
        keys.phone_windows.insert((self.mode, self.phone.clone()));
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        rng: &mut dyn Rng,
    ) -> Result<(CodeToSend, Changes), WalletRefusal> {
        let mut change = PaymentChange::begin(see, &self.payment, now)
            .map_err(|_| WalletRefusal::Start(StartRefusal::NotFound))?;
        let mut attempt = self.attempt(&change, now)?;
        let wallet_id = see.wallets.get(&(self.mode, self.phone.clone())).map(|wallet| wallet.id);
        let sent: i64 = change.before().attempts.iter().filter_map(sends_of).sum();
        if limits::OTP_SENDS_PER_PAYMENT_MAX <= sent {
            return Err(WalletRefusal::TooManyForPayment);
        }
        let window = self.window(see, now)?;
        let code = Code::draw(rng);
        change.end_live_challenge();
        let challenge = self.challenge(&change, attempt.number, &code, rng);
        change.put_challenge(challenge);
        if let RailAttempt::Wallet(wallet) = &mut attempt.rail {
            wallet.sends += 1;
            wallet.wallet = wallet_id;
        }
        let number = attempt.number;
        change.put_attempt(attempt);
        if change.payment.state == PaymentState::Created {
            change.become_state(PaymentState::RequiresAction);
        }
        change.extra().phone_windows.push(window);
        let has_wallet = wallet_id.is_some();
        Ok((CodeToSend { attempt: number, code, has_wallet }, change.finish()))
    }
}

fn sends_of(attempt: &Attempt) -> Option<i64> {
    attempt.wallet().map(|wallet| wallet.sends)
}

impl StartWallet {
    /// The attempt the code is for: the open one on a resend, else a new one.
    fn attempt(
        &self,
        change: &PaymentChange<'_>,
        now: Timestamp,
    ) -> Result<Attempt, WalletRefusal> {
        let before = change.before();
        if self.resend {
            if !before.payment.is_payable(now) {
                return Err(WalletRefusal::Start(StartRefusal::TimeOver));
            }
            let open = open_wallet_attempt(before).ok_or(WalletRefusal::NothingToResend)?;
            let same = open.wallet().is_some_and(|wallet| wallet.phone == self.phone);
            return if same { Ok(open.clone()) } else { Err(WalletRefusal::NothingToResend) };
        }
        if before.payment.channel.terminal().is_some() {
            return Err(WalletRefusal::Start(StartRefusal::RailNotAccepted));
        }
        check_can_start(before, now).map_err(WalletRefusal::Start)?;
        Ok(Attempt {
            payment: self.payment,
            number: next_number(before),
            rail: RailAttempt::Wallet(WalletAttempt {
                phone: self.phone.clone(),
                wallet: None,
                sends: 0,
            }),
            state: AttemptState::Init,
            started_at: change.now,
            updated_at: change.now,
            version: 0,
        })
    }

    fn challenge(
        &self,
        change: &PaymentChange<'_>,
        attempt: u16,
        code: &Code,
        rng: &mut dyn Rng,
    ) -> Challenge {
        let id = ChallengeId::mint(self.payment.shard(), change.now, rng);
        Challenge {
            id,
            payment: self.payment,
            attempt,
            code_hash: self.code_key.hash(&id, &self.payment, code.expose()),
            sent_at: change.now,
            expires_at: change.now.plus_secs(limits::OTP_LIFE_SECS),
            tries: 0,
            ended: false,
            version: 0,
        }
    }

    /// The phone's window with this code in it, if it still takes one. Counted for every phone that
    /// is typed: a limit that only known phones have would tell who is known.
    fn window(&self, see: &Snapshot, now: Timestamp) -> Result<PhoneWindow, WalletRefusal> {
        let key = (self.mode, self.phone.clone());
        let old = see.phone_windows.get(&key);
        let mut codes = old.map(|window| window.codes.clone()).unwrap_or_default().at(now);
        // Said of the phone that was typed, whoever typed the wrong codes and for which payment.
        if let Some(free_at) = codes.wrong_codes_over() {
            let retry_after_secs = free_at.secs_left(now);
            return Err(WalletRefusal::TooManyForPhone { retry_after_secs });
        }
        let sent_at = &mut codes.sent_at;
        if let Some(last) = sent_at.last() {
            let free_at = last.plus_secs(limits::OTP_SEND_GAP_SECS);
            if now < free_at {
                return Err(WalletRefusal::TooSoon { retry_after_secs: free_at.secs_left(now) });
            }
        }
        if limits::OTP_SENDS_PER_PHONE_MAX <= sent_at.len() {
            let free_at = sent_at[0].plus_secs(limits::OTP_PHONE_WINDOW_SECS);
            let retry_after_secs = free_at.secs_left(now);
            return Err(WalletRefusal::TooManyForPhone { retry_after_secs });
        }
        sent_at.push(now);
        let version = old.map_or(0, |window| window.version) + 1;
        Ok(PhoneWindow { mode: self.mode, phone: self.phone.clone(), codes, version })
    }
}

/// The open wallet attempt of a payment.
pub fn open_wallet_attempt(aggregate: &PaymentAggregate) -> Option<&Attempt> {
    aggregate.open_attempt().filter(|open| open.wallet().is_some())
}
