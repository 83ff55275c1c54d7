//! Who logged, and what we keep of each sender: when it logged, with which templates, what became of
//! its rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::events::beats::Beats;
use crate::events::pulse::Pulse;
use crate::events::tally::RowTally;
use crate::grammar::matcher::Grammar;
use crate::model::event::{Clock, SourceKey};
use crate::model::id::{RunId, WorkerId};
use crate::model::time::Micros;

/// What all rows of one source id of one source type share.
pub(super) struct Origin {
    pub(super) key: SourceKey,
    /// The number of its source type.
    pub(super) kind: usize,
    /// The process, by its source id alone: runs are told apart later.
    pub(super) run: RunId,
    /// The worker that it is.
    pub(super) worker: Option<WorkerId>,
    pub(super) clock: Clock,
    pub(super) is_orchestrator: bool,
    pub(super) is_edge: bool,
}

impl Origin {
    fn of(kind: usize, source_type: &str, source_id: &str) -> Self {
        let worker = (source_type == "worker").then(|| WorkerId::from(source_id));
        let is_edge = source_type == "edge_function";
        let other = if is_edge { Clock::Edge } else { Clock::Orchestrator };
        Self {
            key: Arc::new((source_type.into(), source_id.into())),
            kind,
            run: RunId::from(source_id),
            clock: if worker.is_some() { Clock::Worker } else { other },
            worker,
            is_orchestrator: source_type.starts_with("orchestrator"),
            is_edge,
        }
    }
}

/// Templates of one source: no grammar has as many.
const TEMPLATES_MAX: usize = 1 << 20;

/// One of them, and what it did.
pub(super) struct Sender {
    pub(super) origin: Arc<Origin>,
    pub(super) pulse: Pulse,
    /// When templates of its source were first and last used, by their numbers; of orchestrators only.
    used: Vec<Option<(Micros, Micros)>>,
    pub(super) tally: RowTally,
}

/// What one did, without the numbers that only one reading knows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Told {
    source: SourceKey,
    beats: Beats,
    used: Vec<(usize, (Micros, Micros))>,
    tally: RowTally,
}

/// All of them, by number.
#[derive(Default)]
pub(super) struct Senders {
    all: Vec<Sender>,
    /// Source types by number, each with the numbers of its senders.
    kinds: Vec<(String, FxHashMap<String, usize>)>,
}

impl Senders {
    /// Whether nobody has logged.
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The number of a source type.
    pub(super) fn kind(&mut self, source_type: &str) -> usize {
        let known = self.kinds.iter().position(|(name, _)| name == source_type);
        known.unwrap_or_else(|| {
            self.kinds.push((source_type.to_string(), FxHashMap::default()));
            self.kinds.len() - 1
        })
    }

    /// The number of a sender.
    pub(super) fn number(&mut self, kind: usize, source_id: &str) -> usize {
        let (source_type, ids) = &mut self.kinds[kind];
        if let Some(known) = ids.get(source_id) {
            return *known;
        }
        let number = self.all.len();
        ids.insert(source_id.to_string(), number);
        let origin = Arc::new(Origin::of(kind, source_type, source_id));
        self.all.push(Sender {
            pulse: Pulse::of(origin.is_orchestrator),
            origin,
            used: Vec::new(),
            tally: RowTally::default(),
        });
        number
    }

    /// What became of the rows of a source.
    pub(super) fn tally(&mut self, source: &SourceKey) -> &mut RowTally {
        let number = self.of(source);
        &mut self.all[number].tally
    }

    fn of(&mut self, source: &SourceKey) -> usize {
        let kind = self.kind(&source.0);
        self.number(kind, &source.1)
    }

    /// What each did, in one piece.
    pub(super) fn told(&self) -> Vec<Told> {
        let told = |sender: &Sender| Told {
            source: sender.origin.key.clone(),
            beats: sender.pulse.clone().into_sorted(),
            used: sender.templates_used().collect(),
            tally: sender.tally,
        };
        self.all.iter().map(told).collect()
    }

    /// What someone did beside what is known of him.
    pub(super) fn add(&mut self, told: Told) {
        let number = self.of(&told.source);
        let sender = &mut self.all[number];
        sender.tally = [sender.tally, told.tally].into_iter().sum();
        sender.pulse.extend(told.beats);
        // a forged checkpoint may tell of any number
        let used = told.used.into_iter().filter(|(template, _)| *template < TEMPLATES_MAX);
        for (template, (first, last)) in used {
            sender.used(template, first);
            sender.used(template, last);
        }
    }

    pub(super) fn get(&mut self, number: usize) -> &mut Sender {
        &mut self.all[number]
    }

    /// When they logged, by their numbers; from now on nobody is heard.
    pub(super) fn take_pulses(&mut self) -> Vec<Pulse> {
        let heard = |sender: &mut Sender| {
            let none = Pulse::of(sender.origin.is_orchestrator);
            std::mem::replace(&mut sender.pulse, none)
        };
        self.all.iter_mut().map(heard).collect()
    }

    /// Sorted by who they are, each with what was made of its pulse.
    pub(super) fn into_sorted(self, beats: Vec<Beats>) -> BTreeMap<SourceKey, (Sender, Beats)> {
        let beats = beats.into_iter().chain(std::iter::repeat_with(Beats::default));
        let of = |(sender, beats): (Sender, Beats)| (sender.origin.key.clone(), (sender, beats));
        self.all.into_iter().zip(beats).map(of).collect()
    }
}

impl Sender {
    /// Notes that a template was used.
    pub(super) fn used(&mut self, template: usize, at: Micros) {
        // they tell the era of an orchestrator, and of others nothing is asked
        if !self.origin.is_orchestrator {
            return;
        }
        if self.used.len() <= template {
            self.used.resize(template + 1, None);
        }
        let (first, last) = self.used[template].get_or_insert((at, at));
        (*first, *last) = ((*first).min(at), (*last).max(at));
    }

    /// The numbers of the templates used, with the first and last time.
    fn templates_used(&self) -> impl Iterator<Item = (usize, (Micros, Micros))> {
        let used = self.used.iter().enumerate();
        used.filter_map(|(number, times)| Some((number, (*times)?)))
    }

    /// The templates used, with the first and last time.
    pub(super) fn templates(&self, grammar: &Grammar) -> BTreeMap<Arc<str>, (Micros, Micros)> {
        let used = self.templates_used().filter_map(|(number, times)| {
            let entry = grammar.entry(&self.origin.key.0, number)?;
            Some((entry.id.clone(), times))
        });
        // entries of one template share its id
        let mut all: BTreeMap<Arc<str>, (Micros, Micros)> = BTreeMap::new();
        for (id, (first, last)) in used {
            let known = all.entry(id).or_insert((first, last));
            *known = (known.0.min(first), known.1.max(last));
        }
        all
    }
}
