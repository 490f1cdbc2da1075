//! Create a payment: what is asked, how it splits, who may receive.

use rand_core::Rng;
use serde::{Deserialize, Serialize};

use super::Decide;
use super::start_card::CardStarted;
use crate::attempt::{Attempt, AttemptState, CardAttempt, RailAttempt};
use crate::binding::{Charge, ClientRef, SavedCard};
use crate::changes::Changes;
use crate::fees::FeePlan;
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
    /// Whose card is to be remembered, if one is typed.
    pub client: Option<ClientRef>,
    /// The saved card that pays it.
    pub charge: Option<Charge>,
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
    /// The path that it was sent to, as the router writes it.
    pub route: String,
}

impl IdempotentRequest {
    /// What is remembered of it: what was made, and the answer as JSON, from this moment on.
    pub fn kept(
        &self,
        payment: PaymentId,
        answer: String,
        created_at: Timestamp,
    ) -> IdempotencyRow {
        IdempotencyRow {
            scope: self.scope.clone(),
            fingerprint: self.fingerprint,
            payment,
            answer,
            request_id: self.request_id.clone(),
            route: self.route.clone(),
            created_at,
        }
    }
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
    /// The attempt with a saved card that began with it. Whoever is told this charges the card, and
    /// nobody else ever does.
    pub started: Option<CardStarted>,
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
    /// Legs that have to bear the fee and get less than it.
    FeeAboveLegs(Vec<FeeAboveLeg>),
}

/// A leg that has to bear more than it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeAboveLeg {
    /// Its place in the request.
    pub place: usize,
    /// Whose leg it is.
    pub destination: MerchantId,
    /// How much it lacks.
    pub lacks_millimes: i64,
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
        let fee_plan = see.merchants.get(&self.merchant).and_then(|caller| caller.fee_plan);
        let misfits = self.misfits(fee_plan.as_ref(), &split);
        if !misfits.is_empty() {
            return Err(CreateRefusal::FeeAboveLegs(misfits));
        }
        let shard = match &self.idempotent {
            Some(request) => request.scope.shard(),
            None => see.batch_shard.unwrap_or_else(|| Shard::random(rng)),
        };
        let payment = self.payment(PaymentId::mint(shard, now, rng), split, fee_plan, now);
        let created = Created {
            payment_id: payment.id,
            link: format!("{}{}", self.link_prefix, payment.id),
            developer_tracking_id: self.new.developer_tracking_id.clone(),
        };
        let mut changes = Changes::none();
        if let Some(request) = &self.idempotent {
            let answer = serde_json::to_string(&created).expect("plain strings are JSON");
            changes.idempotency.push(request.kept(payment.id, answer, now));
        }
        let started = self.new.charge.as_ref().map(|charge| {
            let (attempt, started) = begin(&payment, charge);
            changes.attempts.push(attempt);
            started
        });
        changes.payments.push(payment);
        Ok((CreateAnswer { created, replay_of: None, started }, changes))
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
        let replay_of = Some(row.request_id.clone());
        Ok(Some(CreateAnswer { created, replay_of, started: None }))
    }

    /// The legs that have to bear more than they get, by this plan.
    fn misfits(&self, plan: Option<&FeePlan>, split: &Split) -> Vec<FeeAboveLeg> {
        let Some(plan) = plan else { return vec![] };
        let misfits = plan.misfits(self.merchant, self.new.amount, split.legs());
        // The legs begin with those of the request, in its order; the rest behind them is the caller's
        // own, and never a misfit.
        let named = misfits.into_iter().map(|misfit| FeeAboveLeg {
            place: misfit.leg,
            destination: split.legs()[misfit.leg].destination,
            lacks_millimes: misfit.lacks_millimes,
        });
        named.collect()
    }

    fn payment(
        &self,
        id: PaymentId,
        split: Split,
        fee_plan: Option<FeePlan>,
        now: Timestamp,
    ) -> Payment {
        let new = &self.new;
        Payment {
            id,
            merchant: self.merchant,
            app: self.app,
            mode: self.mode,
            amount: new.amount,
            currency: Currency::Tnd,
            legs: split.into_legs(),
            fee_plan,
            settlement: None,
            // The charge of a saved card begins in the same change: no payment waits for one that
            // nobody makes.
            state: match new.charge {
                Some(_) => PaymentState::Processing,
                None => PaymentState::Created,
            },
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
            client: new.client.clone(),
            hold_secs: new.hold_secs,
            authorization: None,
            sequence: 0,
            version: 1,
        }
    }
}

/// The one attempt of a payment that a saved card pays.
fn begin(payment: &Payment, charge: &Charge) -> (Attempt, CardStarted) {
    let (number, now) = (1, payment.created_at);
    let order_number = CardAttempt::order_number_of(&payment.id, number);
    let until = payment.expires_at;
    let mut card = CardAttempt::begin(charge.acquirer, order_number.clone(), until, now);
    card.saved = Some(Box::new(SavedCard { binding: charge.binding.clone(), step: None }));
    let attempt = Attempt {
        payment: payment.id,
        number,
        rail: RailAttempt::Card(card),
        state: AttemptState::Init,
        started_at: now,
        updated_at: now,
        version: 1,
    };
    let started = CardStarted {
        attempt: number,
        order_number,
        amount: payment.amount,
        session_timeout_secs: until.secs_left(now),
        // Who asks for it with a saved card has it charged.
        is_hold: false,
    };
    (attempt, started)
}
