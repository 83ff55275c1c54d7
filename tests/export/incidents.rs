//! The recorded incidents, where they are at hand.

use std::path::Path;

use backstory::model::table::Table;
use backstory::snapshot::open::Snapshot;

use crate::export::Home;
use crate::support::postgres::database;
use crate::support::skipped;

fn check(incident: &str, database_name: &str) {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let dump = shared.join("data").join(incident).join("dump.sql.gz");
    if !dump.is_file() {
        skipped(&format!("../shared is not here ({incident} was not exported)"));
        return;
    }
    let database = database(database_name);
    database.load(&dump);
    let home = Home::new();
    home.export_all(&database);
    let snapshot = Snapshot::open(&home.path().join("snapshot")).expect("a snapshot");
    snapshot.check_hashes().expect("whole files");
    for table in Table::ALL {
        let name = table.name();
        let sql = format!("select to_regclass('public.{name}') is not null");
        let there = database.sql(&sql).trim() == "t";
        assert_eq!(snapshot.holds(table), there, "{incident}: {table}");
        if !there {
            continue;
        }
        let csv = database.copy_csv(name, home.path());
        let mut reader = csv::Reader::from_path(csv).expect("a CSV file");
        let rows: u64 = reader.records().map(|row| row.map_or(0, |_| 1)).sum();
        let held = &snapshot.captures()[0].tables[name];
        assert!(rows > 0, "{incident}: {table} is empty");
        assert_eq!((held.rows_read, held.rows_new), (rows, rows), "{incident}: {table}");
        assert_eq!(held.files.iter().map(|file| file.rows).sum::<u64>(), rows);
    }
}

#[test]
fn false_positive_ssh_is_exported_whole() {
    check("false_positive_ssh", "incident_ssh");
}

#[test]
fn missing_generations_is_exported_whole() {
    check("missing_generations", "incident_generations");
}

#[test]
fn stuck_and_orphans_is_exported_whole() {
    check("stuck_and_orphans/t3", "incident_stuck");
}
