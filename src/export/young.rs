//! The young rows of a large table: which they are, and on which of its pages they lie.
//!
//! A look at every row's age is all that a capture with little news costs the server, so it is done once: the rows
//! themselves are then read from those pages alone. In one snapshot no row moves.

use std::collections::BTreeSet;
use std::pin::pin;

use futures_util::StreamExt;

use crate::export::catalogue::{SCHEMA, SourceTable};
use crate::export::copy::{CopyDecoder, CopyError};
use crate::export::error::ExportError;
use crate::export::field::{self, Wire};
use crate::export::roles::role;
use crate::export::select::{expression, is_young, quote};
use crate::export::server_error::{Doing, explain};
use crate::export::table_reader::Reading;
use crate::export::veil::Veil;
use crate::snapshot::capture::known_rows::Keys;
use crate::snapshot::column::Value;

/// Pages that are told, and read, together: 2 MiB.
const CHUNK_PAGES: i64 = 256;
/// Ranges that one statement names: the plan of each costs as much as that of a statement.
const RANGES_MAX: usize = 8;
/// Before this version the server finds a range of pages by reading all of them.
const RANGES_SINCE: u32 = 14;

/// Rows that are at most so many transactions old.
pub(super) struct Young {
    /// Their keys: to know which of them earlier captures hold, without holding all keys of those in memory.
    pub(super) keys: Keys,
    /// Conditions on `t`: between them they leave all of these rows, and each once.
    pub(super) conditions: Vec<String>,
}

/// Looks at every row's age.
pub(super) async fn young(
    reading: &Reading<'_>,
    source: &SourceTable,
    age_max: u32,
) -> Result<Young, ExportError> {
    let table = source.table;
    let failed = |err: tokio_postgres::Error| explain(&err, Doing::Reading(table));
    let damaged = |source: CopyError| ExportError::Copy { table, source };
    // a key that is no uuid is sent as its text
    let id = source.columns.iter().find(|column| column.name == "id").map(expression);
    let (wire, id) = id.unwrap_or((Wire::Text, "null::text".to_string()));
    // rows lie as they come, so that most are in the chunk of the row before and need not say so
    let sql = format!(
        "copy (select id, nullif(chunk, pg_catalog.lag(chunk) over ()) from (select {id} as id, \
         (((t.ctid::pg_catalog.text::pg_catalog.point)[0])::pg_catalog.int8 / {CHUNK_PAGES})::pg_catalog.int8 \
         as chunk from {SCHEMA}.{} t where {}) young) to stdout (format binary)",
        quote(table.name()),
        is_young(age_max)
    );
    let mut stream = pin!(reading.client.copy_out(sql.as_str()).await.map_err(failed)?);
    let mut decoder = CopyDecoder::new(2);
    let mut veil = Veil::new(reading.redactor, role(table, "id"));
    let (mut keys, mut chunks) = (Keys::default(), BTreeSet::new());
    while let Some(bytes) = stream.next().await {
        decoder.push(bytes.map_err(failed)?);
        while let Some(row) = decoder.next_row().map_err(damaged)? {
            let mut fields = row.fields();
            let key = field::value(wire, fields.next().flatten(), &mut veil).map_err(damaged)?;
            if let Value::Text(key) = key {
                keys.insert(Box::from(key.as_ref()));
            }
            let chunk = fields.next().flatten().and_then(|bytes| bytes.try_into().ok());
            chunks.extend(chunk.map(i64::from_be_bytes));
        }
    }
    decoder.finish().map_err(damaged)?;
    Ok(Young { keys, conditions: conditions(&chunks, &is_young(age_max), reading.server_version) })
}

/// None where there is nothing to be found.
fn conditions(chunks: &BTreeSet<i64>, age: &str, server_version: u32) -> Vec<String> {
    if server_version < RANGES_SINCE && !chunks.is_empty() {
        return vec![age.to_string()];
    }
    let tid = |chunk: i64| format!("'({},0)'::pg_catalog.tid", chunk * CHUNK_PAGES);
    let condition = |(from, last): (i64, i64)| {
        format!("t.ctid >= {} and t.ctid < {} and {age}", tid(from), tid(last + 1))
    };
    ranges(chunks).into_iter().map(condition).collect()
}

/// The chunks as ranges, first and last; where there are too many, the narrowest gaps are read too.
fn ranges(chunks: &BTreeSet<i64>) -> Vec<(i64, i64)> {
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    for chunk in chunks {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *chunk => *last = *chunk,
            Some(_) | None => ranges.push((*chunk, *chunk)),
        }
    }
    while ranges.len() > RANGES_MAX {
        let gap = |at: &usize| ranges[at + 1].0 - ranges[*at].1;
        let Some(at) = (0..ranges.len() - 1).min_by_key(gap) else { break };
        let (_, until) = ranges.remove(at + 1);
        ranges[at].1 = until;
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_not_asked_for() {
        let of = |chunks: &[i64], version| {
            conditions(&chunks.iter().copied().collect(), "young", version)
        };
        assert!(of(&[], 15).is_empty() && of(&[], 13).is_empty());
        assert_eq!(of(&[0, 9], 13), ["young"]);
        assert_eq!(
            of(&[1], 15),
            [
                "t.ctid >= '(256,0)'::pg_catalog.tid and t.ctid < '(512,0)'::pg_catalog.tid and young"
            ]
        );
    }

    #[test]
    fn ranges_hold_every_chunk_and_are_few() {
        let of = |chunks: &[i64]| ranges(&chunks.iter().copied().collect());
        assert_eq!(of(&[]), []);
        assert_eq!(of(&[0, 1, 2, 9]), [(0, 2), (9, 9)]);
        let many: Vec<i64> = (0..40).map(|n| n * n).collect();
        let few = of(&many);
        assert_eq!(few.len(), RANGES_MAX);
        assert!(many.iter().all(|chunk| few.iter().any(|(a, b)| (a..=b).contains(&chunk))));
        assert_eq!(few.last(), Some(&(39 * 39, 39 * 39)), "the widest gaps stay");
    }
}
