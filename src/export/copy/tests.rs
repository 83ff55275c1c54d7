//! The decoder, cut at every byte.

use super::{CopyDecoder, CopyError};

type Rows = Vec<Vec<Option<Vec<u8>>>>;

fn header() -> Vec<u8> {
    let mut out = super::SIGNATURE.to_vec();
    out.extend_from_slice(&0i32.to_be_bytes());
    // An extension that we do not know has to be passed over.
    out.extend_from_slice(&3i32.to_be_bytes());
    out.extend_from_slice(b"ext");
    out
}

fn stream(rows: &Rows) -> Vec<u8> {
    let mut out = header();
    for row in rows {
        out.extend_from_slice(&(row.len() as i16).to_be_bytes());
        for field in row {
            match field {
                Some(bytes) => {
                    out.extend_from_slice(&(bytes.len() as i32).to_be_bytes());
                    out.extend_from_slice(bytes);
                }
                None => out.extend_from_slice(&(-1i32).to_be_bytes()),
            }
        }
    }
    out.extend_from_slice(&(-1i16).to_be_bytes());
    out
}

fn decode<'a>(
    columns: usize,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Rows, CopyError> {
    let mut decoder = CopyDecoder::new(columns);
    let mut rows = Rows::new();
    for piece in pieces {
        decoder.push(piece);
        while let Some(row) = decoder.next_row()? {
            rows.push(row.fields().map(|field| field.map(<[u8]>::to_vec)).collect());
        }
    }
    decoder.finish().map(|()| rows)
}

fn sample() -> Rows {
    vec![
        vec![Some(b"a".to_vec()), None],
        vec![Some(Vec::new()), Some("\u{1f980} \0 \n".as_bytes().to_vec())],
        vec![None, None],
    ]
}

#[test]
fn rows_survive_a_cut_at_every_byte() {
    let rows = sample();
    let bytes = stream(&rows);
    for cut in 0..=bytes.len() {
        let (head, tail) = bytes.split_at(cut);
        assert_eq!(decode(2, [head, tail]).as_ref(), Ok(&rows), "cut at {cut}");
    }
}

#[test]
fn rows_survive_pieces_of_every_size() {
    let rows = sample();
    let bytes = stream(&rows);
    for size in 1..=bytes.len() {
        assert_eq!(decode(2, bytes.chunks(size)).as_ref(), Ok(&rows), "pieces of {size}");
    }
}

#[test]
fn a_stream_that_stops_anywhere_is_short() {
    let bytes = stream(&sample());
    for end in 0..bytes.len() {
        assert_eq!(decode(2, [&bytes[..end]]), Err(CopyError::Short), "stopped at {end}");
    }
}

#[test]
fn bytes_after_the_trailer_are_an_error_wherever_they_come() {
    let mut bytes = stream(&sample());
    bytes.push(0);
    assert_eq!(decode(2, [bytes.as_slice()]), Err(CopyError::Trailing(1)));
    let (head, tail) = bytes.split_at(bytes.len() - 1);
    assert_eq!(decode(2, [head, tail]), Err(CopyError::Trailing(1)));
}

#[test]
fn what_is_no_copy_stream_is_refused() {
    assert_eq!(decode(2, [b"PGCOPX".as_slice()]), Err(CopyError::Signature));

    let mut oids = stream(&sample());
    oids[12] = 1;
    assert_eq!(decode(2, [oids.as_slice()]), Err(CopyError::Flags(1 << 16)));

    let wide = stream(&vec![vec![None; 3]]);
    let error = CopyError::FieldCount { found: 3, wanted: 2 };
    assert_eq!(decode(2, [wide.as_slice()]), Err(error));

    for length in [-2, i32::MAX] {
        let mut bytes = header();
        bytes.extend_from_slice(&1i16.to_be_bytes());
        bytes.extend_from_slice(&i32::to_be_bytes(length));
        assert_eq!(decode(1, [bytes.as_slice()]), Err(CopyError::FieldLength(length)));
    }
}

#[test]
fn no_rows_is_a_whole_stream() {
    assert_eq!(decode(5, [stream(&Rows::new()).as_slice()]), Ok(Rows::new()));
}
