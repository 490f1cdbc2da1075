//! Fees: taken with the capture, refused where the leg that bears them is too small.

use qisma::operations::merchants;
use qisma::workers::{fold, settle};
use qisma_domain::account::{Account, AccountKind};
use qisma_domain::fees::{Bps, FeeBearer, FeePlan};
use qisma_domain::ids::{MerchantId, Mode, PaymentId};
use qisma_domain::money::{Amount, Currency};
use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use serde_json::json;

use super::browser::FRICTIONLESS;
use super::world::World;
use crate::test_app::{Reply, bearer};

const DEFERRED: (&str, &str) = ("QISMA__LEDGER__FOLD", "deferred");
const LEG: &str = "leg:1234";

/// 1.5 % and 100 millimes, at least 200 and at most 1,000; 19 % tax on it. Of 10 dinars: 250 and 48.
fn plan(bearer: &str) -> FeePlan {
    let amount = |millimes| Amount::from_millimes(millimes).unwrap();
    FeePlan {
        bps: Bps::try_from(150).unwrap(),
        fixed: amount(100),
        min: amount(200),
        max: Some(amount(1_000)),
        tax_bps: Bps::try_from(1_900).unwrap(),
        bearer: FeeBearer::parse(bearer).unwrap(),
    }
}

impl World {
    async fn set_fees(&self, plan: FeePlan) {
        let platform = MerchantId::parse("1000").unwrap();
        merchants::set_fees(&self.gateway, platform, Some(plan)).await.unwrap();
    }

    /// Asks for 10 dinars, over HTTP: so much of it for one merchant, so much for another.
    async fn asks(&self, cook: i64, driver: i64) -> Reply {
        let body = json!({
            "amount": 10_000,
            "accept_card": true,
            "success_link": "https://shop.example/paid",
            "fail_link": "https://shop.example/failed",
            "destination": [
                { "amount": cook, "destination": "1234" },
                { "amount": driver, "destination": "4321" },
            ],
        });
        self.generate(&self.caller, &body).await
    }

    async fn pays(&self, cook: i64, driver: i64) -> PaymentId {
        let asked = self.asks(cook, driver).await.json();
        let id = asked["result"]["payment_id"].as_str().unwrap();
        let payment = PaymentId::parse(id).unwrap();
        self.pay_by_card(payment, FRICTIONLESS).await;
        payment
    }

    async fn pays_by_wallet(&self, payment: PaymentId) {
        let page = self.ask_for_code(payment).await;
        page.submit(self, "/code", &[("code", &self.code().await)]).await;
        fold::step(&self.gateway).await;
    }

    async fn gives_all_back(&self, payment: PaymentId) -> Reply {
        let request = self
            .request(Method::POST, "/api/v2/refund_payment")
            .header(AUTHORIZATION, bearer(&self.caller))
            .header("content-type", "application/json")
            .body(json!({ "payment_id": payment }).to_string());
        Reply::of(request).await
    }

    /// Fees and tax.
    async fn taken(&self) -> (i64, i64) {
        let read = self.gateway.store.read(|reader| {
            let of = |kind| {
                let account = Account::platform(kind, Mode::Test, Currency::Tnd);
                reader.balance(&account).map(|balance| balance.posted_millimes)
            };
            Ok((of(AccountKind::Fees)?, of(AccountKind::Tax)?))
        });
        read.await.unwrap()
    }

    /// Pending, available and owed of the platform.
    async fn platform(&self) -> [i64; 3] {
        [
            self.account("1000", AccountKind::Pending).await,
            self.account("1000", AccountKind::Available).await,
            self.account("1000", AccountKind::Debt).await,
        ]
    }
}

#[tokio::test]
async fn a_platform_pays_fee_and_tax_out_of_its_share() {
    let world = World::start().await;
    world.set_fees(plan("platform")).await;
    world.pays(8_000, 1_000).await;
    assert_eq!(world.taken().await, (250, 48));
    assert_eq!(world.platform().await, [1_000 - 298, 0, 0]);
    assert_eq!(world.balance("1234").await, 8_000);
}

#[tokio::test]
async fn a_platform_that_gives_all_away_owes_the_fee() {
    let world = World::start().await;
    world.set_fees(plan("platform")).await;
    world.pays(8_000, 1_900).await;
    assert_eq!((world.taken().await, world.platform().await), ((250, 48), [0, 0, -198]));
}

#[tokio::test]
async fn a_platform_that_has_money_pays_with_it_before_it_owes() {
    let world = World::start().await;
    world.pays_by_wallet(world.payment_with(|new| new.legs.truncate(1)).await).await;
    assert_eq!(world.platform().await, [0, 2_000, 0]);
    world.set_fees(plan("platform")).await;
    world.pays(8_000, 2_000).await;
    assert_eq!(world.platform().await, [0, 2_000 - 298, 0]);
}

#[tokio::test]
async fn a_leg_that_bears_the_fee_gets_that_much_less() {
    let world = World::start().await;
    world.set_fees(plan(LEG)).await;
    world.pays(8_000, 2_000).await;
    assert_eq!((world.balance("1234").await, world.balance("4321").await), (7_702, 2_000));
    assert_eq!(world.platform().await, [0, 0, 0]);
}

#[tokio::test]
async fn legs_may_bear_a_fee_alike_or_in_proportion() {
    let world = World::start_rich().await;
    world.set_fees(plan("equal")).await;
    world.pays(8_000, 1_500).await;
    // 298 in three: 100, 99 and 99.
    assert_eq!((world.balance("1234").await, world.balance("4321").await), (7_900, 1_401));
    world.set_fees(plan("proportional")).await;
    world.pays(8_000, 1_500).await;
    // 298 at 80, 15 and 5 %: 238, 45 and 15.
    assert_eq!((world.balance("1234").await, world.balance("4321").await), (15_662, 2_856));
}

#[tokio::test]
async fn a_fee_that_its_leg_cannot_bear_is_refused_with_the_leg_and_what_it_lacks() {
    let world = World::start().await;
    world.set_fees(plan(LEG)).await;
    let reply = world.asks(297, 2_000).await;
    assert_eq!((reply.status, reply.error().as_str()), (400, "request_invalid"));
    assert_eq!(reply.refused_fields(), ["destination[0].amount"]);
    assert!(reply.body.contains("is 1 millimes less than the fee"), "{}", reply.body);
    assert_eq!(world.payment_count().await, 0);
    assert_eq!(world.asks(298, 2_000).await.status, 200);
}

#[tokio::test]
async fn a_fee_is_that_of_the_plan_when_the_payment_was_made() {
    let world = World::start().await;
    world.set_fees(plan("platform")).await;
    let payment = world.payment().await;
    world.set_fees(FeePlan { bps: Bps::try_from(5_000).unwrap(), ..plan(LEG) }).await;
    world.pay_by_card(payment, FRICTIONLESS).await;
    assert_eq!(world.taken().await, (250, 48));
}

#[tokio::test]
async fn a_merchant_without_a_plan_pays_nothing() {
    let world = World::start().await;
    world.pays(8_000, 1_000).await;
    assert_eq!((world.taken().await, world.platform().await), ((0, 0), [1_000, 0, 0]));
}

#[tokio::test]
async fn a_fee_is_kept_when_the_payment_is_given_back() {
    let world = World::start().await;
    world.set_fees(plan(LEG)).await;
    let payment = world.pays(8_000, 2_000).await;
    assert_eq!(world.gives_all_back(payment).await.status, 200);
    assert_eq!(world.taken().await, (250, 48));
    assert_eq!(world.account("1234", AccountKind::Debt).await, -298);
}

#[tokio::test]
async fn what_is_settled_is_what_the_fee_has_left() {
    let world = World::start().await;
    world.set_fees(plan("platform")).await;
    world.pays(8_000, 1_000).await;
    world.clock.advance(5 * 86_400);
    settle::step(&world.gateway).await;
    assert_eq!(world.platform().await, [0, 702, 0]);
}

#[tokio::test]
async fn fees_are_taken_where_balances_follow_later() {
    let world = World::start_rich_with(&[DEFERRED]).await;
    world.set_fees(plan("platform")).await;
    world.pays(8_000, 1_000).await;
    fold::step(&world.gateway).await;
    assert_eq!((world.taken().await, world.platform().await), ((250, 48), [702, 0, 0]));
    // By wallet, what the share lacks is owed: the hold of the payer answers for nothing else.
    world.pays_by_wallet(world.payment().await).await;
    assert_eq!((world.taken().await, world.platform().await), ((500, 96), [702, 0, -298]));
}

#[tokio::test]
async fn captures_at_once_never_overdraw_what_the_platform_has() {
    let world = World::start_rich().await;
    world.pays_by_wallet(world.payment_with(|new| new.legs.truncate(1)).await).await;
    let large = FeePlan { min: Amount::from_millimes(1_000).unwrap(), ..plan("platform") };
    world.set_fees(large).await;
    let mut payments = vec![];
    for _ in 0..4 {
        payments.push(world.payment().await);
    }
    let paid = payments.iter().map(|payment| world.pay_by_card(*payment, FRICTIONLESS));
    futures_util::future::join_all(paid).await;
    // Four times 1,000 and 190 of tax: 2,000 are there, the rest is owed.
    assert_eq!((world.taken().await, world.platform().await), ((4_000, 760), [0, 0, -2_760]));
}
