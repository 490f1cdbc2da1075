//! What the clients know: which payments they asked for, and what they were told of each. A payment
//! that now stands anywhere else than it was said to stand is an acknowledgment lost.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::refunds::{Refunded, Refunding};

/// What somebody outside was told of a payment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// It was created.
    Exists,
    /// It ended with this status, or was said to be paid.
    Ended(String),
    /// Its payer was led to the fail link, or its webhook said `success=False`.
    NotPaid,
}

impl Claim {
    /// What an answer of `verify_payment` claims.
    pub fn of_status(status: &str) -> Self {
        if is_final(status) { Self::Ended(status.to_owned()) } else { Self::Exists }
    }

    /// Whether a payment that stands like this today keeps the claim. None: there is no such payment.
    pub fn is_kept_by(&self, status: Option<&str>) -> bool {
        match (self, status) {
            (_, None) => false,
            (Self::Exists, Some(_)) => true,
            (Self::Ended(word), Some(status)) => word == status,
            (Self::NotPaid, Some(status)) => is_final(status) && status != "SUCCESS",
        }
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists => f.write_str("it exists"),
            Self::Ended(word) => write!(f, "it ended as {word}"),
            Self::NotPaid => f.write_str("it ended unpaid"),
        }
    }
}

/// Whether a status is for ever.
pub fn is_final(status: &str) -> bool {
    !matches!(status, "PENDING" | "PREAUTH_SUCCESS")
}

/// A payment that somebody asked for.
#[derive(Clone, Debug)]
pub struct Creation {
    /// The body it was asked for with.
    pub body: String,
    /// What each merchant gets of it, the caller's remainder included.
    pub shares: BTreeMap<String, u64>,
    /// The payment, once an answer came whole.
    pub payment: Option<String>,
}

/// What all clients know together.
#[derive(Default)]
pub struct Records {
    /// Payments by the idempotency key they were asked for with.
    pub creations: BTreeMap<String, Creation>,
    /// Refunds by the idempotency key they were asked for with.
    pub refundings: BTreeMap<String, Refunding>,
    claims: BTreeMap<String, BTreeSet<Claim>>,
    /// Payments of which something was heard since they were last checked.
    fresh: BTreeSet<String>,
    /// Payments whose payer paid at the bank and closed the tab: paid once all is drained.
    pub paid_at_the_bank: BTreeSet<String>,
    /// Answers that came whole.
    pub acknowledged: u64,
}

impl Records {
    /// Notes what somebody was told of a payment.
    pub fn told(&mut self, payment: &str, claim: Claim) {
        self.acknowledged += 1;
        self.claims.entry(payment.to_owned()).or_default().insert(claim);
        self.fresh.insert(payment.to_owned());
    }

    /// The keys whose request got no answer yet.
    pub fn unknown(&self) -> Vec<String> {
        let unknown = self.creations.iter().filter(|(_, creation)| creation.payment.is_none());
        unknown.map(|(key, _)| key.clone()).collect()
    }

    /// Notes that a refund was acknowledged.
    pub fn refunded(&mut self, key: &str, made: Refunded) {
        self.acknowledged += 1;
        if let Some(asked) = self.refundings.get_mut(key) {
            self.fresh.insert(asked.payment.clone());
            asked.made = Some(made);
        }
    }

    /// The keys whose refund got no answer yet.
    pub fn refunds_unknown(&self) -> Vec<String> {
        let unknown = self.refundings.iter().filter(|(_, asked)| asked.made.is_none());
        unknown.map(|(key, _)| key.clone()).collect()
    }

    /// The refunds of a payment that were acknowledged.
    pub fn refunds_of(&self, payment: &str) -> BTreeSet<String> {
        let of_it = self.refundings.values().filter(|asked| asked.payment == payment);
        of_it.filter_map(|asked| Some(asked.made.as_ref()?.id.clone())).collect()
    }

    /// Takes the payments of which something was heard since this was last asked.
    pub fn take_fresh(&mut self) -> Vec<String> {
        std::mem::take(&mut self.fresh).into_iter().collect()
    }

    /// Every payment that anybody was told of.
    pub fn payments(&self) -> Vec<String> {
        self.claims.keys().cloned().collect()
    }

    /// What was claimed of a payment and is not so.
    pub fn broken(&self, payment: &str, status: Option<&str>) -> Vec<String> {
        let claims = self.claims.get(payment).into_iter().flatten();
        let broken = claims.filter(|claim| !claim.is_kept_by(status));
        let now = status.unwrap_or("unknown to the gateway");
        broken.map(|claim| format!("somebody was told that {claim}; now it is {now}")).collect()
    }

    /// Two keys that were answered with the same payment.
    pub fn shared_payments(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let payments = self.creations.values().filter_map(|creation| creation.payment.as_ref());
        payments.filter(|payment| !seen.insert(*payment)).cloned().collect()
    }

    /// What each merchant must have of these payments, if they were paid, without what it gave back.
    pub fn expected_balances(&self, paid: &BTreeSet<String>) -> BTreeMap<String, u64> {
        let mut balances = BTreeMap::new();
        for creation in self.creations.values() {
            if creation.payment.as_ref().is_some_and(|payment| paid.contains(payment)) {
                for (merchant, share) in &creation.shares {
                    *balances.entry(merchant.clone()).or_default() += share;
                }
            }
        }
        let made = self.refundings.values().filter(|asked| paid.contains(&asked.payment));
        for made in made.filter_map(|asked| asked.made.as_ref()) {
            for (merchant, given) in &made.reversals {
                let balance: &mut u64 = balances.entry(merchant.clone()).or_default();
                *balance = balance.saturating_sub(*given);
            }
        }
        balances
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(claims: &[Claim]) -> Records {
        let mut records = Records::default();
        for claim in claims {
            records.told("p", claim.clone());
        }
        records
    }

    #[test]
    fn a_payment_that_exists_may_move_on_but_not_vanish() {
        let records = told(&[Claim::of_status("PENDING")]);
        for status in ["PENDING", "SUCCESS", "FAILURE", "EXPIRED"] {
            assert!(records.broken("p", Some(status)).is_empty(), "{status}");
        }
        assert_eq!(records.broken("p", None).len(), 1);
    }

    #[test]
    fn an_end_stays_as_it_was_told() {
        let records = told(&[Claim::of_status("SUCCESS")]);
        assert!(records.broken("p", Some("SUCCESS")).is_empty());
        for status in ["PENDING", "FAILURE", "EXPIRED"] {
            assert_eq!(records.broken("p", Some(status)).len(), 1, "{status}");
        }
    }

    #[test]
    fn an_unpaid_end_may_have_any_name_but_paid() {
        let records = told(&[Claim::NotPaid]);
        assert!(records.broken("p", Some("EXPIRED")).is_empty());
        assert!(records.broken("p", Some("FAILURE")).is_empty());
        assert_eq!(records.broken("p", Some("PENDING")).len(), 1);
        assert_eq!(records.broken("p", Some("SUCCESS")).len(), 1);
    }

    #[test]
    fn two_ends_of_one_payment_cannot_both_be_kept() {
        let records = told(&[Claim::of_status("SUCCESS"), Claim::of_status("FAILURE")]);
        assert_eq!(records.broken("p", Some("SUCCESS")).len(), 1);
    }

    #[test]
    fn merchants_receive_the_shares_of_paid_payments_only() {
        let mut records = Records::default();
        for (key, payment) in [("k1", "p1"), ("k2", "p2")] {
            let shares = [("1234".to_owned(), 70), ("9000".to_owned(), 30)].into();
            let payment = Some(payment.to_owned());
            records.creations.insert(key.into(), Creation { body: String::new(), shares, payment });
        }
        let balances = records.expected_balances(&["p1".to_owned()].into());
        assert_eq!(balances, [("1234".to_owned(), 70), ("9000".to_owned(), 30)].into());
        assert!(records.shared_payments().is_empty());
        records.creations.get_mut("k2").unwrap().payment = Some("p1".into());
        assert_eq!(records.shared_payments(), ["p1"]);
    }
}
