//! Every worker with its last state, its end and its work: what the verbs about the fleet count.

use crate::answers::ask::{Ask, Row};
use crate::answers::fleet::vanished::with_vanished;
use crate::answers::heartbeat::{HEALTHY_S, Heartbeat};
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::error::ReadError;

/// The tables it asks.
pub(in crate::answers) const TABLES: [&str; 6] =
    ["workers", "worker_states", "worker_liveness", "worker_ends", "task_attempts", "events"];

/// A sign of the last moments may still be under way, so that they are never known to be silent: who was silent
/// up to them still is. The reason of a scale-down is that of the stop: an error that its row tells of came later, when a late
/// heartbeat had set it back to active (domain/evidence-rules.md fact 19). What a worker delivered of a claim that was
/// taken from it, and overtook whoever had it then, it completed.
const FLEET: &str = "with firsts as (select worker_id, min(entered_at) as first_at \
        from worker_states group by worker_id), \
    states as (select worker_id, state, entered_at as state_since, first_at \
        from worker_states join firsts using (worker_id) where left_at is null), \
    lives as (select last.worker_id, \
            last.liveness = 'unknown' and before.liveness = 'silent' and last.entered_at >= $late as is_late, \
            case when is_late then before.liveness else last.liveness end as liveness, \
            case when is_late then before.entered_at else last.entered_at end as liveness_since \
        from worker_liveness as last left join worker_liveness as before \
            on before.worker_id = last.worker_id and before.seq = last.seq - 1 \
        where last.left_at is null), \
    gone as ({vanished}), \
    work as (select worker_id, count(*) filter (outcome = 'open') as held, \
        count(*) filter ( \
            case when outcome = 'complete' then ended_at when did_late then delivered_at end >= $since \
            and case when outcome = 'complete' then ended_at else delivered_at end < $until \
        ) as complete, \
        count(*) filter (outcome = 'failed' and ended_at >= $since and ended_at < $until) as failed \
        from (select *, outcome <> 'overtaken' and task_id in \
                (select task_id from task_attempts where outcome = 'overtaken') as did_late \
            from task_attempts where worker_id is not null) group by worker_id) \
    select coalesce(workers.id, states.worker_id) as worker_id, workers.status, workers.instance_type, \
        {of}.last_heartbeat as kept_heartbeat, \
        coalesce(workers.created_at, states.first_at) as created_at, workers.last_heartbeat, \
        states.state, states.state_since, lives.liveness, lives.liveness_since, \
        worker_ends.ended_at, worker_ends.ended_before, worker_ends.end_kind, \
        gone.row_seen_at, gone.row_missed_at, \
        case when end_kind in ('scale_down', 'early_termination') \
            and reason = json_extract_string(try_cast({of}.metadata as json), '$.error_reason') \
            and reason not like 'Early termination%' then null else reason end as reason, \
        coalesce(work.held, 0) as held, coalesce(work.complete, 0) as complete, \
        coalesce(work.failed, 0) as failed \
    from workers full join states on states.worker_id = workers.id \
    left join lives on lives.worker_id = coalesce(workers.id, states.worker_id) \
    left join worker_ends on worker_ends.worker_id = coalesce(workers.id, states.worker_id) \
    left join gone on gone.worker_id = coalesce(workers.id, states.worker_id) \
    {whole} left join work on work.worker_id = coalesce(workers.id, states.worker_id) \
    order by created_at, 1";

/// Rows reach the database up to this late, in seconds (domain/orchestrator.md 9.3).
pub(in crate::answers) const DELAY_S: f64 = 30.0;

/// One worker of the fleet.
#[derive(Clone, Debug)]
pub(in crate::answers) struct Member {
    row: Row,
    now: Micros,
}

/// All of them, the oldest first; their work counts from an instant until another.
pub(in crate::answers) fn fleet(
    ask: Ask<'_>,
    (since, until): (Micros, Micros),
) -> Result<Vec<Member>, ReadError> {
    // as of an instant, a row's heartbeat may have come later, as may the error that its end would be told with
    let (of, whole) = match ask.is_as_of {
        true => ("whole", "left join whole_workers as whole on whole.id = workers.id"),
        false => ("workers", ""),
    };
    let sql = with_vanished(FLEET).replace("{of}", of).replace("{whole}", whole);
    let late = ask.at.plus_seconds(-DELAY_S);
    let params = [("since", since), ("until", until), ("late", late)];
    let rows = ask.rows(&sql, &params.map(|(name, at)| (name, Cell::Time(at))))?;
    Ok(rows.into_iter().map(|row| Member { row, now: ask.at }).collect())
}

impl Member {
    /// Its columns.
    pub(in crate::answers) fn row(&self) -> &Row {
        &self.row
    }

    /// Its id.
    pub(in crate::answers) fn id(&self) -> &str {
        self.row.text("worker_id").unwrap_or_default()
    }

    /// Its last state by the timeline.
    pub(in crate::answers) fn state(&self) -> &str {
        self.row.text("state").unwrap_or("not known")
    }

    /// Whether it has ended: a dead process whose pod is left running is condemned, and costs money.
    pub(in crate::answers) fn is_over(&self) -> bool {
        self.ended_at().is_some() || self.state() == "ended"
    }

    /// By when a capture no longer found the row of one that is not known to have ended: whether it is in service
    /// nothing tells.
    pub(in crate::answers) fn row_missed_at(&self) -> Option<Micros> {
        self.row.time("row_missed_at").filter(|_| !self.is_over())
    }

    /// Whether it has not ended, as far as its row was there to tell.
    pub(in crate::answers) fn is_in_service(&self) -> bool {
        !self.is_over() && self.row_missed_at().is_none()
    }

    /// Whether its process gave a sign of life and it was not condemned.
    pub(in crate::answers) fn is_active(&self) -> bool {
        self.is_in_service() && self.state().starts_with("active")
    }

    /// Whether no sign of life came for longer than a heartbeat is healthy, although one could have reached us.
    pub(in crate::answers) fn is_silent(&self) -> bool {
        let since = self.row.time("liveness_since");
        self.row.text("liveness") == Some("silent")
            && since.is_some_and(|since| self.now.seconds_since(since) > HEALTHY_S)
    }

    /// Tasks that it holds.
    pub(in crate::answers) fn held(&self) -> i64 {
        self.row.int("held").unwrap_or(0)
    }

    /// Whether it is on its way.
    pub(in crate::answers) fn is_spawning(&self) -> bool {
        let state = self.state();
        self.is_in_service() && (state == "requested" || state.starts_with("spawning"))
    }

    /// Whether it is no GPU worker but the API orchestrator's row (domain/orchestrator.md 1.3).
    pub(in crate::answers) fn is_api(&self) -> bool {
        self.row.text("instance_type") == Some("api") || self.id().starts_with("api-worker")
    }

    /// When it ended, else the latest that it can have.
    pub(in crate::answers) fn ended_at(&self) -> Option<Micros> {
        self.row.time("ended_at").or_else(|| self.row.time("ended_before"))
    }

    /// The class of its last heartbeat.
    pub(in crate::answers) fn heartbeat(&self) -> Heartbeat {
        let time = |name: &str| self.row.time(name);
        Heartbeat::as_of(
            self.now,
            time("created_at"),
            time("last_heartbeat"),
            time("kept_heartbeat"),
        )
    }

    /// Whether it lived at some time of a span.
    pub(in crate::answers) fn lived_in(&self, since: Micros, until: Micros) -> bool {
        let born_before = self.row.time("created_at").is_none_or(|created| created < until);
        let known_until = self.ended_at().or_else(|| self.row_missed_at());
        born_before && (self.is_in_service() || known_until.is_none_or(|until| until >= since))
    }

    /// Whether it ended in a span.
    pub(in crate::answers) fn ended_in(&self, since: Micros, until: Micros) -> bool {
        self.ended_at().is_some_and(|ended| since <= ended && ended < until)
    }
}
