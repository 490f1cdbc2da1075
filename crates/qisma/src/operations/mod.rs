//! What operators do, by command line or over the command socket: the world's side of it (chance,
//! hashing, sealing) around the domain's commands.

pub mod apps;
pub mod merchants;
pub mod wallets;

use qisma_store::{ReadError, RunError};

/// Why an operator's wish was not granted, in words that say what to do.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct OperationError {
    message: String,
}

impl OperationError {
    /// An error of these words.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }

    /// The error of a command whose refusals have words.
    pub fn of_run<R: std::fmt::Display>(error: RunError<R>) -> Self {
        match error {
            RunError::Refused(refusal) => Self::new(refusal.to_string()),
            other => Self::new(
                other
                    .without_refusal::<()>()
                    .map_or_else(|refusal: R| refusal.to_string(), |error| error.to_string()),
            ),
        }
    }
}

impl From<ReadError> for OperationError {
    fn from(error: ReadError) -> Self {
        Self::new(error.to_string())
    }
}
