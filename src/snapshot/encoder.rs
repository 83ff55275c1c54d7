//! Batches into one Parquet file, beside whoever makes them: compressing takes as long as reading a row.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;

use crate::snapshot::error::SnapshotError;
use crate::snapshot::hashed_file::HashedFile;
use crate::snapshot::manifest::FileEntry;
use crate::snapshot::parquet_file;
use crate::snapshot::publish::{publish, temporary};

/// Batches on their way: as many as are made while a row group is closed, which is most of the work at once.
const WAITING_MAX: usize = 8;

/// A file that is written by a thread of its own. Dropped, it leaves what it has written as it is.
pub(super) struct Encoder {
    /// `None`: nothing comes any more.
    batches: Option<SyncSender<(RecordBatch, usize)>>,
    /// `None`: it has ended. Returns length and hash of the file, which the disk has.
    thread: Option<JoinHandle<Result<(u64, String), ParquetError>>>,
    path: PathBuf,
}

impl Encoder {
    /// For a file that will stand at `path`, under its temporary name until it is whole.
    pub(super) fn new(path: &Path, schema: SchemaRef) -> Result<Self, SnapshotError> {
        let part = temporary(path);
        let file = File::create(&part).map_err(|err| SnapshotError::io("create", &part, err))?;
        let properties = parquet_file::properties(&schema);
        let file = HashedFile::in_pieces(file);
        let writer = ArrowWriter::try_new(file, schema, Some(properties))
            .map_err(|source| SnapshotError::writing(path, source))?;
        let (batches, come) = sync_channel(WAITING_MAX);
        let thread = std::thread::spawn(move || encode(writer, &come));
        Ok(Self { batches: Some(batches), thread: Some(thread), path: path.to_path_buf() })
    }

    /// Takes a batch with so many bytes of text.
    pub(super) fn write(&mut self, batch: RecordBatch, text: usize) -> Result<(), SnapshotError> {
        let sent = self.batches.as_ref().is_some_and(|to| to.send((batch, text)).is_ok());
        // it has stopped because it failed
        if sent { Ok(()) } else { self.end().map(drop) }
    }

    /// Nothing comes any more: the rest is written and brought to the disk, which nobody waits for here.
    pub(super) fn close(&mut self) {
        self.batches = None;
    }

    /// Waits until the disk has the file, gives it its name and says what it holds, so many rows under this name in
    /// the manifest; without a row there is no file.
    pub(super) fn publish(
        mut self,
        relative: String,
        rows: u64,
    ) -> Result<Option<FileEntry>, SnapshotError> {
        let (bytes, blake3) = self.end()?;
        let part = temporary(&self.path);
        if rows == 0 {
            std::fs::remove_file(&part).map_err(|err| SnapshotError::io("remove", &part, err))?;
            return Ok(None);
        }
        publish(&part, &self.path)?;
        Ok(Some(FileEntry { path: relative, rows, bytes, blake3 }))
    }

    fn end(&mut self) -> Result<(u64, String), SnapshotError> {
        self.close();
        let ended = match self.thread.take().map(JoinHandle::join) {
            None => Err(ParquetError::General("the file has failed before".to_string())),
            Some(Ok(ended)) => ended,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
        };
        ended.map_err(|source| SnapshotError::writing(&self.path, source))
    }
}

impl Drop for Encoder {
    /// Who sweeps the file away should not meet a thread that writes to it.
    fn drop(&mut self) {
        self.close();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn encode(
    mut writer: ArrowWriter<BufWriter<HashedFile>>,
    come: &Receiver<(RecordBatch, usize)>,
) -> Result<(u64, String), ParquetError> {
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
    drop(writer.finish()?);
    writer.inner_mut().flush()?;
    Ok(writer.inner().get_ref().synced()?)
}
