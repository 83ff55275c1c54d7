//! Items as bytes, one after another: each with its length before it.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Puts items down.
#[derive(Debug)]
pub struct FrameWriter<W> {
    to: W,
    bytes: Vec<u8>,
}

impl<W: Write> FrameWriter<W> {
    /// Into a file, or whatever else takes bytes.
    pub fn new(to: W) -> Self {
        Self { to, bytes: Vec::new() }
    }

    /// The next item.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put<T: Serialize>(&mut self, item: &T) -> io::Result<()> {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        self.bytes = postcard::to_extend(item, bytes).map_err(io::Error::other)?;
        let length = u32::try_from(self.bytes.len()).map_err(io::Error::other)?;
        self.to.write_all(&length.to_le_bytes())?;
        self.to.write_all(&self.bytes)
    }

    /// What they were written to.
    pub fn into_inner(self) -> W {
        self.to
    }
}

/// Takes them up again, in the same order and of the same types.
pub struct FrameReader<R> {
    from: R,
    bytes: Vec<u8>,
}

impl<R: Read> FrameReader<R> {
    /// From a file, or whatever else gives bytes.
    pub fn new(from: R) -> Self {
        Self { from, bytes: Vec::new() }
    }

    /// The next item.
    ///
    /// # Errors
    /// When there is none, or one of another type.
    pub fn take<T: DeserializeOwned>(&mut self) -> io::Result<T> {
        let mut length = [0; 4];
        self.from.read_exact(&mut length)?;
        self.bytes.clear();
        let length = u64::from(u32::from_le_bytes(length));
        // no more room than there are bytes, whatever the length says
        let read = (&mut self.from).take(length).read_to_end(&mut self.bytes)?;
        if (read as u64) < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        postcard::from_bytes(&self.bytes).map_err(io::Error::other)
    }
}
