//! Why a move did not come to its end. Each says what to do.

use crate::error::{OpenError, ReadError};

/// Why a move stopped. What was copied by then stays, and the same command goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum CarryError {
    /// One of the databases cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// One of them could not be read to its end.
    #[error("{0}; run the same command again when that is mended, it goes on where it stopped")]
    Read(#[from] ReadError),
    /// The target could not be written.
    #[error("{place}: {cause}; {advice}")]
    Write {
        /// The target.
        place: String,
        /// What the server said.
        cause: String,
        /// What to do.
        advice: &'static str,
    },
    /// A gateway works there.
    #[error(
        "a gateway runs on {0}, or did a minute ago; stop it, wait for a minute and run the same command \
         again. Nothing was copied"
    )]
    InUse(String),
    /// There is somebody else's data in it.
    #[error(
        "{place} is not empty (it has rows in {table}), and no move has begun there; name a database \
         that is empty. Nothing was written"
    )]
    NotEmpty {
        /// The target.
        place: String,
        /// The first table with rows.
        table: &'static str,
    },
    /// There are somebody else's tables in it.
    #[error(
        "{0} holds tables that are not Qisma's; name a database of its own for the gateway. Nothing \
         was written"
    )]
    NotOurs(String),
    /// A move from another database began there.
    #[error(
        "a move from another database than {source_place} has begun in {place}; name an empty database. \
         Nothing was written"
    )]
    OtherSource {
        /// What was to be moved.
        source_place: String,
        /// The target.
        place: String,
    },
    /// The source has changed since.
    #[error(
        "{source_place} was opened by a gateway since its move to {place} began, so what was copied may \
         be out of date; drop that database, create it again, empty, and begin anew"
    )]
    SourceChanged {
        /// What was to be moved.
        source_place: String,
        /// The target.
        place: String,
    },
    /// The move had come to its end, and the source was used after it.
    #[error(
        "{source_place} has moved to {place} before, and was opened by a gateway since: the two have gone \
         apart, and {place} is the one in use. Nothing was changed; do not serve {source_place} any more"
    )]
    GoneApart {
        /// What was to be moved.
        source_place: String,
        /// The target.
        place: String,
    },
    /// The target belongs to another master key.
    #[error(
        "{place} was written under the master key {theirs}, and {source_place} under {ours}: what one \
         has sealed the other cannot open; name an empty database. Nothing was written"
    )]
    OtherKey {
        /// The target.
        place: String,
        /// Its key's id.
        theirs: String,
        /// What was to be moved.
        source_place: String,
        /// Its key's id.
        ours: String,
    },
}
