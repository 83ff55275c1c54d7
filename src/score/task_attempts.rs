//! `task_attempts` against the workers that truly claimed each task, in order.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::score::error::ScoreError;
use crate::score::rows::{Rows, text};
use crate::score::truth::{TrueTask, Truth};
use crate::score::{KEPT_MAX, share_of};

/// How well the attempts of claimed tasks are told.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TaskAttempts {
    /// Share of the claimed tasks with the right number of attempts.
    pub count_exact: Option<f64>,
    /// Attempts that name a worker which never claimed the task: falsehoods.
    pub false_names: usize,
    /// The first tasks that have one.
    pub false_name_tasks: Vec<String>,
    /// Attempts without a worker: honest.
    pub unnamed: usize,
    /// Share of the claimed tasks whose attempts name the true workers in order.
    pub exact: Option<f64>,
    /// The same over tasks that were claimed more than once.
    pub exact_where_retried: Option<f64>,
    /// Tasks that were claimed more than once.
    pub retried: usize,
    /// The first claimed tasks whose attempts are not exact, in the order of the truth.
    pub wrong: Vec<WrongAttempts>,
}

/// A task whose attempts are told wrongly.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WrongAttempts {
    /// The task.
    pub task_id: String,
    /// Its true claimants.
    pub truth: Vec<String>,
    /// Those of `task_attempts`; none where it names none.
    pub said: Vec<Option<String>>,
}

/// Workers by task, in the order of attempts.
pub(super) type Said = BTreeMap<String, Vec<Option<String>>>;

/// The attempts as told.
pub(super) fn read(rows: &Rows<'_>) -> Result<Said, ScoreError> {
    let sql = "select task_id, worker_id from task_attempts order by task_id, attempt";
    let mut said = Said::new();
    rows.each(sql, &[], |cells| {
        said.entry(text(&cells[0]).unwrap_or_default()).or_default().push(text(&cells[1]));
    })?;
    Ok(said)
}

/// Compares what is told with the truth.
pub(super) fn compare(truth: &Truth, said: &Said) -> TaskAttempts {
    let mut figures = TaskAttempts::default();
    let (mut claimed, mut counted, mut good, mut good_retried) = (0, 0, 0, 0);
    for task in truth.tasks.iter().filter(|task| !task.claims.is_empty()) {
        let got = said.get(&task.task_id).map_or(&[][..], Vec::as_slice);
        let retried = 1 < task.claims.len();
        claimed += 1;
        counted += usize::from(got.len() == task.claims.len());
        figures.retried += usize::from(retried);
        figures.unnamed += got.iter().filter(|worker| worker.is_none()).count();
        let falsehoods = false_names(task, got);
        figures.false_names += falsehoods;
        if 0 < falsehoods && figures.false_name_tasks.len() < KEPT_MAX {
            figures.false_name_tasks.push(task.task_id.clone());
        }
        if got.iter().map(Option::as_deref).eq(task.claims.iter().map(|id| Some(id.as_str()))) {
            good += 1;
            good_retried += usize::from(retried);
        } else if figures.wrong.len() < KEPT_MAX {
            figures.wrong.push(WrongAttempts {
                task_id: task.task_id.clone(),
                truth: task.claims.clone(),
                said: got.to_vec(),
            });
        }
    }
    figures.count_exact = share_of(counted, claimed);
    figures.exact = share_of(good, claimed);
    figures.exact_where_retried = share_of(good_retried, figures.retried);
    figures
}

fn false_names(task: &TrueTask, got: &[Option<String>]) -> usize {
    got.iter().flatten().filter(|worker| !task.claims.contains(worker)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `t1` claimed by `w1` and `w2`, `t2` by `w1`, `t3` by nobody.
    fn compared(said: &[(&str, &[&str])]) -> TaskAttempts {
        let text = r#"{"sim_end": "2026-01-05T12:00:00Z", "tasks": [
            {"task_id": "t1", "claims": ["w1", "w2"]}, {"task_id": "t2", "claims": ["w1"]},
            {"task_id": "t3"}]}"#;
        let truth = Truth::parse(text.as_bytes()).expect("a truth");
        let worker = |id: &&str| Some(id.to_string()).filter(|id| !id.is_empty());
        let task = |(task, workers): &(&str, &[&str])| {
            (task.to_string(), workers.iter().map(worker).collect())
        };
        compare(&truth, &said.iter().map(task).collect())
    }

    #[test]
    fn the_truth_itself_is_perfect() {
        let figures = compared(&[("t1", &["w1", "w2"]), ("t2", &["w1"]), ("t3", &["w9"])]);
        let perfect = TaskAttempts {
            count_exact: Some(1.0),
            exact: Some(1.0),
            exact_where_retried: Some(1.0),
            retried: 1,
            ..TaskAttempts::default()
        };
        assert_eq!(figures, perfect);
    }

    #[test]
    fn a_worker_that_never_claimed_is_a_falsehood_and_none_is_honest() {
        let figures = compared(&[("t1", &["", "w2"]), ("t2", &["w3"])]);
        assert_eq!((figures.false_names, figures.unnamed), (1, 1));
        assert_eq!(figures.false_name_tasks, ["t2"]);
        assert_eq!((figures.count_exact, figures.exact), (Some(1.0), Some(0.0)));
        assert_eq!(figures.wrong.len(), 2);
        assert_eq!(figures.wrong[0].said, [None, Some("w2".to_string())]);
    }

    #[test]
    fn a_missing_attempt_is_counted() {
        let figures = compared(&[("t1", &["w1"])]);
        assert_eq!((figures.count_exact, figures.exact_where_retried), (Some(0.0), Some(0.0)));
        assert_eq!((figures.false_names, figures.wrong.len()), (0, 2));
    }
}
