//! The offsets of clocks against what they truly were.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::support;
use crate::support::replayed::{Bench, incident};

const INCIDENTS: [&str; 6] = [
    "era_c_mixed",
    "false_positive_ssh",
    "healthy_day",
    "log_outage_1755",
    "missing_generations",
    "stuck_and_orphans",
];
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
