//! How much may be tried with cards: by one payment, by one card over all payments, and from one address
//! (ADR 0021).
//!
//! The first two are counted in the store, in the command that they decide about. Addresses are counted
//! in memory, by each gateway: they are nobody's to keep.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use qisma_domain::binding::ClientRef;
use qisma_domain::card::{CardFingerprint, CardLimits, CardWindow, declined_cards};
use qisma_domain::decide::record_outcome::Outcome;
use qisma_domain::ids::PaymentId;
use qisma_domain::snapshot::PaymentAggregate;
use qisma_domain::time::Timestamp;
use qisma_store::{ReadError, Reader};

use crate::config::Cards;
use crate::gateway::Gateway;
use crate::http::client::ClientAddress;
use crate::http::rate_limit::{RateLimit, TooMany};

/// Payments whose payer's address is remembered at once, and as many again who came before them.
const PAYMENTS_MAX: usize = 50_000;
const ATTEMPTS_MINUTES: u32 = 10;
const DECLINES_MINUTES: u32 = 60;

/// What addresses have tried with cards.
pub struct AddressLimits {
    attempts: RateLimit<ClientAddress>,
    declines: RateLimit<ClientAddress>,
    charges: RateLimit<ClientRef>,
    from: Mutex<Origins>,
}

/// From where each payment's card attempt was begun, until its end is known. In two halves, of which the
/// older is forgotten whole.
#[derive(Default)]
struct Origins {
    recent: BTreeMap<PaymentId, ClientAddress>,
    older: BTreeMap<PaymentId, ClientAddress>,
}

impl AddressLimits {
    /// The limits of these settings.
    pub fn new(settings: &Cards) -> Self {
        Self {
            attempts: RateLimit::within_minutes(
                settings.attempts_per_address_max,
                ATTEMPTS_MINUTES,
            ),
            declines: RateLimit::within_minutes(
                settings.declines_per_address_max,
                DECLINES_MINUTES,
            ),
            charges: RateLimit::within_minutes(
                u32::try_from(settings.declines_per_card_max).unwrap_or(u32::MAX),
                DECLINES_MINUTES,
            ),
            from: Mutex::default(),
        }
    }

    /// Whether a saved card of this client may be charged: not after too many declines within an hour, or
    /// its security code could be found by trying.
    pub fn may_charge(&self, client: &ClientRef, now: Timestamp) -> Result<(), TooMany> {
        self.charges.check(client, now)
    }

    /// Takes note of a declined charge.
    pub fn charge_declined(&self, client: ClientRef, now: Timestamp) {
        // One more than the limit is no matter: the next charge is refused.
        let _ = self.charges.take(client, now);
    }

    /// Counts a card attempt that is about to begin, if it may.
    pub fn begin(&self, address: ClientAddress, now: Timestamp) -> Result<(), TooMany> {
        self.declines.check(&address, now)?;
        self.attempts.take(address, now)
    }

    /// No attempt was begun after all: the same form was sent twice, or the bank opened no page.
    pub fn not_begun(&self, address: ClientAddress) {
        self.attempts.give_back(&address);
    }

    /// An attempt of this payment was begun from there.
    pub fn begun(&self, payment: PaymentId, address: ClientAddress) {
        let mut origins = self.lock();
        if PAYMENTS_MAX <= origins.recent.len() {
            origins.older = std::mem::take(&mut origins.recent);
        }
        origins.recent.insert(payment, address);
    }

    /// Takes note of how an attempt has ended: who pays uses nothing up, so that the customers of one
    /// carrier do not shut each other out. For the same reason a decline counts only where the bank names
    /// the card: whoever leaves its page, or finds none, has tried no card.
    pub fn ended(&self, payment: PaymentId, outcome: Outcome, has_card: bool, now: Timestamp) {
        let is_decline = outcome == Outcome::Declined && has_card;
        let is_approved = matches!(outcome, Outcome::Captured | Outcome::Authorized);
        if !is_decline && !is_approved {
            return;
        }
        let Some(address) = self.lock().take(payment) else { return };
        if is_approved {
            self.attempts.give_back(&address);
        } else {
            // One more than the limit is no matter: the next attempt is refused.
            let _ = self.declines.take(address, now);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Origins> {
        // Each change is one move, so a panic elsewhere leaves the maps whole.
        self.from.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Origins {
    fn take(&mut self, payment: PaymentId) -> Option<ClientAddress> {
        self.recent.remove(&payment).or_else(|| self.older.remove(&payment))
    }
}

/// The limits of a payment and of a card.
pub const fn limits_of(settings: &Cards) -> CardLimits {
    CardLimits {
        attempts_per_payment_max: settings.attempts_per_payment_max,
        declines_per_card_max: settings.declines_per_card_max,
    }
}

/// Whether a payment takes no further card, read for its page.
pub fn are_used_up(
    reader: &Reader<'_>,
    settings: &Cards,
    aggregate: &PaymentAggregate,
    now: Timestamp,
) -> Result<bool, ReadError> {
    let mut windows: BTreeMap<CardFingerprint, CardWindow> = BTreeMap::new();
    for card in declined_cards(aggregate) {
        windows.extend(reader.card_window(card)?.map(|window| (card, window)));
    }
    Ok(limits_of(settings).are_used_up(aggregate, &windows, now))
}

/// Says that a card which was declined too often has paid after all: approved money is never refused, but
/// whoever looks at fraud should know.
pub async fn flag(gateway: &Gateway, payment: PaymentId, card: CardFingerprint) {
    let declines_max = gateway.config.cards.declines_per_card_max;
    let window = gateway.store.read(move |reader| reader.card_window(card)).await;
    // A read that fails costs a line in the log, and the payment nothing.
    let window = window.ok().flatten();
    if window.is_some_and(|window| window.is_used_up(declines_max, gateway.now())) {
        metrics::counter!("qisma_cards_over_limit_captured_total").increment(1);
        tracing::warn!(%payment, "a card that was declined too often has paid");
    }
}
