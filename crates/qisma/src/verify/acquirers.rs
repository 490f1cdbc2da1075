//! Compares every order we ever sent with the acquirers' own books: page by page where the acquirer
//! lists its orders, and one by one for what the pages left open.

use std::collections::BTreeSet;
use std::path::PathBuf;

use futures_util::{StreamExt, stream};
use qisma_domain::account::Acquirer;
use qisma_domain::ids::PaymentId;
use qisma_domain::time::Timestamp;
use qisma_store::audit::{Audit, CardOrder, PROBLEMS_MAX};
use serde::{Deserialize, Serialize};

use super::VerifyError;
use super::judge::{Judgement, judge};
use super::pages::{Orders, compare_pages};
use crate::acquirers::smt::{OrderFacts, SmtClient, StatusAnswer, StatusBy};
use crate::config::{AcquirerSettings, Acquirers, Config};
use crate::gateway::smt_client;

/// Orders that are asked for at once, one by one.
const ASKED_AT_ONCE: usize = 8;
/// How often one thing is asked for before the acquirer counts as silent.
pub(super) const ASKED_MAX: usize = 3;
/// An order number that is no payment's: an acquirer that says it has no such order can be reached, and
/// lets us in. The whole family answers so (`getOrderStatusExtended.do`, `errorCode` 6).
const NOBODYS_ORDER: &str = "verify-0";

/// An order by our own reference.
pub(super) type OrderKey = (PaymentId, u16);

/// What the acquirers' books say of ours.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Compared {
    /// Orders that differ, the first of them.
    pub(super) problems: Vec<String>,
    /// Orders that the acquirer has got further with, and that are looked at again soon.
    pub(super) in_flight: Vec<String>,
    /// Why not every order could be compared; nothing when every one was.
    pub(super) not_checked: Vec<String>,
    /// What an acquirer does not offer to be looked for.
    pub(super) not_offered: Vec<String>,
}

impl Compared {
    /// A comparison that did not take place.
    pub(super) fn not_checked(reason: String) -> Self {
        Self { not_checked: vec![reason], ..Self::default() }
    }

    /// Notes what came of an order.
    pub(super) fn add(&mut self, judgement: Judgement) {
        match judgement {
            Judgement::InFlight(sentence) => self.in_flight.push(sentence),
            Judgement::Differs(sentence) => self.add_problem(sentence),
            Judgement::Agrees => {}
        }
    }

    fn add_problem(&mut self, sentence: String) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(sentence);
        }
    }
}

/// Whom to ask, and what to hold against the answers.
pub(super) struct Asked<'a> {
    pub(super) acquirer: Acquirer,
    pub(super) client: &'a SmtClient,
    pub(super) now: Timestamp,
}

impl Asked<'_> {
    pub(super) fn judge(&self, order: &CardOrder, facts: Option<&OrderFacts>) -> Judgement {
        judge(order, facts, &self.client.settings().currency, self.now)
    }

    pub(super) const fn name(&self) -> &'static str {
        self.acquirer.as_str()
    }
}

/// Compares all orders, whoever has them.
pub(super) async fn compare(
    config: &Config,
    orders: Vec<CardOrder>,
    now: Timestamp,
) -> Result<Compared, VerifyError> {
    let mut compared = Compared::default();
    let mut unknown = BTreeSet::new();
    let (live, test): (Vec<_>, Vec<_>) =
        orders.into_iter().partition(|order| order.acquirer == Acquirer::Smt);
    for (acquirer, orders) in [(Acquirer::Sandbox, test), (Acquirer::Smt, live)] {
        let Some(account) = account_of(&config.acquirers, acquirer, orders.is_empty()) else {
            if !orders.is_empty() {
                let count = orders.len();
                let note = format!("{count} live orders, but acquirers.smt.url is not set");
                compared.not_checked.push(note);
            }
            continue;
        };
        let client = smt_client(account, config.acquirers.timeout_secs);
        let client = client.map_err(VerifyError::Acquirer)?;
        let asked = Asked { acquirer, client: &client, now };
        unknown.extend(compare_with(&asked, orders, &mut compared).await);
    }
    for order in still_unknown(config.database.path.clone(), unknown).await? {
        compared.add_problem(order);
    }
    Ok(compared)
}

/// The account at an acquirer; none: nobody is asked there.
fn account_of(
    settings: &Acquirers,
    acquirer: Acquirer,
    has_no_orders: bool,
) -> Option<&AcquirerSettings> {
    match acquirer {
        // A live gateway that has left the sandbox's address as it came never made use of one.
        Acquirer::Sandbox
            if has_no_orders && settings.smt.is_some() && settings.sandbox.is_default() =>
        {
            None
        }
        Acquirer::Sandbox => Some(&settings.sandbox.account),
        Acquirer::Smt => settings.smt.as_ref(),
    }
}

/// Compares the orders of one acquirer. Gives the orders that are paid there and are none of these.
async fn compare_with(
    asked: &Asked<'_>,
    orders: Vec<CardOrder>,
    compared: &mut Compared,
) -> BTreeSet<OrderKey> {
    let name = asked.name();
    let count = orders.len();
    // Always asked, so that nobody takes the silence about no orders for an agreement.
    if let Err(reason) = ask(asked.client, NOBODYS_ORDER).await {
        let note = format!("{name} was to be asked for {count} orders: {reason}");
        compared.not_checked.push(note);
        return BTreeSet::new();
    }
    let mut open = Orders::new(orders);
    let unknown = compare_pages(asked, &mut open, compared).await;
    let mut answers = stream::iter(open.left())
        .map(|order| async move { (ask(asked.client, &order.order_number()).await, order) })
        .buffer_unordered(ASKED_AT_ONCE);
    while let Some((answer, order)) = answers.next().await {
        match answer {
            Ok(facts) => compared.add(asked.judge(&order, facts.as_ref())),
            Err(reason) => {
                let note = format!("{name} was asked for {count} orders: {reason}");
                compared.not_checked.push(note);
                break;
            }
        }
    }
    unknown
}

/// The order as the acquirer has it; nothing when it does not know it; or why it does not say.
async fn ask(client: &SmtClient, number: &str) -> Result<Option<OrderFacts>, String> {
    let mut reason = String::new();
    for _ in 0..ASKED_MAX {
        reason = match client.status(StatusBy::OrderNumber(number)).await {
            StatusAnswer::Order(facts) if facts.order_number == number => return Ok(Some(*facts)),
            StatusAnswer::Order(_) => "it answered with another order".into(),
            StatusAnswer::NotRegistered => return Ok(None),
            StatusAnswer::Refused { code } => format!("it refuses to say (code {code})"),
            StatusAnswer::Unknown(unknown) => unknown.to_string(),
        };
    }
    Err(reason)
}

/// A sentence for each of these that our books do not know now either. A gateway that runs has sent
/// further orders since the moment that is verified, and it writes each down before it is sent.
async fn still_unknown(
    path: PathBuf,
    unknown: BTreeSet<OrderKey>,
) -> Result<Vec<String>, VerifyError> {
    if unknown.is_empty() {
        return Ok(vec![]);
    }
    let reading = tokio::task::spawn_blocking(move || {
        let audit = Audit::open(&path)?;
        let mut sentences = vec![];
        for (payment, attempt) in unknown {
            if !audit.knows_order(&payment, attempt)? {
                sentences.push(format!(
                    "order {payment}-{attempt}: the acquirer says it is paid, and our books do not \
                     know it"
                ));
            }
        }
        Ok(sentences)
    });
    reading.await.map_err(|_| VerifyError::Interrupted)?
}
