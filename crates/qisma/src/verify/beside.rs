//! The acquirers' part of a verification, done by the gateway that runs on the same data: the answer is
//! about the acquirers that it is sent to, whatever the settings of the process that asks, and no
//! password leaves it.

use std::path::Path;

use qisma_store::audit::Audit;
use serde::{Deserialize, Serialize};

use super::VerifyError;
use super::acquirers::{self, Compared};
use crate::admin::{self, AdminRequest};
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::gateway::Gateway;

/// What a running gateway found.
#[derive(Debug, Serialize, Deserialize)]
pub struct OrdersCompared {
    /// Whose orders these are: two processes may be given one directory and two databases.
    database: String,
    compared: Compared,
}

/// Compares the orders of a running gateway, with its own settings.
pub async fn compare_orders(gateway: &Gateway) -> Result<OrdersCompared, VerifyError> {
    let config = &gateway.config;
    let now = gateway.now();
    let path = config.database.path.clone();
    let reading = tokio::task::spawn_blocking(move || {
        let mut orders = vec![];
        Audit::open(&path)?.card_orders(|order| orders.push(order))?;
        Ok::<_, VerifyError>(orders)
    });
    let orders = reading.await.map_err(|_| VerifyError::Interrupted)??;
    let compared = acquirers::compare(config, orders, now).await?;
    Ok(OrdersCompared { database: name_of(&config.database.path), compared })
}

/// What the gateway found that runs on this directory and on the database of these settings; nothing
/// when none does.
pub(super) async fn ask_running(directory: &DataDir, config: &Config) -> Option<Compared> {
    let answer = match admin::ask_running(directory, AdminRequest::OrdersCompare).await? {
        Ok(answer) => serde_json::from_str::<OrdersCompared>(answer.get())
            .map_err(|_| "its answer cannot be understood; use the same qisma".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    match answer {
        Ok(found) if found.database == name_of(&config.database.path) => Some(found.compared),
        Ok(_) => None,
        Err(reason) => Some(Compared::not_checked(format!(
            "the running gateway was to ask the acquirers: {reason}"
        ))),
    }
}

/// One name for a file, whatever way leads to it.
fn name_of(database: &Path) -> String {
    let found = database.canonicalize();
    found.as_deref().unwrap_or(database).to_string_lossy().into_owned()
}
