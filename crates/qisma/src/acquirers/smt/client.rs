//! The calls to the acquirer, each a POST of a form: credentials never travel in a URL.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::Offset;
use reqwest::{Client, StatusCode};
use secrecy::ExposeSecret;
use url::Url;

use super::wire::{self, Members};
use super::{
    ChangeAnswer, LastOrdersAnswer, Notice, NoticeRefusal, OrdersWanted, RegisterAnswer,
    RegisterOrder, SmtSettings, StatusAnswer, StatusBy, UnknownReason, check_notice,
};
use crate::outbound::{BodyFault, ClientSetupError, operator_client, read_bounded};

/// Longer than any answer about one order.
pub(super) const ANSWER_SIZE_MAX_BYTES: usize = 64 * 1024;
/// Longer than any page of 200 orders.
const PAGE_SIZE_MAX_BYTES: usize = 1024 * 1024;
const CONNECT_TIMEOUT_MAX_SECS: u64 = 5;
/// The limits of ClicToPay's manual.
const ORDER_NUMBER_CHARS_MAX: usize = 32;
const DESCRIPTION_CHARS_MAX: usize = 598;
const EXTERNAL_REFUND_ID_CHARS_MAX: usize = 32;
/// The states that `getLastOrdersForMerchants.do` is asked for: all there are.
const STATES: &str = "CREATED,APPROVED,DEPOSITED,DECLINED,REVERSED,REFUNDED";

/// The settings do not make a client.
#[derive(Debug, thiserror::Error)]
pub enum SmtSetupError {
    /// The base URL is not one.
    #[error("the acquirer's url must be an absolute http or https URL ending in /payment/rest/")]
    Url,
    /// The HTTP client cannot be built.
    #[error(transparent)]
    Client(#[from] ClientSetupError),
}

/// The acquirer, for one merchant account. Cloning shares the connections.
#[derive(Clone, Debug)]
pub struct SmtClient {
    settings: SmtSettings,
    base: Url,
    client: Client,
}

impl SmtClient {
    /// Checks the settings. Nothing is sent.
    pub fn new(settings: SmtSettings) -> Result<Self, SmtSetupError> {
        let base = Url::parse(&settings.url).map_err(|_| SmtSetupError::Url)?;
        let is_http = matches!(base.scheme(), "http" | "https");
        let is_plain = base.username().is_empty() && base.query().is_none();
        if !is_http || !is_plain || !base.path().ends_with('/') {
            return Err(SmtSetupError::Url);
        }
        let connect_secs = settings.timeout_secs.min(CONNECT_TIMEOUT_MAX_SECS);
        let timeout = Duration::from_secs(settings.timeout_secs);
        let client = operator_client(Duration::from_secs(connect_secs), timeout)?;
        Ok(Self { settings, base, client })
    }

    /// What the client was made of.
    pub fn settings(&self) -> &SmtSettings {
        &self.settings
    }

    /// Opens an order that is paid at once (`register.do`).
    pub async fn register(&self, order: &RegisterOrder<'_>) -> RegisterAnswer {
        self.open("register.do", order).await
    }

    /// Opens an order of which the money is only held, until [`Self::deposit`] or [`Self::reverse`]
    /// (`registerPreAuth.do`).
    pub async fn register_pre_auth(&self, order: &RegisterOrder<'_>) -> RegisterAnswer {
        self.open("registerPreAuth.do", order).await
    }

    async fn open(&self, endpoint: &str, order: &RegisterOrder<'_>) -> RegisterAnswer {
        assert!(order.amount_millimes > 0, "an order without an amount must not get this far");
        assert!((1..=ORDER_NUMBER_CHARS_MAX).contains(&order.order_number.len()));
        let description: String = order.description.chars().take(DESCRIPTION_CHARS_MAX).collect();
        let amount = order.amount_millimes.to_string();
        let session = order.session_timeout_secs.to_string();
        let mut fields = vec![
            ("orderNumber", order.order_number),
            ("amount", &amount),
            ("currency", &self.settings.currency),
            ("returnUrl", order.return_url),
            ("failUrl", order.fail_url),
            ("sessionTimeoutSecs", &session),
            ("language", order.language),
            ("description", &description),
        ];
        fields.extend(order.client_id.map(|id| ("clientId", id)));
        fields.extend(order.json_params.map(|params| ("jsonParams", params)));
        fields.extend(order.dynamic_callback_url.map(|url| ("dynamicCallbackUrl", url)));
        match self.call(endpoint, &fields, ANSWER_SIZE_MAX_BYTES).await {
            Ok(members) => wire::register_answer(&members),
            Err(UnknownReason::NotSent) => RegisterAnswer::NotSent,
            Err(reason) => RegisterAnswer::Unknown(reason),
        }
    }

    /// Reads an order (`getOrderStatusExtended.do`).
    pub async fn status(&self, by: StatusBy<'_>) -> StatusAnswer {
        let field = match by {
            StatusBy::OrderId(id) => ("orderId", id),
            StatusBy::OrderNumber(number) => ("orderNumber", number),
        };
        match self.call("getOrderStatusExtended.do", &[field], ANSWER_SIZE_MAX_BYTES).await {
            Ok(members) => wire::status_answer(&members),
            Err(reason) => StatusAnswer::Unknown(reason),
        }
    }

    /// Takes so much of what is held (`deposit.do`), which works once only; the rest is let go.
    pub async fn deposit(&self, order_id: &str, amount_millimes: i64) -> ChangeAnswer {
        // To this API an amount of zero means all of it.
        assert!(amount_millimes > 0, "a capture without an amount must not get this far");
        let amount = amount_millimes.to_string();
        self.change("deposit.do", &[("orderId", order_id), ("amount", &amount)]).await
    }

    /// Lets go what is held, or voids a payment before the banks settle it (`reverse.do`), which works
    /// once only.
    pub async fn reverse(&self, order_id: &str) -> ChangeAnswer {
        self.change("reverse.do", &[("orderId", order_id)]).await
    }

    /// Gives money back (`refund.do`). Repeating it with the same `external_refund_id` answers as
    /// the first time, on builds that know the field.
    pub async fn refund(
        &self,
        order_id: &str,
        amount_millimes: i64,
        external_refund_id: &str,
    ) -> ChangeAnswer {
        // To this API an amount of zero means all of it.
        assert!(amount_millimes > 0, "a refund without an amount must not get this far");
        assert!((1..=EXTERNAL_REFUND_ID_CHARS_MAX).contains(&external_refund_id.len()));
        let amount = amount_millimes.to_string();
        let fields =
            [("orderId", order_id), ("amount", &amount), ("externalRefundId", external_refund_id)];
        self.change("refund.do", &fields).await
    }

    /// Lists orders by their creation (`getLastOrdersForMerchants.do`).
    ///
    /// The acquirer reads the times in its own zone. Tunisia has been at UTC+1 all year round
    /// since 2009; ask for a day more on both sides where the edges matter.
    pub async fn last_orders(&self, wanted: &OrdersWanted) -> LastOrdersAnswer {
        let (from, to) = (bank_time(wanted.from), bank_time(wanted.to));
        let (page, size) = (wanted.page.to_string(), wanted.page_size.to_string());
        let fields = [
            ("from", from.as_str()),
            ("to", &to),
            ("page", &page),
            ("size", &size),
            ("transactionStates", STATES),
            ("merchants", ""),
            ("searchByCreatedDate", "true"),
        ];
        match self.call("getLastOrdersForMerchants.do", &fields, PAGE_SIZE_MAX_BYTES).await {
            Ok(members) => wire::last_orders_answer(&members),
            Err(reason) => LastOrdersAnswer::Unknown(reason),
        }
    }

    /// Checks a callback with this account's key.
    pub fn check_notice(&self, form: &str) -> Result<Notice, NoticeRefusal> {
        check_notice(form, self.settings.callback_key.as_ref())
    }

    pub(super) async fn change(&self, endpoint: &str, fields: &[(&str, &str)]) -> ChangeAnswer {
        match self.call(endpoint, fields, ANSWER_SIZE_MAX_BYTES).await {
            Ok(members) => wire::change_answer(&members),
            Err(reason) => ChangeAnswer::Unknown(reason),
        }
    }

    pub(super) async fn call(
        &self,
        endpoint: &str,
        fields: &[(&str, &str)],
        size_max_bytes: usize,
    ) -> Result<Members, UnknownReason> {
        let url = self.base.join(endpoint).map_err(|_| UnknownReason::NotSent)?;
        let mut form = vec![
            ("userName", self.settings.user_name.as_str()),
            ("password", self.settings.password.expose_secret()),
        ];
        form.extend_from_slice(fields);
        let response =
            self.client.post(url).form(&form).send().await.map_err(|error| reason_of(&error))?;
        if response.status() != StatusCode::OK {
            return Err(UnknownReason::HttpStatus(response.status().as_u16()));
        }
        let body = read_bounded(response, size_max_bytes).await.map_err(|fault| match fault {
            BodyFault::TooLarge => UnknownReason::TooLarge,
            BodyFault::TimedOut => UnknownReason::TimedOut,
            BodyFault::Lost => UnknownReason::ConnectionLost,
        })?;
        Members::parse(&body)
    }
}

/// Only a connection that was never made proves that the acquirer saw nothing; a time-out while
/// connecting is such a proof, one afterwards is not.
fn reason_of(error: &reqwest::Error) -> UnknownReason {
    if error.is_connect() || error.is_builder() {
        UnknownReason::NotSent
    } else if error.is_timeout() {
        UnknownReason::TimedOut
    } else {
        UnknownReason::ConnectionLost
    }
}

fn bank_time(time: Timestamp) -> String {
    let time = Offset::constant(1).to_datetime(time);
    time.strftime("%Y%m%d%H%M%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_bank_reads_them() {
        let time = "2026-11-22T23:30:00Z".parse().expect("a time");
        assert_eq!(bank_time(time), "20261123003000");
    }
}
