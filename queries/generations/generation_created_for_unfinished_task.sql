--! id        = "generation_created_for_unfinished_task"
--! title     = "A task that did not finish has a generation"
--! severity  = "medium"
--! question  = "Which tasks are failed, cancelled or queued although complete-task made their generation?"
--! reads     = ["task_generations", "tasks", "events"]
--! grain     = ["subject_id"]
--! incidents = ["X5"]
--! cause     = ["status"]
--! population = """
--!   select id as subject_id, task_type, worker_id, created_at
--!   from tasks where status in ('Failed', 'Cancelled', 'Queued')"""
--! innocent  = """
--!   The parent's placeholder of an orchestrator task is made when the task begins, without a completion:
--!   it is not listed. A task that is In Progress may be in the very second of its completion: neither."""
--! remedy    = """
--!   The user sees a result of a task that is told as failed or cancelled: set the row to Complete with the
--!   generation's location, or delete the generation. A queued one will be done again, and paid again: take
--!   it out of the queue first."""
--! guide     = """
--!   complete-task makes the generation before its guarded status update and ignores that the update met no
--!   row. Look at `status`: cancelled while the worker uploaded; failed by a cascade or by the 24 h cron;
--!   queued by a reset while its worker lived, or by a person who wants it done again. `probable`: the flag
--!   is not set, so only the request to complete-task and the link speak."""

-- Rule: domain/worker-app.md 3.5 D0 and X5 (a); that placeholders are none of it is evidence-rules section
-- 3. The verdict late_completion of the table holds both; In Progress is left to time.
with made as (
    -- when complete-task was asked, and when the generation came
    select
        task_id,
        min(happened_at) filter (where kind = 'generation_created') as created_at,
        list(event_id order by happened_at, event_id) as event_ids
    from events
    where kind in ('generation_created', 'completion_requested', 'completion_acknowledged')
        -- few tasks: the rest need not be gathered
        and task_id in (select task_id from task_generations where verdict = 'late_completion')
    group by task_id
),

vanished as (
    -- when a row that is gone was seen last; one that a capture found again had been hidden
    select task_id, max(earliest) as seen_at
    from events
    where kind in ('task_row_vanished', 'task_row_returned')
    group by task_id
    having arg_max(kind, (happened_at, event_id)) = 'task_row_vanished'
)

select
    'task' as subject_kind, tasks.id as subject_id,
    made.created_at as happened_at,
    -- only complete-task sets the flag (domain/worker-app.md 3.1)
    case when task_generations.flag then 'confirmed' else 'probable' end as verdict,
    format(
        '{} is {}, but complete-task made its generation', coalesce(tasks.task_type, tasks.id), tasks.status
    ) as summary,
    list_prepend('tasks:' || tasks.id, made.event_ids) as evidence,
    tasks.status, tasks.task_type, tasks.worker_id, tasks.attempts, task_generations.linked as generations,
    [tasks.id] as affected_tasks, cast(null as double) as lost_worker_s
from task_generations
-- equivalent: join because the condition asks for the row's status
join tasks on tasks.id = task_generations.task_id
join made on made.task_id = task_generations.task_id
left join vanished on vanished.task_id = task_generations.task_id
where tasks.status in ('Failed', 'Cancelled', 'Queued')
    -- a row that was seen before that may have become Complete
    and coalesce(vanished.seen_at >= made.created_at, true)
order by happened_at, subject_id
