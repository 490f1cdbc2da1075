//! `qisma verify`: proves that the books balance. It only reads, so it needs neither the gateway nor
//! its lock; a gateway that runs asks the acquirers for it.

use std::sync::Arc;

use clap::Args;

use super::failure::Failure;
use super::{Options, output};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::verify::{self, Status, VerifyOptions};

#[derive(Args)]
pub struct VerifyCommand {
    /// Fail when an acquirer's books cannot be compared with ours.
    #[arg(long)]
    require_acquirer: bool,
}

impl VerifyCommand {
    /// Prints what was found; a broken invariant is a failure.
    pub async fn run(self, options: &Options) -> Result<(), Failure> {
        let directory = options.directory()?;
        let config = Config::load(&options.sources(), &directory)?;
        let strictness = VerifyOptions { require_acquirer: self.require_acquirer };
        let report = verify::run_beside(&directory, &config, Arc::new(SystemClock), strictness)
            .await
            .map_err(|error| Failure::refused(error.to_string()))?;
        output::print(&serde_json::to_string(&report).expect("a report is JSON"), options.json);
        if report.exit_code() == 0 {
            return Ok(());
        }
        let broken = report.invariants.iter().find(|check| check.status == Status::Broken);
        Err(Failure::refused(match broken {
            Some(check) => format!("{} is broken: {}", check.id, check.name),
            None => "an acquirer could not be asked, so its books were not compared".to_owned(),
        }))
    }
}
