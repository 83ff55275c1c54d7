//! Decisions into rows of their table.

use std::collections::BTreeMap;
use std::path::Path;

use crate::derived::fields;
use crate::derived::rows::{Cell, int, text, word};
use crate::derived::timelines::{Written, create};
use crate::replay::Replayed;
use crate::replay::decisions::Decision;
use crate::replay::rules::limit::{Limits, Told};
use crate::snapshot::error::SnapshotError;

/// The table that is written here.
pub(super) const TABLE: &str = "decisions";

/// Writes it.
///
/// # Errors
/// When it could not be written.
pub(super) fn write(replayed: &Replayed, folder: &Path) -> Result<Written, SnapshotError> {
    let mut table = create(folder, TABLE)?;
    replayed.decisions().for_each(|decision| table.push(row(&decision)));
    Ok(Written::from([(TABLE, table.finish()?)]))
}

/// One row.
fn row(decision: &Decision) -> [Cell<'_>; 16] {
    [
        word(decision.event),
        text(decision.run.as_ref()),
        int(decision.cycle),
        word(decision.subject.kind()),
        word(decision.subject.id()),
        word(decision.kind.name()),
        word(&decision.verdict),
        word(fields::json(&decision.inputs)),
        word(thresholds(&decision.limits)),
        Cell::Bool(decision.failed_read.is_some()),
        text(decision.failed_read),
        word(decision.era),
        text(decision.formula.map(crate::model::state::Formula::name)),
        text(decision.decided.map(|answer| answer.to_string())),
        text(decision.recomputed.map(|answer| answer.to_string())),
        Cell::Time(decision.at),
    ]
}

/// What it was measured against; `by_default` names what no line tells.
fn thresholds(limits: &Limits) -> String {
    let told = limits.iter().map(|(limit, value, _)| (limit.name(), fields::number(value)));
    let mut all: BTreeMap<&str, serde_json::Value> = told.collect();
    let defaults = limits.iter().filter(|(.., told)| *told == Told::Default);
    let by_default: Vec<&str> = defaults.map(|(limit, ..)| limit.name()).collect();
    if !by_default.is_empty() {
        all.insert("by_default", by_default.into());
    }
    serde_json::to_string(&all).unwrap_or_default()
}
