//! Fields as Flouci's clients really send them: numbers in strings, switches as 0 and 1, `null` and
//! `""` for nothing (Flouci API, section 2). What cannot be meant is noted, and reading goes on, so
//! that a request hears of all its mistakes at once.

use qisma_domain::decide::create_payment::FeeAboveLeg;
use qisma_domain::decimal::{parse_amount_token, parse_leg_amount};
use qisma_domain::ids::{InvalidMerchantId, MerchantId};
use qisma_domain::limits::DESTINATIONS_MAX;
use qisma_domain::link::{Link, LinkKind};
use qisma_domain::money::Amount;
use qisma_domain::split::{LegRequest, Share, SplitError};
use std::fmt::Display;
use std::ops::RangeInclusive;

use crate::http::body::{Json, Members};
use crate::http::error::{ApiError, Mistake};

/// The fields of a request, and the mistakes found in them so far.
pub struct Fields<'a> {
    members: &'a Members,
    mistakes: Vec<Mistake>,
}

impl<'a> Fields<'a> {
    /// The fields of this body.
    pub const fn new(members: &'a Members) -> Self {
        Self { members, mistakes: Vec::new() }
    }

    /// Notes a mistake.
    pub fn refuse(&mut self, field: impl Into<String>, message: impl Display) {
        self.mistakes.push(Mistake::new(field, message.to_string()));
    }

    /// The mistakes, in the order in which the fields were read.
    pub fn into_mistakes(self) -> Vec<Mistake> {
        self.mistakes
    }

    fn noted<T, E: Display>(&mut self, field: &str, read: Result<T, E>) -> Option<T> {
        read.map_err(|error| self.refuse(field, error)).ok()
    }

    /// The amount of the payment.
    pub fn amount(&mut self, name: &str) -> Option<Amount> {
        let read = match self.members.get(name) {
            None => Err("is required; send the amount in millimes, 1 TND is 1000".to_owned()),
            Some(Json::Number(text) | Json::Text(text)) => {
                parse_amount_token(text).map_err(|error| error.to_string())
            }
            Some(_) => Err("must be a number of millimes, such as 12500".to_owned()),
        };
        let millimes = self.noted(name, read)?;
        Some(Amount::from_millimes(millimes).expect("the parser keeps to the range of amounts"))
    }

    /// An amount that may be left out.
    pub fn optional_amount(&mut self, name: &str) -> Option<Amount> {
        self.members.get(name).and_then(|_| self.amount(name))
    }

    /// A text that must be there; `what` says what it is.
    pub fn required_text(&mut self, name: &str, what: &str) -> Option<String> {
        let read = match self.members.get(name) {
            Some(Json::Text(text)) => Ok(text.clone()),
            None => Err(format!("is required; send {what}")),
            Some(_) => Err(format!("must be a text: {what}")),
        };
        self.noted(name, read)
    }

    /// A link that may be left out.
    pub fn link(&mut self, name: &str, kind: LinkKind, https_only: bool) -> Option<Link> {
        let read = match self.members.get(name)? {
            Json::Text(text) => {
                Link::parse(text, kind, https_only).map_err(|error| error.to_string())
            }
            _ => Err("must be a link in a text, such as \"https://shop.example/\"".to_owned()),
        };
        self.noted(name, read)
    }

    /// A link that must be there.
    pub fn required_link(&mut self, name: &str, kind: LinkKind, https_only: bool) -> Option<Link> {
        if self.members.get(name).is_none() {
            self.refuse(name, "is required; send a link to a page of the shop");
        }
        self.link(name, kind, https_only)
    }

    /// A picture. One that is not https is accepted and never shown, whatever it is (Flouci API,
    /// section 2), so it is not even kept.
    pub fn image(&mut self, name: &str) -> Option<Link> {
        if let Some(Json::Text(text)) = self.members.get(name) {
            let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
            if !scheme.eq_ignore_ascii_case("https") {
                return None;
            }
        }
        self.link(name, LinkKind::Image, false)
    }

    /// A text, kept as it was sent, the empty one too.
    pub fn text_as_sent(&mut self, name: &str, bytes_max: usize) -> Option<String> {
        let read = match self.members.get_as_sent(name)? {
            Json::Null => return None,
            Json::Text(text) if text.len() <= bytes_max => Ok(text.clone()),
            Json::Text(_) => Err(format!("is too long; at most {bytes_max} bytes are allowed")),
            _ => Err("must be a text".to_owned()),
        };
        self.noted(name, read)
    }

    /// A switch; off when it is left out.
    pub fn switch(&mut self, name: &str) -> bool {
        let read = match self.members.get(name) {
            None => Ok(false),
            Some(Json::Bool(value)) => Ok(*value),
            Some(Json::Number(text) | Json::Text(text)) => match text.as_str() {
                "true" | "1" => Ok(true),
                "false" | "0" => Ok(false),
                _ => Err("must be true or false"),
            },
            Some(_) => Err("must be true or false"),
        };
        self.noted(name, read).unwrap_or(false)
    }

    /// A switch that has two names, which clients may both send as long as they say the same.
    pub fn switch_of_two_names(&mut self, name: &str, older: &str) -> bool {
        let (is_on, is_on_by_older) = (self.switch(name), self.switch(older));
        let both_are_there = self.is_present(name) && self.is_present(older);
        if both_are_there && is_on != is_on_by_older {
            self.refuse(older, format!("says another thing than {name}; send one of them"));
        }
        is_on || is_on_by_older
    }

    /// A whole number, also in a text.
    pub fn whole_number(
        &mut self,
        name: &str,
        allowed: RangeInclusive<i64>,
        default: i64,
    ) -> Option<i64> {
        let Some(value) = self.members.get(name) else { return Some(default) };
        let is_plain = |text: &&String| text.bytes().all(|byte| byte.is_ascii_digit());
        let number = match value {
            Json::Number(text) | Json::Text(text) => {
                Some(text).filter(is_plain).and_then(|text| text.parse().ok())
            }
            _ => None,
        };
        let (min, max) = (allowed.start(), allowed.end());
        let read = number
            .filter(|number| allowed.contains(number))
            .ok_or_else(|| format!("must be a whole number from {min} to {max}"));
        self.noted(name, read)
    }

    /// Whether a field that is not offered yet asks for something.
    pub fn is_present(&self, name: &str) -> bool {
        self.members.get(name).is_some()
    }

    /// The split: its legs with their places in the request, each as far as it could be read.
    pub fn destinations(&mut self, name: &str) -> Vec<LegRead> {
        let items = match self.members.get(name) {
            None => return Vec::new(),
            Some(Json::Array(items)) => items,
            Some(_) => {
                self.refuse(name, "must be an array of {\"amount\", \"destination\"}");
                return Vec::new();
            }
        };
        if DESTINATIONS_MAX < items.len() {
            self.refuse(name, format!("at most {DESTINATIONS_MAX} destinations are allowed"));
        }
        let items = items.iter().take(DESTINATIONS_MAX).enumerate();
        items.filter_map(|(index, item)| self.leg(name, index, item)).collect()
    }

    fn leg(&mut self, name: &str, index: usize, item: &Json) -> Option<LegRead> {
        let Json::Object(item) = item else {
            self.refuse(format!("{name}[{index}]"), "must be {\"amount\", \"destination\"}");
            return None;
        };
        let amount = match item.get("amount") {
            Some(Json::Number(text) | Json::Text(text)) => {
                parse_leg_amount(text).map_err(|error| error.to_string())
            }
            _ => Err("is required; send a whole number of millimes".to_owned()),
        };
        let amount = self.noted(&format!("{name}[{index}].amount"), amount);
        let field = format!("{name}[{index}].destination");
        let destination = match item.get("destination") {
            Some(Json::Number(text) | Json::Text(text)) => self.merchant(&field, text),
            _ => self.noted(&field, Err("is required; send a merchant's id")),
        };
        let millimes =
            |amount| Amount::from_millimes(amount).expect("the parser keeps to the range");
        Some(LegRead { place: index, destination, amount: amount.map(millimes) })
    }

    /// A merchant's id that must be there.
    pub fn required_merchant(&mut self, name: &str) -> Option<MerchantId> {
        match self.members.get(name) {
            Some(Json::Number(text) | Json::Text(text)) => self.merchant(name, text),
            _ => self.noted(name, Err("is required; send the id of the API key's merchant")),
        }
    }

    /// The same of a text that must be there.
    pub fn required<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, &'static str>,
    ) -> Option<T> {
        if !self.is_present(name) {
            self.refuse(name, "is required");
            return None;
        }
        self.parsed(name, read)
    }

    /// A text of which `read` makes something, or says why it cannot.
    pub fn parsed<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, &'static str>,
    ) -> Option<T> {
        let read = match self.members.get(name)? {
            Json::Text(text) => read(text),
            _ => Err("must be a text"),
        };
        self.noted(name, read)
    }

    /// The same where it must be there; `what` says what it is.
    pub fn required_identifier(
        &mut self,
        name: &str,
        what: &str,
        bytes_max: usize,
    ) -> Option<String> {
        if !self.is_present(name) {
            self.refuse(name, format!("is required; send {what}"));
            return None;
        }
        self.identifier(name, bytes_max)
    }

    /// The caller's own name for somebody: a text, also sent as a number.
    pub fn identifier(&mut self, name: &str, bytes_max: usize) -> Option<String> {
        let read = match self.members.get(name)? {
            Json::Text(text) | Json::Number(text) if text.len() <= bytes_max => Ok(text.clone()),
            Json::Text(_) | Json::Number(_) => {
                Err(format!("is too long; at most {bytes_max} bytes are allowed"))
            }
            _ => Err("must be a text".to_owned()),
        };
        self.noted(name, read)
    }

    /// A merchant's id. One with a leading zero is refused and still means somebody, so that the
    /// other mistakes about them are found too.
    fn merchant(&mut self, field: &str, text: &str) -> Option<MerchantId> {
        // The domain's own words would quote the id.
        match MerchantId::parse(text) {
            Ok(id) => Some(id),
            Err(InvalidMerchantId::NotDigits) => {
                self.refuse(field, "must be a merchant's id, 1 to 18 digits");
                None
            }
            Err(InvalidMerchantId::LeadingZero(number)) => {
                self.refuse(field, "has a leading zero; write it without");
                MerchantId::from_number(number)
            }
        }
    }
}

/// A leg of the split, as far as it could be read.
#[derive(Clone, Copy)]
pub struct LegRead {
    /// Its place in the request, counted from 0.
    pub place: usize,
    /// Who receives.
    pub destination: Option<MerchantId>,
    /// How much.
    pub amount: Option<Amount>,
}

impl LegRead {
    /// The leg, if all of it could be read.
    pub fn whole(self) -> Option<LegRequest> {
        let share = Share::Fixed(self.amount?);
        Some(LegRequest { destination: self.destination?, share })
    }
}

/// A mistake in a split, in words that quote nothing. `places` are the legs' places in the request.
pub fn split_mistake(name: &str, error: &SplitError, places: &[usize]) -> Mistake {
    let place = |leg: usize| places.get(leg).copied().unwrap_or(leg);
    match *error {
        SplitError::DestinationTwice { leg, first_leg, .. } => Mistake::new(
            format!("{name}[{}].destination", place(leg)),
            format!(
                "is the same merchant as in {name}[{}]; add the amounts up in one entry",
                place(first_leg)
            ),
        ),
        SplitError::ExceedsTotal { .. } => {
            Mistake::new(name, "the amounts add up to more than the payment's amount; lower them")
        }
        SplitError::AmountZero { leg } => {
            Mistake::new(format!("{name}[{}].amount", place(leg)), "must be at least 1 millime")
        }
        ref other => Mistake::new(name, other.to_string()),
    }
}

/// A destination that may not receive. Unknown and inactive merchants are told in the same words:
/// who our merchants are is nobody's business.
pub fn destination_mistake(name: &str, place: usize) -> Mistake {
    Mistake::new(format!("{name}[{place}].destination"), "is not a merchant that can receive funds")
}

/// Destinations that have to bear the fee and get less than it.
pub fn fees_above_legs(name: &str, legs: &[FeeAboveLeg]) -> ApiError {
    let mistake = |leg: &FeeAboveLeg| {
        let FeeAboveLeg { place, destination, lacks_millimes } = leg;
        Mistake::new(
            format!("{name}[{place}].amount"),
            format!(
                "is {lacks_millimes} millimes less than the fee that destination {destination} \
                 bears; raise it by that, or ask the gateway's operator for another fee plan"
            ),
        )
    };
    ApiError::of_mistakes(legs.iter().map(mistake).collect())
}
