//! What went wrong on the way to a server, told apart by what can be done about it.

use tokio_postgres::error::{DbError, SqlState};

/// Why a statement has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The server rolled the transaction back because another one was in the way: the same again may
    /// succeed.
    #[error("another transaction was in the way: {0}")]
    Conflict(String),
    /// The server's disk is full.
    #[error("the server's disk is full: {0}")]
    Full(String),
    /// The server refused the statement, and would again.
    #[error("the server refused a statement: {0}")]
    Statement(String),
    /// The connection is of no more use: closed, silent past its deadline, or to a server that no
    /// longer takes writes. What was not committed is rolled back.
    #[error("the server cannot be reached: {0}")]
    Gone(String),
}

impl Trouble {
    /// What an error of the driver means, short of COMMIT.
    pub(super) fn of(error: &tokio_postgres::Error) -> Self {
        let Some(said) = error.as_db_error() else { return Self::Gone(chain(error)) };
        let sentence = sentence(said);
        let code = said.code();
        match code.code().get(..2) {
            Some("40") => Self::Conflict(sentence),
            // A row that another transaction made a moment ago: decided again, it is seen.
            _ if *code == SqlState::LOCK_NOT_AVAILABLE || *code == SqlState::UNIQUE_VIOLATION => {
                Self::Conflict(sentence)
            }
            _ if *code == SqlState::DISK_FULL => Self::Full(sentence),
            _ if *code == SqlState::READ_ONLY_SQL_TRANSACTION => Self::Gone(sentence),
            // Shutting down, starting up, out of connections or of memory.
            Some("08" | "57" | "53") => Self::Gone(sentence),
            _ => Self::Statement(sentence),
        }
    }

    pub(super) fn deadline(what: &str) -> Self {
        Self::Gone(format!("{what} took too long"))
    }
}

/// What the server said, without the detail, which may quote a row.
fn sentence(said: &DbError) -> String {
    format!("{} ({})", said.message(), said.code().code())
}

/// An error with its causes.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
