//! How far a move is, on standard error: a bar on a terminal, elsewhere a line for each table.

use std::io::{self, Write};

use qisma_store::carry::{Progress, Stage};

use super::super::output;

const BAR_WIDTH: usize = 30;

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// As one line that is written over and over.
    Bar,
    /// As a line for each table.
    Lines,
    /// Not at all.
    Nothing,
}

impl Shown {
    /// As it suits where it goes.
    pub const fn of(is_terminal: bool) -> Self {
        if is_terminal { Self::Bar } else { Self::Lines }
    }

    /// Begins to show.
    pub const fn begin(self) -> Shower {
        Shower { shown: self, last: None }
    }
}

/// Shows what is new.
pub struct Shower {
    shown: Shown,
    /// What was shown last.
    last: Option<(Stage, &'static str, i64)>,
}

impl Shower {
    /// Shows a step, where it makes a difference to what is seen.
    pub fn show(&mut self, step: Progress) {
        let percent = percent(step);
        let same_table = |last: (Stage, &str, i64)| (last.0, last.1) == (step.stage, step.table);
        match self.shown {
            Shown::Nothing => return,
            Shown::Bar if self.last == Some((step.stage, step.table, percent)) => return,
            // A terminal that has gone away is no reason to stop.
            Shown::Bar => drop(write!(io::stderr().lock(), "\r{}\x1b[K", bar(step, percent))),
            Shown::Lines if self.last.is_some_and(same_table) => return,
            Shown::Lines => output::error_line(&format!(
                "{} {} ({percent} % done)",
                verb(step.stage),
                step.table
            )),
        }
        self.last = Some((step.stage, step.table, percent));
    }

    /// Leaves the terminal as it was.
    pub fn end(&mut self) {
        if self.shown == Shown::Bar && self.last.is_some() {
            drop(write!(io::stderr().lock(), "\r\x1b[K"));
        }
    }
}

fn percent(step: Progress) -> i64 {
    // Of no rows, all are done.
    step.rows_done.saturating_mul(100).checked_div(step.rows_total).unwrap_or(100)
}

const fn verb(stage: Stage) -> &'static str {
    match stage {
        Stage::Copying => "copying",
        Stage::Comparing => "comparing",
    }
}

fn bar(step: Progress, percent: i64) -> String {
    let share = usize::try_from(percent.clamp(0, 100)).unwrap_or(0);
    let full = "#".repeat(BAR_WIDTH * share / 100);
    format!("[{full:.<BAR_WIDTH$}] {percent:3} %  {} {}", verb(step.stage), step.table)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(rows_done: i64, rows_total: i64) -> Progress {
        Progress { stage: Stage::Copying, table: "payments", rows_done, rows_total }
    }

    #[test]
    fn the_bar_is_as_full_as_the_move_is_far() {
        let half = bar(step(5, 10), percent(step(5, 10)));
        assert_eq!(half, "[###############...............]  50 %  copying payments");
    }

    #[test]
    fn a_move_of_nothing_is_done() {
        assert_eq!(percent(step(0, 0)), 100);
    }
}
