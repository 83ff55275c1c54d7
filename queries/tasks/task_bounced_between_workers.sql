--! id        = "task_bounced_between_workers"
--! title     = "A task went from worker to worker and failed on each"
--! severity  = "high"
--! question  = "Which tasks were lost, put back or failed on three workers or more?"
--! reads     = ["task_attempts", "tasks"]
--! grain     = ["subject_id"]
--! params    = { workers = 3 }
--! incidents = ["O9", "X6"]
--! cause     = ["task_type"]
--! innocent  = """
--!   Workers died of other things (a burst of kills, an outage of the cloud) and the task happened to be on
--!   them: compare the ends of these workers with those of others at the time."""
--! remedy    = """
--!   Cancel the task or take it out of the queue, and try it by hand on one worker with debug logs. If it
--!   kills its workers, every further claim costs another pod."""
--! guide     = """
--!   `taken_away` counts the attempts that an orchestrator ended, mostly because the worker had died;
--!   in the others the worker, its guardian or an edge function gave the task back. `status` Complete: some
--!   worker did it in the end, which speaks for bad luck.
--!   `insufficient_evidence`: it was tried that often, but who did so is not known of all."""

-- Rule: a task that ends badly on three different workers is its own cause (domain/orchestrator.md 1.2: three
-- attempts are what the system itself allows).
with bounced as (
    select
        task_id, count(*) as bad_attempts, count(distinct worker_id) as workers,
        -- an attempt of an unknown worker may have been on one more
        count(distinct worker_id) + count(*) - count(worker_id) as workers_at_most,
        count(*) filter (where outcome in ('reset', 'lost')) as taken_away,
        max(ended_at) as happened_at,
        list_sort(list_distinct(list(worker_id))) as worker_ids,
        round(sum(epoch(ended_at) - epoch(claimed_at)), 1) as lost_s,
        list(ended_event_id order by attempt) as event_ids
    from task_attempts
    where outcome in ('reset', 'requeued', 'lost', 'failed')
    group by task_id
)

select
    'task' as subject_kind, bounced.task_id as subject_id, bounced.happened_at,
    case when bounced.workers >= $workers then 'confirmed' else 'insufficient_evidence' end as verdict,
    format(
        '{} ended badly {} times, on {} worker(s) that are known', tasks.task_type, bounced.bad_attempts,
        bounced.workers
    ) as summary,
    list_concat(
        list_filter(bounced.event_ids, lambda piece: piece is not null), ['tasks:' || bounced.task_id]
    ) as evidence,
    tasks.task_type, bounced.bad_attempts, bounced.taken_away, bounced.worker_ids, tasks.status,
    [bounced.task_id] as affected_tasks, bounced.lost_s as lost_worker_s
from bounced
-- equivalent: join because it was made of rows of tasks
join tasks on tasks.id = bounced.task_id
where bounced.workers_at_most >= $workers
order by bounced.happened_at, subject_id
