//! The OpenAPI document, made from the handlers; `openapi.json` at the root is its copy.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::flouci::business::{generate_custom_qr_code, transactions};
use super::flouci::transactions::{get_pos_transaction_status, init_pos_transaction};
use super::flouci::v2::{
    bindings, cancel_payment, confirm_payment, generate_payment, refund_payment, verify_payment,
};
use super::flouci::{history, v1};
use super::lost_answer;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Qisma",
        description = "A split-payment gateway. Amounts are whole millimes: 1 TND is 1000. \
                       docs/errors.md explains every error code.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(
        generate_payment::create,
        verify_payment::read,
        confirm_payment::create,
        cancel_payment::create,
        generate_custom_qr_code::read,
        transactions::status,
        transactions::history,
        init_pos_transaction::create,
        get_pos_transaction_status::read,
        refund_payment::create,
        bindings::list,
        bindings::revoke,
        history::list,
        lost_answer::read,
        v1::generate_payment::create,
        v1::verify_payment::read,
    ),
    tags(
        (name = "Flouci API", description = "What Flouci's clients speak, unchanged."),
        (name = "Flouci API v1", description = "The same, as older clients speak it."),
    ),
    modifiers(&Credentials),
)]
struct Document;

/// How callers show their keys.
struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("PUBLIC_KEY:PRIVATE_KEY")
            .description(Some("The two keys of an app with a colon between them."))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("app_keys", SecurityScheme::Http(scheme));
        let header = ApiKeyValue::with_description(
            "Authorization",
            "`Api-Key KEY`, with a key that `qisma apikey create` printed.",
        );
        components.add_security_scheme("api_key", SecurityScheme::ApiKey(ApiKey::Header(header)));
    }
}

/// The document, as it is written into `openapi.json`.
pub fn document() -> String {
    let mut text =
        Document::openapi().to_pretty_json().expect("a document of texts and numbers is JSON");
    text.push('\n');
    text
}
