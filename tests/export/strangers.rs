//! Someone else listens where a PostgreSQL server was looked for.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::export::{Home, Run};

/// A listener that does this with whoever comes; its port.
fn listener(serve: fn(TcpStream)) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream));
        }
    });
    port
}

/// Exports from a port, with all the patience that there is by default.
fn export(port: u16, more: &str) -> Run {
    let home = Home::new();
    let dir = home.path().join("snapshot").display().to_string();
    let url = format!("postgres://postgres@127.0.0.1:{port}/x{more}");
    let run = home.export(&["--snapshot", &dir], &[("BACKSTORY_DB", &url)]);
    assert!(!home.path().join("snapshot").exists());
    Run { stderr: run.stderr.replace(&port.to_string(), "PORT"), ..run }
}

/// Says something at once, and keeps the line.
fn says(mut stream: TcpStream, banner: &[u8]) {
    stream.write_all(banner).ok();
    stream.read_to_end(&mut Vec::new()).ok();
}

/// Waits for the end of a line, answers and hangs up.
fn http(mut stream: TcpStream) {
    let (mut asked, mut buffer) = (Vec::new(), [0; 512]);
    while !asked.contains(&b'\n') {
        match stream.read(&mut buffer) {
            Ok(read) if read > 0 => asked.extend_from_slice(&buffer[..read]),
            Ok(_) | Err(_) => return,
        }
    }
    stream.write_all(b"HTTP/1.1 400 Bad Request\r\nServer: x\x1b[2J\r\n\r\n").ok();
}

#[test]
fn what_another_protocol_says_is_told_and_not_asked_for_again() {
    let ssh = listener(|stream| says(stream, b"SSH-2.0-OpenSSH_9.2p1\r\n"));
    for more in ["", "?sslmode=require"] {
        let run = export(ssh, more);
        assert_eq!(run.code, 3, "{more}: {}", run.stderr);
        insta::allow_duplicates! {
            insta::assert_snapshot!(run.stderr, @r#"
                error: 127.0.0.1, port PORT is no PostgreSQL server: it says `SSH-2.0-OpenSSH_9.2p1`
                hint: check host and port: PostgreSQL is on 5432, poolers often on 6543
            "#);
        }
    }
    // MySQL: its first bytes look like a message of ours
    let mysql = listener(|stream| says(stream, b"J\0\0\0\n8.0.36\0"));
    let run = export(mysql, "");
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert!(run.stderr.contains(r"it says `J\x00\x00\x00\n8.0.36\x00`"), "{}", run.stderr);
    let web = listener(http);
    let run = export(web, "?sslmode=disable");
    assert_eq!(run.code, 3, "{}", run.stderr);
    let said = r"it says `HTTP/1.1 400 Bad Request\r\nServer: x\x1b[2J`";
    assert!(run.stderr.contains(said), "{}", run.stderr);
}

#[test]
fn one_that_says_nothing_is_waited_for_as_long_as_was_asked() {
    let silent = listener(|mut stream| drop(stream.read_to_end(&mut Vec::new())));
    let home = Home::new();
    let dir = home.path().join("snapshot").display().to_string();
    let args = ["--snapshot", dir.as_str(), "--retries", "0"];
    for (seconds, more, env) in [(2, "?connect_timeout=1", "60"), (4, "", "4")] {
        let url = format!("postgres://postgres@127.0.0.1:{silent}/x{more}");
        let began = Instant::now();
        let run = home.export(&args, &[("BACKSTORY_DB", &url), ("PGCONNECT_TIMEOUT", env)]);
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        assert_eq!(run.code, 3, "{}", run.stderr);
        let told = format!(
            "error: 127.0.0.1, port {silent} did not complete the connection within {seconds} s\n"
        );
        assert!(run.stderr.contains(&told), "{}", run.stderr);
    }
}
