//! Several gateways on one PostgreSQL: the work is done once, whoever of them does it, and nothing
//! stays undone when one of them dies (ADR 0016).

mod health;
mod keys;
mod processes;
mod work;
