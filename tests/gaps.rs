//! The ledger of coverage: each cause on rows written for it, and the ledger's shape on all evidence.

pub(crate) mod log;
mod orchestrators;
mod others;

use crate::gaps::log::Log;
use crate::support::replayed::{Bench, case, incident};

const GPU: &str = "orchestrator_gpu-h1";

/// Gaps of a source type: id, cause, begin and end in seconds since the log began.
fn gaps(bench: &Bench, source_type: &str) -> Vec<(String, String, i64, i64)> {
    let sql = format!(
        "select source_id, cause, epoch(began_at)::bigint - {0}, epoch(ended_at)::bigint - {0} from gaps \
         where source_type = '{source_type}' order by began_at, ended_at, source_id",
        log::BEGAN
    );
    let second = |text: &str| text.parse().unwrap_or_else(|_| panic!("{text} is no number"));
    let rows = bench.sql("s", &sql).into_iter();
    rows.map(|row| (row[0].clone(), row[1].clone(), second(&row[2]), second(&row[3]))).collect()
}

/// The gaps of a GPU orchestrator: cause, begin and end.
fn gpu(bench: &Bench) -> Vec<(String, i64, i64)> {
    gaps(bench, "orchestrator_gpu").into_iter().map(|(_, cause, a, b)| (cause, a, b)).collect()
}

fn gap(cause: &str, began: i64, ended: i64) -> (String, i64, i64) {
    (cause.to_string(), began, ended)
}

/// One capture of these rows, replayed.
fn replayed(log: &Log) -> Bench {
    let bench = Bench::new();
    log.capture(&bench, "1");
    assert_whole(&bench);
    bench
}

/// Stretches of one source and entity touch, do not overlap, and say why where they say no; what a gap
/// takes is not said to be reachable.
fn assert_whole(bench: &Bench) {
    let broken = "select source_id, entity, from_at, until_at, next_at from (select *, lead(from_at) over \
                  (partition by source_type, source_id, entity order by from_at) as next_at from coverage) \
                  where from_at >= until_at or next_at <> until_at or could_reach <> (why_not is null)";
    let demoted = "and why_not is distinct from 'level_demoted'";
    assert_eq!(bench.sql("s", &format!("{broken} {demoted}")), Vec::<Vec<String>>::new());
    let taken = "select count(*) from gaps join coverage using (source_type, source_id) \
                 where could_reach and from_at < ended_at and began_at < until_at";
    assert_eq!(bench.sql("s", taken), [["0"]]);
    let absent = "select id from workers where instance_type <> 'api' and created_at < (select max(until_at) from coverage) \
                  and id not in (select source_id from coverage where source_type = 'worker')";
    assert_eq!(bench.sql("s", absent), Vec::<Vec<String>>::new());
}

#[test]
fn the_ledger_is_whole_whatever_the_evidence() {
    let mut folders = vec![case("worker_killed_while_healthy"), case("task_missing_generation")];
    for name in ["era_c_mixed", "log_outage_1755", "stuck_and_orphans"] {
        folders.extend(incident(name, "the ledger of coverage"));
    }
    for folder in folders {
        let bench = Bench::new();
        bench.replayed(&folder, "s");
        assert_whole(&bench);
    }
}

#[test]
fn a_recorded_outage_is_told_once_and_a_kill_of_the_other_orchestrator_too() {
    let Some(folder) = incident("log_outage_1755", "the ledger of coverage") else { return };
    let bench = Bench::new();
    bench.replayed(&folder, "s");
    let long = "select cause, basis, began_at, ended_at from gaps where source_type = 'orchestrator_gpu' \
                and epoch(ended_at) - epoch(began_at) > 60";
    let (from, until) = ("2025-10-30 17:35:30.009798", "2025-10-30 18:15:31.008180");
    assert_eq!(bench.sql("s", long), [["logging_outage", "recorded", from, until]]);
    let Some(folder) = incident("stuck_and_orphans", "the ledger of coverage") else { return };
    let bench = Bench::new();
    bench.replayed(&folder, "s");
    let api = "select cause, basis from gaps where source_type = 'orchestrator_api' order by cause";
    assert_eq!(bench.sql("s", api), [["process_down", "inferred"], ["unsent", "inferred"]]);
}
