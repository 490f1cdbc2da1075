//! Register a merchant's terminal.

use rand_core::Rng;

use super::Decide;
use crate::changes::Changes;
use crate::ids::MerchantId;
use crate::snapshot::{Keys, Snapshot};
use crate::terminal::{Terminal, TerminalId};
use crate::time::Timestamp;

/// Register a merchant's terminal.
#[derive(Clone, Debug)]
pub struct CreateTerminal {
    /// Its owner.
    pub merchant: MerchantId,
    /// What its owner calls it.
    pub id: TerminalId,
    /// What stands on the machine.
    pub serial_number: TerminalId,
}

/// Why it was not registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreateTerminalRefusal {
    /// No such merchant.
    #[error("there is no merchant with this id; `qisma merchant list` shows them")]
    NoMerchant,
    /// The merchant has a terminal of that id.
    #[error("this merchant has a terminal with this id already; choose another --id")]
    Exists,
}

impl Decide for CreateTerminal {
    type Answer = Terminal;
    type Refusal = CreateTerminalRefusal;

    fn keys(&self, keys: &mut Keys) {
        keys.merchants.insert(self.merchant);
        keys.terminals.insert((self.merchant, self.id.clone()));
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        _rng: &mut dyn Rng,
    ) -> Result<(Terminal, Changes), CreateTerminalRefusal> {
        see.merchants.get(&self.merchant).ok_or(CreateTerminalRefusal::NoMerchant)?;
        if see.terminals.contains_key(&(self.merchant, self.id.clone())) {
            return Err(CreateTerminalRefusal::Exists);
        }
        let terminal = Terminal {
            merchant: self.merchant,
            id: self.id.clone(),
            serial_number: self.serial_number.clone(),
            created_at: now,
            version: 1,
        };
        let mut changes = Changes::none();
        changes.terminals.push(terminal.clone());
        Ok((terminal, changes))
    }
}
