//! Compares every order we ever sent with the acquirers' own books: page by page where the acquirer
//! lists its orders, and one by one for what the pages left open.

use futures_util::{StreamExt, stream};
use qisma_domain::account::Acquirer;
use qisma_domain::ids::PaymentId;
use qisma_domain::time::Timestamp;
use qisma_store::audit::{CardOrder, PROBLEMS_MAX};

use super::VerifyError;
use super::judge::{Judgement, judge};
use crate::acquirers::smt::{
    LastOrdersAnswer, OrderFacts, OrdersWanted, SmtClient, StatusAnswer, StatusBy,
};
use crate::config::Config;
use crate::gateway::smt_client;

/// Orders a page: the most that this API family gives.
const PAGE_SIZE: u32 = 200;
/// The acquirer reads times in its own zone, and its clock is not ours.
const MARGIN_SECS: i64 = 86_400;
/// Orders that are asked for at once, one by one.
const ASKED_AT_ONCE: usize = 8;
/// How often one order is asked for before the acquirer counts as silent.
const ASKED_MAX: usize = 3;

/// What the acquirers' books say of ours.
#[derive(Clone, Debug, Default)]
pub(super) struct Compared {
    /// Orders that differ, the first of them.
    pub(super) problems: Vec<String>,
    /// Orders that the acquirer has got further with, and that are looked at again soon.
    pub(super) in_flight: Vec<String>,
    /// Why not every order could be compared.
    pub(super) not_checked: Option<String>,
}

impl Compared {
    /// Notes what came of an order.
    fn add(&mut self, judgement: Judgement) {
        match judgement {
            Judgement::InFlight(sentence) => self.in_flight.push(sentence),
            Judgement::Differs(sentence) if self.problems.len() < PROBLEMS_MAX => {
                self.problems.push(sentence);
            }
            Judgement::Agrees | Judgement::Differs(_) => {}
        }
    }
}

/// Compares all orders, whoever has them.
pub(super) async fn compare(
    config: &Config,
    orders: Vec<CardOrder>,
    now: Timestamp,
) -> Result<Compared, VerifyError> {
    let mut compared = Compared::default();
    let (live, test): (Vec<_>, Vec<_>) =
        orders.into_iter().partition(|order| order.acquirer == Acquirer::Smt);
    let settings = &config.acquirers;
    for (orders, account) in
        [(test, Some(&settings.sandbox.account)), (live, settings.smt.as_ref())]
    {
        // Nobody has to be reachable who was never sent an order.
        if orders.is_empty() {
            continue;
        }
        let Some(account) = account else {
            let count = orders.len();
            let note = format!("{count} live orders, but acquirers.smt.url is not set");
            compared.not_checked = Some(note);
            continue;
        };
        let client = smt_client(account, settings.timeout_secs).map_err(VerifyError::Acquirer)?;
        compare_with(&client, orders, now, &mut compared).await;
    }
    Ok(compared)
}

async fn compare_with(
    client: &SmtClient,
    orders: Vec<CardOrder>,
    now: Timestamp,
    compared: &mut Compared,
) {
    let mut open = Orders::new(orders);
    compare_pages(client, &mut open, now, compared).await;
    let count = open.orders.len();
    let mut answers = stream::iter(open.left())
        .map(|order| async move { (ask(client, &order).await, order) })
        .buffer_unordered(ASKED_AT_ONCE);
    while let Some((answer, order)) = answers.next().await {
        match answer {
            Ok(facts) => compared.add(judge(&order, facts.as_ref(), now)),
            Err(reason) => {
                let note = format!("the acquirer was asked for {count} orders: {reason}");
                compared.not_checked = Some(note);
                return;
            }
        }
    }
}

/// Strikes off what the acquirer's list agrees with. Whatever else it says is asked again, order by
/// order: pages shift while new orders come in, and not every build lists everything.
async fn compare_pages(
    client: &SmtClient,
    open: &mut Orders,
    now: Timestamp,
    compared: &mut Compared,
) {
    let Some((first, last)) = open.span() else { return };
    let moment = |at: Timestamp| jiff::Timestamp::from_second(at.secs()).unwrap_or_default();
    let from = moment(first.plus_secs(-MARGIN_SECS));
    let to = moment(last.max(now).plus_secs(MARGIN_SECS));
    for page in 0.. {
        let wanted = OrdersWanted { from, to, page, page_size: PAGE_SIZE };
        let LastOrdersAnswer::Page { orders, unreadable_count, total_count } =
            client.last_orders(&wanted).await
        else {
            return;
        };
        for facts in &orders {
            let Some(index) = open.find(&facts.order_number) else { continue };
            match judge(&open.orders[index], Some(facts), now) {
                Judgement::Differs(_) => {}
                judgement => {
                    // A page that shifted shows an order twice; it counts once.
                    if !open.is_done[index] {
                        compared.add(judgement);
                    }
                    open.is_done[index] = true;
                }
            }
        }
        let seen = u64::from(page + 1) * u64::from(PAGE_SIZE);
        if orders.len() + unreadable_count == 0 || total_count <= seen {
            return;
        }
    }
}

/// The order as the acquirer has it; nothing when it does not know it; or why it does not say.
async fn ask(client: &SmtClient, order: &CardOrder) -> Result<Option<OrderFacts>, String> {
    let number = order.order_number();
    let mut reason = String::new();
    for _ in 0..ASKED_MAX {
        reason = match client.status(StatusBy::OrderNumber(&number)).await {
            StatusAnswer::Order(facts) if facts.order_number == number => return Ok(Some(*facts)),
            StatusAnswer::Order(_) => "it answered with another order".into(),
            StatusAnswer::NotRegistered => return Ok(None),
            StatusAnswer::Refused { code } => format!("it refuses to say (code {code})"),
            StatusAnswer::Unknown(unknown) => unknown.to_string(),
        };
    }
    Err(reason)
}

/// Orders by payment and attempt, and which of them are done.
struct Orders {
    orders: Vec<CardOrder>,
    is_done: Vec<bool>,
}

impl Orders {
    fn new(mut orders: Vec<CardOrder>) -> Self {
        orders.sort_unstable_by_key(|order| (order.payment, order.attempt));
        Self { is_done: vec![false; orders.len()], orders }
    }

    fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let times = || self.orders.iter().map(|order| order.started_at);
        Some((times().min()?, times().max()?))
    }

    /// The order of this number. The acquirer may have others that are not ours.
    fn find(&self, number: &str) -> Option<usize> {
        let (payment, attempt) = number.rsplit_once('-')?;
        let key = (PaymentId::parse(payment).ok()?, attempt.parse().ok()?);
        self.orders.binary_search_by_key(&key, |order| (order.payment, order.attempt)).ok()
    }

    fn left(&self) -> Vec<CardOrder> {
        let open = self.orders.iter().zip(&self.is_done).filter(|(_, is_done)| !**is_done);
        open.map(|(order, _)| *order).collect()
    }
}
