//! `getBindings.do`, `paymentOrderBinding.do`, `unBindCard.do`: saved cards listed, charged, given up.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Call;
use super::refusal::{Refusal, action_text, success_text};
use super::register::client_id;
use crate::app::{App, Change};
use crate::bank::pa_req_of;
use crate::books::{self, Key};
use crate::cards;
use crate::lang::Lang;
use crate::orders::{Approval, Binding, Impossible, Order, State};

/// What a client has saved. Nobody's list and an empty one get the same refusal.
pub(super) async fn list(
    app: &Arc<App>,
    call: &Call,
    lang: Lang,
) -> Result<Option<Value>, Refusal> {
    let client_id = client_id(&call.fields)?.ok_or(Refusal::Missing("clientId"))?;
    let user_name = call.user_name.clone();
    let found = app.books.transact(move |tx| books::active_bindings(tx, &user_name, &client_id));
    let found = found.await?;
    if found.is_empty() {
        return Err(Refusal::NoBinding);
    }
    let bindings: Vec<Value> = found.iter().map(describe).collect();
    Ok(Some(json!({
        "errorCode": "0",
        "errorMessage": success_text(lang),
        "bindings": bindings,
    })))
}

/// One card, as the manual shows it: the scheme is not named.
fn describe(binding: &Binding) -> Value {
    let pan = &binding.card.masked_pan;
    let last = pan.get(pan.len().saturating_sub(4)..).unwrap_or("");
    json!({
        "bindingId": binding.id,
        "maskedPan": pan,
        "expiryDate": binding.card.expiration,
        "paymentWay": "CARD",
        "paymentSystem": "CARD",
        "displayLabel": format!("XXXXXXXXXXXX{last}"),
        "bindingCategory": "COMMON",
    })
}

/// Gives a card up; what is not there any more is refused.
pub(super) async fn unbind(app: &Arc<App>, call: &Call) -> Result<Option<Value>, Refusal> {
    let id = call.fields.get("bindingId").ok_or(Refusal::Missing("bindingId"))?.to_owned();
    let user_name = call.user_name.clone();
    let done = app.books.transact(move |tx| books::deactivate_binding(tx, &user_name, &id));
    if done.await? { Ok(None) } else { Err(Refusal::NoBinding) }
}

/// Charges a registered order to a saved card. The security code is judged and forgotten.
pub(super) async fn charge(
    app: &Arc<App>,
    call: &Call,
    lang: Lang,
) -> Result<Option<Value>, Refusal> {
    let needed = |name| call.fields.get(name).map(str::to_owned).ok_or(Refusal::Missing(name));
    let (order_id, binding_id) = (needed("mdOrder")?, needed("bindingId")?);
    needed("ip")?;
    let code = call.fields.get("cvc").map(str::to_owned);
    let (user_name, approval) = (call.user_name.clone(), app.new_approval());
    let key = Key::OrderId(user_name.clone(), order_id);
    let changed = app.change(key, move |change| {
        let Some(binding) = books::find_binding(change.tx, &user_name, &binding_id)? else {
            return Ok(Err(Refusal::NoBinding));
        };
        Ok(present(change, binding, code.as_deref(), approval))
    });
    let (order, done) = changed.await?.ok_or(Refusal::UnknownOrder)?;
    done.map(|()| Some(answer(app, &order, lang)))
}

fn present(
    change: &mut Change<'_>,
    binding: Binding,
    code: Option<&str>,
    approval: Approval,
) -> Result<(), Refusal> {
    // A saved card pays for the client that saved it, and for nobody else.
    if change.order.client_id.as_ref() != Some(&binding.client_id) {
        return Err(Refusal::NoBinding);
    }
    if change.order.state != State::Registered {
        return Err(Impossible::State.into());
    }
    let verdict = cards::judge_saved(&binding.card, code, change.order.amount);
    change.order.binding_id = Some(binding.id);
    let notice = change.order.present(binding.card, verdict, approval);
    change.notices.extend(notice);
    Ok(())
}

/// What the merchant does next: nothing but to read the order, or to send its holder to the issuer.
fn answer(app: &App, order: &Order, lang: Lang) -> Value {
    if order.state == State::Challenged {
        return json!({
            "errorCode": 0,
            "info": lang.pick("Authentification requise", "التحقق مطلوب", "Authentication is required"),
            "acsUrl": format!("{}/payment/{}/acs?language={}", app.public_url, order.id, lang.code()),
            "paReq": pa_req_of(order),
            "termUrl": format!("{}/payment/rest/finish3ds.do?lang={}", app.public_url, lang.code()),
        });
    }
    let info =
        if order.was_paid() { success_text(lang) } else { action_text(order.action_code, lang) };
    json!({ "errorCode": 0, "info": info, "redirect": order.return_url })
}
