//! Paying by wallet.

use super::browser::wrong;
use super::world::{PHONE, World};

#[tokio::test]
async fn the_code_from_the_phone_pays() {
    let world = World::start().await;
    let payment = world.payment().await;
    let page = world.ask_for_code(payment).await;
    let paid = page.submit(&world, "/code", &[("code", &world.code().await)]).await;
    let shop = paid.leave(&world).await;
    assert_eq!(shop.url, format!("https://shop.example/thanks?basket=7&payment_id={payment}"));
    let shares = [world.balance("1234").await, world.balance("4321").await];
    assert_eq!((shares, world.wallet().await), ([8_000, 2_000], 5_000));
}

#[tokio::test]
async fn a_code_may_be_typed_with_a_space() {
    let world = World::start().await;
    let payment = world.payment().await;
    let page = world.ask_for_code(payment).await;
    let code = world.code().await;
    let spaced = format!(" {} {} ", &code[..3], &code[3..]);
    page.submit(&world, "/code", &[("code", &spaced)]).await;
    assert_eq!(world.state(payment).await, "captured");
}

#[tokio::test]
async fn a_mistyped_number_is_mended_on_the_payments_page_and_not_repeated() {
    let world = World::start().await;
    let payment = world.payment().await;
    let page = world.open(payment).await.submit(&world, "/wallet", &[("phone", "5555<")]).await;
    assert_eq!(page.url, format!("{}/pay/{payment}?notice=phone_invalid", world.url));
    assert!(page.html.contains("id=\"phone-error\""), "{}", page.html);
    assert!(!page.html.contains("5555&#60;"), "{}", page.html);
}

#[tokio::test]
async fn a_mistyped_code_costs_no_try() {
    let world = World::start().await;
    let payment = world.payment().await;
    let page = world.ask_for_code(payment).await;
    for code in ["", "12345", "1234567", "abcdef"] {
        let mend = page.submit(&world, "/code", &[("code", code)]).await;
        assert!(mend.url.ends_with("?notice=code_malformed"), "{}", mend.url);
    }
    assert_eq!(world.read(payment).await.live_challenge().unwrap().tries, 0);
}

#[tokio::test]
async fn five_wrong_codes_decline_the_attempt() {
    let world = World::start().await;
    let payment = world.payment().await;
    let page = world.ask_for_code(payment).await;
    let wrong = wrong(&world.code().await);
    for left in ["4 essais", "3 essais", "2 essais", "1 essai"] {
        let mend = page.submit(&world, "/code", &[("code", &wrong)]).await;
        assert!(mend.url.ends_with("?notice=code_wrong"), "{}", mend.url);
        assert!(mend.html.contains(left), "{left}: {}", mend.html);
    }
    let choose = page.submit(&world, "/code", &[("code", &wrong)]).await;
    assert!(choose.has_form("/wallet"), "{}", choose.html);
    assert_eq!(world.attempts(payment).await, ["declined"]);
}

#[tokio::test]
async fn after_five_wrong_codes_the_right_one_pays_nothing() {
    let world = World::start().await;
    let payment = world.payment().await;
    let page = world.ask_for_code(payment).await;
    let code = world.code().await;
    for _ in 0..5 {
        page.submit(&world, "/code", &[("code", &wrong(&code))]).await;
    }
    page.submit(&world, "/code", &[("code", &code)]).await;
    assert_eq!((world.state(payment).await, world.wallet().await), ("created", 15_000));
}

#[tokio::test]
async fn a_code_is_refused_after_two_minutes_and_a_new_one_pays() {
    let world = World::start().await;
    let payment = world.payment().await;
    let page = world.ask_for_code(payment).await;
    let old = world.code().await;
    world.pass(120).await;
    let late = page.submit(&world, "/code", &[("code", &old)]).await;
    assert!(late.url.ends_with("?notice=code_expired"), "{}", late.url);
    assert!(late.html.contains("id=\"code-error\""), "{}", late.html);
    assert_eq!(world.state(payment).await, "requires_action");
    let page = late.submit(&world, "/resend", &[]).await;
    page.submit(&world, "/code", &[("code", &world.code().await)]).await;
    assert_eq!(world.state(payment).await, "captured");
}

#[tokio::test]
async fn a_resend_ends_the_earlier_code() {
    let world = World::start().await;
    let payment = world.payment().await;
    let page = world.ask_for_code(payment).await;
    let first = world.code().await;
    world.pass(30).await;
    let page = page.submit(&world, "/resend", &[]).await;
    assert_ne!(world.code().await, first);
    let mend = page.submit(&world, "/code", &[("code", &first)]).await;
    assert!(mend.url.ends_with("?notice=code_wrong"), "{}", mend.url);
}

#[tokio::test]
async fn codes_are_30_seconds_apart_and_three_a_payment() {
    let world = World::start().await;
    let payment = world.payment().await;
    let page = world.ask_for_code(payment).await;
    page.submit(&world, "/resend", &[]).await;
    assert_eq!(world.read(payment).await.challenges.len(), 1);
    for _ in 0..4 {
        world.pass(30).await;
        page.submit(&world, "/resend", &[]).await;
    }
    assert_eq!(world.read(payment).await.challenges.len(), 3);
}

#[tokio::test]
async fn a_code_for_another_payment_a_moment_ago_is_said_to_be_waited_for() {
    let world = World::start().await;
    world.ask_for_code(world.payment().await).await;
    let page = world.ask_for_code(world.payment().await).await;
    assert!(page.has_form("/wallet"), "{}", page.html);
    assert!(page.html.contains("avant de demander un autre code"), "{}", page.html);
}

#[tokio::test]
async fn codes_are_five_a_phone_an_hour() {
    let world = World::start().await;
    let mut sent = 0;
    for _ in 0..7 {
        let payment = world.payment().await;
        world.ask_for_code(payment).await;
        sent += world.read(payment).await.challenges.len();
        world.pass(30).await;
    }
    assert_eq!(sent, 5);
}

#[tokio::test]
async fn a_phone_without_a_wallet_gets_the_same_page_and_no_message() {
    let world = World::start().await;
    let known = world.ask_for_code(world.payment().await).await;
    let payment = world.payment().await;
    let page = world.open(payment).await.submit(&world, "/wallet", &[("phone", "99999955")]).await;
    let same = |page: &super::browser::Page| {
        let main = page.html.split("<main>").nth(1).unwrap().to_owned();
        let tokens = main.split("value=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
        let mut text = main.clone();
        for token in tokens {
            text = text.replace(token, "");
        }
        let id = page.url.rsplit('/').next().unwrap();
        (page.status, text.replace(id, ""))
    };
    assert_eq!(same(&known), same(&page));
    let phone = world.get(&format!("{}/phone/99999955", world.bank)).await;
    assert!(!phone.html.contains("Dar El Jeld"), "{}", phone.html);
}

#[tokio::test]
async fn a_wallet_is_never_overdrawn() {
    let world = World::start().await;
    let payment = world
        .payment_with(|new| {
            new.amount = qisma_domain::money::Amount::from_millimes(15_001).unwrap();
        })
        .await;
    let page = world.ask_for_code(payment).await;
    let declined = page.submit(&world, "/code", &[("code", &world.code().await)]).await;
    assert!(declined.html.contains("Paiement refusé"), "{}", declined.html);
    assert_eq!((world.wallet().await, world.attempts(payment).await), (15_000, vec!["declined"]));
}

#[tokio::test]
async fn the_message_names_payee_and_amount_in_the_payers_language() {
    let world = World::start().await;
    let payment = world.payment().await;
    let page = world.get(&format!("{}/pay/{payment}?lang=en", world.url)).await;
    page.submit(&world, "/wallet", &[("phone", "+216 55 555 555")]).await;
    let code = world.code().await;
    let phone = world.get(&format!("{}/phone/{PHONE}", world.bank)).await;
    let text = format!("{code} is your code to pay 10,000 DT to Dar El Jeld");
    assert!(phone.html.contains(&text), "{}", phone.html);
}

#[tokio::test]
async fn a_wallet_is_not_offered_where_it_is_closed() {
    let world = World::start_with(&[("QISMA__RAILS__WALLET__ENABLED", "never")]).await;
    let payment = world.payment().await;
    let page = world.open(payment).await;
    assert!(page.has_form("/card") && !page.has_form("/wallet"), "{}", page.html);
}

#[tokio::test]
async fn leaving_the_wallet_ends_its_code() {
    let world = World::start().await;
    let payment = world.payment().await;
    let page = world.ask_for_code(payment).await;
    let code = world.code().await;
    page.submit(&world, "/change", &[]).await;
    page.submit(&world, "/code", &[("code", &code)]).await;
    assert_eq!((world.state(payment).await, world.wallet().await), ("created", 15_000));
}
