//! The binary COPY stream, cut back into rows wherever the network cut it.

use std::ops::Range;

use bytes::{Buf, Bytes, BytesMut};

const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
/// Flags that a reader must know (servers before 12 have one: rows carry oids). We know none.
const CRITICAL_FLAGS: u32 = 0xffff_0000;
/// No value is larger at the source.
const FIELD_BYTES_MAX: usize = 1 << 30;
/// No server sends an extension of the header yet; it has to be here whole before the first row.
const EXTENSION_BYTES_MAX: usize = 1 << 16;

/// What is wrong with a stream.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CopyError {
    /// It is not what it says.
    #[error("the stream does not begin like a binary COPY")]
    Signature,
    /// It uses something this build cannot read.
    #[error("the stream has unknown flags {0:#x}")]
    Flags(u32),
    /// A length that no header can have.
    #[error("the header says it is extended by {0} bytes")]
    ExtensionLength(i32),
    /// A length that no value can have.
    #[error("a field says it has {0} bytes")]
    FieldLength(i32),
    /// Not the columns that were asked for.
    #[error("a row has {found} fields, {wanted} were asked for")]
    FieldCount {
        /// Fields in the row.
        found: i16,
        /// Columns in the select list.
        wanted: usize,
    },
    /// Bytes after the end.
    #[error("{0} bytes follow the end of the stream")]
    Trailing(usize),
    /// The end never came.
    #[error("the stream stops before its end")]
    Short,
    /// A field is not of the length its type has.
    #[error("a {kind} has {bytes} bytes")]
    Value {
        /// The type asked for.
        kind: &'static str,
        /// The bytes that came.
        bytes: usize,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Header,
    Rows,
    Ended,
}

/// Takes bytes in pieces of any size and gives rows.
#[derive(Debug)]
pub(super) struct CopyDecoder {
    columns: usize,
    state: State,
    buffer: Bytes,
    /// Where the first byte stands that no row has taken.
    at: usize,
    fields: Vec<Option<Range<usize>>>,
}

/// The fields of one row; `None` is NULL.
#[derive(Debug)]
pub(super) struct CopyRow<'a> {
    buffer: &'a [u8],
    fields: &'a [Option<Range<usize>>],
}

impl<'a> CopyRow<'a> {
    /// The fields in the order of the select list.
    pub(super) fn fields(&self) -> impl Iterator<Item = Option<&'a [u8]>> + use<'a> {
        let buffer = self.buffer;
        self.fields.iter().map(move |field| field.clone().map(|range| &buffer[range]))
    }
}

impl CopyDecoder {
    /// For rows of so many columns.
    pub(super) fn new(columns: usize) -> Self {
        let fields = Vec::with_capacity(columns);
        Self { columns, state: State::Header, buffer: Bytes::new(), at: 0, fields }
    }

    /// Takes the next piece of the stream. A server sends whole rows, so that most pieces are taken as they are.
    pub(super) fn push(&mut self, bytes: Bytes) {
        let mut rest = std::mem::take(&mut self.buffer);
        rest.advance(self.at);
        self.at = 0;
        self.buffer = if rest.is_empty() {
            bytes
        } else {
            let mut joined =
                rest.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]));
            joined.extend_from_slice(&bytes);
            joined.freeze()
        };
    }

    /// The next row, or `None` until more bytes come.
    pub(super) fn next_row(&mut self) -> Result<Option<CopyRow<'_>>, CopyError> {
        if self.state == State::Header && !self.header()? {
            return Ok(None);
        }
        if self.state == State::Ended {
            let rest = self.buffer.len() - self.at;
            return if rest == 0 { Ok(None) } else { Err(CopyError::Trailing(rest)) };
        }
        let mut reader = Reader { bytes: &self.buffer, at: self.at };
        let Some(count) = reader.i16() else { return Ok(None) };
        if count == -1 {
            (self.state, self.at) = (State::Ended, reader.at);
            return self.next_row();
        }
        if usize::try_from(count) != Ok(self.columns) {
            return Err(CopyError::FieldCount { found: count, wanted: self.columns });
        }
        self.fields.clear();
        for _ in 0..self.columns {
            let Some(length) = reader.i32() else { return Ok(None) };
            let field = match usize::try_from(length) {
                Ok(length) if length <= FIELD_BYTES_MAX => {
                    let Some(range) = reader.take(length) else { return Ok(None) };
                    Some(range)
                }
                Ok(_) => return Err(CopyError::FieldLength(length)),
                Err(_) if length == -1 => None,
                Err(_) => return Err(CopyError::FieldLength(length)),
            };
            self.fields.push(field);
        }
        self.at = reader.at;
        Ok(Some(CopyRow { buffer: &self.buffer, fields: &self.fields }))
    }

    /// Says whether the stream came to its end.
    pub(super) fn finish(self) -> Result<(), CopyError> {
        match self.state {
            State::Ended if self.at == self.buffer.len() => Ok(()),
            State::Ended => Err(CopyError::Trailing(self.buffer.len() - self.at)),
            State::Header | State::Rows => Err(CopyError::Short),
        }
    }

    /// Signature, flags, extension; `false` until all of it is here.
    fn header(&mut self) -> Result<bool, CopyError> {
        let known = self.buffer.len().min(SIGNATURE.len());
        if self.buffer[..known] != SIGNATURE[..known] {
            return Err(CopyError::Signature);
        }
        let mut reader = Reader { bytes: &self.buffer, at: SIGNATURE.len() };
        let Some(flags) = reader.i32() else { return Ok(false) };
        let critical = flags.cast_unsigned() & CRITICAL_FLAGS;
        if critical != 0 {
            return Err(CopyError::Flags(critical));
        }
        let Some(extension) = reader.i32() else { return Ok(false) };
        let length =
            usize::try_from(extension).ok().filter(|length| *length <= EXTENSION_BYTES_MAX);
        let length = length.ok_or(CopyError::ExtensionLength(extension))?;
        if reader.take(length).is_none() {
            return Ok(false);
        }
        (self.state, self.at) = (State::Rows, reader.at);
        Ok(true)
    }
}

/// Big-endian numbers and slices from a place in a buffer; `None` when the bytes are not there yet.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn take(&mut self, length: usize) -> Option<Range<usize>> {
        let range = self.at..self.at.checked_add(length)?;
        self.bytes.get(range.clone())?;
        self.at = range.end;
        Some(range)
    }

    fn i16(&mut self) -> Option<i16> {
        let range = self.take(2)?;
        Some(i16::from_be_bytes(self.bytes[range].try_into().ok()?))
    }

    fn i32(&mut self) -> Option<i32> {
        let range = self.take(4)?;
        Some(i32::from_be_bytes(self.bytes[range].try_into().ok()?))
    }
}

#[cfg(test)]
mod tests;
