//! The master key: from the settings, or from a file of the data directory that is made once.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use qisma_store::OpenError;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::data_dir::{DataDir, sync_directory};
use crate::random::Rng;

/// 32 bytes of chance from which every key is derived; wiped from memory when dropped.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// Why there is no master key. No message ever quotes one.
#[derive(Debug, Error)]
pub enum KeyError {
    /// Not base64, or not 32 bytes of it.
    #[error("is not 32 bytes in base64 (44 characters); `openssl rand -base64 32` makes one")]
    Malformed,
    /// The key file holds something else than one key.
    #[error(
        "{0} does not hold a key: 32 bytes in base64 on one line. Put the file back from a backup; \
         a new key cannot read what was stored under the old one"
    )]
    FileMalformed(PathBuf),
    /// Somebody else than the owner may read the key file.
    #[error("{path} has mode {mode:o}, so others may use the key; run: chmod 600 {path}")]
    FileExposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key file is gone, and the database needs it.
    #[error(
        "{path} is missing, and {database} was written under the master key {key_id}; put the file \
         back from a backup, or set security.master_key. A new key cannot read what was stored under \
         the old one, so none was made"
    )]
    FileMissing {
        /// The key file.
        path: PathBuf,
        /// The database.
        database: String,
        /// The id of the key that is missing.
        key_id: String,
    },
    /// Whether the database needs a key that is missing could not be read.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// The key file could not be read or made.
    #[error("the key file {path} could not be read or created: {cause}")]
    File {
        /// The key file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
}

impl MasterKey {
    /// Reads a key as it stands in a setting: 32 bytes in base64.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        // Decoded straight into wiped memory. A slice of the wrong length is refused, not cut.
        let mut bytes = Zeroizing::new([0; 36]);
        let decoded = STANDARD.decode_slice(text.trim(), bytes.as_mut());
        if !matches!(decoded, Ok(32)) {
            return Err(KeyError::Malformed);
        }
        let mut key = Zeroizing::new([0; 32]);
        key.copy_from_slice(&bytes[..32]);
        Ok(Self(key))
    }

    /// Makes a new key.
    pub fn generate(rng: &mut dyn Rng) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        rng.fill_bytes(key.as_mut());
        Self(key)
    }

    /// The key of a gateway: the configured one, else the one in the data directory, which is made
    /// when there is none yet and nothing was stored under another.
    pub fn obtain(
        configured: Option<&Self>,
        directory: &DataDir,
        database: &qisma_store::Engine,
        rng: &mut dyn Rng,
    ) -> Result<Self, KeyError> {
        if let Some(key) = configured {
            return Ok(key.clone());
        }
        let path = directory.master_key_path();
        if !path.exists() {
            if let Some(key_id) = qisma_store::key_id(database)? {
                return Err(KeyError::FileMissing { path, database: database.place(), key_id });
            }
            Self::generate(rng)
                .create_file(&path)
                .map_err(|cause| KeyError::File { path: path.clone(), cause })?;
        }
        // What was just written is read back: the key in use is the one on disk.
        Self::read_file(&path)
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn read_file(path: &Path) -> Result<Self, KeyError> {
        let failed = |cause| KeyError::File { path: path.to_owned(), cause };
        let file = File::open(path).map_err(failed)?;
        let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyError::FileExposed { path: path.to_owned(), mode });
        }
        // One byte more than a key and its line end is enough to see that it is not one.
        let mut text = Zeroizing::new(String::with_capacity(64));
        let malformed = |_| KeyError::FileMalformed(path.to_owned());
        match file.take(64).read_to_string(&mut text) {
            Err(cause) if cause.kind() != io::ErrorKind::InvalidData => Err(failed(cause)),
            // Text that is not UTF-8 is left empty, and empty is no key either.
            _ => Self::parse(&text).map_err(malformed),
        }
    }

    /// Writes the key under a second name first and then links it in place, which fails when a key
    /// is there already: a crash never leaves half a key, and nothing ever replaces one.
    fn create_file(&self, path: &Path) -> io::Result<()> {
        let draft = path.with_extension("key.new");
        match fs::remove_file(&draft) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        let text = Zeroizing::new(format!("{}\n", STANDARD.encode(self.0.as_slice())));
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        let linked = fs::hard_link(&draft, path);
        fs::remove_file(&draft)?;
        match linked {
            // Another process was faster; its key is the key.
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
            other => other?,
        }
        path.parent().map_or(Ok(()), sync_directory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Randomness;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn database_of(directory: &DataDir) -> qisma_store::Engine {
        qisma_store::Engine::Sqlite(directory.database_path())
    }

    fn obtain(directory: &DataDir, seed: u64) -> Result<MasterKey, KeyError> {
        let rng = &mut *Randomness::seeded(seed).rng();
        MasterKey::obtain(None, directory, &database_of(directory), rng)
    }

    #[test]
    fn the_key_file_is_for_its_owner_alone() {
        let place = tempfile::tempdir().unwrap();
        let directory = DataDir::open(place.path()).unwrap();
        obtain(&directory, 1).unwrap();
        let mode = fs::metadata(directory.master_key_path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_key_is_made_only_once() {
        let place = tempfile::tempdir().unwrap();
        let directory = DataDir::open(place.path()).unwrap();
        let first = obtain(&directory, 1).unwrap();
        let second = obtain(&directory, 2).unwrap();
        assert_eq!(first.bytes(), second.bytes());
    }

    #[test]
    fn a_key_file_that_others_may_read_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let directory = DataDir::open(place.path()).unwrap();
        obtain(&directory, 1).unwrap();
        let readable = fs::Permissions::from_mode(0o640);
        fs::set_permissions(directory.master_key_path(), readable).unwrap();
        let refusal = obtain(&directory, 1).unwrap_err().to_string();
        assert!(refusal.contains("mode 640"), "{refusal}");
    }

    #[test]
    fn a_key_file_that_was_cut_short_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let directory = DataDir::open(place.path()).unwrap();
        obtain(&directory, 1).unwrap();
        let file = OpenOptions::new().write(true).open(directory.master_key_path()).unwrap();
        file.set_len(20).unwrap();
        assert!(matches!(obtain(&directory, 1), Err(KeyError::FileMalformed(_))));
    }

    #[test]
    fn the_configured_key_wins_and_no_file_is_made() {
        let place = tempfile::tempdir().unwrap();
        let directory = DataDir::open(place.path()).unwrap();
        let configured = MasterKey::parse(KEY).unwrap();
        let rng = &mut *Randomness::system().rng();
        let database = database_of(&directory);
        MasterKey::obtain(Some(&configured), &directory, &database, rng).unwrap();
        assert!(!directory.master_key_path().exists());
    }

    #[test]
    fn a_key_of_31_or_33_bytes_is_refused() {
        for length in [31, 33] {
            let text = STANDARD.encode(vec![7; length]);
            assert!(matches!(MasterKey::parse(&text), Err(KeyError::Malformed)), "{length}");
        }
    }

    #[test]
    fn a_key_is_never_printed() {
        assert_eq!(format!("{:?}", MasterKey::parse(KEY).unwrap()), "***");
    }
}
