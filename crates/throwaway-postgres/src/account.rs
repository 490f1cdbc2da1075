//! Who runs the servers: PostgreSQL and pgbouncer refuse to run as root.

use anyhow::{Context as _, ensure};
use std::ffi::OsStr;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// The accounts to run a server as when we are root, the best first.
const ACCOUNTS: &[&str] = &["postgres", "nobody"];
/// Where the commands are that the supervisor needs, should the environment not say.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The account that servers run as.
#[derive(Clone, Copy)]
pub struct Account {
    user: u32,
    group: u32,
    /// Who we are.
    ours: u32,
}

impl Account {
    /// Ourselves; for root, the account `postgres` or `nobody`.
    pub fn find() -> anyhow::Result<Self> {
        let ours = std::fs::metadata("/proc/self").context("/proc cannot be read; mount it")?;
        if ours.uid() != 0 {
            return Ok(Self { user: ours.uid(), group: ours.gid(), ours: ours.uid() });
        }
        let accounts = std::fs::read_to_string("/etc/passwd").context("/etc/passwd")?;
        let other = ACCOUNTS.iter().find_map(|name| parse(&accounts, name));
        let (user, group) = other.context(
            "PostgreSQL refuses to run as root, and there is no account `postgres` or `nobody`; \
             add one or run as somebody else",
        )?;
        Ok(Self { user, group, ours: 0 })
    }

    /// The number of the account.
    pub fn user(self) -> u32 {
        self.user
    }

    /// The number of its group.
    pub fn group(self) -> u32 {
        self.group
    }

    /// Our own number, which is another one where we are root.
    pub fn ours(self) -> u32 {
        self.ours
    }

    /// Whether it is somebody else, which only root can become.
    fn is_other(self) -> bool {
        self.user != self.ours
    }

    /// A command run by the account, with an environment of its own: what is set for PostgreSQL's
    /// clients in ours, such as `PGDATA`, would lead it elsewhere.
    pub fn command(self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var_os("PATH").unwrap_or_else(|| PATH.into());
        command.env_clear().env("PATH", path).env("LC_ALL", "C").env("TZ", "UTC");
        command.stdin(Stdio::null());
        if self.is_other() {
            command.uid(self.user).gid(self.group);
        }
        command
    }

    /// Gives a file or directory to the account.
    pub fn own(self, path: &Path) -> anyhow::Result<()> {
        if self.is_other() {
            chown(path, Some(self.user), Some(self.group))
                .with_context(|| format!("{} cannot be given away", path.display()))?;
        }
        Ok(())
    }

    /// Gives a directory with all that is in it to the account.
    pub fn own_all(self, path: &Path) -> anyhow::Result<()> {
        let owner = format!("{}:{}", self.user, self.group);
        let given = Command::new("chown").args(["-R", &owner]).arg(path).status();
        let given = given.context("`chown` cannot be started")?.success();
        ensure!(given, "{} cannot be given away", path.display());
        Ok(())
    }

    /// Whether the account can enter every directory above a file, as everybody.
    pub fn can_reach(self, path: &Path) -> bool {
        let is_open = |above: &Path| {
            std::fs::metadata(above).is_ok_and(|directory| directory.mode() & 0o001 != 0)
        };
        !self.is_other() || path.ancestors().skip(1).all(is_open)
    }
}

/// The numbers of an account and its group, from the text of /etc/passwd.
fn parse(accounts: &str, name: &str) -> Option<(u32, u32)> {
    let mut lines = accounts.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let fields = lines.find(|fields| fields.first() == Some(&name))?;
    Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let accounts = "postgresql:x:7:8::/:/bin/sh\npostgres:x:101:104:,,,:/var:/bin/sh\n";
        assert_eq!(parse(accounts, "postgres"), Some((101, 104)));
    }

    #[test]
    fn nobody_but_root_becomes_somebody_else() {
        let account = Account::find().unwrap();
        assert_ne!(account.user(), 0);
    }
}
