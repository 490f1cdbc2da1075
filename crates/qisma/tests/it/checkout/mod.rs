//! The checkout over HTTP: a gateway and a sandbox bank on one clock, and a payer who has no scripts.

pub mod browser;
mod callbacks;
mod card;
mod card_limits;
mod debts;
mod deferred;
mod expiry;
mod faults;
mod fees;
mod held;
mod held_bank;
mod inquiry;
mod late;
mod races;
mod refunds;
mod safety;
mod saved_cards;
mod saved_cards_trouble;
mod scan;
mod settlement;
mod wallet;
mod world;
