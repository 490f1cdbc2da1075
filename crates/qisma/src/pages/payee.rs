//! Who is paid, as the payer sees them. Everything here was written by a merchant: none of it is trusted.

use url::Url;

/// The merchant that the payer pays.
#[derive(Debug, Clone, Default)]
pub struct Payee {
    /// The name as the merchant wrote it.
    pub name: String,
    /// The merchant's or the payment's image. Shown only when it is https; our server never fetches it.
    pub image_url: Option<String>,
}

impl Payee {
    /// The name without control characters and without the marks that reverse the text around
    /// them: `<bdi>` contains those in the page, but a title has no markup to contain them.
    pub(super) fn shown_name(&self) -> String {
        let kept: String =
            self.name.chars().filter(|c| !c.is_control() && !steers_text(*c)).collect();
        kept.trim().to_owned()
    }

    /// Up to two initials, shown until the image is there, and instead of it.
    pub(super) fn initials(&self) -> String {
        let name = self.shown_name();
        let mut letters =
            name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
        let first = letters.next();
        // Two Arabic letters side by side would join into a word that means nothing.
        let second = letters.next().filter(char::is_ascii);
        first.into_iter().chain(second).flat_map(char::to_uppercase).collect()
    }

    pub(super) fn shown_image(&self) -> Option<String> {
        self.image_url.as_deref().and_then(shown_image).map(String::from)
    }
}

fn steers_text(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// The image's address if a page may show it: https, without credentials, and with a host that
/// can stand in a header. A URL's host may hold `;`, `,` and `*`, which would extend the policy.
fn shown_image(image_url: &str) -> Option<Url> {
    let url = Url::parse(image_url).ok()?;
    let host = url.host_str()?;
    let plain =
        host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    let anonymous = url.username().is_empty() && url.password().is_none();
    (url.scheme() == "https" && plain && anonymous).then_some(url)
}

/// The Content-Security-Policy of a payer's page: only ourselves, and the origin of this page's
/// image if there is one to show.
pub fn content_security_policy(image_url: Option<&str>) -> String {
    policy_with_forms(image_url, "'self'")
}

/// The same with other places to which forms may lead.
pub(super) fn policy_with_forms(image_url: Option<&str>, forms: &str) -> String {
    let image_origin = image_url
        .and_then(shown_image)
        .map(|url| format!(" {}", url.origin().ascii_serialization()))
        .unwrap_or_default();
    format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'{image_origin}; \
         connect-src 'self'; form-action {forms}; base-uri 'none'; frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::{Payee, content_security_policy};

    fn named(name: &str) -> Payee {
        Payee { name: name.to_owned(), image_url: None }
    }

    #[track_caller]
    fn check_images(image_url: &str, sources: &str) {
        let policy = content_security_policy(Some(image_url));
        let images = policy.split("; ").find(|part| part.starts_with("img-src"));
        assert_eq!(images, Some(sources));
    }

    #[test]
    fn the_policy_adds_the_origin_of_an_https_image() {
        check_images(
            "https://cdn.shop.tn:8443/a.png?x=1",
            "img-src 'self' https://cdn.shop.tn:8443",
        );
    }

    #[test]
    fn the_policy_adds_nothing_for_an_image_that_is_not_https() {
        check_images("http://shop.tn/a.png", "img-src 'self'");
        check_images("data:image/png;base64,AAAA", "img-src 'self'");
    }

    #[test]
    fn a_host_cannot_extend_the_policy() {
        check_images("https://a;script-src/x.png", "img-src 'self'");
        check_images("https://*.tn/x.png", "img-src 'self'");
        check_images("https://a,b/x.png", "img-src 'self'");
        check_images("https://user:secret@a.tn/x.png", "img-src 'self'");
    }

    #[test]
    fn a_name_loses_the_marks_that_reverse_the_text_around_it() {
        assert_eq!(named(" evil\u{202E}gnp\u{2069}\u{0}.exe ").shown_name(), "evilgnp.exe");
    }

    #[test]
    fn initials_are_two_letters_or_one_arabic_letter() {
        let initials = ["pizza di Roma", "L'Étoile", "مقهى الأندلس", "«»", ""]
            .map(|name| named(name).initials());
        assert_eq!(initials, ["PD", "L", "م", "", ""]);
    }
}
