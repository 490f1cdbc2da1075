//! A merged batch equals the same commands one by one: in what is answered, and in every row.

use proptest::collection::vec;
use proptest::prelude::*;
use qisma_domain::account::Acquirer;
use qisma_domain::attempt::{AbandonReason, CardAttempt, CardDetails, DeclineClass, Opened};
use qisma_domain::challenge::CodeKey;
use qisma_domain::decide::Decide;
use qisma_domain::decide::abandon_attempt::AbandonAttempt;
use qisma_domain::decide::cancel_payment::CancelPayment;
use qisma_domain::decide::confirm_code::ConfirmCode;
use qisma_domain::decide::create_wallet::CreateWallet;
use qisma_domain::decide::prune_keys::PruneKeys;
use qisma_domain::decide::record_opened::RecordOpened;
use qisma_domain::decide::record_outcome::{ApprovalFacts, BankReport, RecordOutcome};
use qisma_domain::decide::record_reversal::{RecordReversal, ReversalReport};
use qisma_domain::decide::resolve_attempt::ResolveAttempt;
use qisma_domain::decide::start_card::StartCard;
use qisma_domain::decide::start_wallet::StartWallet;
use qisma_domain::ids::{Mode, PaymentId};
use qisma_domain::merchant::MerchantStatus;
use qisma_domain::payment::Canceler;
use std::fmt::Debug;
use std::pin::Pin;

use crate::commands::{amount, create_merchant, gate, keyed, phone, scope, set_status};
use crate::support::{Place, place, queued};

pub const CODE_KEY: CodeKey = CodeKey::new([7; 32]);
const PHONES: [&str; 2] = ["55555555", "55555556"];

/// A command on one of three payments: the first waits for a code, the second is at its bank.
#[derive(Clone, Debug)]
enum Step {
    Create(&'static str, u8),
    Card(usize),
    Wallet(usize, usize, bool),
    Confirm(usize),
    Opened(usize, u16),
    Approve(usize, u16),
    Report(usize, u16, BankReport),
    Reversal(usize, u16, ReversalReport),
    Abandon(usize, u16),
    Cancel(usize, Option<u16>),
    Resolve(usize, u16),
    Status(i64, MerchantStatus),
    Merchant(i64),
    Purse(&'static str),
    Prune,
}

fn step() -> impl Strategy<Value = Step> {
    let which = || 0_usize..3;
    let number = || 1_u16..3;
    let report = prop_oneof![
        Just(BankReport::Declined { class: DeclineClass::Limit, code: 61 }),
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
    let status = prop_oneof![Just(MerchantStatus::Active), Just(MerchantStatus::Suspended)];
    prop_oneof![
        2 => (prop_oneof![Just("a"), Just("b")], 1_u8..3).prop_map(|(key, fp)| Step::Create(key, fp)),
        2 => which().prop_map(Step::Card),
        2 => (which(), 0_usize..2, any::<bool>()).prop_map(|(at, phone, re)| Step::Wallet(at, phone, re)),
        2 => which().prop_map(Step::Confirm),
        2 => (which(), number()).prop_map(|(at, number)| Step::Opened(at, number)),
        3 => (which(), number()).prop_map(|(at, number)| Step::Approve(at, number)),
        3 => (which(), number(), report).prop_map(|(at, number, say)| Step::Report(at, number, say)),
        3 => (which(), number(), back).prop_map(|(at, number, say)| Step::Reversal(at, number, say)),
        2 => (which(), number()).prop_map(|(at, number)| Step::Abandon(at, number)),
        1 => (which(), prop::option::of(number())).prop_map(|(at, unpaid)| Step::Cancel(at, unpaid)),
        1 => (which(), number()).prop_map(|(at, number)| Step::Resolve(at, number)),
        1 => (2_i64..4, status).prop_map(|(number, status)| Step::Status(number, status)),
        1 => (3_i64..6).prop_map(Step::Merchant),
        1 => prop_oneof![Just("55555556"), Just("55555557")].prop_map(Step::Purse),
        1 => Just(Step::Prune),
    ]
}

/// What both stores begin with.
struct Begun {
    payments: Vec<PaymentId>,
    code: String,
}

async fn begin(place: &Place) -> Begun {
    place.people(2).await;
    let rich = phone(PHONES[0]);
    let fund = amount(50_000);
    let wallet = CreateWallet { phone: rich, name: "Payer".into(), mode: Mode::Test, fund };
    place.must(wallet).await;
    let payments = vec![place.payment().await, place.payment().await, place.payment().await];
    let sent = place.must(start_wallet(payments[0], 0, false)).await;
    place.must(StartCard { payment: payments[1], acquirer: Acquirer::Sandbox }).await;
    Begun { payments, code: sent.code.expose().to_owned() }
}

pub fn start_wallet(payment: PaymentId, index: usize, resend: bool) -> StartWallet {
    let phone = phone(PHONES[index]);
    StartWallet { payment, mode: Mode::Test, phone, resend, code_key: CODE_KEY }
}

fn approval(payment: PaymentId, attempt: u16) -> BankReport {
    BankReport::Approved {
        facts: ApprovalFacts {
            order_number: CardAttempt::order_number_of(&payment, attempt),
            order_id: String::new(),
            amount_millimes: 10_000,
            currency: "788".into(),
        },
        card: Box::new(CardDetails::default()),
    }
}

type Told<'a> = Pin<Box<dyn Future<Output = String> + 'a>>;

fn told<'a, D>(place: &'a Place, command: D) -> Told<'a>
where
    D: Decide<Answer: Debug, Refusal: Debug> + 'a,
{
    Box::pin(async move { format!("{:?}", place.store.run(command).await) })
}

fn take<'a>(place: &'a Place, begun: &Begun, step: Step) -> Told<'a> {
    let id = |index: usize| begun.payments[index];
    match step {
        Step::Create(key, fingerprint) => told(place, keyed(key, fingerprint)),
        Step::Card(at) => told(place, StartCard { payment: id(at), acquirer: Acquirer::Sandbox }),
        Step::Wallet(at, phone, resend) => told(place, start_wallet(id(at), phone, resend)),
        Step::Confirm(at) => {
            let code = begun.code.clone();
            told(place, ConfirmCode { payment: id(at), code, code_key: CODE_KEY })
        }
        Step::Opened(at, attempt) => {
            let opened = Opened { order_id: "o".into(), page_url: "https://bank/p".into() };
            told(place, RecordOpened { payment: id(at), attempt, opened })
        }
        Step::Approve(at, attempt) => {
            let (payment, report) = (id(at), approval(id(at), attempt));
            told(place, RecordOutcome { payment, attempt, report })
        }
        Step::Report(at, attempt, report) => {
            told(place, RecordOutcome { payment: id(at), attempt, report })
        }
        Step::Reversal(at, attempt, report) => {
            told(place, RecordReversal { payment: id(at), attempt, report })
        }
        Step::Abandon(at, attempt) => {
            let reason = AbandonReason::PayerLeft;
            told(place, AbandonAttempt { payment: id(at), attempt, reason })
        }
        Step::Cancel(at, unpaid_attempt) => {
            told(place, CancelPayment { payment: id(at), by: Canceler::Payer, unpaid_attempt })
        }
        Step::Resolve(at, attempt) => {
            told(place, ResolveAttempt { payment: id(at), attempt, force: true })
        }
        Step::Status(number, status) => told(place, set_status(number, status)),
        Step::Merchant(number) => told(place, create_merchant(number)),
        Step::Purse(text) => {
            let (phone, fund) = (phone(text), amount(20_000));
            told(place, CreateWallet { phone, name: "Payer".into(), mode: Mode::Test, fund })
        }
        Step::Prune => told(place, PruneKeys { scopes: vec![scope("a"), scope("b")] }),
    }
}

async fn one_by_one(steps: &[Step]) -> (Vec<String>, String) {
    let place = place();
    let begun = begin(&place).await;
    let mut answers = vec![];
    for step in steps {
        answers.push(take(&place, &begun, step.clone()).await);
    }
    (answers, place.dump())
}

async fn in_one_batch(steps: &[Step]) -> (Vec<String>, String) {
    let place = place();
    let begun = begin(&place).await;
    let (command, hold) = gate();
    let first = queued(place.store.run(command)).await;
    hold.wait();
    let before = place.told.batches();
    let mut waiting = vec![];
    for step in steps {
        waiting.push(queued(take(&place, &begun, step.clone())).await);
    }
    hold.release();
    first.await.expect("the gate answers");
    let mut answers = vec![];
    for answer in waiting {
        answers.push(answer.await);
    }
    assert_eq!(place.told.batches(), before + 1, "one batch");
    (answers, place.dump())
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        // Each makes two databases, which takes a server a while.
        cases: if std::env::var_os(throwaway_postgres::PROFILE_VARIABLE).is_some() { 8 } else { 48 },
        max_shrink_iters: 200,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_merged_batch_equals_the_same_commands_one_by_one(steps in vec(step(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (apart, merged) =
            runtime.block_on(async { (one_by_one(&steps).await, in_one_batch(&steps).await) });
        prop_assert_eq!(apart, merged);
    }
}
