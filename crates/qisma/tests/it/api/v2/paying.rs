//! Payments brought to where they stand by the domain's commands, without a browser or a bank.

use qisma_domain::account::Acquirer;
use qisma_domain::attempt::{CardDetails, DeclineClass};
use qisma_domain::challenge::CodeKey;
use qisma_domain::decide::cancel_payment::CancelPayment;
use qisma_domain::decide::confirm_code::{CodeAnswer, ConfirmCode, Funds};
use qisma_domain::decide::record_outcome::{ApprovalFacts, BankReport, Outcome, RecordOutcome};
use qisma_domain::decide::start_card::{CardStarted, StartCard};
use qisma_domain::decide::start_wallet::{CodeToSend, StartWallet};
use qisma_domain::ids::{Mode, PaymentId};
use qisma_domain::payment::Canceler;
use qisma_domain::phone::Phone;

use crate::given;
use crate::test_app::TestApp;

fn payment(id: &str) -> PaymentId {
    PaymentId::parse(id).unwrap()
}

/// The payer presses the card's button.
pub async fn start_card(app: &TestApp, id: &str) -> CardStarted {
    let command = StartCard { payment: payment(id), acquirer: Acquirer::Sandbox };
    app.gateway.store.run(command).await.expect("a card attempt can be started")
}

/// The bank refuses.
pub async fn decline(app: &TestApp, id: &str, attempt: u16) {
    let report = BankReport::Declined { class: DeclineClass::InsufficientFunds, code: -2_006 };
    let command = RecordOutcome { payment: payment(id), attempt, report };
    assert_eq!(app.gateway.store.run(command).await.unwrap(), Outcome::Declined);
}

/// The bank takes the money.
pub async fn pay_by_card(app: &TestApp, id: &str) {
    let started = start_card(app, id).await;
    let facts = ApprovalFacts {
        order_number: started.order_number,
        order_id: String::new(),
        amount_millimes: started.amount.millimes(),
        currency: "788".to_owned(),
    };
    let card = Box::new(CardDetails {
        masked_pan: "450921**1119".to_owned(),
        expiration: "202612".to_owned(),
        cardholder_name: "FOULEN BEN FOULEN".to_owned(),
        payment_system: "VISA".to_owned(),
        approval_code: "182848".to_owned(),
        bank_country_code: "TN".to_owned(),
        binding_id: String::new(),
    });
    let report = BankReport::Approved { facts, card };
    let command = RecordOutcome { payment: payment(id), attempt: started.attempt, report };
    assert_eq!(app.gateway.store.run(command).await.unwrap(), Outcome::Captured);
}

/// The payer types a phone number and gets a code.
pub async fn start_wallet(app: &TestApp, id: &str) -> CodeToSend {
    let command = StartWallet {
        payment: payment(id),
        mode: Mode::Test,
        phone: Phone::parse(given::PHONE).unwrap(),
        resend: false,
        code_key: code_key(app),
    };
    app.gateway.store.run(command).await.expect("a wallet attempt can be started")
}

/// The payer types the code.
pub async fn pay_by_wallet(app: &TestApp, id: &str) {
    let code = start_wallet(app, id).await.code.expose().to_owned();
    let (payment, code_key, funds) = (payment(id), code_key(app), Funds::Balance);
    let command = ConfirmCode { payment, code, code_key, funds };
    assert_eq!(app.gateway.store.run(command).await.unwrap(), CodeAnswer::Captured);
}

/// Somebody calls the payment off.
pub async fn cancel(app: &TestApp, id: &str, by: Canceler) {
    let command = CancelPayment { payment: payment(id), by, unpaid_attempt: None };
    app.gateway.store.run(command).await.expect("nobody is paying it");
}

fn code_key(app: &TestApp) -> CodeKey {
    CodeKey::new(*app.gateway.keyring.otp_key())
}
