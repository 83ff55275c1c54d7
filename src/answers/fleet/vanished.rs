//! Workers whose row a later capture no longer found: deleted, cleaned up, or hidden.

/// By `events` and `worker_liveness`: for each of them the capture that saw its row last, and the first that did not.
/// Nothing is told of it in between and after, until a sign of life comes or a capture finds its row again. One that
/// had ended before is told by its end all the same.
const VANISHED: &str = "select events.worker_id, arg_max(events.earliest, events.happened_at) as row_seen_at, \
        max(events.happened_at) as row_missed_at \
    from events left join worker_liveness as lives \
        on lives.worker_id = events.worker_id and lives.left_at is null \
    where events.kind in ('worker_row_vanished', 'worker_row_returned') group by events.worker_id \
    having arg_max(events.kind, events.happened_at) = 'worker_row_vanished' \
        and coalesce(max(lives.entered_at) <= max(events.happened_at), true)";

/// A SELECT in which `{vanished}` stands for it.
pub(in crate::answers) fn with_vanished(sql: &str) -> String {
    sql.replace("{vanished}", VANISHED)
}
