//! Connecting: to whichever server takes writes and keeps what it says.

use std::cell::RefCell;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::config::Host;
use tokio_postgres::error::Severity;
use tokio_postgres::{AsyncMessage, NoTls};

use super::{CONNECT_TIMEOUT, Connection};
use crate::error::OpenError;
use crate::postgres::target::Target;
use crate::postgres::trouble::{Trouble, chain};

const LOOK_WHETHER_IT_RUNS: &str =
    "look whether it runs and can be reached from here, and whether database.url names it rightly";

impl Connection {
    /// Connects to whichever of the servers takes writes, and makes sure that it keeps what it says.
    ///
    /// Each is tried with a deadline of its own: one that is frozen takes a connection and says
    /// nothing, and must not stand before the others.
    pub(crate) fn open(target: &Target) -> Result<Self, OpenError> {
        let mut refusals = vec![];
        for config in target.configs() {
            match Self::open_one(target, &config) {
                Ok(connection) => return Ok(connection),
                // The others have their own causes, and any of them may be the one to mend.
                Err(OpenError::Server { cause, .. }) => refusals.push((host(&config), cause)),
                Err(error) => return Err(error),
            }
        }
        let cause = match refusals.as_slice() {
            [] => return Err(OpenError::Url("it names no host".into())),
            [(_, cause)] => cause.clone(),
            all => {
                let said: Vec<String> =
                    all.iter().map(|(host, cause)| format!("{host}: {cause}")).collect();
                said.join("; ")
            }
        };
        Err(OpenError::Server { server: target.name(), cause })
    }

    fn open_one(target: &Target, config: &tokio_postgres::Config) -> Result<Self, OpenError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(OpenError::Thread)?;
        let warned = Arc::new(AtomicBool::new(false));
        let refused = |cause: String| OpenError::Server { server: target.name(), cause };
        let tls = target.tls();
        let connecting = async {
            match tls {
                None => {
                    let (client, connection) = config.connect(NoTls).await?;
                    runtime.spawn(serve(connection, warned.clone()));
                    Ok(client)
                }
                Some(tls) => {
                    let (client, connection) = config.connect(tls).await?;
                    runtime.spawn(serve(connection, warned.clone()));
                    Ok(client)
                }
            }
        };
        let client = runtime
            .block_on(async { tokio::time::timeout(CONNECT_TIMEOUT, connecting).await })
            .map_err(|_| refused(format!("it does not answer ({LOOK_WHETHER_IT_RUNS})")))?
            .map_err(|error: tokio_postgres::Error| refused(with_advice(&error)))?;
        let mut connection = Self {
            client,
            runtime: Some(runtime),
            prepared: RefCell::default(),
            warned,
            is_pooled: target.is_pooled(),
            is_citus: target.is_citus(),
            durability: String::new(),
        };
        connection.durability = connection.check_durability(target)?;
        Ok(connection)
    }

    /// Reads `synchronous_commit`, and keeps it as it is: a change of the server's settings must not
    /// reach a session that has promised more.
    fn check_durability(&self, target: &Target) -> Result<String, OpenError> {
        let refused =
            |error: Trouble| OpenError::Server { server: target.name(), cause: error.to_string() };
        let found = self.simple("SHOW synchronous_commit").map_err(refused)?.unwrap_or_default();
        if !["on", "remote_apply"].contains(&found.as_str()) {
            return Err(OpenError::Pragma { pragma: "synchronous_commit", wanted: "on", found });
        }
        if !self.is_pooled {
            self.execute_batch(&format!("SET synchronous_commit = {found}")).map_err(refused)?;
        }
        Ok(found)
    }
}

/// One of several servers, for whoever reads what each of them said.
fn host(config: &tokio_postgres::Config) -> String {
    match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "?".to_owned(),
    }
}

/// What was said, and what to do about it.
fn with_advice(error: &tokio_postgres::Error) -> String {
    let said = chain(error);
    if said.contains("does not allow writes") {
        return format!(
            "{said} (name its primary, or all servers of its cluster, in database.url, and look whether \
             default_transaction_read_only is on)"
        );
    }
    match error.as_db_error() {
        // The server speaks for itself: a password, a role, a database that is not there.
        Some(_) => said,
        None => format!("{said} ({LOOK_WHETHER_IT_RUNS})"),
    }
}

/// Moves bytes for a connection until it ends, and listens for warnings.
async fn serve<S, T>(mut connection: tokio_postgres::Connection<S, T>, warned: Arc<AtomicBool>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
        if let AsyncMessage::Notice(notice) = message
            && notice.parsed_severity() == Some(Severity::Warning)
        {
            warned.store(true, Ordering::Relaxed);
        }
    }
}
