--! id        = "task_completed_late"
--! title     = "A result came for a task that nobody waited for any more"
--! severity  = "medium"
--! question  = "Which results came after their task had been put back, had failed or was cancelled?"
--! reads     = ["anomalies", "task_generations", "task_states", "tasks", "events"]
--! grain     = ["subject_id"]
--! incidents = ["X5"]
--! cause     = ["state"]
--! innocent  = """
--!   A user cancelled the task while its worker was uploading: nothing could have stopped that. The user
--!   may be glad of the result."""
--! remedy    = """
--!   Where the task is not Complete, the generation exists all the same: show it to the user, or delete it.
--!   What was reset while its worker went on is done twice: see task_reset_while_owner_alive."""
--! guide     = """
--!   `state` is where the task was when the result came. complete-task makes the generation before its
--!   guarded update of the status, and takes no row updated for success (domain/worker-app.md X5). Without
--!   lines of complete-task only the generation tells of it: then the verdict is `probable`.
--!   `insufficient_evidence`: nobody knows when it was put back, be it when the result was there. `has_generation`:
--!   one names the task; that it is Complete by now does not matter."""

with ends as (
    -- when the task came to where it is
    select task_id, state, entered_at, entered_event_id from task_states where left_at is null
),

undecided as (
    -- its row alone tells that it was put back: that may have been before its result or after
    select distinct anomalies.event_id, true as is_undecided
    from anomalies
    -- equivalent: join because the next one drops what it would keep
    join ends on ends.task_id = anomalies.subject_id
    join events
        on events.event_id = ends.entered_event_id
        and events.kind = 'task_requeue_inferred'
        and anomalies.happened_at between events.earliest and events.latest
),

late as (
    -- the replay saw the result come in
    select
        anomalies.subject_id as task_id, min(anomalies.happened_at) as happened_at,
        arg_min(anomalies.state, (anomalies.happened_at, anomalies.event_id)) as state,
        arg_min(anomalies.detail, (anomalies.happened_at, anomalies.event_id)) as detail,
        list(anomalies.event_id order by anomalies.happened_at, anomalies.event_id) as event_ids,
        bool_and(coalesce(undecided.is_undecided, false)) as is_undecided
    from anomalies
    left join undecided using (event_id)
    where anomalies.kind = 'late_completion'
    group by anomalies.subject_id
),

kept as (
    -- whether a generation of the task is there, whatever became of the task since (its flag speaks where no
    -- generation was captured), and whether it stands beside one that is not Complete: domain/worker-app.md 3.5, D0
    select task_id, coalesce(linked > 0, flag) as has_generation, verdict = 'late_completion' as is_late
    from task_generations
)

select
    'task' as subject_kind, tasks.id as subject_id,
    coalesce(late.happened_at, ends.entered_at) as happened_at,
    case
        when late.is_undecided then 'insufficient_evidence'
        when late.task_id is not null then 'confirmed'
        else 'probable'
    end as verdict,
    format(
        '{}: {}', tasks.task_type,
        coalesce(late.detail, 'a generation of it exists, though it is ' || ends.state)
    ) as summary,
    list_concat(coalesce(late.event_ids, []), [ends.entered_event_id, 'tasks:' || tasks.id]) as evidence,
    coalesce(late.state, ends.state) as state, tasks.task_type, tasks.worker_id as last_worker_id,
    kept.has_generation,
    [tasks.id] as affected_tasks, cast(null as double) as lost_worker_s
from tasks
-- equivalent: join because every task has a state
join ends on ends.task_id = tasks.id
left join late on late.task_id = tasks.id
-- equivalent: join because every task has a decision about its generation
join kept on kept.task_id = tasks.id
where late.task_id is not null
    or kept.is_late
order by happened_at, subject_id
