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
    writeln!(out, "{} {said} {}", printable(&why.subject_id), why.query)?;
    for stage in &why.steps {
        let Stage { name, rows, conditions, not_in } = stage;
        match (rows.as_slice(), not_in) {
            ([], Some(from)) => {
                writeln!(out, "\n{name}: not here, no row of it in")?;
                writeln!(out, "    {}", printable(from))?;
            }
            ([], None) => writeln!(out, "\n{name}: not here")?,
            (rows, _) => {
                writeln!(out, "\n{name}:")?;
                rows.iter().try_for_each(|row| show_row(out, row))?;
            }
        }
        for Condition { text, holds, values } in conditions {
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

fn show_row(out: &mut dyn io::Write, Row(columns): &Row) -> io::Result<()> {
    let told = columns.iter().filter(|(_, cell)| *cell != Cell::Null);
    let told: Vec<String> = told.map(|(name, cell)| format!("{name} = {}", value(cell))).collect();
    writeln!(out, "    {}", told.join(", "))
}

fn value(cell: &Cell) -> String {
    cell.to_plain().map_or("null".to_string(), |text| cut(&printable(&text), VALUE_MAX))
}
