//! Secrets that are known by their own shape.

use crate::redact::mask::Mask;
use crate::redact::quoted;
use crate::redact::scan::{after_spaces, begins_word, is_secretish, is_word, run};

/// Segments of a signed or an encrypted JSON web token after its header.
const JWT_SEGMENTS_MAX: usize = 4;

/// So much of a token says whether it looks random.
const RANDOM_BYTES_MAX: usize = 256;

/// What follows a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    /// Letters and digits.
    Alphanumeric,
    /// Letters, digits, `_` and `-`.
    Word,
    /// Sixteen capitals and digits, no more.
    Aws,
    /// Base64url segments with dots between them.
    Jwt,
}

/// The shape of one kind of token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    prefix: &'static str,
    kind: &'static str,
    body: Body,
    min: usize,
    /// From this length on a body is one whatever it looks like; a shorter one may be cut off, and has letters and digits.
    whole: usize,
}

impl Shape {
    pub(super) const JWT: Self =
        Self { prefix: "eyJ", kind: "jwt", body: Body::Jwt, min: 20, whole: 20 };

    pub(super) const fn alphanumeric(prefix: &'static str, kind: &'static str, min: usize) -> Self {
        Self { prefix, kind, body: Body::Alphanumeric, min, whole: min }
    }

    pub(super) const fn word(prefix: &'static str, kind: &'static str, min: usize) -> Self {
        Self { prefix, kind, body: Body::Word, min, whole: min }
    }

    pub(super) const fn aws(prefix: &'static str) -> Self {
        Self { prefix, kind: "aws_key", body: Body::Aws, min: 16, whole: 16 }
    }

    /// The same with a body that may be cut to this length.
    pub(super) const fn cut_to(self, min: usize) -> Self {
        Self { min, ..self }
    }

    /// Whether a byte is one of a token's, but for the dots of a web token.
    fn holds(&self, byte: u8) -> bool {
        match self.body {
            Body::Alphanumeric => byte.is_ascii_alphanumeric(),
            Body::Word | Body::Jwt => is_word(byte),
            Body::Aws => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        }
    }

    fn run(&self, bytes: &[u8], from: usize) -> usize {
        run(bytes, from, |b| self.holds(b))
    }
}

/// Where the token ends whose prefix stands at `start`, whatever stands before it.
pub(super) fn body(text: &str, start: usize, shape: &Shape) -> Option<usize> {
    let bytes = text.as_bytes();
    let from = start + shape.prefix.len();
    if !bytes[start..].starts_with(shape.prefix.as_bytes()) {
        return None;
    }
    let end = match shape.body {
        Body::Jwt => jwt_end(bytes, from),
        // one byte more says that it is another thing
        Body::Aws => from + shape.run(&bytes[..bytes.len().min(from + shape.min + 1)], from),
        Body::Alphanumeric | Body::Word => from + shape.run(bytes, from),
    };
    let long = match shape.body {
        Body::Aws => end - from == shape.min && !bytes.get(end).is_some_and(|b| is_word(*b)),
        Body::Jwt => end - start >= shape.min,
        Body::Alphanumeric | Body::Word => {
            let length = end - from;
            let token = &bytes[from..end.min(from + shape.whole)];
            let mixed =
                token.iter().any(u8::is_ascii_digit) && token.iter().any(u8::is_ascii_alphabetic);
            length >= shape.whole || (length >= shape.min && mixed)
        }
    };
    long.then_some(end)
}

fn jwt_end(bytes: &[u8], from: usize) -> usize {
    let mut end = from + run(bytes, from, is_word);
    for _ in 0..JWT_SEGMENTS_MAX {
        let segment = run(bytes, end + 1, is_word);
        if bytes.get(end) != Some(&b'.') || segment == 0 {
            break;
        }
        end += 1 + segment;
    }
    end
}

/// The token whose prefix stands at `start`. After `_` it has to look random as well: names have many parts. Whether
/// it may be one is asked first: in a run of prefixes each would be measured to the end of all.
pub(super) fn find(text: &str, start: usize, shape: &Shape) -> Option<Mask> {
    let bytes = text.as_bytes();
    let in_name = || bytes[..start].ends_with(b"_") && looks_random(bytes, start, shape);
    if !begins_word(bytes, start) && !in_name() {
        return None;
    }
    body(text, start, shape).map(|end| Mask { start, end, kind: shape.kind })
}

/// Whether the beginning of what follows a prefix looks random.
fn looks_random(bytes: &[u8], start: usize, shape: &Shape) -> bool {
    let from = bytes.len().min(start + shape.prefix.len());
    let near = &bytes[from..bytes.len().min(from + RANDOM_BYTES_MAX)];
    let token = &near[..run(near, 0, |b| shape.holds(b) || b == b'.' && shape.body == Body::Jwt)];
    let capital = token.iter().any(u8::is_ascii_uppercase);
    token.iter().any(u8::is_ascii_digit) || (capital && token.iter().any(u8::is_ascii_lowercase))
}

/// Whether a token that begins at `start`, inside what is masked up to `end`, may reach beyond it.
pub(super) fn reaches(text: &str, start: usize, end: usize, shape: &Shape) -> bool {
    let bytes = text.as_bytes();
    let in_prefix = start + shape.prefix.len() > end;
    let goes_on = |at: usize| bytes.get(at).is_some_and(|b| shape.holds(*b));
    in_prefix
        || goes_on(end)
        || (shape.body == Body::Jwt && bytes.get(end) == Some(&b'.') && goes_on(end + 1))
}

/// `Bearer xyz`, `Bearer 'xyz'`, `Bearer%20xyz`, where the word itself stands at `start..end`.
pub(super) fn bearer(text: &str, start: usize, end: usize) -> Option<Mask> {
    let bytes = text.as_bytes();
    let spaced = after_spaces(bytes, end);
    let at = match &bytes[spaced..] {
        [b'+', ..] => spaced + 1,
        [b'%', b'2', b'0', ..] => spaced + 3,
        _ => spaced,
    };
    if at == end || !begins_word(bytes, start) {
        return None;
    }
    let from = match &bytes[at..] {
        [b'%', b'2', b'2' | b'7', ..] => at + 3,
        _ => quoted::opened(bytes, at).unwrap_or(at),
    };
    let token = |b: u8| is_word(b) || matches!(b, b'.' | b'~' | b'+' | b'/' | b'=');
    let end = from + run(bytes, from, token);
    is_secretish(&text[from..end]).then_some(Mask { start: from, end, kind: "bearer" })
}
