//! The same rows by two ways, from the server and from its CSV files, end in the same bytes.

use std::fs;

use backstory::model::table::Table;

use crate::support::postgres::database;
use crate::support::replayed::{Bench, assert_same_files, incident};
use crate::support::run::backstory;

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

#[test]
fn a_fleet_simulated_into_a_database_is_exported_as_its_files_are_imported() {
    for era in ["E4", "E6", "E12"] {
        let database = database(&format!("roundtrip_{}", era.to_lowercase()));
        let bench = Bench::new();
        let files = bench.path("fleet");
        let out = files.to_str().expect("UTF-8");
        let (url, fleet) = (database.url(), ["--workers", "3", "--hours", "1", "--era", era]);
        let args = [&["simulate", "--out", out, "--db", &url][..], &fleet[..]].concat();
        backstory(&bench.path(""), &args).ok();
        bench.run("export", "exported", &["--db", &url]).ok();
        bench.import(&files, "imported");
        for snapshot in ["exported", "imported"] {
            bench.run("replay", snapshot, &[]).ok();
        }
        // `jsonb` prints JSON anew, so the evidence that the manifest names has other hashes
        let derived = |snapshot: &str| {
            let mut files = bench.derived(snapshot);
            files.remove("manifest.json").expect("a manifest");
            files
        };
        assert_same_files(&derived("exported"), &derived("imported"), era);
    }
}
