//! The payment as a page sees it, ended first if its time is over: page, redirect and verify agree
//! because whoever comes at the deadline sends the command that ends it.

use axum::http::StatusCode;
use axum::response::Response;
use qisma_domain::attempt::{Attempt, AttemptState, CardAttempt};
use qisma_domain::binding::{HolderStep, IssuerForm};
use qisma_domain::decide::expire_payment::ExpirePayment;
use qisma_domain::ids::{Mode, PaymentId};
use qisma_domain::payment::{Payment, PaymentState};
use qisma_domain::snapshot::PaymentAggregate;
use qisma_domain::time::Timestamp;
use qisma_store::{ReadError, RunError};

use super::request::Tongue;
use super::respond::{Turned, page, problem_of, see_other, too_many_requests, turned};
use crate::gateway::Gateway;
use crate::http::client::ClientAddress;
use crate::http::rate_limit::TooMany;
use crate::pages::{self, Frame, Payee, Problem};
use crate::payer::card_limits;
use crate::payer::held::expire_if_overdue;
use crate::payer::outcome::LookError;

/// Who looks.
#[derive(Clone, Copy, Debug)]
pub struct Visitor {
    /// The language to answer in.
    pub tongue: Tongue,
    /// Where the request came from.
    pub client: ClientAddress,
}

/// Where a payer goes on to.
pub enum WayToBank<'a> {
    /// The bank's page, by a link.
    Page(&'a str),
    /// The page of a saved card's issuer, by a form of ours.
    Issuer {
        /// What is posted.
        form: &'a IssuerForm,
        /// The order at the bank that it is about.
        order_id: &'a str,
    },
}

/// A payment, for a page.
pub struct Loaded {
    /// The payment with its attempts and codes.
    pub aggregate: PaymentAggregate,
    /// Whether it takes no further card.
    pub cards_are_used_up: bool,
    /// Who is paid.
    pub payee: Payee,
    /// The language to answer in.
    pub tongue: Tongue,
    /// Where the request came from.
    pub client: ClientAddress,
    /// The moment of the page.
    pub now: Timestamp,
}

/// Reads a payment, and expires it if its time is over.
pub async fn load(gateway: &Gateway, id: PaymentId, visitor: Visitor) -> Result<Loaded, Turned> {
    let loaded = read(gateway, id, visitor).await?;
    let payment = loaded.payment();
    if payment.state == PaymentState::Authorized {
        let ended = expire_if_overdue(gateway, payment).await;
        return match ended {
            Ok(true) => read(gateway, id, visitor).await,
            Ok(false) => Ok(loaded),
            Err(error) => {
                tracing::error!(payment = %id, %error, "held money could not be let go");
                Err(turned(problem_of(Problem::Unavailable, loaded.tongue, Some(&id))))
            }
        };
    }
    if payment.state.is_terminal() || payment.is_payable(loaded.now) {
        return Ok(loaded);
    }
    match gateway.store.run(ExpirePayment { payment: id }).await {
        // Refused: it has ended meanwhile, or the bank has the last word.
        Ok(()) | Err(RunError::Refused(_)) => read(gateway, id, visitor).await,
        Err(error) => Err(loaded.store_failed(&error)),
    }
}

async fn read(gateway: &Gateway, id: PaymentId, visitor: Visitor) -> Result<Loaded, Turned> {
    let Visitor { tongue, client } = visitor;
    let (now, settings) = (gateway.now(), gateway.config.cards);
    let found = gateway.store.read(move |reader| {
        let Some(aggregate) = reader.payment_by_link(&id)? else { return Ok(None) };
        let merchant = reader.merchant(aggregate.payment.merchant)?;
        let cards_are_used_up = card_limits::are_used_up(reader, &settings, &aggregate, now)?;
        Ok(Some((aggregate, merchant, cards_are_used_up)))
    });
    let (aggregate, merchant, cards_are_used_up) = match found.await {
        Ok(Some(found)) => found,
        Ok(None) => return Err(turned(problem_of(Problem::NotFound, tongue, None))),
        Err(error) => return Err(turned(read_failed(&error, tongue))),
    };
    let own_image = aggregate.payment.image_url.as_ref();
    let image = own_image.or(merchant.as_ref().and_then(|merchant| merchant.image_url.as_ref()));
    let payee = Payee {
        image_url: image.map(ToString::to_string),
        name: merchant.map(|merchant| merchant.name).unwrap_or_default(),
    };
    Ok(Loaded { aggregate, cards_are_used_up, payee, tongue, client, now })
}

fn read_failed(error: &ReadError, tongue: Tongue) -> Response {
    tracing::error!(%error, "a payment could not be read for its page");
    let problem = match error {
        ReadError::Corrupt(_) => Problem::Internal,
        ReadError::Database(_) | ReadError::Server(_) | ReadError::Closed => Problem::Unavailable,
    };
    problem_of(problem, tongue, None)
}

impl Loaded {
    /// The payment.
    pub const fn payment(&self) -> &Payment {
        &self.aggregate.payment
    }

    /// The open attempt and its card side, if the payer is paying by card.
    pub fn open_card(&self) -> Option<(&Attempt, &CardAttempt)> {
        let open = self.aggregate.open_attempt()?;
        Some((open, open.card()?))
    }

    /// Where the bank, or the issuer of a saved card, waits for the payer of the open attempt, while
    /// a payer may still be sent there. What waits at a terminal is paid at the terminal.
    pub fn way_to_bank(&self) -> Option<WayToBank<'_>> {
        if self.payment().channel.terminal().is_some() {
            return None;
        }
        let (attempt, card) = self.open_card()?;
        let is_shown = attempt.state == AttemptState::Sent && self.payment().is_payable(self.now);
        let opened = card.opened.as_ref().filter(|_| is_shown && card.is_for_the_payer())?;
        match card.saved.as_ref().and_then(|saved| saved.step.as_ref()) {
            Some(HolderStep::Issuer(form)) => {
                Some(WayToBank::Issuer { form, order_id: &opened.order_id })
            }
            Some(HolderStep::BankPage) | None => Some(WayToBank::Page(&opened.page_url)),
        }
    }

    /// Whether the payer may be sent to the bank.
    pub fn is_at_bank(&self) -> bool {
        self.way_to_bank().is_some()
    }

    /// Whether the open attempt's page at the bank is known, or will be in a moment.
    pub fn is_at_bank_or_on_the_way(&self) -> bool {
        let is_starting = self.open_card().is_some_and(|(attempt, card)| {
            attempt.state == AttemptState::Init && card.is_for_the_payer()
        });
        self.is_at_bank() || (is_starting && self.payment().is_payable(self.now))
    }

    /// What every page of this payment knows.
    pub fn frame(&self) -> Frame {
        let payment = self.payment();
        Frame {
            payment_id: payment.id.to_string(),
            payee: self.payee.clone(),
            amount_millimes: payment.amount.millimes(),
            seconds_left: Some(payment.expires_at.secs_left(self.now)),
            state: payment.state.as_str().to_owned(),
            locale: self.tongue.locale,
            lang_chosen: self.tongue.chosen,
            test_mode: payment.mode == Mode::Test,
            has_shop: payment.success_link.is_some(),
        }
    }

    /// A page of this payment.
    pub fn page(&self, status: StatusCode, html: String) -> Response {
        page(status, self.tongue, self.payee.image_url.as_deref(), html)
    }

    /// The 303 to the payment's page, with a word of what just happened.
    pub fn to_page(&self, notice: Option<&'static str>) -> Response {
        let path = self.frame().page_path();
        let separator = if path.contains('?') { '&' } else { '?' };
        match notice {
            Some(word) => see_other(&format!("{path}{separator}notice={word}")),
            None => see_other(&path),
        }
    }

    /// The page for a command that has no answer of its own.
    pub fn store_failed<R>(&self, error: &RunError<R>) -> Turned {
        let problem = match error {
            // Whether the change is kept will be seen: the page waits for it.
            RunError::Unknown => {
                let html = pages::waiting(&self.frame());
                return turned(self.page(StatusCode::SERVICE_UNAVAILABLE, html));
            }
            RunError::Overloaded
            | RunError::StorageFull
            | RunError::Unavailable
            | RunError::Superseded => Problem::Unavailable,
            RunError::Refused(_) | RunError::Internal => Problem::Internal,
        };
        turned(problem_of(problem, self.tongue, Some(&self.payment().id)))
    }

    /// The page for whoever makes us ask the bank too often.
    pub fn too_many(&self, too_many: TooMany) -> Turned {
        turned(too_many_requests(too_many, self.tongue, Some(&self.payment().id)))
    }

    /// The page for a look at the bank that could not be recorded.
    pub fn look_failed(&self, error: LookError) -> Turned {
        tracing::error!(payment = %self.payment().id, %error, "a look at the bank came to nothing");
        match error {
            LookError::Store(error) => self.store_failed(&error),
            LookError::Read(error) => turned(read_failed(&error, self.tongue)),
            LookError::NotFound => turned(self.to_page(None)),
        }
    }
}
