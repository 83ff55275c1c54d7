//! Edge functions log when they are called, since the day they learned to.

use std::sync::Arc;

use crate::model::event::{Basis, SourceKey};
use crate::model::state::GapCause;
use crate::model::time::{Micros, SECOND};
use crate::replay::gaps::exported::NO_ROW;
use crate::replay::gaps::{Account, Gap, Known};

const SOURCE_TYPE: &str = "edge_function";

/// Functions that write to the log, by the day since when (domain/worker-app.md section 5).
const SINCE: &[(&str, &[&str])] = &[
    (
        "2025-12-09T00:00:00Z",
        &[
            "claim-next-task",
            "update-task-status",
            "complete-task",
            "create-task",
            "calculate-task-cost",
            "task-counts",
        ],
    ),
    (
        "2026-01-21T00:00:00Z",
        &["get-predecessor-output", "get-completed-segments", "generate-upload-url"],
    ),
];
/// A function is deployed some days after its commit, not weeks (domain/worker-app.md section 0: "treat
/// era borders as +- days").
const DEPLOYED_WITHIN: i64 = 7 * 86_400 * SECOND;

/// Accounts for the functions of every day that the evidence spans; `holes` are what is missing of the table, and so of
/// a function of which no row is left.
pub(super) fn account(known: &Known<'_>, holes: &[(Micros, Micros)], account: &mut Account) {
    let until = known.exported.until;
    let began = known.exported.oldest.into_iter().chain(known.exported.horizon).min();
    let Some(began) = began.filter(|began| *began < until) else { return };
    for (day, functions) in SINCE {
        let Some(since) = Micros::parse(day) else { continue };
        let first = functions.iter().filter_map(|name| first_row(known, &source(name))).min();
        for name in *functions {
            let source = source(name);
            let has_rows = known.history.beats.contains_key(&source);
            let holes = if has_rows { &[] } else { holes };
            function(known, &source, (began, since), (first, holes), account);
        }
    }
}

fn source(name: &str) -> SourceKey {
    Arc::new((SOURCE_TYPE.into(), name.into()))
}

fn first_row(known: &Known<'_>, source: &SourceKey) -> Option<Micros> {
    known.history.beats.get(source)?.first().map(|(at, _)| at)
}

/// One function: before it logged, before the log's horizon, and after it; `first` is the first row of
/// those that learned to log with it, `holes` are stretches that are missing of it.
fn function(
    known: &Known<'_>,
    source: &SourceKey,
    (began, since): (Micros, Micros),
    (first, holes): (Option<Micros>, &[(Micros, Micros)]),
    account: &mut Account,
) {
    let until = known.exported.until;
    let mut told = |from: Micros, until: Micros, (cause, basis, why): (GapCause, Basis, &str)| {
        let (source, why) = (source.clone(), why.to_string());
        account.gap(Gap { source, began_at: from, ended_at: until, cause, basis, run: None, why });
    };
    // a row from before the day is a proof of an earlier deployment
    let since = since.min(first.unwrap_or(since));
    let no_such = (GapCause::NoSuchSource, Basis::Inferred, "it did not write to the log yet");
    told(began, until.min(since), no_such);
    let from = began.max(since);
    if !known.exported.holds_logs {
        let why = "no capture took the log";
        return told(from, until, (GapCause::NotExported, Basis::Recorded, why));
    }
    let horizon = known.exported.horizon.unwrap_or(until).max(from);
    told(
        from,
        until.min(horizon),
        (GapCause::Retention, Basis::Inferred, "older rows were deleted"),
    );
    let unknown = (GapCause::Unknown, Basis::Inferred, "no row tells that it was deployed");
    match first {
        None => told(horizon, until, unknown),
        Some(first) if first.0 - since.0 < DEPLOYED_WITHIN => told(horizon, first, unknown),
        Some(_) => {}
    }
    for (from, to) in holes {
        let missing = (GapCause::NotExported, Basis::Inferred, NO_ROW);
        told(horizon.max(*from), until.min(*to), missing);
    }
    account.span(source, began, until);
}
