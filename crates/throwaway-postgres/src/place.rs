//! Where servers keep their files, and who is using one.

use crate::account::Account;
use anyhow::{Context as _, ensure};
use std::fs::{DirBuilder, File};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Numbers the directories that this process makes.
static MADE: AtomicU32 = AtomicU32::new(0);

/// A directory of the server's account, for the directories of servers and the locks on them.
#[derive(Clone)]
pub struct Place {
    root: PathBuf,
    account: Account,
}

/// The root of the repository, in which this crate lies.
pub fn repository() -> PathBuf {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_root.ancestors().nth(2).expect("this crate lies in `crates`").to_owned()
}

impl Place {
    /// Opens a directory, the usual one if none is named: in `target`, or where the server's account
    /// cannot get there, among the machine's temporary files.
    pub fn open(parent: Option<&Path>, account: Account) -> anyhow::Result<Self> {
        let target = repository().join("target");
        let root = match parent {
            Some(parent) => parent.join("throwaway-postgres"),
            None if target.is_dir() && account.can_reach(&target.join("throwaway-postgres")) => {
                target.join("throwaway-postgres")
            }
            None => std::env::temp_dir().join(format!("throwaway-postgres-{}", account.user())),
        };
        match DirBuilder::new().mode(0o700).create(&root) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(error).with_context(|| format!("{} cannot be made", root.display()));
            }
            _ => {}
        }
        // Anybody can put something of that name among the temporary files.
        let found = std::fs::symlink_metadata(&root)?;
        let is_ours = found.uid() == account.ours() || found.uid() == account.user();
        ensure!(
            found.is_dir() && is_ours,
            "{} belongs to somebody else; remove it",
            root.display()
        );
        account.own(&root)?;
        Ok(Self { root, account })
    }

    /// The account that owns it.
    pub fn account(&self) -> Account {
        self.account
    }

    /// A file or directory in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Makes a new directory in it, for one server.
    pub fn make_directory(&self, name: &str) -> anyhow::Result<PathBuf> {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let directory = self.root.join(format!("{name}-{}-{number}", std::process::id()));
        if directory.exists() {
            // Left by a process of the same number, whose supervisor was killed as well.
            std::fs::remove_dir_all(&directory)?;
        }
        DirBuilder::new().mode(0o700).create(&directory)?;
        self.account.own(&directory)?;
        Ok(directory)
    }

    /// Writes a file that nobody but the server's account and ourselves can read.
    pub fn write(&self, path: &Path, text: &str) -> anyhow::Result<()> {
        let mut file =
            File::options().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
        self.account.own(path)
    }

    /// Makes an empty file where there is none.
    pub fn touch(&self, path: &Path) -> anyhow::Result<()> {
        File::options().append(true).create(true).mode(0o600).open(path)?;
        self.account.own(path)
    }

    /// Waits until no other process is starting a shared server, until the answer is dropped.
    pub fn lock_starts(&self) -> anyhow::Result<File> {
        let root = File::open(&self.root)?;
        root.lock()?;
        Ok(root)
    }

    /// Takes part in using a server, until the answer is dropped. Waits while it is being removed.
    pub fn lock_use(&self, path: &Path) -> anyhow::Result<File> {
        loop {
            let file =
                File::options().read(true).append(true).create(true).mode(0o600).open(path)?;
            self.account.own(path)?;
            file.lock_shared()?;
            let opened = file.metadata()?;
            // The supervisor may have removed it between the two.
            let is_there = std::fs::metadata(path)
                .is_ok_and(|there| (there.dev(), there.ino()) == (opened.dev(), opened.ino()));
            if is_there {
                return Ok(file);
            }
        }
    }

    /// Leaves a server that could not be started, with no supervisor to remove the lock on it.
    pub fn give_up(lock: File, path: &Path) {
        drop(lock);
        let alone = File::open(path).is_ok_and(|file| file.try_lock().is_ok());
        if alone {
            // Gone already is as good.
            let _ = std::fs::remove_file(path);
        }
    }
}
