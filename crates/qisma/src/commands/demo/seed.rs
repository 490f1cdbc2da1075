//! What a demo begins with. It is made by the operations that operators use, on a clock that stands
//! still and with chance from a seed, so every machine gets the same ids and keys.

use std::sync::Arc;

use qisma_domain::app::WebhookMode;
use qisma_domain::ids::{MerchantId, Mode};
use qisma_domain::merchant::MerchantStatus;

use crate::clock::{ManualClock, Timestamp};
use crate::commands::failure::Failure;
use crate::commands::serve;
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::gateway::{Gateway, GatewayOptions};
use crate::keyring::{Keyring, MasterKey};
use crate::operations::apps::NewApp;
use crate::operations::{OperationError, apps, merchants, wallets};
use crate::random::Randomness;

/// Whoever changes it changes every id and key that a document shows.
const SEED: u64 = 0x51_4953_4D41;
/// When the demo's merchants came to be: 2026-01-01.
const SEEDED_AT: Timestamp = Timestamp::from_secs(1_767_225_600);

/// Who asks for payments.
pub const PLATFORM: &str = "1000";
/// Merchants: the platform, two that receive, and one that may not.
const MERCHANTS: [(&str, &str, MerchantStatus); 4] = [
    (PLATFORM, "Souk El Médina", MerchantStatus::Active),
    ("1234", "Poterie de Nabeul", MerchantStatus::Active),
    ("4321", "Livraison Carthage", MerchantStatus::Active),
    ("5678", "Bazar Sfax", MerchantStatus::Suspended),
];
/// Wallets: phone, owner, millimes.
pub const WALLETS: [(&str, &str, i64); 2] =
    [("55555555", "Amira Ben Salah", 1_000_000), ("22222222", "Youssef Trabelsi", 50_000)];

/// Fills an empty database, and closes it again. The app is the platform's.
pub async fn seed(directory: &DataDir, config: Config) -> Result<NewApp, Failure> {
    // The master key is no part of what is the same everywhere: it never leaves this machine.
    let configured = config.security.master_key.as_ref();
    let (database, rng) = (&config.database.engine, &mut *Randomness::system().rng());
    let master = MasterKey::obtain(configured, directory, database, rng)?;
    let gateway = Gateway::open(GatewayOptions {
        bound: config.http.listen,
        config,
        keyring: Keyring::new(&master),
        clock: Arc::new(ManualClock::starting_at(SEEDED_AT)),
        randomness: Randomness::seeded(SEED),
    })
    .map_err(|error| Failure::refused(format!("{error:#}")))?;
    let seeded = fill(&gateway).await;
    serve::close(&gateway).await;
    seeded.map_err(|error| Failure::refused(format!("the demo could not be filled: {error}")))
}

async fn fill(gateway: &Gateway) -> Result<NewApp, OperationError> {
    for (id, name, status) in MERCHANTS {
        let merchant = merchants::create(gateway, Some(id), name.to_owned(), None).await?;
        merchants::set_status(gateway, merchant.id, status).await?;
    }
    for (phone, name, millimes) in WALLETS {
        wallets::create(gateway, phone, name.to_owned(), Mode::Test, millimes).await?;
    }
    let platform = MerchantId::parse(PLATFORM).expect("a constant of this file");
    apps::create(gateway, platform, Mode::Test, WebhookMode::Auto).await
}
