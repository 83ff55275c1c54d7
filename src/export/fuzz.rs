//! What the fuzz target in `tests/fuzz/` reaches of the private decoder. Public for that one reader,
//! which is a crate of its own; hidden from the documentation because it promises nothing.

use bytes::Bytes;

use crate::export::copy::{CopyDecoder, CopyError};
use crate::export::field::{Wire, value};
use crate::export::veil::Veil;
use crate::redact::Redactor;
use crate::redact::role::Role;

/// The rows of a stream; a `None` is a NULL.
pub type Rows = Vec<Vec<Option<Vec<u8>>>>;

/// Decodes a binary COPY stream that comes in these pieces.
pub fn decode<'a>(
    columns: usize,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Rows, CopyError> {
    let mut decoder = CopyDecoder::new(columns);
    let mut rows = Rows::new();
    for piece in pieces {
        decoder.push(Bytes::copy_from_slice(piece));
        while let Some(row) = decoder.next_row()? {
            rows.push(row.fields().map(|field| field.map(<[u8]>::to_vec)).collect());
        }
    }
    decoder.finish().map(|()| rows)
}

/// Reads a field as every kind of value there is; returns how many could be read.
pub fn values(field: &[u8], redactor: &Redactor) -> usize {
    let wires = [
        Wire::Int,
        Wire::Float,
        Wire::Bool,
        Wire::TimeWithZone,
        Wire::TimeWithoutZone,
        Wire::Text,
        Wire::Uuid,
        Wire::Jsonb,
    ];
    wires
        .into_iter()
        .filter(|wire| value(*wire, Some(field), &mut Veil::new(redactor, Role::Prose)).is_ok())
        .count()
}
