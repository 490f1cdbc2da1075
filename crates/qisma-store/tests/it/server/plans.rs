//! How a server finds what a worker asks for, once there is much of everything.

use throwaway_postgres::Profile;

use crate::support::on_server;

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_finds_its_rows_by_the_indexes_made_for_it_however_full_the_tables_are() {
    let place = on_server(Profile::Plain, 1);
    place.people(1).await;
    place.ask(
        "INSERT INTO payments SELECT n % 256, ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid,
             1, '00000000-0000-0000-0000-000000000001', 'test', 1, 'TND', 'created', NULL, NULL, NULL, n,
              n, n, 'online', NULL, '', '', NULL, NULL, true, NULL, NULL, NULL, NULL, NULL, n, 1, 1, NULL, n, false
              FROM generate_series(1, 20000) AS n;
         INSERT INTO attempts SELECT vshard, id, 1, 'sent', '', '', NULL, created_us, false, 0, 0, 1
             FROM payments;
         INSERT INTO events SELECT vshard, id, id, 1, 'k', '', 0 FROM payments;
         INSERT INTO deliveries SELECT vshard, id, id, id, app_id, '', '', 'o' || created_us % 9, 'get',
             'pending', created_us, 0, NULL, false, 0, 1 FROM payments;
         INSERT INTO refunds SELECT vshard, id, 1, id::text, 1, 'pending', '', created_us, 0, false, 0,
             0, 1 FROM payments;
         INSERT INTO idempotency_keys SELECT vshard, 1, 'test', '', id::text, '', id, '', '', '', created_us
             FROM payments;
         ANALYZE",
    );
    let of = |name: &str| {
        let all = qisma_store::postgres::statements::ALL;
        all.iter().find(|(other, _)| *other == name).expect("it is one of ours").1
    };
    for (name, index, kinds, values) in [
        ("LIST_PAYMENTS_TO_EXPIRE", "payments_to_expire", "bigint, bigint", "9, 9, "),
        ("NEXT_EXPIRY", "payments_to_expire", "", ""),
        ("LIST_PAYMENTS_TO_SETTLE", "payments_to_settle", "bigint, bigint", "9, 9, "),
        ("NEXT_SETTLEMENT", "payments_to_settle", "", ""),
        ("LIST_HELD_TO_LOOK_AT", "payments_held", "bigint, text, bigint", "9, 'test', 9, "),
        ("NEXT_HELD_LOOK", "payments_held", "", ""),
        (
            "LIST_ATTEMPTS_TO_LOOK_AT",
            "attempts_to_look_at",
            "bigint, text, bigint",
            "9, 'test', 9, ",
        ),
        ("NEXT_LOOK", "attempts_to_look_at", "", ""),
        ("LIST_REFUNDS_TO_LOOK_AT", "refunds_to_look_at", "bigint, text, bigint", "9, 'test', 9, "),
        ("NEXT_REFUND_LOOK", "refunds_to_look_at", "", ""),
        ("LIST_IDEMPOTENCY_KEYS_TO_PRUNE", "idempotency_keys_to_prune", "bigint, bigint", "9, 9, "),
        ("NEXT_RECEIVER", "deliveries_to_send", "uuid, text", "gen_random_uuid(), '', "),
        (
            "LIST_WAITING_OF_RECEIVER",
            "deliveries_to_send",
            "uuid, text, bigint",
            "gen_random_uuid(), '', 9, ",
        ),
    ] {
        let comma = if kinds.is_empty() { "" } else { ", " };
        let plan = place.ask(&format!(
            "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
             SET plan_cache_mode = force_generic_plan;
             PREPARE asked ({kinds}{comma}smallint[]) AS {};
             EXPLAIN EXECUTE asked ({values}'{{1,2,3}}')",
            of(name)
        ));
        let plan: Vec<String> = plan.into_iter().flatten().collect();
        assert!(plan.iter().any(|line| line.contains(index)), "{name}: {plan:#?}");
    }
}
