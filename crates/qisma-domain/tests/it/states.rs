//! Every transition of a payment and its attempts, as the table of states has it (ADR 0005).

use qisma_domain::account::AccountKind;
use qisma_domain::attempt::{AbandonReason, DeclineClass, Opened, Reversal};
use qisma_domain::decide::abandon_attempt::AbandonAttempt;
use qisma_domain::decide::cancel_payment::CancelPayment;
use qisma_domain::decide::confirm_code::{CodeAnswer, ConfirmCode, Funds};
use qisma_domain::decide::expire_payment::ExpirePayment;
use qisma_domain::decide::record_opened::RecordOpened;
use qisma_domain::decide::record_outcome::{BankReport, Outcome};
use qisma_domain::decide::record_reversal::{RecordReversal, ReversalReport};
use qisma_domain::decide::resolve_attempt::{ResolveAttempt, ResolveRefusal};
use qisma_domain::event::flouci_status;
use qisma_domain::merchant::MerchantStatus;
use qisma_domain::payment::Canceler;

use crate::world::{CODE_KEY, POOR, RICH, UNKNOWN, World};

const DECLINE: BankReport = BankReport::Declined { class: DeclineClass::Limit, code: 61 };

impl World {
    pub fn open(&mut self, number: u16) {
        let opened =
            Opened { order_id: format!("order-{number}"), page_url: "https://bank/p".into() };
        self.must(&RecordOpened { payment: self.payment, attempt: number, opened });
    }

    pub fn confirm(&mut self, code: &str) -> CodeAnswer {
        let (payment, code, funds) = (self.payment, code.into(), Funds::Balance);
        let command = ConfirmCode { payment, code, code_key: CODE_KEY, funds };
        self.must(&command)
    }

    pub fn abandon(&mut self, number: u16) {
        let reason = AbandonReason::PayerLeft;
        self.must(&AbandonAttempt { payment: self.payment, attempt: number, reason });
    }

    pub fn cancel(&mut self, unpaid_attempt: Option<u16>) {
        self.must(&CancelPayment { payment: self.payment, by: Canceler::Payer, unpaid_attempt });
    }

    pub fn expire(&mut self) {
        self.pass(1_200);
        self.must(&ExpirePayment { payment: self.payment });
    }

    pub fn reversal(&mut self, number: u16, report: ReversalReport) -> Reversal {
        self.must(&RecordReversal { payment: self.payment, attempt: number, report })
    }

    pub fn resolve(&mut self, number: u16) -> Result<(), ResolveRefusal> {
        self.run(&ResolveAttempt { payment: self.payment, attempt: number, force: false })
    }

    fn force_closed(&mut self, number: u16) -> Result<(), ResolveRefusal> {
        self.run(&ResolveAttempt { payment: self.payment, attempt: number, force: true })
    }
}

fn check(story: impl FnOnce(&mut World), expected: &str) {
    let mut world = World::new();
    story(&mut world);
    assert_eq!(world.picture(), expected);
}

#[test]
fn a_new_payment_waits_for_its_payer() {
    check(|_| {}, "created");
}

#[test]
fn a_card_attempt_takes_the_lock_and_then_the_payer_is_at_the_bank() {
    check(
        |world| {
            world.start_card();
        },
        "processing, 1 card init",
    );
    check(
        |world| {
            world.start_card();
            world.open(1);
        },
        "processing, 1 card sent",
    );
}

#[test]
fn a_wallet_attempt_waits_for_its_code() {
    check(
        |world| {
            world.start_wallet(RICH);
        },
        "requires_action, 1 wallet init",
    );
}

#[test]
fn an_approved_card_captures() {
    check(
        |world| {
            world.start_card();
            world.open(1);
            assert_eq!(world.report(1, world.approval(1)), Outcome::Captured);
        },
        "captured, 1 card approved, payment.succeeded",
    );
}

#[test]
fn the_right_code_captures_from_the_wallet() {
    check(
        |world| {
            let sent = world.start_wallet(RICH);
            assert_eq!(world.confirm(sent.code.expose()), CodeAnswer::Captured);
        },
        "captured, 1 wallet approved, payment.succeeded",
    );
}

#[test]
fn a_decline_gives_the_payment_back_to_its_payer() {
    check(
        |world| {
            world.start_card();
            assert_eq!(world.report(1, DECLINE), Outcome::Declined);
        },
        "created, 1 card declined",
    );
}

#[test]
fn a_wallet_without_enough_money_is_declined() {
    check(
        |world| {
            let sent = world.start_wallet(POOR);
            assert_eq!(world.confirm(sent.code.expose()), CodeAnswer::InsufficientFunds);
        },
        "created, 1 wallet declined",
    );
}

#[test]
fn the_fifth_decline_fails_the_payment() {
    check(
        |world| {
            for number in 1..=5 {
                world.start_card();
                world.report(number, DECLINE);
            }
        },
        "failed, 1 card declined, 2 card declined, 3 card declined, 4 card declined, \
         5 card declined, payment.failed",
    );
}

#[test]
fn attempts_that_were_left_do_not_count_as_declines() {
    let mut world = World::new();
    for number in 1..=6 {
        world.start_card();
        world.abandon(number);
    }
    assert_eq!(world.aggregate().payment.state.as_str(), "created");
}

#[test]
fn a_decline_after_the_deadline_expires_the_payment() {
    check(
        |world| {
            world.start_card();
            world.pass(1_200);
            world.report(1, DECLINE);
        },
        "expired, 1 card declined, payment.expired",
    );
}

#[test]
fn a_payer_who_began_in_time_and_is_approved_later_wins() {
    check(
        |world| {
            world.start_card();
            world.pass(1_300);
            world.report(1, world.approval(1));
        },
        "captured, 1 card approved, payment.succeeded",
    );
}

#[test]
fn a_bank_that_does_not_answer_leaves_the_payment_open() {
    check(
        |world| {
            world.start_card();
            assert_eq!(world.report(1, BankReport::NoAnswer), Outcome::Open);
        },
        "processing, 1 card unknown",
    );
}

#[test]
fn time_over_expires_a_payment_that_nobody_pays() {
    check(World::expire, "expired, payment.expired");
}

#[test]
fn a_code_that_is_waited_for_does_not_hold_up_expiry() {
    check(
        |world| {
            world.start_wallet(RICH);
            world.expire();
        },
        "expired, 1 wallet abandoned, payment.expired",
    );
}

#[test]
fn the_payer_goes_back_and_may_pay_another_way() {
    check(
        |world| {
            world.start_wallet(RICH);
            world.abandon(1);
            world.start_card();
            world.abandon(2);
        },
        "created, 1 wallet abandoned, 2 card abandoned",
    );
}

#[test]
fn going_back_after_the_deadline_expires_the_payment() {
    check(
        |world| {
            world.start_card();
            world.pass(1_200);
            world.abandon(1);
        },
        "expired, 1 card abandoned, payment.expired",
    );
}

#[test]
fn an_abandoned_order_that_is_paid_captures_and_ends_the_open_attempt() {
    check(
        |world| {
            world.start_card();
            world.open(1);
            world.abandon(1);
            world.start_wallet(RICH);
            assert_eq!(world.report(1, world.approval(1)), Outcome::Captured);
        },
        "captured, 1 card approved, 2 wallet abandoned, payment.succeeded",
    );
}

#[test]
fn an_approval_after_a_decline_captures_a_payment_that_is_still_open() {
    check(
        |world| {
            world.start_card();
            world.report(1, DECLINE);
            assert_eq!(world.report(1, world.approval(1)), Outcome::Captured);
        },
        "captured, 1 card approved, payment.succeeded",
    );
}

#[test]
fn the_payer_may_cancel_before_paying_with_a_code_waiting_or_with_an_unpaid_card() {
    check(|world| world.cancel(None), "canceled, payment.canceled");
    check(
        |world| {
            world.start_wallet(RICH);
            world.cancel(None);
        },
        "canceled, 1 wallet abandoned, payment.canceled",
    );
    check(
        |world| {
            world.start_card();
            world.cancel(Some(1));
        },
        "canceled, 1 card abandoned, payment.canceled",
    );
}

#[test]
fn a_late_approval_waits_in_suspense_and_goes_back() {
    let mut world = World::new();
    world.start_card();
    world.open(1);
    world.cancel(Some(1));
    assert_eq!(world.report(1, world.approval(1)), Outcome::Unwanted);
    assert_eq!(world.held(AccountKind::Suspense), 10_000);
    assert_eq!(world.reversal(1, ReversalReport::GivenBack), Reversal::Done);
    assert_eq!(world.held(AccountKind::Suspense), 0);
    assert_eq!(world.held(AccountKind::Clearing), 0);
    let picture = "canceled, 1 card voided, payment.canceled, payment.late_success_reversed";
    assert_eq!(world.picture(), picture);
}

#[test]
fn a_second_approval_of_a_captured_payment_goes_back() {
    let mut world = World::new();
    world.start_card();
    world.abandon(1);
    world.start_card();
    world.report(2, world.approval(2));
    assert_eq!(world.report(1, world.approval(1)), Outcome::Unwanted);
    world.reversal(1, ReversalReport::GivenBack);
    let picture = "captured, 1 card voided, 2 card approved, payment.succeeded, \
                   payment.duplicate_success_reversed";
    assert_eq!(world.picture(), picture);
}

#[test]
fn the_webhook_hears_of_the_end_and_of_nothing_after_it() {
    let mut world = World::new();
    world.start_card();
    world.cancel(Some(1));
    world.report(1, world.approval(1));
    world.reversal(1, ReversalReport::GivenBack);
    let urls: Vec<_> = world.see.deliveries.values().map(|row| row.url.as_str()).collect();
    let expected = format!("https://shop.example/hook?payment_id={}&success=False", world.payment);
    assert_eq!(urls, [expected]);
}

#[test]
fn a_share_of_a_merchant_that_was_suspended_meanwhile_is_parked() {
    let mut world = World::new();
    let sent = world.start_wallet(RICH);
    world.status(4321, MerchantStatus::Suspended);
    world.confirm(sent.code.expose());
    assert_eq!(world.held(AccountKind::Parked), 2_000);
    assert_eq!(world.held(AccountKind::Available), 8_000);
    assert_eq!(world.picture(), "captured, 1 wallet approved, payment.succeeded, leg.parked");
}

#[test]
fn the_same_news_twice_changes_nothing() {
    let mut world = World::new();
    world.start_card();
    let approval = world.approval(1);
    world.report(1, approval.clone());
    let before = world.see.clone();
    assert_eq!(world.report(1, approval), Outcome::Captured);
    assert_eq!(world.report(1, DECLINE), Outcome::Unchanged);
    assert_eq!(world.report(1, BankReport::Unpaid), Outcome::Unchanged);
    assert_eq!(world.report(1, BankReport::NotRegistered), Outcome::Unchanged);
    assert_eq!(world.see.payments, before.payments);
}

#[test]
fn a_late_approval_told_twice_is_booked_once() {
    let mut world = World::new();
    world.start_card();
    world.cancel(Some(1));
    world.report(1, world.approval(1));
    assert_eq!(world.report(1, world.approval(1)), Outcome::Unwanted);
    assert_eq!(world.held(AccountKind::Suspense), 10_000);
}

#[test]
fn an_operator_closes_what_the_bank_never_explained() {
    let mut world = World::new();
    world.start_card();
    assert_eq!(world.force_closed(1), Ok(()));
    assert_eq!(world.picture(), "failed, 1 card declined, payment.failed");
    assert_eq!(flouci_status(&world.aggregate().payment.state), "SYSTEM_FAILURE");
}

#[test]
fn an_order_that_an_operator_closed_is_still_looked_at() {
    let mut world = World::new();
    world.start_card();
    assert_eq!(world.force_closed(1), Ok(()));
    assert!(world.attempt(1).card().unwrap().next_look_at.is_some());
    assert_eq!(world.report(1, world.approval(1)), Outcome::Unwanted);
}

#[test]
fn an_unknown_phone_is_never_debited_whatever_is_typed() {
    let mut world = World::new();
    let sent = world.start_wallet(UNKNOWN);
    assert!(!sent.has_wallet);
    assert_eq!(world.confirm(sent.code.expose()), CodeAnswer::Wrong { tries_left: 4 });
}
