--! id        = "task_api_orphaned_by_restart"
--! title     = "A restart of the API orchestrator lost a task in flight"
--! severity  = "high"
--! question  = "Which API tasks were in progress when the API orchestrator went down, and were lost by it?"
--! reads     = ["task_attempts", "runs", "events", "tasks", "system_logs", "coverage"]
--! grain     = ["subject_id", "attempt"]
--! params    = { claim_s = 15, answer_s = 60, overlap_s = 60 }
--! incidents = ["O15"]
--! cause     = ["run_id"]
--! innocent  = """
--!   The provider finished the job and the new process found it again (since 2026-02-03 the request's id is
--!   kept): then it was only late. What the new process says itself that it claimed is not listed, though by
--!   a clock that is behind it was claimed before that process began. Nor is what the old process ended itself
--!   after all (task_reset_while_owner_alive), or never heard of (task_claim_response_lost)."""
--! remedy    = """
--!   Nothing waits for the provider's answer any more: the task is done again after its reset, and paid for
--!   twice. Let the API orchestrator finish or give back what it holds before it stops."""
--! guide     = """
--!   `run_id` is the process that came after: its tasks are one story. `waited_s` is how long the task was
--!   held by nobody until it was put back (null: it still waits, see task_stuck_on_dead_worker).
--!   `insufficient_evidence`: the old process turned on beside the new one, and may have been at it still, or
--!   may have put it back itself; or its row vanished, and was seen last before the old process fell silent."""
--! known_fix = "bb9543a (2025-12-07), ebd0a3a (2026-03-30)"

-- Rule: domain/orchestrator.md O15: in progress on an API worker when its process ended. claim_s: after so long
-- a claim's call gives up (O34), so a line of its success is no later. The row keeps its last claim only.
-- answer_s as in task_claim_response_lost, overlap_s as in run_two_at_once (two polls of a cycle: O37).
with swept as (
    -- processes that put back what the one before them held, as they say: that one may log on for a moment
    select distinct run_id, true as is_sweep
    from events
    -- equivalent: and because no case has both orchestrators under one name
    where kind = 'worker_tasks_reset' and source_type = 'orchestrator_api'
),

followed as (
    select
        run_id, started_at, ended_at,
        lag(ended_at) over (order by started_at, run_id) as down_at,
        lag(run_id) over (order by started_at, run_id) as old_run_id
    from runs
    where source_type = 'orchestrator_api'
),

restarts as (
    -- processes that followed one that had ended, or that they took the tasks from; else two at once are no restart
    select
        followed.run_id, followed.started_at, followed.old_run_id,
        -- what it still held at its last line; a sweep took it all at once
        case
            when swept.is_sweep then least(followed.down_at, followed.started_at)
            else followed.down_at
        end as down_at,
        -- what it held until then and no longer, it may have given back itself after its last line
        case
            when not coalesce(swept.is_sweep, false) and followed.down_at > followed.started_at
                then followed.down_at + to_seconds($overlap_s)
        end as settled_at,
        followed.down_at - followed.started_at > to_seconds($overlap_s) as is_beside
    from followed
    left join swept on swept.run_id = followed.run_id
    where followed.down_at <= followed.started_at
        or coalesce(swept.is_sweep, false)
        -- a deployment starts the new one first: the old one fell silent soon after, and the new one did not
        or (
            followed.down_at - followed.started_at <= to_seconds($overlap_s)
            and coalesce(followed.ended_at - followed.down_at > to_seconds($overlap_s), true)
        )
),

first_lines as (
    select run_id, arg_min(event_id, (happened_at, event_id)) as event_id
    from events
    where kind = 'process_started'
    group by run_id
),

kept as (
    -- the claim that the row still tells of
    -- equivalent: arg_max because the one capture of a case keeps one such claim
    select task_id, arg_max(event_id, (happened_at, event_id)) as event_id
    from events
    where kind = 'task_claim_recorded'
    group by task_id
),

own as (
    -- claims that the new process says are its own: its start and the claim stand by different clocks
    select distinct task_attempts.task_id, task_attempts.attempt, lines.run_id, true as is_own
    from task_attempts
    left join kept on kept.task_id = task_attempts.task_id
    -- equivalent: join because no line is of no process
    join events as lines
        on lines.task_id = task_attempts.task_id
        and lines.kind = 'task_claimed'
        and lines.happened_at > task_attempts.claimed_at
        and (
            lines.happened_at <= task_attempts.claimed_at + to_seconds($claim_s)
            or task_attempts.claimed_event_id = kept.event_id
        )
),

begun as (
    -- not each line of the API orchestrator is an event, and its claim's has no task of its own
    select task_id, happened_at from events where source_type = 'orchestrator_api'
    union all
    select task_id, "timestamp" as happened_at from system_logs where source_type = 'orchestrator_api'
),

unheard as (
    -- claims whose answer got lost, though lines of their process could have reached us: no restart lost them
    select distinct task_attempts.task_id, task_attempts.attempt, true as is_unheard
    from task_attempts
    join coverage
        on coverage.source_type = 'orchestrator_api'
        and coverage.could_reach
        and coverage.from_at <= task_attempts.claimed_at
        and coverage.until_at >= task_attempts.claimed_at + to_seconds($answer_s)
    where not exists (
        select begun.task_id from begun
        where begun.task_id = task_attempts.task_id
            -- its clock may be behind
            and begun.happened_at >= task_attempts.claimed_at - to_seconds($claim_s)
            and not coalesce(begun.happened_at > task_attempts.ended_at, false)
    )
),

went_on as (
    -- the old process ended it itself, when the new one had taken it
    select distinct task_attempts.task_id, task_attempts.attempt, restarts.run_id, true as is_alive
    from task_attempts
    -- equivalent: join because the next one drops what it would keep
    join restarts on task_attempts.claimed_at < restarts.started_at
    join events
        on events.task_id = task_attempts.task_id
        and events.run_id = restarts.old_run_id
        and events.kind in ('task_completion_said', 'task_failure_said')
        and events.happened_at > coalesce(task_attempts.ended_at, restarts.started_at)
),

orphaned as (
    -- the first end of the process in the course of an attempt; it may have claimed after its last line
    select
        task_attempts.task_id, task_attempts.attempt, min(restarts.down_at) as down_at,
        min(restarts.started_at) as restarted_at,
        arg_min(
            restarts.is_beside or coalesce(task_attempts.ended_at <= restarts.settled_at, false),
            (restarts.started_at, restarts.run_id)
        ) as is_beside,
        arg_min(restarts.run_id, (restarts.started_at, restarts.run_id)) as run_id
    from task_attempts
    join restarts
        on task_attempts.claimed_at < restarts.started_at
        and not coalesce(task_attempts.ended_at < restarts.down_at, false)
    left join own
        on own.task_id = task_attempts.task_id
        and own.attempt = task_attempts.attempt
        and own.run_id = restarts.run_id
    left join unheard
        on unheard.task_id = task_attempts.task_id
        and unheard.attempt = task_attempts.attempt
    left join went_on
        on went_on.task_id = task_attempts.task_id
        and went_on.attempt = task_attempts.attempt
        and went_on.run_id = restarts.run_id
    where not coalesce(own.is_own, unheard.is_unheard, went_on.is_alive, false)
        and task_attempts.worker_id like 'api-worker-%'
        -- one that failed or was cancelled was not orphaned: its last lines were lost with the process
        and task_attempts.outcome in ('open', 'reset', 'lost')
    group by task_attempts.task_id, task_attempts.attempt
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
    'task' as subject_kind, orphaned.task_id as subject_id, orphaned.down_at as happened_at,
    case
        when orphaned.is_beside then 'insufficient_evidence'
        -- what became of it after that, no row tells
        when coalesce(task_attempts.ended_at, vanished.seen_at) < orphaned.down_at then 'insufficient_evidence'
        else 'confirmed'
    end as verdict,
    format('{} was in flight when the API orchestrator was started anew, {} s after its last sign', tasks.task_type,
        greatest(round(epoch(orphaned.restarted_at) - epoch(orphaned.down_at))::bigint, 0)
    ) as summary,
    list_filter(
        [
            task_attempts.claimed_event_id, first_lines.event_id, task_attempts.ended_event_id,
            'tasks:' || orphaned.task_id
        ],
        lambda piece: piece is not null
    ) as evidence,
    orphaned.attempt, orphaned.run_id, task_attempts.outcome, orphaned.restarted_at, tasks.status,
    round(epoch(task_attempts.ended_at) - epoch(orphaned.down_at)) as waited_s,
    [orphaned.task_id] as affected_tasks, cast(null as double) as lost_worker_s
from orphaned
-- equivalent: join because orphaned attempts are attempts
join task_attempts using (task_id, attempt)
-- equivalent: join because it was made of rows of tasks
join tasks on tasks.id = orphaned.task_id
left join first_lines using (run_id)
left join vanished using (task_id)
order by happened_at, subject_id, orphaned.attempt
