//! JSON as it was sent: numbers keep their text, a member stands once, nesting ends.
//!
//! A general parser keeps the last of two members in silence and turns numbers into floats. Two
//! programs that read one body differently are how a small payment passes for a large one.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserializer;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::http::error::ErrorCode;

/// Arrays and objects inside each other. The documented request has three levels.
const DEPTH_MAX: usize = 32;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, in the characters that were sent.
    Number(String),
    /// A string.
    Text(String),
    /// An array.
    Array(Vec<Self>),
    /// An object.
    Object(Members),
}

/// The members of an object, in the order that they were sent; each name stands once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members(Vec<(String, Json)>);

impl Members {
    /// Members that are texts; `None` when a name stands twice.
    pub fn of_texts(members: Vec<(String, String)>) -> Option<Self> {
        let names: BTreeSet<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        let each_stands_once = names.len() == members.len();
        let texts = members.into_iter().map(|(name, value)| (name, Json::Text(value)));
        each_stands_once.then(|| Self(texts.collect()))
    }

    /// The value of a member; `null` and `""` count as absent (Flouci API, section 2).
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.get_as_sent(name).filter(|value| match value {
            Json::Null => false,
            Json::Text(text) => !text.is_empty(),
            _ => true,
        })
    }

    /// A member that is a text, and not an empty one.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Json::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The value of a member, whatever it is.
    pub fn get_as_sent(&self, name: &str) -> Option<&Json> {
        self.0.iter().find(|(member, _)| member == name).map(|(_, value)| value)
    }
}

/// Reads a body that must be one object.
pub fn parse_object(bytes: &[u8]) -> Result<Members, ErrorCode> {
    let text = std::str::from_utf8(bytes).map_err(|_| ErrorCode::JsonMalformed)?;
    let raw: &RawValue = serde_json::from_str(text).map_err(|_| ErrorCode::JsonMalformed)?;
    match parse(raw.get(), 1)? {
        Json::Object(members) => Ok(members),
        _ => Err(ErrorCode::JsonNotAnObject),
    }
}

/// Reads one value. Each level is scanned once more for each level around it, which the limits on
/// depth and size keep cheap; in return no number is ever converted and no recursion is unbounded.
fn parse(text: &str, depth: usize) -> Result<Json, ErrorCode> {
    if DEPTH_MAX < depth {
        return Err(ErrorCode::JsonTooDeep);
    }
    Ok(match text.as_bytes().first() {
        Some(b'{') => {
            let members = serde_json::Deserializer::from_str(text)
                .deserialize_map(RawMembers)
                .map_err(|_| ErrorCode::JsonMalformed)?;
            let mut seen = BTreeSet::new();
            if members.iter().any(|(name, _)| !seen.insert(name.as_str())) {
                return Err(ErrorCode::JsonDuplicateMember);
            }
            let parsed = members
                .iter()
                .map(|(name, raw)| Ok((without_nul(name.clone())?, parse(raw.get(), depth + 1)?)));
            Json::Object(Members(parsed.collect::<Result<_, _>>()?))
        }
        Some(b'[') => {
            let items: Vec<&RawValue> =
                serde_json::from_str(text).map_err(|_| ErrorCode::JsonMalformed)?;
            let parsed = items.iter().map(|raw| parse(raw.get(), depth + 1));
            Json::Array(parsed.collect::<Result<_, _>>()?)
        }
        Some(b'"') => {
            // A lone surrogate, which is no text, ends here.
            let text = serde_json::from_str(text).map_err(|_| ErrorCode::JsonMalformed)?;
            Json::Text(without_nul(text)?)
        }
        Some(b'n') => Json::Null,
        Some(b't') => Json::Bool(true),
        Some(b'f') => Json::Bool(false),
        _ => Json::Number(text.to_owned()),
    })
}

fn without_nul(text: String) -> Result<String, ErrorCode> {
    if text.contains('\0') { Err(ErrorCode::JsonNulCharacter) } else { Ok(text) }
}

/// The members of an object, their values not looked into yet.
struct RawMembers;

impl<'de> Visitor<'de> for RawMembers {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(body: &str) -> ErrorCode {
        parse_object(body.as_bytes()).unwrap_err()
    }

    fn nested(levels: usize) -> String {
        format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1))
    }

    #[test]
    fn a_number_keeps_its_text() {
        let members = parse_object(b" {\"amount\": 1004.9999999999999e0 } ").unwrap();
        assert_eq!(members.get("amount"), Some(&Json::Number("1004.9999999999999e0".to_owned())));
    }

    #[test]
    fn null_and_the_empty_text_count_as_absent() {
        let members = parse_object(br#"{"a":null,"b":"","c":" "}"#).unwrap();
        assert_eq!((members.get("a"), members.get("b")), (None, None));
        assert_eq!(members.get("c"), Some(&Json::Text(" ".to_owned())));
        assert_eq!(members.get_as_sent("b"), Some(&Json::Text(String::new())));
    }

    #[test]
    fn a_member_that_stands_twice_is_refused_at_any_depth_and_in_any_spelling() {
        for body in [
            r#"{"amount":1000,"amount":1}"#,
            r#"{"amount":1000,"am\u006funt":1}"#,
            r#"{"metadata":{"x":[{"a":1,"a":1}]}}"#,
        ] {
            assert_eq!(fault(body), ErrorCode::JsonDuplicateMember, "{body}");
        }
    }

    #[test]
    fn nesting_ends_at_the_limit() {
        assert!(parse_object(nested(DEPTH_MAX).as_bytes()).is_ok());
        assert_eq!(fault(&nested(DEPTH_MAX + 1)), ErrorCode::JsonTooDeep);
        assert_eq!(fault(&"[".repeat(60_000)), ErrorCode::JsonMalformed);
    }

    #[test]
    fn what_is_no_text_is_refused_wherever_it_stands() {
        for body in [r#"{"x":"\ud800"}"#, r#"{"\udc00":1}"#, r#"{"x":["\ud800\u0041"]}"#] {
            assert_eq!(fault(body), ErrorCode::JsonMalformed, "{body}");
        }
        for body in [r#"{"x":"a\u0000"}"#, r#"{"a\u0000":1}"#] {
            assert_eq!(fault(body), ErrorCode::JsonNulCharacter, "{body}");
        }
        assert_eq!(parse_object(b"{\"x\":\"\xff\"}").unwrap_err(), ErrorCode::JsonMalformed);
    }

    #[test]
    fn what_is_not_one_object_is_refused() {
        for body in
            ["", " ", "{", "{}{}", "{} x", "\u{feff}{}", "{'a':1}", "{\"a\":01}", "{\"a\":}"]
        {
            assert_eq!(fault(body), ErrorCode::JsonMalformed, "{body:?}");
        }
        for body in ["[]", "null", "1", "\"{}\""] {
            assert_eq!(fault(body), ErrorCode::JsonNotAnObject, "{body}");
        }
    }

    #[test]
    fn a_number_too_large_for_any_machine_is_only_text() {
        let members = parse_object(br#"{"metadata":1e999999}"#).unwrap();
        assert_eq!(members.get("metadata"), Some(&Json::Number("1e999999".to_owned())));
    }
}
