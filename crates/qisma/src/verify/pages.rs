//! What an acquirer's own list says of our orders, and of those that our books have lost.

use std::collections::BTreeSet;

use qisma_domain::attempt::CardAttempt;
use qisma_domain::ids::PaymentId;
use qisma_store::audit::CardOrder;

use super::acquirers::{ASKED_MAX, Asked, Compared, OrderKey};
use super::judge::{Judgement, is_paid};
use crate::acquirers::smt::{LastOrdersAnswer, OrderFacts, OrdersWanted, SmtClient, UnknownReason};

/// Orders a page: the most that this API family gives.
const PAGE_SIZE: u32 = 200;
/// The acquirer reads times in its own zone, and its clock is not ours.
const MARGIN_SECS: i64 = 86_400;
/// Before any order of ours, 2000-01-01: what our books have lost may be older than all that they have.
const LISTED_SINCE_SECS: i64 = 946_684_800;

/// One page of an acquirer's list.
struct Page {
    orders: Vec<OrderFacts>,
    unreadable_count: usize,
    total_count: u64,
}

/// Why there is no page.
enum NoPage {
    /// This build lists no orders, or not to us.
    NotOffered,
    /// It did not answer, though asked more than once.
    Silent(String),
}

/// Strikes off what the acquirer's list agrees with, and gives the orders of ours that are paid and
/// that we do not have. Whatever else the list says is asked again, order by order: pages shift while
/// new orders come in, and not every build lists everything.
pub(super) async fn compare_pages(
    asked: &Asked<'_>,
    open: &mut Orders,
    compared: &mut Compared,
) -> BTreeSet<OrderKey> {
    let mut unknown = BTreeSet::new();
    let moment = |secs| jiff::Timestamp::from_second(secs).unwrap_or_default();
    let latest = open.latest_secs().unwrap_or_default().max(asked.now.secs());
    let (from, to) = (moment(LISTED_SINCE_SECS), moment(latest.saturating_add(MARGIN_SECS)));
    let name = asked.name();
    for page in 0.. {
        let wanted = OrdersWanted { from, to, page, page_size: PAGE_SIZE };
        let listed = match page_of(asked.client, &wanted).await {
            Ok(listed) => listed,
            Err(NoPage::NotOffered) => {
                compared.not_offered.push(format!(
                    "{name} lists no orders, so paid ones that our books have lost were not looked \
                     for"
                ));
                break;
            }
            Err(NoPage::Silent(reason)) => {
                compared.not_checked.push(format!("{name} was asked for its list: {reason}"));
                break;
            }
        };
        for facts in &listed.orders {
            unknown.extend(strike_off(asked, open, facts, compared));
        }
        let seen = u64::from(page + 1) * u64::from(PAGE_SIZE);
        if listed.orders.len() + listed.unreadable_count == 0 || listed.total_count <= seen {
            break;
        }
    }
    unknown
}

/// Compares an order of the list. Gives it back when it is one of ours, paid, and not in our books.
fn strike_off(
    asked: &Asked<'_>,
    open: &mut Orders,
    facts: &OrderFacts,
    compared: &mut Compared,
) -> Option<OrderKey> {
    let key = key_of(&facts.order_number)?;
    let Some(index) = open.find(key) else { return is_paid(facts).then_some(key) };
    match asked.judge(&open.orders[index], Some(facts)) {
        Judgement::Differs(_) => {}
        judgement => {
            // A page that shifted shows an order twice; it counts once.
            if !open.is_done[index] {
                compared.add(judgement);
            }
            open.is_done[index] = true;
        }
    }
    None
}

async fn page_of(client: &SmtClient, wanted: &OrdersWanted) -> Result<Page, NoPage> {
    let mut silent = String::new();
    for _ in 0..ASKED_MAX {
        match client.last_orders(wanted).await {
            LastOrdersAnswer::Page { orders, unreadable_count, total_count } => {
                return Ok(Page { orders, unreadable_count, total_count });
            }
            // We have been let in before this, so it is the list that is not for us.
            LastOrdersAnswer::Refused { .. }
            | LastOrdersAnswer::Unknown(UnknownReason::HttpStatus(400..=428 | 501)) => {
                return Err(NoPage::NotOffered);
            }
            LastOrdersAnswer::Unknown(reason) => silent = reason.to_string(),
        }
    }
    Err(NoPage::Silent(silent))
}

/// The payment and attempt that a number of our own making names. The acquirer may have other orders of
/// the same shop, and those are not ours to judge.
fn key_of(number: &str) -> Option<OrderKey> {
    let (payment, attempt) = number.rsplit_once('-')?;
    let key = (PaymentId::parse(payment).ok()?, attempt.parse().ok()?);
    // We write a number in one way only.
    (CardAttempt::order_number_of(&key.0, key.1) == number).then_some(key)
}

/// Orders by payment and attempt, and which of them are done.
pub(super) struct Orders {
    orders: Vec<CardOrder>,
    is_done: Vec<bool>,
}

impl Orders {
    pub(super) fn new(mut orders: Vec<CardOrder>) -> Self {
        orders.sort_unstable_by_key(|order| (order.payment, order.attempt));
        Self { is_done: vec![false; orders.len()], orders }
    }

    fn latest_secs(&self) -> Option<i64> {
        self.orders.iter().map(|order| order.started_at.secs()).max()
    }

    fn find(&self, key: OrderKey) -> Option<usize> {
        self.orders.binary_search_by_key(&key, |order| (order.payment, order.attempt)).ok()
    }

    pub(super) fn left(&self) -> Vec<CardOrder> {
        let open = self.orders.iter().zip(&self.is_done).filter(|(_, is_done)| !**is_done);
        open.map(|(order, _)| *order).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_as_we_write_it_is_one_of_ours() {
        let payment = PaymentId::from_bytes([7; 16]);
        assert_eq!(key_of(&format!("{payment}-12")), Some((payment, 12)));
        for number in [
            "442",
            "shop-1",
            &format!("{payment}-01"),
            &format!("{payment}-+1"),
            &format!("{payment}"),
        ] {
            assert_eq!(key_of(number), None, "{number}");
        }
    }
}
