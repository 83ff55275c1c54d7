//! Rows as a JSON array of objects, written as they come.

use std::io;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::read::cell::{Cell, Column};
use crate::read::run::RowSink;

/// Writes rows as they come; call [`finish`](Self::finish) after the last.
pub struct JsonRows<W: io::Write> {
    out: W,
    names: Vec<String>,
    rows: u64,
}

impl<W: io::Write> JsonRows<W> {
    /// Onto that output.
    pub fn new(out: W) -> Self {
        Self { out, names: Vec::new(), rows: 0 }
    }

    /// Closes the array.
    pub fn finish(mut self) -> io::Result<()> {
        let end: &[u8] = if self.rows == 0 { b"[]\n" } else { b"\n]\n" };
        self.out.write_all(end)
    }
}

impl<W: io::Write> RowSink for JsonRows<W> {
    fn begin(&mut self, columns: &[Column]) -> io::Result<()> {
        self.names = unique(columns);
        Ok(())
    }

    fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        let begin: &[u8] = if self.rows == 0 { b"[\n" } else { b",\n" };
        self.out.write_all(begin)?;
        self.rows += 1;
        serde_json::to_writer(&mut self.out, &Object { names: &self.names, cells })?;
        Ok(())
    }
}

/// Two columns of one name would be one key: the later ones become `name_1`, `name_2`.
fn unique(columns: &[Column]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for column in columns {
        let mut name = column.name.clone();
        let mut tries = 0;
        while names.contains(&name) {
            tries += 1;
            name = format!("{}_{tries}", column.name);
        }
        names.push(name);
    }
    names
}

struct Object<'a> {
    names: &'a [String],
    cells: &'a [Cell],
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.cells.len()))?;
        for (name, cell) in self.names.iter().zip(self.cells) {
            map.serialize_entry(name, cell)?;
        }
        map.end()
    }
}
