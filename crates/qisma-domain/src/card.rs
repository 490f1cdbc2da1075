//! Cards as limits know them: a keyed hash of what an acquirer tells of a card, and how often that card
//! was declined lately (ADR 0021). Never a number, not even a masked one.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::{self, Write};

use crate::attempt::{AbandonReason, Attempt, AttemptState};
use crate::ids::Shard;
use crate::limits;
use crate::snapshot::PaymentAggregate;
use crate::time::Timestamp;

/// A keyed hash of mode, masked number and expiry. Without the key it says nothing of the card; two cards
/// that share the first six digits, the last four and the expiry are one to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct CardFingerprint([u8; 32]);

/// A text that is no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a card's fingerprint: 64 hexadecimal digits are expected")]
pub struct InvalidFingerprint;

impl CardFingerprint {
    /// The fingerprint of these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The shard in which its declines are counted, whatever the payments' shards are.
    pub const fn shard(&self) -> Shard {
        let [first, ..] = self.0;
        Shard(first)
    }
}

impl fmt::Debug for CardFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardFingerprint(***)")
    }
}

impl From<CardFingerprint> for String {
    fn from(fingerprint: CardFingerprint) -> Self {
        fingerprint.0.iter().fold(Self::new(), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

impl TryFrom<String> for CardFingerprint {
    type Error = InvalidFingerprint;

    fn try_from(text: String) -> Result<Self, InvalidFingerprint> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(InvalidFingerprint);
        }
        for (place, byte) in bytes.iter_mut().enumerate() {
            let digits = text.get(2 * place..2 * place + 2).ok_or(InvalidFingerprint)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| InvalidFingerprint)?;
        }
        Ok(Self(bytes))
    }
}

/// How often a card was declined within the window, over all payments and merchants of its mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardWindow {
    /// The card.
    pub card: CardFingerprint,
    /// When it was declined, oldest first; never empty.
    pub declined_at: Vec<Timestamp>,
    /// Raised by one with each change.
    pub version: i64,
}

impl CardWindow {
    /// The window once more with a decline in it. It keeps no more than any limit asks for.
    #[must_use]
    pub fn declined(old: Option<&Self>, card: CardFingerprint, now: Timestamp) -> Self {
        let mut declined_at = old.map(|old| old.declined_at.clone()).unwrap_or_default();
        declined_at.retain(|at| counts(*at, now));
        declined_at.push(now);
        let surplus = declined_at.len().saturating_sub(limits::CARD_DECLINES_KEPT_MAX);
        declined_at.drain(..surplus);
        Self { card, declined_at, version: old.map_or(0, |old| old.version) + 1 }
    }

    /// Whether the card has had its declines for now; 0: no limit.
    pub fn is_used_up(&self, declines_max: usize, now: Timestamp) -> bool {
        let declines = self.declined_at.iter().filter(|at| counts(**at, now)).count();
        0 < declines_max && declines_max <= declines
    }

    /// When it was declined last.
    pub fn newest(&self) -> Timestamp {
        self.declined_at.last().copied().unwrap_or_default()
    }
}

fn counts(at: Timestamp, now: Timestamp) -> bool {
    now < at.plus_secs(limits::CARD_DECLINES_WINDOW_SECS)
}

/// How much may be tried with cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardLimits {
    /// Card attempts of one payment, however they ended.
    pub attempts_per_payment_max: usize,
    /// Declines of one card within the window; 0: no limit.
    pub declines_per_card_max: usize,
}

impl CardLimits {
    /// Whether a payment takes no further card attempt: it has had its own, or one of its cards was
    /// declined too often, here or elsewhere.
    pub fn are_used_up(
        &self,
        aggregate: &PaymentAggregate,
        windows: &BTreeMap<CardFingerprint, CardWindow>,
        now: Timestamp,
    ) -> bool {
        let tried = aggregate.attempts.iter().filter(|attempt| is_tried(attempt)).count();
        let is_over = |card: CardFingerprint| {
            let window = windows.get(&card);
            window.is_some_and(|window| window.is_used_up(self.declines_per_card_max, now))
        };
        self.attempts_per_payment_max <= tried || declined_cards(aggregate).any(is_over)
    }
}

/// Whether it is a card attempt that counts: where the bank opened no page, no card was tried.
fn is_tried(attempt: &Attempt) -> bool {
    let not_opened = AttemptState::Abandoned { reason: AbandonReason::NotOpened };
    attempt.card().is_some() && attempt.state != not_opened
}

/// The cards that were declined for this payment, as far as the acquirer has told.
pub fn declined_cards(aggregate: &PaymentAggregate) -> impl Iterator<Item = CardFingerprint> {
    aggregate
        .attempts
        .iter()
        .filter_map(|attempt| attempt.card()?.declined_card.as_deref().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: CardFingerprint = CardFingerprint([0xa7; 32]);
    const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);

    #[test]
    fn a_fingerprint_is_read_back_from_its_text() {
        assert_eq!(CardFingerprint::try_from(String::from(CARD)), Ok(CARD));
        for text in ["", "a7", &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(
                CardFingerprint::try_from(text.to_owned()),
                Err(InvalidFingerprint),
                "{text}"
            );
        }
    }

    #[test]
    fn declines_count_for_an_hour() {
        let first = CardWindow::declined(None, CARD, NOW);
        let both = CardWindow::declined(Some(&first), CARD, NOW.plus_secs(1_800));
        assert_eq!(
            (first.is_used_up(2, NOW), both.is_used_up(2, NOW.plus_secs(3_599))),
            (false, true)
        );
        assert!(!both.is_used_up(2, NOW.plus_secs(3_600)));
    }

    #[test]
    fn without_a_limit_no_card_is_used_up() {
        assert!(!CardWindow::declined(None, CARD, NOW).is_used_up(0, NOW));
    }

    #[test]
    fn a_card_that_is_declined_for_ever_fills_no_row() {
        let mut window = CardWindow::declined(None, CARD, NOW);
        for _ in 0..2 * limits::CARD_DECLINES_KEPT_MAX {
            window = CardWindow::declined(Some(&window), CARD, NOW);
        }
        assert_eq!(window.declined_at.len(), limits::CARD_DECLINES_KEPT_MAX);
    }
}
