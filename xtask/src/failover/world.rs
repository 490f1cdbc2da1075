//! A world for one try: processes, network and shared memory of its own, so that servers can be killed
//! in any state and nothing of them is left.

use anyhow::{Context as _, bail, ensure};
use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use throwaway_postgres::Account;

/// Ends the world; a shell, so that it outlives us.
const SUPERVISOR: &str = include_str!("supervisor.sh");
/// What is needed beside PostgreSQL, and where it comes from.
const PROGRAMS: [(&str, &str); 7] = [
    ("patroni", "patroni"),
    ("patronictl", "patroni"),
    ("etcd", "etcd-server"),
    ("psql", "postgresql-client"),
    ("unshare", "util-linux"),
    ("nsenter", "util-linux"),
    ("ip", "iproute2"),
];

/// Why a world cannot be made on this machine, if it cannot.
pub fn hindrance() -> Option<String> {
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|ours| ours.uid() == 0);
    if !is_root {
        return Some(
            "it needs root, for namespaces and to run PostgreSQL as another account".into(),
        );
    }
    let missing: Vec<&str> = PROGRAMS
        .iter()
        .filter(|(program, _)| !is_installed(program))
        .map(|(_, package)| *package)
        .collect();
    if !missing.is_empty() {
        return Some(format!("install these Debian packages: {}", missing.join(" ")));
    }
    let permitted = Command::new("unshare")
        .args(["--fork", "--pid", "--kill-child", "--mount-proc", "--net", "--ipc", "--", "true"])
        .output();
    match permitted {
        Ok(output) if output.status.success() => None,
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Some(format!("the machine permits no namespaces: {said}"))
        }
        Err(error) => Some(format!("unshare cannot be started: {error}")),
    }
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

/// Runs this binary again with these arguments in a new world.
///
/// Fails when it does.
pub fn run(arguments: &[&str]) -> anyhow::Result<()> {
    let directory = tempfile::Builder::new().prefix("qisma-failover-").tempdir()?;
    // The servers' account has to get in; every directory of theirs is closed to others.
    std::fs::set_permissions(directory.path(), Permissions::from_mode(0o755))?;
    Account::find()?.own(directory.path())?;
    let ourselves = std::env::current_exe().context("we do not know where we are")?;
    let mut supervisor = Command::new("sh");
    supervisor.args(["-c", SUPERVISOR, "supervisor"]).arg(ourselves).args(arguments);
    supervisor.arg("--directory").arg(directory.path()).env("DIRECTORY", directory.path());
    // Out of reach of what interrupts us: it has to clean up.
    supervisor.stdin(Stdio::piped()).process_group(0);
    let mut child = supervisor.spawn().context("`sh` cannot be started")?;
    // Waiting for it would close what tells it that we live.
    let held = child.stdin.take();
    let status = child.wait()?;
    drop(held);
    ensure!(status.success(), "a try ended with {status}; see above");
    Ok(())
}

/// Brings the loopback up; to be called inside.
pub fn enter(directory: &Path) -> anyhow::Result<()> {
    ensure!(directory.is_dir(), "{} is not there", directory.display());
    tool("ip", &["link", "set", "lo", "up"])
}

/// Runs a program that says nothing when all is well.
pub fn tool(name: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let output = Command::new(name).args(arguments).output();
    let output = output.with_context(|| format!("{name} cannot be started"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{name} {}` failed: {}", arguments.join(" "), said.trim());
    }
    Ok(())
}
