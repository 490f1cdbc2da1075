//! What strangers, other sites and broken clients may not do.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::browser::VISA;
use super::world::{PHONE, World};

const FORMS: [&str; 3] = ["/wallet", "/card", "/cancel"];

#[tokio::test]
async fn a_form_without_its_token_is_refused_and_does_nothing() {
    let world = World::start().await;
    let payment = world.payment().await;
    let other = world.payment().await;
    for form in FORMS {
        let (url, _) = world.open(payment).await.form(form, &[]);
        let (_, foreign) = world.open(other).await.form(form, &[("phone", PHONE)]);
        let none = vec![("phone".to_owned(), PHONE.to_owned())];
        for fields in [none, foreign] {
            let answer = world.client.post(&url).form(&fields).send().await.unwrap();
            assert_eq!(answer.status(), 403, "{form}");
        }
    }
    assert_eq!(world.state(payment).await, "created");
}

#[tokio::test]
async fn a_form_sent_by_another_site_is_refused() {
    let world = World::start().await;
    let payment = world.payment().await;
    let (url, fields) = world.open(payment).await.form("/cancel", &[]);
    for (header, value) in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
        ("origin", "http://127.0.0.1:1"),
    ] {
        let call = world.client.post(&url).form(&fields).header(header, value);
        assert_eq!(call.send().await.unwrap().status(), 403, "{header}: {value}");
    }
    assert_eq!(world.state(payment).await, "created");
}

#[tokio::test]
async fn a_form_of_our_own_or_of_a_shy_browser_is_accepted() {
    let world = World::start().await;
    for origin in [world.url.as_str(), "null"] {
        let payment = world.payment().await;
        let (url, fields) = world.open(payment).await.form("/cancel", &[]);
        let call = world.client.post(&url).form(&fields).header("origin", origin);
        let call = call.header("sec-fetch-site", "same-origin");
        assert_eq!(call.send().await.unwrap().status(), 303, "{origin}");
        assert_eq!(world.state(payment).await, "canceled");
    }
}

#[tokio::test]
async fn a_browser_that_calls_this_machine_localhost_is_at_home() {
    let world = World::start().await;
    let payment = world.payment().await;
    let (url, fields) = world.open(payment).await.form("/cancel", &[]);
    let own = world.url.replace("127.0.0.1", "localhost");
    for (origin, expected) in
        [("http://localhost:1".to_owned(), 403), (own.replace("http:", "https:"), 403), (own, 303)]
    {
        let call = world.client.post(&url).form(&fields).header("origin", &origin);
        assert_eq!(call.send().await.unwrap().status(), expected, "{origin}");
    }
}

#[tokio::test]
async fn localhost_is_another_site_once_the_gateway_has_a_name() {
    let named = ("QISMA__HTTP__PUBLIC_URL", "https://pay.example");
    let world = World::start_with(&[named]).await;
    let payment = world.payment().await;
    let (url, fields) = world.open(payment).await.form("/cancel", &[]);
    let origin = world.url.replace("127.0.0.1", "localhost");
    let call = world.client.post(&url).form(&fields).header("origin", &origin);
    assert_eq!(call.send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn payers_of_one_address_make_the_bank_be_asked_only_so_often() {
    let limit = ("QISMA__HTTP__BANK_LOOKS_PER_MINUTE_MAX", "1");
    let world = World::start_with(&[limit]).await;
    let payment = world.payment().await;
    world.go_to_bank(payment).await;
    let url = format!("{}/pay/{payment}/return", world.url);
    assert_eq!(world.get(&url).await.status, 200);
    let refused = world.get(&url).await;
    assert_eq!((refused.status, refused.headers["retry-after"].to_str().unwrap()), (429, "60"));
    assert!(refused.html.contains(&format!("/pay/{payment}")), "{}", refused.html);
    let refused = world.open(payment).await.submit(&world, "/cancel", &[]).await;
    assert_eq!((refused.status, world.state(payment).await), (429, "processing"));
    world.clock.advance(60);
    assert_eq!(world.get(&url).await.status, 200);
}

#[tokio::test]
async fn a_link_from_another_site_opens_the_page() {
    let world = World::start().await;
    let payment = world.payment().await;
    let url = format!("{}/pay/{payment}", world.url);
    let call = world.client.get(url).header("sec-fetch-site", "cross-site");
    assert_eq!(call.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn an_unknown_payment_is_a_page_that_says_so() {
    let world = World::start().await;
    for id in ["AAAAAAAAAAAAAAAAAAAAAA", "x", "%ff", "a%2fb", "..", "%00"] {
        for path in ["", "/status", "/bank", "/return", "/leave"] {
            let page = world.get(&format!("{}/pay/{id}{path}", world.url)).await;
            assert_eq!(page.status, 404, "{id}{path}");
        }
    }
}

#[tokio::test]
async fn a_form_that_cannot_be_read_is_a_400_page() {
    let world = World::start().await;
    let payment = world.payment().await;
    let url = format!("{}/pay/{payment}/card", world.url);
    let form = "application/x-www-form-urlencoded";
    for (kind, body) in [
        ("application/json", "{}".to_owned()),
        ("multipart/form-data; boundary=x", "--x--".to_owned()),
        (form, "csrf=a&csrf=b".to_owned()),
        (form, format!("csrf={}", "a".repeat(5_000))),
    ] {
        let call = world.client.post(&url).header("content-type", kind).body(body);
        assert_eq!(call.send().await.unwrap().status(), 400, "{kind}");
    }
}

#[tokio::test]
async fn the_way_out_never_leads_to_success_before_the_capture() {
    let world = World::start().await;
    let payment = world.payment().await;
    let leave = format!("{}/pay/{payment}/leave", world.url);
    assert!(world.get(&leave).await.url.ends_with(&format!("/pay/{payment}")));
    let last = world.go_to_bank(payment).await.pay(&world, VISA).await;
    assert!(world.get(&leave).await.url.starts_with(&world.bank));
    last.leave(&world).await;
    assert!(world.get(&leave).await.url.starts_with("https://shop.example/thanks"));
}

#[tokio::test]
async fn what_a_query_says_leads_nowhere_and_changes_nothing() {
    let world = World::start().await;
    let payment = world.payment().await;
    for query in [
        "to=https://evil.example",
        "orderId=1&status=approved",
        "orderId=https://evil.example&lang=javascript:alert(1)",
        "notice=<script>&success=True",
    ] {
        let page = world.get(&format!("{}/pay/{payment}/return?{query}", world.url)).await;
        assert_eq!(page.url, format!("{}/pay/{payment}", world.url));
        let page = world.get(&format!("{}/pay/{payment}?{query}", world.url)).await;
        assert!(!page.html.contains("evil") && !page.html.contains("<script>&"), "{query}");
    }
    assert_eq!(world.state(payment).await, "created");
}

#[tokio::test]
async fn every_page_carries_its_headers() {
    let world = World::start().await;
    let payment = world.payment().await;
    for path in [format!("/pay/{payment}"), "/pay/x".to_owned()] {
        let page = world.get(&format!("{}{path}?lang=ar", world.url)).await;
        for (name, value) in [
            ("cache-control", "no-store"),
            ("referrer-policy", "same-origin"),
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-opener-policy", "same-origin"),
            ("content-language", "ar"),
        ] {
            assert_eq!(page.headers[name], value, "{path}: {name}");
        }
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    }
}

#[tokio::test]
async fn the_chosen_language_is_carried_through_the_bank() {
    let world = World::start().await;
    let payment = world.payment().await;
    let page = world.get(&format!("{}/pay/{payment}?lang=ar", world.url)).await;
    let bank = page.submit(&world, "/card", &[]).await.leave(&world).await;
    let paid = bank.pay(&world, VISA).await.leave(&world).await;
    assert!(paid.html.contains("dir=\"rtl\""), "{}: {}", paid.url, paid.html);
}

#[tokio::test]
async fn the_files_of_a_page_are_served_and_may_be_kept() {
    let world = World::start().await;
    let page = world.open(world.payment().await).await;
    let path = page.html.split("href=\"/assets/").nth(1).unwrap().split('"').next().unwrap();
    let asset = world.get(&format!("{}/assets/{path}", world.url)).await;
    assert_eq!(asset.status, 200);
    assert_eq!(asset.headers["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(world.get(&format!("{}/assets/none.css", world.url)).await.status, 404);
}

#[tokio::test]
async fn no_form_is_waited_for_of_a_payment_that_cannot_exist() {
    let world = World::start().await;
    let mut stream = TcpStream::connect(world.url.trim_start_matches("http://")).await.unwrap();
    let head = "POST /pay/none/card HTTP/1.1\r\nhost: pay.example\r\ncontent-length: 100\r\n\
                content-type: application/x-www-form-urlencoded\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 404");
}
