//! TLS is verified, or refused, or not used: nothing between.

use std::ffi::OsStr;
use std::path::Path;

use crate::export::{Home, Run};
use crate::support::authority::Authority;
use crate::support::postgres::{PASSWORD, database};

const SCHEMA: &str = include_str!("schema.sql");

fn export(url: &str, authorities: Option<&Path>) -> Run {
    let home = Home::new();
    let dir = home.path().join("snapshot");
    let mut args = vec![OsStr::new("--db"), url.as_ref(), "--snapshot".as_ref(), dir.as_ref()];
    if let Some(file) = authorities {
        args.extend([OsStr::new("--ssl-root-cert"), file.as_ref()]);
    }
    home.export(&args, &[])
}

#[test]
fn tls_is_verified_against_the_authority_and_the_host_name() {
    let database = database("tls");
    database.sql(SCHEMA);
    let url = |host: &str, query: &str| {
        format!("postgres://postgres:{PASSWORD}@{host}:{}/tls?{query}", database.port())
    };
    let refused = export(&url("localhost", "sslmode=require"), None);
    assert_eq!(refused.code, 3, "{}", refused.stderr);

    let home = Home::new();
    let authority = Authority::new(home.path(), "ca");
    let server = authority.localhost();
    let ca = Some(authority.ca.as_path());
    let no_tls = export(&url("localhost", "sslmode=require"), ca);
    assert_eq!(no_tls.code, 3);
    assert!(no_tls.stderr.contains("server does not support TLS"), "{}", no_tls.stderr);

    database.speak_tls(&server.certificate, &server.key);
    let trusted = export(&url("localhost", "sslmode=require"), ca);
    assert_eq!(trusted.code, 0, "{}", trusted.stderr);
    let query = format!("sslmode=verify-full&sslrootcert={}", authority.ca.display());
    let trusted = export(&url("localhost", &query), None);
    assert_eq!(trusted.code, 0, "{}", trusted.stderr);

    let other_name = export(&url("127.0.0.1", "sslmode=require"), ca);
    assert_eq!(other_name.code, 3, "{}", other_name.stderr);
    assert!(other_name.stderr.contains("not valid for name"), "{}", other_name.stderr);
    let unknown = export(&url("localhost", "sslmode=require"), None);
    assert_eq!(unknown.code, 3, "{}", unknown.stderr);
    let garbage = export(&url("localhost", "sslmode=require"), Some(&server.key));
    assert_eq!(garbage.code, 2, "{}", garbage.stderr);
    assert!(garbage.stderr.contains("no usable certificate authority"), "{}", garbage.stderr);
    let absent = export(&url("localhost", "sslmode=require"), Some(&home.path().join("no.pem")));
    assert_eq!(absent.code, 2, "{}", absent.stderr);
    let plain = export(&url("localhost", "sslmode=disable"), None);
    assert_eq!(plain.code, 0, "{}", plain.stderr);
}
