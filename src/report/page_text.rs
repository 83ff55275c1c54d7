//! A page for a person: headings, named values, tables as wide as the terminal.

use std::io;

use anstyle::Style;
use jiff::tz::TimeZone;

use crate::answers::page::{Body, Page, Section, Value};
use crate::report::lanes::write_lanes;
use crate::report::page_table::write_table;
use crate::report::plain::{printable, wrap};
use crate::report::shorten::shorten;
use crate::report::words::{instant, with_age};

/// How a page is laid out.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Characters in a line; `None`: as many as it takes.
    pub width: Option<u16>,
    /// The zone of the times.
    pub zone: TimeZone,
    /// What that zone is called.
    pub zone_name: String,
    /// Letters in place of blocks.
    pub ascii: bool,
}

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
/// What a body stands in from its heading.
pub(super) const INDENT: usize = 2;
/// Narrower, text is not broken: it would be one word a line.
pub(super) const NARROWEST: usize = 20;
/// Characters of an instant.
const INSTANT: usize = "2026-01-05 17:55:00.123".len();

/// Writes the page.
pub fn write_text(out: &mut dyn io::Write, page: &Page, layout: &Layout) -> io::Result<()> {
    let about = match &page.subject {
        Some(subject) => format!("{} {}", subject.kind, printable(&subject.id)),
        None => page.verb.to_string(),
    };
    let when = match page.at.map(|at| instant(at, &layout.zone)) {
        Some(when) if page.is_as_of => format!("as of {when} {}", layout.zone_name),
        Some(when) => format!("at the end of the evidence, {when} {}", layout.zone_name),
        None => "this snapshot covers no time".to_string(),
    };
    // sentences of findings and lines of others carry their times as they were written
    let when = match layout.zone_name.as_str() {
        "UTC" => when,
        _ => format!("{when}; times inside sentences are UTC"),
    };
    if about.chars().count() + 2 + when.chars().count() <= room(layout, 0) {
        writeln!(out, "{BOLD}{about}{BOLD:#}  {DIM}{when}{DIM:#}")?;
    } else {
        writeln!(out, "{BOLD}{about}{BOLD:#}")?;
        for line in wrap(&when, room(layout, INDENT)) {
            writeln!(out, "  {DIM}{line}{DIM:#}")?;
        }
    }
    page.sections.iter().try_for_each(|section| write_section(out, page, section, layout))
}

fn write_section(
    out: &mut dyn io::Write,
    page: &Page,
    section: &Section,
    layout: &Layout,
) -> io::Result<()> {
    match &section.body {
        Body::Lines(lines) if lines.is_empty() => return Ok(()),
        Body::Fields(_) | Body::Table { .. } | Body::Lines(_) | Body::Lanes(_) => {}
    }
    writeln!(out)?;
    for line in wrap(&printable(&section.title), room(layout, 0)) {
        writeln!(out, "{BOLD}{line}{BOLD:#}")?;
    }
    let body = if page.is_whole { section.body.clone() } else { shorten(&section.body) };
    match &body {
        Body::Fields(fields) => write_fields(out, fields, page, layout),
        Body::Table { rows, none, .. } if rows.is_empty() => writeln!(out, "  {none}"),
        Body::Table { columns, rows, .. } => write_table(out, columns, rows, layout),
        Body::Lanes(lanes) => write_lanes(out, lanes, layout.width, layout.ascii, &layout.zone),
        Body::Lines(lines) => lines.iter().try_for_each(|line| write_line(out, line, layout)),
    }
}

/// The width that is left after so many characters.
fn room(layout: &Layout, used: usize) -> usize {
    let left = |width: u16| usize::from(width).saturating_sub(used).max(NARROWEST);
    layout.width.map_or(usize::MAX, left)
}

fn write_fields(
    out: &mut dyn io::Write,
    fields: &[(&'static str, Value)],
    page: &Page,
    layout: &Layout,
) -> io::Result<()> {
    let longest = fields.iter().map(|(name, _)| label(name).len()).max().unwrap_or(0);
    // beside a long name there is no room for an instant: then it stands below
    let is_stacked = layout.width.is_some() && room(layout, INDENT + longest + 2) < INSTANT;
    for (name, value) in fields {
        let text = with_age(value, &layout.zone, page.at);
        if is_stacked {
            writeln!(out, "  {DIM}{}{DIM:#}", label(name))?;
            let lines = wrap(&text, room(layout, 2 * INDENT));
            lines.iter().try_for_each(|line| writeln!(out, "    {line}"))?;
            continue;
        }
        let lines = wrap(&text, room(layout, INDENT + longest + 2));
        for (n, line) in lines.iter().enumerate() {
            let name = if n == 0 { label(name) } else { String::new() };
            writeln!(out, "  {DIM}{name:<longest$}{DIM:#}  {line}")?;
        }
    }
    Ok(())
}

/// A drawing keeps its blanks; a sentence is broken at them.
fn write_line(out: &mut dyn io::Write, line: &str, layout: &Layout) -> io::Result<()> {
    let line = printable(line);
    if line.chars().count() <= room(layout, INDENT) {
        return writeln!(out, "  {line}");
    }
    let wrapped = wrap(&line, room(layout, INDENT));
    wrapped.iter().try_for_each(|part| writeln!(out, "  {part}"))
}

/// A key in words; durations tell their unit themselves.
pub(super) fn label(name: &str) -> String {
    name.strip_suffix("_s").unwrap_or(name).replace('_', " ")
}
