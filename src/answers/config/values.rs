//! What was set, as far as rows show it.

use crate::answers::ask::{Ask, Row};
use crate::answers::config::setting::Setting;
use crate::answers::page::{Page, Value};
use crate::read::error::ReadError;

/// The limits that decisions were measured against, as told (not taken by default), by process. Most decisions
/// are measured against the same: each text is taken apart once.
const SHOWN: &str = "with texts as ( \
      select run_id, thresholds, count(*) as n, min(happened_at) as first_at, max(happened_at) as last_at, \
        arg_min(event_id, (happened_at, event_id)) as event_id from decisions group by run_id, thresholds), \
    pairs as (select *, unnest(json_keys(thresholds)) as threshold from texts), \
    told as ( \
      select *, json_extract_string(thresholds, '$.' || threshold) as value from pairs \
      where threshold <> 'by_default' and not coalesce(json_contains( \
        json_extract(thresholds, '$.by_default'), '\"' || threshold || '\"'), false)) \
    select threshold, coalesce(run_id, 'rows of workers') as run_id, value, sum(n)::bigint as n, \
      min(first_at) as first_at, max(last_at) as last_at, arg_min(event_id, (first_at, event_id)) as event_id \
    from told group by all order by threshold, first_at, run_id, value";

/// The limits that the diagnostics of kills list, by the names of their settings in small letters
/// (domain/orchestrator.md 1.3).
const NOTED: &str = "with kills as (select id, \
      json_extract(try_cast(metadata as json), '$.diagnostics.timeouts') as limits from workers \
      where contains(metadata, '\"timeouts\"')), \
    noted as (select id, limits, unnest(json_keys(limits)) as name from kills \
      where json_type(limits) = 'OBJECT') \
    select upper(name) as setting, json_extract_string(limits, '$.\"' || name || '\"') as value, \
      count(*) as n, min(id) as worker_id from noted group by all order by setting, value";

/// How far apart cycles begin.
const POLL: &str = "select run_id, median(gap) as gap, min(gap) as least, max(gap) as most, count(*) as n from ( \
      select run_id, epoch(started_at - lag(started_at) over (partition by run_id order by cycle)) as gap, \
        cycle - lag(cycle) over (partition by run_id order by cycle) as step from cycles) \
    where step = 1 and gap is not null group by run_id order by run_id";

/// What rows say of settings without a decision: the GPU that was asked for stands in the rows it was asked for
/// (domain/orchestrator.md 1.3), and a process writes log rows only where it was told to (1.1). The volume of a pod
/// is no setting: several are tried (G66).
const IN_ROWS: &str = "select 'RUNPOD_GPU_TYPE' as setting, instance_type as value, null as said, \
      count(*) || ' rows of workers' as shown_by, null as run_id, 'workers:' || min(id) as evidence \
    from workers where instance_type not in ('api', 'external') group by instance_type \
    union all select 'RUNPOD_STORAGE_NAME', null, \
      'no row tells; pods have had ' || string_agg(distinct volume, ', ' order by volume), \
      count(*) || ' rows of workers', null, 'workers:' || min(id) \
    from (select id, json_extract_string(try_cast(metadata as json), '$.storage_volume') as volume from workers) \
    where volume is not null having count(*) > 0 \
    union all select 'ENABLE_DB_LOGGING', 'true', null, 'log rows of ' || count(*) || ' processes', \
      arg_min(run_id, (started_at, run_id)), 'runs:' || arg_min(run_id, (started_at, run_id)) \
    from runs where starts_with(source_type, 'orchestrator') having count(*) > 0 \
    order by setting, value";

/// What shows values.
pub(super) struct Seen {
    shown: Vec<Row>,
    polls: Vec<Row>,
    noted: Vec<Row>,
    in_rows: Vec<Row>,
}

impl Seen {
    /// Reads them.
    pub(super) fn read(ask: Ask<'_>) -> Result<Self, ReadError> {
        let [shown, noted, in_rows, polls] = ask.beside([SHOWN, NOTED, IN_ROWS, POLL], &[])?;
        Ok(Self { shown, polls, noted, in_rows })
    }

    /// What shows the value of one setting: the value, how it is said where that is not all, by what, of which
    /// process, and the first row.
    fn of(&self, setting: &Setting) -> Vec<Vec<Value>> {
        let told = |row: &&Row| row.text("threshold") == setting.threshold.as_deref();
        let mut found: Vec<Vec<Value>> = Vec::new();
        if setting.threshold.is_some() {
            found.extend(self.shown.iter().filter(told).map(|row| {
                let at_least = setting.threshold.as_deref() == Some("max_active_at_least");
                let value = row.text("value").unwrap_or_default();
                let said = at_least.then(|| format!("at least {value}"));
                let by = format!("{} decisions", row.int("n").unwrap_or(0));
                vec![
                    Value::Text(value.to_string()),
                    Value::text(said),
                    Value::Text(by),
                    row.id("run_id"),
                    row.id("event_id"),
                ]
            }));
        }
        let noted = self.noted.iter().filter(|row| row.text("setting") == Some(&setting.name));
        for row in noted {
            let value = row.text("value").unwrap_or_default();
            let is_known =
                |cells: &Vec<Value>| cells.first() == Some(&Value::Text(value.to_string()));
            if found.iter().any(is_known) {
                continue;
            }
            let by = format!("diagnostics of {} kills", row.int("n").unwrap_or(0));
            let worker = row.text("worker_id").map(|id| format!("workers:{id}"));
            found.push(vec![
                Value::Text(value.to_string()),
                Value::Missing,
                Value::Text(by),
                Value::Missing,
                Value::id(worker),
            ]);
        }
        let in_rows = self.in_rows.iter().filter(|row| row.text("setting") == Some(&setting.name));
        found.extend(in_rows.map(|row| {
            let columns = ["value", "said", "shown_by"].map(|name| row.say(name));
            [&columns[..], &[row.id("run_id"), row.id("evidence")]].concat()
        }));
        if setting.name == "ORCHESTRATOR_POLL_SEC" {
            found.extend(self.polls.iter().map(|row| {
                let gap = row.float("gap").unwrap_or(f64::NAN);
                let by = format!("median of {} cycles", row.int("n").unwrap_or(0));
                vec![
                    Value::Text(format!("{gap:.0}")),
                    Value::Text(format!("about {gap:.0}")),
                    Value::Text(by),
                    row.id("run_id"),
                    Value::Missing,
                ]
            }));
        }
        found
    }
}

/// Adds values as evidence shows them, beside the defaults.
pub(super) fn add(page: &mut Page, settings: &[&Setting], seen: &Seen) {
    let mut rows = Vec::new();
    for setting in settings {
        let mut found = seen.of(setting);
        if found.is_empty() {
            let mut unknown = vec![Value::Missing; 5];
            unknown[1] = Value::Text("no row tells".to_string());
            found.push(unknown);
        }
        let dead = if setting.dead.is_some() { "dead" } else { "" };
        let known = [Value::Id(setting.name.clone()), Value::Text(default_of(setting))];
        rows.extend(found.into_iter().map(|found| {
            let mut row = known.to_vec();
            row.extend(found);
            row.push(Value::text(Some(dead).filter(|dead| !dead.is_empty())));
            row
        }));
    }
    let columns =
        ["setting", "default", "value", "value_said", "shown_by", "process", "first_event", "note"];
    page.table(
        "settings",
        "Settings, as far as evidence shows them",
        &columns,
        rows,
        "none of that name",
    );
}

fn default_of(setting: &Setting) -> String {
    let told = setting.default.iter().map(|(eras, value)| {
        if eras.is_empty() { value.clone() } else { format!("{value} ({eras})") }
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() { "not known".to_string() } else { told.join(", ") }
}
