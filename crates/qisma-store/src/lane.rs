//! A lane: one thread that owns the writing connection and takes commands as they come.
//!
//! One turn: take what has queued up since the last commit, load the rows it names, let the domain
//! decide each command in order, write everything in one transaction, answer. One fsync serves the
//! whole batch, and a batch is whatever arrived during the last one (ADR 0003).

use qisma_domain::changes::Changes;
use qisma_domain::decide::Decide;
use qisma_domain::delivery::{Delivery, DeliveryState};
use qisma_domain::ids::Shard;
use qisma_domain::snapshot::{Keys, Snapshot};
use qisma_domain::time::Timestamp;
use rand_core::Rng;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

use crate::Fold;
use crate::error::{OpenError, ReadError, RunError};
use crate::job::{Decided, Fate, Job, Jobs, Pending, answer_all};
use crate::lane_writer::LaneWriter;
use crate::leases::Fence;
use crate::save_error::SaveError;
use crate::stopping::Stopping;

/// Commands that may wait. A quarter is kept for workers.
pub const QUEUE_MAX: usize = 4_096;
const QUEUE_CALLERS_MAX: usize = QUEUE_MAX / 4 * 3;
/// How long a caller waits before it is told that the outcome is unknown.
const CALLER_WAIT_MAX: Duration = Duration::from_secs(10);
const BATCH_COMMANDS_MAX: usize = 1_024;
const BATCH_ROWS_MAX: usize = 8_192;

/// Batches that lost a race are decided again together so often, then command by command.
const ROUNDS_TOGETHER_MAX: u32 = 3;
const ROUNDS_ALONE_MAX: u32 = 10;
/// A wall clock that is this far behind the last commit has jumped, and somebody should know.
const CLOCK_BEHIND_MAX_MICROS: i64 = 2_000_000;

/// What a lane is given from outside.
pub struct LaneOptions {
    /// The clock.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// The chance.
    pub rng: Box<dyn Rng + Send>,
    /// Called once, when a commit's outcome is unknown.
    pub on_fatal: Box<dyn Fn(String) + Send>,
    /// Called after each commit with a delivery to send.
    pub on_delivery: Arc<dyn Fn() + Send + Sync>,
    /// When balances follow the journal.
    pub fold: Fold,
    /// Called after each commit with lines that wait for their fold.
    pub on_unfolded: Arc<dyn Fn() + Send + Sync>,
    /// Grows with each commit that changes a merchant, an app or a key, before that is answered.
    pub callers_version: Arc<AtomicU64>,
}

/// The sending end of a lane.
pub struct Lane {
    sender: Mutex<Option<mpsc::Sender<Box<dyn Job>>>>,
    depth: Arc<AtomicUsize>,
    thread: Mutex<Option<JoinHandle<()>>>,
    stopping: Arc<Stopping>,
}

impl Lane {
    /// Starts the lane's thread.
    pub fn start(writer: impl LaneWriter, mut options: LaneOptions) -> Result<Self, OpenError> {
        // Lanes begin in different places, so that two of them seldom write side by side.
        let batch_shard = Shard::random(&mut *options.rng);
        let stopping = writer.stopping();
        let (sender, receiver) = mpsc::channel();
        let depth = Arc::new(AtomicUsize::new(0));
        let worker = Worker {
            writer,
            options,
            depth: depth.clone(),
            poisoned: AtomicBool::new(false),
            last_now: Timestamp::from_micros(0),
            batch_shard,
        };
        let thread = std::thread::Builder::new()
            .name("qisma-lane".into())
            .spawn(move || worker.work(&receiver))
            .map_err(OpenError::Thread)?;
        let (sender, thread) = (Mutex::new(Some(sender)), Mutex::new(Some(thread)));
        Ok(Self { sender, depth, thread, stopping })
    }

    /// Queues a command and waits for its answer. Once queued it is never called back: dropping the
    /// future drops the answer, not the command.
    pub async fn run<D: Decide>(
        &self,
        command: D,
        reserved: bool,
        fence: Fence,
    ) -> Result<D::Answer, RunError<D::Refusal>> {
        let limit = if reserved { QUEUE_MAX } else { QUEUE_CALLERS_MAX };
        if self.depth.fetch_add(1, Ordering::Relaxed) >= limit {
            self.depth.fetch_sub(1, Ordering::Relaxed);
            return Err(RunError::Overloaded);
        }
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Pending::new(command, fence, reply));
        let sent = {
            let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
            sender.as_ref().is_some_and(|sender| sender.send(job).is_ok())
        };
        if !sent {
            self.depth.fetch_sub(1, Ordering::Relaxed);
            return Err(RunError::Unavailable);
        }
        // A lane that dies with our command in its hands leaves the outcome unknown.
        if reserved {
            return answer.await.unwrap_or(Err(RunError::Unknown));
        }
        // So does one that hangs: a disk may hold a sync back for ever, but no caller waits so long.
        // The command stays queued and may still commit.
        let answered = tokio::time::timeout(CALLER_WAIT_MAX, answer).await;
        answered.map_or(Err(RunError::Unknown), |answer| answer.unwrap_or(Err(RunError::Unknown)))
    }

    /// Commands waiting.
    pub fn depth(&self) -> usize {
        self.depth.load(Ordering::Relaxed)
    }

    /// Takes no more commands, finishes those it has, and waits for the thread to end.
    pub fn close(&self) {
        self.stopping.stop();
        drop(self.sender.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A fatal error may be handled on the lane's own thread, which cannot wait for itself.
        let is_other =
            |thread: &JoinHandle<()>| thread.thread().id() != std::thread::current().id();
        if let Some(thread) = thread.filter(is_other) {
            // The thread's own panic has been reported by then; there is nothing to add.
            let _ = thread.join();
        }
    }
}

struct Worker<W> {
    writer: W,
    options: LaneOptions,
    depth: Arc<AtomicUsize>,
    poisoned: AtomicBool,
    /// The moment of the last batch.
    last_now: Timestamp,
    /// The shard into which the last batch minted what nothing ties to another.
    batch_shard: Shard,
}

impl<W: LaneWriter> Worker<W> {
    fn work(mut self, receiver: &mpsc::Receiver<Box<dyn Job>>) {
        while let Ok(first) = receiver.recv() {
            let mut jobs = vec![first];
            jobs.extend(receiver.try_iter().take(BATCH_COMMANDS_MAX - 1));
            self.depth.fetch_sub(jobs.len(), Ordering::Relaxed);
            // A command's own panic is caught where it decides. A panic here is a bug of the lane:
            // the commands in its hands have no known outcome, and the next ones no lane to trust.
            for batch in self.apart(jobs) {
                if catch_unwind(AssertUnwindSafe(|| self.turn(batch, 0))).is_err() {
                    self.stop("the lane panicked");
                }
            }
        }
    }

    /// The commands by the shards of their work, each in the order of its coming, where the engine
    /// wants that.
    fn apart(&self, jobs: Jobs) -> Vec<Jobs> {
        if !self.writer.takes_one_shard_at_a_time() {
            return vec![jobs];
        }
        let mut by_shard: BTreeMap<Option<Shard>, Jobs> = BTreeMap::new();
        for mut job in jobs {
            let mut keys = Keys::default();
            job.keys(&mut keys);
            by_shard.entry(keys.shard()).or_default().push(job);
        }
        by_shard.into_values().collect()
    }

    /// Takes no further command, and tells whoever can end the process; once.
    fn stop(&self, why: &str) {
        tracing::error!(why, "stopping: what the disk holds has to be read anew");
        if !self.poisoned.swap(true, Ordering::Relaxed) {
            (self.options.on_fatal)(why.to_owned());
        }
    }

    /// Takes the commands through as many batches as they need. `lost` counts the races that they
    /// have lost in a row.
    fn turn(&mut self, mut jobs: Jobs, lost: u32) {
        while !jobs.is_empty() {
            if self.poisoned.load(Ordering::Relaxed) {
                return answer_all(jobs, Fate::Unknown);
            }
            jobs = self.batch(jobs, lost);
        }
    }

    /// One transaction. Gives back the commands that did not fit in it.
    fn batch(&mut self, jobs: Jobs, lost: u32) -> Jobs {
        let (superseded, mut jobs): (Jobs, Jobs) =
            jobs.into_iter().partition(|job| job.fence().is_superseded());
        answer_all(superseded, Fate::Superseded);
        if jobs.is_empty() {
            return jobs;
        }
        let mut keys = Keys::default();
        for job in &mut jobs {
            job.keys(&mut keys);
        }
        let mut snapshot = match self.load(&keys) {
            Ok(snapshot) => snapshot,
            // One row cannot be understood: find who named it, so that the others live.
            Err(error) if error.is_of_a_row() && jobs.len() > 1 => {
                self.halve(jobs);
                return vec![];
            }
            Err(_) => {
                answer_all(jobs, Fate::Unavailable);
                return vec![];
            }
        };
        snapshot.batch_shard = Some(self.batch_shard(&keys));
        let now = self.now();
        let mut all = Changes::none();
        let (mut decided, mut rows, mut fences) = (0, 0, vec![]);
        for job in &mut jobs {
            let decision = job.decide(&snapshot, now, &mut *self.options.rng);
            if let Decided::Changes(mut changes) = decision {
                if self.options.fold == Fold::Deferred {
                    changes.defer_folds();
                }
                snapshot.apply(&changes);
                rows += changes.rows();
                all.append(*changes);
                fences.push(job.fence().clone());
            }
            decided += 1;
            if BATCH_ROWS_MAX <= rows {
                break;
            }
        }
        let rest = jobs.split_off(decided);
        self.save_and_answer(jobs, (all, &fences), now, lost);
        rest
    }

    /// The shard into which a batch mints what nothing ties to another. One for all of it: their rows
    /// lie side by side then, in a few pages instead of some in each of 256 places. The next batch has
    /// the next one.
    fn batch_shard(&mut self, keys: &Keys) -> Shard {
        self.batch_shard = Shard(self.batch_shard.0.wrapping_add(1));
        let only = keys.shard().filter(|_| self.writer.takes_one_shard_at_a_time());
        only.unwrap_or(self.batch_shard)
    }

    /// The moment of a batch. A wall clock that steps back must not put an account's later entries
    /// before its earlier, so until it catches up it counts as standing still.
    fn now(&mut self) -> Timestamp {
        let clock = (self.options.now)();
        let behind = self.last_now.micros().saturating_sub(clock.micros());
        if CLOCK_BEHIND_MAX_MICROS < behind {
            tracing::error!(
                behind_secs = behind / 1_000_000,
                "the clock has jumped back; commits are dated as before until it catches up"
            );
        }
        self.last_now = self.last_now.max(clock);
        self.last_now
    }

    /// Decides commands anew that have lost a race: together, and after a few rounds each for itself.
    fn again(&mut self, jobs: Jobs, lost: u32, what: &str) {
        let max = if jobs.len() == 1 { ROUNDS_ALONE_MAX } else { ROUNDS_TOGETHER_MAX };
        if lost < max {
            return self.turn(jobs, lost + 1);
        }
        if jobs.len() == 1 {
            tracing::warn!(what, lost, "a command lost every race");
            return answer_all(jobs, Fate::Unavailable);
        }
        for job in jobs {
            self.turn(vec![job], 0);
        }
    }

    /// Takes the commands again as two batches, in the same order.
    fn halve(&mut self, mut jobs: Jobs) {
        let second = jobs.split_off(jobs.len() / 2);
        self.turn(jobs, 0);
        self.turn(second, 0);
    }

    fn load(&mut self, keys: &Keys) -> Result<Snapshot, ReadError> {
        let loaded = self.writer.load(keys).and_then(|mut snapshot| {
            let second = snapshot.second_round();
            snapshot.absorb(self.writer.load(&second)?);
            Ok(snapshot)
        });
        loaded.inspect_err(|error| tracing::error!(%error, "the lane could not load its rows"))
    }

    fn save_and_answer(
        &mut self,
        jobs: Jobs,
        (changes, fences): (Changes, &[Fence]),
        now: Timestamp,
        lost: u32,
    ) {
        #[cfg(feature = "mutants")]
        let mut jobs = jobs;
        #[cfg(feature = "mutants")]
        if crate::mutants::is_on("answer_before_commit") {
            for job in &mut jobs {
                job.answer_early();
            }
        }
        let wrote = !changes.is_empty();
        let is_pending =
            |delivery: &Delivery| matches!(delivery.state, DeliveryState::Pending { .. });
        let has_deliveries = changes.deliveries.iter().any(is_pending);
        let has_unfolded = changes.has_unfolded();
        let has_callers = changes.has_callers();
        // A refusal promises nothing; an answer does, be it one that was given before.
        let promises = || jobs.iter().any(|job| job.promises());
        let saved = if wrote {
            self.writer.save(changes, fences, now)
        } else if promises() {
            self.writer.confirm(now)
        } else {
            Ok(())
        };
        match saved {
            Ok(()) => {
                if has_callers {
                    self.options.callers_version.fetch_add(1, Ordering::Release);
                }
                if has_deliveries {
                    (self.options.on_delivery)();
                }
                if has_unfolded {
                    (self.options.on_unfolded)();
                }
                answer_all(jobs, Fate::Committed);
                // After the answers: they are true, and nobody need wait for it.
                if wrote && let Err(error) = self.writer.after_answers() {
                    self.stop(&error);
                }
            }
            Err(SaveError::Busy(error)) => {
                tracing::warn!(%error, "the lane could not write");
                answer_all(jobs, Fate::Unavailable);
            }
            Err(SaveError::Lost(what)) => self.again(jobs, lost, &what),
            // Another node has taken over a shard of this batch: find whose command that stops.
            Err(SaveError::Fenced) if jobs.len() == 1 => {
                tracing::warn!(
                    "what a worker did for a shard is left out: another node has taken it"
                );
                // Whatever else was done for it need not be found one by one.
                for job in &jobs {
                    job.fence().supersede();
                }
                answer_all(jobs, Fate::Superseded);
            }
            Err(SaveError::StorageFull) => answer_all(jobs, Fate::StorageFull),
            // One command's rows are impossible to write: find it, so that its neighbours live.
            Err(SaveError::Statement(error)) if jobs.len() == 1 => {
                tracing::error!(%error, "a command's changes could not be written");
                answer_all(jobs, Fate::Internal);
            }
            Err(SaveError::Fenced | SaveError::Statement(_)) => self.halve(jobs),
            Err(SaveError::Unknown(error)) => {
                answer_all(jobs, Fate::Unknown);
                self.stop(&error);
            }
        }
    }
}
