//! Takes what merchants owe from what they have available by now. Nobody waits for it, so it looks now
//! and then instead of with every credit, which keeps captures as cheap as they are.

use qisma_domain::decide::recover_debt::RecoverDebt;
use qisma_domain::time::Timestamp;
use qisma_store::{Fence, RunError};

use super::owned;
use crate::gateway::Gateway;

/// Recovers what can be recovered in this gateway's shards. All debts are read at once: those of merchants
/// who have nothing would else stand before the rest for ever.
pub async fn step(gateway: &Gateway) -> Option<Timestamp> {
    let owned = owned(gateway).await;
    let ours = owned.clone();
    let found = gateway.store.read(move |reader| reader.debts_to_recover(&ours)).await;
    let debts = match found {
        Ok(debts) => debts,
        Err(error) => {
            tracing::error!(%error, "debts could not be read");
            return None;
        }
    };
    // One after the other: two for one merchant would both take the same debt.
    for (merchant, mode) in debts {
        if let Some(fence) = owned.fence(merchant.shard()) {
            recover(gateway, RecoverDebt { merchant, mode }, &fence).await;
        }
    }
    None
}

async fn recover(gateway: &Gateway, command: RecoverDebt, fence: &Fence) {
    let RecoverDebt { merchant, mode } = command;
    match gateway.store.run_fenced(command, fence).await {
        // Another gateway has the merchant's shard now.
        Ok(_) | Err(RunError::Superseded) => {}
        Err(error) => {
            let mode = mode.as_str();
            tracing::error!(%merchant, mode, %error, "a debt could not be recovered");
        }
    }
}
