//! Create a payment: what is asked, how it splits, who may receive.

use rand_core::Rng;
use serde::{Deserialize, Serialize};

use super::Decide;
use crate::changes::Changes;
use crate::idempotency::{IdempotencyRow, IdempotencyScope};
use crate::ids::{AppId, MerchantId, Mode, PaymentId, Shard};
use crate::link::Link;
use crate::merchant::Merchant;
use crate::money::{Amount, Currency};
use crate::payment::{Channel, Payment, PaymentState};
use crate::snapshot::{Keys, Snapshot};
use crate::split::{LegRequest, Split, SplitError};
use crate::time::Timestamp;

/// What a platform asks for; its form has been checked.
#[derive(Clone, Debug)]
pub struct NewPayment {
    /// What the payer pays; at least 1.
    pub amount: Amount,
    /// The legs as asked for; what is left goes to the caller.
    pub legs: Vec<LegRequest>,
    /// Where it comes from.
    pub channel: Channel,
    /// Where a payer who paid is led.
    pub success_link: Option<Link>,
    /// Where a payer who did not pay is led.
    pub fail_link: Option<Link>,
    /// Who hears of its end.
    pub webhook: Option<Link>,
    /// The caller's own reference.
    pub developer_tracking_id: Option<String>,
    /// Whether it may be paid by card.
    pub accept_card: bool,
    /// The picture to show.
    pub image_url: Option<Link>,
    /// How long it may be paid.
    pub session_timeout_secs: i64,
    /// For how long an approval holds the money until the merchant takes it; none: it is taken at once.
    pub hold_secs: Option<i64>,
}

/// The key a request came with, and what the request was.
#[derive(Clone, Debug)]
pub struct IdempotentRequest {
    /// Where the key counts.
    pub scope: IdempotencyScope,
    /// Keyed hash of the request as it was understood.
    pub fingerprint: [u8; 32],
    /// The request's id, told to whoever gets this answer again.
    pub request_id: String,
}

/// Create a payment.
#[derive(Clone, Debug)]
pub struct CreatePayment {
    /// Who asks.
    pub merchant: MerchantId,
    /// With which app.
    pub app: AppId,
    /// In which mode.
    pub mode: Mode,
    /// What is asked.
    pub new: NewPayment,
    /// What the payer's link begins with: `https://host/pay/`.
    pub link_prefix: String,
    /// The key of this request, if it has one.
    pub idempotent: Option<IdempotentRequest>,
}

/// A payment was created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// Its id.
    pub payment_id: PaymentId,
    /// The payer's link.
    pub link: String,
    /// The caller's own reference, as sent.
    pub developer_tracking_id: Option<String>,
}

/// The answer, and whether it is an old one sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateAnswer {
    /// The payment.
    pub created: Created,
    /// The id of the request that made it, when this one only repeats it.
    pub replay_of: Option<String>,
}

/// Why no payment was created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreateRefusal {
    /// The caller's merchant is not active.
    CallerNotActive,
    /// The key was used for another request.
    KeyReused,
    /// The split cannot be; every mistake is listed.
    Split(Vec<SplitError>),
    /// Destinations that are not merchants who can receive, by their place in the request. Unknown
    /// and inactive are told in the same words: who our merchants are is nobody's business.
    Destinations(Vec<usize>),
}

impl Decide for CreatePayment {
    type Answer = CreateAnswer;
    type Refusal = CreateRefusal;

    fn keys(&self, keys: &mut Keys) {
        keys.merchants.insert(self.merchant);
        keys.merchants.extend(self.new.legs.iter().map(|leg| leg.destination));
        keys.idempotency.extend(self.idempotent.as_ref().map(|request| request.scope.clone()));
    }

    fn decide(
        &self,
        see: &Snapshot,
        now: Timestamp,
        rng: &mut dyn Rng,
    ) -> Result<(CreateAnswer, Changes), CreateRefusal> {
        if let Some(answer) = self.replay(see)? {
            return Ok((answer, Changes::none()));
        }
        let can_receive = |id| see.merchants.get(id).is_some_and(Merchant::can_receive);
        if !can_receive(&self.merchant) {
            return Err(CreateRefusal::CallerNotActive);
        }
        let split = Split::resolve(self.new.amount, self.merchant, &self.new.legs)
            .map_err(CreateRefusal::Split)?;
        let bad: Vec<usize> = (0..)
            .zip(&self.new.legs)
            .filter(|(_, leg)| !can_receive(&leg.destination))
            .map(|(index, _)| index)
            .collect();
        if !bad.is_empty() {
            return Err(CreateRefusal::Destinations(bad));
        }
        let shard = match &self.idempotent {
            Some(request) => request.scope.shard(),
            None => see.batch_shard.unwrap_or_else(|| Shard::random(rng)),
        };
        let payment = self.payment(PaymentId::mint(shard, now, rng), split, now);
        let created = Created {
            payment_id: payment.id,
            link: format!("{}{}", self.link_prefix, payment.id),
            developer_tracking_id: self.new.developer_tracking_id.clone(),
        };
        let mut changes = Changes::none();
        if let Some(request) = &self.idempotent {
            changes.idempotency.push(IdempotencyRow {
                scope: request.scope.clone(),
                fingerprint: request.fingerprint,
                payment: payment.id,
                answer: serde_json::to_string(&created).expect("plain strings are JSON"),
                request_id: request.request_id.clone(),
                created_at: now,
            });
        }
        changes.payments.push(payment);
        Ok((CreateAnswer { created, replay_of: None }, changes))
    }
}

impl CreatePayment {
    /// The answer that this key already has, if any.
    fn replay(&self, see: &Snapshot) -> Result<Option<CreateAnswer>, CreateRefusal> {
        let Some(request) = &self.idempotent else { return Ok(None) };
        let Some(row) = see.idempotency.get(&request.scope) else { return Ok(None) };
        if row.fingerprint != request.fingerprint {
            return Err(CreateRefusal::KeyReused);
        }
        let created = serde_json::from_str(&row.answer).expect("we wrote this answer");
        Ok(Some(CreateAnswer { created, replay_of: Some(row.request_id.clone()) }))
    }

    fn payment(&self, id: PaymentId, split: Split, now: Timestamp) -> Payment {
        let new = &self.new;
        Payment {
            id,
            merchant: self.merchant,
            app: self.app,
            mode: self.mode,
            amount: new.amount,
            currency: Currency::Tnd,
            legs: split.into_legs(),
            state: PaymentState::Created,
            created_at: now,
            updated_at: now,
            expires_at: now.plus_secs(new.session_timeout_secs),
            channel: new.channel.clone(),
            success_link: new.success_link.clone(),
            fail_link: new.fail_link.clone(),
            webhook: new.webhook.clone(),
            developer_tracking_id: new.developer_tracking_id.clone(),
            accept_card: new.accept_card,
            image_url: new.image_url.clone(),
            hold_secs: new.hold_secs,
            authorization: None,
            sequence: 0,
            version: 1,
        }
    }
}
