//! Findings about what is still open, as `health` lists them.

use std::collections::BTreeSet;

use super::{json, rows, text};
use crate::support::replayed::Bench;

/// Four workers whose processes died with a task in hand, and one that works.
fn many() -> String {
    let mut case = "
# many: of one kind
on 2026-05-20
worker w9 created=09:00:00 beat=10:00:00 status=active meta={\"runpod_id\": \"{p9}\"}
task t1 status=In_Progress created=09:40:00 worker=w9 started=09:49:00 updated=09:49:00
log 09:49:00 edge:claim-next-task/t1 INFO Task claimed successfully | {\"worker_id\": \"{w9}\"}
repeat 30s 09:30:00..10:00:00 log {time} gpu#{n} INFO Cycle #{n}: scaling=0 active=1
"
    .to_string();
    for n in 1..5 {
        case.push_str(&format!(
            "worker w{n} created=09:00:0{n} beat=09:30:00 status=crashed meta={{\"runpod_id\": \"{{p{n}}}\"}}\n\
             task t{n}{n} status=In_Progress created=09:20:00 worker=w{n} started=09:21:00 updated=09:21:00\n\
             log 09:21:00 edge:claim-next-task/t{n}{n} INFO Task claimed successfully | {{\"worker_id\": \"{{w{n}}}\"}}\n"
        ));
    }
    case
}

#[test]
fn findings_of_one_query_are_one_row_that_counts_them() {
    let bench = Bench::of_case(&many());
    let page = json(&bench, "health", &[]);
    let found = rows(&page, "open_findings");
    let queries: Vec<&str> = found.iter().map(|row| text(row, "query")).collect();
    let once: BTreeSet<&&str> = queries.iter().collect();
    assert_eq!(once.len(), queries.len(), "{page}");
    let several = found.iter().find(|row| row["findings"] == 4).expect("a query of four");
    let command = format!("3 more: `backstory findings --only {}`", text(several, "query"));
    assert!(text(several, "what").contains(&command), "{several}");
    assert_eq!(several["subjects"].as_array().map(Vec::len), Some(4), "{several}");
}
