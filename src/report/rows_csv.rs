//! Rows as CSV: a header, NULL as nothing, an empty text as `""`.

use std::io;

use crate::read::cell::{Cell, Column};
use crate::read::run::RowSink;
use crate::report::plain::is_unprintable;

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
        match field.map(without_controls) {
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

/// Texts come from log lines, and CSV is read on terminals too: what could move a cursor becomes `\\u{..}`, as
/// in text. Line feeds and tabs stay.
fn without_controls(text: String) -> String {
    let stays = |c: char| matches!(c, '\n' | '\t');
    if text.chars().all(|c| stays(c) || !is_unprintable(c)) {
        return text;
    }
    let mut made = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unprintable(c) && !stays(c) {
            made.extend(c.escape_unicode());
        } else {
            made.push(c);
        }
    }
    made
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

    #[test]
    fn a_message_cannot_move_the_cursor() {
        let mut out = Vec::new();
        let field = "a\u{1b}[2Jb\tc\nd\r\u{202e}é";
        write_line(&mut out, [Some(field.to_string())].into_iter()).expect("in memory");
        let said = String::from_utf8_lossy(&out).into_owned();
        assert_eq!(said, "\"a\\u{1b}[2Jb\tc\nd\\u{d}\\u{202e}é\"\n");
    }
}
