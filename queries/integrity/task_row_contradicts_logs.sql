--! id        = "task_row_contradicts_logs"
--! title     = "What is told of a task does not agree"
--! severity  = "medium"
--! question  = "Which tasks' rows disagree with their events, or have events that their state forbids?"
--! reads     = ["anomalies", "tasks"]
--! grain     = ["subject_id", "kind"]
--! incidents = ["X1"]
--! cause     = ["kind", "detail"]
--! innocent  = """
--!   Somebody edited the row by hand after its last event, or a capture read the row before a late line
--!   came: the next capture shows it."""
--! remedy    = """
--!   Trust the row for what the task is now, and its lines for how it got there. Where many tasks disagree
--!   alike, a writer goes past the functions that log: find it by `detail`."""
--! guide     = """
--!   `row_disagrees`: after its last known event the row says something else. `illegal_transition`: an
--!   event that its state at that time forbids. `state` is what the events say."""

-- Who may write what: domain/worker-app.md 2.1 and 2.2.
with disagreeing as (
    select
        subject_id as task_id, kind, first(happened_at order by happened_at) as happened_at,
        first(state order by happened_at, event_id) as state,
        first(detail order by happened_at, event_id) as detail, count(*) as contradictions,
        list(event_id order by happened_at, event_id) as event_ids
    from anomalies
    where kind in ('row_disagrees', 'illegal_transition')
        and subject_kind = 'task'
    group by subject_id, kind
)

select
    'task' as subject_kind, disagreeing.task_id as subject_id, disagreeing.happened_at, 'probable' as verdict,
    format(
        '{}: by its events it is {}, but {}', coalesce(tasks.task_type, tasks.id), disagreeing.state,
        disagreeing.detail
    ) as summary,
    list_append(disagreeing.event_ids, 'tasks:' || disagreeing.task_id) as evidence,
    disagreeing.kind, disagreeing.state, tasks.status, disagreeing.detail, disagreeing.contradictions,
    [disagreeing.task_id] as affected_tasks, cast(null as double) as lost_worker_s
from disagreeing
-- equivalent: join because every task of the ledger has its row
join tasks on tasks.id = disagreeing.task_id
order by happened_at, subject_id, disagreeing.kind
