//! Messages that no template matches: kept, masked, counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use regex::Regex;

use crate::model::time::Micros;
use crate::model::token::without_digits;

/// Characters of a masked line that are kept.
const TEMPLATE_CHARS_MAX: usize = 200;

/// One shape of message that the grammar does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownMessage {
    /// Who logged it.
    pub source_type: Arc<str>,
    /// The first line with ids and numbers masked.
    pub template: String,
    /// Rows.
    pub count: u64,
    /// First row.
    pub first_at: Micros,
    /// Last row.
    pub last_at: Micros,
    /// The first row's line; of several at that time, the smallest.
    pub sample: String,
}

/// Gathers unknown messages; the order of scanning does not matter.
pub struct UnknownMessages {
    ids: Regex,
    numbers: Regex,
    found: BTreeMap<(Arc<str>, String), UnknownMessage>,
}

impl UnknownMessages {
    /// With the masks ready.
    pub fn new() -> Self {
        let id = r"(?:manual-)?gpu-\d{8}_\d{6}-[0-9a-f]{8}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|https?://\S+";
        Self {
            ids: Regex::new(id).expect("the mask of ids is a constant"),
            numbers: Regex::new(r"\d+(?:\.\d+)?").expect("the mask of numbers is a constant"),
            found: BTreeMap::new(),
        }
    }

    /// Counts one message.
    pub fn add(&mut self, source_type: &Arc<str>, message: &str, at: Micros) {
        let first = message.lines().next().unwrap_or("");
        let cut = |text: &str| text.chars().take(TEMPLATE_CHARS_MAX).collect::<String>();
        let line = cut(first);
        // tokens go before the cut: half of one would let the template depend on the key
        let keyless = cut(&without_digits(first, "<id>"));
        let masked = self.ids.replace_all(&keyless, "<id>");
        let template = self.numbers.replace_all(&masked, "<n>").into_owned();
        let fresh = || UnknownMessage {
            source_type: source_type.clone(),
            template: template.clone(),
            count: 0,
            first_at: at,
            last_at: at,
            sample: line.clone(),
        };
        let entry = self.found.entry((source_type.clone(), template.clone())).or_insert_with(fresh);
        entry.count += 1;
        let told = |text: &str| without_digits(text, "<id>").into_owned();
        let same_time = at == entry.first_at && line != entry.sample;
        if at < entry.first_at
            || (same_time && (told(&line), &line) < (told(&entry.sample), &entry.sample))
        {
            entry.sample.clone_from(&line);
        }
        entry.first_at = entry.first_at.min(at);
        entry.last_at = entry.last_at.max(at);
    }

    /// All of them, by source and template.
    pub fn into_sorted(self) -> Vec<UnknownMessage> {
        self.found.into_values().collect()
    }
}

impl Default for UnknownMessages {
    fn default() -> Self {
        Self::new()
    }
}
