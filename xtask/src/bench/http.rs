//! The gateway over HTTP, against itself without its store.

use anyhow::{Context as _, ensure};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::disk::Disk;
use super::load::{Draw, Measured, Until, closed, open};
use super::report::{Row, Table};
use crate::client::shop::{Shop, two_destinations};
use crate::client::stand::{Stand, StandOptions};

const ROUNDS: usize = 5;
/// What the open loop asks for.
const OPEN_PER_SECOND: u32 = 2_000;

/// The same binary twice: one stores, one does not.
struct Sides {
    real: Stand,
    yardstick: Stand,
    create: Draw,
    create_unstored: Draw,
    shop: Shop,
    shop_unstored: Shop,
}

/// Measures everything there is to measure over HTTP.
pub async fn measure(
    binary: &Path,
    is_full: bool,
    disk: &Disk,
    table: &mut Table,
) -> anyhow::Result<()> {
    let mut sides = Sides::open(binary, None).await?;
    let (time, payments) = if is_full {
        (Duration::from_secs(5), 1_000_000)
    } else {
        (Duration::from_secs(2), 20_000)
    };
    let resident_begin = sides.resident_mb();
    let mut known = Vec::new();
    for clients in [64, 256] {
        println!("bench: generate_payment, {clients} connections ...");
        let (create, unstored) = (sides.create.clone(), sides.create_unstored.clone());
        let (row, created) = sides.compare(clients, time, &create, &unstored).await?;
        known.extend(created);
        table.add(Row {
            what: format!("generate_payment, {clients} connections"),
            goal_permille: Some(400),
            ..row
        });
    }
    if known.len() < payments {
        println!("bench: filling up to {payments} payments ...");
        let turns = Until::Turns((payments - known.len()).div_ceil(64));
        known.extend(closed(sides.real.gateway, 64, turns, &sides.create).await?.payments);
    }
    let count = known.len();
    let known: Arc<[String]> = known.into();
    for clients in [64, 256] {
        println!("bench: verify_payment, {clients} connections ...");
        let real = verify(&sides.shop, &known);
        let unstored = verify(&sides.shop_unstored, &known);
        let (row, _) = sides.compare(clients, time, &real, &unstored).await?;
        table.add(Row {
            what: format!("verify_payment of {count}, {clients} connections"),
            goal_permille: Some(700),
            ..row
        });
    }
    println!("bench: open loop ...");
    let steady = open(sides.real.gateway, OPEN_PER_SECOND, time * 3, &sides.create).await?;
    table.add(row(format!("create, open loop at {OPEN_PER_SECOND} a second"), &steady));
    let syncs = u128::from(steady.latency_us().0) * 10 / disk.p50.as_micros().max(1);
    table.say(&format!("open loop: p50 is {}.{} syncs (goal: at most 5)", syncs / 10, syncs % 10));
    starts(&mut sides, count, resident_begin, table).await?;
    let bytes = std::fs::metadata(binary)?.len();
    table.say(&format!("the binary has {} MB (goal: below 30)", bytes / 1_000_000));
    Ok(())
}

/// The same of creates on a server's database.
pub async fn measure_on_server(
    binary: &Path,
    is_full: bool,
    url: &str,
    table: &mut Table,
) -> anyhow::Result<()> {
    let sides = Sides::open(binary, Some(url)).await?;
    let time = Duration::from_secs(if is_full { 5 } else { 2 });
    for clients in [64, 256] {
        let (row, _) = sides.compare(clients, time, &sides.create, &sides.create_unstored).await?;
        table.add(Row {
            what: format!("PostgreSQL: generate_payment, {clients} conn."),
            goal_permille: Some(250),
            ..row
        });
    }
    Ok(())
}

impl Sides {
    async fn open(binary: &Path, url: Option<&str>) -> anyhow::Result<Self> {
        let (real, shop) = side(binary, url.map(|url| ("QISMA__DATABASE__URL", url))).await?;
        let (yardstick, shop_unstored) = side(binary, Some(("QISMA_YARDSTICK", "on"))).await?;
        let (create, create_unstored) = (create(&shop), create(&shop_unstored));
        Ok(Self { real, yardstick, create, create_unstored, shop, shop_unstored })
    }

    /// Runs both in turns. Gives the middle of the ratios, with the rates of that round.
    async fn compare(
        &self,
        clients: usize,
        time: Duration,
        real: &Draw,
        unstored: &Draw,
    ) -> anyhow::Result<(Row, Vec<String>)> {
        let mut rows = Vec::new();
        let mut payments = Vec::new();
        for _ in 0..ROUNDS {
            let yardstick = closed(self.yardstick.gateway, clients, Until::After(time), unstored);
            let yardstick = yardstick.await.context("the yardstick")?.per_second();
            let mut measured = closed(self.real.gateway, clients, Until::After(time), real).await?;
            payments.append(&mut measured.payments);
            let ratio = measured.per_second() * 1_000 / yardstick.max(1);
            rows.push(Row {
                ratio_permille: Some(ratio),
                yardstick_per_second: Some(yardstick),
                ..row(String::new(), &measured)
            });
        }
        rows.sort_unstable_by_key(|row| row.ratio_permille);
        Ok((rows.swap_remove(ROUNDS / 2), payments))
    }

    fn resident_mb(&mut self) -> u64 {
        self.real.server().and_then(|server| server.resident_kb()).unwrap_or(0) / 1_000
    }
}

async fn side(binary: &Path, setting: Option<(&str, &str)>) -> anyhow::Result<(Stand, Shop)> {
    // The limits that are on by default stay on, as far as one address can live with them.
    let mut settings: Vec<(String, String)> = ["VERIFY", "PAGES"]
        .map(|name| (format!("QISMA__HTTP__{name}_PER_MINUTE_MAX"), "60000000".to_owned()))
        .into();
    // A line for each request is a choice of the operator and the same on both sides.
    settings.push(("QISMA__LOG__LEVEL".to_owned(), "warn".to_owned()));
    settings.extend(setting.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let options = StandOptions { binary: binary.to_owned(), mutant: None, data: None, settings };
    let mut stand = Stand::open(options).await?;
    stand.start().await?;
    let shop = Shop::open(&stand)?;
    Ok((stand, shop))
}

fn create(shop: &Shop) -> Draw {
    let request = shop.create(&two_destinations(10_000, true).to_string(), None).to_bytes();
    Arc::new(move |_, _| request.clone())
}

/// Asks for payments in an order that jumps about.
fn verify(shop: &Shop, known: &Arc<[String]>) -> Draw {
    let (shop, known) = (shop.clone(), known.clone());
    Arc::new(move |client, turn| {
        let index = (client * 7_919 + turn * 104_729) % known.len();
        shop.verify(&known[index]).to_bytes()
    })
}

fn row(what: String, measured: &Measured) -> Row {
    Row {
        what,
        ratio_permille: None,
        goal_permille: None,
        per_second: measured.per_second(),
        yardstick_per_second: None,
        latency_us: Some(measured.latency_us()),
    }
}

/// Starts on what was stored, after an end in order and after `kill -9`.
async fn starts(
    sides: &mut Sides,
    payments: usize,
    resident_begin: u64,
    table: &mut Table,
) -> anyhow::Result<()> {
    let resident_end = sides.resident_mb();
    sides.real.kill();
    let after_kill = sides.real.start().await?.as_millis();
    let server = sides.real.server().context("it was started just now")?;
    ensure!(server.terminate().await?, "the gateway does not end when it is told to");
    let after_end = sides.real.start().await?.as_millis();
    let resident_start = sides.resident_mb();
    table.say(&format!(
        "first answer on {payments} payments: {after_end} ms after a start, {after_kill} ms after a \
         start that follows kill -9 (goal: 200 on 1,000,000)"
    ));
    table.say(&format!(
        "resident memory: {resident_begin} MB on an empty store, {resident_end} MB after the load, \
         {resident_start} MB after a start on {payments} payments (goals: 50, 200)"
    ));
    Ok(())
}
