//! Links that a merchant gives us: where the payer returns to, the webhook, the image.
//!
//! A link is parsed once, when the payment is made, and only its serialised form is kept and
//! emitted: the browser, the webhook's sender and our checks can never read it differently.

use serde::{Deserialize, Serialize};
use std::fmt;
use url::Url;

use crate::ids::PaymentId;
use crate::limits::LINK_BYTES_MAX;

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// Where the payer returns to after paying.
    Success,
    /// Where the payer returns to otherwise.
    Fail,
    /// Whom we tell.
    Webhook,
    /// The picture shown at the checkout. http is accepted even where https is demanded, because
    /// such a picture is simply not shown (Flouci API, section 2).
    Image,
}

impl LinkKind {
    /// Query parameters that we add to a link of this kind.
    const fn reserved_names(self) -> &'static [&'static str] {
        match self {
            Self::Success | Self::Fail => &["payment_id"],
            Self::Webhook => &["payment_id", "success"],
            Self::Image => &[],
        }
    }
}

/// Why a link is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLink {
    /// More than [`LINK_BYTES_MAX`] bytes, as given or as serialised.
    #[error("the link is too long; at most {LINK_BYTES_MAX} bytes are allowed")]
    TooLong,
    /// A line break, a tab or another control character, which URL parsers drop in silence.
    #[error("the link contains a control character, such as a line break or a tab; remove it")]
    ControlCharacter,
    /// A backslash, which some parsers read as a slash.
    #[error("the link contains a backslash; use / or %5C")]
    Backslash,
    /// No absolute URL.
    #[error("the link is not an absolute URL; write it like https://shop.example/thanks")]
    NotAbsolute,
    /// Another scheme than http and https.
    #[error("the link must begin with http:// or https://")]
    SchemeNotAllowed,
    /// http, where only https is allowed.
    #[error("the link must begin with https://")]
    HttpsRequired,
    /// No host, or one with characters that no host name has.
    #[error("the host of the link is not a host name or an IP address")]
    HostInvalid,
    /// A user name or a password.
    #[error("the link must not contain a user name or a password")]
    UserInfo,
    /// A query parameter that would hide or forge the one that we add.
    #[error("the link already has a query parameter {name}, which is added to it; rename yours")]
    ReservedParameter {
        /// The name that we add.
        name: &'static str,
    },
}

/// An absolute http or https URL in its serialised form.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    // Invariant: passes `check_parsed`, so it has a host and no user-info.
    url: Url,
}

impl Link {
    /// Reads a link from a request.
    pub fn parse(text: &str, kind: LinkKind, https_only: bool) -> Result<Self, InvalidLink> {
        let link = Self::from_stored(text)?;
        if https_only && !link.is_https() && kind != LinkKind::Image {
            return Err(InvalidLink::HttpsRequired);
        }
        let query = link.url.query().unwrap_or_default();
        let taken = |name: &&'static str| has_parameter(query, name);
        match kind.reserved_names().iter().copied().find(taken) {
            Some(name) => Err(InvalidLink::ReservedParameter { name }),
            None => Ok(link),
        }
    }

    /// Reads a link that was accepted before. What settings may change is not asked again, or
    /// stored payments could not be read after a stricter setting.
    pub fn from_stored(text: &str) -> Result<Self, InvalidLink> {
        if text.len() > LINK_BYTES_MAX {
            return Err(InvalidLink::TooLong);
        }
        // Before parsing: the parser removes CR, LF and TAB and turns a backslash into a slash.
        if text.chars().any(char::is_control) {
            return Err(InvalidLink::ControlCharacter);
        }
        if text.contains('\\') {
            return Err(InvalidLink::Backslash);
        }
        let url = Url::parse(text).map_err(|error| match error {
            url::ParseError::RelativeUrlWithoutBase => InvalidLink::NotAbsolute,
            _ => InvalidLink::HostInvalid,
        })?;
        check_parsed(&url)?;
        Ok(Self { url })
    }

    /// The link as it is stored and emitted.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// Whether it is https.
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Scheme, host and port; the scheme's own port is left out: `https://shop.example:8443`. Safe
    /// to stand in a header.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Where the payer's browser goes: the link with `payment_id` appended before any fragment.
    /// Nothing in it states success; the shop has to verify (Flouci API, section 8).
    pub fn redirect_target(&self, payment_id: &PaymentId) -> String {
        let (base, fragment) = self.parts();
        let mut target = with_parameters(base, &format!("payment_id={payment_id}"));
        if let Some(fragment) = fragment {
            target.push('#');
            target.push_str(fragment);
        }
        target
    }

    /// What the webhook's GET asks for: the link, its query untouched, with `payment_id` and
    /// `success` appended. `True` and `False` are capitalised as Flouci does (Flouci API,
    /// section 7). A fragment is dropped: it is never sent.
    pub fn webhook_target(&self, payment_id: &PaymentId, success: bool) -> String {
        let success = if success { "True" } else { "False" };
        with_parameters(self.parts().0, &format!("payment_id={payment_id}&success={success}"))
    }

    fn parts(&self) -> (&str, Option<&str>) {
        match self.as_str().split_once('#') {
            Some((base, fragment)) => (base, Some(fragment)),
            None => (self.as_str(), None),
        }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Link {
    /// The origin only: a webhook's path or query often holds the receiver's secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({}/…)", self.origin())
    }
}

impl Serialize for Link {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Link {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_stored(&text).map_err(serde::de::Error::custom)
    }
}

fn check_parsed(url: &Url) -> Result<(), InvalidLink> {
    if url.scheme() != "http" && url.scheme() != "https" {
        return Err(InvalidLink::SchemeNotAllowed);
    }
    // The URL standard lets `;`, `,` and quotes stand in a host. The origin of an image goes into
    // our Content-Security-Policy header, where they would begin a directive of the merchant's.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    let host = url.host_str().unwrap_or_default();
    if host.is_empty() || !host.bytes().all(is_plain) {
        return Err(InvalidLink::HostInvalid);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(InvalidLink::UserInfo);
    }
    // Percent-encoding and punycode can make the serialised form longer than what was given.
    if url.as_str().len() > LINK_BYTES_MAX {
        return Err(InvalidLink::TooLong);
    }
    Ok(())
}

fn with_parameters(base: &str, parameters: &str) -> String {
    let separator = match base.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{base}{separator}{parameters}")
}

/// Whether some receiver could read a parameter called `name` out of this query.
fn has_parameter(query: &str, name: &str) -> bool {
    // Some receivers separate parameters by `;` too, and for all others it is a rare character.
    query.split(['&', ';']).any(|pair| {
        let given = pair.split('=').next().unwrap_or_default();
        let given = percent_decoded(given);
        // PHP ignores leading spaces and whatever follows a NUL, reads `name[...]` as an element
        // of `name`, and turns a dot, a space and a lone bracket into an underscore.
        let given = given.split(|&byte| byte == 0).next().unwrap_or_default();
        let given = given.trim_ascii_start();
        let variable = given.split(|&byte| byte == b'[').next().unwrap_or_default();
        php_normalised(given) == name.as_bytes() || php_normalised(variable) == name.as_bytes()
    })
}

fn php_normalised(name: &[u8]) -> Vec<u8> {
    name.iter().map(|byte| if b". [".contains(byte) { b'_' } else { *byte }).collect()
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let value = match bytes[at] {
            b'+' => Some(b' '),
            b'%' => bytes.get(at + 1..at + 3).and_then(hex_value),
            _ => None,
        };
        // A percent sign without two hexadecimal digits stands for itself.
        at += if bytes[at] == b'%' && value.is_some() { 2 } else { 0 };
        decoded.push(value.unwrap_or(bytes[at]));
        at += 1;
    }
    decoded
}

fn hex_value(digits: &[u8]) -> Option<u8> {
    let mut value = 0;
    for &digit in digits {
        let digit = char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())?;
        value = value * 16 + digit;
    }
    Some(value)
}

#[cfg(test)]
mod tests;
