//! `/api/business`: QR codes, for whoever has an API key (Flouci API, section 5).

mod dates;
pub mod generate_custom_qr_code;
mod operation;
pub mod transactions;
