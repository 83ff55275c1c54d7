//! One task: where it stands, its attempts, its generation, its family, its error, its story, and what
//! cannot be known of it.

mod attempts;
mod echo;
mod event;
pub(crate) mod failure;
mod generation;
pub mod logs;
mod overview;
mod params;
mod record;
mod relations;
mod sentence;
mod story;
mod timing;
mod unknown;
mod waits;

use crate::answers::ask::Ask;
use crate::answers::page::Page;
use crate::answers::subject::Subject;
use crate::answers::told;
use crate::findings::short::Told;
use crate::model::time::Micros;
use crate::read::error::ReadError;
use record::Record;

/// The tables it asks.
pub const TABLES: [&str; 11] = [
    "tasks",
    "task_types",
    "task_states",
    "task_attempts",
    "task_generations",
    "events",
    "generations",
    "generation_variants",
    "workers",
    "gaps",
    "clocks",
];

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct TaskAsked {
    /// Whether long lists and values are told whole.
    pub is_all: bool,
    /// The story from this instant on.
    pub since: Option<Micros>,
    /// The story before this instant.
    pub until: Option<Micros>,
}

/// Tells of one task.
///
/// # Errors
/// When the tables cannot be asked.
pub fn task(
    ask: Ask<'_>,
    subject: &Subject,
    asked: TaskAsked,
    told: &[Told],
) -> Result<Page, ReadError> {
    let record = Record::read(ask, &subject.id)?;
    let mut page = Page::new("task", Some(subject.clone()), ask.told_at(), ask.is_as_of);
    page.is_whole = asked.is_all;
    if record.is_unborn() {
        let said = format!("it had not been created by {}", ask.at);
        page.lines("note", "Not yet", vec![said]);
        return Ok(page);
    }
    overview::section(&mut page, &record);
    failure::section(&mut page, &record);
    timing::sections(&mut page, &record);
    attempts::section(&mut page, &record);
    generation::sections(&mut page, &record);
    relations::sections(&mut page, &record, asked.is_all);
    story::section(&mut page, &record, asked);
    params::section(&mut page, &record, asked.is_all);
    told::section(&mut page, &told::about(told, subject));
    unknown::section(&mut page, &record);
    Ok(page)
}
