//! One run: items one after another in a file without a name, each with its length before it.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::marker::PhantomData;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use crate::spool::Spool;
use crate::spool::stored::Stored;

/// Bytes read and written at once; an item is larger only rarely.
const BLOCK_BYTES: usize = 64 * 1024;
/// Bytes of a length.
const LENGTH_BYTES: usize = size_of::<u32>();

/// A run being written. What goes wrong is told by the spool, and the run is short.
pub struct Writer<T: Stored> {
    file: Option<Arc<File>>,
    /// What is not written yet.
    block: Vec<u8>,
    items: usize,
    spool: Arc<Spool>,
    shelf: Arc<T::Shelf>,
    hand: T::Hand,
}

impl<T: Stored> fmt::Debug for Writer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("items", &self.items).finish_non_exhaustive()
    }
}

impl<T: Stored> Writer<T> {
    /// Begins the file.
    pub fn new(spool: &Arc<Spool>) -> Self {
        let file = spool.file().map(Arc::new).map_err(|failure| spool.note(failure)).ok();
        let (shelf, hand) = (spool.shelf(), T::Hand::default());
        let block = Vec::with_capacity(BLOCK_BYTES + BLOCK_BYTES / 8);
        Self { file, block, items: 0, spool: spool.clone(), shelf, hand }
    }

    /// Takes the next item.
    pub fn push(&mut self, item: &T) {
        let done = self.put(item);
        self.noting(done);
    }

    fn put(&mut self, item: &T) -> io::Result<()> {
        let start = self.block.len();
        self.block.extend_from_slice(&[0; LENGTH_BYTES]);
        item.put(&self.shelf, &mut self.hand, &mut self.block)?;
        let length = self.block.len() - start - LENGTH_BYTES;
        let length = u32::try_from(length).map_err(io::Error::other)?;
        self.block[start..start + LENGTH_BYTES].copy_from_slice(&length.to_le_bytes());
        self.items += 1;
        match T::shelved(&mut self.hand) {
            0 => {}
            bytes => self.spool.held.keep(bytes, self.spool.budget()),
        }
        if self.block.len() >= BLOCK_BYTES { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> io::Result<()> {
        if let Some(mut file) = self.file.as_deref() {
            file.write_all(&self.block)?;
        }
        self.block.clear();
        Ok(())
    }

    /// Tells what went wrong.
    fn noting(&mut self, done: io::Result<()>) {
        if let Err(failure) = done {
            self.spool.note(failure);
            self.file = None;
        }
    }

    /// What there is so far, to be read as it stands.
    pub(super) fn so_far(&mut self) -> Run<T> {
        let done = self.write();
        self.noting(done);
        let items = if self.file.is_some() { self.items } else { 0 };
        Run { file: self.file.clone(), items, spool: self.spool.clone(), of: PhantomData }
    }

    /// Writes what is left.
    pub fn finish(mut self) -> Run<T> {
        self.so_far()
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

impl<T: Stored> Run<T> {
    /// Reads them back, from the first.
    pub fn read(&self) -> Reader<T> {
        let at =
            |file: &Arc<File>| Blocks { file: file.clone(), offset: 0, block: Vec::new(), at: 0 };
        Reader {
            blocks: self.file.as_ref().map(at),
            left: self.items,
            shelf: self.spool.shelf(),
            spool: self.spool.clone(),
        }
    }
}

/// A place in a file of its own, so that several can read one file.
struct Blocks {
    file: Arc<File>,
    /// Where the next block begins.
    offset: u64,
    block: Vec<u8>,
    /// What was taken of the block.
    at: usize,
}

impl Blocks {
    /// The bytes of the next item, where they were read.
    fn next(&mut self) -> io::Result<&[u8]> {
        self.have(LENGTH_BYTES)?;
        let length = self.block[self.at..].first_chunk().copied().unwrap_or_default();
        let length = u32::from_le_bytes(length) as usize;
        self.have(LENGTH_BYTES + length)?;
        let start = self.at + LENGTH_BYTES;
        self.at = start + length;
        Ok(&self.block[start..self.at])
    }

    /// Reads on until there are so many bytes.
    fn have(&mut self, bytes: usize) -> io::Result<()> {
        if self.block.len() - self.at >= bytes {
            return Ok(());
        }
        self.block.drain(..self.at);
        self.at = 0;
        let mut held = self.block.len();
        self.block.resize(bytes.max(BLOCK_BYTES), 0);
        while held < bytes {
            match self.file.read_at(&mut self.block[held..], self.offset)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => {
                    self.offset += read as u64;
                    held += read;
                }
            }
        }
        self.block.truncate(held);
        Ok(())
    }
}

/// The items of a run; ends early where one cannot be read, which the spool then tells.
pub struct Reader<T: Stored> {
    blocks: Option<Blocks>,
    left: usize,
    spool: Arc<Spool>,
    shelf: Arc<T::Shelf>,
}

impl<T: Stored> Iterator for Reader<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.left = self.left.checked_sub(1)?;
        let bytes = self.blocks.as_mut()?.next();
        match bytes.and_then(|bytes| T::take(&self.shelf, bytes)) {
            Ok(item) => Some(item),
            Err(failure) => {
                self.spool.note(failure);
                self.left = 0;
                None
            }
        }
    }
}
