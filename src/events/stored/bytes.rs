//! Bytes of a record, taken one field after another.

use std::io;

/// What is left of them.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    /// The next so many.
    #[inline]
    pub(super) fn take<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk().ok_or_else(broken)?;
        self.0 = rest;
        Ok(*first)
    }

    /// One of them.
    #[inline]
    pub(super) fn byte(&mut self) -> io::Result<u8> {
        self.take().map(|[byte]| byte)
    }

    /// A number.
    #[inline]
    pub(super) fn u32(&mut self) -> io::Result<u32> {
        self.take().map(u32::from_le_bytes)
    }

    /// A number.
    #[inline]
    pub(super) fn i64(&mut self) -> io::Result<i64> {
        self.take().map(i64::from_le_bytes)
    }

    /// A text, as [`put_text`] put it.
    pub(super) fn text(&mut self) -> io::Result<&'a str> {
        let length = self.u32()? as usize;
        let (text, rest) = self.0.split_at_checked(length).ok_or_else(broken)?;
        self.0 = rest;
        std::str::from_utf8(text).map_err(io::Error::other)
    }
}

/// Adds a text with its length.
pub(super) fn put_text(text: &str, to: &mut Vec<u8>) -> io::Result<()> {
    let length = u32::try_from(text.len()).map_err(io::Error::other)?;
    to.extend_from_slice(&length.to_le_bytes());
    to.extend_from_slice(text.as_bytes());
    Ok(())
}

/// Something else was put there.
pub(super) fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a spilled event does not read back")
}
