//! A private PostgreSQL for the time of the tests: own directory, own port, gone with its last user.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::authority::Pair;

/// The password of the superuser `postgres`: what no output may ever show.
pub(crate) const PASSWORD: &str = "corr3ct-horse";

/// A running server. Tests hold it by `Arc`, so that the last one to end stops it.
pub(crate) struct Server {
    home: TempDir,
    port: u16,
    process: Mutex<Child>,
}

/// One database on it.
pub(crate) struct Database {
    server: Arc<Server>,
    name: String,
}

static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());

/// An empty database of that name, on the one server of this test run.
pub(crate) fn database(name: &str) -> Database {
    database_with(name, "")
}

/// The same with options of CREATE DATABASE.
pub(crate) fn database_with(name: &str, options: &str) -> Database {
    let mut shared = SHARED.lock().unwrap_or_else(|broken| broken.into_inner());
    let server = shared.upgrade().unwrap_or_else(|| {
        let server = Arc::new(Server::start());
        *shared = Arc::downgrade(&server);
        server
    });
    drop(shared);
    let all = Database { server: server.clone(), name: "postgres".to_string() };
    all.sql(&format!("drop database if exists \"{name}\""));
    all.sql(&format!("create database \"{name}\" {options}"));
    Database { server, name: name.to_string() }
}

/// An empty database of that name on a server of its own: nothing else happens there, and it can be
/// restarted.
pub(crate) fn private(name: &str) -> Database {
    let server = Arc::new(Server::start());
    let all = Database { server: server.clone(), name: "postgres".to_string() };
    all.sql(&format!("create database \"{name}\""));
    Database { server, name: name.to_string() }
}

impl Server {
    fn start() -> Self {
        let owner = owner();
        let home = tempfile::Builder::new().prefix("bs-pg").tempdir().expect("a directory");
        let data = home.path().join("data");
        let password = home.path().join("password");
        fs::write(&password, PASSWORD).expect("a password file");
        if let Some((uid, gid)) = owner {
            for path in [home.path(), &password] {
                chown(path, Some(uid), Some(gid)).expect("a file to give away");
            }
        }
        // Everyone may reach the socket; only the owner the data.
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(home.path(), open).expect("an open directory");
        let mut initdb = command("initdb", owner);
        initdb.args(["-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync"]);
        initdb.args(["--auth=scram-sha-256", "--pwfile"]).arg(&password).arg("-D").arg(&data);
        let out = initdb.current_dir(home.path()).output().expect("initdb runs");
        assert!(out.status.success(), "initdb: {}", String::from_utf8_lossy(&out.stderr));
        let port = free_port();
        let process = Mutex::new(run(home.path(), port));
        let server = Self { home, port, process };
        server.wait();
        server
    }

    /// A standby of another server, which follows it from now on.
    fn standby(of: &Self) -> Self {
        let owner = owner();
        let home = tempfile::Builder::new().prefix("bs-pg").tempdir().expect("a directory");
        if let Some((uid, gid)) = owner {
            chown(home.path(), Some(uid), Some(gid)).expect("a directory to give away");
        }
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(home.path(), open).expect("an open directory");
        let source = format!("host=127.0.0.1 port={} user=postgres password={PASSWORD}", of.port);
        let mut copy = command("pg_basebackup", owner);
        copy.args(["-R", "-X", "stream", "-c", "fast", "--no-sync", "-d", &source, "-D"]);
        let out = copy.arg(home.path().join("data")).current_dir(home.path()).output();
        let out = out.expect("pg_basebackup runs");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let port = free_port();
        let process = Mutex::new(run(home.path(), port));
        let server = Self { home, port, process };
        server.wait();
        server
    }

    fn process(&self) -> MutexGuard<'_, Child> {
        self.process.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    fn stop(&self, signal: &str) {
        let mut process = self.process();
        drop(Command::new("kill").args([signal, &process.id().to_string()]).status());
        drop(process.wait());
    }

    fn wait(&self) {
        let begin = Instant::now();
        loop {
            let ready = Command::new(tool("pg_isready"))
                .args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()])
                .status();
            if ready.is_ok_and(|status| status.success()) {
                return;
            }
            let ended = self.process().try_wait().expect("a process of ours");
            if ended.is_some() || begin.elapsed() > Duration::from_secs(60) {
                let log = fs::read_to_string(self.home.path().join("log")).unwrap_or_default();
                panic!("PostgreSQL does not start: {log}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Server {
    /// Immediate shutdown of the process we started, and of its children with it.
    fn drop(&mut self) {
        self.stop("-QUIT");
    }
}

/// The server program on a directory that is ready for it.
fn run(home: &Path, port: u16) -> Child {
    let log = fs::File::options().create(true).append(true).open(home.join("log"));
    command("postgres", owner())
        .current_dir(home)
        .arg("-D")
        .arg(home.join("data"))
        .arg("-k")
        .arg(home)
        .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"])
        .args(["-c", "fsync=off", "-c", "autovacuum=off"])
        .stdout(Stdio::null())
        .stderr(log.expect("a log file"))
        .spawn()
        .expect("postgres runs")
}

impl Database {
    /// As the superuser, password and all.
    pub(crate) fn url(&self) -> String {
        self.url_as("postgres", PASSWORD)
    }

    /// As someone else.
    pub(crate) fn url_as(&self, user: &str, password: &str) -> String {
        format!("postgres://{user}:{password}@127.0.0.1:{}/{}", self.server.port, self.name)
    }

    /// The port, for URLs of another kind.
    pub(crate) fn port(&self) -> u16 {
        self.server.port
    }

    /// Ends the server of a private database by this signal (`-INT`: sessions are told, `-QUIT`: they
    /// break) and starts it again.
    pub(crate) fn restart(&self, signal: &str) {
        self.server.stop(signal);
        *self.server.process() = run(self.server.home.path(), self.server.port);
        self.server.wait();
    }

    /// The same database on a standby, which follows this one from now on.
    pub(crate) fn standby(&self) -> Self {
        Self { server: Arc::new(Server::standby(&self.server)), name: self.name.clone() }
    }

    /// The directory of the server's socket.
    pub(crate) fn socket_dir(&self) -> &Path {
        self.server.home.path()
    }

    /// Runs SQL and returns what it prints, unaligned, in UTC.
    pub(crate) fn sql(&self, text: &str) -> String {
        let mut psql = self.psql();
        psql.args(["-At", "-f", "-"]);
        feed(psql, text.as_bytes())
    }

    /// Runs SQL at another place, with nothing said about the session.
    pub(crate) fn sql_at(&self, url: &str, text: &str) -> String {
        let mut psql = Command::new(tool("psql"));
        psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-At", "-d", url, "-f", "-"]);
        feed(psql, text.as_bytes())
    }

    /// Loads a `pg_dump`, gzipped.
    pub(crate) fn load(&self, dump: &Path) {
        let file = fs::File::open(dump).expect("a dump");
        let mut text = Vec::new();
        flate2::read::MultiGzDecoder::new(file).read_to_end(&mut text).expect("a gzip file");
        let mut psql = self.psql();
        psql.args(["-At", "-f", "-"]);
        feed(psql, &text);
    }

    /// Writes `<table>.csv` as people make it: `COPY ... CSV HEADER`, times in UTC.
    pub(crate) fn copy_csv(&self, table: &str, dir: &Path) -> PathBuf {
        let path = dir.join(format!("{table}.csv"));
        let to = path.display();
        self.sql(&format!("\\copy public.{table} to '{to}' with (format csv, header)\n"));
        path
    }

    /// Makes the server speak TLS, with these files, from now on.
    pub(crate) fn speak_tls(&self, certificate: &Path, key: &Path) {
        for (setting, from) in [("ssl_cert_file", certificate), ("ssl_key_file", key)] {
            let to = self.server.home.path().join(setting);
            fs::copy(from, &to).expect("a copy");
            fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).expect("a private file");
            if let Some((uid, gid)) = owner() {
                chown(&to, Some(uid), Some(gid)).expect("a file to give away");
            }
            self.sql(&format!("alter system set {setting} = '{}'", to.display()));
        }
        self.sql("alter system set ssl = on");
        self.sql("select pg_reload_conf()");
        let begin = Instant::now();
        while self.sql("show ssl").trim() != "on" {
            assert!(begin.elapsed() < Duration::from_secs(30), "the server does not speak TLS");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Restarts a private server that speaks TLS with this pair, knows the clients that an authority
    /// vouches for, and lets in over the network who these lines of `pg_hba.conf` let in.
    pub(crate) fn secure(&self, pair: &Pair, clients: Option<&Path>, access: &str) {
        let home = self.server.home.path();
        let files =
            [("ssl_cert_file", Some(&*pair.certificate)), ("ssl_key_file", Some(&*pair.key))];
        for (setting, from) in files.into_iter().chain([("ssl_ca_file", clients)]) {
            let Some(from) = from else { continue };
            let to = home.join(setting);
            fs::copy(from, &to).expect("a copy");
            fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).expect("a private file");
            if let Some((uid, gid)) = owner() {
                chown(&to, Some(uid), Some(gid)).expect("a file to give away");
            }
            self.sql(&format!("alter system set {setting} = '{}'", to.display()));
        }
        self.sql("alter system set ssl = on");
        let access = format!("local all all scram-sha-256\n{access}\n");
        fs::write(home.join("data/pg_hba.conf"), access).expect("a file");
        self.restart("-INT");
    }

    fn psql(&self) -> Command {
        let mut psql = Command::new(tool("psql"));
        psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-h"]).arg(self.server.home.path());
        psql.args(["-p", &self.server.port.to_string(), "-U", "postgres", "-d", &self.name]);
        psql.env("PGPASSWORD", PASSWORD).env("PGTZ", "UTC").env("PGCLIENTENCODING", "UTF8");
        psql
    }
}

/// A connection that stays: its transactions end when the test says so.
pub(crate) struct Session {
    psql: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Session {
    /// A new one.
    pub(crate) fn open(database: &Database) -> Self {
        let mut psql = database.psql();
        psql.args(["-At", "-f", "-"]);
        psql.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut psql = psql.spawn().expect("psql runs");
        let (to, from) = (psql.stdin.take(), psql.stdout.take());
        let (to, from) = (to.expect("a pipe"), BufReader::new(from.expect("a pipe")));
        Self { psql, to, from }
    }

    /// Runs SQL, and waits until it has run.
    pub(crate) fn run(&mut self, sql: &str) {
        const DONE: &str = "-- done --";
        writeln!(self.to, "{sql};\n\\echo {DONE}").expect("psql listens");
        self.to.flush().expect("psql listens");
        for line in self.from.by_ref().lines() {
            if line.expect("UTF-8") == DONE {
                return;
            }
        }
        panic!("psql ended at: {sql}");
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        drop(self.psql.kill());
        drop(self.psql.wait());
    }
}

/// Gives a command its input and returns its output; a failure fails the test.
fn feed(mut command: Command, input: &[u8]) -> String {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("psql runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let output = std::thread::scope(|scope| {
        // psql stops reading at its first error, which its own output then tells.
        scope.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output().expect("psql ends")
    });
    assert!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn tool(name: &str) -> PathBuf {
    let folder = std::env::var_os("PG_BIN").unwrap_or("/usr/lib/postgresql/15/bin".into());
    PathBuf::from(folder).join(name)
}

/// A pgbouncer in transaction mode before a database, with one session on the server.
pub(crate) struct Pooler {
    process: Child,
    port: u16,
    _home: TempDir,
}

impl Pooler {
    /// `None` where pgbouncer is not installed.
    pub(crate) fn start(database: &Database) -> Option<Self> {
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"].into_iter().map(Path::new);
        let program = program.into_iter().find(|path| path.exists())?;
        let home = tempfile::Builder::new().prefix("bs-pool").tempdir().expect("a directory");
        let (port, config) = (free_port(), home.path().join("pgbouncer.ini"));
        let text = format!(
            "[databases]\n* = host=127.0.0.1 port={} user=postgres password={PASSWORD}\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n\
             pool_mode = transaction\ndefault_pool_size = 1\n",
            database.server.port
        );
        fs::write(&config, text).expect("a configuration");
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(home.path(), open).expect("an open directory");
        let mut command = Command::new(program);
        if let Some((uid, gid)) = owner() {
            command.uid(uid).gid(gid);
        }
        let process = command.arg("-q").arg(&config).stderr(Stdio::null()).stdout(Stdio::null());
        let process = process.spawn().expect("pgbouncer runs");
        let begin = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begin.elapsed() < Duration::from_secs(60), "pgbouncer does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(Self { process, port, _home: home })
    }

    /// A database behind it.
    pub(crate) fn url(&self, name: &str) -> String {
        format!("postgres://postgres:any@127.0.0.1:{}/{name}", self.port)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A server program, run by someone it accepts: it refuses root.
fn command(name: &str, owner: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(tool(name));
    if let Some((uid, gid)) = owner {
        command.uid(uid).gid(gid);
    }
    command.env("LC_ALL", "C");
    command
}

/// `None` when we are not root; else the ids of `postgres`, or of `nobody`.
fn owner() -> Option<(u32, u32)> {
    let uid = Command::new("id").arg("-u").output().expect("id runs").stdout;
    if uid.trim_ascii() != b"0" {
        return None;
    }
    let passwd = fs::read_to_string("/etc/passwd").expect("a user list");
    let ids = |wanted: &str| {
        let line = passwd.lines().find(|line| line.split(':').next() == Some(wanted))?;
        let mut fields = line.split(':').skip(2).map_while(|field| field.parse().ok());
        Some((fields.next()?, fields.next()?))
    };
    Some(ids("postgres").or_else(|| ids("nobody")).expect("a user who may run PostgreSQL"))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}
