//! The directory that holds everything one gateway keeps: the database, the key, the command
//! socket. One process at a time owns it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A data directory that exists and can be written to.
#[derive(Clone, Debug)]
pub struct DataDir {
    path: PathBuf,
}

/// Proof that no other process uses the directory. Dropping it, or the end of the process however
/// it comes, frees the directory: the lock is the kernel's, and the file's existence means nothing.
#[derive(Debug)]
pub struct DirLock {
    _file: File,
}

/// Proof that this process owns a database file, wherever it lies: two data directories may name the
/// same one, and the lock of a directory does not tell. Given back when dropped, or when the process
/// dies.
pub struct DatabaseLock {
    _file: File,
}

impl DatabaseLock {
    /// Takes the lock beside the database file.
    pub fn take(database: &Path) -> Result<Self, DataDirError> {
        // By its true name: a link to a file that is in use names the same file.
        let database = fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
        let mut path = database.as_os_str().to_owned();
        path.push(".lock");
        let path = PathBuf::from(path);
        let failed = |cause| DataDirError::NotWritable { path: path.clone(), cause };
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(DataDirError::DatabaseInUse(database)),
            Err(TryLockError::Error(cause)) => Err(failed(cause)),
        }
    }
}

/// Why a data directory cannot be used.
#[derive(Debug, Error)]
pub enum DataDirError {
    /// Something else stands at that path.
    #[error("{0} is not a directory; name another one with --data, or move that file away")]
    NotADirectory(PathBuf),
    /// It does not exist and could not be made.
    #[error("the data directory {path} could not be created: {cause}")]
    NotCreated {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// It exists, but this user may not work in it.
    #[error("the data directory {path} is not writable for this user: {cause}")]
    NotWritable {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// Another process owns it at the moment.
    #[error(
        "the data directory {path} is in use by another process{who}; stop that one first, or name \
         another directory with --data"
    )]
    InUse {
        /// The directory.
        path: PathBuf,
        /// ` (process 1234)`, or nothing when the owner did not say.
        who: String,
    },
    /// Another process owns the database, through another data directory.
    #[error(
        "the database {0} is in use by another process; name that gateway's own directory with \
         --data, or stop it first"
    )]
    DatabaseInUse(PathBuf),
    /// A directory with real data cannot become a demo.
    #[error(
        "the data directory {0} already holds a database that is not a demo's; name an empty one \
         with --data"
    )]
    NotADemo(PathBuf),
}

impl DataDir {
    /// Opens the directory; creates it, and what is above it, for this user alone when missing.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, DataDirError> {
        let path = path.into();
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(DataDirError::NotADirectory(path)),
            Err(_) => {
                let created = DirBuilder::new().mode(0o700).recursive(true).create(&path);
                created.map_err(|cause| DataDirError::NotCreated { path: path.clone(), cause })?;
            }
        }
        let directory = Self { path };
        directory.open_lock_file()?;
        Ok(directory)
    }

    /// Makes this process the owner of the directory until the answer is dropped.
    pub fn lock(&self) -> Result<DirLock, DataDirError> {
        let mut file = self.open_lock_file()?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut process_id = String::new();
                // Only a courtesy: the message stands without the number.
                let _ = file.take(20).read_to_string(&mut process_id);
                let who = match process_id.trim() {
                    "" => String::new(),
                    id => format!(" (process {id})"),
                };
                return Err(DataDirError::InUse { path: self.path.clone(), who });
            }
            Err(TryLockError::Error(cause)) => return Err(self.not_writable(cause)),
        }
        let written = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        written.map_err(|cause| self.not_writable(cause))?;
        Ok(DirLock { _file: file })
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the embedded database lives when `database.url` does not say.
    pub fn database_path(&self) -> PathBuf {
        self.path.join("qisma.db")
    }

    /// Where the command line reaches a running gateway.
    pub fn socket_path(&self) -> PathBuf {
        self.path.join("qisma.sock")
    }

    /// The settings file that is read when none is named.
    pub fn config_path(&self) -> PathBuf {
        self.path.join("qisma.toml")
    }

    /// Where the master key lives when `security.master_key` does not say.
    pub fn master_key_path(&self) -> PathBuf {
        self.path.join("master.key")
    }

    /// Whether this is a demo's directory. Its keys are printed in the documentation, so it must
    /// never be served to anybody but this machine.
    pub fn is_demo(&self) -> bool {
        // A folder of that name is something else: the demo's own directory lies there by default.
        self.demo_path().is_file()
    }

    /// Marks the directory as a demo's, for good. Refused where real data lives.
    pub fn stamp_demo(&self) -> Result<(), DataDirError> {
        if self.is_demo() {
            return Ok(());
        }
        if self.database_path().exists() {
            return Err(DataDirError::NotADemo(self.path.clone()));
        }
        let stamped = File::create(self.demo_path())
            .and_then(|mut file| {
                file.write_all(b"The keys of this directory are public. Never serve it.\n")?;
                file.sync_all()
            })
            .and_then(|()| sync_directory(&self.path));
        stamped.map_err(|cause| self.not_writable(cause))
    }

    fn demo_path(&self) -> PathBuf {
        self.path.join("demo")
    }

    fn open_lock_file(&self) -> Result<File, DataDirError> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.path.join("lock"))
            .map_err(|cause| self.not_writable(cause))
    }

    fn not_writable(&self, cause: io::Error) -> DataDirError {
        DataDirError::NotWritable { path: self.path.clone(), cause }
    }
}

/// Makes the names in a directory durable: syncing a file does not sync its entry.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_missing_directory_is_made_for_this_user_alone() {
        let place = tempfile::tempdir().unwrap();
        let directory = DataDir::open(place.path().join("new")).unwrap();
        let mode = fs::metadata(directory.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn a_file_in_its_place_is_refused_by_name() {
        let place = tempfile::NamedTempFile::new().unwrap();
        let refusal = DataDir::open(place.path()).unwrap_err();
        assert!(matches!(refusal, DataDirError::NotADirectory(_)), "{refusal}");
    }

    #[test]
    fn a_database_has_one_owner_whichever_directory_it_is_named_in() {
        let place = tempfile::tempdir().unwrap();
        let database = place.path().join("shared.db");
        let owner = DatabaseLock::take(&database).unwrap();
        let refusal = DatabaseLock::take(&database).err().unwrap();
        assert!(matches!(refusal, DataDirError::DatabaseInUse(_)), "{refusal}");
        drop(owner);
        assert!(DatabaseLock::take(&database).is_ok());
    }

    #[test]
    fn a_second_owner_hears_who_has_it() {
        let place = tempfile::tempdir().unwrap();
        let directory = DataDir::open(place.path()).unwrap();
        let _owner = directory.lock().unwrap();
        let refusal = directory.lock().unwrap_err().to_string();
        let owner = format!("in use by another process (process {})", std::process::id());
        assert!(refusal.contains(&owner), "{refusal}");
    }

    #[test]
    fn a_lock_left_behind_is_free() {
        let place = tempfile::tempdir().unwrap();
        let directory = DataDir::open(place.path()).unwrap();
        fs::write(place.path().join("lock"), "4194304\n").unwrap();
        assert!(directory.lock().is_ok());
    }

    #[test]
    fn a_stamped_directory_stays_a_demo() {
        let place = tempfile::tempdir().unwrap();
        DataDir::open(place.path()).unwrap().stamp_demo().unwrap();
        assert!(DataDir::open(place.path()).unwrap().is_demo());
    }

    #[test]
    fn real_data_is_never_stamped_as_a_demo() {
        let place = tempfile::tempdir().unwrap();
        let directory = DataDir::open(place.path()).unwrap();
        fs::write(directory.database_path(), "").unwrap();
        assert!(matches!(directory.stamp_demo(), Err(DataDirError::NotADemo(_))));
    }
}
