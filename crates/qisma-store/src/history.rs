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
    /// A page of a merchant's payments, without their codes: newest first, whichever way it was gone.
    pub fn history(&self, wanted: &History) -> Result<Vec<PaymentAggregate>, ReadError> {
        let (made_at, id, goes_back) = match wanted.at {
            Place::Newest => (Timestamp::MAX, PaymentId::from_bytes([u8::MAX; 16]), true),
            Place::Before(made_at, id) => (made_at, id, true),
            Place::After(made_at, id) => (made_at, id, false),
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
            Number(wanted.from.micros()),
            Number(wanted.to.micros()),
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
        found.into_iter().map(|payment| find::without_codes(self.session, payment)).collect()
    }
}
