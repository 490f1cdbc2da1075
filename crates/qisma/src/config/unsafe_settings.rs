//! Settings that are allowed but dangerous. Each is a sentence that says what to do about it.

use std::net::SocketAddr;
use std::path::PathBuf;

use url::{Host, Url};

use super::{Config, Http, Network, WalletRail};

/// Everything that an operator should look at before real money goes through.
pub(super) fn of(config: &Config, exposed_file: Option<PathBuf>) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(path) = exposed_file {
        let path = path.display();
        found.push(format!("{path} holds secrets and others may read it; run: chmod 600 {path}"));
    }
    check_http(config, &mut found);
    check_outside(config, &mut found);
    if config.workers.deliveries_are_paused {
        found.push(
            "workers.paused keeps this node's share of the webhooks back, so nobody hears of those payments; \
             start again without it when the restored books have been looked at"
                .to_owned(),
        );
    }
    found
}

fn check_http(config: &Config, found: &mut Vec<String>) {
    let http = &config.http;
    if !is_loopback(http.listen) && http.tls.is_none() && http.trusted_proxies.is_empty() {
        found.push(
            "http.listen is open to other machines without https; set http.tls_cert and \
             http.tls_key, or put a proxy in front and name it in http.trusted_proxies"
                .to_owned(),
        );
    }
    if http.listen.ip().is_unspecified() && http.public_url.is_none() {
        found.push(
            "http.public_url is not set, so links name an address that no payer can open; set it \
             to the address that browsers use"
                .to_owned(),
        );
    }
    let public =
        [("http.public_url", &http.public_url), ("http.link_base_url", &http.link_base_url)];
    for (key, url) in public {
        if url.as_ref().is_some_and(is_plain_to_others) {
            found.push(format!("{key} is plain http, so codes travel unprotected; use https"));
        }
    }
    if is_behind_an_unnamed_proxy(http) {
        found.push(
            "http.public_url is not where http.listen is, so a proxy stands in front and all clients \
             look like one to the limits of http.*_per_minute_max; name it in http.trusted_proxies"
                .to_owned(),
        );
    }
    if http.trusted_proxies.iter().any(Network::is_everything) {
        found.push(
            "http.trusted_proxies believes everybody, so anyone may claim any address; name only \
             your own proxies"
                .to_owned(),
        );
    }
    if config.metrics.listen.is_some_and(|listen| !is_loopback(listen)) {
        found.push(
            "metrics.listen is open to other machines and asks for no password; keep it on a \
             private network"
                .to_owned(),
        );
    }
}

fn check_outside(config: &Config, found: &mut Vec<String>) {
    if config.qr.account.is_some() {
        found.push(
            "qr.account is in every live code, and what wallet apps pay straight into it is matched with \
             no payment; leave it empty unless somebody reads the account's statements"
                .to_owned(),
        );
    }
    if !is_loopback(config.sandbox.listen) {
        found.push(
            "sandbox.listen is open to other machines; the sandbox approves cards that do not \
             exist, so keep it on this one"
                .to_owned(),
        );
    }
    if let Some(smt) = &config.acquirers.smt {
        if is_plain_to_others(&smt.url) {
            found.push(
                "acquirers.smt.url is plain http, so the password travels unprotected; use https"
                    .to_owned(),
            );
        }
        if !config.links.https_only {
            found.push(
                "links.https_only is off while live cards are on, so payers may be sent on to \
                 plain http pages; set it to true"
                    .to_owned(),
            );
        }
    }
    match &config.messages.sms {
        None if config.rails.wallet == WalletRail::Always => found.push(
            "rails.wallet.enabled opens live wallets but messages.sms.url is not set, so no live \
             payer can get a code; set it, or keep wallets to test mode"
                .to_owned(),
        ),
        Some(sms) if is_plain_to_others(&sms.url) => found.push(
            "messages.sms.url is plain http, so payers' codes travel unprotected; use https"
                .to_owned(),
        ),
        _ => {}
    }
    if config.webhooks.allow_loopback {
        found.push(
            "webhooks.allow_loopback lets test-mode platforms reach this machine's own services; \
             turn it off outside development"
                .to_owned(),
        );
    }
}

/// Nobody but a proxy of this machine can bring browsers to a gateway that listens to itself alone.
fn is_behind_an_unnamed_proxy(http: &Http) -> bool {
    let is_public = http.public_url.as_ref().is_some_and(|url| !stays_here(url));
    is_loopback(http.listen) && is_public && http.trusted_proxies.is_empty()
}

const fn is_loopback(address: SocketAddr) -> bool {
    address.ip().is_loopback()
}

/// Whether the address is plain http to another machine.
fn is_plain_to_others(url: &Url) -> bool {
    url.scheme() == "http" && !stays_here(url)
}

fn stays_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}
