//! Terminals.

use qisma_domain::decide::create_terminal::CreateTerminal;
use qisma_domain::ids::MerchantId;
use qisma_domain::terminal::{Terminal, TerminalId};

use super::OperationError;
use crate::gateway::Gateway;

/// Registers a merchant's terminal.
pub async fn create(
    gateway: &Gateway,
    merchant: MerchantId,
    id: &str,
    serial_number: &str,
) -> Result<Terminal, OperationError> {
    let rule = "is 1 to 32 letters, digits, hyphens, dots and underscores";
    let read = |text: &str, name: &str| {
        TerminalId::parse(text).map_err(|_| OperationError::new(format!("{name} {rule}")))
    };
    let (id, serial_number) = (read(id, "--id")?, read(serial_number, "--serial")?);
    let command = CreateTerminal { merchant, id, serial_number };
    gateway.store.run(command).await.map_err(OperationError::of_run)
}
