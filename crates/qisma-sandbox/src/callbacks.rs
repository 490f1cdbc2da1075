//! Callbacks: the acquirer tells the merchant's address what happened to an order, by GET, and tries
//! again when nobody takes it (BPC manual, "Callback notifications").

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use url::{Host, Url};

use crate::clock::Clock;
use crate::faults::{CALLBACK, Faults, Kind};
use crate::limits;
use crate::orders::{Notice, Order};

/// Sends callbacks until it is told to stop.
pub struct Callbacks {
    key: Arc<str>,
    clock: Arc<dyn Clock>,
    faults: Arc<Faults>,
    stopped: CancellationToken,
}

impl Callbacks {
    pub fn new(key: String, clock: Arc<dyn Clock>, faults: Arc<Faults>) -> Self {
        Self { key: key.into(), clock, faults, stopped: CancellationToken::new() }
    }

    /// Sends nothing more. What is lost the merchant finds by reading the status, as it must anyway.
    pub fn stop(&self) {
        self.stopped.cancel();
    }

    /// Tells the order's callback address, if it has one, in the background.
    pub fn announce(&self, order: &Order, notice: Notice) {
        let mut messages = Vec::new();
        let number = Some(order.order_number.as_str());
        if self.faults.take(CALLBACK, number, &[Kind::ForgedCallback]).is_some() {
            messages.extend(self.forgeries(order));
        }
        let query = self.query(order, notice, notice.amount);
        if self.faults.take(CALLBACK, number, &[Kind::DuplicateCallback]).is_some() {
            messages.push((query.clone(), true));
        }
        messages.push((query, true));
        self.send(order, messages);
    }

    /// Tells the address, as a stranger would, that an order was paid.
    pub fn forge(&self, order: &Order) {
        self.send(order, self.forgeries(order));
    }

    /// Two lies: one whose checksum is wrong, one whose checksum is right but not the amount.
    fn forgeries(&self, order: &Order) -> Vec<(String, bool)> {
        let paid = Notice { operation: "deposited", ok: true, amount: order.amount };
        let mut unsigned = self.query(order, paid, order.amount);
        let checksum_at = unsigned.len() - 64;
        unsigned.replace_range(checksum_at.., &"0".repeat(64));
        vec![(unsigned, false), (self.query(order, paid, order.amount + 1), false)]
    }

    fn query(&self, order: &Order, notice: Notice, amount: i64) -> String {
        let fields = BTreeMap::from([
            ("amount", amount.to_string()),
            ("mdOrder", order.id.clone()),
            ("operation", notice.operation.to_owned()),
            ("orderNumber", order.order_number.clone()),
            ("status", i32::from(notice.ok).to_string()),
        ]);
        let checksum = checksum(&fields, &self.key);
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .append_pair("checksum", &checksum)
            .finish()
    }

    /// Sends messages one after the other; each says whether it is worth repeating.
    fn send(&self, order: &Order, messages: Vec<(String, bool)>) {
        let Some(target) = order.callback_url.as_deref().and_then(Target::parse) else { return };
        let (clock, stopped) = (Arc::clone(&self.clock), self.stopped.clone());
        let order_number = order.order_number.clone();
        tokio::spawn(async move {
            let deliver = async {
                for (query, repeat) in messages {
                    let repeats = if repeat { limits::CALLBACK_REPEATS_MAX } else { 0 };
                    if !target.deliver(&query, repeats, clock.as_ref()).await {
                        tracing::info!(order_number, "nobody took a callback of the sandbox");
                    }
                }
            };
            tokio::select! {
                () = deliver => {}
                () = stopped.cancelled() => {}
            }
        });
    }
}

/// HMAC-SHA256 in upper-case hex over `name;value;` of all fields, sorted by name.
fn checksum(fields: &BTreeMap<&str, String>, key: &str) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes a key of any length");
    for (name, value) in fields {
        mac.update(format!("{name};{value};").as_bytes());
    }
    mac.finalize().into_bytes().iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02X}").expect("a String takes any text");
        hex
    })
}

/// An address on this machine. The sandbox calls nothing else, so that nobody can use it to reach out;
/// and since that needs neither names nor TLS, a socket will do.
struct Target {
    addresses: Vec<SocketAddr>,
    host: String,
    path: String,
}

impl Target {
    fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok().filter(|url| url.scheme() == "http")?;
        let ips: Vec<IpAddr> = match url.host()? {
            Host::Ipv4(ip) if ip.is_loopback() => vec![ip.into()],
            Host::Ipv6(ip) if ip.is_loopback() => vec![ip.into()],
            Host::Domain("localhost") => {
                vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
            }
            _ => return None,
        };
        let port = url.port_or_known_default()?;
        let separator = if url.query().is_some_and(|query| !query.is_empty()) { "&" } else { "" };
        Some(Self {
            addresses: ips.into_iter().map(|ip| SocketAddr::new(ip, port)).collect(),
            host: format!("{}:{port}", url.host_str()?),
            path: format!("{}?{}{separator}", url.path(), url.query().unwrap_or("")),
        })
    }

    async fn deliver(&self, query: &str, repeats: u32, clock: &dyn Clock) -> bool {
        for repeat in 0..=repeats {
            if repeat > 0 {
                clock.sleep_until(clock.now_ms() + limits::CALLBACK_PAUSE_MS).await;
            }
            let status = tokio::time::timeout(limits::CALLBACK_TIMEOUT, self.get(query)).await;
            if matches!(status, Ok(Ok(200..=299))) {
                return true;
            }
        }
        false
    }

    async fn get(&self, query: &str) -> io::Result<u16> {
        let mut stream = TcpStream::connect(self.addresses.as_slice()).await?;
        let request = format!(
            "GET {}{query} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\naccept: */*\r\n\r\n",
            self.path, self.host
        );
        stream.write_all(request.as_bytes()).await?;
        // "HTTP/1.1 200" is all that matters of the answer.
        let mut start = [0_u8; 12];
        stream.read_exact(&mut start).await?;
        str::from_utf8(&start[9..])
            .ok()
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(|| io::Error::other("the answer does not begin with a status line"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_called() {
        for good in ["http://127.0.0.1:8080/n", "http://[::1]/n", "http://localhost:1/?a=b"] {
            assert!(Target::parse(good).is_some(), "{good}");
        }
        for bad in ["https://127.0.0.1/", "http://10.0.0.1/", "http://localhost.example/", "x"] {
            assert!(Target::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_query_of_the_address_is_kept() {
        let target = Target::parse("http://localhost:1/n?secret=s").unwrap();
        assert_eq!(target.path, "/n?secret=s&");
        assert_eq!(Target::parse("http://localhost/n").unwrap().path, "/n?");
    }
}
