//! Keys that one gateway has seen a moment ago, and another takes away.

use std::net::TcpListener;

use qisma::clock::ManualClock;
use qisma::gateway::Gateway;
use qisma_domain::ids::Mode;
use qisma_domain::merchant::MerchantStatus;
use reqwest::Client;
use reqwest::header::AUTHORIZATION;
use throwaway_postgres::{Lent, Profile};
use tokio_util::sync::CancellationToken;

use super::work::Node;
use crate::given;
use crate::test_app::{START, bearer, migrate, template};

fn serve(gateway: &Gateway) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/api/v2/verify_payment/x", listener.local_addr().unwrap());
    tokio::spawn(qisma::http::serve(gateway.clone(), listener, CancellationToken::new()));
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_gateway_takes_away_the_other_refuses_a_second_later() {
    let database = Lent::in_profile(Profile::Plain, &template(), migrate).unwrap();
    let clock = ManualClock::starting_at(START);
    let one = Node::start(&clock, &database, 1).await;
    let other = Node::start(&clock, &database, 2).await;
    given::a_merchant(&one.gateway, given::PLATFORM).await;
    let app = given::an_app(&one.gateway, given::PLATFORM, Mode::Test).await;
    let client = Client::builder().no_proxy().build().unwrap();
    let (at_one, at_other) = (serve(&one.gateway), serve(&other.gateway));
    let status = async |url: &str| {
        let request = client.get(url).header(AUTHORIZATION, bearer(&app));
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!((status(&at_one).await, status(&at_other).await), (404, 404));
    given::set_status(&one.gateway, given::PLATFORM, MerchantStatus::Suspended).await;
    assert_eq!(status(&at_one).await, 401);
    clock.advance(1);
    assert_eq!(status(&at_other).await, 401);
}
