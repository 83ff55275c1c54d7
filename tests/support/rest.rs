//! A small server that answers as PostgREST's documentation says, out of a real PostgreSQL, whose own JSON it sends.
//!
//! It knows what an export asks for and no more. A limit of its own makes pages short; a hook sees every request
//! first and can spoil the answer, or change the database while pages are read.

mod query;
mod wire;

use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread;

use crate::support::authority::Pair;
use crate::support::postgres::Database;
use crate::support::rest::query::Query;

/// A key of the role `service_role`: what no output and no snapshot may ever show.
pub(crate) const SERVICE_KEY: &str = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJzdXBhYmFzZSIsInJvbGUiOiJzZXJ2aWNlX3JvbGUiLCJl\
                                      eHAiOjQxMDI0NDQ4MDB9.s1gn4ture";
/// One of the role `anon`, which the server takes as well.
pub(crate) const ANON_KEY: &str =
    "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJzdXBhYmFzZSIsInJvbGUiOiJhbm9uIn0.s1gn4ture";
/// One that is over, which it does not.
pub(crate) const OLD_KEY: &str =
    "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIiwiZXhwIjoxNzAwMDAwMDAwfQ.s1gn4ture";

/// What a hook does to an answer.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// This status, these headers and this body in its place.
    Status(u16, &'static str, &'static str),
    /// The connection ends after so many bytes of the body.
    Cut(usize),
    /// The rows of a page but the first.
    WithoutFirst,
    /// The body up to its middle, as if that were all.
    Half,
}

/// A request, as a hook sees it.
pub(crate) struct Asked {
    /// How many there were before.
    pub(crate) number: usize,
    pub(crate) method: String,
    /// Path and query, decoded.
    pub(crate) path: String,
}

type Hook = Box<dyn FnMut(&Asked) -> Option<Fault> + Send>;

/// The server, and what it was asked.
pub(crate) struct Rest {
    state: Arc<State>,
    port: u16,
    scheme: &'static str,
}

pub(crate) struct State {
    /// The test's: what listens lives as long as the process, and would keep PostgreSQL running behind it.
    database: Weak<Database>,
    /// Rows of a page at most: `db-max-rows`.
    pub(crate) rows_max: AtomicUsize,
    /// Where the tables are.
    prefix: &'static str,
    /// Whether the root describes the tables.
    describes: bool,
    hook: Mutex<Option<Hook>>,
    asked: Mutex<Vec<String>>,
}

/// How it is set up.
pub(crate) struct Setup {
    pub(crate) rows_max: usize,
    pub(crate) prefix: &'static str,
    pub(crate) describes: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self { rows_max: 1_000, prefix: "/rest/v1", describes: true }
    }
}

impl Rest {
    /// Serves a database, over plain HTTP.
    pub(crate) fn serve(database: &Arc<Database>, setup: Setup) -> Self {
        Self::start(database, setup, None)
    }

    /// The same over TLS.
    pub(crate) fn serve_tls(database: &Arc<Database>, pair: &Pair) -> Self {
        Self::start(database, Setup::default(), Some(wire::tls(pair)))
    }

    fn start(database: &Arc<Database>, setup: Setup, tls: Option<wire::Tls>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(State {
            database: Arc::downgrade(database),
            rows_max: AtomicUsize::new(setup.rows_max),
            prefix: setup.prefix,
            describes: setup.describes,
            hook: Mutex::new(None),
            asked: Mutex::new(Vec::new()),
        });
        let scheme = if tls.is_some() { "https" } else { "http" };
        let shared = state.clone();
        // ends with the test's process
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(stream), state, tls) = (stream, shared.clone(), tls.clone()) else {
                    return;
                };
                thread::spawn(move || wire::talk(stream, tls.as_ref(), &state));
            }
        });
        Self { state, port, scheme }
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("{}://localhost:{}", self.scheme, self.port)
    }

    /// Lets a hook see every request from now on.
    pub(crate) fn hook(&self, hook: impl FnMut(&Asked) -> Option<Fault> + Send + 'static) {
        *self.state.hook.lock().expect("no hook panicked") = Some(Box::new(hook));
    }

    /// Lets them pass again.
    pub(crate) fn unhook(&self) {
        *self.state.hook.lock().expect("no hook panicked") = None;
    }

    /// What was asked since the last call: method, path and query, decoded.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.state.asked.lock().expect("no request panicked"))
    }
}

impl Drop for Rest {
    /// A hook may hold the database too.
    fn drop(&mut self) {
        if let Ok(mut hook) = self.state.hook.try_lock() {
            *hook = None;
        }
    }
}

/// An answer before it goes out.
pub(crate) struct Reply {
    status: u16,
    headers: String,
    body: String,
}

impl Reply {
    fn new(status: u16, body: &str) -> Self {
        let headers = "Content-Type: application/json; charset=utf-8\r\n".to_string();
        Self { status, headers, body: body.to_string() }
    }
}

impl State {
    /// Answers a request, the hook's fault in it.
    fn answer(&self, method: &str, target: &str, headers: &str) -> (Reply, Option<Fault>) {
        let path = query::decoded(target);
        let mut asked = self.asked.lock().expect("no request panicked");
        let number = asked.len();
        asked.push(format!("{method} {path}"));
        drop(asked);
        let seen = Asked { number, method: method.to_string(), path };
        let fault =
            self.hook.lock().expect("no hook panicked").as_mut().and_then(|hook| hook(&seen));
        if let Some(Fault::Status(status, headers, body)) = &fault {
            let reply = Reply { headers: (*headers).to_string(), ..Reply::new(*status, body) };
            return (reply, None);
        }
        (self.reply(target, headers, fault.as_ref()), fault)
    }

    fn reply(&self, target: &str, headers: &str, fault: Option<&Fault>) -> Reply {
        let sent = |name: &str, value: &str| {
            let wanted = format!("{name}: {value}").to_lowercase();
            headers.to_lowercase().lines().any(|line| line.trim() == wanted)
        };
        let is_key =
            |key: &&str| sent("apikey", key) && sent("authorization", &format!("Bearer {key}"));
        let Some(path) = target.strip_prefix(self.prefix) else {
            return Reply::new(404, r#"{"message":"no Route matched with those values"}"#);
        };
        if ![SERVICE_KEY, ANON_KEY].iter().any(is_key) {
            return Reply::new(
                401,
                r#"{"code":"PGRST301","message":"JWT expired","details":null}"#,
            );
        }
        let Some(database) = self.database.upgrade() else {
            return Reply::new(503, r#"{"code":"PGRST000","message":"Database connection error"}"#);
        };
        if path == "/" && self.describes {
            return Reply::new(200, &query::description(&database));
        }
        let Some(query) = Query::of(path) else {
            return Reply::new(404, r#"{"code":"PGRST125","message":"Invalid path"}"#);
        };
        let there = format!(
            "select to_regclass('public.{0}') is not null, exists (select from pg_attribute
               where attrelid = to_regclass('public.{0}') and attname = 'id' and not attisdropped)",
            query.table
        );
        let there = database.sql(&there);
        if there.trim() == "t|f" {
            return Reply::new(400, r#"{"code":"42703","message":"column id does not exist"}"#);
        }
        if there.trim() != "t|t" {
            let missing =
                r#"{"code":"PGRST205","message":"Could not find the table in the schema cache"}"#;
            return Reply::new(404, missing);
        }
        let rows_max = self.rows_max.load(Ordering::Relaxed);
        let skip = usize::from(matches!(fault, Some(Fault::WithoutFirst)));
        let (rows, body) = query.rows(&database, rows_max, skip);
        let total = sent("prefer", "count=exact").then(|| query.count(&database));
        let told = total.map_or_else(|| "*".to_string(), |total| total.to_string());
        let range = match rows {
            0 => format!("*/{told}"),
            _ => format!("0-{}/{told}", rows - 1),
        };
        let status = if total.is_some_and(|total| total > rows) { 206 } else { 200 };
        let mut reply = Reply::new(status, &body);
        reply.headers += &format!("Content-Range: {range}\r\n");
        reply
    }
}
