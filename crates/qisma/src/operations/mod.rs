//! What operators do, by command line or over the command socket: the world's side of it (chance,
//! hashing, sealing) around the domain's commands.

pub mod api_keys;
pub mod apps;
pub mod merchants;
pub mod terminals;
pub mod wallets;

use qisma_store::{ReadError, RunError};

/// Why an operator's wish was not granted, in words that say what to do.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct OperationError {
    message: String,
    is_unknown: bool,
}

impl OperationError {
    /// An error of these words: nothing was changed.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), is_unknown: false }
    }

    /// The error of a command whose refusals have words.
    pub fn of_run<R: std::fmt::Display>(error: RunError<R>) -> Self {
        let is_unknown = matches!(error, RunError::Unknown);
        let message = match error {
            RunError::Refused(refusal) => refusal.to_string(),
            other => other.to_string(),
        };
        Self { message, is_unknown }
    }

    /// Whether the change may have happened all the same.
    pub const fn is_unknown(&self) -> bool {
        self.is_unknown
    }
}

impl From<ReadError> for OperationError {
    fn from(error: ReadError) -> Self {
        Self::new(error.to_string())
    }
}
