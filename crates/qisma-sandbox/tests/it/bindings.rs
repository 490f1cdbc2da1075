//! Saved cards: kept when they pay for a client, listed, charged, given up.

use serde_json::{Value, json};

use crate::support::{Bank, FRICTIONLESS, NO_FUNDS, VISA};

impl Bank {
    /// Pays an order of client `c` and gives the card's id.
    async fn save(&self, number: &str, card: crate::support::Card) -> String {
        let order = self.register(number, &[("clientId", "c")]).await;
        self.pay(&order, card).await;
        let status = self.status(&order).await;
        status["bindingInfo"]["bindingId"].as_str().unwrap().to_owned()
    }

    async fn charge(&self, order: &str, binding: &str, code: &str) -> Value {
        let fields = [("mdOrder", order), ("bindingId", binding), ("cvc", code), ("ip", "::1")];
        self.call("paymentOrderBinding", &fields).await
    }
}

#[tokio::test]
async fn a_card_that_pays_for_a_client_is_listed_for_that_client() {
    let bank = Bank::start().await;
    let binding = bank.save("A-1", VISA).await;
    let listed = bank.call("getBindings", &[("clientId", "c")]).await;
    assert_eq!(listed["errorCode"], json!("0"));
    assert_eq!(listed["bindings"][0]["bindingId"], json!(binding));
    assert_eq!(listed["bindings"][0]["maskedPan"], json!("450921**1119"));
    for (user, client) in [("shop", "d"), ("other", "c")] {
        let fields = [("userName", user), ("clientId", client)];
        assert_eq!(bank.call("getBindings", &fields).await["errorCode"], json!("2"));
    }
}

#[tokio::test]
async fn a_card_that_is_refused_is_not_saved() {
    let bank = Bank::start().await;
    let order = bank.register("A-1", &[("clientId", "c")]).await;
    bank.present(&order, NO_FUNDS).await;
    let listed = bank.call("getBindings", &[("clientId", "c")]).await;
    assert_eq!(listed["errorCode"], json!("2"));
}

#[tokio::test]
async fn a_saved_card_pays_one_order_once() {
    let bank = Bank::start().await;
    let binding = bank.save("A-1", FRICTIONLESS).await;
    let order = bank.register("A-2", &[("clientId", "c")]).await;
    assert_eq!(bank.charge(&order, &binding, "748").await["errorCode"], json!(0));
    assert_eq!(bank.order_status(&order).await, (2, 0));
    assert_eq!(bank.charge(&order, &binding, "748").await["errorCode"], json!(7));
}

#[tokio::test]
async fn a_saved_card_is_refused_by_its_code_or_by_the_amount() {
    let bank = Bank::start().await;
    let binding = bank.save("A-1", FRICTIONLESS).await;
    for (number, amount, code, action) in
        [("A-2", "10000", "749", 125), ("A-3", "10116", "748", 116)]
    {
        let fields = [
            ("orderNumber", number),
            ("amount", amount),
            ("returnUrl", "http://localhost/"),
            ("clientId", "c"),
        ];
        let registered = bank.call("register", &fields).await;
        let order = registered["orderId"].as_str().unwrap().to_owned();
        bank.charge(&order, &binding, code).await;
        assert_eq!(bank.order_status(&order).await, (6, action), "{number}");
    }
}

#[tokio::test]
async fn a_challenge_comes_with_the_way_to_the_issuer() {
    let bank = Bank::start().await;
    let binding = bank.save("A-1", VISA).await;
    let order = bank.register("A-2", &[("clientId", "c")]).await;
    let answer = bank.charge(&order, &binding, "748").await;
    assert!(answer["acsUrl"].as_str().unwrap().starts_with(&bank.url), "{answer}");
    assert_eq!(bank.order_status(&order).await.0, 5);
}

#[tokio::test]
async fn a_card_of_another_client_or_one_that_was_given_up_pays_nothing() {
    let bank = Bank::start().await;
    let binding = bank.save("A-1", FRICTIONLESS).await;
    let foreign = bank.register("A-2", &[("clientId", "d")]).await;
    assert_eq!(bank.charge(&foreign, &binding, "748").await["errorCode"], json!(2));
    let given_up = [("bindingId", binding.as_str())];
    assert_eq!(bank.call("unBindCard", &given_up).await["errorCode"], json!(0));
    assert_eq!(bank.call("unBindCard", &given_up).await["errorCode"], json!(2));
    let order = bank.register("A-3", &[("clientId", "c")]).await;
    assert_eq!(bank.charge(&order, &binding, "748").await["errorCode"], json!(2));
    assert_eq!(bank.order_status(&order).await.0, 0);
}
