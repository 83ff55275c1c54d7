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

/// What shows values.
pub(super) struct Seen {
    shown: Vec<Row>,
    polls: Vec<Row>,
    noted: Vec<Row>,
}

impl Seen {
    /// Reads them.
    pub(super) fn read(ask: Ask<'_>) -> Result<Self, ReadError> {
        let [shown, noted, polls] = ask.beside([SHOWN, NOTED, POLL], &[])?;
        Ok(Self { shown, polls, noted })
    }

    /// What shows the value of one setting: the value, by what, of which process, and the first row.
    fn of(&self, setting: &Setting) -> Vec<Vec<Value>> {
        let told = |row: &&Row| row.text("threshold") == setting.threshold.as_deref();
        let mut found: Vec<Vec<Value>> = Vec::new();
        if setting.threshold.is_some() {
            found.extend(self.shown.iter().filter(told).map(|row| {
                let at_least = setting.threshold.as_deref() == Some("max_active_at_least");
                let value = row.text("value").unwrap_or_default();
                let value = if at_least { format!("at least {value}") } else { value.to_string() };
                let by = format!("{} decisions", row.int("n").unwrap_or(0));
                vec![Value::Text(value), Value::Text(by), row.id("run_id"), row.id("event_id")]
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
                Value::Text(by),
                Value::Missing,
                Value::id(worker),
            ]);
        }
        if setting.name == "ORCHESTRATOR_POLL_SEC" {
            found.extend(self.polls.iter().map(|row| {
                let gap = row.float("gap").unwrap_or(f64::NAN);
                let by = format!("median of {} cycles", row.int("n").unwrap_or(0));
                vec![
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
            let unknown = Value::Text("no row tells".to_string());
            found.push(vec![unknown, Value::Missing, Value::Missing, Value::Missing]);
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
    let columns = ["setting", "default", "value", "shown_by", "process", "first_event", "note"];
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
