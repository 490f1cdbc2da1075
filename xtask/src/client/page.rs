//! A page as the simplest browser sees it: its forms, and where it goes by itself.

use std::fmt::Write as _;

/// What a payer can do on a page.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Its forms, in order.
    pub forms: Vec<Form>,
    /// Where the page goes by itself.
    pub refresh: Option<Refresh>,
}

/// A `<meta http-equiv="refresh">`.
#[derive(Debug, PartialEq, Eq)]
pub struct Refresh {
    /// After how long.
    pub secs: u32,
    /// Where to; without one the page is loaded again.
    pub target: Option<String>,
}

/// A form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// Where it is sent.
    pub action: String,
    /// Its inputs.
    pub fields: Vec<Field>,
}

/// An input of a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// What a browser would fill in by itself, such as `one-time-code`.
    pub autocomplete: String,
}

impl Page {
    /// Reads a page.
    pub fn parse(html: &str) -> Self {
        let mut page = Self::default();
        let mut in_form = false;
        for tag in tags(html) {
            match tag.name.as_str() {
                "form" => {
                    page.forms.push(Form { action: tag.get("action"), fields: vec![] });
                    in_form = true;
                }
                "/form" => in_form = false,
                "input" if in_form => {
                    let form = page.forms.last_mut().expect("a form is open");
                    form.fields.push(Field {
                        name: tag.get("name"),
                        value: tag.get("value"),
                        autocomplete: tag.get("autocomplete"),
                    });
                }
                "meta" if tag.get("http-equiv") == "refresh" => {
                    page.refresh = parse_refresh(&tag.get("content"));
                }
                _ => {}
            }
        }
        page
    }

    /// The form that is sent to a path of this ending.
    pub fn form_to(&self, ending: &str) -> Option<Form> {
        let path = |form: &Form| form.action.split('?').next().is_some_and(|p| p.ends_with(ending));
        self.forms.iter().find(|form| path(form)).cloned()
    }
}

impl Form {
    /// Fills the field that a browser would fill with this kind of thing. Fields that are not there
    /// are left alone: the answer to the form will say what is missing.
    #[must_use]
    pub fn fill(mut self, autocomplete: &str, value: &str) -> Self {
        for field in &mut self.fields {
            if field.autocomplete == autocomplete {
                value.clone_into(&mut field.value);
            }
        }
        self
    }

    /// The form as it is posted.
    pub fn encode(&self) -> String {
        let named = self.fields.iter().filter(|field| !field.name.is_empty());
        let pairs = named.map(|field| (field.name.as_str(), field.value.as_str()));
        encode_pairs(pairs)
    }
}

/// Writes names and values as a form does.
pub fn encode_pairs<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let encoded = pairs.map(|(name, value)| format!("{}={}", escape(name), escape(value)));
    encoded.collect::<Vec<_>>().join("&")
}

fn escape(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'_' | b'.' | b'~' => {
                escaped.push(char::from(byte));
            }
            _ => write!(escaped, "%{byte:02X}").expect("a string takes all that is written to it"),
        }
        escaped
    })
}

struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn get(&self, name: &str) -> String {
        let found = self.attributes.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

fn tags(html: &str) -> Vec<Tag> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let (tag, after) = parse_tag(rest);
        found.push(tag);
        rest = after;
    }
    found
}

/// Reads a tag from behind its `<`; a `>` inside quotes does not end it.
fn parse_tag(text: &str) -> (Tag, &str) {
    let name_end = text.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(text.len());
    let mut tag = Tag { name: text[..name_end].to_ascii_lowercase(), attributes: vec![] };
    let mut rest = &text[name_end..];
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return (tag, rest);
        }
        if let Some(after) = rest.strip_prefix('>') {
            return (tag, after);
        }
        let end = rest.find(|c: char| c.is_whitespace() || c == '=' || c == '>');
        let (name, after) = rest.split_at(end.unwrap_or(rest.len()));
        let (value, after) = parse_value(after);
        tag.attributes.push((name.to_ascii_lowercase(), unescape(value)));
        // A lone quote or slash would otherwise be read for ever.
        rest = if after.len() < rest.len() { after } else { &after[1..] };
    }
}

fn parse_value(text: &str) -> (&str, &str) {
    let Some(value) = text.strip_prefix('=') else { return ("", text) };
    if let Some(quoted) = value.strip_prefix('"') {
        return quoted.split_once('"').unwrap_or((quoted, ""));
    }
    value.split_at(value.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(value.len()))
}

/// Undoes what the templates escape.
fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let entity = after.split_once(';').and_then(|(name, tail)| Some((entity(name)?, tail)));
        (plain, rest) = match entity {
            Some((letter, tail)) => (plain + &letter.to_string(), tail),
            None => (plain + "&", after),
        };
    }
    plain + rest
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        _ => char::from_u32(name.strip_prefix('#')?.parse().ok()?),
    }
}

/// Reads `0;url=/where` or `5`.
fn parse_refresh(content: &str) -> Option<Refresh> {
    let (secs, target) = match content.split_once(';') {
        Some((secs, target)) => (secs, target.trim().strip_prefix("url=")),
        None => (content, None),
    };
    Some(Refresh { secs: secs.trim().parse().ok()?, target: target.map(str::to_owned) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<!doctype html><meta http-equiv="refresh" content="0;url=/pay/a/leave">
        <form class="x" method="post" action="/pay/a/wallet?lang=fr">
        <input type="hidden" name="csrf" value="a&#38;b&quot;"><input type="tel" required name="phone"
        autocomplete="tel" value=""><button>Pay > now</button></form>
        <form method="post" action="/pay/a/card"></form><input name="outside">"#;

    #[test]
    fn forms_are_found_with_their_hidden_fields() {
        let form = Page::parse(PAGE).form_to("/wallet").unwrap();
        let names: Vec<_> = form.fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["csrf", "phone"]);
        assert_eq!(form.fields[0].value, "a&b\"");
        let filled = form.fill("tel", "+216 55");
        assert_eq!(filled.encode(), "csrf=a%26b%22&phone=%2B216%2055");
        assert_eq!(Page::parse(PAGE).form_to("/card").unwrap().fields, []);
    }

    #[test]
    fn a_form_that_is_not_there_is_not_found() {
        assert_eq!(Page::parse(PAGE).form_to("/code"), None);
    }

    #[test]
    fn a_refresh_is_read_with_and_without_a_target() {
        let target = Some("/pay/a/leave".to_owned());
        assert_eq!(Page::parse(PAGE).refresh, Some(Refresh { secs: 0, target }));
        assert_eq!(parse_refresh("5"), Some(Refresh { secs: 5, target: None }));
        assert_eq!(parse_refresh("soon"), None);
    }

    #[test]
    fn broken_markup_is_read_to_its_end() {
        for html in ["<", "<form action=\"", "<a \"", "<input = >", "<a/><b", "&#99;<p a='b c'>"] {
            let _ = Page::parse(html);
        }
    }
}
