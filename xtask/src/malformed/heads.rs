//! Requests that are wrong as HTTP: heads that can be read in two ways, bodies whose length is a
//! riddle, and clients that go away in the middle.

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

use super::case::{Case, Then, World};
use crate::client::shop::two_destinations;

/// A second request hidden behind the first. If it is answered, two readers of these bytes disagree
/// about where the first one ends.
const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n";

const METHODS: &[&str] = &[
    "GET",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PUT",
    "DELETE",
    "PATCH",
    "PROPFIND",
    "get",
    "G T",
    "",
    "\u{e9}",
    "GET\t",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
];
const VERSIONS: &[&str] = &[
    "HTTP/1.1",
    "HTTP/1.0",
    "HTTP/0.9",
    "HTTP/2.0",
    "HTTP/9.9",
    "HTTP",
    "",
    "http/1.1",
    "HTTP/1.1 x",
];
const LINES: &[&str] = &[
    "Content-Length: 5\r\nContent-Length: 6",
    "Content-Length: 5\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: 5",
    "Transfer-Encoding: xchunked",
    "Transfer-Encoding: chunked, identity",
    "Transfer-Encoding:\tchunked",
    "Transfer-Encoding : chunked",
    "Content-Length: -1",
    "Content-Length: +5",
    "Content-Length: 0x5",
    "Content-Length: 99999999999999999999",
    "Content-Length: 5, 5",
    "Content-Length:",
    "X-Folded: a\r\n b",
    "X-Folded: a\r\n\tb",
    "Name with space: x",
    "No colon at all",
    ": no name",
    "X-Nul: a\0b",
    "X-Cr: a\rb",
    "Host: one\r\nHost: two",
    "Expect: 100-continue",
    "Expect: 200-maybe",
    "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings",
    "Connection: close, keep-alive",
    "X-Forwarded-For: <script>alert(1)</script>",
    "X-HTTP-Method-Override: DELETE",
    "Range: bytes=0-99999999",
    "If-None-Match: *",
    "Accept-Language: \u{661};q=x,*;q=9",
];

/// Heads that are wrong, twofold, huge or only half there.
pub fn heads(world: &World, rng: &mut StdRng) -> Case {
    let target = *["/api/v2/generate_payment", "/health", "/pay/x"].choose(rng).expect("three");
    let method = METHODS.choose(rng).expect("some methods");
    let version = VERSIONS.choose(rng).expect("some versions");
    let line = LINES.choose(rng).expect("some lines");
    let host = world.shop.gateway;
    let text = match rng.random_range(0..9) {
        0 => format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        1 => format!("GET {target} {version}\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        2 => format!("GET {target} HTTP/1.1\n{line}\nHost: {host}\nConnection: close\n\n"),
        3 => {
            let long = "a".repeat(*[100, 5_000, 70_000].choose(rng).expect("three lengths"));
            format!(
                "GET {target} HTTP/1.1\r\nHost: {host}\r\nX: {long}\r\nConnection: close\r\n\r\n"
            )
        }
        4 => {
            let many = "X: y\r\n".repeat(rng.random_range(1..300));
            format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{many}Connection: close\r\n\r\n")
        }
        5 => return stranger(world, rng),
        6 => {
            let whole = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
            whole[..rng.random_range(1..whole.len() - 2)].to_owned()
        }
        _ => format!(
            "POST {target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {}\r\nConnection: close\r\n\
             Content-Type: application/json\r\n{line}\r\n\r\n0\r\n\r\n{HIDDEN}",
            world.shop.authorization
        ),
    };
    Case::finished(text.into_bytes())
}

/// A good request that says it is for another host. It may be granted; the link it gets is ours.
fn stranger(world: &World, rng: &mut StdRng) -> Case {
    const HOSTS: [&str; 4] = [
        "Host: evil.invalid",
        "Host: evil.invalid\r\nX-Forwarded-Host: evil.invalid\r\nX-Forwarded-Proto: https",
        "Host: evil.invalid:99999",
        "Host: x\r\nForwarded: host=evil.invalid;proto=https",
    ];
    let body = two_destinations(10_000, true).to_string();
    let text = format!(
        "POST /api/v2/generate_payment HTTP/1.1\r\n{}\r\nAuthorization: {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        HOSTS.choose(rng).expect("four hosts"),
        world.shop.authorization,
        body.len(),
    );
    Case::finished(text.into_bytes())
}

/// Chunks that are none, lengths that do not fit, and disconnections in the middle.
pub fn transfer(world: &World, rng: &mut StdRng) -> Case {
    let body = two_destinations(10_000, true).to_string();
    let head = format!(
        "POST /api/v2/generate_payment HTTP/1.1\r\nHost: {}\r\nAuthorization: {}\r\n\
         Content-Type: application/json\r\nConnection: close\r\n",
        world.shop.gateway, world.shop.authorization
    );
    let chunk = |size: &str| {
        format!("{head}Transfer-Encoding: chunked\r\n\r\n{size}\r\n{body}\r\n0\r\n\r\n")
    };
    let right = format!("{:x}", body.len());
    let text = match rng.random_range(0..8) {
        0 => chunk(&format!("{:x}", rng.random_range(0..2_000))),
        1 => chunk(
            ["-1", "+1", "0x10", "", " ", "zz", "ffffffffffffffff", "fffffffffffffffff"]
                .choose(rng)
                .expect("some"),
        ),
        2 => chunk(&format!("{right};{}", "x".repeat(rng.random_range(0..20_000)))),
        3 => {
            let chunks = "1\r\n{\r\n".repeat(rng.random_range(1..3_000));
            format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n")
        }
        4 => format!(
            "{head}Transfer-Encoding: chunked\r\n\r\n{right}\r\n{body}\r\n0\r\nTrailer: x\r\n\r\n"
        ),
        5 => format!("{head}Content-Length: {}\r\n\r\n{body}", body.len() + 50),
        // A body that is longer than it said: the rest is the beginning of nothing.
        6 => format!("{head}Content-Length: {}\r\n\r\n{body}", body.len() / 2),
        _ => {
            let whole = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
            let bytes = whole[..rng.random_range(1..whole.len())].to_owned().into_bytes();
            return Case { bytes, then: Then::Leave, is_refused: false };
        }
    };
    Case::finished(text.into_bytes())
}
