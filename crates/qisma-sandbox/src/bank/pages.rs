//! The templates of the bank's pages and what they show.

use std::fmt;

use askama::Template;

use super::texts::Texts;
use crate::lang::Lang;
use crate::orders::Order;

/// The form for the card.
#[derive(Template)]
#[template(path = "card.html")]
pub struct CardPage<'a> {
    pub lang: Lang,
    pub t: &'static Texts,
    pub order: &'a Order,
    pub amount: String,
    pub problems: Problems,
}

/// The form for the one-time code.
#[derive(Template)]
#[template(path = "three_ds.html")]
pub struct ChallengePage<'a> {
    pub lang: Lang,
    pub t: &'static Texts,
    pub order: &'a Order,
    pub amount: String,
    pub masked_pan: &'a str,
    pub one_time_code: &'static str,
}

/// The outcome, and the way back to the shop.
#[derive(Template)]
#[template(path = "result.html")]
pub struct ResultPage<'a> {
    pub lang: Lang,
    pub t: &'static Texts,
    pub order: &'a Order,
    pub amount: String,
    pub paid: bool,
    pub reason: &'a str,
}

/// The page of a fault: no way on.
#[derive(Template)]
#[template(path = "lost.html")]
pub struct LostPage {
    pub lang: Lang,
    pub t: &'static Texts,
}

/// There is no such order, or the bank's books cannot be read.
#[derive(Template)]
#[template(path = "problem.html")]
pub struct ProblemPage<'a> {
    pub lang: Lang,
    pub t: &'static Texts,
    pub problem: &'a str,
}

/// Which fields of the card form are wrong. Written into an address as names only, such as
/// `number.exp`, because what was typed may not appear there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one for each field of the form")]
pub struct Problems {
    pub number: bool,
    pub expiry: bool,
    pub code: bool,
    pub holder: bool,
}

impl Problems {
    /// Reads the names back; others are ignored.
    pub fn parse(names: &str) -> Self {
        let has = |name: &str| names.split('.').any(|other| other == name);
        Self { number: has("number"), expiry: has("exp"), code: has("csc"), holder: has("name") }
    }

    /// Whether anything is wrong.
    pub fn any(self) -> bool {
        self != Self::default()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (self.number, "number"),
            (self.expiry, "exp"),
            (self.code, "csc"),
            (self.holder, "name"),
        ];
        let wrong: Vec<_> = names.into_iter().filter_map(|(is, name)| is.then_some(name)).collect();
        f.write_str(&wrong.join("."))
    }
}
