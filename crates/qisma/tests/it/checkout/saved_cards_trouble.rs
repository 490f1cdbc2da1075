//! Charges of saved cards when answers are lost, processes die or fifty ask at once: the bank takes the
//! money once or not at all, and each payment ends.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::join_all;
use qisma_domain::account::Acquirer;
use qisma_domain::attempt::Opened;
use qisma_domain::binding::{BindingId, Charge, ClientRef};
use qisma_domain::decide::create_payment::CreatePayment;
use qisma_domain::decide::record_opened::RecordOpened;
use qisma_domain::ids::{MerchantId, Mode, PaymentId};
use serde_json::{Value, json};

use super::browser::FRICTIONLESS;
use super::saved_cards::{CLIENT, a_charge, id_of, refusal_of, status_of};
use super::world::World;
use crate::test_app::Reply;

async fn charge_under(world: &World, key: &str, body: &Value) -> Reply {
    let request = world.generating(&world.caller, body.to_string());
    Reply::of(request.header("Idempotency-Key", key)).await
}

#[tokio::test]
async fn fifty_at_once_under_one_key_charge_once() {
    let world = World::start().await;
    let binding = world.save_card(FRICTIONLESS).await;
    let before = world.balance("1000").await;
    let body = a_charge(&binding, &json!({}));
    let replies = join_all((0..50).map(|_| charge_under(&world, "k1", &body))).await;
    let id = id_of(&replies[0]);
    assert!(replies.iter().all(|reply| reply.status == 200 && id_of(reply) == id));
    let fresh = replies.iter().filter(|reply| reply.header("idempotent-replayed").is_empty());
    assert_eq!(fresh.count(), 1);
    assert_eq!(world.balance("1000").await, before + 10_000);
    assert_eq!(world.order_status(id, 1).await, Some(2));
    assert_eq!((world.order_status(id, 2).await, world.payment_count().await), (None, 2));
}

#[tokio::test]
async fn a_repetition_that_the_bank_keeps_waiting_hears_of_the_charge_that_was_faster() {
    let world = World::start().await;
    let binding = world.save_card(FRICTIONLESS).await;
    let body = a_charge(&binding, &json!({}));
    world.arm(r#"{"fault": "hang", "endpoint": "getBindings", "times": 1}"#).await;
    let faster = async {
        // The bank that hangs, and the request that waits for it.
        world.clock.wait_for_sleepers(2).await;
        let first = charge_under(&world, "k1", &body).await;
        world.clock.advance(4);
        first
    };
    let (kept_waiting, first) = tokio::join!(charge_under(&world, "k1", &body), faster);
    assert_eq!(status_of(&first), (200, "SUCCESS".to_owned()));
    assert_eq!((kept_waiting.status, &kept_waiting.body), (200, &first.body));
    assert_eq!(kept_waiting.header("idempotent-replayed"), "true");
}

#[tokio::test]
async fn a_repeated_charge_is_told_how_the_first_one_ended() {
    let world = World::start().await;
    let binding = world.save_card(FRICTIONLESS).await;
    let paid = a_charge(&binding, &json!({}));
    let declined = a_charge(&binding, &json!({"amount": 10_121}));
    let first = charge_under(&world, "paid", &paid).await;
    let refused = charge_under(&world, "declined", &declined).await;
    assert_eq!(refusal_of(&refused), (412, "charge_declined".to_owned()));
    // What was charged stays charged, though the card is gone.
    world.revoke(&world.caller, &binding).await;
    for (key, body, before) in [("paid", &paid, &first), ("declined", &declined, &refused)] {
        let again = charge_under(&world, key, body).await;
        assert_eq!((again.status, &again.body), (before.status, &before.body));
        assert_eq!(again.header("idempotent-replayed"), "true");
    }
}

#[tokio::test]
async fn another_card_under_the_key_is_refused_and_another_code_is_not_looked_at() {
    let world = World::start().await;
    let binding = world.save_card(FRICTIONLESS).await;
    let first = charge_under(&world, "k1", &a_charge(&binding, &json!({}))).await;
    let same = charge_under(&world, "k1", &a_charge(&binding, &json!({"cvc": "111"}))).await;
    assert_eq!(same.body, first.body);
    let other = charge_under(&world, "k1", &a_charge("b-2", &json!({}))).await;
    assert_eq!(refusal_of(&other), (422, "idempotency_key_reused".to_owned()));
}

#[tokio::test]
async fn a_lost_answer_to_the_charge_is_found_at_the_bank() {
    let world = World::start().await;
    let binding = world.save_card(FRICTIONLESS).await;
    world.arm(r#"{"fault": "lost_answer", "endpoint": "paymentOrderBinding", "times": 1}"#).await;
    let reply = world.charge(&binding, json!({})).await;
    assert_eq!(status_of(&reply), (200, "SUCCESS".to_owned()));
}

#[tokio::test]
async fn a_bank_that_falls_silent_after_the_charge_is_asked_until_it_says() {
    let world = World::start().await;
    let binding = world.save_card(FRICTIONLESS).await;
    let before = world.balance("1000").await;
    world.arm(r#"{"fault": "lost_answer", "endpoint": "paymentOrderBinding"}"#).await;
    world.arm(r#"{"fault": "http500", "endpoint": "getOrderStatusExtended"}"#).await;
    let reply = world.charge(&binding, json!({})).await;
    assert_eq!(status_of(&reply), (200, "PENDING".to_owned()));
    world.disarm().await;
    world.pass(60).await;
    assert_eq!(world.state(id_of(&reply)).await, "captured");
    assert_eq!(world.balance("1000").await, before + 10_000);
}

#[tokio::test]
async fn a_charge_that_never_reached_the_bank_ends_with_the_session() {
    let world = World::start().await;
    let binding = world.save_card(FRICTIONLESS).await;
    world.arm(r#"{"fault": "http500", "endpoint": "paymentOrderBinding", "times": 1}"#).await;
    let reply = world.charge(&binding, json!({})).await;
    assert_eq!(status_of(&reply), (200, "PENDING".to_owned()));
    let id = id_of(&reply);
    // Nobody is sent to a page of a bank that may be charging the card.
    let page = world.open(id).await;
    assert!(!page.has_form("/change") && !page.html.contains("/leave"), "{}", page.html);
    world.pass(60).await;
    assert_eq!(world.state(id).await, "processing");
    world.pass(1_200).await;
    assert_eq!((world.state(id).await, world.order_status(id, 1).await), ("expired", Some(6)));
}

#[tokio::test]
async fn an_order_that_is_not_opened_is_not_charged() {
    let world = World::start().await;
    let binding = world.save_card(FRICTIONLESS).await;
    world.arm(r#"{"fault": "http503", "endpoint": "register", "times": 1}"#).await;
    let reply = world.charge(&binding, json!({})).await;
    assert_eq!(refusal_of(&reply), (412, "charge_not_made".to_owned()));
}

#[tokio::test]
async fn a_bank_that_does_not_list_cards_is_503_and_nothing_is_written() {
    let world = World::start().await;
    let binding = world.save_card(FRICTIONLESS).await;
    world.arm(r#"{"fault": "http503", "endpoint": "getBindings"}"#).await;
    for reply in [
        world.charge(&binding, json!({})).await,
        world.list(&world.caller, CLIENT).await,
        world.revoke(&world.caller, &binding).await,
    ] {
        assert_eq!(refusal_of(&reply), (503, "acquirer_unavailable".to_owned()));
        assert!(!reply.header("retry-after").is_empty());
    }
    assert_eq!(world.payment_count().await, 1);
}

/// What a process leaves that dies as soon as it has written the charge down.
async fn begun(world: &World, binding: &str) -> PaymentId {
    let charge = Charge {
        binding: BindingId::parse(binding).unwrap(),
        client: ClientRef::of_digest(&[7; 32]),
        acquirer: Acquirer::Sandbox,
    };
    let mut new = None;
    world.payment_with(|asked| new = Some(asked.clone())).await;
    let mut new = new.unwrap();
    new.charge = Some(charge);
    let command = CreatePayment {
        merchant: MerchantId::parse("1000").unwrap(),
        app: world.caller.app_id,
        mode: Mode::Test,
        new,
        link_prefix: format!("{}/pay/", world.url),
        idempotent: None,
    };
    world.gateway.store.run(command).await.unwrap().created.payment_id
}

#[tokio::test]
async fn a_process_that_died_before_the_registration_leaves_a_payment_that_fails() {
    let world = World::start().await;
    let id = begun(&world, "b-1").await;
    assert_eq!((world.state(id).await, world.attempts(id).await), ("processing", vec!["init"]));
    world.pass(60).await;
    assert_eq!((world.state(id).await, world.order_status(id, 1).await), ("failed", None));
}

#[tokio::test]
async fn a_process_that_died_before_the_charge_leaves_a_payment_that_ends() {
    let world = World::start().await;
    let id = begun(&world, "b-1").await;
    let order_number = format!("{id}-1");
    let form = [
        ("userName", "sandbox-api"),
        ("password", "sandbox"),
        ("orderNumber", order_number.as_str()),
        ("amount", "10000"),
        ("currency", "788"),
        ("returnUrl", "http://localhost/"),
    ];
    let call = world.client.post(format!("{}/payment/rest/register.do", world.bank)).form(&form);
    let answer: Value = serde_json::from_str(&Reply::of(call).await.body).unwrap();
    let opened = Opened {
        order_id: answer["orderId"].as_str().unwrap().to_owned(),
        page_url: answer["formUrl"].as_str().unwrap().to_owned(),
    };
    world.gateway.store.run(RecordOpened { payment: id, attempt: 1, opened }).await.unwrap();
    world.pass(60).await;
    assert_eq!(world.state(id).await, "processing");
    world.pass(1_200).await;
    assert_eq!((world.state(id).await, world.order_status(id, 1).await), ("expired", Some(6)));
}

/// What was logged on this thread, which is the only one that a test's tasks run on.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Whether these digits stand there on their own, and not as a part of a longer number or word.
fn holds(bytes: &[u8], digits: &str) -> bool {
    let is_part = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    bytes.windows(digits.len()).enumerate().any(|(at, window)| {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        window == digits.as_bytes() && !is_part(before) && !is_part(bytes.get(at + digits.len()))
    })
}

fn files_with(folder: &Path, digits: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_with(&path, digits, found);
        } else if holds(&std::fs::read(&path).unwrap_or_default(), digits) {
            found.push(path.display().to_string());
        }
    }
}

#[tokio::test]
async fn a_security_code_is_in_no_file_no_log_and_no_answer() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let world = World::start().await;
    let binding = world.save_card(FRICTIONLESS).await;
    let code = "9137";
    let mut said = String::new();
    // Declined, malformed elsewhere, for an unknown card, under a key and again: each way out.
    for fields in [json!({}), json!({"amount": "x"}), json!({"client_id": "nobody"})] {
        let mut body = a_charge(&binding, &fields);
        body["cvc"] = json!(code);
        said += &world.generate(&world.caller, &body).await.body;
        said += &charge_under(&world, "k1", &body).await.body;
        said += &charge_under(&world, "k1", &body).await.body;
    }
    assert!(said.contains("charge_declined") && said.contains("request_invalid"), "{said}");
    assert!(!said.contains(code), "{said}");
    let logged = log.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert!(!logged.is_empty(), "something was logged");
    assert!(!holds(&logged, code), "{}", String::from_utf8_lossy(&logged));
    let mut found = vec![];
    files_with(world.data_dir(), code, &mut found);
    assert_eq!(found, Vec::<String>::new());
}
