//! Keeps a gateway's share of the shards on a server, beat by beat, on a connection of its own. Nothing
//! is locked for longer than a statement, and no clock but the gateways' own counts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use qisma_domain::time::Timestamp;
use rand_core::Rng;
use tokio::sync::watch;

use super::connection::Connection;
use super::param::{Id, Param};
use super::sets;
use super::share::{Giving, Lease, Node, Share, to_give_up};
use super::target::Target;
use super::trouble::Trouble;
use crate::leases::{LeaseOptions, Shards, Tenure};
use crate::row::Row;

/// The most that a gateway's clock may differ from the server's.
const CLOCK_OFF_MAX_US: i64 = 500_000;
const CLOCK_PERIOD_SECS: i64 = 60;
/// Until the next beat, while this gateway has less than its share, or gives something up, or after a
/// failure.
const SOON_SECS: i64 = 1;
/// A gateway that was not heard of for so long is forgotten.
const FORGET_SECS: i64 = 86_400;
/// How often a beat that another transaction was in the way of is done again at once.
const CONFLICTS_MAX: u32 = 3;
/// The server's clock, in microseconds. Only compared with: no statement of ours decides by it.
const ASK_TIME: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

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
    changes: watch::Sender<u64>,
}

/// What one beat at a time uses.
#[derive(Default)]
struct Line {
    connection: Option<Connection>,
    clock_compared_at: Option<Timestamp>,
    has_begun: bool,
    has_ended: bool,
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

    fn is_due(&self, now: Timestamp) -> bool {
        // After a clock was set back, what was planned by it is worth nothing.
        self.next_us.load(Ordering::SeqCst) <= now.micros()
            || now.micros() < self.last_us.load(Ordering::SeqCst)
    }

    fn beat_if_due(&self) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (self.now)();
        if line.has_ended || !self.is_due(now) {
            return;
        }
        // By number: to keep what is held would be to use it, and what is used is not given up.
        let before = self.ours_at(now);
        let next = self.beat(&mut line, now).unwrap_or_else(|why| {
            tracing::warn!(why, "the shares of the gateways could not be kept; trying again");
            line.connection = None;
            now.plus_secs(SOON_SECS)
        });
        self.last_us.store(now.micros(), Ordering::SeqCst);
        self.next_us.store(next.micros(), Ordering::SeqCst);
        if !self.ours_at((self.now)()).is_subset(&before) {
            self.changes.send_modify(|count| *count = count.wrapping_add(1));
        }
    }

    fn beat(&self, line: &mut Line, now: Timestamp) -> Result<Timestamp, String> {
        line.has_begun = true;
        let connection = match line.connection.take().filter(|open| !open.is_closed()) {
            Some(connection) => connection,
            None => Connection::open(&self.target).map_err(|error| error.to_string())?,
        };
        let mut done = self.beat_on(&connection, &mut line.clock_compared_at, now);
        for _ in 0..CONFLICTS_MAX {
            if !matches!(done, Err(Trouble::Conflict(_))) {
                break;
            }
            done = self.beat_on(&connection, &mut line.clock_compared_at, now);
        }
        line.connection = Some(connection);
        done.map_err(|trouble| trouble.to_string())
    }

    fn beat_on(
        &self,
        connection: &Connection,
        clock_compared_at: &mut Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Timestamp, Trouble> {
        let is_recent = |at: &Timestamp| *at <= now && now < at.plus_secs(CLOCK_PERIOD_SECS);
        // One that was off is asked about more often, so that whoever mends it need not wait.
        let is_known =
            self.clock_is_off().is_none() && clock_compared_at.as_ref().is_some_and(is_recent);
        if self.options.clock_must_agree && !is_known {
            self.compare_clocks(connection)?;
            *clock_compared_at = Some(now);
        }
        if self.clock_is_off().is_none() {
            let seen = [Param::Id(Id(self.node)), Param::Number(now.micros())];
            connection.query(sets::PUT_NODE, &seen)?;
        }
        let dead_since = Param::Number(now.micros().saturating_sub(self.lease_us()));
        let alive = connection.query(sets::LIST_NODES, &[dead_since])?;
        let alive: Vec<Node> = alive.iter().map(|row| node_of(row, 0)).collect();
        let leases = connection.query(sets::LIST_LEASES, &[])?;
        let leases: Vec<Lease> = leases.iter().map(lease_of).collect();
        // A clock that is off is of no gateway that could hold anything.
        let share = match self.clock_is_off() {
            None => Share::of(&self.node, &alive),
            Some(_) => Share::default(),
        };
        self.is_shared.store(alive.iter().any(|node| *node != self.node), Ordering::Relaxed);
        let is_giving_up = self.renew(connection, share, now)?;
        let wants_more = self.claim(connection, share, &leases, now)?;
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

    fn compare_clocks(&self, connection: &Connection) -> Result<(), Trouble> {
        let before = (self.now)().micros();
        let said = connection.simple(ASK_TIME)?;
        let after = (self.now)().micros();
        let Some(server) = said.and_then(|text| text.parse::<i64>().ok()) else { return Ok(()) };
        // The server answered at some moment between the two: what lies between them is not held
        // against anybody.
        let off_us = (server - after).max(0) + (server - before).min(0);
        let is_off = CLOCK_OFF_MAX_US < off_us.abs();
        let was_off = self.clock_is_off().is_some();
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
    fn renew(
        &self,
        connection: &Connection,
        share: Share,
        now: Timestamp,
    ) -> Result<bool, Trouble> {
        let (kept, gone, is_giving_up) = self.part(share);
        let until = now.micros().saturating_add(self.lease_us());
        let all =
            || kept.values().map(|tenure| (tenure, until)).chain(gone.values().map(|t| (t, 0)));
        let mut wishes: Vec<(&Arc<Tenure>, i64)> = all().collect();
        // The order in which whoever locks several of them does.
        wishes.sort_unstable_by_key(|(tenure, _)| tenure.shard);
        if wishes.is_empty() {
            return Ok(is_giving_up);
        }
        let params = self.lease_params(wishes.iter().map(|(t, until)| (t.shard, t.epoch, *until)));
        let rows = connection.query(sets::RENEW_LEASE, &params)?;
        let renewed: BTreeSet<u8> = rows.iter().map(|row| shard_of(row, 0)).collect();
        let mut held = self.held();
        for (shard, tenure) in &kept {
            if renewed.contains(shard) {
                tenure.renew(now);
            } else {
                tenure.end();
                held.remove(shard);
            }
        }
        let lost = kept.len() - kept.keys().filter(|shard| renewed.contains(shard)).count();
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
        held.retain(|shard, _| !gone.contains_key(shard));
        let is_giving_up = gone.len() < too_many.len();
        (kept, gone, is_giving_up)
    }

    /// Takes what is free up to the share. Says whether there was not enough.
    fn claim(
        &self,
        connection: &Connection,
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
        let until = now.micros().saturating_add(self.lease_us());
        let mut params = self.lease_params(shards.iter().map(|shard| (*shard, 1, until)));
        params.push(Param::Number(now.micros()));
        let rows = connection.query(sets::CLAIM_LEASE, &params)?;
        let claimed = rows.len();
        let mut held = self.held();
        for row in &rows {
            let number = shard_of(row, 0);
            let tenure = Tenure::new(number, self.node, row.get(1), self.lease_us());
            tenure.renew(now);
            held.insert(number, Holding { tenure: Arc::new(tenure), is_leaving: false });
        }
        tracing::info!(claimed, held = held.len(), share = share.count, "shards were taken");
        Ok(claimed < wanted)
    }

    /// Gives everything up at once, so that others need not wait for the end of the leases.
    pub fn end(&self) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        line.has_ended = true;
        self.next_us.store(i64::MAX, Ordering::SeqCst);
        let held = std::mem::take(&mut *self.held());
        for one in held.values() {
            one.tenure.end();
        }
        if !line.has_begun {
            return;
        }
        let gone = held.values().map(|one| (one.tenure.shard, one.tenure.epoch, 0));
        let gone = self.lease_params(gone);
        let forget = (self.now)().plus_secs(-FORGET_SECS).micros();
        let end = [Param::Id(Id(self.node)), Param::Number(forget)];
        let ended = line.connection.take().map(|connection| {
            connection.query(sets::RENEW_LEASE, &gone)?;
            connection.query(sets::END_NODE, &end)
        });
        if let Some(Err(trouble)) = ended {
            tracing::warn!(%trouble, "the shards could not be handed over; others take them later");
        }
    }

    fn lease_params(&self, rows: impl Iterator<Item = (u8, i64, i64)>) -> Vec<Param<'static>> {
        let rows: Vec<_> = rows.collect();
        vec![
            Param::Shards(rows.iter().map(|row| row.0.into()).collect()),
            Param::Ids(rows.iter().map(|_| Id(self.node)).collect()),
            Param::Numbers(rows.iter().map(|row| row.1).collect()),
            Param::Numbers(rows.iter().map(|row| row.2).collect()),
        ]
    }

    const fn lease_us(&self) -> i64 {
        self.options.lease_secs.saturating_mul(1_000_000)
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<u8, Holding>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Tenures = BTreeMap<u8, Arc<Tenure>>;

fn shard_of(row: &tokio_postgres::Row, column: usize) -> u8 {
    u8::try_from(row.get::<_, i16>(column)).expect("only our own statements write shards")
}

fn node_of(row: &tokio_postgres::Row, column: usize) -> Node {
    Row::Postgres(row).get(column).expect("a node's id is a uuid")
}

fn lease_of(row: &tokio_postgres::Row) -> Lease {
    Lease { shard: shard_of(row, 0), owner: node_of(row, 1), expires_us: row.get(2) }
}
