//! Rows that are too wide for a table here: each as a few lines that name every value it has.

use std::io;

use anstyle::Style;
use jiff::tz::TimeZone;

use crate::answers::page::Value;
use crate::report::plain::wrap;
use crate::report::words::plain;

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();
/// What the values stand in from their row's first line.
const INDENT: usize = 4;

/// Writes rows as cards no wider than `width`; `labels` are those of the columns.
pub(super) fn write_cards(
    out: &mut dyn io::Write,
    labels: &[String],
    rows: &[Vec<Value>],
    width: usize,
    zone: &TimeZone,
) -> io::Result<()> {
    for row in rows {
        let mut said = labels
            .iter()
            .zip(row)
            .filter(|(_, value)| **value != Value::Missing)
            .map(|(label, value)| (label, plain(value, zone)));
        if let Some((label, value)) = said.next() {
            writeln!(out, "  {DIM}{label}{DIM:#} {BOLD}{value}{BOLD:#}")?;
        }
        let mut line = String::new();
        for (label, value) in said {
            let part = format!("{label}: {value}");
            let together = line.chars().count() + 3 + part.chars().count();
            if !line.is_empty() && together > width.saturating_sub(INDENT) {
                write_wrapped(out, &line, width)?;
                line.clear();
            }
            if !line.is_empty() {
                line.push_str(" | ");
            }
            line.push_str(&part);
        }
        if !line.is_empty() {
            write_wrapped(out, &line, width)?;
        }
    }
    Ok(())
}

fn write_wrapped(out: &mut dyn io::Write, line: &str, width: usize) -> io::Result<()> {
    let room = width.saturating_sub(INDENT).max(INDENT);
    wrap(line, room).iter().try_for_each(|part| writeln!(out, "    {part}"))
}
