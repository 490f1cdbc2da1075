//! Pre-authorised payments: held when the payer approves, taken when the merchant confirms. When each world
//! goes, the books are checked, also against the bank's.

use futures_util::future::join_all;
use qisma::workers::refunds;
use qisma_domain::account::Balance;
use qisma_domain::ids::{Mode, PaymentId};
use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};

use super::browser::{FRICTIONLESS, VISA};
use super::world::{AMOUNT_MILLIMES, World};
use crate::given;
use crate::test_app::{Reply, bearer};

/// Seven days: the default of `payments.authorization_timeout_secs`.
pub const HOLD_SECS: i64 = 604_800;
/// Confirmations and cancellations at once.
const AT_ONCE: usize = 50;

impl World {
    /// As [`World::payment`], to be held.
    pub async fn payment_to_hold(&self) -> PaymentId {
        self.payment_with(|new| new.hold_secs = Some(HOLD_SECS)).await
    }

    pub async fn held_by_card(&self) -> PaymentId {
        let payment = self.payment_to_hold().await;
        self.pay_by_card(payment, FRICTIONLESS).await;
        payment
    }

    pub async fn held_by_wallet(&self) -> PaymentId {
        let payment = self.payment_to_hold().await;
        let page = self.ask_for_code(payment).await;
        page.submit(self, "/code", &[("code", &self.code().await)]).await;
        payment
    }

    async fn post(&self, verb: &str, key: Option<&str>, body: &Value) -> Reply {
        let mut request = self
            .request(Method::POST, &format!("/api/v2/{verb}"))
            .header(AUTHORIZATION, bearer(&self.caller))
            .header("content-type", "application/json")
            .body(body.to_string());
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        Reply::of(request).await
    }

    pub async fn confirm(&self, payment: PaymentId, amount: Option<i64>) -> Reply {
        let body = match amount {
            Some(amount) => json!({ "payment_id": payment, "amount": amount }),
            None => json!({ "payment_id": payment }),
        };
        self.post("confirm_payment", None, &body).await
    }

    pub async fn cancel(&self, payment: PaymentId) -> Reply {
        self.post("cancel_payment", None, &json!({ "payment_id": payment })).await
    }

    /// What `verify_payment` says of it.
    pub async fn verified(&self, payment: PaymentId) -> Value {
        self.verify(&self.caller, &payment.to_string()).await.json()["result"].clone()
    }

    /// Lets time pass, and whoever looks after held money do what is due then.
    pub async fn pass_holding(&self, secs: i64) {
        self.pass(secs).await;
        refunds::step(&self.gateway).await;
        self.work().await;
    }

    /// What the bank says it took of the first order, and where that stands.
    pub async fn taken_at_bank(&self, payment: PaymentId) -> (i64, i64) {
        let order = self.order(&format!("{payment}-1")).await;
        let taken = order["paymentAmountInfo"]["depositedAmount"].as_i64().unwrap();
        (taken, order["orderStatus"].as_i64().unwrap())
    }

    async fn shares(&self) -> [i64; 3] {
        [self.balance("1234").await, self.balance("4321").await, self.balance("1000").await]
    }
}

pub const fn purse(posted_millimes: i64, held_millimes: i64) -> Balance {
    Balance { posted_millimes, held_millimes }
}

#[tokio::test]
async fn a_card_is_held_verify_says_so_and_the_payer_goes_back_to_the_shop() {
    let world = World::start().await;
    let payment = world.payment_to_hold().await;
    let page = world.pay_by_card(payment, VISA).await;
    let verified = world.verified(payment).await;
    assert_eq!(
        [&verified["status"], &verified["settlement_status"]],
        ["PREAUTH_SUCCESS", "NOT_APPLICABLE"]
    );
    assert_eq!(verified["details"]["pan"], "450921**1119");
    let shop = page.leave(&world).await;
    assert_eq!(shop.url, format!("https://shop.example/thanks?basket=7&payment_id={payment}"));
    assert_eq!(world.taken_at_bank(payment).await, (0, 1));
    assert_eq!((world.shares().await, world.clearing().await), ([0, 0, 0], 0));
}

#[tokio::test]
async fn a_wallet_holds_the_money_and_it_cannot_be_spent_elsewhere() {
    let world = World::start().await;
    let payment = world.held_by_wallet().await;
    assert_eq!(world.verified(payment).await["status"], "PREAUTH_SUCCESS");
    assert_eq!(world.purse().await, purse(15_000, AMOUNT_MILLIMES));
    world.pass(60).await;
    let other = world.payment().await;
    let page = world.ask_for_code(other).await;
    page.submit(&world, "/code", &[("code", &world.code().await)]).await;
    assert_eq!(world.attempts(other).await, ["declined"]);
}

#[tokio::test]
async fn what_a_wallet_holds_is_kept_whatever_the_workers_do() {
    let world = World::start().await;
    world.held_by_wallet().await;
    for _ in 0..3 {
        world.pass_holding(1_000).await;
    }
    assert_eq!(world.purse().await, purse(15_000, AMOUNT_MILLIMES));
}

#[tokio::test]
async fn a_confirmation_has_the_documented_shape_and_takes_the_part_that_was_asked_for() {
    let world = World::start().await;
    let payment = world.held_by_card().await;
    let body = json!({ "payment_id": payment, "amount": "8500" });
    let reply = world.post("confirm_payment", None, &body).await;
    let confirmed_at = reply.json()["result"]["confirmed_at"].clone();
    assert!(confirmed_at.as_str().unwrap().ends_with('Z'), "{confirmed_at}");
    let expected = json!({
        "result": {
            "payment_id": payment,
            "status": "confirmed",
            "amount": "8500",
            "confirmed_at": confirmed_at,
        },
        "status": "success",
    });
    assert_eq!((reply.status, reply.json()), (200, expected));
    assert_eq!(world.taken_at_bank(payment).await, (8_500, 2));
    assert_eq!((world.shares().await, world.clearing().await), ([6_800, 1_700, 0], -8_500));
}

#[tokio::test]
async fn verify_shows_what_was_taken_and_the_shares_of_it() {
    let world = World::start().await;
    let payment = world.held_by_wallet().await;
    world.confirm(payment, Some(5_001)).await;
    let verified = world.verified(payment).await;
    assert_eq!((&verified["status"], &verified["amount"]), (&json!("SUCCESS"), &json!(5_001)));
    let details = &verified["details"];
    assert_eq!(details["authorization"]["amount"], 10_000);
    let shares: Vec<_> = details["destinations"].as_array().unwrap().iter().collect();
    assert_eq!([&shares[0]["amount"], &shares[1]["amount"]], [&json!(4_001), &json!(1_000)]);
    assert_eq!(world.purse().await, purse(9_999, 0));
}

#[tokio::test]
async fn a_confirmation_without_an_amount_takes_all_of_it() {
    for by_card in [true, false] {
        let world = World::start().await;
        let payment =
            if by_card { world.held_by_card().await } else { world.held_by_wallet().await };
        let reply = world.confirm(payment, None).await;
        assert_eq!(reply.json()["result"]["amount"], "10000");
        assert_eq!(world.shares().await, [8_000, 2_000, 0]);
        assert_eq!(world.events(payment).await, ["payment.authorized", "payment.succeeded"]);
    }
}

#[tokio::test]
async fn a_cancellation_has_the_documented_shape_and_a_wallet_is_free_at_once() {
    let world = World::start().await;
    let payment = world.held_by_wallet().await;
    let reply = world.cancel(payment).await;
    let cancelled_at = reply.json()["result"]["cancelled_at"].clone();
    assert!(cancelled_at.as_str().unwrap().ends_with('Z'), "{cancelled_at}");
    let expected = json!({
        "result": {
            "payment_id": payment,
            "status": "cancelled",
            "cancelled_at": cancelled_at,
        },
        "status": "success",
    });
    assert_eq!((reply.status, reply.json()), (200, expected));
    assert_eq!(world.purse().await, purse(15_000, 0));
    let verified = world.verified(payment).await;
    assert_eq!(
        (&verified["status"], &verified["details"]["reason"]),
        (&json!("FAILURE"), &json!("canceled_by_merchant"))
    );
}

#[tokio::test]
async fn a_canceled_card_is_let_go_at_its_bank() {
    let world = World::start().await;
    let payment = world.held_by_card().await;
    assert_eq!(world.cancel(payment).await.status, 200);
    world.work().await;
    assert_eq!(world.taken_at_bank(payment).await, (0, 3));
    assert_eq!(world.attempts(payment).await, ["voided"]);
    assert_eq!(world.events(payment).await, ["payment.authorized", "payment.canceled"]);
}

#[tokio::test]
async fn once_confirmed_or_canceled_nothing_more_can_be_done() {
    let world = World::start_rich().await;
    let (confirmed, canceled) = (world.held_by_card().await, world.held_by_wallet().await);
    world.confirm(confirmed, None).await;
    world.cancel(canceled).await;
    let replies = [
        world.confirm(confirmed, None).await,
        world.cancel(confirmed).await,
        world.confirm(canceled, None).await,
        world.cancel(canceled).await,
    ];
    let told = replies.each_ref().map(|reply| (reply.status, reply.error()));
    let told = told.each_ref().map(|(status, error)| (*status, error.as_str()));
    assert_eq!(
        told,
        [
            (409, "payment_already_captured"),
            (409, "payment_already_captured"),
            (409, "payment_not_authorized"),
            (409, "payment_already_ended"),
        ]
    );
}

#[tokio::test]
async fn a_payment_that_nobody_has_paid_cannot_be_confirmed_but_called_off() {
    let world = World::start().await;
    let payment = world.payment_to_hold().await;
    let reply = world.confirm(payment, None).await;
    assert_eq!((reply.status, reply.error().as_str()), (409, "payment_not_authorized"));
    assert_eq!(world.cancel(payment).await.status, 200);
    assert_eq!(world.state(payment).await, "canceled");
}

#[tokio::test]
async fn a_payment_that_somebody_is_paying_is_not_called_off() {
    let world = World::start().await;
    let payment = world.payment_to_hold().await;
    world.go_to_bank(payment).await;
    let reply = world.cancel(payment).await;
    assert_eq!((reply.status, reply.error().as_str()), (409, "payment_being_paid"));
}

#[tokio::test]
async fn more_than_is_held_is_a_mistake_and_changes_nothing() {
    let world = World::start().await;
    let payment = world.held_by_card().await;
    let bad = [json!(10_001), json!(0), json!("8500.5"), json!(true)];
    for amount in bad {
        let body = json!({ "payment_id": payment, "amount": amount });
        let reply = world.post("confirm_payment", None, &body).await;
        assert_eq!((reply.status, reply.refused_fields()), (400, vec!["amount".to_owned()]));
    }
    assert_eq!(world.verified(payment).await["status"], "PREAUTH_SUCCESS");
}

#[tokio::test]
async fn a_strangers_payment_and_a_malformed_id_look_the_same() {
    let world = World::start().await;
    let payment = world.held_by_wallet().await.to_string();
    let stranger = given::an_app(&world.gateway, "1234", Mode::Test).await;
    for verb in ["confirm_payment", "cancel_payment"] {
        let mut bodies = vec![];
        for id in [payment.as_str(), "AAAAAAAAAAAAAAAAAAAAAA", "nonsense"] {
            let request = world
                .request(Method::POST, &format!("/api/v2/{verb}"))
                .header(AUTHORIZATION, bearer(&stranger))
                .header("content-type", "application/json")
                .body(json!({ "payment_id": id }).to_string());
            let reply = Reply::of(request).await;
            assert_eq!(reply.status, 404);
            bodies.push(reply.body);
        }
        bodies.dedup();
        assert_eq!(bodies.len(), 1, "{bodies:?}");
    }
}

#[tokio::test]
async fn under_one_key_a_payment_is_confirmed_once_and_answered_twice() {
    let world = World::start().await;
    let payment = world.held_by_card().await;
    let body = json!({ "payment_id": payment, "amount": 4_000 });
    let first = world.post("confirm_payment", Some("key-1"), &body).await;
    let spelled = json!({ "amount": "4000", "payment_id": payment });
    let second = world.post("confirm_payment", Some("key-1"), &spelled).await;
    assert_eq!((second.status, &second.body), (200, &first.body));
    assert_eq!(second.header("idempotent-replayed"), "true");
    let other = json!({ "payment_id": payment });
    let reused = world.post("confirm_payment", Some("key-1"), &other).await;
    assert_eq!((reused.status, reused.error().as_str()), (422, "idempotency_key_reused"));
}

#[tokio::test]
async fn only_what_was_captured_can_be_given_back() {
    let world = World::start().await;
    let payment = world.held_by_wallet().await;
    let body = json!({ "payment_id": payment });
    assert_eq!(world.post("refund_payment", None, &body).await.status, 409);
    world.confirm(payment, Some(6_000)).await;
    let above = json!({ "payment_id": payment, "amount": 6_001 });
    assert_eq!(world.post("refund_payment", None, &above).await.status, 409);
    let all = world.post("refund_payment", None, &body).await;
    assert_eq!((all.status, &all.json()["result"]["amount"]), (200, &json!("6000")));
    assert_eq!((world.shares().await, world.purse().await), ([0, 0, 0], purse(15_000, 0)));
}

#[tokio::test]
async fn of_fifty_confirmations_and_cancellations_at_once_one_wins() {
    for by_card in [true, false] {
        let world = World::start().await;
        let payment =
            if by_card { world.held_by_card().await } else { world.held_by_wallet().await };
        let replies = join_all((0..AT_ONCE).map(|number| {
            let world = &world;
            async move {
                match number % 2 {
                    0 => world.confirm(payment, Some(9_000)).await,
                    _ => world.cancel(payment).await,
                }
            }
        }));
        let replies = replies.await;
        let won = replies.iter().filter(|reply| reply.status == 200).count();
        let lost = replies.iter().filter(|reply| reply.status == 409).count();
        assert_eq!((won, lost), (1, AT_ONCE - 1));
        world.work().await;
        let state = world.state(payment).await;
        let ends = world.events(payment).await.len();
        assert!(matches!(state, "captured" | "canceled"), "{state}");
        assert_eq!(ends, 2, "authorized, and then one end");
    }
}
