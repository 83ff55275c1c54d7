//! A task's family: its orchestrator, children, siblings, and what it waits for or is waited for by.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::record::Record;
use super::waits::{BROKEN, RELATIONS, Waits};
use crate::answers::ask::{Ask, Row};
use crate::answers::page::{Page, Value};
use crate::read::cell::Cell;
use crate::read::error::ReadError;

/// Relatives of one sort that are listed without `--all`.
const LISTED_MAX: usize = 20;

/// Where a child names its orchestrator, in reading order (domain/worker-app.md 2.5).
const PARENT: [&str; 5] = [
    "/orchestration_contract/orchestrator_task_id",
    "/orchestrator_task_id_ref",
    "/orchestrator_task_id",
    "/orchestrator_details/orchestrator_task_id",
    "/originalParams/orchestrator_details/orchestrator_task_id",
];

/// The last state is the one that lasts. Every task that names it or its orchestrator, or that it depends on.
const RELATED: &str = "select id, task_type, worker_id, created_at, params, dependant_on, status, \
        task_states.state \
    from tasks left join task_states on task_states.task_id = tasks.id and task_states.left_at is null \
    where id <> $id and (contains(params, $id) or contains(dependant_on, $id) \
        or contains(params, $parent) or id = $parent or contains($waits_for, id)) \
    order by created_at, id";

/// A task beside the one that is told of.
struct Relative {
    relation: &'static str,
    row: Option<Row>,
    id: String,
}

/// The tasks that a task names, and those that name it.
#[derive(Default)]
pub(super) struct Family {
    parent: Option<String>,
    waits_for: Vec<String>,
    waits: Waits,
    rows: Vec<Row>,
}

impl Family {
    /// Reads it.
    pub(super) fn read(ask: Ask<'_>, record: &Record) -> Result<Self, ReadError> {
        let parent = record.params().and_then(|params| parent_of(&params, &record.id));
        let waits_for = ids(record.text("dependant_on"));
        // what no id contains stands for no parent
        let asked = parent.clone().unwrap_or_else(|| "no parent".to_string());
        let text = |text: String| Cell::Text(text);
        let params = [
            ("id", text(record.id.clone())),
            ("parent", text(asked)),
            ("waits_for", text(waits_for.join(","))),
        ];
        let rows = ask.rows(RELATED, &params)?;
        let waits = Waits::read(ask, &record.id, !waits_for.is_empty())?;
        Ok(Self { parent, waits_for, waits, rows })
    }
}

/// Adds the summary and the list.
pub(super) fn sections(page: &mut Page, record: &Record, is_all: bool) {
    let found = relatives(record, &record.family);
    summary(page, record.family.parent.as_deref(), &found);
    list(page, &found, is_all);
}

/// The orchestrator task that `params` name, which is never the task itself.
fn parent_of(params: &Json, id: &str) -> Option<String> {
    let named = PARENT.iter().find_map(|path| params.pointer(path)?.as_str())?;
    // orchestrator tasks carry their own id there, or one for people
    let is_uuid = named.len() == 36 && named.bytes().filter(|byte| *byte == b'-').count() == 4;
    (is_uuid && named != id).then(|| named.to_string())
}

/// The ids of `{a,b}` or of one alone.
fn ids(text: Option<&str>) -> Vec<String> {
    let inner = text.unwrap_or_default().trim_matches(|c| c == '{' || c == '}');
    let ids = inner.split(',').map(|id| id.trim().trim_matches('"'));
    ids.filter(|id| !id.is_empty()).map(str::to_string).collect()
}

fn relatives(record: &Record, family: &Family) -> Vec<Relative> {
    let Family { parent, waits_for, waits, rows } = family;
    let parent = parent.as_deref();
    let mut found: Vec<Relative> = Vec::new();
    let row_of = |id: &str| rows.iter().find(|row| row.text("id") == Some(id)).cloned();
    if let Some(id) = parent {
        found.push(Relative { relation: "orchestrator", row: row_of(id), id: id.to_string() });
    }
    for id in waits_for {
        let row = row_of(id);
        let relation = waits.relation(id, row.as_ref());
        found.push(Relative { relation, row, id: id.clone() });
    }
    for row in rows {
        let id = row.text("id").unwrap_or_default();
        let params = row.text("params").and_then(|text| serde_json::from_str::<Json>(text).ok());
        let its_parent = params.and_then(|params| parent_of(&params, id));
        let mut add = |relation| {
            found.push(Relative { relation, row: Some(row.clone()), id: id.to_string() });
        };
        if ids(row.text("dependant_on")).contains(&record.id) {
            add("waited for by");
        }
        match its_parent.as_deref() {
            Some(its) if its == record.id => add("child"),
            Some(its) if Some(its) == parent => add("sibling"),
            Some(_) | None => {}
        }
    }
    found
}

fn summary(page: &mut Page, parent: Option<&str>, found: &[Relative]) {
    let of = |relation: &str| found.iter().filter(|one| one.relation == relation).count();
    let count = |relation: &str| Value::Count(of(relation) as i64);
    let sum =
        |several: &[&str]| Value::Count(several.iter().map(|one| of(one)).sum::<usize>() as i64);
    let orchestrator = found.iter().find(|one| one.relation == "orchestrator");
    page.fields(
        "relations",
        "Relations",
        vec![
            ("orchestrator", Value::id(parent)),
            ("orchestrator_state", orchestrator.map_or(Value::Missing, state)),
            ("children", count("child")),
            ("children_by_state", by_state(found, "child")),
            ("siblings", count("sibling")),
            ("siblings_by_state", by_state(found, "sibling")),
            ("waits_for", sum(&RELATIONS)),
            ("waited_for_by", count("waited for by")),
            ("broken_dependencies", sum(&BROKEN)),
        ],
    );
}

fn state(relative: &Relative) -> Value {
    relative.row.as_ref().map_or(Value::Missing, |row| row.say("state"))
}

/// `complete 3`, `failed 1`: the most first.
fn by_state(found: &[Relative], relation: &str) -> Value {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for one in found.iter().filter(|one| one.relation == relation) {
        let state = one.row.as_ref().and_then(|row| row.text("state")).unwrap_or("not known");
        *counts.entry(state.to_string()).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let said = counts.into_iter().map(|(state, n)| Value::Text(format!("{state} {n}")));
    Value::List(said.collect())
}

fn list(page: &mut Page, found: &[Relative], is_all: bool) {
    if found.is_empty() {
        return;
    }
    let shown = if is_all { found.len() } else { found.len().min(LISTED_MAX) };
    let title = if shown < found.len() {
        format!("Relatives (the first {shown} of {}; `--all` lists all)", found.len())
    } else {
        "Relatives".to_string()
    };
    let rows = found.iter().take(shown).map(|one| {
        let row = one.row.as_ref();
        vec![
            Value::Text(one.relation.to_string()),
            Value::Id(one.id.clone()),
            row.map_or(Value::Missing, |row| row.say("task_type")),
            state(one),
        ]
    });
    page.table("relatives", &title, &["relation", "task", "type", "state"], rows.collect(), "none");
}
