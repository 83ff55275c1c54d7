//! Prompts in messages: `Prompt: ...`, `Modified prompt from '...' to '...'`, `prompt='...'`.

use crate::model::token;
use crate::redact::edits::Edits;
use crate::redact::scan::{after_spaces, is_name, run};

/// Words between `prompt` and the colon: `(first 100 chars)`, `for segment 3`.
const WORDS_BYTES_MAX: usize = 48;
/// Words there after which an error or a number stands, and nothing that was prompted: `Prompt enhancement failed: ...`.
const OUTCOMES: &[&str] = &[
    "cache",
    "count",
    "error",
    "exception",
    "exceeds",
    "failed",
    "failure",
    "invalid",
    "length",
    "long",
    "mismatch",
    "missing",
    "rejected",
    "short",
    "timeout",
    "timed",
    "unavailable",
];
/// How the name of an error ends.
const ERRORS: &[&str] = &["Error", "Exception", "Timeout"];
/// Longer than the name of any parameter.
const NAME_BYTES_MAX: usize = 64;

/// The places of what was prompted, where the word ends at `end`.
pub(super) fn find(text: &str, end: usize) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let end = end + usize::from(matches!(bytes.get(end), Some(b's' | b'S')));
    let found = match bytes.get(end) {
        Some(b'"' | b'\'' | b'\\') => key(text, end).into_iter().collect(),
        Some(b'=') => keyword(text, end + 1).into_iter().collect(),
        Some(b':') => rest(text, end + 1).into_iter().collect(),
        Some(b' ') => prose(text, end + 1),
        _ => Vec::new(),
    };
    found.into_iter().filter(|(from, to)| is_open(&text[*from..*to])).collect()
}

/// Whether the word that ends at `end` stands before a quote inside a string: `"... prompt \"a cat\""`.
pub(super) fn is_escaped(text: &str, end: usize) -> bool {
    let bytes = text.as_bytes();
    let end = end + usize::from(matches!(bytes.get(end), Some(b's' | b'S')));
    matches!(bytes[end..], [b' ', b'\\', ..])
}

/// Whether there is something to hide. A token before a quote was made inside a literal: what follows
/// it is the literal's own.
fn is_open(value: &str) -> bool {
    let value = value.trim();
    let after = token::end(value, 0).map(|end| &value[end..]);
    let hidden =
        after.is_some_and(|after| after.is_empty() || after.starts_with(['"', '\'', '\\']));
    !value.is_empty() && !hidden && !["None", "null", "{}", "[]"].contains(&value)
}

/// `prompt": "...` of a literal that was cut or escaped; whole ones are walked before.
fn key(text: &str, end: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let slashes = run(bytes, end, |b| b == b'\\');
    if !matches!(bytes.get(end + slashes), Some(b'"' | b'\'')) {
        return None;
    }
    let colon = after_spaces(bytes, end + slashes + 1);
    if bytes.get(colon) != Some(&b':') {
        return None;
    }
    let at = after_spaces(bytes, colon + 1);
    let opening = run(bytes, at, |b| b == b'\\');
    let quote = *bytes.get(at + opening).filter(|b| matches!(b, b'"' | b'\''))?;
    let from = at + opening + 1;
    Some((from, string_end(bytes, from, quote, opening)))
}

/// Where the string ends that a quote opened after so many backslashes: at the next one after no
/// more of them.
fn string_end(bytes: &[u8], from: usize, quote: u8, opening: usize) -> usize {
    let mut slashes = 0;
    for (at, byte) in bytes.iter().enumerate().skip(from) {
        if *byte == quote && slashes <= opening && slashes % 2 == opening % 2 {
            return at - slashes;
        }
        slashes = if *byte == b'\\' { slashes + 1 } else { 0 };
    }
    bytes.len()
}

/// `prompt='...'`, `prompt=words, next=`
fn keyword(text: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    if let Some(quote @ (b'"' | b'\'')) = bytes.get(from) {
        return Some((from + 1, string_end(bytes, from + 1, *quote, 0)));
    }
    let mut at = from;
    while let Some(byte) = bytes.get(at) {
        let pair = || {
            let next = after_spaces(bytes, at + 1);
            let name = run(&bytes[..bytes.len().min(next + NAME_BYTES_MAX)], next, is_name);
            name > 0 && bytes.get(next + name) == Some(&b'=')
        };
        if *byte == b'\n' || (matches!(byte, b',' | b'&' | b' ') && pair()) {
            break;
        }
        at += 1;
    }
    Some((from, at))
}

/// Everything after `prompt:`: a prompt may hold line ends, so no line after it is trusted.
fn rest(text: &str, from: usize) -> Option<(usize, usize)> {
    let value = text[from..].trim();
    // of pydantic
    if names_error(value) || value.eq_ignore_ascii_case("field required") {
        return None;
    }
    let begin = from + (text[from..].len() - text[from..].trim_start().len());
    Some((begin, begin + value.len()))
}

/// `torch.OutOfMemoryError: ...`
fn names_error(value: &str) -> bool {
    let name = run(value.as_bytes(), 0, |b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'));
    let ends = ERRORS.iter().any(|error| value[..name].ends_with(error));
    ends && value.as_bytes().get(name).is_none_or(|b| matches!(b, b':' | b'('))
}

/// `prompt from '...' to '...'`, `prompt '...'`, `prompt for segment 3: ...`
fn prose(text: &str, from: usize) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    if let Some(after) = text[from..].strip_prefix("from '") {
        let first = text.len() - after.len();
        let stop =
            after.trim_end().strip_suffix('\'').map_or(text.len(), |body| first + body.len());
        let body = &text[first..stop.max(first)];
        return match body.rfind("' to '") {
            Some(at) => vec![(first, first + at), (first + at + 6, stop)],
            None => vec![(first, stop)],
        };
    }
    if let Some(quote @ (b'"' | b'\'')) = bytes.get(from) {
        // whatever a prompt holds ends before the last such quote
        let last = text[from + 1..].rfind(*quote as char).map_or(text.len(), |at| from + 1 + at);
        return vec![(from + 1, last)];
    }
    let words = run(bytes, from, |b| {
        b.is_ascii_alphanumeric()
            || matches!(b, b' ' | b'(' | b')' | b'#' | b'/' | b'_' | b'.' | b'-')
    });
    let colon = bytes.get(from + words) == Some(&b':') && words <= WORDS_BYTES_MAX;
    let mut said = text[from..from + words].split(' ');
    let outcome = |word: &str| OUTCOMES.iter().any(|known| word.eq_ignore_ascii_case(known));
    if colon && !said.any(outcome) {
        rest(text, from + words + 1).into_iter().collect()
    } else {
        Vec::new()
    }
}

/// Replaces what was found.
pub(super) fn hide(
    found: Vec<(usize, usize)>,
    text: &str,
    edits: &mut Edits,
    token: impl Fn(&str) -> String,
) {
    for (from, to) in found {
        edits.add(from, to, token(&text[from..to]));
    }
}

#[cfg(test)]
mod tests {
    use crate::redact::tests::{kinds, redact};

    #[test]
    fn errors_about_prompts_are_kept() {
        for text in [
            "prompt encoding failed: torch.OutOfMemoryError: CUDA out of memory",
            "encode_prompt failed: CUDA out of memory",
            "Task failed after 3s: RuntimeError: Prompt enhancement failed: HTTP 500",
            "Failed to expand prompts: HTTPError: 500",
            "Prompt rejected: 400, Prompt count mismatch for segment 3: 4 != 5",
            "Prompt cache hit for segment 2: 5 entries",
            "in encode_prompt: ValueError: no tokens",
            "prompt is too long: 5000 > 2000 tokens",
            "ValueError: prompt: field required",
        ] {
            assert_eq!(redact(text), text);
        }
        for (text, want) in [
            ("Enhanced prompt for segment 3: a cat", "Enhanced prompt for segment 3: ~text~"),
            ("prompt (first 100 chars): an Error", "prompt (first 100 chars): ~text~"),
            ("Prompt: Errors of a cat", "Prompt: ~text~"),
        ] {
            assert_eq!(kinds(text), want);
        }
    }
}
