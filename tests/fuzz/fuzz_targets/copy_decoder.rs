//! Whatever bytes come, in whatever pieces: the decoder does not panic, how the stream was cut changes
//! nothing, and rows that it gives hold every byte of the stream behind the header.
//!
//! Input: one byte of columns, one byte of cuts, two bytes for each cut, then the stream. An odd
//! first byte stands for "the stream begins with a good header", so that most inputs come past it.

#![no_main]

use std::sync::LazyLock;

use backstory::export::fuzz::{Rows, decode, values};
use backstory::redact::Redactor;
use libfuzzer_sys::fuzz_target;

const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

static REDACTOR: LazyLock<Redactor> = LazyLock::new(Redactor::new);

fuzz_target!(|input: &[u8]| {
    let [first, cuts, rest @ ..] = input else { return };
    let columns = usize::from(first >> 1) % 9;
    let Some((cuts, body)) = rest.split_at_checked(usize::from(cuts % 9) * 2) else { return };
    let stream = if first & 1 == 1 { [HEADER, body].concat() } else { body.to_vec() };

    let mut places: Vec<usize> = cuts
        .chunks_exact(2)
        .map(|pair| usize::from(u16::from_be_bytes([pair[0], pair[1]])) % (stream.len() + 1))
        .collect();
    places.extend([0, stream.len()]);
    places.sort_unstable();
    let pieces = places.windows(2).map(|pair| &stream[pair[0]..pair[1]]);

    let whole = decode(columns, [stream.as_slice()]);
    let cut = decode(columns, pieces);
    let bytewise = decode(columns, stream.chunks(1));
    match &whole {
        Ok(rows) => {
            assert_eq!(Ok(rows), cut.as_ref(), "cut");
            assert_eq!(Ok(rows), bytewise.as_ref(), "byte by byte");
            assert!(stream.ends_with(&encoded(rows)), "bytes were lost");
            for field in rows.iter().flatten().flatten() {
                assert!(values(field, &REDACTOR) > 0, "every field is a text at least");
            }
        }
        Err(_) => assert!(cut.is_err() && bytewise.is_err(), "an error that a cut hides"),
    }
});

/// Rows as a server sends them, with the trailer.
fn encoded(rows: &Rows) -> Vec<u8> {
    let mut out = Vec::new();
    for row in rows {
        out.extend_from_slice(&(row.len() as i16).to_be_bytes());
        for field in row {
            let length = field.as_ref().map_or(-1, |bytes| bytes.len() as i32);
            out.extend_from_slice(&length.to_be_bytes());
            out.extend_from_slice(field.as_deref().unwrap_or_default());
        }
    }
    out.extend_from_slice(&(-1i16).to_be_bytes());
    out
}
