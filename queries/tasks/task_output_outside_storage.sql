--! id        = "task_output_outside_storage"
--! title     = "A task is complete, but its output lies with a provider"
--! severity  = "medium"
--! question  = "Which complete tasks have an output that was never brought into our own storage?"
--! reads     = ["tasks", "events"]
--! grain     = ["subject_id"]
--! incidents = ["O13", "X8"]
--! cause     = ["output_host"]
--! innocent  = """
--!   The output was given by a user or is meant to stay where it is (an imported file)."""
--! remedy    = """
--!   Save the file from the URL while it lives: providers delete it after days. Then upload it and set
--!   output_location."""
--! guide     = """
--!   `confirmed`: the API orchestrator said that the upload failed and that it fell back to the provider's
--!   URL. `probable`: the row alone says so. A fallback that completed through update-task-status made no
--!   generation either (since 2026-03-01): see task_missing_generation."""

-- Rule: domain/orchestrator.md O13 and domain/worker-app.md 3.3 P1.
with fallbacks as (
    -- what the API orchestrator said when it could not bring the file home
    select task_id, list(event_id order by happened_at, event_id) as event_ids
    from events
    where kind in ('upload_failed', 'upload_fell_back')
    group by task_id
),

vanished as (
    -- rows that are gone; one that a capture found again had been hidden
    select task_id, true as is_gone
    from events
    where kind in ('task_row_vanished', 'task_row_returned')
    group by task_id
    having arg_max(kind, (happened_at, event_id)) = 'task_row_vanished'
)

select
    'task' as subject_kind, tasks.id as subject_id, tasks.generation_processed_at as happened_at,
    case when fallbacks.event_ids is not null then 'confirmed' else 'probable' end as verdict,
    format(
        case
            when vanished.is_gone then '{} was complete when its row was seen last, but its output was on {}'
            else '{} is complete, but its output is on {}'
        end,
        tasks.task_type,
        regexp_extract(tasks.output_location, 'https?://([^/?#":\\]+)', 1)
    ) as summary,
    list_concat(['tasks:' || tasks.id], coalesce(fallbacks.event_ids, [])) as evidence,
    regexp_extract(tasks.output_location, 'https?://([^/?#":\\]+)', 1) as output_host,
    tasks.task_type, tasks.worker_id, tasks.generation_created,
    [tasks.id] as affected_tasks, cast(null as double) as lost_worker_s
from tasks
left join fallbacks on fallbacks.task_id = tasks.id
left join vanished on vanished.task_id = tasks.id
where tasks._output_class = 'external_url'
    and tasks.status = 'Complete'
order by happened_at, subject_id
