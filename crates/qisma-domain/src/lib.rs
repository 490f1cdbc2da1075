//! The rules of money: amounts, splits, states, journals, events.
//!
//! Pure and synchronous. Nothing here reads a clock, draws chance, or touches a disk or a socket:
//! the time and the rng are parameters, and what should happen to the world is *returned* as
//! [`changes::Changes`]. The manifest keeps it so.
//!
//! In reading order: [`ids`], [`money`], [`split`] and [`allocation`] say what is divided among
//! whom; [`payment`], [`attempt`], [`authorization`] and [`refund`] say what may happen to it; [`journal`],
//! [`account`] and [`postings`] say what the books make of it, [`fees`] what is taken of it, [`calendar`]
//! when it is here, [`hold`] what is reserved before; [`event`] and [`delivery`] say who hears of it;
//! [`decide`] holds one file for each command.

pub mod account;
pub mod allocation;
pub mod app;
pub mod attempt;
pub mod authorization;
pub mod binding;
pub mod calendar;
pub mod card;
pub mod challenge;
pub mod changes;
pub mod decide;
pub mod decimal;
pub mod delivery;
pub mod emv;
pub mod event;
pub mod fees;
pub mod hold;
pub mod idempotency;
pub mod ids;
pub mod journal;
pub mod limits;
pub mod link;
pub mod merchant;
pub mod money;
pub mod payment;
pub mod phone;
pub mod postings;
pub mod refund;
pub mod retry;
pub mod signature;
pub mod snapshot;
pub mod split;
pub mod terminal;
pub mod time;
pub mod wallet;
