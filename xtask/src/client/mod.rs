//! What the harnesses share: a small HTTP client whose every byte is known, pages read as a payer's
//! browser reads them, and a gateway with its sandbox started as processes of their own.

pub mod build;
pub mod page;
pub mod payer;
pub mod ports;
pub mod process;
pub mod shop;
pub mod stand;
pub mod wire;
