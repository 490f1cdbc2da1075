//! Stories in a real browser: Chromium, driven by the scenarios in `tests/browser/scenarios`, against a
//! gateway and a bank in this process, on a clock that the scenarios move.

mod stage;

use stage::play;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_with_3d_secure_is_paid_and_the_shop_redirects_on() {
    play("card_with_3d_secure").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_that_is_only_held_leads_back_to_the_shop() {
    play("pre_authorisation").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_declined_payer_may_try_another_card() {
    play("declined_then_paid").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_is_paid_with_the_code_from_the_phone() {
    play("wallet").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payer_may_leave_the_bank_and_pay_by_wallet() {
    play("change_of_way").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tab_closed_at_the_bank_is_captured_and_told_within_90_seconds() {
    play("tab_closed_at_bank").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_that_expired_leads_back_to_the_shop() {
    play("expiry").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_that_is_canceled_leads_back_to_the_shop() {
    play("cancel").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_browsers_on_one_link_share_one_attempt() {
    play("two_browsers").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_without_javascript_pays_by_wallet_and_by_card() {
    play("without_javascript").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_speak_arabic_from_right_to_left() {
    play("arabic").await;
}
