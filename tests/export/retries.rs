//! What is tried again, and what is not because no second try can change it.

use crate::export::disturbed::Source;
use crate::support::proxy::{Fate, Proxy, refusal, refusal_saying};

#[test]
fn what_passes_is_tried_again_and_what_was_decided_is_not() {
    let source = Source::new("retries", 10);
    // starting, shutting down, crashing, full, unreachable behind a pooler
    for code in ["57P03", "57P01", "57P02", "53300", "08006"] {
        let (ran, proxy) = source.export("s1", vec![refusal(code), refusal(code)], &[]);
        assert_eq!((ran.code, proxy.connections()), (0, 3), "{code}: {}", ran.stderr);
        assert!(ran.stderr.contains(&format!("now (SQLSTATE {code}); trying")), "{}", ran.stderr);
        assert!(!ran.stderr.contains("secret words"), "{}", ran.stderr);
        let always = || (0..9).map(|_| refusal(code)).collect();
        let (ran, proxy) = source.export("s2", always(), &["--retries", "2"]);
        assert_eq!((ran.code, proxy.connections()), (3, 3), "{code}: {}", ran.stderr);
        assert!(!source.bench.path("s2").exists());
    }
    // password, pg_hba.conf, no such database, no right to connect, a bug of the server's
    for code in ["28P01", "28000", "3D000", "42501", "XX000"] {
        let (ran, proxy) = source.export("s2", vec![refusal(code)], &[]);
        assert_eq!((ran.code, proxy.connections()), (3, 1), "{code}: {}", ran.stderr);
    }
    // ready for a query before it was told who asks
    let greeting = Fate::Answer(b"Z\0\0\0\x05I".to_vec());
    let (ran, proxy) = source.export("s2", vec![greeting], &[]);
    // the second one asked who that is
    assert_eq!((ran.code, proxy.connections()), (3, 2), "{}", ran.stderr);
    assert!(ran.stderr.contains("it is no PostgreSQL server"), "{}", ran.stderr);
}

#[test]
fn what_a_pooler_decided_is_told_in_its_words_and_not_tried_again() {
    let source = Source::new("pooler_decides", 10);
    for (code, words) in [
        ("08P01", "password authentication failed"),
        ("XX000", "Tenant or user not found"),
        ("08P01", "no such user"),
    ] {
        let (ran, proxy) = source.export("s1", vec![refusal_saying(code, words)], &[]);
        assert_eq!((ran.code, proxy.connections()), (3, 1), "{words}: {}", ran.stderr);
        let told = format!("SQLSTATE {code}): it says `{words}`\nhint: check user, password");
        assert!(ran.stderr.contains(&told), "{}", ran.stderr);
        assert!(
            ran.stderr.contains("role `postgres`, database `pooler_decides`"),
            "{}",
            ran.stderr
        );
    }
    let gone = refusal_saying("08P01", "database \"nodb\" does not exist");
    let (ran, proxy) = source.export("s1", vec![gone], &[]);
    assert_eq!((ran.code, proxy.connections()), (3, 1), "{}", ran.stderr);
    assert!(ran.stderr.contains("no database of that name (role"), "{}", ran.stderr);
    for (code, words) in [
        ("08P01", "no more connections allowed (max_client_conn)"),
        ("XX000", "MaxClientsInSessionMode: max clients reached"),
    ] {
        let (ran, proxy) = source.export("s2", vec![refusal_saying(code, words)], &[]);
        assert_eq!((ran.code, proxy.connections()), (0, 2), "{words}: {}", ran.stderr);
        let told = format!("now (SQLSTATE {code}): it says `{words}`; trying");
        assert!(ran.stderr.contains(&told), "{}", ran.stderr);
        std::fs::remove_dir_all(source.bench.path("s2")).expect("a snapshot");
    }
}

#[test]
fn what_the_server_itself_decided_is_not_tried_again() {
    let source = Source::new("decided", 10);
    source.database.sql("create role nobody_much login password 'x'");
    let database = &source.database;
    let proxy = Proxy::new(database.port(), Vec::new());
    let mut connections = 0;
    let mut refused = |url: &str, words: &str, asked: usize| {
        let url = proxy.through(url, database.port());
        let ran = source.bench.run("export", "s2", &["--db", &url, "--retry-wait", "1ms"]);
        connections += asked;
        assert_eq!((ran.code, proxy.connections()), (3, connections), "{}", ran.stderr);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
        assert!(!source.bench.path("s2").exists());
    };
    refused(&database.url_as("postgres", "wrong"), "refused the user name or the password", 1);
    refused(&database.url_as("nobody_much", "x"), "the role `nobody_much` may not read", 1);
    refused(&format!("{}_of_another_name", database.url()), "no database of that name", 1);
    // is it a server at all? is asked once more
    let tls = format!("{}?sslmode=require", database.url());
    refused(&tls, "server does not support TLS", 2);
    database.sql("drop table public.tasks");
    refused(&database.url(), "no table `public.tasks`", 1);
}

#[test]
fn a_server_that_restarts_meanwhile_is_waited_for() {
    let source = std::sync::Arc::new(Source::new("restart", 3_000));
    for signal in ["-INT", "-QUIT"] {
        let dir = source.put_first("s1");
        let restarted = source.clone();
        let restart = move || restarted.database.restart(signal);
        let pause = Fate::Pause(400_000, Box::new(restart));
        let (ran, proxy) = source.export("s1", vec![pause], &[]);
        assert_eq!((ran.code, proxy.connections()), (0, 2), "{signal}: {}", ran.stderr);
        let lost = "the connection was lost while reading `public.";
        assert!(ran.stderr.contains(lost), "{signal}: {}", ran.stderr);
        // the manifest says when the server started, and that the log was read whole for that
        let read = |name: &str| {
            let opened = backstory::snapshot::open::Snapshot::open(&source.bench.path(name));
            opened.expect("a snapshot").check_hashes().expect("whole files");
            ["system_logs", "workers", "tasks"].map(|table| {
                let columns = "id, _capture, _xid, _row_hash";
                let rows = format!("select {columns} from {table}_versions order by all");
                source.bench.sql(name, &rows)
            })
        };
        assert_eq!(read("s1"), read("s"), "{signal}");
        std::fs::remove_dir_all(dir).expect("a folder");
    }
}
