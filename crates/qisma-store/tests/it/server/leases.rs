//! Gateways that share a server's work: each shard is one gateway's, and what another one still writes
//! for it is fenced off.

use qisma_domain::decide::expire_payment::ExpirePayment;
use qisma_domain::ids::{PaymentId, Shard};
use qisma_domain::time::Timestamp;
use qisma_store::{Engine, LeaseOptions, PostgresOptions, RunError, Shards, Store, StoreOptions};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;
use throwaway_postgres::Profile;

use crate::commands::{create_merchant, gate};
use crate::support::{NOW, Now, Place, on_server, queued};

const LEASE_SECS: i64 = 15;

/// A clock that stands still until the test moves it.
#[derive(Clone)]
struct Clock(Arc<AtomicI64>);

impl Clock {
    fn new() -> Self {
        Self(Arc::new(AtomicI64::new(NOW.micros())))
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }

    fn advance(&self, secs: i64) {
        self.0.fetch_add(secs * 1_000_000, Ordering::SeqCst);
    }

    fn reader(&self) -> Now {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}

/// Two gateways on one server, on one clock.
struct Two {
    place: Place,
    clock: Clock,
    one: Store,
    other: Store,
}

impl Two {
    fn open() -> Self {
        Self::open_on(Profile::Plain)
    }

    fn open_on(profile: Profile) -> Self {
        let (place, clock) = (on_server(profile, 1), Clock::new());
        let (one, other) = (place.gateway(clock.reader()), place.gateway(clock.reader()));
        Self { place, clock, one, other }
    }

    /// Both have their share.
    async fn balanced() -> Self {
        Self::balanced_on(Profile::Plain).await
    }

    async fn balanced_on(profile: Profile) -> Self {
        let two = Self::open_on(profile);
        two.one.keep_leases().await;
        two.other.keep_leases().await;
        two.pass(LEASE_SECS / 3).await;
        two.pass(1).await;
        assert_eq!(two.counts(), (128, 128));
        two
    }

    /// Lets time pass, and both do what they do then.
    async fn pass(&self, secs: i64) {
        self.clock.advance(secs);
        self.one.keep_leases().await;
        self.other.keep_leases().await;
    }

    fn counts(&self) -> (usize, usize) {
        (self.one.owned_shards().count(), self.other.owned_shards().count())
    }

    /// A payment whose time is over.
    async fn overdue(&self) -> PaymentId {
        self.place.people(2).await;
        let payment = self.place.payment().await;
        self.clock.advance(1_200);
        payment
    }

    async fn state(&self, payment: PaymentId) -> &'static str {
        let read = self.place.store.read(move |reader| reader.payment_by_link(&payment)).await;
        read.expect("it reads").expect("it is there").payment.state.as_str()
    }
}

fn owns(shards: &Shards, shard: u8) -> bool {
    shards.fence(Shard(shard)).is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_alone_does_the_work_of_every_shard() {
    let two = Two::open();
    assert_eq!(two.one.owned_shards().count(), 0);
    two.one.keep_leases().await;
    assert_eq!(two.counts(), (256, 0));
    assert!(!two.one.is_shared());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_gateways_share_every_shard_and_no_shard_is_of_both() {
    let two = Two::balanced().await;
    let (one, other) = (two.one.owned_shards(), two.other.owned_shards());
    assert!((0..=u8::MAX).all(|shard| owns(&one, shard) != owns(&other, shard)));
    assert!(two.one.is_shared() && two.other.is_shared());
    for _ in 0..10 {
        two.pass(LEASE_SECS / 3).await;
        assert_eq!(two.counts(), (128, 128));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_dies_is_taken_over_within_its_lease() {
    let two = Two::balanced().await;
    two.pass(LEASE_SECS / 3).await;
    for _ in 1..LEASE_SECS {
        two.clock.advance(1);
        two.other.keep_leases().await;
        assert_eq!(two.other.owned_shards().count(), 128);
    }
    two.clock.advance(1);
    two.other.keep_leases().await;
    assert_eq!(two.counts(), (0, 256));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_for_shards_comes_back_at_the_moment_their_leases_end() {
    let two = Two::open();
    two.one.keep_leases().await;
    two.clock.advance(LEASE_SECS - 1);
    let next = two.other.keep_leases().await;
    assert_eq!(next, Some(NOW.plus_secs(LEASE_SECS)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_stops_in_order_hands_over_at_once() {
    let two = Two::balanced().await;
    let mut changes = two.other.shard_changes();
    changes.mark_unchanged();
    two.one.close();
    two.clock.advance(LEASE_SECS / 3);
    two.other.keep_leases().await;
    assert_eq!(two.counts(), (0, 256));
    assert!(changes.has_changed().expect("the store is there"));
    assert_eq!(two.place.count("nodes"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_frozen_gateway_writes_late_is_fenced_off() {
    let two = Two::open();
    let payment = two.overdue().await;
    two.one.keep_leases().await;
    let fence = two.one.owned_shards().fence(payment.shard()).expect("it has them all");
    two.clock.advance(LEASE_SECS);
    two.other.keep_leases().await;
    assert!(!fence.holds(two.clock.now()));
    let late = two.one.run_fenced(ExpirePayment { payment }, &fence).await;
    assert!(matches!(late, Err(RunError::Superseded)), "{late:?}");
    assert_eq!(two.state(payment).await, "created");
    let fence = two.other.owned_shards().fence(payment.shard()).expect("it has them all");
    let done = two.other.run_fenced(ExpirePayment { payment }, &fence).await;
    assert!(done.is_ok(), "{done:?}");
    assert_eq!(two.state(payment).await, "expired");
}

async fn shares_are_kept_and_taken_over_on(profile: Profile) {
    let two = Two::balanced_on(profile).await;
    let payment = two.overdue().await;
    two.one.keep_leases().await;
    two.pass(LEASE_SECS / 3).await;
    two.pass(1).await;
    let (one, other) = (two.one.owned_shards(), two.other.owned_shards());
    let is_ones = owns(&one, payment.shard().0);
    let (old, new, shards) =
        if is_ones { (&two.one, &two.other, one) } else { (&two.other, &two.one, other) };
    let fence = shards.fence(payment.shard()).expect("it is one's or the other's");
    two.clock.advance(LEASE_SECS);
    new.keep_leases().await;
    assert_eq!(new.owned_shards().count(), 256);
    let late = old.run_fenced(ExpirePayment { payment }, &fence).await;
    assert!(matches!(late, Err(RunError::Superseded)), "{late:?}");
    let fence = new.owned_shards().fence(payment.shard()).expect("it has them all");
    new.run_fenced(ExpirePayment { payment }, &fence).await.expect("it is due");
    assert_eq!(two.state(payment).await, "expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn shares_are_kept_and_taken_over_where_the_default_isolation_is_serializable() {
    shares_are_kept_and_taken_over_on(Profile::Serializable).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shares_are_kept_and_taken_over_behind_a_pooler() {
    shares_are_kept_and_taken_over_on(Profile::Pooled).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_no_longer_alone_is_told() {
    let two = Two::open();
    two.one.keep_leases().await;
    let mut changes = two.one.shard_changes();
    changes.mark_unchanged();
    two.pass(LEASE_SECS / 3).await;
    assert!(!changes.has_changed().expect("the store is there"), "it is alone still");
    two.pass(LEASE_SECS / 3).await;
    assert!(changes.has_changed().expect("the store is there"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_retires_keeps_only_what_is_under_way() {
    let two = Two::balanced().await;
    let shard = (0..=u8::MAX).find(|shard| owns(&two.one.owned_shards(), *shard));
    let fence = two.one.owned_shards().fence(Shard(shard.expect("it has its half")));
    two.one.retire();
    for _ in 0..3 {
        two.pass(LEASE_SECS / 3).await;
    }
    assert_eq!(two.counts(), (0, 255));
    assert!(fence.as_ref().is_some_and(|fence| fence.holds(two.clock.now())));
    assert!(two.one.uses_shards());
    drop(fence);
    two.pass(LEASE_SECS / 3).await;
    two.pass(LEASE_SECS / 3).await;
    assert!(!two.one.uses_shards());
    assert_eq!(two.counts(), (0, 256));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_retires_waits_for_no_server_where_nothing_is_under_way() {
    let two = Two::balanced().await;
    two.one.retire();
    assert!(!two.one.uses_shards());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keeper_whose_connection_was_cut_keeps_its_share() {
    let two = Two::balanced().await;
    two.place.ask(
        "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    two.pass(LEASE_SECS / 3).await;
    two.pass(1).await;
    for _ in 0..3 {
        two.pass(LEASE_SECS / 3).await;
    }
    assert_eq!(two.counts(), (128, 128));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_that_came_back_does_not_revive_what_was_begun_before_it_left() {
    let two = Two::open();
    let payment = two.overdue().await;
    two.one.keep_leases().await;
    let old = two.one.owned_shards().fence(payment.shard()).expect("it has them all");
    two.clock.advance(LEASE_SECS);
    two.other.keep_leases().await;
    two.other.close();
    two.one.keep_leases().await;
    two.clock.advance(1);
    two.one.keep_leases().await;
    let new = two.one.owned_shards().fence(payment.shard()).expect("it has them again");
    assert!(new.holds(two.clock.now()) && !old.holds(two.clock.now()));
    let late = two.one.run_fenced(ExpirePayment { payment }, &old).await;
    assert!(matches!(late, Err(RunError::Superseded)), "{late:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_is_fenced_off_leaves_its_neighbours_alone() {
    let two = Two::open();
    let payment = two.overdue().await;
    let (place, clock) = (&two.place, &two.clock);
    let one = place.gateway_with_lanes(clock.reader(), 1);
    one.keep_leases().await;
    let fence = one.owned_shards().fence(payment.shard()).expect("it has them all");
    clock.advance(LEASE_SECS);
    two.other.keep_leases().await;
    let (gate, hold) = gate();
    let stopped = queued(one.run(gate)).await;
    hold.wait();
    let before = queued(one.run(create_merchant(50))).await;
    let fenced = queued(one.run_fenced(ExpirePayment { payment }, &fence)).await;
    let after = queued(one.run(create_merchant(51))).await;
    hold.release();
    stopped.await.expect("it changes nothing");
    before.await.expect("its number is free");
    assert!(matches!(fenced.await, Err(RunError::Superseded)));
    after.await.expect("its number is free");
    assert_eq!(two.state(payment).await, "created");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_in_which_something_is_under_way_is_given_up_when_that_has_ended() {
    let two = Two::open();
    two.one.keep_leases().await;
    let all = two.one.owned_shards();
    let fences: Vec<_> = (0..=u8::MAX).filter_map(|shard| all.fence(Shard(shard))).collect();
    drop(all);
    two.other.keep_leases().await;
    for _ in 0..4 {
        two.pass(LEASE_SECS / 3).await;
    }
    // Nothing new is begun in half of them, and what was begun still stands.
    assert_eq!(two.counts(), (128, 0));
    assert!(fences.iter().all(|fence| fence.holds(two.clock.now())));
    drop(fences);
    two.pass(1).await;
    two.pass(1).await;
    assert_eq!(two.counts(), (128, 128));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_gateway_gets_its_third() {
    let two = Two::balanced().await;
    let third = two.place.gateway(two.clock.reader());
    third.keep_leases().await;
    two.pass(LEASE_SECS / 3).await;
    two.clock.advance(1);
    third.keep_leases().await;
    let (one, other) = two.counts();
    let mut counts = [one, other, third.owned_shards().count()];
    counts.sort_unstable();
    assert_eq!(counts, [85, 85, 86]);
}

/// A gateway whose clock is off from the server's by this much.
fn with_clock_off(place: &Place, off_us: &Arc<AtomicI64>) -> Store {
    let ask = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
    let (server_us, begun, off_us) = (place.number(ask), Instant::now(), off_us.clone());
    let now = move || {
        let passed_us = i64::try_from(begun.elapsed().as_micros()).expect("a short test");
        Timestamp::from_micros(server_us + passed_us + off_us.load(Ordering::SeqCst))
    };
    let url = place.url().to_owned();
    Store::open(StoreOptions {
        engine: Engine::Postgres(PostgresOptions {
            url,
            tls_ca_file: None,
            is_pooled: false,
            is_citus: false,
            lanes: 1,
        }),
        read_connections_max: 1,
        leases: LeaseOptions::default(),
        fold: qisma_store::Fold::Inline,
        calendar: Arc::default(),
        now: Arc::new(now),
        rng: Box::new(|| Box::new(StdRng::seed_from_u64(99))),
        on_fatal: Arc::new(|_| {}),
        on_delivery: Arc::new(|| {}),
    })
    .expect("the database is there")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_whose_clock_is_off_does_no_work_until_it_is_right() {
    let place = on_server(Profile::Plain, 1);
    let off_us = Arc::new(AtomicI64::new(10_000_000));
    let store = with_clock_off(&place, &off_us);
    store.keep_leases().await;
    assert!(store.clock_is_off().is_some_and(|behind_us| behind_us < -9_000_000));
    assert_eq!((store.owned_shards().count(), place.count("nodes")), (0, 0));
    off_us.store(0, Ordering::SeqCst);
    store.keep_leases().await;
    assert_eq!((store.clock_is_off(), store.owned_shards().count()), (None, 256));
}
