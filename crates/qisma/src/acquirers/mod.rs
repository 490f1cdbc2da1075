//! Connectors to those who move the money of cards. One folder each; the client speaks the
//! acquirer's protocol and says what it answered, and decides nothing about payments.

pub mod smt;
