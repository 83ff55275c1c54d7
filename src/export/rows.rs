//! The rows of one table file, whatever its format: as many cells as columns, or why not.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;

use crate::export::core_columns::{Instead, instead};
use crate::export::csv::{CsvReader, Record};
use crate::export::import_error::ImportError;
use crate::export::ndjson::{Members, NdjsonReader};
use crate::export::source_dir::{Format, SourceFile};
use crate::model::table::Table;
use crate::snapshot::column::{Column, ColumnType};
use crate::snapshot::schema::{import_type, is_own, known_columns, type_name};

/// Known names in a line that make it a header.
const HEADER_NAMES_MIN: usize = 2;

/// What other tools put between columns.
const OTHER_DELIMITERS: [char; 3] = [';', '\t', '|'];

/// What other tools write for NULL: pgAdmin, pandas, `COPY` as text, DBeaver.
const NULL_WORDS: [&str; 4] = ["NULL", "null", "\\N", "[NULL]"];
/// Rows in which such a word is looked for.
const LOOKED_AT: usize = 10_000;

/// The cells of one row, in the order of the columns; `None` is NULL.
pub type Cells<'a> = Vec<Option<Cow<'a, str>>>;

/// A table file that is being read.
pub struct RowReader {
    input: Input,
    columns: Vec<Column>,
    null: Option<&'static str>,
}

enum Input {
    Csv(CsvReader<Box<dyn BufRead>>),
    Ndjson(NdjsonReader<Box<dyn BufRead>>),
}

impl RowReader {
    /// Opens a file and finds its columns.
    pub fn open(file: &SourceFile) -> Result<Self, ImportError> {
        match file.format {
            Format::Csv => Self::open_csv(file),
            Format::Ndjson => Self::open_ndjson(file),
        }
    }

    fn open_csv(file: &SourceFile) -> Result<Self, ImportError> {
        let header = |why: String| ImportError::Header { file: file.name.clone(), why };
        let mut reader = CsvReader::new(file.open()?);
        let read = |source| ImportError::Read { path: file.path.clone(), source };
        let names = match reader.read().map_err(read)? {
            // an empty table still has its header: nothing at all is what a COPY that failed leaves, and
            // taking it for an empty table would turn absence into proof
            None => {
                return Err(header("it has no header line; was its COPY cut short?".to_string()));
            }
            Some(Err(bad)) => return Err(header(format!("the header is unreadable: {bad}"))),
            Some(Ok(record)) => names(record),
        };
        let columns = columns(file.table, &names).map_err(header)?;
        let null = null_word(file, &columns)?;
        Ok(Self { input: Input::Csv(reader), columns, null })
    }

    /// Reads the file once for its keys: a column may first appear in the last line.
    fn open_ndjson(file: &SourceFile) -> Result<Self, ImportError> {
        let read = |source| ImportError::Read { path: file.path.clone(), source };
        let mut keys = BTreeSet::new();
        let mut reader = NdjsonReader::new(file.open()?);
        while let Some(object) = reader.read().map_err(read)? {
            for (key, _) in object.unwrap_or_default() {
                if !keys.contains(&key) {
                    keys.insert(key);
                }
            }
        }
        let bad = |why: String| ImportError::Header { file: file.name.clone(), why };
        if keys.is_empty() {
            // one line further is the end of the file
            return Err(bad(match reader.line() {
                0 | 1 => "it has no line: of an empty table, or of a dump that failed?".to_string(),
                _ => "no line of it is one JSON object (one array of all is none)".to_string(),
            }));
        }
        let names: Vec<String> = keys.into_iter().collect();
        let columns = columns(file.table, &names).map_err(bad)?;
        let input = Input::Ndjson(NdjsonReader::new(file.open()?));
        Ok(Self { input, columns, null: None })
    }

    /// The columns, in the order of the cells.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The line on which the last row began.
    pub fn line(&self) -> u64 {
        match &self.input {
            Input::Csv(reader) => reader.line(),
            Input::Ndjson(reader) => reader.line(),
        }
    }

    /// The next row, or why it cannot be read (never its content); `None` at the end.
    pub fn read(&mut self) -> std::io::Result<Option<Result<Cells<'_>, String>>> {
        let columns = &self.columns;
        Ok(match &mut self.input {
            Input::Csv(reader) => reader.read()?.map(|row| match row {
                Ok(record) => csv_cells(record, columns, self.null),
                Err(bad) => Err(bad.to_string()),
            }),
            Input::Ndjson(reader) => reader.read()?.map(|row| match row {
                Ok(members) => Ok(json_cells(members, columns)),
                Err(bad) => Err(bad.to_string()),
            }),
        })
    }
}

fn csv_cells<'a>(
    record: &'a Record,
    columns: &[Column],
    null: Option<&str>,
) -> Result<Cells<'a>, String> {
    if record.len() != columns.len() {
        let there = columns.len();
        return Err(format!("{} fields where the header has {there}", record.len()));
    }
    let told = |(at, column): (usize, &Column)| {
        record.field(at).filter(|text| !is_null(column, text, null)).map(Cow::Borrowed)
    };
    Ok(columns.iter().enumerate().map(told).collect())
}

/// Whether a cell is the word for NULL of its file. In a document `null` is JSON, and a message may be any word.
fn is_null(column: &Column, text: &str, null: Option<&str>) -> bool {
    let is_json = || ["metadata", "params", "result_data"].contains(&&*column.name);
    null == Some(text) && column.name != "message" && !(text == "null" && is_json())
}

/// What a file has for NULL where another tool than `COPY` wrote it: a word in a column whose type has no such value.
/// Without one of those every word is a text.
fn null_word(file: &SourceFile, columns: &[Column]) -> Result<Option<&'static str>, ImportError> {
    let read = |source| ImportError::Read { path: file.path.clone(), source };
    let mut reader = CsvReader::new(file.open()?);
    for _ in 0..LOOKED_AT {
        let Some(record) = reader.read().map_err(read)? else { break };
        let is_whole = |record: &&Record| record.len() == columns.len();
        let Some(record) = record.ok().filter(is_whole) else { continue };
        let typed = |at: &usize| columns[*at].kind != ColumnType::Text;
        let cells = (0..columns.len()).filter(typed).filter_map(|at| record.field(at));
        let mut words = cells.filter_map(|text| NULL_WORDS.into_iter().find(|word| *word == text));
        if let Some(word) = words.next() {
            return Ok(Some(word));
        }
    }
    Ok(None)
}

fn json_cells<'a>(members: Members<'a>, columns: &[Column]) -> Cells<'a> {
    let mut by_key: BTreeMap<String, Option<Cow<'a, str>>> = members.into_iter().collect();
    columns.iter().map(|column| by_key.remove(&column.name).flatten()).collect()
}

fn names(header: &Record) -> Vec<String> {
    let name = |at| header.field(at).unwrap_or_default().trim_start_matches('\u{feff}').to_string();
    (0..header.len()).map(name).collect()
}

/// The columns of these names, or what is wrong with them. SQL tells names apart without case.
fn columns(table: Table, names: &[String]) -> Result<Vec<Column>, String> {
    // first, so that a line of data that was taken for a header is never quoted
    let is_missing = |name: &&&str| !names.iter().any(|have| have == **name);
    if let Some(name) = table.core_columns().iter().find(is_missing) {
        return Err(without(table, name, names));
    }
    let mut seen = BTreeSet::new();
    for name in names {
        if name.is_empty() {
            return Err("a column has no name".to_string());
        }
        if is_own(name) {
            return Err(format!("the column name `{name}` is one of our own"));
        }
        if !seen.insert(name.to_lowercase()) {
            return Err(format!("the column `{name}` stands twice"));
        }
    }
    Ok(names.iter().map(|name| column(table, name)).collect())
}

/// What is wrong with a file that lacks a column. Only a line that names other columns we know is surely a header, and
/// may be quoted.
fn without(table: Table, missing: &str, names: &[String]) -> String {
    let is_known = |name: &&String| known_columns(table).iter().any(|(known, _)| known == name);
    if let [line] = names
        && let Some(other) = OTHER_DELIMITERS.iter().find(|other| {
            let names: Vec<String> = line.split(**other).map(str::to_string).collect();
            names.iter().filter(is_known).count() >= HEADER_NAMES_MIN
        })
    {
        return format!("its columns are separated by {other:?}, not by commas");
    }
    if names.iter().filter(is_known).count() < HEADER_NAMES_MIN {
        return format!("there is no column `{missing}`; is the first line the header?");
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let heir = match instead(table, missing, &names) {
        Instead::Alike(names) => names.into_iter().next(),
        Instead::Unknown(_) => None,
    };
    match heir {
        Some(heir) => format!("there is no column `{missing}`; the nearest it has is `{heir}`"),
        None => format!("there is no column `{missing}`, without which nothing is told rightly"),
    }
}

fn column(table: Table, name: &str) -> Column {
    let kind: ColumnType = import_type(table, name);
    Column { name: name.to_string(), kind, source_type: type_name(kind).to_string() }
}
