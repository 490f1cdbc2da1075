//! The JSON of the API family, read with care: names whose case differs between endpoints,
//! numbers that are sometimes strings, `errorCode` that may be absent on success.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use url::Url;

use super::order::order_facts;
use super::{
    ChangeAnswer, LastOrdersAnswer, RefusalKind, RegisterAnswer, StatusAnswer, UnknownReason,
};

/// The longest `orderId` (BPC manual).
const ORDER_ID_CHARS_MAX: usize = 36;

/// The members of an object under lower-case names: `getOrderStatus.do` says `ErrorCode` where
/// the other endpoints say `errorCode`.
#[derive(Debug, Default)]
pub(super) struct Members(BTreeMap<String, Value>);

impl Members {
    /// Reads a body.
    pub(super) fn parse(body: &[u8]) -> Result<Self, UnknownReason> {
        match serde_json::from_slice(body) {
            Ok(Value::Object(map)) => Self::lower(map),
            _ => Err(UnknownReason::NotJson),
        }
    }

    fn lower(map: Map<String, Value>) -> Result<Self, UnknownReason> {
        let mut members: BTreeMap<String, Value> = BTreeMap::new();
        for (name, value) in map {
            let name = name.to_ascii_lowercase();
            if members.get(&name).is_some_and(|earlier| *earlier != value) {
                return Err(UnknownReason::Contradiction);
            }
            members.insert(name, value);
        }
        // A null says as little as an absent member.
        members.retain(|_, value| !value.is_null());
        Ok(Self(members))
    }

    /// A member given as text or as a number.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(&name.to_ascii_lowercase())? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// A whole number given as a number or as text. None when it is absent.
    pub(super) fn integer(&self, name: &'static str) -> Result<Option<i64>, UnknownReason> {
        let Some(value) = self.0.get(&name.to_ascii_lowercase()) else { return Ok(None) };
        let number = match value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        number.map(Some).ok_or(UnknownReason::Member(name))
    }

    /// A nested object; an empty one when there is none.
    pub(super) fn object(&self, name: &str) -> Result<Self, UnknownReason> {
        match self.0.get(&name.to_ascii_lowercase()) {
            Some(Value::Object(map)) => Self::lower(map.clone()),
            _ => Ok(Self::default()),
        }
    }

    /// The objects of a nested list. None when there is no list.
    pub(super) fn list(&self, name: &str) -> Option<Vec<Self>> {
        let Some(Value::Array(items)) = self.0.get(&name.to_ascii_lowercase()) else {
            return None;
        };
        let read = |item: &Value| match item {
            Value::Object(map) => Self::lower(map.clone()).unwrap_or_default(),
            _ => Self::default(),
        };
        Some(items.iter().map(read).collect())
    }

    /// `errorCode`, of which the absence means success.
    pub(super) fn error_code(&self) -> Result<i64, UnknownReason> {
        Ok(self.integer("errorCode")?.unwrap_or(0))
    }
}

/// Reads the answer to `register.do` and `registerPreAuth.do`.
pub(super) fn register_answer(members: &Members) -> RegisterAnswer {
    match members.error_code() {
        Ok(0) => match opened(members) {
            Ok((order_id, page_url)) => RegisterAnswer::Opened { order_id, page_url },
            Err(reason) => RegisterAnswer::Unknown(reason),
        },
        Ok(code) => {
            let kind = match code {
                1 => RefusalKind::Duplicate,
                5 => RefusalKind::Credentials,
                7 => RefusalKind::System,
                _ => RefusalKind::Invalid,
            };
            RegisterAnswer::Refused { code, kind }
        }
        Err(reason) => RegisterAnswer::Unknown(reason),
    }
}

fn opened(members: &Members) -> Result<(String, String), UnknownReason> {
    let order_id = members
        .text("orderId")
        .filter(|id| id.len() <= ORDER_ID_CHARS_MAX && id.bytes().all(|b| b.is_ascii_graphic()))
        .ok_or(UnknownReason::Member("orderId"))?;
    let page_url = members
        .text("formUrl")
        .as_deref()
        .and_then(payer_page)
        .ok_or(UnknownReason::Member("formUrl"))?;
    Ok((order_id, page_url))
}

/// The page a payer may be sent to, written anew by the parser so that it is safe in a header.
pub(super) fn payer_page(raw: &str) -> Option<String> {
    if raw.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return None;
    }
    let url = Url::parse(raw).ok()?;
    let is_plain = url.username().is_empty() && url.password().is_none();
    (matches!(url.scheme(), "http" | "https") && is_plain).then(|| url.into())
}

/// Reads the answer to `getOrderStatusExtended.do`.
pub(super) fn status_answer(members: &Members) -> StatusAnswer {
    match read_status(members) {
        Ok(answer) => answer,
        Err(reason) => StatusAnswer::Unknown(reason),
    }
}

fn read_status(members: &Members) -> Result<StatusAnswer, UnknownReason> {
    let order_status = members.integer("orderStatus")?;
    match (members.error_code()?, order_status) {
        // The family reports a declined order under `errorCode` 2.
        (0, _) | (2, Some(6)) => {
            order_facts(members).map(|facts| StatusAnswer::Order(Box::new(facts)))
        }
        (6, None) => Ok(StatusAnswer::NotRegistered),
        (6, Some(_)) => Err(UnknownReason::Contradiction),
        (7, _) => Err(UnknownReason::SystemError),
        (code, _) => Ok(StatusAnswer::Refused { code }),
    }
}

/// Reads the answer to `deposit.do`, `reverse.do` and `refund.do`.
pub(super) fn change_answer(members: &Members) -> ChangeAnswer {
    match members.error_code() {
        Ok(0) => ChangeAnswer::Done,
        Ok(code) => ChangeAnswer::Refused { code },
        Err(reason) => ChangeAnswer::Unknown(reason),
    }
}

/// Reads the answer to `getLastOrdersForMerchants.do`.
pub(super) fn last_orders_answer(members: &Members) -> LastOrdersAnswer {
    match read_last_orders(members) {
        Ok(answer) => answer,
        Err(reason) => LastOrdersAnswer::Unknown(reason),
    }
}

fn read_last_orders(members: &Members) -> Result<LastOrdersAnswer, UnknownReason> {
    let code = members.error_code()?;
    if code != 0 {
        return Ok(LastOrdersAnswer::Refused { code });
    }
    let items = members.list("orderStatuses").ok_or(UnknownReason::Member("orderStatuses"))?;
    let total_count = members
        .integer("totalCount")?
        .and_then(|count| u64::try_from(count).ok())
        .ok_or(UnknownReason::Member("totalCount"))?;
    let orders: Vec<_> = items.iter().filter_map(|item| order_facts(item).ok()).collect();
    let unreadable_count = items.len() - orders.len();
    Ok(LastOrdersAnswer::Page { orders, unreadable_count, total_count })
}
