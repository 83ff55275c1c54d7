--! id        = "task_stuck_on_dead_worker"
--! title     = "A task waits on a worker that is dead"
--! severity  = "high"
--! question  = "Which tasks stayed in progress although the worker that held them had ended?"
--! reads     = ["task_states", "task_attempts", "worker_ends", "tasks", "coverage", "events"]
--! grain     = ["subject_id"]
--! params    = { cycles = 2, cycle_s = 30 }
--! incidents = ["O9"]
--! cause     = ["end_kind"]
--! innocent  = """
--!   The evidence ends before the orchestrator's next cycles, which would have put the task back: then it
--!   is not listed, or the next capture shows it queued."""
--! remedy    = """
--!   Put the task back by hand (status Queued, worker_id NULL), also where the database has failed it since. A
--!   task that is exempt from the orchestrators' resets (the orchestrator types) waits until then."""
--! guide     = """
--!   `waited_s` is how long it has been held by nobody, or was until the database failed it after a day, or until
--!   its row was seen last: it vanished since. With `attempts` at three nobody will ever claim it again: see
--!   task_stuck_at_last_attempt. `insufficient_evidence`: the end of the worker is only bounded, and its later
--!   bound is too near the end of the evidence."""

-- Rule and numbers: domain/orchestrator.md O9 (in progress, its worker dead for more than two cycles) and 3 (a
-- cycle takes 30 s).
with evidence as (
    -- as far as any source reaches: what happened later is not here
    select max(until_at) as until_at from coverage
),

vanished as (
    -- rows that are gone, and when they were seen last; one that a capture found again had been hidden
    select
        task_id, max(earliest) as seen_at, arg_max(event_id, (happened_at, event_id)) as event_id
    from events
    where kind in ('task_row_vanished', 'task_row_returned')
    group by task_id
    having arg_max(kind, (happened_at, event_id)) = 'task_row_vanished'
),

held as (
    -- tasks that are in progress when the evidence ends, or when their row was seen last, with who holds them;
    -- or were until the database failed them after a day (domain/worker-app.md T13)
    select
        task_states.task_id, task_attempts.worker_id, task_attempts.claimed_event_id, task_attempts.ended_event_id,
        vanished.event_id as vanished_event_id,
        coalesce(task_attempts.ended_at, least(evidence.until_at, vanished.seen_at)) as held_until
    from task_states
    cross join evidence
    left join vanished on vanished.task_id = task_states.task_id
    -- equivalent: join because what nobody holds has no worker to have ended
    join task_attempts
        on task_attempts.task_id = task_states.task_id
        and (
            -- equivalent: and because its earlier attempts ended before their worker did
            (task_states.state = 'in_progress' and task_attempts.outcome = 'open')
            or (
                task_states.state = 'failed'
                and task_attempts.reason = 'the database failed it after a day in progress'
            )
        )
    where task_states.left_at is null
)

select
    'task' as subject_kind, held.task_id as subject_id,
    coalesce(worker_ends.ended_at, worker_ends.ended_before) as happened_at,
    case
        when held.held_until - worker_ends.ended_before
            <= to_seconds($cycles * $cycle_s) then 'insufficient_evidence'
        when worker_ends.ended_at is null then 'probable'
        else 'confirmed'
    end as verdict,
    format(
        '{} still held by worker {}, which had ended ({}){}', tasks.task_type, held.worker_id,
        worker_ends.end_kind,
        case
            when held.ended_event_id is not null then ', until the database failed it'
            when held.vanished_event_id is not null then ', when its row was seen last'
            else ''
        end
    ) as summary,
    list_filter(
        [
            held.claimed_event_id, worker_ends.event_id, held.ended_event_id, held.vanished_event_id,
            'tasks:' || held.task_id
        ],
        lambda piece: piece is not null
    ) as evidence,
    held.worker_id, worker_ends.end_kind, tasks.attempts,
    round(epoch(held.held_until) - epoch(coalesce(worker_ends.ended_at, worker_ends.ended_before)))
        as waited_s,
    [held.task_id] as affected_tasks, cast(null as double) as lost_worker_s
from held
-- equivalent: join because the times of an end that is not there are NULL and fulfil no condition
join worker_ends using (worker_id)
-- its row must still name the worker: one that names none waits for nobody (domain/orchestrator.md 3)
join tasks on tasks.id = held.task_id and tasks.worker_id = held.worker_id
where held.held_until - coalesce(worker_ends.ended_at, worker_ends.ended_after)
    > to_seconds($cycles * $cycle_s)
order by happened_at, subject_id
