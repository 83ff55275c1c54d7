//! One run: items one after another in a file without a name.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::marker::PhantomData;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::spool::Spool;

/// Bytes read and written at once.
const BUFFER_BYTES: usize = 64 * 1024;

/// A run being written. What goes wrong is told by the spool, and the run is short.
#[derive(Debug)]
pub struct Writer<T> {
    file: Option<BufWriter<File>>,
    items: usize,
    bytes: Vec<u8>,
    spool: Arc<Spool>,
    of: PhantomData<T>,
}

impl<T: Serialize> Writer<T> {
    /// Begins the file.
    pub fn new(spool: &Arc<Spool>) -> Self {
        let file = spool.file().map(|file| BufWriter::with_capacity(BUFFER_BYTES, file));
        let file = file.map_err(|failure| spool.note(failure)).ok();
        Self { file, items: 0, bytes: Vec::new(), spool: spool.clone(), of: PhantomData }
    }

    /// Takes the next item.
    pub fn push(&mut self, item: &T) {
        if let Err(failure) = self.write(item) {
            self.spool.note(failure);
            self.file = None;
        }
    }

    fn write(&mut self, item: &T) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        self.bytes.clear();
        self.bytes =
            postcard::to_extend(item, std::mem::take(&mut self.bytes)).map_err(io::Error::other)?;
        let length = u32::try_from(self.bytes.len()).map_err(io::Error::other)?;
        file.write_all(&length.to_le_bytes())?;
        file.write_all(&self.bytes)?;
        self.items += 1;
        Ok(())
    }

    /// Writes what is left.
    pub fn finish(self) -> Run<T> {
        let file = self.file.map(BufWriter::into_inner).transpose();
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
        let file = file.map(|at| BufReader::with_capacity(BUFFER_BYTES, at));
        let (spool, left) = (self.spool.clone(), self.items);
        Reader { file, left, bytes: Vec::new(), spool, of: PhantomData }
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
    file: Option<BufReader<At>>,
    left: usize,
    bytes: Vec<u8>,
    spool: Arc<Spool>,
    of: PhantomData<T>,
}

impl<T: DeserializeOwned> Reader<T> {
    fn one(&mut self) -> io::Result<T> {
        let file = self.file.as_mut().ok_or_else(|| io::Error::other("no file"))?;
        let mut length = [0; 4];
        file.read_exact(&mut length)?;
        self.bytes.resize(u32::from_le_bytes(length) as usize, 0);
        file.read_exact(&mut self.bytes)?;
        postcard::from_bytes(&self.bytes).map_err(io::Error::other)
    }
}

impl<T: DeserializeOwned> Iterator for Reader<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.left = self.left.checked_sub(1)?;
        match self.one() {
            Ok(item) => Some(item),
            Err(failure) => {
                self.spool.note(failure);
                self.left = 0;
                None
            }
        }
    }
}
