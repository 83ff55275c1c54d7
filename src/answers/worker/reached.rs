//! How far a start came: what shows that the process worked, and what was only said.

use crate::answers::ask::{Ask, Row};
use crate::answers::page::Value;
use crate::answers::worker::life::Life;
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::error::ReadError;

/// That it asked for tasks others tell: a claim, or the function that was asked. Its own line `Polling every`
/// comes before it asks for the first time.
const ASKED: &str = "select min(happened_at) filter (where kind <> 'worker_ready') as asked_at, \
      min(happened_at) filter (where kind = 'worker_ready') as said_at \
    from (select happened_at, kind from events where worker_id = $id \
        and kind in ('task_claimed', 'claim_attempted', 'worker_ready') \
      union all select claimed_at, 'attempt' from task_attempts where worker_id = $id) as acts";

/// The last of its own rows by the instant.
const LAST_LINE: &str = "select \"timestamp\" as line_at, message from system_logs \
    where source_type = 'worker' and source_id = $id and \"timestamp\" <= $at \
    order by \"timestamp\" desc, id desc limit 1";

/// Rows of other workers that keep `ready_for_tasks`: where there is none, its lack says nothing.
const OTHERS: &str = "select count(*) as n from workers where id <> $id \
    and json_extract_string(try_cast(metadata as json), '$.ready_for_tasks') = 'true'";

/// What happens during a start, and what ends it early.
const EVENTS: &str = "select happened_at, kind, basis, attributes, event_id from events \
    where worker_id = $id and kind in ('worker_created', 'pod_created', 'pod_running', \
    'startup_launched', 'worker_logging_started', 'worker_ready', 'worker_promoted', \
    'worker_start_failed', 'worker_spawn_failed', 'ssh_unreachable', 'pod_not_seen', 'worker_crashed', \
    'worker_marked_error', 'worker_early_terminated', 'worker_said_goodbye', 'worker_self_terminated') \
    order by happened_at, event_id";

/// What is known of how far it came.
pub(super) struct Reached {
    /// When it first claimed or asked for a task.
    pub(super) asked_at: Option<Micros>,
    /// Its own last row.
    last_line: Option<Row>,
    /// Whether it said that it begins to poll.
    has_said: bool,
    /// Whether its row keeps that it was ready; none where that may be of later.
    is_marked: Option<bool>,
    /// Workers whose rows keep it.
    others: i64,
}

impl Reached {
    /// Reads it, and what happened during the start.
    pub(super) fn read(ask: Ask<'_>, life: &Life) -> Result<(Self, Vec<Row>), ReadError> {
        let params = [("id", Cell::Text(life.id.clone())), ("at", Cell::Time(life.at))];
        let [last_line, others, acts, events] =
            ask.beside([LAST_LINE, OTHERS, ASKED, EVENTS], &params)?;
        let time = |name: &str| acts.first().and_then(|row| row.time(name));
        let is_marked = life.row.is_some() && !life.is_as_of;
        let reached = Self {
            asked_at: time("asked_at"),
            has_said: time("said_at").is_some(),
            is_marked: is_marked.then(|| life.meta("ready_for_tasks").as_bool() == Some(true)),
            others: others.first().and_then(|row| row.int("n")).unwrap_or(0),
            last_line: last_line.into_iter().next(),
        };
        Ok((reached, events))
    }

    /// Of its own last row.
    pub(super) fn own(&self, name: &str, value: fn(&Row, &str) -> Value) -> Value {
        self.last_line.as_ref().map_or(Value::Missing, |row| value(row, name))
    }

    /// The answer, by the last phase of the start and the state after it.
    pub(super) fn answer(&self, phase: Option<&str>, next: Option<&str>) -> String {
        let Some(phase) = phase else {
            return match next {
                None | Some("ended" | "condemned") => "no row tells of its start".to_string(),
                Some(_) => self.seen(),
            };
        };
        match next {
            None => format!("it is still starting: {phase}"),
            Some("ended") => self.stopped(&format!("it ended in {phase}")),
            Some("condemned") => self.stopped(&format!("it was condemned in {phase}")),
            Some(_) => self.seen(),
        }
    }

    /// Of one that did not leave the phases of a start.
    fn stopped(&self, how: &str) -> String {
        // a claim tells of it, although no state of later is known
        if self.asked_at.is_some() {
            return format!("it started: it asked for tasks; by its timeline {how}");
        }
        format!("no row tells that it got to work: {how}{}", self.marked())
    }

    /// Of one whose process came through its start.
    fn seen(&self) -> String {
        if self.asked_at.is_some() {
            return "it started: it asked for tasks".to_string();
        }
        let said = if self.has_said { "said that it begins to poll" } else { "was seen" };
        let marked = self.marked();
        format!("its process {said}, and no row tells that it ever asked for a task{marked}")
    }

    /// What its row keeps, where that says something.
    fn marked(&self) -> String {
        match self.is_marked {
            Some(true) => "; its row says that it was ready for tasks".to_string(),
            Some(false) => match self.others {
                0 => String::new(),
                1 => "; its row lacks `ready_for_tasks`, which another worker's has".to_string(),
                n => format!("; its row lacks `ready_for_tasks`, which those of {n} others have"),
            },
            None => String::new(),
        }
    }
}
