//! The decoder, cut at every byte.

use proptest::prelude::*;

use super::{CopyDecoder, CopyError, EXTENSION_BYTES_MAX};
use crate::export::fuzz::{Rows, decode};

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

    for found in [-2, 0, 1, 3, i16::MIN, i16::MAX] {
        let bytes = [header(), found.to_be_bytes().to_vec()].concat();
        let error = CopyError::FieldCount { found, wanted: 2 };
        assert_eq!(decode(2, [bytes.as_slice()]), Err(error));
    }
    for length in [-2, i32::MIN, (1 << 30) + 1, i32::MAX] {
        let row = [vec![0, 1], length.to_be_bytes().to_vec()].concat();
        let bytes = [header(), row].concat();
        assert_eq!(decode(1, [bytes.as_slice()]), Err(CopyError::FieldLength(length)));
    }
}

#[test]
fn a_changed_signature_is_refused_at_its_first_wrong_byte() {
    let bytes = stream(&sample());
    for at in 0..super::SIGNATURE.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert_eq!(decode(2, [changed.as_slice()]), Err(CopyError::Signature), "byte {at}");
        assert_eq!(decode(2, [&changed[..=at]]), Err(CopyError::Signature), "up to byte {at}");
    }
}

#[test]
fn flags_that_a_reader_may_pass_over_are_passed_over() {
    let rows = sample();
    let mut bytes = stream(&rows);
    bytes[13..15].copy_from_slice(&[0xff, 0xff]);
    assert_eq!(decode(2, [bytes.as_slice()]), Ok(rows));
    for bit in 16..32 {
        bytes[11..15].copy_from_slice(&(1u32 << bit).to_be_bytes());
        assert_eq!(decode(2, [bytes.as_slice()]), Err(CopyError::Flags(1 << bit)));
    }
}

#[test]
fn the_header_may_be_extended_but_not_without_end() {
    let rows = sample();
    let rest = stream(&rows)[header().len()..].to_vec();
    let extended = |length: i32, given: usize| {
        let mut bytes = header()[..15].to_vec();
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend(std::iter::repeat_n(b'x', given));
        bytes.extend_from_slice(&rest);
        decode(2, [bytes.as_slice()])
    };
    assert_eq!(extended(0, 0).as_ref(), Ok(&rows));
    let most = EXTENSION_BYTES_MAX as i32;
    assert_eq!(extended(most, EXTENSION_BYTES_MAX).as_ref(), Ok(&rows));
    for length in [-1, i32::MIN, most + 1, i32::MAX] {
        assert_eq!(extended(length, 0), Err(CopyError::ExtensionLength(length)));
    }
}

#[test]
fn a_length_takes_no_memory_before_its_bytes_come() {
    let mut decoder = CopyDecoder::new(1);
    let mut bytes = header();
    bytes.extend_from_slice(&[0, 1]);
    bytes.extend_from_slice(&(1i32 << 30).to_be_bytes());
    decoder.push(bytes.into());
    assert!(decoder.next_row().expect("a length that a value can have").is_none());
    for _ in 0..100 {
        decoder.push(vec![0; 1_000].into());
        assert!(decoder.next_row().expect("still waiting").is_none());
    }
    let taken =
        std::mem::take(&mut decoder.buffer).try_into_mut().map_or(usize::MAX, |own| own.capacity());
    assert!(taken < 1 << 20, "{taken} bytes");
    assert_eq!(decoder.finish(), Err(CopyError::Short));
}

fn any_rows() -> impl Strategy<Value = (usize, Rows)> {
    let field = proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40));
    (0usize..6).prop_flat_map(move |columns| {
        let row = proptest::collection::vec(field.clone(), columns);
        (Just(columns), proptest::collection::vec(row, 0..8))
    })
}

/// The pieces between these places, some of them empty.
fn pieces<'a>(bytes: &'a [u8], places: &[proptest::sample::Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = places.iter().map(|at| at.index(bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

proptest! {
    #[test]
    fn any_rows_survive_any_cuts(
        (columns, rows) in any_rows(),
        places in proptest::collection::vec(any::<proptest::sample::Index>(), 0..12),
    ) {
        let bytes = stream(&rows);
        let cut = decode(columns, pieces(&bytes, &places));
        prop_assert_eq!(cut.as_ref(), Ok(&rows));
        let bytewise = decode(columns, bytes.chunks(1));
        prop_assert_eq!(bytewise.as_ref(), Ok(&rows));
        for end in 0..bytes.len() {
            prop_assert_eq!(decode(columns, [&bytes[..end]]), Err(CopyError::Short));
        }
        let longer = [bytes, vec![0]].concat();
        prop_assert_eq!(decode(columns, pieces(&longer, &places)), Err(CopyError::Trailing(1)));
    }

    #[test]
    fn a_changed_byte_is_an_error_or_other_rows_but_no_panic(
        (columns, rows) in any_rows(),
        at in any::<proptest::sample::Index>(),
        places in proptest::collection::vec(any::<proptest::sample::Index>(), 0..6),
        with in 1u8..,
    ) {
        let mut bytes = stream(&rows);
        let at = at.index(bytes.len());
        bytes[at] ^= with;
        let whole = decode(columns, [bytes.as_slice()]);
        match decode(columns, pieces(&bytes, &places)) {
            Ok(cut) => prop_assert_eq!(Ok(cut), whole),
            Err(_) => prop_assert!(whole.is_err()),
        }
    }
}

#[test]
fn no_rows_is_a_whole_stream() {
    assert_eq!(decode(5, [stream(&Rows::new()).as_slice()]), Ok(Rows::new()));
}
