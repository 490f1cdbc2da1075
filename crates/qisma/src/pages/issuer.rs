//! The page that leads to the issuer of a saved card (3-D Secure). The issuer takes a form and no link,
//! so this page, and no other, may post to another site.

use askama::Template;
use qisma_domain::binding::IssuerForm;
use url::Url;

use super::payee::policy_with_forms;
use super::shell::{Frame, Moves, Shell, html};

#[derive(Template)]
#[template(path = "checkout/issuer.html")]
struct IssuerPage<'a> {
    shell: Shell,
    heading: String,
    explained: String,
    submit: String,
    form: &'a IssuerForm,
    order_id: &'a str,
}

/// The page with the way to the issuer, for the order of this id at the bank.
pub fn at_issuer(frame: &Frame, form: &IssuerForm, order_id: &str) -> String {
    let words = frame.words();
    let heading = words.text("issuer-heading");
    html(&IssuerPage {
        shell: Shell::of_payment(frame, &heading, Moves::Live),
        heading,
        explained: words.text("issuer-explained"),
        submit: words.text("card-open-link"),
        form,
        order_id,
    })
}

/// The policy of that page. Issuers redirect a browser among their own sites before they answer, and
/// a policy that named one of them would break the way there.
pub fn issuer_policy(image_url: Option<&str>, form: &IssuerForm) -> String {
    let acs = Url::parse(&form.acs_url).ok();
    let target = match acs {
        Some(acs) if acs.scheme() == "http" => acs.origin().ascii_serialization(),
        _ => "https:".to_owned(),
    };
    policy_with_forms(image_url, &format!("'self' {target}"))
}
