//! The offsets of clocks against what they truly were.

use std::collections::BTreeMap;
use std::fs;

use backstory::cases::case;
use serde_json::Value;

use crate::support;
use crate::support::replayed::{Bench, INCIDENTS, incident, tables, write_tables};

/// Pairs from which on an offset is held to [`OFF_MAX_S`].
const PAIRS: usize = 20;
const OFF_MAX_S: f64 = 0.5;

#[test]
fn workers_with_twenty_pairs_are_told_within_half_a_second() {
    let (mut worst, mut held, mut fewer) = (0.0_f64, 0, (0, 0.0_f64));
    for name in INCIDENTS {
        let Some(folder) = incident(name, "offsets of clocks") else { return };
        let truth = fs::read_to_string(folder.join("truth.json")).expect("the truth");
        let truth: Value = serde_json::from_str(&truth).expect("JSON");
        let workers = truth["workers"].as_array().expect("workers").iter();
        let skews: BTreeMap<String, f64> = workers
            .filter_map(|one| {
                Some((one["worker_id"].as_str()?.to_string(), one["clock_skew_s"].as_f64()?))
            })
            .collect();
        let bench = Bench::new();
        bench.replayed(&folder, "s");
        for row in bench.sql("s", "select clock, offset_s, uncertainty_s, pairs from clocks") {
            let pairs: usize = row[3].parse().expect("a count");
            let Ok(offset) = row[1].parse::<f64>() else { continue };
            let uncertainty: f64 = row[2].parse().expect("an offset has an uncertainty");
            // the hosts' clocks agree with the database's in these incidents
            let skew = match row[0].strip_prefix("worker:") {
                Some(worker) => skews.get(worker).copied().unwrap_or(0.0),
                None => 0.0,
            };
            let off = (offset - skew).abs();
            assert!(off <= uncertainty, "{name}: {row:?} is truly {skew}");
            if row[0].starts_with("worker:") && pairs >= PAIRS {
                (worst, held) = (worst.max(off), held + 1);
            } else if row[0].starts_with("worker:") && pairs > 0 {
                fewer = (fewer.0 + 1, fewer.1.max(off));
            }
        }
    }
    support::told(&format!(
        "clocks: {held} workers with {PAIRS} pairs or more, worst {worst:.4} s off; \
         {} with fewer, worst {:.4} s off",
        fewer.0, fewer.1
    ));
    assert!(held >= 20, "{held} workers have so many pairs");
    assert!(worst <= OFF_MAX_S, "{worst} s off");
}

#[test]
fn an_orchestrator_whose_clock_is_ahead_is_moved_and_says_so() {
    let Some(folder) = incident("era_c_mixed", "a host's clock") else { return };
    let mut tables = tables(&folder);
    let logs = tables.get_mut("system_logs").expect("log rows");
    *logs = ahead(logs, "orchestrator_api", 5);
    let bench = Bench::new();
    let from = bench.path("ahead");
    write_tables(&from, &tables);
    bench.replayed(&from, "s");
    let clock = "select abs(offset_s - 5) <= uncertainty_s, uncertainty_s < 0.3, pairs > 20 from clocks \
                 where clock like 'run:orchestrator_api%'";
    assert_eq!(bench.sql("s", clock), [["true", "true", "true"]]);
    // each claim stands in its bounds, and the line says when it was written
    let claims = "select count(*) > 20, bool_and(c.earliest <= r.happened_at and r.happened_at <= c.latest), \
                  bool_and(abs(epoch(l.timestamp) - epoch(c.happened_at) - 5) < 0.2) \
                  from events c join events r using (task_id) join system_logs l on l.id = c.evidence_key \
                  where c.kind = 'task_claimed' and c.clock = 'orchestrator' and r.kind = 'task_claim_recorded'";
    assert_eq!(bench.sql("s", claims), [["true", "true", "true"]]);
}

/// Its row was deleted by hand, and a heartbeat of the guardian that lived on made a new one.
const MADE_ANEW: &str = "
# made-anew: the row is younger than the worker's first lines
on 2025-10-28
worker w1 created=10:33:20 beat=10:59:50 status=active
log 10:03:01 w1 INFO HEADLESS: a line that no template knows
log 10:08:20 w1 INFO HEADLESS: Processing wan_2_2_i2v task
";

#[test]
fn a_row_that_a_heartbeat_made_says_nothing_of_the_clock() {
    let case = &case::read(MADE_ANEW).expect("a case")[0];
    let offset = |instance: &str| {
        let bench = Bench::new();
        let mut tables = case.captures[0].clone();
        let workers = tables.get_mut("workers").expect("workers");
        *workers = workers.replace("NVIDIA GeForce RTX 4090", instance);
        assert!(workers.contains(&format!("\"{instance}\",")), "{workers}");
        write_tables(&bench.path("files"), &tables);
        bench.replayed(&bench.path("files"), "s");
        bench
            .sql("s", "select coalesce(offset_s, 0) < -60 from clocks where clock like 'worker:%'")
            .concat()
    };
    assert_eq!(offset("external"), ["false"]);
    assert_eq!(offset("NVIDIA"), ["true"], "else no line is older than the row");
}

/// The log with the clock of a source type ahead.
fn ahead(text: &str, source_type: &str, seconds: i64) -> String {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let head = reader.headers().expect("a header").clone();
    let place = |name: &str| head.iter().position(|known| known == name).expect("a column");
    let (time, kind) = (place("timestamp"), place("source_type"));
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    writer.write_record(&head).expect("in memory");
    for row in reader.records() {
        let row = row.expect("a row");
        let mut cells: Vec<String> = row.iter().map(str::to_string).collect();
        if &row[kind] == source_type {
            let at = row[time].replacen(' ', "T", 1).replace("+00", "Z");
            let at: jiff::Timestamp = at.parse().expect("a time");
            let at = at + jiff::SignedDuration::from_secs(seconds);
            cells[time] = at.strftime("%Y-%m-%d %H:%M:%S%.f+00").to_string();
        }
        writer.write_record(&cells).expect("in memory");
    }
    String::from_utf8(writer.into_inner().expect("in memory")).expect("UTF-8")
}
