//! What findings stand on: rows that are in the snapshot.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use rayon::prelude::*;

use crate::findings::citation::{ReadFrom, listed, read_from, row_of};
use crate::findings::finding::Finding;
use crate::model::table::Table;
use crate::model::time::Micros;
use crate::read::database::Database;
use crate::read::error::ReadError;

/// On how many rows each finding stands, and the row that each event was read from that one cites. What only
/// confirms an event is no evidence of its own, so an event stands on that row.
pub(crate) fn supporting(
    database: &Database,
    findings: &[Finding],
    limit: Duration,
) -> Result<(Vec<usize>, ReadFrom), ReadError> {
    let cited = findings.iter().flat_map(|finding| &finding.evidence).map(String::as_str);
    let ids: BTreeSet<&str> = cited.filter(|id| row_of(id).is_none()).collect();
    let read_from = read_from(database, &ids, &borders(findings), limit)?;
    let row = |id: &str| {
        let of = read_from.get(id)?;
        Some((Table::from_name(&of.table)?, of.key.as_str()))
    };
    let named: Vec<Vec<(Table, &str)>> = findings.iter().map(named).collect();
    let mut wanted: BTreeMap<Table, BTreeSet<&str>> = BTreeMap::new();
    for (table, key) in named.iter().flatten() {
        wanted.entry(*table).or_default().insert(key);
    }
    // an event was read from a row that is there; of what is cut at an instant the row may be later
    if database.is_cut() {
        for (table, key) in ids.iter().filter_map(|id| row(id)) {
            wanted.entry(table).or_default().insert(key);
        }
    }
    let held = held(database, wanted, limit)?;
    let is_held = |(table, key): &(Table, &str)| held[table].contains(*key);
    let count = |(finding, named): (&Finding, &Vec<(Table, &str)>)| {
        let events = finding.evidence.iter().filter_map(|id| row(id));
        let events = events.filter(|row| !database.is_cut() || is_held(row));
        let named = named.iter().copied().filter(is_held);
        named.chain(events).collect::<BTreeSet<_>>().len()
    };
    let counts = findings.iter().zip(&named).map(count).collect();
    Ok((counts, read_from))
}

/// The rows that a finding names itself.
fn named(finding: &Finding) -> Vec<(Table, &str)> {
    let rows = finding.evidence.iter().filter_map(|id| row_of(id));
    rows.filter_map(|(table, key)| Some((Table::from_name(table)?, key))).collect()
}

/// So many spans of time are looked through beside each other: more than there are threads for, so that none waits
/// long for the one with most in it.
const SPANS: usize = 4;

/// Instants with as many findings between each two of them.
fn borders(findings: &[Finding]) -> Vec<Micros> {
    let mut times: Vec<Micros> =
        findings.iter().filter_map(|finding| finding.happened_at).collect();
    times.sort_unstable();
    let mut borders: Vec<Micros> =
        (1..SPANS).filter_map(|n| times.get(n * times.len() / SPANS).copied()).collect();
    borders.dedup();
    borders
}

/// Which of the keys that are wanted of each table have a row there.
fn held(
    database: &Database,
    wanted: BTreeMap<Table, BTreeSet<&str>>,
    limit: Duration,
) -> Result<HashMap<Table, HashSet<String>>, ReadError> {
    let mut own = Vec::new();
    for (table, keys) in wanted {
        own.push((table, keys, database.another()?));
    }
    let of_table = |(table, keys, own): (Table, BTreeSet<&str>, Database)| {
        let sql = format!("select id from {table} where id in {}", listed(&keys));
        let rows = own.query_ours(&sql, &[], limit)?.rows.into_iter();
        let ids = rows.filter_map(|row| row.first()?.as_text().map(str::to_string));
        Ok((table, ids.collect()))
    };
    own.into_par_iter().map(of_table).collect()
}
