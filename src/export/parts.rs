//! A large table in parts, each over a connection of its own, and all at one instant.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use tokio_postgres::Client;

use crate::export::access::Access;
use crate::export::attend::{Limits, attend};
use crate::export::catalogue::{SCHEMA, SourceTable};
use crate::export::connect::{self, BYTES_AS_THEY_ARE, NO_TIMEOUT, ONE_INSTANT, connect};
use crate::export::error::ExportError;
use crate::export::postgres::Step;
use crate::export::select::{Selection, quote, select};
use crate::export::server_error::{Doing, explain};
use crate::export::table_reader::{Reading, read_table};
use crate::export::target::Target;
use crate::model::time::Micros;
use crate::redact::Redactor;
use crate::snapshot::table_writer::TableWriter;

/// Pages below which another connection costs more than it brings: 16 MiB of the usual ones.
const PAGES_MIN: i64 = 2_048;

/// The first server that finds the rows of a range of pages without looking at the others.
const SERVER_MIN: i32 = 140_000;

/// What further connections need to read at the instant of the first.
pub(super) struct Parts {
    jobs: usize,
    target: Target,
    /// The exported snapshot.
    snapshot: String,
}

/// The first connection has the tables locked: who waits for that, and whom this one waits behind, gets through only
/// when the capture begins again.
const LOCK_SOON: &str = "set local lock_timeout = '1s'";

/// How often is looked whether to stop.
const LOOK: Duration = Duration::from_millis(100);

/// A part on its way: its file, and its earliest time.
type Read = (TableWriter, Option<Micros>);

impl Parts {
    /// Exports the snapshot of a transaction. `None` where one connection is all that was asked for, or all
    /// that the server allows: then the note says why.
    pub(super) async fn of(
        client: &Client,
        target: Target,
        (jobs, access): (NonZeroUsize, Access),
        note: &mut dyn FnMut(String),
    ) -> Result<Option<Self>, ExportError> {
        if jobs.get() == 1 {
            return Ok(None);
        }
        match access {
            Access::Direct => {}
            // its note has said so
            Access::Pooled => return Ok(None),
            Access::Standby => {
                note("one connection: a standby hands no snapshot on to others".to_string());
                return Ok(None);
            }
        }
        let failed = |err| explain(&err, Doing::Session);
        let sql = "select current_setting('server_version_num')::int4";
        let row = client.query_typed_one(sql, &[]).await.map_err(failed)?;
        let version: i32 = row.get(0);
        if version < SERVER_MIN {
            note(
                "one connection: servers before version 14 look at all pages for a few".to_string(),
            );
            return Ok(None);
        }
        let row =
            client.query_typed_one("select pg_export_snapshot()", &[]).await.map_err(failed)?;
        Ok(Some(Self { jobs: jobs.get(), target, snapshot: row.get(0) }))
    }

    /// The conditions that cut a table into parts; none where it is too small for that.
    pub(super) async fn conditions(
        &self,
        client: &Client,
        source: &SourceTable,
    ) -> Result<Vec<String>, ExportError> {
        let table = format!("{SCHEMA}.{}", quote(source.table.name())).replace('\'', "''");
        let sql = format!(
            "select pg_relation_size('{table}'::regclass) / current_setting('block_size')::int8"
        );
        let failed = |err| explain(&err, Doing::Reading(source.table));
        let row = client.query_typed_one(&sql, &[]).await.map_err(failed)?;
        let pages: i64 = row.get(0);
        Ok(if pages < PAGES_MIN { Vec::new() } else { ranges(pages, self.jobs) })
    }

    /// Reads every part into its file; returns the files and the earliest time. Where one part fails or
    /// someone says stop, the others end.
    pub(super) fn read(
        &self,
        shared: &Shared<'_>,
        work: Work<'_>,
        watch: &mut dyn FnMut(Step),
    ) -> Result<(Vec<TableWriter>, Option<Micros>), ExportError> {
        let (stopped, (to, told)) = (AtomicBool::new(false), channel());
        let parts: Vec<Result<Read, ExportError>> = thread::scope(|scope| {
            let parts = work.conditions.iter().zip(work.files).zip(std::iter::repeat(to));
            let threads: Vec<_> = parts
                .map(|((condition, file), to)| {
                    let (selection, stopped) = (select(work.source, &[condition]), &stopped);
                    scope.spawn(move || {
                        let part = self.part(shared, &selection, file, &to, stopped);
                        stopped.fetch_or(part.is_err(), Ordering::Relaxed);
                        part
                    })
                })
                .collect();
            listen(&told, watch, &mut || stopped.fetch_or((work.stop)(), Ordering::Relaxed));
            let joined = threads.into_iter().map(|thread| match thread.join() {
                Ok(part) => part,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            joined.collect()
        });
        let (mut files, mut oldest, mut end) = (Vec::new(), None, None);
        for part in parts {
            match part {
                Ok((file, at)) => {
                    files.push(file);
                    oldest = oldest.into_iter().chain(at).min();
                }
                // another's failure says why
                Err(err @ ExportError::Stopped) => end = end.or(Some(err)),
                Err(err) => return Err(err),
            }
        }
        end.map_or(Ok((files, oldest)), Err)
    }

    fn part(
        &self,
        shared: &Shared<'_>,
        selection: &Selection,
        mut file: TableWriter,
        to: &Sender<Told>,
        stopped: &AtomicBool,
    ) -> Result<Read, ExportError> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
        let runtime = runtime.map_err(ExportError::Runtime)?;
        let (came, mut before) = (Cell::new(false), 0);
        // nobody listens any more when the whole has failed
        let tell = |told| {
            drop(to.send(told));
        };
        let mut progress = |sum: u64| {
            came.set(true);
            tell(Told::Rows(sum - before));
            before = sum;
        };
        let limits =
            Limits { stop: &|| stopped.load(Ordering::Relaxed), silence_max: shared.silence_max };
        let note = |text| tell(Told::Note(text));
        let work = async {
            let client = self.connected().await?;
            let (redactor, next_xid) = (shared.redactor, shared.next_xid);
            // of a table that no capture has
            let standing = BTreeMap::new();
            let since = None;
            let (server_version, standing) = (0, &standing);
            let reading =
                Reading { client: &client, redactor, next_xid, since, server_version, standing };
            read_table(&reading, selection, &mut file, &mut progress).await
        };
        let done = runtime.block_on(attend(limits, &came, &note, work));
        runtime.shutdown_background();
        Ok((file, done?))
    }

    /// One more connection, at the instant of the first.
    async fn connected(&self) -> Result<Client, ExportError> {
        let client = connect(self.target.clone()).await?;
        let begin = format!("{ONE_INSTANT}; set transaction snapshot '{}'", self.snapshot);
        connect::begin(&client, &begin).await.map_err(joining)?;
        for statement in [NO_TIMEOUT, BYTES_AS_THEY_ARE, LOCK_SOON] {
            let done = client.batch_execute(statement).await;
            done.map_err(|err| explain(&err, Doing::Session))?;
        }
        Ok(client)
    }
}

/// The instant ends with the connection that holds it: one that finds it gone was told of the other's loss first.
fn joining(err: ExportError) -> ExportError {
    /// `invalid snapshot identifier`, and `the source transaction is not running anymore`.
    const GONE: [&str; 2] = ["22023", "55000"];
    let is_gone = matches!(&err, ExportError::Server { code, .. } if GONE.contains(&code.as_str()));
    let doing = || "joining the instant of the first connection".to_string();
    if is_gone { ExportError::Lost(doing()) } else { err }
}

/// What a part has to say.
enum Told {
    /// So many rows more.
    Rows(u64),
    /// Something the user should know.
    Note(String),
}

/// Passes on what the parts say, until all of them have ended.
fn listen(told: &Receiver<Told>, watch: &mut dyn FnMut(Step), look: &mut dyn FnMut() -> bool) {
    let mut sum = 0;
    loop {
        match told.recv_timeout(LOOK) {
            Ok(Told::Rows(more)) => {
                sum += more;
                watch(Step::Rows(sum));
            }
            Ok(Told::Note(text)) => watch(Step::Note(text)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        look();
    }
}

/// What all parts share.
pub(super) struct Shared<'a> {
    pub(super) redactor: &'a Redactor,
    pub(super) next_xid: u64,
    /// For how long the server may say nothing.
    pub(super) silence_max: Duration,
}

/// A table, the conditions that cut it, and a file for each.
pub(super) struct Work<'a> {
    pub(super) source: &'a SourceTable,
    pub(super) conditions: &'a [String],
    pub(super) files: Vec<TableWriter>,
    /// Whether to stop.
    pub(super) stop: &'a dyn Fn() -> bool,
}

/// So many ranges of pages; the last has no end, as a table may grow.
fn ranges(pages: i64, parts: usize) -> Vec<String> {
    let parts = i64::try_from(parts).unwrap_or(i64::MAX).min(pages);
    let from = |part: i64| pages * part / parts;
    let range = |part: i64| {
        let begin = format!("t.ctid >= '({},0)'::pg_catalog.tid", from(part));
        if part + 1 == parts {
            return begin;
        }
        format!("{begin} and t.ctid < '({},0)'::pg_catalog.tid", from(part + 1))
    };
    (0..parts).map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_that_is_gone_is_a_connection_that_was_cut() {
        let of = |code: &str| {
            let (doing, said) = ("preparing the session".to_string(), String::new());
            joining(ExportError::Server { doing, code: code.to_string(), said })
        };
        for code in ["22023", "55000"] {
            assert!(matches!(of(code), ExportError::Lost(_)), "{code}");
        }
        assert!(matches!(of("42601"), ExportError::Server { .. }));
    }

    #[test]
    fn every_page_is_in_one_part() {
        let all = ranges(10, 3);
        assert_eq!(
            all[0],
            "t.ctid >= '(0,0)'::pg_catalog.tid and t.ctid < '(3,0)'::pg_catalog.tid"
        );
        assert_eq!(
            all[1],
            "t.ctid >= '(3,0)'::pg_catalog.tid and t.ctid < '(6,0)'::pg_catalog.tid"
        );
        assert_eq!(all[2], "t.ctid >= '(6,0)'::pg_catalog.tid");
        assert_eq!(ranges(2, 9).len(), 2);
    }
}
