//! Requests that are HTTP and yet wrong: paths, media types, forms and credentials.

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

use super::case::{Case, World};
use crate::client::shop::two_destinations;
use crate::client::wire::Request;

const PATHS: &[&str] = &[
    "/",
    "//",
    "/api",
    "/api/v2",
    "//api/v2/verify_payment/x",
    "/api/v2/verify_payment/",
    "/api/v2/verify_payment/..%2fadmin",
    "/api/v2/verify_payment/%00",
    "/api/v2/verify_payment/%ff",
    "/api/v2/verify_payment/%2e%2e",
    "/api/v2/../v2/verify_payment/x",
    "/API/V2/generate_payment",
    "/api/v2/generate_payment/",
    "/api/v2/generate_payment.",
    "/api/v2/generate_payment?x=%zz",
    "/%",
    "/pay/",
    "/pay/%00",
    "/pay/%2e%2e/x",
    "/pay/x/leave",
    "/pay/x/return?orderId=%00",
    "/pay/x/status",
    "/pay/../../etc/passwd",
    "/assets/../../etc/passwd",
    "/.git/config",
    "/health/",
    "/metrics",
    "*",
    "http://evil.invalid/api/v2/generate_payment",
    "/pay/x?lang=%F0%9F%92%A9",
];

/// Ways to ask for what is not there.
pub fn paths(world: &World, rng: &mut StdRng) -> Case {
    let path = match rng.random_range(0..6) {
        0 => format!("/api/v2/verify_payment/{}", noise(rng, 40)),
        1 => format!("/pay/{}", noise(rng, 30)),
        2 => format!("/{}", "a/".repeat(rng.random_range(1..3_000))),
        3 => format!("/pay/{}?lang={}&lang=fr", world.payment, noise(rng, 20)),
        _ => (*PATHS.choose(rng).expect("some paths")).to_owned(),
    };
    let method = ["GET", "GET", "POST", "DELETE"].choose(rng).expect("four methods");
    let request = Request::new(method, &path, world.shop.gateway)
        .header("Authorization", &world.shop.authorization);
    Case::answered(request.header("Content-Length", "0").to_bytes())
}

/// Printable letters, some of which mean something in an address.
fn noise(rng: &mut StdRng, length_max: usize) -> String {
    const LETTERS: &[u8] = b"abcXYZ019-_.~%/?&=+;:@!$'()*,<>{}|^`\\\"";
    let length = rng.random_range(0..=length_max);
    let letters = (0..length).map(|_| char::from(*LETTERS.choose(rng).expect("some letters")));
    letters.collect()
}

const MEDIA: &[&str] = &[
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/xml",
    "application/json; charset=utf-16",
    "application/json; charset=\"",
    "application/jsonx",
    "json",
    "",
    "*/*",
    "application/json, text/plain",
    "application/problem+json",
    "application/json;;;;",
];

/// Bodies of another kind than they should be, packed, or far too long.
pub fn media(world: &World, rng: &mut StdRng) -> Case {
    let body = two_destinations(10_000, true).to_string();
    let post = || {
        Request::new("POST", "/api/v2/generate_payment", world.shop.gateway)
            .header("Authorization", &world.shop.authorization)
    };
    let request = match rng.random_range(0..12) {
        0 => {
            let long = " ".repeat(*[70_000, 200_000].choose(rng).expect("two lengths"));
            return Case::answered(post().body("application/json", long + &body).to_bytes())
                .refused();
        }
        1 => {
            let coding = ["gzip", "deflate", "br", "identity", "x"].choose(rng).expect("five");
            post().header("Content-Encoding", coding).body("application/json", body)
        }
        2 => post().body("multipart/form-data; boundary=x", "--x\r\n\r\n{}\r\n--x--"),
        _ => post().body(MEDIA.choose(rng).expect("some media"), body),
    };
    Case::answered(request.to_bytes())
}

const STEPS: &[&str] = &[
    "wallet", "code", "resend", "card", "cancel", "change", "bank", "return", "leave", "status",
    "x",
];
const FIELDS: &[&str] = &["csrf", "phone", "code", "lang", "", "amount", "csrf[]", "phone\0"];

/// Forms of the checkout that no page of ours made.
pub fn forms(world: &World, rng: &mut StdRng) -> Case {
    let payment = match rng.random_range(0..3) {
        0 => noise(rng, 22).replace(['/', '?', ' '], "-"),
        1 => "AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        _ => world.payment.clone(),
    };
    let step = STEPS.choose(rng).expect("some steps");
    let fields: Vec<String> = (0..rng.random_range(0..6))
        .map(|_| {
            let value = match rng.random_range(0..5) {
                0 => "%00%ff%zz%".to_owned(),
                1 => "9".repeat(rng.random_range(0..3_000)),
                2 => "%D9%A1%D9%A2".to_owned(),
                3 => "%2B21655555555".to_owned(),
                _ => noise(rng, 60),
            };
            format!("{}={value}", FIELDS.choose(rng).expect("some fields"))
        })
        .collect();
    let body = match rng.random_range(0..6) {
        0 => "&".repeat(rng.random_range(0..2_000)),
        1 => "=".repeat(rng.random_range(0..2_000)),
        _ => fields.join("&"),
    };
    let request = Request::new("POST", &format!("/pay/{payment}/{step}"), world.shop.gateway);
    let request = match rng.random_range(0..5) {
        0 => request.header("Origin", "https://evil.invalid"),
        1 => request.header("Sec-Fetch-Site", "cross-site"),
        2 => request.header("Origin", "null"),
        _ => request,
    };
    let kind = ["application/x-www-form-urlencoded", "text/plain", "application/json"];
    let kind = if rng.random_range(0..4) == 0 { kind.choose(rng).expect("three") } else { kind[0] };
    Case::answered(request.body(kind, body).to_bytes())
}

const AUTHORIZATIONS: &[&str] = &[
    "",
    "Bearer",
    "Bearer ",
    "Bearer :",
    "Bearer a:b",
    "Bearer a:b:c",
    "bearer",
    "Basic YTpi",
    "Api-Key x",
    "Bearer 00000000-0000-0000-0000-000000000000:00000000-0000-0000-0000-000000000000",
    "Bearer \u{e9}:x",
    "Bearer ' OR 1=1 --:x",
    "Bearer\ta:b",
];
const KEYS: &[&str] = &["", " ", "\u{e9}", "a b", "\t", "\u{7f}", "'; --", "\"quoted\""];

/// Wrong credentials, and idempotency keys that are none.
pub fn credentials(world: &World, rng: &mut StdRng) -> Case {
    let body = two_destinations(10_000, true).to_string();
    let post = || Request::new("POST", "/api/v2/generate_payment", world.shop.gateway);
    let own = &world.shop.authorization;
    if rng.random_range(0..2) == 0 {
        let request = match rng.random_range(0..6) {
            0 => post(),
            1 => post().header(
                "Authorization",
                &format!("Bearer {}", "x".repeat(rng.random_range(0..9_000))),
            ),
            2 => post().header("Authorization", &own[..own.len() - 1]),
            3 => post().header("Authorization", own).header("Authorization", own),
            4 => post().header("Authorization", &own.replace(':', "")),
            _ => post().header("Authorization", AUTHORIZATIONS.choose(rng).expect("some")),
        };
        return Case::answered(request.body("application/json", body).to_bytes()).refused();
    }
    let request = post().header("Authorization", own);
    let request = match rng.random_range(0..4) {
        0 => request.header("Idempotency-Key", &"k".repeat(rng.random_range(250..3_000))),
        1 => request.header("Idempotency-Key", "a").header("Idempotency-Key", "b"),
        2 => request.header("Idempotency-Key", "one key for many bodies"),
        _ => request.header("Idempotency-Key", KEYS.choose(rng).expect("some keys")),
    };
    let amount = rng.random_range(1_000..2_000);
    let body = two_destinations(amount, true).to_string();
    Case::answered(request.body("application/json", body).to_bytes())
}
