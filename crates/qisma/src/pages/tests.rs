//! What the pages must hold, read from their HTML.

use std::collections::{BTreeMap, BTreeSet};

use super::words::SOURCES;
use super::*;
use crate::codes::Drawing;

const ID: &str = "FoPKKHqfQIKfBqhEj8M47A";
const LEAVE: &str =
    r#"<meta http-equiv="refresh" content="0;url=/pay/FoPKKHqfQIKfBqhEj8M47A/leave">"#;

fn frame(locale: Locale) -> Frame {
    Frame {
        payment_id: ID.to_owned(),
        payee: Payee { name: "Dar El Jeld".to_owned(), image_url: None },
        amount_millimes: 12_500,
        seconds_left: Some(1200),
        state: "created".to_owned(),
        locale,
        lang_chosen: false,
        test_mode: true,
        has_shop: true,
    }
}

fn choose_view(frame: Frame) -> Choose {
    Choose {
        frame,
        wallet_csrf: Some("token-wallet".to_owned()),
        card_csrf: Some("token-card".to_owned()),
        remembers_card: true,
        scan: Some(Drawing::of("a code")),
        cancel_csrf: "token-cancel".to_owned(),
        notice: None,
    }
}

fn code_view(frame: Frame) -> WalletCode {
    WalletCode {
        frame,
        code_csrf: "token-code".to_owned(),
        resend_csrf: "token-resend".to_owned(),
        change_csrf: "token-change".to_owned(),
        cancel_csrf: "token-cancel".to_owned(),
        phone_ending: "55".to_owned(),
        code_secs: 120,
        resend_wait_secs: 30,
        notice: None,
    }
}

fn card_view(frame: Frame) -> CardOpen {
    CardOpen {
        at_bank: true,
        frame,
        change_csrf: "token-change".to_owned(),
        cancel_csrf: "token-cancel".to_owned(),
        notice: None,
    }
}

/// The pages that leave by themselves.
fn leaving_pages(frame: &Frame) -> Vec<String> {
    vec![
        leaving_to_bank(frame),
        paid(frame),
        authorized(frame),
        failed(frame, Some(DeclineReason::AuthenticationFailed)),
        failed(frame, None),
        expired(frame),
        canceled(frame),
    ]
}

/// Every page of a payment, in the state that has the most in it.
fn all_pages(frame: &Frame) -> Vec<String> {
    let mut pages = leaving_pages(frame);
    pages.push(waiting(frame));
    pages.push(choose(&choose_view(frame.clone())));
    pages.push(wallet_code(&code_view(frame.clone())));
    pages.push(card_open(&card_view(frame.clone())));
    pages.push(card_open(&CardOpen { at_bank: false, ..card_view(frame.clone()) }));
    pages
}

const PROBLEMS: [Problem; 7] = [
    Problem::NotFound,
    Problem::FormRefused,
    Problem::BadRequest,
    Problem::MethodNotAllowed,
    Problem::TooManyRequests,
    Problem::Unavailable,
    Problem::Internal,
];

const NOTICES: [Notice; 19] = [
    Notice::Declined(DeclineReason::InsufficientFunds),
    Notice::Declined(DeclineReason::LimitExceeded),
    Notice::Declined(DeclineReason::CardInvalid),
    Notice::Declined(DeclineReason::AuthenticationFailed),
    Notice::Declined(DeclineReason::Other),
    Notice::CardUnavailable,
    Notice::WalletUnavailable,
    Notice::PhoneInvalid,
    Notice::TooManyCodes,
    Notice::AttemptAbandoned,
    Notice::OpenElsewhere,
    Notice::BankUndecided,
    Notice::CodeMalformed,
    Notice::CodeWrong { tries_left: 3 },
    Notice::CodeExpired,
    Notice::CodeTriesUsed,
    Notice::CodeResent,
    Notice::ResendTooEarly { wait_secs: 12 },
    Notice::FormRefused,
];

fn title(page: &str) -> &str {
    let (_, rest) = page.split_once("<title>").expect("every page has a title");
    rest.split_once("</title>").expect("and closes it").0
}

/// The keys of a Fluent file, each with the arguments that its text names.
fn keys(source: &str) -> BTreeMap<String, Vec<String>> {
    let mut keys = BTreeMap::new();
    let mut current = String::new();
    for line in source.lines().filter(|line| !line.starts_with('#')) {
        if let Some((key, _)) = line.split_once(" =").filter(|_| !line.starts_with(' ')) {
            current = key.to_owned();
            assert!(keys.insert(current.clone(), Vec::new()).is_none(), "{key} is defined twice");
        }
        for argument in line.split('$').skip(1) {
            let end = argument.find([' ', '}']).unwrap_or(argument.len());
            let arguments = keys.get_mut(&current).expect("arguments stand in a text");
            arguments.push(argument[..end].to_owned());
        }
    }
    // Plural forms repeat their argument, and each language has its own number of them.
    for arguments in keys.values_mut() {
        arguments.sort();
        arguments.dedup();
    }
    keys
}

#[test]
fn every_text_exists_in_every_language_with_the_same_arguments() {
    let [french, arabic, english] = SOURCES.map(|(_, source)| keys(source));
    assert_eq!(french, arabic);
    assert_eq!(french, english);
}

#[test]
fn every_page_every_notice_and_every_problem_has_its_text_in_every_language() {
    for locale in Locale::ALL {
        let mut pages = all_pages(&frame(locale));
        for notice in NOTICES.map(Some) {
            pages.push(choose(&Choose { notice, ..choose_view(frame(locale)) }));
            pages.push(wallet_code(&WalletCode { notice, ..code_view(frame(locale)) }));
            pages.push(card_open(&CardOpen { notice, ..card_view(frame(locale)) }));
        }
        pages.extend(PROBLEMS.map(|cause| problem(cause, locale, Some(ID), true)));
        for page in pages {
            let tag = format!(r#"<html lang="{}" dir="{}">"#, locale.tag(), locale.dir());
            assert!(page.contains(&tag), "{tag} is missing in {page}");
        }
    }
}

#[test]
fn a_page_that_leaves_has_exactly_the_refresh_that_simple_clients_follow() {
    for locale in Locale::ALL {
        for page in leaving_pages(&Frame { lang_chosen: true, ..frame(locale) }) {
            assert_eq!(page.matches(LEAVE).count(), 1);
            assert_eq!(page.matches("http-equiv").count(), 1);
            assert!(page.contains(&format!(r#"href="/pay/{ID}/leave""#)));
        }
    }
}

#[test]
fn a_page_on_which_the_payer_acts_never_moves_by_itself() {
    let frame = frame(Locale::Fr);
    assert!(!choose(&choose_view(frame.clone())).contains("http-equiv"));
    assert!(!wallet_code(&code_view(frame.clone())).contains("http-equiv"));
    assert!(!card_open(&card_view(frame)).contains("http-equiv"));
}

#[test]
fn a_waiting_page_reloads_itself_and_offers_nothing_to_pay_with() {
    let page = waiting(&frame(Locale::Fr));
    assert!(page.contains(r#"<meta http-equiv="refresh" content="5">"#));
    assert!(!page.contains("<form"));
}

#[test]
fn choosing_has_one_phone_field_and_one_form_per_way() {
    let page = choose(&choose_view(frame(Locale::Fr)));
    assert_eq!(page.matches(r#"type="tel""#).count(), 1);
    assert!(page.contains(r#"<input type="tel" name="phone" id="phone" autocomplete="tel""#));
    for way in ["wallet", "card", "cancel"] {
        let form = format!(
            "<form method=\"post\" action=\"/pay/{ID}/{way}\">\n\
             <input type=\"hidden\" name=\"csrf\" value=\"token-{way}\">\n"
        );
        let quiet = form.replacen("<form ", "<form class=\"quiet\" ", 1);
        assert_eq!(page.matches(&form).count() + page.matches(&quiet).count(), 1, "{way}");
    }
}

#[test]
fn the_code_to_scan_is_described_in_words() {
    let page = choose(&choose_view(frame(Locale::En)));
    assert!(page.contains(r#"role="img" aria-label="QR code to pay 12,500 DT to Dar El Jeld""#));
}

#[test]
fn a_payment_without_a_shop_ends_on_our_page() {
    for locale in Locale::ALL {
        for page in leaving_pages(&Frame { has_shop: false, ..frame(locale) }).iter().skip(1) {
            assert!(!page.contains("http-equiv") && !page.contains("/leave"), "{page}");
        }
    }
}

#[test]
fn a_card_form_appears_only_where_cards_are_accepted() {
    let page = choose(&Choose { card_csrf: None, ..choose_view(frame(Locale::Fr)) });
    assert!(!page.contains("/card\""));
    assert!(page.contains("/wallet\""));
}

#[test]
fn the_code_page_has_one_field_that_a_phone_can_fill() {
    let page = wallet_code(&code_view(frame(Locale::Ar)));
    assert_eq!(page.matches(r#"autocomplete="one-time-code""#).count(), 1);
    assert!(page.contains(r#"name="code" id="code" inputmode="numeric""#));
    for action in ["code", "resend", "change", "cancel"] {
        assert!(page.contains(&format!(r#"action="/pay/{ID}/{action}""#)), "{action}");
    }
}

#[test]
fn an_open_card_page_leads_on_to_the_bank_or_back() {
    let page = card_open(&card_view(frame(Locale::En)));
    assert!(page.contains(&format!(r#"href="/pay/{ID}/leave""#)));
    assert!(page.contains(&format!(r#"action="/pay/{ID}/change""#)));
    assert!(page.contains(&format!(r#"action="/pay/{ID}/cancel""#)));
}

#[test]
fn the_error_of_a_wrong_phone_is_tied_to_the_field() {
    let view = Choose { notice: Some(Notice::PhoneInvalid), ..choose_view(frame(Locale::En)) };
    let page = choose(&view);
    assert!(page.contains(r#"id="phone-error" role="alert""#));
    assert!(page.contains(r#"aria-invalid="true" aria-describedby="phone-error phone-hint""#));
    assert!(title(&page).starts_with("Error: "));
}

#[test]
fn a_phone_error_is_still_shown_where_the_field_is_not() {
    let page =
        card_open(&CardOpen { notice: Some(Notice::TooManyCodes), ..card_view(frame(Locale::En)) });
    assert!(page.contains(r#"class="notice notice-error" role="alert""#));
}

#[test]
fn the_language_travels_only_when_it_was_chosen() {
    let by_header = choose(&choose_view(frame(Locale::Ar)));
    assert!(!by_header.contains(r#"name="lang""#));
    let chosen = choose(&choose_view(Frame { lang_chosen: true, ..frame(Locale::Ar) }));
    assert_eq!(chosen.matches(r#"<input type="hidden" name="lang" value="ar">"#).count(), 3);
    assert!(chosen.contains(&format!(r#"data-page="/pay/{ID}?lang=ar""#)));
}

#[test]
fn every_page_links_to_itself_in_every_language() {
    for page in all_pages(&frame(Locale::Fr)) {
        for locale in Locale::ALL {
            assert!(page.contains(&format!(r#"href="/pay/{ID}?lang={}""#, locale.tag())));
        }
    }
}

#[test]
fn a_merchants_name_cannot_become_markup() {
    let payee = Payee { name: "<script>\"'&".to_owned(), image_url: None };
    for page in all_pages(&Frame { payee, ..frame(Locale::Fr) }) {
        assert_eq!(page.matches("<script").count(), 1, "only our own, from a file");
        assert!(page.contains(r#"<bdi class="name">&#60;script&#62;&#34;&#39;&#38;</bdi>"#));
    }
}

#[test]
fn a_merchants_name_cannot_reverse_the_text_around_it() {
    let payee = Payee { name: "shop\u{202E}TD 000,1 \u{2069}".to_owned(), image_url: None };
    for page in all_pages(&Frame { payee, ..frame(Locale::En) }) {
        assert!(page.contains(r#"<bdi class="name">shopTD 000,1</bdi>"#));
        assert!(!page.contains(['\u{202E}', '\u{2069}']));
    }
}

#[test]
fn a_merchants_image_sends_no_referrer_and_must_be_https() {
    let with = |image_url: &str| {
        let payee = Payee { name: "x".to_owned(), image_url: Some(image_url.to_owned()) };
        paid(&Frame { payee, ..frame(Locale::Fr) })
    };
    assert!(with("https://a.tn/i.png?a=1&b=\"").contains(
        r#"<img src="https://a.tn/i.png?a=1&#38;b=%22" alt="" data-initials="X" width="56" height="56" referrerpolicy="no-referrer""#
    ));
    assert!(!with("http://a.tn/i.png").contains("<img"));
    assert!(!with("javascript:alert(1)").contains("<img"));
}

#[test]
fn titles_carry_no_isolation_marks() {
    for locale in Locale::ALL {
        for page in all_pages(&frame(locale)) {
            assert!(!title(&page).contains(['\u{2068}', '\u{2069}', '\u{E000}', '<']));
        }
    }
}

#[test]
fn the_policy_may_forbid_inline_styles_and_scripts() {
    for page in all_pages(&frame(Locale::Ar)) {
        let handlers = [" style=", "<style", " onclick=", " onload=", " onerror=", "javascript:"];
        for handler in handlers {
            assert!(!page.contains(handler), "{handler}");
        }
        assert_eq!(page.matches("<script").count(), page.matches("<script src=\"/assets/").count());
    }
}

#[test]
fn every_asset_that_a_page_names_is_served() {
    let documentation = Reference {
        title: String::new(),
        version: String::new(),
        description: String::new(),
        operations: vec![],
        schemas: vec![],
        errors: vec![],
    };
    let pages = waiting(&frame(Locale::Fr)) + &reference(&documentation);
    let named: BTreeSet<_> = pages.split('"').filter(|part| part.starts_with("/assets/")).collect();
    let served: BTreeSet<_> = assets().iter().map(|asset| asset.path.as_str()).collect();
    assert_eq!(named, served);
}

#[test]
fn amounts_are_isolated_in_every_language() {
    let page = paid(&frame(Locale::Ar));
    assert!(page.contains(r#"aria-hidden="true">12.500 د.ت</bdi>"#));
    assert!(paid(&frame(Locale::Fr)).contains(r#"aria-hidden="true">12,500 DT</bdi>"#));
    let submit = wallet_code(&code_view(frame(Locale::Fr)));
    assert!(submit.contains("Payer <bdi>12,500 DT</bdi></span></button>"));
}

#[test]
fn a_page_for_an_unknown_payment_names_no_payment() {
    let page = not_found(Locale::Fr);
    assert!(!page.contains("/pay/"));
    assert!(page.contains(r#"href="?lang=ar""#));
}

#[test]
fn test_money_is_called_so_on_every_page() {
    assert!(all_pages(&frame(Locale::En)).iter().all(|page| page.contains("Test mode")));
    let live = Frame { test_mode: false, ..frame(Locale::En) };
    assert!(!all_pages(&live).iter().any(|page| page.contains("Test mode")));
}
