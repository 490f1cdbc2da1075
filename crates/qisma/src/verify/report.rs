//! What a verification found, as JSON and as an exit code.

use qisma_domain::time::Timestamp;
use qisma_store::audit::{Finding, Invariant, PROBLEMS_MAX, Parked};
use serde::Serialize;

use super::acquirers::Compared;

/// Whether an invariant holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It holds.
    Ok,
    /// It does not.
    Broken,
    /// Whoever had to be asked did not answer.
    NotChecked,
}

/// One invariant.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// `I1`.
    pub id: &'static str,
    /// What it says, in one sentence.
    pub name: &'static str,
    /// Whether it holds.
    pub status: Status,
    /// How many rows it was asked of.
    pub checked: i64,
    /// The first problems, a sentence each.
    pub problems: Vec<String>,
    /// What was not looked at, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Orders that an acquirer has got further with than we have, and that we look at again soon.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub in_flight: Vec<String>,
}

/// What a verification found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Whether all is as it should be.
    pub ok: bool,
    /// The moment that was verified, RFC 3339.
    pub at: String,
    /// The invariants, in order.
    pub invariants: Vec<Check>,
    /// Shares that wait because their merchants could not receive them.
    pub parked: Vec<Parked>,
}

impl Check {
    pub(super) fn of(invariant: Invariant, finding: Finding) -> Self {
        Self {
            id: invariant.id(),
            name: invariant.name(),
            status: if finding.problems.is_empty() { Status::Ok } else { Status::Broken },
            checked: finding.checked,
            problems: finding.problems,
            note: None,
            in_flight: vec![],
        }
    }

    /// Adds what the acquirers say. What is broken stays broken, whoever did not answer.
    pub(super) fn add_acquirers(&mut self, compared: &Compared) {
        let room = PROBLEMS_MAX.saturating_sub(self.problems.len());
        self.problems.extend(compared.problems.iter().take(room).cloned());
        self.in_flight.clone_from(&compared.in_flight);
        let notes: Vec<&str> =
            compared.not_checked.iter().chain(&compared.not_offered).map(String::as_str).collect();
        self.note = (!notes.is_empty()).then(|| notes.join("; "));
        self.status = if !self.problems.is_empty() {
            Status::Broken
        } else if !compared.not_checked.is_empty() {
            Status::NotChecked
        } else {
            Status::Ok
        };
    }
}

impl Report {
    pub(super) fn new(
        invariants: Vec<Check>,
        parked: Vec<Parked>,
        at: Timestamp,
        require_acquirer: bool,
    ) -> Self {
        let ok = invariants.iter().all(|check| match check.status {
            Status::Ok => true,
            Status::Broken => false,
            Status::NotChecked => !require_acquirer,
        });
        Self { ok, at: at.rfc3339(), invariants, parked }
    }

    /// What the process ends with: 0 when all is as it should be, else 1.
    pub const fn exit_code(&self) -> u8 {
        if self.ok { 0 } else { 1 }
    }

    /// The check of this id.
    pub fn check(&self, id: &str) -> Option<&Check> {
        self.invariants.iter().find(|check| check.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(status: Status, require_acquirer: bool) -> Report {
        let mut check = Check::of(Invariant::I15, Finding::default());
        check.status = status;
        Report::new(vec![check], vec![], Timestamp::from_secs(0), require_acquirer)
    }

    #[test]
    fn a_broken_invariant_ends_with_1() {
        assert_eq!(report(Status::Broken, false).exit_code(), 1);
    }

    #[test]
    fn an_acquirer_that_does_not_answer_is_a_failure_only_where_that_was_asked_for() {
        assert_eq!(report(Status::NotChecked, false).exit_code(), 0);
        assert_eq!(report(Status::NotChecked, true).exit_code(), 1);
    }

    #[test]
    fn problems_in_our_books_stay_broken_though_the_acquirer_did_not_answer() {
        let problems = vec!["off by one".to_owned()];
        let mut check = Check::of(Invariant::I15, Finding { checked: 1, problems });
        check.add_acquirers(&Compared::not_checked("no answer".into()));
        assert_eq!(check.status, Status::Broken);
    }

    #[test]
    fn what_an_acquirer_does_not_offer_is_said_and_is_no_failure() {
        let mut check = Check::of(Invariant::I15, Finding::default());
        let not_offered = vec!["smt lists no orders".to_owned()];
        check.add_acquirers(&Compared { not_offered, ..Compared::default() });
        assert_eq!(check.status, Status::Ok);
        assert_eq!(check.note.as_deref(), Some("smt lists no orders"));
    }
}
