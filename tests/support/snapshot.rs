//! Snapshots from CSV texts: evidence through the capture writer, derived tables as bare Parquet.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{Field, Schema};
use backstory::derived::manifest::DerivedManifest;
use backstory::derived::tables::derived_table;
use backstory::grammar::matcher::Grammar;
use backstory::model::state::Guarantee;
use backstory::model::table::Table;
use backstory::model::time::Micros;
use backstory::snapshot::capture::known_rows::Coming;
use backstory::snapshot::capture::{CaptureOptions, CaptureWriter};
use backstory::snapshot::column::{Column, ColumnType, Value};
use backstory::snapshot::manifest::{Redaction, write_json};
use backstory::snapshot::schema::import_type;
use parquet::arrow::ArrowWriter;

use crate::support::run::{Ran, backstory, backstory_unread};

/// A snapshot in a directory of its own, gone with this value.
pub(crate) struct TestSnapshot {
    root: tempfile::TempDir,
    dir: PathBuf,
}

impl TestSnapshot {
    /// An empty place for one. Quotes and brackets in its name must not matter to anyone.
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary directory");
        let dir = root.path().join("it's a [snapshot] k=v");
        Self { root, dir }
    }

    /// The snapshot's directory.
    pub(crate) fn dir(&self) -> PathBuf {
        self.dir.clone()
    }

    /// One capture of these tables: `(table, CSV with header)`, an empty field is NULL.
    pub(crate) fn capture(self, began_at: &str, tables: &[(&str, &str)]) -> Self {
        let began_at = Micros::parse(began_at).expect("a time");
        let options = CaptureOptions {
            source: BTreeMap::from([("kind".to_string(), "test".to_string())]),
            redaction: Redaction { policy: "none".to_string(), key_fingerprint: String::new() },
            row_key: [7; 32],
            began_at,
            database_snapshot: None,
            guarantee: Guarantee::AsGiven,
        };
        let mut capture = CaptureWriter::begin(&self.dir(), options).expect("a new capture");
        for (name, csv) in tables {
            let table = Table::from_name(name).expect("an evidence table");
            let (names, rows) = parse(csv);
            let column = |name: &String| {
                let kind = import_type(table, name);
                Column { name: name.clone(), kind, source_type: "text".to_string() }
            };
            let columns: Vec<Column> = names.iter().map(column).collect();
            let mut writer = capture.table(table, columns.clone(), Coming::All).expect("a table");
            for row in &rows {
                let values: Vec<Value<'_>> =
                    row.iter().zip(&columns).map(|(text, column)| value(text, column)).collect();
                writer.push(&values, None).expect("a row");
            }
            capture.finish_table(writer, 0).expect("a finished table");
        }
        let snapshot =
            capture.finish(began_at, BTreeMap::new(), Vec::new()).expect("a finished capture");
        // the derived tables that tests write by hand stand for a replay of this evidence
        let grammar = Grammar::built_in().expect("a grammar");
        let derived = self.dir().join("derived");
        fs::create_dir_all(&derived).expect("a folder");
        let made = DerivedManifest::of(&snapshot, grammar.digest());
        write_json(&derived.join("manifest.json"), &made).expect("a manifest");
        self
    }

    /// A derived table from CSV; columns of the contract that it lacks are absent from the file.
    pub(crate) fn derived(self, name: &str, csv: &str) -> Self {
        let table = derived_table(name).expect("a derived table");
        let (names, rows) = parse(csv);
        let (mut fields, mut arrays) = (Vec::new(), Vec::new());
        for (at, name) in names.iter().enumerate() {
            let known = table.columns.iter().find(|(known, _)| known == name);
            let kind = known.expect("a column of the contract").1;
            fields.push(Field::new(name, kind.arrow(), true));
            arrays.push(array(kind, rows.iter().map(|row| row[at].as_str())));
        }
        let schema = Arc::new(Schema::new(fields));
        let folder = self.dir().join("derived").join(name);
        fs::create_dir_all(&folder).expect("a folder");
        let file = File::create(folder.join("0001.parquet")).expect("a file");
        let mut writer = ArrowWriter::try_new(file, schema.clone(), None).expect("a writer");
        writer.write(&RecordBatch::try_new(schema, arrays).expect("a batch")).expect("rows");
        writer.close().expect("a whole file");
        self
    }

    /// Runs a verb on it.
    pub(crate) fn run(&self, verb: &str, args: &[&str]) -> Ran {
        backstory(self.root.path(), &self.args(verb, args))
    }

    /// Runs a verb on it for a reader who leaves at once.
    pub(crate) fn run_into_closed_pipe(&self, verb: &str, args: &[&str]) -> Ran {
        backstory_unread(self.root.path(), &self.args(verb, args))
    }

    fn args<'a>(&'a self, verb: &'a str, args: &[&'a str]) -> Vec<&'a str> {
        let dir = self.dir.to_str().expect("UTF-8");
        [&[verb, "--snapshot", dir], args].concat()
    }
}

fn parse(csv: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(csv.as_bytes());
    let names = reader.headers().expect("a header").iter().map(str::to_string).collect();
    let row = |row: Result<csv::StringRecord, csv::Error>| {
        row.expect("a row").iter().map(str::to_string).collect()
    };
    (names, reader.records().map(row).collect())
}

fn value<'a>(text: &'a str, column: &Column) -> Value<'a> {
    if text.is_empty() {
        return Value::Null;
    }
    match column.kind {
        ColumnType::Int => Value::Int(text.parse().expect("an integer")),
        ColumnType::Double => Value::Double(text.parse().expect("a number")),
        ColumnType::Bool => Value::Bool(text == "true"),
        ColumnType::Timestamp => Value::Time(Micros::parse(text).expect("a time")),
        ColumnType::Text => Value::Text(text.into()),
    }
}

fn array<'a>(kind: ColumnType, texts: impl Iterator<Item = &'a str>) -> ArrayRef {
    let known = texts.map(|text| Some(text).filter(|text| !text.is_empty()));
    match kind {
        ColumnType::Int => Arc::new(Int64Array::from_iter(
            known.map(|t| t.map(|t| t.parse::<i64>().expect("int"))),
        )),
        ColumnType::Double => Arc::new(Float64Array::from_iter(
            known.map(|t| t.map(|t| t.parse::<f64>().expect("number"))),
        )),
        ColumnType::Bool => {
            Arc::new(BooleanArray::from_iter(known.map(|t| t.map(|t| t == "true"))))
        }
        ColumnType::Timestamp => Arc::new(TimestampMicrosecondArray::from_iter(
            known.map(|t| t.map(|t| Micros::parse(t).expect("time").0)),
        )),
        ColumnType::Text => Arc::new(StringArray::from_iter(known)),
    }
}
