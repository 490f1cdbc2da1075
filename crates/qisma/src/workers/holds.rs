//! Frees money that was reserved for an attempt which has ended without taking it (ADR 0018). What is kept
//! for a merchant (ADR 0024) is looked at again when its time is over.
//!
//! **Invariant:** the attempt's end is committed before its hold is freed: a capture needs the attempt
//! open, so it comes before that end or never.

use std::convert::Infallible;

use qisma_domain::attempt::AbandonReason;
use qisma_domain::decide::abandon_attempt::AbandonAttempt;
use qisma_domain::decide::put_off_hold::PutOffHold;
use qisma_domain::decide::release_hold::ReleaseHold;
use qisma_domain::limits::HOLD_LOOK_SECS;
use qisma_domain::time::Timestamp;
use qisma_store::{Fence, HoldWanted, OpenHold, ReadError, RunError};

use super::owned;
use crate::gateway::Gateway;

const PERIOD_SECS: i64 = 60;
const PAGE_MAX: i64 = 500;

/// Why a hold was not looked after.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// What it is for could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It could not be freed.
    #[error(transparent)]
    Run(#[from] RunError<Infallible>),
}

/// Frees what is due and says when to come again.
pub async fn step(gateway: &Gateway) -> Option<Timestamp> {
    let (now, owned) = (gateway.now(), owned(gateway).await);
    let ours = owned.clone();
    let found = gateway.store.read(move |reader| reader.open_holds(&ours, now, PAGE_MAX)).await;
    let holds = found.unwrap_or_else(|error| {
        tracing::error!(%error, "open holds could not be read");
        vec![]
    });
    let is_full = i64::try_from(holds.len()) == Ok(PAGE_MAX);
    for hold in holds {
        let Some(fence) = owned.fence(hold.id.shard()) else { continue };
        match settle(gateway, hold, &fence).await {
            Ok(()) | Err(HoldError::Run(RunError::Superseded)) => {}
            Err(error) => tracing::error!(hold = %hold.id, %error, "a hold could not be freed"),
        }
    }
    Some(now.plus_secs(if is_full { 1 } else { PERIOD_SECS }))
}

/// Ends the attempt of a hold that nobody has taken for so long, and then frees it.
async fn settle(gateway: &Gateway, hold: OpenHold, fence: &Fence) -> Result<(), HoldError> {
    let wanted = gateway.store.read(move |reader| reader.hold_is_wanted(&hold)).await?;
    if wanted == HoldWanted::ByItsAttempt {
        let OpenHold { payment, attempt, .. } = hold;
        let abandon = AbandonAttempt { payment, attempt, reason: AbandonReason::PayerLeft };
        // Refused where it has ended meanwhile; what is true is read again in any case.
        if let Err(error) = gateway.store.run_reserved(abandon).await {
            tracing::debug!(%payment, attempt, ?error, "the attempt of a hold was not ended");
        }
    }
    if let HoldWanted::ByTheMerchant { until } = wanted {
        let until = until.plus_secs(HOLD_LOOK_SECS).max(gateway.now().plus_secs(HOLD_LOOK_SECS));
        gateway.store.run_fenced(PutOffHold { hold: hold.id, until }, fence).await?;
        return Ok(());
    }
    release(gateway, hold, fence).await
}

/// Frees a hold if its attempt has ended without taking it.
pub async fn release(gateway: &Gateway, hold: OpenHold, fence: &Fence) -> Result<(), HoldError> {
    let wanted = gateway.store.read(move |reader| reader.hold_is_wanted(&hold)).await?;
    if wanted == HoldWanted::ByNobody {
        let OpenHold { id, payment, attempt } = hold;
        gateway.store.run_fenced(ReleaseHold { hold: id, payment, attempt }, fence).await?;
    }
    Ok(())
}
