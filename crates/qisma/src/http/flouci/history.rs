//! `GET /api/developers/history`: a merchant's payments, newest first, page by page (Flouci API,
//! section 4).

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use qisma_domain::ids::{AppId, MerchantId, PaymentId};
use qisma_domain::snapshot::PaymentAggregate;
use qisma_domain::terminal::TerminalId;
use qisma_domain::time::Timestamp;
use qisma_store::{History, HistoryChannel, Place};
use serde::Serialize;
use url::form_urlencoded;
use utoipa::ToSchema;

use super::history_row::HistoryRow;
use super::v2::verify_payment::parked;
use crate::gateway::Gateway;
use crate::http::body::Answer;
use crate::http::caller::CallingApp;
use crate::http::error::{ApiError, ErrorBody, ErrorCode, Mistake};
use crate::http::rate_limit::RateLimit;

const ROWS_DEFAULT: i64 = 50;
const ROWS_MAX: i64 = 100;
/// So many payments are looked at for a page: to find a rare status among ten million takes seconds.
const LOOKS_MAX: i64 = 5_000;
/// Tunisia has had one offset all year round since 2009.
const TUNIS: Offset = Offset::constant(1);
const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;
const SECOND_MICROS: i64 = 1_000_000;

/// List payments.
///
/// Newest first. `next` and `previous` lead to the pages on either side, or are null at an end. A date
/// without a time is a whole day in Tunisia; both ends are included. There is no count: it would have to
/// look at every payment.
#[utoipa::path(
    get,
    path = "/api/developers/history",
    operation_id = "list_history",
    tag = "Flouci API",
    params(
        ("merchant_id" = Option<String>, Query, description = "The calling app's own merchant"),
        ("type" = Option<String>, Query, pattern = "^(online|pos)?$",
            description = "`online` (the default), or `pos`: by QR code and at terminals"),
        ("start_date" = Option<String>, Query, description = "ISO 8601: a day, or a moment"),
        ("end_date" = Option<String>, Query, description = "The same; included"),
        ("operation_status" = Option<String>, Query, pattern = "^(S|AS|PF|P)?$",
            description = "`S` or `AS` paid, `PF` not paid and ended, `P` not ended"),
        ("app_token" = Option<String>, Query, description = "Only of the app with this public key"),
        ("terminal_id" = Option<String>, Query, pattern = "^[A-Za-z0-9._-]{0,32}$",
            description = "One terminal; with `type=pos` only"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 100, description = "Rows a page: 1 to 100, 50 when absent"),
        ("cursor" = Option<String>, Query,
            pattern = "^((before|after)[.][0-9]{1,16}[.][A-Za-z0-9_-]{22})?$", description = "From `next` or `previous`, as it is"),
    ),
    responses(
        (status = 200, description = "A page of payments", body = HistoryPage),
        (status = 400, description = "A parameter is wrong", body = ErrorBody),
        (status = 401, description = "The credentials are not those of an active app",
            body = ErrorBody),
        (status = 429, description = "Asked too often; Retry-After says when to come back",
            body = ErrorBody),
        (status = 503, description = "Busy: ask again", body = ErrorBody),
    ),
    security(("app_keys" = [])),
)]
pub async fn list(
    State(gateway): State<Gateway>,
    State(limit): State<Arc<RateLimit<AppId>>>,
    caller: CallingApp,
    RawQuery(query): RawQuery,
) -> Result<Answer<HistoryPage>, ApiError> {
    limit.take(caller.app, gateway.now())?;
    let asked = Asked::read(query.as_deref().unwrap_or_default(), &caller)?;
    let path = format!("{}api/developers/history", gateway.public_url);
    let now = gateway.now();
    let page = gateway.store.read(move |reader| {
        let mut wanted = asked.wanted(&caller);
        if let Some(key) = &asked.app_token {
            let row = reader.auth_by_public_key(key)?;
            match row.filter(|row| row.merchant.id == caller.merchant) {
                Some(row) => wanted.app = Some(row.app.id),
                None => return Ok(Err(mistake("app_token", "is no public key of your apps"))),
            }
        }
        let found = reader.history(&wanted)?;
        let mut rows = Vec::with_capacity(found.payments.len());
        for payment in found.payments {
            let parked = parked(reader, &payment)?;
            rows.push((payment, parked));
        }
        Ok(Ok(asked.page(&path, (rows, found.seen_to), now)))
    });
    Ok(Answer(page.await??))
}

fn mistake(field: &str, message: &str) -> ApiError {
    ApiError::of_mistakes(vec![Mistake::new(field, message)])
}

/// A payment of the page, and those of its merchants whose share is parked.
type Shown = (PaymentAggregate, Vec<MerchantId>);

/// What the query asks for.
struct Asked {
    channel: HistoryChannel,
    from: Timestamp,
    to: Timestamp,
    statuses: Vec<&'static str>,
    app_token: Option<String>,
    at: Place,
    count: i64,
    /// The parameters without the cursor, for the links to other pages.
    others: Vec<(String, String)>,
}

impl Asked {
    fn read(query: &str, caller: &CallingApp) -> Result<Self, ApiError> {
        let all: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let mut read = Parameters { all: &all, mistakes: vec![] };
        let is_online = read.kind();
        if is_online && read.text("terminal_id").is_some() {
            return Err(ErrorCode::TerminalIdNotAllowed.into());
        }
        read.merchant(caller.merchant);
        let terminal = read.terminal();
        let (from, to) = (read.moment("start_date", false), read.moment("end_date", true));
        let statuses = read.statuses();
        let (at, count) = (read.cursor(), read.count());
        let app_token = read.text("app_token").map(str::to_owned);
        if !read.mistakes.is_empty() {
            return Err(ApiError::of_mistakes(read.mistakes));
        }
        let (from, to) = (from.unwrap_or_default(), to.unwrap_or(Timestamp::MAX));
        let others = all.into_iter().filter(|(name, _)| name != "cursor").collect();
        let channel =
            if is_online { HistoryChannel::Online } else { HistoryChannel::Pos(terminal) };
        Ok(Self { channel, from, to, statuses, app_token, at, count, others })
    }

    fn wanted(&self, caller: &CallingApp) -> History {
        History {
            merchant: caller.merchant,
            mode: caller.mode,
            app: None,
            channel: self.channel.clone(),
            from: self.from,
            to: self.to,
            statuses: self.statuses.clone(),
            at: self.at,
            // One more tells whether there is another page.
            count_max: self.count.saturating_add(1),
            looks_max: LOOKS_MAX,
        }
    }

    /// The page, and the links to those beside it.
    fn page(
        &self,
        path: &str,
        (mut rows, seen_to): (Vec<Shown>, Option<Place>),
        now: Timestamp,
    ) -> HistoryPage {
        let count = usize::try_from(self.count).unwrap_or(usize::MAX);
        let is_full = count < rows.len();
        let goes_forward = matches!(self.at, Place::After(..));
        if is_full && goes_forward {
            rows.remove(0);
        }
        rows.truncate(count);
        let seen_to = seen_to.filter(|_| !is_full);
        let has_more = is_full || seen_to.is_some();
        let (is_first, is_last) = match self.at {
            Place::Newest => (true, !has_more),
            Place::Before(..) => (false, !has_more),
            Place::After(..) => (!has_more, false),
        };
        let place = |row: &Shown| (row.0.payment.created_at, row.0.payment.id);
        let (mut below, mut above) = (rows.last().map(place), rows.first().map(place));
        match seen_to {
            Some(Place::Before(at, id)) => below = Some((at, id)),
            Some(Place::After(at, id)) => above = Some((at, id)),
            Some(Place::Newest) | None => {}
        }
        match self.at {
            Place::Before(at, id) => above = above.or(Some((at, id))),
            Place::After(at, id) => below = below.or(Some((at, id))),
            Place::Newest => {}
        }
        let link = |edge: Option<(Timestamp, PaymentId)>, word: &str| {
            let (at, id) = edge?;
            let cursor = format!("{word}.{}.{id}", at.micros());
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(&self.others).append_pair("cursor", &cursor);
            Some(format!("{path}?{}", query.finish()))
        };
        let next = if is_last { None } else { link(below, "before") };
        let previous = if is_first { None } else { link(above, "after") };
        let results = rows.iter().map(|(payment, parked)| HistoryRow::of(payment, parked, now));
        HistoryPage {
            success: true,
            results: results.collect(),
            next,
            previous,
            status_code: 200,
            name: "developers",
            code: 0,
            version: "v2",
        }
    }
}

/// The query's parameters, and the mistakes found in them so far.
struct Parameters<'q> {
    all: &'q [(String, String)],
    mistakes: Vec<Mistake>,
}

impl<'q> Parameters<'q> {
    /// The value of a parameter; of one that was sent twice, the first.
    fn text(&self, name: &str) -> Option<&'q str> {
        self.all.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    fn refuse(&mut self, name: &str, message: &str) {
        self.mistakes.push(Mistake::new(name, message));
    }

    fn kind(&mut self) -> bool {
        match self.text("type") {
            None | Some("online") => true,
            Some("pos") => false,
            Some(_) => {
                self.refuse("type", "must be online or pos");
                true
            }
        }
    }

    fn merchant(&mut self, own: MerchantId) {
        let is_own = |text| MerchantId::parse(text).is_ok_and(|id| id == own);
        if self.text("merchant_id").is_some_and(|text| !is_own(text)) {
            self.refuse("merchant_id", "must be the merchant of the calling app; leave it out");
        }
    }

    fn terminal(&mut self) -> Option<TerminalId> {
        let read = TerminalId::parse(self.text("terminal_id")?);
        if read.is_err() {
            self.refuse("terminal_id", "must be a terminal's id, such as testing1234");
        }
        read.ok()
    }

    /// A moment, or the beginning or the end of a day or a second in Tunisia.
    fn moment(&mut self, name: &str, is_end: bool) -> Option<Timestamp> {
        let text = self.text(name)?;
        let in_tunis = |at: DateTime| TUNIS.to_timestamp(at).ok();
        let read = if let Ok(moment) = text.parse::<jiff::Timestamp>() {
            Some((moment, SECOND_MICROS))
        } else if !text.contains('T') && !text.contains(' ') {
            let day = text.parse::<Date>().ok();
            day.and_then(|day| in_tunis(day.into())).map(|moment| (moment, DAY_MICROS))
        } else {
            let civil = text.parse::<DateTime>().ok();
            civil.and_then(in_tunis).map(|moment| (moment, SECOND_MICROS))
        };
        let Some((begin, length_micros)) = read else {
            self.refuse(
                name,
                "must be a date of ISO 8601, such as 2026-11-23 or 2026-11-23T10:30:00Z",
            );
            return None;
        };
        let begin = Timestamp::from_micros(begin.as_microsecond());
        Some(if is_end { begin.plus_micros(length_micros - 1) } else { begin })
    }

    fn statuses(&mut self) -> Vec<&'static str> {
        match self.text("operation_status") {
            None => vec![],
            Some("S") => vec!["captured"],
            Some("AS") => vec!["captured", "authorized"],
            Some("PF") => vec!["failed", "expired", "canceled"],
            Some("P") => vec!["created", "processing", "requires_action"],
            Some(_) => {
                self.refuse("operation_status", "must be S, AS, PF or P");
                vec![]
            }
        }
    }

    fn count(&mut self) -> i64 {
        let Some(text) = self.text("limit") else { return ROWS_DEFAULT };
        match text.parse::<i64>() {
            Ok(count) if (1..=ROWS_MAX).contains(&count) => count,
            _ => {
                self.refuse("limit", "must be a number from 1 to 100");
                ROWS_DEFAULT
            }
        }
    }

    fn cursor(&mut self) -> Place {
        let Some(text) = self.text("cursor") else { return Place::Newest };
        let mut parts = text.splitn(3, '.');
        let word = parts.next();
        let made_at = parts.next().and_then(|micros| micros.parse().ok());
        let id = parts.next().and_then(|id| PaymentId::parse(id).ok());
        match (word, made_at.map(Timestamp::from_micros), id) {
            (Some("before"), Some(made_at), Some(id)) => Place::Before(made_at, id),
            (Some("after"), Some(made_at), Some(id)) => Place::After(made_at, id),
            _ => {
                self.refuse("cursor", "is not one of ours; follow the links next and previous");
                Place::Newest
            }
        }
    }
}

/// A page of payments.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryPage {
    /// Always true.
    #[schema(example = true)]
    success: bool,
    /// The payments, newest first.
    results: Vec<HistoryRow>,
    /// The page of older ones.
    #[schema(required = true)]
    next: Option<String>,
    /// The page of newer ones.
    #[schema(required = true)]
    previous: Option<String>,
    /// Always 200.
    #[schema(example = 200)]
    status_code: u16,
    /// Always `developers`.
    #[schema(example = "developers")]
    name: &'static str,
    /// Always 0.
    #[schema(example = 0)]
    code: u8,
    /// Always `v2`.
    #[schema(example = "v2")]
    version: &'static str,
}
