--! id        = "task_executed_twice"
--! title     = "A task was worked on twice"
--! severity  = "medium"
--! question  = "Which tasks were done by two workers, or twice by one worker?"
--! reads     = ["anomalies", "events", "task_attempts", "tasks"]
--! grain     = ["subject_id"]
--! incidents = ["X4", "X7", "O29"]
--! cause     = ["how"]
--! innocent  = """
--!   The lines of a reset and of a new claim between the two were lost: then the second was right (`probable`)."""
--! remedy    = """
--!   Delete the second result. claim_next_task locks no row, so two calls at once both get it
--!   (domain/worker-app.md X4); a worker that finds its own task still assigned runs it again although only
--!   the completion had failed (X7)."""
--! guide     = """
--!   `how`: two_claims (a second worker got it while the first held it), taken_up_again (its own worker found
--!   it still assigned, or began it again without a new claim), two_results (two claims brought a result each,
--!   be it one after the other, as of a task that somebody put back when it was complete)."""

with again as (
    select
        anomalies.subject_id as task_id, anomalies.happened_at, anomalies.event_id, events.kind,
        max(task_attempts.claimed_at) as claimed_at
    from anomalies
    -- equivalent: join because the line that tells is an event
    join events using (event_id)
    -- equivalent: join because it is its own claim that a worker takes up again
    join task_attempts on task_attempts.task_id = anomalies.subject_id
        and task_attempts.claimed_at < anomalies.happened_at
    where anomalies.kind = 'run_twice'
    group by all
),

done as (
    select again.event_id, list(events.event_id) as done_event_ids
    from again
    join events on events.task_id = again.task_id
        and events.kind = 'task_handler_succeeded'
        and events.happened_at between again.claimed_at and again.happened_at
    group by again.event_id
),

results as (
    -- of the API orchestrator, whose lines name no worker: it says of each what complete-task had acknowledged
    select task_id, happened_at, event_id
    from events
    where kind in ('completion_acknowledged', 'task_completion_said')
    qualify kind = 'task_completion_said'
        and lag(kind) over (partition by task_id order by happened_at, event_id) = 'completion_acknowledged'
),

api_claims as (
    select task_id
    from task_attempts
    where worker_id like 'api-worker-%'
    group by task_id
    having count(*) > 1
),

seen as (
    select
        task_id, happened_at, event_id, 'taken_up_again' as how,
        -- it says that it found the task, or that it had done it before
        kind = 'task_recovered' or done_event_ids is not null as is_told,
        coalesce(done_event_ids, []) as done_event_ids, null as results
    from again
    left join done using (event_id)
    union all
    select
        subject_id as task_id, happened_at, event_id, 'two_claims' as how, false as is_told, [] as done_event_ids,
        null as results
    from anomalies
    where kind = 'claimed_while_held'
    union all
    select
        task_id, max(delivered_at) as happened_at,
        arg_max(delivered_event_id, (delivered_at, attempt)) as event_id, 'two_results' as how,
        true as is_told, [] as done_event_ids, null as results
    from task_attempts
    group by task_id
    having count(delivered_at) > 1
    union all
    select
        results.task_id, max(results.happened_at) as happened_at,
        arg_max(results.event_id, (results.happened_at, results.event_id)) as event_id, 'two_results' as how,
        true as is_told, [] as done_event_ids, count(*) as results
    from results
    join api_claims using (task_id)
    group by results.task_id
    having count(*) > 1
),

twice as (
    select
        task_id, min(happened_at) as happened_at,
        -- in the order of the alphabet the last says most: two results are two runs
        max(how) as how,
        bool_or(is_told) as is_told,
        -- equivalent: max because one branch alone has them
        max(results) as results,
        flatten(list(list_append(done_event_ids, event_id) order by happened_at, event_id)) as event_ids
    from seen
    group by task_id
),

tries as (
    select
        task_id, list(claimed_event_id order by attempt) as event_ids,
        list_sort(list_distinct(list(worker_id))) as workers,
        count(coalesce(started_at, delivered_at)) as runs,
        count(coalesce(started_at, delivered_at)) filter (where outcome = 'duplicate') as duplicates_begun,
        round(
            sum(epoch(ended_at) - epoch(claimed_at)) filter (where outcome in ('duplicate', 'overtaken')), 1
        ) as lost_s
    from task_attempts
    where task_id in (select task_id from twice)
    group by task_id
)

select
    'task' as subject_kind, twice.task_id as subject_id, twice.happened_at,
    case
        when twice.is_told then 'confirmed'
        -- the one that got it second was seen to work
        when tries.duplicates_begun > 0 then 'confirmed'
        else 'probable'
    end as verdict,
    format('{} was worked on twice: {}', tasks.task_type, replace(twice.how, '_', ' ')) as summary,
    list_sort(list_distinct(list_filter(
        list_concat(twice.event_ids, tries.event_ids), lambda piece: piece is not null
    ))) as evidence,
    twice.how, tries.workers, coalesce(twice.results, tries.runs) as runs, tasks.task_type,
    [twice.task_id] as affected_tasks, tries.lost_s as lost_worker_s
from twice
-- equivalent: join because every task of these has been claimed
join tries using (task_id)
-- equivalent: join because it was made of rows of tasks
join tasks on tasks.id = twice.task_id
order by twice.happened_at, subject_id
