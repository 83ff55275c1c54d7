//! Which template a message is: candidates by how they begin, then the whole template.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::grammar::entry::{BUILT_IN, Entry, parse};
use crate::grammar::error::GrammarError;
use crate::grammar::field::FieldType;
use crate::grammar::head::head;
use crate::grammar::pattern::Spans;

/// All templates, ready to match.
pub struct Grammar {
    sources: BTreeMap<String, Source>,
    digest: String,
}

/// The templates of one source, the one with the most fixed text first.
struct Source {
    entries: Vec<Entry>,
    /// Entries by their first bytes.
    keyed: FxHashMap<Key, Vec<usize>>,
    /// Those that begin with less fixed text, by its first byte.
    short: FxHashMap<u8, Vec<usize>>,
    /// Those that begin with a field.
    open: Vec<usize>,
}

/// The first bytes of a beginning that find its entries, as two numbers: they are hashed at once.
type Key = (u64, u32);

fn key(text: &[u8]) -> Option<Key> {
    let (first, rest) = text.split_first_chunk()?;
    Some((u64::from_le_bytes(*first), u32::from_le_bytes(*rest.first_chunk()?)))
}

/// A message understood.
#[derive(Debug)]
pub struct Match<'g, 'm> {
    /// Its template.
    pub entry: &'g Entry,
    /// The template's number among those of its source.
    pub number: usize,
    line: &'m str,
    spans: Spans,
}

impl<'g, 'm> Match<'g, 'm> {
    /// What the template captured: name, type, text.
    pub fn fields(
        &self,
    ) -> impl ExactSizeIterator<Item = (&'g Arc<str>, FieldType, &'m str)> + use<'g, 'm> {
        let (line, spans) = (self.line, self.spans);
        let fields = self.entry.pattern.fields().iter().enumerate();
        fields.map(move |(at, (name, kind))| (name, *kind, spans.text(line, at)))
    }

    /// The text of one field.
    pub fn field(&self, name: &str) -> Option<&'m str> {
        self.fields().find(|(known, _, _)| ***known == *name).map(|(_, _, text)| text)
    }
}

impl Grammar {
    /// The grammar compiled in.
    ///
    /// # Errors
    /// When it is wrong, which a test forbids.
    pub fn built_in() -> Result<Self, GrammarError> {
        Self::with(&[])
    }

    /// The grammar compiled in, and files of the user, by name and text.
    ///
    /// # Errors
    /// The first thing that is wrong with a file.
    pub fn with(more: &[(&str, &str)]) -> Result<Self, GrammarError> {
        let mut entries = Vec::new();
        for (name, text) in BUILT_IN.iter().chain(more) {
            entries.extend(parse(name, text)?);
        }
        Ok(Self::of(entries, Self::digest_with(more)))
    }

    /// The digest of such a grammar, whether its files are right or not: all that is needed to tell whether
    /// a replay is current, and much cheaper than the grammar.
    pub fn digest_with(more: &[(&str, &str)]) -> String {
        let mut hasher = blake3::Hasher::new();
        for (_, text) in BUILT_IN.iter().chain(more) {
            hasher.update(text.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// A grammar of these entries alone.
    pub fn of(entries: Vec<Entry>, digest: String) -> Self {
        let mut grouped: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        for entry in entries {
            grouped.entry(entry.source.clone()).or_default().push(entry);
        }
        let sources =
            grouped.into_iter().map(|(name, entries)| (name, Source::of(entries))).collect();
        Self { sources, digest }
    }

    /// BLAKE3 of the grammar's text: a changed grammar means replay again.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Every entry.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.sources.values().flat_map(|source| &source.entries)
    }

    /// An entry by its number among those of its source.
    pub fn entry(&self, source: &str, number: usize) -> Option<&Entry> {
        self.sources.get(source)?.entries.get(number)
    }

    /// The template of a message. When several match, the one with the most fixed text is meant; of
    /// two with as much, the one that stands first in the files.
    pub fn classify<'g, 'm>(&'g self, source: &str, message: &'m str) -> Option<Match<'g, 'm>> {
        let source = self.sources.get(source)?;
        let line = head(message);
        let mut best: Option<(usize, Spans)> = None;
        for at in source.candidates(line) {
            let heavier = best.as_ref().is_none_or(|(known, _)| at < *known);
            if heavier && let Some(spans) = source.entries[at].pattern.find(line) {
                best = Some((at, spans));
            }
        }
        let (at, spans) = best?;
        Some(Match { entry: &source.entries[at], number: at, line, spans })
    }

    /// All templates that match a message: more than one of an era is a fault of the grammar.
    pub fn all_matches<'g, 'm>(&'g self, source: &str, message: &'m str) -> Vec<Match<'g, 'm>> {
        let Some(source) = self.sources.get(source) else { return Vec::new() };
        let line = head(message);
        let found = source.entries.iter().enumerate().filter_map(|(number, entry)| {
            entry.pattern.find(line).map(|spans| Match { entry, number, line, spans })
        });
        found.collect()
    }
}

impl Source {
    fn of(mut entries: Vec<Entry>) -> Self {
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.pattern.weight()));
        let mut keyed: FxHashMap<Key, Vec<usize>> = FxHashMap::default();
        let mut short: FxHashMap<u8, Vec<usize>> = FxHashMap::default();
        let mut open = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            let prefix = entry.pattern.prefix().as_bytes();
            match (key(prefix), prefix.first()) {
                (Some(key), _) => keyed.entry(key).or_default().push(at),
                (None, Some(first)) => short.entry(*first).or_default().push(at),
                (None, None) => open.push(at),
            }
        }
        Self { entries, keyed, short, open }
    }

    /// The numbers of the entries that a line may be, by how it begins.
    fn candidates(&self, line: &str) -> impl Iterator<Item = usize> {
        let bytes = line.as_bytes();
        let keyed = key(bytes).and_then(|key| self.keyed.get(&key));
        let short = bytes.first().and_then(|first| self.short.get(first));
        keyed.into_iter().chain(short).flatten().chain(&self.open).copied()
    }
}
