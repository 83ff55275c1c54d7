//! What cannot be known of a worker, and why.

use crate::answers::ask::Row;
use crate::answers::causes;
use crate::answers::page::{Page, Value};
use crate::answers::worker::life::Life;
use crate::model::time::Micros;

/// One thing that cannot be known.
struct Unknown {
    what: &'static str,
    why: String,
    from: Option<Micros>,
    until: Option<Micros>,
}

impl Unknown {
    fn new(what: &'static str, why: &str) -> Self {
        Self { what, why: why.to_string(), from: None, until: None }
    }

    fn between(mut self, from: Option<Micros>, until: Option<Micros>) -> Self {
        (self.from, self.until) = (from, until);
        self
    }
}

/// Adds them.
pub(super) fn add(page: &mut Page, life: &Life) {
    let mut all = Vec::new();
    row(&mut all, life);
    if let Some(end) = &life.end {
        ending(&mut all, life, end);
    }
    if let Some((seen, missed)) = life.row_vanished() {
        let why = "its row was deleted, or hidden, between two captures, and nothing has told of it since";
        let what = "whether it runs on, and whether its pod does";
        all.push(Unknown::new(what, why).between(Some(seen), None));
        let gone = "two captures tell that it did, and no row when";
        all.push(Unknown::new("when its row vanished", gone).between(Some(seen), Some(missed)));
    }
    lines(&mut all, life, "worker", "what it logged");
    lines(&mut all, life, "orchestrator_gpu", "what the orchestrator did");
    let rows = all.into_iter().map(|one| {
        vec![
            Value::Text(one.what.to_string()),
            Value::Text(one.why),
            Value::time(one.from),
            Value::time(one.until),
        ]
    });
    let columns = ["what", "why", "from", "until"];
    page.table("unknown", "What cannot be known", &columns, rows.collect(), "nothing of note");
}

fn row(all: &mut Vec<Unknown>, life: &Life) {
    match &life.row {
        None if life.states.is_empty() => all.push(Unknown::new(
            "its states and its tasks",
            "it has no row here: only lines tell of it (`--logs-only`)",
        )),
        None => all.push(Unknown::new("what its row says", "its row was not captured")),
        Some(row) if row.text("metadata").is_none() => all.push(Unknown::new(
            "its pod, price, memory and reasons, as its row tells them",
            "metadata is NULL",
        )),
        Some(row) => {
            if !life.meta.is_object() {
                let said = format!(
                    "metadata is no JSON object ({} bytes)",
                    row.text("metadata").map_or(0, str::len)
                );
                all.push(Unknown::new("what its metadata says", &said));
            }
            if row.time("last_heartbeat").is_some() {
                let why = "the row keeps the last one alone; others only where a line tells";
                all.push(Unknown::new("its earlier heartbeats", why));
            }
        }
    }
    if life.pods.iter().any(|pod| pod.float("cost_per_hour").is_none()) {
        all.push(Unknown::new("what its pod cost", "no row tells the price of an hour"));
    }
    let why = "no column holds it; the name of its storage volume may tell";
    all.push(Unknown::new("the region it ran in", why));
}

fn ending(all: &mut Vec<Unknown>, life: &Life, end: &Row) {
    if end.time("ended_at").is_none() {
        let (after, before) = (end.time("ended_after"), end.time("ended_before"));
        let (what, why) = match before {
            Some(_) => ("when its pod stopped", "no row tells; it lies between these"),
            None => ("whether its pod stopped, and when", "no row tells: it may run on, and cost"),
        };
        all.push(Unknown::new(what, why).between(after, before));
    }
    // with no bound it is told as one that runs
    let is_vague = |pod: &&Row| pod.time("ended_at").is_none() && life.ended_at().is_some();
    all.extend(life.pods.iter().filter(is_vague).map(|pod| cost(pod, end)));
    if end.text("end_kind") == Some("unknown") {
        all.push(Unknown::new("why it ended", "no row tells"));
    }
    if life.is_over()
        && end.text("reason").is_none()
        && matches!(end.text("end_kind"), Some("error" | "failsafe"))
    {
        all.push(Unknown::new("the reason it was ended for", "no row holds one"));
    }
    let by_orchestrator = matches!(
        end.text("end_kind"),
        Some(
            "scale_down" | "early_termination" | "idle_timeout" | "error" | "failsafe" | "external"
        )
    );
    if by_orchestrator && life.is_over() && end.text("decided_by").is_none() {
        let decided = end.time("decided_at");
        let gap = life.coverage.iter().find(|stretch| {
            is_blind(stretch, "orchestrator_gpu")
                && stretch.time("from_at") <= decided
                && decided <= stretch.time("until_at")
        });
        let why =
            gap.and_then(|gap| gap.text("why_not")).map_or("no line tells of it", causes::told);
        let why = format!("{why}; its row tells of the end");
        all.push(Unknown::new("which process ended it", &why).between(decided, decided));
    }
}

/// What a pod cost that stopped with its worker, nobody knows when: by the bounds of the end.
fn cost(pod: &Row, end: &Row) -> Unknown {
    let what = "how long its pod ran, and what it cost";
    let price = pod.float("cost_per_hour");
    let dollars = |until: &str| {
        let lived = end.time(until)?.seconds_since(pod.time("created_at")?).max(0.0);
        Some(price? * lived / 3600.0)
    };
    let bounds = (end.time("ended_after"), end.time("ended_before"));
    let why = match (dollars("ended_after"), dollars("ended_before")) {
        (Some(least), Some(most)) => {
            format!(
                "it stopped between these: ${least:.2} to ${most:.2}, if it stopped with its worker"
            )
        }
        (Some(_) | None, Some(_) | None) => "no row tells when it stopped".to_string(),
    };
    Unknown::new(what, &why).between(bounds.0, bounds.1)
}

/// Whether lines of such a source could not have reached us there. One that did not run made none.
fn is_blind(stretch: &Row, source: &str) -> bool {
    stretch.text("source_type") == Some(source)
        && stretch.flag("could_reach") == Some(false)
        && stretch.text("why_not") != Some("process_down")
}

/// The stretches of its life of which a source's lines could not have reached us; those of one cause that
/// touch are one.
fn lines(all: &mut Vec<Unknown>, life: &Life, source: &str, what: &'static str) {
    let mut stretches: Vec<(Micros, Micros, &str)> = Vec::new();
    for stretch in life.coverage.iter().filter(|stretch| is_blind(stretch, source)) {
        let begin = life.began_at().unwrap_or(life.at);
        let from = stretch.time("from_at").unwrap_or(begin).max(begin);
        let until = stretch.time("until_at").unwrap_or(life.at).min(life.until());
        let why = stretch.text("why_not").unwrap_or("unknown");
        match stretches.last_mut() {
            _ if until <= from => {}
            Some(last) if last.2 == why && from <= last.1 => last.1 = last.1.max(until),
            Some(_) | None => stretches.push((from, until, why)),
        }
    }
    for (from, until, why) in stretches {
        all.push(Unknown::new(what, causes::told(why)).between(Some(from), Some(until)));
    }
}
