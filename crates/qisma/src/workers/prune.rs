//! Forgets idempotency keys once they are no longer remembered, a page at a time.

use qisma_domain::decide::forget_keys::ForgetKeys;
use qisma_domain::limits;
use qisma_domain::time::Timestamp;

use crate::gateway::Gateway;

/// Keys older than they need be do no harm for an hour.
const PERIOD_SECS: i64 = 3_600;

/// Forgets what is due and says when to come again.
pub async fn step(gateway: &Gateway) -> Option<Timestamp> {
    loop {
        let now = gateway.now();
        let again_at = Some(now.plus_secs(PERIOD_SECS));
        #[expect(clippy::redundant_closure_for_method_calls, reason = "a method has one lifetime")]
        let oldest = gateway.store.read(|reader| reader.oldest_idempotency_key()).await;
        let kept_from = now.plus_secs(-limits::IDEMPOTENCY_RETENTION_SECS);
        match oldest {
            Ok(Some(made_at)) if made_at < kept_from => {}
            Ok(_) => return again_at,
            Err(error) => {
                tracing::error!(%error, "old idempotency keys could not be counted");
                return again_at;
            }
        }
        if let Err(error) = gateway.store.run_reserved(ForgetKeys).await {
            tracing::error!(%error, "old idempotency keys could not be forgotten");
            return again_at;
        }
    }
}
