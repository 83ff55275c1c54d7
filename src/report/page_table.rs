//! Rows of a page as a table, or as cards where a table would break what is copied.

use std::io;

use comfy_table::presets::NOTHING as NO_LINES;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width};

use crate::answers::page::Value;
use crate::report::cards::write_cards;
use crate::report::page_text::{INDENT, Layout, NARROWEST, label};
use crate::report::words::plain;

/// Writes them as wide as the terminal.
pub(super) fn write_table(
    out: &mut dyn io::Write,
    columns: &[&'static str],
    rows: &[Vec<Value>],
    layout: &Layout,
) -> io::Result<()> {
    let (columns, rows) = &for_people(columns, rows);
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

/// A column `x_said` is what a person reads in place of `x`, where it says more; JSON has both.
fn for_people(
    columns: &[&'static str],
    rows: &[Vec<Value>],
) -> (Vec<&'static str>, Vec<Vec<Value>>) {
    let said_of = |name: &str| {
        let base = name.strip_suffix("_said")?;
        columns.iter().position(|column| *column == base)
    };
    let (mut columns_left, mut rows_left) = (columns.to_vec(), rows.to_vec());
    for (at, name) in columns.iter().enumerate().rev() {
        let Some(base) = said_of(name) else { continue };
        columns_left.remove(at);
        for row in &mut rows_left {
            let said = row.remove(at);
            if said != Value::Missing {
                row[base] = said;
            }
        }
    }
    (columns_left, rows_left)
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
