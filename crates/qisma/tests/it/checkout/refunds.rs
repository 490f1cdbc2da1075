//! Refunds at the bank: asked for once, asked after when the answer is lost, and taken back where the bank
//! refuses.

use qisma::workers::{fold, refunds};
use qisma_domain::account::{Account, AccountKind};
use qisma_domain::changes::Changes;
use qisma_domain::decide::Decide;
use qisma_domain::ids::{EntryId, MerchantId, Mode, PaymentId};
use qisma_domain::journal::{EntryKind, FoldAt, JournalEntry, Posting, Postings};
use qisma_domain::money::Currency;
use qisma_domain::snapshot::{Keys, Snapshot};
use qisma_domain::time::Timestamp;
use rand::Rng;
use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};
use std::convert::Infallible;

use super::browser::FRICTIONLESS;
use super::world::{AMOUNT_MILLIMES, World};
use crate::test_app::{Reply, bearer};

const DEFERRED: (&str, &str) = ("QISMA__LEDGER__FOLD", "deferred");
const REFUSE: (&str, &str) = ("QISMA__REFUNDS__WHEN_SHORT", "refuse");

impl World {
    async fn refund(&self, payment: PaymentId, fields: Value) -> Reply {
        let mut body = json!({ "payment_id": payment });
        for (name, value) in fields.as_object().unwrap() {
            body[name] = value.clone();
        }
        let request = self
            .request(Method::POST, "/api/v2/refund_payment")
            .header(AUTHORIZATION, bearer(&self.caller))
            .header("content-type", "application/json")
            .body(body.to_string());
        Reply::of(request).await
    }

    /// The words of its refunds' states, in order.
    async fn refunds(&self, payment: PaymentId) -> Vec<&'static str> {
        self.read(payment).await.refunds.iter().map(|refund| refund.state.as_str()).collect()
    }

    /// What the bank says it gave back of the first order.
    async fn given_back(&self, payment: PaymentId) -> i64 {
        let order = self.order(&format!("{payment}-1")).await;
        order["paymentAmountInfo"]["refundedAmount"].as_i64().unwrap()
    }

    async fn paid_by_card(&self) -> PaymentId {
        let payment = self.payment().await;
        self.pay_by_card(payment, FRICTIONLESS).await;
        payment
    }

    async fn look_after_refunds(&self, secs: i64) {
        self.clock.advance(secs);
        refunds::step(&self.gateway).await;
        fold::step(&self.gateway).await;
    }

    async fn arm_refund(&self, fault: &str) {
        let fault = json!({ "fault": fault, "endpoint": "refund", "times": 1 });
        self.arm(&fault.to_string()).await;
    }
}

#[tokio::test]
async fn a_card_is_refunded_at_its_bank_within_the_request() {
    let world = World::start().await;
    let payment = world.paid_by_card().await;
    let reply = world.refund(payment, json!({})).await;
    assert_eq!((reply.status, reply.json()["status"].as_str()), (200, Some("success")));
    assert_eq!(world.given_back(payment).await, AMOUNT_MILLIMES);
    assert_eq!((world.balance("1234").await, world.clearing().await), (0, 0));
    assert_eq!(
        world.events(payment).await,
        ["payment.succeeded", "refund.created", "refund.succeeded"]
    );
}

#[tokio::test]
async fn parts_add_up_at_the_bank() {
    let world = World::start().await;
    let payment = world.paid_by_card().await;
    for amount in [3_000, 4_000] {
        world.refund(payment, json!({ "amount": amount })).await;
    }
    assert_eq!(world.given_back(payment).await, 7_000);
    world.refund(payment, json!({})).await;
    assert_eq!(world.given_back(payment).await, AMOUNT_MILLIMES);
    assert_eq!(world.refunds(payment).await, ["succeeded"; 3]);
}

#[tokio::test]
async fn a_lost_answer_is_asked_after_and_the_money_given_back_once() {
    let world = World::start().await;
    let payment = world.paid_by_card().await;
    world.arm_refund("lost_answer").await;
    let reply = world.refund(payment, json!({ "amount": 4_000 })).await;
    let body = reply.json();
    assert_eq!((reply.status, &body["status"]), (200, &json!("pending")));
    assert_eq!(
        [&body["result"]["status"], &body["result"]["refunded_at"]],
        [&json!("pending"), &Value::Null]
    );
    assert_eq!(world.refunds(payment).await, ["unknown"]);
    world.look_after_refunds(5).await;
    assert_eq!(world.refunds(payment).await, ["succeeded"]);
    assert_eq!(world.given_back(payment).await, 4_000);
}

#[tokio::test]
async fn what_never_reached_the_bank_is_sent_again_after_five_minutes_and_not_before() {
    let world = World::start().await;
    let payment = world.paid_by_card().await;
    world.arm_refund("http503").await;
    world.refund(payment, json!({ "amount": 4_000 })).await;
    for secs in [5, 30, 60, 60, 60, 60] {
        world.look_after_refunds(secs).await;
        assert_eq!(world.given_back(payment).await, 0);
    }
    world.look_after_refunds(60).await;
    assert_eq!(world.given_back(payment).await, 4_000);
    assert_eq!(world.refunds(payment).await, ["succeeded"]);
}

#[tokio::test]
async fn a_refusal_of_a_repetition_fails_nothing_because_the_first_may_be_under_way() {
    let world = World::start().await;
    let payment = world.paid_by_card().await;
    world.arm_refund("http503").await;
    world.refund(payment, json!({ "amount": 4_000 })).await;
    world.arm_refund("refused").await;
    for secs in [5, 30, 60, 60, 60, 60, 60] {
        world.look_after_refunds(secs).await;
    }
    assert_eq!(
        (world.refunds(payment).await, world.given_back(payment).await),
        (vec!["unknown"], 0)
    );
    for _ in 0..5 {
        world.look_after_refunds(60).await;
    }
    assert_eq!(world.refunds(payment).await, ["succeeded"]);
    assert_eq!(world.given_back(payment).await, 4_000);
}

#[tokio::test]
async fn a_refused_refund_gives_every_share_back() {
    let world = World::start().await;
    let payment = world.paid_by_card().await;
    world.arm_refund("refused").await;
    let reply = world.refund(payment, json!({})).await;
    assert_eq!((reply.status, reply.error().as_str()), (409, "refund_refused"));
    assert_eq!(reply.json()["code"], "REFUND_REFUSED");
    let shares = [world.balance("1234").await, world.balance("4321").await];
    assert_eq!((shares, world.given_back(payment).await), ([8_000, 2_000], 0));
    assert_eq!(
        world.events(payment).await,
        ["payment.succeeded", "refund.created", "refund.failed"]
    );
    assert_eq!(world.refund(payment, json!({})).await.status, 200);
}

#[tokio::test]
async fn a_refund_stands_behind_one_whose_end_is_not_known() {
    let world = World::start().await;
    let payment = world.paid_by_card().await;
    world.arm_refund("lost_answer").await;
    world.refund(payment, json!({ "amount": 4_000 })).await;
    let second = world.refund(payment, json!({ "amount": 1_000 })).await;
    assert_eq!(second.json()["status"], "pending");
    assert_eq!(world.refunds(payment).await, ["unknown", "pending"]);
    world.look_after_refunds(5).await;
    assert_eq!(world.refunds(payment).await, ["succeeded"; 2]);
    assert_eq!(world.given_back(payment).await, 5_000);
}

#[tokio::test]
async fn under_its_key_a_pending_refund_is_asked_for_again_and_tells_its_end() {
    let world = World::start().await;
    let payment = world.paid_by_card().await;
    world.arm_refund("lost_answer").await;
    let ask = || {
        let request = world
            .request(Method::POST, "/api/v2/refund_payment")
            .header(AUTHORIZATION, bearer(&world.caller))
            .header("content-type", "application/json")
            .header("idempotency-key", "refund-1")
            .body(json!({ "payment_id": payment }).to_string());
        Reply::of(request)
    };
    let first = ask().await.json();
    world.look_after_refunds(5).await;
    let second = ask().await;
    assert_eq!(
        (&first["status"], second.json()["status"].as_str()),
        (&json!("pending"), Some("success"))
    );
    assert_eq!(first["result"]["refund_id"], second.json()["result"]["refund_id"]);
    assert_eq!(second.header("idempotent-replayed"), "true");
}

#[tokio::test]
async fn under_its_key_a_refusal_is_told_again_and_can_be_asked_for() {
    let world = World::start().await;
    let payment = world.paid_by_card().await;
    world.arm_refund("refused").await;
    let bearer = bearer(&world.caller);
    let ask = || {
        let request = world
            .request(Method::POST, "/api/v2/refund_payment")
            .header(AUTHORIZATION, &bearer)
            .header("content-type", "application/json")
            .header("idempotency-key", "refund-1")
            .body(json!({ "payment_id": payment }).to_string());
        Reply::of(request)
    };
    let (first, again) = (ask().await, ask().await);
    let path = format!("/api/idempotency/refund-1?payment_id={payment}");
    let lost = Reply::of(world.request(Method::GET, &path).header(AUTHORIZATION, &bearer)).await;
    for told in [again, lost] {
        assert_eq!((told.status, &told.body), (409, &first.body));
        assert_eq!(told.header("idempotent-replayed"), "true");
        assert_eq!(told.header("original-request-id"), first.header("x-request-id"));
    }
    assert_eq!(world.refunds(payment).await, ["failed"]);
}

#[tokio::test]
async fn two_at_once_under_one_key_give_back_once_at_the_bank() {
    let world = World::start().await;
    let payment = world.paid_by_card().await;
    let ask = || {
        let request = world
            .request(Method::POST, "/api/v2/refund_payment")
            .header(AUTHORIZATION, bearer(&world.caller))
            .header("content-type", "application/json")
            .header("idempotency-key", "refund-1")
            .body(json!({ "payment_id": payment, "amount": 4_000 }).to_string());
        Reply::of(request)
    };
    let (one, other) = tokio::join!(ask(), ask());
    let id = |reply: &Reply| reply.json()["result"]["refund_id"].as_str().unwrap().to_owned();
    assert_eq!(id(&one), id(&other));
    assert_eq!(world.given_back(payment).await, 4_000);
}

#[tokio::test]
async fn a_bank_that_hangs_is_not_waited_for_longer_than_a_caller_would() {
    let world = World::start().await;
    let payment = world.paid_by_card().await;
    world.arm(r#"{"fault": "hang", "endpoint": "refund", "times": 1}"#).await;
    let pass = async {
        // The bank that hangs, and the request that waits for it.
        world.clock.wait_for_sleepers(2).await;
        world.clock.advance(4);
    };
    let (reply, ()) = tokio::join!(world.refund(payment, json!({})), pass);
    assert_eq!(reply.json()["status"], "pending");
    assert_eq!(world.refunds(payment).await, ["sent"]);
}

#[tokio::test]
async fn a_refund_whose_gateway_stopped_before_its_end_was_known_is_seen_to_by_the_next_one() {
    let mut world = World::start().await;
    let payment = world.paid_by_card().await;
    world.arm_refund("http503").await;
    world.refund(payment, json!({})).await;
    world.restart_with(&[]).await;
    world.look_after_refunds(60).await;
    world.look_after_refunds(300).await;
    assert_eq!(world.refunds(payment).await, ["succeeded"]);
}

/// Takes from what a merchant has available, as a payout will: nothing that there is today does.
struct Spend {
    merchant: MerchantId,
    millimes: i64,
}

impl Decide for Spend {
    type Answer = ();
    type Refusal = Infallible;

    fn keys(&self, _: &mut Keys) {}

    fn decide(
        &self,
        _: &Snapshot,
        now: Timestamp,
        rng: &mut dyn Rng,
    ) -> Result<((), Changes), Infallible> {
        let from =
            Account::merchant(self.merchant, AccountKind::Available, Mode::Test, Currency::Tnd);
        let to = Account::platform(AccountKind::Fees, Mode::Test, Currency::Tnd);
        let postings = Postings::balanced(vec![
            Posting { account: from, amount_millimes: -self.millimes },
            Posting { account: to, amount_millimes: self.millimes },
        ]);
        let entry = JournalEntry {
            id: EntryId::mint(self.merchant.shard(), now, rng),
            kind: EntryKind::WalletFunding,
            reference: "spent".to_owned(),
            payment: None,
            at: now,
            postings,
            fold: FoldAt::Commit,
        };
        Ok(((), Changes { entries: vec![entry], ..Changes::none() }))
    }
}

/// A merchant that has spent a part of its share.
async fn with_a_poor_merchant(settings: &[(&str, &str)]) -> (World, PaymentId) {
    let world = World::start_rich_with(settings).await;
    let payment = world.payment().await;
    let page = world.ask_for_code(payment).await;
    page.submit(&world, "/code", &[("code", &world.code().await)]).await;
    fold::step(&world.gateway).await;
    world.clock.advance(1);
    let merchant = MerchantId::parse("4321").unwrap();
    world.gateway.store.run(Spend { merchant, millimes: 1_500 }).await.unwrap();
    (world, payment)
}

#[tokio::test]
async fn what_a_merchant_lacks_it_owes() {
    let (world, payment) = with_a_poor_merchant(&[]).await;
    assert_eq!(world.refund(payment, json!({})).await.status, 200);
    let owed = world.account("4321", AccountKind::Debt).await;
    assert_eq!((owed, world.balance("4321").await), (-1_500, 0));
}

#[tokio::test]
async fn where_nobody_may_owe_the_refund_is_refused_and_the_shortfall_named() {
    let (world, payment) = with_a_poor_merchant(&[REFUSE]).await;
    let reply = world.refund(payment, json!({})).await;
    assert_eq!((reply.status, reply.json()["code"].as_str()), (409, Some("REFUND_SHORT")));
    assert!(reply.body.contains("lacks 1500 millimes"), "{}", reply.body);
    assert_eq!(world.refunds(payment).await.len(), 0);
    let others = json!({ "reversals": [{ "destination": "1234", "amount": 8_000 }] });
    assert_eq!(world.refund(payment, others).await.status, 200);
}

#[tokio::test]
async fn refunds_work_where_balances_follow_later() {
    let world = World::start_with(&[DEFERRED]).await;
    let payment = world.paid_by_card().await;
    fold::step(&world.gateway).await;
    world.refund(payment, json!({ "amount": 5_000 })).await;
    fold::step(&world.gateway).await;
    let shares = [world.balance("1234").await, world.balance("4321").await];
    assert_eq!((shares, world.clearing().await), ([4_000, 1_000], -5_000));
    assert_eq!(world.account("1234", AccountKind::Debt).await, 0);
}

#[tokio::test]
async fn what_waits_for_its_fold_is_owed_until_then() {
    let world = World::start_with(&[DEFERRED]).await;
    let payment = world.paid_by_card().await;
    world.refund(payment, json!({})).await;
    fold::step(&world.gateway).await;
    let (has, owes) = (world.balance("1234").await, world.account("1234", AccountKind::Debt).await);
    assert_eq!((has, owes), (8_000, -8_000));
}
