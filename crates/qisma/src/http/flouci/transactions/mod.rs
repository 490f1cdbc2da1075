//! `/api/transactions`: payments at a terminal (Flouci API, section 5).

pub mod get_pos_transaction_status;
pub mod init_pos_transaction;
mod schema;
