//! What `window` says set a window off, on recorded incidents whose causes the truth tells.

use super::{incident, json};
use crate::support::replayed::Bench;

/// The incident, the window's ends, and how the likely trigger begins (`injected_faults`, `worker_faults` and the
/// processes' ends in its truth).
const TRIGGERS: [(&str, &str, &str, &str); 4] = [
    // the API orchestrator was killed at 08:36:14 and came back at 08:48:33
    ("stuck_and_orphans", "2026-01-07T08:34", "2026-01-07T08:50", "An orchestrator was down"),
    // complete-task answered with errors from 09:00 on
    ("stuck_and_orphans", "2026-01-07T08:58", "2026-01-07T09:12", "Results could not be written"),
    // three pods were killed at 11:00:00
    ("era_c_mixed", "2026-05-14T10:58", "2026-05-14T11:10", "Pods vanished (3 times"),
    // one task crashed three workers in a row
    (
        "era_c_mixed",
        "2026-05-14T10:05",
        "2026-05-14T10:22",
        "A task felled one worker after another",
    ),
];

#[test]
fn what_broke_is_the_trigger_and_not_what_was_done_then() {
    let mut bench: Option<(&str, Bench)> = None;
    for (name, from, until, begins) in TRIGGERS {
        if bench.as_ref().is_none_or(|(held, _)| *held != name) {
            let Some(folder) = incident(name, "the trigger of a window") else { continue };
            let made = Bench::new();
            made.replayed(&folder, "s");
            bench = Some((name, made));
        }
        let Some((_, bench)) = &bench else { continue };
        let page = json(bench, "window", &[from, until]);
        let likely = page["likely_trigger"][0].as_str().expect("a sentence");
        assert!(likely.starts_with(begins), "{name} {from}: {likely}");
    }
}

#[test]
fn on_a_healthy_day_growth_is_no_trigger() {
    let Some(folder) = incident("healthy_day", "the windows of a healthy day") else { return };
    let bench = Bench::new();
    bench.replayed(&folder, "s");
    for hour in [3, 9, 14, 20] {
        let (from, until) =
            (format!("2026-01-09T{hour:02}:00"), format!("2026-01-09T{hour:02}:30"));
        let page = json(&bench, "window", &[&from, &until]);
        let likely = page["likely_trigger"][0].as_str().expect("a sentence");
        let is_none =
            likely.starts_with("No cause stood out") || likely.starts_with("Nothing stood out");
        assert!(is_none, "{from}: {likely}");
    }
}
