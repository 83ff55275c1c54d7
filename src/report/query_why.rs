//! The answer of `query explain`.

use std::io;

use crate::findings::why::{Condition, Row, Stage, Why};
use crate::read::cell::Cell;
use crate::report::plain::{cut, printable};

/// Characters of a value that are shown.
const VALUE_MAX: usize = 100;

/// How far the subject came, step by step.
pub fn write_text(out: &mut dyn io::Write, why: &Why) -> io::Result<()> {
    let said = if why.fired { "is among the results of" } else { "is NOT among the results of" };
    let subject = printable(&why.subject_id);
    writeln!(out, "{} {subject} {said} {}", why.subject_kind, why.query)?;
    for stage in &why.steps {
        head(out, stage, &why.subject_kind)?;
        stage.rows.iter().try_for_each(|row| show_row(out, row))?;
        for Condition { text, holds, values } in &stage.conditions {
            let mark = match holds {
                Some(true) => "holds  ",
                Some(false) => "FAILS  ",
                None => "UNKNOWN",
            };
            writeln!(out, "    {mark}  {}", printable(text))?;
            for (name, cell) in values {
                writeln!(out, "             {name} = {}", value(cell))?;
            }
        }
    }
    Ok(())
}

/// What a step has of the subject, before its rows and conditions.
fn head(out: &mut dyn io::Write, stage: &Stage, kind: &str) -> io::Result<()> {
    let Stage { name, by, values, rows, not_in, .. } = stage;
    let values = printable(&values.join(", "));
    match (by, values.is_empty(), rows.is_empty()) {
        (None, _, false) => writeln!(out, "\n{name}:")?,
        (None, _, true) => write!(out, "\n{name}: not here")?,
        (Some(by), true, false) => writeln!(out, "\n{name}, where it is the {by}:")?,
        (Some(by), true, true) => writeln!(
            out,
            "\n{name}: kept by {by}, and not by {kind}; no other step tells the {by} of this one"
        )?,
        (Some(by), false, false) => writeln!(out, "\n{name}, by its {by} {values}:")?,
        (Some(by), false, true) => write!(out, "\n{name}: nothing of its {by} {values}")?,
    }
    match not_in {
        Some(from) => writeln!(out, ", no row of it in\n    {}", printable(from)),
        None if rows.is_empty() && (by.is_none() || !values.is_empty()) => writeln!(out),
        None => Ok(()),
    }
}

fn show_row(out: &mut dyn io::Write, Row(columns): &Row) -> io::Result<()> {
    let told = columns.iter().filter(|(_, cell)| *cell != Cell::Null);
    let told: Vec<String> = told.map(|(name, cell)| format!("{name} = {}", value(cell))).collect();
    writeln!(out, "    {}", told.join(", "))
}

fn value(cell: &Cell) -> String {
    cell.to_plain().map_or("null".to_string(), |text| cut(&printable(&text), VALUE_MAX))
}
