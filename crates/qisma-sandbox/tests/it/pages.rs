//! What all pages share, the phone, and the first page.

use crate::support::{Bank, Page, VISA};

#[tokio::test]
async fn every_page_forbids_scripts_frames_and_foreign_forms() {
    let bank = Bank::start().await;
    let order_id = bank.register("p-1", &[]).await;
    let pages = [
        Page::get(&bank, &bank.form_url(&order_id)).await,
        bank.present(&order_id, VISA).await,
        Page::get(&bank, &bank.form_url("unknown")).await,
        Page::get(&bank, &format!("{}/phone/55555555", bank.url)).await,
        Page::get(&bank, &bank.url).await,
    ];
    for page in pages {
        assert_eq!(
            page.headers["content-security-policy"],
            "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; \
             base-uri 'none'"
        );
        assert_eq!(page.headers["referrer-policy"], "same-origin");
        assert!(!page.html.contains("<script"), "{}", page.url);
        assert!(!page.html.contains("style="), "{}", page.url);
        assert!(page.html.contains("class=\"sandbox\""), "{}", page.url);
    }
}

#[tokio::test]
async fn a_page_speaks_the_language_of_its_address_or_of_the_browser() {
    let bank = Bank::start().await;
    let order_id = bank.register("p-2", &[]).await;
    let arabic = Page::get(&bank, &format!("{}&language=ar", bank.form_url(&order_id))).await;
    assert!(arabic.html.contains("<html lang=\"ar\" dir=\"rtl\">"));
    let request = bank.client.get(bank.form_url(&order_id)).header("accept-language", "en-GB");
    let english = request.send().await.unwrap().text().await.unwrap();
    assert!(english.contains("<html lang=\"en\" dir=\"ltr\">"));
}

#[tokio::test]
async fn what_a_merchant_sends_is_shown_as_text() {
    let bank = Bank::start().await;
    let order_id = bank.register("p-3", &[("userName", "<b>shop</b>")]).await;
    let page = Page::get(&bank, &bank.form_url(&order_id)).await;
    assert!(!page.html.contains("<b>shop"));
}

#[tokio::test]
async fn an_unknown_order_is_a_page_that_says_so() {
    let bank = Bank::start().await;
    for url in ["unknown/3ds", "unknown/result", "unknown/leave", "%00/leave"] {
        let page = Page::get(&bank, &format!("{}/payment/{url}", bank.url)).await;
        assert_eq!(page.status, 404, "{url}");
        assert!(page.html.contains("<main>"), "{url}");
    }
}

#[tokio::test]
async fn a_message_is_read_under_every_spelling_of_the_number_newest_first() {
    let bank = Bank::start().await;
    for (number, text) in [("55555555", "old"), ("+216%2055%20555%20555", "code 482913 <new>")] {
        let url = format!("{}/phone/{number}", bank.url);
        let body = serde_json::json!({ "text": text }).to_string();
        let response = bank.client.post(url).body(body).send().await.unwrap();
        assert_eq!(response.status(), 204);
    }
    for number in ["55555555", "+21655555555", "%2B21655555555", "0021655555555", "55 555 555"] {
        let page = Page::get(&bank, &format!("{}/phone/{number}", bank.url)).await;
        assert_eq!(page.status, 200, "{number}");
        let (new, old) = (page.html.find("482913 &#60;new"), page.html.find("old"));
        assert!(new.is_some(), "{}", page.html);
        assert!(new < old, "{}", page.html);
    }
}

#[tokio::test]
async fn the_code_is_the_only_run_of_six_digits_on_the_phone() {
    let bank = Bank::start().await;
    let url = format!("{}/phone/20123456", bank.url);
    let body = r#"{"text": "Qisma: 482913"}"#;
    bank.client.post(&url).body(body).send().await.unwrap();
    let page = Page::get(&bank, &url).await;
    let runs: Vec<&str> =
        page.html.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() >= 6).collect();
    assert_eq!(runs, ["482913"]);
}

#[tokio::test]
async fn a_phone_keeps_its_last_fifty_messages_and_refuses_bad_ones() {
    let bank = Bank::start().await;
    let url = format!("{}/phone/55555555", bank.url);
    for index in 0..51 {
        let body = format!("{{\"text\": \"message {index}.\"}}");
        bank.client.post(&url).body(body).send().await.unwrap();
    }
    let page = Page::get(&bank, &url).await;
    assert_eq!(page.html.matches("<li>").count(), 50);
    assert!(!page.html.contains("message 0."));
    let long = format!("{{\"text\": \"{}\"}}", "x".repeat(1_001));
    for body in ["", "{}", "{\"text\": 5}", "{\"text\": \"\"}", &long] {
        let response = bank.client.post(&url).body(body.to_owned()).send().await.unwrap();
        assert_eq!(response.status(), 400, "{body}");
    }
    assert_eq!(Page::get(&bank, &format!("{}/phone/123", bank.url)).await.status, 404);
}

#[tokio::test]
async fn the_first_page_names_the_cards_and_the_code() {
    let bank = Bank::start().await;
    let page = Page::get(&bank, &bank.url).await;
    for text in ["4509211111111119", "4509211111111127", "123456", "approve_lost", "/phone/"] {
        assert!(page.html.contains(text), "{text}");
    }
    assert_eq!(Page::get(&bank, &format!("{}/health", bank.url)).await.status, 200);
    let style = Page::get(&bank, &format!("{}/style.css", bank.url)).await;
    assert_eq!(style.headers["content-type"], "text/css; charset=utf-8");
}
