--! id        = "task_not_completed_after_work"
--! title     = "A worker finished a task, and its completion never arrived"
--! severity  = "high"
--! question  = "Which tasks did a worker finish without their ever being completed by it?"
--! reads     = ["task_attempts", "events", "tasks", "coverage", "pods", "system_logs"]
--! grain     = ["subject_id", "attempt"]
--! params    = { upload_s = 2700 }
--! incidents = ["X7", "O13"]
--! cause     = ["outcome"]
--! population = """
--!   select tasks.id as subject_id, tasks.task_type, min(task_attempts.worker_id) as worker_id,
--!       min(task_attempts.claimed_at) as first_claimed_at, min(pods.created_at) as pod_created_at
--!   from tasks
--!   join task_attempts on task_attempts.task_id = tasks.id
--!   left join pods on pods.worker_id = task_attempts.worker_id
--!   group by 1, 2"""
--! innocent  = """
--!   The upload still goes on: it may take up to 45 minutes, and such a task is not listed before that."""
--! remedy    = """
--!   The file lay on the pod and is gone with it: queue the task again. Where `said` names an error, see
--!   task_upload_failed; where nothing was said, the worker died while it uploaded, or swallowed the error
--!   (domain/worker-app.md X7)."""
--! guide     = """
--!   `outcome` is how the attempt ended instead. A completion that was refused did arrive: see
--!   generation_creation_failed. `insufficient_evidence`: the lines of complete-task could
--!   not have reached us then, so that the completion may have come and been undone; or the row vanished,
--!   and was seen last within the 45 minutes or before: perhaps it was deleted before the completion could
--!   come. `refuted`: it was looked for after that, and not found."""

-- Rule and number: domain/worker-app.md X7: no completion within 45 minutes of the handler's end.
with evidence as (
    select max(until_at) as until_at from coverage
),

attempts as (
    select *, lead(claimed_at) over (partition by task_id order by attempt) as next_claimed_at
    from task_attempts
),

unfinished as (
    -- attempts without a result; orchestrator tasks only enqueue, their children complete them
    select
        attempts.*, tasks.task_type, tasks.status,
        -- the row of a failed task keeps why, until it is tried again
        case
            when attempts.outcome = 'failed' and attempts.next_claimed_at is null and tasks.status = 'Failed'
                then coalesce(tasks.error_message, tasks.output_location)
        end as kept
    from attempts
    -- equivalent: join because it was made of rows of tasks
    join tasks on tasks.id = attempts.task_id
    where attempts.outcome in ('open', 'failed', 'reset', 'requeued', 'lost')
        and attempts.delivered_at is null
        and tasks.task_type not like '%orchestrator%'
),

finished as (
    -- of which the worker said that the work was done
    select
        unfinished.task_id, unfinished.attempt,
        arg_max(events.event_id, (events.happened_at, events.event_id)) as event_id,
        max(events.happened_at) as finished_at
    from unfinished
    join events
        on events.task_id = unfinished.task_id
        and events.kind in ('task_handler_succeeded', 'task_completion_said')
        and coalesce(events.worker_id, unfinished.worker_id) = unfinished.worker_id
        and events.happened_at >= unfinished.claimed_at
        and not coalesce(events.happened_at >= unfinished.ended_at, false)
    group by unfinished.task_id, unfinished.attempt
),

errors as (
    select task_id, worker_id, happened_at, event_id, json_extract_string(attributes, '$.error') as said
    from events
    where kind = 'completion_failed'
),

vanished as (
    -- rows that are gone, and when they were seen last; one that a capture found again had been hidden
    select task_id, max(earliest) as seen_at
    from events
    where kind in ('task_row_vanished', 'task_row_returned')
    group by task_id
    having arg_max(kind, (happened_at, event_id)) = 'task_row_vanished'
),

misses as (
    -- complete-task found no such task, it says, or the worker (domain/worker-app.md 5 and X23)
    select
        vanished.task_id,
        arg_min('system_logs:' || system_logs.id, (system_logs.timestamp, system_logs.id)) as piece
    from vanished
    -- equivalent: join because the where asks for its time
    join system_logs on system_logs.task_id = vanished.task_id
    where system_logs.timestamp > vanished.seen_at
        and regexp_matches(system_logs.message, '(^Failed to fetch task context|Task not found)$')
    group by vanished.task_id
),

reached as (
    -- whether a completion in time could have been heard of
    select finished.task_id, finished.attempt
    from finished
    join coverage
        on coverage.source_type = 'edge_function'
        -- equivalent: = because the functions began to write on one day (domain/worker-app.md 5)
        and coverage.source_id = 'complete-task'
        and coverage.could_reach
        and coverage.from_at <= finished.finished_at
        and coverage.until_at >= finished.finished_at
    group by finished.task_id, finished.attempt
),

facts as (
    select
        unfinished.task_id, unfinished.attempt, unfinished.outcome, unfinished.worker_id,
        unfinished.task_type, unfinished.status, unfinished.kept, unfinished.claimed_at,
        unfinished.claimed_event_id, unfinished.ended_event_id, finished.finished_at, finished.event_id as finished_event_id,
        -- what ended otherwise was there then
        unfinished.ended_at is null
        and vanished.seen_at - finished.finished_at <= to_seconds($upload_s) as may_be_gone,
        arg_min(errors.said, (errors.happened_at, errors.event_id)) as said,
        arg_min(errors.event_id, (errors.happened_at, errors.event_id)) as error_event_id
    from unfinished
    join finished using (task_id, attempt)
    cross join evidence
    left join vanished on vanished.task_id = unfinished.task_id
    left join errors
        on errors.task_id = unfinished.task_id
        and errors.happened_at
            -- it may say so after it was failed for that
            between finished.finished_at and coalesce(unfinished.next_claimed_at, evidence.until_at)
    where unfinished.ended_at is not null
        or evidence.until_at - finished.finished_at > to_seconds($upload_s)
    group by all
),

refused as (
    -- it arrived, and its generation could not be made: see generation_creation_failed
    select distinct facts.task_id, facts.attempt
    from facts
    join events
        on events.task_id = facts.task_id
        and events.kind = 'generation_creation_failed'
        and events.happened_at >= facts.finished_at
),

judged as (
    select facts.*, misses.piece, facts.may_be_gone and misses.piece is not null as is_gone
    from facts
    left join misses using (task_id)
)

select
    'task' as subject_kind, judged.task_id as subject_id, judged.finished_at as happened_at,
    case
        when judged.is_gone then 'refuted'
        when judged.error_event_id is not null then 'confirmed'
        when reached.task_id is null or judged.may_be_gone then 'insufficient_evidence'
        else 'confirmed'
    end as verdict,
    format(
        '{} was finished by {}, but {}: {}', judged.task_type, judged.worker_id,
        -- complete-task says so itself where it could not make the generation (domain/worker-app.md 5)
        case
            when judged.is_gone then 'nothing was left to complete'
            when refused.task_id is not null then 'its completion was refused'
            else 'no completion arrived'
        end,
        case
            when judged.is_gone then 'its row was gone'
            else coalesce(
                judged.said, judged.kept,
                case
                    when judged.may_be_gone then 'its row vanished, perhaps before one could'
                    else 'nobody says why'
                end
            )
        end
    ) as summary,
    list_filter(
        [
            judged.claimed_event_id, judged.finished_event_id, coalesce(judged.error_event_id, judged.piece),
            judged.ended_event_id, 'tasks:' || judged.task_id
        ],
        lambda piece: piece is not null
    ) as evidence,
    judged.attempt, judged.outcome, judged.said, judged.worker_id, judged.task_type, judged.status,
    [judged.task_id] as affected_tasks,
    round(epoch(judged.finished_at) - epoch(judged.claimed_at), 1) as lost_worker_s
from judged
left join reached using (task_id, attempt)
left join refused using (task_id, attempt)
order by happened_at, subject_id, judged.attempt
