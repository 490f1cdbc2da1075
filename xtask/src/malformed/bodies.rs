//! Bodies for `generate_payment` that are not what it takes.

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

use super::case::{Case, World};

/// A JSON object as its members, so that any of them can be spoilt.
struct Object(Vec<(String, String)>);

impl Object {
    fn valid() -> Self {
        let members = [
            ("amount", "10000"),
            ("success_link", r#""https://shop.invalid/ok""#),
            ("fail_link", r#""https://shop.invalid/no""#),
            ("webhook", r#""https://shop.invalid/hook?secret=1""#),
            ("developer_tracking_id", r#""order-1""#),
            ("accept_card", "true"),
            ("image_url", r#""https://shop.invalid/a.png""#),
            ("session_timeout_secs", "1200"),
            (
                "destination",
                r#"[{"amount":8000,"destination":"1234"},{"amount":1000,"destination":4321}]"#,
            ),
            ("metadata", r#"{"a":[1,2,3]}"#),
        ];
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self(members.map(owned).into())
    }

    fn with(mut self, index: usize, value: impl Into<String>) -> Self {
        self.0[index].1 = value.into();
        self
    }

    fn text(&self) -> String {
        let members = self.0.iter().map(|(name, value)| format!("\"{name}\":{value}"));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    }
}

fn post(world: &World, body: impl Into<Vec<u8>>) -> Case {
    let request = world.shop.create("", None);
    // The header of the empty body is taken out again with it.
    let head = String::from_utf8(request.to_bytes()).expect("a head is text");
    let body = body.into();
    let length = format!("Content-Length: {}\r\n", body.len());
    let head = head.replace("Content-Length: 0\r\n", &length);
    Case::answered([head.as_bytes(), &body].concat())
}

fn pick<'a>(rng: &mut StdRng, of: &[&'a str]) -> &'a str {
    of.choose(rng).expect("there is something to choose from")
}

/// Cut, flipped, and in encodings that are not UTF-8.
pub fn bytes(world: &World, rng: &mut StdRng) -> Case {
    let mut body = Object::valid().text().into_bytes();
    let at = rng.random_range(0..body.len());
    match rng.random_range(0..7) {
        0 => {
            body.truncate(at);
            return post(world, body).refused();
        }
        1 => body[at] ^= 1 << rng.random_range(0..8),
        2 => drop(body.splice(at..at, [0xC3, 0x28, 0xFF])),
        3 => drop(body.splice(0..0, *b"\xEF\xBB\xBF")),
        4 => body = body.iter().flat_map(|byte| [*byte, 0]).collect(),
        5 => body = (0..rng.random_range(0..2_000)).map(|_| rng.random()).collect(),
        _ => body.extend_from_slice(pick(rng, &["}", "{}", "\0", " x", ",", "[]"]).as_bytes()),
    }
    post(world, body)
}

/// One name twice, also spelt with an escape, also inside.
pub fn duplicates(world: &World, rng: &mut StdRng) -> Case {
    let mut object = Object::valid();
    let (name, value) = object.0[rng.random_range(0..object.0.len())].clone();
    let name = match rng.random_range(0..3) {
        0 => {
            let (first, rest) = name.split_at(1);
            let code = u32::from(first.as_bytes()[0]);
            format!("\\u{code:04x}{rest}")
        }
        _ => name,
    };
    if rng.random_range(0..4) == 0 {
        let legs = r#"[{"amount":1,"amount":2,"destination":"1234"}]"#;
        return post(world, object.with(8, legs).text()).refused();
    }
    let at = rng.random_range(0..=object.0.len());
    object.0.insert(at, (name, value));
    post(world, object.text()).refused()
}

/// Deep and wide.
pub fn nesting(world: &World, rng: &mut StdRng) -> Case {
    let depth: usize = *[5, 30, 70, 200, 1_000, 9_000].choose(rng).expect("six depths");
    let deep = match rng.random_range(0..4) {
        0 => format!("{}1{}", "[".repeat(depth), "]".repeat(depth)),
        1 => format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth)),
        2 => "[".repeat(depth * 3),
        _ => format!(
            "[{}]",
            vec![r#"{"amount":1,"destination":"1234"}"#; depth.min(1_500)].join(",")
        ),
    };
    match rng.random_range(0..3) {
        0 => post(world, deep).refused(),
        1 => post(world, Object::valid().with(9, deep).text()),
        _ => post(world, Object::valid().with(8, deep).text()),
    }
}

const NUMBERS: &[&str] = &[
    "0",
    "-1",
    "-0",
    "1e3",
    "1e400",
    "1e-400",
    "1E+2",
    "10.5",
    "1004.9999999999999",
    "1.",
    ".5",
    "+1",
    "0x10",
    "01",
    "1_000",
    "1,000",
    "999999999999",
    "1000000000000",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "-9223372036854775809",
    "NaN",
    "Infinity",
    "-",
    "\"1000\"",
    "\"1e3\"",
    "\"-1\"",
    "\"\u{661}\u{662}\"",
    "\" 1\"",
    "\"1 \"",
    "\"\"",
    "1e2147483648",
    "1e-2147483649",
    "0.000001",
    "0.9999999",
    "99999999999999999999999999999999999999e-30",
];

/// Numbers of every size and shape where an amount, a timeout or an id is due.
pub fn numbers(world: &World, rng: &mut StdRng) -> Case {
    let number = match rng.random_range(0..8) {
        0 => rng.random_range(1..=9).to_string().repeat(rng.random_range(1..5_000)),
        1 => format!("0.{}1", "0".repeat(rng.random_range(1..5_000))),
        2 => format!("{}e{}", rng.random::<i32>(), rng.random::<i32>()),
        _ => pick(rng, NUMBERS).to_owned(),
    };
    let object = Object::valid();
    let body = match rng.random_range(0..4) {
        0 => object.with(0, number),
        1 => object.with(7, number),
        2 => object.with(8, format!("[{{\"amount\":{number},\"destination\":\"1234\"}}]")),
        _ => object.with(8, format!("[{{\"amount\":1,\"destination\":{number}}}]")),
    };
    post(world, body.text())
}

const STRINGS: &[&str] = &[
    r#""\u0000""#,
    r#""a\u0000b""#,
    r#""\ud800""#,
    r#""\udc00\ud800""#,
    r#""\ud83d\ude00""#,
    r#""\x""#,
    r#""\u12""#,
    "\"\n\"",
    "\"\t\"",
    "\"\u{7f}\u{85}\"",
    "\"\u{202e}abc\u{202c}\"",
    "\"\u{feff}\"",
    r#""javascript:alert(1)""#,
    r#""http://""#,
    r#""//shop.invalid""#,
    r#""http://a b""#,
    r#""https://u:p@shop.invalid/""#,
    r#""https://shop.invalid/%0d%0aSet-Cookie:x""#,
    "\"https://shop.invalid/\u{a0}\"",
    r#""https://shop.invalid/?payment_id=1""#,
    r#""http://[::1""#,
    r#""http://127.0.0.1:99999/""#,
    r#""file:///etc/passwd""#,
    r#""<script>alert(1)</script>""#,
    r#""'; DROP TABLE payments; --""#,
    r#""%s%n${7*7}{{7*7}}""#,
];

/// Texts that are no texts, or that mean something to somebody else.
pub fn strings(world: &World, rng: &mut StdRng) -> Case {
    let text = match rng.random_range(0..6) {
        0 => format!("\"{}\"", "e\u{301}".repeat(rng.random_range(1..5_000))),
        1 => format!("\"https://shop.invalid/{}\"", "a".repeat(rng.random_range(1..10_000))),
        _ => pick(rng, STRINGS).to_owned(),
    };
    let index = *[1, 2, 3, 4, 6, 8].choose(rng).expect("six members");
    let text = if index == 8 { format!("[{{\"amount\":1,\"destination\":{text}}}]") } else { text };
    post(world, Object::valid().with(index, text).text())
}

const VALUES: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "1.5",
    "\"\"",
    "\"x\"",
    "[]",
    "{}",
    "[null]",
    "[[]]",
    "[1]",
    "[{}]",
    "{\"amount\":1}",
    "[{\"amount\":1}]",
    "[{\"destination\":\"1234\"}]",
    "[{\"amount\":null,\"destination\":null}]",
    "[{\"amount\":1,\"destination\":\"01234\"}]",
    "[{\"amount\":1,\"destination\":\"1234\"},{\"amount\":1,\"destination\":1234}]",
    "[{\"amount\":1,\"destination\":\"unknown\"}]",
    "[{\"amount\":{},\"destination\":[]}]",
];

/// A value of the wrong kind in each member, members left out, and bodies that are no objects.
pub fn types(world: &World, rng: &mut StdRng) -> Case {
    let mut object = Object::valid();
    match rng.random_range(0..10) {
        0 => return post(world, pick(rng, VALUES)).refused(),
        1 => return post(world, "").refused(),
        2 => {
            object.0.remove(rng.random_range(0..object.0.len()));
        }
        3 => object
            .0
            .push((pick(rng, &["", "__proto__", "pre_authorization", "cvc"]).into(), "1".into())),
        _ => {
            for _ in 0..rng.random_range(1..=3) {
                let index = rng.random_range(0..object.0.len());
                object = object.with(index, pick(rng, VALUES));
            }
        }
    }
    post(world, object.text())
}
