//! Whom an export believes, as whom it logs in, and what it says where that fails.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::export::{Home, Run};
use crate::support::authority::{Authority, Pair};
use crate::support::postgres::{Database, PASSWORD, private};

const SCHEMA: &str = include_str!("schema.sql");
const BY_PASSWORD: &str = "host all all all scram-sha-256";

/// A server that speaks TLS, with the orchestrator's tables.
fn server(name: &str, pair: &Pair, clients: Option<&Path>, access: &str) -> Database {
    let database = private(name);
    database.sql(SCHEMA);
    database.secure(pair, clients, access);
    database
}

/// An export by `key=value` text, in a home in which these files are.
fn export(home: &Home, database: &Database, text: &str, env: &[(&str, &str)]) -> Run {
    let dir = home.path().join("snapshot");
    let port = database.port();
    let text = format!("port={port} dbname=tls user=postgres password={PASSWORD} {text}");
    let args = [OsStr::new("--snapshot"), dir.as_ref()];
    home.export(&args, &[&[("BACKSTORY_DB", text.as_str())], env].concat())
}

#[track_caller]
fn refused(run: &Run, code: i32, words: &[&str]) {
    assert_eq!(run.code, code, "{}", run.stderr);
    for words in words {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    assert!(!run.stderr.contains("trying again"), "nothing of it passes: {}", run.stderr);
}

#[test]
fn a_server_is_believed_for_its_name_its_authority_and_its_time() {
    let home = Home::new();
    let (ours, others) =
        (Authority::new(home.path(), "ours"), Authority::new(home.path(), "others"));
    let database = server("tls", &ours.localhost(), None, BY_PASSWORD);
    let by = |authority: &Authority, host: &str, mode: &str| {
        let ca = authority.ca.display();
        export(&home, &database, &format!("host={host} sslmode={mode} sslrootcert={ca}"), &[])
    };
    for mode in ["require", "verify-ca", "verify-full"] {
        let run = by(&ours, "localhost", mode);
        assert_eq!(run.code, 0, "{mode}: {}", run.stderr);
        let run = by(&ours, "localhost hostaddr=127.0.0.1", mode);
        assert_eq!(run.code, 0, "{mode}: {}", run.stderr);
        // stricter than libpq: the name counts in every mode
        let name = [
            "not valid for name",
            "hint: use the host name the certificate is for",
            "verify-ca too",
        ];
        refused(&by(&ours, "127.0.0.1", mode), 3, &name);
        let authority = ["UnknownIssuer", "Supabase: in the dashboard", "--ssl-root-cert FILE"];
        refused(&by(&others, "localhost", mode), 3, &authority);
    }
    let run = export(&home, &database, "host=localhost sslmode=require", &[]);
    refused(&run, 3, &["--ssl-root-cert FILE"]);
    let folder = home.path().join(".postgresql");
    fs::create_dir(&folder).expect("a folder");
    fs::copy(&ours.ca, folder.join("root.crt")).expect("a copy");
    let run = export(&home, &database, "host=localhost sslmode=require", &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("note: certificate authorities are those of "), "{}", run.stderr);
    let run = export(&home, &database, "host=localhost sslmode=require sslrootcert=system", &[]);
    refused(&run, 3, &["--ssl-root-cert FILE"]);
}

#[test]
fn an_expired_certificate_and_one_that_is_its_own_authority_are_refused() {
    let home = Home::new();
    let ours = Authority::new(home.path(), "ours");
    let text = format!("host=localhost sslmode=verify-full sslrootcert={}", ours.ca.display());
    let database = server("tls", &ours.expired_localhost(), None, BY_PASSWORD);
    let run = export(&home, &database, &text, &[]);
    refused(&run, 3, &["expired", "hint: have the server's certificate renewed"]);
    database.secure(&ours.own(), None, BY_PASSWORD);
    let run = export(&home, &database, &text, &[]);
    refused(
        &run,
        3,
        &["hint: the server shows a self-signed certificate that is its own authority"],
    );
}

#[test]
fn a_client_certificate_logs_in_where_the_server_asks_for_it() {
    let home = Home::new();
    let ours = Authority::new(home.path(), "ours");
    let access =
        "hostssl all certified all cert\nhostssl all all all scram-sha-256 clientcert=verify-full";
    let database = server("tls", &ours.localhost(), Some(&ours.ca), access);
    database.sql("create role certified login; grant pg_read_all_data to certified");
    let by = |more: &str| {
        let ca = ours.ca.display();
        export(&home, &database, &format!("host=localhost sslrootcert={ca} {more}"), &[])
    };
    let with = |user: &str, pair: &Pair| {
        let (certificate, key) = (pair.certificate.display(), pair.key.display());
        by(&format!("user={user} sslcert={certificate} sslkey={key}"))
    };
    refused(&by("user=certified"), 3, &["accepts no such connection", "(sslcert, sslkey)"]);
    refused(&by(""), 3, &["accepts no such connection", "(sslcert, sslkey)"]);
    let (certified, postgres) = (ours.client("certified"), ours.client("postgres"));
    let run = with("certified", &certified);
    assert_eq!(run.code, 0, "by the certificate alone: {}", run.stderr);
    let run = with("postgres", &postgres);
    assert_eq!(run.code, 0, "by certificate and password: {}", run.stderr);
    refused(&with("certified", &postgres), 3, &["accepts no such connection"]);
    let mixed = Pair { certificate: certified.certificate.clone(), key: postgres.key.clone() };
    refused(&with("certified", &mixed), 2, &["the client certificate cannot be used"]);
    let none = Pair { certificate: home.path().join("none.crt"), key: postgres.key.clone() };
    refused(&with("certified", &none), 2, &["none.crt", "hint: name PEM files"]);

    fs::set_permissions(&certified.key, fs::Permissions::from_mode(0o644)).expect("a mode");
    let run = with("certified", &certified);
    refused(&run, 2, &["certified.key: others may read this key", "chmod 0600"]);
    fs::set_permissions(&certified.key, fs::Permissions::from_mode(0o600)).expect("a mode");
    let folder = home.path().join(".postgresql");
    fs::create_dir(&folder).expect("a folder");
    fs::copy(&certified.certificate, folder.join("postgresql.crt")).expect("a copy");
    fs::copy(&certified.key, folder.join("postgresql.key")).expect("a copy");
    let run = by("user=certified");
    assert_eq!(run.code, 0, "found where libpq looks: {}", run.stderr);
}

#[test]
fn channel_binding_is_had_or_nothing_is_exported() {
    let home = Home::new();
    let ours = Authority::new(home.path(), "ours");
    let access =
        "hostssl all old all md5\nhostssl all trusted all trust\nhost all all all scram-sha-256";
    let database = server("tls", &ours.localhost(), None, access);
    database.sql(&format!(
        "set password_encryption = md5; create role old login password '{PASSWORD}'"
    ));
    database.sql("create role trusted login; grant pg_read_all_data to old, trusted");
    let bound = |text: &str| {
        let ca = ours.ca.display();
        let text = format!("host=localhost sslrootcert={ca} channel_binding=require {text}");
        export(&home, &database, &text, &[])
    };
    let run = bound("sslmode=verify-full");
    assert_eq!(run.code, 0, "{}", run.stderr);
    let words = ["did not bind the log-in to the TLS connection", "hint: it needs TLS"];
    for text in ["sslmode=disable", "user=old sslmode=require", "user=trusted sslmode=require"] {
        refused(&bound(text), 3, &words);
    }
    let ca = ours.ca.display().to_string();
    let env = [("PGCHANNELBINDING", "require"), ("PGSSLROOTCERT", ca.as_str())];
    let run = export(&home, &database, "host=localhost user=old", &env);
    refused(&run, 3, &words);
    let run = export(&home, &database, "host=localhost user=old", &env[1..]);
    assert_eq!(run.code, 0, "{}", run.stderr);
}
