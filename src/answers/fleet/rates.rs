//! How many workers fail: by the orchestrator's own formula, and by how they really ended.

use crate::answers::ask::{Ask, Row};
use crate::answers::fleet::eras;
use crate::answers::fleet::guilt;
use crate::answers::fleet::serving::Member;
use crate::answers::page::{Page, Value};
use crate::findings::short::Told;
use crate::model::time::Micros;
use crate::read::error::ReadError;

/// The tables it asks, beside those of the fleet.
pub(in crate::answers) const TABLES: [&str; 2] = eras::TABLES;

/// Eras until E3b count 30 minutes, later ones 5 (domain/orchestrator.md 5.2).
const LONG_WINDOW_S: f64 = 1800.0;
const WINDOW_S: f64 = 300.0;
/// Of fewer young workers no rate is made (domain/orchestrator.md 5.2, MIN_WORKERS_FOR_RATE_CHECK).
const WORKERS_MIN: i64 = 5;
/// A greater share blocks the spawning (domain/orchestrator.md 5.2, MAX_WORKER_FAILURE_RATE).
const RATE_MAX: f64 = 0.8;
/// Eras whose formula counts 30 minutes.
const LONG_ERAS: [&str; 6] = ["E1", "E1b", "E2", "E3", "E3a", "E3b"];
/// Eras whose formula counts every terminated row as a failure: until aaa4aa8, which is E8.
const TERMINATED_FAILS: [&str; 11] =
    ["E1", "E1b", "E2", "E3", "E3a", "E3b", "E3c", "E4", "E5", "E6", "E7"];
/// Eras in which the formula is worked out and blocks nothing (domain/orchestrator.md 5.2).
const BLOCKS_NOTHING: [&str; 4] = ["E3c", "E4", "E5", "E6"];

/// Ends that are a fault: of the worker, its pod or its start.
const FAULTS: [&str; 5] = ["error", "failsafe", "self_terminated", "external", "spawn_failed"];

const ERA: &str = "select era, {eras} from runs where source_type = 'orchestrator_gpu' \
    order by started_at desc nulls last, run_id desc limit 1";

/// The counts behind both rates.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::answers) struct Rates {
    era: Option<String>,
    /// The eras that the process may be of, where they are several; it is counted as the first counts.
    eras: Option<String>,
    window_s: f64,
    counts_terminated: bool,
    young: i64,
    young_failed: i64,
    ended: i64,
    normal: i64,
    faults: i64,
    spent: i64,
    cleared: i64,
    unknown: i64,
}

/// The era of the process that ran last, by whose formula is counted.
pub(in crate::answers) fn era(ask: Ask<'_>) -> Result<Option<Row>, ReadError> {
    ask.first(&eras::with_eras(ERA), &[])
}

impl Rates {
    /// Counts a fleet, as it is now: by the formula of an era, and over those that ended in a span.
    pub(in crate::answers) fn of(
        run: Option<&Row>,
        fleet: &[Member],
        told: &[Told],
        now: Micros,
        (since, until): (Micros, Micros),
    ) -> Self {
        let era = run.and_then(|row| row.text("era").map(str::to_string));
        let is_of = |eras: &[&str]| era.as_deref().is_some_and(|era| eras.contains(&era));
        let mut rates = Self {
            window_s: if is_of(&LONG_ERAS) { LONG_WINDOW_S } else { WINDOW_S },
            counts_terminated: is_of(&TERMINATED_FAILS),
            era: era.clone(),
            eras: run.and_then(eras::several),
            ..Self::default()
        };
        for member in fleet {
            rates.count_young(member, now);
            if member.ended_in(since, until) && !member.is_api() {
                rates.count_ended(member, told);
            }
        }
        rates
    }

    /// The formula looks at the row: when it was made, and the word in its status.
    fn count_young(&mut self, member: &Member, now: Micros) {
        let row = member.row();
        let (Some(status), Some(created)) = (row.text("status"), row.time("created_at")) else {
            return;
        };
        if now.seconds_since(created) > self.window_s {
            return;
        }
        self.young += 1;
        if status == "error" || self.counts_terminated && status == "terminated" {
            self.young_failed += 1;
        }
    }

    fn count_ended(&mut self, member: &Member, told: &[Told]) {
        let kind = member.row().text("end_kind").unwrap_or("unknown");
        self.ended += 1;
        if kind == "unknown" {
            self.unknown += 1;
        } else if !FAULTS.contains(&kind) {
            let blames = guilt::blames(told.iter(), member.id(), member.ended_at());
            *(if blames.is_empty() { &mut self.normal } else { &mut self.spent }) += 1;
        } else if guilt::clears(told, member.id()) {
            self.cleared += 1;
        } else {
            self.faults += 1;
        }
    }

    /// Whether the orchestrator's rate is over its limit, where it makes one.
    pub(in crate::answers) fn is_over(&self) -> Option<bool> {
        (self.young >= WORKERS_MIN).then(|| self.young_failed as f64 / self.young as f64 > RATE_MAX)
    }

    fn says(&self) -> &'static str {
        let blocks = self.era.as_deref().is_none_or(|era| !BLOCKS_NOTHING.contains(&era));
        match (self.is_over(), blocks) {
            (None, _) => "too few: it wants 5",
            (Some(false), _) => "pass: spawning goes on",
            (Some(true), true) => "over 80 %: it spawns none",
            (Some(true), false) => "over 80 %, but in this era it spawns all the same",
        }
    }

    /// Adds both rates with their counts.
    pub(in crate::answers) fn add(&self, page: &mut Page, span_s: f64) {
        let counted = if self.counts_terminated { "error or terminated" } else { "error" };
        let rows = vec![
            vec![
                Value::Text("the orchestrator's".to_string()),
                Value::Text(format!("rows in status {counted}, of the rows made in the window")),
                Value::Seconds(self.window_s),
                Value::Count(self.young_failed),
                Value::Count(self.young),
                Value::share(self.young_failed, self.young),
                Value::Text(self.says().to_string()),
            ],
            vec![
                Value::Text("by how they ended".to_string()),
                Value::Text(
                    "ended by a fault of theirs or after one, of those that ended".to_string(),
                ),
                Value::Seconds(span_s),
                Value::Count(self.failed()),
                Value::Count(self.ended),
                Value::share(self.failed(), self.ended),
                Value::Text(self.bounds()),
            ],
        ];
        let columns = ["formula", "counts", "window_s", "failed", "of", "rate", "says"];
        let era = self.era.as_deref().unwrap_or("not known");
        let title = match &self.eras {
            Some(eras) => format!(
                "Failure rate (era {eras}, by its lines; window and limits are the defaults of {era})"
            ),
            None => format!("Failure rate (era {era}; its window and limits are the defaults)"),
        };
        page.table("failure_rates", &title, &columns, rows, "none");
        page.fields(
            "ended_by_sort",
            "The ends behind the second rate",
            vec![
                ("ended", Value::Count(self.ended)),
                ("normal_stops", Value::Count(self.normal)),
                ("stopped_in_order_after_a_fault", Value::Count(self.spent)),
                ("by_a_fault_of_theirs", Value::Count(self.faults)),
                ("ended_without_fault", Value::Count(self.cleared)),
                ("not_known", Value::Count(self.unknown)),
            ],
        );
    }

    /// A worker that had crashed or frozen failed, however its pod was stopped then.
    fn failed(&self) -> i64 {
        self.faults + self.spent
    }

    fn bounds(&self) -> String {
        match self.unknown {
            0 => String::new(),
            n => format!("{n} ends are not known: up to {:.1} %", {
                100.0 * (self.failed() + n) as f64 / self.ended as f64
            }),
        }
    }
}
