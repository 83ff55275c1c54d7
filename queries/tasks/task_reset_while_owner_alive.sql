--! id        = "task_reset_while_owner_alive"
--! title     = "A task was taken from a worker that went on with it"
--! severity  = "high"
--! question  = "Which tasks were put back in the queue although their worker was still at them?"
--! reads     = ["task_attempts", "events", "tasks"]
--! grain     = ["subject_id", "attempt"]
--! params    = { margin_s = 30, api_s = 3 }
--! incidents = ["O15", "O29"]
--! cause     = ["reason"]
--! innocent  = """
--!   The worker hung for longer than the limit and then came back to life: the reset was right when it was
--!   made, and the second run is only bad luck."""
--! remedy    = """
--!   Look at the limit in `reason` (a later claim: a person did it, or the line is lost): no activity means
--!   that updated_at is old, and a long generation touches it only once (domain/orchestrator.md O29). Raise
--!   the limit for the types in question, or let workers touch the row."""
--! guide     = """
--!   `acted_after_s` is how long after the reset its worker's first sign on this task came, `last_act` what
--!   the last one was; where no line tells when it was put back, nobody knows how long after. A result
--!   (`delivered`) means that the work was not lost, but done twice if somebody else had claimed it: see
--!   task_executed_twice. `insufficient_evidence`: nobody knows whose the next
--!   claim was, and all signs came after it: if that one was its own, nothing was taken from it; or no
--!   line tells of the reset, and its result came before the next claim, or there is none: it may as well have come
--!   first, and the task was put back when it was complete."""

-- Rule: domain/orchestrator.md O15 and O29. 30 s: an orchestrator resets the tasks of a worker that it kills
-- before its pod is dead, up to 19 s later (domain/evidence-rules.md fact 15). No pod goes down with a task of the
-- API orchestrator; api_s: clocks may differ by that much (fact 24 there, of a worker's, the worst of all).
with resets as materialized (
    -- with the next claim, by whomever and by the same worker: what follows that belongs to it; and with the
    -- next that names nobody, which may be the same worker's. A line of the claim function without a name is
    -- a local run's (domain/worker-app.md T2b), and no worker's.
    select
        task_id, attempt, worker_id, claimed_at, claimed_event_id, ended_at, ended_event_id, outcome, reason,
        delivered_at, delivered_event_id,
        lead(claimed_at) over (partition by task_id order by attempt) as next_claim_at,
        lead(claimed_event_id) over (partition by task_id order by attempt) as next_claimed_event_id,
        worker_id like 'api-worker-%' as is_api,
        count(*) over (
            partition by task_id order by attempt rows between 1 following and unbounded following
        ) as later_claims,
        lead(claimed_at) over (partition by task_id, worker_id order by attempt) as own_next_claim_at,
        -- equivalent: min because the one capture of a case keeps one such claim
        min(claimed_at) filter (where worker_id is null and basis <> 'logged') over (
            partition by task_id
            order by attempt
            rows between 1 following and unbounded following
        ) as unnamed_next_claim_at
    from task_attempts
    where task_id in (select task_id from task_attempts where outcome in ('reset', 'lost'))
),

taken as (
    select * from resets where outcome in ('reset', 'lost')
),

processes as (
    -- the API process that began it, and the one that began it next: their names separate two at once (O15)
    select
        resets.task_id, resets.attempt,
        arg_min(events.run_id, (events.happened_at, events.event_id)) as run_id,
        lead(arg_min(events.run_id, (events.happened_at, events.event_id))) over (
            partition by resets.task_id order by resets.attempt
        ) as next_run_id
    from resets
    -- equivalent: join because what was not begun has no process
    join events
        on events.task_id = resets.task_id
        and events.kind = 'task_started'
        and events.happened_at >= resets.claimed_at
    group by resets.task_id, resets.attempt
),

results as (
    -- of the API orchestrator: it says of each once more what complete-task had acknowledged
    select task_id, happened_at, event_id
    from events
    where kind in ('completion_acknowledged', 'task_completion_said')
    qualify kind = 'task_completion_said'
        and lag(kind) over (partition by task_id order by happened_at, event_id) = 'completion_acknowledged'
),

acts as (
    -- what was heard of its work on the task afterwards; the API orchestrator names no worker in its lines
    select
        taken.task_id, taken.attempt, events.event_id, events.happened_at, events.kind
    from taken
    join events
        on events.task_id = taken.task_id
        and events.kind in (
            'worker_logged', 'task_handler_succeeded', 'task_handler_failed', 'completion_acknowledged',
            'task_completion_said', 'task_failure_said'
        )
        -- where no line tells of the reset, it was over when another had claimed the task
        and events.happened_at > to_seconds(case when taken.is_api then $api_s else $margin_s end)
            + case taken.outcome when 'lost' then taken.next_claim_at else taken.ended_at end
        and (
            (
                events.worker_id = taken.worker_id
                and not coalesce(events.happened_at >= taken.own_next_claim_at, false)
            )
            or (
                events.worker_id is null
                and not coalesce(events.happened_at >= taken.next_claim_at, false)
            )
        )
    union all
    -- what its API process said when another one had claimed it
    select
        taken.task_id, taken.attempt, events.event_id, events.happened_at, events.kind
    from taken
    -- equivalent: join because what has no process equals none
    join processes using (task_id, attempt)
    join events
        on events.task_id = taken.task_id
        and events.run_id = processes.run_id
        and events.kind in ('task_completion_said', 'task_failure_said')
        and events.happened_at >= taken.next_claim_at
        and processes.run_id <> processes.next_run_id
    union all
    -- more results than it was claimed again: one of them is of the first
    select
        taken.task_id, taken.attempt,
        arg_min(results.event_id, (results.happened_at, results.event_id)) as event_id,
        min(results.happened_at) as happened_at, 'task_completion_said' as kind
    from taken
    join results
        on results.task_id = taken.task_id
        and results.happened_at > taken.ended_at + to_seconds($api_s)
    where taken.is_api
    group by taken.task_id, taken.attempt, taken.later_claims
    having count(*) > taken.later_claims
    union all
    -- a result that did not make the task Complete, whose sender the replay could tell: it had been put back
    -- before, be it by a person's script, of which no line tells
    select task_id, attempt, delivered_event_id as event_id, delivered_at as happened_at, 'delivered' as kind
    from taken
    where delivered_at > ended_at
        -- equivalent: and because in the cases no result came before the reset
        and not (is_api and delivered_at <= ended_at + to_seconds($api_s))
),

told as (
    select
        acts.task_id, acts.attempt, min(acts.happened_at) as first_at,
        arg_max(acts.kind, (acts.happened_at, acts.event_id)) as last_act,
        max(acts.happened_at) as last_at,
        arg_min(acts.event_id, (acts.happened_at, acts.event_id)) as first_event_id,
        arg_max(acts.event_id, (acts.happened_at, acts.event_id)) as last_event_id,
        bool_or(
            -- whose a result was, the replay could tell
            -- equivalent: 'delivered' because it can where a claim with a name came last, and no case has one
            acts.kind = 'delivered'
            or not coalesce(acts.happened_at >= resets.unnamed_next_claim_at, false)
        ) as is_its_own
    from acts
    -- equivalent: join because what is told of was reset
    join resets using (task_id, attempt)
    group by acts.task_id, acts.attempt
)

select
    'task' as subject_kind, resets.task_id as subject_id, resets.ended_at as happened_at,
    case
        when not told.is_its_own then 'insufficient_evidence'
        when resets.outcome = 'lost' and coalesce(told.last_at <= resets.next_claim_at, true)
            then 'insufficient_evidence'
        else 'confirmed'
    end as verdict,
    format(
        '{} was put back ({}), but {} {} on it {}', tasks.task_type, resets.reason,
        coalesce(resets.worker_id, 'its worker'),
        case when told.is_its_own then 'still worked' else '(who may have claimed it again) worked' end,
        case resets.outcome
            when 'lost' then strftime(told.last_at, 'at %H:%M:%S UTC')
            else round(epoch(told.last_at) - epoch(resets.ended_at))::bigint || ' s later'
        end
    ) as summary,
    list_filter(
        [
            resets.claimed_event_id, resets.ended_event_id, told.first_event_id,
            -- it says that the task had been put back
            case when resets.outcome = 'lost' then resets.next_claimed_event_id end,
            case when told.last_event_id <> told.first_event_id then told.last_event_id end
        ],
        lambda piece: piece is not null
    ) as evidence,
    resets.attempt, resets.reason, resets.worker_id, told.last_act,
    case
        when resets.outcome <> 'lost' then round(epoch(told.first_at) - epoch(resets.ended_at), 1)
    end as acted_after_s,
    resets.next_claim_at < told.last_at as claimed_meanwhile,
    [resets.task_id] as affected_tasks,
    round(epoch(told.last_at) - epoch(resets.claimed_at), 1) as lost_worker_s
from told
-- equivalent: join because what is told of was reset
join resets using (task_id, attempt)
-- equivalent: join because it was made of rows of tasks
join tasks on tasks.id = resets.task_id
order by happened_at, subject_id, resets.attempt
