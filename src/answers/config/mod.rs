//! The orchestrators' settings: what each means, its default by era, and its value as far as evidence shows it.
//!
//! No row holds a configuration. A value is known where a line or the diagnostics of a kill print the limit
//! that a decision was measured against (docs/decisions.md, Thresholds); beside it stands what was measured,
//! which bounds it.

mod setting;
mod values;

use crate::answers::ask::{Ask, Row};
use crate::answers::config::setting::Setting;
use crate::answers::config::values::Seen;
use crate::answers::page::{Page, Value};
use crate::read::error::ReadError;

/// The tables it asks.
pub const TABLES: [&str; 4] = ["decisions", "cycles", "runs", "workers"];

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct ConfigAsked {
    /// Whether meaning and effect are told.
    pub explain: bool,
    /// Only settings whose name holds this.
    pub name: Option<String>,
}

/// What was measured when a limit of age had been passed: it bounds the limit from above.
const MEASURED: &str = "select formula, \
      min(coalesce(json_extract(inputs, '$.idle_s'), json_extract(inputs, '$.heartbeat_age_s'), \
        json_extract(inputs, '$.task_age_s'), json_extract(inputs, '$.age_s'), \
        json_extract(inputs, '$.error_age_s'), json_extract(inputs, '$.worker_age_s'))::double) as least, \
      max(coalesce(json_extract(inputs, '$.idle_s'), json_extract(inputs, '$.heartbeat_age_s'), \
        json_extract(inputs, '$.task_age_s'), json_extract(inputs, '$.age_s'), \
        json_extract(inputs, '$.error_age_s'), json_extract(inputs, '$.worker_age_s'))::double) as most, \
      count(*) as n, arg_min(event_id, (happened_at, event_id)) as event_id \
    from decisions where formula in ('idle_timeout', 'stale_heartbeat', 'stuck_task', 'spawning_timeout', \
      'script_running_timeout', 'ready_not_claiming', 'error_cleanup', 'scale_down_victim', \
      'early_termination', 'stale_reset', 'unassigned_reset') and decided = 'act' \
    group by formula order by formula";

/// The names of all settings.
///
/// # Errors
/// When the file of settings is wrong, which a test forbids.
pub fn names() -> Result<Vec<String>, ReadError> {
    let settings = setting::all().map_err(|err| ReadError::Failed(err.to_string()))?;
    Ok(settings.into_iter().map(|setting| setting.name).collect())
}

/// Tells of the settings.
///
/// # Errors
/// When the tables cannot be asked.
pub fn config(ask: Ask<'_>, asked: &ConfigAsked) -> Result<Page, ReadError> {
    let settings = setting::all().map_err(|err| ReadError::Failed(err.to_string()))?;
    let is_asked = |setting: &&Setting| match &asked.name {
        Some(name) => setting.name.to_lowercase().contains(&name.to_lowercase()),
        None => true,
    };
    let settings: Vec<&Setting> = settings.iter().filter(is_asked).collect();
    let mut page = Page::new("config", None, ask.told_at(), ask.is_as_of);
    values::add(&mut page, &settings, &Seen::read(ask)?);
    if asked.explain {
        explained(&mut page, &settings);
        measured(&mut page, &ask.rows(MEASURED, &[])?, &settings, asked.name.is_some());
        page.lines("termination", "When a worker is stopped", termination());
    }
    Ok(page)
}

fn explained(page: &mut Page, settings: &[&Setting]) {
    let rows = settings.iter().map(|setting| {
        let effect = match (&setting.dead, &setting.effect) {
            (Some(dead), _) => Some(format!("dead: {dead}")),
            (None, effect) => effect.clone(),
        };
        vec![
            Value::Id(setting.name.clone()),
            Value::Text(setting.means.clone()),
            Value::text(effect),
        ]
    });
    let columns = ["setting", "means", "effect"];
    page.table("meaning", "What they mean", &columns, rows.collect(), "none of that name");
}

/// Which setting a formula measures against, for the people who know its name.
const FORMULAS: [(&str, &str); 11] = [
    ("early_termination", "SPAWNING_GRACE_PERIOD_SEC"),
    ("error_cleanup", "ERROR_CLEANUP_GRACE_PERIOD_SEC"),
    ("idle_timeout", "GPU_IDLE_TIMEOUT_SEC"),
    ("ready_not_claiming", "READY_NOT_CLAIMING_TIMEOUT_SEC"),
    ("scale_down_victim", "GPU_OVERCAPACITY_IDLE_TIMEOUT_SEC"),
    ("script_running_timeout", "SCRIPT_RUNNING_TIMEOUT_SEC"),
    ("spawning_timeout", "SPAWNING_TIMEOUT_SEC"),
    ("stale_heartbeat", "GPU_IDLE_TIMEOUT_SEC"),
    ("stale_reset", "a constant: 30 minutes"),
    ("stuck_task", "TASK_STUCK_TIMEOUT_SEC"),
    ("unassigned_reset", "a constant: 15 minutes"),
];

fn measured(page: &mut Page, rows: &[Row], settings: &[&Setting], is_some: bool) {
    let named = |formula: &str| {
        FORMULAS.iter().find(|(known, _)| *known == formula).map(|(_, setting)| *setting)
    };
    let is_asked = |row: &&Row| {
        let named = row.text("formula").and_then(named).unwrap_or_default();
        !is_some || settings.iter().any(|setting| setting.name == named)
    };
    let struck = rows.iter().filter(|row| row.float("least").is_some());
    let rows = struck.filter(is_asked).map(|row| {
        let formula = row.text("formula").unwrap_or_default();
        vec![
            Value::Id(formula.to_string()),
            Value::text(named(formula)),
            row.count("n"),
            row.seconds("least"),
            row.seconds("most"),
            row.id("event_id"),
        ]
    });
    let columns = ["rule", "setting", "times", "least_s", "most_s", "first_event"];
    let title = "What was measured when a rule struck: its limit is no more than the least";
    page.table("measured", title, &columns, rows.collect(), "no rule of age struck");
}

/// The rules by which a worker is stopped, in the words of the settings (domain/orchestrator.md 2.2, 5.1).
fn termination() -> Vec<String> {
    [
        "Nothing is queued, it is idle for longer than GPU_IDLE_TIMEOUT_SEC, and more than MIN_ACTIVE_GPUS are \
         active: idle timeout. It is written as an error, and is a normal stop.",
        "There are more workers than wanted, and it is idle for longer than GPU_OVERCAPACITY_IDLE_TIMEOUT_SEC: \
         scale-down, at most one step each SCALE_DOWN_GRACE_PERIOD_SEC.",
        "Nothing is queued, and it is still spawning after SPAWNING_GRACE_PERIOD_SEC: early termination.",
        "Its heartbeat is older than GPU_IDLE_TIMEOUT_SEC while it holds a task or tasks are queued; its task takes \
         longer than TASK_STUCK_TIMEOUT_SEC; it does not start within SPAWNING_TIMEOUT_SEC: condemned, and its \
         tasks are put back.",
        "A rule is asked once a cycle: what it measures lies between the limit and the limit and \
         ORCHESTRATOR_POLL_SEC, later where a cycle overran.",
    ]
    .map(str::to_string)
    .to_vec()
}
