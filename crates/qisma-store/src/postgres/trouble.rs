//! What went wrong on the way to a server, told apart by what can be done about it.

use tokio_postgres::error::{DbError, Severity, SqlState};

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
            _ if *code == SqlState::READ_ONLY_SQL_TRANSACTION
                || *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT =>
            {
                Self::Gone(sentence)
            }
            // A plan or a prepared statement of before a change of the schema, or of a server that a
            // pooler has swapped: a new connection prepares anew. What else is not supported never
            // will be.
            _ if *code == SqlState::INVALID_SQL_STATEMENT_NAME
                || (*code == SqlState::FEATURE_NOT_SUPPORTED
                    && said.message().contains("cached plan")) =>
            {
                Self::Gone(sentence)
            }
            // Shutting down, starting up, out of connections or of memory.
            Some("08" | "57" | "53") => Self::Gone(sentence),
            _ => Self::Statement(sentence),
        }
    }

    /// What an error of the driver means as the answer to COMMIT: the trouble, if it proves that the
    /// server has rolled back, and else nothing.
    ///
    /// A PANIC while the log is synced reaches us before the server dies, and the commit may be in
    /// the log all the same; and some engines say "completion unknown" in so many words (40003).
    pub(super) fn proves_rollback(error: &tokio_postgres::Error) -> Option<Self> {
        let said = error.as_db_error()?;
        let code = said.code();
        let is_proof = *code == SqlState::T_R_SERIALIZATION_FAILURE
            || *code == SqlState::T_R_DEADLOCK_DETECTED
            || code.code().starts_with("23");
        let is_plain = said.parsed_severity() == Some(Severity::Error);
        (is_proof && is_plain).then(|| Self::of(error))
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
