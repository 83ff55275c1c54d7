//! Rows that are made beside the reading of what comes next: while one table is redacted and hashed, the server
//! sends on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use bytes::Bytes;

use crate::export::error::ExportError;
use crate::export::select::Selection;
use crate::export::table_rows::{Making, TableRows};
use crate::model::time::Micros;
use crate::snapshot::table_writer::TableWriter;

/// Bytes that are handed over at once.
const PIECE_BYTES: usize = 64 << 10;
/// Pieces on their way: 4 MiB, and the row that is one too many.
const WAITING_MAX: usize = 64;

/// A table whose file is written by a thread of its own. Dropped, it ends, and leaves the file as it is.
pub(super) struct Aside {
    /// `None`: nothing comes any more.
    pieces: Option<SyncSender<Vec<Bytes>>>,
    piece: Vec<Bytes>,
    piece_bytes: usize,
    rows: Arc<AtomicU64>,
    /// `None`: it has ended.
    thread: Option<JoinHandle<Result<Made, ExportError>>>,
}

/// A table whose rows are all made, and their earliest time.
pub(super) type Made = (TableWriter, Option<Micros>);

impl Aside {
    pub(super) fn begin(making: Making<'_>, selection: Selection, writer: TableWriter) -> Self {
        let (pieces, come) = sync_channel(WAITING_MAX);
        let rows = Arc::new(AtomicU64::new(0));
        let (redactor, so_far) = (making.redactor.clone(), rows.clone());
        let (next_xid, standing) = (making.next_xid, making.standing);
        let thread = std::thread::spawn(move || {
            let making = Making { redactor: &redactor, next_xid, standing };
            make(making, &selection, writer, (&come, &so_far))
        });
        Self { pieces: Some(pieces), piece: Vec::new(), piece_bytes: 0, rows, thread: Some(thread) }
    }

    /// Takes what came; returns how many rows were made so far.
    pub(super) fn take(&mut self, bytes: Bytes) -> Result<u64, ExportError> {
        self.piece_bytes += bytes.len();
        self.piece.push(bytes);
        if self.piece_bytes >= PIECE_BYTES {
            self.hand_over()?;
        }
        Ok(self.rows.load(Ordering::Relaxed))
    }

    /// Nothing comes any more: waits for the last rows.
    pub(super) fn end(mut self) -> Result<Made, ExportError> {
        self.hand_over()?;
        self.join().unwrap_or(Err(ExportError::Stopped))
    }

    fn hand_over(&mut self) -> Result<(), ExportError> {
        let piece = std::mem::take(&mut self.piece);
        // huge rows take as many places as they have bytes, or what waits would have no bound
        let places = (std::mem::take(&mut self.piece_bytes) / PIECE_BYTES).min(WAITING_MAX);
        let pieces = std::iter::once(piece).chain((1..places).map(|_| Vec::new()));
        let send =
            |to: &SyncSender<Vec<Bytes>>| pieces.map(|piece| to.send(piece)).all(|r| r.is_ok());
        let gone = !self.pieces.as_ref().is_some_and(send);
        // it has stopped because it failed
        match gone.then(|| self.join()).flatten() {
            Some(Err(err)) => Err(err),
            Some(Ok(_)) | None => Ok(()),
        }
    }

    fn join(&mut self) -> Option<Result<Made, ExportError>> {
        self.pieces = None;
        self.thread.take().map(|thread| match thread.join() {
            Ok(made) => made,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    }
}

impl Drop for Aside {
    /// Who sweeps the file away should not meet a thread that writes to it.
    fn drop(&mut self) {
        self.pieces = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn make(
    making: Making<'_>,
    selection: &Selection,
    mut writer: TableWriter,
    (come, so_far): (&Receiver<Vec<Bytes>>, &AtomicU64),
) -> Result<Made, ExportError> {
    let mut rows = TableRows::new(making, selection, &mut writer);
    for piece in come {
        for bytes in piece {
            rows.take(bytes)?;
        }
        so_far.store(rows.rows_read(), Ordering::Relaxed);
    }
    let oldest = rows.end()?;
    writer.close()?;
    Ok((writer, oldest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::copy::CopyError;
    use crate::export::field::Wire;
    use crate::model::table::Table;
    use crate::redact::Redactor;
    use crate::redact::policy::Policy;
    use crate::snapshot::capture::known_rows::KnownRows;
    use crate::snapshot::column::{Column, ColumnType};
    use crate::snapshot::table_writer::TableSpec;

    /// One column of texts.
    fn begin(dir: &std::path::Path) -> Aside {
        let column = || Column {
            name: "id".to_string(),
            kind: ColumnType::Text,
            source_type: "text".to_string(),
        };
        let writer = TableWriter::create(TableSpec {
            dir,
            table: Table::Tasks,
            capture: "c000001",
            part: 1,
            captured_at: Micros(0),
            row_key: [7; 32],
            columns: vec![column()],
            known: KnownRows::none(),
        });
        let selection = Selection {
            sql: String::new(),
            columns: vec![column()],
            wires: vec![Wire::Text],
            left_out: Vec::new(),
        };
        let redactor = Redactor::new(Policy::None, &[7; 32]);
        let making = Making { redactor: &redactor, next_xid: 900, standing: None };
        Aside::begin(making, selection, writer.expect("a fresh directory"))
    }

    fn header() -> Bytes {
        Bytes::from_static(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0")
    }

    /// A row of a transaction and a text.
    fn row(text: &str) -> Bytes {
        let length = u32::try_from(text.len()).expect("a short text").to_be_bytes();
        let xmin = [0, 0, 0, 4, 0, 0, 3, 0];
        Bytes::from([&[0, 2], &xmin[..], &length, text.as_bytes()].concat())
    }

    #[test]
    fn all_rows_are_made() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut aside = begin(dir.path());
        aside.take(header()).expect("begun");
        let text = "x".repeat(PIECE_BYTES / 3);
        for n in 0..4 * WAITING_MAX {
            aside.take(row(&format!("{n} {text}"))).expect("taken");
        }
        aside.take(Bytes::from_static(&[0xff, 0xff])).expect("the end");
        let (writer, oldest) = aside.end().expect("whole");
        assert_eq!((writer.rows_read(), oldest), (4 * WAITING_MAX as u64, None));
    }

    #[test]
    fn a_stream_that_is_cut_off_or_damaged_is_an_error_and_blocks_nobody() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut aside = begin(dir.path());
        aside.take(header()).expect("begun");
        aside.take(row("whole")).expect("taken");
        let short = aside.end().err();
        assert!(matches!(short, Some(ExportError::Copy { source: CopyError::Short, .. })));
        let mut aside = begin(dir.path());
        aside.take(header()).expect("begun");
        let three = Bytes::from([&[0, 3], &[0; PIECE_BYTES][..]].concat());
        let failed = (0..10 * WAITING_MAX).find_map(|_| aside.take(three.clone()).err());
        assert!(
            matches!(failed, Some(ExportError::Copy { table: Table::Tasks, .. })),
            "{failed:?}"
        );
    }
}
