//! The first page: number, expiry, security code, name; or giving up.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::pages::{CardPage, Problems};
use super::{Problem, Visit};
use crate::app::App;
use crate::books::Key;
use crate::cards::{self, Verdict};
use crate::orders::{self, CardFacts};
use crate::web::{self, Fields};
use crate::{currency, limits};

/// A card as it was typed. It is judged and forgotten: it has no `Debug`, and only what `facts` makes
/// of it is kept.
struct TypedCard {
    number: String,
    /// `MM/YY`.
    expiry: String,
    code: String,
    holder: String,
}

pub async fn show(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let visit = Visit::new(query.as_deref(), &headers);
    let order = visit.order(&app, visit.query.get("mdOrder").unwrap_or("")).await?;
    if order.state != orders::State::Registered {
        return Ok(visit.onward(&order));
    }
    let page = CardPage {
        lang: visit.lang,
        t: visit.texts(),
        order: &order,
        amount: currency::format(order.amount, &order.currency),
        problems: Problems::parse(visit.query.get("problem").unwrap_or("")),
    };
    Ok(web::page(StatusCode::OK, &page))
}

pub async fn present(
    State(app): State<Arc<App>>,
    Path(order_id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let visit = Visit::new(query.as_deref(), &headers);
    let card = match TypedCard::read(&Fields::parse(&body)) {
        Ok(card) => card,
        // Back to the form with the names of the wrong fields, never with what was typed in them.
        Err(problems) => {
            let order = visit.order(&app, &order_id).await?;
            if order.state != orders::State::Registered {
                return Ok(visit.onward(&order));
            }
            let form = super::place_of(&order, visit.lang);
            return Ok(web::see_other(&format!("{form}&problem={problems}")));
        }
    };
    let (facts, verdict) = (card.facts(), card.verdict());
    let approval = app.new_approval();
    let changed = app.change(Key::Payer(order_id), move |change| {
        let notice = change.order.present(facts, verdict, approval);
        change.notices.extend(notice);
        Ok(notice.is_some_and(|notice| notice.ok))
    });
    let (order, paid_now) = visit.found(changed.await)?;
    Ok(visit.onward_if_not_lost(&app, &order, paid_now))
}

/// Gives up, from this page or from the 3-D Secure page; too late it changes nothing.
pub async fn cancel(
    State(app): State<Arc<App>>,
    Path(order_id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let visit = Visit::new(query.as_deref(), &headers);
    let changed = app.change(Key::Payer(order_id), |change| {
        change.notices.extend(change.order.cancel().ok());
        Ok(())
    });
    let (order, ()) = visit.found(changed.await)?;
    Ok(visit.onward(&order))
}

impl TypedCard {
    /// Reads the form, or says which fields are wrong.
    fn read(fields: &Fields) -> Result<Self, Problems> {
        let number = digits(fields.get("number"), 12..=19);
        let expiry = fields.get("exp").and_then(expiry);
        let code = digits(fields.get("csc"), 3..=4);
        let holder = fields.get("name").map(str::trim).filter(|name| {
            let len = name.chars().count();
            // A name has no digits, but a number typed into the wrong field has, and would be kept.
            let odd = name.chars().any(|c| c.is_control() || c.is_numeric());
            (1..=limits::HOLDER_CHARS_MAX).contains(&len) && !odd
        });
        match (number, expiry, code, holder) {
            (Some(number), Some(expiry), Some(code), Some(holder)) => {
                Ok(Self { number, expiry, code, holder: holder.to_owned() })
            }
            (number, expiry, code, holder) => Err(Problems {
                number: number.is_none(),
                expiry: expiry.is_none(),
                code: code.is_none(),
                holder: holder.is_none(),
            }),
        }
    }

    fn verdict(&self) -> Verdict {
        cards::judge(&self.number, &self.expiry, &self.code)
    }

    fn facts(&self) -> CardFacts {
        let (month, year) = self.expiry.split_at(2);
        CardFacts {
            masked_pan: cards::mask(&self.number),
            expiration: format!("20{}{month}", year.trim_start_matches('/')),
            holder: self.holder.clone(),
            brand: cards::brand(&self.number).to_owned(),
        }
    }
}

/// Digits in groups, as people copy them from a card.
fn digits(text: Option<&str>, lens: std::ops::RangeInclusive<usize>) -> Option<String> {
    let text: String = text?.chars().filter(|c| !matches!(c, ' ' | '-' | '\u{a0}')).collect();
    let good = lens.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    good.then_some(text)
}

/// Reads `12/26`, `12 / 26`, `1226`, `12/2026` as `12/26`.
fn expiry(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '/' | '-')).collect();
    let known = digits.bytes().all(|byte| byte.is_ascii_digit());
    let year = match digits.len() {
        4 if known => &digits[2..],
        6 if known => digits[2..].strip_prefix("20")?,
        _ => return None,
    };
    let month = &digits[..2];
    ("01"..="12").contains(&month).then(|| format!("{month}/{year}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_read_as_people_write_it() {
        for text in ["12/26", "12 / 26", "1226", "12/2026", "12-26"] {
            assert_eq!(expiry(text).as_deref(), Some("12/26"), "{text}");
        }
        for text in ["", "13/26", "00/26", "1/26", "12/1926", "ab/cd", "١٢/٢٦"] {
            assert_eq!(expiry(text), None, "{text}");
        }
    }

    #[test]
    fn a_number_is_read_with_spaces_or_dashes() {
        for text in ["4509211111111119", "4509 2111 1111 1119", "4509-2111-1111-1119"] {
            assert_eq!(digits(Some(text), 12..=19).as_deref(), Some("4509211111111119"));
        }
        assert_eq!(digits(Some("4509 2111"), 12..=19), None);
    }
}
