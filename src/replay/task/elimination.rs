//! Claims that no row tells, found by elimination (evidence-rules class 3, facts 5 and 6).
//!
//! A reset that counts more tasks than its worker is known to have held took back tasks whose claims
//! nobody told: the worker died before its lines could travel. Where exactly as many tasks fit as are
//! missing, they are the ones; where more fit, nothing is said.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::event::{Basis, Event, Subject};
use crate::model::id::{TaskId, WorkerId};
use crate::model::kind::EventKind;
use crate::model::rows::TaskRow;
use crate::model::state::{Outcome, TaskStateName};
use crate::model::time::Micros;
use crate::replay::task::attempt::Attempt;
use crate::replay::task::{TaskTimeline, World};

/// A reset and the ends of what it took back lie within this (evidence-rules fact 5: three rows in 2 ms,
/// 50 ms after the write).
const ONE_RESET_S: f64 = 2.0;
/// Every cycle sweeps; a cycle may take twice its 30 s (domain/orchestrator.md G6).
const SWEEP_EVERY_S: f64 = 60.0;
/// A claim that no heartbeat could carry came within one period after the last (evidence-rules fact 23);
/// the middle of it is said.
const AFTER_BEAT_S: f64 = 10.0;

/// The claims that a first replay of all tasks leaves open, by task.
pub fn find(
    rows: &[TaskRow],
    timelines: &[TaskTimeline],
    world: &World<'_>,
) -> BTreeMap<TaskId, Vec<Missing>> {
    let known = Known::of(timelines);
    let mut found: BTreeMap<TaskId, Vec<Missing>> = BTreeMap::new();
    for reset in world.resets() {
        let worker = if reset.kind == EventKind::TasksReset {
            only_worker(reset)
        } else {
            only_swept(reset, world)
        };
        let (Some(worker), Some(count)) = (worker, reset.int("count")) else { continue };
        let missing =
            usize::try_from(count).unwrap_or(0).saturating_sub(known.taken_back(reset.at));
        if missing == 0 {
            continue;
        }
        let Some(unseen) = unseen(worker, reset.at, &known, world) else { continue };
        let all = rows.iter().zip(timelines);
        let mut fitting: Vec<_> =
            all.filter(|(row, timeline)| fits(row, timeline, reset.at, unseen.until)).collect();
        if fitting.len() > missing {
            fitting.retain(|(row, timeline)| lacks_its_reset(row, timeline));
        }
        if fitting.len() != missing || fitting.iter().any(|(row, _)| found.contains_key(&row.id)) {
            continue;
        }
        for (row, timeline) in fitting {
            let queued = timeline.queued_since(reset.at).unwrap_or(unseen.from);
            let (worker, reset) = (worker.clone(), reset.at);
            let missing = Missing { worker, queued, reset, unseen: unseen.clone() };
            found.entry(row.id.clone()).or_default().push(missing);
        }
    }
    found
}

/// A claim that no row tells: by whom, and when it can have been.
pub struct Missing {
    worker: WorkerId,
    /// Since when the task could be claimed.
    queued: Micros,
    /// The reset that took it back.
    reset: Micros,
    unseen: Unseen,
}

impl Missing {
    /// The claim as an event, by the events of its task: what implies it is the task's row.
    pub fn claim(&self, row: &TaskRow, events: &[&Event]) -> Event {
        // an orchestrator task stays with its worker while that does others: an earlier line bounds it
        let when = match self.first_seen(row, events) {
            Some(seen) => Unseen { from: self.queued, at: seen, until: seen },
            None => self.unseen.clone(),
        };
        let (when, kind) = (when.after(self.queued), EventKind::TaskClaimInferred);
        let (of, bounds) = ((&row.id, "error_message"), (when.from, when.until));
        let made = Event::implied_by_task(of, kind, when.at, bounds, &self.reset.to_string());
        Event { worker: Some(self.worker.clone()), ..made }
    }

    /// When the worker first said something about the task, between the queue and the reset.
    fn first_seen(&self, row: &TaskRow, events: &[&Event]) -> Option<Micros> {
        let about = |event: &&&Event| {
            event.task.as_ref() == Some(&row.id) && event.worker.as_ref() == Some(&self.worker)
        };
        let told = events.iter().filter(about).map(|event| event.at);
        told.filter(|at| self.queued < *at && *at < self.reset).min()
    }
}

/// The worker of a reset that names just one.
fn only_worker(reset: &Event) -> Option<&WorkerId> {
    let mut named: Vec<&WorkerId> = reset.worker.iter().collect();
    for subject in &reset.attributes.listed {
        if let Subject::Worker(id) = subject
            && !named.contains(&id)
        {
            named.push(id);
        }
    }
    match named[..] {
        [only] => Some(only),
        [] | [_, ..] => None,
    }
}

/// The one worker that a sweep can have swept: it went out of service since the sweep before.
fn only_swept<'a>(sweep: &Event, world: &'a World<'_>) -> Option<&'a WorkerId> {
    let gone = world.gone_until(sweep.at).iter().rev();
    let mut swept = gone.take_while(|(at, _)| sweep.at.seconds_since(*at) < SWEEP_EVERY_S);
    let (_, only) = swept.next()?;
    swept.next().is_none().then_some(*only)
}

/// What the timelines tell of resets and of ends of attempts, in order.
struct Known<'a> {
    /// When attempts were reset, with the number of the task.
    resets: Vec<(Micros, usize)>,
    /// When the attempts of each worker ended.
    ends: BTreeMap<&'a WorkerId, Vec<Micros>>,
}

impl<'a> Known<'a> {
    fn of(timelines: &'a [TaskTimeline]) -> Self {
        let (mut resets, mut ends) = (Vec::new(), BTreeMap::<_, Vec<_>>::new());
        for (task, timeline) in timelines.iter().enumerate() {
            for attempt in &timeline.attempts {
                let Some(at) = attempt.ended_at else { continue };
                if attempt.outcome == Outcome::Reset {
                    resets.push((at, task));
                }
                if let Some(worker) = &attempt.worker {
                    ends.entry(worker).or_default().push(at);
                }
            }
        }
        resets.sort_unstable();
        ends.values_mut().for_each(|times| times.sort_unstable());
        Self { resets, ends }
    }

    /// The tasks that are known to have been taken back by a reset of that time.
    fn taken_back(&self, reset: Micros) -> usize {
        let from = self.resets.partition_point(|(at, _)| reset.seconds_since(*at) >= ONE_RESET_S);
        let near = self.resets[from..].iter();
        let near = near.take_while(|(at, _)| at.seconds_since(reset) < ONE_RESET_S);
        near.map(|(_, task)| task).collect::<BTreeSet<_>>().len()
    }

    /// The last end of an attempt of a worker before an instant.
    fn last_end(&self, worker: &WorkerId, before: Micros) -> Option<Micros> {
        let times = self.ends.get(worker)?;
        times[..times.partition_point(|at| *at < before)].last().copied()
    }
}

/// When a claim of a worker would have left no trace.
#[derive(Clone)]
struct Unseen {
    from: Micros,
    /// Most likely.
    at: Micros,
    until: Micros,
}

impl Unseen {
    /// The same for a task that was not claimable before an instant.
    fn after(&self, queued: Micros) -> Self {
        let from = self.from.max(queued).min(self.until);
        // it was queued first: half of what may have passed, as its state has a length
        let soon = from.plus_seconds(self.until.seconds_since(from).min(AFTER_BEAT_S) / 2.0);
        Self { from, at: self.at.clamp(soon, self.until), until: self.until }
    }
}

/// When a claim of the worker would have left no trace: its last heartbeat carried all lines before, and
/// the end of its last known attempt shows that it was at work. The report of a crash carries no lines
/// (domain/worker-app.md 4.1), so there the last period before it is dark.
fn unseen(
    worker: &WorkerId,
    until: Micros,
    known: &Known<'_>,
    world: &World<'_>,
) -> Option<Unseen> {
    let row = world.row(worker)?;
    let beat = row.real_heartbeat()?;
    let crashed = row.metadata.get("vram_total_mb").and_then(|mb| mb.as_i64()) == Some(0);
    let (from, at, until) = if crashed {
        (beat.plus_seconds(-4.0 * AFTER_BEAT_S), beat.plus_seconds(-AFTER_BEAT_S), beat.min(until))
    } else {
        (beat, beat.plus_seconds(AFTER_BEAT_S), until)
    };
    let from = known.last_end(worker, until).map_or(from, |last| last.max(from));
    (from < until).then(|| Unseen { from, at: at.clamp(from, until), until })
}

/// Whether a task may have been the one: it waited for a GPU before the worker fell silent and at the
/// reset, as far as we know, and its row keeps a text that a reset, or something after it, left.
fn fits(row: &TaskRow, timeline: &TaskTimeline, reset: Micros, silent: Micros) -> bool {
    let text = row.error_message.as_deref().unwrap_or("");
    let by_api = text.starts_with("Reset - orphaned from API");
    let waited = timeline.queued_since(reset).is_some_and(|since| since < silent);
    !text.is_empty() && !by_api && waited
}

/// Whether a row keeps the text of such a reset and no line tells of one: some reset must have taken it
/// back (evidence-rules class 3: "with that reset text").
fn lacks_its_reset(row: &TaskRow, timeline: &TaskTimeline) -> bool {
    let text = row.error_message.as_deref().unwrap_or("");
    let told =
        |attempt: &&Attempt| attempt.outcome == Outcome::Reset && attempt.basis != Basis::Inferred;
    text.starts_with("Reset - orphaned from failed worker")
        && !timeline.attempts.iter().any(|attempt| told(&attempt))
}

impl TaskTimeline {
    /// Since when the task has been queued at an instant; `None` when it is not. A claim that is only
    /// implied stands somewhere between its bounds: it may be the one that is looked for.
    fn queued_since(&self, at: Micros) -> Option<Micros> {
        let mut since = None;
        for stay in self.states.iter().rev().filter(|stay| stay.entered_at < at) {
            match stay.state {
                TaskStateName::Queued => since = Some(stay.entered_at),
                TaskStateName::InProgress if stay.basis == Basis::Inferred => {}
                TaskStateName::InProgress
                | TaskStateName::Complete
                | TaskStateName::Failed
                | TaskStateName::Cancelled => break,
            }
        }
        since
    }
}
