--! id        = "worker_metadata_update_lost"
--! title     = "A write to a worker's metadata was undone by another writer"
--! severity  = "low"
--! question  = "Which writes that a line tells of does the worker's row not show?"
--! reads     = ["anomalies", "events", "workers"]
--! grain     = ["subject_id", "happened_at", "told_by"]
--! incidents = ["O33"]
--! cause     = ["told_by"]
--! innocent  = """
--!   A person edited the row since."""
--! remedy    = """
--!   The orchestrator and the heartbeat function read and write metadata whole: the later one undoes what
--!   came between. Let both write single keys (jsonb_set). What was lost is in the log only: take it from
--!   the event."""
--! guide     = """
--!   `told_by` is the line's kind, `detail` names the key that the row lacks. Reports that read the row
--!   alone miss this death, promotion or launch."""

-- Rule: domain/orchestrator.md 1.2, Race: two writers of metadata lose each other's keys, in both
-- directions.
select
    'worker' as subject_kind, anomalies.subject_id, anomalies.happened_at, 'confirmed' as verdict,
    format('the row does not hold what was written: {}', anomalies.detail) as summary,
    [anomalies.event_id, 'workers:' || anomalies.subject_id] as evidence,
    events.kind as told_by, anomalies.detail, events.run_id, workers.status,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from anomalies
-- equivalent: join because the anomaly names its event
join events on events.event_id = anomalies.event_id and events.subject_kind = 'worker'
-- equivalent: join because the row that lacks the key is there
join workers on workers.id = anomalies.subject_id
where anomalies.kind = 'lost_update'
order by happened_at, subject_id, told_by
