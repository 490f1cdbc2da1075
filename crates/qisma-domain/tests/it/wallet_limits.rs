//! What limits codes: tries, time between them, and how many a payment and a phone may have.

use qisma_domain::attempt::AttemptState;
use qisma_domain::attempt::DeclineClass;
use qisma_domain::decide::confirm_code::CodeAnswer;
use qisma_domain::decide::start_wallet::WalletRefusal;

use crate::world::{RICH, UNKNOWN, World, create, new_payment};

impl World {
    /// Another payment, which the short forms then speak of.
    fn next_payment(&mut self) {
        self.payment = self.must(&create(new_payment())).created.payment_id;
    }

    fn wrong_of(code: &str) -> &'static str {
        if code == "000000" { "000001" } else { "000000" }
    }
}

#[test]
fn five_wrong_codes_decline_the_attempt_and_end_the_code() {
    let mut world = World::new();
    let sent = world.start_wallet(RICH);
    let wrong = World::wrong_of(sent.code.expose());
    for tries_left in [4, 3, 2, 1] {
        assert_eq!(world.confirm(wrong), CodeAnswer::Wrong { tries_left });
    }
    assert_eq!(world.confirm(wrong), CodeAnswer::TriesUsedUp);
    assert_eq!(world.picture(), "created, 1 wallet declined");
    let class = DeclineClass::Authentication;
    assert_eq!(world.attempt(1).state, AttemptState::Declined { class, code: 0 });
}

#[test]
fn a_code_is_sent_again_after_thirty_seconds_and_not_before() {
    let mut world = World::new();
    world.start_wallet(RICH);
    world.pass(29);
    let refused = world.try_wallet(RICH, true).err();
    assert_eq!(refused, Some(WalletRefusal::TooSoon { retry_after_secs: 1 }));
    world.pass(1);
    assert!(world.try_wallet(RICH, true).is_ok());
}

#[test]
fn a_new_code_ends_the_one_before_and_has_its_own_tries() {
    let mut world = World::new();
    let first = world.start_wallet(RICH);
    world.confirm(World::wrong_of(first.code.expose()));
    world.pass(30);
    let second = world.try_wallet(RICH, true).unwrap();
    assert_ne!(first.code, second.code);
    assert_eq!(world.confirm(first.code.expose()), CodeAnswer::Wrong { tries_left: 4 });
    assert_eq!(world.confirm(second.code.expose()), CodeAnswer::Captured);
}

#[test]
fn a_payment_has_three_codes_over_all_its_attempts() {
    let mut world = World::new();
    for number in 1..=3 {
        world.start_wallet(RICH);
        world.abandon(number);
        world.pass(30);
    }
    assert_eq!(world.try_wallet(RICH, false).err(), Some(WalletRefusal::TooManyForPayment));
}

#[test]
fn a_phone_has_five_codes_an_hour_known_or_not() {
    for text in [RICH, UNKNOWN] {
        let mut world = World::new();
        let first_at = world.now;
        for _ in 0..5 {
            world.start_wallet(text);
            world.next_payment();
            world.pass(30);
        }
        let retry_after_secs = 3_600 - 150;
        let refused = world.try_wallet(text, false).err();
        assert_eq!(refused, Some(WalletRefusal::TooManyForPhone { retry_after_secs }));
        world.now = first_at.plus_secs(3_600);
        world.next_payment();
        assert!(world.try_wallet(text, false).is_ok());
    }
}

#[test]
fn a_code_is_sent_again_only_to_the_phone_that_was_typed() {
    let mut world = World::new();
    assert_eq!(world.try_wallet(RICH, true).err(), Some(WalletRefusal::NothingToResend));
    world.start_wallet(RICH);
    world.pass(30);
    assert_eq!(world.try_wallet(UNKNOWN, true).err(), Some(WalletRefusal::NothingToResend));
}

#[test]
fn a_clock_that_steps_back_sends_no_code_early() {
    let mut world = World::new();
    world.start_wallet(RICH);
    world.pass(-10);
    let refused = world.try_wallet(RICH, true).err();
    assert_eq!(refused, Some(WalletRefusal::TooSoon { retry_after_secs: 40 }));
}

/// Types wrong codes for one phone, over as many payments as that takes.
fn guess(world: &mut World, text: &str, mut count: usize) {
    while 0 < count {
        let sent = world.start_wallet(text);
        let wrong = World::wrong_of(sent.code.expose());
        for _ in 0..count.min(5) {
            world.confirm(wrong);
            count -= 1;
        }
        world.next_payment();
        // Five codes an hour are sent.
        world.pass(720);
    }
}

#[test]
fn a_phone_takes_twenty_wrong_codes_a_day_known_or_not() {
    for text in [RICH, UNKNOWN] {
        let mut world = World::new();
        let first_at = world.now;
        guess(&mut world, text, 20);
        let retry_after_secs = 86_400 - 4 * 720;
        let refused = world.try_wallet(text, false).err();
        assert_eq!(refused, Some(WalletRefusal::TooManyForPhone { retry_after_secs }));
        world.now = first_at.plus_secs(86_400);
        world.next_payment();
        assert!(world.try_wallet(text, false).is_ok());
    }
}

#[test]
fn the_days_last_wrong_code_declines_its_attempt() {
    let mut world = World::new();
    guess(&mut world, RICH, 18);
    let sent = world.start_wallet(RICH);
    let wrong = World::wrong_of(sent.code.expose());
    assert_eq!(world.confirm(wrong), CodeAnswer::Wrong { tries_left: 4 });
    assert_eq!(world.confirm(wrong), CodeAnswer::TriesUsedUp);
    assert_eq!(world.picture(), "created, 1 wallet declined");
}

#[test]
fn a_code_sent_before_the_budget_was_used_up_is_answered_like_a_wrong_one() {
    let mut world = World::new();
    guess(&mut world, RICH, 15);
    let (waiting, sent) = (world.payment, world.start_wallet(RICH));
    world.next_payment();
    world.pass(30);
    guess(&mut world, RICH, 5);
    world.pass(-720);
    world.payment = waiting;
    assert_eq!(world.confirm(sent.code.expose()), CodeAnswer::TriesUsedUp);
}

#[test]
fn right_codes_use_up_no_budget() {
    let mut world = World::new();
    guess(&mut world, RICH, 19);
    for _ in 0..2 {
        let sent = world.start_wallet(RICH);
        assert_eq!(world.confirm(sent.code.expose()), CodeAnswer::Captured);
        world.next_payment();
        world.pass(720);
    }
}
