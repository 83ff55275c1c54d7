//! What stands in the Parquet files is what PostgreSQL prints.

use std::path::Path;

use backstory::model::table::Table;
use backstory::model::time::Micros;
use backstory::snapshot::open::Snapshot;

use crate::export::Home;
use crate::export::kept::{Cell, Rows, kept};
use crate::support::postgres::{Database, PASSWORD, database};

const SCHEMA: &str = include_str!("schema.sql");
const ROWS: &str = include_str!("rows.sql");

/// The same rows as PostgreSQL prints them, brought to the form of the kept ones by their type.
fn printed(database: &Database, table: Table, kept: &Rows, dir: &Path) -> Rows {
    let name = table.name();
    let path = dir.join("printed.csv");
    let sql = format!(
        "\\copy public.{name} to '{}' with (format csv, header, force_quote *, null '\\N')\n",
        path.display()
    );
    database.sql(&sql);
    let mut reader = csv::Reader::from_path(&path).expect("a CSV file");
    let names: Vec<String> =
        reader.headers().expect("a header").iter().map(str::to_string).collect();
    let mut rows = Rows::new();
    for record in reader.records() {
        let record = record.expect("a row");
        let id = record[names.iter().position(|name| name == "id").expect("an id")].to_string();
        let of_kept = &kept[&id];
        let cells = names.iter().zip(&record).filter(|(name, _)| of_kept.contains_key(*name));
        let cells = cells.map(|(name, text)| (name.clone(), like(text, &of_kept[name])));
        rows.insert(id.clone(), cells.collect());
    }
    rows
}

/// A printed text as a cell of the kept one's type.
fn like(text: &str, kept: &Cell) -> Cell {
    let text = text.to_string();
    match kept {
        // `\N` is NULL, and no value of these tests is that text.
        _ if text == "\\N" => Cell::Null,
        Cell::Number(_) => text.parse().map_or(Cell::Text(text), Cell::Number),
        Cell::Double(_) => {
            text.parse().map_or(Cell::Text(text), |x: f64| Cell::Double(x.to_bits()))
        }
        Cell::Bool(_) => Cell::Bool(text == "t"),
        Cell::Time(_) => Micros::parse(&text).map_or(Cell::Text(text), |at| Cell::Time(at.0)),
        Cell::Null | Cell::Text(_) => Cell::Text(text),
    }
}

fn columns(database: &Database, table: Table) -> Vec<String> {
    let sql = format!(
        "select attname from pg_attribute where attrelid = 'public.{}'::regclass and attnum > 0 \
         and not attisdropped and attname <> '_capture'",
        table.name()
    );
    database.sql(&sql).lines().map(str::to_string).collect()
}

#[test]
fn every_value_of_every_type_is_as_postgresql_prints_it() {
    let database = database("round_trip");
    database.sql(SCHEMA);
    database.sql(ROWS);
    let home = Home::new();
    let run = home.export_under("none", &database);
    assert!(run.stderr.contains("system_logs: 9002 rows read, 9002 new"), "{}", run.stderr);
    assert!(run.stderr.contains("column `_capture` left out"), "{}", run.stderr);
    assert!(run.stderr.contains("generations: the source has no such table"), "{}", run.stderr);
    let snapshot = Snapshot::open(&home.path().join("snapshot")).expect("a snapshot");
    snapshot.check_hashes().expect("whole files");
    for (table, count) in [(Table::SystemLogs, 9_002), (Table::Workers, 2), (Table::Tasks, 3)] {
        let names = columns(&database, table);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut kept = kept(&snapshot, table, &names);
        assert_eq!(kept.len(), count);
        let want = printed(&database, table, &kept, home.path());
        for (id, row) in &mut kept {
            row.remove("_xid");
            assert_eq!(row.len(), names.len());
            assert_eq!(*row, want[id], "{table}:{id}");
        }
    }
    let tasks = kept(&snapshot, Table::Tasks, &["id", "created_at", "local_at"]);
    let third = &tasks["10000000-0000-0000-0000-000000000003"];
    assert_eq!(third["created_at"], Cell::Text("10000-01-01 00:00:00.5+00".to_string()));
    assert_eq!(third["local_at"], Cell::Text("294276-12-31 23:59:59.999999".to_string()));
}

#[test]
fn rows_carry_the_transaction_that_wrote_them() {
    let database = database("xid");
    database.sql(SCHEMA);
    let mut want = Vec::new();
    for id in ["gpu-1", "gpu-2"] {
        let sql = format!(
            "begin; insert into public.workers (id, instance_type) values ('{id}', 'x'); \
             select pg_current_xact_id(); commit;"
        );
        let xid: i64 = database.sql(&sql).trim().parse().expect("a transaction id");
        want.push((id.to_string(), Cell::Number(xid)));
    }
    database.sql("vacuum (freeze) public.workers");
    let home = Home::new();
    home.export_all(&database);
    let snapshot = Snapshot::open(&home.path().join("snapshot")).expect("a snapshot");
    let rows = kept(&snapshot, Table::Workers, &["id"]);
    let xids: Vec<(String, Cell)> =
        rows.into_iter().map(|(id, row)| (id, row["_xid"].clone())).collect();
    assert_eq!(xids, want);
}

#[test]
fn a_second_export_adds_what_changed() {
    let database = database("twice");
    database.sql(SCHEMA);
    database.sql(ROWS);
    let home = Home::new();
    home.export_all(&database);
    database.sql("update public.tasks set attempts = 7 where attempts = 0");
    database.sql("delete from public.workers where id = 'gpu-2' or id = 'gpu-1' and false");
    database.sql("delete from public.tasks where attempts is null");
    let run = home.export_all(&database);
    assert!(run.stderr.contains("rows read, 0 new"), "{}", run.stderr);
    assert!(run.stderr.contains("tasks: 2 rows read, 1 new"), "{}", run.stderr);
    let snapshot = Snapshot::open(&home.path().join("snapshot")).expect("a snapshot");
    let tasks = &snapshot.captures()[1].tables["tasks"];
    assert_eq!(tasks.disappeared, ["10000000-0000-0000-0000-000000000003"]);
}

#[test]
fn all_tables_are_read_at_one_instant() {
    let database = database("one_instant");
    database.sql(SCHEMA);
    let pair = "begin; insert into public.workers (id, instance_type) values (gen_random_uuid(), 'x'); \
                insert into public.tasks (id, params) values (gen_random_uuid(), '{}'); commit;\n";
    let mut halfway = false;
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| database.sql(&pair.repeat(4_000)));
        while !writing.is_finished() {
            let home = Home::new();
            home.export_all(&database);
            let snapshot = Snapshot::open(&home.path().join("snapshot")).expect("a snapshot");
            let tables = &snapshot.captures()[0].tables;
            let (workers, tasks) = (tables["workers"].rows_read, tables["tasks"].rows_read);
            assert_eq!(workers, tasks, "two tables at two instants");
            halfway |= (1..4_000).contains(&workers);
        }
    });
    assert!(halfway, "no export ran beside the writer");
}

#[test]
fn manifest_and_schema_say_what_was_read_and_not_how() {
    let database = database("manifest");
    database.sql(SCHEMA);
    let home = Home::new();
    home.export_all(&database);
    let dir = home.path().join("snapshot");
    let snapshot = Snapshot::open(&dir).expect("a snapshot");
    let source = &snapshot.manifest().source;
    let keys: Vec<&str> = source.keys().map(String::as_str).collect();
    let want = [
        "database",
        "database_oid",
        "kind",
        "schema_fingerprint",
        "server_started_at",
        "server_version",
        "system_identifier",
        "timeline",
    ];
    assert_eq!(keys, want);
    assert_eq!(source["kind"], "postgres");
    let capture = &snapshot.captures()[0];
    assert_eq!(capture.guarantee, "transactional");
    assert_eq!(capture.database_snapshot.as_deref().map(|text| text.matches(':').count()), Some(2));
    for file in ["manifest.json", "source_schema.json", "captures/c000001.json"] {
        let text = std::fs::read_to_string(dir.join(file)).expect("a file of the snapshot");
        for secret in [PASSWORD, "127.0.0.1", &database.port().to_string()] {
            assert!(!text.contains(secret), "`{secret}` in {file}");
        }
    }
    let text = std::fs::read(dir.join("source_schema.json")).expect("a schema");
    let schema: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    let tasks = &schema["tables"]["tasks"];
    assert_eq!(tasks["primary_key"], serde_json::json!(["id"]));
    assert_eq!(
        tasks["columns"][1],
        serde_json::json!({
            "name": "status", "type": "public.task_status", "not_null": true,
            "default": "'Queued'::public.task_status",
        })
    );
    assert_eq!(tasks["columns"][10]["type"], "numeric(20,6)");
    let kinds: Vec<&str> =
        tasks["keys"].as_array().expect("keys").iter().filter_map(|k| k["kind"].as_str()).collect();
    assert_eq!(kinds, ["unique", "foreign"]);
    assert_eq!(schema["enums"]["public.task_status"][1], "In Progress");
}
