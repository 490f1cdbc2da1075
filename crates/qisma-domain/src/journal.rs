//! Double entry: an entry that does not balance cannot be built.

use crate::account::Account;
use crate::ids::{EntryId, Mode, PaymentId};
use crate::money::Currency;
use crate::time::Timestamp;

/// What an entry records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// A payment was captured: the money is divided.
    Capture,
    /// An approval came that nobody should have paid: the money waits in suspense.
    UnwantedApproval,
    /// ... and went back to the payer.
    UnwantedReversal,
    /// A test wallet was given money.
    WalletFunding,
}

impl EntryKind {
    /// Every kind there is.
    pub const ALL: [Self; 4] =
        [Self::Capture, Self::UnwantedApproval, Self::UnwantedReversal, Self::WalletFunding];

    /// The word that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::UnwantedApproval => "unwanted_approval",
            Self::UnwantedReversal => "unwanted_reversal",
            Self::WalletFunding => "wallet_funding",
        }
    }
}

/// One line of an entry: above zero is owed to the account's owner, below zero is taken from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The account that moves.
    pub account: Account,
    /// By how much; never 0.
    pub amount_millimes: i64,
}

/// Lines that sum to zero, in one mode and one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Postings(Vec<Posting>);

impl Postings {
    /// Builds the lines of an entry.
    ///
    /// Lines that do not balance are a bug of ours and not somebody's mistake, so this panics: the
    /// lane answers that one command with "internal" and writes nothing of it.
    pub fn balanced(lines: Vec<Posting>) -> Self {
        assert!(lines.len() >= 2, "an entry has at least two lines");
        let first = lines[0].account;
        for line in &lines {
            assert!(line.amount_millimes != 0, "a line moves something");
            assert!(line.account.mode == first.mode, "test and live money never meet");
            assert!(line.account.currency == first.currency, "one currency an entry");
        }
        let sum: i128 = lines.iter().map(|line| i128::from(line.amount_millimes)).sum();
        assert!(sum == 0, "an entry sums to zero");
        Self(lines)
    }

    /// The lines, in order.
    pub fn lines(&self) -> &[Posting] {
        &self.0
    }

    /// The mode that all lines share.
    pub fn mode(&self) -> Mode {
        self.0[0].account.mode
    }

    /// The currency that all lines share.
    pub fn currency(&self) -> Currency {
        self.0[0].account.currency
    }
}

/// An entry of the journal. Never changed: a correction is a new entry that names the old.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    /// Its id, in the shard of what caused it.
    pub id: EntryId,
    /// What it records.
    pub kind: EntryKind,
    /// What caused it; unique among the entries of its kind.
    pub reference: String,
    /// The payment it belongs to, if any.
    pub payment: Option<PaymentId>,
    /// When.
    pub at: Timestamp,
    /// Its lines.
    pub postings: Postings,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{Account, AccountKind, Acquirer};
    use crate::ids::MerchantId;

    fn line(kind: AccountKind, mode: Mode, amount_millimes: i64) -> Posting {
        let merchant = MerchantId::parse("1").unwrap();
        Posting { account: Account::merchant(merchant, kind, mode, Currency::Tnd), amount_millimes }
    }

    #[test]
    #[should_panic(expected = "sums to zero")]
    fn an_entry_that_does_not_balance_cannot_be_built() {
        Postings::balanced(vec![
            line(AccountKind::Pending, Mode::Test, 5),
            line(AccountKind::Available, Mode::Test, -4),
        ]);
    }

    #[test]
    #[should_panic(expected = "never meet")]
    fn test_and_live_money_cannot_stand_in_one_entry() {
        Postings::balanced(vec![
            line(AccountKind::Pending, Mode::Test, 5),
            line(AccountKind::Pending, Mode::Live, -5),
        ]);
    }

    #[test]
    fn a_balanced_entry_knows_its_mode() {
        let clearing = Account::clearing(Acquirer::Sandbox, Mode::Test, Currency::Tnd);
        let lines = vec![
            line(AccountKind::Pending, Mode::Test, 5),
            Posting { account: clearing, amount_millimes: -5 },
        ];
        assert_eq!(Postings::balanced(lines).mode(), Mode::Test);
    }
}
