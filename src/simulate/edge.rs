//! The edge functions: claims, completions, status updates, cascades, and the rows they leave.
//!
//! Sources: `domain/worker-app.md` sections 1.6, 2.2 (transitions T1 to T14), 3.2 and 5, and the
//! delays of `domain/evidence-rules.md` section 5, facts 1 to 3.

use std::fmt;
use std::io;

use serde_json::{Value, json};

use crate::simulate::log_file::{Level, LogRow};
use crate::simulate::plan::Era;
use crate::simulate::stamp;
use crate::simulate::tables::Generation;
use crate::simulate::task::{Status, TaskNo};
use crate::simulate::world::{Act, Pool, World};

const MS: i64 = 1_000;

/// Writes of a worker's own calls, in the order an edge function makes them.
impl World<'_> {
    /// A row of an edge function, when the era has them. Edge clocks have milliseconds.
    pub(super) fn edge(
        &mut self,
        at: i64,
        function: &str,
        level: Level,
        task: Option<TaskNo>,
        metadata: &Value,
        message: fmt::Arguments<'_>,
    ) {
        if !self.era.has_edge_rows() {
            return;
        }
        let id = self.dice.uuid();
        let row = LogRow {
            at: at / MS * MS,
            origin: 0,
            source_type: "edge_function",
            source_id: function,
            level,
            task: task.and_then(|no| self.tasks.get(&no)).map(|task| task.id),
            worker: None,
            cycle: None,
            metadata: &metadata.to_string(),
        };
        self.log.push(id, row, message);
    }

    /// claim-next-task: the oldest task of a pool, if there is one.
    pub(super) fn claim(&mut self, pool: Pool, claimer: &str) -> Option<TaskNo> {
        let (_, no) = self.claimable(pool).pop_first()?;
        let at = self.now;
        let task = self.tasks.get_mut(&no)?;
        task.status = Status::InProgress;
        task.worker = Some(claimer.to_string());
        task.started_at = Some(at);
        task.updated_at = Some(at);
        task.claims.push(claimer.to_string());
        task.holders += 1;
        task.tell(at, "claimed", "edge");
        let claimed = json!({
            "task_type": task.kind.name(),
            "worker_id": claimer,
            "project_id": task.project.to_string(),
        });
        let run_type = if pool == Pool::Api { "api" } else { "gpu" };
        let who = json!({"run_type": run_type, "worker_id": claimer});
        let asks = json!({"run_type": run_type, "worker_id": claimer, "same_model_only": false});
        let path = if pool == Pool::Api { "API" } else { "GPU" };
        let name = "claim-next-task";
        let info = Level::Info;
        let before = at - 250 * MS;
        self.edge(
            before,
            name,
            info,
            None,
            &who,
            format_args!("Authenticated via service-role key"),
        );
        let text = format_args!("Claiming task (service-role, {path} path)");
        self.edge(before + 10 * MS, name, info, None, &asks, text);
        let text = format_args!("Task claimed successfully");
        self.edge(at + 30 * MS, name, info, Some(no), &claimed, text);
        Some(no)
    }

    /// complete_task by a process that finished the work. False when the call fails.
    pub(super) fn complete_task(&mut self, no: TaskNo, by: &str, url: &str) -> io::Result<bool> {
        let at = self.now;
        let file = url.rsplit('/').next().unwrap_or_default().to_string();
        if self.faults.complete_task_fails(at) && self.dice.chance(0.5) {
            // the runtime died: it flushed nothing
            return Ok(false);
        }
        let asked = json!({"mode": "presigned", "filename": file});
        let name = "complete-task";
        self.edge(
            at - 1_050 * MS,
            name,
            Level::Info,
            Some(no),
            &asked,
            format_args!("Processing task"),
        );
        let generation = self.make_generation(no, url)?;
        let Some(task) = self.tasks.get_mut(&no) else { return Ok(true) };
        if generation.is_some() && !task.generation_created {
            task.generation_created = true;
            task.tell(at, "flags_changed", "edge:complete_task");
        }
        if task.status == Status::InProgress {
            task.status = Status::Complete;
            task.output = Some(url.to_string());
            task.processed_at = Some(at);
            task.completer = Some(by.to_string());
            task.path = Some("complete_task");
            task.tell(at, "completed", "edge:complete_task");
            self.idle_since(no, at);
            self.after_end(no)?;
        } else {
            task.tell_ineffective(at, by, generation);
        }
        let video = self.tasks.get(&no).is_some_and(|task| task.kind.is_video());
        let done = json!({"has_thumbnail": video, "output_location": url});
        let text = format_args!("Task completed successfully");
        self.edge(at + 120 * MS, name, Level::Info, Some(no), &done, text);
        Ok(true)
    }

    /// The generation step: before the status, and whatever the status is.
    fn make_generation(
        &mut self,
        no: TaskNo,
        url: &str,
    ) -> io::Result<Option<crate::simulate::dice::Uuid>> {
        let (at, era, id) = (self.now, self.era, self.dice.uuid());
        let Some(task) = self.tasks.get_mut(&no) else { return Ok(None) };
        if !task.kind.gets_generation(era) {
            return Ok(None);
        }
        let first = task.generations.first().copied();
        let row = Generation { id, task, location: url, at };
        match first {
            // since 2026-01-08 a second completion makes a variant
            Some(existing) if era != Era::E4 => {
                self.tables.variant(&row, existing)?;
                task.variants.push(id);
                let known = json!({"existing_generation_id": existing.to_string()});
                let text = format_args!("Existing generation found - creating regenerated variant");
                self.edge(at - 200 * MS, "complete-task", Level::Info, Some(no), &known, text);
            }
            Some(_) | None => {
                self.tables.generation(&row)?;
                task.generations.push(id);
            }
        }
        Ok(Some(id))
    }

    /// The two rows of an update-task-status call around its write at `at`.
    pub(super) fn edge_status(&mut self, at: i64, no: TaskNo, old: Status, new: Status) {
        let name = "update-task-status";
        let asked = json!({"status": new.name()});
        let text = format_args!("Processing status update");
        self.edge(at - 300 * MS, name, Level::Info, Some(no), &asked, text);
        let changed = json!({"old_status": old.name(), "new_status": new.name()});
        let text = format_args!("Task status updated successfully");
        self.edge(at + 150 * MS, name, Level::Info, Some(no), &changed, text);
    }

    /// update-task-status Complete: no generation in any era.
    pub(super) fn complete_past_generation(
        &mut self,
        no: TaskNo,
        by: &str,
        url: &str,
    ) -> io::Result<()> {
        let (at, era) = (self.now, self.era);
        let Some(task) = self.tasks.get_mut(&no) else { return Ok(()) };
        let old = task.status;
        let allowed = match era {
            Era::E4 | Era::E6 => old != Status::Cancelled,
            Era::E12 => old == Status::InProgress,
        };
        if !allowed || old == Status::Complete {
            task.tell_ineffective(at, by, None);
            return Ok(());
        }
        task.status = Status::Complete;
        task.output = Some(url.to_string());
        task.updated_at = Some(at);
        task.processed_at = Some(at);
        task.completer = Some(by.to_string());
        task.path = Some("update-task-status");
        task.tell(at, "completed", "edge:update-task-status");
        let key = (task.created_at, no);
        self.idle_since(no, at);
        self.claimable(Pool::Gpu).remove(&key);
        self.edge_status(at, no, old, Status::Complete);
        self.after_end(no)
    }

    /// update-task-status Failed: the error text goes into `output_location`, and relatives fail too.
    pub(super) fn fail_task(&mut self, no: TaskNo, text: &str) -> io::Result<()> {
        let at = self.now;
        let Some(task) = self.tasks.get_mut(&no) else { return Ok(()) };
        let old = task.status;
        if old != Status::InProgress {
            return Ok(());
        }
        task.status = Status::Failed;
        task.output = Some(text.to_string());
        task.updated_at = Some(at);
        task.tell(at, "failed", "edge:update-task-status");
        self.edge_status(at, no, old, Status::Failed);
        self.cascade(no, Status::Failed)?;
        self.retry_soon(no);
        self.after_end(no)
    }

    /// A failure that may be tried again: mark-task-failed until E6 (which leaves no row of its own),
    /// update-task-status after.
    pub(super) fn fail_or_retry(&mut self, no: TaskNo, by: &str, text: &str) -> io::Result<()> {
        let (at, era) = (self.now, self.era);
        let Some(task) = self.tasks.get_mut(&no) else { return Ok(()) };
        if task.status != Status::InProgress || task.worker.as_deref() != Some(by) {
            return Ok(());
        }
        let last = task.attempts + 1 >= 3;
        task.attempts += 1;
        task.error_message = Some(text.to_string());
        task.updated_at = Some(at);
        task.status = if last { Status::Failed } else { Status::Queued };
        let actor = match era {
            Era::E4 | Era::E6 => {
                task.worker = None;
                task.processed_at = Some(at);
                "edge:mark-task-failed"
            }
            Era::E12 => {
                if !last {
                    task.worker = None;
                    task.started_at = None;
                }
                "edge:update-task-status"
            }
        };
        let (event, status) = (if last { "failed" } else { "requeued" }, task.status);
        task.requeues += u32::from(!last);
        task.tell(at, event, actor);
        let key = (task.created_at, no);
        if !last {
            self.claimable(Pool::Gpu).insert(key);
        }
        if era == Era::E12 {
            self.edge_status(at, no, Status::InProgress, status);
            if last {
                self.cascade(no, Status::Failed)?;
            }
        }
        if last { self.after_end(no) } else { Ok(()) }
    }

    /// A user cancels: the browser writes the row itself until 2026-03-12, the edge function after.
    pub(super) fn cancel_task(&mut self, no: TaskNo) -> io::Result<()> {
        let at = self.now;
        let Some(task) = self.tasks.get_mut(&no) else { return Ok(()) };
        let (old, key, pool) = (task.status, (task.created_at, no), Pool::of(task.kind));
        task.status = Status::Cancelled;
        task.updated_at = Some(at);
        task.tell(at, "cancelled", "user");
        self.claimable(pool).remove(&key);
        if self.era == Era::E12 {
            self.edge_status(at, no, old, Status::Cancelled);
            self.cascade(no, Status::Cancelled)?;
        }
        self.after_end(no)
    }

    /// Every relative that is not at its end shares the end of one (E6 and later).
    fn cascade(&mut self, no: TaskNo, status: Status) -> io::Result<()> {
        if !self.era.has_edge_rows() {
            return Ok(());
        }
        let at = self.now + 400 * MS;
        let Some(task) = self.tasks.get(&no) else { return Ok(()) };
        let (parent, source) = (task.parent, task.id);
        let family = match parent {
            Some(parent) => self
                .tasks
                .get(&parent)
                .map(|task| task.children.iter().copied().chain([parent]).collect::<Vec<_>>()),
            None if task.kind.is_orchestrator() => Some(task.children.clone()),
            None => None,
        };
        let Some(family) = family else { return Ok(()) };
        let name = "update-task-status";
        let text = format_args!("Processing cascading failure");
        self.edge(at - 150 * MS, name, Level::Info, Some(no), &json!({}), text);
        let mut hit = Vec::new();
        for relative in family {
            let Some(task) = self.tasks.get_mut(&relative) else { continue };
            if relative == no || task.status.is_final() {
                continue;
            }
            let word = if status == Status::Failed { "failed" } else { "cancelled" };
            task.status = status;
            task.updated_at = Some(at);
            task.error_message = Some(format!("Cascaded {word} from related task {source}"));
            task.tell(at, word, "edge:update-task-status");
            hit.push(task.id.to_string().get(..8).unwrap_or_default().to_string());
            let (key, pool) = ((task.created_at, relative), Pool::of(task.kind));
            self.claimable(pool).remove(&key);
        }
        let done = json!({
            "cascaded_count": hit.len(),
            "cascaded_task_ids": hit,
            "status": status.name(),
        });
        let text = format_args!("Cascade complete");
        self.edge(at + 60 * MS, name, Level::Info, Some(no), &done, text);
        Ok(())
    }

    /// What the end of a task brings about: its dependents may start, its orchestrator may end.
    pub(super) fn after_end(&mut self, no: TaskNo) -> io::Result<()> {
        let Some(task) = self.tasks.get(&no) else { return Ok(()) };
        let (status, parent, started) = (task.status, task.parent, task.started_at);
        let Some(parent) = parent else { return Ok(()) };
        let Some(orchestrator) = self.tasks.get_mut(&parent) else { return Ok(()) };
        let earliest = orchestrator.earliest_child_start;
        orchestrator.earliest_child_start = earliest.into_iter().chain(started).min();
        let siblings = orchestrator.children.clone();
        if status == Status::Complete {
            for sibling in &siblings {
                let Some(task) = self.tasks.get_mut(sibling) else { continue };
                if task.depends_on.is_some_and(|(before, _)| before == no) && task.blocked {
                    task.blocked = false;
                    let key = (task.created_at, *sibling);
                    if task.status == Status::Queued {
                        self.claimable(Pool::Gpu).insert(key);
                    }
                }
            }
            self.finish_orchestrator(parent, no);
        } else {
            // what depends on it can never start: the user takes the rest back before long
            let patience = self.dice.seconds(1_200.0, 3_600.0);
            self.at(self.now + patience, Act::GiveUp(parent));
        }
        Ok(())
    }

    /// A user cancels what is left of something that cannot be finished any more.
    pub(super) fn give_up(&mut self, parent: TaskNo) -> io::Result<()> {
        let Some(orchestrator) = self.tasks.get(&parent) else { return Ok(()) };
        for no in orchestrator.children.clone().into_iter().chain([parent]) {
            if self.tasks.get(&no).is_some_and(|task| !task.status.is_final()) {
                self.cancel_task(no)?;
            }
        }
        Ok(())
    }

    /// T5: the last segment (from 2025-11-28 on the edge function's side) or the stitch (the worker's
    /// side before) ends the orchestrator task.
    fn finish_orchestrator(&mut self, parent: TaskNo, child: TaskNo) {
        use crate::simulate::kind::Kind;
        let (at, era) = (self.now, self.era);
        let Some(done) = self.tasks.get(&child) else { return };
        let (kind, url) = (done.kind, done.output.clone());
        let Some(orchestrator) = self.tasks.get_mut(&parent) else { return };
        orchestrator.children_done += usize::from(kind == Kind::TravelSegment);
        let segments = orchestrator.children.len() - 1;
        let ends = match era {
            Era::E4 => kind == Kind::TravelStitch,
            Era::E6 | Era::E12 => {
                orchestrator.children_done == segments && kind == Kind::TravelSegment
            }
        };
        if !ends || orchestrator.status.is_final() {
            return;
        }
        orchestrator.status = Status::Complete;
        orchestrator.processed_at = Some(at);
        orchestrator.path = Some("orchestrator");
        if era == Era::E4 {
            orchestrator.output = url;
        } else {
            // since 2025-12-10
            orchestrator.started_at = orchestrator.earliest_child_start.or(orchestrator.started_at);
        }
        orchestrator.tell(at, "completed", "edge:complete_task");
        let key = (orchestrator.created_at, parent);
        self.idle_since(parent, at);
        self.claimable(Pool::Gpu).remove(&key);
    }

    /// Puts a task back by direct SQL: what the orchestrators, guardians and fatal handlers do.
    pub(super) fn requeue(&mut self, no: TaskNo, actor: &str, text: Option<String>, counts: bool) {
        let at = self.now;
        let Some(task) = self.tasks.get_mut(&no) else { return };
        task.status = Status::Queued;
        task.worker = None;
        task.started_at = None;
        task.processed_at = None;
        task.attempts += u32::from(counts);
        task.requeues += 1;
        if text.is_some() {
            task.error_message = text;
        }
        task.tell(at, "requeued", actor);
        let (key, pool) = ((task.created_at, no), Pool::of(task.kind));
        self.claimable(pool).insert(key);
    }

    /// Where the result of a task goes.
    pub(super) fn result_url(&mut self, no: TaskNo) -> (String, String) {
        let seed = self.dice.below(100_000_000);
        let Some(task) = self.tasks.get(&no) else { return (String::new(), String::new()) };
        let short = task.id.to_string();
        let name = format!(
            "{}_{}_seed{seed}.{}",
            stamp::file_name(self.now),
            short.get(..8).unwrap_or_default(),
            task.kind.extension()
        );
        let url = format!(
            "https://abcdefghijklmnopqrst.supabase.co/storage/v1/object/public/image_uploads/{}/tasks/{}/{name}",
            task.user, task.id
        );
        (url, name)
    }
}
