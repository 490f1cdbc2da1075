//! Saved cards at the acquirer, which calls them bindings: listed, charged, given up.
//!
//! **Invariant:** a security code goes into the one form that needs it, and nowhere else.

use qisma_domain::binding::{BindingId, IssuerForm};
use secrecy::{ExposeSecret, SecretString};

use super::card::mask_pan;
use super::client::{ANSWER_SIZE_MAX_BYTES, SmtClient};
use super::wire::{Members, payer_page};
use super::{ChangeAnswer, UnknownReason};

/// Nothing is saved for such a client: the family's way to answer with an empty list.
const NOTHING_FOUND: i64 = 2;
/// Also "the transaction is being processed": it says nothing of the money.
const SYSTEM_ERROR: i64 = 7;
/// Longer than any question to an issuer.
const PA_REQ_BYTES_MAX: usize = 16 * 1024;
/// The payer began it, with a card that was saved before (BPC manual: `tii`).
const BY_THE_PAYER: &str = "F";

/// A saved card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// What stands for it.
    pub id: BindingId,
    /// First six, two stars, last four; the first may be unknown.
    pub masked_pan: Option<String>,
    /// The card's scheme, where the acquirer names it.
    pub payment_system: Option<String>,
}

/// What became of `getBindings.do`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BindingsAnswer {
    /// Every card that can be charged.
    Bindings(Vec<Binding>),
    /// The acquirer refuses to say.
    Refused {
        /// `errorCode`.
        code: i64,
    },
    /// Nothing was learnt.
    Unknown(UnknownReason),
}

/// A registered order that a saved card is to pay (`paymentOrderBinding.do`).
#[derive(Clone, Copy, Debug)]
pub struct ChargeOrder<'a> {
    /// The acquirer's id of the order.
    pub order_id: &'a str,
    /// The card.
    pub binding: &'a BindingId,
    /// Its security code. Its `Debug` shows nothing.
    pub cvc: &'a SecretString,
    /// Where the wish to pay came from.
    pub ip: &'a str,
    /// The language of what is said on the way: `fr`, `en` or `ar`.
    pub language: &'a str,
}

/// What became of `paymentOrderBinding.do`. Whatever it says, the order itself says whether it is paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChargeAnswer {
    /// It was dealt with: paid, declined, or the payer has to do something.
    Accepted,
    /// The card's issuer wants to see its holder.
    Challenge(IssuerForm),
    /// The acquirer said no.
    Refused {
        /// `errorCode`.
        code: i64,
    },
    /// The card may have been charged: read the order, and never ask for this again.
    Unknown(UnknownReason),
    /// The request never left.
    NotSent,
}

impl SmtClient {
    /// Lists what is saved for a client (`getBindings.do`).
    pub async fn bindings(&self, client_id: &str) -> BindingsAnswer {
        let fields = [("clientId", client_id)];
        match self.call("getBindings.do", &fields, ANSWER_SIZE_MAX_BYTES).await {
            Ok(members) => bindings_answer(&members),
            Err(reason) => BindingsAnswer::Unknown(reason),
        }
    }

    /// Charges a saved card.
    pub async fn charge(&self, order: &ChargeOrder<'_>) -> ChargeAnswer {
        let fields = [
            ("mdOrder", order.order_id),
            ("bindingId", order.binding.as_str()),
            ("cvc", order.cvc.expose_secret()),
            ("ip", order.ip),
            ("tii", BY_THE_PAYER),
            ("language", order.language),
        ];
        match self.call("paymentOrderBinding.do", &fields, ANSWER_SIZE_MAX_BYTES).await {
            Ok(members) => charge_answer(&members),
            Err(UnknownReason::NotSent) => ChargeAnswer::NotSent,
            Err(reason) => ChargeAnswer::Unknown(reason),
        }
    }

    /// Gives a saved card up for good (`unBindCard.do`). One that was given up before is refused.
    pub async fn unbind(&self, binding: &BindingId) -> ChangeAnswer {
        self.change("unBindCard.do", &[("bindingId", binding.as_str())]).await
    }
}

fn bindings_answer(members: &Members) -> BindingsAnswer {
    match members.error_code() {
        // Without a list nothing was said of any card, and least of all that there is none.
        Ok(0) => members
            .list("bindings")
            .map_or(BindingsAnswer::Unknown(UnknownReason::Member("bindings")), |items| {
                BindingsAnswer::Bindings(items.iter().filter_map(binding).collect())
            }),
        Ok(NOTHING_FOUND) => BindingsAnswer::Bindings(Vec::new()),
        Ok(SYSTEM_ERROR) => BindingsAnswer::Unknown(UnknownReason::SystemError),
        Ok(code) => BindingsAnswer::Refused { code },
        Err(reason) => BindingsAnswer::Unknown(reason),
    }
}

/// A saved card, kept only in the shape it should have. What has no usable id cannot be charged.
fn binding(item: &Members) -> Option<Binding> {
    let id = BindingId::parse(&item.text("bindingId")?).ok()?;
    let pan = item.text("maskedPan").or_else(|| item.text("displayLabel"));
    let is_word = |text: &String| text.len() <= 20 && text.bytes().all(|b| b.is_ascii_alphabetic());
    Some(Binding {
        id,
        masked_pan: pan.as_deref().and_then(mask_pan),
        payment_system: item.text("paymentSystem").filter(is_word),
    })
}

fn charge_answer(members: &Members) -> ChargeAnswer {
    match members.error_code() {
        Ok(0) => issuer_form(members).map_or(ChargeAnswer::Accepted, ChargeAnswer::Challenge),
        Ok(SYSTEM_ERROR) => ChargeAnswer::Unknown(UnknownReason::SystemError),
        Ok(code) => ChargeAnswer::Refused { code },
        Err(reason) => ChargeAnswer::Unknown(reason),
    }
}

/// The way to the issuer, if there is a whole one. Otherwise the bank's own page has to do.
fn issuer_form(members: &Members) -> Option<IssuerForm> {
    let page = |name| members.text(name).as_deref().and_then(payer_page);
    let is_plain = |text: &String| {
        text.len() <= PA_REQ_BYTES_MAX && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    Some(IssuerForm {
        acs_url: page("acsUrl")?,
        pa_req: members.text("paReq").filter(is_plain)?,
        term_url: page("termUrl")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(text: &str) -> Members {
        Members::parse(text.as_bytes()).expect("JSON of the test")
    }

    fn id(text: &str) -> BindingId {
        BindingId::parse(text).expect("an id of the test")
    }

    #[test]
    fn a_list_is_read_as_the_manual_shows_it() {
        let answer = bindings_answer(&members(
            r#"{"errorCode":"0","errorMessage":"Success","bindings":[{"bindingId":"b-1",
            "maskedPan":"411111**1111","expiryDate":"203412","paymentSystem":"CARD",
            "displayLabel":"XXXXXXXXXXXX1111","bindingCategory":"COMMON"}]}"#,
        ));
        let binding = Binding {
            id: id("b-1"),
            masked_pan: Some("411111**1111".into()),
            payment_system: Some("CARD".into()),
        };
        assert_eq!(answer, BindingsAnswer::Bindings(vec![binding]));
    }

    #[test]
    fn a_client_without_cards_has_an_empty_list() {
        let none = BindingsAnswer::Bindings(vec![]);
        for text in [r#"{"errorCode":"2"}"#, r#"{"errorCode":0,"bindings":[]}"#] {
            assert_eq!(bindings_answer(&members(text)), none, "{text}");
        }
    }

    #[test]
    fn an_answer_without_a_list_does_not_say_that_there_are_no_cards() {
        let unknown = BindingsAnswer::Unknown(UnknownReason::Member("bindings"));
        for text in ["{}", r#"{"errorCode":0}"#, r#"{"errorCode":0,"bindings":"none"}"#] {
            assert_eq!(bindings_answer(&members(text)), unknown, "{text}");
        }
    }

    #[test]
    fn a_whole_card_number_in_a_list_is_masked() {
        let text = r#"{"bindings":[{"bindingId":"b-1","maskedPan":"4509211111111119"}]}"#;
        let BindingsAnswer::Bindings(all) = bindings_answer(&members(text)) else { panic!() };
        assert_eq!(all[0].masked_pan.as_deref(), Some("450921**1119"));
    }

    #[test]
    fn what_is_no_clear_refusal_of_a_charge_may_have_taken_the_money() {
        let unknown = ChargeAnswer::Unknown(UnknownReason::SystemError);
        assert_eq!(charge_answer(&members(r#"{"errorCode":7}"#)), unknown);
        assert_eq!(charge_answer(&members("{}")), ChargeAnswer::Accepted);
        let refused = ChargeAnswer::Refused { code: 5 };
        assert_eq!(charge_answer(&members(r#"{"errorCode":"5"}"#)), refused);
    }

    #[test]
    fn the_way_to_the_issuer_is_whole_or_none() {
        let whole = r#"{"errorCode":0,"acsUrl":"https://acs.example/a","paReq":"eJx=",
            "termUrl":"https://bank.example/finish3ds.do?lang=en"}"#;
        let form = IssuerForm {
            acs_url: "https://acs.example/a".into(),
            pa_req: "eJx=".into(),
            term_url: "https://bank.example/finish3ds.do?lang=en".into(),
        };
        assert_eq!(charge_answer(&members(whole)), ChargeAnswer::Challenge(form));
        for broken in [whole.replace("https://acs", "javascript://acs"), whole.replace("eJx=", "")]
        {
            assert_eq!(charge_answer(&members(&broken)), ChargeAnswer::Accepted, "{broken}");
        }
    }
}
