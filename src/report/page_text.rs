//! A page for a person: headings, named values, tables as wide as the terminal.

use std::io;

use anstyle::Style;
use comfy_table::presets::NOTHING as NO_LINES;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width};
use jiff::tz::TimeZone;

use crate::answers::page::{Body, Page, Section, Value};
use crate::report::cards::write_cards;
use crate::report::lanes::write_lanes;
use crate::report::plain::{printable, wrap};
use crate::report::words::{instant, plain, with_age};

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
const INDENT: usize = 2;
/// Narrower, text is not broken: it would be one word a line.
const NARROWEST: usize = 20;

/// Writes the page.
pub fn write_text(out: &mut dyn io::Write, page: &Page, layout: &Layout) -> io::Result<()> {
    let about = match &page.subject {
        Some(subject) => format!("{} {}", subject.kind, printable(&subject.id)),
        None => page.verb.to_string(),
    };
    let when = instant(page.at, &layout.zone);
    let meaning = if page.is_as_of { "as of" } else { "at the end of the evidence," };
    writeln!(out, "{BOLD}{about}{BOLD:#}  {DIM}{meaning} {when} {}{DIM:#}", layout.zone_name)?;
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
    writeln!(out, "\n{BOLD}{}{BOLD:#}", printable(&section.title))?;
    match &section.body {
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
    for (name, value) in fields {
        let text = with_age(value, &layout.zone, page.at);
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

fn write_table(
    out: &mut dyn io::Write,
    columns: &[&'static str],
    rows: &[Vec<Value>],
    layout: &Layout,
) -> io::Result<()> {
    let fit = fit(columns, rows, layout);
    if let (Fit::Cards, Some(width)) = (fit, layout.width) {
        let labels: Vec<String> = columns.iter().map(|name| label(name)).collect();
        return write_cards(out, &labels, rows, usize::from(width), &layout.zone);
    }
    let mut table = Table::new();
    table.load_style(NO_LINES);
    match layout.width {
        Some(width) => {
            let width = width.saturating_sub(INDENT as u16).max(NARROWEST as u16);
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        None => {
            table.set_content_arrangement(ContentArrangement::Disabled);
        }
    }
    table.set_header(columns.iter().map(|name| label(name)));
    for row in rows {
        table.add_row(row.iter().map(|value| plain(value, &layout.zone)));
    }
    for (at, column) in table.column_iter_mut().enumerate() {
        let values = || rows.iter().filter_map(|row| row.get(at));
        if values().any(is_number)
            && values().all(|value| is_number(value) || *value == Value::Missing)
        {
            column.set_cell_alignment(CellAlignment::Right);
        }
        if values().any(is_whole) && (fit == Fit::Whole || !values().any(is_time)) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        } else {
            // a word in pieces is worse than a line that is too long
            let said = values().map(|value| plain(value, &layout.zone));
            let said = said.chain(columns.get(at).copied().map(label));
            let longest = said.map(|text| longest_word(&text)).max().unwrap_or(0);
            let longest = u16::try_from(longest.min(LONGEST_WORD)).unwrap_or(0);
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(longest + 2)));
        }
        column.set_padding((0, 2));
    }
    table.lines().try_for_each(|line| writeln!(out, "  {}", line.trim_end()))
}

/// As far as a word is worth keeping whole: an id within a sentence is.
const LONGEST_WORD: usize = 40;

/// How the rows of a table fit into the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    /// As they are.
    Whole,
    /// With instants broken between date and time.
    BrokenTimes,
    /// Not as a table: what is copied would be broken.
    Cards,
}

/// The first that leaves to each text the room of a short word, and to the longest that of a sentence.
fn fit(columns: &[&'static str], rows: &[Vec<Value>], layout: &Layout) -> Fit {
    const WORD: usize = 12;
    const SENTENCE: usize = 24;
    let needed = |is_kept: fn(&Value) -> bool| -> usize {
        let (mut used, mut more) = (0, 0);
        for (at, name) in columns.iter().enumerate() {
            let values = || rows.iter().filter_map(|row| row.get(at));
            let said = || values().map(|value| plain(value, &layout.zone)).chain([label(name)]);
            let widest = said().map(|text| text.chars().count()).max().unwrap_or(0);
            if values().any(is_kept) {
                used += widest + 2;
                continue;
            }
            let word = said().map(|text| longest_word(&text)).max().unwrap_or(0);
            let least = widest.min(WORD).max(word.min(LONGEST_WORD));
            used += least + 2;
            more = more.max(widest.min(SENTENCE).saturating_sub(least));
        }
        used + more
    };
    match layout.width.map(|width| usize::from(width).saturating_sub(INDENT)) {
        None => Fit::Whole,
        Some(width) if needed(is_whole) <= width => Fit::Whole,
        Some(width) if needed(|value| is_whole(value) && !is_time(value)) <= width => {
            Fit::BrokenTimes
        }
        Some(_) => Fit::Cards,
    }
}

fn longest_word(text: &str) -> usize {
    text.split_whitespace().map(|word| word.chars().count()).max().unwrap_or(0)
}

fn is_time(value: &Value) -> bool {
    matches!(value, Value::Time(_))
}

/// A key in words; durations tell their unit themselves.
fn label(name: &str) -> String {
    name.strip_suffix("_s").unwrap_or(name).replace('_', " ")
}

fn is_number(value: &Value) -> bool {
    matches!(
        value,
        Value::Seconds(_) | Value::Count(_) | Value::Number(_) | Value::Share(_) | Value::Money(_)
    )
}

/// What is copied, or read at a glance, stays in one line.
fn is_whole(value: &Value) -> bool {
    matches!(value, Value::Id(_) | Value::Time(_)) || is_number(value)
}
