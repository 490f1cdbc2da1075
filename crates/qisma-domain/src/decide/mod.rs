//! The commands: one file each. A command and what it sees go in; an answer and the changes that
//! make it true, or a refusal that changes nothing, come out.

use rand_core::Rng;

use crate::changes::Changes;
use crate::snapshot::{Keys, Snapshot};
use crate::time::Timestamp;

pub mod abandon_attempt;
pub mod cancel_payment;
pub mod capture_payment;
pub mod check_code;
pub mod confirm_code;
pub mod create_api_key;
pub mod create_app;
pub mod create_merchant;
pub mod create_payment;
pub mod create_terminal;
pub mod create_wallet;
pub mod expire_payment;
pub mod fold_lines;
pub mod forget_cards;
pub mod payment_change;
pub mod place_hold;
pub mod prune_keys;
pub mod put_off_hold;
pub mod record_capture;
pub mod record_decline;
pub mod record_delivery;
pub mod record_holder_step;
pub mod record_opened;
pub mod record_outcome;
pub mod record_refund;
pub mod record_release;
pub mod record_reversal;
pub mod recover_debt;
pub mod refund_payment;
pub mod release_hold;
pub mod release_payment;
pub mod resend_delivery;
pub mod resolve_attempt;
pub mod resolve_capture;
pub mod resolve_refund;
pub mod revoke_api_key;
pub mod rotate_keys;
pub mod send_capture;
pub mod send_refund;
pub mod set_merchant_fees;
pub mod set_merchant_status;
pub mod settle_payment;
pub mod start_card;
pub mod start_limited_card;
pub mod start_wallet;

#[cfg(test)]
pub(crate) mod test_data;

/// A wish to change something.
pub trait Decide: Send + 'static {
    /// What the asker is told, once the changes are safe. A business answer such as *declined* is
    /// one too: it changes something.
    type Answer: Send + 'static;
    /// Why nothing is changed.
    type Refusal: Send + 'static;

    /// Names the rows this command has to see.
    fn keys(&self, keys: &mut Keys);

    /// Decides, from the rows as they stand after the commands before it.
    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        rng: &mut dyn Rng,
    ) -> Result<(Self::Answer, Changes), Self::Refusal>;
}
