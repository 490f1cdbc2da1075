//! What only a server has: races between lanes and nodes, commits without an answer, a line that
//! breaks, and a schema that other engines share.

mod distributed;
mod folds;
mod leases;
mod lints;
mod moving;
mod plans;
mod proxy;
mod races;
mod unknown;

use std::net::SocketAddr;

use qisma_store::{Engine, Store};
use throwaway_postgres::Profile;

use crate::citus::postgres_at;
use crate::support::{Place, Told, on_server, open_engine};
use proxy::{Deed, Proxy};

/// A database with a store on it, as the operator has it, and one on the other side of a proxy.
pub struct Behind {
    pub place: Place,
    pub store: Store,
    pub told: Told,
}

impl Behind {
    pub async fn start(
        lanes: usize,
        script: impl Fn(usize, Option<&str>) -> Deed + Send + Sync + 'static,
    ) -> Self {
        let place = on_server(Profile::Plain, 1);
        place.people(2).await;
        let url = url::Url::parse(place.url()).expect("a URL");
        let port = url.port().expect("it has one");
        let proxy = Proxy::start(SocketAddr::from(([127, 0, 0, 1], port)), script).await;
        let mut url = url;
        url.set_port(Some(proxy.address.port())).expect("it has a host");
        let told = Told { seed: 1_000, ..Told::default() };
        let options = postgres_at(url.into(), lanes);
        // Opening waits for the server, which the proxy on this runtime must be free to carry.
        let telling = told.clone();
        let opened =
            tokio::task::spawn_blocking(move || open_engine(Engine::Postgres(options), &telling));
        Self { place, store: opened.await.expect("no panic"), told }
    }
}
