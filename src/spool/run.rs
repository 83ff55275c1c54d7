//! One run: items one after another in a file without a name.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read};
use std::marker::PhantomData;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::spool::Spool;
use crate::spool::frames::{FrameReader, FrameWriter};

/// Bytes read and written at once.
const BUFFER_BYTES: usize = 64 * 1024;

/// A run being written. What goes wrong is told by the spool, and the run is short.
#[derive(Debug)]
pub struct Writer<T> {
    file: Option<FrameWriter<BufWriter<File>>>,
    items: usize,
    spool: Arc<Spool>,
    of: PhantomData<T>,
}

impl<T: Serialize> Writer<T> {
    /// Begins the file.
    pub fn new(spool: &Arc<Spool>) -> Self {
        let buffered = |file| FrameWriter::new(BufWriter::with_capacity(BUFFER_BYTES, file));
        let file = spool.file().map(buffered).map_err(|failure| spool.note(failure)).ok();
        Self { file, items: 0, spool: spool.clone(), of: PhantomData }
    }

    /// Takes the next item.
    pub fn push(&mut self, item: &T) {
        let Some(file) = &mut self.file else { return };
        match file.put(item) {
            Ok(()) => self.items += 1,
            Err(failure) => {
                self.spool.note(failure);
                self.file = None;
            }
        }
    }

    /// Writes what is left.
    pub fn finish(self) -> Run<T> {
        let file = self.file.map(|file| file.into_inner().into_inner()).transpose();
        let file = file.map_err(|failure| self.spool.note(failure.into_error())).ok().flatten();
        let items = if file.is_some() { self.items } else { 0 };
        Run { file: file.map(Arc::new), items, spool: self.spool, of: PhantomData }
    }
}

/// Items in the order in which they came.
#[derive(Clone, Debug)]
pub struct Run<T> {
    file: Option<Arc<File>>,
    pub(super) items: usize,
    spool: Arc<Spool>,
    of: PhantomData<T>,
}

impl<T: DeserializeOwned> Run<T> {
    /// Reads them back, from the first.
    pub fn read(&self) -> Reader<T> {
        let at = |file: &Arc<File>| At { file: file.clone(), offset: 0 };
        let file = self.file.as_ref().map(at);
        let buffered = |at| FrameReader::new(BufReader::with_capacity(BUFFER_BYTES, at));
        let (file, spool) = (file.map(buffered), self.spool.clone());
        Reader { file, left: self.items, spool, of: PhantomData }
    }
}

/// A place in a file of its own, so that several can read one file.
struct At {
    file: Arc<File>,
    offset: u64,
}

impl Read for At {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(into, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}

/// The items of a run; ends early where one cannot be read, which the spool then tells.
pub struct Reader<T> {
    file: Option<FrameReader<BufReader<At>>>,
    left: usize,
    spool: Arc<Spool>,
    of: PhantomData<T>,
}

impl<T: DeserializeOwned> Iterator for Reader<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.left = self.left.checked_sub(1)?;
        match self.file.as_mut()?.take() {
            Ok(item) => Some(item),
            Err(failure) => {
                self.spool.note(failure);
                self.left = 0;
                None
            }
        }
    }
}
