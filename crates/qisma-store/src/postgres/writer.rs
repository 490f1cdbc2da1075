//! A lane's end of a PostgreSQL server: loads a batch's rows, and saves what was decided in one
//! transaction that begins with a marker. When a COMMIT has no answer, the marker tells on a new
//! connection whether it went through, so the same changes can be saved again and never twice.

use std::sync::Arc;
use std::time::Duration;

use qisma_domain::changes::Changes;
use qisma_domain::snapshot::{Keys, Snapshot};
use qisma_domain::time::Timestamp;
use rand_core::Rng;

use super::connection::{Committed, Connection, Step};
use super::load::{LoadError, round};
use super::param::{Id, Param};
use super::plan::{LEASES, Plan};
use super::sets;
use super::target::Target;
use super::trouble::Trouble;
use crate::error::{OpenError, ReadError};
use crate::lane::{LaneWriter, Stopping};
use crate::leases::Fence;
use crate::save_error::SaveError;

/// How often a transaction that another one was in the way of is tried again as it is.
const CONFLICTS_MAX: usize = 5;
/// Between two looks for a server that can say how a COMMIT ended.
const SETTLE_PAUSE: Duration = Duration::from_millis(100);

/// A lane's connection, opened anew when it breaks.
pub struct Writer {
    target: Target,
    connection: Option<Connection>,
    rng: Box<dyn Rng + Send>,
    stopping: Arc<Stopping>,
}

/// A batch's marker.
#[derive(Clone, Copy)]
struct Marker {
    shard: i16,
    id: Id,
    at_us: i64,
}

/// How one try to save ended without having saved.
enum Missed {
    Lost(String),
    Fenced,
    Trouble(Trouble),
    Unknown(String),
}

impl Writer {
    /// Connects.
    pub fn open(target: &Target, rng: Box<dyn Rng + Send>) -> Result<Self, OpenError> {
        let connection = Some(Connection::open(target)?);
        Ok(Self { target: target.clone(), connection, rng, stopping: Arc::default() })
    }

    fn connected(&mut self) -> Result<&Connection, OpenError> {
        // Without the take, the borrow of a good connection would last over the opening of a new one.
        let connection = match self.connection.take().filter(|connection| !connection.is_closed()) {
            Some(connection) => connection,
            None => Connection::open(&self.target)?,
        };
        Ok(self.connection.insert(connection))
    }

    fn marker(&mut self, plan: &Plan, now: Timestamp) -> Marker {
        let mut id = [0; 16];
        self.rng.fill_bytes(&mut id);
        id[15] = plan.shard();
        Marker { shard: plan.shard().into(), id: Id(id), at_us: now.micros() }
    }

    /// Saves, after nothing of it was ever sent to be committed.
    fn save_plan(&mut self, plan: &Plan, marker: Marker) -> Result<(), SaveError> {
        let mut steps = vec![Step {
            sql: sets::INSERT_BATCH,
            params: marker.params(),
            rows: 1,
            what: "batch markers",
        }];
        steps.extend(plan.steps());
        let mut tries = 0;
        loop {
            let connection =
                self.connected().map_err(|error| SaveError::Busy(error.to_string()))?;
            tries += 1;
            match attempt(connection, false, &steps) {
                Ok(()) => return Ok(()),
                Err(Missed::Lost(what)) => return Err(SaveError::Lost(what)),
                Err(Missed::Fenced) => return Err(SaveError::Fenced),
                Err(Missed::Unknown(why)) => return self.settle(plan, marker, &why),
                Err(Missed::Trouble(Trouble::Conflict(_))) if tries < CONFLICTS_MAX => {}
                Err(Missed::Trouble(Trouble::Conflict(why))) => return Err(SaveError::Lost(why)),
                Err(Missed::Trouble(Trouble::Full(_))) => return Err(SaveError::StorageFull),
                Err(Missed::Trouble(Trouble::Statement(why))) => {
                    return Err(SaveError::Statement(why));
                }
                Err(Missed::Trouble(Trouble::Gone(why))) => {
                    self.connection = None;
                    // An idle connection may have been cut long ago; a new one tells.
                    if tries > 1 {
                        return Err(SaveError::Busy(why));
                    }
                }
            }
        }
    }

    /// Finds out how a COMMIT without an answer ended, and makes it so if it had not.
    ///
    /// The lane stands still meanwhile: whoever waits has been told *unknown*, and no later batch may
    /// build on rows that may or may not be there.
    fn settle(&mut self, plan: &Plan, marker: Marker, why: &str) -> Result<(), SaveError> {
        tracing::warn!(why, "a commit has no answer; asking a server that can say");
        let steps = plan.steps();
        loop {
            self.connection = None;
            match self.settle_once(marker, &steps) {
                Ok(()) => return Ok(()),
                Err(Missed::Lost(what)) => return Err(SaveError::Lost(what)),
                Err(Missed::Fenced) => return Err(SaveError::Fenced),
                Err(Missed::Trouble(Trouble::Statement(why))) => {
                    return Err(SaveError::Statement(why));
                }
                Err(Missed::Unknown(why)) => tracing::warn!(why, "still no answer"),
                Err(Missed::Trouble(trouble)) => tracing::warn!(%trouble, "still no answer"),
            }
            if self.stopping.wait(SETTLE_PAUSE) {
                return Err(SaveError::Unknown("the gateway stops before the answer came".into()));
            }
        }
    }

    fn settle_once(&mut self, marker: Marker, steps: &[Step<'_>]) -> Result<(), Missed> {
        let gone = |error: OpenError| Missed::Trouble(Trouble::Gone(error.to_string()));
        let connection = self.connected().map_err(gone)?;
        connection.begin().map_err(Missed::Trouble)?;
        let rows = connection.query(sets::SEE_BATCH, &marker.params()).map_err(Missed::Trouble)?;
        let seen: i64 = rows.first().map_or(0, |row| row.get(0));
        if 0 < seen {
            // It had committed. What is visible is not yet on a standby, so this write waits for one
            // before anybody is told.
            return match connection.commit() {
                Committed::Yes => Ok(()),
                Committed::No(trouble) => Err(Missed::Trouble(trouble)),
                Committed::Unknown(why) => Err(Missed::Unknown(why)),
            };
        }
        attempt(connection, true, steps)
    }
}

impl Marker {
    fn params(self) -> Vec<Param<'static>> {
        vec![Param::Shard(self.shard), Param::Id(self.id), Param::Number(self.at_us)]
    }
}

/// One transaction.
fn attempt(connection: &Connection, begun: bool, steps: &[Step<'_>]) -> Result<(), Missed> {
    match connection.run(begun, steps) {
        Ok(Ok(())) => {}
        Ok(Err(short)) => {
            roll_back(connection)?;
            let is_fenced = short.what == LEASES;
            return Err(if is_fenced { Missed::Fenced } else { Missed::Lost(short.to_string()) });
        }
        Err(trouble @ Trouble::Gone(_)) => return Err(Missed::Trouble(trouble)),
        Err(trouble) => {
            roll_back(connection)?;
            return Err(Missed::Trouble(trouble));
        }
    }
    match connection.commit() {
        Committed::Yes => Ok(()),
        Committed::No(trouble) => Err(Missed::Trouble(trouble)),
        Committed::Unknown(why) => Err(Missed::Unknown(why)),
    }
}

/// Without a rollback the connection is of no use, and the server rolls back when it goes.
fn roll_back(connection: &Connection) -> Result<(), Missed> {
    connection.roll_back().map_err(|error| Missed::Trouble(Trouble::Gone(error.to_string())))
}

impl LaneWriter for Writer {
    fn load(&mut self, keys: &Keys) -> Result<Snapshot, ReadError> {
        // A connection that has broken since the last batch is found out here, where nothing is lost.
        for last_try in [false, true] {
            let connection =
                self.connected().map_err(|error| ReadError::Server(error.to_string()))?;
            match round(connection, keys) {
                Ok(snapshot) => return Ok(snapshot),
                Err(LoadError::Read(error)) => return Err(error),
                Err(LoadError::Server(Trouble::Gone(_))) if !last_try => self.connection = None,
                Err(LoadError::Server(trouble)) => {
                    self.connection = None;
                    return Err(trouble.into());
                }
            }
        }
        Err(ReadError::Closed)
    }

    fn save(
        &mut self,
        changes: Changes,
        fences: &[Fence],
        now: Timestamp,
    ) -> Result<(), SaveError> {
        let plan = Plan::of(changes, fences);
        let marker = self.marker(&plan, now);
        self.save_plan(&plan, marker)
    }

    fn stopping(&self) -> Arc<Stopping> {
        self.stopping.clone()
    }
}
