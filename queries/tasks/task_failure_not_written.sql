--! id        = "task_failure_not_written"
--! title     = "A task failed, and its row still says that it is in progress"
--! severity  = "high"
--! question  = "Which tasks did a worker give up whose rows never came to say so?"
--! reads     = ["task_attempts", "events", "tasks", "coverage"]
--! grain     = ["subject_id"]
--! params    = { report_s = 600 }
--! incidents = ["X7"]
--! cause     = ["task_type"]
--! innocent  = """
--!   The report is still on its way, or is tried again: such a task is not listed before `report_s` have
--!   passed."""
--! remedy    = """
--!   Set it to Failed, or to Queued if another try may help. Until then it waits for a worker that takes up
--!   its own tasks again (since 2025-12-21), or for a sweep of old tasks, while it has attempts left."""
--! guide     = """
--!   `backstory task ID` shows the error beside the worker's words. Many at once: the call that writes the
--!   status fails (update-task-status, its URL, or the database). Work that was done:
--!   task_not_completed_after_work."""

-- Rule: domain/orchestrator.md A34 to A36 (the status could not be written: the task is stuck for certain) and
-- domain/worker-app.md X7 (the call that marks it failed has failed too).
with evidence as (
    -- as far as any source reaches: what happened later is not here
    select max(until_at) as until_at from coverage
),

words as (
    -- what the holder said of its work at last
    select
        task_attempts.task_id, task_attempts.worker_id, task_attempts.claimed_event_id,
        arg_max(events.kind, (events.happened_at, events.event_id)) as kind,
        arg_max(events.event_id, (events.happened_at, events.event_id)) as event_id,
        max(events.happened_at) as happened_at
    from task_attempts
    -- equivalent: join because what nobody said is no failure
    join events
        on events.task_id = task_attempts.task_id
        and events.kind in ('task_handler_succeeded', 'task_handler_failed', 'task_failure_said')
        and coalesce(events.worker_id, task_attempts.worker_id) = task_attempts.worker_id
        and events.happened_at >= task_attempts.claimed_at
    where task_attempts.outcome = 'open'
    group by task_attempts.task_id, task_attempts.worker_id, task_attempts.claimed_event_id
),

vanished as (
    -- rows that are gone, and when they were seen last; one that a capture found again had been hidden
    select task_id, max(earliest) as seen_at
    from events
    where kind in ('task_row_vanished', 'task_row_returned')
    group by task_id
    having arg_max(kind, (happened_at, event_id)) = 'task_row_vanished'
)

select
    'task' as subject_kind, tasks.id as subject_id, words.happened_at, 'confirmed' as verdict,
    format(
        case
            when vanished.seen_at is null then '{} failed on {}, and its row still says that it is in progress'
            else '{} failed on {}, and its row still said that it was in progress when it was seen last'
        end,
        tasks.task_type, words.worker_id
    ) as summary,
    [words.claimed_event_id, words.event_id, 'tasks:' || tasks.id] as evidence,
    words.worker_id, tasks.task_type, tasks.attempts,
    round(epoch(least(evidence.until_at, vanished.seen_at)) - epoch(words.happened_at)) as waited_s,
    [tasks.id] as affected_tasks, cast(null as double) as lost_worker_s
from words
-- equivalent: join because it was made of rows of tasks
join tasks on tasks.id = words.task_id
cross join evidence
left join vanished on vanished.task_id = words.task_id
where words.kind <> 'task_handler_succeeded'
    and tasks.status = 'In Progress'
    and least(evidence.until_at, vanished.seen_at) - words.happened_at > to_seconds($report_s)
order by words.happened_at, subject_id
