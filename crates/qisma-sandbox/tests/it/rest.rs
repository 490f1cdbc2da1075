//! The acquirer's endpoints: registration, status, and what follows a payment.

use serde_json::{Value, json};

use crate::support::{Bank, FRICTIONLESS, NO_FUNDS, VISA};

/// Registers with these fields over the usual ones and returns code and text.
async fn refused(bank: &Bank, fields: &[(&str, &str)]) -> (i64, String) {
    let mut all = vec![("orderNumber", "n"), ("amount", "1"), ("returnUrl", "http://localhost/")];
    all.retain(|(name, _)| fields.iter().all(|(other, _)| other != name));
    all.extend(fields);
    let answer = bank.call("register", &all).await;
    let text = answer["errorMessage"].as_str().unwrap().to_owned();
    (answer["errorCode"].as_i64().unwrap(), text)
}

#[tokio::test]
async fn a_registration_answers_with_an_id_and_a_page_and_no_error_code() {
    let bank = Bank::start().await;
    let fields = [("orderNumber", "A-1"), ("amount", "10000"), ("returnUrl", "http://localhost/")];
    let answer = bank.call("register", &fields).await;
    let order_id = answer["orderId"].as_str().unwrap();
    assert_eq!(order_id.len(), 36);
    let form_url = format!("{}&language=fr", bank.form_url(order_id));
    assert_eq!(answer, json!({ "orderId": order_id, "formUrl": form_url }));
}

#[tokio::test]
async fn each_mistake_of_a_registration_has_the_code_of_the_manual() {
    let bank = Bank::start().await;
    bank.register("used", &[]).await;
    for (fields, code) in [
        ([("orderNumber", "used")], 1),
        ([("orderNumber", "with space")], 1),
        ([("orderNumber", "0123456789012345678901234567890123456")], 1),
        ([("currency", "000")], 3),
        ([("currency", "TND")], 3),
        ([("amount", "")], 4),
        ([("orderNumber", "")], 4),
        ([("returnUrl", "")], 4),
        ([("userName", "")], 4),
        ([("password", "wrong")], 5),
        ([("amount", "0")], 5),
        ([("amount", "+5")], 5),
        ([("amount", "10.5")], 5),
        ([("amount", "1000000000000")], 5),
        ([("returnUrl", "shop.example/back")], 5),
        ([("returnUrl", "javascript:alert(1)")], 5),
        ([("sessionTimeoutSecs", "-1")], 5),
        ([("expirationDate", "2020-01-01T00:00:00")], 5),
    ] {
        assert_eq!(refused(&bank, &fields).await.0, code, "{fields:?}");
    }
}

#[tokio::test]
async fn the_text_of_an_error_follows_the_language() {
    let bank = Bank::start().await;
    for (language, text) in
        [("fr", "Monnaie inconnue"), ("ar", "عملة غير معروفة"), ("en", "Unknown currency")]
    {
        let answer = refused(&bank, &[("currency", "1"), ("language", language)]).await;
        assert_eq!(answer, (3, text.to_owned()));
    }
}

#[tokio::test]
async fn an_order_number_is_used_once_per_merchant_even_when_calls_race() {
    let bank = Bank::start().await;
    bank.register("same", &[("userName", "other shop")]).await;
    let fields = [("orderNumber", "same"), ("amount", "1"), ("returnUrl", "http://localhost/")];
    let register = || bank.call("register", &fields);
    let answers: [Value; 4] = tokio::join!(register(), register(), register(), register()).into();
    let registered = answers.iter().filter(|answer| answer.get("orderId").is_some()).count();
    let duplicates = answers.iter().filter(|answer| answer["errorCode"] == 1).count();
    assert_eq!((registered, duplicates), (1, 3));
}

#[tokio::test]
async fn a_get_with_unknown_fields_works_like_a_post() {
    let bank = Bank::start().await;
    let url = format!(
        "{}/payment/rest/register.do?userName=u&password=p&orderNumber=g-1&amount=300&currency=946\
         &returnUrl=http%3A%2F%2Flocalhost%2F&jsonParams=%7B%22FORCE_3DS2%22%3A+true%7D",
        bank.url
    );
    let answer = bank.client.get(url).send().await.unwrap().text().await.unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let order_id = answer["orderId"].as_str().unwrap();
    let url = format!(
        "{}/payment/rest/getOrderStatusExtended.do?userName=u&password=p&orderId={order_id}",
        bank.url
    );
    let status = bank.client.get(url).send().await.unwrap().text().await.unwrap();
    let status: Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["errorCode"], "0");
    assert_eq!(status["currency"], "946");
    assert_eq!(status["actionCode"], -100);
    assert_eq!(status["orderStatus"], 0);
}

#[tokio::test]
async fn endpoint_names_are_case_sensitive() {
    let bank = Bank::start().await;
    for name in ["Register", "getorderstatus", "cancel"] {
        assert_eq!(bank.send(name, &[]).await.unwrap().status(), 404, "{name}");
    }
}

#[tokio::test]
async fn a_stranger_learns_nothing_of_an_order() {
    let bank = Bank::start().await;
    let order_id = bank.register("mine", &[]).await;
    for endpoint in ["reverse", "refund", "deposit", "decline"] {
        let fields = [("orderId", order_id.as_str()), ("amount", "0"), ("userName", "stranger")];
        assert_eq!(bank.call(endpoint, &fields).await["errorCode"], 6, "{endpoint}");
    }
    let fields = [("orderId", order_id.as_str()), ("userName", "stranger")];
    assert_eq!(bank.call("getOrderStatus", &fields).await["ErrorCode"], "6");
    assert_eq!(bank.call("getOrderStatusExtended", &fields).await["errorCode"], "6");
}

#[tokio::test]
async fn a_paid_order_shows_its_card_in_both_status_calls() {
    let bank = Bank::start().await;
    let order_id = bank.register("p-1", &[]).await;
    bank.pay(&order_id, VISA).await;
    let short = bank.call("getOrderStatus", &[("orderId", &order_id)]).await;
    let approval = short["approvalCode"].clone();
    assert_eq!(
        short,
        json!({
            "expiration": "202612", "cardholderName": "Foulen Ben Foulen", "depositAmount": 10000,
            "currency": "788", "approvalCode": approval, "ErrorCode": "0",
            "ErrorMessage": "Success", "OrderStatus": 2, "OrderNumber": "p-1",
            "Pan": "450921**1119", "Amount": 10000, "Ip": "127.0.0.1",
        })
    );
    let full = bank.call("getOrderStatusExtended", &[("orderNumber", "p-1")]).await;
    assert_eq!(full["attributes"], json!([{ "name": "mdOrder", "value": order_id }]));
    assert_eq!(full["paymentAmountInfo"]["paymentState"], "DEPOSITED");
    assert_eq!(full["paymentAmountInfo"]["depositedAmount"], 10_000);
    assert_eq!(
        full["cardAuthInfo"],
        json!({
            "maskedPan": "450921**1119", "pan": "450921**1119", "expiration": "202612",
            "cardholderName": "Foulen Ben Foulen", "paymentSystem": "VISA",
            "approvalCode": approval,
        })
    );
}

#[tokio::test]
async fn a_declined_order_answers_code_two_to_the_older_status_call() {
    let bank = Bank::start().await;
    let order_id = bank.register("d-1", &[]).await;
    bank.pay(&order_id, NO_FUNDS).await;
    assert_eq!(
        bank.call("getOrderStatus", &[("orderId", &order_id)]).await,
        json!({
            "depositAmount": 0, "currency": "788", "authCode": 2, "ErrorCode": "2",
            "ErrorMessage": "Payment is declined", "OrderStatus": 6, "OrderNumber": "d-1",
            "Amount": 10000,
        })
    );
    assert_eq!(bank.status(&order_id).await["errorCode"], "0");
}

#[tokio::test]
async fn a_session_ends_on_the_clock() {
    let bank = Bank::start().await;
    let order_id = bank.register("t-1", &[("sessionTimeoutSecs", "600")]).await;
    let usual = bank.register("t-2", &[]).await;
    bank.clock.advance_secs(599);
    assert_eq!(bank.order_status(&order_id).await, (0, -100));
    bank.clock.advance_secs(1);
    assert_eq!(bank.order_status(&order_id).await, (6, -2007));
    assert_eq!(bank.order_status(&usual).await, (0, -100));
    bank.clock.advance_secs(600);
    assert_eq!(bank.order_status(&usual).await, (6, -2007));
}

#[tokio::test]
async fn a_held_payment_is_deposited_in_part_and_once() {
    let bank = Bank::start().await;
    let order_id = bank.register_at("registerPreAuth", "h-1", &[]).await;
    let deposit = |amount| {
        let (bank, order_id) = (&bank, &order_id);
        async move {
            let answer = bank.call("deposit", &[("orderId", order_id), ("amount", amount)]).await;
            answer["errorCode"].as_i64().unwrap()
        }
    };
    assert_eq!(deposit("0").await, 7, "not paid yet");
    bank.pay(&order_id, FRICTIONLESS).await;
    assert_eq!(bank.order_status(&order_id).await, (1, 0));
    assert_eq!(deposit("10001").await, 7);
    assert_eq!(deposit("8500").await, 0);
    assert_eq!(deposit("1500").await, 7, "deposited once");
    let amounts = bank.status(&order_id).await["paymentAmountInfo"].clone();
    assert_eq!(amounts["approvedAmount"], 10_000);
    assert_eq!(amounts["depositedAmount"], 8_500);
}

#[tokio::test]
async fn what_is_held_is_let_go_however_late_that_is() {
    let bank = Bank::start().await;
    let order_id = bank.register_at("registerPreAuth", "h-2", &[]).await;
    bank.pay(&order_id, FRICTIONLESS).await;
    bank.clock.advance_secs(7 * 86_400);
    assert_eq!(bank.call("reverse", &[("orderId", &order_id)]).await["errorCode"], 0);
    assert_eq!(bank.order_status(&order_id).await.0, 3);
}

#[tokio::test]
async fn a_payment_is_reversed_once_and_only_within_a_day() {
    let bank = Bank::start().await;
    let order_id = bank.register("r-1", &[]).await;
    let fields = [("orderId", order_id.as_str())];
    assert_eq!(bank.call("reverse", &fields).await["errorCode"], 7, "not paid yet");
    bank.pay(&order_id, FRICTIONLESS).await;
    let done = json!({ "errorCode": 0, "errorMessage": "Success" });
    assert_eq!(bank.call("reverse", &fields).await, done);
    assert_eq!(bank.order_status(&order_id).await.0, 3);
    assert_eq!(bank.call("reverse", &fields).await["errorCode"], 7, "reversed once");

    let late = bank.register("r-2", &[]).await;
    bank.pay(&late, FRICTIONLESS).await;
    bank.clock.advance_secs(86_401);
    assert_eq!(bank.call("reverse", &[("orderId", &late)]).await["errorCode"], 7);
}

#[tokio::test]
async fn a_refund_with_an_id_counts_once_and_the_sum_never_exceeds_the_deposit() {
    let bank = Bank::start().await;
    let order_id = bank.register("f-1", &[]).await;
    bank.pay(&order_id, FRICTIONLESS).await;
    let refund = |amount, more: &'static [(&'static str, &'static str)]| {
        let (bank, order_id) = (&bank, &order_id);
        async move {
            let mut fields = vec![("orderId", order_id.as_str()), ("amount", amount)];
            fields.extend(more);
            bank.call("refund", &fields).await["errorCode"].as_i64().unwrap()
        }
    };
    assert_eq!(refund("4000", &[("externalRefundId", "one")]).await, 0);
    assert_eq!(refund("4000", &[("externalRefundId", "one")]).await, 0, "the same refund");
    assert_eq!(refund("5000", &[("externalRefundId", "one")]).await, 5, "another under its id");
    assert_eq!(refund("1000", &[("expectedDepositedAmount", "10000")]).await, 7);
    assert_eq!(refund("6001", &[]).await, 7);
    assert_eq!(refund("x", &[]).await, 5);
    let status = bank.status(&order_id).await;
    assert_eq!(status["orderStatus"], 4);
    assert_eq!(status["paymentAmountInfo"]["refundedAmount"], 4_000);
    assert_eq!(refund("0", &[("expectedDepositedAmount", "6000")]).await, 0, "the rest");
    assert_eq!(refund("0", &[]).await, 7);
}

#[tokio::test]
async fn an_unpaid_order_can_be_declined_by_the_merchant() {
    let bank = Bank::start().await;
    let order_id = bank.register("c-1", &[]).await;
    assert_eq!(bank.call("decline", &[("orderId", &order_id)]).await["errorCode"], 0);
    assert_eq!(bank.order_status(&order_id).await, (6, 10));
    assert_eq!(bank.call("decline", &[("orderId", &order_id)]).await["errorCode"], 7);
}

#[tokio::test]
async fn the_merchant_reads_its_books_page_by_page() {
    let bank = Bank::start().await;
    for number in ["l-1", "l-2", "l-3"] {
        let order_id = bank.register(number, &[("sessionTimeoutSecs", "60")]).await;
        if number == "l-2" {
            bank.pay(&order_id, FRICTIONLESS).await;
        }
    }
    bank.register("another-shop", &[("userName", "other")]).await;
    bank.clock.advance_secs(60);
    let list = |fields: &'static [(&'static str, &'static str)]| {
        let bank = &bank;
        async move {
            let answer = bank.call("getLastOrdersForMerchants", fields).await;
            let numbers: Vec<String> = answer["orderStatuses"]
                .as_array()
                .unwrap_or(&Vec::new())
                .iter()
                .map(|order| order["orderNumber"].as_str().unwrap().to_owned())
                .collect();
            (numbers.join(" "), answer["totalCount"].as_i64().unwrap_or(-1))
        }
    };
    assert_eq!(list(&[]).await, ("l-1 l-2 l-3".to_owned(), 3));
    assert_eq!(list(&[("page", "1"), ("size", "2")]).await, ("l-3".to_owned(), 3));
    assert_eq!(list(&[("transactionStates", "DEPOSITED")]).await, ("l-2".to_owned(), 1));
    assert_eq!(list(&[("transactionStates", "DECLINED")]).await, ("l-1 l-3".to_owned(), 2));
    // All were registered in the second 20261118110640, which a range includes at both ends.
    assert_eq!(list(&[("from", "20261118110640"), ("to", "20261118110640")]).await.1, 3);
    assert_eq!(list(&[("to", "20261118110639")]).await.1, 0);
    assert_eq!(list(&[("from", "20261118110641")]).await.1, 0);
    assert_eq!(list(&[("size", "201")]).await.1, -1);
}

#[tokio::test]
async fn malformed_input_never_breaks_the_acquirer() {
    let bank = Bank::start().await;
    let long = "9".repeat(60_000);
    for body in ["%00%ff%=&&&=", "amount=%D9%A3&orderNumber=%00", "\u{0}", &long, "{\"a\":[[[["] {
        for name in ["register", "refund", "getOrderStatus", "getLastOrdersForMerchants"] {
            let url =
                format!("{}/payment/rest/{name}.do?userName=a&password=b&orderId=%F0", bank.url);
            let form = "application/x-www-form-urlencoded";
            let request = bank.client.post(url).header("content-type", form).body(body.to_owned());
            assert_eq!(request.send().await.unwrap().status(), 200, "{name}");
        }
    }
    let url = format!("{}/payment/rest/register.do", bank.url);
    let huge = bank.client.post(url).body("a".repeat(65_537)).send().await.unwrap();
    assert_eq!(huge.status(), 413);
}

#[tokio::test]
async fn the_books_outlive_the_process() {
    let first = Bank::start().await;
    let order_id = first.register("kept", &[]).await;
    first.pay(&order_id, FRICTIONLESS).await;
    let second = first.restart().await;
    assert_eq!(second.order_status(&order_id).await, (2, 0));
    let answer = refused(&second, &[("orderNumber", "kept")]).await;
    assert_eq!(answer.0, 1, "an order number is used once for ever");
}
