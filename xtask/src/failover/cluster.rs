//! Three Patronis with their PostgreSQL servers, and an etcd.

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use throwaway_postgres::{Account, Binaries, Version};
use tokio::time::{sleep, timeout};

use super::network::{NODES, Network};
use super::settings::{self, CLUSTER, ETCD_PORT, Mode, REST_PORT, SERVER_PORT};
use super::tree;
use crate::client::process::Process;
use crate::client::wire::{Connection, Request};

/// Two copies of an empty cluster take seconds; a machine that is busy, longer.
const START_TIMEOUT: Duration = Duration::from_mins(3);
/// For Patroni's answer, which may not come at all.
const ASK_TIMEOUT: Duration = Duration::from_secs(1);
/// The gateway's database.
const DATABASE: &str = "qisma";

/// A running cluster.
pub struct Cluster {
    nodes: Vec<Node>,
    network: Network,
    programs: PathBuf,
    mode: Mode,
    directory: PathBuf,
    _etcd: Process,
}

struct Node {
    name: String,
    address: Ipv4Addr,
    directory: PathBuf,
    patroni: Process,
}

impl Cluster {
    /// Starts one and waits until it has a primary and two standbys.
    pub async fn start(directory: &Path, network: Network, mode: Mode) -> anyhow::Result<Self> {
        let account = Account::find()?;
        let programs = Binaries::find(&Version::Major(15))?.directory().to_owned();
        let etcd = start_etcd(directory, network.centre(), account)?;
        let mut nodes = vec![];
        for node in 0..NODES {
            nodes.push(start_node(directory, &network, node, account, &programs, mode)?);
        }
        let directory = directory.to_owned();
        let cluster = Self { nodes, network, programs, mode, directory, _etcd: etcd };
        cluster.wait_until_whole().await?;
        let created = cluster.psql("postgres", &format!("CREATE DATABASE {DATABASE}")).await;
        created.context("the gateway's database")?;
        Ok(cluster)
    }

    /// Where the gateway finds it: all nodes, and first the one that is the primary now. So whoever
    /// connects after a fault meets the node that it struck before any other, which is the worst order.
    pub async fn url(&self) -> anyhow::Result<String> {
        let primary = self.primary().await?;
        let order = [primary].into_iter().chain(self.standbys().await?);
        let nodes: Vec<String> =
            order.map(|node| format!("{}:{SERVER_PORT}", self.nodes[node].address)).collect();
        Ok(format!("postgres://postgres@{}/{DATABASE}", nodes.join(",")))
    }

    /// The node that is the primary, as a majority of those who answer sees it.
    pub async fn primary(&self) -> anyhow::Result<usize> {
        for node in &self.nodes {
            let members = node.members().await.unwrap_or_default();
            let leader = members.iter().find(|member| member["role"] == "leader");
            let name = leader.and_then(|leader| leader["name"].as_str());
            if let Some(found) = self.nodes.iter().position(|node| Some(&*node.name) == name) {
                return Ok(found);
            }
        }
        bail!("nobody knows a primary")
    }

    /// The nodes that are standbys.
    pub async fn standbys(&self) -> anyhow::Result<Vec<usize>> {
        let primary = self.primary().await?;
        Ok((0..NODES).filter(|node| *node != primary).collect())
    }

    /// A node's name.
    pub fn name(&self, node: usize) -> &str {
        &self.nodes[node].name
    }

    /// Kills a node's postmaster, and nothing else of it.
    pub fn kill_postmaster(&self, node: usize) -> anyhow::Result<()> {
        let postmaster = tree::postmaster(&self.nodes[node].data());
        let postmaster = postmaster.context("there is no postmaster")?.to_string();
        super::world::tool("kill", &["-s", "KILL", &postmaster])
    }

    /// Sends a signal to everything that runs on these nodes.
    pub fn signal(&self, nodes: &[usize], name: &str) -> anyhow::Result<()> {
        let roots = |node: &usize| {
            let node = &self.nodes[*node];
            // The postmaster first: stopped, it starts no more.
            let postmaster = tree::postmaster(&node.data());
            postmaster.into_iter().chain([node.patroni.id()])
        };
        let roots: Vec<u32> = nodes.iter().flat_map(roots).collect();
        tree::signal(&roots, name)
    }

    /// Asks Patroni to make another node the primary, as an operator would.
    pub async fn switch_over(&self) -> anyhow::Result<()> {
        let primary = self.primary().await?;
        let mut command = Account::find()?.command("patronictl");
        command.arg("-c").arg(self.nodes[0].directory.join("patroni.yml"));
        command.args(["switchover", CLUSTER, "--master", &self.nodes[primary].name, "--force"]);
        let output = tokio::process::Command::from(command).output().await;
        let output = output.context("patronictl cannot be started")?;
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        ensure!(output.status.success(), "patronictl failed: {said}");
        Ok(())
    }

    /// Pulls a node's cable.
    pub fn cut(&self, node: usize) -> anyhow::Result<()> {
        ensure!(matches!(self.network, Network::Cables(_)), "the loopback cannot be cut");
        Network::cut(node)
    }

    /// Plugs it in again.
    pub fn mend(&self, node: usize) -> anyhow::Result<()> {
        ensure!(matches!(self.network, Network::Cables(_)), "the loopback cannot be mended");
        Network::mend(node)
    }

    /// Every payment that the primary has, by its id in hexadecimal digits.
    pub async fn payments(&self) -> anyhow::Result<std::collections::BTreeSet<String>> {
        let rows = self.psql(DATABASE, "SELECT id FROM payments").await?;
        let ids = rows.lines().map(|line| line.replace('-', ""));
        Ok(ids.collect())
    }

    /// Copies what the servers said to where it outlives them.
    pub fn keep_logs(&self, folder: &Path) -> anyhow::Result<()> {
        for entry in std::fs::read_dir(&self.directory)? {
            let path = entry?.path();
            if let Some(name) = path.file_name().filter(|_| path.is_file()) {
                std::fs::copy(&path, folder.join(name))?;
            }
        }
        Ok(())
    }

    async fn psql(&self, database: &str, sql: &str) -> anyhow::Result<String> {
        let primary = self.primary().await?;
        let mut command = Command::new(self.programs.join("psql"));
        let host = self.nodes[primary].address.to_string();
        command.args(["--no-psqlrc", "--no-align", "--tuples-only", "--host", &host]);
        command.args(["--username", "postgres", "--dbname", database, "--command", sql]);
        let output = tokio::process::Command::from(command).output().await;
        let output = output.context("psql cannot be started")?;
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        ensure!(output.status.success(), "psql failed: {said}");
        Ok(String::from_utf8(output.stdout)?)
    }

    async fn wait_until_whole(&self) -> anyhow::Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < START_TIMEOUT {
            let members = self.nodes[0].members().await.unwrap_or_default();
            if is_whole(&members, self.mode) {
                return Ok(());
            }
            sleep(Duration::from_millis(200)).await;
        }
        let logs = self.nodes.iter().map(|node| tail(&node.directory.with_extension("log")));
        bail!("the cluster does not come up:\n{}", logs.collect::<Vec<_>>().join("\n"))
    }
}

impl Node {
    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// Who is in the cluster, as this node sees it.
    async fn members(&self) -> anyhow::Result<Vec<Value>> {
        let address = SocketAddr::from((self.address, REST_PORT));
        let ask = async {
            let mut connection = Connection::open(address).await?;
            connection.call(&Request::new("GET", "/cluster", address)).await
        };
        let answer = timeout(ASK_TIMEOUT, ask).await.context("no answer in time")??;
        let members = answer.json()?["members"].as_array().cloned();
        members.context("an answer without members")
    }
}

/// One primary, two standbys that run, and one of them that commits wait for.
fn is_whole(members: &[Value], mode: Mode) -> bool {
    let count = |role: &str| {
        let runs = |member: &&Value| {
            matches!(member["state"].as_str(), Some("running" | "streaming"))
                && member["role"].as_str() == Some(role)
        };
        members.iter().filter(runs).count()
    };
    let standbys = match mode {
        Mode::Strict => (1, 1),
        Mode::Asynchronous => (0, 2),
    };
    count("leader") == 1 && (count("sync_standby"), count("replica")) == standbys
}

fn start_etcd(directory: &Path, at: Ipv4Addr, account: Account) -> anyhow::Result<Process> {
    let clients = format!("http://{at}:{ETCD_PORT}");
    let peers = format!("http://{at}:{}", ETCD_PORT + 1);
    let mut command = account.command("etcd");
    command.args(["--name", CLUSTER, "--data-dir"]).arg(directory.join("etcd"));
    command.args(["--listen-client-urls", &clients, "--advertise-client-urls", &clients]);
    command.args(["--listen-peer-urls", &peers, "--initial-advertise-peer-urls", &peers]);
    command.args(["--initial-cluster", &format!("{CLUSTER}={peers}"), "--enable-v2"]);
    Process::start(&mut command, &directory.join("etcd.log"))
}

fn start_node(
    parent: &Path,
    network: &Network,
    node: usize,
    account: Account,
    programs: &Path,
    mode: Mode,
) -> anyhow::Result<Node> {
    let name = format!("node{node}");
    let directory = parent.join(&name);
    std::fs::create_dir(&directory)?;
    let settings = directory.join("patroni.yml");
    let address = network.node(node);
    let text = settings::patroni(&name, address, network.centre(), &directory, programs, mode);
    std::fs::write(&settings, text.to_string())?;
    account.own_all(&directory)?;
    let mut command = network.command_on(node, account, "patroni");
    command.arg(&settings).current_dir(&directory);
    let patroni = Process::start(&mut command, &directory.with_extension("log"))?;
    Ok(Node { name, address, directory, patroni })
}

fn tail(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(8)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn members(roles: &[(&str, &str)]) -> Vec<Value> {
        roles.iter().map(|(role, state)| json!({"role": role, "state": state})).collect()
    }

    #[test]
    fn a_cluster_is_whole_when_commits_have_somebody_to_wait_for() {
        let ready = members(&[
            ("leader", "running"),
            ("sync_standby", "running"),
            ("replica", "streaming"),
        ]);
        assert!(is_whole(&ready, Mode::Strict));
        assert!(!is_whole(&ready, Mode::Asynchronous));
        let early =
            members(&[("leader", "running"), ("replica", "running"), ("replica", "running")]);
        assert!(!is_whole(&early, Mode::Strict));
        assert!(is_whole(&early, Mode::Asynchronous));
    }

    #[test]
    fn a_standby_that_is_being_made_is_not_there_yet() {
        let making =
            members(&[("leader", "running"), ("sync_standby", "running"), ("replica", "creating")]);
        assert!(!is_whole(&making, Mode::Strict));
    }
}
