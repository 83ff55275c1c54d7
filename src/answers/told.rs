//! What the catalogue of questions found about one thing, as a section.

use crate::answers::page::{Page, Value};
use crate::answers::row::Row;
use crate::answers::subject::Subject;
use crate::findings::short::Told;

/// The findings about a thing: those that name it, and for a task those that hit it.
pub fn about<'a>(told: &'a [Told], subject: &Subject) -> Vec<&'a Told> {
    let is_hit = |one: &&Told| {
        (one.subject_kind == subject.kind && one.subject_id == subject.id)
            || (subject.kind == "task" && one.tasks.contains(&subject.id))
    };
    told.iter().filter(is_hit).collect()
}

/// The findings about a worker's pods: what they cost, they cost for it.
pub fn about_pods<'a>(told: &'a [Told], pods: &[Row]) -> Vec<&'a Told> {
    let is_hit = |one: &&Told| {
        let is_its = |pod: &Row| pod.text("pod_id") == Some(one.subject_id.as_str());
        one.subject_kind == "pod" && pods.iter().any(is_its)
    };
    told.iter().filter(is_hit).collect()
}

/// Adds them to a page, the worst first. They are of the end of the evidence, whatever instant the page is
/// of: the heading says so.
pub fn section(page: &mut Page, told: &[&Told]) {
    let title = if page.is_as_of {
        "Findings (at the end of the evidence; as of an instant: `backstory findings --as-of`)"
    } else {
        "Findings"
    };
    let rows: Vec<Vec<Value>> = told
        .iter()
        .map(|one| {
            vec![
                Value::Text(one.severity.name().to_string()),
                Value::Text(one.verdict.name().to_string()),
                Value::Id(one.query.clone()),
                Value::time(one.happened_at),
                Value::Text(summary(page, one)),
            ]
        })
        .collect();
    let columns = ["severity", "verdict", "query", "happened_at", "summary"];
    page.table("findings", title, &columns, rows, "none");
}

/// What is found about another thing, and hits this one, says about which.
fn summary(page: &Page, one: &Told) -> String {
    let is_about_it = page.subject.as_ref().is_none_or(|subject| subject.id == one.subject_id);
    if is_about_it {
        return one.summary.clone();
    }
    format!("{} {}: {}", one.subject_kind, one.subject_id, one.summary)
}
