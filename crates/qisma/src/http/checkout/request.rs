//! What a payer's browser sent: which payment, in which language, from which site, and its form.

use axum::extract::{FromRef, FromRequest, FromRequestParts, Path, Request};
use axum::http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use axum::response::Response;
use qisma_domain::ids::PaymentId;
use std::collections::BTreeMap;
use std::convert::Infallible;
use url::Url;

use super::load::{Loaded, Visitor, load};
use super::respond::{Turned, problem_of, turned};
use crate::gateway::Gateway;
use crate::http::body::read_body;
use crate::http::client::ClientAddress;
use crate::pages::{Locale, Problem};

/// Longer than any form of ours.
const FORM_BYTES_MAX: usize = 4_096;
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The language of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tongue {
    /// Which.
    pub locale: Locale,
    /// Whether the payer chose it by `?lang=` or on the page.
    pub chosen: bool,
}

impl Tongue {
    /// The language of a request of which nothing else is known than what its browser accepts.
    pub fn of(request: &Request) -> Self {
        let accepted = request.headers().get(ACCEPT_LANGUAGE);
        let accepted = accepted.and_then(|accepted| accepted.to_str().ok());
        Self { locale: Locale::negotiate(None, accepted), chosen: false }
    }
}

/// A payer's request, without its form. Taking it apart never fails: an id that is none is a payment
/// that does not exist.
pub struct Visit {
    /// The payment that the path names.
    pub payment: Option<PaymentId>,
    /// The language.
    pub tongue: Tongue,
    client: ClientAddress,
    query: BTreeMap<String, String>,
    headers: HeaderMap,
}

impl Visit {
    /// A parameter of the query; the first, when it is given twice.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// Loads the payment, ended if its time is over.
    pub async fn load(&self, gateway: &Gateway) -> Result<Loaded, Turned> {
        let Some(payment) = self.payment else { return Err(self.problem(Problem::NotFound)) };
        load(gateway, payment, Visitor { tongue: self.tongue, client: self.client }).await
    }

    /// A page that says what went wrong.
    pub fn problem(&self, problem: Problem) -> Turned {
        turned(problem_of(problem, self.tongue, None))
    }

    /// Whether another site sent the form. Browsers say so in one of two headers; where neither is
    /// sent, the form's token has to do.
    fn is_foreign(&self, gateway: &Gateway) -> bool {
        let cross_site =
            self.headers.get(SEC_FETCH_SITE).is_some_and(|site| site.as_bytes() == b"cross-site");
        cross_site || self.headers.get_all(ORIGIN).iter().any(|origin| !is_ours(gateway, origin))
    }
}

/// `null` is what privacy settings make of our own origin, so it says nothing.
fn is_ours(gateway: &Gateway, origin: &axum::http::HeaderValue) -> bool {
    let same = |url: &Url| url.origin().ascii_serialization().as_bytes() == origin.as_bytes();
    origin.as_bytes() == b"null"
        || same(&gateway.public_url)
        || same(&gateway.link_base_url)
        || localhost_of(gateway).as_ref().is_some_and(same)
}

/// What browsers of this machine may call a gateway that was given no name.
fn localhost_of(gateway: &Gateway) -> Option<Url> {
    if gateway.config.http.public_url.is_some() {
        return None;
    }
    let mut url = gateway.public_url.clone();
    url.set_host(Some("localhost")).ok()?;
    Some(url)
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let id = Path::<String>::from_request_parts(parts, state).await.ok();
        let Ok(client) = ClientAddress::from_request_parts(parts, state).await;
        let query = fields(parts.uri.query().unwrap_or_default().as_bytes()).0;
        let accepted =
            parts.headers.get(ACCEPT_LANGUAGE).and_then(|accepted| accepted.to_str().ok());
        let asked = query.get("lang").map(String::as_str);
        let tongue = Tongue {
            locale: Locale::negotiate(asked, accepted),
            chosen: asked.and_then(Locale::parse).is_some(),
        };
        Ok(Self {
            payment: id.and_then(|Path(id)| PaymentId::parse(&id).ok()),
            tongue,
            client,
            query,
            headers: parts.headers.clone(),
        })
    }
}

/// Fields by their names, and whether each came once.
fn fields(text: &[u8]) -> (BTreeMap<String, String>, bool) {
    let mut fields = BTreeMap::new();
    let mut each_once = true;
    for (name, value) in url::form_urlencoded::parse(text) {
        each_once &= !fields.contains_key(&*name);
        fields.entry(name.into_owned()).or_insert_with(|| value.into_owned());
    }
    (fields, each_once)
}

/// A form as it came in, not yet believed.
pub struct Submission {
    visit: Visit,
    fields: Option<BTreeMap<String, String>>,
}

/// A form of ours, come back from our own page.
pub struct Accepted {
    /// The payment, as it stands.
    pub loaded: Loaded,
    fields: BTreeMap<String, String>,
}

impl Accepted {
    /// A field; empty when it is missing.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

impl<S> FromRequest<S> for Submission
where
    S: Send + Sync,
    Gateway: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request(request: Request, state: &S) -> Result<Self, Infallible> {
        let (mut parts, body) = request.into_parts();
        let Ok(mut visit) = Visit::from_request_parts(&mut parts, state).await;
        let is_form = visit.headers.get(CONTENT_TYPE).is_some_and(is_form);
        // Of a payment that cannot exist no body is waited for.
        let body = if is_form && visit.payment.is_some() {
            let gateway = Gateway::from_ref(state);
            read_body(&*gateway.clock, body, FORM_BYTES_MAX).await.ok()
        } else {
            None
        };
        let fields = body.and_then(|body| {
            let (fields, each_once) = fields(&body);
            // Of two values of one name, page and reader could each mean another one.
            each_once.then_some(fields)
        });
        let carried = fields.as_ref().and_then(|fields| Locale::parse(fields.get("lang")?));
        if let Some(locale) = carried {
            visit.tongue = Tongue { locale, chosen: true };
        }
        Ok(Self { visit, fields })
    }
}

fn is_form(kind: &axum::http::HeaderValue) -> bool {
    let kind = kind.to_str().unwrap_or_default();
    let media = kind.split(';').next().unwrap_or_default().trim();
    media.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

impl Submission {
    /// Checks that the form is ours and the payment may still change. An ended payment's page says
    /// how it ended, whatever was submitted.
    pub async fn accept(self, gateway: &Gateway, form: &str) -> Result<Accepted, Turned> {
        let loaded = self.visit.load(gateway).await?;
        let counted = gateway.request_limits.of_form(loaded.payment().id, loaded.now);
        counted.map_err(|too_many| loaded.too_many(too_many))?;
        let refused = |problem| {
            Err(turned(problem_of(problem, self.visit.tongue, Some(&loaded.payment().id))))
        };
        if self.visit.is_foreign(gateway) {
            return refused(Problem::FormRefused);
        }
        let Some(fields) = self.fields else { return refused(Problem::BadRequest) };
        let token = fields.get("csrf").map_or("", String::as_str);
        let id = loaded.payment().id.to_string();
        if !gateway.keyring.check_csrf(&id, form, token) {
            return refused(Problem::FormRefused);
        }
        if !loaded.payment().state.awaits_payer() {
            return Err(turned(loaded.to_page(None)));
        }
        Ok(Accepted { loaded, fields })
    }
}

/// An answer of a handler: a page either way.
pub type Answer = Result<Response, Turned>;
