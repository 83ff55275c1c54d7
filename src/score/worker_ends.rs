//! `worker_ends` against the true ends of pods and processes.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::time::Micros;
use crate::score::error::ScoreError;
use crate::score::rows::{Rows, near, text, time};
use crate::score::truth::{TrueWorker, Truth};
use crate::score::{KEPT_MAX, share_of};

/// An end told this far from the true one counts as told.
const NEAR_S: f64 = 30.0;
/// An end told this far from the true one is told well.
const VERY_NEAR_S: f64 = 5.0;
/// The truth's word for an end that the orchestrator made.
const BY_ORCHESTRATOR: &str = "terminated_by_orchestrator";
/// The truth's words for a death that nobody ordered, after which heartbeats stop.
const OTHER_DEATHS: [&str; 4] = ["process_crash", "frozen", "external", "fatal_self_terminate"];

/// How well the ends of workers are told.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct WorkerEnds {
    /// Share of the workers ended by the orchestrator whose end is told within 30 s.
    pub ended_within_30s: Option<f64>,
    /// The same within 5 s.
    pub ended_within_5s: Option<f64>,
    /// Workers that the orchestrator ended.
    pub ended: usize,
    /// Workers that still live and are said to have ended.
    pub false_ends: usize,
    /// All of them.
    pub false_end_ids: Vec<String>,
    /// Share of the pods that ended otherwise whose end is told within 30 s.
    pub other_pods_ended_within_30s: Option<f64>,
    /// Pods that ended otherwise.
    pub other_pods: usize,
    /// Share of the workers that died by themselves whose last heartbeat is told within 30 s.
    pub last_alive_within_30s: Option<f64>,
    /// The first workers of which it is not.
    pub last_alive_wrong: Vec<String>,
    /// Workers that died by themselves.
    pub died_otherwise: usize,
    /// The first workers ended by the orchestrator whose end is not told within 30 s.
    pub wrong: Vec<WrongEnd>,
}

/// A worker whose end is told wrongly or not at all.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WrongEnd {
    /// The worker.
    pub worker_id: String,
    /// Its true end, in ISO's spelling, UTC.
    pub truth: Option<String>,
    /// That of `worker_ends`.
    pub said: Option<String>,
}

/// What `worker_ends` says of one worker.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct End {
    ended_at: Option<Micros>,
    last_alive_at: Option<Micros>,
}

/// Ends by worker.
pub(super) type Said = BTreeMap<String, End>;

/// The ends as told, one a worker.
pub(super) fn read(rows: &Rows<'_>) -> Result<Said, ScoreError> {
    let sql = "select worker_id, ended_at, last_alive_at from worker_ends order by worker_id";
    let (mut said, mut twice) = (Said::new(), None);
    rows.each(sql, &[], |cells| {
        let worker = text(&cells[0]).unwrap_or_default();
        let end = End { ended_at: time(&cells[1]), last_alive_at: time(&cells[2]) };
        if said.insert(worker.clone(), end).is_some() {
            twice = Some(worker);
        }
    })?;
    twice.map_or(Ok(said), |worker| Err(ScoreError::TwoEnds(worker)))
}

/// Compares what is told with the truth, over the workers that have a row.
pub(super) fn compare(truth: &Truth, said: &Said) -> WorkerEnds {
    let mut figures = WorkerEnds::default();
    let (mut near_30s, mut near_5s, mut pods_near, mut last_near) = (0, 0, 0, 0);
    for worker in truth.workers.iter().filter(|worker| worker.in_db) {
        let got = said.get(&worker.worker_id).copied().unwrap_or_default();
        let told = |want: Option<Micros>, got: Option<Micros>, seconds: f64| {
            want.zip(got).is_some_and(|(want, got)| near(want, got, seconds))
        };
        if is_by_orchestrator(worker) {
            let want = worker.pod.dead.or(worker.true_death);
            figures.ended += 1;
            near_30s += usize::from(told(want, got.ended_at, NEAR_S));
            near_5s += usize::from(told(want, got.ended_at, VERY_NEAR_S));
            if !told(want, got.ended_at, NEAR_S) && figures.wrong.len() < KEPT_MAX {
                figures.wrong.push(wrong_end(worker, want, got.ended_at));
            }
        } else if worker.pod.dead.is_some() {
            figures.other_pods += 1;
            pods_near += usize::from(told(worker.pod.dead, got.ended_at, NEAR_S));
        }
        if is_alive(worker) && got.ended_at.is_some() {
            figures.false_end_ids.push(worker.worker_id.clone());
        }
        if died_otherwise(worker) {
            figures.died_otherwise += 1;
            if told(worker.last_heartbeat_sent, got.last_alive_at, NEAR_S) {
                last_near += 1;
            } else if figures.last_alive_wrong.len() < KEPT_MAX {
                figures.last_alive_wrong.push(worker.worker_id.clone());
            }
        }
    }
    figures.ended_within_30s = share_of(near_30s, figures.ended);
    figures.ended_within_5s = share_of(near_5s, figures.ended);
    figures.false_ends = figures.false_end_ids.len();
    figures.other_pods_ended_within_30s = share_of(pods_near, figures.other_pods);
    figures.last_alive_within_30s = share_of(last_near, figures.died_otherwise);
    figures
}

fn is_by_orchestrator(worker: &TrueWorker) -> bool {
    worker.true_death_cause.as_deref() == Some(BY_ORCHESTRATOR)
}

/// Alive, and nobody thinks otherwise.
fn is_alive(worker: &TrueWorker) -> bool {
    let status = worker.final_db_status.as_deref();
    worker.true_death.is_none()
        && worker.pod.dead.is_none()
        && matches!(status, Some("active" | "spawning"))
}

fn died_otherwise(worker: &TrueWorker) -> bool {
    let cause = worker.true_death_cause.as_deref();
    worker.last_heartbeat_sent.is_some() && cause.is_some_and(|c| OTHER_DEATHS.contains(&c))
}

fn wrong_end(worker: &TrueWorker, truth: Option<Micros>, said: Option<Micros>) -> WrongEnd {
    let text = |at: Option<Micros>| at.map(|at| at.to_string());
    WrongEnd { worker_id: worker.worker_id.clone(), truth: text(truth), said: text(said) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ended` was ended at 10:00:00, `crashed` sent its last heartbeat at 10:00:00 and lost its pod at
    /// 10:05:00, `living` lives; `rowless` has no row.
    fn compared(said: &[(&str, &str, &str)]) -> WorkerEnds {
        let text = r#"{"sim_end": "2026-01-05T12:00:00Z", "workers": [
            {"worker_id": "ended", "in_db": true, "true_death": "2026-01-05T09:00:00Z",
             "true_death_cause": "terminated_by_orchestrator", "pod": {"dead": "2026-01-05T10:00:00Z"}},
            {"worker_id": "crashed", "in_db": true, "true_death": "2026-01-05T10:00:05Z",
             "true_death_cause": "process_crash", "last_heartbeat_sent": "2026-01-05T10:00:00Z",
             "pod": {"dead": "2026-01-05T10:05:00Z"}},
            {"worker_id": "living", "in_db": true, "final_db_status": "active", "true_death": null},
            {"worker_id": "rowless", "true_death_cause": "terminated_by_orchestrator"}]}"#;
        let truth = Truth::parse(text.as_bytes()).expect("a truth");
        let at = |time: &str| Micros::parse(&format!("2026-01-05 {time}"));
        let end = |(worker, ended, alive): &(&str, &str, &str)| {
            (worker.to_string(), End { ended_at: at(ended), last_alive_at: at(alive) })
        };
        compare(&truth, &said.iter().map(end).collect())
    }

    #[test]
    fn the_truth_itself_is_perfect() {
        let figures = compared(&[("ended", "10:00:00", ""), ("crashed", "10:05:00", "10:00:00")]);
        let perfect = WorkerEnds {
            ended_within_30s: Some(1.0),
            ended_within_5s: Some(1.0),
            ended: 1,
            other_pods_ended_within_30s: Some(1.0),
            other_pods: 1,
            last_alive_within_30s: Some(1.0),
            died_otherwise: 1,
            ..WorkerEnds::default()
        };
        assert_eq!(figures, perfect);
    }

    #[test]
    fn an_end_is_near_up_to_the_last_second() {
        let figures = compared(&[("ended", "10:00:30", ""), ("crashed", "10:05:31", "09:59:29")]);
        assert_eq!((figures.ended_within_30s, figures.ended_within_5s), (Some(1.0), Some(0.0)));
        assert_eq!(figures.other_pods_ended_within_30s, Some(0.0));
        assert_eq!(figures.last_alive_within_30s, Some(0.0));
        assert_eq!(figures.last_alive_wrong, ["crashed"]);
    }

    #[test]
    fn an_end_of_the_living_and_no_end_of_the_dead_are_named() {
        let figures = compared(&[("living", "10:00:00", "")]);
        assert_eq!((figures.false_ends, figures.false_end_ids.len()), (1, 1));
        assert_eq!(figures.ended_within_30s, Some(0.0));
        assert_eq!(figures.wrong[0].worker_id, "ended");
        assert_eq!(figures.wrong[0].truth.as_deref(), Some("2026-01-05T10:00:00.000000Z"));
        assert_eq!(figures.wrong[0].said, None);
    }
}
