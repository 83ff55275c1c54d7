//! Before the first day on which a sort of source wrote to the log, no row of it was deleted.

use crate::model::event::{Basis, SourceKey};
use crate::model::state::GapCause;
use crate::model::time::Micros;
use crate::replay::gaps::{Account, Gap};

/// Sorts of sources, by the instant since when (domain/orchestrator.md section 0: E3, E3a).
const SINCE: &[(&str, &str)] = &[
    ("orchestrator_gpu", "2025-10-15T17:20:00Z"),
    ("orchestrator_api", "2025-10-16T10:50:00Z"),
    ("worker", "2025-10-15T17:20:00Z"),
];

/// The time before the oldest row that is there: deleted, but for what nobody wrote. An orchestrator is accounted
/// for from its first day on, as it had no source of that name; a worker is one all its life.
pub(super) fn before_horizon(
    source: &SourceKey,
    (from, horizon): (Micros, Micros),
    account: &mut Account,
) {
    let since = SINCE.iter().find(|(name, _)| **name == *source.0);
    let since = since.and_then(|(_, day)| Micros::parse(day)).unwrap_or(from);
    let border = since.clamp(from, horizon.max(from));
    let mut told = |began_at, ended_at, cause, why: &str| {
        account.gap(Gap {
            source: source.clone(),
            began_at,
            ended_at,
            cause,
            basis: Basis::Inferred,
            run: None,
            why: why.to_string(),
        });
    };
    if &*source.0 == "worker" {
        told(from, border, GapCause::NoSuchSource, "nothing of its sort wrote to the log yet");
    }
    told(border, horizon, GapCause::Retention, "older rows were deleted");
}
