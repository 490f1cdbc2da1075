//! The sandbox over HTTP, on a clock that the tests move.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod bank;
mod bindings;
mod btipay;
mod callbacks;
mod faults;
mod pages;
mod rest;
mod support;
