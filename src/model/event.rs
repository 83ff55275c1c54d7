//! Events: one thing the source says happened, with time, subject, kind and the rows that say so.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use serde::{Deserialize, Deserializer, Serialize};
use sha1::{Digest, Sha1};

use crate::model::attribute::{self, Attribute, Attributes};
use crate::model::column::Column;
use crate::model::cycle::Cycle;
use crate::model::id::{EventId, PodId, RowKey, RunId, TaskId, WorkerId};
use crate::model::kind::{EventKind, SubjectKind};
use crate::model::shared;
use crate::model::table::Table;
use crate::model::time::Micros;

/// How an event came to be known. Declared from strongest to weakest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Basis {
    /// A timestamp column or metadata key records it.
    Recorded,
    /// The text of a log line says so.
    Logged,
    /// Two captures of one row differ.
    Observed,
    /// Nothing says so; a later row implies it.
    Inferred,
}

impl Basis {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Recorded, Self::Logged, Self::Observed, Self::Inferred];

    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Logged => "logged",
            Self::Observed => "observed",
            Self::Inferred => "inferred",
        }
    }
}

/// Whose clock a time was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Clock {
    /// The database's: columns, and the claim and completion functions.
    Database,
    /// An orchestrator's host.
    Orchestrator,
    /// The edge runtime's.
    Edge,
    /// That of the worker that logged: off by up to seconds.
    Worker,
}

impl Clock {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Database, Self::Orchestrator, Self::Edge, Self::Worker];

    /// The name in tables, in two pieces; `source_id` is whoever logged.
    pub fn name(self, source_id: &str) -> (&'static str, &str) {
        match self {
            Self::Database => ("database", ""),
            Self::Orchestrator => ("orchestrator", ""),
            Self::Edge => ("edge_function", ""),
            Self::Worker => ("worker:", source_id),
        }
    }
}

/// What a piece of evidence does for its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The row that makes the event, by its role and never by being earliest.
    Primary,
    /// Another row of the same event.
    Confirms,
    /// A row that should show it, and does not.
    Contradicts,
}

impl Role {
    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Confirms => "confirms",
            Self::Contradicts => "contradicts",
        }
    }
}

/// One cell that says so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Evidence {
    /// The table.
    pub table: Table,
    /// The row's id.
    pub key: RowKey,
    /// The column, or `column.key` inside JSON.
    pub column: Column,
}

/// Evidence beside the primary piece.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Further {
    /// Other rows that say so.
    pub confirmed_by: Vec<Evidence>,
    /// What should show it, and does not.
    pub contradicted_by: Option<Evidence>,
}

/// A text of ours, such as a rule's name: there are a handful, so each is kept for good.
pub(crate) fn kept_for_good<'de, D: Deserializer<'de>>(from: D) -> Result<&'static str, D::Error> {
    static KNOWN: LazyLock<Mutex<BTreeSet<&'static str>>> = LazyLock::new(Mutex::default);
    thread_local! {
        /// Those that this thread has seen: no other is waited for.
        static SEEN: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
    }
    let name = <&str>::deserialize(from)?;
    let seen = SEEN.with_borrow(|seen| seen.iter().find(|seen| **seen == name).copied());
    if let Some(name) = seen {
        return Ok(name);
    }
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = known.get(name).copied().unwrap_or_else(|| {
        let name: &'static str = Box::leak(name.into());
        known.insert(name);
        name
    });
    SEEN.with_borrow_mut(|seen| seen.push(kept));
    Ok(kept)
}

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Subject {
    /// A worker.
    Worker(WorkerId),
    /// A task.
    Task(TaskId),
    /// A pod whose worker is not named.
    Pod(PodId),
    /// An orchestrator process.
    Run(RunId),
}

impl Subject {
    /// `worker`, `task`, `pod` or `run`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Worker(_) => "worker",
            Self::Task(_) => "task",
            Self::Pod(_) => "pod",
            Self::Run(_) => "run",
        }
    }

    /// The id as text.
    pub fn id(&self) -> &str {
        match self {
            Self::Worker(id) => id.as_str(),
            Self::Task(id) => id.as_str(),
            Self::Pod(id) => id.as_str(),
            Self::Run(id) => id.as_str(),
        }
    }
}

/// Source type and source id of log rows.
pub type SourceKey = Arc<(Arc<str>, Arc<str>)>;

/// Whether the times of a source are of a server's clock: a browser's is its user's, whatever that shows.
pub fn tells_time(source: &SourceKey) -> bool {
    &*source.0 != "browser"
}

/// Whether that clock also is a machine's that others keep right: a worker's may be off by hours, and its lines come with
/// heartbeats, which its row keeps.
pub fn tells_end(source: &SourceKey) -> bool {
    &*source.0 != "worker" && tells_time(source)
}

/// The source of what no log row says.
pub fn no_source() -> SourceKey {
    static NONE: LazyLock<SourceKey> = LazyLock::new(SourceKey::default);
    NONE.clone()
}

/// The place of a row among those of its table, by their ids; from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowNumber(NonZeroU32);

impl RowNumber {
    /// Of a place; `None` for one beyond four thousand million.
    pub fn of(place: u32) -> Option<Self> {
        place.checked_add(1).and_then(NonZeroU32::new).map(Self)
    }

    /// The place.
    #[inline]
    pub fn place(self) -> u32 {
        self.0.get() - 1
    }
}

/// The rows that an event names: what asks for them by number need not look at a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowNumbers {
    /// Of its worker, where that has a row.
    pub worker: Option<RowNumber>,
    /// Of its task, where that has a row.
    pub task: Option<RowNumber>,
}

/// One thing the source says happened.
// in this order: what every pass looks at stands beside each other, and is one read of memory
#[repr(C)]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Best estimate, on the database's clock.
    pub at: Micros,
    /// What happened.
    pub kind: EventKind,
    /// How it is known.
    pub basis: Basis,
    /// Whose clock it was read from.
    pub clock: Clock,
    /// Position among the events of one row.
    pub ordinal: u8,
    /// Whether its fields list workers or tasks.
    pub lists: bool,
    /// The worker it names, if any.
    pub worker: Option<WorkerId>,
    /// The task it names, if any.
    pub task: Option<TaskId>,
    /// The orchestrator process that logged it.
    pub run: Option<RunId>,
    /// The rows of those it names; a replay sets them, once the rows are known.
    pub rows: RowNumbers,
    /// That process's cycle.
    pub cycle: Option<Cycle>,
    /// Captured fields: rows that say the same share them.
    #[serde(deserialize_with = "attribute::of_event")]
    pub attributes: Arc<Attributes>,
    /// Source type and id of the log row; empty for row facts.
    #[serde(deserialize_with = "shared::pair")]
    pub source: SourceKey,
    /// Stable name: of the primary evidence, whatever other rows or captures say.
    pub id: EventId,
    /// The pod it names, if any: few name one.
    pub pod: Option<Box<PodId>>,
    /// It happened no earlier than this.
    pub earliest: Micros,
    /// And no later than this.
    pub latest: Micros,
    /// The primary piece.
    pub evidence: Evidence,
    /// Further pieces: few have any.
    pub further: Option<Box<Further>>,
    /// `module:function:line` where the row says it.
    #[serde(deserialize_with = "shared::optional")]
    pub call_site: Option<Arc<str>>,
}

// three lines of the cache: all of them are read, by passes and from files
const _: () = assert!(size_of::<Event>() <= 192);

impl Event {
    /// What a row of the source tells, by its columns: about nobody yet, on the database's clock. `value`
    /// sets it apart from others of its kind that the same column tells.
    pub fn of_row(
        evidence: Evidence,
        (kind, basis): (EventKind, Basis),
        at: Micros,
        (earliest, latest): (Micros, Micros),
        value: &str,
    ) -> Self {
        Self {
            id: event_id(&evidence, kind.name(), 0, value),
            at,
            earliest,
            latest,
            kind,
            worker: None,
            task: None,
            pod: None,
            run: None,
            cycle: None,
            attributes: Arc::default(),
            basis,
            clock: Clock::Database,
            evidence,
            further: None,
            call_site: None,
            ordinal: 0,
            lists: false,
            rows: RowNumbers::default(),
            source: no_source(),
        }
    }

    /// An event that stands in no row: what implies it is a column of a task's row.
    pub fn implied_by_task(
        (task, column): (&TaskId, Column),
        kind: EventKind,
        at: Micros,
        bounds: (Micros, Micros),
        value: &str,
    ) -> Self {
        let evidence = Evidence { table: Table::Tasks, key: task.as_str().into(), column };
        let made = Self::of_row(evidence, (kind, Basis::Inferred), at, bounds, value);
        Self { task: Some(task.clone()), ..made }
    }

    /// The strict total order of DESIGN section 5: never the order of scanning.
    pub fn order(&self) -> (Micros, u8, Table, &str, &RowKey, u8, EventId) {
        let source: &str = &self.source.1;
        (
            self.at,
            self.kind.rank(),
            self.evidence.table,
            source,
            &self.evidence.key,
            self.ordinal,
            self.id,
        )
    }

    /// A text field.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.attributes.get(name)?.text()
    }

    /// A numeric field.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.attributes.get(name)?.number()
    }

    /// A whole-number field.
    pub fn int(&self, name: &str) -> Option<i64> {
        self.number(name).map(|x| x as i64)
    }

    /// A list field.
    pub fn list(&self, name: &str) -> &[Arc<str>] {
        if let Some(Attribute::List(items)) = self.attributes.get(name) { items } else { &[] }
    }

    /// What it is about.
    pub fn subject(&self) -> Subject {
        let named = match self.kind.subject() {
            SubjectKind::Worker => self.worker.clone().map(Subject::Worker),
            SubjectKind::Task => self.task.clone().map(Subject::Task),
            SubjectKind::Pod => self.pod.as_deref().cloned().map(Subject::Pod),
            SubjectKind::Run => self.run.clone().map(Subject::Run),
        };
        // edge functions and workers have no run: they are processes by their source alone
        named.unwrap_or_else(|| Subject::Run(RunId::from(&*self.source.1)))
    }

    /// The sort and the id of its subject.
    pub fn about(&self) -> (&'static str, &str) {
        let named = match self.kind.subject() {
            SubjectKind::Worker => self.worker.as_ref().map(|id| ("worker", id.as_str())),
            SubjectKind::Task => self.task.as_ref().map(|id| ("task", id.as_str())),
            SubjectKind::Pod => self.pod.as_ref().map(|id| ("pod", id.as_str())),
            SubjectKind::Run => self.run.as_ref().map(|id| ("run", id.as_str())),
        };
        named.unwrap_or(("run", &self.source.1))
    }

    /// What it touches beside its subject, by sort and id: whom it names, and whom a list of it names.
    pub fn touches(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let subject = self.about();
        let named = [
            self.worker.as_ref().map(|id| ("worker", id.as_str())),
            self.task.as_ref().map(|id| ("task", id.as_str())),
            self.pod.as_ref().map(|id| ("pod", id.as_str())),
        ];
        let listed = self.attributes.listed.iter().map(|one| (one.kind(), one.id()));
        named.into_iter().flatten().chain(listed).filter(move |touched| *touched != subject)
    }

    /// Bytes of its texts that may be long.
    pub fn text_len(&self) -> usize {
        let ids = [
            self.worker.as_ref().map(WorkerId::as_str),
            self.task.as_ref().map(TaskId::as_str),
            self.pod.as_ref().map(|id| id.as_str()),
        ];
        let ids: usize = ids.into_iter().flatten().map(str::len).sum();
        ids + self.evidence.key.text_len() + self.attributes.text_len()
    }

    /// All evidence, the primary piece first.
    pub fn pieces(&self) -> impl Iterator<Item = (&Evidence, Role)> {
        let confirms = self.confirmed_by().iter().map(|piece| (piece, Role::Confirms));
        let contradicts = self.contradicted_by().map(|piece| (piece, Role::Contradicts));
        std::iter::once((&self.evidence, Role::Primary)).chain(confirms).chain(contradicts)
    }

    /// Other rows that say so.
    pub fn confirmed_by(&self) -> &[Evidence] {
        self.further.as_ref().map_or(&[], |further| &further.confirmed_by)
    }

    /// What should show it, and does not.
    pub fn contradicted_by(&self) -> Option<&Evidence> {
        self.further.as_ref()?.contradicted_by.as_ref()
    }

    /// Where further pieces are put.
    pub(crate) fn further_mut(&mut self) -> &mut Further {
        self.further.get_or_insert_default()
    }
}

/// The name of an event: a uuid v5 of its primary evidence.
pub fn event_id(evidence: &Evidence, what: &str, ordinal: u8, value: &str) -> EventId {
    /// Ours; made once, never changed.
    const NAMESPACE: uuid::Uuid = uuid::uuid!("6f0b6d9c-3f8e-5d0a-9a56-2f1d3a1c7e11");
    const SEPARATOR: &str = "\u{1f}";
    let mut name = String::with_capacity(128);
    let mut add = |part: &str| {
        name.push_str(part);
        name.push_str(SEPARATOR);
    };
    add(evidence.table.name());
    evidence.key.with_text(&mut add);
    [evidence.column.name(), what].into_iter().for_each(&mut add);
    match ordinal {
        0 => add("0"),
        more => add(&more.to_string()),
    }
    name.push_str(value);
    // what `Uuid::new_v5` does, by instructions that the processor has
    let hash = Sha1::new().chain_update(NAMESPACE.as_bytes()).chain_update(name.as_bytes());
    let [first @ .., _, _, _, _] = hash.finalize().0;
    EventId(uuid::Builder::from_sha1_bytes(first).into_uuid())
}
