//! What distinct texts say, made once for as long as batches share their dictionaries.

use std::sync::Arc;

use arrow::array::RecordBatch;

use crate::events::names::Names;
use crate::events::said::Said;
use crate::events::sender::{Origin, Senders};
use crate::events::texts::{Memo, Texts};
use crate::events::understood::Understood;
use crate::grammar::entry::Meaning;
use crate::grammar::matcher::Grammar;
use crate::model::id::{TaskId, WorkerId};

/// The columns of a batch whose texts repeat.
pub(super) struct Columns {
    source_type: Texts,
    source_id: Texts,
    pub(super) message: Texts,
    pub(super) task: Texts,
    pub(super) worker: Texts,
    pub(super) metadata: Texts,
}

impl Columns {
    /// As the table calls them.
    pub(super) const NAMES: [&'static str; 6] =
        ["source_type", "source_id", "message", "task_id", "worker_id", "metadata"];

    pub(super) fn of(batch: &RecordBatch) -> Self {
        let [source_type, source_id, message, task, worker, metadata] =
            Self::NAMES.map(|name| Texts::of(batch, name));
        Self { source_type, source_id, message, task, worker, metadata }
    }
}

/// What a message says.
pub(super) enum Text<'g> {
    /// Nobody knows.
    Unknown,
    /// Nothing of its own; the number of its template.
    Silent(usize),
    /// Something.
    Says(Understood<'g>),
}

impl<'g> Text<'g> {
    /// A line from where it comes.
    pub(super) fn of(grammar: &'g Grammar, origin: &Origin, line: &str, names: &mut Names) -> Self {
        let Some(found) = grammar.classify(&origin.key.0, line) else { return Self::Unknown };
        match found.entry.meaning {
            // any line of a worker's main process is a sign that it works
            Meaning::Silent(_) if origin.worker.is_none() => Self::Silent(found.number),
            Meaning::Silent(_) | Meaning::Event(_) | Meaning::Confirms(..) => {
                Self::Says(Understood::of(&found, names))
            }
        }
    }
}

/// By the numbers that the dictionaries give.
pub(super) struct Memos<'g> {
    kinds: Memo<usize>,
    /// Senders, with the kind of source they are of.
    senders: Memo<(usize, usize)>,
    /// Who they are, by their numbers.
    pub(super) origins: Vec<Arc<Origin>>,
    /// What messages say, with the kind of source that says so.
    pub(super) messages: Memo<(usize, Text<'g>)>,
    pub(super) said: Memo<Said>,
    pub(super) nothing_said: Said,
    pub(super) tasks: Memo<Option<TaskId>>,
    pub(super) workers: Memo<Option<WorkerId>>,
}

impl Memos<'_> {
    pub(super) fn new() -> Self {
        Self {
            kinds: Memo::new(),
            senders: Memo::new(),
            origins: Vec::new(),
            messages: Memo::new(),
            said: Memo::new(),
            nothing_said: Said::default(),
            tasks: Memo::new(),
            workers: Memo::new(),
        }
    }

    /// Forgets what was made of other dictionaries.
    pub(super) fn turn_to(&mut self, columns: &Columns) {
        self.kinds.turn_to(&columns.source_type);
        self.senders.turn_to(&columns.source_id);
        self.messages.turn_to(&columns.message);
        self.said.turn_to(&columns.metadata);
        self.tasks.turn_to(&columns.task);
        self.workers.turn_to(&columns.worker);
    }

    /// The number of the sender of a row.
    pub(super) fn sender(&mut self, columns: &Columns, row: usize, all: &mut Senders) -> usize {
        let (types, ids) = (&columns.source_type, &columns.source_id);
        let kind = match types.number(row) {
            Some(of) => *self.kinds.get(of, |_| true, || all.kind(types.text(of))),
            None => all.kind(""),
        };
        let number = match ids.number(row) {
            Some(id) => {
                let number = || (kind, all.number(kind, ids.text(id)));
                self.senders.get(id, |(known, _)| *known == kind, number).1
            }
            None => all.number(kind, ""),
        };
        while self.origins.len() <= number {
            self.origins.push(all.get(self.origins.len()).origin.clone());
        }
        number
    }
}

/// The id that the column of a row names, made once.
pub(super) fn named<'m, T>(
    ids: &'m mut Memo<Option<T>>,
    column: &Texts,
    row: usize,
    make: impl FnOnce(&str) -> T,
) -> Option<&'m T> {
    let number = column.number(row)?;
    let text = || Some(column.text(number)).filter(|id| !id.is_empty());
    ids.get(number, |_| true, || text().map(make)).as_ref()
}
