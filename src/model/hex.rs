//! Sixty-four bits in hexadecimal, in place: this is done for each row, and the formatter takes as long as the hash.

/// Digits of such a number.
pub const DIGITS: usize = 16;

/// The number in lower case, with leading zeros.
pub fn printed(number: u64, buffer: &mut [u8; DIGITS]) -> &str {
    for (at, digit) in buffer.iter_mut().rev().enumerate() {
        *digit = b"0123456789abcdef"[(number >> (4 * at)) as usize & 15];
    }
    std::str::from_utf8(buffer).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_the_formatter_prints() {
        for number in [0, 255, 0x0123_4567_89ab_cdef, u64::MAX] {
            assert_eq!(printed(number, &mut [0; DIGITS]), format!("{number:016x}"));
        }
    }
}
