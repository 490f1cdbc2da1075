//! A database for a test that cannot wait in its own runtime.

use std::future::Future;

use crate::database::Database;
use crate::profile::{Profile, Stand};
use tokio::runtime::{Handle, Runtime};

/// The variable that says on which PostgreSQL a suite runs, by a profile's name; not set: on none.
pub const PROFILE_VARIABLE: &str = "QISMA_TEST_POSTGRES";

/// A database in the cluster that all tests of a profile share, with a runtime of its own to ask it.
/// Dropped, it is gone.
pub struct Lent {
    // In the order in which they have to go.
    database: Database,
    _stand: Stand,
    runtime: Option<Runtime>,
    profile: Profile,
}

impl Lent {
    /// One as the environment wants it, if it wants any. The template is made by `migrate`, of its URL.
    pub fn wanted(
        template: &str,
        migrate: impl FnOnce(&str) -> anyhow::Result<()> + Send + 'static,
    ) -> anyhow::Result<Option<Self>> {
        match std::env::var(PROFILE_VARIABLE) {
            Ok(profile) => Self::in_profile(profile.parse()?, template, migrate).map(Some),
            Err(_) => Ok(None),
        }
    }

    /// One in this profile.
    pub fn in_profile(
        profile: Profile,
        template: &str,
        migrate: impl FnOnce(&str) -> anyhow::Result<()> + Send + 'static,
    ) -> anyhow::Result<Self> {
        let template = template.to_owned();
        // On a thread of its own, because the caller's may belong to a runtime.
        let making = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()?;
            let stand = Stand::shared(profile)?;
            let database =
                runtime.block_on(stand.database_from(&template, async |url: &str| {
                    let url = url.to_owned();
                    tokio::task::spawn_blocking(move || migrate(&url)).await?
                }))?;
            Ok(Self { database, _stand: stand, runtime: Some(runtime), profile })
        });
        making.join().map_err(|_| anyhow::anyhow!("making a database panicked"))?
    }

    /// Where it is; with the password.
    pub fn url(&self) -> &str {
        self.database.url()
    }

    /// Whether a pooler in transaction mode stands before it.
    pub fn is_pooled(&self) -> bool {
        self.profile == Profile::Pooled
    }

    /// Waits for what is asked of it, on a thread that may wait.
    pub fn wait<T: Send>(&self, asking: impl Future<Output = T> + Send) -> T {
        let handle: &Handle = self.runtime.as_ref().expect("taken only by drop").handle();
        std::thread::scope(|scope| {
            scope.spawn(|| handle.block_on(asking)).join().expect("whoever asks does not panic")
        })
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // Not waited for: the test's own runtime must not be waited in.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
