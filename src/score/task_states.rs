//! `task_states` against the true status of each task.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::state::TaskStateName;
use crate::model::time::Micros;
use crate::score::error::ScoreError;
use crate::score::rows::{Rows, text, time};
use crate::score::truth::{Transition, TrueTask, Truth};
use crate::score::{KEPT_MAX, share, share_of};

/// Below this share of its time a task is worth a look.
const WORTH_A_LOOK: f64 = 0.99;

/// How well the states of tasks are told.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TaskStates {
    /// Tasks in the truth.
    pub tasks: usize,
    /// Share of the time from each task's creation to the end in which its state is right.
    pub time_agreement: Option<f64>,
    /// The same over the time in which the task was not finished: the rest is in its row.
    pub live_agreement: Option<f64>,
    /// The same over tasks that were claimed more than once.
    pub live_agreement_retried: Option<f64>,
    /// Share of the true changes that are told within 1 s, in a sequence that is right.
    pub within_1s: Option<f64>,
    /// The same within 5 s.
    pub within_5s: Option<f64>,
    /// Share of the tasks whose states are right and in order.
    pub same_sequence: Option<f64>,
    /// Tasks whose states overlap or leave a hole; they count as told by nobody.
    pub not_contiguous: usize,
    /// Ids of the first of them.
    pub not_contiguous_ids: Vec<String>,
    /// The tasks told worst, first the worst.
    pub worst: Vec<WorstTask>,
}

/// A task whose states are told wrongly.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorstTask {
    /// Share of its time in which its state is right, to three digits.
    pub agreement: f64,
    /// The task.
    pub task_id: String,
    /// Its true states.
    pub truth: Vec<&'static str>,
    /// Those of `task_states`.
    pub said: Vec<&'static str>,
}

/// A state with the time it holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    from: Option<Micros>,
    until: Micros,
    state: Option<TaskStateName>,
}

impl Span {
    /// Seconds it lasts.
    fn seconds(self) -> f64 {
        self.from.map_or(0.0, |from| self.until.seconds_since(from))
    }

    fn is_live(self) -> bool {
        matches!(self.state, Some(TaskStateName::Queued | TaskStateName::InProgress))
    }

    fn name(self) -> &'static str {
        self.state.map_or("unknown", TaskStateName::name)
    }
}

/// States by task, in order.
pub(super) type Said = BTreeMap<String, Vec<Span>>;

/// The states as told; one that still holds holds until `end`.
pub(super) fn read(rows: &Rows<'_>, end: Micros) -> Result<Said, ScoreError> {
    let sql = "select task_id, state, entered_at, left_at from task_states order by task_id, seq";
    let mut said = Said::new();
    rows.each(sql, &[], |cells| {
        let named = |state: &&TaskStateName| Some(state.name()) == cells[1].as_text();
        let span = Span {
            from: time(&cells[2]),
            until: time(&cells[3]).unwrap_or(end),
            state: TaskStateName::ALL.iter().find(named).copied(),
        };
        said.entry(text(&cells[0]).unwrap_or_default()).or_default().push(span);
    })?;
    Ok(said)
}

/// Seconds of agreement, and out of how many.
#[derive(Clone, Copy, Default)]
struct Agreed {
    seconds: f64,
    of: f64,
}

impl Agreed {
    fn add(&mut self, other: Self) {
        self.seconds += other.seconds;
        self.of += other.of;
    }

    fn share(self) -> Option<f64> {
        share(self.seconds, self.of)
    }
}

/// Compares what is told with the truth.
pub(super) fn compare(truth: &Truth, said: &Said) -> TaskStates {
    let (mut all, mut live, mut retried) =
        (Agreed::default(), Agreed::default(), Agreed::default());
    let (mut changes, mut near_1s, mut near_5s, mut same_count) = (0, 0, 0, 0);
    let mut worst = Vec::new();
    let broken = |spans: &[Span]| spans.windows(2).any(|pair| Some(pair[0].until) != pair[1].from);
    for task in &truth.tasks {
        let spans = true_spans(&task.transitions, truth.sim_end);
        if spans.is_empty() {
            continue;
        }
        let got = said.get(&task.task_id).filter(|spans| !broken(spans));
        let got = got.map_or(&[][..], Vec::as_slice);
        let whole = agreed(spans.iter().copied(), got);
        let unfinished = agreed(spans.iter().copied().filter(|span| span.is_live()), got);
        all.add(whole);
        live.add(unfinished);
        if 1 < task.claims.len() {
            retried.add(unfinished);
        }
        changes += spans.len() - 1;
        let same = spans.iter().map(|s| s.state).eq(got.iter().map(|s| s.state));
        if same {
            same_count += 1;
            near_1s += changes_within(&spans, got, 1.0);
            near_5s += changes_within(&spans, got, 5.0);
        }
        if !same || whole.seconds < WORTH_A_LOOK * whole.of {
            worst.push(worst_task(task, whole, &spans, got));
        }
    }
    worst.sort_by(|a, b| {
        a.agreement.total_cmp(&b.agreement).then_with(|| a.task_id.cmp(&b.task_id))
    });
    worst.truncate(KEPT_MAX);
    let holed = said.iter().filter(|(_, spans)| broken(spans)).map(|(id, _)| id);
    TaskStates {
        tasks: truth.tasks.len(),
        time_agreement: all.share(),
        live_agreement: live.share(),
        live_agreement_retried: retried.share(),
        within_1s: share_of(near_1s, changes),
        within_5s: share_of(near_5s, changes),
        same_sequence: share_of(same_count, truth.tasks.len()),
        not_contiguous: holed.clone().count(),
        not_contiguous_ids: holed.take(KEPT_MAX).cloned().collect(),
        worst,
    }
}

/// The true states; a line that repeats the status begins none.
fn true_spans(transitions: &[Transition], end: Micros) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for moved in transitions {
        let (Some(at), Some(state)) = (moved.at, moved.status) else { continue };
        match spans.last_mut() {
            Some(last) if last.state == Some(state) => continue,
            Some(last) => last.until = at,
            None => {}
        }
        spans.push(Span { from: Some(at), until: end, state: Some(state) });
    }
    spans
}

/// Seconds in which both say the same, out of those of the truth.
fn agreed(spans: impl Iterator<Item = Span>, got: &[Span]) -> Agreed {
    let mut sum = Agreed::default();
    for span in spans {
        sum.of += span.seconds();
        let same = got.iter().filter(|told| told.state == span.state);
        sum.seconds += same.map(|told| overlap(span, *told)).sum::<f64>();
    }
    sum
}

fn overlap(a: Span, b: Span) -> f64 {
    let (Some(a_from), Some(b_from)) = (a.from, b.from) else { return 0.0 };
    a.until.min(b.until).seconds_since(a_from.max(b_from)).max(0.0)
}

/// Changes of two equal sequences that are told at most so many seconds off.
fn changes_within(spans: &[Span], got: &[Span], seconds: f64) -> usize {
    let pairs = spans.iter().zip(got).skip(1);
    let off = pairs.filter_map(|(a, b)| Some(a.from?.seconds_since(b.from?).abs()));
    off.filter(|off| *off <= seconds).count()
}

fn worst_task(task: &TrueTask, whole: Agreed, spans: &[Span], got: &[Span]) -> WorstTask {
    let names = |spans: &[Span]| spans.iter().map(|span| span.name()).collect();
    WorstTask {
        agreement: whole.share().map_or(1.0, |share| (share * 1_000.0).round() / 1_000.0),
        task_id: task.task_id.clone(),
        truth: names(spans),
        said: names(got),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TaskStateName::{Complete, InProgress, Queued};

    /// A task created at 0 s, claimed at 10 s, done at 40 s; the recording ends at 100 s.
    fn truth() -> Truth {
        let text = r#"{"sim_end": "1970-01-01T00:01:40Z", "tasks": [{"task_id": "t1", "claims": ["w1", "w2"],
            "transitions": [{"t": "1970-01-01T00:00:00Z", "status": "Queued"},
                            {"t": "1970-01-01T00:00:10Z", "status": "In Progress"},
                            {"t": "1970-01-01T00:00:20Z", "status": "In Progress"},
                            {"t": "1970-01-01T00:00:40Z", "status": "Complete"}]}]}"#;
        Truth::parse(text.as_bytes()).expect("a truth")
    }

    /// States with begin and end in seconds.
    fn said(spans: &[(TaskStateName, i64, i64)]) -> Said {
        let at = |second: i64| Micros(second * 1_000_000);
        let span = |(state, from, until): &(TaskStateName, i64, i64)| Span {
            from: Some(at(*from)),
            until: at(*until),
            state: Some(*state),
        };
        Said::from([("t1".to_string(), spans.iter().map(span).collect())])
    }

    #[test]
    fn the_truth_itself_is_perfect() {
        let told = said(&[(Queued, 0, 10), (InProgress, 10, 40), (Complete, 40, 100)]);
        let figures = compare(&truth(), &told);
        let perfect = TaskStates {
            tasks: 1,
            time_agreement: Some(1.0),
            live_agreement: Some(1.0),
            live_agreement_retried: Some(1.0),
            within_1s: Some(1.0),
            within_5s: Some(1.0),
            same_sequence: Some(1.0),
            ..TaskStates::default()
        };
        assert_eq!(figures, perfect);
    }

    #[test]
    fn a_claim_told_four_seconds_late_costs_four_seconds() {
        let told = said(&[(Queued, 0, 14), (InProgress, 14, 40), (Complete, 40, 100)]);
        let figures = compare(&truth(), &told);
        assert_eq!(figures.time_agreement, Some(0.96));
        assert_eq!(figures.live_agreement, Some(0.9));
        assert_eq!((figures.within_1s, figures.within_5s), (Some(0.5), Some(1.0)));
        assert_eq!(figures.same_sequence, Some(1.0));
        assert_eq!((figures.worst.len(), figures.worst[0].agreement), (1, 0.96));
    }

    #[test]
    fn a_wrong_sequence_is_named_and_has_no_near_change() {
        let told = said(&[(Queued, 0, 10), (InProgress, 10, 100)]);
        let figures = compare(&truth(), &told);
        assert_eq!((figures.same_sequence, figures.within_5s), (Some(0.0), Some(0.0)));
        assert_eq!(figures.worst[0].task_id, "t1");
        assert_eq!(figures.worst[0].truth, ["queued", "in_progress", "complete"]);
        assert_eq!(figures.worst[0].said, ["queued", "in_progress"]);
    }

    #[test]
    fn a_hole_or_no_row_at_all_is_told_by_nobody() {
        let holed = said(&[(Queued, 0, 9), (InProgress, 10, 40), (Complete, 40, 100)]);
        let figures = compare(&truth(), &holed);
        assert_eq!((figures.not_contiguous, figures.time_agreement), (1, Some(0.0)));
        assert_eq!(figures.not_contiguous_ids, ["t1"]);
        let figures = compare(&truth(), &Said::new());
        assert_eq!((figures.not_contiguous, figures.same_sequence), (0, Some(0.0)));
    }
}
