//! Connection texts, good and bad.

use super::*;

fn resolve(text: &str) -> Result<Target, TargetError> {
    resolve_with(text, &[])
}

fn resolve_with(text: &str, env: &[(&str, &str)]) -> Result<Target, TargetError> {
    let lookup = |name: &str| {
        env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_string())
    };
    Target::resolve(Some(&SecretString::from(text)), None, &lookup)
}

fn mode(text: &str) -> SslMode {
    resolve(text).expect("a good text").config.get_ssl_mode()
}

#[test]
fn a_url_and_pairs_say_the_same() {
    let url = "postgresql://ann:s%40cret@db.example:6000/prod?sslmode=verify-full&sslrootcert=%2Fca.pem&pgbouncer=true";
    let pairs = r"user=ann password='s@cret' host=db.example port = 6000 dbname=prod sslmode=verify-full sslrootcert=/ca.pem";
    for text in [url, pairs] {
        let target = resolve(text).expect("a good text");
        assert_eq!(target.config.get_user(), Some("ann"));
        assert_eq!(target.config.get_dbname(), Some("prod"));
        assert_eq!(target.config.get_ssl_mode(), SslMode::Require);
        assert_eq!(target.authorities, Some(PathBuf::from("/ca.pem")));
        assert_eq!(target.password.as_ref().map(ExposeSecret::expose_secret), Some("s@cret"));
        assert_eq!(target.place(), "db.example, port 6000");
        assert!(!format!("{target:?}").contains("s@cret"), "a password in {target:?}");
    }
}

#[test]
fn only_this_machine_is_spoken_to_in_plain_text_unasked() {
    for near in ["localhost", "127.0.0.1", "[::1]", "%2Fvar%2Frun"] {
        assert_eq!(mode(&format!("postgres://ann@{near}/db")), SslMode::Disable, "{near}");
        let text = format!("postgres://ann@{near}/db?sslmode=require");
        assert_eq!(mode(&text), SslMode::Require, "{near}");
    }
    assert_eq!(mode("postgres://ann@db.example/db"), SslMode::Require);
    assert_eq!(mode("postgres://ann@db.example/db?sslmode=prefer"), SslMode::Require);
    assert_eq!(mode("postgres://ann@localhost,db.example/db"), SslMode::Require);
    assert_eq!(mode("host=localhost hostaddr=10.0.0.1"), SslMode::Require);
    let plain = resolve("postgres://ann@db.example/db?sslmode=disable").expect("a good text");
    assert_eq!(plain.config.get_ssl_mode(), SslMode::Disable);
    assert!(plain.plain_over_network);
}

#[test]
fn the_environment_fills_in_what_is_missing() {
    let env = [("PGHOST", "db.example"), ("PGPORT", "77"), ("PGUSER", "ann"), ("PGPASSWORD", "x")];
    let target = resolve_with("", &env).expect("enough of a target");
    assert_eq!(target.place(), "db.example, port 77");
    assert_eq!(target.password.as_ref().map(ExposeSecret::expose_secret), Some("x"));
    let target = resolve_with("postgres://bob:y@other:1/db", &env).expect("a good text");
    assert_eq!(target.config.get_user(), Some("bob"));
    assert_eq!(target.place(), "other, port 1");
    assert_eq!(target.password.as_ref().map(ExposeSecret::expose_secret), Some("y"));
    assert_eq!(resolve_with("dbname=x", &[]).err(), Some(TargetError::NoHost));
    let bad = [("PGHOST", "h"), ("PGPORT", "many")];
    assert_eq!(resolve_with("", &bad).err(), Some(TargetError::Value("PGPORT")));
}

#[test]
fn what_cannot_be_meant_is_refused_without_being_repeated() {
    let secret = "hunter2";
    for (text, want) in [
        ("mysql://ann:hunter2@db/x", TargetError::Malformed),
        ("hunter2", TargetError::Malformed),
        ("password='hunter2", TargetError::Malformed),
        ("password=hunter2 two host=x", TargetError::UnknownOption),
        ("postgres://ann:hun@ter2@db/x", TargetError::SecondAt),
        ("postgres://ann:hunter2@db:many/x", TargetError::Malformed),
        ("postgres://ann:hunter2@db/x?hunter2=1", TargetError::UnknownOption),
        ("postgres://ann:hunter2@db/x?hunter2", TargetError::Malformed),
        ("postgres://ann:hunter2@db/x?sslmode=hunter2", TargetError::Value("sslmode")),
        ("postgres://ann@db/x?sslkey=hunter2", TargetError::Unsupported("sslkey")),
    ] {
        let error = resolve(text).expect_err(text);
        assert_eq!(error, want, "{text}");
        assert!(!format!("{error} {error:?}").contains(secret), "{error}");
    }
}
