//! The rows that are cited, of each table those that are wanted.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rayon::prelude::*;
use serde_json::Value;

use crate::findings::citation::{Citation, listed};
use crate::model::table::Table;
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::database::Database;
use crate::read::error::ReadError;
use crate::read::literal::literal;

/// A log line is looked for so long before and after its event: lines that are further off, which only
/// confirm it, are looked for everywhere.
const NEAR_S: i64 = 300;
/// Times that lie no further apart are looked for at once: a part of a file holds hours of a fleet's lines.
const APART_S: i64 = 6 * 3600;
const MICROS: i64 = 1_000_000;

/// What of a row is shown when no column is named.
pub(super) fn telling_columns(table: Table) -> &'static [&'static str] {
    match table {
        Table::SystemLogs => &["message"],
        Table::Workers => &["status", "created_at", "last_heartbeat"],
        Table::Tasks => &["status", "generation_created", "output_location", "error_message"],
        Table::Generations => &["type", "created_at", "tasks"],
        Table::GenerationVariants => &["generation_id", "created_at"],
        Table::TaskTypes => &["name", "category", "content_type", "run_type"],
    }
}

/// The row of a citation: when it was captured (a log line: when it was written), and its columns.
pub(super) struct Row {
    pub(super) time: Option<Micros>,
    pub(super) columns: Value,
}

/// The rows of citations, of each table its own, some beside each other.
pub(super) fn rows<'a>(
    database: &Database,
    citations: impl Iterator<Item = &'a Citation>,
    limit: Duration,
) -> Result<BTreeMap<Table, BTreeMap<String, Row>>, ReadError> {
    let mut wanted: BTreeMap<Table, Wanted<'_>> = BTreeMap::new();
    for citation in citations {
        let Some(table) = Table::from_name(&citation.table) else { continue };
        wanted.entry(table).or_default().take(table, citation);
    }
    let mut own = Vec::new();
    for (table, of) in wanted {
        own.push((table, of, database.another()?));
    }
    let read =
        |(table, of, own): (Table, Wanted<'_>, Database)| Ok((table, of.read(&own, table, limit)?));
    own.into_par_iter().map(read).collect()
}

/// What of one table is cited.
#[derive(Default)]
struct Wanted<'a> {
    keys: BTreeSet<&'a str>,
    columns: BTreeSet<&'a str>,
    /// When log lines were written, nearly, where that is known.
    times: BTreeSet<(Micros, &'a str)>,
}

/// Rows that were written from one time until another.
type Stretch<'a> = (Micros, Micros, BTreeSet<&'a str>);

impl<'a> Wanted<'a> {
    fn take(&mut self, table: Table, citation: &'a Citation) {
        self.keys.insert(&citation.key);
        let column = citation.column.as_deref().and_then(|path| path.split('.').next());
        self.columns.extend(column.into_iter().chain(telling_columns(table).iter().copied()));
        if let Some(time) = citation.time.filter(|_| table.is_append_only()) {
            self.times.insert((time, &citation.key));
        }
    }

    /// The latest version of each row: first where it should be, then anywhere.
    fn read(
        mut self,
        database: &Database,
        table: Table,
        limit: Duration,
    ) -> Result<BTreeMap<String, Row>, ReadError> {
        let mut asked = Vec::new();
        for stretch in self.stretches() {
            asked.push((stretch, database.another()?));
        }
        let within = |((from, until, keys), own): (Stretch<'_>, Database)| {
            let [from, until] = [from, until].map(|time| literal(&Cell::Time(time)));
            let within = format!(r#" and r."{}" between {from} and {until}"#, table.time_column());
            self.part(&own, table, (&keys, &within), limit)
        };
        let parts: Result<Vec<_>, ReadError> = asked.into_par_iter().map(within).collect();
        let mut rows: BTreeMap<String, Row> = parts?.into_iter().flatten().collect();
        self.keys.retain(|key| !rows.contains_key(*key));
        if !self.keys.is_empty() {
            rows.extend(self.part(database, table, (&self.keys, ""), limit)?);
        }
        Ok(rows)
    }

    /// The times at which there should be rows, those that lie near each other together.
    fn stretches(&self) -> Vec<Stretch<'a>> {
        let mut stretches: Vec<Stretch<'a>> = Vec::new();
        for (time, key) in &self.times {
            let by = |seconds: i64| Micros(time.0.saturating_add(seconds.saturating_mul(MICROS)));
            match stretches.last_mut().filter(|(_, until, _)| by(-APART_S) <= *until) {
                Some((_, until, keys)) => {
                    *until = by(NEAR_S);
                    keys.insert(key);
                }
                None => stretches.push((by(-NEAR_S), by(NEAR_S), BTreeSet::from([*key]))),
            }
        }
        stretches
    }

    /// The rows with these keys: of their columns those that are told.
    fn part(
        &self,
        database: &Database,
        table: Table,
        (keys, within): (&BTreeSet<&str>, &str),
        limit: Duration,
    ) -> Result<BTreeMap<String, Row>, ReadError> {
        let time_of = if table.is_append_only() { table.time_column() } else { "captured_at" };
        let known = Database::columns(table);
        let columns: Vec<&str> = known.filter(|name| self.columns.contains(name)).collect();
        let told: String =
            columns.iter().map(|name| format!(r#", cast(r."{name}" as varchar)"#)).collect();
        let sql = format!(
            r#"select r.id, r."{time_of}"{told} from {table} as r
            where r.id in {}{within}"#,
            listed(keys)
        );
        let mut rows = BTreeMap::new();
        for row in database.query_ours(&sql, &[], limit)?.rows {
            let Some((Cell::Text(id), cells)) = row.split_first() else { continue };
            let text = |cell: &Cell| cell.as_text().map_or(Value::Null, Value::from);
            let told = columns.iter().zip(cells.iter().skip(1));
            let columns = told.map(|(name, cell)| (name.to_string(), text(cell))).collect();
            let time = cells.first().and_then(Cell::as_time);
            rows.insert(id.clone(), Row { time, columns });
        }
        Ok(rows)
    }
}
