//! Creating a payment: who may receive, and the same request twice.

use qisma_domain::decide::create_payment::{CreatePayment, CreateRefusal, IdempotentRequest};
use qisma_domain::decide::prune_keys::PruneKeys;
use qisma_domain::idempotency::{IdempotencyKey, IdempotencyScope};
use qisma_domain::ids::Mode;
use qisma_domain::limits::IDEMPOTENCY_RETENTION_SECS;
use qisma_domain::merchant::MerchantStatus;

use crate::world::{World, create, merchant, new_payment};

fn keyed(key: &str, fingerprint: u8) -> CreatePayment {
    let mut command = create(new_payment());
    command.idempotent = Some(IdempotentRequest {
        scope: scope(key),
        fingerprint: [fingerprint; 32],
        request_id: format!("request {key}"),
        route: "/api/v2/generate_payment".into(),
    });
    command
}

fn scope(key: &str) -> IdempotencyScope {
    let key = IdempotencyKey::parse(key).expect("a key of the test");
    IdempotencyScope { merchant: merchant(1), mode: Mode::Test, about: None, key }
}

fn refusal(world: &mut World, command: &CreatePayment) -> Option<CreateRefusal> {
    world.run(command).err()
}

#[test]
fn the_answer_holds_the_link_and_the_reference_as_sent() {
    let mut world = World::new();
    let answer = world.must(&create(new_payment()));
    let id = answer.created.payment_id;
    assert_eq!(answer.created.link, format!("https://pay.example/pay/{id}"));
    assert_eq!(answer.created.developer_tracking_id.as_deref(), Some("order 7"));
    assert_eq!(answer.replay_of, None);
}

#[test]
fn what_no_leg_takes_is_the_callers() {
    let mut new = new_payment();
    new.legs.truncate(1);
    let world = World::with(new);
    let legs = &world.aggregate().payment.legs;
    let shares: Vec<_> =
        legs.iter().map(|leg| (leg.destination.number(), leg.amount.millimes())).collect();
    assert_eq!(shares, [(1234, 8_000), (1, 2_000)]);
}

#[test]
fn a_payment_lives_as_long_as_asked() {
    let world = World::new();
    let payment = &world.aggregate().payment;
    assert_eq!(payment.expires_at, payment.created_at.plus_secs(1_200));
}

#[test]
fn only_an_active_merchant_asks_and_receives() {
    for status in [MerchantStatus::Suspended, MerchantStatus::Closed] {
        let mut world = World::new();
        world.status(4321, status);
        let refused = refusal(&mut world, &create(new_payment()));
        assert_eq!(refused, Some(CreateRefusal::Destinations(vec![1])));
        world.status(1, status);
        let refused = refusal(&mut world, &create(new_payment()));
        assert_eq!(refused, Some(CreateRefusal::CallerNotActive));
    }
}

#[test]
fn every_unknown_destination_is_told_by_its_place() {
    let mut world = World::new();
    let mut new = new_payment();
    for leg in &mut new.legs {
        leg.destination = merchant(leg.destination.number() + 5);
    }
    let refused = refusal(&mut world, &create(new));
    assert_eq!(refused, Some(CreateRefusal::Destinations(vec![0, 1])));
}

#[test]
fn a_destination_listed_twice_is_refused() {
    let mut world = World::new();
    let mut new = new_payment();
    new.legs[1].destination = new.legs[0].destination;
    assert!(matches!(refusal(&mut world, &create(new)), Some(CreateRefusal::Split(_))));
}

#[test]
fn the_same_key_and_request_give_the_same_payment_and_answer() {
    let mut world = World::new();
    let first = world.must(&keyed("k", 1));
    let again = world.must(&keyed("k", 1));
    assert_eq!(again.created, first.created);
    assert_eq!(again.replay_of.as_deref(), Some("request k"));
    assert_eq!(world.see.payments.len(), 2);
}

#[test]
fn a_key_is_answered_though_its_merchant_was_suspended_meanwhile() {
    let mut world = World::new();
    let first = world.must(&keyed("k", 1));
    world.status(1, MerchantStatus::Suspended);
    assert_eq!(world.must(&keyed("k", 1)).created, first.created);
}

#[test]
fn a_key_used_for_another_request_is_refused() {
    let mut world = World::new();
    world.must(&keyed("k", 1));
    assert_eq!(refusal(&mut world, &keyed("k", 2)), Some(CreateRefusal::KeyReused));
}

#[test]
fn a_refused_request_leaves_its_key_free() {
    let mut world = World::new();
    world.status(4321, MerchantStatus::Suspended);
    assert!(refusal(&mut world, &keyed("k", 1)).is_some());
    world.status(4321, MerchantStatus::Active);
    assert_eq!(world.must(&keyed("k", 2)).replay_of, None);
}

#[test]
fn a_key_and_its_payment_are_in_one_shard() {
    let mut world = World::new();
    let id = world.must(&keyed("k", 1)).created.payment_id;
    assert_eq!(id.shard(), scope("k").shard());
}

#[test]
fn a_key_is_forgotten_after_thirty_days_and_not_before() {
    let mut world = World::new();
    world.must(&keyed("old", 1));
    world.pass(1);
    world.must(&keyed("young", 1));
    world.now = world.now.plus_secs(IDEMPOTENCY_RETENTION_SECS);
    let scopes = vec![scope("old"), scope("young"), scope("never"), scope("old")];
    assert_eq!(world.must(&PruneKeys { scopes }), 1);
    assert_eq!(world.must(&keyed("young", 1)).replay_of.as_deref(), Some("request young"));
    assert_eq!(world.must(&keyed("old", 2)).replay_of, None);
}
