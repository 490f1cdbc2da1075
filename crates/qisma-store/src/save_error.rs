//! Why a batch was not saved, told apart by what is known of it.

/// Why nothing was saved, or why that is not known.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The disk is full, and the transaction was rolled back.
    #[error("the disk is full")]
    StorageFull,
    /// Somebody else holds the database for the moment, or it cannot be reached; nothing was written.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// Another lane or node changed what this batch was decided on; the transaction was rolled back,
    /// and the batch is to be decided again.
    #[error("somebody was faster: {0}")]
    Lost(String),
    /// Another node has taken over a shard that something in this batch was done for; the transaction
    /// was rolled back.
    #[error("another node has taken over a shard")]
    Fenced,
    /// A statement cannot succeed, however often it is tried; the transaction was rolled back.
    #[error("{0}")]
    Statement(String),
    /// The commit may or may not be on the disk.
    #[error("{0}")]
    Unknown(String),
}
