//! Batches into one Parquet file, beside whoever makes them: compressing takes as long as reading a row.

use std::fs::File;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::errors::{ParquetError, Result};

use crate::snapshot::parquet_file;

/// Batches on their way: more would not make anything faster.
const WAITING_MAX: usize = 1;

/// A file that is written by a thread of its own. Dropped, it leaves what it has written as it is.
pub(super) struct Encoder {
    /// `None`: nothing comes any more.
    batches: Option<SyncSender<(RecordBatch, usize)>>,
    thread: Option<JoinHandle<Result<()>>>,
    file: File,
}

impl Encoder {
    pub(super) fn new(file: File, schema: SchemaRef) -> Result<Self> {
        let theirs = file.try_clone()?;
        let writer = ArrowWriter::try_new(theirs, schema, Some(parquet_file::properties()))?;
        let (batches, come) = sync_channel(WAITING_MAX);
        let thread = std::thread::spawn(move || encode(writer, &come));
        Ok(Self { batches: Some(batches), thread: Some(thread), file })
    }

    /// Takes a batch with so many bytes of text.
    pub(super) fn write(&mut self, batch: RecordBatch, text: usize) -> Result<()> {
        let sent = self.batches.as_ref().is_some_and(|to| to.send((batch, text)).is_ok());
        // it has stopped because it failed
        if sent { Ok(()) } else { self.end() }
    }

    /// Writes the rest, and waits until the disk has it.
    pub(super) fn finish(mut self) -> Result<()> {
        self.end()?;
        Ok(self.file.sync_all()?)
    }

    fn end(&mut self) -> Result<()> {
        self.batches = None;
        let Some(thread) = self.thread.take() else {
            return Err(ParquetError::General("the file has failed before".to_string()));
        };
        match thread.join() {
            Ok(ended) => ended,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

impl Drop for Encoder {
    /// Who sweeps the file away should not meet a thread that writes to it.
    fn drop(&mut self) {
        self.batches = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn encode(mut writer: ArrowWriter<File>, come: &Receiver<(RecordBatch, usize)>) -> Result<()> {
    let mut group_bytes = 0;
    for (batch, text) in come {
        writer.write(&batch)?;
        // The writer has closed a full row group itself where it holds no more than this batch.
        let begun = writer.in_progress_rows() <= batch.num_rows();
        group_bytes = if begun { 0 } else { group_bytes } + text;
        if writer.in_progress_size() >= parquet_file::ROW_GROUP_BYTES_MAX
            || group_bytes >= parquet_file::ROW_GROUP_TEXT_MAX
        {
            group_bytes = 0;
            writer.flush()?;
        }
    }
    // the footer's error as it is, which `into_inner` would make a text of
    writer.finish().map(drop)
}
