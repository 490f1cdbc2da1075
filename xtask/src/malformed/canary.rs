//! An honest platform and an honest payer, to see that they still come through.

use anyhow::{Context as _, bail, ensure};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::{sleep, timeout};

use crate::client::payer::{Payer, Stop};
use crate::client::shop::{self, Shop};

const CODE_TIMEOUT: Duration = Duration::from_secs(5);

/// Creates a payment that nobody pays.
pub async fn open_payment(shop: &Shop) -> anyhow::Result<String> {
    let body = shop::two_destinations(10_000, true).to_string();
    let mut payer = Payer::new(&[shop.gateway]);
    let answer = payer.call(shop.gateway, &shop.create(&body, None)).await?;
    ensure!(answer.status == 200, "create answered {}: {}", answer.status, answer.text());
    shop::payment_id(&answer)
}

/// Creates a payment, pays it by wallet and asks what became of it. Its id is given.
pub async fn sing(shop: &Shop, sandbox: SocketAddr, phone: &str) -> anyhow::Result<String> {
    let payment = open_payment(shop).await?;
    let mut payer = Payer::new(&[shop.gateway, sandbox]);
    let link = format!("http://{}/pay/{payment}", shop.gateway);
    let Stop::Page(place) = payer.open(&link).await? else { bail!("no checkout page") };
    let form = place.page.form_to("/wallet").context("no wallet on the checkout page")?;
    let sent = payer.submit(&place, &form.fill("tel", phone)).await?;
    let Stop::Page(place) = sent else { bail!("no page for the code") };
    let form = place.page.form_to("/code");
    let form = form.with_context(|| format!("no code on {}", place.describe()))?;
    let code = timeout(CODE_TIMEOUT, async {
        loop {
            match shop::newest_code(&mut payer, sandbox, phone).await? {
                Some(code) => return anyhow::Ok(code),
                None => sleep(Duration::from_millis(5)).await,
            }
        }
    });
    let code = code.await.context("no code reached the phone")??;
    match payer.submit(&place, &form.fill("one-time-code", &code)).await? {
        Stop::Shop(url) => ensure!(url.contains("/ok"), "led to {url}"),
        Stop::Page(place) => bail!("after the code the payer stands at {}", place.describe()),
    }
    let answer = payer.call(shop.gateway, &shop.verify(&payment)).await?;
    let status = shop::status(&answer)?;
    ensure!(status == "SUCCESS", "paid, and verify says {status}");
    Ok(payment)
}
