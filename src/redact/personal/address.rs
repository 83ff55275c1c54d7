//! Mail addresses and internet addresses, wherever they stand.

use crate::redact::personal::path::is_media;
use crate::redact::scan::{ends_escape, run};

/// RFC 5321 and 1035: letters of the longest local part, and of the longest label of a domain; labels of the
/// longest domain.
const LOCAL_MAX: usize = 64;
const LABEL_MAX: usize = 63;
const LABELS_MAX: usize = 127;

/// The mail address whose `@` (or `%40`, or `\u0040` however often its backslash was escaped) stands at `start..end`.
pub(super) fn email(text: &str, start: usize, end: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let is_escape = bytes[start] == b'\\';
    let start = if is_escape { text[..start].trim_end_matches('\\').len() } else { start };
    let part = |c: &char| c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-');
    let local = text[..start].chars().rev().take(LOCAL_MAX).take_while(part);
    let mut from = start - local.map(char::len_utf8).sum::<usize>();
    // an escape before the address is none of its letters
    if from > 0 && bytes[from - 1] == b'\\' && matches!(bytes[from], b'n' | b't' | b'r') {
        from += 1;
    }
    let label = |c: &char| c.is_alphanumeric() || *c == '-';
    let (mut to, mut labels, mut last) = (end, 0, "");
    while labels < LABELS_MAX {
        let letters = text[to..].chars().take(LABEL_MAX).take_while(label);
        let length = letters.map(char::len_utf8).sum::<usize>();
        if length == 0 {
            break;
        }
        last = &text[to..to + length];
        to += length;
        labels += 1;
        let more = text[to..].strip_prefix('.').and_then(|rest| rest.chars().next());
        if !more.is_some_and(|next| label(&next)) {
            break;
        }
        to += 1;
    }
    let of_letters = last.len() >= 2 && last.chars().all(char::is_alphabetic);
    let user_info = text[..from].ends_with("//");
    let fine = from < start && labels >= 2 && of_letters && !is_media(last) && !user_info;
    (fine && &text[from..start] != "git").then_some((from, to))
}

/// The address of four numbers in which `digit.digit` stands at `at`, when it is the first dot.
pub(super) fn ip(text: &str, at: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let digits = bytes[..=at].iter().rev().take(6).take_while(|b| b.is_ascii_digit()).count();
    let from = at + 1 - digits;
    // `%20` before it
    let from = if digits > 2 && bytes[..from].ends_with(b"%") { from + 2 } else { from };
    let clear = |b: &u8| !(b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    // `[v1.2.3.4]` is a version and no colour
    let escaped = || ends_escape(&bytes[..from]) && !matches!(bytes[from - 1], b'v' | b'V');
    if at + 1 - from > 3 || !(from == 0 || clear(&bytes[from - 1]) || escaped()) {
        return None;
    }
    let mut to = from;
    for part in 0..4 {
        let length = run(bytes, to, |b| b.is_ascii_digit());
        if !(1..=3).contains(&length) || text[to..to + length].parse::<u8>().is_err() {
            return None;
        }
        to += length;
        if part < 3 {
            if bytes.get(to) != Some(&b'.') {
                return None;
            }
            to += 1;
        }
    }
    let goes_on = match bytes[to..] {
        [b'.', next, ..] => next.is_ascii_alphanumeric(),
        [next, ..] => next.is_ascii_alphanumeric() || next == b'_',
        [] => false,
    };
    let nobody = is_nobody(&text[from..to]);
    (!goes_on && !nobody).then_some((from, to))
}

/// Addresses that are the same on every machine.
pub(super) fn is_nobody(address: &str) -> bool {
    address.starts_with("127.") || matches!(address, "0.0.0.0" | "255.255.255.255" | "::1")
}
