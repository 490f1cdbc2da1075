//! How often those may ask whom we know: apps, their merchants, and a payment by whoever may see it.
//!
//! Each is counted only once it was found to exist and to be the caller's: a stranger can neither use
//! up what belongs to another nor fill the memory with names of things that are not there.

use qisma_domain::ids::{AppId, MerchantId, PaymentId};
use qisma_domain::time::Timestamp;

use super::caller::CallingApp;
use super::rate_limit::{RateLimit, TooMany};
use crate::config::Http;

/// The limits on callers and on payments. They are of one gateway and in its memory alone.
pub struct RequestLimits {
    apps: RateLimit<AppId>,
    merchants: RateLimit<MerchantId>,
    payments: RateLimit<PaymentId>,
    forms: RateLimit<PaymentId>,
}

impl RequestLimits {
    /// The limits of these settings.
    pub fn new(settings: &Http) -> Self {
        Self {
            apps: RateLimit::new(settings.app_requests_per_minute_max),
            merchants: RateLimit::new(settings.merchant_requests_per_minute_max),
            payments: RateLimit::new(settings.payment_requests_per_minute_max),
            forms: RateLimit::new(settings.payment_forms_per_minute_max),
        }
    }

    /// Counts a request of an app that has shown its keys, for it and for its merchant.
    pub fn of_caller(&self, caller: &CallingApp, now: Timestamp) -> Result<(), TooMany> {
        self.apps.take(caller.app, now)?;
        self.merchants.take(caller.merchant, now)
    }

    /// Counts a request about a payment, once it was found to be the caller's.
    pub fn of_payment(&self, payment: PaymentId, now: Timestamp) -> Result<(), TooMany> {
        self.payments.take(payment, now)
    }

    /// Counts a form of a payment's page, once the payment was found.
    pub fn of_form(&self, payment: PaymentId, now: Timestamp) -> Result<(), TooMany> {
        self.forms.take(payment, now)
    }
}
