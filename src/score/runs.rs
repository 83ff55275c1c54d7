//! `runs` against the orchestrator processes that logged.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::model::time::Micros;
use crate::score::error::ScoreError;
use crate::score::rows::{Rows, near, text, time};
use crate::score::share_of;
use crate::score::truth::{Instance, Truth};

/// A start may be told this far from the true one.
const START_OFF_S_MAX: f64 = 60.0;

/// How well orchestrator processes are told.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Runs {
    /// Share of the processes that logged whose start is told within 60 s.
    pub found: Option<f64>,
    /// Source ids of the others.
    pub missed: Vec<String>,
    /// Processes that logged.
    pub truth: usize,
    /// Runs that are told.
    pub reported: usize,
    /// Runs of no such process, and second runs of one.
    pub false_runs: usize,
    /// Source ids of runs of no such process; the empty text where a run has none.
    pub false_ids: Vec<String>,
}

/// A run as told: source id and start.
pub(super) type Run = (Option<String>, Option<Micros>);

/// The runs of orchestrators.
pub(super) fn read(rows: &Rows<'_>) -> Result<Vec<Run>, ScoreError> {
    let sql = "select source_id, started_at from runs
        where source_type like 'orchestrator%' order by 1, 2";
    let mut runs = Vec::new();
    rows.each(sql, &[], |cells| runs.push((text(&cells[0]), time(&cells[1]))))?;
    Ok(runs)
}

/// Compares what is told with the truth.
pub(super) fn compare(truth: &Truth, said: &[Run]) -> Runs {
    let of_logging = |instance: &'_ Instance| {
        let id = instance.source_id.clone().filter(|id| instance.db_logging && !id.is_empty())?;
        Some((id, instance.started))
    };
    let logged: Vec<(String, Option<Micros>)> =
        truth.instances.iter().filter_map(of_logging).collect();
    let told = |(id, started): &(String, Option<Micros>)| {
        said.iter().filter(|(said_id, _)| said_id.as_ref() == Some(id)).any(|(_, said_at)| {
            started.zip(*said_at).is_some_and(|(want, got)| near(want, got, START_OFF_S_MAX))
        })
    };
    let missed: Vec<String> =
        logged.iter().filter(|run| !told(run)).map(|(id, _)| id.clone()).collect();
    let true_ids: BTreeSet<&String> = logged.iter().map(|(id, _)| id).collect();
    let invented = |(id, _): &&Run| !id.as_ref().is_some_and(|id| true_ids.contains(id));
    let false_ids: Vec<String> =
        said.iter().filter(invented).map(|(id, _)| id.clone().unwrap_or_default()).collect();
    let distinct = said.iter().map(|(id, _)| id).collect::<BTreeSet<_>>().len();
    Runs {
        found: share_of(logged.len() - missed.len(), logged.len()),
        missed,
        truth: logged.len(),
        reported: said.len(),
        false_runs: false_ids.len() + (said.len() - distinct),
        false_ids,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `gpu-1` started at 10:00:00; a second process never logged.
    fn compared(said: &[(&str, &str)]) -> Runs {
        let text = r#"{"sim_end": "2026-01-05T12:00:00Z", "instances": [
            {"source_id": "gpu-1", "db_logging": true, "started": "2026-01-05T10:00:00Z"},
            {"source_id": null, "db_logging": true, "started": "2026-01-05T11:00:00Z"},
            {"source_id": "gpu-2", "db_logging": false, "started": "2026-01-05T11:00:00Z"}]}"#;
        let truth = Truth::parse(text.as_bytes()).expect("a truth");
        let run = |(id, at): &(&str, &str)| {
            (Some(id.to_string()), Micros::parse(&format!("2026-01-05 {at}")))
        };
        compare(&truth, &said.iter().map(run).collect::<Vec<Run>>())
    }

    #[test]
    fn a_start_within_a_minute_is_found() {
        let figures = compared(&[("gpu-1", "10:01:00")]);
        assert_eq!((figures.found, figures.truth, figures.false_runs), (Some(1.0), 1, 0));
    }

    #[test]
    fn a_late_start_is_missed_and_what_never_logged_is_false() {
        let figures =
            compared(&[("gpu-1", "10:01:01"), ("gpu-1", "11:00:00"), ("gpu-2", "11:00:00")]);
        assert_eq!((figures.found, figures.missed.len()), (Some(0.0), 1));
        assert_eq!((figures.reported, figures.false_runs), (3, 2));
        assert_eq!(figures.false_ids, ["gpu-2"]);
        assert_eq!(compared(&[]).found, Some(0.0));
    }
}
