//! A connection to a PostgreSQL server, used by one thread at a time.
//!
//! Its socket is served by a small runtime of its own, which runs while a call waits for an answer:
//! no call costs a second thread's waking, and whoever calls is an ordinary thread (a lane, or one
//! that reads). Every call has a deadline on our side; a server that is frozen keeps its sockets open.

mod open;

use futures_util::future::{join_all, try_join_all};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row, Statement};

use super::citus::CITUS_LOCAL;
use super::migrations::check_is_current;
use super::param::Param;
use super::step::{Short, Step};
use super::target::Target;
use super::trouble::Trouble;
use crate::error::{OpenError, ReadError};
use crate::session::Value;

/// For a TCP connection to one of the servers, and for its greeting.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);
const COMMIT_TIMEOUT: Duration = Duration::from_secs(10);
/// For an index on a big table, or a look at every row of one.
const LONG_TIMEOUT: Duration = Duration::from_hours(1);

/// How a COMMIT ended.
pub(super) enum Committed {
    Yes,
    /// The server said that it rolled back.
    No(Trouble),
    /// Nobody can say.
    Unknown(String),
}

/// A connection.
pub struct Connection {
    client: Client,
    runtime: Option<Runtime>,
    prepared: RefCell<BTreeMap<&'static str, Statement>>,
    /// Raised by a warning of the server: at a COMMIT it means that no standby may have it.
    warned: Arc<AtomicBool>,
    /// Between us and the server sits a pooler that changes the server with each transaction, so
    /// nothing may be prepared or set for longer than one.
    is_pooled: bool,
    is_citus: bool,
    /// What `synchronous_commit` was found to be, and has to stay.
    durability: String,
}

/// Plans that look rows up by their keys, whatever the statistics say: a batch's arrays are short and
/// the tables long, and a plan that was made while a table was small must not scan it later.
const PLANNER: &str = "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; \
                       SET LOCAL enable_mergejoin = off; SET LOCAL client_min_messages = warning; \
                       SET LOCAL lock_timeout = '4s'; \
                       SET LOCAL idle_in_transaction_session_timeout = '5s';";
/// The same for a session of our own; and one plan for good, instead of one for each batch.
///
/// A warning at a COMMIT must reach us. Who waits for a lock of ours must let go before our own
/// deadline does, or it would wait on after we have left; and a server looks whether we still are. It
/// rolls back what a gateway has begun that froze or lost its power: the rows that are locked there
/// would stop all others.
pub(super) const SESSION_OPTIONS: &str = "-c enable_seqscan=off -c enable_hashjoin=off \
                                          -c enable_mergejoin=off \
                                          -c plan_cache_mode=force_generic_plan \
                                          -c client_min_messages=warning \
                                          -c lock_timeout=4s \
                                          -c client_connection_check_interval=1s \
                                          -c idle_in_transaction_session_timeout=5s";

impl Connection {
    /// The first value of a statement that takes no parameters.
    pub(super) fn simple(&self, sql: &str) -> Result<Option<String>, Trouble> {
        let messages =
            self.wait(STATEMENT_TIMEOUT, "a statement", self.client.simple_query(sql))?;
        let first = messages.iter().find_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        });
        Ok(first)
    }

    /// Runs statements that answer nothing.
    pub(super) fn execute_batch(&self, sql: &str) -> Result<(), Trouble> {
        self.wait(STATEMENT_TIMEOUT, "a statement", self.client.batch_execute(sql))
    }

    /// Whether the connection has ended.
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Begins to read at one moment of the database.
    pub(crate) fn begin_reading(&self) -> Result<(), Trouble> {
        self.execute_batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    /// Ends what [`Self::begin_reading`] began.
    pub(crate) fn end_reading(&self) -> Result<(), Trouble> {
        self.execute_batch("COMMIT")
    }

    /// Connects for somebody who reads everything there is, at one moment, however long it takes.
    pub(crate) fn open_for_audit(target: &Target) -> Result<Self, OpenError> {
        let connection = Self::open(target)?;
        check_is_current(&connection, target)?;
        let begin = || {
            connection.begin_reading()?;
            // Whoever reads whole tables wants the plans for that.
            connection.execute_batch(
                "SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; \
                 SET LOCAL enable_mergejoin = on; SET LOCAL plan_cache_mode = auto; \
                 SET LOCAL idle_in_transaction_session_timeout = 0",
            )
        };
        begin().map_err(|trouble: Trouble| OpenError::Server {
            server: target.name(),
            cause: trouble.to_string(),
        })?;
        Ok(connection)
    }

    /// As [`Self::read`], for a statement that is seen once and may take long.
    pub(crate) fn read_long(&self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, ReadError> {
        let params: Vec<Param<'_>> = values.iter().map(Param::from).collect();
        let typed = typed(&params);
        let asking = self.client.query_typed(sql, &typed);
        Ok(self.wait(LONG_TIMEOUT, "a statement", asking)?)
    }

    /// As [`Self::read_long`], for one that writes: gives how many rows.
    pub(super) fn write_long(&self, sql: &str, params: &[Param<'_>]) -> Result<u64, Trouble> {
        let typed = typed(params);
        let writing = self.client.execute_typed(sql, &typed);
        self.wait(LONG_TIMEOUT, "a statement", writing)
    }

    /// As [`Self::execute_batch`], for the same.
    pub(crate) fn execute_reading(&self, sql: &str) -> Result<(), Trouble> {
        self.wait(LONG_TIMEOUT, "a statement", self.client.batch_execute(sql))
    }

    /// Reads with one statement.
    pub(crate) fn read(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, ReadError> {
        let params: Vec<Param<'_>> = values.iter().map(Param::from).collect();
        Ok(self.query(sql, &params)?)
    }

    /// Runs one statement and gives its rows.
    pub(super) fn query(
        &self,
        sql: &'static str,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>, Trouble> {
        self.wait(STATEMENT_TIMEOUT, "a statement", self.query_in_time(sql, params))
    }

    /// Runs several statements at once and gives the rows of each.
    pub(super) fn query_all(
        &self,
        queries: &[(&'static str, Vec<Param<'_>>)],
    ) -> Result<Vec<Vec<Row>>, Trouble> {
        let all = queries.iter().map(|(sql, params)| self.query_in_time(sql, params));
        self.wait(STATEMENT_TIMEOUT, "a statement", try_join_all(all))
    }

    async fn query_in_time(
        &self,
        sql: &'static str,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>, tokio_postgres::Error> {
        if self.is_pooled {
            return self.client.query_typed(sql, &typed(params)).await;
        }
        let statement = self.prepared(sql, params).await?;
        self.client.query(&statement, &plain(params)).await
    }

    async fn execute_in_time(
        &self,
        sql: &'static str,
        params: &[Param<'_>],
    ) -> Result<u64, tokio_postgres::Error> {
        if self.is_pooled {
            return self.client.execute_typed(sql, &typed(params)).await;
        }
        let statement = self.prepared(sql, params).await?;
        self.client.execute(&statement, &plain(params)).await
    }

    async fn prepared(
        &self,
        sql: &'static str,
        params: &[Param<'_>],
    ) -> Result<Statement, tokio_postgres::Error> {
        let known = self.prepared.borrow().get(sql).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        let kinds: Vec<Type> = params.iter().map(Param::kind).collect();
        let statement = self.client.prepare_typed(sql, &kinds).await?;
        self.prepared.borrow_mut().insert(sql, statement.clone());
        Ok(statement)
    }

    /// Begins a transaction that writes. Waited for: statements sent along with a BEGIN that fails
    /// would each commit by itself.
    pub(super) fn begin(&self) -> Result<(), Trouble> {
        self.execute_batch(&self.begin_sql("BEGIN"))
    }

    /// The same, for statements whose guards suffice, whatever isolation is the server's default.
    pub(super) fn begin_read_committed(&self) -> Result<(), Trouble> {
        self.execute_batch(&self.begin_sql("BEGIN ISOLATION LEVEL READ COMMITTED"))
    }

    fn begin_sql(&self, begin: &str) -> String {
        if self.is_pooled {
            let durability = &self.durability;
            let citus = if self.is_citus { CITUS_LOCAL } else { "" };
            return format!(
                "{begin}; {PLANNER} SET LOCAL synchronous_commit = {durability}; {citus}"
            );
        }
        begin.to_owned()
    }

    /// Runs the steps of a transaction that has begun, all on their way before the first answer is
    /// read. Each must touch as many rows as it says, or the name of its rows comes back. The
    /// transaction is left open: the caller ends it.
    pub(super) fn run(&self, steps: &[Step<'_>]) -> Result<Result<(), Short>, Trouble> {
        self.wait(STATEMENT_TIMEOUT, "a statement", async {
            if !self.is_pooled {
                // Preparing waits for an answer, which must not come between the steps.
                for step in steps {
                    self.prepared(step.sql, &step.params).await?;
                }
            }
            let work = steps.iter().map(|step| self.execute_in_time(step.sql, &step.params));
            for (step, touched) in steps.iter().zip(join_all(work).await) {
                // The first error is the cause; those after it only say that the transaction failed.
                let touched = touched?;
                if usize::try_from(touched) != Ok(step.rows) {
                    return Ok(Err(Short { touched, wanted: step.rows, what: step.what }));
                }
            }
            Ok(Ok(()))
        })
    }

    /// Rolls back. A connection that cannot even do that is of no more use.
    pub(super) fn roll_back(&self) -> Result<(), Trouble> {
        self.execute_batch("ROLLBACK")
    }

    /// Commits, and says what is known of it.
    pub(super) fn commit(&self) -> Committed {
        self.warned.store(false, Ordering::Relaxed);
        let runtime = self.runtime.as_ref().expect("taken only by drop");
        let answer = runtime.block_on(async {
            tokio::time::timeout(COMMIT_TIMEOUT, self.client.batch_execute("COMMIT")).await
        });
        match answer {
            // The wait for the standby was cancelled: the row is visible here, and perhaps only here.
            Ok(Ok(())) if self.warned.load(Ordering::Relaxed) => {
                Committed::Unknown("the server warned while it committed".into())
            }
            Ok(Ok(())) => Committed::Yes,
            Ok(Err(error)) => Trouble::proves_rollback(&error)
                .map_or_else(|| Committed::Unknown(Trouble::of(&error).to_string()), Committed::No),
            Err(_) => Committed::Unknown("the commit took too long".into()),
        }
    }

    fn wait<T>(
        &self,
        limit: Duration,
        what: &str,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Trouble> {
        let runtime = self.runtime.as_ref().expect("taken only by drop");
        let answer = runtime.block_on(async { tokio::time::timeout(limit, work).await });
        answer.map_err(|_| Trouble::deadline(what))?.map_err(|error| Trouble::of(&error))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Not waited for: this may be the thread of another runtime, where waiting is forbidden.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn plain<'a>(params: &'a [Param<'_>]) -> Vec<&'a (dyn ToSql + Sync)> {
    params.iter().map(|param| -> &(dyn ToSql + Sync) { param }).collect()
}

fn typed<'a>(params: &'a [Param<'_>]) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    params.iter().map(|param| -> (&(dyn ToSql + Sync), Type) { (param, param.kind()) }).collect()
}
