//! Secrets out of texts, by their own shape or by the name of their key.

use aho_corasick::AhoCorasick;

use crate::redact::hint::{HINTS, Hint};
use crate::redact::mask::Masks;
use crate::redact::named::{self, Named};
use crate::redact::{json, login, pair, pem, token, url};

/// JSON inside strings of JSON is followed this deep; below it, text is text.
const DEPTH_MAX: usize = 8;

/// Masks secrets.
#[derive(Clone, Debug)]
pub(super) struct Secrets {
    hints: AhoCorasick,
}

/// Whether a closer look at a hit is worth it. Escapes may hide what stands before a secret, so only
/// what follows is looked at.
pub(super) fn speaks(hint: Hint, text: &str, start: usize, end: usize) -> bool {
    match hint {
        Hint::Token(shape) => token::body(text, start, shape).is_some(),
        Hint::Dsn => url::password(text, end).is_some(),
        Hint::Login => login::password(text, start).is_some(),
        Hint::Word(_) => named::leads(text, end),
        Hint::EscapedSlashes
        | Hint::Key(_)
        | Hint::Bearer
        | Hint::PemBegin
        | Hint::PemEnd
        | Hint::Parameter => true,
    }
}

impl Secrets {
    /// The first literals of `hints` are those of [`HINTS`].
    pub(super) fn new(hints: AhoCorasick) -> Self {
        Self { hints }
    }

    /// The text after masking; `None` when there was nothing to mask.
    pub(super) fn masked(&self, text: &str) -> Option<String> {
        self.at_depth(text, 0)
    }

    fn at_depth(&self, text: &str, depth: usize) -> Option<String> {
        if !self.hits(text).any(|(start, end, hint)| speaks(hint, text, start, end)) {
            return None;
        }
        if depth < DEPTH_MAX && json::is_json(text) {
            return json::masked(text, &|part| self.at_depth(part, depth + 1));
        }
        self.plain(text)
    }

    fn hits<'t>(&'t self, text: &'t str) -> impl Iterator<Item = (usize, usize, Hint)> + 't {
        self.hints.find_overlapping_iter(text).filter_map(|hit| {
            let (_, hint) = HINTS.get(hit.pattern().as_usize())?;
            Some((hit.start(), hit.end(), *hint))
        })
    }

    fn plain(&self, text: &str) -> Option<String> {
        let mut hits: Vec<(usize, usize, Hint)> = self.hits(text).collect();
        hits.sort_by_key(|(start, end, _)| (*start, std::cmp::Reverse(*end)));
        let (mut masks, mut looked) = (Masks::default(), 0);
        for (start, end, hint) in hits {
            // Inside what is masked already only a token can reach beyond it; looking again for
            // pairs there would cost a second pass over the same bytes.
            let inside = start < masks.end();
            let found = match hint {
                Hint::Token(shape)
                    if inside && !token::reaches(text, start, masks.end(), shape) =>
                {
                    None
                }
                Hint::Token(shape) => token::find(text, start, shape),
                Hint::PemBegin if inside => None,
                Hint::PemBegin => pem::block(text, start, end),
                Hint::PemEnd if inside => None,
                Hint::PemEnd => pem::tail(text, start, end, masks.end()),
                Hint::Key(_) | Hint::Word(_) if inside || start < looked => None,
                Hint::Bearer | Hint::Dsn | Hint::Login | Hint::Parameter if inside => None,
                Hint::Key(kind) => {
                    looked = pair::mask(text, start, end, Named::surely(kind), &mut masks);
                    None
                }
                Hint::Word(kind) => {
                    if let Some(named) = Named::by_word(text, start, end, kind) {
                        looked = pair::mask(text, start, end, named, &mut masks);
                    }
                    None
                }
                Hint::Bearer => token::bearer(text, start, end),
                Hint::Dsn => url::password(text, end),
                Hint::Login => login::password(text, start),
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
