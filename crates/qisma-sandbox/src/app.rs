//! What all requests share, and the one road by which an order changes.

use std::sync::Arc;

use anyhow::Context;
use rusqlite::Transaction;

use crate::Options;
use crate::books::{self, Books, BooksError, Key};
use crate::callbacks::Callbacks;
use crate::clock::Clock;
use crate::faults::Faults;
use crate::orders::{Approval, Binding, Notice, Order};
use crate::phone::Phones;
use crate::random::Random;

/// The sandbox's insides.
pub struct App {
    /// Orders and refunds, on disk.
    pub books: Books,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Where payers reach the sandbox, without a slash at the end.
    pub public_url: String,
    /// Ids and approval codes.
    pub random: Arc<Random>,
    /// The switches that are on, in memory.
    pub faults: Arc<Faults>,
    /// Text messages, in memory.
    pub phones: Phones,
    /// Tells merchants what happened.
    pub callbacks: Callbacks,
}

/// One change of one order, inside its transaction.
pub struct Change<'a> {
    /// For what belongs to the order and must be kept with it.
    pub tx: &'a Transaction<'a>,
    /// The moment of the change.
    pub now_ms: i64,
    /// As it was kept, its session ended if it is over.
    pub order: &'a mut Order,
    /// What the merchant is told once the change is kept.
    pub notices: Vec<Notice>,
}

impl App {
    /// Opens the books and starts with no message and no switch.
    pub fn open(options: Options) -> anyhow::Result<Arc<Self>> {
        url::Url::parse(&options.public_url).with_context(|| {
            format!("sandbox.public_url is not an address: {:?}", options.public_url)
        })?;
        let faults = Arc::new(Faults::default());
        let clock = options.clock;
        let callbacks =
            Callbacks::new(options.callback_key, Arc::clone(&clock), Arc::clone(&faults));
        Ok(Arc::new(Self {
            books: Books::open(&options.data_dir.join("sandbox.db"))?,
            clock,
            public_url: options.public_url.trim_end_matches('/').to_owned(),
            random: Arc::new(Random::new(options.rng)),
            faults,
            phones: Phones::default(),
            callbacks,
        }))
    }

    /// Loads an order, ends it if its session is over, lets `decide` change it and keeps the result:
    /// one transaction, so that of two payers, tabs or calls one comes first. Callbacks leave after
    /// the commit. None: there is no such order.
    pub async fn change<T: Send + 'static>(
        &self,
        key: Key,
        decide: impl FnOnce(&mut Change<'_>) -> Result<T, BooksError> + Send + 'static,
    ) -> Result<Option<(Order, T)>, BooksError> {
        let (clock, random) = (Arc::clone(&self.clock), Arc::clone(&self.random));
        let changed = self.books.transact(move |tx| {
            let Some(before) = books::find(tx, &key)? else { return Ok(None) };
            let mut order = before.clone();
            let now_ms = clock.now_ms();
            let notices = order.expire(now_ms).into_iter().collect();
            let mut change = Change { tx, now_ms, order: &mut order, notices };
            let answer = decide(&mut change)?;
            let notices = change.notices;
            if order.was_paid() && !before.was_paid() {
                save_card(tx, &mut order, &random, now_ms)?;
            }
            if order != before {
                books::update(tx, &order)?;
            }
            Ok(Some((order, answer, notices)))
        });
        Ok(changed.await?.map(|(order, answer, notices)| {
            for notice in notices {
                self.callbacks.announce(&order, notice);
            }
            (order, answer)
        }))
    }

    /// An order as it is now, its session ended if it is over.
    pub async fn look(&self, key: Key) -> Result<Option<Order>, BooksError> {
        Ok(self.change(key, |_| Ok(())).await?.map(|(order, ())| order))
    }

    /// An approval to hand to a change, which uses it or lets it fall.
    pub fn new_approval(&self) -> Approval {
        Approval {
            code: self.random.digits(6),
            reference: self.random.digits(12),
            at_ms: self.clock.now_ms(),
        }
    }
}

/// Saves the card that has just paid, where the merchant said whose it is.
fn save_card(
    tx: &Transaction<'_>,
    order: &mut Order,
    random: &Random,
    now_ms: i64,
) -> Result<(), BooksError> {
    let (Some(client_id), Some(card), None) = (&order.client_id, &order.card, &order.binding_id)
    else {
        return Ok(());
    };
    let same = books::find_same_card(tx, (&order.user_name, client_id), card)?;
    let id = if let Some(id) = same {
        id
    } else {
        let id = random.order_id();
        let (user_name, client_id) = (order.user_name.clone(), client_id.clone());
        let binding = Binding { id: id.clone(), user_name, client_id, card: card.clone() };
        books::insert_binding(tx, &binding, now_ms)?;
        id
    };
    order.binding_id = Some(id);
    Ok(())
}
