//! The classes of requests that should not be, and what may come of each.

use rand::rngs::StdRng;

use super::{bodies, heads, requests};
use crate::client::shop::Shop;

/// What the requests are made from.
pub struct World {
    /// Whose keys are used.
    pub shop: Shop,
    /// A payment that can be paid.
    pub payment: String,
}

/// A request that should not be.
#[derive(Clone, Debug)]
pub struct Case {
    /// What is sent.
    pub bytes: Vec<u8>,
    /// What is done then.
    pub then: Then,
    /// Whether a 2xx or 3xx would be wrong.
    pub is_refused: bool,
}

/// What the client does after sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Waits for one answer; the connection can go on after it.
    Answer,
    /// Says that nothing more comes, and reads what there is until the end.
    Finish,
    /// Goes away without a word.
    Leave,
}

impl Case {
    /// A request that is well-formed as far as HTTP is concerned.
    pub fn answered(bytes: Vec<u8>) -> Self {
        Self { bytes, then: Then::Answer, is_refused: false }
    }

    /// A request after which the connection cannot be trusted.
    pub fn finished(bytes: Vec<u8>) -> Self {
        Self { bytes, then: Then::Finish, is_refused: false }
    }

    /// It has to be refused.
    pub fn refused(self) -> Self {
        Self { is_refused: true, ..self }
    }
}

/// Draws a request of one class.
pub type Draw = fn(&World, &mut StdRng) -> Case;

/// All classes, in turns.
pub const CLASSES: [(&str, Draw); 12] = [
    ("bytes", bodies::bytes),
    ("duplicates", bodies::duplicates),
    ("nesting", bodies::nesting),
    ("numbers", bodies::numbers),
    ("strings", bodies::strings),
    ("types", bodies::types),
    ("heads", heads::heads),
    ("transfer", heads::transfer),
    ("paths", requests::paths),
    ("media", requests::media),
    ("forms", requests::forms),
    ("credentials", requests::credentials),
];
