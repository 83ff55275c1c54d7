//! Rows as a table for people, as wide as the terminal.

use std::io;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};

use crate::read::cell::{Cell, Column, ColumnKind};
use crate::read::run::RowSink;
use crate::report::plain::printable;

/// Collects rows; a table can only be laid out when all are there.
pub struct TextRows {
    table: Table,
    rows: u64,
}

impl TextRows {
    /// A table of at most so many characters a line; `None`: as wide as its content.
    pub fn new(width: Option<u16>) -> Self {
        let mut table = Table::new();
        table.load_style(UTF8_FULL_CONDENSED);
        match width {
            Some(width) => {
                table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
            }
            None => {
                table.set_content_arrangement(ContentArrangement::Disabled);
            }
        }
        Self { table, rows: 0 }
    }

    /// Writes the table and the number of its rows.
    pub fn finish(self, out: &mut impl io::Write) -> io::Result<()> {
        writeln!(out, "{}", self.table.trim_fmt())?;
        let word = if self.rows == 1 { "row" } else { "rows" };
        writeln!(out, "{} {word}", self.rows)
    }
}

impl RowSink for TextRows {
    fn begin(&mut self, columns: &[Column]) -> io::Result<()> {
        self.table.set_header(columns.iter().map(|column| printable(&column.name)));
        for (at, column) in columns.iter().enumerate() {
            if let (ColumnKind::Number, Some(column)) = (column.kind, self.table.column_mut(at)) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        Ok(())
    }

    fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        self.rows += 1;
        let shown = |cell: &Cell| {
            cell.to_plain().map_or_else(|| "NULL".to_string(), |text| printable(&text))
        };
        self.table.add_row(cells.iter().map(shown));
        Ok(())
    }
}
