//! What is `confirmed` is true: every question, every recorded incident, and fleets of every era with every
//! fault, rows lost among them. Prints how many of each question were held against the truth.

mod judges;
mod truth;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use backstory::findings::catalogue;
use backstory::findings::finding::Verdict;
use backstory::findings::run::{Findings, ask};
use backstory::read::database::Database;
use backstory::simulate;
use backstory::snapshot::open::Snapshot;

use crate::confirmed::judges::{UNJUDGED, is_true};
use crate::confirmed::truth::Truth;
use crate::soak::{hidden, seeds};
use crate::support::imported::replayed;
use crate::support::replayed::{INCIDENTS, incident};

/// Fleets: eight of each era.
const FLEETS: (u64, u64) = (0, 24);

/// How many confirmed findings of one question are true, false, or beyond what the truth tells.
#[derive(Default)]
struct Count {
    right: usize,
    unjudged: usize,
    wrong: Vec<String>,
}

#[derive(Default)]
struct Counts(BTreeMap<String, Count>);

impl Counts {
    /// Asks everything of one folder of evidence.
    fn add(&mut self, name: &str, folder: &Path) {
        let root = tempfile::tempdir().expect("a temporary directory");
        self.ask(name, &replayed(folder, root.path()), folder);
    }

    /// Asks everything of a snapshot of one incident, whose truth a folder holds.
    fn ask(&mut self, name: &str, snapshot: &Snapshot, folder: &Path) {
        let database = Database::open(snapshot).expect("a database");
        let queries = catalogue::all().expect("good headers");
        let answers = ask(&database, &queries, Duration::from_secs(300))
            .and_then(Findings::whole)
            .expect("answers");
        let truth = Truth::open(folder);
        for finding in answers.found {
            if finding.verdict != Verdict::Confirmed {
                continue;
            }
            let count = self.0.entry(finding.query.clone()).or_default();
            match is_true(&truth, &finding) {
                Some(true) => count.right += 1,
                Some(false) => {
                    count.wrong.push(format!("{name} {}: {}", finding.subject_id, finding.summary))
                }
                None => count.unjudged += 1,
            }
        }
    }

    fn judge(&self, what: &str) {
        let mut out = std::io::stderr();
        let known: BTreeSet<&str> = UNJUDGED.iter().map(|(query, _)| *query).collect();
        let (mut right, mut wrong, mut unjudged) = (0, Vec::new(), Vec::new());
        for (query, count) in &self.0 {
            drop(writeln!(
                out,
                "{query}: {} confirmed are true, {} are false, {} beyond the truth",
                count.right,
                count.wrong.len(),
                count.unjudged
            ));
            right += count.right;
            wrong.extend(count.wrong.iter().map(|text| format!("{query} {text}")));
            if count.unjudged > 0 && !known.contains(query.as_str()) {
                unjudged.push(query);
            }
        }
        drop(writeln!(out, "{what}: {right} of {} confirmed are true", right + wrong.len()));
        assert!(wrong.is_empty(), "confirmed and false:\n{}", wrong.join("\n"));
        assert!(unjudged.is_empty(), "no judge, and no word why: {unjudged:?}");
        assert!(right > 0, "nothing was judged");
    }
}

/// How many confirmed findings of a snapshot are true, and those that are not, by the truth that a folder holds.
pub(crate) fn confirmed(snapshot: &Snapshot, folder: &Path) -> (usize, Vec<String>) {
    let mut counts = Counts::default();
    counts.ask("", snapshot, folder);
    let wrong = counts
        .0
        .iter()
        .flat_map(|(query, count)| count.wrong.iter().map(move |text| format!("{query}{text}")));
    (counts.0.values().map(|count| count.right).sum(), wrong.collect())
}

#[test]
fn what_is_confirmed_of_recorded_incidents_is_true() {
    let mut counts = Counts::default();
    for name in INCIDENTS {
        let Some(folder) = incident(name, "confirmed") else { return };
        counts.add(name, &folder);
    }
    counts.judge("recorded incidents");
}

#[test]
fn what_is_confirmed_of_simulated_fleets_is_true() {
    let mut counts = Counts::default();
    let (from, to) = seeds(FLEETS);
    for seed in from..to {
        let plan = hidden(seed);
        let files = tempfile::tempdir().expect("a temporary directory");
        simulate::run(&plan, files.path(), &mut |_, _| {}).expect("a simulation");
        counts.add(&format!("{} seed {seed}", plan.era.name()), files.path());
    }
    counts.judge(&format!("simulated fleets, seeds {from}..{to}"));
}
