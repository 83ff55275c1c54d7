//! Tables over PostgREST, for those who have a service key and no way to the database itself.
//!
//! There is no snapshot of the database here, and no transaction id: each page is true at a moment of its own.
//! What stood in the tables all the while is read, once; DESIGN section 4 says what the captures of the log do
//! about rows that arrive late, and the manifest calls it `paged`.

pub mod error;
pub mod key;
pub mod target;

mod answer;
mod client;
mod described;
mod failure;
mod interval;
mod log;
mod patience;
mod query;
mod reading;
mod rows;
mod shape;
mod since;
mod spelling;
mod surroundings;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::export::before::{other_source_note, same_redaction};
use crate::export::drift::{self, ToldBy};
use crate::export::error::ExportError;
use crate::export::postgres::{Exported, Plan, Step};
use crate::export::rest::client::Client;
use crate::export::rest::described::Described;
use crate::export::rest::error::RestError;
pub use crate::export::rest::patience::Patience;
use crate::export::rest::reading::{Reading, TableRows};
use crate::export::rest::since::since;
use crate::export::rest::target::RestTarget;
use crate::export::source_schema::describe;
use crate::export::sweep::Sweep;
use crate::model::state::Guarantee;
use crate::model::table::Table;
use crate::model::time::Micros;
use crate::snapshot::capture::{CaptureOptions, CaptureWriter, place};
use crate::snapshot::manifest::{Redaction, SOURCE_SCHEMA, read_json};

/// How an API is read.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// Log rows are asked for from so long before the end of the capture before.
    pub overlap: Duration,
    /// What is done where no answer comes.
    pub patience: Patience,
}

/// Reads all our tables, page by page, and adds them to the snapshot as one capture.
pub fn export(
    plan: Plan<'_, RestTarget>,
    how: How,
    watch: &mut dyn FnMut(Step),
) -> Result<Exported, ExportError> {
    place::check(&plan.dir)?;
    let began_at = (plan.now)();
    let doubt = plan.target.claims.doubt();
    let mut source = BTreeMap::from([("kind".to_string(), "postgrest".to_string())]);
    source.insert("endpoint".to_string(), fingerprint(&plan.row_key, &plan.target.origin));
    source.extend(plan.target.claims.role.clone().map(|role| ("role".to_string(), role)));
    if let Some(doubt) = &doubt {
        watch(Step::Note(format!("warning: {doubt}")));
    }
    let mut reading = Reading::new(
        Client::new(plan.target, how.patience, plan.now, plan.stop)?,
        plan.redactor,
        watch,
    );
    reading.find_tables()?;
    source.extend(reading.look_around()?.map(|version| ("server_version".to_string(), version)));
    let redaction = Redaction {
        policy: plan.redactor.policy().name().to_string(),
        key_fingerprint: plan.key_fingerprint,
    };
    let asked = source.clone();
    let options = CaptureOptions {
        source,
        redaction: redaction.clone(),
        row_key: plan.row_key,
        began_at,
        database_snapshot: None,
        guarantee: Guarantee::Paged,
    };
    let made_dir = !plan.dir.exists();
    let mut writer = CaptureWriter::begin(&plan.dir, options)?;
    let sweep = Sweep::new(&plan.dir, made_dir);
    doubt.into_iter().for_each(|doubt| writer.note(doubt));
    let outcome = same_redaction(&writer, &redaction)
        .and_then(|()| capture(&mut reading, &mut writer, (&asked, how.overlap), began_at));
    let oldest_log = outcome?;
    // from here on there may be a manifest that names the files
    sweep.keep();
    let snapshot = writer.finish((plan.now)(), BTreeMap::new(), Vec::new())?;
    Ok(Exported { snapshot, oldest_log })
}

/// Every table, one after the other, and what they look like; returns the time of the oldest log line.
fn capture(
    reading: &mut Reading<'_, '_>,
    writer: &mut CaptureWriter,
    (asked, overlap): (&BTreeMap<String, String>, Duration),
    began_at: Micros,
) -> Result<Option<Micros>, ExportError> {
    other_source_note(writer, asked).into_iter().for_each(|note| reading.note(note));
    let mut oldest_log = None;
    let mut tables = Vec::new();
    for table in Table::ALL {
        let (mut since_time, mut missing_from) = (None, None);
        let read = if table == Table::SystemLogs {
            since_time = since(writer.before(), asked, overlap);
            log::read(reading, writer, since_time, began_at).map(|read| {
                (oldest_log, missing_from) = (read.oldest, read.missing_from);
                read.rows
            })
        } else {
            rows::read(reading, table, writer)
        };
        let rows = match read {
            Ok(rows) => rows,
            Err(ExportError::Rest(RestError::MissingTable(_))) if !table.is_required() => {
                reading.note(format!("{table}: the API has no such table"));
                continue;
            }
            Err(err) => return Err(err),
        };
        rows.odd_notes().into_iter().for_each(|note| reading.note(note));
        let TableRows { shape, writer: rows, .. } = rows;
        let (read, new) = writer.finish_table(rows, 0)?;
        writer.asked_since(table, since_time, missing_from);
        (reading.watch)(Step::End { table, read, new });
        writer.losses(table).into_iter().for_each(|text| reading.note(text));
        tables.push(shape.source);
    }
    if let Some(table) = hidden(writer) {
        return Err(RestError::NothingShown(table).into());
    }
    if Table::ALL.into_iter().all(|table| writer.rows_read(table) == 0) {
        let note = "warning: no table has a row; where row-level security applies to the key, all are hidden from it";
        reading.note(note.to_string());
        writer.note(note.to_string());
    }
    let earlier = writer.before().map(|before| before.dir().join(SOURCE_SCHEMA));
    let earlier: Value = earlier.and_then(|path| read_json(&path).ok()).unwrap_or_default();
    tables.retain(|source| !source.columns.is_empty());
    let described = &reading.described;
    let mut schema = describe(&tables, &described.keys, &described.types, reading.redactor);
    mark_guesses(&mut schema, described);
    let kind = writer.before().and_then(|before| before.manifest().source.get("kind"));
    let told_by = if kind == asked.get("kind") { ToldBy::TheSame } else { ToldBy::Another };
    drift::notes(&earlier, &schema, told_by).into_iter().for_each(|note| reading.note(note));
    keep_unseen(&mut schema, &earlier);
    writer.write_schema(&schema)?;
    writer.publish_tables()?;
    Ok(oldest_log)
}

/// A table that nobody empties, and that came without a row though it had some before.
fn hidden(writer: &CaptureWriter) -> Option<Table> {
    let never_empty = [Table::Workers, Table::Tasks].into_iter();
    never_empty.filter(|table| writer.holds(*table)).find(|table| writer.rows_read(*table) == 0)
}

/// Of a column whose type the API does not tell the schema says so: another capture may know better.
fn mark_guesses(schema: &mut Value, described: &Described) {
    for table in Table::ALL {
        let told = described.tables.get(&table);
        let described = schema["tables"].get_mut(table.name());
        let columns = described.and_then(|table| table.get_mut("columns")?.as_array_mut());
        for column in columns.into_iter().flatten() {
            let is_told =
                told.is_some_and(|told| told.iter().any(|of| column["name"] == of.name.as_str()));
            if !is_told {
                column["type_is_guessed"] = true.into();
            }
        }
    }
}

/// A table of which neither a row nor a word came looks as it did before.
fn keep_unseen(schema: &mut Value, earlier: &Value) {
    for table in Table::ALL.map(Table::name) {
        if schema["tables"][table].is_null() && !earlier["tables"][table].is_null() {
            schema["tables"][table] = earlier["tables"][table].clone();
        }
    }
}

/// Tells one API from another, and names none.
fn fingerprint(key: &[u8; 32], origin: &str) -> String {
    blake3::keyed_hash(key, origin.as_bytes()).to_hex()[..16].to_string()
}
