//! The answer of `captures`: its documented JSON, and one line a capture as text and CSV.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;

use crate::model::table::Table;
use crate::model::time::Micros;
use crate::read::cell::{Cell, Column, ColumnKind, plain_time};
use crate::read::run::RowSink;
use crate::report::captures_narrow;
use crate::report::captures_words;
use crate::report::plain::printable;
use crate::report::rows_csv::CsvRows;
use crate::report::rows_text::TextRows;

/// The version of the JSON below.
pub const FORMAT: u32 = 1;

/// The answer of `captures`.
#[derive(Clone, Debug, Serialize)]
pub struct CapturesReport {
    /// The version of this document.
    pub format: u32,
    /// The snapshot's directory, as it was given.
    pub snapshot: String,
    /// What was read; never a host or a password.
    pub source: BTreeMap<String, String>,
    /// How values were redacted before they were written.
    pub redaction: Redaction,
    /// The captures, oldest first.
    pub captures: Vec<Capture>,
    /// Stretches of the log that were deleted before anyone took them, oldest first.
    pub holes: Vec<Hole>,
}

/// A stretch between two captures of which no log line is here.
#[derive(Clone, Debug, Serialize)]
pub struct Hole {
    /// The capture that came too late.
    pub before: String,
    /// Up to here the ones before it reach.
    pub from: String,
    /// What is older than this was gone.
    pub until: String,
    /// As in the table `gaps`.
    pub cause: &'static str,
}

/// How a snapshot was redacted.
#[derive(Clone, Debug, Serialize)]
pub struct Redaction {
    /// The policy.
    pub policy: String,
    /// Fingerprint of the key.
    pub key_fingerprint: String,
}

/// One run of `export` or `import`.
#[derive(Clone, Debug, Serialize)]
pub struct Capture {
    /// Its id.
    pub capture: String,
    /// When it began.
    pub began_at: String,
    /// When its last row had been read.
    pub ended_at: String,
    /// `transactional`, `paged` or `as_given`.
    pub guarantee: String,
    /// The guarantee in words.
    pub guarantee_means: &'static str,
    /// The policy it was captured under, where the snapshot was redacted again since.
    pub captured_under: Option<String>,
    /// What weakens it.
    pub notes: Vec<String>,
    /// Rows read from the source.
    pub rows_read: u64,
    /// Rows written: new ones and new versions.
    pub rows_new: u64,
    /// Rows that repeat a key of the same source.
    pub rows_repeated: u64,
    /// Smallest time of the rows written.
    pub min_time: Option<String>,
    /// Largest time of the rows written.
    pub max_time: Option<String>,
    /// The oldest log line it added: what is older was deleted at the source, or is in an earlier one.
    pub retention_horizon: Option<String>,
    /// Keys that an earlier capture had and this one has not.
    pub disappeared: u64,
    /// Lines that could not be read.
    pub unreadable: u64,
    /// Where the first of them stand, and why they could not be read.
    pub unreadable_lines: Vec<String>,
    /// Evidence files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The same of each table it read.
    pub tables: BTreeMap<String, TableCounts>,
}

/// What one capture holds of one table.
#[derive(Clone, Debug, Serialize)]
pub struct TableCounts {
    /// Rows read from the source.
    pub rows_read: u64,
    /// Rows written.
    pub rows_new: u64,
    /// Rows that repeat a key.
    pub rows_repeated: u64,
    /// Rows of an append-only table that were left out: their key is known with other content.
    pub rows_changed: u64,
    /// Smallest time of the rows written.
    pub min_time: Option<String>,
    /// Largest time of the rows written.
    pub max_time: Option<String>,
    /// Of files: lines that could not be read.
    pub rows_unreadable: u64,
    /// Only rows at or above this transaction id were asked for.
    pub since_xid: Option<u64>,
    /// Only rows of this time or a later one were asked for.
    pub since_time: Option<String>,
    /// From this time on rows are known to be missing; the next capture asks for them again.
    pub missing_from: Option<String>,
    /// The oldest row that the source had, whether it was asked for or not.
    pub oldest_at_source: Option<String>,
    /// The latest row that was read.
    pub read_until: Option<String>,
    /// Keys that disappeared.
    pub disappeared: Vec<String>,
    /// Evidence files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Writes the documented JSON, one document.
pub fn write_json(out: &mut impl io::Write, report: &CapturesReport) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    writeln!(out)
}

/// Writes a header and one line a capture, with two columns for each table there can be.
pub fn write_csv(out: &mut impl io::Write, report: &CapturesReport) -> io::Result<()> {
    let line = |capture: &Capture| {
        let mut line = begin(capture);
        line.push(number("rows_read", capture.rows_read));
        line.push(number("rows_new", capture.rows_new));
        for table in Table::ALL {
            let held = capture.tables.get(table.name());
            let count = |which: &str, count: Option<u64>| {
                let count = count.map_or(Cell::Null, int);
                (format!("{table}_{which}"), ColumnKind::Number, count)
            };
            line.push(count("read", held.map(|held| held.rows_read)));
            line.push(count("new", held.map(|held| held.rows_new)));
        }
        line.extend(end(capture));
        line.push(number("rows_repeated", capture.rows_repeated));
        let policy = Cell::Text(report.redaction.policy.clone());
        line.push(("redaction_policy".to_string(), ColumnKind::Text, policy));
        line
    };
    write(&mut CsvRows::new(out), report, line)
}

/// Writes a table with one line a capture: of each table that any capture read, the new rows and
/// those read. A terminal of a `width` that it does not fit gets a block for each capture.
pub fn write_text(
    out: &mut impl io::Write,
    report: &CapturesReport,
    width: Option<u16>,
) -> io::Result<()> {
    let held = |table: &Table| {
        report.captures.iter().any(|capture| capture.tables.contains_key(table.name()))
    };
    let held: Vec<Table> = Table::ALL.into_iter().filter(held).collect();
    let line = |capture: &Capture| {
        let mut line = begin(capture);
        for table in &held {
            let counts = capture.tables.get(table.name());
            let counts = counts.map_or(Cell::Null, |counts| {
                Cell::Text(format!("{}/{}", counts.rows_new, counts.rows_read))
            });
            line.push((table.name().to_string(), ColumnKind::Number, counts));
        }
        line.extend(end(capture));
        line.iter_mut().for_each(to_seconds);
        line
    };
    let mut laid = Vec::new();
    let mut rows = TextRows::new(None);
    write(&mut rows, report, line)?;
    rows.finish(&mut laid)?;
    let laid = String::from_utf8_lossy(&laid);
    let widest = laid.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    if width.is_some_and(|width| widest > usize::from(width)) {
        captures_narrow::write(out, report)?;
    } else {
        out.write_all(laid.as_bytes())?;
        writeln!(out, "tables: rows new/read")?;
    }
    captures_words::write(out, report)?;
    for capture in &report.captures {
        for note in &capture.notes {
            writeln!(out, "{}: {}", printable(&capture.capture), printable(note))?;
        }
    }
    let Redaction { policy, key_fingerprint } = &report.redaction;
    writeln!(out, "times: UTC, whole seconds here")?;
    writeln!(out, "redaction: {} (key {})", printable(policy), printable(key_fingerprint))?;
    let source: Vec<String> =
        report.source.iter().map(|(name, value)| format!("{name} {value}")).collect();
    writeln!(out, "source: {}", printable(&source.join(", ")))
}

/// A column of one line: its name, its kind, its value.
type Named = (String, ColumnKind, Cell);

fn write(
    sink: &mut impl RowSink,
    report: &CapturesReport,
    line: impl Fn(&Capture) -> Vec<Named>,
) -> io::Result<()> {
    for (at, capture) in report.captures.iter().enumerate() {
        let line = line(capture);
        if at == 0 {
            let column = |(name, kind, _): &Named| Column { name: name.clone(), kind: *kind };
            sink.begin(&line.iter().map(column).collect::<Vec<_>>())?;
        }
        sink.row(&line.into_iter().map(|(_, _, cell)| cell).collect::<Vec<_>>())?;
    }
    Ok(())
}

fn begin(capture: &Capture) -> Vec<Named> {
    let text = |name: &str, value: &str| {
        (name.to_string(), ColumnKind::Text, Cell::Text(value.to_string()))
    };
    vec![
        text("capture", &capture.capture),
        time("began_at", Some(&capture.began_at)),
        time("ended_at", Some(&capture.ended_at)),
        text("guarantee", &capture.guarantee),
    ]
}

fn end(capture: &Capture) -> Vec<Named> {
    vec![
        time("min_time", capture.min_time.as_deref()),
        time("max_time", capture.max_time.as_deref()),
        time("retention_horizon", capture.retention_horizon.as_deref()),
        number("disappeared", capture.disappeared),
        number("unreadable", capture.unreadable),
        number("files", capture.files),
        number("bytes", capture.bytes),
    ]
}

fn time(name: &str, text: Option<&str>) -> Named {
    let cell = text.map_or(Cell::Null, |text| {
        Micros::parse(text).map_or_else(|| Cell::Text(text.to_string()), Cell::Time)
    });
    (name.to_string(), ColumnKind::Time, cell)
}

/// Whole seconds are enough for a person, and a third of the width.
fn to_seconds(named: &mut Named) {
    if let Cell::Time(at) = named.2 {
        let text = plain_time(at);
        named.2 = Cell::Text(text.split('.').next().unwrap_or_default().to_string());
    }
}

fn number(name: &str, count: u64) -> Named {
    (name.to_string(), ColumnKind::Number, int(count))
}

fn int(count: u64) -> Cell {
    i64::try_from(count).map_or_else(|_| Cell::Digits(count.to_string()), Cell::Int)
}
