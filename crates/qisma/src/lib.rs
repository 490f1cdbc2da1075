//! Qisma's server: HTTP, workers and the payer's pages.

pub mod pages;
