//! Somebody on the line between the store and its server, who speaks the protocol: fails statements
//! with the errors of a busy server, and cuts the line around a COMMIT.
//!
//! A unit is what the server answers with one "ready for query": a statement with its parameters, or
//! a simple query. Units are counted over all connections.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// What is done with a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Nothing.
    Pass,
    /// The server is said to have answered with this SQLSTATE; a COMMIT is made a ROLLBACK.
    Fail(&'static str),
    /// The line is cut before the server hears of it.
    CutBefore,
    /// The line is cut when the server has done it, and before its answer arrives.
    CutAfter,
    /// The server is said to have warned.
    Warn,
    /// The server has done it, and is said to have died of this SQLSTATE meanwhile.
    Panic(&'static str),
}

type Script = dyn Fn(usize, Option<&str>) -> Deed + Send + Sync;

/// The somebody. Gone when the runtime is.
pub struct Proxy {
    pub address: SocketAddr,
}

struct Line {
    script: Arc<Script>,
    count: Arc<AtomicUsize>,
    pending: Mutex<VecDeque<(Deed, bool)>>,
}

impl Line {
    fn pending(&self) -> std::sync::MutexGuard<'_, VecDeque<(Deed, bool)>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Proxy {
    /// Stands before a server. The script is told each unit's number, and its text if it is a simple
    /// query.
    pub async fn start(
        server: SocketAddr,
        script: impl Fn(usize, Option<&str>) -> Deed + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (script, count): (Arc<Script>, _) = (Arc::new(script), Arc::new(AtomicUsize::new(0)));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let pending = Mutex::default();
                let line = Arc::new(Line { script: script.clone(), count: count.clone(), pending });
                tokio::spawn(carry(client, server, line));
            }
        });
        Self { address }
    }
}

/// Whichever way ends first, both sides are closed.
async fn carry(client: TcpStream, server: SocketAddr, line: Arc<Line>) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        _ = forth(from_client, to_server, &line) => {}
        _ = back(from_server, to_client, &line) => {}
    }
}

async fn forth(
    mut client: OwnedReadHalf,
    mut server: OwnedWriteHalf,
    line: &Line,
) -> io::Result<()> {
    // The greeting has no type.
    let length = client.read_u32().await?;
    let body = read(&mut client, length).await?;
    server.write_u32(length).await?;
    server.write_all(&body).await?;
    loop {
        let kind = client.read_u8().await?;
        let length = client.read_u32().await?;
        let mut body = read(&mut client, length).await?;
        if kind == b'S' || kind == b'Q' {
            let text = (kind == b'Q')
                .then(|| String::from_utf8_lossy(&body).trim_end_matches('\0').to_owned());
            let is_commit = text.as_deref() == Some("COMMIT");
            let number = line.count.fetch_add(1, Ordering::SeqCst);
            let deed = (line.script)(number, text.as_deref());
            if deed == Deed::CutBefore {
                return Ok(());
            }
            if is_commit && matches!(deed, Deed::Fail(_)) {
                body = b"ROLLBACK\0".to_vec();
            }
            line.pending().push_back((deed, is_commit));
        }
        server.write_u8(kind).await?;
        server.write_u32(u32::try_from(body.len()).expect("short") + 4).await?;
        server.write_all(&body).await?;
    }
}

async fn back(
    mut server: OwnedReadHalf,
    mut client: OwnedWriteHalf,
    line: &Line,
) -> io::Result<()> {
    let mut unit = vec![];
    loop {
        let kind = server.read_u8().await?;
        let length = server.read_u32().await?;
        let body = read(&mut server, length).await?;
        unit.push(kind);
        unit.extend_from_slice(&length.to_be_bytes());
        unit.extend_from_slice(&body);
        let is_greeting = kind == b'R';
        if kind != b'Z' && !is_greeting {
            continue;
        }
        let next = if is_greeting { None } else { line.pending().pop_front() };
        match next {
            Some((Deed::CutAfter, _)) => return Ok(()),
            Some((Deed::Fail(code), is_commit)) => {
                client.write_all(&said(b'E', "ERROR", code)).await?;
                let state = if is_commit { b'I' } else { b'E' };
                client.write_all(&[b'Z', 0, 0, 0, 5, state]).await?;
            }
            Some((Deed::Panic(code), _)) => {
                client.write_all(&said(b'E', "PANIC", code)).await?;
                return Ok(());
            }
            Some((Deed::Warn, _)) => {
                client.write_all(&said(b'N', "WARNING", "01000")).await?;
                client.write_all(&unit).await?;
            }
            _ => client.write_all(&unit).await?,
        }
        unit.clear();
    }
}

async fn read(from: &mut OwnedReadHalf, length: u32) -> io::Result<Vec<u8>> {
    let mut body = vec![0; usize::try_from(length).expect("short").saturating_sub(4)];
    from.read_exact(&mut body).await?;
    Ok(body)
}

/// An error or a notice of the server.
fn said(kind: u8, severity: &str, code: &str) -> Vec<u8> {
    let mut body = vec![];
    for (field, text) in [(b'S', severity), (b'V', severity), (b'C', code), (b'M', "planted")] {
        body.push(field);
        body.extend_from_slice(text.as_bytes());
        body.push(0);
    }
    body.push(0);
    let length = u32::try_from(body.len()).expect("short") + 4;
    [&[kind][..], &length.to_be_bytes(), &body].concat()
}
