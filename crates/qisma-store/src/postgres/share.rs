//! What is whose: how many shards each gateway is due, and which it takes and gives up. Every gateway
//! comes to the same numbers from the same rows, so they need not speak with each other.

/// Shards in all, for ever.
pub(super) const SHARDS: usize = 256;

/// Later than this from now no lease ends, however long one may last (`workers.lease_secs` is 300 at
/// most): whoever wrote such a row had a wrong clock, and would keep the shard for as long.
pub(super) const EXPIRES_MAX_US: i64 = 310_000_000;

/// A gateway's id.
pub(super) type Node = [u8; 16];

/// A shard's row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lease {
    pub(super) shard: u8,
    pub(super) owner: Node,
    pub(super) expires_us: i64,
}

/// How many shards a gateway is due, and at which it begins to look for them: gateways that look for
/// some at once seldom want the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) count: usize,
    pub(super) first: usize,
}

impl Share {
    /// The share of one among those that are alive, which are in the order of their ids.
    pub(super) fn of(node: &Node, alive: &[Node]) -> Self {
        let Some(rank) = alive.iter().position(|other| other == node) else {
            return Self::default();
        };
        let (each, more) = (SHARDS / alive.len(), SHARDS % alive.len());
        let count = each + usize::from(rank < more);
        Self { count, first: rank * each + rank.min(more) }
    }

    /// Which of the shards that nobody holds are to be taken, at most `wanted`, in order. What stands
    /// in this gateway's own name without being held is of a claim whose answer was lost.
    pub(super) fn to_claim(
        self,
        node: &Node,
        leases: &[Lease],
        is_held: impl Fn(u8) -> bool,
        wanted: usize,
        now_us: i64,
    ) -> Vec<u8> {
        let is_free = |shard: &u8| {
            let row = leases.iter().find(|lease| lease.shard == *shard);
            let is_standing = |row: &Lease| {
                (now_us + 1..=now_us.saturating_add(EXPIRES_MAX_US)).contains(&row.expires_us)
            };
            let is_taken = |row: &Lease| is_standing(row) && row.owner != *node;
            !is_held(*shard) && !row.is_some_and(is_taken)
        };
        let mut order: Vec<u8> = (0..=u8::MAX).collect();
        order.rotate_left(self.first % SHARDS);
        let mut claimed: Vec<u8> = order.into_iter().filter(is_free).take(wanted).collect();
        claimed.sort_unstable();
        claimed
    }
}

/// A shard that is held, for whoever chooses what to give up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Giving {
    /// One that is on its way stays so, or it would never arrive.
    pub(super) is_staying: bool,
    /// One in which something is under way has to wait for its end.
    pub(super) is_in_use: bool,
    pub(super) shard: u8,
}

/// Which are given up, of those that are held.
pub(super) fn to_give_up(mut held: Vec<Giving>, share: usize) -> Vec<u8> {
    held.sort_unstable();
    let too_many = held.len().saturating_sub(share);
    held.into_iter().take(too_many).map(|giving| giving.shard).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: Node = [1; 16];
    const OTHER: Node = [2; 16];

    #[test]
    fn the_shares_of_any_number_of_gateways_are_all_shards_and_differ_by_one_at_most() {
        for nodes in 1..=9_u8 {
            let alive: Vec<Node> = (0..nodes).map(|number| [number; 16]).collect();
            let shares: Vec<Share> = alive.iter().map(|node| Share::of(node, &alive)).collect();
            let mut next = 0;
            for share in &shares {
                assert_eq!(share.first, next);
                next += share.count;
            }
            assert_eq!(next, SHARDS);
            assert!(shares[0].count - shares.last().unwrap().count <= 1);
        }
    }

    #[test]
    fn a_gateway_that_is_not_registered_is_due_nothing() {
        assert_eq!(Share::of(&ME, &[OTHER]), Share::default());
    }

    fn lease(shard: u8, owner: Node, expires_us: i64) -> Lease {
        Lease { shard, owner, expires_us }
    }

    #[test]
    fn what_nobody_holds_any_more_is_taken_and_nothing_else() {
        let leases: Vec<Lease> = (0..=u8::MAX)
            .map(|shard| match shard {
                3 => lease(3, OTHER, 100),
                4 => lease(4, ME, 101),
                5 => lease(5, ME, 101),
                _ => lease(shard, OTHER, 101),
            })
            .collect();
        let share = Share { count: 128, first: 0 };
        assert_eq!(share.to_claim(&ME, &leases, |shard| shard == 5, 128, 100), [3, 4]);
    }

    #[test]
    fn what_a_wrong_clock_has_taken_for_hours_is_free() {
        let of_a_wrong_clock = [lease(9, OTHER, 100 + EXPIRES_MAX_US + 1)];
        let of_a_right_one = [lease(9, OTHER, 100 + EXPIRES_MAX_US)];
        let share = Share { count: 256, first: 0 };
        let claims = |leases: &[Lease]| share.to_claim(&ME, leases, |_| false, 256, 100).len();
        assert_eq!((claims(&of_a_wrong_clock), claims(&of_a_right_one)), (256, 255));
    }

    #[test]
    fn a_gateway_begins_at_its_own_place_and_takes_no_more_than_it_wants() {
        let share = Share { count: 128, first: 254 };
        assert_eq!(share.to_claim(&ME, &[], |_| false, 3, 0), [0, 254, 255]);
    }

    #[test]
    fn what_is_on_its_way_goes_first_and_what_is_in_use_last() {
        let held = |shard, is_staying, is_in_use| Giving { is_staying, is_in_use, shard };
        let all = vec![held(1, true, true), held(2, true, false), held(3, false, true)];
        assert_eq!(to_give_up(all.clone(), 2), [3]);
        assert_eq!(to_give_up(all.clone(), 1), [3, 2]);
        assert_eq!(to_give_up(all, 3), Vec::<u8>::new());
    }
}
