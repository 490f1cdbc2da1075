//! `POST /api/v2/generate_payment`: a payment is asked for, divided among merchants (Flouci API,
//! section 2).

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use qisma_domain::decide::create_payment::{
    CreatePayment, CreateRefusal, IdempotentRequest, NewPayment,
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

use super::fields::{Fields, LegRead, destination_mistake, fees_above_legs, split_mistake};
use super::generated::{GeneratePaymentAnswer, respond};
use super::saved_card::{self, TypedCvc};
use crate::gateway::Gateway;
use crate::http::body::{JsonObject, Members};
use crate::http::caller::CallingApp;
use crate::http::client::ClientAddress;
use crate::http::error::{ApiError, ErrorBody, ErrorCode, Mistake};
use crate::http::idempotency;
use crate::http::middleware::RequestId;
use crate::keyring::Keyring;
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
        (status = 412, description = "The saved card was not charged", body = ErrorBody),
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
    client: ClientAddress,
    request_id: RequestId,
    headers: HeaderMap,
    JsonObject(members): JsonObject,
) -> Result<Response, ApiError> {
    generate(WIRE, (&gateway, &caller, client), (&request_id, &headers, members)).await
}

/// This path.
pub const WIRE: Wire = Wire { route: "/api/v2/generate_payment", version: "v2" };

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
    (gateway, caller, client): (&Gateway, &CallingApp, ClientAddress),
    (request_id, headers, mut members): (&RequestId, &HeaderMap, Members),
) -> Result<Response, ApiError> {
    let key = idempotency::key_of(headers);
    let cvc = TypedCvc::take(&mut members);
    let by = Asker { caller, keyring: &gateway.keyring, cvc: &cvc };
    let asked = understand(&Rules::of(gateway, caller.mode), &by, &members);
    let asked = match (asked, &key) {
        (Err(mistaken), Ok(Some(key))) if was_answered(gateway, caller, key).await? => {
            // The settings may have changed since; the answer has not.
            understand(&Rules::ANY, &by, &members).map_err(|_| mistaken)
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
        return Ok(respond(crate::http::yardstick::created(command), wire.version, None));
    }
    if let (Some(charge), TypedCvc::Read(cvc)) = (command.new.charge.clone(), cvc) {
        let begun = saved_card::Wish { charge, cvc, client };
        return saved_card::pay(gateway, command, begun, wire.version).await;
    }
    let answer = gateway.store.run(command).await;
    let answer = answer.map_err(|error| ApiError::of_run(error, refused))?;
    Ok(respond(answer, wire.version, None))
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

/// Who asks, and with which security code.
struct Asker<'a> {
    caller: &'a CallingApp,
    keyring: &'a Keyring,
    cvc: &'a TypedCvc,
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

fn understand(rules: &Rules, asker: &Asker<'_>, members: &Members) -> Result<NewPayment, Mistaken> {
    let caller = asker.caller;
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
    let (payer, charge) = saved_card::read(&mut fields, caller, (asker.keyring, asker.cvc));
    if charge.is_some() && !rules.cards_are_open {
        fields.refuse("binding_id", no_cards(caller.mode));
    }
    if charge.is_some() && is_hold {
        let taken = "a saved card is charged at once; leave this out, or the binding_id";
        fields.refuse("pre_authorization", taken);
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
                // A card that is saved already is not saved again.
                client: payer.filter(|_| accept_card && charge.is_none()),
                charge,
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
    // Whoever names a saved card wants it charged, whatever else is said.
    let accept_card = fields.switch(name) || fields.is_present("binding_id");
    if rules.wallets_are_open {
        // To accept cards is a permission: where there are none, the wallet is still a way to pay.
        return accept_card;
    }
    if accept_card && !rules.cards_are_open {
        fields.refuse(name, no_cards(mode));
    }
    if !accept_card {
        let mode = mode.as_str();
        fields.refuse(name, format!("must be true, because no wallet is open for {mode} payments"));
    }
    accept_card
}

fn no_cards(mode: Mode) -> String {
    let mode = mode.as_str();
    format!("card payments are not set up for {mode} payments; ask the gateway's operator")
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

/// The request as it was understood: what an idempotency key is compared by. A security code has no
/// part in it: whatever is kept of one, were it a keyed hash, could be guessed in a thousand tries.
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
        new.client,
        new.charge.as_ref().map(|charge| (&charge.client, &charge.binding)),
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

/// Why no payment was made, as the caller is told.
pub(super) fn refused(refusal: CreateRefusal) -> ApiError {
    match refusal {
        CreateRefusal::CallerNotActive => ErrorCode::CredentialsInvalid.into(),
        CreateRefusal::KeyReused => ErrorCode::IdempotencyKeyReused.into(),
        CreateRefusal::Split(errors) => ApiError::of_mistakes(
            errors.iter().map(|error| split_mistake(DESTINATION, error, &[])).collect(),
        ),
        CreateRefusal::Destinations(places) => ApiError::of_mistakes(
            places.into_iter().map(|place| destination_mistake(DESTINATION, place)).collect(),
        ),
        CreateRefusal::FeeAboveLegs(legs) => fees_above_legs(DESTINATION, &legs),
    }
}
