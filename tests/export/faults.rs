//! Every way an export can fail: exit code, words, and nothing left that claims to be a snapshot.

use std::ffi::OsStr;
use std::path::Path;

use backstory::snapshot::open::Snapshot;

use crate::export::{Home, Run};
use crate::support::postgres::{Database, PASSWORD, database};
use crate::support::proxy::{Fate, Proxy};

const SCHEMA: &str = include_str!("schema.sql");
const ROWS: &str = include_str!("rows.sql");

/// Exports a URL into `<home>/snapshot`.
fn export(home: &Home, url: &str) -> Run {
    let dir = home.path().join("snapshot");
    let args = [OsStr::new("--snapshot"), dir.as_ref(), "--retries".as_ref(), "0".as_ref()];
    home.export(&args, &[("BACKSTORY_DB", url)])
}

/// The message of a failed export, which must leave nothing behind.
fn failure(url: &str, code: i32) -> String {
    let home = Home::new();
    let run = export(&home, url);
    assert_eq!(run.code, code, "{}", run.stderr);
    assert!(!home.path().join("snapshot").exists(), "a failed export left its directory");
    run.stderr
}

fn ready(name: &str) -> Database {
    let database = database(name);
    database.sql(SCHEMA);
    database.sql(ROWS);
    database
}

#[test]
fn a_url_that_is_none() {
    let text = failure(&format!("mysql://root:{PASSWORD}@localhost/x"), 2);
    insta::assert_snapshot!(text, @r#"
        error: the database cannot be reached as given
          because: it is neither a postgres:// URL nor `key=value` text that can be parsed
        hint: --db postgres://USER@HOST:PORT/DATABASE, the password in PGPASSWORD
    "#);
    let text = failure(&format!("postgres://ann:{PASSWORD}@home@localhost/x"), 2);
    insta::assert_snapshot!(text, @r#"
        error: the database cannot be reached as given
          because: it has a second `@`, so the end of the password cannot be told
        hint: write `@` in a password as %40
    "#);
    let text = failure(&format!("postgres://ann:{PASSWORD}@localhost/x?sslmode=maybe"), 2);
    insta::assert_snapshot!(text, @r#"
        error: the database cannot be reached as given
          because: its `sslmode` has a value that is not possible
        hint: sslmode is disable, prefer, require or verify-full
    "#);
    let text = failure(&format!("postgres://ann:{PASSWORD}@localhost:99999/x"), 2);
    insta::assert_snapshot!(text, @r#"
        error: the database cannot be reached as given
          because: its `port` has a value that is not possible
        hint: a port is a number from 1 to 65535; PostgreSQL is on 5432, poolers often on 6543
    "#);
    let text = failure("host=localhost connect_timeout=soon", 2);
    insta::assert_snapshot!(text, @r#"
        error: the database cannot be reached as given
          because: its `connect_timeout` has a value that is not possible
        hint: it is a whole number: connect_timeout of seconds
    "#);
}

#[test]
fn no_database_at_all_or_one_without_its_name() {
    let home = Home::new();
    let run = home.export(&["--snapshot", "never"], &[]);
    assert_eq!(run.code, 2);
    insta::assert_snapshot!(run.stderr, @r#"
        error: the database cannot be reached as given
          because: no database was named
        hint: --db postgres://USER@HOST:PORT/DATABASE, or set BACKSTORY_DB, PGSERVICE, or PGHOST and the others
    "#);
    let url = format!("postgres://ann:{PASSWORD}@localhost/x");
    let run = home.export(&[url.as_str(), "--snapshot", "never"], &[]);
    assert_eq!(run.code, 2);
    insta::assert_snapshot!(run.stderr, @r#"
        error: `export` takes no argument without a name
        hint: name the database with --db URL
    "#);
}

#[test]
fn nobody_listens() {
    let text = failure(&format!("postgres://postgres:{PASSWORD}@127.0.0.1:1/x"), 3);
    insta::assert_snapshot!(text, @r#"
        error: cannot connect to 127.0.0.1, port 1
          because: Connection refused (os error 111)
        hint: check host and port, and that the network lets you reach them
    "#);
}

#[test]
fn a_host_that_does_not_exist() {
    let text = failure(&format!("postgres://postgres:{PASSWORD}@no.such.host.invalid/x"), 3);
    assert!(text.starts_with("error: cannot connect to no.such.host.invalid, port 5432"), "{text}");
}

#[test]
fn a_wrong_password_a_missing_one_and_an_unknown_database() {
    let database = ready("wrong_password");
    let text = failure(&database.url_as("postgres", "not-this-one"), 3);
    assert!(!text.contains("not-this-one"));
    let without_port = |text: String| text.replace(&database.port().to_string(), "PORT");
    insta::assert_snapshot!(without_port(text), @r#"
        error: the server refused the user name or the password (role `postgres`, database `wrong_password`, at 127.0.0.1, port PORT)
        hint: check user and password (PGPASSWORD, ~/.pgpass; in a URL, percent-encode `@ : / ? #`)
    "#);
    let bare = format!("postgres://postgres@127.0.0.1:{}/wrong_password", database.port());
    insta::assert_snapshot!(without_port(failure(&bare, 3)), @r#"
        error: the server asks for a password, and none was given (role `postgres`, database `wrong_password`, at 127.0.0.1, port PORT)
        hint: check user and password (PGPASSWORD, ~/.pgpass; in a URL, percent-encode `@ : / ? #`)
    "#);
    let other = format!("{}_of_another_name", database.url());
    insta::assert_snapshot!(without_port(failure(&other, 3)), @r#"
        error: the server has no database of that name (role `postgres`, database `wrong_password_of_another_name`, at 127.0.0.1, port PORT)
        hint: check the name: after the last `/` of the URL, dbname= or PGDATABASE; where none is given it is that of the role
    "#);
}

#[test]
fn a_required_table_is_missing() {
    let database = ready("missing_table");
    database.sql("drop table public.tasks");
    insta::assert_snapshot!(failure(&database.url(), 3), @r#"
        error: the database has no table `public.tasks`
        hint: is this the orchestrator's database? its tables live in `public`, and a view is none
    "#);
    database.sql("create view public.tasks as select 1 as id");
    insta::assert_snapshot!(failure(&database.url(), 3), @r#"
        error: the database has no table `public.tasks`; what has that name there is a view
        hint: only tables of schema `public` are read: write what you have to CSV files, as in \copy (select * from SCHEMA.TABLE) to TABLE.csv csv header, and use `backstory import`
    "#);
}

#[test]
fn tables_of_another_schema_are_told() {
    let database = ready("other_schema");
    database.sql("create schema app; alter table public.system_logs set schema app");
    let text = failure(&database.url(), 3);
    let told = "no table `public.system_logs`; schema `app` has something of that name\nhint: only tables of";
    assert!(text.contains(told), "{text}");
    // nor is a view of an optional table passed over as if there were none
    database.sql("alter table app.system_logs set schema public");
    database.sql("create materialized view public.generations as select 1 as id");
    database.sql("create table app.task_types (id int)");
    let home = Home::new();
    let said = home.export_all(&database).stderr;
    for told in [
        "generations: the source has no such table in `public`; what has that name there is a materialized view, \
         which is not read\n",
        "generation_variants: the source has no such table\n",
        "task_types: the source has no such table in `public`; schema `app` has something of that name, which is not \
         read\n",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
}

#[test]
fn a_place_that_is_no_snapshot_is_refused_before_anyone_is_asked() {
    let home = Home::new();
    let dir = home.path().join("snapshot");
    // nobody listens there: connecting would fail with 3
    let refused = |what: &str| {
        let run = export(&home, "postgres://postgres@127.0.0.1:1/x");
        assert_eq!(run.code, 2, "{what}: {}", run.stderr);
        run.stderr.replace(&home.path().display().to_string(), "HOME")
    };
    std::fs::write(&dir, "mine").expect("a file");
    insta::assert_snapshot!(refused("a file"), @r#"
        error: HOME/snapshot is no directory
        hint: name a directory that is empty or not there yet with --snapshot
    "#);
    std::fs::remove_file(&dir).expect("a file");
    std::fs::create_dir(&dir).expect("a folder");
    std::fs::write(dir.join("thesis.doc"), "mine").expect("a file");
    insta::assert_snapshot!(refused("a directory of someone else"), @r#"
        error: HOME/snapshot is neither empty nor a snapshot: it holds `thesis.doc`
        hint: name a directory that is empty or not there yet with --snapshot
    "#);
    assert_eq!(listing(&dir).len(), 1, "nothing was written");
}

#[test]
fn a_role_that_may_not_read() {
    let database = ready("permission");
    role(&database, "reader_none");
    database.sql("grant select on public.system_logs, public.workers to reader_none");
    insta::assert_snapshot!(failure(&database.url_as("reader_none", PASSWORD), 3), @r#"
        error: the role `reader_none` may not read `public.tasks`
        hint: grant the role USAGE on schema public and SELECT on the orchestrator's tables
    "#);
}

#[test]
fn a_role_from_which_rows_are_hidden() {
    let database = ready("row_security");
    role(&database, "reader_some");
    database.sql("grant select on all tables in schema public to reader_some");
    database.sql("revoke execute on function pg_control_system() from public");
    let url = database.url_as("reader_some", PASSWORD);
    let home = Home::new();
    assert_eq!(export(&home, &url).code, 0, "a reader of all rows may export");
    let snapshot = Snapshot::open(&home.path().join("snapshot")).expect("a snapshot");
    assert_eq!(snapshot.manifest().source.get("system_identifier"), None);
    database.sql("alter table public.tasks enable row level security");
    database.sql("create policy mine on public.tasks for select using (attempts = 0)");
    insta::assert_snapshot!(failure(&url, 3), @r#"
        error: row-level security hides rows of `public.tasks` from this role `reader_some`
        hint: use a role that sees all rows (BYPASSRLS, or the tables' owner)
    "#);
}

/// Roles belong to the server and not to a database, so an earlier test may have made it.
fn role(database: &Database, name: &str) {
    database.sql(&format!("create role {name} login password '{PASSWORD}'"));
}

#[test]
fn a_password_from_the_environment_and_a_socket() {
    let database = ready("environment");
    let port = database.port().to_string();
    let socket = database.socket_dir().display().to_string();
    let env = [
        ("PGHOST", socket.as_str()),
        ("PGPORT", port.as_str()),
        ("PGUSER", "postgres"),
        ("PGDATABASE", "environment"),
        ("PGPASSWORD", PASSWORD),
    ];
    let home = Home::new();
    let dir = home.path().join("snapshot").display().to_string();
    let run = home.export(&["--snapshot", &dir], &env);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let url = database.url();
    let run = home.export(&["--snapshot", &dir], &[("BACKSTORY_DB", &url)]);
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn another_key_is_refused_and_changes_nothing() {
    let database = ready("other_key");
    let home = Home::new();
    home.export_all(&database);
    let dir = home.path().join("snapshot");
    let before = listing(&dir);
    let key = home.path().join("other-key");
    let url = database.url();
    let args: [&OsStr; 6] = [
        "--db".as_ref(),
        url.as_ref(),
        "--snapshot".as_ref(),
        dir.as_ref(),
        "--redact-key-file".as_ref(),
        key.as_ref(),
    ];
    let run = home.export(&args, &[]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains("the snapshot was made with a key"), "{}", run.stderr);
    assert!(!key.exists(), "no key is made for a snapshot that has one");
    std::fs::write(&key, [7; 32]).expect("writable");
    let run = home.export(&args, &[]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains("was made with redaction key"), "{}", run.stderr);
    assert_eq!(listing(&dir), before);
}

#[test]
fn another_database_is_said_aloud() {
    let (one, other) = (ready("one_source"), ready("other_source"));
    let home = Home::new();
    let first = home.export_all(&one);
    assert!(!first.stderr.contains("another"), "{}", first.stderr);
    let second = home.export_all(&other);
    assert!(second.stderr.contains("note: the snapshot was made from another database"));
}

#[test]
fn a_network_that_breaks_leaves_no_half_snapshot() {
    let database = ready("cut");
    database.sql(
        "insert into public.system_logs (source_type, source_id, log_level, message) \
         select 'worker', 'gpu-1', 'INFO', repeat(md5(n::text), 60) from generate_series(1, 2000) n",
    );
    for bytes in [0, 5, 300, 3_000, 30_000, 1_000_000, 6_000_000] {
        let text = failure(&cut_after(&database, bytes), 3);
        assert!(text.contains("hint: "), "cut after {bytes}: {text}");
    }
    let home = Home::new();
    home.export_all(&database);
    let dir = home.path().join("snapshot");
    let before = listing(&dir);
    database.sql("update public.tasks set attempts = 99");
    // rows that were written again are read again
    database.sql("update public.system_logs set message = message");
    let run = export(&home, &cut_after(&database, 6_000_000));
    assert_eq!(run.code, 3, "{}", run.stderr);
    let rows = regex::Regex::new("after [1-9][0-9]* rows").expect("a pattern");
    insta::assert_snapshot!(rows.replace(&run.stderr, "after N rows"), @r#"
        note: generations: the source has no such table
        note: generation_variants: the source has no such table
        note: task_types: the source has no such table
        error: the connection was lost while reading `public.system_logs`, after N rows
        hint: run it again; the snapshot is as it was before
    "#);
    assert_eq!(listing(&dir), before, "a failed capture changed the snapshot");
    home.export_all(&database);
    assert_eq!(Snapshot::open(&dir).expect("a snapshot").captures().len(), 2);
}

/// The database, through a network that breaks when the server has sent so many bytes.
fn cut_after(database: &Database, bytes: u64) -> String {
    let proxy = Proxy::new(database.port(), vec![Fate::CutFromServer(bytes)]);
    proxy.through(&database.url(), database.port())
}

/// Every file with its bytes, hashed.
fn listing(dir: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let hash = blake3::hash(&std::fs::read(&path).expect("a file"));
                found.push((path.display().to_string(), hash.to_hex().to_string()));
            }
        }
    }
    found.sort();
    found
}
