//! A random sample of rows of each incident, their entries told by reading.
//!
//! `golden/<incident>.csv` holds the ids of 200 rows and the entry that a reader found for each.

use std::collections::BTreeMap;

use super::{INCIDENTS, built_in, lines};
use crate::support::replayed::incident;

const GOLDEN: [&str; 6] = [
    include_str!("golden/era_c_mixed.csv"),
    include_str!("golden/false_positive_ssh.csv"),
    include_str!("golden/healthy_day.csv"),
    include_str!("golden/log_outage_1755.csv"),
    include_str!("golden/missing_generations.csv"),
    include_str!("golden/stuck_and_orphans.csv"),
];

#[test]
fn a_sample_is_classified_as_a_reader_did() {
    let grammar = built_in();
    for (name, golden) in INCIDENTS.into_iter().zip(GOLDEN) {
        let Some(folder) = incident(name, "the golden sample") else { return };
        let mut reader = csv::Reader::from_reader(golden.as_bytes());
        let told: BTreeMap<String, String> =
            reader.deserialize().map(|row| row.expect("an id and an entry")).collect();
        assert_eq!(told.len(), 200, "{name}");
        let (mut seen, mut wrong) = (0, Vec::new());
        for line in lines(&folder) {
            let Some(entry) = told.get(&line.id) else { continue };
            seen += 1;
            let found = grammar.classify(&line.source, &line.message);
            let found = found.map_or("-", |found| &*found.entry.id);
            if found != entry {
                wrong.push(format!("{found}, not {entry}: {}", line.message));
            }
        }
        assert_eq!(seen, 200, "{name}: rows of the sample that are there");
        assert!(wrong.is_empty(), "{name}: {wrong:#?}");
    }
}
