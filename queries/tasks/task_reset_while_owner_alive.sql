--! id        = "task_reset_while_owner_alive"
--! title     = "A task was taken from a worker that went on with it"
--! severity  = "high"
--! question  = "Which tasks were put back in the queue although their worker was still at them?"
--! reads     = ["task_attempts", "events", "tasks"]
--! grain     = ["subject_id", "attempt"]
--! params    = { margin_s = 30 }
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
--!   the last one was; where no line tells when it was put back, nobody knows how long after. A result (`delivered`) means that the work was not lost, but done twice if somebody
--!   else had claimed it: see task_executed_twice. `insufficient_evidence`: nobody knows whose the next
--!   claim was, and all signs came after it: if that one was its own, nothing was taken from it; or no
--!   line tells of the reset, and its result came before the next claim, so it may as well have come first, and
--!   the task was put back when it was complete."""

-- Rule: domain/orchestrator.md O15 and O29. 30 s: an orchestrator resets the tasks of a worker that it kills
-- before its pod is dead, up to 19 s later (domain/evidence-rules.md fact 15).
with resets as materialized (
    -- with the next claim, by whomever and by the same worker: what follows that belongs to it; and with the
    -- next that names nobody, which may be the same worker's. A line of the claim function without a name is
    -- a local run's (domain/worker-app.md T2b), and no worker's.
    select
        task_id, attempt, worker_id, claimed_at, claimed_event_id, ended_at, ended_event_id, outcome, reason,
        delivered_at, delivered_event_id,
        lead(claimed_at) over (partition by task_id order by attempt) as next_claim_at,
        lead(claimed_event_id) over (partition by task_id order by attempt) as next_claimed_event_id,
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

acts as (
    -- what was heard of its work on the task afterwards; the API orchestrator names no worker in its lines
    select
        resets.task_id, resets.attempt, events.event_id, events.happened_at, events.kind
    from resets
    join events
        on events.task_id = resets.task_id
        and events.kind in (
            'worker_logged', 'task_handler_succeeded', 'task_handler_failed', 'completion_acknowledged',
            'task_completion_said', 'task_failure_said'
        )
        -- where no line tells of the reset, it was over when another had claimed the task
        and events.happened_at > to_seconds($margin_s)
            + case resets.outcome when 'lost' then resets.next_claim_at else resets.ended_at end
        and (
            (
                events.worker_id = resets.worker_id
                and not coalesce(events.happened_at >= resets.own_next_claim_at, false)
            )
            or (
                events.worker_id is null
                and not coalesce(events.happened_at >= resets.next_claim_at, false)
            )
        )
    where resets.outcome in ('reset', 'lost')
    union all
    -- a result that did not make the task Complete, whose sender the replay could tell: it had been put back
    -- before, be it by a person's script, of which no line tells
    select task_id, attempt, delivered_event_id as event_id, delivered_at as happened_at, 'delivered' as kind
    from resets
    where outcome in ('reset', 'lost')
        and delivered_at is not null
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
        when resets.outcome = 'lost' and told.last_at <= resets.next_claim_at then 'insufficient_evidence'
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
