//! A server for tests that reads one request per connection and answers with given bytes.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does after it has read a request.
#[derive(Clone, Debug)]
pub(crate) enum Canned {
    /// Writes these bytes and closes.
    Bytes(Vec<u8>),
    /// Writes these bytes and keeps the connection open for ever.
    Stall(Vec<u8>),
    /// Writes a head, then a body that does not end.
    Endless,
}

impl Canned {
    /// A whole answer with this status line and body.
    pub(crate) fn answer(status: &str, body: &str) -> Self {
        let length = body.len();
        Self::Bytes(
            format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes(),
        )
    }

    /// A 200 with this body.
    pub(crate) fn ok(body: &str) -> Self {
        Self::answer("200 OK", body)
    }
}

/// A running server. It ends with the test's runtime.
pub(crate) struct CannedServer {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl CannedServer {
    pub(crate) async fn start(canned: Canned) -> Self {
        Self::start_on("127.0.0.1:0", canned).await
    }

    async fn start_on(bind: &str, canned: Canned) -> Self {
        let listener = TcpListener::bind(bind).await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, canned.clone(), Arc::clone(&seen)));
            }
        });
        Self { address, requests }
    }

    /// The base of this server's URLs, without a final slash.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request read so far, head and body, as text.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no holder of this lock panics").clone()
    }

    /// The only request there may have been.
    pub(crate) fn only_request(&self) -> String {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "exactly one request was expected");
        requests.concat()
    }
}

/// An address where nobody listens.
pub(crate) async fn closed_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    listener.local_addr().expect("a bound listener has an address")
}

async fn serve(mut stream: TcpStream, canned: Canned, seen: Arc<Mutex<Vec<String>>>) {
    let Some(request) = read_request(&mut stream).await else { return };
    seen.lock().expect("no holder of this lock panics").push(request);
    match canned {
        Canned::Bytes(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Canned::Stall(bytes) => {
            let _ = stream.write_all(&bytes).await;
            std::future::pending::<()>().await;
        }
        Canned::Endless => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            while stream.write_all(&[b'a'; 4096]).await.is_ok() {}
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).await.ok()?;
        if count == 0 {
            return None;
        }
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && body.len() >= body_length(head)
        {
            return Some(text);
        }
    }
}

fn body_length(head: &str) -> usize {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0)
}
