//! Who logged, and what we keep of each sender: when it logged, with which templates, what became of
//! its rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::events::tally::RowTally;
use crate::events::{Beat, SourceKey};
use crate::model::time::Micros;

/// One source id of one source type.
pub(super) struct Sender {
    pub(super) key: SourceKey,
    pub(super) beats: Vec<Beat>,
    pub(super) templates: FxHashMap<Arc<str>, (Micros, Micros)>,
    pub(super) tally: RowTally,
}

/// All of them, by number.
#[derive(Default)]
pub(super) struct Senders {
    all: Vec<Sender>,
    numbers: FxHashMap<String, FxHashMap<String, usize>>,
    last: usize,
}

impl Senders {
    /// The number of a sender. Rows of one often follow on each other.
    pub(super) fn number(&mut self, source_type: &str, source_id: &str) -> usize {
        let last = self.all.get(self.last);
        if last.is_some_and(|last| *last.key.1 == *source_id && *last.key.0 == *source_type) {
            return self.last;
        }
        let known = self.numbers.get(source_type).and_then(|ids| ids.get(source_id)).copied();
        self.last = known.unwrap_or_else(|| self.add(source_type, source_id));
        self.last
    }

    fn add(&mut self, source_type: &str, source_id: &str) -> usize {
        let number = self.all.len();
        let ids = self.numbers.entry(source_type.to_string()).or_default();
        ids.insert(source_id.to_string(), number);
        self.all.push(Sender {
            key: (Arc::from(source_type), Arc::from(source_id)),
            beats: Vec::new(),
            templates: FxHashMap::default(),
            tally: RowTally::default(),
        });
        number
    }

    pub(super) fn key(&self, number: usize) -> SourceKey {
        self.all[number].key.clone()
    }

    pub(super) fn get(&mut self, number: usize) -> &mut Sender {
        &mut self.all[number]
    }

    /// Sorted by who they are.
    pub(super) fn into_sorted(self) -> BTreeMap<SourceKey, Sender> {
        self.all.into_iter().map(|sender| (sender.key.clone(), sender)).collect()
    }
}

impl Sender {
    /// Notes that a template was used.
    pub(super) fn used(&mut self, template: &Arc<str>, at: Micros) {
        match self.templates.get_mut(template) {
            Some((first, last)) => (*first, *last) = ((*first).min(at), (*last).max(at)),
            None => drop(self.templates.insert(template.clone(), (at, at))),
        }
    }
}
