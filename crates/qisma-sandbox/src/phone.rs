//! The phones of the sandbox: text messages arrive by POST and are read on a page.
//!
//! They live in memory only, because a one-time code may reach no disk.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use serde::Deserialize;

use crate::app::App;
use crate::lang::Lang;
use crate::limits;
use crate::web::{self, Fields};

/// A Tunisian subscriber number: eight digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Number(String);

impl Number {
    /// Reads `55555555`, `+216 55 555 555`, `0021655555555` and the like.
    fn parse(text: &str) -> Option<Self> {
        let text: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.')).collect();
        let national = ["+216", "00216", "216"]
            .into_iter()
            .find_map(|prefix| text.strip_prefix(prefix).filter(|rest| rest.len() == 8))
            .unwrap_or(&text);
        let digits = national.len() == 8 && national.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| Self(national.to_owned()))
    }

    /// In groups, as people write it, so that no six digits stand together on the page.
    fn grouped(&self) -> String {
        format!("{} {} {}", &self.0[..2], &self.0[2..5], &self.0[5..])
    }
}

struct Message {
    at_ms: i64,
    text: String,
}

/// The messages of all phones.
#[derive(Default)]
pub struct Phones {
    messages: Mutex<BTreeMap<Number, VecDeque<Message>>>,
}

impl Phones {
    fn store(&self, number: Number, message: Message) -> Result<(), &'static str> {
        let mut phones = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        if phones.len() >= limits::PHONES_MAX && !phones.contains_key(&number) {
            return Err("the sandbox keeps no more phones; restart it to forget the old ones");
        }
        let messages = phones.entry(number).or_default();
        messages.push_front(message);
        messages.truncate(limits::SMS_PER_PHONE_MAX);
        Ok(())
    }

    fn read(&self, number: &Number) -> Vec<Shown> {
        let phones = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        phones.get(number).into_iter().flatten().map(Shown::of).collect()
    }
}

struct Shown {
    time: String,
    text: String,
}

impl Shown {
    fn of(message: &Message) -> Self {
        let time = Timestamp::from_millisecond(message.at_ms).unwrap_or_default();
        Self { time: time.strftime("%H:%M:%S").to_string(), text: message.text.clone() }
    }
}

#[derive(Template)]
#[template(path = "phone.html")]
struct PhonePage {
    lang: Lang,
    /// None: the address holds no phone number.
    number: Option<String>,
    messages: Vec<Shown>,
}

#[derive(Deserialize)]
struct Incoming {
    text: String,
}

pub fn router() -> Router<Arc<App>> {
    Router::new().route("/phone/{number}", get(show).post(receive))
}

async fn show(
    State(app): State<Arc<App>>,
    Path(number): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    let lang = Lang::of_page(query.get("language"), &headers);
    let number = Number::parse(&number);
    let status = if number.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let messages = number.as_ref().map(|number| app.phones.read(number)).unwrap_or_default();
    let number = number.as_ref().map(Number::grouped);
    web::page(status, &PhonePage { lang, number, messages })
}

async fn receive(State(app): State<Arc<App>>, Path(number): Path<String>, body: Bytes) -> Response {
    let Some(number) = Number::parse(&number) else {
        let message = "not a Tunisian number: eight digits, perhaps with +216 or 00216 before them";
        return web::json_error(StatusCode::BAD_REQUEST, message);
    };
    let Ok(Incoming { text }) = serde_json::from_slice(&body) else {
        let message = "the body must be JSON with one text, like {\"text\": \"...\"}";
        return web::json_error(StatusCode::BAD_REQUEST, message);
    };
    if text.is_empty() || text.chars().count() > limits::SMS_CHARS_MAX {
        let message = format!("text must have 1 to {} characters", limits::SMS_CHARS_MAX);
        return web::json_error(StatusCode::BAD_REQUEST, &message);
    }
    match app.phones.store(number, Message { at_ms: app.clock.now_ms(), text }) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(message) => web::json_error(StatusCode::TOO_MANY_REQUESTS, message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_in_every_spelling() {
        let plain = Number::parse("55555555");
        assert!(plain.is_some());
        for text in ["+216 55 555 555", "0021655555555", "55-555-555", " 21655555555"] {
            assert_eq!(Number::parse(text), plain, "{text}");
        }
        for text in ["", "5555555", "555555555", "+33612345678", "5555555é", "٥٥٥٥٥٥٥٥"] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }
}
