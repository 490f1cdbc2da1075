//! How a command ends when it does not end well: a sentence and an exit code that scripts can tell
//! apart.

use std::process::ExitCode;

use serde_json::json;

use super::output;
use crate::admin::{AdminError, AdminErrorKind};
use crate::config::ConfigError;
use crate::data_dir::DataDirError;
use crate::keyring::KeyError;

/// What the exit code says (sysexits.h where it has a word for it).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// It was refused or it failed; nothing is in doubt.
    Refused,
    /// Nobody knows whether it happened.
    Unknown,
    /// A setting is wrong.
    Config,
}

impl Exit {
    fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Refused => 1,
            Self::Unknown => 70,
            Self::Config => 78,
        })
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    message: String,
}

impl Failure {
    /// Nothing happened, for this reason.
    pub fn refused(message: impl Into<String>) -> Self {
        Self { exit: Exit::Refused, message: message.into() }
    }

    /// It may have happened.
    pub fn unknown(message: impl Into<String>) -> Self {
        Self { exit: Exit::Unknown, message: message.into() }
    }

    /// A setting is wrong.
    pub fn config(message: impl Into<String>) -> Self {
        Self { exit: Exit::Config, message: message.into() }
    }

    /// Says it on standard error and turns it into the process's code.
    pub fn report(&self, as_json: bool) -> ExitCode {
        if as_json {
            output::error_line(&json!({"error": {"message": self.message}}).to_string());
        } else {
            output::error_line(&format!("qisma: {}", self.message));
        }
        self.exit.code()
    }
}

impl From<DataDirError> for Failure {
    fn from(error: DataDirError) -> Self {
        Self::refused(error.to_string())
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::config(error.to_string())
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        Self::config(error.to_string())
    }
}

impl From<AdminError> for Failure {
    fn from(error: AdminError) -> Self {
        match error.kind {
            AdminErrorKind::Refused => Self::refused(error.message),
            AdminErrorKind::Unknown => Self::unknown(error.message),
            AdminErrorKind::Config => Self::config(error.message),
        }
    }
}
