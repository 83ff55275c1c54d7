//! The same rows by two ways, from the server and from its CSV files, end in the same bytes.

use std::fs;

use backstory::model::table::Table;

use crate::support::postgres::database;
use crate::support::replayed::{Bench, assert_same_files, incident};

#[test]
fn export_and_import_of_the_same_rows_replay_to_the_same_bytes() {
    let Some(folder) = incident("false_positive_ssh", "the round trip") else { return };
    let database = database("roundtrip_ssh");
    database.load(&folder.join("dump.sql.gz"));
    let bench = Bench::new();
    bench.run("export", "exported", &["--db", &database.url()]).ok();

    let files = bench.path("files");
    fs::create_dir(&files).expect("a new folder");
    let mut copied = 0;
    for table in Table::ALL.map(Table::name) {
        let there = database.sql(&format!("select to_regclass('public.{table}') is not null"));
        if there.trim() == "t" {
            database.copy_csv(table, &files);
            copied += 1;
        }
    }
    assert!(copied >= 4, "{copied} tables");
    bench.import(&files, "imported");

    for snapshot in ["exported", "imported"] {
        bench.run("replay", snapshot, &[]).ok();
    }
    assert_same_files(&bench.derived("exported"), &bench.derived("imported"), "two ways");
}
