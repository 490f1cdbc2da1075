//! Wallets.

use qisma_domain::decide::create_wallet::CreateWallet;
use qisma_domain::ids::Mode;
use qisma_domain::money::Amount;
use qisma_domain::phone::Phone;
use qisma_domain::wallet::Wallet;

use super::OperationError;
use crate::gateway::Gateway;

/// Creates a wallet; in test mode, with this much test money in it.
pub async fn create(
    gateway: &Gateway,
    phone: &str,
    name: String,
    mode: Mode,
    fund_millimes: i64,
) -> Result<Wallet, OperationError> {
    let phone = Phone::parse(phone).map_err(|error| OperationError::new(error.to_string()))?;
    let fund = Amount::from_millimes(fund_millimes)
        .map_err(|error| OperationError::new(format!("--fund-millimes: {error}")))?;
    let command = CreateWallet { phone, name, mode, fund };
    gateway.store.run(command).await.map_err(OperationError::of_run)
}
