//! Events of one thing on two clocks, collected in one pass over all events.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::cycle::Cycle;
use crate::model::event::{Clock, SourceKey, Subject};
use crate::model::id::{TaskId, WorkerId};
use crate::model::kind::EventKind;
use crate::model::rows::{Facts, TaskRow};
use crate::model::time::{Micros, SECOND};
use crate::replay::directory::Directory;
use crate::replay::seen::Seen;

/// The clock of all edge functions.
pub(super) const EDGE: &str = "edge_function";

/// A reset's line comes so long after its write at most (evidence-rules class 4: 0.34 s).
const RESET_LINE: i64 = SECOND * 35 / 100;
/// An age is logged in whole seconds or in tenths of them (domain/orchestrator.md G100 and G109).
const ROUNDED: (i64, i64) = (SECOND / 2, SECOND / 20);

/// Which side of the database's stamp a line stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// After the claim.
    AfterClaim,
    /// Before the end of the task.
    BeforeEnd,
    /// After it.
    AfterEnd,
    /// Before the claim that the row holds: the reset that made room for it.
    BeforeClaim,
    /// Before the end: a task that was seen in progress.
    Seen,
}

/// What tells when a task was claimed, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dating {
    /// An edge function, a little later.
    Edge,
    /// A row, to the moment.
    Row,
    /// A row that may have been written anew later: at a task's progress, or once a model was loaded.
    MovingRow,
}

/// One line about a task.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) task: TaskId,
    pub(super) at: Micros,
    pub(super) side: Side,
}

/// What tells how clocks are off; small beside the events. Either half sees all events.
#[derive(Clone, Debug, Default)]
pub struct Pairs {
    /// When tasks were claimed and ended.
    pub stamps: Stamps,
    /// What sources say about that, each on its own clock.
    pub said: Said,
}

/// Claims and ends: what the clocks of sources are held against, and mostly on the database's.
#[derive(Clone, Debug, Default)]
pub struct Stamps {
    /// Orchestrator tasks: a progress text moves the claim of their row (evidence-rules fact 2).
    moving: FxHashSet<TaskId>,
    /// When each worker claimed each task.
    pub(super) claims: FxHashMap<(WorkerId, TaskId), Vec<(Micros, Dating)>>,
    /// The claim that a task's row holds: its last.
    pub(super) recorded: FxHashMap<TaskId, Micros>,
    /// When the database says that a task ended.
    pub(super) ended: FxHashMap<TaskId, Micros>,
}

/// What sources say of tasks and ages.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// Tasks that a list of a cycle names as in progress, with their claims.
    listed: FxHashMap<(SourceKey, Cycle), Vec<(TaskId, Micros)>>,
    /// Lines of every source that has one about a task.
    pub(super) lines: FxHashMap<SourceKey, Vec<Line>>,
    /// Ages of heartbeats and claims that an orchestrator saw: it is ahead by no more than the youngest.
    pub(super) ages: FxHashMap<SourceKey, Vec<(Micros, i64)>>,
    /// Workers that logged anything.
    pub(super) workers: Directory<WorkerId>,
}

impl Pairs {
    /// Has seen nothing yet.
    pub fn new(facts: &Facts) -> Self {
        let moving = facts.tasks.iter().filter(|row| row.is_orchestrator());
        let moving = moving.map(|row| row.id.clone()).collect();
        Self { stamps: Stamps { moving, ..Stamps::default() }, said: Said::default() }
    }
}

impl Stamps {
    /// Sees the next event of the total order.
    pub fn see(&mut self, event: Seen<'_>) {
        let exact =
            [EventKind::TaskClaimed, EventKind::TaskClaimRecorded, EventKind::TaskHeldAtKill];
        let is_exact = exact.contains(&event.kind);
        let is_end = matches!(event.kind, EventKind::TaskCompleted | EventKind::TaskFailed);
        // most are neither, and are not looked at
        if !is_exact && !is_end {
            return;
        }
        let Some(task) = &event.task else { return };
        if event.kind == EventKind::TaskClaimRecorded && !self.moving.contains(task) {
            self.recorded.insert(task.clone(), event.at);
        }
        if is_end {
            self.ended.insert(task.clone(), event.at);
        }
        if is_exact && let Some(worker) = &event.worker {
            let dating = if event.clock == Clock::Edge {
                Dating::Edge
            } else if self.moving.contains(task) || TaskRow::may_be_loaded(event.at) {
                Dating::MovingRow
            } else {
                Dating::Row
            };
            let claims = self.claims.entry((worker.clone(), task.clone())).or_default();
            claims.push((event.at, dating));
        }
    }
}

impl Said {
    /// Sees the next event of the total order.
    pub fn see(&mut self, event: Seen<'_>) {
        if event.clock == Clock::Worker
            && let Some(worker) = &event.worker
        {
            self.workers.add(worker);
        }
        self.see_age(event);
        self.see_reset(event);
        self.see_listed(event);
        if let Some(side) = side(event)
            && let Some(task) = &event.task
        {
            let line = Line { task: task.clone(), at: event.at, side };
            self.lines.entry(event.source.clone()).or_default().push(line);
        }
    }

    fn see_age(&mut self, event: Seen<'_>) {
        if event.kind == EventKind::HeartbeatObserved
            && let Some(age) = event.number("age_s")
        {
            let rounded = if age.fract() == 0.0 { ROUNDED.0 } else { ROUNDED.1 };
            let age = (age * SECOND as f64) as i64 + rounded;
            self.ages.entry(event.source.clone()).or_default().push((event.at, age));
        }
    }

    /// A list of tasks in progress tells of the moment of its cycle's counts call (evidence-rules facts
    /// 11 and 12); the event stands at the claim that the list names.
    fn see_listed(&mut self, event: Seen<'_>) {
        if !matches!(event.kind, EventKind::TaskListedActive | EventKind::DemandObserved) {
            return;
        }
        let Some(cycle) = event.cycle else { return };
        if event.kind == EventKind::TaskListedActive
            && let Some(task) = &event.task
        {
            let listed = self.listed.entry((event.source.clone(), cycle)).or_default();
            listed.push((task.clone(), event.at));
        }
        if event.kind != EventKind::DemandObserved {
            return;
        }
        for (task, claim) in
            self.listed.remove(&(event.source.clone(), cycle)).into_iter().flatten()
        {
            let line = Line { task, at: event.at, side: Side::Seen };
            self.lines.entry(event.source.clone()).or_default().push(line);
            let age = event.at.0 - claim.0;
            self.ages.entry(event.source.clone()).or_default().push((event.at, age));
        }
    }

    fn see_reset(&mut self, event: Seen<'_>) {
        if event.clock == Clock::Orchestrator
            && matches!(event.kind, EventKind::TasksReset | EventKind::TaskResetListed)
        {
            for touched in &event.attributes.listed {
                if let Subject::Task(task) = touched {
                    let at = Micros(event.at.0 - RESET_LINE);
                    let line = Line { task: task.clone(), at, side: Side::BeforeClaim };
                    self.lines.entry(event.source.clone()).or_default().push(line);
                }
            }
        }
    }
}

/// Which stamp of the database a line is paired with, and on which side of it it stands.
fn side(event: Seen<'_>) -> Option<Side> {
    let kind = event.kind;
    match event.clock {
        Clock::Worker if kind == EventKind::TaskStarted => Some(Side::AfterClaim),
        Clock::Worker if kind == EventKind::TaskHandlerSucceeded => Some(Side::BeforeEnd),
        Clock::Orchestrator | Clock::Edge if kind == EventKind::TaskClaimed => {
            Some(Side::AfterClaim)
        }
        Clock::Edge if kind == EventKind::CompletionRequested => Some(Side::BeforeEnd),
        Clock::Edge if kind == EventKind::CompletionAcknowledged => Some(Side::AfterEnd),
        Clock::Orchestrator if kind == EventKind::TaskStarted => Some(Side::BeforeEnd),
        Clock::Orchestrator if kind == EventKind::TaskCompletionSaid => Some(Side::AfterEnd),
        Clock::Database | Clock::Orchestrator | Clock::Edge | Clock::Worker => None,
    }
}
