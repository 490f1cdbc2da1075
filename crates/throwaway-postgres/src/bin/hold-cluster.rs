//! Holds a server until its standard input ends, for a look around and for the tests of what is left
//! when its owner is killed: `hold-cluster alone|shared|pooled`.

use anyhow::bail;
use std::io::Read as _;
use throwaway_postgres::{Cluster, Options, Pooler};

/// Says where the server's files are, the number of the PostgreSQL behind it, and its URL.
fn main() -> anyhow::Result<()> {
    let options = Options { fsync: false, linger_secs: 1, ..Options::default() };
    let cluster = match std::env::args().nth(1).as_deref() {
        Some("alone" | "pooled") => Cluster::start(&options)?,
        Some("shared") => Cluster::shared(&options)?,
        _ => bail!("say `alone`, `shared` or `pooled`"),
    };
    let is_pooled = std::env::args().nth(1).as_deref() == Some("pooled");
    let pooler = is_pooled.then(|| Pooler::start(&cluster)).transpose()?;
    let (directory, url) = pooler.as_ref().map_or_else(
        || (cluster.directory(), cluster.url("postgres")),
        |pooler| (pooler.directory(), pooler.url("postgres")),
    );
    println!("{}\n{}\n{url}", directory.display(), cluster.server_id()?);
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
