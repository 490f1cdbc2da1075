//! What is different on a Citus cluster (ADR 0017): each table is distributed right after it is made,
//! big ones by their shard and small ones as copies on every node. The statements are the same.

/// Statements of one batch over several of the cluster's shards go over one connection, one after the
/// other: a batch has few rows for each, and connections opened side by side cost more than they save.
///
/// Citus plans most statements only once their parameters are known, so one plan for good, which our
/// sessions ask for elsewhere, is an error there.
pub(super) const CITUS_OPTIONS: &str = "-c plan_cache_mode=auto \
                                        -c citus.multi_shard_modify_mode=sequential \
                                        -c citus.max_adaptive_executor_pool_size=1";
/// The same, behind a pooler.
pub(super) const CITUS_LOCAL: &str = "SET LOCAL citus.multi_shard_modify_mode = 'sequential'; \
                                      SET LOCAL citus.max_adaptive_executor_pool_size = 1;";

/// With it all the others are laid out, so that a shard's rows of all tables are on one node.
const FIRST_DISTRIBUTED: &str = "wallets";

/// What distributes the table that a statement makes, if it makes one. It does nothing to a table that
/// is distributed, so that a migration that was cut off can go on. (`n` without `t` is a table that
/// Citus knows of and has left where it is, because it points to one that was copied.)
pub(super) fn distribution_of(statement: &str) -> Option<String> {
    let rest = statement.trim_start().strip_prefix("CREATE TABLE ")?;
    let name = rest.trim_start_matches("IF NOT EXISTS ").split_whitespace().next()?;
    let call = if !statement.contains("vshard ") {
        format!("create_reference_table('{name}')")
    } else if name == FIRST_DISTRIBUTED {
        format!("create_distributed_table('{name}', 'vshard', colocate_with => 'none')")
    } else {
        format!(
            "create_distributed_table('{name}', 'vshard', colocate_with => '{FIRST_DISTRIBUTED}')"
        )
    };
    Some(format!(
        "SELECT {call} WHERE NOT EXISTS \
         (SELECT 1 FROM pg_dist_partition WHERE logicalrelid = '{name}'::regclass \
          AND (partmethod <> 'n' OR repmodel = 't'))"
    ))
}

#[cfg(test)]
mod tests {
    use super::distribution_of;

    #[test]
    fn a_small_table_is_copied_to_every_node() {
        let call = distribution_of("CREATE TABLE merchants (\n  id bigint PRIMARY KEY\n)").unwrap();
        assert!(call.starts_with("SELECT create_reference_table('merchants') WHERE"), "{call}");
    }

    #[test]
    fn a_big_table_lies_with_the_others_of_its_shard() {
        let call =
            distribution_of("CREATE TABLE IF NOT EXISTS legs (\n  vshard smallint\n)").unwrap();
        let wanted = "create_distributed_table('legs', 'vshard', colocate_with => 'wallets')";
        assert!(call.contains(wanted), "{call}");
    }

    #[test]
    fn an_index_is_distributed_with_its_table() {
        assert_eq!(distribution_of("CREATE INDEX a ON payments (vshard)"), None);
    }
}
