//! The grammar against rows that the real orchestrator wrote, and against lines that nobody knows.

mod golden;
mod hostile;
mod verbs;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use backstory::grammar::matcher::Grammar;
use serde_json::Value;

use crate::support::replayed::{Bench, INCIDENTS, case, incident, tables, write_tables};

/// One row of `system_logs`, as far as a template is concerned.
struct Line {
    id: String,
    source: String,
    level: String,
    message: String,
    /// `module:function:line`, where the row says it.
    site: Option<String>,
}

fn lines(folder: &Path) -> Vec<Line> {
    let all = tables(folder);
    let mut reader = csv::Reader::from_reader(all["system_logs"].as_bytes());
    let names = reader.headers().expect("a header").clone();
    let at = |name: &str| names.iter().position(|have| have == name).expect("a column");
    let columns = ["id", "source_type", "log_level", "message", "metadata"].map(at);
    let line = |row: csv::StringRecord| {
        let [id, source, level, message, metadata] = columns.map(|at| row[at].to_string());
        let metadata: Value = serde_json::from_str(&metadata).unwrap_or_default();
        let site = || {
            let text = |key: &str| metadata.get(key)?.as_str();
            let number = metadata.get("lineno")?.as_i64()?;
            Some(format!("{}:{}:{number}", text("module")?, text("funcName")?))
        };
        Line { id, source, level, message, site: site() }
    };
    reader.records().map(|row| line(row.expect("a row"))).collect()
}

fn built_in() -> Grammar {
    Grammar::built_in().expect("the built-in grammar is valid")
}

fn say(text: &str) {
    drop(writeln!(std::io::stderr(), "grammar: {text}"));
}

#[test]
fn every_row_of_the_recorded_incidents_is_understood_by_one_template() {
    let grammar = built_in();
    for name in INCIDENTS {
        let Some(folder) = incident(name, "what the grammar understands") else { return };
        let lines = lines(&folder);
        let (mut unknown, mut twice, mut levels) = (Vec::new(), Vec::new(), BTreeSet::new());
        for line in &lines {
            let found = grammar.all_matches(&line.source, &line.message);
            match &found[..] {
                [] => unknown.push(&line.message),
                [one] if !one.entry.levels.contains(&line.level) => {
                    levels.insert(format!("{} at {}", one.entry.id, line.level));
                }
                [_] => {}
                [_, ..] => twice.push(&line.message),
            }
        }
        let understood = 1.0 - unknown.len() as f64 / lines.len() as f64;
        say(&format!("{name}: {understood:.5} of {} rows understood", lines.len()));
        assert!(understood >= 0.999, "{name}: {understood} {unknown:?}");
        let shapes: BTreeSet<_> = unknown.iter().collect();
        assert!(shapes.len() <= 5, "{name}: {shapes:?}");
        assert!(twice.is_empty(), "{name}: {twice:?}");
        assert!(levels.is_empty(), "{name}: {levels:?} are not the entry's levels");
    }
}

#[test]
fn rows_of_one_call_site_get_one_template_and_the_reverse() {
    let grammar = built_in();
    let two: BTreeSet<&str> = grammar
        .entries()
        .filter(|entry| entry.two_sites.is_some())
        .map(|entry| &*entry.id)
        .collect();
    for name in INCIDENTS {
        let Some(folder) = incident(name, "call sites") else { return };
        let mut templates = Groups::new();
        let mut sites = Groups::new();
        for line in lines(&folder) {
            let Some(site) = line.site else { continue };
            let Some(found) = grammar.classify(&line.source, &line.message) else { continue };
            let id = found.entry.id.to_string();
            let of_site = templates.entry((line.source.clone(), site.clone())).or_default();
            *of_site.entry(id.clone()).or_default() += 1;
            if !two.contains(id.as_str()) {
                *sites.entry((line.source, id)).or_default().entry(site).or_default() += 1;
            }
        }
        let (completeness, purity) = (share(&templates), share(&sites));
        say(&format!(
            "{name}: completeness {completeness:.5} over {} call sites, purity {purity:.5} over {} templates",
            templates.len(),
            sites.len()
        ));
        assert!(completeness >= 0.999, "{name}: {:?}", mixed(&templates));
        assert!(purity >= 0.999, "{name}: {:?}", mixed(&sites));
    }
}

/// Rows by kind, of each group of a source.
type Groups = BTreeMap<(String, String), BTreeMap<String, u64>>;

/// Rows that are of the most frequent kind of their group.
fn share(groups: &Groups) -> f64 {
    let most: u64 = groups.values().filter_map(|kinds| kinds.values().max()).sum();
    let all: u64 = groups.values().flat_map(BTreeMap::values).sum();
    most as f64 / all as f64
}

fn mixed(groups: &Groups) -> Groups {
    let mixed = groups.iter().filter(|(_, kinds)| kinds.len() > 1);
    mixed.map(|(group, kinds)| (group.clone(), kinds.clone())).collect()
}

#[test]
fn lines_that_nobody_could_know_all_turn_up() {
    let mut rows = tables(&case("worker_killed_while_healthy"));
    let logs = rows.get_mut("system_logs").expect("log rows");
    let strange = [
        ("orchestrator_gpu", "Lease 12 of pool eu taken for 30.5s"),
        ("orchestrator_gpu", "WORKER_LIFECYCLE [Worker gpu-1] MARKING AS FINE: all well"),
        ("orchestrator_gpu", "[SSH_DEBUG] a line that no code writes"),
        ("orchestrator_gpu", "STORAGE_CHECK the moon is full"),
        ("orchestrator_api", "Using the force: much"),
        ("worker", "HEADLESS: [RAM] is not enough"),
        ("worker", "QUEUE: Worker went for a walk"),
        ("edge_function", "Generation creation failed twice"),
        ("edge_function", "Refusing to answer"),
        ("cron", "Starting orchestrator cycle"),
    ];
    for (n, (source, message)) in strange.iter().enumerate() {
        logs.push_str(&format!(
            "00000000-0000-4000-9fff-{n:012},2026-01-05 10:00:{n:02}+00,{source},s,INFO,{message},,,,{{}}\n"
        ));
    }
    let bench = Bench::new();
    let from = bench.path("from");
    write_tables(&from, &rows);
    bench.replayed(&from, "s");
    let counted = bench.sql("s", "select sum(count), count(*) from unknown_messages");
    assert_eq!(counted, [[strange.len().to_string(), strange.len().to_string()]]);
    let samples = bench.sql("s", "select sample from unknown_messages");
    for (_, message) in strange {
        assert!(samples.iter().any(|row| row[0] == message), "{message} is not among {samples:?}");
    }
    let sums = "select sum(rows_read - became_events - confirmed - said_nothing - unknown - unreadable), \
                sum(unknown) from log_coverage";
    assert_eq!(bench.sql("s", sums), [["0".to_string(), strange.len().to_string()]]);
}

#[test]
fn a_kill_is_one_event_with_all_its_rows() {
    let bench = Bench::new();
    bench.replayed(&case("worker_killed_while_healthy"), "s");
    let evidence = |worker: &str| {
        let sql = format!(
            "select event_evidence.role, right(event_evidence.evidence_key, 2) from event_evidence \
             join events using (event_id) \
             where events.kind = 'worker_marked_error' and events.worker_id like '%{worker}' \
             and event_evidence.evidence_table = 'system_logs' \
             order by event_evidence.evidence_key"
        );
        bench.sql("s", &sql).into_iter().map(|row| row.join(" ")).collect::<Vec<_>>()
    };
    // rows 12 to 14 of the fixture: a streak, the mark in the same second, the end of the pod
    assert_eq!(evidence("aaaaaaa2"), ["confirms 12", "primary 13", "confirms 14"]);
    // rows 18 and 19: the mark, the end of the pod
    assert_eq!(evidence("aaaaaaa3"), ["primary 18", "confirms 19"]);
    let twice = "select count(*) from (select worker_id from events where kind = 'worker_marked_error' \
                 group by worker_id having count(*) > 1)";
    assert_eq!(bench.sql("s", twice), [["0"]]);
}
