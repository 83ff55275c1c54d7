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
    assert!(plain.notes[0].contains("plain text"), "{:?}", plain.notes);
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
    assert_eq!(resolve_with("", &bad).err(), Some(TargetError::Value("port")));
}

#[test]
fn what_cannot_be_meant_is_refused_without_being_repeated() {
    let secret = "hunter2";
    for (text, want) in [
        ("mysql://ann:hunter2@db/x", TargetError::Malformed),
        ("hunter2", TargetError::Malformed),
        ("password='hunter2", TargetError::Malformed),
        ("password=hunter2 two host=x", TargetError::UnknownOption(None)),
        ("password=a hunter2 sslmod=x", TargetError::UnknownOption(None)),
        ("postgres://ann:hun@ter2@db/x", TargetError::SecondAt),
        ("postgres://ann:hunter2@db:many/x", TargetError::Malformed),
        ("postgres://ann:hunter2@db/x?hunter2=1", TargetError::UnknownOption(None)),
        ("postgres://ann:hunter2@db/x?hots=1", TargetError::UnknownOption(Some("host"))),
        ("postgres://ann:hunter2@db/x?schema=1", TargetError::Unsupported("schema")),
        ("postgres://ann:hunter2@db/x?hunter2", TargetError::Malformed),
        ("postgres://ann:hunter2@db/x?sslmode=hunter2", TargetError::Value("sslmode")),
        ("postgres://ann@db/x?sslcrl=hunter2", TargetError::Unsupported("sslcrl")),
        ("postgres://ann:hunter2@db:99999/x", TargetError::Value("port")),
        ("postgres://ann:hunter2@db:0/x", TargetError::Value("port")),
        ("host=db port=5432,99999", TargetError::Value("port")),
        ("postgres://ann@db:1x/x?sslkey=hunter2", TargetError::Malformed),
        ("host=db channel_binding=hunter2", TargetError::Value("channel_binding")),
        ("host=db connect_timeout=hunter2", TargetError::Value("connect_timeout")),
    ] {
        let error = resolve(text).expect_err(text);
        assert_eq!(error, want, "{text}");
        assert!(!format!("{error} {error:?}").contains(secret), "{error}");
    }
}

#[test]
fn whatever_a_password_holds_each_way_gives_it_back() {
    let want = "p@:/?#[]%41 &='\"\\é";
    let url = "postgres://ann:p%40%3A%2F%3F%23%5B%5D%2541%20%26%3D%27%22%5C%C3%A9@db/x";
    let pairs = r#"host=db user=ann password='p@:/?#[]%41 &=\'"\\é' dbname=x"#;
    for text in [url, pairs] {
        let target = resolve_with(text, &[("PGPASSWORD", "other")]).expect(text);
        assert_eq!(target.password.as_ref().map(ExposeSecret::expose_secret), Some(want));
        assert!(Target::names_a_password(&SecretString::from(text)));
    }
    let bare = "postgres://ann@db/x?password=p%40";
    assert!(Target::names_a_password(&SecretString::from(bare)));
    assert!(!Target::names_a_password(&SecretString::from("postgres://ann@db/x")));
    let target = resolve_with("postgres://ann@db/x", &[("PGPASSWORD", want)]).expect("a text");
    assert_eq!(target.password.as_ref().map(ExposeSecret::expose_secret), Some(want));
}

#[test]
fn hosts_of_a_url_have_their_ports_and_none_stays_open() {
    let place = |text: &str| resolve_with(text, &[("PGPORT", "77")]).expect(text).place();
    assert_eq!(place("postgres://db/x"), "db, port 77");
    assert_eq!(place("postgres://[::1]:78/x"), "::1, port 78");
    assert_eq!(place("postgres://a:1,b/x"), "a, b, port 1");
    assert_eq!(place("postgres:///x?host=%2Ftmp&port=5"), "/tmp, port 5");
    // an address of the environment's is none for a host of the text
    let env = [("PGHOSTADDR", "10.0.0.9"), ("PGSSLMODE", "disable")];
    assert_eq!(resolve_with("postgres://db/x", &env).expect("a text").place(), "db, port 5432");
    assert_eq!(resolve_with("user=ann", &env).expect("a text").place(), "10.0.0.9, port 5432");
    let want_more = [("PGREQUIREAUTH", "scram-sha-256")];
    let err = resolve_with("postgres://db/x", &want_more).expect_err("a wish we cannot meet");
    assert_eq!(err, TargetError::Unsupported("PGREQUIREAUTH"));
}

#[test]
fn who_comes_is_told_without_what_opens_the_door() {
    let who = |text: &str| resolve(text).expect(text).who();
    assert_eq!(
        who("postgres://ann:hunter2@db:6000/prod"),
        "role `ann`, database `prod`, at db, port 6000"
    );
    assert_eq!(who("host=db user='a\nn'"), "role `a\\nn`, database `a\\nn`, at db, port 5432");
    let whole = [("PGDATABASE", "postgres://ann:hunter2@db/x")];
    let told = resolve_with("host=db user=ann", &whole).expect("a target").who();
    assert!(told.starts_with("role `ann`, database ") && !told.contains("hunter2"), "{told}");
    let nobody = "role of this machine's user, database of the same name, at db, port 5432";
    assert_eq!(who("host=db password=hunter2"), nobody);
    let gone = resolve_with("service=blue", &[]).expect_err("no such service");
    assert_eq!(gone.to_string(), "no service file has a service `blue`");
}

#[test]
fn a_connection_takes_no_longer_than_libpq_would_wait() {
    let within = |text: &str, env: &[(&str, &str)]| {
        let target = resolve_with(text, env).expect(text);
        let seconds = |limit: Duration| limit.as_secs();
        let accept = target.config.get_connect_timeout().copied();
        (target.connect_within.map(seconds), accept.map(seconds))
    };
    assert_eq!(within("host=db", &[]), (Some(30), Some(15)));
    assert_eq!(within("host=db connect_timeout=7", &[]), (Some(7), Some(7)));
    assert_eq!(within("host=db connect_timeout=1", &[]), (Some(2), Some(2)));
    assert_eq!(within("host=db connect_timeout=0", &[]), (None, None));
    assert_eq!(within("host=db connect_timeout=-1", &[]), (None, None));
    assert_eq!(within("host=a,b connect_timeout=9", &[]), (Some(18), Some(9)));
    assert_eq!(within("host=db", &[("PGCONNECT_TIMEOUT", "40")]), (Some(40), Some(40)));
}
