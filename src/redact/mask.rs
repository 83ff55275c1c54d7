//! Which bytes of a text are replaced, and by what.

/// One secret: its place and its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mask {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: &'static str,
}

/// What a replacement begins with.
const OPENING: &str = "<redacted:";

/// What stands in the place of a secret.
pub(super) fn marker(kind: &str) -> String {
    format!("{OPENING}{kind}>")
}

/// Whether a text was redacted before.
pub(super) fn begins_with_marker(text: &str) -> bool {
    text.starts_with(OPENING)
}

/// Whether a text is nothing but a replacement of ours.
pub(super) fn is_marker(text: &str) -> bool {
    let kind = text.strip_prefix(OPENING).and_then(|rest| rest.strip_suffix('>'));
    kind.is_some_and(|kind| kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
}

/// Masks in order; those that overlap become one.
#[derive(Debug, Default)]
pub(super) struct Masks(Vec<Mask>);

impl Masks {
    /// Where the last one ends.
    pub(super) fn end(&self) -> usize {
        self.0.last().map_or(0, |mask| mask.end)
    }

    /// Adds a mask whose hint begins no earlier than those before it.
    pub(super) fn add(&mut self, mut mask: Mask) {
        while let Some(last) = self.0.pop_if(|last| mask.start < last.end) {
            mask = Mask {
                start: last.start.min(mask.start),
                end: last.end.max(mask.end),
                kind: last.kind,
            };
        }
        self.0.push(mask);
    }

    /// The text with every mask replaced; `None` when there is none.
    pub(super) fn apply(&self, text: &str) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        let mut out = String::with_capacity(text.len());
        let mut copied = 0;
        for mask in &self.0 {
            out.push_str(&text[copied..mask.start]);
            out.push_str(&marker(mask.kind));
            copied = mask.end;
        }
        out.push_str(&text[copied..]);
        Some(out)
    }
}
