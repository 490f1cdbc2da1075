//! Double entry: an entry that does not balance cannot be built.

use crate::account::Account;
use crate::ids::{EntryId, HoldId, Mode, PaymentId};
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
    /// A refund took its parts from the merchants.
    Refund,
    /// ... and the payer has them.
    RefundPaid,
    /// ... and the acquirer refused: the merchants have them again.
    RefundFailed,
}

impl EntryKind {
    /// Every kind there is.
    pub const ALL: [Self; 7] = [
        Self::Capture,
        Self::UnwantedApproval,
        Self::UnwantedReversal,
        Self::WalletFunding,
        Self::Refund,
        Self::RefundPaid,
        Self::RefundFailed,
    ];

    /// The word that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::UnwantedApproval => "unwanted_approval",
            Self::UnwantedReversal => "unwanted_reversal",
            Self::WalletFunding => "wallet_funding",
            Self::Refund => "refund",
            Self::RefundPaid => "refund_paid",
            Self::RefundFailed => "refund_failed",
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

impl Posting {
    /// Whether it takes from an account that may not fall below zero.
    pub const fn takes_what_must_be_there(&self) -> bool {
        self.amount_millimes < 0 && !self.account.kind.may_be_negative()
    }
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

/// When an entry's lines are added to the balances (ADR 0018).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoldAt {
    /// In the transaction that writes the entry.
    Commit,
    /// Afterwards, by a worker: the lines wait in the entry's shard until then.
    Later {
        /// What reserves the money that the entry takes; the fold turns it into the posting.
        hold: Option<HoldId>,
    },
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
    /// When they are added to the balances.
    pub fold: FoldAt,
}

impl JournalEntry {
    /// Leaves the fold to the worker, unless the entry takes what nothing reserves: that is guarded in
    /// the transaction that writes it, or an account could be overdrawn before anybody sees it. Money
    /// that an operator gives to a test wallet is there at once: no hot account is worth a wait.
    pub fn defer(&mut self) {
        let is_given = self.kind == EntryKind::WalletFunding;
        let takes = self.postings.lines().iter().any(Posting::takes_what_must_be_there);
        if self.fold == FoldAt::Commit && !takes && !is_given {
            self.fold = FoldAt::Later { hold: None };
        }
    }

    /// The lines that wait for their fold, numbered as they are stored.
    pub fn unfolded_lines(&self) -> impl Iterator<Item = UnfoldedLine> {
        let later = match self.fold {
            FoldAt::Commit => None,
            FoldAt::Later { hold } => Some(hold),
        };
        later.into_iter().flat_map(move |hold| {
            (1_i64..).zip(self.postings.lines()).map(move |(line, posting)| UnfoldedLine {
                key: LineKey { entry: self.id, line },
                account: posting.account,
                amount_millimes: posting.amount_millimes,
                hold: hold.filter(|_| posting.takes_what_must_be_there()),
                at: self.at,
            })
        })
    }
}

/// A line of the journal: its entry, and its place in it, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineKey {
    /// The entry.
    pub entry: EntryId,
    /// The line's number.
    pub line: i64,
}

/// A line that is in the journal and may not be in its account's balance yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnfoldedLine {
    /// Which one.
    pub key: LineKey,
    /// The account that moves.
    pub account: Account,
    /// By how much.
    pub amount_millimes: i64,
    /// What has reserved the money that the line takes.
    pub hold: Option<HoldId>,
    /// When its entry was written.
    pub at: Timestamp,
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

    fn entry(taken_from: AccountKind) -> JournalEntry {
        JournalEntry {
            id: EntryId::from_bytes([3; 16]),
            kind: EntryKind::Capture,
            reference: "a test".into(),
            payment: None,
            at: Timestamp::from_secs(1),
            postings: Postings::balanced(vec![
                line(taken_from, Mode::Test, -5),
                line(AccountKind::Pending, Mode::Test, 5),
            ]),
            fold: FoldAt::Commit,
        }
    }

    #[test]
    fn what_only_adds_to_guarded_accounts_may_be_folded_later() {
        let mut entry = entry(AccountKind::Debt);
        entry.defer();
        assert_eq!(entry.fold, FoldAt::Later { hold: None });
        assert_eq!(entry.unfolded_lines().count(), 2);
    }

    #[test]
    fn what_takes_money_that_nothing_reserves_is_folded_at_once() {
        let mut entry = entry(AccountKind::Available);
        entry.defer();
        assert_eq!((entry.fold, entry.unfolded_lines().count()), (FoldAt::Commit, 0));
    }

    #[test]
    fn only_the_line_that_takes_names_what_was_reserved_for_it() {
        let hold = Some(HoldId::from_bytes([4; 16]));
        let entry = JournalEntry { fold: FoldAt::Later { hold }, ..entry(AccountKind::Available) };
        let holds: Vec<_> = entry.unfolded_lines().map(|line| line.hold).collect();
        assert_eq!(holds, [hold, None]);
    }
}
