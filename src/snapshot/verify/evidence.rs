//! One evidence file against what its capture promises.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;

use crate::model::table::Table;
use crate::model::time::Micros;
use crate::snapshot::manifest::FileEntry;
use crate::snapshot::parquet_file::hash_file_in_pieces;
use crate::snapshot::row_hash::RowHash;
use crate::snapshot::verify::flaw::Flaw;
use crate::snapshot::verify::place::{file_size, is_inside};

/// A promise about one file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Promise<'a> {
    /// The table.
    pub(crate) table: &'a str,
    /// The capture.
    pub(crate) capture: &'a str,
    /// The file.
    pub(crate) entry: &'a FileEntry,
}

/// What the rows of a file add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    /// How many rows.
    pub(crate) rows: u64,
    /// Order-free sum of their hashes.
    pub(crate) digest: u128,
    /// The smallest time.
    pub(crate) min_time: Option<Micros>,
    /// The largest.
    pub(crate) max_time: Option<Micros>,
}

impl Sums {
    /// Of two files together.
    pub(crate) fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.digest = self.digest.wrapping_add(other.digest);
        self.min_time = self.min_time.into_iter().chain(other.min_time).min();
        self.max_time = self.max_time.into_iter().chain(other.max_time).max();
    }
}

/// A file that was looked at.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// What is wrong with it.
    pub(crate) flaws: Vec<Flaw>,
    /// Its bytes, when they could be read.
    pub(crate) bytes: Option<u64>,
    /// What its rows add up to, when they are the ones that were written.
    pub(crate) sums: Option<Sums>,
}

/// Looks at one file. `written` names the files of the snapshot by their hashes; `tick` is told how
/// many bytes were read.
pub(crate) fn check(
    dir: &Path,
    promise: Promise<'_>,
    written: &BTreeMap<&str, &str>,
    tick: &(dyn Fn(u64) + Sync),
) -> Seen {
    let mut seen = Seen::default();
    if let Err(flaw) = look(dir, promise, written, tick, &mut seen) {
        seen.flaws.push(flaw);
    }
    seen
}

fn look(
    dir: &Path,
    promise: Promise<'_>,
    written: &BTreeMap<&str, &str>,
    tick: &(dyn Fn(u64) + Sync),
    seen: &mut Seen,
) -> Result<(), Flaw> {
    let entry = promise.entry;
    if !is_inside(&entry.path) {
        return Err(Flaw::Outside(entry.path.clone()));
    }
    if !is_well_named(promise) {
        seen.flaws.push(Flaw::Name {
            table: promise.table.to_string(),
            capture: promise.capture.to_string(),
        });
    }
    let path = dir.join(&entry.path);
    file_size(&path)?;
    let (bytes, hash) =
        hash_file_in_pieces(&path, tick).map_err(|err| Flaw::Unreadable(err.to_string()))?;
    seen.bytes = Some(bytes);
    if hash != entry.blake3 {
        // Never parsed: a reader given damaged bytes may ask for more memory than there is.
        return Err(match written.get(hash.as_str()) {
            Some(other) => Flaw::Swapped((*other).to_string()),
            None if bytes != entry.bytes => Flaw::Size { promised: entry.bytes, found: bytes },
            None => Flaw::Content,
        });
    }
    if bytes != entry.bytes {
        seen.flaws.push(count("bytes", entry.bytes, bytes));
    }
    let sums = add_up(&path, promise, seen)?;
    seen.sums = Some(sums);
    if sums.rows != entry.rows {
        seen.flaws.push(count("rows", entry.rows, sums.rows));
    }
    Ok(())
}

/// `<table>/<capture>-<part>.parquet`.
fn is_well_named(promise: Promise<'_>) -> bool {
    let rest = promise.entry.path.strip_prefix(promise.table).and_then(|r| r.strip_prefix('/'));
    let rest = rest.and_then(|r| r.strip_prefix(promise.capture)).and_then(|r| r.strip_prefix('-'));
    let part = rest.and_then(|r| r.strip_suffix(".parquet"));
    part.is_some_and(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

/// A promised number and the one that is there.
pub(crate) fn count(what: &str, promised: impl ToString, found: impl ToString) -> Flaw {
    let (promised, found) = (promised.to_string(), found.to_string());
    Flaw::Count { what: what.to_string(), promised, found }
}

/// Reads footer, row hashes, captures and times, batch by batch.
fn add_up(path: &Path, promise: Promise<'_>, seen: &mut Seen) -> Result<Sums, Flaw> {
    let parquet = |err: ParquetError| Flaw::Parquet(err.to_string());
    let file = File::open(path).map_err(|err| Flaw::Unreadable(err.to_string()))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(parquet)?;
    let footer_rows = u64::try_from(builder.metadata().file_metadata().num_rows());
    let written_as = builder.schema().metadata().get("backstory.table");
    if let Some(table) = written_as.filter(|table| *table != promise.table) {
        let (promised, found) = (format!("table `{}`", promise.table), format!("`{table}`"));
        seen.flaws.push(Flaw::Elsewhere { promised, found });
    }
    let time = Table::from_name(promise.table).map_or("created_at", Table::time_column);
    let wanted = ["_capture", "_row_hash", time];
    let mask = ProjectionMask::columns(builder.parquet_schema(), wanted);
    let reader = builder.with_projection(mask).with_batch_size(8_192).build().map_err(parquet)?;
    let mut sums = Sums::default();
    let mut other_capture = None;
    for batch in reader {
        let batch = batch.map_err(|err| parquet(err.into()))?;
        other_capture = other_capture.or(stray_capture(&batch, promise.capture)?);
        sums.add(sum_of(&batch, time)?);
    }
    if let Some(found) = other_capture {
        let promised = format!("capture {}", promise.capture);
        seen.flaws.push(Flaw::Elsewhere { promised, found });
    }
    if footer_rows != Ok(sums.rows) {
        return Err(Flaw::Parquet(format!("its footer does not count its {} rows", sums.rows)));
    }
    Ok(sums)
}

/// The capture of the first row that is of another one.
fn stray_capture(batch: &RecordBatch, capture: &str) -> Result<Option<String>, Flaw> {
    let named = batch.column_by_name("_capture").and_then(|array| array.as_string_opt::<i32>());
    let named = named.ok_or_else(|| Flaw::Parquet("it has no column `_capture`".to_string()))?;
    Ok(named.iter().flatten().find(|found| *found != capture).map(str::to_string))
}

fn sum_of(batch: &RecordBatch, time: &str) -> Result<Sums, Flaw> {
    let hashes = batch.column_by_name("_row_hash").and_then(|array| array.as_string_opt::<i32>());
    let hashes = hashes.ok_or_else(|| Flaw::Parquet("it has no column `_row_hash`".to_string()))?;
    let mut sums = Sums { rows: batch.num_rows() as u64, ..Sums::default() };
    for hash in hashes.iter().flatten() {
        let hash = RowHash::parse(hash)
            .ok_or_else(|| Flaw::Parquet("a `_row_hash` of it is no hash".to_string()))?;
        sums.digest = sums.digest.wrapping_add(hash.number());
    }
    let times = batch
        .column_by_name(time)
        .and_then(|array| array.as_primitive_opt::<TimestampMicrosecondType>());
    if let Some(times) = times {
        sums.min_time = arrow::compute::min(times).map(Micros);
        sums.max_time = arrow::compute::max(times).map(Micros);
    }
    Ok(sums)
}
