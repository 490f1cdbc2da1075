//! `qisma attempt resolve`, `refund resolve` and `payment resolve`: an operator's word on what the bank has not
//! settled.

use std::path::Path;
use std::sync::Arc;

use qisma::clock::SystemClock;
use qisma::config::{Config, Sources};
use qisma::data_dir::DataDir;
use qisma::gateway::{Gateway, GatewayOptions};
use qisma::keyring::{Keyring, MasterKey};
use qisma::random::Randomness;
use qisma_domain::account::Acquirer;
use qisma_domain::decide::create_payment::{CreatePayment, NewPayment};
use qisma_domain::decide::start_card::StartCard;
use qisma_domain::ids::{MerchantId, Mode, PaymentId};
use qisma_domain::link::Link;
use qisma_domain::money::Amount;
use qisma_domain::payment::Channel;
use tempfile::TempDir;

use super::qisma;
use crate::given;

/// A payment whose card attempt has just begun, in a directory that nobody uses.
fn an_open_attempt(data: &Path) -> PaymentId {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let gateway = open(data);
        given::a_merchant(&gateway, "1000").await;
        let app = given::an_app(&gateway, "1000", Mode::Test).await;
        let new = NewPayment {
            amount: Amount::from_millimes(10_000).unwrap(),
            legs: vec![],
            channel: Channel::Online,
            success_link: Some(Link::from_stored("https://shop.example/paid").unwrap()),
            fail_link: Some(Link::from_stored("https://shop.example/not-paid").unwrap()),
            webhook: None,
            developer_tracking_id: None,
            accept_card: true,
            image_url: None,
            session_timeout_secs: 1_200,
            client: None,
            charge: None,
            hold_secs: None,
        };
        let command = CreatePayment {
            merchant: MerchantId::parse("1000").unwrap(),
            app: app.app_id,
            mode: Mode::Test,
            new,
            link_prefix: "https://pay.example/pay/".into(),
            idempotent: None,
        };
        let payment = gateway.store.run(command).await.unwrap().created.payment_id;
        let start = StartCard { payment, acquirer: Acquirer::Sandbox };
        gateway.store.run(start).await.unwrap();
        gateway.store.close();
        payment
    })
}

fn open(data: &Path) -> Gateway {
    let directory = DataDir::open(data).unwrap();
    let config = Config::load(&Sources::default(), &directory).unwrap();
    let randomness = Randomness::system();
    let database = &config.database.engine;
    let key = MasterKey::obtain(None, &directory, database, &mut *randomness.rng()).unwrap();
    Gateway::open(GatewayOptions {
        bound: config.http.listen,
        config,
        keyring: Keyring::new(&key),
        clock: Arc::new(SystemClock),
        randomness,
    })
    .unwrap()
}

#[test]
fn an_attempt_that_the_bank_is_still_asked_about_is_closed_only_by_force() {
    let place = TempDir::new().unwrap();
    let payment = an_open_attempt(place.path());
    let close = format!("attempt resolve {payment} 1 --close");
    let refused = qisma(place.path(), &close);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.error().contains("--force"), "{refused:?}");
    qisma(place.path(), &format!("{close} --force")).json();
    let shown = qisma(place.path(), &format!("payment show {payment}"));
    assert!(shown.json().to_string().contains("\"failed\""), "{shown:?}");
}

#[test]
fn a_refund_that_does_not_exist_cannot_be_resolved() {
    let place = TempDir::new().unwrap();
    let payment = an_open_attempt(place.path());
    let refused = qisma(place.path(), &format!("refund resolve {payment} 1 --failed"));
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.error().contains("qisma refund list"), "{refused:?}");
}

#[test]
fn a_payment_of_which_nothing_waits_for_an_operator_cannot_be_resolved() {
    let place = TempDir::new().unwrap();
    let payment = an_open_attempt(place.path());
    let refused = qisma(place.path(), &format!("payment resolve {payment} --captured"));
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.error().contains("authorization.needs_operator"), "{refused:?}");
}
