//! Finds the server that takes writes among those that a URL names.
//!
//! Each server has its own two seconds. The driver's limit ends with the TCP handshake, which the
//! kernel of a frozen server still answers: there it would wait for a greeting that never comes, and
//! the servers after it would not be asked.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_postgres::error::Severity;
use tokio_postgres::{AsyncMessage, Client, Config, NoTls};

use super::connection::CONNECT_TIMEOUT;
use super::target::{Server, Target};
use super::trouble::chain;

/// Connects to the first server that lets us in. The connection lives on the runtime of the caller.
///
/// Fails when none does, with what each of them said.
pub(super) async fn connect(target: &Target, warned: &Arc<AtomicBool>) -> Result<Client, String> {
    let mut causes = vec![];
    for server in target.servers() {
        let answer = timeout(CONNECT_TIMEOUT, greet(&server.config, target, warned)).await;
        let cause = match answer {
            Ok(Ok(client)) => return Ok(client),
            Ok(Err(error)) => chain(&error),
            Err(_) => "it does not answer".to_owned(),
        };
        causes.push((server, cause));
    }
    Err(tell(&causes))
}

async fn greet(
    config: &Config,
    target: &Target,
    warned: &Arc<AtomicBool>,
) -> Result<Client, tokio_postgres::Error> {
    match target.tls() {
        None => {
            let (client, connection) = config.connect(NoTls).await?;
            tokio::spawn(serve(connection, warned.clone()));
            Ok(client)
        }
        Some(tls) => {
            let (client, connection) = config.connect(tls).await?;
            tokio::spawn(serve(connection, warned.clone()));
            Ok(client)
        }
    }
}

/// One server needs no name: whoever reads this sees it already.
fn tell(causes: &[(&Server, String)]) -> String {
    if let [(_, cause)] = causes {
        return cause.clone();
    }
    let told = causes.iter().map(|(server, cause)| format!("{}: {cause}", server.name));
    told.collect::<Vec<_>>().join("; ")
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
