//! The ways to name a database, with a password full of what each of them must escape: it arrives, and is
//! nowhere to be seen.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::export::{Home, Run};
use crate::support::postgres::{Database, private};
use crate::verify::read_all;

const SCHEMA: &str = include_str!("schema.sql");
/// A password for which every way has a trap.
const ODD: &str = "p@:/?#[]%41 &='\"\\é$x";
const IN_URL: &str = "p%40%3A%2F%3F%23%5B%5D%2541%20%26%3D%27%22%5C%C3%A9%24x";
const IN_PAIRS: &str = r#"'p@:/?#[]%41 &=\'"\\é$x'"#;
const IN_PASSFILE: &str = r#"p@\:/?#[]%41 &='"\\é$x"#;

fn odd() -> Database {
    let database = private("odd");
    database.sql(SCHEMA);
    let password = ODD.replace('\'', "''");
    database.sql(&format!("create role ann login password '{password}'"));
    database.sql("grant pg_read_all_data to ann");
    database
}

/// Exports, and looks for the password in all that was said and written.
fn export(home: &Home, args: &[&str], env: &[(&str, &str)]) -> Run {
    let dir = home.path().join("snapshot");
    let place = [OsStr::new("--snapshot"), dir.as_ref()];
    let args: Vec<&OsStr> = args.iter().map(OsStr::new).chain(place).collect();
    let run = home.export(&args, env);
    for secret in [ODD, IN_URL, IN_PAIRS, IN_PASSFILE, "[]%41"] {
        assert!(!run.stderr.contains(secret), "{}", run.stderr);
        let holds =
            |bytes: &Vec<u8>| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
        let written = if dir.exists() { read_all(&dir) } else { Default::default() };
        assert!(!written.values().any(holds), "a password in the snapshot");
    }
    run
}

#[track_caller]
fn works(run: &Run) {
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
}

fn write(path: &Path, text: &str, mode: u32) -> String {
    fs::write(path, text).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
    path.display().to_string()
}

#[test]
fn urls_pairs_and_variables() {
    let (database, home) = (odd(), Home::new());
    let port = database.port().to_string();
    let url = format!("postgres://ann:{IN_URL}@127.0.0.1:{port}/odd");
    works(&export(&home, &[], &[("BACKSTORY_DB", &url)]));
    let pairs = format!("host=127.0.0.1 port={port} user=ann dbname=odd password={IN_PAIRS}");
    works(&export(&home, &[], &[("BACKSTORY_DB", &pairs)]));
    let bare = format!("postgres://ann@127.0.0.1:{port}/odd");
    works(&export(&home, &["--db", &bare], &[("PGPASSWORD", ODD)]));
    let place = [("PGPORT", port.as_str()), ("PGUSER", "ann"), ("PGDATABASE", "odd")];
    let host = [("PGHOST", "127.0.0.1"), ("PGPASSWORD", ODD)];
    works(&export(&home, &[], &[&place[..], &host].concat()));
    let address = [("PGHOSTADDR", "127.0.0.1"), ("PGPASSWORD", ODD)];
    works(&export(&home, &[], &[&place[..], &address].concat()));

    // in the list of processes anyone can read it
    let run = export(&home, &["--db", &url], &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("warning: other users of this machine can see"), "{}", run.stderr);
    assert!(run.stderr.contains("BACKSTORY_DB"), "{}", run.stderr);
    // whatever goes wrong
    for wrong in
        [url.replace("/odd", "/even"), url.replace("ann:", "bob:"), url.replace("127", "@127")]
    {
        assert_ne!(export(&home, &["--db", &wrong, "--retries", "0"], &[]).code, 0, "{wrong}");
    }
}

#[test]
fn a_password_file_is_read_where_nobody_else_can() {
    let (database, home) = (odd(), Home::new());
    let port = database.port().to_string();
    let url = format!("postgres://ann@127.0.0.1:{port}/odd");
    let lines = format!(
        "# mine\nother:*:*:*:no\n127.0.0.1:{port}:odd:bob:no\n*:{port}:odd:ann:{IN_PASSFILE}\n"
    );
    let pgpass = home.path().join(".pgpass");
    write(&pgpass, &lines, 0o600);
    works(&export(&home, &["--db", &url], &[]));
    write(&pgpass, &lines, 0o640);
    let run = export(&home, &["--db", &url], &[]);
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert!(
        run.stderr.contains(".pgpass is not used: others may read it (chmod 0600)"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("the server asks for a password"), "{}", run.stderr);
    fs::remove_file(&pgpass).expect("a file");
    let elsewhere = write(&home.path().join("passwords"), &lines, 0o600);
    works(&export(&home, &["--db", &url], &[("PGPASSFILE", &elsewhere)]));
    let named = format!("host=127.0.0.1 port={port} user=ann dbname=odd passfile={elsewhere}");
    works(&export(&home, &["--db", &named], &[]));
    // what is given wins over what is remembered, right or wrong
    let run = export(&home, &["--db", &named], &[("PGPASSWORD", "wrong")]);
    assert_eq!(run.code, 3, "{}", run.stderr);
    let socket = database.socket_dir().display().to_string();
    write(&pgpass, &format!("{socket}:*:*:ann:{IN_PASSFILE}\n"), 0o600);
    let by_socket = format!("host={socket} port={port} user=ann dbname=odd");
    works(&export(&home, &["--db", &by_socket], &[]));
}

#[test]
fn a_service_is_found_where_libpq_finds_it() {
    let (database, home) = (odd(), Home::new());
    let port = database.port();
    let lines = format!(
        "# ours\n[other]\nhost=nowhere.invalid\n\n[prod]\nhost=127.0.0.1\nport={port}\ndbname=odd\nuser=ann\n\
         password={ODD}\n[bare]\nhost=127.0.0.1\nport={port}\n[bad]\nhots=x\n"
    );
    let file = write(&home.path().join("services"), &lines, 0o600);
    let named = [("PGSERVICEFILE", file.as_str()), ("PGSERVICE", "prod")];
    works(&export(&home, &[], &named));
    works(&export(&home, &["--db", "service=prod"], &named[..1]));
    works(&export(&home, &["--db", "postgres:///?service=prod"], &named[..1]));
    // a service wins over the environment, and the text over both
    let env = [&named[..], &[("PGPORT", "1"), ("PGUSER", "bob"), ("PGPASSWORD", "no")]].concat();
    works(&export(&home, &[], &env));
    let run = export(&home, &["--db", "service=prod user=bob", "--retries", "0"], &named[..1]);
    assert_eq!(run.code, 3, "{}", run.stderr);
    let rest = [("PGDATABASE", "odd"), ("PGUSER", "ann"), ("PGPASSWORD", ODD)];
    works(&export(&home, &["--db", "service=bare"], &[&named[..1], &rest].concat()));

    fs::copy(&file, home.path().join(".pg_service.conf")).expect("a copy");
    works(&export(&home, &[], &named[1..]));
    fs::remove_file(home.path().join(".pg_service.conf")).expect("a file");
    fs::copy(&file, home.path().join("pg_service.conf")).expect("a copy");
    let folder = home.path().display().to_string();
    works(&export(&home, &[], &[("PGSYSCONFDIR", &folder), ("PGSERVICE", "prod")]));

    for (service, file, words) in [
        ("unknown", file.as_str(), "no service file has a service `unknown`"),
        (
            "bad",
            &file,
            "cannot be used: line 15: it has an option that is not known; the nearest that is: `host`",
        ),
        ("prod", "nowhere/services", "the service file nowhere/services cannot be used"),
    ] {
        let run = export(&home, &[], &[("PGSERVICE", service), ("PGSERVICEFILE", file)]);
        assert_eq!(run.code, 2, "{}", run.stderr);
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        assert!(run.stderr.contains("hint: services are in PGSERVICEFILE"), "{}", run.stderr);
    }
}
