//! The same rows over the wire and through `\copy ... csv`: the same values, type and all, where an
//! import knows the type.

use std::fs;

use backstory::model::table::Table;
use backstory::snapshot::column::ColumnType;
use backstory::snapshot::open::Snapshot;
use backstory::snapshot::schema::{is_own, known_columns};

use crate::export::kept::{Cell, Rows, kept};
use crate::export::{export_into, import_into};
use crate::support::postgres::{Database, database};
use crate::support::replayed::Bench;

/// Values of every way in which a column is kept; a row has one of each kind.
const ROWS: [[&str; 5]; 12] = [
    // int, double, bool, timestamptz, text
    ["null", "null", "null", "null", "null"],
    ["-2147483648", "'NaN'", "true", "'infinity'", "''"],
    ["2147483647", "'Infinity'", "false", "'-infinity'", "'\\N'"],
    ["0", "'-Infinity'", "true", "'4714-11-24 00:00:00+00 BC'", "'NULL'"],
    ["-1", "'-0'", "false", "'0001-12-31 23:59:59.999999+00 BC'", "E'a\\n\\\\.\\nb'"],
    ["1", "5e-324", "true", "'0001-01-01 00:00:00+00'", "'\"quoted\", é 🦀'"],
    ["2", "1.7976931348623157e308", "null", "'1969-12-31 23:59:59.999999+00'", "' '"],
    ["3", "0.1", "null", "'2025-11-03 14:00:00.60315+00'", "E'\\r\\n'"],
    ["4", "1e15", "null", "'9999-12-30 22:00:00.999999+00'", "repeat('x', 100000)"],
    ["5", "1e16", "null", "'9999-12-30 22:00:01+00'", "E'tab\\tand\\\\back'"],
    ["6", "123456789", "null", "'9999-12-31 23:59:59.999999+00'", "'{\"a\": [1, 2.50]}'"],
    ["7", "1e-7", "null", "'294276-12-31 23:59:59.999999+00'", "e'\\ufeff'"],
];

/// The columns of the source that a table is known to have had.
pub(super) fn columns(
    table: Table,
) -> impl Iterator<Item = &'static (&'static str, ColumnType)> + Clone {
    known_columns(table).iter().filter(|(name, _)| !is_own(name))
}

fn place(kind: ColumnType) -> (usize, &'static str) {
    match kind {
        ColumnType::Int => (0, "integer"),
        ColumnType::Double => (1, "double precision"),
        ColumnType::Bool => (2, "boolean"),
        ColumnType::Timestamp => (3, "timestamp with time zone"),
        ColumnType::Text => (4, "text"),
    }
}

/// All our tables with all the columns that any revision had, as the types they were of.
pub(super) fn filled(name: &str) -> Database {
    let database = database(name);
    for table in Table::ALL {
        let columns = columns(table);
        let declared: Vec<String> =
            columns.clone().map(|(name, kind)| format!("\"{name}\" {}", place(*kind).1)).collect();
        let mut sql = format!("create table public.{table} ({});\n", declared.join(", "));
        for (at, row) in ROWS.iter().enumerate() {
            // A log line without a time is no evidence for an import.
            let untimed = |text: &str| table == Table::SystemLogs && !text.starts_with("'20");
            let value = |(name, kind): &(&str, ColumnType)| match *name {
                "id" => format!("'{table} {at}'"),
                "timestamp" if untimed(row[3]) => format!("'2025-11-03 14:00:{at:02}+00'"),
                _ => row[place(*kind).0].to_string(),
            };
            let values: Vec<String> = columns.clone().map(value).collect();
            sql += &format!("insert into public.{table} values ({});\n", values.join(", "));
        }
        database.sql(&sql);
    }
    database
}

fn rows(bench: &Bench, snapshot: &str, table: Table) -> (Rows, String) {
    let snapshot = Snapshot::open(&bench.path(snapshot)).expect("a snapshot");
    let columns: Vec<&str> = columns(table).map(|(name, _)| *name).collect();
    let mut rows = kept(&snapshot, table, &columns);
    for row in rows.values_mut() {
        row.remove("_xid");
    }
    (rows, snapshot.captures()[0].tables[table.name()].digest.clone())
}

#[test]
fn export_and_import_keep_the_same_values_and_hashes() {
    let database = filled("two_ways");
    let bench = Bench::new();
    export_into(&bench, &database, "exported");
    let files = bench.path("files");
    fs::create_dir(&files).expect("a new folder");
    for table in Table::ALL {
        database.copy_csv(table.name(), &files);
    }
    import_into(&bench, &files, "imported");
    for table in Table::ALL {
        let (exported, digest) = rows(&bench, "exported", table);
        let (imported, digest_of_import) = rows(&bench, "imported", table);
        assert_eq!(exported.len(), ROWS.len(), "{table}");
        for (id, row) in &exported {
            assert_eq!(Some(row), imported.get(id), "{table}:{id}");
        }
        assert_eq!(digest, digest_of_import, "{table}");
        let of = |at: usize, column: &str| exported[&format!("{table} {at}")][column].clone();
        if table != Table::SystemLogs {
            assert_eq!(of(1, "created_at"), Cell::Text("infinity".to_string()), "{table}");
            assert!(matches!(of(7, "created_at"), Cell::Time(_)), "{table}");
        }
    }
}

#[test]
fn a_dump_in_another_time_zone_says_the_same_instants() {
    let database = filled("two_ways_zone");
    // The instants that a calendar has; what lies beyond is kept as the text it came as.
    database.sql(
        "delete from public.tasks where created_at is null or created_at = 'infinity' \
         or created_at not between '0002-01-01 00:00:00+00' and '9999-01-01 00:00:00+00'",
    );
    database.sql(
        "insert into public.tasks (id, created_at) values \
         ('lmt', '1800-06-01 12:00:00+00'), ('summer', '2025-10-26 00:30:00+00'), \
         ('winter', '2025-10-26 01:30:00+00')",
    );
    let bench = Bench::new();
    export_into(&bench, &database, "exported");
    let (want, _) = rows(&bench, "exported", Table::Tasks);
    for zone in ["Europe/Berlin", "America/Los_Angeles", "Asia/Kathmandu", "Africa/Monrovia"] {
        let files = bench.path(&zone.replace('/', "_"));
        fs::create_dir(&files).expect("a new folder");
        for table in ["tasks", "system_logs", "workers"] {
            let to = files.join(format!("{table}.csv"));
            database.sql(&format!(
                "set timezone = '{zone}';\n\\copy public.{table} to '{}' with (format csv, header)\n",
                to.display()
            ));
        }
        import_into(&bench, &files, zone);
        let (got, _) = rows(&bench, zone, Table::Tasks);
        for (id, row) in &want {
            assert_eq!(Some(&row["created_at"]), got[id].get("created_at"), "{zone}: {id}");
        }
    }
}
