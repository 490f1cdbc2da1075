//! Add lines of the journal to their accounts after they were written, and then let them no longer
//! wait for it. The two are apart because accounts and entries are in different shards; a crash between
//! them repeats the first, which adds nothing twice.

use rand_core::Rng;
use std::convert::Infallible;

use super::Decide;
use crate::changes::Changes;
use crate::hold::HoldState;
use crate::journal::{LineKey, UnfoldedLine};
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Add lines to accounts of one shard.
#[derive(Clone, Debug)]
pub struct FoldLines {
    /// The lines, none of them twice.
    pub lines: Vec<UnfoldedLine>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folded {
    /// The lines that are in their accounts' balances, now or before.
    pub done: Vec<LineKey>,
    /// Those that take money which nothing reserves: a bug of ours, and they wait.
    pub left: Vec<LineKey>,
}

impl Decide for FoldLines {
    type Answer = Folded;
    type Refusal = Infallible;

    fn keys(&self, keys: &mut Keys) {
        keys.folded.extend(self.lines.iter().map(|line| (line.account.id(), line.key)));
        keys.unfolded.extend(self.lines.iter().map(|line| line.key));
        keys.holds.extend(self.lines.iter().filter_map(|line| line.hold));
    }

    fn decide(
        &self,
        see: &Snapshot,
        _now: Timestamp,
        _rng: &mut dyn Rng,
    ) -> Result<(Folded, Changes), Infallible> {
        let mut changes = Changes::none();
        let mut folded = Folded { done: vec![], left: vec![] };
        for line in &self.lines {
            if see.folded.contains(&(line.account.id(), line.key)) {
                folded.done.push(line.key);
                continue;
            }
            // Whoever read it may have read what a failover has undone since.
            if !see.unfolded.contains(&line.key) {
                continue;
            }
            if let Some(id) = line.hold {
                let is_its = |state, millimes: i64| {
                    // A capture of a part takes less: the rest of the hold is free again with it.
                    state == HoldState::Open && -line.amount_millimes <= millimes
                };
                let hold = see.holds.get(&id);
                let Some(hold) = hold.filter(|hold| is_its(hold.state, hold.amount.millimes()))
                else {
                    folded.left.push(line.key);
                    continue;
                };
                changes.holds.push(hold.ended(HoldState::Posted));
            }
            changes.folded.push(*line);
            folded.done.push(line.key);
        }
        Ok((folded, changes))
    }
}

/// Let lines of one shard no longer wait for their fold.
#[derive(Clone, Debug)]
pub struct ForgetUnfolded {
    /// The lines, which are in their accounts' balances.
    pub lines: Vec<LineKey>,
}

impl Decide for ForgetUnfolded {
    type Answer = ();
    type Refusal = Infallible;

    fn keys(&self, keys: &mut Keys) {
        keys.unfolded.extend(&self.lines);
    }

    fn decide(
        &self,
        see: &Snapshot,
        _now: Timestamp,
        _rng: &mut dyn Rng,
    ) -> Result<((), Changes), Infallible> {
        let waits = |line: &&LineKey| see.unfolded.contains(line);
        let no_longer_unfolded = self.lines.iter().filter(waits).copied().collect();
        Ok(((), Changes { no_longer_unfolded, ..Changes::none() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Account;
    use crate::hold::Hold;
    use crate::ids::{EntryId, HoldId, Mode, PaymentId, WalletId};
    use crate::money::{Amount, Currency};
    use rand::SeedableRng;

    const HOLD: HoldId = HoldId::from_bytes([5; 16]);

    fn debit() -> UnfoldedLine {
        UnfoldedLine {
            key: LineKey { entry: EntryId::from_bytes([1; 16]), line: 1 },
            account: Account::wallet(WalletId::from_bytes([2; 16]), Mode::Test, Currency::Tnd),
            amount_millimes: -10,
            hold: Some(HOLD),
            at: Timestamp::from_secs(1),
        }
    }

    fn hold(millimes: i64, state: HoldState) -> Hold {
        Hold {
            id: HOLD,
            account: debit().account,
            amount: Amount::from_millimes(millimes).unwrap(),
            payment: PaymentId::from_bytes([3; 16]),
            attempt: 1,
            state,
            opened_at: Timestamp::from_secs(1),
            look_at: Timestamp::from_secs(1),
            version: 1,
        }
    }

    fn seeing_that_it_waits() -> Snapshot {
        let mut see = Snapshot::default();
        see.unfolded.insert(debit().key);
        see
    }

    fn fold(see: &Snapshot) -> (Folded, Changes) {
        let mut rng = rand::rngs::StdRng::seed_from_u64(1);
        let command = FoldLines { lines: vec![debit()] };
        command.decide(see, Timestamp::from_secs(2), &mut rng).unwrap()
    }

    #[test]
    fn a_debit_turns_its_hold_into_the_posting() {
        let mut see = seeing_that_it_waits();
        see.holds.insert(HOLD, hold(10, HoldState::Open));
        let (folded, changes) = fold(&see);
        assert_eq!(folded, Folded { done: vec![debit().key], left: vec![] });
        let held = hold(10, HoldState::Open).ended(HoldState::Posted);
        assert_eq!((changes.folded, changes.holds), (vec![debit()], vec![held]));
    }

    #[test]
    fn a_debit_of_a_part_ends_the_whole_hold() {
        let mut see = seeing_that_it_waits();
        see.holds.insert(HOLD, hold(11, HoldState::Open));
        let (folded, changes) = fold(&see);
        let held = hold(11, HoldState::Open).ended(HoldState::Posted);
        assert_eq!((folded.done, changes.holds), (vec![debit().key], vec![held]));
    }

    #[test]
    fn a_debit_that_was_folded_is_done_and_changes_nothing() {
        let mut see = seeing_that_it_waits();
        see.holds.insert(HOLD, hold(10, HoldState::Posted));
        see.folded.insert((debit().account.id(), debit().key));
        let (folded, changes) = fold(&see);
        assert_eq!((folded.done, changes), (vec![debit().key], Changes::none()));
    }

    #[test]
    fn a_debit_that_nothing_holds_is_left() {
        let holds = [None, Some(hold(9, HoldState::Open)), Some(hold(10, HoldState::Released))];
        for held in holds {
            let mut see = seeing_that_it_waits();
            see.holds.extend(held.map(|hold| (HOLD, hold)));
            let (folded, changes) = fold(&see);
            assert_eq!((folded.left, changes), (vec![debit().key], Changes::none()));
        }
    }

    #[test]
    fn a_line_that_does_not_wait_is_not_added() {
        let mut see = Snapshot::default();
        see.holds.insert(HOLD, hold(10, HoldState::Open));
        let (folded, changes) = fold(&see);
        assert_eq!((folded, changes), (Folded { done: vec![], left: vec![] }, Changes::none()));
    }
}
