//! The same rows as over a direct connection: values, types and hashes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use backstory::model::table::Table;

use super::{exported, snapshot};
use crate::export::Home;
use crate::export::kept::{Rows, kept};
use crate::export::two_ways::{columns, filled};
use crate::support::postgres::{Database, database};
use crate::support::replayed::incident;
use crate::support::rest::{Rest, SERVICE_KEY, Setup};
use crate::support::told;

const SCHEMA: &str = include_str!("../schema.sql");

/// The rows of a snapshot's first capture without transaction ids, and their digest.
fn rows(home: &Home, table: Table, columns: &[&str]) -> (Rows, String) {
    let snapshot = snapshot(home);
    let mut rows = kept(&snapshot, table, columns);
    for row in rows.values_mut() {
        row.remove("_xid");
    }
    (rows, snapshot.captures()[0].tables[table.name()].digest.clone())
}

/// Both ways, under one key. One that was made for a first export is copied for the second.
fn both(database: &Arc<Database>, setup: Setup) -> (Home, Home) {
    let (direct, over_rest) = (Home::new(), Home::new());
    direct.export_under("none", database);
    same_key(&direct, &over_rest);
    exported(&over_rest, &Rest::serve(database, setup));
    (direct, over_rest)
}

fn same_key(direct: &Home, over_rest: &Home) {
    let key = ".config/backstory/redact.key";
    let to = over_rest.path().join(key);
    std::fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
    std::fs::copy(direct.path().join(key), to).expect("the key");
}

#[test]
fn a_recorded_incident_is_the_same_both_ways() {
    let Some(folder) = incident("false_positive_ssh", "export --rest") else { return };
    let database = database("rest_incident");
    database.load(&folder.join("dump.sql.gz"));
    let database = Arc::new(database);
    let (direct, over_rest) = (Home::new(), Home::new());
    direct.export_all(&database);
    same_key(&direct, &over_rest);
    let rest = Rest::serve(&database, Setup::default());
    let begun = Instant::now();
    let dir = over_rest.path().join("snapshot").display().to_string();
    let args = ["--rest", &rest.url(), "--snapshot", &dir];
    let run = over_rest.export(&args, &[("BACKSTORY_REST_KEY", SERVICE_KEY)]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let (took, requests) = (begun.elapsed(), rest.asked().len());
    let (direct, over_rest) = (snapshot(&direct), snapshot(&over_rest));
    let (direct, over_rest) = (&direct.captures()[0].tables, &over_rest.captures()[0].tables);
    for (table, held) in direct {
        assert_eq!(held.digest, over_rest[table].digest, "{table}");
    }
    let rows: u64 = over_rest.values().map(|held| held.rows_read).sum();
    told(&format!("over REST: {rows} rows in {requests} requests and {:.1} s", took.as_secs_f64()));
}

#[test]
fn values_of_every_kind_are_those_of_a_direct_export() {
    let database = Arc::new(filled("rest_filled"));
    for (rows_max, describes) in [(5, true), (1_000, false)] {
        let setup = Setup { rows_max, describes, ..Setup::default() };
        let (direct, over_rest) = both(&database, setup);
        for table in Table::ALL {
            let names: Vec<&str> = columns(table).map(|(name, _)| *name).collect();
            let (want, digest) = rows(&direct, table, &names);
            let (got, digest_over_rest) = rows(&over_rest, table, &names);
            for (id, row) in &want {
                assert_eq!(Some(row), got.get(id), "{table}:{id}");
            }
            assert_eq!(want.len(), got.len(), "{table}");
            assert_eq!(digest, digest_over_rest, "{table}");
        }
    }
}

#[test]
fn types_that_a_model_does_not_know_are_told_by_the_api() {
    let database = database("rest_types");
    database.sql(SCHEMA);
    database.sql(
        r#"insert into public.tasks (id, params, big, single, double, price, tags, states, agreed, address,
             padded, name, raw, day, local_at, took, doc, "odd ""name""")
           values ('10000000-0000-0000-0000-000000000001', '{"a": [1, 2.50, "x"], "b": null}', 9007199254740993,
             1.1, 1e-300, 12345678901234.567891, '{a,NULL,"b c",""}', '{Queued,"In Progress"}', true, '10.1.2.3/8',
             'ab', 'n', '\x00ff', '2025-11-03', '2025-11-03 14:00:00.000001', '1 day 02:03:04', '[1,  2]', 'odd'),
            ('10000000-0000-0000-0000-000000000002', '"text"', -9223372036854775808, 'NaN', '-Infinity', 'NaN',
             '{}', '{}', false, '::1', '', '', '', 'infinity', 'infinity', '-1 year', '"x"', '"')"#,
    );
    let database = Arc::new(database);
    let (direct, over_rest) = both(&database, Setup::default());
    let names = [
        "id",
        "params",
        "big",
        "single",
        "double",
        "price",
        "tags",
        "states",
        "address",
        "padded",
        "name",
        "raw",
        "day",
        "local_at",
        "took",
        "doc",
        "odd \"name\"",
        "created_at",
    ];
    let (want, _) = rows(&direct, Table::Tasks, &names);
    let (got, _) = rows(&over_rest, Table::Tasks, &names);
    assert_eq!(want.len(), 2);
    for (id, row) in &want {
        let differ: BTreeMap<_, _> =
            row.iter().filter(|(name, cell)| got[id].get(*name) != Some(cell)).collect();
        assert!(differ.is_empty(), "{id}: {differ:?} became {:?}", got[id]);
    }
    // enough of the tables is told to make them again, and to see them change
    let schema = std::fs::read_to_string(over_rest.path().join("snapshot/source_schema.json"))
        .expect("a schema");
    let schema: serde_json::Value = serde_json::from_str(&schema).expect("JSON");
    assert_eq!(schema["enums"]["public.task_status"][1], "In Progress");
    assert_eq!(schema["tables"]["tasks"]["primary_key"][0], "id");
}
