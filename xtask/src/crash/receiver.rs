//! A platform's webhook receiver: takes every call with 204 and remembers what it said. A webhook is
//! an acknowledgment like any other.

use anyhow::Context as _;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::run::Run;

/// A head of a webhook is far shorter.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// A listening receiver; dropped, it stops.
pub struct Receiver {
    task: JoinHandle<()>,
}

impl Receiver {
    /// Listens on a port that the webhooks of a run are sent to.
    pub async fn listen(address: SocketAddr, run: Arc<Run>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address).await.context("the receiver cannot listen")?;
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let run = run.clone();
                // A connection that breaks off is tried again by the gateway.
                tokio::spawn(async move { drop(serve(stream, &run).await) });
            }
        });
        Ok(Self { task })
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, run: &Run) -> std::io::Result<()> {
    let mut buffer = Vec::new();
    while buffer.len() < HEAD_BYTES_MAX {
        while let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head: Vec<u8> = buffer.drain(..end + 4).collect();
            if let Some((payment, paid)) = parse(&String::from_utf8_lossy(&head)) {
                run.webhook_came(&payment, paid);
            }
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await?;
        }
        if stream.read_buf(&mut buffer).await? == 0 {
            break;
        }
    }
    Ok(())
}

/// Reads `GET /hook?payment_id=ID&success=True HTTP/1.1`.
fn parse(head: &str) -> Option<(String, bool)> {
    let target = head.lines().next()?.split(' ').nth(1)?;
    let pairs: BTreeSet<&str> = target.split_once('?')?.1.split('&').collect();
    let payment = pairs.iter().find_map(|pair| pair.strip_prefix("payment_id="))?;
    let paid = pairs.iter().find_map(|pair| pair.strip_prefix("success="))?;
    match paid {
        "True" => Some(((*payment).to_owned(), true)),
        "False" => Some(((*payment).to_owned(), false)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_webhook_says_which_payment_and_whether_it_was_paid() {
        let head = "GET /hook?s=1&payment_id=-a_b&success=True HTTP/1.1\r\nhost: x\r\n\r\n";
        assert_eq!(parse(head), Some(("-a_b".into(), true)));
        assert_eq!(
            parse("GET /hook?payment_id=a&success=False HTTP/1.1"),
            Some(("a".into(), false))
        );
        assert_eq!(parse("GET /hook?payment_id=a&success=true HTTP/1.1"), None);
        assert_eq!(parse("GET /favicon.ico HTTP/1.1"), None);
    }
}
