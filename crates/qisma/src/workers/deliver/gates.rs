//! How much may be under way to each receiver, and in all. A receiver that is overloaded is sent
//! less at once, and one that fails again and again is probed with one call at a time.

use std::collections::{BTreeMap, BTreeSet};

use qisma_store::Receiver;

use super::turns::Owner;

/// Failures in a row after which a receiver is only probed.
const FAILURES_TO_OPEN: u32 = 5;

/// What a try says of its receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is there and answers: 2xx, or 410.
    Well,
    /// It asks for less: 429, 502, 503 or 504.
    Overloaded,
    /// It answered otherwise, or not at all.
    Failed,
    /// It was not called.
    NotCalled,
}

impl Verdict {
    /// What an HTTP status says.
    pub(super) const fn of_status(status: u16) -> Self {
        match status {
            200..=299 | 410 => Self::Well,
            429 | 502..=504 => Self::Overloaded,
            _ => Self::Failed,
        }
    }
}

/// One receiver's.
#[derive(Clone, Copy, Debug)]
struct Gate {
    under_way: usize,
    // From 1 to the most that any receiver may have.
    at_once_max: usize,
    failures_in_row: u32,
}

/// All receivers'. Whoever is not known is well.
#[derive(Debug)]
pub(super) struct Gates {
    per_receiver_max: usize,
    in_all_max: usize,
    under_way: usize,
    under_way_of: BTreeMap<Owner, usize>,
    known: BTreeMap<Receiver, Gate>,
}

impl Gate {
    fn free(&self) -> usize {
        let is_open_circuit = FAILURES_TO_OPEN <= self.failures_in_row;
        let at_once_max = if is_open_circuit { 1 } else { self.at_once_max };
        at_once_max.saturating_sub(self.under_way)
    }
}

impl Gates {
    /// Nothing is under way and everybody is well.
    pub(super) const fn new(per_receiver_max: usize, in_all_max: usize) -> Self {
        Self {
            per_receiver_max,
            in_all_max,
            under_way: 0,
            under_way_of: BTreeMap::new(),
            known: BTreeMap::new(),
        }
    }

    /// The most that may be under way to one receiver.
    pub(super) const fn per_receiver_max(&self) -> usize {
        self.per_receiver_max
    }

    /// The most that may be under way to one merchant's receivers. A quarter of all places is left to
    /// the others: were every one of them taken by receivers that hang, a turn would come too late.
    pub(super) const fn per_owner_max(&self) -> usize {
        self.in_all_max - self.in_all_max / 4
    }

    /// How many more may leave to the receivers of each merchant to whom something is under way.
    pub(super) fn free_by_owner(&self) -> BTreeMap<Owner, usize> {
        let free = |under_way: &usize| self.per_owner_max().saturating_sub(*under_way);
        self.under_way_of.iter().map(|(owner, under_way)| (*owner, free(under_way))).collect()
    }

    /// How many more may leave, to anybody.
    pub(super) const fn free_in_all(&self) -> usize {
        self.in_all_max.saturating_sub(self.under_way)
    }

    /// How many more may leave to each receiver that does not have all its places free.
    pub(super) fn free_by_receiver(&self) -> BTreeMap<Receiver, usize> {
        self.known.iter().map(|(receiver, gate)| (receiver.clone(), gate.free())).collect()
    }

    /// A delivery leaves.
    pub(super) fn begin(&mut self, receiver: &Receiver, owner: Owner) {
        let fresh = Gate { under_way: 0, at_once_max: self.per_receiver_max, failures_in_row: 0 };
        self.known.entry(receiver.clone()).or_insert(fresh).under_way += 1;
        *self.under_way_of.entry(owner).or_default() += 1;
        self.under_way += 1;
    }

    /// A delivery has come to an end.
    pub(super) fn end(&mut self, receiver: &Receiver, owner: Owner, verdict: Verdict) {
        let of_owner = self.under_way_of.get_mut(&owner).expect("what ends has begun");
        *of_owner -= 1;
        if *of_owner == 0 {
            self.under_way_of.remove(&owner);
        }
        let per_receiver_max = self.per_receiver_max;
        let gate = self.known.get_mut(receiver).expect("what ends has begun");
        gate.under_way -= 1;
        self.under_way -= 1;
        match verdict {
            Verdict::Well => {
                gate.failures_in_row = 0;
                gate.at_once_max = (gate.at_once_max + 1).min(per_receiver_max);
            }
            Verdict::Overloaded => {
                gate.failures_in_row = gate.failures_in_row.saturating_add(1);
                gate.at_once_max = (gate.at_once_max / 2).max(1);
            }
            Verdict::Failed => gate.failures_in_row = gate.failures_in_row.saturating_add(1),
            Verdict::NotCalled => {}
        }
        let is_fresh = gate.failures_in_row == 0 && gate.at_once_max == per_receiver_max;
        if gate.under_way == 0 && is_fresh {
            self.known.remove(receiver);
        }
    }

    /// Forgets receivers for whom nothing waits: anybody can invent webhooks without end.
    pub(super) fn forget_all_but(&mut self, waiting: &BTreeSet<Receiver>) {
        self.known.retain(|receiver, gate| 0 < gate.under_way || waiting.contains(receiver));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use qisma_domain::ids::AppId;

    fn receiver(name: &str) -> Receiver {
        (AppId::from_bytes([1; 16]), format!("https://{name}.example"))
    }

    fn free(gates: &Gates, name: &str) -> usize {
        gates.free_by_receiver().get(&receiver(name)).copied().unwrap_or(gates.per_receiver_max)
    }

    fn after(verdicts: &[Verdict]) -> Gates {
        let mut gates = Gates::new(8, 64);
        for verdict in verdicts {
            gates.begin(&receiver("a"), None);
            gates.end(&receiver("a"), None, *verdict);
        }
        gates
    }

    #[test]
    fn what_is_under_way_takes_a_place_of_its_receiver_and_one_of_all() {
        let mut gates = Gates::new(8, 64);
        gates.begin(&receiver("a"), None);
        assert_eq!((free(&gates, "a"), free(&gates, "b"), gates.free_in_all()), (7, 8, 63));
    }

    #[test]
    fn an_overloaded_receiver_gets_half_as_many_and_never_none() {
        for (count, expected) in [(1, 4), (2, 2), (3, 1), (4, 1)] {
            assert_eq!(free(&after(&vec![Verdict::Overloaded; count]), "a"), expected);
        }
    }

    #[test]
    fn a_receiver_that_is_well_again_gets_one_more_each_time() {
        let gates = after(&[Verdict::Overloaded, Verdict::Overloaded, Verdict::Well]);
        assert_eq!(free(&gates, "a"), 3);
    }

    #[test]
    fn after_five_failures_in_a_row_a_receiver_is_only_probed() {
        assert_eq!(free(&after(&[Verdict::Failed; 4]), "a"), 8);
        assert_eq!(free(&after(&[Verdict::Failed; 5]), "a"), 1);
    }

    #[test]
    fn one_answer_closes_the_circuit_again() {
        let mut verdicts = vec![Verdict::Failed; 5];
        verdicts.push(Verdict::Well);
        assert_eq!(free(&after(&verdicts), "a"), 8);
    }

    #[test]
    fn a_delivery_that_was_never_sent_says_nothing_of_its_receiver() {
        assert_eq!(free(&after(&[Verdict::NotCalled; 9]), "a"), 8);
    }

    #[test]
    fn a_quarter_of_all_places_is_never_one_merchants() {
        let mut gates = Gates::new(8, 64);
        for name in ["a", "b", "c", "d", "e", "f"] {
            for _ in 0..8 {
                gates.begin(&receiver(name), None);
            }
        }
        assert_eq!((gates.free_by_owner()[&None], gates.free_in_all()), (0, 16));
        gates.end(&receiver("a"), None, Verdict::Well);
        assert_eq!(gates.free_by_owner()[&None], 1);
    }

    #[test]
    fn receivers_for_whom_nothing_waits_are_forgotten() {
        let mut gates = after(&[Verdict::Failed]);
        gates.begin(&receiver("b"), None);
        gates.forget_all_but(&BTreeSet::new());
        assert_eq!(gates.known.keys().collect::<Vec<_>>(), [&receiver("b")]);
    }
}
