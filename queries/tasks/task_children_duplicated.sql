--! id        = "task_children_duplicated"
--! title     = "An orchestrator task made the same child twice"
--! severity  = "medium"
--! question  = "Which orchestrator tasks have more than one child for the same place?"
--! reads     = ["tasks", "task_attempts", "events"]
--! grain     = ["subject_id"]
--! params    = { together_s = 3600 }
--! incidents = ["X20"]
--! cause     = ["task_type"]
--! innocent  = """
--!   A user had one part made again within the hour: such parts are tasks of their own type and not looked
--!   at, but other apps may differ."""
--! remedy    = """
--!   Cancel the copies that are not done. An orchestrator task that is run again must look at the children
--!   that exist first; a client that sends its request again needs an idempotency key (since 2026-02-13)."""
--! guide     = """
--!   `copies` are the children beyond the first of each place. `attempts` of the orchestrator task says how
--!   often it was run: more than once is the usual cause."""
--! known_fix = "de94563 (2025-08-24)"

-- Rule: domain/worker-app.md X20: same orchestrator, same segment_index or join_index. An hour: a run makes
-- its children at once (domain/worker-app.md 4.3, 110); what comes much later is a user's wish.
with children as (
    -- the places where a child names its orchestrator: domain/worker-app.md 2.5
    select
        id as task_id, task_type, created_at,
        coalesce(
            json_extract_string(params, '$.orchestration_contract.orchestrator_task_id'),
            json_extract_string(params, '$.orchestrator_task_id_ref'),
            json_extract_string(params, '$.orchestrator_task_id'),
            json_extract_string(params, '$.orchestrator_details.orchestrator_task_id'),
            json_extract_string(params, '$.originalParams.orchestrator_details.orchestrator_task_id')
        ) as orchestrator_id,
        coalesce(
            json_extract_string(params, '$.segment_index'), json_extract_string(params, '$.join_index')
        ) as place
    from (select id, task_type, created_at, try_cast(params as json) as params from tasks) as readable
    where task_type <> 'individual_travel_segment'
),

placed as (
    select
        *,
        row_number() over (
            partition by orchestrator_id, task_type, place order by created_at, task_id
        ) as copy,
        min(created_at) over (partition by orchestrator_id, task_type, place) as first_at
    from children
    where place is not null
),

vanished as (
    -- rows that are gone; one that a capture found again had been hidden
    select task_id
    from events
    where kind in ('task_row_vanished', 'task_row_returned')
    group by task_id
    having arg_max(kind, (happened_at, event_id)) = 'task_row_vanished'
),

families as (
    select
        orchestrator_id, min(created_at) as happened_at,
        list_sort(list_distinct(list(task_type))) as task_types,
        list(task_id order by created_at, task_id) as copies, count(vanished.task_id) as gone
    from placed
    left join vanished using (task_id)
    where copy > 1
        and created_at < first_at + to_seconds($together_s)
    group by orchestrator_id
),

runs as (
    select task_id, count(*) as attempts, list(claimed_event_id order by attempt) as event_ids
    from task_attempts
    where task_id in (select orchestrator_id from families)
    group by task_id
)

select
    'task' as subject_kind, families.orchestrator_id as subject_id, families.happened_at,
    'confirmed' as verdict,
    format(
        '{} has {} child(ren) for places that were taken{}', tasks.task_type, len(families.copies),
        case when families.gone > 0 then format(', {} of them gone since', families.gone) else '' end
    ) as summary,
    list_concat(
        list_transform(families.copies, lambda copy: 'tasks:' || copy),
        list_filter(coalesce(runs.event_ids, []), lambda piece: piece is not null)
    ) as evidence,
    tasks.task_type, families.task_types, families.copies, coalesce(runs.attempts, 0) as attempts,
    families.copies as affected_tasks, cast(null as double) as lost_worker_s
from families
join tasks on tasks.id = families.orchestrator_id
left join runs on runs.task_id = families.orchestrator_id
order by families.happened_at, subject_id
