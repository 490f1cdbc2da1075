//! Money that is held from a right code until its capture is folded: nobody else can take it, and it is
//! free again only after its attempt has ended.

use qisma_domain::account::Account;
use qisma_domain::attempt::AbandonReason;
use qisma_domain::decide::abandon_attempt::AbandonAttempt;
use qisma_domain::decide::check_code::{CheckCode, Checked};
use qisma_domain::decide::confirm_code::{CodeAnswer, ConfirmCode, ConfirmRefusal, Funds};
use qisma_domain::decide::create_wallet::CreateWallet;
use qisma_domain::decide::place_hold::{HoldAnswer, PlaceHold};
use qisma_domain::decide::release_hold::ReleaseHold;
use qisma_domain::ids::{Mode, PaymentId};
use qisma_store::{Fold, HoldWanted, OpenHold, Shards, Store};
use tokio::task::JoinSet;

use crate::batches::{CODE_KEY, start_wallet};
use crate::commands::{amount, phone};
use crate::fold::{add, fold_all, forget, waiting};
use crate::support::{NOW, Place, Told, place_that_folds, verdict};

/// A wallet with so much, and payments of 10,000 whose codes its phone has.
struct Payer {
    place: Place,
    account: Account,
    payments: Vec<(PaymentId, String)>,
}

impl Payer {
    async fn with(fold: Fold, fund_millimes: i64, payments: usize) -> Self {
        let place = place_that_folds(fold);
        place.people(2).await;
        let (phone, fund) = (phone("55555555"), amount(fund_millimes));
        let wallet = CreateWallet { phone, name: "Payer".into(), mode: Mode::Test, fund };
        let account = place.must(wallet).await.account();
        fold_all(&place.store).await;
        let mut payer = Self { place, account, payments: vec![] };
        for _ in 0..payments {
            let payment = payer.place.payment().await;
            // Codes are limited by phone and hour; what is asked for here is the money.
            payer.place.execute("DELETE FROM phone_windows");
            let sent = payer.place.must(start_wallet(payment, 0, false)).await;
            payer.payments.push((payment, sent.code.expose().to_owned()));
        }
        payer
    }

    /// What of the wallet is booked, and what held.
    async fn wallet(&self) -> (i64, i64) {
        let account = self.account;
        let read = self.place.store.read(move |reader| reader.balance(&account));
        let balance = read.await.expect("it reads");
        (balance.posted_millimes, balance.held_millimes)
    }

    /// Holds the money of the first payment, as far as the code's being right.
    async fn held(&self) -> (OpenHold, PlaceHold) {
        let (payment, code) = self.payments[0].clone();
        let wish = wish(&self.place.store, payment, &code).await.expect("the code is right");
        assert_eq!(self.place.must(wish).await, HoldAnswer::Held);
        (OpenHold { id: wish.id(), payment, attempt: 1 }, wish)
    }

    async fn wanted(&self, hold: OpenHold) -> HoldWanted {
        let read = self.place.store.read(move |reader| reader.hold_is_wanted(&hold));
        read.await.expect("it reads")
    }

    async fn capture(&self, hold: OpenHold) -> Result<CodeAnswer, ConfirmRefusal> {
        let (payment, code) = self.payments[0].clone();
        let funds = Funds::Held(hold.id);
        let confirm = ConfirmCode { payment, code, code_key: CODE_KEY, funds };
        verdict(self.place.store.run(confirm).await)
    }

    async fn abandon(&self, payment: PaymentId) {
        let reason = AbandonReason::PayerLeft;
        self.place.must(AbandonAttempt { payment, attempt: 1, reason }).await;
    }
}

async fn wish(store: &Store, payment: PaymentId, code: &str) -> Option<PlaceHold> {
    let check = CheckCode { payment, code: code.to_owned(), code_key: CODE_KEY };
    match verdict(store.run(check).await) {
        Ok(Checked::Right(wish)) => Some(wish),
        Ok(Checked::Wrong(_)) | Err(_) => None,
    }
}

/// Pays as a gateway does whose balances are folded later.
async fn pay_later(store: &Store, payment: PaymentId, code: String) -> Option<CodeAnswer> {
    let wish = wish(store, payment, &code).await?;
    let funds = match verdict(store.run(wish).await).expect("it is never refused") {
        HoldAnswer::Held => Funds::Held(wish.id()),
        HoldAnswer::InsufficientFunds | HoldAnswer::Released => Funds::Missing,
    };
    let confirm = ConfirmCode { payment, code, code_key: CODE_KEY, funds };
    verdict(store.run(confirm).await).ok()
}

async fn pay(store: Store, fold: Fold, payment: PaymentId, code: String) -> Option<CodeAnswer> {
    if fold == Fold::Deferred {
        return pay_later(&store, payment, code).await;
    }
    let confirm = ConfirmCode { payment, code, code_key: CODE_KEY, funds: Funds::Balance };
    verdict(store.run(confirm).await).ok()
}

/// 64 payments at once of a wallet that can pay 10, each asked for of two stores where there can be
/// two.
async fn race(fold: Fold) {
    let payer = Payer::with(fold, 105_000, 64).await;
    let mut stores = vec![payer.place.store.clone()];
    if payer.place.path.as_os_str().is_empty() {
        stores.push(payer.place.another(&Told { fold, seed: 1_000, ..Told::default() }, 2));
    }
    let mut racing = JoinSet::new();
    for (payment, code) in &payer.payments {
        for store in &stores {
            racing.spawn(pay(store.clone(), fold, *payment, code.clone()));
        }
    }
    let answers = racing.join_all().await;
    let captured = answers.iter().filter(|answer| **answer == Some(CodeAnswer::Captured)).count();
    let of_orphans = "SELECT count(*) FROM holds WHERE state = 'open'";
    assert_eq!(captured, 10);
    fold_all(&payer.place.store).await;
    assert_eq!((payer.wallet().await, payer.place.number(of_orphans)), ((5_000, 0), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_debits_at_once_a_wallet_pays_the_10_that_it_can() {
    race(Fold::Inline).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_debits_at_once_a_wallet_holds_the_10_that_it_can() {
    race(Fold::Deferred).await;
}

const fn freed(hold: OpenHold) -> ReleaseHold {
    ReleaseHold { hold: hold.id, payment: hold.payment, attempt: hold.attempt }
}

#[tokio::test]
async fn held_money_is_held_once_until_the_fold_takes_it() {
    let payer = Payer::with(Fold::Deferred, 15_000, 1).await;
    let (hold, again) = payer.held().await;
    assert_eq!(payer.place.must(again).await, HoldAnswer::Held);
    assert_eq!(payer.wallet().await, (15_000, 10_000));
    assert_eq!(payer.capture(hold).await, Ok(CodeAnswer::Captured));
    assert_eq!(payer.wallet().await, (15_000, 10_000));
    fold_all(&payer.place.store).await;
    assert_eq!(payer.wallet().await, (5_000, 0));
}

#[tokio::test]
async fn a_wallet_whose_rest_is_held_pays_nothing_else() {
    let payer = Payer::with(Fold::Deferred, 15_000, 2).await;
    payer.held().await;
    let (payment, code) = payer.payments[1].clone();
    let answer = pay_later(&payer.place.store, payment, code).await;
    assert_eq!(answer, Some(CodeAnswer::InsufficientFunds));
}

#[tokio::test]
async fn a_fold_that_is_cut_off_takes_what_is_held_once() {
    let payer = Payer::with(Fold::Deferred, 15_000, 1).await;
    let (hold, _) = payer.held().await;
    payer.capture(hold).await.expect("the attempt is open");
    let done = add(&payer.place.store, &waiting(&payer.place.store).await).await;
    add(&payer.place.store, &waiting(&payer.place.store).await).await;
    assert_eq!(payer.wallet().await, (5_000, 0));
    forget(&payer.place.store, done).await;
}

#[tokio::test]
async fn what_is_held_for_an_open_attempt_is_wanted_until_that_ends() {
    let payer = Payer::with(Fold::Deferred, 15_000, 1).await;
    let (hold, _) = payer.held().await;
    assert_eq!(payer.wanted(hold).await, HoldWanted::ByItsAttempt);
    payer.abandon(hold.payment).await;
    assert_eq!(payer.wanted(hold).await, HoldWanted::ByNobody);
    assert!(payer.place.must(freed(hold)).await);
    assert_eq!(payer.wallet().await, (15_000, 0));
}

#[tokio::test]
async fn what_an_open_attempt_holds_is_not_freed_whatever_was_read_before() {
    let payer = Payer::with(Fold::Deferred, 15_000, 1).await;
    let (hold, _) = payer.held().await;
    assert!(!payer.place.must(freed(hold)).await);
    payer.capture(hold).await.expect("its money is there");
}

#[tokio::test]
async fn a_captured_hold_is_wanted_until_it_is_folded_and_then_not_freed() {
    let payer = Payer::with(Fold::Deferred, 15_000, 1).await;
    let (hold, _) = payer.held().await;
    payer.capture(hold).await.expect("the attempt is open");
    assert_eq!(payer.wanted(hold).await, HoldWanted::ByTheFold);
    fold_all(&payer.place.store).await;
    assert!(!payer.place.must(freed(hold)).await, "it is posted");
    assert_eq!(payer.wallet().await, (5_000, 0));
}

#[tokio::test]
async fn a_hold_that_was_freed_pays_nothing_any_more() {
    let payer = Payer::with(Fold::Deferred, 15_000, 1).await;
    let (hold, again) = payer.held().await;
    payer.abandon(hold.payment).await;
    payer.place.must(freed(hold)).await;
    assert_eq!(payer.place.must(again).await, HoldAnswer::Released);
    assert_eq!(payer.capture(hold).await, Err(ConfirmRefusal::NoCodeExpected));
    assert_eq!(payer.wallet().await, (15_000, 0));
}

#[tokio::test]
async fn another_attempts_hold_pays_nothing() {
    let payer = Payer::with(Fold::Deferred, 30_000, 2).await;
    let (payment, code) = payer.payments[1].clone();
    let other = wish(&payer.place.store, payment, &code).await.expect("the code is right");
    payer.place.must(other).await;
    let hold = OpenHold { id: other.id(), payment, attempt: 1 };
    assert_eq!(payer.capture(hold).await, Err(ConfirmRefusal::NoCodeExpected));
}

#[tokio::test]
async fn a_hold_is_looked_for_a_quarter_of_an_hour_after_it_was_placed() {
    let payer = Payer::with(Fold::Deferred, 15_000, 1).await;
    let (hold, _) = payer.held().await;
    let due = NOW.plus_secs(900);
    for (now, expected) in [(due.plus_micros(-1), vec![]), (due, vec![hold])] {
        let read = payer.place.store.read(move |reader| reader.open_holds(&Shards::all(), now, 10));
        assert_eq!(read.await.expect("it reads"), expected);
    }
}
