//! What a gateway says of a clock that is off.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use qisma::clock::{Clock, Sleep, SystemClock, Timestamp};
use qisma::config::{Config, Sources};
use qisma::data_dir::DataDir;
use qisma::gateway::{Gateway, GatewayOptions};
use qisma::keyring::{Keyring, MasterKey};
use qisma::outbound::install_tls_provider;
use qisma::random::Randomness;
use reqwest::Client;
use throwaway_postgres::{Lent, Profile};
use tokio_util::sync::CancellationToken;

use crate::test_app::{MASTER_KEY, Reply, migrate, template};

/// The machine's clock, if it were set wrongly.
struct Ahead;

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus_micros(10_000_000)
    }

    fn sleep_until(&self, at: Timestamp) -> Sleep {
        SystemClock.sleep_until(at.plus_micros(-10_000_000))
    }

    fn is_of_the_world(&self) -> bool {
        true
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_whose_clock_is_off_says_so_to_whoever_watches() {
    install_tls_provider();
    let database = Lent::in_profile(Profile::Plain, &template(), migrate).unwrap();
    let data = tempfile::tempdir().unwrap();
    let variables = vec![("QISMA__DATABASE__URL".to_owned(), database.url().to_owned())];
    let sources = Sources { variables, ..Sources::default() };
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let bound = listener.local_addr().unwrap();
    let options = GatewayOptions {
        config: Config::load(&sources, &DataDir::open(data.path()).unwrap()).unwrap(),
        keyring: Keyring::new(&MasterKey::parse(MASTER_KEY).unwrap()),
        clock: Arc::new(Ahead),
        randomness: Randomness::seeded(3),
        bound,
    };
    let opening = tokio::task::spawn_blocking(move || Gateway::open(options));
    let gateway = opening.await.unwrap().unwrap();
    tokio::spawn(qisma::http::serve(gateway.clone(), listener, CancellationToken::new()));
    gateway.store.keep_leases().await;
    let client = Client::builder().no_proxy().build().unwrap();
    let reply = Reply::of(client.get(format!("http://{bound}/health"))).await;
    assert_eq!((reply.status, reply.json()["status"].as_str()), (503, Some("clock_off")));
}
