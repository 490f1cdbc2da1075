//! `POST /api/v2/generate_payment`: a payment is asked for, divided among merchants (Flouci API,
//! section 2).

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use qisma_domain::decide::create_payment::{
    CreateAnswer, CreatePayment, CreateRefusal, IdempotentRequest, NewPayment,
};
use qisma_domain::idempotency::{IdempotencyKey, IdempotencyScope};
use qisma_domain::ids::{MerchantId, Mode};
use qisma_domain::limits::{
    AMOUNT_MILLIMES_MAX, HOLD_SECS_DEFAULT, SESSION_TIMEOUT_SECS_DEFAULT, SESSION_TIMEOUT_SECS_MAX,
    SESSION_TIMEOUT_SECS_MIN, TRACKING_ID_BYTES_MAX,
};
use qisma_domain::link::LinkKind;
use qisma_domain::merchant::Merchant;
use qisma_domain::money::Amount;
use qisma_domain::split::{LegRequest, Share, Split, SplitError};
use serde::Serialize;
use utoipa::ToSchema;

use super::fields::{Fields, LegRead, destination_mistake, split_mistake};
use crate::gateway::Gateway;
use crate::http::body::{Answer, JsonObject, Members};
use crate::http::caller::CallingApp;
use crate::http::error::{ApiError, ErrorBody, ErrorCode, Mistake};
use crate::http::idempotency;
use crate::http::middleware::RequestId;
use crate::payer::wallet;

const DESTINATION: &str = "destination";
const KEY_RULE: &str = "must be 1 to 255 visible ASCII characters, sent once; send a fresh UUID";

/// Ask for a payment.
///
/// Optional fields that are `null` or `""` count as absent; unknown fields are ignored. All
/// mistakes of a request are reported at once. With an `Idempotency-Key` the same request has one
/// effect and one answer for 30 days.
#[utoipa::path(
    post,
    path = "/api/v2/generate_payment",
    operation_id = "generate_payment",
    tag = "Flouci API",
    params(
        ("Idempotency-Key" = Option<String>, Header,
            pattern = "^[!-~]{1,255}$", description = "A fresh UUID for each payment"),
    ),
    request_body = super::schema::GeneratePaymentRequest,
    responses(
        (status = 200, description = "The payment was made, or had been under this key",
            body = GeneratePaymentAnswer),
        (status = 400, description = "The request has mistakes", body = ErrorBody),
        (status = 401, description = "The credentials are not those of an active app",
            body = ErrorBody),
        (status = 429, description = "Credentials of this address were refused too often",
            body = ErrorBody),
        (status = 422, description = "The key was used for another request", body = ErrorBody),
        (status = 500, description = "An internal error; nothing was changed", body = ErrorBody),
        (status = 503, description = "Busy, or the outcome is unknown: ask again with the same key",
            body = ErrorBody),
    ),
    security(("app_keys" = [])),
)]
pub async fn create(
    State(gateway): State<Gateway>,
    caller: CallingApp,
    request_id: RequestId,
    headers: HeaderMap,
    JsonObject(members): JsonObject,
) -> Result<Response, ApiError> {
    let wire = Wire { route: "/api/v2/generate_payment", version: "v2" };
    generate(wire, &gateway, &caller, (&request_id, &headers, &members)).await
}

/// Through which version of the API a request came.
#[derive(Clone, Copy)]
pub struct Wire {
    /// The path, for which an idempotency key counts.
    pub route: &'static str,
    /// What the answer calls it.
    pub version: &'static str,
}

/// Makes a payment for whoever was found to ask for it.
pub async fn generate(
    wire: Wire,
    gateway: &Gateway,
    caller: &CallingApp,
    (request_id, headers, members): (&RequestId, &HeaderMap, &Members),
) -> Result<Response, ApiError> {
    let key = idempotency::key_of(headers);
    let asked = understand(&Rules::of(gateway, caller.mode), caller, members);
    let asked = match (asked, &key) {
        (Err(mistaken), Ok(Some(key))) if was_answered(gateway, caller, key).await? => {
            // The settings may have changed since; the answer has not.
            understand(&Rules::ANY, caller, members).map_err(|_| mistaken)
        }
        (asked, _) => asked,
    };
    let (new, key) = match (asked, key) {
        (Ok(new), Ok(key)) => (new, key),
        (Ok(new), Err(key)) => return Err(Mistaken::in_key(key, &new).report(gateway).await),
        (Err(mistaken), key) => {
            return Err(Mistaken { key: key.err(), ..mistaken }.report(gateway).await);
        }
    };
    let idempotent = key.map(|key| {
        let understood = canonical(&new);
        let request = ("POST", wire.route, understood.as_str());
        let scope = idempotency::scope(caller, None, key);
        idempotency::request(&gateway.keyring, scope, request, request_id)
    });
    let command = command(gateway, caller, new, idempotent);
    #[cfg(feature = "yardstick")]
    if crate::http::yardstick::is_on() {
        return Ok(respond(crate::http::yardstick::created(command), wire.version));
    }
    let answer = gateway.store.run(command).await;
    let answer = answer.map_err(|error| ApiError::of_run(error, refused))?;
    Ok(respond(answer, wire.version))
}

/// Whether a request with this key was granted before. Then this one gets that answer, or hears that it
/// is another request, whatever a fresh one would be told.
async fn was_answered(
    gateway: &Gateway,
    caller: &CallingApp,
    key: &IdempotencyKey,
) -> Result<bool, ApiError> {
    let &CallingApp { merchant, mode, .. } = caller;
    let scope = IdempotencyScope { merchant, mode, about: None, key: key.clone() };
    Ok(gateway.store.read(move |reader| reader.has_idempotency_key(&scope)).await?)
}

/// What the settings allow a request to ask for.
struct Rules {
    https_only: bool,
    cards_are_open: bool,
    wallets_are_open: bool,
    hold_secs: i64,
}

impl Rules {
    /// Whatever any settings allow.
    const ANY: Self = Self {
        https_only: false,
        cards_are_open: true,
        wallets_are_open: true,
        hold_secs: HOLD_SECS_DEFAULT,
    };

    fn of(gateway: &Gateway, mode: Mode) -> Self {
        Self {
            https_only: gateway.config.links.https_only,
            cards_are_open: gateway.acquirer(mode).is_some(),
            wallets_are_open: wallet::is_offered(gateway, mode),
            hold_secs: gateway.config.payments.authorization_timeout_secs,
        }
    }
}

/// A request that cannot be granted, with the destinations that are still to be looked up.
struct Mistaken {
    key: Option<ErrorCode>,
    mistakes: Vec<Mistake>,
    destinations: Vec<(usize, MerchantId)>,
}

impl Mistaken {
    /// A request in which nothing is wrong but its key, as far as that can be known without the store.
    fn in_key(key: ErrorCode, new: &NewPayment) -> Self {
        let destinations = (0..).zip(new.legs.iter().map(|leg| leg.destination)).collect();
        Self { key: Some(key), mistakes: Vec::new(), destinations }
    }

    /// Adds the destinations that cannot receive, which only the store knows. A request without
    /// other mistakes hears of them from the command, without this second look.
    async fn report(self, gateway: &Gateway) -> ApiError {
        let Self { key, mut mistakes, destinations } = self;
        let read = gateway.store.read(move |reader| {
            let mut bad = Vec::new();
            for (place, id) in destinations {
                if !reader.merchant(id)?.as_ref().is_some_and(Merchant::can_receive) {
                    bad.push(destination_mistake(DESTINATION, place));
                }
            }
            Ok(bad)
        });
        match read.await {
            Ok(bad) => mistakes.extend(bad),
            Err(error) => return error.into(),
        }
        match key {
            Some(alone) if mistakes.is_empty() => return alone.into(),
            Some(_) => mistakes.insert(0, Mistake::new("Idempotency-Key", KEY_RULE)),
            None => {}
        }
        ApiError::of_mistakes(mistakes)
    }
}

fn understand(
    rules: &Rules,
    caller: &CallingApp,
    members: &Members,
) -> Result<NewPayment, Mistaken> {
    let https_only = rules.https_only;
    let timeout_secs = SESSION_TIMEOUT_SECS_MIN..=SESSION_TIMEOUT_SECS_MAX;
    let mut fields = Fields::new(members);
    let amount = fields.amount("amount");
    let success_link = fields.required_link("success_link", LinkKind::Success, https_only);
    let fail_link = fields.required_link("fail_link", LinkKind::Fail, https_only);
    let webhook = fields.link("webhook", LinkKind::Webhook, https_only);
    let developer_tracking_id = fields.text_as_sent("developer_tracking_id", TRACKING_ID_BYTES_MAX);
    let accept_card = accept_card(&mut fields, rules, caller.mode);
    let image_url = fields.image("image_url");
    let session_timeout_secs =
        fields.whole_number("session_timeout_secs", timeout_secs, SESSION_TIMEOUT_SECS_DEFAULT);
    let is_hold = fields.switch_of_two_names("pre_authorization", "pre_auth");
    let legs = fields.destinations(DESTINATION);
    if fields.is_present("binding_id") {
        fields.refuse("binding_id", "paying with a saved card is not offered yet; leave it out");
    }

    let mut mistakes = fields.into_mistakes();
    mistakes.extend(split_mistakes(amount, caller, &legs));
    match (amount, success_link, fail_link, session_timeout_secs) {
        (Some(amount), Some(success_link), Some(fail_link), Some(session_timeout_secs))
            if mistakes.is_empty() =>
        {
            Ok(NewPayment {
                channel: qisma_domain::payment::Channel::Online,
                amount,
                legs: legs.into_iter().filter_map(LegRead::whole).collect(),
                success_link: Some(success_link),
                fail_link: Some(fail_link),
                webhook,
                developer_tracking_id,
                accept_card,
                image_url,
                session_timeout_secs,
                hold_secs: is_hold.then_some(rules.hold_secs),
            })
        }
        _ => {
            let destinations = legs.iter().filter_map(|leg| Some((leg.place, leg.destination?)));
            Err(Mistaken { key: None, mistakes, destinations: destinations.collect() })
        }
    }
}

/// Whether cards are accepted. A payment that nobody could pay is refused now, not at the checkout.
fn accept_card(fields: &mut Fields<'_>, rules: &Rules, mode: Mode) -> bool {
    let name = "accept_card";
    let mode = mode.as_str();
    let accept_card = fields.switch(name);
    if rules.wallets_are_open {
        // To accept cards is a permission: where there are none, the wallet is still a way to pay.
        return accept_card;
    }
    if accept_card && !rules.cards_are_open {
        fields.refuse(
            name,
            format!("card payments are not set up for {mode} payments; ask the gateway's operator"),
        );
    }
    if !accept_card {
        fields.refuse(name, format!("must be true, because no wallet is open for {mode} payments"));
    }
    accept_card
}

/// The mistakes of the split as a whole, over what could be read of it: who is named twice, whatever
/// the amounts, and what the amounts add up to, whoever gets them. Without a valid amount of the
/// payment there is no total to exceed.
fn split_mistakes(amount: Option<Amount>, caller: &CallingApp, legs: &[LegRead]) -> Vec<Mistake> {
    let total = amount.unwrap_or_else(|| {
        Amount::from_millimes(AMOUNT_MILLIMES_MAX).expect("the largest is an amount")
    });
    let one = Amount::from_millimes(1).expect("a millime is an amount");
    let named = legs.iter().filter_map(|leg| {
        let share = Share::Fixed(leg.amount.unwrap_or(one));
        Some((leg.place, LegRequest { destination: leg.destination?, share }))
    });
    let (places, named): (Vec<usize>, Vec<LegRequest>) = named.unzip();
    let mut errors = Split::resolve(total, caller.merchant, &named).err().unwrap_or_default();
    errors.retain(|error| !matches!(error, SplitError::ExceedsTotal { .. }));
    let legs_millimes = legs.iter().filter_map(|leg| leg.amount).map(Amount::millimes).sum::<i64>();
    if total.millimes() < legs_millimes {
        let (legs_millimes, total_millimes) = (legs_millimes.into(), total.millimes());
        errors.push(SplitError::ExceedsTotal { legs_millimes, total_millimes });
    }
    errors.iter().map(|error| split_mistake(DESTINATION, error, &places)).collect()
}

/// The request as it was understood: what an idempotency key is compared by.
fn canonical(new: &NewPayment) -> String {
    let legs: Vec<_> = new
        .legs
        .iter()
        .map(|leg| match leg.share {
            Share::Fixed(amount) => serde_json::json!([leg.destination, amount]),
            Share::Percent(ppm) => serde_json::json!([leg.destination, "ppm", ppm.number()]),
            Share::Remainder => serde_json::json!([leg.destination, "remainder"]),
        })
        .collect();
    serde_json::json!([
        new.amount,
        legs,
        new.success_link,
        new.fail_link,
        new.webhook,
        new.developer_tracking_id,
        new.accept_card,
        new.image_url,
        new.session_timeout_secs,
        new.hold_secs.is_some(),
    ])
    .to_string()
}

fn command(
    gateway: &Gateway,
    caller: &CallingApp,
    new: NewPayment,
    idempotent: Option<IdempotentRequest>,
) -> CreatePayment {
    let &CallingApp { app, merchant, mode } = caller;
    // From the settings alone: a Host header is the caller's own invention.
    let link_prefix = format!("{}pay/", gateway.link_base_url);
    CreatePayment { merchant, app, mode, new, link_prefix, idempotent }
}

fn refused(refusal: CreateRefusal) -> ApiError {
    match refusal {
        CreateRefusal::CallerNotActive => ErrorCode::CredentialsInvalid.into(),
        CreateRefusal::KeyReused => ErrorCode::IdempotencyKeyReused.into(),
        CreateRefusal::Split(errors) => ApiError::of_mistakes(
            errors.iter().map(|error| split_mistake(DESTINATION, error, &[])).collect(),
        ),
        CreateRefusal::Destinations(places) => ApiError::of_mistakes(
            places.into_iter().map(|place| destination_mistake(DESTINATION, place)).collect(),
        ),
    }
}

/// The answer of `generate_payment`.
#[derive(Debug, Serialize, ToSchema)]
pub struct GeneratePaymentAnswer {
    /// The payment.
    result: GeneratedPayment,
    /// Always `developers`.
    #[schema(example = "developers")]
    name: &'static str,
    /// Always 0.
    #[schema(example = 0)]
    code: u8,
    /// The version of the path that was called.
    #[schema(example = "v2")]
    version: &'static str,
}

/// The payment that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct GeneratedPayment {
    /// Always true.
    #[schema(example = true)]
    success: bool,
    /// The payment's id: 22 characters of base64url, which may begin with `-` or `_`.
    #[schema(example = "FoPKKHqfQIKfBqhEj8M47A")]
    payment_id: String,
    /// Where the payer pays.
    #[schema(example = "https://pay.example/pay/FoPKKHqfQIKfBqhEj8M47A")]
    link: String,
    /// The caller's own reference, as sent.
    #[schema(required = true)]
    developer_tracking_id: Option<String>,
}

fn respond(answer: CreateAnswer, version: &'static str) -> Response {
    let CreateAnswer { created, replay_of } = answer;
    // Exactly 200: a 201 breaks a client (Flouci API, section 2).
    let mut response = Answer(GeneratePaymentAnswer {
        result: GeneratedPayment {
            success: true,
            payment_id: created.payment_id.to_string(),
            link: created.link,
            developer_tracking_id: created.developer_tracking_id,
        },
        name: "developers",
        code: 0,
        version,
    })
    .into_response();
    if let Some(original) = replay_of {
        idempotency::mark_replay(&mut response, &original);
    }
    response
}
