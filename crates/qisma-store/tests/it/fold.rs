//! Balances that follow the journal later: the same in the end, whatever is cut off in between.

use proptest::collection::vec;
use proptest::prelude::*;
use qisma_domain::account::{Account, AccountKind, Acquirer};
use qisma_domain::changes::Changes;
use qisma_domain::decide::create_wallet::CreateWallet;
use qisma_domain::decide::fold_lines::{FoldLines, ForgetUnfolded};
use qisma_domain::decide::record_outcome::RecordOutcome;
use qisma_domain::decide::start_card::StartCard;
use qisma_domain::ids::{EntryId, Mode, PaymentId, Shard};
use qisma_domain::journal::{
    EntryKind, FoldAt, JournalEntry, LineKey, Posting, Postings, UnfoldedLine,
};
use qisma_domain::money::Currency;
use qisma_domain::time::Timestamp;
use qisma_store::{Fold, Shards, Store};
use std::collections::BTreeMap;

use crate::batches::approval;
use crate::commands::{amount, does, merchant, phone};
use crate::support::{NOW, Place, Told, place_that_folds, verdict};

/// What waits, oldest first.
pub async fn waiting(store: &Store) -> Vec<UnfoldedLine> {
    let read = store.read(|reader| reader.unfolded_lines(&Shards::all(), 10_000));
    read.await.expect("it reads")
}

/// The first half of a fold: the lines are added to their accounts.
pub async fn add(store: &Store, lines: &[UnfoldedLine]) -> Vec<LineKey> {
    let mut by_shard: BTreeMap<Shard, Vec<UnfoldedLine>> = BTreeMap::new();
    for line in lines {
        by_shard.entry(line.account.id().shard()).or_default().push(*line);
    }
    let mut done = vec![];
    for lines in by_shard.into_values() {
        let folded = verdict(store.run(FoldLines { lines }).await).expect("it is never refused");
        assert_eq!(folded.left, []);
        done.extend(folded.done);
    }
    done
}

/// The second half: they no longer wait.
pub async fn forget(store: &Store, lines: Vec<LineKey>) {
    let mut by_shard: BTreeMap<Shard, Vec<LineKey>> = BTreeMap::new();
    for line in lines {
        by_shard.entry(line.entry.shard()).or_default().push(line);
    }
    for lines in by_shard.into_values() {
        verdict(store.run(ForgetUnfolded { lines }).await).expect("it is never refused");
    }
}

pub async fn fold_all(store: &Store) {
    let done = add(store, &waiting(store).await).await;
    forget(store, done).await;
}

/// Captures a payment of 10,000 by card: 100 for merchant 2, the rest for merchant 1.
async fn capture(place: &Place) -> PaymentId {
    let payment = place.payment().await;
    place.must(StartCard { payment, acquirer: Acquirer::Sandbox }).await;
    place.must(RecordOutcome { payment, attempt: 1, report: approval(payment, 1) }).await;
    payment
}

/// What merchant 1, merchant 2 and the bank stand at.
async fn balances(store: &Store) -> [i64; 3] {
    let pending = |number| {
        Account::merchant(merchant(number), AccountKind::Pending, Mode::Test, Currency::Tnd)
    };
    let clearing = Account::clearing(Acquirer::Sandbox, Mode::Test, Currency::Tnd);
    let accounts = [pending(1), pending(2), clearing];
    let read = store.read(move |reader| {
        let [one, two, bank] = accounts.map(|account| reader.balance(&account));
        Ok([one?, two?, bank?])
    });
    read.await.expect("it reads").map(|balance| balance.posted_millimes)
}

const CAPTURED: [i64; 3] = [9_900, 100, -10_000];

async fn captured_later() -> Place {
    let place = place_that_folds(Fold::Deferred);
    place.people(2).await;
    capture(&place).await;
    place
}

#[tokio::test]
async fn a_capture_touches_no_account_until_it_is_folded() {
    let place = captured_later().await;
    assert_eq!((place.count("accounts"), place.count("postings")), (0, 3));
    fold_all(&place.store).await;
    assert_eq!(balances(&place.store).await, CAPTURED);
    assert_eq!((place.count("unfolded_lines"), place.count("account_lines")), (0, 3));
}

#[tokio::test]
async fn a_capture_that_is_folded_at_once_leaves_nothing_behind() {
    let place = place_that_folds(Fold::Inline);
    place.people(2).await;
    capture(&place).await;
    assert_eq!(balances(&place.store).await, CAPTURED);
    assert_eq!((place.count("unfolded_lines"), place.count("account_lines")), (0, 0));
}

#[tokio::test]
async fn the_journal_of_a_payment_names_accounts_that_are_not_there_yet() {
    let place = captured_later().await;
    let payment = waiting(&place.store).await[0].key.entry.shard();
    let read = place.store.read(move |reader| {
        let all = reader.payments(None, 10)?;
        let id = all.iter().find(|found| found.id.shard() == payment).expect("one payment").id;
        reader.journal_of_payment(&id)
    });
    let journal = read.await.expect("it reads");
    let owners: Vec<_> = journal.iter().map(|line| line.owner.as_str()).collect();
    assert_eq!(owners, ["acquirer:sandbox", "merchant:1", "merchant:2"]);
}

#[tokio::test]
async fn a_fold_that_is_cut_off_after_any_account_adds_nothing_twice() {
    for folded in 0..=3 {
        let place = captured_later().await;
        let lines = waiting(&place.store).await;
        add(&place.store, &lines[..folded]).await;
        place.store.close();
        let store = place.another(&Told { fold: Fold::Deferred, seed: 50, ..Told::default() }, 1);
        assert_eq!(waiting(&store).await.len(), 3);
        fold_all(&store).await;
        assert_eq!((folded, balances(&store).await), (folded, CAPTURED));
    }
}

#[tokio::test]
async fn a_fold_that_is_cut_off_before_all_is_forgotten_adds_nothing_twice() {
    let place = captured_later().await;
    let done = add(&place.store, &waiting(&place.store).await).await;
    forget(&place.store, done[..1].to_vec()).await;
    fold_all(&place.store).await;
    // Forgotten already: nothing is left to be done, and that is no error.
    forget(&place.store, done).await;
    assert_eq!(balances(&place.store).await, CAPTURED);
}

#[tokio::test]
async fn what_waits_when_the_setting_changes_is_folded_beside_what_is_folded_at_once() {
    let place = captured_later().await;
    place.store.close();
    let inline = place.another(&Told { seed: 50, ..Told::default() }, 1);
    let payment = verdict(inline.run(crate::commands::create([2])).await).expect("a good payment");
    let payment = payment.created.payment_id;
    verdict(inline.run(StartCard { payment, acquirer: Acquirer::Sandbox }).await).expect("free");
    let report = approval(payment, 1);
    verdict(inline.run(RecordOutcome { payment, attempt: 1, report }).await).expect("it is there");
    assert_eq!(balances(&inline).await, CAPTURED, "the later one, at once");
    fold_all(&inline).await;
    assert_eq!(balances(&inline).await, CAPTURED.map(|millimes| 2 * millimes));
}

#[tokio::test]
async fn the_oldest_line_that_waits_tells_how_far_behind_the_balances_are() {
    let place = captured_later().await;
    let read = |store: &Store| {
        let store = store.clone();
        async move { store.read(|reader| reader.unfolded(&Shards::all())).await.expect("it reads") }
    };
    let standing = read(&place.store).await;
    assert_eq!((standing.lines, standing.oldest_at.map(Timestamp::secs)), (3, Some(NOW.secs())));
    fold_all(&place.store).await;
    assert_eq!(read(&place.store).await, qisma_store::Unfolded::default());
}

#[tokio::test]
async fn a_wallet_that_is_given_money_has_it_after_the_fold() {
    let place = place_that_folds(Fold::Deferred);
    let (phone, fund) = (phone("55555555"), amount(500));
    let wallet = CreateWallet { phone, name: "Payer".into(), mode: Mode::Test, fund };
    let account = place.must(wallet).await.account();
    fold_all(&place.store).await;
    let balance = place.store.read(move |reader| reader.balance(&account)).await.expect("it reads");
    assert_eq!(balance.available_millimes(), 500);
}

/// An entry that moves money from the bank to two of three merchants, in some shard.
fn entry(shard: u8, to: [i64; 2], millimes: [i64; 2]) -> impl Fn(EntryId) -> JournalEntry {
    let shard = Shard(shard);
    move |id| {
        let clearing = Account::clearing(Acquirer::Sandbox, Mode::Test, Currency::Tnd);
        let pending = |number| {
            Account::merchant(merchant(number), AccountKind::Pending, Mode::Test, Currency::Tnd)
        };
        let amount_millimes = -(millimes[0] + millimes[1]);
        let account = clearing.in_stripe_of(shard);
        JournalEntry {
            id,
            kind: EntryKind::Capture,
            reference: id.to_string(),
            payment: None,
            at: NOW,
            postings: Postings::balanced(vec![
                Posting { account, amount_millimes },
                Posting { account: pending(to[0]), amount_millimes: millimes[0] },
                Posting { account: pending(to[1]), amount_millimes: millimes[1] },
            ]),
            fold: FoldAt::Commit,
        }
    }
}

/// An entry that is written, or some of a fold.
#[derive(Clone, Debug)]
enum Step {
    Post(u8, [i64; 2], [i64; 2]),
    /// So many of the waiting lines are added.
    Add(usize),
    /// ... and so many of those forgotten.
    AddAndForget(usize, usize),
}

fn step() -> impl Strategy<Value = Step> {
    let to = || (1_i64..4, 1_i64..4).prop_map(|(one, other)| [one, other]);
    let millimes = || (1_i64..100, 1_i64..100).prop_map(|(one, other)| [one, other]);
    prop_oneof![
        3 => (any::<u8>(), to(), millimes()).prop_map(|(at, to, sums)| Step::Post(at, to, sums)),
        1 => (0_usize..12).prop_map(Step::Add),
        1 => (0_usize..12, 0_usize..12).prop_map(|(add, forget)| Step::AddAndForget(add, forget)),
    ]
}

async fn take(place: &Place, step: &Step) {
    let (added, forgotten) = match *step {
        Step::Post(shard, to, millimes) => {
            let entry = entry(shard, to, millimes);
            let post = does(move |rng| {
                let entries = vec![entry(EntryId::mint(Shard(shard), NOW, rng))];
                Changes { entries, ..Changes::none() }
            });
            return place.must(post).await;
        }
        Step::Add(added) => (added, 0),
        Step::AddAndForget(added, forgotten) => (added, forgotten),
    };
    let lines = waiting(&place.store).await;
    let done = add(&place.store, &lines[..added.min(lines.len())]).await;
    forget(&place.store, done[..forgotten.min(done.len())].to_vec()).await;
}

/// What each account's rows sum to.
async fn sums(steps: &[Step], fold: Fold) -> String {
    let place = place_that_folds(fold);
    for step in steps {
        take(&place, step).await;
    }
    fold_all(&place.store).await;
    assert_eq!(waiting(&place.store).await, []);
    let dump = place.dump();
    let accounts = dump.split("accounts\n").nth(1).expect("the table is there");
    accounts.split("\napps").next().expect("the next table").to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        // Each makes two databases, which takes a server a while.
        cases: if std::env::var_os(throwaway_postgres::PROFILE_VARIABLE).is_some() { 8 } else { 48 },
        max_shrink_iters: 200,
        ..ProptestConfig::default()
    })]

    #[test]
    fn entries_that_are_folded_in_any_cut_are_folded_as_if_at_once(steps in vec(step(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (at_once, later) = runtime.block_on(async {
            (sums(&steps, Fold::Inline).await, sums(&steps, Fold::Deferred).await)
        });
        prop_assert_eq!(at_once, later);
    }
}
