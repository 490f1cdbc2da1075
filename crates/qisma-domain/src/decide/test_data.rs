//! A payment to test with.

use crate::ids::{AppId, MerchantId, Mode, PaymentId};
use crate::link::{Link, LinkKind};
use crate::money::{Amount, Currency};
use crate::payment::{Channel, Payment, PaymentState};
use crate::split::{LegRequest, Share, Split};
use crate::time::Timestamp;

/// 10,000 millimes of which 8,000 go to 1234, asked for by merchant 1, for 20 minutes.
pub fn payment() -> Payment {
    let merchant = MerchantId::parse("1").unwrap();
    let amount = Amount::from_millimes(10_000).unwrap();
    let leg = LegRequest {
        destination: MerchantId::parse("1234").unwrap(),
        share: Share::Fixed(Amount::from_millimes(8_000).unwrap()),
    };
    let split = Split::resolve(amount, merchant, &[leg]).unwrap();
    let link = Link::parse("https://shop.example/ok", LinkKind::Success, false).unwrap();
    Payment {
        id: PaymentId::from_bytes([1; 16]),
        merchant,
        app: AppId::from_bytes([2; 16]),
        mode: Mode::Test,
        amount,
        currency: Currency::Tnd,
        legs: split.into_legs(),
        fee_plan: None,
        settlement: None,
        state: PaymentState::Created,
        created_at: Timestamp::from_secs(0),
        updated_at: Timestamp::from_secs(0),
        expires_at: Timestamp::from_secs(1_200),
        channel: Channel::Online,
        success_link: Some(link.clone()),
        fail_link: Some(link),
        webhook: None,
        developer_tracking_id: None,
        accept_card: true,
        image_url: None,
        client: None,
        hold_secs: None,
        authorization: None,
        sequence: 0,
        version: 1,
    }
}
