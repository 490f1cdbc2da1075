//! What the doctor says of a PostgreSQL server.

use qisma_store::{PostgresOptions, ServerHealth};

/// The oldest server whose SQL we speak.
const VERSION_MIN: i64 = 150_000;
/// How far a node's clock may be from the server's.
const CLOCK_APART_MAX_MILLIS: i64 = 500;

/// What a gateway with these settings finds there.
pub struct Patient<'p> {
    /// What the server says.
    pub health: &'p ServerHealth,
    /// How it is reached.
    pub options: &'p PostgresOptions,
    /// Connections that read at once.
    pub read_connections_max: usize,
    /// Whether the gateway runs already, so that its connections are among the open ones.
    pub is_running: bool,
}

impl Patient<'_> {
    /// What keeps a gateway from working, a sentence each.
    pub fn problems(&self) -> Vec<String> {
        let health = self.health;
        let mut found = vec![];
        if health.server_version_number < VERSION_MIN {
            found.push(format!(
                "the server is PostgreSQL {}; Qisma needs version 15 or later",
                health.server_version
            ));
        }
        if !health.synchronous_standby_names.is_empty() && health.synchronous_standbys == 0 {
            found.push(format!(
                "the server waits with each commit for a standby ({}) and none is connected: start one, \
                 or take it out of synchronous_standby_names",
                health.synchronous_standby_names
            ));
        }
        if CLOCK_APART_MAX_MILLIS < health.clock_ahead_millis.abs() {
            let direction = if 0 < health.clock_ahead_millis { "ahead of" } else { "behind" };
            found.push(format!(
                "the server's clock is {} ms {direction} this machine's, at most \
                 {CLOCK_APART_MAX_MILLIS} are allowed: set both by NTP",
                health.clock_ahead_millis.abs()
            ));
        }
        if health.is_being_moved_to {
            found.push(
                "a move into this database has not come to its end: run the same \
                 `qisma migrate --from` again"
                    .to_owned(),
            );
        }
        if self.options.is_citus && !health.has_citus {
            found.push(
                "database.profile is citus, but the database has no Citus: run CREATE EXTENSION citus \
                 there, or take the profile out"
                    .to_owned(),
            );
        }
        found.extend(self.too_few_connections());
        found
    }

    /// What is allowed but dangerous.
    pub fn warnings(&self) -> Vec<String> {
        let mut found = vec![];
        if self.health.synchronous_standby_names.is_empty() {
            found.push(
                "synchronous_standby_names is empty, so what is committed is on one server only and lost \
                 with its disk; name a standby there"
                    .to_owned(),
            );
        }
        if self.health.has_citus && !self.options.is_citus {
            found.push(
                "the database has Citus, but database.profile is plain, so no table is distributed: set it \
                 to citus before the tables are made"
                    .to_owned(),
            );
        }
        found
    }

    /// A pooler has connections of its own.
    fn too_few_connections(&self) -> Option<String> {
        // And one that keeps this node's share of the work.
        let wanted = self.options.lanes.saturating_add(self.read_connections_max).saturating_add(1);
        let wanted = i64::try_from(wanted).unwrap_or(i64::MAX);
        // Other nodes and programs have theirs all the same.
        let own = if self.is_running { wanted } else { 0 };
        let open = self.health.connections_open.saturating_sub(own).max(0);
        let free = self.health.connections_max.saturating_sub(open);
        (!self.options.is_pooled && free < wanted).then(|| {
            format!(
                "the server has {free} connections to give and this node wants {wanted} \
                 (database.lanes + database.read_connections_max + 1): raise max_connections, or put a \
                 pooler before it"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn healthy() -> ServerHealth {
        ServerHealth {
            server_version: "15.4".into(),
            server_version_number: 150_004,
            synchronous_commit: "on".into(),
            synchronous_standby_names: "ANY 1 (b)".into(),
            synchronous_standbys: 1,
            connections_max: 97,
            connections_open: 20,
            clock_ahead_millis: -3,
            is_being_moved_to: false,
            has_citus: false,
        }
    }

    fn options() -> PostgresOptions {
        PostgresOptions {
            url: String::new(),
            tls_ca_file: None,
            is_pooled: false,
            is_citus: false,
            lanes: 2,
        }
    }

    fn patient<'p>(health: &'p ServerHealth, options: &'p PostgresOptions) -> Patient<'p> {
        Patient { health, options, read_connections_max: 4, is_running: false }
    }

    fn check(spoil: impl FnOnce(&mut ServerHealth), expected: &str) {
        let mut health = healthy();
        spoil(&mut health);
        let options = options();
        let patient = patient(&health, &options);
        match patient.problems().as_slice() {
            [] => assert_eq!(expected, ""),
            [one] => assert!(!expected.is_empty() && one.contains(expected), "{one}"),
            more => panic!("{more:?}"),
        }
    }

    #[test]
    fn a_healthy_server_has_no_problem() {
        check(|_| {}, "");
    }

    #[test]
    fn an_old_server_is_a_problem() {
        check(|health| health.server_version_number = 140_009, "version 15 or later");
    }

    #[test]
    fn a_standby_that_is_waited_for_in_vain_is_a_problem() {
        check(|health| health.synchronous_standbys = 0, "none is connected");
    }

    #[test]
    fn clocks_that_differ_are_a_problem() {
        check(|health| health.clock_ahead_millis = -501, "501 ms behind");
        check(|health| health.clock_ahead_millis = 501, "501 ms ahead");
        check(|health| health.clock_ahead_millis = 500, "");
    }

    #[test]
    fn too_few_free_connections_are_a_problem() {
        check(|health| health.connections_open = 90, "");
        check(|health| health.connections_open = 91, "has 6 connections to give");
    }

    #[test]
    fn an_unfinished_move_is_a_problem() {
        check(|health| health.is_being_moved_to = true, "not come to its end");
    }

    #[test]
    fn a_server_without_the_citus_of_its_profile_is_a_problem() {
        let options = PostgresOptions { is_citus: true, ..options() };
        let health = healthy();
        let patient = patient(&health, &options);
        assert!(patient.problems()[0].contains("has no Citus"), "{:?}", patient.problems());
    }
}
