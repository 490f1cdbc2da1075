//! An order and what may become of it. Pure: no clock, no rng, no SQL, so that every rule of the bank
//! reads in one place and the books merely keep what it decides.

use crate::cards::Verdict;
use crate::limits;

/// Nobody tried to pay yet.
pub const NOT_TRIED: i64 = -100;
/// Paid.
pub const APPROVED: i64 = 0;
/// The payer, or the shop, gave up.
pub const CANCELLED: i64 = 10;
/// The session ended before anybody paid.
pub const TIMED_OUT: i64 = -2007;
/// The issuer refused the 3-D Secure code.
pub const CHALLENGE_FAILED: i64 = -2006;

/// What a terminal is called in the books: a merchant's number or login, and the merchant's own id for
/// it. Two merchants may well have a terminal of the same id.
pub fn terminal_name(merchant: &str, id: &str) -> String {
    format!("{merchant}/{id}")
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Waiting for a payer.
    Registered,
    /// A card was presented; its holder must now type a code.
    Challenged,
    /// Held, waiting for `deposit.do`.
    Approved,
    /// Paid.
    Deposited,
    /// Given back before settlement.
    Reversed,
    /// Given back after settlement, wholly or in part.
    Refunded,
    /// Refused, cancelled or timed out.
    Declined,
}

impl State {
    /// `orderStatus` of the BPC manual.
    pub const fn status(self) -> i64 {
        match self {
            Self::Registered => 0,
            Self::Approved => 1,
            Self::Deposited => 2,
            Self::Reversed => 3,
            Self::Refunded => 4,
            Self::Challenged => 5,
            Self::Declined => 6,
        }
    }

    /// The state of an `orderStatus`.
    pub fn of_status(status: i64) -> Option<Self> {
        [
            Self::Registered,
            Self::Approved,
            Self::Deposited,
            Self::Reversed,
            Self::Refunded,
            Self::Challenged,
            Self::Declined,
        ]
        .into_iter()
        .find(|state| state.status() == status)
    }

    /// `paymentState` of the BPC manual.
    pub const fn payment_state(self) -> &'static str {
        match self {
            Self::Registered | Self::Challenged => "CREATED",
            Self::Approved => "APPROVED",
            Self::Deposited => "DEPOSITED",
            Self::Reversed => "REVERSED",
            Self::Refunded => "REFUNDED",
            Self::Declined => "DECLINED",
        }
    }
}

/// What may be kept of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardFacts {
    /// First six, two stars, last four.
    pub masked_pan: String,
    /// `YYYYMM`.
    pub expiration: String,
    /// As the payer typed it.
    pub holder: String,
    /// SMT's name of the scheme.
    pub brand: String,
}

/// The issuer's approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Six digits.
    pub code: String,
    /// The retrieval reference number, 12 digits.
    pub reference: String,
    /// When.
    pub at_ms: i64,
}

/// Something the merchant's callback address is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// `operation` of the BPC manual.
    pub operation: &'static str,
    /// Whether the operation succeeded.
    pub ok: bool,
    /// In minor units.
    pub amount: i64,
}

/// Why the bank refuses to change an order; the order is as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Impossible {
    /// The order is not in a state that allows it.
    State,
    /// More than there is.
    Amount,
    /// A reversal that came twice, too late, in part or after a refund.
    Reversal,
}

/// A merchant's order. Amounts are in minor units of its own currency.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "orderNumber is the family's word")]
pub struct Order {
    /// The acquirer's id, also called `mdOrder`.
    pub id: String,
    /// The merchant's API login, who alone may see the order.
    pub user_name: String,
    /// The merchant's own number, unique for ever.
    pub order_number: String,
    /// What was asked for.
    pub amount: i64,
    /// ISO 4217, numeric.
    pub currency: String,
    /// For the payer; may be empty.
    pub description: String,
    /// Where the payer goes after success.
    pub return_url: String,
    /// Where the payer goes otherwise, when it is another place.
    pub fail_url: Option<String>,
    /// Where callbacks go.
    pub callback_url: Option<String>,
    /// `fr`, `ar` or `en`.
    pub language: String,
    /// The terminal that is to take it, if not the payer's browser; see `terminal_name`.
    pub terminal: Option<String>,
    /// The payer's address, as the merchant said it.
    pub ip: String,
    /// Whether a payment is only held until `deposit.do`.
    pub two_phase: bool,
    /// When it was registered.
    pub created_ms: i64,
    /// From when on it can no longer be paid.
    pub expires_ms: i64,
    /// Where it stands.
    pub state: State,
    /// Why it stands there.
    pub action_code: i64,
    /// Held or paid.
    pub approved: i64,
    /// Paid.
    pub deposited: i64,
    /// Given back of what was paid.
    pub refunded: i64,
    /// The card that was presented.
    pub card: Option<CardFacts>,
    /// The issuer's approval, if there was one.
    pub approval: Option<Approval>,
    /// When it was paid.
    pub deposited_ms: Option<i64>,
    /// Whose card it is, if the merchant wants it saved or charges a saved one.
    pub client_id: Option<String>,
    /// The saved card that paid it, or that was saved when it was paid.
    pub binding_id: Option<String>,
}

/// A saved card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// What stands for it.
    pub id: String,
    /// The merchant for whom it was saved.
    pub user_name: String,
    /// The merchant's name for its holder.
    pub client_id: String,
    /// What may be kept of it.
    pub card: CardFacts,
}

impl Order {
    /// Whether a payer can still pay it.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::Registered | State::Challenged)
    }

    /// Whether the payer paid, whatever the merchant did with the money since.
    pub const fn was_paid(&self) -> bool {
        self.approval.is_some()
    }

    /// Ends an unpaid order whose session is over.
    pub fn expire(&mut self, now_ms: i64) -> Option<Notice> {
        if !self.is_open() || now_ms < self.expires_ms {
            return None;
        }
        self.state = State::Declined;
        self.action_code = TIMED_OUT;
        Some(Notice { operation: "declinedByTimeout", ok: true, amount: self.amount })
    }

    /// Takes a card. A second card, from another tab or after Back, changes nothing.
    pub fn present(
        &mut self,
        card: CardFacts,
        verdict: Verdict,
        approval: Approval,
    ) -> Option<Notice> {
        if self.state != State::Registered {
            return None;
        }
        self.card = Some(card);
        match verdict {
            Verdict::Approve => Some(self.approve(approval)),
            Verdict::Refuse(action_code) => Some(self.decline(action_code)),
            Verdict::Challenge => {
                self.state = State::Challenged;
                None
            }
        }
    }

    /// Takes the answer to the 3-D Secure challenge; only the first one counts.
    pub fn answer(&mut self, right: bool, approval: Approval) -> Option<Notice> {
        if self.state != State::Challenged {
            return None;
        }
        Some(if right { self.approve(approval) } else { self.decline(CHALLENGE_FAILED) })
    }

    /// Gives up an unpaid order, for the payer or for the merchant's `decline.do`.
    pub fn cancel(&mut self) -> Result<Notice, Impossible> {
        if self.is_open() { Ok(self.decline(CANCELLED)) } else { Err(Impossible::State) }
    }

    /// Takes what is held; 0 means all of it, and the rest is released.
    pub fn deposit(&mut self, amount: i64, now_ms: i64) -> Result<Notice, Impossible> {
        if self.state != State::Approved {
            return Err(Impossible::State);
        }
        let amount = if amount == 0 { self.approved } else { amount };
        if amount > self.approved {
            return Err(Impossible::Amount);
        }
        self.state = State::Deposited;
        self.deposited = amount;
        self.deposited_ms = Some(now_ms);
        Ok(Notice { operation: "deposited", ok: true, amount })
    }

    /// Undoes the payment as if it had not been: once, whole, within the window, before any refund. What
    /// is only held can be let go as long as it is. `amount` 0 means all of it.
    pub fn reverse(&mut self, amount: i64, now_ms: i64) -> Result<Notice, Impossible> {
        let whole = match self.state {
            State::Approved => self.approved,
            State::Deposited => self.deposited,
            State::Reversed | State::Refunded => return Err(Impossible::Reversal),
            State::Registered | State::Challenged | State::Declined => {
                return Err(Impossible::State);
            }
        };
        let paid_ms = self.approval.as_ref().map_or(self.created_ms, |approval| approval.at_ms);
        let is_held = self.state == State::Approved;
        let late = !is_held && now_ms - paid_ms > limits::REVERSAL_WINDOW_MS;
        if late || (amount != 0 && amount != whole) {
            return Err(Impossible::Reversal);
        }
        self.state = State::Reversed;
        self.approved = 0;
        self.deposited = 0;
        Ok(Notice { operation: "reversed", ok: true, amount: whole })
    }

    /// Gives back what was paid, or part of it; 0 means all that is left. Several refunds may follow
    /// each other.
    pub fn refund(&mut self, amount: i64) -> Result<Notice, Impossible> {
        if !matches!(self.state, State::Deposited | State::Refunded) {
            return Err(Impossible::State);
        }
        let left = self.deposited - self.refunded;
        let amount = if amount == 0 { left } else { amount };
        if amount == 0 || amount > left {
            return Err(Impossible::Amount);
        }
        self.state = State::Refunded;
        self.refunded += amount;
        Ok(Notice { operation: "refunded", ok: true, amount })
    }

    fn approve(&mut self, approval: Approval) -> Notice {
        assert!(self.is_open());
        assert_eq!(self.approved, 0);
        self.action_code = APPROVED;
        self.approved = self.amount;
        let operation = if self.two_phase {
            self.state = State::Approved;
            "approved"
        } else {
            self.state = State::Deposited;
            self.deposited = self.amount;
            self.deposited_ms = Some(approval.at_ms);
            "deposited"
        };
        self.approval = Some(approval);
        Notice { operation, ok: true, amount: self.amount }
    }

    fn decline(&mut self, action_code: i64) -> Notice {
        assert!(self.is_open());
        self.state = State::Declined;
        self.action_code = action_code;
        let operation = if self.two_phase { "approved" } else { "deposited" };
        Notice { operation, ok: false, amount: self.amount }
    }
}
