--! id        = "task_claim_response_lost"
--! title     = "A worker never heard that it had got a task"
--! severity  = "medium"
--! question  = "Which claims succeeded in the database, while their worker did not learn of it in time?"
--! reads     = ["task_attempts", "events", "tasks", "system_logs", "coverage"]
--! grain     = ["subject_id", "attempt"]
--! params    = { late_s = 8, answer_s = 60 }
--! incidents = ["O34"]
--! cause     = ["how"]
--! innocent  = """
--!   A worker whose log lines are delayed by a stalled process begins late in the log only."""
--! remedy    = """
--!   The claim call timed out after 15 s although the database had done it. Workers that look for their own
--!   tasks (since 2025-12-21) and the API orchestrator (since 2026-03-30) find it at the next poll; older
--!   ones leave it in progress until it is reset."""
--! guide     = """
--!   `how`: recovered (it says itself that it found the task again), begun_late (its first line came a poll
--!   later), never_begun (no line of the API orchestrator names it before the next claim). `delay_s` is what
--!   was lost."""
--! known_fix = "ebd0a3a (2026-03-30)"

-- Rule: domain/orchestrator.md O34. 8 s: a worker begins within a second of its claim, its clock is off by
-- up to 3 s, and a poll takes 10 s (domain/evidence-rules.md facts 1 and 24; domain/worker-app.md 4.3, 10).
-- 60 s: a claim call gives up after 15 s.
with recovered as (
    -- what is found again is what was claimed last: of an earlier claim it says nothing
    select
        task_attempts.task_id, task_attempts.attempt, min(events.happened_at) as happened_at,
        arg_min(events.event_id, (events.happened_at, events.event_id)) as event_id
    from events
    asof join task_attempts
        on task_attempts.task_id = events.task_id
        and task_attempts.worker_id = events.worker_id
        and task_attempts.claimed_at <= events.happened_at
    where events.kind = 'task_recovered'
    group by task_attempts.task_id, task_attempts.attempt
),

begun as (
    -- the API orchestrator names no worker where it works, and not each of its lines is an event
    select task_id, happened_at
    from events
    where source_type = 'orchestrator_api'
    union all
    select task_id, "timestamp" as happened_at
    from system_logs
    where source_type = 'orchestrator_api'
),

claims as (
    select
        task_attempts.task_id, task_attempts.attempt, task_attempts.worker_id, task_attempts.claimed_at,
        task_attempts.claimed_event_id, task_attempts.ended_event_id, task_attempts.outcome,
        task_attempts.worker_id like 'api-worker-%' as is_api,
        task_attempts.started_at, task_attempts.ended_at, task_attempts.basis,
        lead(task_attempts.claimed_at) over (
            partition by task_attempts.task_id order by task_attempts.attempt
        ) as next_claimed_at,
        recovered.event_id as recovered_event_id, recovered.happened_at as recovered_at
    from task_attempts
    left join recovered
        on recovered.task_id = task_attempts.task_id
        and recovered.attempt = task_attempts.attempt
        -- one that had begun runs it again: see task_executed_twice
        and not coalesce(task_attempts.started_at < recovered.happened_at, false)
),

silent as (
    -- claims of the API orchestrator after which it did not begin, though its lines could have reached us
    select claims.task_id, claims.attempt
    from claims
    join coverage
        on coverage.source_type = 'orchestrator_api'
        and coverage.could_reach
        and coverage.from_at <= claims.claimed_at
        and coverage.until_at >= claims.claimed_at + to_seconds($answer_s)
    where claims.is_api
        and claims.outcome <> 'complete'
        and not exists (
            select begun.task_id from begun
            where begun.task_id = claims.task_id
                and begun.happened_at >= claims.claimed_at
                -- after a reset it may be of the next claim; one that only that claim implies may be the same
                and not coalesce(
                    claims.outcome = 'reset' and begun.happened_at >= claims.next_claimed_at, false
                )
        )
    group by claims.task_id, claims.attempt
),

facts as (
    select
        claims.*,
        case
            when claims.recovered_event_id is not null then 'recovered'
            when silent.task_id is not null then 'never_begun'
            when claims.started_at > claims.claimed_at + to_seconds($late_s) and claims.basis = 'logged'
                then 'begun_late'
        end as how,
        coalesce(claims.recovered_at, claims.started_at, claims.ended_at) as noticed_at
    from claims
    left join silent using (task_id, attempt)
)

select
    'task' as subject_kind, facts.task_id as subject_id, facts.claimed_at as happened_at,
    case facts.how when 'recovered' then 'confirmed' else 'probable' end as verdict,
    format(
        '{} was claimed for {}, which did not learn of it: {}', tasks.task_type, facts.worker_id,
        replace(facts.how, '_', ' ')
    ) as summary,
    list_filter(
        [facts.claimed_event_id, facts.recovered_event_id, facts.ended_event_id],
        lambda piece: piece is not null
    ) as evidence,
    facts.attempt, facts.how, facts.worker_id,
    round(epoch(facts.noticed_at) - epoch(facts.claimed_at), 1) as delay_s,
    [facts.task_id] as affected_tasks,
    round(epoch(facts.noticed_at) - epoch(facts.claimed_at), 1) as lost_worker_s
from facts
-- equivalent: join because it was made of rows of tasks
join tasks on tasks.id = facts.task_id
where facts.how in ('recovered', 'never_begun', 'begun_late')
order by happened_at, subject_id, facts.attempt
