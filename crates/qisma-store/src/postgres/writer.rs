//! A lane's end of a PostgreSQL server: loads a batch's rows, and saves what was decided in one
//! transaction that begins with a marker. When a COMMIT has no answer, the marker tells on a new
//! connection whether it went through, so the same changes can be saved again and never twice.

use std::sync::Arc;
use std::time::Duration;

use qisma_domain::changes::Changes;
use qisma_domain::snapshot::{Keys, Snapshot};
use qisma_domain::time::Timestamp;
use rand_core::Rng;

use super::connection::{Committed, Connection};
use super::fence::LEASES;
use super::load::{LoadError, round};
use super::param::{Id, Param};
use super::plan::Plan;
use super::sets;
use super::step::Step;
use super::target::Target;
use super::trouble::Trouble;
use crate::error::{OpenError, ReadError};
use crate::lane_writer::LaneWriter;
use crate::leases::Fence;
use crate::save_error::SaveError;
use crate::stopping::Stopping;

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
    /// It could not even be asked whether an earlier try had gone through.
    Unasked(Trouble),
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

    /// Saves what was never sent to be committed before.
    fn save_plan(&mut self, plan: &Plan, marker: Marker) -> Result<(), SaveError> {
        let steps = plan.steps();
        let mut tries = 0;
        loop {
            tries += 1;
            let missed = match self.connected() {
                Err(error) => return Err(SaveError::Busy(error.to_string())),
                Ok(connection) if tries == 1 => save_first(connection, marker, &steps),
                Ok(connection) => save_again(connection, marker, &steps),
            };
            match missed {
                Ok(()) => return Ok(()),
                Err(Missed::Lost(what)) => return Err(SaveError::Lost(what)),
                Err(Missed::Fenced) => return Err(SaveError::Fenced),
                Err(Missed::Unknown(why)) => return self.settle(&steps, marker, &why),
                Err(Missed::Trouble(trouble) | Missed::Unasked(trouble)) => {
                    self.after_trouble(trouble, tries)?;
                }
            }
        }
    }

    /// Whether a transaction that was rolled back is to be tried again.
    fn after_trouble(&mut self, trouble: Trouble, tries: usize) -> Result<(), SaveError> {
        match trouble {
            Trouble::Conflict(_) if tries < CONFLICTS_MAX => Ok(()),
            Trouble::Conflict(why) => Err(SaveError::Lost(why)),
            Trouble::Full(_) => Err(SaveError::StorageFull),
            Trouble::Statement(why) => Err(SaveError::Statement(why)),
            Trouble::Gone(why) => {
                self.connection = None;
                // An idle connection may have been cut long ago; a new one tells.
                if tries > 1 { Err(SaveError::Busy(why)) } else { Ok(()) }
            }
        }
    }

    /// Finds out how a COMMIT without an answer ended, and makes it so if it had not.
    ///
    /// The lane stands still meanwhile: whoever waits has been told *unknown*, and no later batch may
    /// build on rows that may or may not be there. Until the marker was read nothing is known, so no
    /// error before that is an answer.
    fn settle(&mut self, steps: &[Step<'_>], marker: Marker, why: &str) -> Result<(), SaveError> {
        tracing::warn!(why, "a commit has no answer; asking a server that can say");
        loop {
            self.connection = None;
            let settled = match self.connected() {
                Err(error) => Err(Missed::Unknown(error.to_string())),
                Ok(connection) => save_again(connection, marker, steps),
            };
            match settled {
                Ok(()) => return Ok(()),
                Err(Missed::Lost(what)) => return Err(SaveError::Lost(what)),
                Err(Missed::Fenced) => return Err(SaveError::Fenced),
                Err(Missed::Trouble(Trouble::Statement(why))) => {
                    return Err(SaveError::Statement(why));
                }
                Err(Missed::Unknown(why)) => tracing::warn!(why, "still no answer"),
                Err(Missed::Trouble(trouble) | Missed::Unasked(trouble)) => {
                    tracing::warn!(%trouble, "still no answer");
                }
            }
            if self.stopping.wait(SETTLE_PAUSE) {
                return Err(SaveError::Unknown("the gateway stops before the answer came".into()));
            }
        }
    }
}

/// The first transaction of a batch.
fn save_first(connection: &Connection, marker: Marker, steps: &[Step<'_>]) -> Result<(), Missed> {
    connection.begin().map_err(Missed::Trouble)?;
    let written = connection.query(sets::INSERT_BATCH, &marker.params());
    // A marker that is there before anything of ours was sent is somebody else's: under the same one,
    // a later look would take their commit for ours.
    or_roll_back(connection, written).map_err(|missed| match missed {
        Missed::Trouble(Trouble::Conflict(why)) => Missed::Lost(why),
        other => other,
    })?;
    run_and_commit(connection, steps)
}

/// Any later transaction of the same batch: it begins by looking whether an earlier one went through.
fn save_again(connection: &Connection, marker: Marker, steps: &[Step<'_>]) -> Result<(), Missed> {
    connection.begin().map_err(Missed::Unasked)?;
    let rows = connection.query(sets::SEE_BATCH, &marker.params()).map_err(|trouble| {
        // What cannot be asked on this connection is asked on another.
        let _ = connection.roll_back();
        Missed::Unasked(trouble)
    })?;
    let seen: i64 = rows.first().map_or(0, |row| row.get(0));
    if 0 < seen {
        // It had committed. What is visible is not yet on a standby, so this write waits for one
        // before anybody is told.
        return match connection.commit() {
            Committed::Yes => Ok(()),
            Committed::No(trouble) => Err(Missed::Unasked(trouble)),
            Committed::Unknown(why) => Err(Missed::Unknown(why)),
        };
    }
    run_and_commit(connection, steps)
}

fn run_and_commit(connection: &Connection, steps: &[Step<'_>]) -> Result<(), Missed> {
    let ran = connection.run(steps);
    if let Err(short) = or_roll_back(connection, ran)? {
        or_roll_back(connection, connection.roll_back())?;
        let is_fenced = short.what == LEASES;
        return Err(if is_fenced { Missed::Fenced } else { Missed::Lost(short.to_string()) });
    }
    match connection.commit() {
        Committed::Yes => Ok(()),
        Committed::No(trouble) => Err(Missed::Trouble(trouble)),
        Committed::Unknown(why) => Err(Missed::Unknown(why)),
    }
}

/// Rolls back after an error. Where even that fails the connection is of no use, and the server rolls
/// back when it goes.
fn or_roll_back<T>(connection: &Connection, done: Result<T, Trouble>) -> Result<T, Missed> {
    done.map_err(|trouble| {
        if matches!(trouble, Trouble::Gone(_)) {
            return Missed::Trouble(trouble);
        }
        match connection.roll_back() {
            Ok(()) => Missed::Trouble(trouble),
            Err(error) => Missed::Trouble(Trouble::Gone(error.to_string())),
        }
    })
}

impl Marker {
    fn params(self) -> Vec<Param<'static>> {
        vec![Param::Shard(self.shard), Param::Id(self.id), Param::Number(self.at_us)]
    }
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
        let plan = Plan::of(changes, fences, now);
        let marker = self.marker(&plan, now);
        self.save_plan(&plan, marker)
    }

    /// What a batch only read may be on this server alone (a commit whose wait for the standby was
    /// cut short is visible). A marker that waits for the standby proves the server and what is on it.
    fn confirm(&mut self, now: Timestamp) -> Result<(), SaveError> {
        self.save(Changes::none(), &[], now)
    }

    fn takes_one_shard_at_a_time(&self) -> bool {
        self.target.is_citus()
    }

    fn stopping(&self) -> Arc<Stopping> {
        self.stopping.clone()
    }
}
