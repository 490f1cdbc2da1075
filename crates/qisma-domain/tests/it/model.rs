//! Any commands in any order on one payment: `World` checks after each that no rule is broken.

use proptest::collection::vec;
use proptest::prelude::*;
use qisma_domain::account::Acquirer;
use qisma_domain::attempt::{AbandonReason, Attempt, CardDetails, DeclineClass, Opened};
use qisma_domain::decide::abandon_attempt::AbandonAttempt;
use qisma_domain::decide::cancel_payment::CancelPayment;
use qisma_domain::decide::confirm_code::{ConfirmCode, Funds};
use qisma_domain::decide::expire_payment::ExpirePayment;
use qisma_domain::decide::record_opened::RecordOpened;
use qisma_domain::decide::record_outcome::{BankReport, RecordOutcome};
use qisma_domain::decide::record_reversal::{RecordReversal, ReversalReport};
use qisma_domain::decide::resolve_attempt::ResolveAttempt;
use qisma_domain::decide::start_card::StartCard;
use qisma_domain::merchant::MerchantStatus;
use qisma_domain::payment::Canceler;

use crate::world::{CODE_KEY, POOR, RICH, UNKNOWN, World};

#[derive(Clone, Debug)]
enum Step {
    Card,
    Wallet(&'static str, bool),
    Confirm { right: bool },
    Opened(u16),
    Approve { attempt: u16, short: bool },
    Report(u16, BankReport),
    Abandon(u16),
    Cancel(Option<u16>),
    Expire,
    Reversal(u16, ReversalReport),
    Resolve(u16),
    Suspend(bool),
    Pass(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let number = || 1_u16..4;
    let phone = prop_oneof![Just(RICH), Just(POOR), Just(UNKNOWN)];
    let report = prop_oneof![
        Just(BankReport::Declined { class: DeclineClass::Other, code: 5 }),
        Just(BankReport::Unpaid),
        Just(BankReport::NotRegistered),
        Just(BankReport::GivenBack),
        Just(BankReport::NoAnswer),
    ];
    let back = prop_oneof![
        Just(ReversalReport::GivenBack),
        Just(ReversalReport::Refused),
        Just(ReversalReport::NoAnswer),
    ];
    prop_oneof![
        4 => Just(Step::Card),
        4 => (phone, any::<bool>()).prop_map(|(phone, resend)| Step::Wallet(phone, resend)),
        2 => any::<bool>().prop_map(|right| Step::Confirm { right }),
        2 => number().prop_map(Step::Opened),
        3 => (number(), prop::bool::weighted(0.2))
            .prop_map(|(attempt, short)| Step::Approve { attempt, short }),
        4 => (number(), report).prop_map(|(number, report)| Step::Report(number, report)),
        3 => number().prop_map(Step::Abandon),
        1 => prop::option::of(number()).prop_map(Step::Cancel),
        1 => Just(Step::Expire),
        3 => (number(), back).prop_map(|(number, back)| Step::Reversal(number, back)),
        1 => number().prop_map(Step::Resolve),
        1 => any::<bool>().prop_map(Step::Suspend),
        3 => prop_oneof![Just(-5), Just(0), Just(31), Just(130), Just(700), Just(90_000)]
            .prop_map(Step::Pass),
    ]
}

/// Takes one step. What is refused is as good as what is not: the world has looked at both.
fn take(world: &mut World, step: Step, code: &mut String) {
    let payment = world.payment;
    match step {
        Step::Card => world.tries(&StartCard { payment, acquirer: Acquirer::Sandbox }),
        Step::Wallet(phone, resend) => {
            if let Ok(sent) = world.try_wallet(phone, resend) {
                sent.code.expose().clone_into(code);
            }
        }
        Step::Confirm { right } => {
            let code = if right { code.clone() } else { "wrong".into() };
            world.tries(&ConfirmCode { payment, code, code_key: CODE_KEY, funds: Funds::Balance });
        }
        Step::Opened(attempt) => {
            let opened = Opened { order_id: format!("o{attempt}"), page_url: String::new() };
            world.tries(&RecordOpened { payment, attempt, opened });
        }
        Step::Approve { attempt, short } => {
            let is_card = |world: &World| {
                world.aggregate().attempt(attempt).is_some_and(|attempt| attempt.card().is_some())
            };
            if is_card(world) {
                let mut facts = world.facts(attempt);
                facts.amount_millimes -= i64::from(short);
                let card = Box::new(CardDetails::default());
                world.report(attempt, BankReport::Approved { facts, card });
            }
        }
        Step::Report(attempt, report) => {
            world.tries(&RecordOutcome { payment, attempt, report });
            // A look that stays in the past would be taken again and again.
            let card = world.aggregate().attempt(attempt).and_then(Attempt::card);
            let look = card.and_then(|card| card.next_look_at);
            assert!(look.is_none_or(|look| world.now < look), "the next look is later");
        }
        Step::Abandon(attempt) => {
            let reason = AbandonReason::PayerLeft;
            world.tries(&AbandonAttempt { payment, attempt, reason });
        }
        Step::Cancel(unpaid_attempt) => {
            let by = Canceler::Payer;
            world.tries(&CancelPayment { payment, by, unpaid_attempt });
        }
        Step::Expire => world.tries(&ExpirePayment { payment }),
        Step::Reversal(attempt, report) => {
            world.tries(&RecordReversal { payment, attempt, report });
        }
        Step::Resolve(attempt) => world.tries(&ResolveAttempt { payment, attempt, force: true }),
        Step::Suspend(yes) => {
            let status = if yes { MerchantStatus::Suspended } else { MerchantStatus::Active };
            world.status(4321, status);
        }
        Step::Pass(secs) => world.pass(secs),
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: 512,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_order_of_commands_breaks_a_rule(steps in vec(step(), 1..40)) {
        let mut world = World::new();
        let mut code = String::new();
        for step in steps {
            take(&mut world, step, &mut code);
        }
    }
}
