--! id        = "task_missing_generation"
--! title     = "A finished task never got its generation"
--! severity  = "high"
--! question  = "Which tasks completed with an output and were due a generation, yet have none?"
--! reads     = ["task_generations", "tasks", "events", "task_attempts", "pods"]
--! grain     = ["subject_id"]
--! params    = { window_s = 30 }
--! incidents = ["O12", "X8"]
--! cause     = ["kind", "completion_path"]
--! population = """
--!   select task_attempts.task_id as subject_id, min(pods.created_at) as pod_created_at
--!   from task_attempts join pods using (worker_id) join task_generations using (task_id)
--!   where task_attempts.outcome = 'complete' and task_generations.expected = 'yes' group by 1"""
--! guide     = """
--!   `kind` names the row of the decision table. Look at the members of one story: one
--!   `completion_path` is one piece of code to mend, and a border in `pod_created_at` is a
--!   deployment. `insufficient_evidence`: the generations (or the variants or the task types, of an upscale
--!   that left nothing else) were not captured whole, so take a new capture of them before anyone is blamed."""
--! innocent  = """
--!   The user deleted the generation after it was made and the flag was reset by hand, or the task
--!   type was never meant to yield one: compare `task_type` with the table `task_types`."""
--! remedy    = """
--!   The output is still at the task's output_location: insert the generation from it and set
--!   generation_created. Then see `completion_path`: completions that bypass complete-task
--!   (update-task-status, a fallback to the provider's URL, SQL by hand) never make one, so redeploy
--!   whatever still completes that way; an external URL expires, so save the file first."""

with known as (
    -- what the snapshot can say: without the whole table of generations, absence proves nothing
    select
        -- equivalent: = 'generations' because a written case cannot leave out or cut a table: all are whole
        bool_or(is_whole) filter (where table_name = 'generations') as generations,
        -- equivalent: = 'generation_variants' because of the same
        bool_or(is_whole) filter (where table_name = 'generation_variants') as variants,
        -- equivalent: = 'task_types' because of the same
        bool_or(is_whole) filter (where table_name = 'task_types') as types
    from snapshot_tables
),

missing as (
    -- the rows of the decision table that mean: due and not there
    select
        task_generations.task_id, task_generations.decided_at, task_generations.verdict as kind,
        task_generations.expected, task_generations.basis, task_generations.why,
        task_generations.completed_event_id,
        tasks.task_type, tasks.worker_id as last_worker_id,
        -- until 2026-02-04 an upscale made a variant and set no flag (domain/worker-app.md 3.2, F2 and F3)
        (
            -- equivalent: 'image-upscale' 'image_upscale' because a written case holds the variants whole
            tasks.task_type in ('image-upscale', 'image_upscale')
            -- equivalent: and '$.generation_id' because of the same
            and json_extract_string(try_cast(tasks.params as json), '$.generation_id') is not null
            -- domain/worker-app.md 3.2, F3
            -- equivalent: and < because of the same
            and task_generations.decided_at < timestamp '2026-02-05'
        ) as is_unflagged_variant,
        -- of the category upscale none was due until then, of another one it was; only its row says which it has
        -- (domain/worker-app.md section 7 and 3.5, D10). One that went past complete-task is told by that
        (
            -- equivalent: 'image-upscale' 'image_upscale' because a written case always holds the task types
            tasks.task_type in ('image-upscale', 'image_upscale')
            -- equivalent: and = 'missing_generation' because of the same
            and task_generations.verdict = 'missing_generation'
            -- domain/worker-app.md 3.5, D10
            -- equivalent: and < because of the same
            and task_generations.decided_at < timestamp '2026-02-04'
        ) as has_unsure_category,
        regexp_extract(tasks.output_location, 'https?://([^/?#":\\]+)', 1) as output_host
    from task_generations
    -- equivalent: join because a verdict is made of a task's row
    join tasks on tasks.id = task_generations.task_id
    where task_generations.verdict in (
        'missing_generation', 'completed_outside_complete_task', 'missing_external_url',
        'missing_after_error', 'missing_unknown_type'
    )
),

log_events as (
    -- what the logs say about the task around its completion
    select
        missing.task_id,
        list(events.event_id order by events.happened_at, events.event_id) as event_ids,
        string_agg(
            distinct events.source_id, ', ' order by events.source_id
        ) filter (where events.source_type in ('edge_function', 'orchestrator_api'))
            as completion_path
    from missing
    -- equivalent: join because what it would keep has no kind, and is dropped below
    join events
        on events.task_id = missing.task_id
        and events.evidence_table = 'system_logs'
        and events.happened_at between missing.decided_at - to_seconds($window_s)
            and missing.decided_at + to_seconds($window_s)
    where events.kind not like '%claim%'
    group by missing.task_id
),

completers as (
    -- who completed it, where an attempt says so (arg_max passes over those that name nobody)
    select task_id, arg_max(worker_id, attempt) as worker_id
    from task_attempts
    where outcome = 'complete'
    group by task_id
),

worker_pods as (
    -- when the completing worker's pod was made: tells old code from new after a deployment
    select worker_id, min(created_at) as pod_created_at
    from pods
    group by worker_id
),

explained as (
    -- one row a task, with everything its sentence needs
    select
        missing.*, log_events.event_ids, log_events.completion_path,
        coalesce(completers.worker_id, missing.last_worker_id) as worker_id,
        case missing.kind
            when 'missing_generation'
                then 'no generation names it and generation_created is false'
            when 'completed_outside_complete_task'
                then 'not through complete-task, the only code that makes a generation'
            when 'missing_external_url'
                then 'on an outside host that complete-task never took it from: no generation names it'
            when 'missing_after_error'
                then 'making its generation failed once, and the later completion did not try again'
            else 'its task type was not known when it completed: no generation was made'
        end as reason
    from missing
    left join log_events using (task_id)
    left join completers using (task_id)
)

select
    'task' as subject_kind, explained.task_id as subject_id, explained.decided_at as happened_at,
    case
        when not known.generations or explained.expected = 'unknown' then 'insufficient_evidence'
        -- what such a one leaves is a variant alone: of those not captured, nothing is known
        -- equivalent: 'insufficient_evidence' because a written case holds the variants whole
        when not known.variants and explained.is_unflagged_variant then 'insufficient_evidence'
        -- equivalent: 'insufficient_evidence' because a written case always holds the task types
        when not known.types and explained.has_unsure_category then 'insufficient_evidence'
        -- equivalent: 'inferred' 'probable' because a written case always holds the task types
        when explained.basis = 'inferred' then 'probable'
        -- variants exist since 2025-12-01 (domain/worker-app.md 3.5); not captured, one may be hidden from us
        -- equivalent: >= '2025-12-01' 'probable' because a written case holds the variants whole
        when not known.variants and explained.decided_at >= timestamp '2025-12-01' then 'probable'
        else 'confirmed'
    end as verdict,
    format(
        '{} completed with an output, but {}',
        coalesce(explained.task_type, 'a task of unknown type'), explained.reason
    ) as summary,
    list_concat(
        [explained.completed_event_id, 'tasks:' || explained.task_id],
        coalesce(explained.event_ids, [])
    ) as evidence,
    explained.why, explained.kind, explained.task_type, explained.completion_path,
    explained.worker_id, worker_pods.pod_created_at, explained.output_host,
    [explained.task_id] as affected_tasks, cast(null as double) as lost_worker_s
from explained
cross join known
left join worker_pods on worker_pods.worker_id = explained.worker_id
order by happened_at, subject_id
