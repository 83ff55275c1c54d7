//! What goes wrong between us and an API: tried again where that helps, else said with what to do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{assert_whole, export, export_as, exported, fill, ready, snapshot};
use crate::export::Home;
use crate::export::every::wait_until;
use crate::support::authority::Authority;
use crate::support::files::walk;
use crate::support::postgres::Database;
use crate::support::rest::{Fault, OLD_KEY, Rest, SERVICE_KEY, Setup};

/// What a failed first export says; it leaves nothing.
#[track_caller]
fn failure(rest: &Rest, code: i32) -> String {
    let home = Home::new();
    let run = export(&home, rest, &[]);
    assert_eq!(run.code, code, "{}", run.stderr);
    assert!(!home.path().join("snapshot").exists(), "a failed export left a snapshot");
    run.stderr
}

/// Spoils some requests for rows, every third at first, then none.
fn spoil(database: &Arc<Database>, fault: Fault) -> (String, Duration) {
    let rest = Rest::serve(database, Setup { rows_max: 20, ..Setup::default() });
    let mut left = 2;
    rest.hook(move |asked| {
        let hit = left > 0 && asked.number % 3 == 2 && asked.path.contains("select=*");
        left -= i32::from(hit);
        hit.then(|| fault.clone())
    });
    let (home, begun) = (Home::new(), Instant::now());
    let said = exported(&home, &rest);
    assert_whole(database, &home);
    assert!(snapshot(&home).captures()[0].notes.is_empty(), "{said}");
    (said, begun.elapsed())
}

#[test]
fn what_may_pass_is_asked_for_again() {
    let database = ready("rest_again");
    fill(&database, 100);
    let (said, _) =
        spoil(&database, Fault::Status(503, "", r#"{"code":"PGRST002","message":"x"}"#));
    assert!(said.contains("HTTP 503, PGRST002 to rows of `system_logs`; asked again in"), "{said}");
    spoil(&database, Fault::Status(502, "", "<html>Bad gateway</html>"));
    let (said, _) = spoil(&database, Fault::Cut(100));
    assert!(said.contains("the connection was lost while waiting for rows of"), "{said}");
    spoil(&database, Fault::Cut(0));
    let (said, _) = spoil(&database, Fault::Half);
    assert!(said.contains("it is no JSON to its end"), "{said}");
    let (said, took) = spoil(&database, Fault::Status(429, "Retry-After: 2\r\n", ""));
    assert!(said.contains("HTTP 429 to rows"), "{said}");
    assert!(took >= Duration::from_secs(4), "asked again before it was allowed: {took:?}");
}

#[test]
fn what_does_not_pass_ends_it_and_changes_nothing() {
    let database = ready("rest_ends");
    fill(&database, 100);
    let rest = Rest::serve(&database, Setup { rows_max: 40, ..Setup::default() });
    rest.hook(|asked| {
        asked.path.contains("/workers?").then_some(Fault::Status(429, "Retry-After: 3600\r\n", ""))
    });
    insta::assert_snapshot!(failure(&rest, 3), @r#"
        warning: nothing is redacted: secrets and personal data stay readable
        system_logs: 100 rows read, 100 new
        error: the server wants no request for 3600 s
        hint: wait for so long, then run it again; the snapshot is as it was before
    "#);
    let home = Home::new();
    rest.unhook();
    exported(&home, &rest);
    let before = listing(&home);
    database.sql("insert into public.system_logs (timestamp, message) values (now(), 'new')");
    rest.hook(|asked| {
        asked.path.contains("/tasks?").then_some(Fault::Status(403, "", r#"{"code":"42501"}"#))
    });
    let run = export(&home, &rest, &[]);
    assert_eq!(run.code, 3, "{}", run.stderr);
    insta::assert_snapshot!(run.stderr, @r#"
        warning: nothing is redacted: secrets and personal data stay readable
        system_logs: 101 rows read, 1 new
        workers: 0 rows read, 0 new
        error: the key may not read rows of `tasks` (HTTP 403, 42501)
        hint: use the service key, or grant its role SELECT on the orchestrator's tables
    "#);
    assert_eq!(listing(&home), before, "a failed capture changed the snapshot");
}

#[test]
fn a_server_that_shows_nothing_any_more_changes_nothing() {
    let database = ready("rest_hidden");
    fill(&database, 10);
    database.sql("insert into public.workers (id, status) values ('w', 'active')");
    let rest = Rest::serve(&database, Setup::default());
    let home = Home::new();
    exported(&home, &rest);
    let before = listing(&home);
    rest.hook(|asked| {
        asked.path.contains('?').then_some(Fault::Status(200, "Content-Range: */0\r\n", "[]"))
    });
    let run = export(&home, &rest, &[]);
    assert_eq!(run.code, 3, "{}", run.stderr);
    let told = run.stderr.split_once("error:").map(|(_, told)| told);
    insta::assert_snapshot!(told.expect("an error"), @r"
     the API shows no row of `workers` any more, of which earlier captures hold some
    hint: use the service key: row-level security hides rows from others without a word; if it was emptied indeed, capture what comes now into another --snapshot
    ");
    assert_eq!(listing(&home), before, "a failed capture changed the snapshot");
}

#[test]
fn errors_say_what_to_do() {
    let database = ready("rest_errors");
    let rest = Rest::serve(&database, Setup::default());
    let home = Home::new();
    insta::assert_snapshot!(export_as(&home, &rest.url(), "sb_secret_wrong", &[]).stderr, @r#"
        warning: nothing is redacted: secrets and personal data stay readable
        error: the server does not accept the key (HTTP 401, PGRST301)
        hint: is it the service key of this very project, whole, and not expired or revoked?
    "#);
    insta::assert_snapshot!(export_as(&home, &rest.url(), OLD_KEY, &[]).stderr, @r#"
        warning: nothing is redacted: secrets and personal data stay readable
        error: the server does not accept the key (HTTP 401, PGRST301); it says itself that it ended at 2023-11-14T22:13:20.000000Z
        hint: is it the service key of this very project, whole, and not expired or revoked?
    "#);
    rest.hook(|_| Some(Fault::Status(302, "Location: http://localhost:1/\r\n", "")));
    insta::assert_snapshot!(failure(&rest, 3), @r#"
        warning: nothing is redacted: secrets and personal data stay readable
        error: the server points to another place (HTTP 302), where the key is not sent
        hint: give the URL of the project, or of its /rest/v1
    "#);
    rest.hook(|_| Some(Fault::Status(200, "", "<html>welcome</html>")));
    assert!(failure(&rest, 3).contains("there is no PostgREST at this URL (HTTP 200)"));
    rest.hook(|_| Some(Fault::Status(503, "", "")));
    assert!(
        failure(&rest, 3).contains("error: the server answered HTTP 503 to the API, asked 6 times")
    );
    rest.hook(|_| Some(Fault::Status(200, "", r#"{"name": "another API"}"#)));
    insta::assert_snapshot!(failure(&rest, 3), @r#"
        warning: nothing is redacted: secrets and personal data stay readable
        error: there is no PostgREST at this URL (HTTP 200)
        hint: give the URL of the project, or of its /rest/v1
    "#);
    rest.unhook();
    let run = export_as(&home, &format!("{}/rest/v2", rest.url()), SERVICE_KEY, &[]);
    assert!(run.stderr.contains("there is no PostgREST at this URL (HTTP 404)"), "{}", run.stderr);
    database.sql("alter table public.tasks rename column id to key");
    let said = failure(&rest, 3);
    assert!(said.contains("`tasks` cannot be read in pages: it has no column `id`"), "{said}");
    database.sql("drop table public.tasks");
    insta::assert_snapshot!(failure(&rest, 3), @r#"
        warning: nothing is redacted: secrets and personal data stay readable
        system_logs: 0 rows read, 0 new
        workers: 0 rows read, 0 new
        error: the API has no table `tasks`
        hint: is this the orchestrator's project, and is schema `public` exposed by its API?
    "#);
    let run = export_as(&home, "https://no.such.host.invalid", SERVICE_KEY, &[]);
    assert_eq!(run.code, 3);
    assert!(run.stderr.contains("cannot connect to no.such.host.invalid: "), "{}", run.stderr);
    assert!(!run.stderr.contains("lost"), "{}", run.stderr);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = closed.local_addr().expect("an address").port();
    drop(closed);
    let run = export_as(&home, &format!("http://localhost:{port}"), SERVICE_KEY, &[]);
    assert_eq!(run.code, 3);
    assert!(
        run.stderr.contains(&format!("cannot connect to localhost:{port}: connection refused")),
        "{}",
        run.stderr
    );
}

#[test]
fn wrong_usage_is_told_before_anything_is_asked() {
    let home = Home::new();
    let dir = home.path().join("snapshot").display().to_string();
    let key = [("SUPABASE_SERVICE_ROLE_KEY", SERVICE_KEY)];
    let run = |args: &[&str], env: &[(&str, &str)]| {
        let run = home.export(&[args, &["--snapshot", &dir]].concat(), env);
        assert_eq!(run.code, 2, "{}", run.stderr);
        run.stderr
    };
    let said = run(&["--rest", "http://example.com"], &key);
    assert!(said.contains("plain http to another machine"), "{said}");
    let said = run(&["--rest", "https://example.com"], &[]);
    assert!(said.contains("no key was given") && said.contains("BACKSTORY_REST_KEY"), "{said}");
    let said = run(&["--rest", "https://example.com/?apikey=hidden"], &key);
    assert!(!said.contains("hidden"), "{said}");
    let said = run(&["--rest", "https://example.com", "--db", "postgres://u:hidden@h/d"], &key);
    assert!(said.contains("cannot be used with") && !said.contains("hidden"), "{said}");
    let said = run(&["--db", "postgres://h/d", "--overlap", "1h"], &key);
    assert!(said.contains("--overlap"), "{said}");
    let said = run(&["--rest", "https://example.com", "--jobs", "2"], &key);
    assert!(said.contains("'--rest <URL>' cannot be used with '--jobs <N>'"), "{said}");
}

#[test]
fn as_often_and_as_soon_as_the_user_says() {
    let database = ready("rest_patience");
    let rest = Rest::serve(&database, Setup::default());
    let home = Home::new();
    rest.hook(|_| Some(Fault::Status(503, "", "")));
    let begun = Instant::now();
    let run = export(&home, &rest, &["--retries", "2", "--retry-wait", "1s"]);
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert!(run.stderr.contains("HTTP 503 to the API, asked 3 times"), "{}", run.stderr);
    // 1 s and 2 s, of each at least half
    assert!(begun.elapsed() >= Duration::from_millis(1_500), "{:?}", begun.elapsed());
    let run = export(&home, &rest, &["--retries", "0"]);
    assert!(!run.stderr.contains("asked"), "{}", run.stderr);
    rest.hook(|_| {
        std::thread::sleep(Duration::from_secs(3));
        None
    });
    let run = export(&home, &rest, &["--stall-timeout", "1s", "--retries", "1"]);
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert!(run.stderr.contains("no answer in time"), "{}", run.stderr);
}

#[test]
fn a_second_word_ends_it_at_once_and_the_next_one_sweeps() {
    let database = ready("rest_second_word");
    fill(&database, 100);
    let rest = Rest::serve(&database, Setup { rows_max: 40, ..Setup::default() });
    let home = Home::new();
    let dir = home.path().join("snapshot");
    // a server that says nothing: the first word is heeded when its answer is given up
    let [waits, over] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
    let (told, ended) = (waits.clone(), over.clone());
    rest.hook(move |asked| {
        if asked.path.contains("/workers?") {
            told.store(true, Ordering::Relaxed);
            // not longer than the test: this thread holds its server
            let until = Instant::now() + Duration::from_secs(30);
            while !ended.load(Ordering::Relaxed) && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        None
    });
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_backstory"));
    command.args(["export", "--rest", &rest.url(), "--redact", "none", "--snapshot"]).arg(&dir);
    command.env("HOME", home.path()).env_remove("XDG_CONFIG_HOME");
    command.env("BACKSTORY_REST_KEY", SERVICE_KEY);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let running = command.spawn().expect("the program runs");
    let mut running = crate::export::every::Running(running);
    let log = dir.join("system_logs/c000001-0001.parquet.part");
    wait_until("the answer that does not come", || waits.load(Ordering::Relaxed));
    running.signal("-INT");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(running.signalled("-INT"), Some(130));
    assert!(log.exists(), "no time to clean up");
    over.store(true, Ordering::Relaxed);
    rest.unhook();
    exported(&home, &rest);
    assert_whole(&database, &home);
    let fresh = Home::new();
    exported(&fresh, &rest);
    let names = |home: &Home| -> Vec<String> {
        let root = home.path().display().to_string();
        listing(home).into_iter().map(|(path, _)| path.replace(&root, "")).collect()
    };
    assert_eq!(names(&home), names(&fresh));
}

#[test]
fn the_key_is_in_no_file_and_no_host_either() {
    let database = ready("rest_secret");
    fill(&database, 10);
    let rest = Rest::serve(&database, Setup::default());
    let home = Home::new();
    exported(&home, &rest);
    let mut files = Vec::new();
    walk(home.path(), &mut files);
    let secrets = [SERVICE_KEY, &SERVICE_KEY[30..70], "localhost"].map(str::as_bytes);
    for path in files {
        let bytes = std::fs::read(&path).expect("a file");
        let holds = |secret: &[u8]| bytes.windows(secret.len()).any(|window| window == secret);
        assert!(!secrets.into_iter().any(holds), "{}", path.display());
    }
}

#[test]
fn tls_is_verified() {
    let database = ready("rest_tls");
    fill(&database, 10);
    let home = Home::new();
    let authority = Authority::new(home.path(), "ca");
    let pair = authority.localhost();
    let rest = Rest::serve_tls(&database, &pair);
    let ca = authority.ca.to_str().expect("UTF-8");
    let run = export(&home, &rest, &["--ssl-root-cert", ca]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_whole(&database, &home);
    let run = export(&home, &rest, &[]);
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert!(run.stderr.contains("no trusted TLS connection"), "{}", run.stderr);
    let url = rest.url().replace("localhost", "127.0.0.1");
    let run = export_as(&home, &url, SERVICE_KEY, &["--ssl-root-cert", ca]);
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert!(run.stderr.contains("not valid for name"), "{}", run.stderr);
    let key = pair.key.to_str().expect("UTF-8");
    assert_eq!(export(&home, &rest, &["--ssl-root-cert", key]).code, 2);
}

fn listing(home: &Home) -> Vec<(String, String)> {
    let mut files = Vec::new();
    walk(&home.path().join("snapshot"), &mut files);
    files.sort();
    let hash = |path: &std::path::PathBuf| {
        blake3::hash(&std::fs::read(path).expect("a file")).to_hex().to_string()
    };
    files.iter().map(|path| (path.display().to_string(), hash(path))).collect()
}
