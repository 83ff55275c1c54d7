//! Was a generation due, and is it there? The decision table of domain/worker-app.md 3.5, with the
//! corrections of evidence-rules sections 3 and 5.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::events::History;
use crate::model::event::Basis;
use crate::model::id::{EventId, TaskId};
use crate::model::kind::EventKind;
use crate::model::output::OutputClass;
use crate::model::rows::{GenerationLink, TaskRow, TaskTypeRow};
use crate::model::time::Micros;
use crate::replay::seen::Seen;

/// The verdict on one task.
#[derive(Clone, Debug, PartialEq)]
pub struct GenerationVerdict {
    /// Which.
    pub task: TaskId,
    /// `yes`, `no` or `unknown`.
    pub expected: &'static str,
    /// The decision table's name, lower case.
    pub verdict: &'static str,
    /// `generation_created`.
    pub flag: bool,
    /// Generations and variants that name the task; `None` when none were captured.
    pub linked: Option<usize>,
    /// The rule in words.
    pub why: &'static str,
    /// When the task ended; of a late completion, when its generation was made.
    pub decided_at: Option<Micros>,
    /// `inferred` where the task type came from the built-in table.
    pub basis: Basis,
    /// The event of its completion.
    pub completed: Option<EventId>,
}

/// The verdict of a task that has a generation and is not Complete.
const LATE: &str = "late_completion";

/// Where the decision stands: expected, verdict, why.
type Ruling = (&'static str, &'static str, &'static str);

/// Decides every task, in the order of their rows.
pub fn decide(history: &History, logs: &EdgeLog) -> Vec<GenerationVerdict> {
    let links = history.facts.links.as_deref();
    let mut linked: BTreeMap<&TaskId, Vec<Option<Micros>>> = BTreeMap::new();
    for GenerationLink { task, created_at, .. } in links.unwrap_or(&[]) {
        linked.entry(task).or_default().push(*created_at);
    }
    let types =
        history.facts.task_types.as_deref().map(|types| {
            types.iter().map(|row| (row.name.as_str(), row)).collect::<BTreeMap<_, _>>()
        });
    let rows = history.facts.tasks.iter();
    rows.map(|row| {
        let facts = TaskFacts::of(row, types.as_ref());
        let made = linked.get(&row.id).map_or(&[][..], Vec::as_slice);
        let count = links.map(|_| made.len());
        let (expected, verdict, why) = rule(row, &facts, count, logs);
        // what came after the end was decided by then, and no earlier
        let late = made.iter().flatten().copied().filter(|made| Some(*made) > ended(row)).min();
        let late = late.filter(|_| verdict == LATE);
        GenerationVerdict {
            task: row.id.clone(),
            expected,
            verdict,
            flag: row.generation_created,
            linked: count,
            why,
            decided_at: late.or_else(|| ended(row)),
            basis: if facts.known { Basis::Recorded } else { Basis::Inferred },
            completed: logs.completed.get(&row.id).cloned(),
        }
    })
    .collect()
}

fn ended(row: &TaskRow) -> Option<Micros> {
    row.processed_at.or(row.updated_at)
}

/// What the edge functions logged about completions, and from when until when they log.
pub struct EdgeLog {
    acknowledged: FxHashSet<TaskId>,
    failed: FxHashSet<TaskId>,
    covered: Option<(Micros, Micros)>,
    completed: FxHashMap<TaskId, EventId>,
}

impl EdgeLog {
    /// Nothing seen yet; the edge functions' first and last rows say from when until when they log.
    pub fn new(history: &History) -> Self {
        let edge = || history.beats.iter().filter(|(source, _)| &*source.0 == "edge_function");
        let first = edge().filter_map(|(_, beats)| beats.first()).map(|beat| beat.0).min();
        let last = edge().filter_map(|(_, beats)| beats.last()).map(|beat| beat.0).max();
        Self {
            acknowledged: FxHashSet::default(),
            failed: FxHashSet::default(),
            covered: first.zip(last),
            completed: FxHashMap::default(),
        }
    }

    /// The next event in the total order.
    pub fn see(&mut self, event: Seen<'_>) {
        const ENDS: [EventKind; 3] =
            [EventKind::TaskCompleted, EventKind::TaskFailed, EventKind::TaskCancelled];
        const ACKNOWLEDGED: [EventKind; 2] =
            [EventKind::CompletionRequested, EventKind::CompletionAcknowledged];
        let task = || event.task.clone();
        if ENDS.contains(&event.kind) {
            self.completed.extend(task().map(|task| (task, event.id)));
        } else if ACKNOWLEDGED.contains(&event.kind) {
            self.acknowledged.extend(task());
        } else if event.kind == EventKind::GenerationCreationFailed {
            self.failed.extend(task());
        }
    }

    /// Whether a completion at that time would have left a row of complete-task here.
    fn covers(&self, at: Micros) -> bool {
        // nothing tells of a silence after their last row whether it is one
        let within = self.covered.is_some_and(|(first, last)| first <= at && at <= last);
        within && Micros::day("2025-12-10") <= at
    }
}

/// What the table asks of a task's type and parameters.
struct TaskFacts {
    known: bool,
    exists: bool,
    category: String,
    content: Option<String>,
    run_type: String,
    is_child: bool,
}

impl TaskFacts {
    fn of(row: &TaskRow, types: Option<&BTreeMap<&str, &TaskTypeRow>>) -> Self {
        let held = types.and_then(|types| types.get(row.task_type.as_str()));
        let (category, content, run_type) = match held {
            Some(held) => (held.category.clone(), held.content_type.clone(), held.run_type.clone()),
            None => built_in(&row.task_type),
        };
        Self {
            known: types.is_some(),
            exists: held.is_some() || (types.is_none() && !category.is_empty()),
            category,
            content,
            run_type,
            is_child: is_child(row),
        }
    }
}

/// Types where `task_types` was not captured (domain/worker-app.md section 7).
fn built_in(name: &str) -> (String, Option<String>, String) {
    const TYPES: &[(&str, &str, &str, &str)] = &[
        ("travel_segment", "processing", "video", "gpu"),
        ("travel_stitch", "processing", "video", "gpu"),
        ("join_clips_segment", "processing", "video", "gpu"),
        ("edit_video_segment", "processing", "video", "gpu"),
        ("video_enhance", "processing", "video", "api"),
        ("image-upscale", "upscale", "image", "api"),
        // the migrations insert this spelling as processing; production renamed it to the one above
        ("image_upscale", "processing", "image", "gpu"),
        ("image_inpaint", "processing", "image", "api"),
        ("annotated_image_edit", "processing", "image", "api"),
        ("individual_travel_segment", "generation", "video", "gpu"),
        ("join_final_stitch", "generation", "video", "gpu"),
        ("animate_character", "generation", "video", "api"),
        ("qwen_image_edit", "generation", "image", "api"),
        ("qwen_image_style", "generation", "image", "api"),
        ("qwen_image_hires", "generation", "image", "api"),
        ("qwen_image", "generation", "image", "api"),
        ("qwen_image_2512", "generation", "image", "api"),
        ("z_image_turbo", "generation", "image", "api"),
        ("z_image_turbo_i2i", "generation", "image", "api"),
        ("wan_2_2_t2i", "generation", "image", "gpu"),
        ("wan_2_2_i2v", "generation", "video", "gpu"),
        ("single_image", "generation", "image", "gpu"),
        ("image_edit", "generation", "image", "gpu"),
        ("magic_edit", "generation", "image", "gpu"),
        ("t2v", "generation", "video", "gpu"),
        ("t2v_22", "generation", "video", "gpu"),
        ("i2v", "generation", "video", "gpu"),
        ("i2v_22", "generation", "video", "gpu"),
        ("vace", "generation", "video", "gpu"),
        ("vace_21", "generation", "video", "gpu"),
        ("vace_22", "generation", "video", "gpu"),
        ("flux", "generation", "image", "gpu"),
        ("hunyuan", "generation", "video", "gpu"),
        ("ltxv", "generation", "video", "gpu"),
        ("ltx2", "generation", "video", "gpu"),
        ("generate_video", "generation", "video", "gpu"),
        ("inpaint_frames", "generation", "video", "gpu"),
    ];
    let found = TYPES.iter().find(|(known, ..)| *known == name);
    found.map_or_else(Default::default, |(_, category, content, run)| {
        ((*category).to_string(), Some((*content).to_string()), (*run).to_string())
    })
}

/// Whether the parameters name an orchestrator other than the task itself
/// (domain/worker-app.md 2.5).
fn is_child(row: &TaskRow) -> bool {
    const PATHS: [&str; 5] = [
        "/orchestration_contract/orchestrator_task_id",
        "/orchestrator_task_id_ref",
        "/orchestrator_task_id",
        "/orchestrator_details/orchestrator_task_id",
        "/originalParams/orchestrator_details/orchestrator_task_id",
    ];
    let ids = PATHS.iter().filter_map(|path| row.params.pointer(path)?.as_str());
    let mut uuids = ids.filter(|id| uuid::Uuid::parse_str(id).is_ok());
    uuids.any(|id| id != row.id.as_str())
}

/// Top-down, first match wins: D0 to D16.
fn rule(row: &TaskRow, facts: &TaskFacts, linked: Option<usize>, logs: &EdgeLog) -> Ruling {
    let has_link = linked.is_some_and(|n| n > 0);
    if row.status != "Complete" {
        // a parent's placeholder is linked to an orchestrator task without any completion, so the flag
        // or complete-task itself must speak (evidence-rules section 3)
        let spoken = row.generation_created || logs.acknowledged.contains(&row.id);
        return if has_link && spoken {
            ("unknown", LATE, "D0: a generation exists, the task is not Complete")
        } else {
            ("no", "not_applicable", "D1: the task is not Complete")
        };
    }
    if !row.output_class.is_some_and(OutputClass::is_output) {
        return ("no", "no_output", "D2: the output is no URL");
    }
    let Some(at) = ended(row) else {
        return ("unknown", "not_applicable", "the row has no time of completion");
    };
    let orchestrator = facts.category == "orchestration" || row.is_orchestrator();
    if orchestrator {
        return ("no", "not_expected", "D3: an orchestrator task");
    }
    let skip = row.params.pointer("/skip_generation").is_some_and(|value| value == true);
    if skip && Micros::day("2026-02-05") <= at {
        return ("no", "not_expected", "D4: skip_generation is set");
    }
    match (linked, row.generation_created) {
        (None, true) => return ("yes", "ok", "the flag is set; generations were not captured"),
        (None, false) => {
            let unknown = ("unknown", "missing_generation", "generations were not captured");
            return not_expected(row, facts, at).unwrap_or(unknown);
        }
        (Some(0), true) => {
            return ("yes", "generation_deleted_later", "D7: the flag is set, nothing names it");
        }
        (Some(0), false) => {}
        (Some(_), true) => return ("yes", "ok", "D5: a generation names it and the flag is set"),
        (Some(_), false) => {
            return ("yes", "flag_lost", "D6: a generation names it, the flag is not set");
        }
    }
    not_expected(row, facts, at).unwrap_or_else(|| missing(row, facts, at, logs))
}

/// D8 to D11: eras in which this sort of task made none.
fn not_expected(row: &TaskRow, facts: &TaskFacts, at: Micros) -> Option<Ruling> {
    let no = |why| Some(("no", "not_expected", why));
    let category = facts.category.as_str();
    if category.is_empty() && at < Micros::day("2025-12-02") {
        // what such a task made hangs on its type, which nothing tells; one that had no row then made one from
        // 2025-11-05 on (domain/worker-app.md 3.2, F0 and F1)
        let unknown = ("unknown", "missing_generation", "what its type made then is not known");
        return match facts.known {
            false => Some(unknown),
            true if at < Micros::day("2025-11-05") => {
                no("D8: before 2025-11-05 a task of a type without a category made none")
            }
            true => None,
        };
    }
    if at < Micros::day("2025-11-21")
        && !matches!(category, "generation" | "inpaint" | "orchestration")
    {
        return no("D8: before 2025-11-21 only the category generation made one");
    }
    if at < Micros::day("2025-12-02") && category == "processing" && !facts.is_child {
        return no("D9: before 2025-12-02 processing made one only for children");
    }
    if category == "upscale" && at < Micros::day("2026-02-04") {
        let of = row.params.pointer("/generation_id").is_some_and(|value| !value.is_null());
        if at < Micros::day("2025-12-02") || !of {
            return no("D10: an upscale without generation_id makes none");
        }
    }
    let window = Micros::day("2025-12-02") <= at && at < Micros::day("2026-02-05");
    let image = facts.content.as_deref() == Some("image");
    if window && category == "processing" && !facts.is_child && !image {
        return no("D11: a processing video that is no child makes none");
    }
    None
}

/// D12 to D16: it was due and is not there.
fn missing(row: &TaskRow, facts: &TaskFacts, at: Micros, logs: &EdgeLog) -> Ruling {
    let stored = row.output_class == Some(OutputClass::StorageUrl);
    let type_known = if facts.exists { "yes" } else { "unknown" };
    if !stored && facts.run_type == "api" {
        return ("yes", "missing_external_url", "D12: the output is not on the storage host");
    }
    if !facts.exists && facts.known && at < Micros::day("2026-02-13") {
        return ("yes", "missing_unknown_type", "D13: the task type had no row");
    }
    if logs.failed.contains(&row.id) {
        return ("yes", "missing_after_error", "D14: creating the generation had failed");
    }
    if !logs.acknowledged.contains(&row.id) && logs.covers(at) {
        return (type_known, "completed_outside_complete_task", "D15: complete-task never saw it");
    }
    (type_known, "missing_generation", "D16: a stored output, no flag, nothing linked")
}
