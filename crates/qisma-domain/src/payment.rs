//! Payments: what is asked for, and the states it may pass through (ADR 0013).
//!
//! ```text
//! created -> processing       a card attempt is open
//! created -> requires_action  a wallet attempt waits for its code
//! both    -> created          the attempt was declined or left, and another may be made
//! any of the three -> authorized, where the merchant wants to take the money later (ADR 0024)
//! authorized -> captured | expired | canceled
//! any of the three -> captured | failed | expired | canceled, and no way back
//! ```

use serde::{Deserialize, Serialize};

use crate::allocation::continued_allocation;
use crate::authorization::Authorization;
use crate::binding::ClientRef;
use crate::fees::{Borne, FeePlan};
use crate::ids::{AppId, MerchantId, Mode, PaymentId};
use crate::link::Link;
use crate::money::{Amount, Currency};
use crate::split::Leg;
use crate::terminal::TerminalId;
use crate::time::Timestamp;

/// Why a payment failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureReason {
    /// Every attempt that a payment may have was declined, or its saved card was not charged.
    Declined,
    /// The bank never told; an operator closed it. The one `SYSTEM_FAILURE` (Flouci API, section 3).
    Unresolved,
}

/// How a payment came to its payer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Channel {
    /// A shop's page: the payer returns there (Flouci API, section 2).
    Online,
    /// A QR code of its own, which the shop knows by its `operation_uuid` (Flouci API, section 5).
    Qr,
    /// A terminal on a counter, which takes one try to pay (Flouci API, section 5).
    Pos {
        /// Which one.
        terminal: TerminalId,
    },
}

impl Channel {
    /// The word that is stored and shown.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Qr => "qr",
            Self::Pos { .. } => "pos",
        }
    }

    /// Reads that word; a terminal belongs to `pos` and to nothing else.
    pub fn from_stored(word: &str, terminal: Option<&str>) -> Option<Self> {
        match (word, terminal) {
            ("online", None) => Some(Self::Online),
            ("qr", None) => Some(Self::Qr),
            ("pos", Some(id)) => TerminalId::parse(id).ok().map(|terminal| Self::Pos { terminal }),
            _ => None,
        }
    }

    /// The terminal, if it came to one.
    pub const fn terminal(&self) -> Option<&TerminalId> {
        match self {
            Self::Pos { terminal } => Some(terminal),
            Self::Online | Self::Qr => None,
        }
    }
}

/// Who ended a payment that nobody had paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Canceler {
    /// The payer, on the checkout page.
    Payer,
    /// The merchant, through the API.
    Merchant,
}

/// Where a payment stands, with what is known there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum PaymentState {
    /// Nobody is paying it right now.
    Created,
    /// A card attempt is open: only the bank can say how it ends.
    Processing,
    /// A wallet attempt is open and waits for the payer's code.
    RequiresAction,
    /// Approved: the money is held until the merchant takes it or lets it go.
    Authorized,
    /// Paid and divided.
    Captured {
        /// The attempt that paid.
        attempt: u16,
        /// How much was taken: the payment's amount, or less of what was only held before.
        amount: Amount,
        /// When.
        at: Timestamp,
    },
    /// Not paid, and no attempt left.
    Failed {
        /// Why.
        reason: FailureReason,
        /// When.
        at: Timestamp,
    },
    /// Not paid in time.
    Expired {
        /// When this was found; never before the deadline.
        at: Timestamp,
    },
    /// Called off.
    Canceled {
        /// By whom.
        by: Canceler,
        /// When.
        at: Timestamp,
    },
}

impl PaymentState {
    /// The word that is stored and shown.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Processing => "processing",
            Self::RequiresAction => "requires_action",
            Self::Authorized => "authorized",
            Self::Captured { .. } => "captured",
            Self::Failed { .. } => "failed",
            Self::Expired { .. } => "expired",
            Self::Canceled { .. } => "canceled",
        }
    }

    /// Whether nobody has paid it yet, and somebody still may.
    pub const fn awaits_payer(&self) -> bool {
        matches!(self, Self::Created | Self::Processing | Self::RequiresAction)
    }

    /// Whether nothing can change it any more.
    pub const fn is_terminal(&self) -> bool {
        matches!(
            self,
            Self::Captured { .. }
                | Self::Failed { .. }
                | Self::Expired { .. }
                | Self::Canceled { .. }
        )
    }
}

/// When the acquirer's money for a payment is here. Decided once, when it is captured: holidays that are
/// announced later change no payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// From this moment on the shares are available, whether that is booked yet or not.
    pub at: Timestamp,
    /// Whether they were moved from *pending* to *available*.
    pub is_booked: bool,
}

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Its id; also the payer's secret to its page.
    pub id: PaymentId,
    /// Who asked for it.
    pub merchant: MerchantId,
    /// With which app.
    pub app: AppId,
    /// Test or live.
    pub mode: Mode,
    /// What the payer pays.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
    /// How it is divided: the request's legs in order, then what is left for the caller.
    /// Invariant: the legs sum to the amount.
    pub legs: Vec<Leg>,
    /// What is taken of it once it is captured; none: nothing.
    pub fee_plan: Option<FeePlan>,
    /// Where it stands.
    pub state: PaymentState,
    /// When its money is here; none while nothing is captured, and by wallet: then it is here at once.
    pub settlement: Option<Settlement>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last changed; rises with every change, whatever the clock does.
    pub updated_at: Timestamp,
    /// From when on it can no longer be paid: payable iff now < `expires_at`.
    pub expires_at: Timestamp,
    /// Where it came from.
    pub channel: Channel,
    /// Where a payer who paid is led; nowhere where no shop waits in a browser.
    pub success_link: Option<Link>,
    /// Where a payer who did not pay is led.
    pub fail_link: Option<Link>,
    /// Who hears of its end.
    pub webhook: Option<Link>,
    /// The caller's own reference: echoed, never unique.
    pub developer_tracking_id: Option<String>,
    /// Whether it may be paid by card.
    pub accept_card: bool,
    /// The picture to show instead of the merchant's.
    pub image_url: Option<Link>,
    /// Whose card is remembered at the acquirer, if one is typed and pays it.
    pub client: Option<ClientRef>,
    /// For how long an approval holds the money until the merchant takes it; none: it is taken at once.
    pub hold_secs: Option<i64>,
    /// What is held for it, or was. Invariant: there, if it is authorized.
    pub authorization: Option<Authorization>,
    /// How many events it has had.
    pub sequence: i64,
    /// Raised by one with each change.
    pub version: i64,
}

/// A change that a payment's state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a payment that is {from} cannot become {to}")]
pub struct InvalidTransition {
    /// Where it stands.
    pub from: &'static str,
    /// Where it should have gone.
    pub to: &'static str,
}

impl Payment {
    /// Whether somebody may still pay it, seen from this moment.
    pub fn is_payable(&self, now: Timestamp) -> bool {
        self.state.awaits_payer() && now < self.expires_at
    }

    /// What was taken for it.
    pub const fn captured(&self) -> Amount {
        match self.state {
            PaymentState::Captured { amount, .. } => amount,
            _ => Amount::ZERO,
        }
    }

    /// Divides what is captured of it among its legs, by the rule of partial refunds (ADR 0004): no leg
    /// gets more than was asked for it, and together they get all of it.
    pub fn divide(&mut self, captured: Amount) {
        if captured == self.amount {
            return;
        }
        let wanted: Vec<Amount> = self.legs.iter().map(|leg| leg.amount).collect();
        let nothing = vec![Amount::ZERO; wanted.len()];
        let shares = continued_allocation(&wanted, &nothing, captured);
        let shares = shares.expect("no more is captured than was asked for");
        for (leg, share) in self.legs.iter_mut().zip(shares) {
            leg.captured = Some(share);
        }
    }

    /// The legs with what each gets of what is captured, so far as that was told them.
    fn shares(&self) -> Vec<Leg> {
        self.legs.iter().map(|leg| Leg { amount: leg.share(), ..*leg }).collect()
    }

    /// What is divided among them: all of the payment, until a part of it is captured.
    pub fn shared(&self) -> Amount {
        Amount::checked_sum(self.legs.iter().map(Leg::share))
            .expect("no more is captured than was asked for")
    }

    /// What is kept of each leg for fee and tax, in the order of the legs.
    pub fn borne(&self) -> Borne {
        match &self.fee_plan {
            Some(plan) => plan.borne(self.merchant, self.shared(), &self.shares()),
            None => Borne { by_leg: vec![Amount::ZERO; self.legs.len()], rest_millimes: 0 },
        }
    }

    /// What a capture credits for each leg: the leg less what it bears of fee and tax.
    pub fn net_legs(&self) -> Vec<Amount> {
        let kept = self.borne().by_leg;
        let net = self.legs.iter().zip(kept).map(|(leg, kept)| leg.share().checked_sub(kept));
        net.map(|net| net.expect("a leg keeps at most itself")).collect()
    }

    /// Whether its shares have been moved to what merchants have available.
    pub fn is_settled(&self) -> bool {
        self.settlement.is_some_and(|settlement| settlement.is_booked)
    }

    /// The moment of this payment's next change: now, but always later than the one before, so that
    /// a clock that steps back never reorders its history.
    pub fn next_moment(&self, now: Timestamp) -> Timestamp {
        now.max(self.updated_at.plus_micros(1))
    }

    /// Moves to another state, if the table above allows it.
    pub fn become_state(
        &mut self,
        to: PaymentState,
        now: Timestamp,
    ) -> Result<(), InvalidTransition> {
        use PaymentState as S;
        let allowed = matches!(
            (&self.state, &to),
            (S::Created, S::Processing | S::RequiresAction | S::Failed { .. })
                | (S::Processing | S::RequiresAction, S::Created | S::Failed { .. })
                | (
                    S::Created | S::Processing | S::RequiresAction,
                    S::Authorized | S::Captured { .. } | S::Expired { .. } | S::Canceled { .. },
                )
                | (S::Authorized, S::Captured { .. } | S::Expired { .. } | S::Canceled { .. })
        );
        if !allowed {
            return Err(InvalidTransition { from: self.state.as_str(), to: to.as_str() });
        }
        self.state = to;
        self.touch(now);
        Ok(())
    }

    /// Notes that something about it changed.
    pub fn touch(&mut self, now: Timestamp) {
        self.updated_at = self.next_moment(now);
        self.version += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_secs(1);

    fn every_state() -> [PaymentState; 8] {
        [
            PaymentState::Created,
            PaymentState::Processing,
            PaymentState::RequiresAction,
            PaymentState::Authorized,
            PaymentState::Captured { attempt: 1, amount: Amount::ZERO, at: AT },
            PaymentState::Failed { reason: FailureReason::Declined, at: AT },
            PaymentState::Expired { at: AT },
            PaymentState::Canceled { by: Canceler::Payer, at: AT },
        ]
    }

    /// The whole table, edge by edge: what is not listed is refused.
    #[test]
    fn only_the_listed_transitions_are_allowed() {
        let allowed = "
            created: processing requires_action authorized captured failed expired canceled
            processing: created authorized captured failed expired canceled
            requires_action: created authorized captured failed expired canceled
            authorized: captured expired canceled
            captured:
            failed:
            expired:
            canceled:";
        let mut found = String::new();
        for from in every_state() {
            found += "\n            ";
            found += from.as_str();
            found += ":";
            for to in every_state() {
                let mut payment = crate::decide::test_data::payment();
                payment.state = from;
                if payment.become_state(to, AT).is_ok() {
                    found += " ";
                    found += to.as_str();
                }
            }
        }
        assert_eq!(found, allowed);
    }

    #[test]
    fn a_change_is_later_than_the_one_before_whatever_the_clock_says() {
        let mut payment = crate::decide::test_data::payment();
        payment.updated_at = Timestamp::from_secs(100);
        payment.touch(Timestamp::from_secs(50));
        assert_eq!(payment.updated_at, Timestamp::from_secs(100).plus_micros(1));
    }

    #[test]
    fn a_payment_is_payable_until_but_not_at_its_deadline() {
        let payment = crate::decide::test_data::payment();
        assert!(payment.is_payable(payment.expires_at.plus_micros(-1)));
        assert!(!payment.is_payable(payment.expires_at));
    }
}
