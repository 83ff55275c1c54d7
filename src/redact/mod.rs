//! Text and JSON into the same, safe to keep. Must not know tables.
//!
//! Every value that a source hands over passes here before a byte of it is written. A text without a
//! hint of a secret costs one pass of aho-corasick and no allocation.

mod hint;
mod json;
mod mask;
mod pair;
mod pem;
mod scan;
mod token;
mod url;

use std::borrow::Cow;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::redact::hint::{HINTS, Hint};
use crate::redact::mask::Masks;

/// The name that manifests give to what is masked.
pub const POLICY: &str = "secrets";

/// JSON inside strings of JSON is followed this deep; below it, text is text.
const DEPTH_MAX: usize = 8;

/// A mask may lay bare what stood in its shadow, so a masked text is looked at until nothing is found.
const ROUNDS_MAX: usize = 8;

/// Masks secrets. Made once, used for every value.
#[derive(Debug)]
pub struct Redactor {
    hints: AhoCorasick,
}

impl Default for Redactor {
    fn default() -> Self {
        Self::new()
    }
}

impl Redactor {
    /// A redactor of the one policy there is.
    pub fn new() -> Self {
        let hints = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(HINTS.iter().map(|(literal, _)| literal))
            .expect("a fixed list of short literals always builds");
        Self { hints }
    }

    /// The text with every secret in it as `<redacted:KIND>`. JSON stays JSON, and what was redacted
    /// before stays as it is.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let Some(mut masked) = self.masked(text, 0) else { return Cow::Borrowed(text) };
        for _ in 1..ROUNDS_MAX {
            match self.masked(&masked, 0) {
                Some(again) if again != masked => masked = again,
                Some(_) | None => break,
            }
        }
        Cow::Owned(masked)
    }

    /// The text after masking; `None` when there was nothing to mask.
    fn masked(&self, text: &str, depth: usize) -> Option<String> {
        if !self.is_suspicious(text) {
            return None;
        }
        if depth < DEPTH_MAX && json::is_json(text) {
            return json::masked(text, &|part| self.masked(part, depth + 1));
        }
        self.plain(text)
    }

    /// Whether a closer look is worth it. Escapes may hide what stands before a secret, so only what
    /// follows is looked at.
    fn is_suspicious(&self, text: &str) -> bool {
        self.hints.find_overlapping_iter(text).any(|hit| match HINTS[hit.pattern().as_usize()].1 {
            Hint::Token(shape) => token::body(text, hit.start(), shape).is_some(),
            Hint::Dsn => url::password(text, hit.end()).is_some(),
            Hint::EscapedSlashes
            | Hint::Key(_)
            | Hint::Bearer
            | Hint::PemBegin
            | Hint::PemEnd
            | Hint::Parameter => true,
        })
    }

    fn plain(&self, text: &str) -> Option<String> {
        let mut hits: Vec<(usize, usize, Hint)> = self
            .hints
            .find_overlapping_iter(text)
            .map(|hit| (hit.start(), hit.end(), HINTS[hit.pattern().as_usize()].1))
            .collect();
        hits.sort_by_key(|(start, end, _)| (*start, std::cmp::Reverse(*end)));
        let mut masks = Masks::default();
        for (start, end, hint) in hits {
            // Inside what is masked already only a token can reach beyond it; looking again for
            // pairs there would cost a second pass over the same bytes.
            let inside = start < masks.end();
            let found = match hint {
                Hint::Token(shape) => token::find(text, start, shape),
                Hint::PemBegin if inside => None,
                Hint::PemBegin => pem::block(text, start, end),
                Hint::PemEnd if inside => None,
                Hint::PemEnd => pem::tail(text, start, end, masks.end()),
                Hint::Key(_) | Hint::Bearer | Hint::Dsn | Hint::Parameter if inside => None,
                Hint::Key(kind) => pair::find(text, start, end, kind),
                Hint::Bearer => token::bearer(text, start, end),
                Hint::Dsn => url::password(text, end),
                Hint::Parameter => url::parameter(text, start, end),
                Hint::EscapedSlashes => None,
            };
            if let Some(mask) = found {
                masks.add(mask);
            }
        }
        masks.apply(text)
    }
}

#[cfg(test)]
mod tests;
