//! The tables a query can name, as views over the snapshot's Parquet files.
//!
//! Every view names every column it promises and casts it, so that no query fails to bind because an
//! era lacked a column or a capture kept it as another type.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::datatypes::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rayon::prelude::*;

use crate::derived::tables::{DERIVED, DerivedTable};
use crate::model::table::Table;
use crate::read::error::ReadError;
use crate::snapshot::column::ColumnType;
use crate::snapshot::error::SnapshotError;
use crate::snapshot::open::Snapshot;
use crate::snapshot::schema::{OWN_COLUMNS, known_columns};

/// The one derived table that is not a file.
const CAPTURES: &str = "captures";

/// One table a query can name.
#[derive(Debug)]
pub(crate) struct View {
    /// Its name.
    pub(crate) name: String,
    /// Whether the snapshot holds it, rows or none.
    pub(crate) held: bool,
    /// Whether it is of a table of evidence.
    pub(crate) is_of_rows: bool,
    /// What it selects.
    select: String,
}

impl View {
    /// The statement that makes it, with something before its name.
    pub(crate) fn create(&self, prefix: &str) -> String {
        format!("create view {} as {}", identifier(&format!("{prefix}{}", self.name)), self.select)
    }

    /// The statement that takes its rows into memory.
    pub(crate) fn as_table(&self) -> String {
        format!("create table {} as {}", identifier(&self.name), self.select)
    }
}

/// Every view over a snapshot, in the order in which they can be created.
pub(crate) fn all(snapshot: &Snapshot) -> Result<Vec<View>, ReadError> {
    let mut views = some(snapshot, &|_| true)?;
    views.push(captures(snapshot));
    views.push(held_tables(snapshot, &views));
    Ok(views)
}

/// The views over files of the tables that are wanted: each costs a look at its files.
pub(crate) fn some(
    snapshot: &Snapshot,
    is_wanted: &(dyn Fn(&str) -> bool + Sync),
) -> Result<Vec<View>, ReadError> {
    let rows = Table::ALL.par_iter().filter(|table| is_wanted(table.name()));
    let rows: Vec<_> = rows.map(|table| of_rows(snapshot, *table)).collect();
    let files = DERIVED.par_iter().filter(|table| table.name != CAPTURES);
    let files = files.filter(|table| is_wanted(table.name));
    let derived: Vec<_> = files.map(|table| of_derived(snapshot, table)).collect();
    // of several that fail the first, whichever thread was faster
    let rows = rows.into_iter().collect::<Result<Vec<_>, _>>()?;
    let derived = derived.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(rows.into_iter().flatten().chain(derived).collect())
}

/// The ids of a list of dependencies, spelled as the server spells an array of ids: a column that became text or
/// JSON, or a list from elsewhere, has quotes, brackets or blanks, which would be read as part of an id.
const DEPENDENCIES: &str = r#"case
    when dependant_on is null or regexp_full_match(dependant_on, '[^\[\]{}",\s]+|\{[^\[\]{}"\s]*\}')
        then dependant_on
    else nullif('{' || array_to_string(list_filter(
        string_split(regexp_replace(regexp_replace(dependant_on, '^(\[[-0-9:]+\])+=', ''), '[\[\]{}"\s]', '', 'g'), ','),
        lambda id: id <> '' and lower(id) <> 'null'), ',') || '}', '{}')
    end"#;

/// A table of evidence: all versions of its rows, and the latest of each.
fn of_rows(snapshot: &Snapshot, table: Table) -> Result<[View; 2], ReadError> {
    let held = snapshot.holds(table);
    let files = canonical(snapshot.files(table))?;
    let own = OWN_COLUMNS.map(|name| (name, own_type(name)));
    let mut select = select(known_columns(table), &own, &files)?;
    if table == Table::Tasks {
        select = format!("select * replace ({DEPENDENCIES} as dependant_on) from ({select})");
    }
    let versions = View { name: format!("{table}_versions"), held, is_of_rows: true, select };
    let select = latest(table, snapshot.has_one_version(table));
    let name = table.name().to_string();
    Ok([versions, View { name, held, is_of_rows: true, select }])
}

fn of_derived(snapshot: &Snapshot, table: &DerivedTable) -> Result<View, ReadError> {
    let folder = snapshot.derived().join(table.name);
    let files = canonical(parquet_files(&folder)?)?;
    let select = select(table.columns, &[], &files)?;
    let held = folder.is_dir();
    Ok(View { name: table.name.to_string(), held, is_of_rows: false, select })
}

/// `captures`: straight from the capture files, because their times belong to no evidence.
pub(crate) fn captures(snapshot: &Snapshot) -> View {
    let time = |text: Option<&str>| match text {
        Some(text) => format!("cast({} as timestamp)", literal(text.trim_end_matches('Z'))),
        None => "cast(null as timestamp)".to_string(),
    };
    let rows: Vec<String> = snapshot
        .captures()
        .iter()
        .map(|capture| {
            let new: u64 = capture.tables.values().map(|held| held.rows_new).sum();
            format!(
                "({}, {}, {}, {}, cast({new} as bigint), {})",
                literal(&capture.id),
                time(Some(&capture.began_at)),
                time(Some(&capture.ended_at)),
                literal(&capture.guarantee),
                time(capture.retention_horizon()),
            )
        })
        .collect();
    let select = format!(
        "select * from (values {}) \
         as t(capture, began_at, ended_at, guarantee, rows_new, retention_horizon)",
        rows.join(", ")
    );
    View { name: CAPTURES.to_string(), held: true, is_of_rows: false, select }
}

/// The latest version of each row. A row without a key is a version of nothing.
fn latest(table: Table, is_only: bool) -> String {
    let versions = format!("select * from {table}_versions");
    if is_only {
        return versions;
    }
    format!(
        "{versions} qualify id is null \
         or row_number() over (partition by id order by _capture desc, _row_hash desc) = 1"
    )
}

/// `snapshot_tables`: which tables the snapshot holds, so that a query can tell empty from unknown, and
/// which of them it holds whole, so that it can tell absent from unread.
fn held_tables(snapshot: &Snapshot, views: &[View]) -> View {
    let rows: Vec<String> = views
        .iter()
        .map(|view| {
            let table = Table::from_name(&view.name);
            let is_whole = table.map_or(view.held, |table| snapshot.is_whole(table));
            format!("({}, {}, {is_whole})", literal(&view.name), view.held)
        })
        .collect();
    let select =
        format!("select * from (values {}) as t(table_name, held, is_whole)", rows.join(", "));
    View { name: "snapshot_tables".to_string(), held: true, is_of_rows: false, select }
}

fn own_type(name: &str) -> ColumnType {
    match name {
        "_xid" => ColumnType::Int,
        "captured_at" => ColumnType::Timestamp,
        _ => ColumnType::Text,
    }
}

/// Promised columns first, then what the files have beside them, then the trailing ones.
fn select(
    promised: &[(&str, ColumnType)],
    trailing: &[(&str, ColumnType)],
    files: &[PathBuf],
) -> Result<String, ReadError> {
    let mut held = Vec::new();
    for file in files {
        held.push(columns_of(file)?);
    }
    let mut columns: Vec<(String, ColumnType)> =
        promised.iter().map(|(name, kind)| (name.to_string(), *kind)).collect();
    for (name, kind) in held.iter().flatten() {
        let same = |known: &str| known.eq_ignore_ascii_case(name);
        if !columns.iter().any(|(known, _)| same(known)) && !trailing.iter().any(|(k, _)| same(k)) {
            // Nobody promised a type: where captures differ, text holds what each of them says.
            let agreed = held.iter().flatten().all(|(other, of)| !same(other) || of == kind);
            columns.push((name.clone(), if agreed { *kind } else { ColumnType::Text }));
        }
    }
    columns.extend(trailing.iter().map(|(name, kind)| (name.to_string(), *kind)));
    let selected = |held: &[Held]| -> String {
        let columns = columns.iter().map(|(name, kind)| selected(name, *kind, held));
        columns.collect::<Vec<_>>().join(", ")
    };
    if files.is_empty() {
        return Ok(format!("select {} where false", selected(&[])));
    }
    let mut parts = Vec::new();
    for (files, held) in that_agree(files, &held) {
        // to unite the columns of one file costs a look at it each time
        let (unite, paths) = (files.len() > 1, paths(&files)?.join(", "));
        let selected = selected(&held);
        parts.push(format!(
            "select {selected} from read_parquet([{paths}], union_by_name = {unite}, hive_partitioning = false)"
        ));
    }
    Ok(parts.join(" union all "))
}

/// Name and type of each column of one file.
type Held = Vec<(String, ColumnType)>;

/// The files in groups in which every column has one type: the engine reads no others as one table.
fn that_agree(files: &[PathBuf], held: &[Held]) -> Vec<(Vec<PathBuf>, Vec<Held>)> {
    let agrees = |one: &Held, other: &Held| {
        one.iter().all(|(name, kind)| {
            other.iter().all(|(known, of)| !known.eq_ignore_ascii_case(name) || of == kind)
        })
    };
    let mut groups: Vec<(Vec<PathBuf>, Vec<Held>)> = Vec::new();
    for (file, held) in files.iter().zip(held) {
        let mut known = groups.iter_mut();
        match known.find(|(_, others)| others.iter().all(|other| agrees(held, other))) {
            Some((files, others)) => {
                files.push(file.clone());
                others.push(held.clone());
            }
            None => groups.push((vec![file.clone()], vec![held.clone()])),
        }
    }
    groups
}

/// One column of a view over files that agree: as it is, else cast, else NULL.
fn selected(name: &str, kind: ColumnType, held: &[Held]) -> String {
    let (quoted, sql) = (identifier(name), sql_type(kind));
    let same = |found: &&(String, ColumnType)| found.0.eq_ignore_ascii_case(name);
    match held.iter().find_map(|file| file.iter().find(same)) {
        None => format!("cast(null as {sql}) as {quoted}"),
        Some((_, as_kept)) if *as_kept == kind => quoted,
        // a number is no time, and the engine has no cast for what makes no sense: its text is none either
        Some((_, ColumnType::Int | ColumnType::Double | ColumnType::Bool))
            if kind == ColumnType::Timestamp =>
        {
            format!("try_cast(cast({quoted} as varchar) as {sql}) as {quoted}")
        }
        Some((_, ColumnType::Timestamp)) => {
            format!("try_cast(cast({quoted} as varchar) as {sql}) as {quoted}")
        }
        Some(_) => format!("try_cast({quoted} as {sql}) as {quoted}"),
    }
}

/// Name and type of each column of a Parquet file, from its footer.
fn columns_of(path: &Path) -> Result<Held, SnapshotError> {
    let file = File::open(path).map_err(|err| SnapshotError::io("read", path, err))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .map_err(|source| SnapshotError::Parquet { path: path.to_path_buf(), source })?;
    let fields = reader.schema().fields().iter();
    Ok(fields.map(|field| (field.name().clone(), kept_as(field.data_type()))).collect())
}

fn kept_as(of: &DataType) -> ColumnType {
    if of.is_integer() {
        ColumnType::Int
    } else if of.is_floating() {
        ColumnType::Double
    } else if matches!(of, DataType::Boolean) {
        ColumnType::Bool
    } else if matches!(of, DataType::Timestamp(_, _)) {
        ColumnType::Timestamp
    } else {
        ColumnType::Text
    }
}

fn sql_type(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Int => "bigint",
        ColumnType::Double => "double",
        ColumnType::Bool => "boolean",
        ColumnType::Timestamp => "timestamp",
        ColumnType::Text => "varchar",
    }
}

/// The Parquet files of a folder, sorted; none where there is no folder. Files in the making have
/// another suffix.
fn parquet_files(folder: &Path) -> Result<Vec<PathBuf>, SnapshotError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries =
        std::fs::read_dir(folder).map_err(|err| SnapshotError::io("read", folder, err))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|err| SnapshotError::io("read", folder, err))?.path();
        if path.extension().is_some_and(|suffix| suffix == "parquet") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Absolute and without links, as the engine's lock compares them.
fn canonical(files: Vec<PathBuf>) -> Result<Vec<PathBuf>, SnapshotError> {
    let absolute = |path: PathBuf| {
        path.canonicalize().map_err(|err| SnapshotError::io("read", path.clone(), err))
    };
    files.into_iter().map(absolute).collect()
}

fn paths(files: &[PathBuf]) -> Result<Vec<String>, ReadError> {
    files.iter().map(|file| path_literal(file)).collect()
}

/// A path as a SQL string.
pub(crate) fn path_literal(path: &Path) -> Result<String, ReadError> {
    path.to_str().map(literal).ok_or_else(|| ReadError::Path(path.to_path_buf()))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_quotes() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
    }

    #[test]
    fn a_column_is_cast_only_where_its_files_disagree_with_what_is_promised() {
        let int = vec![("n".to_string(), ColumnType::Int)];
        let text = vec![("N".to_string(), ColumnType::Text)];
        assert_eq!(selected("n", ColumnType::Int, &[int.clone(), Vec::new()]), "\"n\"");
        assert_eq!(
            selected("n", ColumnType::Int, std::slice::from_ref(&text)),
            "try_cast(\"n\" as bigint) as \"n\""
        );
        assert_eq!(
            selected("n", ColumnType::Timestamp, std::slice::from_ref(&int)),
            "try_cast(cast(\"n\" as varchar) as timestamp) as \"n\""
        );
        let files: Vec<PathBuf> = ["a", "b", "c"].map(PathBuf::from).to_vec();
        let groups = that_agree(&files, &[int.clone(), text, int]);
        let names: Vec<usize> = groups.iter().map(|(files, _)| files.len()).collect();
        assert_eq!(names, [2, 1], "the first and the last are one table");
        assert_eq!(selected("n", ColumnType::Bool, &[]), "cast(null as boolean) as \"n\"");
    }
}
