//! A world for the commands: their rows, a clock and chance. Each command sees the rows it named and
//! no others, as in a lane, and after each the rules that hold for every payment are checked.

use qisma_domain::account::{AccountKind, Acquirer};
use qisma_domain::attempt::{Attempt, AttemptState, CardDetails, Reversal};
use qisma_domain::challenge::CodeKey;
use qisma_domain::changes::Changes;
use qisma_domain::decide::Decide;
use qisma_domain::decide::create_merchant::CreateMerchant;
use qisma_domain::decide::create_payment::{CreatePayment, NewPayment};
use qisma_domain::decide::create_wallet::CreateWallet;
use qisma_domain::decide::record_outcome::{ApprovalFacts, BankReport, Outcome, RecordOutcome};
use qisma_domain::decide::set_merchant_status::SetMerchantStatus;
use qisma_domain::decide::start_card::{CardStarted, StartCard};
use qisma_domain::decide::start_wallet::{CodeToSend, StartWallet, WalletRefusal};
use qisma_domain::event::Event;
use qisma_domain::ids::{AppId, MerchantId, Mode, PaymentId};
use qisma_domain::journal::{EntryKind, JournalEntry};
use qisma_domain::link::{Link, LinkKind};
use qisma_domain::merchant::MerchantStatus;
use qisma_domain::money::Amount;
use qisma_domain::payment::{Channel, PaymentState};
use qisma_domain::phone::Phone;
use qisma_domain::refund::{first_open, taken_back};
use qisma_domain::snapshot::{Keys, PaymentAggregate, Snapshot};
use qisma_domain::split::{LegRequest, Share};
use qisma_domain::time::Timestamp;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::BTreeSet;

pub const CODE_KEY: CodeKey = CodeKey::new([7; 32]);
/// The phone whose wallet holds 100,000 millimes.
pub const RICH: &str = "55555555";
/// The phone whose wallet holds 5 millimes.
pub const POOR: &str = "55555556";
/// A phone without a wallet.
pub const UNKNOWN: &str = "99999999";

pub struct World {
    pub see: Snapshot,
    pub now: Timestamp,
    pub rng: StdRng,
    pub entries: Vec<JournalEntry>,
    pub events: Vec<Event>,
    /// The payment that the short forms below speak of.
    pub payment: PaymentId,
}

pub fn merchant(number: i64) -> MerchantId {
    MerchantId::from_number(number).expect("a small number")
}

pub fn amount(millimes: i64) -> Amount {
    Amount::from_millimes(millimes).expect("the test stays in range")
}

pub fn phone(text: &str) -> Phone {
    Phone::parse(text).expect("a phone of the test")
}

pub fn link(text: &str, kind: LinkKind) -> Link {
    Link::parse(text, kind, false).expect("a link of the test")
}

/// 10,000 millimes for merchant 1, of which 8,000 go to 1234 and 2,000 to 4321; for 20 minutes.
pub fn new_payment() -> NewPayment {
    let leg = |number, millimes| LegRequest {
        destination: merchant(number),
        share: Share::Fixed(amount(millimes)),
    };
    NewPayment {
        amount: amount(10_000),
        legs: vec![leg(1234, 8_000), leg(4321, 2_000)],
        channel: Channel::Online,
        success_link: Some(link("https://shop.example/ok", LinkKind::Success)),
        fail_link: Some(link("https://shop.example/no", LinkKind::Fail)),
        webhook: Some(link("https://shop.example/hook", LinkKind::Webhook)),
        developer_tracking_id: Some("order 7".into()),
        accept_card: true,
        image_url: None,
        session_timeout_secs: 1_200,
        client: None,
        charge: None,
        hold_secs: None,
    }
}

pub fn create(new: NewPayment) -> CreatePayment {
    CreatePayment {
        merchant: merchant(1),
        app: AppId::from_bytes([2; 16]),
        mode: Mode::Test,
        new,
        link_prefix: "https://pay.example/pay/".into(),
        idempotent: None,
    }
}

impl World {
    /// Merchants 1, 1234 and 4321, two wallets, and one payment.
    pub fn new() -> Self {
        Self::with(new_payment())
    }

    pub fn with(new: NewPayment) -> Self {
        let mut world = Self {
            see: Snapshot::default(),
            now: Timestamp::from_secs(1_000_000),
            rng: StdRng::seed_from_u64(7),
            entries: vec![],
            events: vec![],
            payment: PaymentId::from_bytes([0; 16]),
        };
        for number in [1, 1234, 4321] {
            let id = merchant(number);
            let name = format!("Merchant {number}");
            world.must(&CreateMerchant { id, name, image_url: None });
            world.status(number, MerchantStatus::Active);
        }
        for (text, millimes) in [(RICH, 100_000), (POOR, 5)] {
            let (phone, fund) = (phone(text), amount(millimes));
            world.must(&CreateWallet { phone, name: "Payer".into(), mode: Mode::Test, fund });
        }
        world.payment = world.must(&create(new)).created.payment_id;
        world
    }

    pub fn pass(&mut self, secs: i64) {
        self.now = self.now.plus_secs(secs);
    }

    /// Runs a command as a lane does, and checks every rule afterwards.
    pub fn run<D: Decide>(&mut self, command: &D) -> Result<D::Answer, D::Refusal> {
        let mut keys = Keys::default();
        command.keys(&mut keys);
        let mut part = self.only(&keys);
        let second = part.second_round();
        part.absorb(self.only(&second));
        let (answer, changes) = command.decide(&part, self.now, &mut self.rng)?;
        self.check_versions(&changes);
        let before = self.see.clone();
        self.see.apply(&changes);
        self.entries.extend(changes.entries);
        self.events.extend(changes.events);
        for (id, after) in &self.see.payments {
            self.check_payment(before.payments.get(id), after);
        }
        self.check_books();
        Ok(answer)
    }

    /// Runs a command that may be refused.
    pub fn tries<D: Decide>(&mut self, command: &D) {
        let _ = self.run(command);
    }

    /// Runs a command that is not refused.
    pub fn must<D: Decide>(&mut self, command: &D) -> D::Answer {
        self.run(command).map_err(|_| "refused").expect("the test wants it to go through")
    }

    /// The named rows, and no others.
    fn only(&self, keys: &Keys) -> Snapshot {
        let mut part = self.see.clone();
        part.payments.retain(|key, _| keys.payments.contains(key));
        for (id, aggregate) in &mut part.payments {
            aggregate.refunds.retain(|_| keys.refunds.contains(id));
        }
        part.idempotency.retain(|key, _| keys.idempotency.contains(key));
        part.merchants.retain(|key, _| keys.merchants.contains(key));
        part.apps.retain(|key, _| keys.apps.contains(key));
        part.key_pairs
            .retain(|key, pair| keys.key_pairs.contains(key) || keys.apps.contains(&pair.app));
        part.terminals.retain(|key, _| keys.terminals.contains(key));
        part.wallets.retain(|key, _| keys.wallets.contains(key));
        part.phone_windows.retain(|key, _| keys.phone_windows.contains(key));
        part.card_windows.retain(|card, _| keys.card_windows.contains(card));
        part.balances.retain(|key, _| keys.balances.contains(key));
        part.holds.retain(|key, _| keys.holds.contains(key));
        part.folded.retain(|key| keys.folded.contains(key));
        part.unfolded.retain(|key| keys.unfolded.contains(key));
        part.deliveries.retain(|key, _| keys.deliveries.contains(key));
        part.learned.retain(|key, _| keys.learned.contains(key));
        part
    }

    /// A command raises the version of each row it changes by exactly one, and names it once.
    fn check_versions(&self, changes: &Changes) {
        let mut seen = BTreeSet::new();
        for row in &changes.payments {
            let before = self.see.payments.get(&row.id).map_or(0, |old| old.payment.version);
            assert_eq!(row.version, before + 1, "payment");
            assert!(seen.insert(format!("{:?}", row.id)), "a payment is named once");
        }
        for row in &changes.attempts {
            let old = self.see.payments.get(&row.payment).and_then(|old| old.attempt(row.number));
            assert_eq!(row.version, old.map_or(0, |old| old.version) + 1, "attempt");
            assert!(seen.insert(format!("{:?}-{}", row.payment, row.number)), "an attempt, once");
        }
        for row in &changes.refunds {
            let old = self.see.payments.get(&row.payment).and_then(|old| old.refund(row.number));
            assert_eq!(row.version, old.map_or(0, |old| old.version) + 1, "refund");
            assert!(seen.insert(format!("{:?}", row.id)), "a refund is named once");
        }
        for row in &changes.challenges {
            let all = self.see.payments.get(&row.payment).map(|old| &old.challenges);
            let old = all.and_then(|all| all.iter().find(|old| old.id == row.id));
            assert_eq!(row.version, old.map_or(0, |old| old.version) + 1, "code");
            assert!(seen.insert(format!("{:?}", row.id)), "a code is named once");
        }
    }

    fn check_payment(&self, before: Option<&PaymentAggregate>, after: &PaymentAggregate) {
        let payment = &after.payment;
        if let Some(before) = before.map(|before| &before.payment) {
            assert!(!before.state.is_terminal() || before.state == payment.state, "ends stay");
            let moved = before.updated_at < payment.updated_at;
            assert_eq!(moved, before.version < payment.version, "a change is later");
        }
        let open: Vec<&Attempt> = after.attempts.iter().filter(|at| at.state.is_open()).collect();
        assert!(open.len() <= 1, "one open attempt");
        let wanted = match open.first().map(|open| open.rail_str()) {
            Some("card") => payment.state == PaymentState::Processing,
            Some(_) => payment.state == PaymentState::RequiresAction,
            None => {
                !matches!(payment.state, PaymentState::Processing | PaymentState::RequiresAction)
            }
        };
        assert!(wanted, "{:?} with {open:?}", payment.state);
        let live: Vec<_> = after.challenges.iter().filter(|code| !code.ended).collect();
        assert!(live.len() <= 1, "one code may be typed");
        assert!(live.is_empty() || payment.state == PaymentState::RequiresAction, "a code waits");
        for attempt in &after.attempts {
            check_not_stuck(attempt);
        }
        check_refunds(after);
        let mine = self.events.iter().filter(|event| event.payment == payment.id);
        let sequence: Vec<i64> = mine.map(|event| event.sequence).collect();
        assert_eq!(sequence, (1..=payment.sequence).collect::<Vec<_>>(), "no gap");
        let ends = self.events.iter().filter(|event| event.payment == payment.id);
        let ends = ends.filter(|event| event.kind.is_end()).count();
        assert_eq!(ends, usize::from(payment.state.is_terminal()), "one event for one end");
    }

    fn check_books(&self) {
        let balances = self.see.balances.values();
        let sum: i128 = balances.map(|balance| i128::from(balance.posted_millimes)).sum();
        assert_eq!(sum, 0, "the books sum to zero");
        for wallet in self.see.wallets.values() {
            let balance = self.see.balances.get(&wallet.account().id());
            assert!(balance.is_none_or(|balance| 0 <= balance.posted_millimes), "overdrawn");
        }
        let mut references = BTreeSet::new();
        for entry in &self.entries {
            assert!(references.insert((entry.kind, &entry.reference)), "twice {:?}", entry.kind);
        }
        for (id, aggregate) in &self.see.payments {
            let of = |kind| {
                let mine = self.entries.iter().filter(|entry| entry.payment == Some(*id));
                mine.filter(|entry| entry.kind == kind).count()
            };
            let captured = matches!(aggregate.payment.state, PaymentState::Captured { .. });
            assert_eq!(of(EntryKind::Capture), usize::from(captured), "one capture");
            let due = |attempt: &&Attempt| {
                let card = attempt.card();
                card.is_some_and(|card| {
                    matches!(card.reversal, Reversal::Due | Reversal::RefundDue)
                })
            };
            let due = aggregate.attempts.iter().filter(due).count();
            let suspended = of(EntryKind::UnwantedApproval) - of(EntryKind::UnwantedReversal);
            // What was only held is no money of ours, wherever it is on its way to.
            let is_hold = aggregate.payment.hold_secs.is_some();
            assert_eq!(suspended, if is_hold { 0 } else { due }, "suspense holds what is due back");
        }
    }

    // -- short forms --

    pub fn aggregate(&self) -> &PaymentAggregate {
        &self.see.payments[&self.payment]
    }

    pub fn attempt(&self, number: u16) -> &Attempt {
        self.aggregate().attempt(number).expect("the test made it")
    }

    /// Where the payment, its attempts and its events stand, one a line.
    pub fn picture(&self) -> String {
        let mut lines = vec![self.aggregate().payment.state.as_str().to_owned()];
        for attempt in &self.aggregate().attempts {
            let (number, rail) = (attempt.number, attempt.rail_str());
            lines.push(format!("{number} {rail} {}", attempt.state.as_str()));
        }
        let mine = self.events.iter().filter(|event| event.payment == self.payment);
        lines.extend(mine.map(|event| event.kind.as_str().to_owned()));
        lines.join(", ")
    }

    /// What the accounts of some kinds hold.
    pub fn held(&self, kind: AccountKind) -> i64 {
        let lines = self.entries.iter().flat_map(|entry| entry.postings.lines());
        lines.filter(|line| line.account.kind == kind).map(|line| line.amount_millimes).sum()
    }

    pub fn status(&mut self, number: i64, status: MerchantStatus) {
        self.must(&SetMerchantStatus { id: merchant(number), status });
    }

    pub fn start_card(&mut self) -> CardStarted {
        self.must(&StartCard { payment: self.payment, acquirer: Acquirer::Sandbox })
    }

    pub fn try_wallet(&mut self, text: &str, resend: bool) -> Result<CodeToSend, WalletRefusal> {
        self.run(&StartWallet {
            payment: self.payment,
            mode: Mode::Test,
            phone: phone(text),
            resend,
            code_key: CODE_KEY,
        })
    }

    pub fn start_wallet(&mut self, text: &str) -> CodeToSend {
        self.try_wallet(text, false).expect("the test wants it to go through")
    }

    /// What the bank would say of an approved attempt, all facts right.
    pub fn facts(&self, number: u16) -> ApprovalFacts {
        let card = self.attempt(number).card().expect("a card attempt");
        ApprovalFacts {
            order_number: card.order_number.clone(),
            order_id: card.opened.as_ref().map_or(String::new(), |open| open.order_id.clone()),
            amount_millimes: self.aggregate().payment.amount.millimes(),
            currency: "788".into(),
        }
    }

    pub fn approval(&self, number: u16) -> BankReport {
        let card = Box::new(CardDetails::default());
        BankReport::Approved { facts: self.facts(number), card }
    }

    pub fn report(&mut self, number: u16, report: BankReport) -> Outcome {
        self.must(&RecordOutcome { payment: self.payment, attempt: number, report })
    }
}

/// No leg gives back more than it has, and the refund that is first in line is looked after (I16).
fn check_refunds(after: &PaymentAggregate) {
    let taken = taken_back(&after.payment, &after.refunds);
    for (leg, taken) in after.payment.legs.iter().zip(taken) {
        assert!(taken <= leg.share(), "leg {} gives back too much", leg.number);
    }
    for refund in &after.refunds {
        let parts: i64 = refund.parts.iter().map(|part| part.amount.millimes()).sum();
        assert_eq!(parts, refund.amount.millimes(), "the parts are the refund");
    }
    let sent = after.refunds.iter().filter(|refund| refund.state.asked_at().is_some());
    assert!(sent.count() <= 1, "one refund is at the acquirer");
    if let Some(first) = first_open(&after.refunds) {
        assert!(first.next_look_at.is_some() || first.needs_operator, "{first:?}");
    }
}

/// Whatever is in flight is looked at again, or an operator knows of it (I16).
fn check_not_stuck(attempt: &Attempt) {
    let Some(card) = attempt.card() else { return };
    let in_flight =
        attempt.state.is_open() || matches!(card.reversal, Reversal::Due | Reversal::RefundDue);
    assert!(!in_flight || card.next_look_at.is_some() || card.needs_operator, "{attempt:?}");
    let approved = matches!(attempt.state, AttemptState::Approved { .. });
    assert!(approved || !matches!(card.reversal, Reversal::Due | Reversal::RefundDue));
}
