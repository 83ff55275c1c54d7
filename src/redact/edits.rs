//! Replacements in one text, from left to right.

/// Pieces of a text with what replaces them; they never overlap.
#[derive(Debug, Default)]
pub(super) struct Edits(Vec<(usize, usize, String)>);

impl Edits {
    /// Where the last one ends.
    pub(super) fn end(&self) -> usize {
        self.0.last().map_or(0, |(_, end, _)| *end)
    }

    /// Takes a replacement that begins where the last one ended, or after it; others wait for the
    /// next round.
    pub(super) fn add(&mut self, start: usize, end: usize, with: String) {
        if start >= self.end() && start <= end {
            self.0.push((start, end, with));
        }
    }

    /// The text after all of them; `None` when there is none.
    pub(super) fn apply(self, text: &str) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        let mut out = String::with_capacity(text.len());
        let mut copied = 0;
        for (start, end, with) in self.0 {
            out.push_str(&text[copied..start]);
            out.push_str(&with);
            copied = end;
        }
        out.push_str(&text[copied..]);
        Some(out)
    }
}
