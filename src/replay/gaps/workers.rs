//! A worker's lines travel with its heartbeats: what was not sent is lost with it
//! (domain/worker-app.md 4.1).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::events::beats::{Beat, Beats};
use crate::model::event::{Basis, SourceKey};
use crate::model::id::WorkerId;
use crate::model::rows::WorkerRow;
use crate::model::state::GapCause;
use crate::model::time::{Micros, SECOND};
use crate::replay::gaps::exported::NO_ROW;
use crate::replay::gaps::{Account, Gap, Known, SILENCE, since};
use crate::replay::worker::end::WorkerEnd;

/// Between two heartbeats of a worker that lives: 20 s and a call of up to 15 s
/// (domain/worker-app.md 4.1).
const BEAT: i64 = 35 * SECOND;

/// Accounts for every worker that has a row or a line; `holes` are missing of the whole log.
pub(super) fn account(
    known: &Known<'_>,
    offsets: &BTreeMap<&str, f64>,
    ends: &BTreeMap<WorkerId, WorkerEnd>,
    holes: &[(Micros, Micros)],
    account: &mut Account,
) {
    let rows = known.history.facts.workers.iter().filter(|row| !row.is_api());
    let rows: BTreeMap<&str, &WorkerRow> = rows.map(|row| (row.id.as_str(), row)).collect();
    let logged = known.history.beats.keys().filter(|source| &*source.0 == "worker");
    let logged: BTreeMap<&str, &SourceKey> = logged.map(|source| (&*source.1, source)).collect();
    let ids: BTreeSet<&str> = rows.keys().chain(logged.keys()).copied().collect();
    for id in ids {
        let offset = offsets.get(id).copied().unwrap_or(0.0);
        let lines = logged.get(id).and_then(|source| known.history.beats.get(*source));
        let fresh = || Arc::new(("worker".into(), id.into()));
        let source = logged.get(id).map_or_else(fresh, |source| (*source).clone());
        let at = |beat: Option<Beat>| {
            Some(known.exported.capped(&source, beat?.0.plus_seconds(-offset)))
        };
        let (first, last) = (at(lines.and_then(Beats::first)), at(lines.and_then(Beats::last)));
        let life = Life {
            source,
            row: rows.get(id).copied(),
            first,
            last,
            worked: known.witness.first_claim(id),
            end: ends.get(id),
            holes,
        };
        life.account(known, account);
    }
}

/// What bounds one worker's lines.
struct Life<'a> {
    source: SourceKey,
    row: Option<&'a WorkerRow>,
    /// Its first and last line, on the database's clock.
    first: Option<Micros>,
    last: Option<Micros>,
    /// When it first claimed a task, as its row or an edge function's line says.
    worked: Option<Micros>,
    end: Option<&'a WorkerEnd>,
    holes: &'a [(Micros, Micros)],
}

impl Life<'_> {
    fn account(&self, known: &Known<'_>, account: &mut Account) {
        let beat = self.row.and_then(WorkerRow::real_heartbeat);
        let created = self.row.and_then(|row| row.created_at);
        let Some(began) = created.into_iter().chain(self.first).chain(beat).min() else { return };
        let seen = self.last.into_iter().chain(beat).max();
        let until = known.exported.until.max(seen.unwrap_or(began));
        account.span(&self.source, began, until);
        let horizon = known.exported.horizon.map_or(began, |horizon| horizon.min(until));
        since::before_horizon(&self.source, (began, horizon), account);
        let mut told = |from: Micros, until: Micros, cause, basis, why: &str| {
            account.gap(Gap {
                source: self.source.clone(),
                began_at: from,
                ended_at: until,
                cause,
                basis,
                run: None,
                why: why.to_string(),
            });
        };
        if !known.exported.holds_logs {
            let why = "no capture took the log";
            return told(began, until, GapCause::NotExported, Basis::Recorded, why);
        }
        let ended = self.end.and_then(|end| end.ended_at.or(end.before));
        if let Some(ended) = ended.filter(|ended| *ended < until) {
            let basis = self.end.map_or(Basis::Inferred, |end| end.basis);
            let from = ended.max(seen.unwrap_or(began));
            told(from, until, GapCause::ProcessDown, basis, "it had ended");
        }
        let over = ended.map_or(until, |ended| ended.min(until));
        // before it was there, and after its end, no line of it is missing
        if self.first.is_some() {
            let there = over.max(seen.unwrap_or(over));
            for (from, until) in self.holes {
                let (from, until) = ((*from).max(began), (*until).min(there));
                told(from, until, GapCause::NotExported, Basis::Inferred, NO_ROW);
            }
        }
        let silent = (GapCause::NoHeartbeat, Basis::Inferred, "no heartbeat carried a line");
        let from = began.max(horizon);
        match (self.first, seen) {
            (Some(first), Some(seen)) => {
                let why = "its first line came later";
                let worked = self.worked.unwrap_or(first);
                // the line of a claim may come with the next heartbeat
                let worked = if first.0 - worked.0 > SILENCE { worked.max(from) } else { first };
                told(from, worked, GapCause::NotStarted, Basis::Inferred, why);
                let why = "it had a task, and no line of that time is here";
                told(worked, first, GapCause::Unknown, Basis::Inferred, why);
                // one that still beats at the end of the evidence may yet send what it says
                if ended.is_some() || until.0 - seen.0 > BEAT {
                    told(seen, over, silent.0, silent.1, silent.2);
                }
            }
            // heartbeats came, and no line with them: lost, or there was nothing to send
            (None, Some(_)) => {
                let why = "heartbeats came, and no line with them";
                told(from, over, GapCause::Unknown, Basis::Inferred, why);
            }
            (_, None) => told(from, over, silent.0, silent.1, silent.2),
        }
    }
}
