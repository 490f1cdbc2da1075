//! The fault switches: what a gateway must survive, made to happen on demand.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{delete, get};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::app::App;
use crate::rest::Endpoint;
use crate::{limits, web};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Answers 500 and does nothing.
    Http500,
    /// Answers 503 and does nothing.
    Http503,
    /// Answers 200 with a page instead of JSON and does nothing.
    Html,
    /// Answers 200 with broken JSON and does nothing.
    MalformedJson,
    /// Does nothing and never answers, for at most 120 s.
    Hang,
    /// Does the work at once and answers late.
    Late,
    /// Does the work and breaks the connection off.
    LostAnswer,
    /// Refuses a change of an order with code 7 and does nothing.
    Refused,
    /// At the bank's page: the order is approved and the payer is left without a way on.
    ApproveLost,
    /// Calls back twice.
    DuplicateCallback,
    /// Before the true callback, or after `register`: one with a bad checksum and one with a good
    /// checksum over a wrong amount, both saying that the order was paid.
    ForgedCallback,
    /// The status shows another amount.
    WrongAmount,
    /// The status shows another currency.
    WrongCurrency,
}

impl Kind {
    /// Those that spoil an answer of the acquirer's endpoints.
    pub const TRANSPORT: [Self; 8] = [
        Self::Http500,
        Self::Http503,
        Self::Html,
        Self::MalformedJson,
        Self::Hang,
        Self::Late,
        Self::LostAnswer,
        Self::Refused,
    ];

    fn can_be_at(self, endpoint: &str) -> bool {
        match self {
            Self::ApproveLost => endpoint == BANK,
            Self::DuplicateCallback => endpoint == CALLBACK,
            Self::Refused => Endpoint::parse(endpoint).is_some_and(Endpoint::is_change),
            Self::ForgedCallback => {
                [CALLBACK, Endpoint::Register.name(), Endpoint::RegisterPreAuth.name()]
                    .contains(&endpoint)
            }
            Self::WrongAmount | Self::WrongCurrency => {
                Endpoint::parse(endpoint).is_some_and(Endpoint::is_status)
            }
            _ => Endpoint::parse(endpoint).is_some(),
        }
    }
}

/// The place of faults at the bank's page.
pub const BANK: &str = "bank";
/// The place of faults in callbacks.
pub const CALLBACK: &str = "callback";
/// Everywhere the fault can be.
const ANYWHERE: &str = "*";

/// One switch, as it is armed and listed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Given by the sandbox.
    #[serde(default, skip_deserializing)]
    id: u64,
    #[serde(rename = "fault")]
    kind: Kind,
    #[serde(default = "anywhere")]
    endpoint: String,
    /// Only this order, or, with a `*` at the end, every order whose number begins so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    order_number: Option<String>,
    /// How often; absent: until it is taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    times: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delay_secs: Option<u32>,
}

fn anywhere() -> String {
    ANYWHERE.to_owned()
}

impl Fault {
    /// What goes wrong.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// How late a late answer is.
    pub fn delay_ms(&self) -> i64 {
        i64::from(self.delay_secs.unwrap_or(limits::DELAY_SECS_DEFAULT)) * 1_000
    }

    fn hits(&self, endpoint: &str, order_number: Option<&str>, kinds: &[Kind]) -> bool {
        // A fault for everywhere means the answers to callers: callbacks out of `register` are forged
        // only where that was asked for by name.
        let here = self.endpoint == endpoint
            || (self.endpoint == ANYWHERE
                && self.kind.can_be_at(endpoint)
                && (self.kind != Kind::ForgedCallback || endpoint == CALLBACK));
        let order = match (&self.order_number, order_number) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(wanted), Some(number)) => wanted
                .strip_suffix('*')
                .map_or(wanted == number, |prefix| number.starts_with(prefix)),
        };
        here && order && kinds.contains(&self.kind)
    }

    /// Says what is wrong with a switch, if anything is.
    fn check(&self) -> Result<(), String> {
        if self.endpoint != ANYWHERE && !self.kind.can_be_at(&self.endpoint) {
            return Err(format!(
                "endpoint {:?} cannot have this fault: use \"*\", an endpoint without its .do such as \
                 \"register\", \"{BANK}\" for approve_lost, \"{CALLBACK}\" for callbacks",
                self.endpoint
            ));
        }
        if self.times == Some(0) {
            return Err("times must be at least 1; leave it out for always".to_owned());
        }
        if self.delay_secs.is_some_and(|secs| secs > limits::DELAY_SECS_MAX) {
            return Err(format!("delay_secs must be at most {}", limits::DELAY_SECS_MAX));
        }
        Ok(())
    }
}

/// The switches that are on.
#[derive(Default)]
pub struct Faults {
    armed: Mutex<Armed>,
}

#[derive(Default)]
struct Armed {
    last_id: u64,
    faults: Vec<Fault>,
}

impl Faults {
    /// The first armed fault of these kinds that is meant for this place and order; it is used up by
    /// one time.
    pub fn take(
        &self,
        endpoint: &str,
        order_number: Option<&str>,
        kinds: &[Kind],
    ) -> Option<Fault> {
        let mut armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        let index =
            armed.faults.iter().position(|fault| fault.hits(endpoint, order_number, kinds))?;
        let hit = armed.faults[index].clone();
        match armed.faults[index].times.as_mut() {
            None => {}
            Some(1) => drop(armed.faults.remove(index)),
            Some(times) => *times -= 1,
        }
        Some(hit)
    }

    /// Whether any switch asks for an order's number, which is then worth looking up.
    pub fn ask_for_number(&self) -> bool {
        let armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        armed.faults.iter().any(|fault| fault.order_number.is_some())
    }

    fn arm(&self, faults: Vec<Fault>) -> Result<(), String> {
        faults.iter().try_for_each(Fault::check)?;
        let mut armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        if armed.faults.len() + faults.len() > limits::FAULTS_MAX {
            return Err(format!(
                "at most {} faults can be armed; DELETE some first",
                limits::FAULTS_MAX
            ));
        }
        for fault in faults {
            armed.last_id += 1;
            let id = armed.last_id;
            armed.faults.push(Fault { id, ..fault });
        }
        Ok(())
    }

    fn disarm(&self, only: Option<u64>) {
        let mut armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        armed.faults.retain(|fault| only.is_some_and(|id| fault.id != id));
    }

    fn list(&self) -> Value {
        let armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        json!({ "faults": armed.faults })
    }
}

pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/sandbox/faults", get(list).post(arm).delete(disarm_all))
        .route("/sandbox/faults/{id}", delete(disarm))
}

async fn list(State(app): State<Arc<App>>) -> Response {
    web::json(StatusCode::OK, &app.faults.list())
}

/// Arms one fault, or several given as an array: all of them or none.
async fn arm(State(app): State<Arc<App>>, body: Bytes) -> Response {
    let read = |body: &[u8]| -> Result<Vec<Fault>, serde_json::Error> {
        if body.trim_ascii_start().starts_with(b"[") {
            return serde_json::from_slice(body);
        }
        Ok(vec![serde_json::from_slice(body)?])
    };
    let armed =
        read(&body).map_err(|cause| cause.to_string()).and_then(|faults| app.faults.arm(faults));
    match armed {
        Ok(()) => web::json(StatusCode::OK, &app.faults.list()),
        Err(message) => web::json_error(StatusCode::BAD_REQUEST, &message),
    }
}

async fn disarm_all(State(app): State<Arc<App>>) -> Response {
    app.faults.disarm(None);
    web::json(StatusCode::OK, &app.faults.list())
}

async fn disarm(State(app): State<Arc<App>>, Path(id): Path<String>) -> Response {
    // An id that is no number cannot be armed, so there is nothing to take away.
    if let Ok(id) = id.parse() {
        app.faults.disarm(Some(id));
    }
    web::json(StatusCode::OK, &app.faults.list())
}
