//! From which time on log rows are asked for.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::table::Table;
use crate::model::time::Micros;
use crate::snapshot::manifest::{Capture, TableCapture};
use crate::snapshot::open::Snapshot;

/// So much before the moment up to which the captures before saw the log: their last row, or when the last of them
/// began, whichever is earlier, for both clocks may be wrong. `None`: all rows, because nothing came before that can
/// be built on.
pub(super) fn since(
    before: Option<&Snapshot>,
    asked: &BTreeMap<String, String>,
    overlap: Duration,
) -> Option<Micros> {
    let before = before?;
    let same = |name: &str| before.manifest().source.get(name) == asked.get(name);
    // another key may see rows that this snapshot's keys did not
    if !["kind", "endpoint", "role"].into_iter().all(same) {
        return None;
    }
    let last = before.captures().last()?;
    let log = logs(last)?;
    let began = Micros::parse(&last.began_at)?;
    let read = before.captures().iter().filter_map(|capture| time(&logs(capture)?.read_until));
    let seen = read.max()?.min(began);
    let from = Micros(seen.0.saturating_sub(i64::try_from(overlap.as_micros()).ok()?));
    Some(time(&log.missing_from).map_or(from, |missing| missing.min(from)))
}

fn logs(capture: &Capture) -> Option<&TableCapture> {
    capture.tables.get(Table::SystemLogs.name())
}

fn time(text: &Option<String>) -> Option<Micros> {
    Micros::parse(text.as_deref()?)
}
