//! A merchant's payments page by page, newest first: each page begins where the last one ended, so the
//! thousandth costs what the first did.

use qisma_domain::ids::{AppId, MerchantId, Mode, PaymentId};
use qisma_domain::payment::Payment;
use qisma_domain::snapshot::PaymentAggregate;
use qisma_domain::terminal::TerminalId;
use qisma_domain::time::Timestamp;

use crate::error::ReadError;
use crate::reader::Reader;
use crate::session::Value::{Id, Number, Shard, Text};
use crate::session::statement;
use crate::{find, rows};

/// Which payments are wanted.
#[derive(Clone, Debug)]
pub struct History {
    /// Whose.
    pub merchant: MerchantId,
    /// Test or live.
    pub mode: Mode,
    /// Of which app; none: of all.
    pub app: Option<AppId>,
    /// Those of a counter, or those of a shop's page.
    pub channel: HistoryChannel,
    /// Made at this moment or later.
    pub from: Timestamp,
    /// Made at this moment or earlier.
    pub to: Timestamp,
    /// In which of the stored states; none: in any.
    pub statuses: Vec<&'static str>,
    /// Where the page begins.
    pub at: Place,
    /// How many at most.
    pub count_max: i64,
    /// At how many payments to look at most, so that a filter which almost none passes does not read them
    /// all.
    pub looks_max: i64,
}

/// A page.
#[derive(Debug)]
pub struct HistoryFound {
    /// The payments, without their codes: newest first, whichever way was gone.
    pub payments: Vec<PaymentAggregate>,
    /// Where the look ended before the end was reached: there may be more beyond.
    pub seen_to: Option<Place>,
}

/// Which of the two lists of a merchant's payments is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HistoryChannel {
    /// What a shop's page asked for.
    Online,
    /// What a counter asked for, by QR code or at a terminal: all of it, or what this terminal has.
    Pos(Option<TerminalId>),
}

/// A place between two payments, in the order of their making.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// At the newest.
    Newest,
    /// Just before this one, going back in time.
    Before(Timestamp, PaymentId),
    /// Just after this one, going forward.
    After(Timestamp, PaymentId),
}

impl Reader<'_> {
    /// A page of a merchant's payments.
    pub fn history(&self, wanted: &History) -> Result<HistoryFound, ReadError> {
        let (made_at, id, goes_back) = match wanted.at {
            Place::Newest => (Timestamp::MAX, PaymentId::from_bytes([u8::MAX; 16]), true),
            Place::Before(made_at, id) => (made_at, id, true),
            Place::After(made_at, id) => (made_at, id, false),
        };
        let span = self.seen(wanted, made_at, goes_back)?;
        let (from, to) = match (span, goes_back) {
            (Some(seen), true) => (seen.max(wanted.from), wanted.to),
            (Some(seen), false) => (wanted.from, seen.min(wanted.to)),
            (None, _) => (wanted.from, wanted.to),
        };
        let statuses =
            wanted.statuses.iter().fold(String::new(), |all, one| format!("{all} {one} "));
        let terminal = match &wanted.channel {
            HistoryChannel::Pos(Some(terminal)) => terminal.as_str(),
            HistoryChannel::Pos(None) | HistoryChannel::Online => "",
        };
        let no_app = AppId::from_bytes([0; 16]);
        let values = [
            Number(wanted.merchant.number()),
            Text(wanted.mode.as_str()),
            Number(from.micros()),
            Number(to.micros()),
            Number(made_at.micros()),
            Shard(id.shard().0),
            Id(id.as_bytes()),
            Text(&statuses),
            Number(i64::from(wanted.app.is_some())),
            Id(wanted.app.as_ref().unwrap_or(&no_app).as_bytes()),
            Number(wanted.count_max),
            Number(i64::from(wanted.channel != HistoryChannel::Online)),
            Text(terminal),
        ];
        let sql = if goes_back {
            statement!(LIST_HISTORY_BEFORE)
        } else {
            statement!(LIST_HISTORY_AFTER)
        };
        let mut found: Vec<Payment> = self.session.list(sql, &values, rows::payment_from)?;
        if !goes_back {
            found.reverse();
        }
        let found = found.into_iter().map(|payment| find::without_codes(self.session, payment));
        Ok(HistoryFound {
            payments: found.collect::<Result<_, _>>()?,
            seen_to: span.map(|seen| beyond(seen, goes_back)),
        })
    }

    /// The moment up to which `looks_max` payments are looked at, if there are as many.
    fn seen(
        &self,
        wanted: &History,
        begin: Timestamp,
        goes_back: bool,
    ) -> Result<Option<Timestamp>, ReadError> {
        let (from, to) = if goes_back {
            (wanted.from, wanted.to.min(begin))
        } else {
            (wanted.from.max(begin), wanted.to)
        };
        let sql = if goes_back {
            statement!(HISTORY_SEEN_BACK_TO)
        } else {
            statement!(HISTORY_SEEN_ON_TO)
        };
        let values = [
            Number(wanted.merchant.number()),
            Text(wanted.mode.as_str()),
            Number(from.micros()),
            Number(to.micros()),
            Number(wanted.looks_max),
        ];
        let found =
            self.session.list(sql, &values, |row| Ok(Timestamp::from_micros(row.get(0)?)))?;
        Ok(found.into_iter().next())
    }
}

/// The place beyond everything that was made at this moment. It begins a microsecond further on, so that
/// the next look never begins at the same moment, however many were made at it.
const fn beyond(seen: Timestamp, goes_back: bool) -> Place {
    if goes_back {
        Place::Before(seen.plus_micros(-1), PaymentId::from_bytes([u8::MAX; 16]))
    } else {
        Place::After(seen.plus_micros(1), PaymentId::from_bytes([0; 16]))
    }
}
