//! The servers that a suite runs on.

use crate::binaries::Version;
use crate::cluster::{Cluster, Options};
use crate::database::Database;
use crate::pooler::Pooler;
use anyhow::bail;
use std::fmt;
use std::str::FromStr;

/// One of the ways in which the gateway meets PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// The PostgreSQL of the machine, as it is.
    Plain,
    /// The same with every transaction serializable, so that some fail and are tried again.
    Serializable,
    /// The same behind a pgbouncer in transaction mode.
    Pooled,
    /// PostgreSQL 18.
    Eighteen,
}

impl Profile {
    /// All of them, in the order in which a mistake is cheapest to find.
    pub const ALL: &[Self] = &[Self::Plain, Self::Serializable, Self::Pooled, Self::Eighteen];

    /// What it is called on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Serializable => "serializable",
            Self::Pooled => "pooled",
            Self::Eighteen => "eighteen",
        }
    }

    /// The cluster it runs on.
    pub fn options(self) -> Options {
        let options = Options::default();
        match self {
            Self::Plain | Self::Pooled => options,
            Self::Serializable => options.with("default_transaction_isolation", "serializable"),
            Self::Eighteen => Options { version: Version::Major(18), ..options },
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Profile {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> anyhow::Result<Self> {
        let Some(profile) = Self::ALL.iter().find(|profile| profile.name() == name) else {
            let names: Vec<_> = Self::ALL.iter().map(|profile| profile.name()).collect();
            bail!("there is no profile `{name}`; take one of {}", names.join(", "));
        };
        Ok(*profile)
    }
}

/// A cluster in a profile, with what stands in front of it.
pub struct Stand {
    // The first to go, as it is a client of the second.
    pooler: Option<Pooler>,
    cluster: Cluster,
}

impl Stand {
    /// Starts one for us alone; fails as [`Cluster::start`] and [`Pooler::start`] do.
    pub fn start(profile: Profile) -> anyhow::Result<Self> {
        Self::on(profile, Cluster::start(&profile.options())?)
    }

    /// Joins the cluster that all tests of this profile share; fails as [`Cluster::shared`] and
    /// [`Pooler::start`] do.
    pub fn shared(profile: Profile) -> anyhow::Result<Self> {
        // Nobody cuts the power of a suite, and making a database for each test is mostly syncing.
        let options = Options { fsync: false, ..profile.options() };
        Self::on(profile, Cluster::shared(&options)?)
    }

    fn on(profile: Profile, cluster: Cluster) -> anyhow::Result<Self> {
        let pooler = match profile {
            Profile::Pooled => Some(Pooler::start(&cluster)?),
            Profile::Plain | Profile::Serializable | Profile::Eighteen => None,
        };
        Ok(Self { pooler, cluster })
    }

    /// The cluster itself, past whatever stands in front of it.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Where a database is, by way of the pooler if there is one; with the password.
    pub fn url(&self, database: &str) -> String {
        let through = self.pooler.as_ref().map(|pooler| pooler.url(database));
        through.unwrap_or_else(|| self.cluster.url(database))
    }

    /// An empty database with a name of its own. Drop it before the stand.
    pub async fn database(&self) -> anyhow::Result<Database> {
        Ok(self.in_front_of(self.cluster.database().await?))
    }

    /// A copy of a template, as [`Cluster::database_from`] makes it. The template itself is migrated
    /// past the pooler.
    pub async fn database_from(
        &self,
        template: &str,
        migrate: impl AsyncFnOnce(&str) -> anyhow::Result<()>,
    ) -> anyhow::Result<Database> {
        Ok(self.in_front_of(self.cluster.database_from(template, migrate).await?))
    }

    fn in_front_of(&self, database: Database) -> Database {
        let url = self.url(database.name());
        database.through(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_is_found_by_its_name() {
        for profile in Profile::ALL {
            assert_eq!(profile.name().parse::<Profile>().unwrap(), *profile);
        }
    }

    #[test]
    fn an_unknown_profile_is_answered_with_the_known_ones() {
        let error = "plane".parse::<Profile>().unwrap_err().to_string();
        assert!(error.contains("plain, serializable, pooled, eighteen"), "{error}");
    }
}
