//! Several servers in one URL: whichever takes writes is found past those that do not.

use qisma_store::{Engine, PostgresOptions, Store};
use std::net::{SocketAddr, TcpListener};
use throwaway_postgres::Profile;

use crate::commands::create_merchant;
use crate::support::{Place, Told, on_server, open_engine, verdict};

/// A store whose URL names another server before the one of the place.
async fn store_behind(other: SocketAddr, place: &Place) -> Store {
    let url = place.url().replacen("@127.0.0.1:", &format!("@{other},127.0.0.1:"), 1);
    let options = PostgresOptions { url, tls_ca_file: None, is_pooled: false, lanes: 1 };
    let open = move || open_engine(Engine::Postgres(options), &Told::default());
    tokio::task::spawn_blocking(open).await.expect("no panic")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_server_does_not_hide_the_ones_named_after_it() {
    let place = on_server(Profile::Plain, 1);
    // The kernel takes connections for it; nobody ever greets.
    let frozen = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let store = store_behind(frozen.local_addr().expect("it is bound"), &place).await;
    verdict(store.run(create_merchant(50)).await).expect("it is made");
    assert_eq!(place.number("SELECT count(*) FROM merchants WHERE id = 50"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_gone_does_not_hide_the_ones_named_after_it() {
    let place = on_server(Profile::Plain, 1);
    let gone = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = gone.local_addr().expect("it is bound");
    drop(gone);
    let store = store_behind(address, &place).await;
    verdict(store.run(create_merchant(50)).await).expect("it is made");
    assert_eq!(place.number("SELECT count(*) FROM merchants WHERE id = 50"), 1);
}
