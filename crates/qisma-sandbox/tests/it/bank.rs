//! The bank's pages, followed as a payer follows them.

use crate::support::{Bank, Card, FRICTIONLESS, NO_FUNDS, Page, VISA, card_fields};

#[tokio::test]
async fn a_payer_passes_three_d_secure_and_returns_to_the_shop() {
    let bank = Bank::start().await;
    let order_id = bank.register("b-1", &[]).await;
    let challenge = bank.present(&order_id, VISA).await;
    assert!(challenge.html.contains("450921**1119"));
    assert!(challenge.html.contains("10.000 TND"));
    assert!(challenge.html.contains("shop"));
    assert_eq!(bank.order_status(&order_id).await, (5, -100));
    let result = challenge.submit(&bank, &[("one-time-code", "123456")]).await;
    assert_eq!(
        result.leave(&bank).await,
        format!("http://shop.example/back?basket=7&orderId={order_id}&lang=fr")
    );
    assert_eq!(bank.order_status(&order_id).await, (2, 0));
}

#[tokio::test]
async fn any_other_code_declines_and_leads_to_the_fail_url() {
    let bank = Bank::start().await;
    let order_id = bank.register("b-2", &[("language", "en")]).await;
    let challenge = bank.present(&order_id, VISA).await;
    let result = challenge.submit(&bank, &[("one-time-code", "000000")]).await;
    let expected = format!("http://shop.example/sorry?orderId={order_id}&lang=en");
    assert_eq!(result.leave(&bank).await, expected);
    assert_eq!(bank.order_status(&order_id).await, (6, -2006));
}

#[tokio::test]
async fn without_a_fail_url_a_decline_leads_to_the_return_url() {
    let bank = Bank::start().await;
    let order_id = bank.register("b-3", &[("failUrl", "")]).await;
    assert!(bank.pay(&order_id, NO_FUNDS).await.starts_with("http://shop.example/"));
}

#[tokio::test]
async fn every_magic_card_does_what_its_certification_sheet_says() {
    let bank = Bank::start().await;
    let cards: [(Card, (i64, i64)); 11] = [
        (VISA, (2, 0)),
        (("5440212711111110", "12/26", "665"), (2, 0)),
        (FRICTIONLESS, (2, 0)),
        (("4568941111111119", "12/26", "257"), (6, 121)),
        (NO_FUNDS, (6, 116)),
        (("4557691111111119", "12/26", "748"), (6, 111)),
        (("4509211111111119", "12/28", "748"), (6, 101)),
        (("4509211111111119", "12/26", "123"), (6, 125)),
        (("5471251111111116", "11/23", "858"), (6, 101)),
        (("4111111111111111", "12/26", "748"), (6, 111)),
        (("4111111111111112", "12/26", "748"), (6, 71_015)),
    ];
    for (index, (card, expected)) in cards.into_iter().enumerate() {
        let order_id = bank.register(&format!("m-{index}"), &[]).await;
        bank.pay(&order_id, card).await;
        assert_eq!(bank.order_status(&order_id).await, expected, "{card:?}");
    }
}

#[tokio::test]
async fn a_payer_who_gives_up_declines_the_order() {
    let bank = Bank::start().await;
    let order_id = bank.register("b-4", &[]).await;
    let form = Page::get(&bank, &bank.form_url(&order_id)).await;
    let result = form.cancel(&bank).await;
    assert!(result.leave(&bank).await.starts_with("http://shop.example/sorry"));
    assert_eq!(bank.order_status(&order_id).await, (6, 10));

    let order_id = bank.register("b-5", &[]).await;
    let challenge = bank.present(&order_id, VISA).await;
    challenge.cancel(&bank).await;
    assert_eq!(bank.order_status(&order_id).await, (6, 10));
}

#[tokio::test]
async fn a_payer_who_comes_too_late_is_told_so_and_sent_back() {
    let bank = Bank::start().await;
    let order_id = bank.register("b-6", &[]).await;
    let form = Page::get(&bank, &bank.form_url(&order_id)).await;
    bank.clock.advance_secs(1_200);
    let result = form.submit(&bank, &card_fields(FRICTIONLESS)).await;
    assert!(result.html.contains("Délai de paiement dépassé"), "{}", result.html);
    assert!(result.leave(&bank).await.starts_with("http://shop.example/sorry"));
    let again = Page::get(&bank, &bank.form_url(&order_id)).await;
    assert!(again.html.contains("Délai de paiement dépassé"));
    assert_eq!(bank.order_status(&order_id).await, (6, -2007));
}

#[tokio::test]
async fn two_tabs_pay_an_order_once() {
    let bank = Bank::start().await;
    let order_id = bank.register("b-7", &[]).await;
    let first = Page::get(&bank, &bank.form_url(&order_id)).await;
    let second = Page::get(&bank, &bank.form_url(&order_id)).await;
    let paid = first.submit(&bank, &card_fields(FRICTIONLESS)).await;
    let approval = bank.status(&order_id).await["cardAuthInfo"].clone();
    let stale = second.submit(&bank, &card_fields(NO_FUNDS)).await;
    assert_eq!(stale.url, paid.url, "the second tab sees what the first one did");
    second.cancel(&bank).await;
    assert_eq!(bank.order_status(&order_id).await, (2, 0));
    assert_eq!(bank.status(&order_id).await["cardAuthInfo"], approval);
}

#[tokio::test]
async fn of_simultaneous_answers_to_a_challenge_one_counts() {
    let bank = Bank::start().await;
    for round in 0..10 {
        let order_id = bank.register(&format!("race-{round}"), &[]).await;
        let page = bank.present(&order_id, VISA).await;
        let right = || page.submit(&bank, &[("one-time-code", "123456")]);
        let wrong = || page.submit(&bank, &[("one-time-code", "1")]);
        let (a, b, c, d) = tokio::join!(right(), wrong(), right(), page.cancel(&bank));
        let ends = [a.leave(&bank).await, b.leave(&bank).await, c.leave(&bank).await];
        assert!(ends.iter().all(|end| *end == ends[0]), "{ends:?}");
        assert_eq!(d.leave(&bank).await, ends[0]);
    }
}

#[tokio::test]
async fn leaving_an_unpaid_order_leads_back_to_its_page() {
    let bank = Bank::start().await;
    let order_id = bank.register("b-8", &[]).await;
    let page = Page::get(&bank, &format!("{}/payment/{order_id}/leave", bank.url)).await;
    assert!(page.html.contains("cc-number"));
    bank.present(&order_id, VISA).await;
    let page = Page::get(&bank, &bank.form_url(&order_id)).await;
    assert!(page.html.contains("one-time-code"), "a card was presented, so the challenge is next");
}

#[tokio::test]
async fn wrong_fields_are_named_and_what_was_typed_is_not_shown() {
    let bank = Bank::start().await;
    let order_id = bank.register("b-9", &[]).await;
    let card = ("4509 2111", "13/26", "74x");
    let page = bank.present(&order_id, card).await;
    assert!(page.url.ends_with("&problem=number.exp.csc"), "{}", page.url);
    for id in ["number-error", "exp-error", "csc-error"] {
        assert!(page.html.contains(&format!("id=\"{id}\"")), "{id}");
    }
    assert!(!page.html.contains("id=\"name-error\""));
    assert!(!page.html.contains("4509"));
    assert_eq!(bank.order_status(&order_id).await, (0, -100));
}

#[tokio::test]
async fn a_number_typed_as_a_name_is_not_kept() {
    let bank = Bank::start().await;
    let order_id = bank.register("b-10", &[]).await;
    let mut fields = card_fields(FRICTIONLESS);
    fields[3].1 = "4509211111111127";
    let form = Page::get(&bank, &bank.form_url(&order_id)).await;
    let page = form.submit(&bank, &fields).await;
    assert!(page.url.ends_with("&problem=name"), "{}", page.url);
}

#[tokio::test]
async fn no_number_security_code_or_one_time_code_reaches_the_disk() {
    let bank = Bank::start().await;
    let order_id = bank.register("b-11", &[]).await;
    bank.pay(&order_id, ("4509 2111 1111 1119", "12/26", "748")).await;
    let mut kept = Vec::new();
    for file in std::fs::read_dir(bank.data_dir.path()).unwrap() {
        kept.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let has = |text: &[u8]| kept.windows(text.len()).any(|window| window == text);
    assert!(has(b"450921**1119"));
    assert!(!has(b"4509211111111119"));
    assert!(!has(b"4509 2111 1111 1119"));
    assert!(!has(b"123456"));
}
