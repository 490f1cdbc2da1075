//! Reads settings as what they should be. A wrong one is noted and replaced by something harmless,
//! so that all mistakes are found in one go; [`Reader::finish`] then refuses the whole.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;

use secrecy::SecretString;
use toml::Value;
use url::Url;

use super::ConfigError;
use super::layers::{Layers, is_secret, shown_value};

/// Longer values are cut in messages: a pasted file is not worth a screenful.
const SHOWN_CHARS_MAX: usize = 80;

/// Reads each setting once.
pub struct Reader<'a> {
    layers: &'a Layers,
    unread: BTreeSet<&'a str>,
    problems: Vec<String>,
}

impl<'a> Reader<'a> {
    /// A reader that already knows of some problems.
    pub fn new(layers: &'a Layers, problems: Vec<String>) -> Self {
        Self { layers, unread: layers.keys().collect(), problems }
    }

    /// Refuses if anything was wrong.
    pub fn finish(self) -> Result<(), ConfigError> {
        // A setting that is listed but never read would be a promise that nobody keeps.
        assert!(self.unread.is_empty(), "settings that nothing reads: {:?}", self.unread);
        if self.problems.is_empty() { Ok(()) } else { Err(ConfigError { problems: self.problems }) }
    }

    /// Notes that a setting is not what it must be. `rule` completes "must be ...".
    pub fn must_be(&mut self, key: &str, rule: impl Display) {
        let setting = self.layers.get(key);
        let shown = shown_value(key, &setting.value);
        let origin = &setting.origin;
        self.problems.push(if is_secret(key) {
            format!("{key} ({origin}) must be {rule}")
        } else if shown.chars().count() > SHOWN_CHARS_MAX {
            let beginning: String = shown.chars().take(SHOWN_CHARS_MAX).collect();
            format!("{key} = {beginning}... ({origin}) must be {rule}")
        } else {
            format!("{key} = {shown} ({origin}) must be {rule}")
        });
    }

    /// The value, whatever it is.
    pub fn value(&mut self, key: &str) -> &'a Value {
        self.unread.remove(key);
        &self.layers.get(key).value
    }

    /// Text that is not empty; an empty one means that the setting is not set.
    pub fn text(&mut self, key: &str) -> Option<&'a str> {
        if let Some(text) = self.value(key).as_str() {
            return (!text.is_empty()).then_some(text);
        }
        self.must_be(key, "text");
        None
    }

    /// A secret, or none when it is not set.
    pub fn secret(&mut self, key: &str) -> Option<SecretString> {
        self.text(key).map(SecretString::from)
    }

    /// Text of which `parse` makes something; not set is `None`, and so is what it refuses, after
    /// that was noted.
    pub fn parsed<T>(
        &mut self,
        key: &str,
        rule: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let parsed = parse(self.text(key)?);
        if parsed.is_none() {
            self.must_be(key, rule);
        }
        parsed
    }

    /// A yes or no.
    pub fn switch(&mut self, key: &str) -> bool {
        if let Some(switch) = self.value(key).as_bool() {
            return switch;
        }
        self.must_be(key, "true or false");
        false
    }

    /// A whole number within a range.
    pub fn number<T>(&mut self, key: &str, allowed: RangeInclusive<T>) -> T
    where
        T: TryFrom<i64> + PartialOrd + Copy + Display,
    {
        let number = self.value(key).as_integer().and_then(|number| T::try_from(number).ok());
        if let Some(number) = number.filter(|number| allowed.contains(number)) {
            return number;
        }
        self.must_be(
            key,
            format_args!("a whole number from {} to {}", allowed.start(), allowed.end()),
        );
        *allowed.start()
    }

    /// A list, each item of which `parse` makes something of.
    pub fn list<T>(
        &mut self,
        key: &str,
        rule: &str,
        parse: impl Fn(&Value) -> Option<T>,
    ) -> Vec<T> {
        let items = self.value(key).as_array();
        let parsed = items.and_then(|items| items.iter().map(parse).collect());
        if parsed.is_none() {
            self.must_be(key, rule);
        }
        parsed.unwrap_or_default()
    }

    /// An address to listen on, or none when it is not set.
    pub fn optional_address(&mut self, key: &str) -> Option<SocketAddr> {
        self.parsed(key, "an IP address and port such as 127.0.0.1:8080", |text| text.parse().ok())
    }

    /// An address to listen on.
    pub fn address(&mut self, key: &str) -> SocketAddr {
        self.optional_address(key).unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into())
    }

    /// The root of a site: no path, so that every page of it can be named from there.
    pub fn site(&mut self, key: &str) -> Option<Url> {
        let rule = "a site such as https://pay.example.tn, without path, user or query";
        self.parsed(key, rule, |text| web_address(text).filter(|url| url.path() == "/"))
    }

    /// An address to which paths are added; its own path always ends with a slash.
    pub fn base_url(&mut self, key: &str) -> Option<Url> {
        let rule = "an http or https address without user, query or fragment";
        let mut url = self.parsed(key, rule, web_address)?;
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Some(url)
    }

    /// An exact http or https address.
    pub fn url(&mut self, key: &str) -> Option<Url> {
        self.parsed(key, "an http or https address without user, query or fragment", web_address)
    }
}

/// An http address that carries nothing secret: passwords and tokens have settings of their own,
/// because addresses are shown and logged.
fn web_address(text: &str) -> Option<Url> {
    // The parser would drop blanks and line ends in silence.
    if text.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    let has_user = !url.username().is_empty() || url.password().is_some();
    let has_more = url.query().is_some() || url.fragment().is_some();
    (is_web && !has_user && !has_more).then_some(url)
}
