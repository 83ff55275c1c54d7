--! id        = "task_silent_span"
--! title     = "A task failed without a word from its worker"
--! severity  = "low"
--! question  = "Which tasks failed a minute or more after their claim, with no line of their worker between?"
--! reads     = ["task_attempts", "events", "tasks", "coverage"]
--! grain     = ["subject_id", "attempt"]
--! params    = { span_s = 60, clock_s = 3 }
--! incidents = []
--! cause     = ["worker_id"]
--! innocent  = """
--!   The worker's lines were lost on the way (a full queue, a failed heartbeat), which leaves no trace in
--!   `coverage`."""
--! remedy    = """
--!   An exception was swallowed between the claim and the report of the failure: the text on the row
--!   (`error`) is all that is left. Log it where it is caught."""
--! guide     = """
--!   `probable`: the worker's lines could have reached us from the claim to the end. `insufficient_evidence`:
--!   they could not, so the silence means nothing."""

-- Rule: domain/orchestrator.md 7 (the silent span of task 4ef4789d: four minutes between claim and
-- failure). 3 s: a worker's clock may be off by as much (domain/evidence-rules.md fact 24).
with spans as (
    select task_id, attempt, worker_id, claimed_at, ended_at, claimed_event_id, ended_event_id
    from task_attempts
    where outcome = 'failed'
        and worker_id not like 'api-worker-%'
        and ended_at - claimed_at >= to_seconds($span_s)
),

heard as (
    -- anything that the worker itself said of the task
    select spans.task_id, spans.attempt
    from spans
    join events
        on events.task_id = spans.task_id
        and events.worker_id = spans.worker_id
        and events.clock like 'worker:%'
        and events.happened_at between spans.claimed_at - to_seconds($clock_s) and spans.ended_at
    group by spans.task_id, spans.attempt
),

reached as (
    -- spans throughout which its lines could have come
    select distinct spans.task_id, spans.attempt
    from spans
    join coverage
        on coverage.source_type = 'worker'
        and coverage.source_id = spans.worker_id
        and coverage.could_reach
        and coverage.from_at <= spans.claimed_at
        and coverage.until_at >= spans.ended_at
)

select
    'task' as subject_kind, spans.task_id as subject_id, spans.ended_at as happened_at,
    case when reached.attempt is not null then 'probable' else 'insufficient_evidence' end as verdict,
    format(
        '{} failed {} s after its claim, and {} said nothing of it', tasks.task_type,
        round(epoch(spans.ended_at) - epoch(spans.claimed_at))::bigint, spans.worker_id
    ) as summary,
    list_filter(
        [spans.claimed_event_id, spans.ended_event_id, 'tasks:' || spans.task_id],
        lambda piece: piece is not null
    ) as evidence,
    spans.attempt, spans.worker_id, coalesce(tasks.error_message, tasks.output_location) as error,
    [spans.task_id] as affected_tasks,
    round(epoch(spans.ended_at) - epoch(spans.claimed_at), 1) as lost_worker_s
from spans
-- equivalent: join because it was made of rows of tasks
join tasks on tasks.id = spans.task_id
left join heard using (task_id, attempt)
left join reached using (task_id, attempt)
where heard.attempt is null
order by happened_at, subject_id, spans.attempt
