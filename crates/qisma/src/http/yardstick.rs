//! The yardstick of the benchmark, in builds with the feature `yardstick` only: a request is
//! authenticated, read and checked like any other, and then answered with a payment that is not
//! stored. What the store costs is what is missing here.

use std::sync::OnceLock;

use qisma_domain::decide::create_payment::{CreateAnswer, CreatePayment, Created};
use qisma_domain::ids::{AppId, MerchantId, Mode, PaymentId};
use qisma_domain::link::{Link, LinkKind};
use qisma_domain::money::{Amount, Currency};
use qisma_domain::payment::{Channel, Payment, PaymentState};
use qisma_domain::snapshot::PaymentAggregate;
use qisma_domain::split::{LegRequest, Share, Split};
use qisma_domain::time::Timestamp;

/// The id of the payment that there is not; as long as any other.
const NOT_STORED: PaymentId = PaymentId::from_bytes([0xA5; 16]);

/// Whether this process is the yardstick (`QISMA_YARDSTICK`).
pub fn is_on() -> bool {
    static IS_ON: OnceLock<bool> = OnceLock::new();
    *IS_ON.get_or_init(|| std::env::var_os("QISMA_YARDSTICK").is_some())
}

/// Answers a request to create a payment.
pub fn created(command: CreatePayment) -> CreateAnswer {
    let created = Created {
        payment_id: NOT_STORED,
        link: format!("{}{NOT_STORED}", command.link_prefix),
        developer_tracking_id: command.new.developer_tracking_id,
    };
    CreateAnswer { created, replay_of: None, started: None }
}

/// Answers whoever asks for a payment.
pub fn payment() -> PaymentAggregate {
    static PAYMENT: OnceLock<PaymentAggregate> = OnceLock::new();
    PAYMENT.get_or_init(make_payment).clone()
}

/// A payment with two destinations, like those that the benchmark creates.
fn make_payment() -> PaymentAggregate {
    let amount = |millimes| Amount::from_millimes(millimes).expect("in range");
    let merchant = |id| MerchantId::parse(id).expect("digits");
    let link = |text| Link::parse(text, LinkKind::Success, false).expect("a link");
    let leg = |id, millimes| LegRequest {
        destination: merchant(id),
        share: Share::Fixed(amount(millimes)),
    };
    let legs = [leg("1234", 5_000), leg("4321", 2_500)];
    let split = Split::resolve(amount(10_000), merchant("9000"), &legs).expect("it fits");
    let begin = Timestamp::from_secs(0);
    let payment = Payment {
        id: NOT_STORED,
        merchant: merchant("9000"),
        app: AppId::from_bytes([0; 16]),
        mode: Mode::Test,
        amount: amount(10_000),
        currency: Currency::Tnd,
        legs: split.into_legs(),
        fee_plan: None,
        state: PaymentState::Created,
        settlement: None,
        created_at: begin,
        updated_at: begin,
        expires_at: Timestamp::MAX,
        channel: Channel::Online,
        success_link: Some(link("http://shop.invalid/ok")),
        fail_link: Some(link("http://shop.invalid/no")),
        webhook: None,
        developer_tracking_id: Some("harness".to_owned()),
        accept_card: true,
        image_url: None,
        client: None,
        hold_secs: None,
        authorization: None,
        sequence: 0,
        version: 1,
    };
    PaymentAggregate::of(payment)
}
