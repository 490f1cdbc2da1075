//! A payer with the simplest of browsers: follows redirects and refreshes between the gateway and
//! the bank, fills forms, and stops where the shop begins.

use anyhow::{Context as _, bail};
use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::page::{Form, Page};
use super::wire::{Connection, Request, Response};

/// More steps in a row than any payment takes: a loop.
const STEPS_MAX: usize = 20;

/// Where a walk ended.
#[derive(Debug)]
pub enum Stop {
    /// On a page that waits for the payer.
    Page(Place),
    /// At the shop, with this address.
    Shop(String),
}

/// A page, and where it stands.
#[derive(Debug)]
pub struct Place {
    at: Address,
    /// The status it came with.
    pub status: u16,
    /// What can be done on it.
    pub page: Page,
    /// The page as it came.
    pub html: String,
}

impl Place {
    /// Where the page stands.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.at.host, self.at.target)
    }

    /// The page in a few words, for whoever reads a report.
    pub fn describe(&self) -> String {
        let heading = self.html.split_once("<h1>").and_then(|(_, rest)| rest.split_once("</h1>"));
        let heading = heading.map_or("no heading", |(heading, _)| heading);
        let notice = self.html.split_once("role=\"alert\">").and_then(|(_, rest)| {
            let text = rest.split_once("</p>")?.0;
            Some(text.rsplit_once("<span>")?.1.trim_end_matches("</span>").to_owned())
        });
        let notice = notice.map(|notice| format!(", which says {notice:?}")).unwrap_or_default();
        format!("{} ({}, {heading:?}){notice}", self.at.target, self.status)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Address {
    host: SocketAddr,
    target: String,
}

/// A payer.
pub struct Payer {
    hosts: Vec<SocketAddr>,
    connections: BTreeMap<SocketAddr, Connection>,
}

impl Payer {
    /// A payer who walks between these hosts; everything else is the shop.
    pub fn new(hosts: &[SocketAddr]) -> Self {
        Self { hosts: hosts.to_vec(), connections: BTreeMap::new() }
    }

    /// Opens an address and walks on for as long as pages lead on by themselves.
    pub async fn open(&mut self, url: &str) -> anyhow::Result<Stop> {
        match self.address(url) {
            Some(address) => self.walk(address, None).await,
            None => Ok(Stop::Shop(url.to_owned())),
        }
    }

    /// Sends a form of a page and walks on from its answer.
    pub async fn submit(&mut self, place: &Place, form: &Form) -> anyhow::Result<Stop> {
        let Some(address) = self.resolve(&place.at, &form.action) else {
            bail!("a form of {} is sent to another site: {}", place.at.target, form.action);
        };
        self.walk(address, Some(form.encode())).await
    }

    /// One GET or POST, without following anything.
    pub async fn fetch(
        &mut self,
        host: SocketAddr,
        target: &str,
        form: Option<&str>,
    ) -> anyhow::Result<Response> {
        let request = match form {
            None => Request::new("GET", target, host),
            Some(form) => {
                let request = Request::new("POST", target, host);
                request.body("application/x-www-form-urlencoded", form)
            }
        };
        self.call(host, &request).await
    }

    /// Sends a request over the connection that is open to the host, or a new one. A request whose
    /// connection broke is not sent twice: whether it had an effect is for the caller to find out.
    pub async fn call(&mut self, host: SocketAddr, request: &Request) -> anyhow::Result<Response> {
        let mut connection = match self.connections.remove(&host) {
            Some(connection) => connection,
            None => Connection::open(host).await?,
        };
        let response = connection.call(request).await?;
        if response.keeps_alive {
            self.connections.insert(host, connection);
        }
        Ok(response)
    }

    async fn walk(&mut self, mut at: Address, mut form: Option<String>) -> anyhow::Result<Stop> {
        let begun = at.target.clone();
        for _ in 0..STEPS_MAX {
            let response = self.fetch(at.host, &at.target, form.take().as_deref()).await?;
            let next = match response.status {
                302 | 303 => {
                    let to = response.header("location").context("a redirect leads nowhere")?;
                    to.to_owned()
                }
                status => {
                    let html = response.text();
                    let page = Page::parse(&html);
                    let refresh = page.refresh.as_ref().filter(|refresh| refresh.secs == 0);
                    match refresh.and_then(|refresh| refresh.target.clone()) {
                        Some(target) => target,
                        None => return Ok(Stop::Page(Place { at, status, page, html })),
                    }
                }
            };
            match self.resolve(&at, &next) {
                Some(address) => at = address,
                None => return Ok(Stop::Shop(next)),
            }
        }
        bail!("the walk from {begun} does not end; it is at {}", at.target)
    }

    /// An address on one of our hosts.
    fn address(&self, url: &str) -> Option<Address> {
        let rest = url.strip_prefix("http://")?;
        let (host, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let host = self.hosts.iter().copied().find(|known| known.to_string() == host)?;
        let target = if target.is_empty() { "/" } else { target };
        Some(Address { host, target: target.to_owned() })
    }

    /// What a link on a page leads to; None: away from our hosts.
    fn resolve(&self, from: &Address, link: &str) -> Option<Address> {
        if link.starts_with('/') {
            return Some(Address { host: from.host, target: link.to_owned() });
        }
        if link.starts_with('?') {
            let path = from.target.split('?').next().unwrap_or("/");
            return Some(Address { host: from.host, target: format!("{path}{link}") });
        }
        self.address(link)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payer() -> Payer {
        Payer::new(&["127.0.0.1:8080".parse().unwrap(), "127.0.0.1:8081".parse().unwrap()])
    }

    #[test]
    fn the_shop_begins_where_our_hosts_end() {
        let payer = payer();
        let here = payer.address("http://127.0.0.1:8080/pay/a?lang=fr").unwrap();
        assert_eq!(here.target, "/pay/a?lang=fr");
        assert_eq!(payer.address("http://127.0.0.1:8081").unwrap().target, "/");
        assert_eq!(payer.address("http://127.0.0.1:80801/x"), None);
        assert_eq!(payer.address("https://shop.example/ok"), None);
    }

    #[test]
    fn links_are_resolved_on_the_page_they_stand_on() {
        let payer = payer();
        let here = payer.address("http://127.0.0.1:8081/payment/a?x=1").unwrap();
        assert_eq!(payer.resolve(&here, "/b").unwrap().host, here.host);
        assert_eq!(payer.resolve(&here, "?y=2").unwrap().target, "/payment/a?y=2");
        let bank = payer.resolve(&here, "http://127.0.0.1:8080/pay/a/return").unwrap();
        assert_eq!(bank.target, "/pay/a/return");
    }
}
