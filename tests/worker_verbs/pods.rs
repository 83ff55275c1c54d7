//! The pod of a worker, told alike by `worker` and by `pods`.

use super::{json, rows, text};
use crate::support::replayed::Bench;

/// A pod that goes on costing after its worker crashed.
const LEFT: &str = include_str!("../queries/pod_of_crashed_worker_left/fires.txt");

#[test]
fn a_pod_that_runs_on_costs_on_the_page_of_its_worker_too() {
    let bench = Bench::of_case(LEFT);
    let id = &bench.sql("s", "select id from workers")[0][0];
    let all = json(&bench, "pods", &[]);
    let running = &rows(&all, "running")[0];
    let page = json(&bench, "worker", &[id]);
    let pod = &rows(&page, "pods")[0];
    for key in ["lived_s", "cost"] {
        assert!(pod[key].is_number(), "{page}");
        assert_eq!(pod[key], running[key], "{key}");
    }
    let unknown = page["unknown"].to_string();
    assert!(unknown.contains("it may run on"), "{unknown}");
    assert!(!unknown.contains("what it cost"), "{unknown}");
}

#[test]
fn what_was_found_about_its_pod_stands_on_the_page_of_a_worker() {
    let bench = Bench::of_case(LEFT);
    let id = &bench.sql("s", "select id from workers")[0][0];
    // asked anew, and out of what was kept
    for _ in 0..2 {
        let page = json(&bench, "worker", &[id]);
        let found = rows(&page, "findings");
        let left = found.iter().find(|row| text(row, "query") == "pod_of_crashed_worker_left");
        let left = left.unwrap_or_else(|| panic!("{page}"));
        assert!(text(left, "summary").starts_with("pod "), "{left}");
    }
}
