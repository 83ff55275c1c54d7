//! Private keys in armour (PEM, PGP, SSH2): whole, cut off, indented, with real or escaped line ends.

use crate::redact::mask::Mask;
use crate::redact::scan::run;

/// Longer than any private key in PEM.
const PEM_BYTES_MAX: usize = 32 << 10;
/// A run of base64 that is too long for a word.
const BASE64_RUN_MIN: usize = 16;
/// Longer than the margin that YAML, a quotation or a log puts before a line.
const MARGIN_BYTES_MAX: usize = 32;
/// What stands before a label, with five dashes or, of SSH2, with four and a space.
const BEGINNINGS: [&[u8]; 2] = [b"-----BEGIN ", b"---- BEGIN "];
const ENDS: [&[u8]; 2] = [b"-----END ", b"---- END "];
/// The names of the lines between a label and its key.
const HEADERS: [&[u8]; 7] =
    [b"Proc-Type:", b"DEK-Info:", b"Version:", b"Comment:", b"Hash:", b"Charset:", b"Subject:"];

/// Whether a label in armour begins at `at`.
pub(super) fn begins(bytes: &[u8], at: usize) -> bool {
    let dashes = run(bytes, at, |b| b == b'-');
    let rest = &bytes[at + dashes..];
    dashes >= 4 && rest.strip_prefix(b" ").unwrap_or(rest).starts_with(b"BEGIN ")
}

/// The block that begins at `start`; `end` is the end of `-----BEGIN `.
pub(super) fn block(text: &str, start: usize, end: usize) -> Option<Mask> {
    let bytes = text.as_bytes();
    let body = after_label(text, end)?;
    let limit = bytes.len().min(body + PEM_BYTES_MAX);
    let window = &bytes[body..limit];
    let next = |needles: [&[u8]; 2]| {
        let length = needles[0].len();
        window.windows(length).position(|w| w[0] == b'-' && needles.contains(&w))
    };
    let closing = next(ENDS).filter(|at| next(BEGINNINGS).is_none_or(|b| b > *at));
    let whole = closing.and_then(|at| after_label(text, body + at + ENDS[0].len()));
    let end = whole.unwrap_or_else(|| cut_end(bytes, body));
    (end > body).then_some(Mask { start, end, kind: "private_key" })
}

/// The rest of a key whose beginning was cut off; `start` is where `-----END ` stands.
pub(super) fn tail(text: &str, start: usize, end: usize, floor: usize) -> Option<Mask> {
    let after = after_label(text, end)?;
    let floor = floor.max(start.saturating_sub(PEM_BYTES_MAX));
    let bytes = &text.as_bytes()[floor..start];
    let back = |to: usize, want: fn(u8) -> bool| {
        to - bytes[..to].iter().rev().take_while(|b| want(**b)).count()
    };
    let mut base64 = back(bytes.len(), |b| is_base64(b) || is_break(b));
    loop {
        let margin = back(base64, is_margin);
        let line = back(margin, |b| is_base64(b) || is_break(b));
        let indented = margin < base64 && base64 - margin <= MARGIN_BYTES_MAX;
        if !indented || line == margin || !after_break(bytes, margin) {
            break;
        }
        base64 = line;
    }
    let length = bytes.len() - base64;
    (length >= BASE64_RUN_MIN).then_some(Mask {
        start: floor + base64,
        end: after,
        kind: "private_key",
    })
}

/// Where `... PRIVATE KEY-----` ends, when that is what stands at `from`.
fn after_label(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let label = run(bytes, from, |b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b' ');
    let end = from + label;
    let label = text[from..end].trim_end();
    let is_key = label.ends_with("PRIVATE KEY") || label.ends_with("PRIVATE KEY BLOCK");
    let dashes = run(bytes, end, |b| b == b'-').min(5);
    (is_key && dashes >= 4).then_some(end + dashes)
}

/// Where a key that was cut off ends: at the first thing that is no base64, line end, margin or header.
fn cut_end(bytes: &[u8], body: usize) -> usize {
    let mut at = body;
    let mut line = body;
    while let Some(byte) = bytes.get(at) {
        if let Some(end) = header_end(bytes, at).or_else(|| escape_end(bytes, at)) {
            at = end;
        } else if is_margin(*byte) {
            // Before a line of the key; or between two whose line ends became spaces.
            let begins = at == body || after_break(bytes, at) || at - line >= BASE64_RUN_MIN;
            let margin = run(bytes, at, is_margin);
            if !begins || margin > MARGIN_BYTES_MAX || !goes_on(bytes, at + margin) {
                break;
            }
            at += margin;
            line = at;
        } else if is_base64(*byte) || is_break(*byte) {
            at += 1;
        } else {
            break;
        }
    }
    // A line end, or the escape before a closing quote, is not part of the key.
    while at > body && (is_break(bytes[at - 1]) || is_margin(bytes[at - 1])) {
        at -= 1;
    }
    at
}

/// Whether what stands behind a margin is a line of the key and not a word of prose.
fn goes_on(bytes: &[u8], at: usize) -> bool {
    let line = run(bytes, at, is_base64);
    let [first, rest @ ..] = &bytes[at..] else { return false };
    if line == 0 {
        return is_break(*first);
    }
    let (word, after) = rest.split_at(line - 1);
    let ends = [b'.', b'"', b'\'', b'\\', b'<', b'\n', b'\r'];
    let ends = after.first().is_none_or(|b| ends.contains(b) || !b.is_ascii());
    let prose = !ends && word.iter().all(u8::is_ascii_lowercase);
    line >= BASE64_RUN_MIN || header_end(bytes, at).is_some() || !prose
}

/// Where the header ends that stands at `at`: with its line, or before a quote that it did not open.
fn header_end(bytes: &[u8], at: usize) -> Option<usize> {
    let name = HEADERS.iter().find(|header| bytes[at..].starts_with(header))?;
    let from = at + name.len();
    let from = from + run(bytes, from, |b| b == b' ');
    let value = |from: usize| from + run(bytes, from, |b| !is_break(b) && b != b'"');
    let opens = bytes.get(from) == Some(&b'"') && bytes.get(value(from + 1)) == Some(&b'"');
    Some(if opens { value(from + 1) + 1 } else { value(from) })
}

/// Where the line end, or another sign of the key, ends that is written at `at` as a URL or a page does: `%0A`,
/// `<br>`.
fn escape_end(bytes: &[u8], at: usize) -> Option<usize> {
    match &bytes[at..] {
        [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
            Some(at + 3)
        }
        [b'<', b'b' | b'B', b'r' | b'R', rest @ ..] => {
            let signs = run(rest, 0, |b| matches!(b, b' ' | b'/'));
            (rest.get(signs) == Some(&b'>')).then_some(at + 3 + signs + 1)
        }
        _ => None,
    }
}

/// Whether a line ended before `at`, in itself or as an escape, or a shell's escape stands there.
fn after_break(bytes: &[u8], at: usize) -> bool {
    matches!(bytes[..at], [.., b'\n' | b'\r' | b'\\'] | [.., b'\\', b'n' | b'r' | b't'])
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

fn is_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | b'\\')
}

/// What stands before the lines of a key in YAML, in a quotation, in a table.
fn is_margin(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'>' | b'|' | b'#' | b'*')
}

#[cfg(test)]
mod tests {
    use crate::redact::tests::{PEM, redact};

    #[test]
    fn indented_keys_are_masked_though_cut() {
        for (margin, around) in [
            ("  ", "key: |\n  X"),
            ("\t", "\tX"),
            ("> ", "> X"),
            (" ", "X"),
            ("    ", "got X"),
            ("  | ", "  | X"),
        ] {
            let key = PEM.replace('\n', &format!("\n{margin}"));
            let want = around.replace('X', "<redacted:private_key>");
            assert_eq!(redact(&around.replace('X', &key)), want);
            for end in ["", "\n... (cut)", "...", " (cut)"] {
                let cut = &key[..key.len() - 45];
                let escaped = cut.replace('\n', "\\n").replace('\t', "\\t");
                for key in [cut, &escaped] {
                    let got = redact(&format!("{}{end}", around.replace('X', key)));
                    assert_eq!(got, format!("{want}{end}"));
                }
            }
            let tail = redact(&format!("cut: {}", &key[45..]));
            assert!(!tail.contains("QyNTUx") && !tail.contains("AAAAE"), "{tail}");
        }
        let prose = "-----BEGIN EC PRIVATE KEY-----\nQyNTUxOQAAACBLaw==\n  in prose: 3";
        assert_eq!(redact(prose), "<redacted:private_key>\n  in prose: 3");
    }

    #[test]
    fn keys_behind_the_name_of_a_variable_are_masked_whole() {
        for joint in [
            "RUNPOD_SSH_PRIVATE_KEY=X",
            "w.py --private-key=X",
            "PRIVATE_KEY := X",
            "SECRET= X",
            "password: X",
            "['docker','-e','PRIVATE_KEY=X']",
            "{\"m\": \"PRIVATE_KEY=X\"}",
            "cut {\"m\": \"PRIVATE_KEY=X",
            "'PRIVATE_KEY': X",
        ] {
            let want = joint.replace('X', "<redacted:private_key>");
            for line_end in ["\n", "\\n", " ", "%0A", "<br>", "<br />", "\\\n", "\\ "] {
                let key = PEM.replace('\n', line_end);
                let cut = key.len() - 40 - line_end.len();
                for (key, end) in [(&key[..], ""), (&key[..cut], ""), (&key[..cut], "...")] {
                    let got = redact(&format!("{}{end}", joint.replace('X', key)));
                    let kept = got.contains("b3Bl") || got.contains("QyNT");
                    assert!(!kept && got.starts_with(&want[..want.len() - 2]), "{got}");
                }
            }
        }
        let public = "PRIVATE_KEY=-----BEGIN PUBLIC KEY----- MCow -----END PUBLIC KEY----- x";
        assert_eq!(redact(public), public);
    }

    #[test]
    fn keys_in_other_armour_are_masked() {
        let body = "lQOYBGV1c2Vyc2VjcmV0AQgAzqpivatekeybody\nCCCCCCCCCCCCCCCCCCCC\n=abcd";
        let pgp = "-----BEGIN PGP PRIVATE KEY BLOCK-----";
        let ssh = "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----";
        for (label, header) in [
            (pgp, ""),
            (pgp, "\nVersion: GnuPG v2\n"),
            (ssh, ""),
            (ssh, "\nComment: \"1024-bit, by anna\""),
        ] {
            let end = label.replace("BEGIN", "END");
            let whole = format!("key {label}{header}\n{body}\n{end} x");
            assert_eq!(redact(&whole), "key <redacted:private_key> x");
            let cut = format!("key {label}{header}\n{body}... (cut)");
            assert_eq!(redact(&cut), "key <redacted:private_key>... (cut)");
            let tail = redact(&format!("{body}\n{end}"));
            assert_eq!(tail, "<redacted:private_key>");
        }
        let public =
            "---- BEGIN SSH2 PUBLIC KEY ----\nAAAAB3NzaC1yc2E\n---- END SSH2 PUBLIC KEY ----";
        assert_eq!(redact(public), public);
    }
}
