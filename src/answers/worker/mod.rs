//! One worker: what its row and its timeline say, how it ended and whether that was right, what it did.

mod course;
mod diagnostics;
mod ending;
mod life;
pub mod lines;
mod liveness;
mod logging;
mod meta;
mod overview;
mod reached;
mod right;
mod startup;
mod unknown;

use crate::answers::ask::Ask;
use crate::answers::page::Page;
use crate::answers::subject::Subject;
use crate::answers::told;
use crate::answers::worker::life::Life;
use crate::answers::worker::lines::LinesAsked;
use crate::findings::short::Told;
use crate::read::error::ReadError;

pub(in crate::answers) use overview::agrees;

/// The tables that it asks.
pub const TABLES: [&str; 11] = [
    "workers",
    "worker_states",
    "worker_liveness",
    "worker_ends",
    "pods",
    "decisions",
    "events",
    "task_attempts",
    "tasks",
    "coverage",
    "system_logs",
];

/// Whether it is no GPU worker but the API orchestrator's row (domain/orchestrator.md 1.3): it has no pod, no
/// guardian and no start of its own, and logs as `orchestrator_api`.
fn is_api(life: &Life) -> bool {
    let instance_type = life.row.as_ref().and_then(|row| row.text("instance_type"));
    instance_type == Some("api") || life.id.starts_with("api-worker")
}

/// Which part of a worker is asked for.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// All that is known.
    Whole,
    /// Whether it logs, itself.
    Logging,
    /// Its start.
    Startup,
    /// The raw rows.
    Lines(LinesAsked),
}

/// Tells of a worker.
///
/// # Errors
/// When the tables cannot be asked.
pub fn worker(
    ask: Ask<'_>,
    subject: &Subject,
    part: Part,
    limit: usize,
    findings: &[Told],
) -> Result<Page, ReadError> {
    let mut page = Page::new("worker", Some(subject.clone()), ask.told_at(), ask.is_as_of);
    if let Part::Lines(asked) = part {
        lines::add(&mut page, ask, &subject.id, asked)?;
        return Ok(page);
    }
    let life = Life::read(ask, &subject.id)?;
    if life.is_unborn() {
        let said = "its row had not been written yet, and nothing tells of it".to_string();
        page.lines("not_yet", "Not there yet at this instant", vec![said]);
        return Ok(page);
    }
    match part {
        Part::Whole | Part::Lines(_) => {
            let mut told = told::about(findings, subject);
            told.extend(told::about_pods(findings, &life.pods));
            overview::add(&mut page, &life);
            ending::add(&mut page, &life, &told);
            liveness::add(&mut page, &life);
            course::states(&mut page, &life, limit);
            course::tasks(&mut page, ask, &life, limit)?;
            diagnostics::add(&mut page, &life);
            told::section(&mut page, &told);
            unknown::add(&mut page, &life);
        }
        Part::Logging => logging::add(&mut page, ask, &life, &subject.id)?,
        Part::Startup => startup::add(&mut page, ask, &life, limit)?,
    }
    Ok(page)
}
