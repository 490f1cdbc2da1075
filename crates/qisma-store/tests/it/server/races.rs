//! Lanes and nodes that pay through the same accounts: nobody overdraws, nobody waits for ever.

use qisma_domain::account::{Account, AccountKind};
use qisma_domain::decide::confirm_code::{CodeAnswer, ConfirmCode};
use qisma_domain::decide::create_wallet::CreateWallet;
use qisma_domain::ids::Mode;
use qisma_domain::money::Currency;
use throwaway_postgres::Profile;
use tokio::task::JoinSet;

use crate::batches::{CODE_KEY, start_wallet};
use crate::commands::{amount, create_merchant, keyed, merchant, phone};
use crate::support::{Told, on_server, verdict};

#[tokio::test(flavor = "multi_thread")]
async fn one_idempotency_key_on_two_nodes_makes_one_payment() {
    let place = on_server(Profile::Plain, 2);
    place.people(2).await;
    let other = place.another(&Told { seed: 1_000, ..Told::default() }, 2);
    for key in ["a", "b", "c", "d", "e"] {
        let mut racing = JoinSet::new();
        for store in [&place.store, &other].into_iter().cycle().take(20) {
            let store = store.clone();
            racing.spawn(async move { store.run(keyed(key, 1)).await });
        }
        let mut made: Vec<_> = racing
            .join_all()
            .await
            .into_iter()
            .map(|answer| answer.expect("it is the same request").created.payment_id)
            .collect();
        made.dedup();
        assert_eq!(made.len(), 1, "{key}");
    }
    assert_eq!(place.count("payments"), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_draws_the_marker_of_another_is_not_taken_for_it() {
    // Both draw the same chance, so their first markers are the same.
    let place = on_server(Profile::Plain, 1);
    let other = place.another(&Told::default(), 1);
    place.must(create_merchant(1)).await;
    verdict(other.run(create_merchant(2)).await).expect("it is decided again under another marker");
    assert_eq!(place.count("merchants"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_that_all_lanes_of_two_nodes_debit_is_never_overdrawn() {
    let place = on_server(Profile::Plain, 2);
    place.people(2).await;
    let payer = phone("55555555");
    let fund = amount(55_000);
    let wallet = CreateWallet { phone: payer, name: "Payer".into(), mode: Mode::Test, fund };
    place.must(wallet).await;
    let mut codes = vec![];
    for _ in 0..12 {
        let payment = place.payment().await;
        // Codes are limited by phone and hour; what is raced for here is the money.
        place.execute("DELETE FROM phone_windows");
        let sent = place.must(start_wallet(payment, 0, false)).await;
        codes.push((payment, sent.code.expose().to_owned()));
    }
    let other = place.another(&Told { seed: 1_000, ..Told::default() }, 2);
    let mut racing = JoinSet::new();
    for (payment, code) in codes {
        for store in [place.store.clone(), other.clone()] {
            let confirm = ConfirmCode { payment, code: code.clone(), code_key: CODE_KEY };
            racing.spawn(async move { store.run(confirm).await });
        }
    }
    let captured = racing.join_all().await.into_iter();
    let captured = captured.filter(|answer| matches!(answer, Ok(CodeAnswer::Captured))).count();
    assert_eq!(captured, 5, "of 55,000 millimes, five payments of 10,000");
    let left = place.number("SELECT posted_millimes FROM accounts WHERE kind = 'wallet'");
    assert_eq!(left, 5_000);
    let merchants =
        "SELECT sum(posted_millimes)::bigint FROM accounts WHERE owner LIKE 'merchant:%'";
    assert_eq!(place.number(merchants), 50_000);
    assert_eq!(place.number("SELECT sum(amount_millimes)::bigint FROM postings"), 0);
    let one = Account::merchant(merchant(2), AccountKind::Available, Mode::Test, Currency::Tnd);
    let balance = place.store.read(move |reader| reader.balance(&one)).await.expect("it reads");
    assert_eq!(balance.posted_millimes, 500);
}
