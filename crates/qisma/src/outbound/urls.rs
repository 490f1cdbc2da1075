//! Which URLs a merchant may have us call, judged before any name is resolved.

use std::net::IpAddr;

use url::{Host, Url};

use super::addresses::AddressRule;

/// Ports that live receivers may listen on unless the settings say otherwise.
pub const PORTS_DEFAULT: [u16; 2] = [443, 8443];

/// What an operator allows receivers to be.
#[derive(Clone, Debug)]
pub struct UrlRules {
    /// In test mode, lift the checks of address, port and scheme for this machine.
    pub allow_loopback: bool,
    /// Ports a receiver may listen on. Test mode adds 80.
    pub ports_allowed: Vec<u16>,
}

impl Default for UrlRules {
    fn default() -> Self {
        Self { allow_loopback: false, ports_allowed: PORTS_DEFAULT.to_vec() }
    }
}

/// A URL that may be called, as long as its name resolves to what the rule allows.
#[derive(Clone, Debug)]
pub struct CheckedUrl {
    /// The URL as the parser understood it.
    pub url: Url,
    /// What its address must be.
    pub rule: AddressRule,
}

/// Why a receiver may not be called. The texts never repeat the URL, which may hold secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// It does not parse as an absolute URL.
    #[error("the URL is not a valid absolute URL: give one such as https://shop.example/hook")]
    Malformed,
    /// Parsers drop line breaks and tabs silently, so two of them may see two different URLs.
    #[error("the URL contains spaces or control characters: remove them or percent-encode them")]
    ControlCharacter,
    /// Not http or https.
    #[error("the URL's scheme is not allowed: use https")]
    Scheme,
    /// Plain http outside test mode.
    #[error("the URL uses http: use https, http is only for test mode")]
    HttpsRequired,
    /// A user name or a password in front of the host.
    #[error("the URL contains a user name or a password: remove them")]
    UserInfo,
    /// A port off the list.
    #[error("port {0} is not allowed: listen on 443 or ask the operator to allow this port")]
    Port(u16),
    /// The address, or one of the addresses of the name, is not on the public internet.
    #[error("the host's address is not on the public internet: use a public address")]
    Address,
}

/// Judges a URL, and says what its address must be for the call to be made.
///
/// A literal address is judged here, because a literal never reaches the resolver.
pub fn check_url(raw: &str, rules: &UrlRules, test_mode: bool) -> Result<CheckedUrl, Forbidden> {
    if raw.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(Forbidden::ControlCharacter);
    }
    let url = Url::parse(raw).map_err(|_| Forbidden::Malformed)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Forbidden::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Forbidden::UserInfo);
    }
    let loopback_allowed = test_mode && rules.allow_loopback;
    let usual = check_scheme_and_port(&url, rules, test_mode);
    let rule = match literal_address(&url)? {
        Some(address) if loopback_allowed && address.is_loopback() => AddressRule::Loopback,
        Some(address) => {
            usual?;
            if !AddressRule::Global.allows(address) {
                return Err(Forbidden::Address);
            }
            AddressRule::Global
        }
        // Only after resolving is it known whether a name is this machine. An unusual port is
        // let through here on the condition that it is.
        None => match usual {
            Ok(()) if loopback_allowed => AddressRule::GlobalOrLoopback,
            Ok(()) => AddressRule::Global,
            Err(_) if loopback_allowed => AddressRule::Loopback,
            Err(reason) => return Err(reason),
        },
    };
    Ok(CheckedUrl { url, rule })
}

fn check_scheme_and_port(url: &Url, rules: &UrlRules, test_mode: bool) -> Result<(), Forbidden> {
    if url.scheme() == "http" && !test_mode {
        return Err(Forbidden::HttpsRequired);
    }
    let port = url.port_or_known_default().ok_or(Forbidden::Malformed)?;
    if rules.ports_allowed.contains(&port) || (test_mode && port == 80) {
        Ok(())
    } else {
        Err(Forbidden::Port(port))
    }
}

fn literal_address(url: &Url) -> Result<Option<IpAddr>, Forbidden> {
    match url.host() {
        Some(Host::Ipv4(address)) => Ok(Some(IpAddr::V4(address))),
        Some(Host::Ipv6(address)) => Ok(Some(IpAddr::V6(address))),
        Some(Host::Domain(name)) if !name.is_empty() => Ok(None),
        Some(Host::Domain(_)) | None => Err(Forbidden::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: bool = true;
    const STRICT: bool = false;

    fn judge(raw: &str, test_mode: bool, allow_loopback: bool) -> Result<AddressRule, Forbidden> {
        let rules = UrlRules { allow_loopback, ..UrlRules::default() };
        check_url(raw, &rules, test_mode).map(|checked| checked.rule)
    }

    #[test]
    fn ordinary_live_urls_pass() {
        for raw in [
            "https://shop.example/hook",
            "https://shop.example:8443/hook?a=b&c=d",
            "https://SHOP.example./hook",
            "https://8.8.8.8/hook",
            "https://[2606:4700:4700::1111]/hook",
            "https://xn--mnchen-3ya.example/",
        ] {
            assert_eq!(judge(raw, false, STRICT), Ok(AddressRule::Global), "{raw}");
        }
    }

    #[test]
    fn every_spelling_of_a_forbidden_address_is_refused() {
        for raw in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0x7f.0.0.1/",
            "https://0177.0.0.1/",
            "https://017700000001/",
            "https://127.0.0.1./",
            "https://%31%32%37.0.0.1/",
            "https://127。0。0。1/",
            "https://1２7.0.0.1/",
            "https:127.0.0.1/",
            "https:\\\\127.0.0.1/",
            "https://0/",
            "https://169.254.169.254/latest/meta-data",
            "https://0xa9fea9fe/",
            "https://10.0.0.1/",
            "https://[::1]/",
            "https://[::]/",
            "https://[0:0:0:0:0:0:0:1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:7f00:1]/",
            "https://[::ffff:a9fe:a9fe]/",
            "https://[::127.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[2002:7f00:1::]/",
            "https://[fd00:ec2::254]/",
        ] {
            assert_eq!(judge(raw, false, STRICT), Err(Forbidden::Address), "{raw}");
        }
    }

    #[test]
    fn urls_that_are_not_plain_https_are_refused_with_their_reason() {
        for (raw, reason) in [
            ("http://shop.example/", Forbidden::HttpsRequired),
            ("ftp://shop.example/", Forbidden::Scheme),
            ("file:///etc/passwd", Forbidden::Scheme),
            ("gopher://shop.example:443/", Forbidden::Scheme),
            ("javascript:alert(1)", Forbidden::Scheme),
            ("//shop.example/", Forbidden::Malformed),
            ("shop.example/hook", Forbidden::Malformed),
            ("https://", Forbidden::Malformed),
            ("https://[fe80::1%25eth0]/", Forbidden::Malformed),
            ("https://1.2.3.4.5/", Forbidden::Malformed),
            ("https://shop.example:0443x/", Forbidden::Malformed),
            ("https://user@shop.example/", Forbidden::UserInfo),
            ("https://user:pass@shop.example/", Forbidden::UserInfo),
            ("https://shop.example@127.0.0.1/", Forbidden::UserInfo),
            ("https://:pass@shop.example/", Forbidden::UserInfo),
            ("https://shop.example:22/", Forbidden::Port(22)),
            ("https://shop.example:80/", Forbidden::Port(80)),
            ("https://shop.example:6379/", Forbidden::Port(6379)),
            ("https://shop.example/\r\nX: y", Forbidden::ControlCharacter),
            ("https://shop\t.example/", Forbidden::ControlCharacter),
            (" https://shop.example/", Forbidden::ControlCharacter),
            ("https://shop.example/\0", Forbidden::ControlCharacter),
        ] {
            assert_eq!(judge(raw, false, STRICT), Err(reason), "{raw}");
        }
    }

    #[test]
    fn test_mode_allows_http_on_port_80() {
        assert_eq!(judge("http://shop.example/", true, STRICT), Ok(AddressRule::Global));
    }

    #[test]
    fn test_mode_alone_does_not_allow_loopback() {
        let result = judge("http://127.0.0.1/", true, STRICT);
        assert_eq!(result, Err(Forbidden::Address));
    }

    #[test]
    fn allowing_loopback_lifts_every_check_for_a_literal_of_this_machine() {
        for raw in ["http://127.0.0.1:9000/", "http://[::1]:1/", "https://127.9.9.9:22/"] {
            assert_eq!(judge(raw, true, OPEN), Ok(AddressRule::Loopback), "{raw}");
        }
    }

    #[test]
    fn allowing_loopback_lifts_nothing_for_other_addresses() {
        assert_eq!(judge("http://10.0.0.1/", true, OPEN), Err(Forbidden::Address));
        assert_eq!(judge("http://8.8.8.8:9000/", true, OPEN), Err(Forbidden::Port(9000)));
    }

    #[test]
    fn a_name_on_an_unusual_port_must_resolve_to_this_machine() {
        assert_eq!(judge("http://localhost:9000/", true, OPEN), Ok(AddressRule::Loopback));
        assert_eq!(judge("https://shop.example/", true, OPEN), Ok(AddressRule::GlobalOrLoopback));
    }

    #[test]
    fn allowing_loopback_changes_nothing_in_live_mode() {
        assert_eq!(judge("http://127.0.0.1:9000/", false, OPEN), Err(Forbidden::HttpsRequired));
        assert_eq!(judge("https://127.0.0.1/", false, OPEN), Err(Forbidden::Address));
    }
}
