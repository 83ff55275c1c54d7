//! Rows of one table into Parquet, as they come: memory does not grow with the table.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, RecordBatch, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::model::hex;
use crate::model::table::Table;
use crate::model::time::Micros;
use crate::snapshot::capture::known_rows::KnownRows;
use crate::snapshot::capture::repeats::Repeats;
use crate::snapshot::column::{Column, ColumnType, Value};
use crate::snapshot::encoder::Encoder;
use crate::snapshot::error::SnapshotError;
use crate::snapshot::manifest::{FileEntry, TableCapture};
use crate::snapshot::row_hash::{RowHash, RowHasher};

/// Rows in one batch on the way to the Parquet writer.
const BATCH_ROWS_MAX: usize = 2_048;
/// Bytes of text in one batch: a few huge messages make a batch of their own. Several batches wait for the encoder.
const BATCH_BYTES_MAX: usize = 1 << 20;

/// Writes one table of one capture. Rows that an earlier capture holds unchanged are counted, not
/// written.
pub struct TableWriter {
    table: Table,
    capture: String,
    captured_at: Micros,
    columns: Vec<Column>,
    hasher: RowHasher,
    key_column: Option<usize>,
    time_column: Option<usize>,
    known: KnownRows,
    /// `None`: the source lets no key stand twice.
    repeats: Option<Repeats>,
    builders: Vec<Builder>,
    own: OwnBuilders,
    batch_rows: usize,
    batch_bytes: usize,
    pub(crate) lacks_rows: bool,
    schema: SchemaRef,
    encoder: Encoder,
    relative: String,
    totals: Totals,
}

#[derive(Default)]
struct Totals {
    rows_read: u64,
    rows_new: u64,
    /// First and last time of the rows written.
    written: Option<(Micros, Micros)>,
    /// The same of the rows read.
    read: Option<(Micros, Micros)>,
    /// The first time of the rows at the source, where they were not all read.
    reaches_back: Option<Micros>,
    digest: u128,
}

/// Lets a span of time hold one more.
fn widen(span: &mut Option<(Micros, Micros)>, time: Option<Micros>) {
    if let Some(at) = time {
        let (from, until) = span.unwrap_or((at, at));
        *span = Some((from.min(at), until.max(at)));
    }
}

/// What a table writer is made from.
pub(crate) struct TableSpec<'a> {
    pub(crate) dir: &'a Path,
    pub(crate) table: Table,
    pub(crate) capture: &'a str,
    /// Which of its files, from 1.
    pub(crate) part: usize,
    pub(crate) captured_at: Micros,
    pub(crate) row_key: [u8; 32],
    pub(crate) columns: Vec<Column>,
    pub(crate) known: KnownRows,
}

impl TableWriter {
    pub(crate) fn create(spec: TableSpec<'_>) -> Result<Self, SnapshotError> {
        let relative = format!("{}/{}-{:04}.parquet", spec.table.name(), spec.capture, spec.part);
        let path = spec.dir.join(&relative);
        let folder = spec.dir.join(spec.table.name());
        std::fs::create_dir_all(&folder)
            .map_err(|err| SnapshotError::io("create", &folder, err))?;
        let position = |name: &str| spec.columns.iter().position(|column| column.name == name);
        let schema = schema(&spec.columns, spec.table);
        let encoder = Encoder::new(&path, schema.clone())?;
        Ok(Self {
            table: spec.table,
            capture: spec.capture.to_string(),
            captured_at: spec.captured_at,
            key_column: position("id"),
            time_column: position(spec.table.time_column()),
            builders: spec.columns.iter().map(|column| Builder::new(column.kind)).collect(),
            hasher: RowHasher::new(&spec.row_key, &spec.columns),
            columns: spec.columns,
            known: spec.known,
            repeats: Some(Repeats::default()),
            own: OwnBuilders::default(),
            batch_rows: 0,
            batch_bytes: 0,
            lacks_rows: false,
            schema,
            encoder,
            relative,
            totals: Totals::default(),
        })
    }

    /// The table that is written.
    pub fn table(&self) -> Table {
        self.table
    }

    /// Takes one row: as many values as columns, in their order, already redacted. `xid` is the full
    /// transaction id of the row's `xmin`; `None` for imports.
    pub fn push(&mut self, values: &[Value<'_>], xid: Option<u64>) -> Result<(), SnapshotError> {
        assert_eq!(values.len(), self.columns.len(), "a row has one value for each column");
        self.totals.rows_read += 1;
        let hash = self.hasher.of(values);
        self.totals.digest = self.totals.digest.wrapping_add(u128::from(hash));
        let key = match self.key_column.map(|at| &values[at]) {
            Some(Value::Text(key)) => Some(key.as_ref()),
            Some(_) | None => None,
        };
        if let Some((repeats, key)) = self.repeats.as_mut().zip(key) {
            repeats.add(key);
        }
        let time = match self.time_column.map(|at| &values[at]) {
            Some(Value::Time(at)) => Some(*at),
            Some(_) | None => None,
        };
        widen(&mut self.totals.read, time);
        let is_now = |known| known == RowHash::Short(hash) || self.hasher.had(known, values);
        if !self.known.is_new(key, is_now, self.table.is_append_only()) {
            return Ok(());
        }
        self.totals.rows_new += 1;
        widen(&mut self.totals.written, time);
        let mut verbatim: Option<serde_json::Map<_, _>> = None;
        for ((builder, value), column) in self.builders.iter_mut().zip(values).zip(&self.columns) {
            self.batch_bytes += builder.append(value);
            if let Value::Verbatim(text) = value {
                let verbatim = verbatim.get_or_insert_default();
                verbatim.insert(column.name.clone(), text.as_ref().into());
            }
        }
        self.own.append(&self.capture, xid, hash, verbatim, self.captured_at);
        self.batch_rows += 1;
        if self.batch_rows >= BATCH_ROWS_MAX || self.batch_bytes >= BATCH_BYTES_MAX {
            self.flush()?;
        }
        Ok(())
    }

    /// Counts a row that its source has not written since an earlier capture, if that has it: it is as it was.
    /// Only where no key stands twice, as of two rows of one key either may be the older one.
    pub fn stands(&mut self, key: &str, time: Option<Micros>) -> bool {
        if self.repeats.is_some() {
            return false;
        }
        let Some(hash) = self.known.stands(key) else { return false };
        self.totals.rows_read += 1;
        self.totals.digest = self.totals.digest.wrapping_add(hash.number());
        widen(&mut self.totals.read, time);
        true
    }

    /// The source has a constraint by which no key stands twice: none has to be remembered.
    pub fn keys_are_unique(&mut self) {
        self.repeats = None;
    }

    /// The source has more rows than came: which of those that did not come are gone is not known.
    pub fn lacks_rows(&mut self) {
        self.lacks_rows = true;
    }

    /// The source holds rows of this time, though they were not asked for.
    pub fn reaches_back_to(&mut self, at: Micros) {
        self.totals.reaches_back = Some(at);
    }

    /// Rows read so far, for progress.
    pub fn rows_read(&self) -> u64 {
        self.totals.rows_read
    }

    /// No row comes any more: the rest goes on its way to the disk, which nobody waits for here.
    pub(crate) fn close(&mut self) -> Result<(), SnapshotError> {
        self.flush()?;
        self.encoder.close();
        Ok(())
    }

    /// Publishes the file and says what it holds. Without a new row there is no file.
    pub(crate) fn finish(self) -> Result<TableCapture, SnapshotError> {
        let (table, file) = self.end()?;
        Ok(TableCapture { files: file.publish()?.into_iter().collect(), ..table })
    }

    /// Says what the table holds, but for its file, which is on its way to the disk.
    pub(crate) fn end(mut self) -> Result<(TableCapture, UnpublishedFile), SnapshotError> {
        self.close()?;
        let read_from = self.totals.read.map(|(from, _)| from);
        let from = read_from.into_iter().chain(self.totals.reaches_back).min();
        let table = TableCapture {
            rows_read: self.totals.rows_read,
            rows_new: self.totals.rows_new,
            rows_repeated: self.repeats.as_ref().map_or(0, Repeats::rows),
            rows_changed: self.known.changed(),
            rows_unreadable: 0,
            min_time: self.totals.written.map(|(from, _)| from.to_string()),
            max_time: self.totals.written.map(|(_, until)| until.to_string()),
            oid: None,
            since_xid: None,
            since_time: None,
            missing_from: None,
            read_from: from.map(|from| from.to_string()),
            read_until: self.totals.read.map(|(_, until)| until.to_string()),
            digest: format!("{:032x}", self.totals.digest),
            disappeared: self.known.disappeared(self.table.is_append_only()),
            files: Vec::new(),
        };
        let (encoder, relative, rows) = (self.encoder, self.relative, self.totals.rows_new);
        Ok((table, UnpublishedFile { encoder, relative, rows }))
    }

    fn flush(&mut self) -> Result<(), SnapshotError> {
        if self.batch_rows == 0 {
            return Ok(());
        }
        let mut arrays: Vec<ArrayRef> = self.builders.iter_mut().map(Builder::finish).collect();
        arrays.extend(self.own.finish());
        let batch = RecordBatch::try_new(self.schema.clone(), arrays)
            .map_err(|err| SnapshotError::writing(Path::new(&self.relative), err.into()))?;
        self.encoder.write(batch, self.batch_bytes)?;
        (self.batch_rows, self.batch_bytes) = (0, 0);
        Ok(())
    }
}

/// A file that has all its rows, and is not yet on the disk or has no name yet.
pub(crate) struct UnpublishedFile {
    encoder: Encoder,
    relative: String,
    rows: u64,
}

impl UnpublishedFile {
    /// Waits for the disk, and gives the file its name; a file without a row is none.
    pub(crate) fn publish(self) -> Result<Option<FileEntry>, SnapshotError> {
        self.encoder.publish(self.relative, self.rows)
    }
}

/// The Parquet schema: the source's columns, then ours. Times are UTC, said in the metadata.
fn schema(columns: &[Column], table: Table) -> SchemaRef {
    let mut fields: Vec<Field> =
        columns.iter().map(|column| Field::new(&column.name, column.kind.arrow(), true)).collect();
    fields.push(Field::new("_capture", DataType::Utf8, false));
    fields.push(Field::new("_xid", DataType::Int64, true));
    fields.push(Field::new("_row_hash", DataType::Utf8, false));
    fields.push(Field::new("_verbatim", DataType::Utf8, true));
    let time = DataType::Timestamp(TimeUnit::Microsecond, None);
    fields.push(Field::new("captured_at", time, false));
    let metadata = HashMap::from([
        ("backstory.table".to_string(), table.name().to_string()),
        ("backstory.timezone".to_string(), "UTC".to_string()),
    ]);
    Arc::new(Schema::new_with_metadata(fields, metadata))
}

/// An arrow builder of one of our five types.
enum Builder {
    Int(Int64Builder),
    Double(Float64Builder),
    Bool(BooleanBuilder),
    Time(TimestampMicrosecondBuilder),
    Text(StringBuilder),
}

impl Builder {
    fn new(kind: ColumnType) -> Self {
        match kind {
            ColumnType::Int => Self::Int(Int64Builder::new()),
            ColumnType::Double => Self::Double(Float64Builder::new()),
            ColumnType::Bool => Self::Bool(BooleanBuilder::new()),
            ColumnType::Timestamp => Self::Time(TimestampMicrosecondBuilder::new()),
            ColumnType::Text => Self::Text(StringBuilder::new()),
        }
    }

    /// Appends a value and returns the bytes of text it took. A value of another type than the
    /// column's is a bug of the source reader; it is kept as null, never as a wrong value.
    fn append(&mut self, value: &Value<'_>) -> usize {
        match self {
            Self::Int(b) => {
                b.append_option(if let Value::Int(n) = value { Some(*n) } else { None })
            }
            Self::Double(b) => {
                b.append_option(if let Value::Double(x) = value { Some(*x) } else { None });
            }
            Self::Bool(b) => {
                b.append_option(if let Value::Bool(v) = value { Some(*v) } else { None });
            }
            Self::Time(b) => {
                b.append_option(if let Value::Time(at) = value { Some(at.0) } else { None });
            }
            Self::Text(b) => match value {
                Value::Text(s) | Value::Verbatim(s) => {
                    b.append_value(s);
                    return s.len();
                }
                Value::Null
                | Value::Int(_)
                | Value::Double(_)
                | Value::Bool(_)
                | Value::Time(_) => {
                    b.append_null();
                }
            },
        }
        8
    }

    /// The batch; the next one is expected to take as much.
    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Int(b) => Arc::new(next(b, Int64Builder::with_capacity).finish()),
            Self::Double(b) => Arc::new(next(b, Float64Builder::with_capacity).finish()),
            Self::Bool(b) => Arc::new(next(b, BooleanBuilder::with_capacity).finish()),
            Self::Time(b) => Arc::new(next(b, TimestampMicrosecondBuilder::with_capacity).finish()),
            Self::Text(b) => {
                let text = b.values_slice().len();
                let with_room = |rows| StringBuilder::with_capacity(rows, text + text / 8);
                Arc::new(next(b, with_room).finish())
            }
        }
    }
}

/// What a builder holds, with an empty one in its place: to grow step by step costs as much as to fill.
fn next<B>(builder: &mut B, with_room: impl FnOnce(usize) -> B) -> B {
    std::mem::replace(builder, with_room(BATCH_ROWS_MAX))
}

/// Our own columns, in the order of the schema.
#[derive(Default)]
struct OwnBuilders {
    capture: StringBuilder,
    xid: Int64Builder,
    hash: StringBuilder,
    verbatim: StringBuilder,
    captured_at: TimestampMicrosecondBuilder,
}

impl OwnBuilders {
    fn append(
        &mut self,
        capture: &str,
        xid: Option<u64>,
        hash: u64,
        verbatim: Option<serde_json::Map<String, serde_json::Value>>,
        captured_at: Micros,
    ) {
        self.capture.append_value(capture);
        self.xid.append_option(xid.and_then(|xid| i64::try_from(xid).ok()));
        self.hash.append_value(hex::printed(hash, &mut [0; hex::DIGITS]));
        match verbatim {
            Some(texts) => self.verbatim.append_value(serde_json::Value::Object(texts).to_string()),
            None => self.verbatim.append_null(),
        }
        self.captured_at.append_value(captured_at.0);
    }

    fn finish(&mut self) -> [ArrayRef; 5] {
        let with_room = |bytes| move |rows| StringBuilder::with_capacity(rows, rows * bytes);
        [
            Arc::new(next(&mut self.capture, with_room("c000001".len())).finish()),
            Arc::new(next(&mut self.xid, Int64Builder::with_capacity).finish()),
            Arc::new(next(&mut self.hash, with_room(hex::DIGITS)).finish()),
            Arc::new(next(&mut self.verbatim, with_room(0)).finish()),
            Arc::new(
                next(&mut self.captured_at, TimestampMicrosecondBuilder::with_capacity).finish(),
            ),
        ]
    }
}
