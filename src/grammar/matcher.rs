//! Which template a message is: candidates by their longest fixed text, then the whole template.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::grammar::entry::{BUILT_IN, Entry, GrammarError, parse};
use crate::grammar::pattern::{FieldType, Pattern};

/// Bytes of a message that are looked at: templates are of the first line, and huge payloads follow.
const HEAD_BYTES_MAX: usize = 16_384;

/// All templates, ready to match.
pub struct Grammar {
    sources: BTreeMap<String, Source>,
    digest: String,
}

struct Source {
    entries: Vec<(Entry, Pattern)>,
    finder: AhoCorasick,
}

/// A message understood.
#[derive(Debug)]
pub struct Match<'g, 'm> {
    /// Its template.
    pub entry: &'g Entry,
    /// What the template captured: name, type, text.
    pub fields: Vec<(&'g str, FieldType, &'m str)>,
}

impl Grammar {
    /// The grammar compiled in.
    pub fn built_in() -> Result<Self, GrammarError> {
        let mut entries = Vec::new();
        let mut hasher = blake3::Hasher::new();
        for text in BUILT_IN {
            hasher.update(text.as_bytes());
            entries.extend(parse(text)?);
        }
        Self::new(entries, hasher.finalize().to_hex().to_string())
    }

    fn new(entries: Vec<Entry>, digest: String) -> Result<Self, GrammarError> {
        let mut grouped: BTreeMap<String, Vec<(Entry, Pattern)>> = BTreeMap::new();
        for entry in entries {
            let pattern = Pattern::compile(&entry.pattern)
                .map_err(|detail| GrammarError::Pattern { entry: entry.id.clone(), detail })?;
            grouped.entry(entry.source.clone()).or_default().push((entry, pattern));
        }
        let mut sources = BTreeMap::new();
        for (source, entries) in grouped {
            let literals = entries.iter().map(|(_, pattern)| pattern.literal.as_str());
            let finder =
                AhoCorasick::builder().match_kind(MatchKind::Standard).build(literals).map_err(
                    |err| GrammarError::Pattern { entry: source.clone(), detail: err.to_string() },
                )?;
            sources.insert(source, Source { entries, finder });
        }
        Ok(Self { sources, digest })
    }

    /// BLAKE3 of the grammar's text: a changed grammar means replay again.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Every entry.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.sources.values().flat_map(|source| source.entries.iter().map(|(entry, _)| entry))
    }

    /// The template of a message. When several match, the one with the most fixed text is meant; of
    /// two with as much, the one that stands first in the file.
    pub fn classify<'g, 'm>(&'g self, source: &str, message: &'m str) -> Option<Match<'g, 'm>> {
        let source = self.sources.get(source)?;
        let line = head(message);
        let mut best: Option<usize> = None;
        for at in source.candidates(line) {
            let better =
                best.is_none_or(|b| source.entries[at].1.weight > source.entries[b].1.weight);
            if better && source.entries[at].1.regex.is_match(line) {
                best = Some(at);
            }
        }
        let (entry, pattern) = &source.entries[best?];
        let captures = pattern.regex.captures(line)?;
        let fields = pattern
            .fields
            .iter()
            .enumerate()
            .filter_map(|(at, (name, kind))| {
                captures.get(at + 1).map(|found| (name.as_str(), *kind, found.as_str()))
            })
            .collect();
        Some(Match { entry, fields })
    }

    /// Ids of all templates that match a message: more than one is a fault of the grammar.
    pub fn all_matches(&self, source: &str, message: &str) -> Vec<&str> {
        let Some(source) = self.sources.get(source) else { return Vec::new() };
        let line = head(message);
        let hits = source.candidates(line).into_iter();
        hits.filter(|at| source.entries[*at].1.regex.is_match(line))
            .map(|at| source.entries[at].0.id.as_str())
            .collect()
    }
}

impl Source {
    /// Entries whose longest fixed text occurs in the line, each once, in file order.
    fn candidates(&self, line: &str) -> Vec<usize> {
        let mut found: Vec<usize> =
            self.finder.find_overlapping_iter(line).map(|hit| hit.pattern().as_usize()).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// The first line, without leading emoji, bullets and spaces: sanitizers drop parts of them.
fn head(message: &str) -> &str {
    let mut end = message.len().min(HEAD_BYTES_MAX);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    let message = &message[..end];
    // `...` begins the last line of a cut list
    let start = message.trim_start_matches(|c: char| {
        !c.is_alphanumeric() && c != '[' && c != '_' && !message.starts_with("...")
    });
    start.split('\n').next().unwrap_or(start).trim_end_matches('\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sample_matches_its_own_entry_and_no_other() {
        let grammar = Grammar::built_in().expect("the built-in grammar is valid");
        for entry in grammar.entries() {
            let Some(sample) = &entry.sample else { continue };
            assert_eq!(
                grammar.all_matches(&entry.source, sample),
                [entry.id.as_str()],
                "{}: {sample}",
                entry.source
            );
        }
    }

    #[test]
    fn every_entry_that_makes_an_event_has_a_sample() {
        let grammar = Grammar::built_in().expect("the built-in grammar is valid");
        for entry in grammar.entries() {
            let silent = matches!(entry.meaning, crate::grammar::entry::Meaning::Silent(_));
            let only_confirms =
                matches!(entry.meaning, crate::grammar::entry::Meaning::Confirms(_, None));
            assert!(silent || only_confirms || entry.sample.is_some(), "{}", entry.id);
        }
    }

    #[test]
    fn an_emoji_without_its_variation_selector_changes_nothing() {
        let grammar = Grammar::built_in().expect("the built-in grammar is valid");
        for sign in ["⚠️  ", "⚠  ", "⚠ ", ""] {
            let line = format!(
                "💓 HEALTH_CHECK [Worker gpu-1] {sign}SSH port not accessible (result: 11)"
            );
            let found = grammar.classify("orchestrator_gpu", &line).expect("it is a known line");
            assert_eq!(found.entry.id, "G108a");
            assert_eq!(found.fields[1].2, "11");
        }
    }
}
