//! Pods that cost money for nobody.

use crate::answers::ask::{Ask, Row};
use crate::answers::page::{Page, Value};
use crate::findings::finding::Verdict;
use crate::findings::short::Told;
use crate::read::error::ReadError;

const PODS: &str = "select pod_id from pods where ended_at is null";

/// Reads which pods run.
pub(super) fn running(ask: Ask<'_>) -> Result<Vec<Row>, ReadError> {
    ask.rows(PODS, &[])
}

/// Those of them that run for nobody, as the catalogue found them: by workers' rows and lines, never by the row's
/// pod id alone, which is written after the pod (domain/orchestrator.md 6, fault 14).
pub(super) fn of<'a>(ask: Ask<'_>, running: &[Row], told: &'a [Told]) -> Vec<&'a Told> {
    let runs = |id: &str| running.iter().any(|pod| pod.text("pod_id") == Some(id));
    let is_orphan = |one: &&Told| {
        one.subject_kind == "pod"
            && matches!(one.verdict, Verdict::Confirmed | Verdict::Probable)
            // of an instant, what has no time may be of later
            && one.happened_at.map_or(!ask.is_as_of, |since| since <= ask.at)
            && runs(&one.subject_id)
    };
    told.iter().filter(is_orphan).collect()
}

/// Adds them.
pub(super) fn add(page: &mut Page, orphans: &[&Told]) {
    let rows = orphans.iter().map(|one| {
        vec![
            Value::Id(one.subject_id.clone()),
            Value::time(one.happened_at),
            Value::Id(one.query.clone()),
            Value::Text(one.summary.clone()),
        ]
    });
    let columns = ["pod", "since", "query", "what"];
    let title = match page.is_as_of {
        true => "Pods that run for nobody, told with all that the evidence knows, also of later",
        false => "Pods that run for nobody",
    };
    page.table("orphans", title, &columns, rows.collect(), "none found");
}
