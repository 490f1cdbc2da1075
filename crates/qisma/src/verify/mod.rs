//! `qisma verify`: proves that the books balance, from the rows themselves and from the acquirers'
//! own books (docs/ledger.md lists the invariants).
//!
//! It needs no running gateway and takes no lock: it reads one moment of the database. The acquirers
//! are asked when no transaction is open, by the gateway that runs on it, or else by this process.

mod acquirers;
mod beside;
mod judge;
mod pages;
mod report;

use std::path::Path;
use std::sync::Arc;

use qisma_store::audit::{Audit, CardOrder, Finding, Invariant, Parked};
use qisma_store::{OpenError, ReadError};

pub use beside::{OrdersCompared, compare_orders};
pub use report::{Check, Report, Status};

use self::acquirers::Compared;
use crate::clock::Clock;
use crate::config::Config;
use crate::data_dir::DataDir;

/// How strict a verification is.
#[derive(Clone, Copy, Debug, Default)]
pub struct VerifyOptions {
    /// Whether an acquirer that cannot be asked is a failure.
    pub require_acquirer: bool,
}

/// Why nothing could be verified. A broken invariant is no error but a report.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// There is no database to read, or not one of ours.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It could not be read to its end.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An acquirer's settings make no client.
    #[error("an acquirer's settings cannot be used: {0}")]
    Acquirer(anyhow::Error),
    /// The thread that read it is gone.
    #[error("the verification was interrupted; run it again")]
    Interrupted,
}

/// What one moment of the database says.
struct Books {
    findings: Vec<(Invariant, Finding)>,
    orders: Vec<CardOrder>,
    parked: Vec<Parked>,
}

/// Verifies the database that the settings name. The gateway that runs on this directory, if one does,
/// asks the acquirers with the settings that it was started with.
pub async fn run_beside(
    directory: &DataDir,
    config: &Config,
    clock: Arc<dyn Clock>,
    options: VerifyOptions,
) -> Result<Report, VerifyError> {
    let compared = beside::ask_running(directory, config).await;
    verify(config, clock, options, compared).await
}

/// Verifies the database that the settings name, and asks the acquirers that they name.
pub async fn run(
    config: &Config,
    clock: Arc<dyn Clock>,
    options: VerifyOptions,
) -> Result<Report, VerifyError> {
    verify(config, clock, options, None).await
}

async fn verify(
    config: &Config,
    clock: Arc<dyn Clock>,
    options: VerifyOptions,
    compared: Option<Compared>,
) -> Result<Report, VerifyError> {
    let path = config.database.path.clone();
    // Taken before the books are read, so that no look seems overdue that was done meanwhile.
    let now = clock.now();
    let wants_orders = compared.is_none();
    let reading = tokio::task::spawn_blocking(move || read_books(&path, wants_orders));
    let books = reading.await.map_err(|_| VerifyError::Interrupted)??;
    let compared = match compared {
        Some(compared) => compared,
        None => acquirers::compare(config, books.orders, now).await?,
    };
    let mut checks = vec![];
    for (invariant, finding) in books.findings {
        let mut check = Check::of(invariant, finding);
        if invariant == Invariant::I15 {
            check.add_acquirers(&compared);
        }
        checks.push(check);
    }
    Ok(Report::new(checks, books.parked, now, options.require_acquirer))
}

fn read_books(path: &Path, wants_orders: bool) -> Result<Books, VerifyError> {
    let audit = Audit::open(path)?;
    let mut findings = vec![];
    for invariant in Invariant::ALL {
        findings.push((invariant, audit.check(invariant)?));
    }
    let mut orders = vec![];
    if wants_orders {
        audit.card_orders(|order| orders.push(order))?;
    }
    Ok(Books { findings, orders, parked: audit.parked()? })
}
