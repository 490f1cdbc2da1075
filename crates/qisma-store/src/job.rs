//! A command in a lane: whatever its type, it names its rows, decides, and is answered.

use qisma_domain::changes::Changes;
use qisma_domain::decide::Decide;
use qisma_domain::snapshot::{Keys, Snapshot};
use qisma_domain::time::Timestamp;
use rand_core::Rng;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tokio::sync::oneshot;

use crate::error::RunError;

/// How the batch of a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Committed,
    StorageFull,
    Unavailable,
    Internal,
    Unknown,
}

/// What a command came to.
pub(crate) enum Decided {
    Changes(Box<Changes>),
    Refused,
    Panicked,
}

/// A command of any kind.
pub(crate) trait Job: Send {
    fn keys(&mut self, keys: &mut Keys);
    fn decide(&mut self, see: &Snapshot, now: Timestamp, rng: &mut dyn Rng) -> Decided;
    /// Whether it was decided that something is so.
    fn promises(&self) -> bool;
    fn answer(self: Box<Self>, fate: Fate);
    #[cfg(feature = "mutants")]
    fn answer_early(&mut self);
}

type Verdict<D> = Result<<D as Decide>::Answer, <D as Decide>::Refusal>;
type Reply<D> = oneshot::Sender<Result<<D as Decide>::Answer, RunError<<D as Decide>::Refusal>>>;

pub(crate) struct Pending<D: Decide> {
    command: D,
    decided: Option<Verdict<D>>,
    /// Whether it failed to name its rows: then it must not decide without them.
    nameless: bool,
    reply: Reply<D>,
}

impl<D: Decide> Pending<D> {
    /// A command, and who waits for its answer.
    pub(crate) const fn new(command: D, reply: Reply<D>) -> Self {
        Self { command, decided: None, nameless: false, reply }
    }
}

impl<D: Decide> Job for Pending<D> {
    fn keys(&mut self, keys: &mut Keys) {
        let mut named = Keys::default();
        self.nameless = catch_unwind(AssertUnwindSafe(|| self.command.keys(&mut named))).is_err();
        if !self.nameless {
            keys.absorb(named);
        }
    }

    fn decide(&mut self, see: &Snapshot, now: Timestamp, rng: &mut dyn Rng) -> Decided {
        // A bug in one command must not take its neighbours with it. The command sees the snapshot
        // read-only and its changes are applied only after Ok, so nothing is left half done.
        if self.nameless {
            return Decided::Panicked;
        }
        match catch_unwind(AssertUnwindSafe(|| self.command.decide(see, now, rng))) {
            Ok(Ok((answer, changes))) => {
                self.decided = Some(Ok(answer));
                Decided::Changes(Box::new(changes))
            }
            Ok(Err(refusal)) => {
                self.decided = Some(Err(refusal));
                Decided::Refused
            }
            Err(_) => {
                self.decided = None;
                Decided::Panicked
            }
        }
    }

    fn promises(&self) -> bool {
        matches!(self.decided, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, fate: Fate) {
        let answer = match (fate, self.decided) {
            (Fate::Committed, Some(Ok(answer))) => Ok(answer),
            (Fate::Committed, Some(Err(refusal))) => Err(RunError::Refused(refusal)),
            (Fate::Committed, None) | (Fate::Internal, _) => Err(RunError::Internal),
            (Fate::StorageFull, _) => Err(RunError::StorageFull),
            (Fate::Unavailable, _) => Err(RunError::Unavailable),
            (Fate::Unknown, _) => Err(RunError::Unknown),
        };
        // Nobody may be waiting any more; the change stands all the same.
        let _ = self.reply.send(answer);
    }

    #[cfg(feature = "mutants")]
    fn answer_early(&mut self) {
        let (unused, _) = oneshot::channel();
        let reply = std::mem::replace(&mut self.reply, unused);
        if let Some(decided) = self.decided.take() {
            let _ = reply.send(decided.map_err(RunError::Refused));
        }
    }
}

/// Commands, in order.
pub(crate) type Jobs = Vec<Box<dyn Job>>;
