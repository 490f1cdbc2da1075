//! Keeps a gateway's share of the shards on a server, beat by beat, on a connection of its own. Nothing
//! is locked for longer than a statement, and no clock but the gateways' own counts.

mod clock;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use qisma_domain::time::Timestamp;
use rand_core::Rng;
use tokio::sync::watch;

use self::table::{Table, Wish};
use super::connection::Connection;
use super::share::{Giving, Lease, Node, Share, to_give_up};
use super::target::Target;
use super::trouble::Trouble;
use crate::leases::{LeaseOptions, Shards, Tenure};

/// Until the next beat, while this gateway has less than its share, or gives something up, or after a
/// failure.
const SOON_SECS: i64 = 1;
/// A gateway that was not heard of for so long is forgotten.
const FORGET_SECS: i64 = 86_400;
/// How often a beat that another transaction was in the way of is done again at once.
const CONFLICTS_MAX: u32 = 3;

type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The keeper of a gateway's shards.
pub struct Keeper {
    target: Target,
    node: Node,
    options: LeaseOptions,
    now: Now,
    line: Mutex<Line>,
    held: Mutex<BTreeMap<u8, Holding>>,
    /// When the last beat was and when the next one is due, for whoever must not wait to ask.
    last_us: AtomicI64,
    next_us: AtomicI64,
    off_us: AtomicI64,
    is_shared: AtomicBool,
    /// It wants no share any more, and keeps what is in use.
    is_retiring: AtomicBool,
    has_ended: AtomicBool,
    changes: watch::Sender<u64>,
}

/// What one beat at a time uses.
#[derive(Default)]
struct Line {
    connection: Option<Connection>,
    has_begun: bool,
}

struct Holding {
    tenure: Arc<Tenure>,
    /// It is too much: nothing more is begun in it, and it goes when nothing is under way in it.
    is_leaving: bool,
}

impl Holding {
    fn is_ours(&self, now: Timestamp) -> bool {
        !self.is_leaving && self.tenure.holds(now)
    }

    fn is_in_use(&self) -> bool {
        1 < Arc::strong_count(&self.tenure)
    }
}

impl Keeper {
    /// One that has no shards yet and has not been heard of.
    pub fn new(target: &Target, options: LeaseOptions, now: Now, rng: &mut dyn Rng) -> Self {
        let mut node = [0; 16];
        rng.fill_bytes(&mut node);
        Self {
            target: target.clone(),
            node,
            options,
            now,
            line: Mutex::default(),
            held: Mutex::default(),
            last_us: AtomicI64::new(i64::MIN),
            next_us: AtomicI64::new(i64::MIN),
            off_us: AtomicI64::new(0),
            is_shared: AtomicBool::new(false),
            is_retiring: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
            changes: watch::Sender::new(0),
        }
    }

    /// Where changes are told.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// What is this gateway's by its own clock.
    pub fn owned(&self) -> Shards {
        let (now, held) = ((self.now)(), self.held());
        let ours = held.iter().filter(|(_, one)| one.is_ours(now));
        Shards::of(ours.map(|(shard, one)| (*shard, one.tenure.clone())).collect())
    }

    fn ours_at(&self, now: Timestamp) -> BTreeSet<u8> {
        let held = self.held();
        held.iter().filter(|(_, one)| one.is_ours(now)).map(|(shard, _)| *shard).collect()
    }

    /// Whether other gateways were heard of at the last beat.
    pub fn is_shared(&self) -> bool {
        self.is_shared.load(Ordering::Relaxed)
    }

    /// By how much the clock is off, if that is too much.
    pub fn clock_is_off(&self) -> Option<i64> {
        Some(self.off_us.load(Ordering::Relaxed)).filter(|off_us| *off_us != 0)
    }

    /// Does a beat if one is due, and says when the next one is.
    pub async fn keep(self: Arc<Self>) -> Timestamp {
        if self.is_due((self.now)()) {
            let keeper = self.clone();
            // It fails only after a panic, which has been reported by then.
            let _ = tokio::task::spawn_blocking(move || keeper.beat_if_due()).await;
        }
        Timestamp::from_micros(self.next_us.load(Ordering::SeqCst))
    }

    /// Wants no share any more from now on; what is in use is kept until it is not. Whoever calls it
    /// goes on to [`Self::keep`] until [`Self::is_any_in_use`] says no.
    pub fn retire(&self) {
        self.is_retiring.store(true, Ordering::SeqCst);
        self.next_us.store(i64::MIN, Ordering::SeqCst);
    }

    /// Whether something is under way in some shard. What is not in use is not waited for: while the
    /// server cannot be reached it could not be given up, and its lease ends by itself.
    pub fn is_any_in_use(&self) -> bool {
        self.held().values().any(Holding::is_in_use)
    }

    fn is_due(&self, now: Timestamp) -> bool {
        // After a clock was set back, what was planned by it is worth nothing.
        self.next_us.load(Ordering::SeqCst) <= now.micros()
            || now.micros() < self.last_us.load(Ordering::SeqCst)
    }

    fn beat_if_due(&self) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (self.now)();
        if self.has_ended.load(Ordering::SeqCst) || !self.is_due(now) {
            return;
        }
        // By number: to keep what is held would be to use it, and what is used is not given up.
        let (before, was_shared) = (self.ours_at(now), self.is_shared());
        let next = self.beat(&mut line, now).unwrap_or_else(|why| {
            tracing::warn!(why, "the shares of the gateways could not be kept; trying again");
            line.connection = None;
            // From now, not from when it began: failing may have taken longer than that.
            (self.now)().plus_secs(SOON_SECS)
        });
        self.last_us.store(now.micros(), Ordering::SeqCst);
        self.next_us.store(next.micros(), Ordering::SeqCst);
        let has_more = !self.ours_at((self.now)()).is_subset(&before);
        // Whoever sleeps as one who is alone would not hear of what the others commit.
        if has_more || self.is_shared() != was_shared {
            self.changes.send_modify(|count| *count = count.wrapping_add(1));
        }
    }

    fn beat(&self, line: &mut Line, now: Timestamp) -> Result<Timestamp, String> {
        line.has_begun = true;
        let connection = match line.connection.take().filter(|open| !open.is_closed()) {
            Some(connection) => connection,
            None => Connection::open(&self.target).map_err(|error| error.to_string())?,
        };
        let mut done = self.beat_on(&Table::new(&connection, self.node), now);
        for _ in 0..CONFLICTS_MAX {
            if !matches!(done, Err(Trouble::Conflict(_))) {
                break;
            }
            done = self.beat_on(&Table::new(&connection, self.node), now);
        }
        line.connection = Some(connection);
        done.map_err(|trouble| trouble.to_string())
    }

    fn beat_on(&self, table: &Table<'_>, now: Timestamp) -> Result<Timestamp, Trouble> {
        if self.options.clock_must_agree {
            self.compare_clocks(table)?;
        }
        let is_off = self.clock_is_off().is_some();
        if self.is_retiring.load(Ordering::SeqCst) {
            table.forget_node(now.plus_secs(-FORGET_SECS))?;
        } else if !is_off {
            table.put_node(now)?;
        }
        let alive = table.alive(now.plus_micros(-self.lease_us()))?;
        let leases = table.leases()?;
        self.is_shared.store(alive.iter().any(|node| *node != self.node), Ordering::Relaxed);
        // A gateway that is not among them is due nothing.
        let share = if is_off { Share::default() } else { Share::of(&self.node, &alive) };
        let is_giving_up = self.renew(table, share, now)?;
        let wants_more = self.claim(table, share, &leases, now)?;
        Ok(self.next_beat(&leases, is_giving_up || wants_more, now))
    }

    /// A third of the lease from now, or sooner: when another gateway's lease ends that it does not
    /// renew, its work must not wait for our next beat too.
    fn next_beat(&self, leases: &[Lease], is_soon: bool, now: Timestamp) -> Timestamp {
        let period_us = if is_soon { SOON_SECS * 1_000_000 } else { self.lease_us() / 3 };
        let own = now.plus_micros(period_us);
        let is_others =
            |lease: &&Lease| lease.owner != self.node && now.micros() < lease.expires_us;
        let ends = leases.iter().filter(is_others).map(|lease| lease.expires_us).min();
        ends.map_or(own, |ends_us| own.min(Timestamp::from_micros(ends_us)))
    }

    /// In every beat: a clock that has jumped ahead would see leases end that others still hold.
    fn compare_clocks(&self, table: &Table<'_>) -> Result<(), Trouble> {
        let before = (self.now)().micros();
        let server = table.time()?;
        let after = (self.now)().micros();
        let off_us = clock::behind_us(before, server, after);
        let was_off = self.clock_is_off().is_some();
        let is_off = clock::is_too_much(off_us);
        self.off_us.store(if is_off { off_us } else { 0 }, Ordering::Relaxed);
        if is_off {
            tracing::error!(
                behind_millis = off_us / 1_000,
                "this machine's clock and the database server's differ by more than 500 ms: no work \
                 is taken until they agree; set both by NTP"
            );
        } else if was_off {
            tracing::info!("this machine's clock agrees with the database server's again");
        }
        Ok(())
    }

    /// Renews what is held, and gives up what is too much and not in use. Says whether more is still to
    /// be given up.
    fn renew(&self, table: &Table<'_>, share: Share, now: Timestamp) -> Result<bool, Trouble> {
        let (kept, gone, is_giving_up) = self.part(share);
        let until_us = now.micros().saturating_add(self.lease_us());
        // What a wrong clock would write might stand for hours. What is under way is still fenced.
        let may_renew = self.clock_is_off().is_none();
        let renewed = kept.values().filter(|_| may_renew).map(|one| Wish::of(one, until_us));
        let mut wishes: Vec<Wish> =
            renewed.chain(gone.values().map(|one| Wish::of(one, 0))).collect();
        // The order in which whoever locks several of them does.
        wishes.sort_unstable_by_key(|wish| wish.shard);
        if wishes.is_empty() {
            return Ok(is_giving_up);
        }
        let renewed = table.renew(&wishes)?;
        let mut held = self.held();
        let mut lost = 0;
        for (shard, tenure) in kept.iter().filter(|_| may_renew) {
            if renewed.contains(shard) {
                tenure.renew(now);
            } else {
                tenure.end();
                held.remove(shard);
                lost += 1;
            }
        }
        // Only now: had the statement failed, they would have to be given up once more.
        held.retain(|shard, _| !gone.contains_key(shard));
        if 0 < lost {
            tracing::warn!(
                lost,
                "another gateway has taken shards over: this one was not heard of"
            );
        }
        Ok(is_giving_up)
    }

    /// What is kept, what goes now, and whether something else is to go later. Nothing is begun in
    /// what goes.
    fn part(&self, share: Share) -> (Tenures, Tenures, bool) {
        let mut held = self.held();
        let giving = held.iter().map(|(shard, one)| Giving {
            is_staying: !one.is_leaving,
            is_in_use: one.is_in_use(),
            shard: *shard,
        });
        let too_many: BTreeSet<u8> =
            to_give_up(giving.collect(), share.count).into_iter().collect();
        let (mut kept, mut gone) = (Tenures::new(), Tenures::new());
        for (shard, one) in held.iter_mut() {
            one.is_leaving = too_many.contains(shard);
            let goes = one.is_leaving && !one.is_in_use();
            if goes {
                one.tenure.end();
            }
            let of = if goes { &mut gone } else { &mut kept };
            of.insert(*shard, one.tenure.clone());
        }
        let is_giving_up = gone.len() < too_many.len();
        (kept, gone, is_giving_up)
    }

    /// Takes what is free up to the share. Says whether there was not enough.
    fn claim(
        &self,
        table: &Table<'_>,
        share: Share,
        leases: &[Lease],
        now: Timestamp,
    ) -> Result<bool, Trouble> {
        let held: BTreeSet<u8> = self.held().keys().copied().collect();
        let wanted = share.count.saturating_sub(held.len());
        let is_held = |shard| held.contains(&shard);
        let shards = share.to_claim(&self.node, leases, is_held, wanted, now.micros());
        if shards.is_empty() {
            return Ok(0 < wanted);
        }
        let until_us = now.micros().saturating_add(self.lease_us());
        let claimed = table.claim(&shards, until_us, now)?;
        let count = claimed.len();
        let mut held = self.held();
        for (shard, epoch) in claimed {
            let tenure = Tenure::new(shard, self.node, epoch, self.lease_us());
            tenure.renew(now);
            held.insert(shard, Holding { tenure: Arc::new(tenure), is_leaving: false });
        }
        tracing::info!(
            claimed = count,
            held = held.len(),
            share = share.count,
            "shards were taken"
        );
        Ok(count < wanted)
    }

    /// Gives everything up at once, so that others need not wait for the end of the leases.
    pub fn end(&self) {
        // Before the lock: whoever waits for it to do a beat must not do it any more.
        self.has_ended.store(true, Ordering::SeqCst);
        self.next_us.store(i64::MAX, Ordering::SeqCst);
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        self.next_us.store(i64::MAX, Ordering::SeqCst);
        let held = std::mem::take(&mut *self.held());
        for one in held.values() {
            one.tenure.end();
        }
        if !line.has_begun {
            return;
        }
        let gone: Vec<Wish> = held.values().map(|one| Wish::of(&one.tenure, 0)).collect();
        let forget = (self.now)().plus_secs(-FORGET_SECS);
        let ended = line.connection.take().map(|connection| {
            let table = Table::new(&connection, self.node);
            table.renew(&gone)?;
            table.forget_node(forget)
        });
        if let Some(Err(trouble)) = ended {
            tracing::warn!(%trouble, "the shards could not be handed over; others take them later");
        }
    }

    const fn lease_us(&self) -> i64 {
        self.options.lease_secs.saturating_mul(1_000_000)
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<u8, Holding>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Tenures = BTreeMap<u8, Arc<Tenure>>;
