//! The rules of money against golden vectors and against their properties, and every command against
//! the table of states (ADR 0005).

mod allocation;
mod books;
mod capture_sequences;
mod create;
mod events;
mod held;
mod inquiry;
mod model;
mod people;
mod qr_codes;
mod refund_sequences;
mod refunds;
mod refusals;
mod settling;
mod split;
mod states;
mod vectors;
mod wallet_limits;
mod world;
