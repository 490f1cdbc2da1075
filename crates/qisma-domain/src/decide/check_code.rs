//! Check a code before the money is held: a wrong one is counted, a right one changes nothing yet and
//! says what to hold. The capture checks it once more ([`super::confirm_code`]), because the payment
//! may have ended meanwhile.

use rand_core::Rng;

use super::Decide;
use super::confirm_code::{CodeAnswer, ConfirmRefusal, Typed};
use super::place_hold::PlaceHold;
use crate::challenge::CodeKey;
use crate::changes::Changes;
use crate::ids::PaymentId;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

/// Check a code.
#[derive(Clone)]
pub struct CheckCode {
    /// The payment.
    pub payment: PaymentId,
    /// What was typed.
    pub code: String,
    /// What codes are hashed with.
    pub code_key: CodeKey,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// It is right: this is to be held, and then the payment to be confirmed.
    Right(PlaceHold),
    /// It is wrong, which was counted.
    Wrong(CodeAnswer),
}

impl Decide for CheckCode {
    type Answer = Checked;
    type Refusal = ConfirmRefusal;

    fn keys(&self, keys: &mut Keys) {
        keys.payments.insert(self.payment);
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        rng: &mut dyn Rng,
    ) -> Result<(Checked, Changes), ConfirmRefusal> {
        let mut typed = Typed::look(see, self.payment, (&self.code, &self.code_key), now)?;
        let checked = match typed.right_wallet() {
            Some(wallet) => return Ok((Checked::Right(typed.wish(wallet)), Changes::none())),
            None => Checked::Wrong(typed.wrong(now, rng)),
        };
        Ok((checked, typed.finish()))
    }
}
