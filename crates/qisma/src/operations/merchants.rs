//! Merchants.

use qisma_domain::decide::create_merchant::CreateMerchant;
use qisma_domain::decide::set_merchant_fees::SetMerchantFees;
use qisma_domain::decide::set_merchant_status::SetMerchantStatus;
use qisma_domain::fees::FeePlan;
use qisma_domain::ids::MerchantId;
use qisma_domain::link::{Link, LinkKind};
use qisma_domain::merchant::{Merchant, MerchantStatus};

use super::OperationError;
use crate::gateway::Gateway;

/// Drawn ids lie in this range: short enough to read out, long enough not to be guessed in a row.
const DRAWN_ID_MIN: u32 = 1_000_000;

/// Creates a merchant; without an id, one is drawn.
pub async fn create(
    gateway: &Gateway,
    id: Option<&str>,
    name: String,
    image_url: Option<&str>,
) -> Result<Merchant, OperationError> {
    let id = match id {
        Some(text) => MerchantId::parse(text).map_err(|e| OperationError::new(e.to_string()))?,
        None => drawn_id(gateway),
    };
    let image_url = image_url
        .map(|text| Link::parse(text, LinkKind::Image, true))
        .transpose()
        .map_err(|error| OperationError::new(format!("--image-url: {error}")))?;
    let command = CreateMerchant { id, name, image_url };
    gateway.store.run(command).await.map_err(OperationError::of_run)
}

fn drawn_id(gateway: &Gateway) -> MerchantId {
    let number = gateway.with_rng(|rng| rng.next_u32() / 2);
    let number = i64::from(DRAWN_ID_MIN) + i64::from(number);
    MerchantId::from_number(number).expect("a number of at most ten digits")
}

/// Sets a merchant's status.
pub async fn set_status(
    gateway: &Gateway,
    id: MerchantId,
    status: MerchantStatus,
) -> Result<Merchant, OperationError> {
    gateway.store.run(SetMerchantStatus { id, status }).await.map_err(OperationError::of_run)
}

/// Sets what is taken of the payments that a merchant asks for from now on; none: nothing.
pub async fn set_fees(
    gateway: &Gateway,
    id: MerchantId,
    plan: Option<FeePlan>,
) -> Result<Merchant, OperationError> {
    gateway.store.run(SetMerchantFees { id, plan }).await.map_err(OperationError::of_run)
}
