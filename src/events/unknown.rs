//! Messages that no template matches: kept, masked, counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::events::ordered::Events;
use crate::model::kind::EventKind;
use crate::model::time::{Micros, SECOND};
use crate::model::token::without_digits;

/// Characters of a masked line that are kept.
const TEMPLATE_CHARS_MAX: usize = 200;

/// One shape of message that the grammar does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Rows within [`NEAR`] of a failure that a known line or row tells of: what stands there is worth
    /// a look first.
    pub near_failures: u64,
}

/// One cycle of an orchestrator (domain/orchestrator.md section 4, Freq).
const NEAR: i64 = 30 * SECOND;

/// One shape, and when it stood.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Gathered {
    told: UnknownMessage,
    times: Vec<Micros>,
}

/// Gathers unknown messages; the order of scanning does not matter.
pub struct UnknownMessages {
    ids: Regex,
    numbers: Regex,
    found: BTreeMap<(Arc<str>, String), Gathered>,
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
        let fresh = || Gathered {
            told: UnknownMessage {
                source_type: source_type.clone(),
                template: template.clone(),
                count: 0,
                first_at: at,
                last_at: at,
                sample: line.clone(),
                near_failures: 0,
            },
            times: Vec::new(),
        };
        let of = (source_type.clone(), template.clone());
        let gathered = self.found.entry(of).or_insert_with(fresh);
        gathered.take(&line, (at, at), &[at]);
    }

    /// What was gathered, shape by shape.
    pub(super) fn gathered(&self) -> Vec<&Gathered> {
        self.found.values().collect()
    }

    /// What was gathered elsewhere.
    pub(super) fn merge(&mut self, other: Gathered) {
        let of = (other.told.source_type.clone(), other.told.template.clone());
        match self.found.get_mut(&of) {
            None => drop(self.found.insert(of, other)),
            Some(gathered) => {
                let told = &other.told;
                gathered.take(&told.sample, (told.first_at, told.last_at), &other.times);
            }
        }
    }

    /// All of them, by source and template, held against the events that are known.
    pub fn into_sorted(self, events: &Events) -> Vec<UnknownMessage> {
        if self.found.is_empty() {
            return Vec::new();
        }
        let failures: Vec<Micros> =
            events.iter().filter(|event| is_failure(event.kind)).map(|event| event.at).collect();
        let near = |at: &Micros| {
            let next = failures.partition_point(|failure| failure.0 < at.0 - NEAR);
            failures.get(next).is_some_and(|failure| failure.0 <= at.0 + NEAR)
        };
        let told = |gathered: Gathered| UnknownMessage {
            near_failures: gathered.times.iter().filter(|at| near(at)).count() as u64,
            ..gathered.told
        };
        self.found.into_values().map(told).collect()
    }
}

impl Gathered {
    /// One or more rows: the sample is that of the first.
    fn take(&mut self, sample: &str, (first, last): (Micros, Micros), times: &[Micros]) {
        self.times.extend(times);
        let entry = &mut self.told;
        entry.count += times.len() as u64;
        let told = |text: &str| without_digits(text, "<id>").into_owned();
        let same_time = first == entry.first_at && sample != entry.sample;
        if first < entry.first_at
            || (same_time && (told(sample), sample) < (told(&entry.sample), &*entry.sample))
        {
            entry.sample = sample.to_string();
        }
        entry.first_at = entry.first_at.min(first);
        entry.last_at = entry.last_at.max(last);
    }
}

impl Default for UnknownMessages {
    fn default() -> Self {
        Self::new()
    }
}

/// What tells that something went wrong, by whoever said it.
fn is_failure(kind: EventKind) -> bool {
    const FAILURES: [EventKind; 22] = [
        EventKind::CycleFailed,
        EventKind::ReadFailed,
        EventKind::TasksResetFailed,
        EventKind::WorkerStartFailed,
        EventKind::WorkerSpawnFailed,
        EventKind::WorkerMarkedError,
        EventKind::WorkerErrorRecorded,
        EventKind::FailureStreakSeen,
        EventKind::FailsafeStale,
        EventKind::PodTerminateFailed,
        EventKind::WorkerExternallyTerminated,
        EventKind::WorkerSelfTerminated,
        EventKind::WorkerCrashed,
        EventKind::WorkerFatalPattern,
        EventKind::TaskHandlerFailed,
        EventKind::TaskRetryScheduled,
        EventKind::GenerationFailed,
        EventKind::CompletionFailed,
        EventKind::TaskFailureSaid,
        EventKind::GenerationCreationFailed,
        EventKind::UploadFailed,
        EventKind::TaskFailed,
    ];
    FAILURES.contains(&kind)
}
