//! Forget idempotency keys that are older than they are remembered for.

use rand_core::Rng;
use std::convert::Infallible;

use super::Decide;
use crate::changes::Changes;
use crate::limits;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Forget old idempotency keys, some at a time, so that nobody waits long behind it.
#[derive(Clone, Copy, Debug)]
pub struct ForgetKeys;

impl Decide for ForgetKeys {
    type Answer = ();
    type Refusal = Infallible;

    fn keys(&self, _keys: &mut Keys) {}

    fn decide(
        &self,
        _see: &Snapshot,
        now: Timestamp,
        _rng: &mut dyn Rng,
    ) -> Result<((), Changes), Infallible> {
        let before = now.plus_secs(-limits::IDEMPOTENCY_RETENTION_SECS);
        Ok(((), Changes { forget_keys_before: Some(before), ..Changes::none() }))
    }
}
