//! No canary sings: in no byte of a snapshot, and in nothing the program says.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use crate::redact::canary::{Cage, Hay, Kind};
use crate::redact::evidence::{Rows, tables, write_csv, write_ndjson};
use crate::redact::hay;
use crate::support::postgres::{Database, PASSWORD, database};
use crate::support::replayed::Bench;

/// Asks everything there is to ask, and keeps the answers.
fn listen(bench: &Bench, snapshot: &str, hay: &mut Hay) {
    let mut say = |verb: &str, more: &[&str], codes: &[i32]| {
        let ran = bench.run(verb, snapshot, more);
        assert!(codes.contains(&ran.code), "{verb} {more:?}: {}", ran.stderr);
        hay.add(format!("{verb} {more:?} (stdout)"), ran.stdout);
        hay.add(format!("{verb} {more:?} (stderr)"), ran.stderr);
    };
    say("replay", &[], &[0]);
    for format in ["text", "json", "csv"] {
        say("findings", &["--verdict", "all", "--format", format], &[0]);
        for table in
            ["system_logs", "workers", "tasks", "generations", "events", "unknown_messages"]
        {
            say("sql", &["--format", format, &format!("select * from {table}")], &[0]);
        }
    }
    say("sql", &["select cast(message as integer) from system_logs"], &[5]);
    say("sql", &["select error(message) from system_logs"], &[5]);
}

#[track_caller]
fn assert_silent(cage: &Cage, bench: &Bench, snapshot: &str, mut hay: Hay) {
    listen(bench, snapshot, &mut hay);
    hay::snapshot(&bench.path(snapshot), &mut hay);
    let (leaks, bytes) = (cage.leaks(&hay), hay.bytes());
    let line = format!(
        "canaries: {} planted, {} leaked, {bytes} bytes searched",
        cage.count(),
        leaks.len()
    );
    drop(writeln!(std::io::stderr(), "{line} ({snapshot})"));
    assert!(bytes > 1_000_000, "{line}: too little was searched");
    assert!(leaks.is_empty(), "{line}\n{}", leaks.join("\n"));
}

/// Makes the import say something about lines that it cannot read.
fn spoil(cage: &mut Cage, folder: &Path, suffix: &str) {
    let mut append = |table: &str, kind, line: &str| {
        let path = folder.join(format!("{table}.{suffix}"));
        let mut file = fs::OpenOptions::new().append(true).open(path).expect("a file");
        let line = cage.fill(kind, line, "an unreadable line");
        file.write_all(line.as_bytes()).expect("room for a line");
    };
    let csv = suffix == "csv";
    append("workers", Kind::Words, if csv { "w9,@@\n" } else { "\n{\"id\": \"@@\", broken\n" });
    append("tasks", Kind::Email, if csv { "@@,@@,@@,@@\n" } else { "\n[\"@@\"]\n" });
    append(
        "system_logs",
        Kind::Jwt,
        if csv { "l9,@@,a,b,INFO,x,,,,\n" } else { "\n{\"id\":1,\"id\":\"@@\"}\n" },
    );
    append("generations", Kind::Words, if csv { "g9,\"@@ never closed,,,\n" } else { "\n@@\n" });
}

fn import(bench: &Bench, snapshot: &str, policy: &str) -> Hay {
    let from = bench.path("from");
    let mut hay = Hay::default();
    let ran = bench.run(
        "import",
        snapshot,
        &["--from", from.to_str().expect("UTF-8"), "--redact", policy],
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("tasks.") && ran.stderr.contains("unreadable"), "{}", ran.stderr);
    hay.add("import (stdout)", ran.stdout);
    hay.add("import (stderr)", ran.stderr);
    hay
}

#[test]
fn no_canary_leaves_an_import_of_csv() {
    let (bench, mut cage) = (Bench::new(), Cage::default());
    write_csv(&tables(&mut cage), &bench.path("from"));
    spoil(&mut cage, &bench.path("from"), "csv");
    for policy in ["standard", "strict"] {
        let hay = import(&bench, policy, policy);
        assert_silent(&cage, &bench, policy, hay);
    }
}

#[test]
fn no_canary_leaves_an_import_of_ndjson() {
    let (bench, mut cage) = (Bench::new(), Cage::default());
    write_ndjson(&tables(&mut cage), &bench.path("from"));
    spoil(&mut cage, &bench.path("from"), "ndjson");
    let hay = import(&bench, "standard", "standard");
    assert_silent(&cage, &bench, "standard", hay);
}

#[test]
fn without_redaction_the_canaries_sing() {
    let (bench, mut cage) = (Bench::new(), Cage::default());
    write_csv(&tables(&mut cage), &bench.path("from"));
    let from = bench.path("from");
    let ran =
        bench.run("import", "none", &["--from", from.to_str().expect("UTF-8"), "--redact", "none"]);
    assert!(ran.stderr.contains("warning: nothing is redacted"), "{}", ran.stderr);
    let mut hay = Hay::default();
    hay::snapshot(&bench.path("none"), &mut hay);
    let leaks = cage.leaks(&hay);
    let mut heard: Vec<&str> = leaks.iter().filter_map(|leak| leak.split('\n').next()).collect();
    heard.dedup();
    // one dress may hide its canary from the search, as a private key cut by escapes does; not many
    assert!(heard.len() * 100 > cage.count() * 97, "{} of {}", heard.len(), cage.count());
}

#[test]
fn no_canary_leaves_an_export() {
    let (bench, mut cage) = (Bench::new(), Cage::default());
    let database = database("canaries");
    let folder = bench.path("from");
    let tables = tables(&mut cage);
    write_csv(&tables, &folder);
    for (table, rows) in &tables {
        load(&database, table, rows, &folder);
    }
    let secret = cage.value(Kind::SupabaseKey, "a column's default");
    let words = cage.fill(Kind::Email, "@@", "a column's default");
    database.sql(&format!("alter table tasks add column note text default '{secret} {words}'"));
    let ran = bench.run("export", "standard", &["--db", &database.url()]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let mut hay = Hay::default();
    hay.add("export (stderr)", ran.stderr.as_bytes());
    let wrong = database.url().replace(PASSWORD, &cage.value(Kind::Password, "a wrong password"));
    let ran = bench.run("export", "standard", &["--db", &wrong]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    hay.add("export with a wrong password (stderr)", ran.stderr);
    let kept = fs::read_to_string(bench.path("standard/manifest.json")).expect("a manifest");
    assert!(kept.contains("\"policy\": \"standard\""), "{kept}");
    assert_silent(&cage, &bench, "standard", hay);
}

/// A table of that name with these rows; documents are `jsonb` where they can be.
fn load(database: &Database, table: &str, rows: &Rows, folder: &Path) {
    let kinds: BTreeMap<&str, &str> = BTreeMap::from([
        ("timestamp", "timestamptz"),
        ("metadata", "jsonb"),
        ("result_data", "jsonb"),
        ("generation_created", "boolean"),
    ]);
    let columns: Vec<String> = rows
        .columns
        .iter()
        .map(|name| format!("\"{name}\" {}", kinds.get(name).unwrap_or(&"text")))
        .collect();
    database
        .sql(&format!("create table public.{table} ({}, primary key (id))", columns.join(", ")));
    let file = folder.join(format!("{table}.csv"));
    let from = file.display();
    database.sql(&format!("\\copy public.{table} from '{from}' with (format csv, header)\n"));
}
