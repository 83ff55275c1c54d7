//! Rows as CSV: a header, NULL as nothing, an empty text as `""`.

use std::io;

use crate::read::cell::{Cell, Column};
use crate::read::run::RowSink;

/// Writes rows as they come.
pub struct CsvRows<W: io::Write> {
    out: W,
}

impl<W: io::Write> CsvRows<W> {
    /// Onto that output.
    pub fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: io::Write> RowSink for CsvRows<W> {
    fn begin(&mut self, columns: &[Column]) -> io::Result<()> {
        write_line(&mut self.out, columns.iter().map(|column| Some(column.name.clone())))
    }

    fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        write_line(&mut self.out, cells.iter().map(Cell::to_plain))
    }
}

/// One line; `None` is NULL.
pub(crate) fn write_line(
    out: &mut impl io::Write,
    fields: impl Iterator<Item = Option<String>>,
) -> io::Result<()> {
    let mut line = String::new();
    for (at, field) in fields.enumerate() {
        if at > 0 {
            line.push(',');
        }
        match field {
            None => {}
            Some(text) if needs_quotes(&text) => {
                line.push('"');
                line.push_str(&text.replace('"', "\"\""));
                line.push('"');
            }
            Some(text) => line.push_str(&text),
        }
    }
    line.push('\n');
    out.write_all(line.as_bytes())
}

fn needs_quotes(text: &str) -> bool {
    text.is_empty()
        || text.contains([',', '"', '\n'])
        || text.starts_with(' ')
        || text.ends_with(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_and_empty_stay_apart() {
        let mut out = Vec::new();
        let fields = [None, Some(""), Some("a,b"), Some("say \"hi\"\nthere"), Some("plain")];
        write_line(&mut out, fields.into_iter().map(|f| f.map(str::to_string))).expect("in memory");
        assert_eq!(
            String::from_utf8_lossy(&out),
            ",\"\",\"a,b\",\"say \"\"hi\"\"\nthere\",plain\n"
        );
    }
}
