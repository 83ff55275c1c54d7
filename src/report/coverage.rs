//! The answer of `coverage`: its documented JSON, and text for a person.

use std::io;

use serde::Serialize;

use crate::report::plain::printable;
use crate::report::rows_csv::write_line;

/// The version of the JSON below.
pub const FORMAT: u32 = 1;

/// How much of the log is understood.
#[derive(Clone, Debug, Serialize)]
pub struct CoverageReport {
    /// The version of this document.
    pub format: u32,
    /// The snapshot's directory, as it was given.
    pub snapshot: String,
    /// All rows.
    pub total: Counts,
    /// By source type and era.
    pub sources: Vec<SourceCounts>,
    /// Templates that nobody knows, those next to failures first.
    pub unknown: Vec<Unknown>,
    /// How many there are in all.
    pub unknown_templates: u64,
}

/// What became of rows: the parts add up to `rows_read`.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Counts {
    /// Rows read.
    pub rows_read: u64,
    /// Rows that made an event, or are another piece of one's evidence.
    pub understood: u64,
    /// Rows known to say nothing of their own.
    pub silent: u64,
    /// Rows that no template matches.
    pub unknown: u64,
    /// Rows without id, time or message.
    pub unreadable: u64,
}

/// The counts of one source type in one era.
#[derive(Clone, Debug, Serialize)]
pub struct SourceCounts {
    /// `system_logs.source_type`.
    pub source_type: String,
    /// The era, or eras.
    pub era: String,
    /// The counts.
    #[serde(flatten)]
    pub counts: Counts,
}

/// One shape of line that nobody knows.
#[derive(Clone, Debug, Serialize)]
pub struct Unknown {
    /// Who says it.
    pub source_type: String,
    /// Its shape.
    pub template: String,
    /// Rows.
    pub count: u64,
    /// Rows within half a minute of a failure.
    pub near_failures: u64,
    /// First row.
    pub first_at: String,
    /// Last row.
    pub last_at: String,
    /// A line of it.
    pub sample: String,
    /// A grammar entry to look at and paste.
    pub entry: String,
}

impl Counts {
    /// Share of the rows that a template matches.
    fn known(&self) -> String {
        if self.rows_read == 0 {
            return "-".to_string();
        }
        let share = (self.understood + self.silent) as f64 / self.rows_read as f64;
        // cut, not rounded: 100.00 means all of them
        format!("{:.2}", (share * 10_000.0).floor() / 100.0)
    }
}

/// Writes the documented JSON, one document.
pub fn write_json(out: &mut impl io::Write, report: &CoverageReport) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    writeln!(out)
}

/// Writes one line a source and era.
pub fn write_csv(out: &mut impl io::Write, report: &CoverageReport) -> io::Result<()> {
    let header =
        ["source_type", "era", "rows_read", "understood", "silent", "unknown", "unreadable"];
    write_line(&mut *out, header.into_iter().map(|name| Some(name.to_string())))?;
    for SourceCounts { source_type, era, counts } in &report.sources {
        let Counts { rows_read, understood, silent, unknown, unreadable } = counts;
        let numbers = [rows_read, understood, silent, unknown, unreadable].map(u64::to_string);
        let texts = [source_type.clone(), era.clone()].into_iter().chain(numbers);
        write_line(&mut *out, texts.map(Some))?;
    }
    Ok(())
}

/// Writes it for a person.
pub fn write_text(out: &mut impl io::Write, report: &CoverageReport) -> io::Result<()> {
    writeln!(
        out,
        "{:<18} {:<12} {:>10} {:>10} {:>10} {:>8} {:>10} {:>8}",
        "source", "era", "rows", "understood", "silent", "unknown", "unreadable", "known %"
    )?;
    let mut line = |name: &str, era: &str, counts: &Counts| {
        let Counts { rows_read, understood, silent, unknown, unreadable } = counts;
        writeln!(
            out,
            "{:<18} {:<12} {rows_read:>10} {understood:>10} {silent:>10} {unknown:>8} {unreadable:>10} {:>8}",
            printable(name),
            printable(era),
            counts.known()
        )
    };
    for source in &report.sources {
        line(&source.source_type, &source.era, &source.counts)?;
    }
    line("all", "", &report.total)?;
    if report.unknown_templates == 0 {
        return writeln!(out, "\nno line is unknown");
    }
    let shown = report.unknown.len();
    writeln!(out, "\n{} shapes are unknown, {shown} shown:", report.unknown_templates)?;
    for unknown in &report.unknown {
        let Unknown { source_type, template, count, near_failures, entry, .. } = unknown;
        writeln!(
            out,
            "\n{}  {count} rows, {near_failures} next to a failure\n  {}",
            printable(source_type),
            printable(template)
        )?;
        for line in entry.lines() {
            writeln!(out, "    {}", printable(line))?;
        }
    }
    writeln!(
        out,
        "\nto know them: put entries under `source = \"...\"` into FILE, `backstory grammar check FILE`, \
         then `--grammar FILE`"
    )
}
