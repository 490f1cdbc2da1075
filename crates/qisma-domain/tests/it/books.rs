//! The entry of every money event, line by line (docs/ledger.md).

use qisma_domain::decide::record_reversal::ReversalReport;
use qisma_domain::journal::EntryKind;
use qisma_domain::merchant::MerchantStatus;
use qisma_domain::split::{LegRequest, Share};
use std::fmt::Write;

use crate::world::{RICH, World, amount, merchant, new_payment};

impl World {
    /// The lines of the entries of a kind, as the table shows them.
    fn table(&self, kind: EntryKind) -> String {
        let mut table = String::from("\n");
        let entries = self.entries.iter().filter(|entry| entry.kind == kind);
        for line in entries.flat_map(|entry| entry.postings.lines()) {
            // A wallet's id is drawn by chance; its kind says enough here.
            let owner = line.account.owner_text();
            let owner = owner.split(":wal_").next().expect("there is a first part");
            let amount = line.amount_millimes;
            let kind = line.account.kind.as_str();
            writeln!(table, "{amount:>7} {owner} {kind}").expect("a String takes all");
        }
        table
    }

    fn pay_by_card(&mut self) {
        self.start_card();
        self.report(1, self.approval(1));
    }

    fn pay_by_wallet(&mut self) {
        let sent = self.start_wallet(RICH);
        self.confirm(sent.code.expose());
    }
}

fn check(kind: EntryKind, story: impl FnOnce(&mut World), expected: &str) {
    let mut world = World::new();
    story(&mut world);
    assert_eq!(world.table(kind), expected);
}

#[test]
fn a_card_capture_is_owed_by_the_acquirer_and_pending_for_each_merchant() {
    check(
        EntryKind::Capture,
        World::pay_by_card,
        "
 -10000 acquirer:sandbox clearing
   8000 merchant:1234 pending
   2000 merchant:4321 pending
",
    );
}

#[test]
fn a_wallet_capture_is_available_at_once() {
    check(
        EntryKind::Capture,
        World::pay_by_wallet,
        "
 -10000 wallet wallet
   8000 merchant:1234 available
   2000 merchant:4321 available
",
    );
}

#[test]
fn a_share_that_cannot_be_received_is_parked() {
    check(
        EntryKind::Capture,
        |world| {
            world.start_card();
            world.status(1234, MerchantStatus::Suspended);
            world.report(1, world.approval(1));
        },
        "
 -10000 acquirer:sandbox clearing
   8000 merchant:1234 parked
   2000 merchant:4321 pending
",
    );
}

#[test]
fn what_is_left_and_the_callers_own_leg_are_one_line() {
    let mut new = new_payment();
    let share = Share::Fixed(amount(500));
    new.legs = vec![LegRequest { destination: merchant(1), share }];
    let mut world = World::with(new);
    world.pay_by_card();
    assert_eq!(
        world.table(EntryKind::Capture),
        "
 -10000 acquirer:sandbox clearing
  10000 merchant:1 pending
"
    );
}

#[test]
fn an_unwanted_approval_waits_in_suspense() {
    check(
        EntryKind::UnwantedApproval,
        |world| {
            world.start_card();
            world.cancel(Some(1));
            world.report(1, world.approval(1));
        },
        "
 -10000 acquirer:sandbox clearing
  10000 platform suspense
",
    );
}

#[test]
fn an_unwanted_approval_goes_back_the_way_it_came() {
    check(
        EntryKind::UnwantedReversal,
        |world| {
            world.start_card();
            world.cancel(Some(1));
            world.report(1, world.approval(1));
            world.reversal(1, ReversalReport::GivenBack);
        },
        "
 -10000 platform suspense
  10000 acquirer:sandbox clearing
",
    );
}

#[test]
fn a_test_wallets_money_comes_from_the_float() {
    check(
        EntryKind::WalletFunding,
        |_| {},
        "
-100000 platform wallet_float
 100000 wallet wallet
     -5 platform wallet_float
      5 wallet wallet
",
    );
}
