--! id        = "run_decided_on_failed_read"
--! title     = "An orchestrator acted on an answer that it did not get"
--! severity  = "medium"
--! question  = "Which cycles spawned, stopped or killed workers after a read that it rests on had failed?"
--! reads     = ["decisions", "events", "worker_ends", "worker_signals", "workers"]
--! grain     = ["subject_id", "cycle"]
--! incidents = ["O24", "O10"]
--! cause     = ["reads"]
--! innocent  = """
--!   The same would have been decided with the answer: compare with the cycles before and after. A port
--!   that could not be reached is an answer about a worker: see worker_killed_while_healthy."""
--! remedy    = """
--!   Look at what failed (`reads`): failed task counts stand for an empty queue, a failed list of workers
--!   for an empty fleet. Workers in `workers` were made or ended on that."""
--! guide     = """
--!   `rules` are the decisions of the cycle that used the read. Spawns after a failed list of workers
--!   double the fleet, a zombie check after one ends the pods of workers that live; stops after failed counts end workers that were needed. A cloud that tells nothing of
--!   a pod (`reads` = pod_status) may have failed, or have none to tell of: `refuted` where the pod was gone,
--!   `insufficient_evidence` where no row says, `confirmed` where its worker beat on."""

-- Rule: domain/orchestrator.md 9.22. Which decision uses which read: `based_on_failed_read`. The line of G108c does not
-- tell a cloud that failed from a pod that is gone.
with beats as (
    -- equivalent: max because the row holds one heartbeat, its last
    select worker_id, max(happened_at) as beat_at from worker_signals where by_guardian group by worker_id
),

gone as (
    select distinct worker_id from events where kind = 'pod_gone'
),

row_ends as (
    select worker_id, min(happened_at) as row_ended_at
    from events
    where kind in ('worker_termination_recorded', 'worker_error_recorded')
    group by worker_id
),

acted as (
    select
        decisions.run_id, decisions.cycle, decisions.rule, decisions.event_id, decisions.failed_read_event_id,
        worker_ends.event_id as end_event_id,
        reads.happened_at, coalesce(json_extract_string(reads.attributes, '$.read'), 'pod_status') as read,
        case when decisions.subject_kind = 'worker' then decisions.subject_id end as worker_id,
        case
            when reads.kind = 'read_failed' or beats.beat_at > reads.happened_at then 'confirmed'
            -- an end that only this look implies proves nothing of it, unless the cloud said so when asked to end it
            when worker_ends.ended_at <= reads.happened_at
                and (worker_ends.basis <> 'inferred' or gone.worker_id is not null)
                then 'refuted'
            else 'insufficient_evidence'
        end as verdict
    from decisions
    -- equivalent: join because the condition asks for the read's kind
    join events as reads on reads.event_id = decisions.failed_read_event_id
    left join worker_ends on worker_ends.worker_id = reads.worker_id
    left join beats on beats.worker_id = reads.worker_id
    left join gone on gone.worker_id = reads.worker_id
    where decisions.based_on_failed_read
        and reads.kind in ('read_failed', 'pod_not_seen')
        and decisions.rule in ('spawn', 'kill', 'scale_down', 'early_termination', 'scale_up')
        -- a step of none is no act
        and decisions.decided is distinct from '0'
    union all
    -- pods of workers whose rows were live, taken for pods that no row names
    select
        pods.run_id, pods.cycle, 'zombie_check' as rule, pods.event_id, reads.event_id as failed_read_event_id,
        cast(null as varchar) as end_event_id, reads.happened_at, 'workers' as read, pods.worker_id,
        'confirmed' as verdict
    from events as pods
    join events as reads
        on reads.run_id = pods.run_id
        and reads.cycle = pods.cycle
        and reads.happened_at <= pods.happened_at
        and reads.kind = 'read_failed'
        and json_extract_string(reads.attributes, '$.read') = 'workers'
    join workers on workers.id = pods.worker_id
    left join row_ends on row_ends.worker_id = pods.worker_id
    where pods.kind = 'orphan_pod_detected'
        -- a row that keeps an end from before did not name it
        and coalesce(row_ends.row_ended_at > pods.happened_at, true)
)

select
    'run' as subject_kind, run_id as subject_id, min(happened_at) as happened_at,
    -- the surest, which is the first in the order of the alphabet
    min(verdict) as verdict,
    format(
        'cycle {}: {} rested on a failed read of {}{}', cycle, string_agg(distinct rule, ', ' order by rule),
        string_agg(distinct read, ', ' order by read),
        case min(verdict)
            when 'refuted' then ': there was no pod any more'
            when 'insufficient_evidence' then ', or there was no pod any more'
            else ''
        end
    ) as summary,
    list_concat(
        list(failed_read_event_id order by happened_at, failed_read_event_id),
        list(event_id order by event_id),
        -- what says that there was no pod
        list_sort(list(distinct end_event_id) filter (where acted.verdict = 'refuted'))
    ) as evidence,
    cycle, string_agg(distinct read, ', ' order by read) as reads,
    list_sort(list(distinct rule)) as rules,
    list_sort(list(distinct worker_id) filter (where worker_id is not null)) as workers,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from acted
group by run_id, cycle
order by happened_at, subject_id, cycle
