//! Whether an order is the same in our books and in the acquirer's.

use qisma_domain::time::Timestamp;
use qisma_store::audit::{CardOrder, OrderStanding};

use crate::acquirers::smt::{OrderFacts, OrderState};

/// How late a look may be before it counts as forgotten: the gateway may be at it, or restarting.
const LOOK_GRACE_SECS: i64 = 120;

/// What comes of comparing an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// Both say the same.
    Agrees,
    /// The acquirer has got further, and we look again in a moment.
    InFlight(String),
    /// Both cannot be true.
    Differs(String),
}

/// What the acquirer's books say of the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bank {
    /// It has none of it.
    Unpaid,
    /// It holds it, and has taken nothing.
    Held,
    /// It took so much, and gave so much back.
    Paid { deposited_millimes: i64, refunded_millimes: i64 },
    /// It gave all of it back.
    GivenBack,
}

impl Bank {
    fn of(facts: Option<&OrderFacts>) -> Self {
        let Some(facts) = facts else { return Self::Unpaid };
        match facts.state {
            OrderState::Deposited | OrderState::Partial => Self::Paid {
                deposited_millimes: facts.deposited_millimes,
                refunded_millimes: facts.refunded_millimes,
            },
            OrderState::Reversed | OrderState::Refunded => Self::GivenBack,
            OrderState::PreAuthorized => Self::Held,
            OrderState::Registered
            | OrderState::AcsStarted
            | OrderState::Declined { .. }
            | OrderState::Pending => Self::Unpaid,
        }
    }

    const fn says(self) -> &'static str {
        match self {
            Self::Unpaid => "nobody paid it",
            Self::Held => "it is held",
            Self::Paid { .. } => "it is paid",
            Self::GivenBack => "it was given back",
        }
    }
}

/// Whether the acquirer has money of it, or holds some.
pub(super) fn is_paid(facts: &OrderFacts) -> bool {
    matches!(Bank::of(Some(facts)), Bank::Paid { .. } | Bank::Held)
}

/// Compares an order with what the acquirer says of it; nothing when it does not know the order.
/// `registered` is the number under which our account there registers its orders' currency.
pub(super) fn judge(
    order: &CardOrder,
    facts: Option<&OrderFacts>,
    registered: &str,
    now: Timestamp,
) -> Judgement {
    let bank = Bank::of(facts);
    let is_looked_at = order.next_look_at.is_some_and(|at| now < at.plus_secs(LOOK_GRACE_SECS));
    let number = order.order_number();
    let ahead = || {
        let sentence = format!("order {number}: the acquirer says {}, we look again", bank.says());
        if is_looked_at { Judgement::InFlight(sentence) } else { differs(order, bank) }
    };
    let is_unpaid = matches!(order.standing, OrderStanding::Open | OrderStanding::Unpaid);
    if facts.is_none() && order.is_opened && is_unpaid {
        // It showed the payer a page, so it knew the order: whether somebody paid, nobody can say.
        return Judgement::Differs(format!(
            "order {number}: the acquirer has opened it and does not know it any more"
        ));
    }
    match (order.standing, bank) {
        (OrderStanding::Paid, Bank::Paid { deposited_millimes, refunded_millimes })
            if is_deposit(order, deposited_millimes, refunded_millimes)
                && is_same_currency(order, facts, registered) =>
        {
            judge_refunds(order, refunded_millimes, now)
        }
        (OrderStanding::Paid, Bank::Paid { deposited_millimes, refunded_millimes }) => {
            let amount = order.amount_millimes;
            Judgement::Differs(format!(
                "order {number}: we captured {amount} millimes, the acquirer took \
                 {deposited_millimes} and gave back {refunded_millimes}"
            ))
        }
        (OrderStanding::Paid, Bank::GivenBack) => {
            // Where the acquirer names the sum, the sum counts: see `is_deposit`.
            let told = facts.filter(|facts| facts.state == OrderState::Refunded);
            let told = told.map(|facts| facts.refunded_millimes).filter(|told| 0 < *told);
            judge_refunds(order, told.unwrap_or(order.amount_millimes), now)
        }
        (OrderStanding::GivenBack, Bank::GivenBack)
        | (OrderStanding::Held | OrderStanding::Capturing, Bank::Held)
        | (OrderStanding::Open | OrderStanding::Unpaid, Bank::Unpaid | Bank::GivenBack) => {
            Judgement::Agrees
        }
        (OrderStanding::ReversalDue, Bank::Paid { .. } | Bank::Held | Bank::GivenBack)
        | (OrderStanding::Capturing, Bank::Paid { .. } | Bank::GivenBack)
        | (OrderStanding::Open | OrderStanding::Unpaid, Bank::Paid { .. } | Bank::Held) => ahead(),
        (OrderStanding::Held, Bank::Unpaid | Bank::Paid { .. } | Bank::GivenBack)
        | (OrderStanding::Capturing | OrderStanding::ReversalDue, Bank::Unpaid)
        | (OrderStanding::Paid, Bank::Unpaid | Bank::Held)
        | (OrderStanding::GivenBack, Bank::Unpaid | Bank::Held | Bank::Paid { .. }) => {
            differs(order, bank)
        }
    }
}

/// Whether so much was taken for it. Some builds lower what they took with each refund.
const fn is_deposit(order: &CardOrder, deposited_millimes: i64, refunded_millimes: i64) -> bool {
    let amount = order.amount_millimes;
    deposited_millimes == amount || deposited_millimes == amount - refunded_millimes
}

/// Compares what was given back of a paid order: what we know of, or that and a refund of which we wait
/// to hear.
fn judge_refunds(order: &CardOrder, refunded_millimes: i64, now: Timestamp) -> Judgement {
    let (number, ours) = (order.order_number(), order.refunded_millimes);
    if refunded_millimes == ours {
        return Judgement::Agrees;
    }
    let sentence = format!(
        "order {number}: we gave back {ours} millimes, the acquirer says {refunded_millimes}"
    );
    let is_looked_after =
        order.next_refund_look_at.is_some_and(|at| now < at.plus_secs(LOOK_GRACE_SECS));
    if is_looked_after && refunded_millimes == ours.saturating_add(order.refunding_millimes) {
        return Judgement::InFlight(sentence);
    }
    Judgement::Differs(sentence)
}

/// As a capture is believed (`payer/outcome.rs`): an operator may have registered us under another
/// number than the currency's own.
fn is_same_currency(order: &CardOrder, facts: Option<&OrderFacts>, registered: &str) -> bool {
    let believed = [registered, order.currency.number()];
    facts.is_some_and(|facts| believed.contains(&facts.currency.as_str()))
}

fn differs(order: &CardOrder, bank: Bank) -> Judgement {
    let ours = match order.standing {
        OrderStanding::Open => "it is open, and nobody looks at it any more",
        OrderStanding::Held => "it is held",
        OrderStanding::Capturing => "it is held and being taken",
        OrderStanding::Paid => "it paid",
        OrderStanding::ReversalDue => "it is to be given back",
        OrderStanding::GivenBack => "it was given back",
        OrderStanding::Unpaid => "nobody paid it",
    };
    let (number, theirs) = (order.order_number(), bank.says());
    Judgement::Differs(format!("order {number}: we say {ours}, the acquirer says {theirs}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use qisma_domain::account::Acquirer;
    use qisma_domain::ids::PaymentId;
    use qisma_domain::money::Currency;

    const NOW: Timestamp = Timestamp::from_secs(1_000);

    fn order(standing: OrderStanding, next_look_at: Option<Timestamp>) -> CardOrder {
        CardOrder {
            payment: PaymentId::from_bytes([1; 16]),
            attempt: 1,
            acquirer: Acquirer::Sandbox,
            amount_millimes: 10_000,
            currency: Currency::Tnd,
            standing,
            is_opened: false,
            next_look_at,
            refunded_millimes: 0,
            refunding_millimes: 0,
            next_refund_look_at: None,
            started_at: Timestamp::from_secs(0),
        }
    }

    fn facts(state: OrderState) -> OrderFacts {
        let deposited_millimes = if state == OrderState::Deposited { 10_000 } else { 0 };
        OrderFacts {
            order_id: None,
            order_number: "x".into(),
            amount_millimes: 10_000,
            currency: "788".into(),
            state,
            deposited_millimes,
            refunded_millimes: 0,
            refunded_is_told: true,
            card: None,
        }
    }

    fn word(standing: OrderStanding, bank: Option<OrderState>, look: Option<i64>) -> &'static str {
        let look = look.map(|secs| NOW.plus_secs(secs));
        match judge(&order(standing, look), bank.map(facts).as_ref(), "788", NOW) {
            Judgement::Agrees => "agrees",
            Judgement::InFlight(_) => "in flight",
            Judgement::Differs(_) => "differs",
        }
    }

    /// Everything that our books can say against everything that the acquirer's can.
    #[test]
    fn each_pair_of_answers_has_its_judgement() {
        use OrderStanding as S;
        let banks = [
            None,
            Some(OrderState::PreAuthorized),
            Some(OrderState::Deposited),
            Some(OrderState::Reversed),
        ];
        for (standing, expected) in [
            (S::Open, ["agrees", "in flight", "in flight", "agrees"]),
            (S::Unpaid, ["agrees", "in flight", "in flight", "agrees"]),
            (S::Held, ["differs", "agrees", "differs", "differs"]),
            (S::Capturing, ["differs", "agrees", "in flight", "in flight"]),
            (S::Paid, ["differs", "differs", "agrees", "differs"]),
            (S::ReversalDue, ["differs", "in flight", "in flight", "in flight"]),
            (S::GivenBack, ["differs", "differs", "differs", "agrees"]),
        ] {
            let found = banks.map(|bank| word(standing, bank, Some(60)));
            assert_eq!(found, expected, "{standing:?}");
        }
    }

    #[test]
    fn a_paid_order_that_nobody_looks_at_again_differs() {
        let paid = Some(OrderState::Deposited);
        assert_eq!(word(OrderStanding::Unpaid, paid, None), "differs");
        assert_eq!(word(OrderStanding::Unpaid, paid, Some(-LOOK_GRACE_SECS)), "differs");
        assert_eq!(word(OrderStanding::Unpaid, paid, Some(1 - LOOK_GRACE_SECS)), "in flight");
    }

    #[test]
    fn an_order_that_the_acquirer_opened_and_does_not_know_differs() {
        let order = CardOrder { is_opened: true, ..order(OrderStanding::Unpaid, None) };
        assert!(matches!(judge(&order, None, "788", NOW), Judgement::Differs(_)));
    }

    #[test]
    fn another_amount_or_currency_differs() {
        let paid = facts(OrderState::Deposited);
        for facts in [
            OrderFacts { deposited_millimes: 9_999, ..paid.clone() },
            OrderFacts { refunded_millimes: 1, ..paid.clone() },
            OrderFacts { currency: "978".into(), ..paid },
        ] {
            let judgement = judge(&order(OrderStanding::Paid, None), Some(&facts), "788", NOW);
            assert!(matches!(judgement, Judgement::Differs(_)), "{facts:?}");
        }
    }

    #[test]
    fn what_was_given_back_is_compared_and_a_refund_under_way_may_have_been_made() {
        let bank =
            |refunded_millimes| OrderFacts { refunded_millimes, ..facts(OrderState::Deposited) };
        let ours = |next_refund_look_at| CardOrder {
            refunded_millimes: 3_000,
            refunding_millimes: 500,
            next_refund_look_at,
            ..order(OrderStanding::Paid, None)
        };
        let word = |ours: &CardOrder, refunded| match judge(ours, Some(&bank(refunded)), "788", NOW)
        {
            Judgement::Agrees => "agrees",
            Judgement::InFlight(_) => "in flight",
            Judgement::Differs(_) => "differs",
        };
        let looked_after = ours(Some(NOW));
        let found = [3_000, 3_500, 0, 500, 4_000].map(|refunded| word(&looked_after, refunded));
        assert_eq!(found, ["agrees", "in flight", "differs", "differs", "differs"]);
        assert_eq!(word(&ours(None), 3_500), "differs");
    }

    #[test]
    fn an_order_given_back_by_a_refund_of_all_of_it_agrees() {
        let ours = CardOrder { refunded_millimes: 10_000, ..order(OrderStanding::Paid, None) };
        let judged = judge(&ours, Some(&facts(OrderState::Refunded)), "788", NOW);
        assert_eq!(judged, Judgement::Agrees);
    }

    #[test]
    fn an_account_that_registers_the_dinar_under_another_number_agrees() {
        let facts = |currency: &str| OrderFacts {
            currency: currency.into(),
            ..facts(OrderState::Deposited)
        };
        let paid = order(OrderStanding::Paid, None);
        let judged = |currency| judge(&paid, Some(&facts(currency)), "934", NOW);
        assert_eq!([judged("934"), judged("788")], [Judgement::Agrees, Judgement::Agrees]);
        assert!(matches!(judged("978"), Judgement::Differs(_)));
    }
}
