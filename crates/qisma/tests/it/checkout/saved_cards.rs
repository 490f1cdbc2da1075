//! Saved cards: a card that pays for a client is kept by the bank, listed, charged and given up, for
//! that client and for nobody else.

use qisma::operations::apps::NewApp;
use qisma_domain::ids::{Mode, PaymentId};
use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};

use super::browser::{Card, FRICTIONLESS, Page, VISA};
use super::world::World;
use crate::given;
use crate::test_app::{Reply, TestApp, bearer};

pub const CLIENT: &str = "foulen@shop.example";

impl World {
    /// A payer of [`CLIENT`] types a card, which is saved.
    pub async fn save_card(&self, card: Card) -> String {
        let request = given::a_request_with(&json!({"accept_card": true, "client_id": CLIENT}));
        let id = TestApp::payment(self, &self.caller, &request).await;
        self.pay_by_card(PaymentId::parse(&id).unwrap(), card).await;
        let seen = TestApp::verify(self, &self.caller, &id).await.json();
        seen["result"]["details"]["binding_id"].as_str().unwrap().to_owned()
    }

    /// Asks for a payment of 10 dinars by a saved card, with these fields changed.
    pub async fn charge(&self, binding: &str, fields: Value) -> Reply {
        self.generate(&self.caller, &a_charge(binding, &fields)).await
    }

    pub async fn list(&self, app: &NewApp, client: &str) -> Reply {
        let path = format!("/api/v2/bindings/list?client_id={}", client.replace('@', "%40"));
        Reply::of(self.request(Method::GET, &path).header(AUTHORIZATION, bearer(app))).await
    }

    pub async fn revoke(&self, app: &NewApp, binding: &str) -> Reply {
        let request = self
            .request(Method::POST, "/api/v2/bindings/revoke")
            .header(AUTHORIZATION, bearer(app))
            .header("content-type", "application/json")
            .body(json!({"client_id": CLIENT, "binding_id": binding}).to_string());
        Reply::of(request).await
    }

    /// An app of another merchant.
    pub async fn a_stranger(&self) -> NewApp {
        given::an_app(&self.gateway, "1234", Mode::Test).await
    }
}

/// The body of a charge.
pub fn a_charge(binding: &str, fields: &Value) -> Value {
    let mut body =
        given::a_request_with(&json!({"binding_id": binding, "client_id": CLIENT, "cvc": "748"}));
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// The payment that an answer gave.
pub fn id_of(reply: &Reply) -> PaymentId {
    PaymentId::parse(reply.json()["result"]["payment_id"].as_str().unwrap()).unwrap()
}

/// How an answer says that the payment stands.
pub fn status_of(reply: &Reply) -> (u16, String) {
    let word = reply.json()["result"]["status"].as_str().unwrap_or_default().to_owned();
    (reply.status, word)
}

/// An answer that refuses.
pub fn refusal_of(reply: &Reply) -> (u16, String) {
    (reply.status, reply.error())
}

#[tokio::test]
async fn a_card_that_pays_for_a_client_is_listed() {
    let world = World::start().await;
    let binding = world.save_card(VISA).await;
    let reply = world.list(&world.caller, CLIENT).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let mut answer = reply.json();
    let created_at = answer["result"]["bindings"][0]["created_at"].take();
    assert!(created_at.as_str().is_some_and(|at| at.starts_with("2026-11-2")), "{created_at}");
    let listed = json!({
        "binding_id": binding, "client_id": CLIENT, "card_last_four": "1119", "card_brand": "Visa",
        "status": "active", "created_at": null,
    });
    let expected = json!({"result": {"success": true, "bindings": [listed]}, "status": "success"});
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn a_client_without_a_card_has_an_empty_list() {
    let world = World::start().await;
    let reply = world.list(&world.caller, "nobody").await;
    assert_eq!(reply.json()["result"], json!({"success": true, "bindings": []}));
}

#[tokio::test]
async fn a_card_that_pays_twice_is_saved_once() {
    let world = World::start().await;
    let first = world.save_card(FRICTIONLESS).await;
    assert_eq!(world.save_card(FRICTIONLESS).await, first);
}

#[tokio::test]
async fn a_list_without_a_client_says_what_is_missing() {
    let world = World::start().await;
    let request = world.request(Method::GET, "/api/v2/bindings/list");
    let reply = Reply::of(request.header(AUTHORIZATION, bearer(&world.caller))).await;
    assert_eq!((reply.status, reply.refused_fields()), (400, vec!["client_id".to_owned()]));
}

#[tokio::test]
async fn the_page_tells_the_payer_that_the_card_will_be_remembered() {
    let world = World::start().await;
    for (fields, is_told) in
        [(json!({"client_id": CLIENT}), true), (json!({"client_id": ""}), false)]
    {
        let mut request = given::a_request_with(&fields);
        request["accept_card"] = json!(true);
        let id = TestApp::payment(&world, &world.caller, &request).await;
        let page = world.open(PaymentId::parse(&id).unwrap()).await;
        let told = page.html.contains("gardera cette carte en mémoire");
        assert_eq!(told, is_told, "{}", page.html);
    }
}

#[tokio::test]
async fn a_saved_card_without_a_challenge_pays_at_once() {
    let world = World::start().await;
    let binding = world.save_card(FRICTIONLESS).await;
    let before = world.balance("1000").await;
    let reply = world.charge(&binding, json!({})).await;
    assert_eq!(status_of(&reply), (200, "SUCCESS".to_owned()), "{}", reply.body);
    let id = id_of(&reply);
    assert_eq!(world.balance("1000").await, before + 10_000);
    assert_eq!(world.attempts(id).await, ["approved"]);
    let seen = TestApp::verify(&world, &world.caller, &id.to_string()).await.json();
    assert_eq!(seen["result"]["details"]["binding_id"], json!(binding));
}

#[tokio::test]
async fn a_saved_card_divides_its_payment_like_any_other() {
    let world = World::start().await;
    let binding = world.save_card(FRICTIONLESS).await;
    let split = json!([{"amount": 8_000, "destination": "1234"}]);
    let reply = world.charge(&binding, json!({"destination": split})).await;
    assert_eq!(reply.status, 200);
    assert_eq!((world.balance("1234").await, world.balance("1000").await), (8_000, 12_000));
}

/// Goes from the payment's page to the issuer and types its code, to our page after it.
async fn pass_the_challenge(world: &World, id: PaymentId) -> Page {
    let page = world.open(id).await;
    assert!(page.html.contains(&format!("/pay/{id}/leave")), "{}", page.html);
    let leaving = world.get(&format!("{}/pay/{id}/leave", world.url)).await;
    let policy = leaving.headers["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains(&format!("form-action 'self' {}", world.bank)), "{policy}");
    let challenge = leaving.submit(world, "/acs?language=fr", &[]).await;
    let (url, mut fields) = challenge.form("", &[]);
    fields.push(("otp".to_owned(), "123456".to_owned()));
    let response = world.client.post(&url).form(&fields).send().await.unwrap();
    let way = response.headers()["location"].to_str().unwrap();
    let way = reqwest::Url::parse(&url).unwrap().join(way).unwrap();
    world.get(way.as_str()).await.leave(world).await
}

#[tokio::test]
async fn a_saved_card_with_a_challenge_waits_for_its_holder() {
    let world = World::start().await;
    let binding = world.save_card(VISA).await;
    let reply = world.charge(&binding, json!({})).await;
    assert_eq!(status_of(&reply), (200, "PENDING".to_owned()), "{}", reply.body);
    let id = id_of(&reply);
    assert!(reply.json()["result"]["link"].as_str().unwrap().ends_with(&format!("/pay/{id}")));
    pass_the_challenge(&world, id).await;
    assert_eq!(world.state(id).await, "captured");
}

#[tokio::test]
async fn a_declined_charge_is_412_and_ends_its_payment() {
    let world = World::start().await;
    let binding = world.save_card(FRICTIONLESS).await;
    for fields in [json!({"amount": 10_116}), json!({"cvc": "749"})] {
        let reply = world.charge(&binding, fields.clone()).await;
        assert_eq!(refusal_of(&reply), (412, "charge_declined".to_owned()), "{fields}");
        assert_eq!(reply.json()["code"], json!(1));
    }
    let read = world.gateway.store.read(|reader| reader.payments(None, 3)).await.unwrap();
    let mut states: Vec<_> = read.iter().map(|payment| payment.state.as_str()).collect();
    states.sort_unstable();
    assert_eq!(states, ["captured", "failed", "failed"]);
}

#[tokio::test]
async fn a_security_code_cannot_be_found_by_trying() {
    let world = World::start().await;
    let binding = world.save_card(FRICTIONLESS).await;
    for _ in 0..10 {
        let reply = world.charge(&binding, json!({"cvc": "749"})).await;
        assert_eq!(refusal_of(&reply), (412, "charge_declined".to_owned()));
    }
    let reply = world.charge(&binding, json!({})).await;
    assert_eq!(refusal_of(&reply), (429, "rate_limited".to_owned()));
    world.pass(3_600).await;
    assert_eq!(world.charge(&binding, json!({})).await.status, 200);
}

#[tokio::test]
async fn a_charge_hears_of_all_its_mistakes_at_once() {
    let world = World::start().await;
    let body = given::a_request_with(&json!({"binding_id": "not an id"}));
    let reply = world.generate(&world.caller, &body).await;
    let fields = ["binding_id", "client_id", "cvc"].map(str::to_owned);
    assert_eq!((reply.status, reply.refused_fields()), (400, fields.to_vec()));
    assert_eq!(world.payment_count().await, 0);
}

#[tokio::test]
async fn what_is_foreign_is_answered_like_what_is_unknown() {
    let world = World::start().await;
    let binding = world.save_card(FRICTIONLESS).await;
    let stranger = world.a_stranger().await;
    let count = world.payment_count().await;
    let unknown = world.charge("01491d0b-c848-7dd6-a20d-e96900a7d8c0", json!({})).await;
    assert_eq!(refusal_of(&unknown), (412, "binding_not_found".to_owned()));
    let foreign = world.generate(&stranger, &a_charge(&binding, &json!({}))).await;
    let other_client = world.charge(&binding, json!({"client_id": "somebody else"})).await;
    assert_eq!((foreign.status, &foreign.body), (412, &unknown.body));
    assert_eq!((other_client.status, &other_client.body), (412, &unknown.body));
    assert_eq!(world.list(&stranger, CLIENT).await.json()["result"]["bindings"], json!([]));
    assert_eq!(world.payment_count().await, count, "nothing was written");
}

#[tokio::test]
async fn a_revoked_card_is_gone_and_revoking_it_again_says_the_same() {
    let world = World::start().await;
    let binding = world.save_card(FRICTIONLESS).await;
    let revoked = world.revoke(&world.caller, &binding).await;
    let expected = json!({
        "result": {"success": true, "binding_id": binding, "client_id": CLIENT, "status": "revoked"},
        "status": "success",
    });
    assert_eq!((revoked.status, revoked.json()), (200, expected));
    assert_eq!(world.revoke(&world.caller, &binding).await.body, revoked.body);
    let listed = world.list(&world.caller, CLIENT).await.json();
    assert_eq!(listed["result"]["bindings"], json!([]));
    let reply = world.charge(&binding, json!({})).await;
    assert_eq!(refusal_of(&reply), (412, "binding_not_found".to_owned()));
}

#[tokio::test]
async fn a_stranger_revokes_nothing() {
    let world = World::start().await;
    let binding = world.save_card(FRICTIONLESS).await;
    let stranger = world.a_stranger().await;
    assert_eq!(world.revoke(&stranger, &binding).await.status, 200);
    assert_eq!(status_of(&world.charge(&binding, json!({})).await).1, "SUCCESS");
}
