//! The connector against an acquirer that answers well, badly or not at all.

use super::*;
use crate::outbound::canned::{Canned, CannedServer, closed_address};

/// A paid order, as the BPC manual shows it.
const PAID: &str = r#"{"errorCode":"0","errorMessage":"Success","orderNumber":"7005",
"orderStatus":2,"actionCode":0,"actionCodeDescription":"","amount":2000,"currency":"788",
"date":1617972915659,"ip":"203.0.113.9","attributes":[{"name":"mdOrder","value":"01491d0b"}],
"cardAuthInfo":{"maskedPan":"450921**1119","expiration":"202612","cardholderName":"TEST USER",
"approvalCode":"123456","paymentSystem":"VISA"},"authRefNum":"111111111111",
"paymentAmountInfo":{"paymentState":"DEPOSITED","approvedAmount":2000,"depositedAmount":2000,
"refundedAmount":0},"bankInfo":{"bankCountryCode":"TN"}}"#;

/// A paid order of the older endpoint, whose names are written otherwise; as published by a
/// ClicToPay integrator, with the payer's name changed.
const PAID_OLD: &str = r#"{"expiration":"202312","cardholderName":"F BEN F","depositAmount":50,
"currency":"788","approvalCode":"315442","ErrorCode":"0","ErrorMessage":"Success","OrderStatus":2,
"OrderNumber":"77","Pan":"510440**3827","Amount":50,"Ip":"203.0.113.9"}"#;

/// A declined order from the same source: an error code, and yet an order.
const DECLINED_OLD: &str = r#"{"depositAmount":0,"currency":"788","authCode":2,"ErrorCode":"2",
"ErrorMessage":"Payment is declined","OrderStatus":6,"OrderNumber":"442","Amount":2300}"#;

const ORDER: RegisterOrder<'_> = RegisterOrder {
    order_number: "pay-1",
    amount_millimes: 10_000,
    return_url: "https://pay.example/return",
    fail_url: "https://pay.example/fail",
    session_timeout_secs: 1_200,
    language: "fr",
    description: "Commande n° 1",
    client_id: None,
    json_params: None,
    dynamic_callback_url: None,
};

fn client(root: &str) -> SmtClient {
    SmtClient::new(SmtSettings {
        url: format!("{root}/payment/rest/"),
        user_name: "qisma".into(),
        password: "s3cret".into(),
        currency: CURRENCY_DEFAULT.into(),
        callback_key: None,
        timeout_secs: 1,
    })
    .expect("the settings are right")
}

async fn registered(canned: Canned) -> RegisterAnswer {
    let server = CannedServer::start(canned).await;
    client(&server.url()).register(&ORDER).await
}

async fn status_of(body: &str) -> StatusAnswer {
    let server = CannedServer::start(Canned::ok(body)).await;
    client(&server.url()).status(StatusBy::OrderId("01491d0b")).await
}

async fn facts_of(body: &str) -> OrderFacts {
    match status_of(body).await {
        StatusAnswer::Order(facts) => *facts,
        other => panic!("an order was expected: {other:?}"),
    }
}

#[tokio::test]
async fn an_order_is_registered_by_a_form_and_no_credential_is_in_the_url() {
    let body = r#"{"orderId":"01491d0b","formUrl":"https://bank.example/pay?mdOrder=01491d0b"}"#;
    let server = CannedServer::start(Canned::ok(body)).await;
    let answer = client(&server.url()).register(&ORDER).await;
    let opened = RegisterAnswer::Opened {
        order_id: "01491d0b".into(),
        page_url: "https://bank.example/pay?mdOrder=01491d0b".into(),
    };
    assert_eq!(answer, opened);
    let seen = server.only_request();
    assert!(seen.starts_with("POST /payment/rest/register.do HTTP/1.1\r\n"), "{seen}");
    for field in [
        "userName=qisma",
        "password=s3cret",
        "orderNumber=pay-1",
        "amount=10000",
        "currency=788",
        "returnUrl=https%3A%2F%2Fpay.example%2Freturn",
        "sessionTimeoutSecs=1200",
    ] {
        assert!(seen.contains(field), "{field} in {seen}");
    }
}

#[tokio::test]
async fn an_explicit_success_code_is_a_success_too() {
    for code in ["0", "\"0\"", "null"] {
        let body =
            format!(r#"{{"errorCode":{code},"orderId":"1","formUrl":"https://bank.example/"}}"#);
        let answer = registered(Canned::ok(&body)).await;
        assert!(matches!(answer, RegisterAnswer::Opened { .. }), "{code}: {answer:?}");
    }
}

#[tokio::test]
async fn each_refusal_has_its_kind() {
    for (code, kind) in [
        ("1", RefusalKind::Duplicate),
        ("\"1\"", RefusalKind::Duplicate),
        ("3", RefusalKind::Invalid),
        ("4", RefusalKind::Invalid),
        ("5", RefusalKind::Credentials),
        ("7", RefusalKind::System),
        ("14", RefusalKind::Invalid),
    ] {
        let answer = registered(Canned::ok(&format!(r#"{{"errorCode":{code}}}"#))).await;
        let code = code.trim_matches('"').parse().expect("a number");
        assert_eq!(answer, RegisterAnswer::Refused { code, kind });
    }
}

#[tokio::test]
async fn an_answer_that_does_not_say_what_happened_is_unknown() {
    let too_long = format!(r#"{{"errorCode":"1","x":"{}"}}"#, "x".repeat(70_000));
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"orderId\"".to_vec();
    for (canned, reason) in [
        (Canned::answer("500 Oops", r#"{"errorCode":1}"#), UnknownReason::HttpStatus(500)),
        (Canned::answer("503 Busy", ""), UnknownReason::HttpStatus(503)),
        (Canned::answer("302 Found", ""), UnknownReason::HttpStatus(302)),
        (Canned::ok("<html>Maintenance</html>"), UnknownReason::NotJson),
        (Canned::ok(r#"{"orderId":"#), UnknownReason::NotJson),
        (Canned::ok("[]"), UnknownReason::NotJson),
        (Canned::ok("\"0\""), UnknownReason::NotJson),
        (Canned::ok(""), UnknownReason::NotJson),
        (Canned::ok(&"[".repeat(5_000)), UnknownReason::NotJson),
        (Canned::ok("{}"), UnknownReason::Member("orderId")),
        (Canned::ok(r#"{"errorCode":{}}"#), UnknownReason::Member("errorCode")),
        (Canned::ok(r#"{"errorCode":1,"ErrorCode":0}"#), UnknownReason::Contradiction),
        (Canned::ok(&too_long), UnknownReason::TooLarge),
        (Canned::Endless, UnknownReason::TooLarge),
        (Canned::Bytes(Vec::new()), UnknownReason::ConnectionLost),
        (Canned::Bytes(half.clone()), UnknownReason::ConnectionLost),
        (Canned::Stall(half), UnknownReason::TimedOut),
        (Canned::Stall(Vec::new()), UnknownReason::TimedOut),
    ] {
        let case = format!("{canned:?}").chars().take(80).collect::<String>();
        assert_eq!(registered(canned).await, RegisterAnswer::Unknown(reason), "{case}");
    }
}

#[tokio::test]
async fn a_page_that_a_payer_cannot_be_sent_to_is_unknown() {
    for url in ["/pay", "//bank.example/", "javascript:alert(1)", "https://a@b/", "https://b/\\n"] {
        let body = format!(r#"{{"orderId":"1","formUrl":"{url}"}}"#);
        let unknown = RegisterAnswer::Unknown(UnknownReason::Member("formUrl"));
        assert_eq!(registered(Canned::ok(&body)).await, unknown, "{url}");
    }
}

#[tokio::test]
async fn a_connection_that_was_never_made_is_not_sent() {
    let root = format!("http://{}", closed_address().await);
    assert_eq!(client(&root).register(&ORDER).await, RegisterAnswer::NotSent);
    assert_eq!(client("http://nobody.invalid").register(&ORDER).await, RegisterAnswer::NotSent);
}

#[tokio::test]
async fn a_paid_order_is_read_with_its_card() {
    let expected = OrderFacts {
        order_id: Some("01491d0b".into()),
        order_number: "7005".into(),
        amount_millimes: 2_000,
        currency: "788".into(),
        state: OrderState::Deposited,
        deposited_millimes: 2_000,
        refunded_millimes: 0,
        refunded_is_told: true,
        card: Some(CardDetails {
            masked_pan: Some("450921**1119".into()),
            expiration: Some("202612".into()),
            cardholder_name: Some("TEST USER".into()),
            payment_system: Some("VISA".into()),
            approval_code: Some("123456".into()),
            bank_country_code: Some("TN".into()),
            rrn: Some("111111111111".into()),
            binding_id: None,
        }),
    };
    assert_eq!(facts_of(PAID).await, expected);
}

#[tokio::test]
async fn an_unmasked_card_number_is_masked_before_it_leaves_the_parser() {
    let facts = facts_of(&PAID.replace("450921**1119", "4509211111111119")).await;
    assert!(!format!("{facts:?}").contains("4509211111111119"));
    let card = facts.card.expect("a card was used");
    assert_eq!(card.masked_pan.as_deref(), Some("450921**1119"));
}

#[tokio::test]
async fn the_older_spelling_is_read_too() {
    let facts = facts_of(PAID_OLD).await;
    assert_eq!((facts.state, facts.deposited_millimes), (OrderState::Deposited, 50));
    let card = facts.card.expect("a card was used");
    assert_eq!(card.masked_pan.as_deref(), Some("510440**3827"));
}

#[tokio::test]
async fn a_declined_order_is_an_order_and_no_error() {
    assert_eq!(facts_of(DECLINED_OLD).await.state, OrderState::declined(None));
}

#[tokio::test]
async fn numbers_may_come_as_text() {
    let body = PAID
        .replace("\"orderStatus\":2", "\"orderStatus\":\"2\"")
        .replace("\"amount\":2000", "\"amount\":\"2000\"")
        .replace("\"788\"", "788");
    assert_eq!(facts_of(&body).await, facts_of(PAID).await);
}

/// An order of 1000 with this status, action code, and amounts deposited and refunded.
fn order(status: i64, action: i64, deposited: i64, refunded: i64) -> String {
    format!(
        r#"{{"orderNumber":"1","amount":1000,"currency":"788","orderStatus":{status},
        "actionCode":{action},"paymentAmountInfo":{{"depositedAmount":{deposited},
        "refundedAmount":{refunded}}}}}"#
    )
}

#[tokio::test]
async fn every_status_has_its_state_and_amounts_decide_about_refunds() {
    for (body, state) in [
        (order(0, -100, 0, 0), OrderState::Registered),
        (order(1, 0, 0, 0), OrderState::PreAuthorized),
        (order(2, 0, 1000, 0), OrderState::Deposited),
        (order(2, 0, 1000, 400), OrderState::Deposited),
        (order(2, 0, 1000, 1000), OrderState::Refunded),
        (order(3, 0, 0, 0), OrderState::Reversed),
        (order(4, 0, 1000, 400), OrderState::Deposited),
        (order(4, 0, 1000, 1000), OrderState::Refunded),
        (order(5, 0, 0, 0), OrderState::AcsStarted),
        (order(6, 116, 0, 0), OrderState::declined(Some(116))),
        (order(7, 0, 0, 0), OrderState::Pending),
        (order(8, 0, 500, 0), OrderState::Partial),
    ] {
        assert_eq!(facts_of(&body).await.state, state, "{body}");
    }
}

#[tokio::test]
async fn a_timed_out_and_a_cancelled_order_are_told_apart() {
    let flags = |facts: OrderFacts| match facts.state {
        OrderState::Declined { timed_out, canceled, .. } => (timed_out, canceled),
        other => panic!("a declined order was expected: {other:?}"),
    };
    assert_eq!(flags(facts_of(&order(6, -2007, 0, 0)).await), (true, false));
    assert_eq!(flags(facts_of(&order(6, 10, 0, 0)).await), (false, true));
}

#[tokio::test]
async fn an_order_whose_status_and_amounts_disagree_is_not_believed() {
    for body in [order(6, 0, 1000, 0), order(2, 0, 0, 0), order(0, 0, 1, 0)] {
        let unknown = StatusAnswer::Unknown(UnknownReason::Contradiction);
        assert_eq!(status_of(&body).await, unknown, "{body}");
    }
}

#[tokio::test]
async fn an_order_without_a_valid_fact_is_unknown() {
    for (found, put, member) in [
        ("\"7005\"", "null", "orderNumber"),
        ("\"amount\":2000", "\"amount\":-1", "amount"),
        ("\"amount\":2000", "\"amount\":20.5", "amount"),
        ("\"currency\":\"788\",", "", "currency"),
        ("\"orderStatus\":2", "\"orderStatus\":99", "orderStatus"),
    ] {
        let unknown = StatusAnswer::Unknown(UnknownReason::Member(member));
        assert_eq!(status_of(&PAID.replace(found, put)).await, unknown, "{member}");
    }
}

#[tokio::test]
async fn errors_about_an_order_are_told_apart() {
    for (body, answer) in [
        (r#"{"errorCode":"6"}"#, StatusAnswer::NotRegistered),
        (r#"{"errorCode":5}"#, StatusAnswer::Refused { code: 5 }),
        (r#"{"errorCode":2}"#, StatusAnswer::Refused { code: 2 }),
        (r#"{"errorCode":7}"#, StatusAnswer::Unknown(UnknownReason::SystemError)),
        (r#"{"errorCode":6,"orderStatus":2}"#, StatusAnswer::Unknown(UnknownReason::Contradiction)),
    ] {
        assert_eq!(status_of(body).await, answer, "{body}");
    }
}

#[tokio::test]
async fn an_order_can_be_read_by_our_own_reference() {
    let server = CannedServer::start(Canned::ok(PAID)).await;
    client(&server.url()).status(StatusBy::OrderNumber("7005")).await;
    assert!(server.only_request().ends_with("&orderNumber=7005"));
}

#[tokio::test]
async fn a_change_is_done_refused_or_unknown() {
    for (canned, answer) in [
        (Canned::ok(r#"{"errorCode":0}"#), ChangeAnswer::Done),
        (Canned::ok(r#"{"errorCode":"7"}"#), ChangeAnswer::Refused { code: 7 }),
        (Canned::answer("502 Bad", ""), ChangeAnswer::Unknown(UnknownReason::HttpStatus(502))),
        (Canned::Bytes(Vec::new()), ChangeAnswer::Unknown(UnknownReason::ConnectionLost)),
    ] {
        let server = CannedServer::start(canned).await;
        assert_eq!(client(&server.url()).reverse("01491d0b").await, answer);
    }
}

#[tokio::test]
async fn a_refund_names_its_amount_and_its_own_id() {
    let server = CannedServer::start(Canned::ok("{}")).await;
    let answer = client(&server.url()).refund("01491d0b", 400, "ref-1").await;
    assert_eq!(answer, ChangeAnswer::Done);
    let seen = server.only_request();
    assert!(seen.ends_with("&orderId=01491d0b&amount=400&externalRefundId=ref-1"), "{seen}");
}

#[tokio::test]
async fn a_hold_is_registered_as_one_and_taken_by_its_amount() {
    let opened = r#"{"orderId":"01491d0b","formUrl":"https://bank.example/pay"}"#;
    let server = CannedServer::start(Canned::ok(opened)).await;
    client(&server.url()).register_pre_auth(&ORDER).await;
    let seen = server.only_request();
    assert!(seen.contains("/payment/rest/registerPreAuth.do"), "{seen}");
    let server = CannedServer::start(Canned::ok("{}")).await;
    assert_eq!(client(&server.url()).deposit("01491d0b", 850).await, ChangeAnswer::Done);
    let seen = server.only_request();
    assert!(seen.contains("/payment/rest/deposit.do"), "{seen}");
    assert!(seen.ends_with("&orderId=01491d0b&amount=850"), "{seen}");
}

#[tokio::test]
async fn a_page_of_orders_counts_those_it_cannot_read() {
    let body = format!(r#"{{"errorCode":"0","orderStatuses":[{PAID},{{}}],"totalCount":7}}"#);
    let server = CannedServer::start(Canned::ok(&body)).await;
    let time = "2026-11-22T12:00:00Z".parse().expect("a time");
    let wanted = OrdersWanted { from: time, to: time, page: 0, page_size: 200 };
    let answer = client(&server.url()).last_orders(&wanted).await;
    let orders = vec![facts_of(PAID).await];
    let page = LastOrdersAnswer::Page { orders, unreadable_count: 1, total_count: 7 };
    assert_eq!(answer, page);
}

#[test]
fn a_base_url_that_is_not_one_is_refused() {
    for url in ["", "bank", "ftp://bank/payment/rest/", "https://bank/payment/rest"] {
        let settings = SmtSettings { url: url.into(), ..client("http://b").settings().clone() };
        assert!(matches!(SmtClient::new(settings), Err(SmtSetupError::Url)), "{url}");
    }
}

#[test]
fn the_password_is_not_printed() {
    assert!(!format!("{:?}", client("http://127.0.0.1")).contains("s3cret"));
}
