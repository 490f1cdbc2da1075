//! What all parts of a run share.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::journal::Journal;
use super::phones::Phones;
use super::records::{Claim, Records};
use crate::client::shop::Shop;

/// Enough to see what a control was caught by.
const FIRST_CHARS_MAX: usize = 300;

/// A run.
pub struct Run {
    /// The platform.
    pub shop: Shop,
    /// Where the sandbox listens.
    pub sandbox: SocketAddr,
    /// Where webhooks are sent.
    pub webhook: String,
    /// What was done and said.
    pub journal: Journal,
    /// True from the moment before a kill: from then on broken connections are as they should be.
    pub dying: AtomicBool,
    records: Mutex<Records>,
    phones: Mutex<Phones>,
    webhooks: Mutex<BTreeMap<String, bool>>,
    violations: Mutex<Vec<Violation>>,
}

/// Something that may not happen.
#[derive(Clone, Debug)]
pub struct Violation {
    /// What it is.
    pub what: String,
    /// The payment's id or the idempotency key that it is about, if it is about one.
    pub about: Option<String>,
}

impl Run {
    /// A run in which nothing has happened yet.
    pub fn new(
        shop: Shop,
        sandbox: SocketAddr,
        receiver: SocketAddr,
        journal: Journal,
        phones: &[String],
    ) -> Self {
        Self {
            shop,
            sandbox,
            webhook: format!("http://{receiver}/hook"),
            journal,
            dying: AtomicBool::new(false),
            records: Mutex::default(),
            phones: Mutex::new(Phones::new(phones, Instant::now())),
            webhooks: Mutex::default(),
            violations: Mutex::default(),
        }
    }

    /// What is known.
    pub fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A phone that may be sent a code.
    pub fn phone(&self) -> Option<String> {
        self.phones.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now())
    }

    /// Whether broken connections are as they should be.
    pub fn is_dying(&self) -> bool {
        self.dying.load(Ordering::SeqCst)
    }

    /// Notes what somebody was told.
    pub fn told(&self, payment: &str, claim: Claim) {
        self.records().told(payment, claim);
    }

    /// Notes something that may not happen.
    pub fn violation(&self, about: Option<&str>, what: impl Into<String>) {
        let violation = Violation { what: what.into(), about: about.map(str::to_owned) };
        self.journal.note(&json!({"violation": violation.what, "about": violation.about}));
        self.violations.lock().unwrap_or_else(PoisonError::into_inner).push(violation);
    }

    /// What may not happen and did.
    pub fn violations(&self) -> Vec<Violation> {
        self.violations.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes a webhook: what it says has to be true already.
    pub fn webhook_came(&self, payment: &str, paid: bool) {
        self.journal.note(&json!({"webhook": payment, "success": paid}));
        let claim = if paid { Claim::of_status("SUCCESS") } else { Claim::NotPaid };
        self.told(payment, claim);
        let mut webhooks = self.webhooks.lock().unwrap_or_else(PoisonError::into_inner);
        webhooks.insert(payment.to_owned(), paid);
    }

    /// Whether a webhook of this payment came.
    pub fn has_webhook(&self, payment: &str) -> bool {
        self.webhooks.lock().unwrap_or_else(PoisonError::into_inner).contains_key(payment)
    }

    /// Prints the first thing that went wrong, shortly.
    pub fn print_first(&self) {
        if let Some(violation) = self.violations().first() {
            let what: String = violation.what.chars().take(FIRST_CHARS_MAX).collect();
            println!("  found: {what}");
        }
    }

    /// Prints what went wrong, each with the journal's lines about it.
    pub fn print_evidence(&self) {
        for violation in self.violations().iter().take(10) {
            println!("\nVIOLATION: {}", violation.what);
            let Some(about) = &violation.about else { continue };
            println!("  about {about}; the client journal says of it:");
            for line in self.journal.lines_about(about) {
                println!("    {line}");
            }
        }
    }

    /// Notes an intent and, when it is done, its result.
    pub async fn journaled<T>(
        &self,
        client: usize,
        call: &str,
        about: Value,
        done: impl Future<Output = anyhow::Result<(Value, T)>>,
    ) -> anyhow::Result<T> {
        let number = self.journal.intent(client, call, &about);
        match done.await {
            Ok((result, answer)) => {
                self.journal.result(number, &result);
                Ok(answer)
            }
            Err(error) => {
                self.journal.result(number, &json!({"unknown": format!("{error:#}")}));
                Err(error)
            }
        }
    }
}
