//! Whether the evidence of findings is there, speaks of the subject, and is of the right time.

use std::collections::{BTreeMap, BTreeSet};

use crate::findings::finding::Finding;
use crate::model::table::Table;
use crate::read::cell::Cell;
use crate::score::error::ScoreError;
use crate::score::rows::{Rows, near, text};
use crate::score::share_of;
use crate::score::truth::Moment;

/// A finding's time may be this far from the true one.
const TIME_OFF_S_MAX: f64 = 60.0;

/// Everything that an event names.
const NAMED_BY_EVENTS: &str = r#"
with wanted as (
    select distinct unnest(from_json(cast($ids as json), '["VARCHAR"]')) as event_id
)
select event_id, unnest([subject_id, worker_id, task_id]) from events join wanted using (event_id)
union
select event_id, object_id from event_objects join wanted using (event_id)
"#;

/// What holds of the evidence of some findings.
pub(super) struct Evidence {
    pub(super) resolves: Option<f64>,
    pub(super) on_subject: Option<f64>,
    pub(super) time_right: Option<f64>,
}

/// Looks at every piece of these findings.
pub(super) fn check(
    found: &[&Finding],
    moments: &[Moment<'_>],
    rows: &Rows<'_>,
) -> Result<Evidence, ScoreError> {
    let pieces: BTreeSet<&str> =
        found.iter().flat_map(|finding| finding.evidence.iter().map(String::as_str)).collect();
    Ok(weigh(found, moments, &pieces, &names(&pieces, rows)?))
}

/// What each piece of evidence names; a piece that is not in the snapshot is absent.
type Named = BTreeMap<String, BTreeSet<String>>;

fn weigh(
    found: &[&Finding],
    moments: &[Moment<'_>],
    pieces: &BTreeSet<&str>,
    named: &Named,
) -> Evidence {
    let there = pieces.iter().filter(|piece| named.contains_key(**piece)).count();
    let on_subject = found.iter().filter(|finding| {
        let mut texts = finding.evidence.iter().filter_map(|piece| named.get(piece)).flatten();
        texts.any(|text| text.contains(&finding.subject_id))
    });
    let timely = found.iter().filter(|finding| {
        let Some(at) = finding.happened_at else { return false };
        let mut own = moments.iter().filter(|(subject, _)| *subject == finding.subject_id);
        own.any(|(_, moment)| near(*moment, at, TIME_OFF_S_MAX))
    });
    Evidence {
        resolves: share_of(there, pieces.len()),
        on_subject: share_of(on_subject.count(), found.len()),
        time_right: share_of(timely.count(), found.len()),
    }
}

fn names(pieces: &BTreeSet<&str>, rows: &Rows<'_>) -> Result<Named, ScoreError> {
    let mut named = Named::new();
    let mut events: Vec<&str> = Vec::new();
    let mut keys: BTreeMap<Table, Vec<&str>> = BTreeMap::new();
    for piece in pieces {
        let row = piece.split_once(':');
        match row.and_then(|(table, key)| Some((Table::from_name(table)?, key))) {
            Some((table, key)) => keys.entry(table).or_default().push(key),
            None => events.push(piece),
        }
    }
    if !events.is_empty() {
        rows.each(NAMED_BY_EVENTS, &[json_list(&events)], |cells| {
            let of_event = named.entry(text(&cells[0]).unwrap_or_default()).or_default();
            of_event.extend(text(&cells[1]));
        })?;
    }
    for (table, keys) in keys {
        let more = if table == Table::SystemLogs { ", worker_id, task_id, message" } else { "" };
        let sql = format!(
            r#"select id{more} from {table}
            where id in (select unnest(from_json(cast($ids as json), '["VARCHAR"]')))"#
        );
        rows.each(&sql, &[json_list(&keys)], |cells| {
            let id = text(&cells[0]).unwrap_or_default();
            named.entry(format!("{table}:{id}")).or_default().extend(cells.iter().filter_map(text));
        })?;
    }
    Ok(named)
}

fn json_list(ids: &[&str]) -> (String, Cell) {
    ("ids".to_string(), Cell::Text(serde_json::Value::from(ids).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::finding::{Severity, Verdict};
    use crate::model::time::Micros;

    fn finding(subject: &str, second: i64, evidence: &[&str]) -> Finding {
        Finding {
            query: "q".to_string(),
            severity: Severity::High,
            verdict: Verdict::Confirmed,
            subject_kind: "worker".to_string(),
            subject_id: subject.to_string(),
            happened_at: Some(Micros(second * 1_000_000)),
            summary: String::new(),
            evidence: evidence.iter().map(|piece| piece.to_string()).collect(),
            columns: Vec::new(),
            pieces: Vec::new(),
            lowered: false,
        }
    }

    #[test]
    fn evidence_must_be_there_name_the_subject_and_be_of_the_time() {
        let set = |texts: &[&str]| texts.iter().map(|text| text.to_string()).collect();
        let named = Named::from([
            ("e1".to_string(), set(&["w1"])),
            ("system_logs:7".to_string(), set(&["7", "[Worker w2] killed"])),
        ]);
        let right = finding("w1", 100, &["e1"]);
        let quoted = finding("w2", 160, &["system_logs:7"]);
        let other = finding("w3", 100, &["e1", "gone"]);
        let found = [&right, &quoted, &other];
        let moments =
            [("w1", Micros(100_000_000)), ("w2", Micros(100_000_000)), ("w3", Micros(161_000_000))];
        let pieces = BTreeSet::from(["e1", "system_logs:7", "gone"]);
        let evidence = weigh(&found, &moments, &pieces, &named);
        assert_eq!(evidence.resolves, Some(2.0 / 3.0));
        assert_eq!(evidence.on_subject, Some(2.0 / 3.0));
        assert_eq!(evidence.time_right, Some(2.0 / 3.0));
        let none = weigh(&[], &moments, &BTreeSet::new(), &named);
        assert_eq!((none.resolves, none.on_subject, none.time_right), (None, None, None));
    }
}
