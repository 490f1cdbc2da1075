//! HTTP/1.1 over one connection, written out by hand: a harness must know whether an answer came
//! whole, and must be able to send what no client library would.

use anyhow::{Context as _, bail, ensure};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// No answer of the gateway is anywhere near this long; more is a mistake of one side.
const ANSWER_BYTES_MAX: usize = 4 << 20;
/// An answer that takes longer counts as none.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// A request in the making.
pub struct Request {
    head: String,
    body: Vec<u8>,
}

impl Request {
    /// A request of this method for this path and query.
    pub fn new(method: &str, target: &str, host: SocketAddr) -> Self {
        Self { head: format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n"), body: vec![] }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        write!(self.head, "{name}: {value}\r\n").expect("a string takes all that is written to it");
        self
    }

    /// Sets the body and says what it is.
    pub fn body(self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let length = body.len().to_string();
        let mut with_head =
            self.header("Content-Type", content_type).header("Content-Length", &length);
        with_head.body = body;
        with_head
    }

    /// The bytes on the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.head.as_bytes(), b"\r\n", &self.body].concat()
    }
}

/// An answer that came whole.
#[derive(Debug)]
pub struct Response {
    /// Its status.
    pub status: u16,
    headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
    /// Whether the connection may be used again.
    pub keeps_alive: bool,
}

impl Response {
    /// The first header of this name, written in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The body as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> anyhow::Result<serde_json::Value> {
        serde_json::from_slice(&self.body).with_context(|| {
            format!("an answer with status {} is not JSON: {}", self.status, self.text())
        })
    }
}

/// A connection to a server on this machine.
pub struct Connection {
    stream: TcpStream,
    /// What was read and belongs to no answer yet.
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    /// Sends a request and waits for its answer.
    pub async fn call(&mut self, request: &Request) -> anyhow::Result<Response> {
        self.send(&request.to_bytes()).await?;
        let answer = timeout(ANSWER_TIMEOUT, self.receive()).await;
        answer.context("no answer in time")??.context("closed before the answer")
    }

    /// Sends bytes as they are.
    pub async fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Says that nothing more will be sent.
    pub async fn finish_sending(&mut self) -> std::io::Result<()> {
        self.stream.shutdown().await
    }

    /// Reads the next answer whole. None: the server closed before its first byte.
    ///
    /// Fails when the connection breaks off within an answer, or when what comes is not HTTP.
    pub async fn receive(&mut self) -> anyhow::Result<Option<Response>> {
        self.receive_to(false).await
    }

    /// The same; the answer to a HEAD has no body, whatever length it names.
    pub async fn receive_to(&mut self, is_head: bool) -> anyhow::Result<Option<Response>> {
        loop {
            let mut head = loop {
                if let Some(head) = take_head(&mut self.buffer)? {
                    break head;
                }
                if !self.read_more().await? {
                    ensure!(self.buffer.is_empty(), "the connection broke off within a head");
                    return Ok(None);
                }
            };
            // An interim answer, such as 100 Continue, only announces the real one.
            if head.status >= 200 {
                if is_head {
                    head.framing = Framing::Length(0);
                }
                return Ok(Some(self.receive_body(head).await?));
            }
        }
    }

    async fn receive_body(&mut self, head: Head) -> anyhow::Result<Response> {
        let body = match head.framing {
            Framing::Length(length) => {
                while self.buffer.len() < length {
                    ensure!(self.read_more().await?, "the connection broke off within a body");
                }
                self.buffer.drain(..length).collect()
            }
            Framing::Chunked => loop {
                if let Some(body) = take_chunks(&mut self.buffer)? {
                    break body;
                }
                ensure!(self.read_more().await?, "the connection broke off within a chunk");
            },
            Framing::UntilClose => {
                while self.read_more().await? {}
                std::mem::take(&mut self.buffer)
            }
        };
        let Head { status, headers, keeps_alive, .. } = head;
        Ok(Response { status, headers, body, keeps_alive })
    }

    async fn read_more(&mut self) -> anyhow::Result<bool> {
        ensure!(self.buffer.len() < ANSWER_BYTES_MAX, "the answer does not end");
        Ok(self.stream.read_buf(&mut self.buffer).await? > 0)
    }
}

#[derive(Debug)]
enum Framing {
    Length(usize),
    Chunked,
    UntilClose,
}

#[derive(Debug)]
struct Head {
    status: u16,
    headers: Vec<(String, String)>,
    framing: Framing,
    keeps_alive: bool,
}

/// Takes a head off the front of the buffer, if all of it is there.
fn take_head(buffer: &mut Vec<u8>) -> anyhow::Result<Option<Head>> {
    let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&buffer[..end]).context("a head is not text")?;
    let mut lines = text.split("\r\n");
    let first = lines.next().unwrap_or("");
    let status = first.strip_prefix("HTTP/1.1 ").or_else(|| first.strip_prefix("HTTP/1.0 "));
    let Some(status) = status.and_then(|rest| rest.get(..3)?.parse().ok()) else {
        bail!("not the first line of an answer: {first:?}");
    };
    let mut headers = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(':').context("a header line has no colon")?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    buffer.drain(..end + 4);
    Ok(Some(Head {
        status,
        framing: framing(status, &headers)?,
        keeps_alive: find(&headers, "connection") != Some("close"),
        headers,
    }))
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

fn framing(status: u16, headers: &[(String, String)]) -> anyhow::Result<Framing> {
    if status < 200 || status == 204 || status == 304 {
        return Ok(Framing::Length(0));
    }
    if find(headers, "transfer-encoding").is_some_and(|value| value.ends_with("chunked")) {
        return Ok(Framing::Chunked);
    }
    match find(headers, "content-length") {
        Some(length) => Ok(Framing::Length(length.parse().context("a bad content-length")?)),
        None => Ok(Framing::UntilClose),
    }
}

/// Takes a chunked body off the front of the buffer, if all of it is there.
fn take_chunks(buffer: &mut Vec<u8>) -> anyhow::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let rest = &buffer[at..];
        let Some(line_end) = rest.windows(2).position(|window| window == b"\r\n") else {
            return Ok(None);
        };
        let size = std::str::from_utf8(&rest[..line_end]).context("a chunk size is not text")?;
        let size = size.split(';').next().unwrap_or("").trim();
        let size = usize::from_str_radix(size, 16).context("a chunk size is no number")?;
        ensure!(size < ANSWER_BYTES_MAX, "a chunk is too long");
        let data = line_end + 2;
        if rest.len() < data + size + 2 {
            return Ok(None);
        }
        body.extend_from_slice(&rest[data..data + size]);
        at += data + size + 2;
        if size == 0 {
            buffer.drain(..at);
            return Ok(Some(body));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_taken_only_when_it_is_whole() {
        let mut buffer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r".to_vec();
        assert!(take_head(&mut buffer).unwrap().is_none());
        buffer.extend_from_slice(b"\nok");
        let head = take_head(&mut buffer).unwrap().unwrap();
        assert_eq!(head.status, 200);
        assert!(head.keeps_alive);
        assert!(matches!(head.framing, Framing::Length(2)));
        assert_eq!(buffer, b"ok");
    }

    #[test]
    fn what_is_not_http_is_refused() {
        assert!(take_head(&mut b"SSH-2.0-x\r\n\r\n".to_vec()).is_err());
        assert!(take_head(&mut b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n".to_vec()).is_err());
    }

    #[test]
    fn a_chunked_body_is_joined() {
        let mut buffer = b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\nnext".to_vec();
        assert_eq!(take_chunks(&mut buffer).unwrap().unwrap(), b"abcde");
        assert_eq!(buffer, b"next");
        assert!(take_chunks(&mut b"3\r\nab".to_vec()).unwrap().is_none());
    }
}
