//! What merchants owe is taken from what they have available by then.

use qisma::operations::merchants;
use qisma::workers::{debts, fold};
use qisma_domain::account::AccountKind;
use qisma_domain::fees::{FeeBearer, FeePlan};
use qisma_domain::ids::MerchantId;
use qisma_domain::money::Amount;

use super::browser::FRICTIONLESS;
use super::world::World;

impl World {
    /// The platform gives all away and bears a fee of half a dinar.
    async fn owes_a_fee(&self) {
        let platform = MerchantId::parse("1000").unwrap();
        let fixed = Amount::from_millimes(500).unwrap();
        let plan = FeePlan { fixed, bearer: FeeBearer::Platform, ..FeePlan::default() };
        merchants::set_fees(&self.gateway, platform, Some(plan)).await.unwrap();
        let payment = self.payment().await;
        self.pay_by_card(payment, FRICTIONLESS).await;
        merchants::set_fees(&self.gateway, platform, None).await.unwrap();
        fold::step(&self.gateway).await;
    }

    /// The payer gives the platform so much, by wallet.
    async fn earns(&self, millimes: i64) {
        let payment = self.payment_with(|new| {
            new.amount = Amount::from_millimes(millimes).unwrap();
            new.legs.clear();
        });
        let page = self.ask_for_code(payment.await).await;
        page.submit(self, "/code", &[("code", &self.code().await)]).await;
        fold::step(&self.gateway).await;
    }

    /// What the platform has available, and owes, after the worker has looked.
    async fn after_recovery(&self) -> (i64, i64) {
        self.clock.advance(1);
        debts::step(&self.gateway).await;
        let has = self.account("1000", AccountKind::Available).await;
        (has, self.account("1000", AccountKind::Debt).await)
    }
}

#[tokio::test]
async fn later_money_pays_a_debt_back_as_far_as_it_goes() {
    let world = World::start_rich().await;
    world.owes_a_fee().await;
    assert_eq!(world.after_recovery().await, (0, -500));
    world.earns(200).await;
    assert_eq!(world.after_recovery().await, (0, -300));
    world.clock.advance(60);
    world.earns(1_000).await;
    assert_eq!(world.after_recovery().await, (700, 0));
    assert_eq!(world.after_recovery().await, (700, 0));
}

#[tokio::test]
async fn debts_are_recovered_where_balances_follow_later() {
    let world = World::start_rich_with(&[("QISMA__LEDGER__FOLD", "deferred")]).await;
    world.owes_a_fee().await;
    world.earns(1_000).await;
    assert_eq!(world.after_recovery().await, (500, 0));
    assert_eq!(world.after_recovery().await, (500, 0));
}
