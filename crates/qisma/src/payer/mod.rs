//! The world's side of paying: what is asked of banks and sent to phones, between the commands that
//! record it. No call to anybody is ever made inside a command, so a power cut between any two lines
//! here leaves a state that a worker can finish.

pub mod card;
pub mod card_limits;
mod give_back;
pub mod held;
pub mod looks;
pub mod outcome;
pub mod refund;
pub mod saved_card;
pub mod wallet;

use qisma_domain::account::Acquirer;

use crate::acquirers::smt::SmtClient;
use crate::gateway::Gateway;

/// The client of the acquirer that took an attempt; none when it is no longer set up.
fn client_of(gateway: &Gateway, acquirer: Acquirer) -> Option<&SmtClient> {
    match acquirer {
        Acquirer::Sandbox => Some(&gateway.sandbox),
        Acquirer::Smt => gateway.smt.as_ref(),
    }
}
