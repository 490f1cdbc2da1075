//! The fault switches, one by one.

use serde_json::json;

use crate::support::{Bank, FRICTIONLESS, Page, VISA};

#[tokio::test]
async fn a_fault_without_work_registers_nothing_and_ends_after_its_times() {
    let bank = Bank::start().await;
    for (fault, status) in [("http500", 500), ("http503", 503), ("html", 200)] {
        bank.arm(&json!({ "fault": fault, "endpoint": "register", "times": 1 })).await;
        let fields = [("orderNumber", fault), ("amount", "1"), ("returnUrl", "http://localhost/")];
        let response = bank.send("register", &fields).await.unwrap();
        assert_eq!(response.status(), status, "{fault}");
        let text = response.text().await.unwrap();
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_err(), "{fault}");
        bank.register(fault, &[]).await;
    }
}

#[tokio::test]
async fn malformed_json_is_announced_as_json() {
    let bank = Bank::start().await;
    bank.arm(&json!({ "fault": "malformed_json" })).await;
    let response = bank.send("getOrderStatus", &[("orderId", "x")]).await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/json;charset=UTF-8");
    let text = response.text().await.unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_err());
}

#[tokio::test]
async fn a_lost_answer_leaves_the_order_registered() {
    let bank = Bank::start().await;
    bank.arm(&json!({ "fault": "lost_answer", "endpoint": "register", "times": 1 })).await;
    let fields = [("orderNumber", "lost"), ("amount", "1"), ("returnUrl", "http://localhost/")];
    let lost = match bank.send("register", &fields).await {
        Ok(response) => response.bytes().await.is_err(),
        Err(_) => true,
    };
    assert!(lost);
    let status = bank.call("getOrderStatusExtended", &[("orderNumber", "lost")]).await;
    assert_eq!(status["orderStatus"], 0);
}

#[tokio::test]
async fn a_late_answer_comes_when_the_clock_says_and_its_work_is_done_before() {
    let bank = Bank::start().await;
    let fault = json!({ "fault": "late", "endpoint": "register", "delay_secs": 90, "times": 1 });
    bank.arm(&fault).await;
    let late = bank.register("late", &[]);
    let watch = async {
        bank.clock.sleepers(1).await;
        let status = bank.call("getOrderStatusExtended", &[("orderNumber", "late")]).await;
        bank.clock.advance_secs(90);
        status["orderStatus"].clone()
    };
    let (order_id, status_meanwhile) = tokio::join!(late, watch);
    assert_eq!(status_meanwhile, 0);
    assert_eq!(order_id.len(), 36);
}

#[tokio::test]
async fn a_hanging_call_does_nothing_and_ends_without_an_answer() {
    let bank = Bank::start().await;
    bank.arm(&json!({ "fault": "hang", "endpoint": "register", "times": 1 })).await;
    let fields = [("orderNumber", "hang"), ("amount", "1"), ("returnUrl", "http://localhost/")];
    let hanging = async {
        match bank.send("register", &fields).await {
            Ok(response) => response.bytes().await.is_err(),
            Err(_) => true,
        }
    };
    let watch = async {
        bank.clock.sleepers(1).await;
        bank.clock.advance_secs(120);
    };
    let (unanswered, ()) = tokio::join!(hanging, watch);
    assert!(unanswered);
    let status = bank.call("getOrderStatusExtended", &[("orderNumber", "hang")]).await;
    assert_eq!(status["errorCode"], "6");
}

#[tokio::test]
async fn a_fault_can_be_meant_for_some_orders_only() {
    let bank = Bank::start().await;
    let (one, two) = (bank.register("pay-1", &[]).await, bank.register("other-1", &[]).await);
    let endpoint = "getOrderStatusExtended";
    let fault = json!({ "fault": "http500", "endpoint": endpoint, "order_number": "pay-*" });
    bank.arm(&fault).await;
    assert_eq!(bank.send(endpoint, &[("orderId", &one)]).await.unwrap().status(), 500);
    assert_eq!(bank.send(endpoint, &[("orderNumber", "pay-1")]).await.unwrap().status(), 500);
    assert_eq!(bank.send(endpoint, &[("orderId", &two)]).await.unwrap().status(), 200);
    assert_eq!(bank.send("getOrderStatus", &[("orderId", &one)]).await.unwrap().status(), 200);
}

#[tokio::test]
async fn an_approval_can_be_lost_on_the_way_to_the_payer() {
    let bank = Bank::start().await;
    bank.arm(&json!({ "fault": "approve_lost", "times": 1 })).await;
    let order_id = bank.register("al-1", &[]).await;
    let challenge = bank.present(&order_id, VISA).await;
    let page = challenge.submit(&bank, &[("one-time-code", "123456")]).await;
    assert_eq!(page.status, 200);
    for way_on in ["http-equiv", "<a ", "<form"] {
        assert!(!page.html.contains(way_on), "{way_on}");
    }
    assert_eq!(bank.order_status(&order_id).await, (2, 0));
}

#[tokio::test]
async fn a_status_can_lie_about_amount_or_currency() {
    let bank = Bank::start().await;
    let order_id = bank.register("lie-1", &[]).await;
    bank.pay(&order_id, FRICTIONLESS).await;
    bank.arm(&json!([
        { "fault": "wrong_amount", "order_number": "lie-1", "times": 1 },
        { "fault": "wrong_currency", "order_number": "lie-1", "times": 1 },
    ]))
    .await;
    assert_eq!(bank.status(&order_id).await["amount"], 10_001);
    assert_eq!(bank.status(&order_id).await["currency"], "978");
    let truth = bank.status(&order_id).await;
    assert_eq!(truth["amount"], 10_000);
    assert_eq!(truth["currency"], "788");
}

#[tokio::test]
async fn switches_are_listed_and_taken_away() {
    let bank = Bank::start().await;
    let url = format!("{}/sandbox/faults", bank.url);
    bank.arm(&json!([{ "fault": "html", "times": 2 }, { "fault": "hang" }])).await;
    let listed = Page::get(&bank, &url).await.html;
    let expected = json!({ "faults": [
        { "id": 1, "fault": "html", "endpoint": "*", "times": 2 },
        { "id": 2, "fault": "hang", "endpoint": "*" },
    ]});
    assert_eq!(serde_json::from_str::<serde_json::Value>(&listed).unwrap(), expected);
    bank.client.delete(format!("{url}/1")).send().await.unwrap();
    assert!(!Page::get(&bank, &url).await.html.contains("html"));
    bank.client.delete(&url).send().await.unwrap();
    assert_eq!(Page::get(&bank, &url).await.html, "{\"faults\":[]}");
}

#[tokio::test]
async fn a_switch_that_makes_no_sense_is_refused_with_a_reason() {
    let bank = Bank::start().await;
    let url = format!("{}/sandbox/faults", bank.url);
    for (body, reason) in [
        ("{\"fault\": \"fire\"}", "unknown variant `fire`"),
        ("{\"fault\": \"html\", \"endpoint\": \"registr\"}", "registr"),
        ("{\"fault\": \"approve_lost\", \"endpoint\": \"register\"}", "bank"),
        ("{\"fault\": \"html\", \"times\": 0}", "at least 1"),
        ("{\"fault\": \"html\", \"tims\": 1}", "unknown field `tims`"),
        ("", "EOF"),
    ] {
        let response = bank.client.post(&url).body(body).send().await.unwrap();
        assert_eq!(response.status(), 400, "{body}");
        let text = response.text().await.unwrap();
        assert!(text.contains(reason), "{text}");
    }
    assert_eq!(Page::get(&bank, &url).await.html, "{\"faults\":[]}");
}
