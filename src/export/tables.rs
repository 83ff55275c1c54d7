//! Every table of one capture, over one connection or several.

use std::collections::VecDeque;

use crate::export::aside::Aside;
use crate::export::attend::Limits;
use crate::export::catalogue::{SourceKey, SourceTable};
use crate::export::connect::BYTES_AS_THEY_ARE;
use crate::export::error::ExportError;
use crate::export::instant;
use crate::export::output_class::with_class;
use crate::export::parts::{Parts, Shared, Work};
use crate::export::postgres::Step;
use crate::export::select::{Selection, select};
use crate::export::server_error::{Doing, explain};
use crate::export::table_reader::{Reading, column_notes, read_bytes, read_table};
use crate::export::young::young;
use crate::model::table::Table;
use crate::model::time::Micros;
use crate::snapshot::capture::CaptureWriter;
use crate::snapshot::capture::known_rows::Coming;
use crate::snapshot::table_writer::TableWriter;

/// Tables whose rows may still be made when the next one is read: each holds some megabytes.
const BEHIND_MAX: usize = 2;

/// What is read, and how.
pub(super) struct Source<'a> {
    pub(super) tables: &'a [SourceTable],
    pub(super) keys: &'a [SourceKey],
    /// Further connections.
    pub(super) parts: Option<&'a Parts>,
    /// What ends them before their time.
    pub(super) limits: Limits<'a>,
}

/// Every table, one after the other; returns the time of the oldest log line. The rows of most are made while the
/// server sends the next.
pub(super) async fn read_all(
    reading: &Reading<'_>,
    all: &Source<'_>,
    writer: &mut CaptureWriter,
    watch: &mut dyn FnMut(Step),
) -> Result<Option<Micros>, ExportError> {
    let asked = reading.client.batch_execute(BYTES_AS_THEY_ARE).await;
    asked.map_err(|err| explain(&err, Doing::Session))?;
    let (mut behind, mut oldest_log) = (VecDeque::new(), None);
    for source in all.tables {
        let table = source.table;
        let since = reading.since.filter(|_| table.is_append_only());
        watch(Step::Begin(table));
        let conditions = match all.parts {
            Some(parts) if since.is_none() && !writer.holds(table) => {
                parts.conditions(reading.client, source).await?
            }
            Some(_) | None => Vec::new(),
        };
        let rows = match all.parts.filter(|_| !conditions.is_empty()) {
            Some(parts) => read_parts(reading, all, source, (parts, &conditions), writer, watch)?,
            None => read_whole(reading, all, source, since, writer, watch).await?,
        };
        behind.push_back(Behind { source, since, rows });
        while behind.len() > BEHIND_MAX {
            let first = behind.pop_front();
            first.map_or(Ok(()), |first| first.finish(writer, &mut oldest_log, watch))?;
        }
    }
    let ended = reading.client.batch_execute("commit").await;
    ended.map_err(|err| explain(&err, Doing::Ending))?;
    for last in behind {
        last.finish(writer, &mut oldest_log, watch)?;
    }
    Ok(oldest_log)
}

/// A table that has been read to its end.
struct Behind<'a> {
    source: &'a SourceTable,
    since: Option<(u64, u32)>,
    rows: Rows,
}

/// The rows of a table.
enum Rows {
    /// All made, into so many files, with their earliest time.
    Made(Vec<TableWriter>, Option<Micros>),
    /// Still being made; with the earliest time at the source, where not all were asked for.
    Aside(Aside, Option<Micros>),
}

impl Behind<'_> {
    /// Waits for the rows of a table, and adds it to the capture.
    fn finish(
        self,
        writer: &mut CaptureWriter,
        oldest_log: &mut Option<Micros>,
        watch: &mut dyn FnMut(Step),
    ) -> Result<(), ExportError> {
        let table = self.source.table;
        let (files, oldest) = match self.rows {
            Rows::Made(files, oldest) => (files, oldest),
            Rows::Aside(rows, at_source) => {
                let (file, oldest) = rows.end()?;
                (vec![file], at_source.or(oldest))
            }
        };
        let (read, new) = writer.finish_parts(files)?;
        if table == Table::SystemLogs {
            *oldest_log = oldest;
        }
        writer.asked(table, self.source.oid, self.since.map(|(xid, _)| xid));
        watch(Step::End { table, read, new });
        writer.losses(table).into_iter().for_each(|text| watch(Step::Note(text)));
        Ok(())
    }
}

/// Over this connection; of an append-only table what came since.
async fn read_whole(
    reading: &Reading<'_>,
    all: &Source<'_>,
    source: &SourceTable,
    since: Option<(u64, u32)>,
    writer: &mut CaptureWriter,
    watch: &mut dyn FnMut(Step),
) -> Result<Rows, ExportError> {
    let table = source.table;
    let young = match since {
        Some((_, age)) => Some(young(reading, source, age).await?),
        None => None,
    };
    let conditions = young.as_ref().map_or(&[][..], |young| &young.conditions);
    let selection = select(source, conditions);
    column_notes(table, &selection).into_iter().for_each(|note| watch(Step::Note(note)));
    let columns = with_class(table, &selection.columns);
    let coming = young.as_ref().map_or(Coming::All, |young| Coming::Keys(&young.keys));
    let mut file = writer.table(table, columns, coming)?;
    if has_unique_ids(all.keys, source) {
        file.keys_are_unique();
    }
    let mut progress = |rows| watch(Step::Rows(rows));
    let Some(young) = &young else {
        if table.is_append_only() {
            // long enough that the server and the compression keep two cores busy: handing it on would cost a tenth
            let oldest = read_table(reading, &selection, &mut file, &mut progress).await?;
            file.close()?;
            return Ok(Rows::Made(vec![file], oldest));
        }
        let rows = read_aside(reading, selection, file, &mut progress).await?;
        return Ok(Rows::Aside(rows, None));
    };
    let oldest = instant::oldest(reading.client, source).await?;
    oldest.into_iter().for_each(|at| file.reaches_back_to(at));
    if young.conditions.is_empty() {
        return Ok(Rows::Made(vec![file], oldest));
    }
    Ok(Rows::Aside(read_aside(reading, selection, file, &mut progress).await?, oldest))
}

/// The bytes of a table; its rows are made meanwhile, and afterwards.
async fn read_aside(
    reading: &Reading<'_>,
    selection: Selection,
    file: TableWriter,
    progress: &mut dyn FnMut(u64),
) -> Result<Aside, ExportError> {
    let table = file.table();
    let mut rows = Aside::begin(reading.making(table), selection.clone(), file);
    let take = |bytes| rows.take(bytes);
    read_bytes(reading.client, (table, &selection), take, progress).await?;
    Ok(rows)
}

/// Over several connections.
fn read_parts(
    reading: &Reading<'_>,
    all: &Source<'_>,
    source: &SourceTable,
    (parts, conditions): (&Parts, &[String]),
    writer: &mut CaptureWriter,
    watch: &mut dyn FnMut(Step),
) -> Result<Rows, ExportError> {
    let table = source.table;
    let selection = select::<&str>(source, &[]);
    column_notes(table, &selection).into_iter().for_each(|note| watch(Step::Note(note)));
    let columns = with_class(table, &selection.columns);
    let mut files = writer.table_in_parts(table, &columns, conditions.len())?;
    if has_unique_ids(all.keys, source) {
        files.iter_mut().for_each(TableWriter::keys_are_unique);
    }
    let (redactor, next_xid) = (reading.redactor, reading.next_xid);
    let shared = Shared { redactor, next_xid, silence_max: all.limits.silence_max };
    let work = Work { source, conditions, files, stop: all.limits.stop };
    let (files, oldest) = parts.read(&shared, work, watch)?;
    Ok(Rows::Made(files, oldest))
}

/// Whether the source lets no id stand twice in a table: a key of its own holds for no heir.
fn has_unique_ids(keys: &[SourceKey], source: &SourceTable) -> bool {
    let is_unique = |key: &SourceKey| matches!(key.kind.as_str(), "p" | "u");
    let of_id = |key: &SourceKey| key.table == source.table.name() && key.columns == ["id"];
    !source.in_parts && keys.iter().any(|key| is_unique(key) && of_id(key))
}
