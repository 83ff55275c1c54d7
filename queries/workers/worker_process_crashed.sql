--! id        = "worker_process_crashed"
--! title     = "A worker's process died"
--! severity  = "high"
--! question  = """
--!   Which workers lost their process (killed, out of memory, segmentation fault), and what did they hold?"""
--! reads     = ["events", "worker_ends", "worker_signals", "task_attempts", "tasks", "workers", "coverage"]
--! grain     = ["subject_id"]
--! params    = { beat_s = 23, carried_s = 17, over_s = 30 }
--! incidents = ["X29", "X2", "O9"]
--! cause     = ["sign", "task_type"]
--! population = "select id as subject_id, created_at as happened_at from workers"
--! innocent  = """
--!   `sign` = no_gpu_memory: nvidia-smi failed, or the pod has no GPU. A guardian reports zero memory then
--!   too, with its process alive. Whose last heartbeat carried lines, who was killed for that memory, and who shut
--!   down by itself and said so is not listed for it. `insufficient_evidence`: it was stopped before its next
--!   heartbeat was due, so nothing tells whether its process lived."""
--! remedy    = """
--!   Look at what it held (`affected_tasks`): a task that has felled several workers is the cause (see
--!   task_bounced_between_workers). The process leaves no line of its death; the memory lines before
--!   `last_work_at` tell whether it ran out of memory. Stop the pod if `pod_ended_at` is empty."""
--! guide     = """
--!   `sign` is how the death is known: its guardian said so (crashed) or its last heartbeat carried no GPU
--!   memory (no_gpu_memory), which is all that is left when a later status overwrote the word; or the row of a
--!   task that it held says so (task_text), which is all where its process began anew on the same pod: then
--!   `happened_at` lies between the last that it did before and the next claim."""

-- A guardian that finds its process dead sends one last heartbeat, with status crashed and 0/0 of GPU memory,
-- and ends (domain/worker-app.md 4.1). The crash puts its tasks back in the same write (1.5 there). A process that
-- shuts down by itself may end with such a heartbeat too, and says so before (4.1 and W103 there). over_s: what
-- ends is gone within that time (domain/evidence-rules.md class 11). beat_s: a worker whose heartbeats are not over
-- sends the next within that time (fact 17 there). carried_s: heartbeats are 20 s apart at least
-- (domain/worker-app.md 4.1), and a worker's clock is off by up to 3 s (domain/evidence-rules.md fact 24).
with crashes as (
    -- its guardian's own word, while no later write has overwritten it
    -- equivalent: min and arg_min because a guardian reports it once
    select worker_id, min(happened_at) as crashed_at, arg_min(event_id, (happened_at, event_id)) as crash_event_id
    from events
    where kind = 'worker_crashed'
    group by worker_id
),

texts as (
    -- the crash wrote it into the row of what it held (domain/worker-app.md 1.5)
    -- equivalent: min because the one capture of a case keeps the text of one crash
    select worker_id, min(ended_at) as crashed_at
    from task_attempts
    where reason = 'its worker crashed' and worker_id is not null
    group by worker_id
),

lives as (
    -- a process that never spoke is a startup that failed: see worker_never_ready
    select worker_id, max(happened_at) as last_work_at
    from worker_signals
    where not by_guardian
    group by worker_id
),

goodbyes as (
    -- it shut down by itself, and did nothing since
    select events.worker_id
    from events
    -- equivalent: join because its goodbye is a word of its process
    join lives using (worker_id)
    where events.kind = 'worker_said_goodbye'
    group by events.worker_id, lives.last_work_at
    having max(events.happened_at) + to_seconds($over_s) >= lives.last_work_at
),

blind as (
    -- its process may live without GPU memory. Killed for that, its row was still looked at: a crash is written into
    -- the status, and such rows are not (domain/orchestrator.md 2.3). And a line that is younger than the heartbeat
    -- before the last came with the last, while that of a crash carries none (domain/worker-app.md 4.1)
    select workers.id as worker_id
    from workers
    -- equivalent: join because its time is asked for
    join events on events.worker_id = workers.id
    where (
            json_extract_string(events.attributes, '$.reason') like 'GPU not detected%'
            and events.happened_at + to_seconds($over_s) >= workers.last_heartbeat
        )
        or (
            events.source_type = 'worker'
            and events.happened_at + to_seconds($carried_s) > workers.last_heartbeat
        )
),

last_beats as (
    -- the row's last heartbeat says which GPU memory the guardian saw
    select
        id as worker_id, last_heartbeat as crashed_at,
        case
            when id not in (select worker_id from goodbyes) and id not in (select worker_id from blind)
                then try_cast(json_extract(try_cast(metadata as json), '$.vram_total_mb') as bigint)
        end as vram_mb
    from workers
    where instance_type <> 'api'
),

dead as (
    select
        last_beats.worker_id, crashes.crash_event_id,
        case
            when crashes.worker_id is not null then crashes.crashed_at
            when last_beats.vram_mb = 0 then last_beats.crashed_at
            else texts.crashed_at
        end as crashed_at,
        case
            when crashes.worker_id is not null then 'crashed'
            when last_beats.vram_mb = 0 then 'no_gpu_memory'
            else 'task_text'
        end as sign
    from last_beats
    left join crashes using (worker_id)
    left join texts using (worker_id)
    where crashes.worker_id is not null or last_beats.vram_mb = 0 or texts.worker_id is not null
),

held as (
    -- what it held when it died; the crash itself puts its tasks back
    select
        dead.worker_id, list_sort(list(distinct task_attempts.task_id)) as task_ids,
        list_sort(list(distinct task_attempts.claimed_event_id)) as claim_event_ids,
        max(tasks.task_type) as task_type,
        bool_or(task_attempts.reason = 'its worker crashed') as says_crashed,
        -- it held them side by side
        epoch(dead.crashed_at - min(task_attempts.claimed_at)) as work_s
    from dead
    -- equivalent: join because the next one drops what it would keep
    join task_attempts
        on task_attempts.worker_id = dead.worker_id
        and task_attempts.claimed_at <= dead.crashed_at
        and coalesce(task_attempts.ended_at >= dead.crashed_at, true)
        and task_attempts.outcome <> 'complete'
    -- equivalent: join because an attempt is of a task that has its row
    join tasks on tasks.id = task_attempts.task_id
    group by dead.worker_id, dead.crashed_at
),

again as (
    -- who claims after that has begun anew
    select dead.worker_id, min(task_attempts.claimed_at) as begun_at
    from dead
    -- equivalent: join because only the claim is used
    join task_attempts
        on task_attempts.worker_id = dead.worker_id
        and task_attempts.claimed_at > dead.crashed_at
    group by dead.worker_id
),

evidence as (
    select max(until_at) as until_at from coverage
),

silent as (
    -- nothing came after it although its pod lived, as after a crash; or it was stopped as one that starts, which its
    -- row cannot have said unless the crash had overwritten active (domain/orchestrator.md W9)
    select dead.worker_id
    from dead
    cross join evidence
    left join worker_ends using (worker_id)
    where coalesce(worker_ends.ended_at, evidence.until_at) > dead.crashed_at + to_seconds($beat_s)
        or worker_ends.end_kind = 'early_termination'
)

select
    'worker' as subject_kind, dead.worker_id as subject_id, dead.crashed_at as happened_at,
    case
        when held.says_crashed then 'confirmed'
        when dead.sign = 'no_gpu_memory' and silent.worker_id is null then 'insufficient_evidence'
        else 'probable'
    end as verdict,
    case dead.sign
        when 'crashed' then 'its guardian reported its process dead'
        when 'task_text' then 'the row of a task says that its process died'
        else 'its last heartbeat came without GPU memory, as after the death of its process'
            || case when silent.worker_id is null then ', or as its GPU could not be read' else '' end
    end
    || coalesce(', with ' || len(held.task_ids) || ' task(s) in hand', '') as summary,
    list_filter(
        list_concat(
            ['workers:' || dead.worker_id, dead.crash_event_id],
            coalesce(held.claim_event_ids, []),
            list_transform(coalesce(held.task_ids, []), lambda task: 'tasks:' || task)
        ),
        lambda piece: piece is not null
    ) as evidence,
    dead.sign, held.task_type, lives.last_work_at, worker_ends.ended_at as pod_ended_at,
    coalesce(held.task_ids, []) as affected_tasks,
    coalesce(held.work_s, 0)
        + epoch(coalesce(again.begun_at, worker_ends.ended_at, evidence.until_at) - dead.crashed_at) as lost_worker_s
from dead
join lives using (worker_id)
cross join evidence
left join held using (worker_id)
left join again using (worker_id)
left join silent using (worker_id)
left join worker_ends using (worker_id)
order by happened_at, subject_id
