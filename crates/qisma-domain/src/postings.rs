//! Which entry each money event writes (docs/ledger.md shows the same as a table).

use std::collections::{BTreeMap, BTreeSet};

use crate::account::{Account, AccountKind, Acquirer};
use crate::ids::{MerchantId, WalletId};
use crate::journal::{Posting, Postings};
use crate::money::Amount;
use crate::payment::Payment;
use crate::refund::Refund;
use crate::wallet::Wallet;

/// Where the money of a capture comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A card: the acquirer owes it to us until it settles, so shares are *pending*.
    Card(Acquirer),
    /// A wallet: the money is here, so shares are *available* at once.
    Wallet(WalletId),
}

/// The lines of a capture: the source gives what is captured, each leg's merchant is credited its share
/// of that, which the legs have been told before, less what it bears of fee and tax, and the gateway's
/// operator gets those. A merchant that can no longer receive is credited in its *parked* account:
/// approved money is never refused (semantics: `mode: park`).
///
/// With the merchants to park comes what the platform has available for what no share has of the fee;
/// the rest becomes its debt.
pub fn of_capture(
    payment: &Payment,
    captured: Amount,
    source: Source,
    (parked, platform_has_millimes): (&BTreeSet<MerchantId>, i64),
) -> Postings {
    let (from, credited) = match source {
        Source::Card(acquirer) => (clearing_of(payment, acquirer), AccountKind::Pending),
        Source::Wallet(wallet) => {
            (Account::wallet(wallet, payment.mode, payment.currency), AccountKind::Available)
        }
    };
    // A merchant may hold a leg and the remainder: one line an account keeps the fold simple.
    let mut shares: BTreeMap<Account, i64> = BTreeMap::new();
    for (leg, net) in payment.legs.iter().zip(payment.net_legs()) {
        let kind = if parked.contains(&leg.destination) { AccountKind::Parked } else { credited };
        let account = Account::merchant(leg.destination, kind, payment.mode, payment.currency);
        let share = shares.entry(account).or_default();
        *share = share.checked_add(net.millimes()).expect("at most 51 legs of 10^12");
    }
    for (account, millimes) in fee_lines(payment, platform_has_millimes) {
        let share = shares.entry(account).or_default();
        *share = share.checked_add(millimes).expect("a fee and its tax are below 10^13");
    }
    shares.retain(|_, millimes| *millimes != 0);
    let mut lines = vec![Posting { account: from, amount_millimes: -captured.millimes() }];
    lines.extend(
        shares.into_iter().map(|(account, amount_millimes)| Posting { account, amount_millimes }),
    );
    Postings::balanced(lines)
}

/// Who gets fee and tax, and what the platform gives for them beside its share.
fn fee_lines(payment: &Payment, platform_has_millimes: i64) -> Vec<(Account, i64)> {
    let Some(plan) = &payment.fee_plan else { return vec![] };
    let charge = plan.charge(payment.shared());
    let own = |kind| Account::merchant(payment.merchant, kind, payment.mode, payment.currency);
    let rest = payment.borne().rest_millimes;
    let from_available = rest.min(platform_has_millimes.max(0));
    let operators = |kind| {
        let account = Account::platform(kind, payment.mode, payment.currency);
        account.in_stripe_of(payment.id.shard())
    };
    vec![
        (own(AccountKind::Available), -from_available),
        (own(AccountKind::Debt), from_available - rest),
        (operators(AccountKind::Fees), charge.fee_millimes),
        (operators(AccountKind::Tax), charge.tax_millimes),
    ]
}

/// The lines of a settlement: what is still pending of a payment's shares is available. None: nothing is,
/// because it was given back, or waits where its merchant cannot have it.
pub fn of_settlement(payment: &Payment, pending: &BTreeMap<MerchantId, i64>) -> Option<Postings> {
    let moves = pending.iter().filter(|(_, millimes)| **millimes != 0);
    let lines: Vec<Posting> = moves
        .flat_map(|(merchant, &millimes)| {
            let of = |kind| Account::merchant(*merchant, kind, payment.mode, payment.currency);
            let line = |kind, amount_millimes| Posting { account: of(kind), amount_millimes };
            [line(AccountKind::Pending, -millimes), line(AccountKind::Available, millimes)]
        })
        .collect();
    (!lines.is_empty()).then(|| Postings::balanced(lines))
}

/// The lines of an approval that nobody should have paid: the acquirer holds money of the payer.
pub fn of_unwanted_approval(payment: &Payment, acquirer: Acquirer) -> Postings {
    pair(clearing_of(payment, acquirer), suspense_of(payment), payment.amount)
}

/// The lines of that money's way back: the mirror of [`of_unwanted_approval`].
pub fn of_unwanted_reversal(payment: &Payment, acquirer: Acquirer) -> Postings {
    pair(suspense_of(payment), clearing_of(payment, acquirer), payment.amount)
}

/// The lines of a refund that is made: each part is taken from its merchant, what that merchant lacks
/// becomes its debt, and all of it waits until the payer has it.
pub fn of_refund(payment: &Payment, refund: &Refund) -> Postings {
    refund_between(payment, refund, -1)
}

/// The lines of a refund that the acquirer refuses: the mirror of [`of_refund`], account by account. What
/// was pending then and is settled by now is available: nothing would ever move it from *pending* again.
pub fn of_refund_failed(payment: &Payment, refund: &Refund) -> Postings {
    refund_between(payment, refund, 1)
}

/// The lines of a refund that has reached the payer: whoever gave the money has it again.
pub fn of_refund_paid(payment: &Payment, refund: &Refund, source: Source) -> Postings {
    let to = match source {
        Source::Card(acquirer) => clearing_of(payment, acquirer),
        Source::Wallet(wallet) => Account::wallet(wallet, payment.mode, payment.currency),
    };
    pair(refund_clearing_of(payment), to, refund.amount)
}

fn refund_between(payment: &Payment, refund: &Refund, sign: i64) -> Postings {
    let mut shares: BTreeMap<Account, i64> = BTreeMap::new();
    for part in &refund.parts {
        let sources = [
            (part.credited_to, part.from_credited),
            (AccountKind::Available, part.from_available),
            (AccountKind::Debt, part.from_debt),
        ];
        for (kind, amount) in sources.into_iter().filter(|(_, amount)| !amount.is_zero()) {
            let comes_back = kind == AccountKind::Pending && 0 < sign && payment.is_settled();
            let kind = if comes_back { AccountKind::Available } else { kind };
            let account = Account::merchant(part.destination, kind, payment.mode, payment.currency);
            let share = shares.entry(account).or_default();
            let moved = sign * amount.millimes();
            *share = share.checked_add(moved).expect("at most 51 legs of 10^12");
        }
    }
    let waiting = -sign * refund.amount.millimes();
    let mut lines =
        vec![Posting { account: refund_clearing_of(payment), amount_millimes: waiting }];
    lines.extend(
        shares.into_iter().map(|(account, amount_millimes)| Posting { account, amount_millimes }),
    );
    Postings::balanced(lines)
}

/// The lines of a test wallet's money.
pub fn of_wallet_funding(wallet: &Wallet, amount: Amount) -> Postings {
    let to = wallet.account();
    let float = Account::platform(AccountKind::WalletFloat, to.mode, to.currency);
    pair(float.in_stripe_of(wallet.id.shard()), to, amount)
}

fn clearing_of(payment: &Payment, acquirer: Acquirer) -> Account {
    let clearing = Account::clearing(acquirer, payment.mode, payment.currency);
    clearing.in_stripe_of(payment.id.shard())
}

fn refund_clearing_of(payment: &Payment) -> Account {
    let clearing = Account::platform(AccountKind::RefundClearing, payment.mode, payment.currency);
    clearing.in_stripe_of(payment.id.shard())
}

fn suspense_of(payment: &Payment) -> Account {
    let suspense = Account::platform(AccountKind::Suspense, payment.mode, payment.currency);
    suspense.in_stripe_of(payment.id.shard())
}

fn pair(from: Account, to: Account, amount: Amount) -> Postings {
    Postings::balanced(vec![
        Posting { account: from, amount_millimes: -amount.millimes() },
        Posting { account: to, amount_millimes: amount.millimes() },
    ])
}
