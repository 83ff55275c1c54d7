//! How far a finding reaches: whose tasks, how much of the workers' time, what it cost.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;

use crate::findings::finding::Finding;
use crate::read::cell::Cell;
use crate::read::database::Database;
use crate::read::error::ReadError;

/// The column in which every query tells the tasks that were hit.
pub const AFFECTED_TASKS: &str = "affected_tasks";
/// The column in which it tells the seconds of workers' time that were lost.
pub const LOST_WORKER_S: &str = "lost_worker_s";

const SECONDS_IN_HOUR: f64 = 3600.0;
const PROJECTS: &str = r#"select id, project_id from tasks
    where project_id is not null
        and id in (select unnest(from_json(cast($ids as json), '["VARCHAR"]')))"#;

/// What was hit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Blast {
    /// Tasks.
    pub tasks: usize,
    /// Projects of these tasks, each of one user: the rows name no users.
    pub projects: usize,
    /// Seconds of workers' time that came to nothing.
    pub worker_s: f64,
    /// The same in money, at the price an hour that was asked for.
    pub cost: f64,
}

/// The projects behind tasks, for reckoning.
#[derive(Debug)]
pub struct Reach {
    projects: BTreeMap<String, String>,
    price: f64,
}

impl Reach {
    /// Looks up the projects of every task that a finding hit; `price` is that of a worker's hour.
    pub fn of(
        database: &Database,
        findings: &[Finding],
        price: f64,
        limit: Duration,
    ) -> Result<Self, ReadError> {
        let mut projects = BTreeMap::new();
        let tasks: BTreeSet<&str> = findings.iter().flat_map(tasks_of).collect();
        if !tasks.is_empty() {
            let ids = serde_json::to_string(&tasks).unwrap_or_else(|_| "[]".to_string());
            let ids = ("ids".to_string(), Cell::Text(ids));
            for row in database.query_ours(PROJECTS, &[ids], limit)?.rows {
                if let (Some(task), Some(project)) = (row[0].as_text(), row[1].as_text()) {
                    projects.insert(task.to_string(), project.to_string());
                }
            }
        }
        Ok(Self { projects, price })
    }

    /// What findings hit together: a task that several hit counts once, and so does its worker's time
    /// where the same subject is told of.
    pub fn blast<'a>(&self, findings: impl Iterator<Item = &'a Finding>) -> Blast {
        let (mut hit, mut subjects) = (BTreeSet::new(), BTreeMap::new());
        for finding in findings {
            hit.extend(tasks_of(finding));
            let lost: &mut f64 = subjects.entry(finding.subject_id.as_str()).or_default();
            *lost = lost.max(lost_s(finding));
        }
        let projects: BTreeSet<&String> =
            hit.iter().filter_map(|task| self.projects.get(*task)).collect();
        let worker_s = subjects.values().sum();
        Blast {
            tasks: hit.len(),
            projects: projects.len(),
            worker_s,
            cost: worker_s / SECONDS_IN_HOUR * self.price,
        }
    }
}

/// The tasks that a finding hit, beside its subject.
pub(crate) fn tasks_of(finding: &Finding) -> impl Iterator<Item = &str> {
    let list = match finding.column(AFFECTED_TASKS) {
        Some(Cell::List(items)) => items.as_slice(),
        _ => &[],
    };
    list.iter().filter_map(Cell::as_text)
}

fn lost_s(finding: &Finding) -> f64 {
    match finding.column(LOST_WORKER_S) {
        Some(Cell::Float(seconds)) if seconds.is_finite() => seconds.max(0.0),
        Some(Cell::Int(seconds)) => (*seconds as f64).max(0.0),
        _ => 0.0,
    }
}
