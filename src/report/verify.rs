//! The answer of `verify`: its documented JSON, and its renderings as text and CSV.

use std::collections::BTreeMap;
use std::io;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::report::plain::{printable, wrap};
use crate::report::rows_csv::write_line;

/// The version of the JSON below.
pub const FORMAT: u32 = 1;

const RED: Style = AnsiColor::Red.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default().bold();
const DIM: Style = Style::new().dimmed();
/// Files named one by one in the text; the JSON names all.
const SHOWN_MAX: usize = 100;
/// Files named again beside what to do about them.
const NAMES_SHOWN_MAX: usize = 3;

/// The answer of `verify`.
#[derive(Clone, Debug, Serialize)]
pub struct VerifyReport {
    /// The version of this document.
    pub format: u32,
    /// The snapshot's directory, as it was given.
    pub snapshot: String,
    /// Whether everything is as it was written.
    pub whole: bool,
    /// Whether everything but `derived/` is, which `replay` can make again.
    pub evidence_whole: bool,
    /// What was looked at.
    pub checked: Checked,
    /// What is not as it was written.
    pub faults: Vec<Fault>,
    /// What is worth knowing beside.
    pub notes: Vec<Note>,
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Checked {
    /// Captures.
    pub captures: u64,
    /// Files whose content was compared.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Rows counted.
    pub rows: u64,
}

/// One fault of one file.
#[derive(Clone, Debug, Serialize)]
pub struct Fault {
    /// Its path inside the snapshot.
    pub file: String,
    /// One word.
    pub kind: &'static str,
    /// A sentence.
    pub detail: String,
    /// What to do about it.
    pub remedy: &'static str,
}

/// Something about one file that is no fault.
#[derive(Clone, Debug, Serialize)]
pub struct Note {
    /// Its path inside the snapshot.
    pub file: String,
    /// One word.
    pub kind: &'static str,
    /// A sentence.
    pub detail: String,
}

/// Writes the documented JSON, one document.
pub fn write_json(out: &mut impl io::Write, report: &VerifyReport) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    writeln!(out)
}

/// Writes one line a fault or note; `level` tells them apart.
pub fn write_csv(out: &mut impl io::Write, report: &VerifyReport) -> io::Result<()> {
    let mut line = |fields: [Option<&str>; 5]| {
        write_line(&mut *out, fields.into_iter().map(|field| field.map(str::to_string)))
    };
    line(["level", "file", "kind", "detail", "remedy"].map(Some))?;
    for fault in &report.faults {
        let Fault { file, kind, detail, remedy } = fault;
        line([Some("fault"), Some(file), Some(kind), Some(detail), Some(remedy)])?;
    }
    for Note { file, kind, detail } in &report.notes {
        line([Some("note"), Some(file), Some(kind), Some(detail), None])?;
    }
    Ok(())
}

/// Writes it for a person, in lines of at most `width` characters where words allow it.
pub fn write_text(out: &mut impl io::Write, report: &VerifyReport, width: usize) -> io::Result<()> {
    for fault in report.faults.iter().take(SHOWN_MAX) {
        writeln!(out, "{RED}fault{RED:#}  {}", printable(&fault.file))?;
        indented(out, &fault.detail, width)?;
    }
    more(out, report.faults.len(), "faults")?;
    for note in report.notes.iter().take(SHOWN_MAX) {
        writeln!(out, "{DIM}note{DIM:#}   {}", printable(&note.file))?;
        indented(out, &note.detail, width)?;
    }
    more(out, report.notes.len(), "notes")?;
    for (remedy, files) in remedies(report) {
        writeln!(out, "to do  {}", printable(&some(&files)))?;
        indented(out, remedy, width)?;
    }
    let Checked { captures, files, bytes, rows } = report.checked;
    let looked_at = format!(
        "{}, {}, {}, {} checked",
        count(captures, "capture"),
        count(files, "file"),
        count(rows, "row"),
        size(bytes),
    );
    if report.whole {
        return writeln!(out, "{GREEN}whole{GREEN:#}: {looked_at}");
    }
    let faults = count(report.faults.len() as u64, "fault");
    let evidence =
        if report.evidence_whole { " in derived/ only; the evidence is whole" } else { "" };
    writeln!(out, "{RED}damaged{RED:#}: {faults}{evidence}; {looked_at}")
}

fn indented(out: &mut impl io::Write, text: &str, width: usize) -> io::Result<()> {
    let lines = wrap(&printable(text), width.saturating_sub(7));
    lines.iter().try_for_each(|line| writeln!(out, "       {line}"))
}

fn more(out: &mut impl io::Write, found: usize, what: &str) -> io::Result<()> {
    match found.checked_sub(SHOWN_MAX).filter(|more| *more > 0) {
        Some(more) => writeln!(out, "... and {more} more {what}: --format json names all"),
        None => Ok(()),
    }
}

/// What to do, each once, where it is first needed; with the files it is for.
fn remedies(report: &VerifyReport) -> Vec<(&'static str, Vec<&str>)> {
    let mut order = Vec::new();
    let mut files: BTreeMap<&'static str, Vec<&str>> = BTreeMap::new();
    for fault in &report.faults {
        if !files.contains_key(fault.remedy) {
            order.push(fault.remedy);
        }
        files.entry(fault.remedy).or_default().push(&fault.file);
    }
    let mut with_files = |remedy| {
        let mut named = files.remove(remedy).unwrap_or_default();
        named.dedup();
        (remedy, named)
    };
    order.into_iter().map(&mut with_files).collect()
}

/// The first few names, and how many more there are: each is listed above.
fn some(files: &[&str]) -> String {
    let shown = files.iter().take(NAMES_SHOWN_MAX).copied().collect::<Vec<_>>().join(", ");
    match files.len().checked_sub(NAMES_SHOWN_MAX).filter(|more| *more > 0) {
        Some(more) => format!("{shown} and {more} more"),
        None => shown,
    }
}

/// `1 file`, `12,345 rows`.
pub(crate) fn count(number: u64, what: &str) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    let plural = if number == 1 { "" } else { "s" };
    format!("{out} {what}{plural}")
}

/// `5.1 MB`.
fn size(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => {
            let tenths = bytes / (unit / 10);
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
        None => count(bytes, "byte"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_with_their_words() {
        assert_eq!([count(1, "file"), count(0, "row")], ["1 file", "0 rows"]);
        assert_eq!(count(1_234_567, "row"), "1,234,567 rows");
        assert_eq!([size(12), size(5_149_999), size(1_000)], ["12 bytes", "5.1 MB", "1.0 kB"]);
    }
}
