//! Links as tables: what is refused and why, and what is appended where.

use super::*;

fn read(text: &str) -> Link {
    Link::parse(text, LinkKind::Success, false).unwrap()
}

fn refused(text: &str) -> InvalidLink {
    Link::parse(text, LinkKind::Success, false).unwrap_err()
}

fn payment_id() -> PaymentId {
    PaymentId::from_bytes([0xff; 16])
}

fn check_redirect(text: &str, expected: &str) {
    assert_eq!(read(text).redirect_target(&payment_id()), expected);
}

#[test]
fn a_link_is_kept_in_its_serialised_form() {
    let link = read(" HTTPS://Shop.Example:443/a b?q=é ");
    assert_eq!(link.as_str(), "https://shop.example/a%20b?q=%C3%A9");
}

#[test]
fn localhost_and_addresses_are_hosts() {
    assert_eq!(read("http://localhost:3000/ok").as_str(), "http://localhost:3000/ok");
    assert_eq!(read("http://127.0.0.1/ok").as_str(), "http://127.0.0.1/ok");
    assert_eq!(read("http://[::1]:8080/ok").origin(), "http://[::1]:8080");
}

#[test]
fn control_characters_are_refused_before_a_parser_drops_them() {
    for character in ['\r', '\n', '\t', '\0', '\u{7f}', '\u{85}'] {
        let text = format!("https://shop.example/a{character}b");
        assert_eq!(refused(&text), InvalidLink::ControlCharacter, "{text:?}");
    }
    assert_eq!(refused("\thttps://shop.example/"), InvalidLink::ControlCharacter);
    assert_eq!(refused("java\nscript:alert(1)"), InvalidLink::ControlCharacter);
}

#[test]
fn a_backslash_is_refused() {
    assert_eq!(refused("https://shop.example\\@evil.example/"), InvalidLink::Backslash);
}

#[test]
fn only_http_and_https_are_schemes() {
    for text in ["javascript:alert(1)", "data:text/html,x", "ftp://shop.example/", "file:///etc"] {
        assert_eq!(refused(text), InvalidLink::SchemeNotAllowed, "{text}");
    }
}

#[test]
fn a_relative_link_is_refused() {
    for text in ["", "/thanks", "//shop.example/thanks", "shop.example"] {
        assert_eq!(refused(text), InvalidLink::NotAbsolute, "{text}");
    }
}

#[test]
fn a_link_without_a_host_is_refused() {
    assert_eq!(refused("https://"), InvalidLink::HostInvalid);
    assert_eq!(refused("https://:8080/"), InvalidLink::HostInvalid);
}

#[test]
fn a_host_that_could_write_into_a_header_is_refused() {
    for text in ["https://a;sandbox/", "https://a,b/", "https://*.example/", "https://a'b/"] {
        assert_eq!(refused(text), InvalidLink::HostInvalid, "{text}");
    }
}

#[test]
fn a_user_name_or_a_password_is_refused() {
    assert_eq!(refused("https://shop.example@evil.example/"), InvalidLink::UserInfo);
    assert_eq!(refused("https://:secret@shop.example/"), InvalidLink::UserInfo);
}

#[test]
fn a_link_that_is_too_long_is_refused_also_when_encoding_makes_it_so() {
    let rest = LINK_BYTES_MAX - "https://s.example/".len();
    read(&format!("https://s.example/{}", "a".repeat(rest)));
    assert_eq!(
        refused(&format!("https://s.example/{}", "a".repeat(rest + 1))),
        InvalidLink::TooLong
    );
    assert_eq!(refused(&format!("https://s.example/{}", "é".repeat(400))), InvalidLink::TooLong);
}

#[test]
fn https_is_demanded_by_the_setting_but_not_of_images() {
    let text = "http://shop.example/";
    assert_eq!(Link::parse(text, LinkKind::Webhook, true), Err(InvalidLink::HttpsRequired));
    assert!(!Link::parse(text, LinkKind::Image, true).unwrap().is_https());
}

#[test]
fn a_parameter_that_a_receiver_could_take_for_ours_is_refused() {
    for query in [
        "payment_id=1",
        "a=1&payment_id",
        "payment%5Fid=1",
        "payment.id=1",
        "payment+id=1",
        "payment%20id=1",
        "payment%5Bid=1",
        "payment[id=1",
        "payment_id[]=1",
        "payment_id%5Bx%5D=1",
        "%20payment_id=1",
        "payment_id%00x=1",
        "a=1;payment_id=2",
    ] {
        let text = format!("https://shop.example/?{query}");
        let name = "payment_id";
        assert_eq!(refused(&text), InvalidLink::ReservedParameter { name }, "{query}");
    }
}

#[test]
fn other_parameters_are_left_alone() {
    for query in ["my_payment_id=1", "payment=1", "x=payment_id", "payment[id]=1", "success=1", "%"]
    {
        read(&format!("https://shop.example/?{query}"));
    }
    read("https://shop.example/#payment_id=1");
}

#[test]
fn a_webhook_may_not_carry_success_either() {
    let refused = Link::parse("https://shop.example/?success=1", LinkKind::Webhook, false);
    assert_eq!(refused, Err(InvalidLink::ReservedParameter { name: "success" }));
}

#[test]
fn payment_id_is_appended_before_any_fragment() {
    let id = payment_id();
    check_redirect("https://s.example", &format!("https://s.example/?payment_id={id}"));
    check_redirect("https://s.example/a?", &format!("https://s.example/a?payment_id={id}"));
    check_redirect("https://s.example/a?b=1", &format!("https://s.example/a?b=1&payment_id={id}"));
    check_redirect("https://s.example/a?b&", &format!("https://s.example/a?b&payment_id={id}"));
    check_redirect("https://s.example/#/?c", &format!("https://s.example/?payment_id={id}#/?c"));
}

#[test]
fn a_webhook_keeps_its_query_byte_for_byte() {
    let link =
        Link::parse("https://s.example/?k=a+b%2f%2F&&z#f", LinkKind::Webhook, false).unwrap();
    let id = payment_id();
    assert_eq!(
        link.webhook_target(&id, true),
        format!("https://s.example/?k=a+b%2f%2F&&z&payment_id={id}&success=True")
    );
    assert!(link.webhook_target(&id, false).ends_with("&success=False"));
}

#[test]
fn an_origin_is_scheme_host_and_port() {
    assert_eq!(read("https://shop.example:443/a?b").origin(), "https://shop.example");
    assert_eq!(read("https://shop.example:8443/a").origin(), "https://shop.example:8443");
}

#[test]
fn a_stored_link_is_read_back_as_it_was() {
    let link = Link::parse("http://s.example/?success=1", LinkKind::Image, true).unwrap();
    let json = serde_json::to_string(&link).unwrap();
    assert_eq!(json, r#""http://s.example/?success=1""#);
    assert_eq!(serde_json::from_str::<Link>(&json).unwrap(), link);
}

#[test]
fn debug_output_hides_a_receivers_secret() {
    assert!(!format!("{:?}", read("https://s.example/hook?key=hush")).contains("hush"));
}
