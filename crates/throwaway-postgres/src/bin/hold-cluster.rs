//! Holds a cluster until its standard input ends, for a look around and for the tests of what is left
//! when its owner is killed: `hold-cluster alone|shared|pooled`.

use anyhow::bail;
use std::io::Read as _;
use throwaway_postgres::{Cluster, Options, Pooler};

fn main() -> anyhow::Result<()> {
    let options = Options { fsync: false, linger_secs: 1, ..Options::default() };
    let (cluster, pooler) = match std::env::args().nth(1).as_deref() {
        Some("alone") => (Cluster::start(&options)?, None),
        Some("shared") => (Cluster::shared(&options)?, None),
        Some("pooled") => {
            let cluster = Cluster::start(&options)?;
            let pooler = Pooler::start(&cluster)?;
            (cluster, Some(pooler))
        }
        _ => bail!("say `alone`, `shared` or `pooled`"),
    };
    println!("{}", cluster.directory().display());
    println!("{}", cluster.server_id()?);
    println!(
        "{}",
        pooler.as_ref().map_or_else(|| cluster.url("postgres"), |pooler| pooler.url("postgres"))
    );
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
