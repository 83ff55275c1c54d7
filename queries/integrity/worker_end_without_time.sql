--! id        = "worker_end_without_time"
--! title     = "A worker's row does not say when it ended"
--! severity  = "low"
--! question  = "Which ended workers have no terminated_at, and what else tells when they ended?"
--! reads     = ["workers", "worker_ends"]
--! grain     = ["subject_id"]
--! incidents = ["O33"]
--! cause     = ["end_kind", "known_from"]
--! innocent  = """
--!   Early termination, the failsafe and the error cleanup never wrote the time until January 2026: it is
--!   how those ends look, and no fault of the worker."""
--! remedy    = """
--!   None for the past: the log is deleted after two days, so export often enough to keep the line that
--!   tells. Newer versions write terminated_at on most of these paths."""
--! guide     = """
--!   `known_from`: `log` (a line told it: `ended_at` is good to seconds), `rule` (inferred from how such
--!   ends go), `bounds` (only that it was between `ended_after` and `ended_before`). Costs and idle times
--!   of `bounds` are guesses."""
--! known_fix = "04f7bc0 (2026-01-21) and aaa4aa8 (2026-02-03), partly"

-- Rule: domain/orchestrator.md O33; what is knowable without the time: domain/evidence-rules.md 1, classes
-- 13 and 15.
select
    'worker' as subject_kind, workers.id as subject_id,
    coalesce(worker_ends.ended_at, worker_ends.ended_before) as happened_at,
    case when worker_ends.basis = 'logged' then 'confirmed' else 'probable' end as verdict,
    format(
        'its row has no terminated_at; it ended ({}) {}', worker_ends.end_kind,
        case
            when worker_ends.ended_at is null then 'at no known time'
            when worker_ends.basis = 'logged' then 'when a line says'
            else 'when such ends come'
        end
    ) as summary,
    ['workers:' || workers.id, worker_ends.event_id] as evidence,
    worker_ends.end_kind,
    case
        when worker_ends.ended_at is null then 'bounds'
        when worker_ends.basis = 'logged' then 'log'
        else 'rule'
    end as known_from,
    worker_ends.ended_at, worker_ends.ended_after, worker_ends.ended_before,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from worker_ends
-- equivalent: join because every worker of the ledger has its row
join workers on workers.id = worker_ends.worker_id
where json_extract_string(try_cast(workers.metadata as json), '$.terminated_at') is null
    and worker_ends.end_kind <> 'spawn_failed'
    -- of one that crashed or was condemned, and no more, nothing tells that it ended: its pod may run on
    and coalesce(worker_ends.ended_at, worker_ends.ended_before) is not null
order by happened_at, subject_id
