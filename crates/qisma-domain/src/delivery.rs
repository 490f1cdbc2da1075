//! Deliveries: one receiver's copy of an event, sent until it answers 2xx (Flouci API, section 7).

use serde::{Deserialize, Serialize};

use crate::ids::{AppId, DeliveryId, EventId, PaymentId};
use crate::time::Timestamp;

/// How a webhook is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryMethod {
    /// Without a body; what happened is in the query.
    Get,
    /// With the event's JSON.
    Post,
}

impl DeliveryMethod {
    /// The word that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
        }
    }

    /// Reads that word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Get, Self::Post].into_iter().find(|method| method.as_str() == text)
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Get => Self::Post,
            Self::Post => Self::Get,
        }
    }
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// To be sent (again).
    Pending {
        /// Not before this moment.
        next_at: Timestamp,
    },
    /// The receiver answered 2xx.
    Delivered {
        /// When.
        at: Timestamp,
    },
    /// Every try of the schedule failed.
    Dead {
        /// When the last one failed.
        at: Timestamp,
    },
    /// The receiver answered 410: it wants no more of this payment.
    Gone {
        /// When.
        at: Timestamp,
    },
}

impl DeliveryState {
    /// The word that is stored and shown.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Pending { .. } => "pending",
            Self::Delivered { .. } => "delivered",
            Self::Dead { .. } => "dead",
            Self::Gone { .. } => "gone",
        }
    }
}

/// One receiver's copy of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// What it tells.
    pub event: EventId,
    /// The payment it tells of.
    pub payment: PaymentId,
    /// The app whose secret signs it.
    pub app: AppId,
    /// Where it goes in `get` mode: the payment's webhook with `payment_id` and `success` added.
    pub url: String,
    /// Where it goes in `post` mode: the payment's webhook as given.
    pub post_url: String,
    /// Scheme, host and port: with the app, the key of isolation.
    pub origin: String,
    /// How it is sent next, where the app leaves it open.
    pub method: DeliveryMethod,
    /// Where it stands.
    pub state: DeliveryState,
    /// Tries of the schedule so far.
    pub tries: u16,
    /// What the last try brought: an HTTP status, or a class of failure.
    pub last_result: Option<String>,
    /// Whether an operator asked for it again.
    pub replay: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// Raised by one with each change.
    pub version: i64,
}

/// The method that a receiver was found to take, where the app leaves it open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LearnedMethod {
    /// The app.
    pub app: AppId,
    /// Scheme, host and port.
    pub origin: String,
    /// What it takes.
    pub method: DeliveryMethod,
}
