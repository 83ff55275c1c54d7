//! What makes an orchestrator silent.

use crate::gaps::log::{Log, at};
use crate::gaps::{GPU, assert_whole, gap, gaps, gpu, replayed};
use crate::support::replayed::Bench;

const NEXT: &str = "orchestrator_gpu-h2";
const WORKER: &str = "gpu-20260102_060000-aaaaaaa1";

/// Two processes, 20 minutes apart.
fn two_processes() -> Log {
    Log::default()
        .starts(0, GPU)
        .cycles(0, GPU, 1, 10)
        .starts(1_500, NEXT)
        .cycles(1_500, NEXT, 1, 9)
}

fn why(bench: &Bench, cause: &str) -> Vec<Vec<String>> {
    bench.sql(
        "s",
        &format!(
            "select basis, run_id, why from gaps where cause = '{cause}' \
        and source_type = 'orchestrator_gpu' order by began_at"
        ),
    )
}

#[test]
fn between_two_processes_none_ran() {
    let bench = replayed(&two_processes());
    assert_eq!(gpu(&bench), [gap("unsent", 280, 285), gap("process_down", 280, 1_500)]);
    let run = format!("{GPU}#1");
    let told = "another process began, and none wrote a row before";
    assert_eq!(why(&bench, "process_down"), [["inferred", run.as_str(), told]]);
    let said = two_processes().line(281, "orchestrator_gpu", GPU, "Orchestrator stopped by user");
    let bench = replayed(&said);
    assert_eq!(why(&bench, "process_down")[0][0], "logged");
}

/// domain/orchestrator.md O2: where all orchestrators are down with their host, nobody else has a row to write.
#[test]
fn a_silence_of_all_that_ends_with_a_start_is_no_hole() {
    let back = |second: i64| {
        let others = ["claim-next-task", "complete-task"].into_iter();
        let lines = others.flat_map(|id| [270, second].map(|second| (second, id)));
        let log = two_processes();
        gpu(&replayed(&lines.fold(log, |log, (at, id)| log.line(at, "edge_function", id, "x"))))
    };
    assert_eq!(back(1_510), [gap("unsent", 280, 285), gap("process_down", 280, 1_500)]);
    // others that had rows again long before the process began: theirs are missing too
    assert_eq!(back(1_300), [gap("unsent", 280, 285), gap("not_exported", 280, 1_500)]);
}

#[test]
fn rows_that_it_wrote_meanwhile_prove_an_outage_of_its_logging() {
    let metadata = format!(r#"{{"terminated_at": "{}"}}"#, at(900));
    let bench = replayed(&two_processes().worker(WORKER, 30, Some(800), &metadata));
    assert_eq!(gpu(&bench), [gap("unsent", 280, 285), gap("logging_outage", 280, 1_500)]);
    assert_eq!(why(&bench, "logging_outage")[0][0], "recorded");
    // what it wrote just before its last line proves nothing
    let metadata = format!(r#"{{"terminated_at": "{}"}}"#, at(290));
    let bench = replayed(&two_processes().worker(WORKER, 30, Some(280), &metadata));
    assert_eq!(gpu(&bench)[1], gap("process_down", 280, 1_500));
    // and what a worker wrote of itself is no act of an orchestrator
    let metadata = format!(r#"{{"error_time": "{}", "self_terminated": true}}"#, at(900));
    let bench = replayed(&two_processes().worker(WORKER, 30, Some(280), &metadata));
    assert_eq!(gpu(&bench)[1], gap("process_down", 280, 1_500));
}

#[test]
fn a_quick_restart_loses_the_last_batch_alone() {
    let log = Log::default().starts(0, GPU).cycles(0, GPU, 1, 10);
    let bench = replayed(&log.starts(300, NEXT).cycles(300, NEXT, 1, 9));
    assert_eq!(gpu(&bench), [gap("unsent", 280, 285)]);
}

#[test]
fn what_follows_the_last_process_is_not_known() {
    let log = Log::default().starts(0, GPU).cycles(0, GPU, 1, 10);
    let bench = replayed(&log.task(1, WORKER, 900, 1_000));
    // the last half minute may still be on its way
    assert_eq!(gpu(&bench), [gap("unsent", 280, 285), gap("unknown", 280, 970)]);
    let bench = replayed(&Log::default().starts(0, GPU).cycles(0, GPU, 1, 10));
    assert_eq!(gpu(&bench), []);
}

#[test]
fn cycles_that_are_missing_or_have_no_end_were_dropped() {
    let log = Log::default().starts(0, GPU).cycles(0, GPU, 1, 10);
    let bench = replayed(&log.cycles(330, GPU, 12, 20));
    assert_eq!(gpu(&bench), [gap("dropped", 280, 330)]);
    assert_eq!(why(&bench, "dropped")[0][0], "inferred");
    assert_eq!(why(&bench, "dropped")[0][2], "lines of cycles 10 to 12 are missing");
    let log = Log::default().starts(0, GPU).cycles(0, GPU, 1, 10).begins(300, GPU, 11);
    let bench = replayed(&log.cycles(330, GPU, 12, 20));
    assert_eq!(gpu(&bench), [gap("dropped", 300, 330)]);
    // a process that is killed in its cycle lost its last batch, and no more
    let log = Log::default().starts(0, GPU).cycles(0, GPU, 1, 10).begins(300, GPU, 11);
    let bench = replayed(&log.starts(330, NEXT).cycles(330, NEXT, 1, 10));
    assert_eq!(gpu(&bench), [gap("unsent", 300, 305)]);
}

/// Cycles 1 to 10 and 31 to 40 with the counters before and after; 22 rows stand between them.
#[test]
fn cycles_that_two_processes_count_under_one_id_are_not_missing() {
    let log = Log::default().starts(0, GPU).cycles(0, GPU, 1, 30);
    let bench = replayed(&log.starts(605, GPU).cycles(615, GPU, 1, 20));
    assert_eq!(why(&bench, "dropped"), Vec::<Vec<String>>::new());
}

#[test]
fn a_process_that_began_beside_another_is_not_over_when_that_one_is() {
    let log = Log::default().starts(0, GPU).cycles(0, GPU, 1, 10).starts(250, NEXT);
    let bench = replayed(&log.line(1_500, "orchestrator_api", "orchestrator_api-h1", "Loop #1"));
    let ends = bench.sql(
        "s",
        "select source_id, cause from gaps where source_type = 'orchestrator_gpu' and cause <> 'unsent' \
         and ended_at = (select max(ended_at) from gaps) order by 1",
    );
    assert_eq!(ends, [[GPU, "unknown"], [NEXT, "unknown"]]);
}

fn counted(before: [i64; 3], after: [i64; 3]) -> Bench {
    let log = Log::default().starts(0, GPU).cycles(0, GPU, 1, 9).counted(265, GPU, 9, before);
    let log = log.cycles(270, GPU, 10, 10).cycles(900, GPU, 31, 39);
    replayed(&log.counted(1_165, GPU, 39, after).cycles(1_170, GPU, 40, 44))
}

#[test]
fn the_handlers_own_counters_tell_dropped_from_gone() {
    // three batches could not be sent
    let bench = counted([19, 0, 0], [100, 0, 3]);
    assert_eq!(gpu(&bench), [gap("dropped", 280, 900)]);
    assert_eq!(why(&bench, "dropped")[0][0], "logged");
    // the queue was full
    assert_eq!(gpu(&counted([19, 0, 0], [60, 40, 0])), [gap("dropped", 280, 900)]);
    // everything was sent: it is missing here
    let bench = counted([19, 0, 0], [80, 0, 0]);
    assert_eq!(gpu(&bench), [gap("not_exported", 280, 900)]);
    let told = "of 61 rows that the handler took and did not lose 21 are here";
    assert_eq!(why(&bench, "not_exported"), [["logged", &format!("{GPU}#1"), told]]);
}

#[test]
fn a_silence_in_which_nothing_was_made_is_a_true_one() {
    let silent = |queued: i64| {
        let log =
            Log::default().starts(0, GPU).cycles(0, GPU, 1, 9).counted(265, GPU, 9, [19, 0, 0]);
        let log = log.cycles(270, GPU, 10, 10).cycles(900, GPU, 11, 19);
        replayed(&log.counted(1_165, GPU, 19, [queued, 0, 0]).cycles(1_170, GPU, 20, 24))
    };
    // the statistics line, cycle 10, and nine cycles of two lines
    assert_eq!(gpu(&silent(19 + 21)), []);
    assert_eq!(gpu(&silent(19 + 22)), [gap("not_exported", 280, 900)]);
    // without counters nobody knows
    let log = Log::default().starts(0, GPU).cycles(0, GPU, 1, 10).cycles(900, GPU, 11, 20);
    assert_eq!(gpu(&replayed(&log)), [gap("unknown", 280, 900)]);
}

#[test]
fn a_loss_that_leaves_no_hole_lies_between_two_counts() {
    let counted = |errors: i64| {
        let log =
            Log::default().starts(0, GPU).cycles(0, GPU, 1, 9).counted(265, GPU, 9, [19, 0, 0]);
        replayed(
            &log.cycles(270, GPU, 10, 19)
                .counted(565, GPU, 19, [40, 0, errors])
                .cycles(570, GPU, 20, 22),
        )
    };
    assert_eq!(gpu(&counted(1)), [gap("dropped", 265, 565)]);
    assert_eq!(gpu(&counted(0)), []);
}

#[test]
fn a_hole_between_captures_was_not_exported() {
    let bench = Bench::new();
    Log::default().starts(0, GPU).cycles(0, GPU, 1, 10).capture(&bench, "1");
    // two days on, the log begins later than the first capture ended
    Log::default().cycles(172_800, GPU, 5_761, 5_770).capture(&bench, "2");
    assert_whole(&bench);
    assert_eq!(gpu(&bench), [gap("not_exported", 280, 172_800)]);
    assert_eq!(why(&bench, "not_exported")[0][0], "recorded");
}

#[test]
fn what_is_older_than_the_log_was_deleted() {
    let log = Log::default().starts(0, GPU).cycles(0, GPU, 1, 10);
    let bench = replayed(&log.task(1, WORKER, -90_000, -80_000));
    assert_eq!(gpu(&bench), [gap("retention", -90_000, 0)]);
}

#[test]
fn an_orchestrator_without_a_line_is_in_the_ledger() {
    let worker = |log: Log| {
        let metadata = format!(r#"{{"terminated_at": "{}"}}"#, at(500));
        log.worker(WORKER, 60, Some(690), &metadata)
    };
    let line = worker(Log::default()).line(200, "worker", WORKER, "HEADLESS: hello");
    let bench = replayed(&line);
    assert_eq!(gpu(&bench), [gap("retention", 60, 200), gap("logging_outage", 200, 660)]);
    let bench = replayed(&worker(Log::default()));
    assert_eq!(gpu(&bench), [gap("unknown", 60, 660)]);
}

#[test]
fn lines_of_a_lower_level_are_not_missed() {
    let mut log = Log::default().starts(0, GPU);
    for cycle in 1..=5 {
        let text = format!("Cycle #{cycle}: scaling=0 active=0");
        log = log.line(cycle * 30, "orchestrator_gpu", GPU, &text);
    }
    let bench = replayed(&log);
    let demoted = "select entity, could_reach, why_not, (epoch(until_at) - epoch(from_at))::bigint from coverage \
                   where source_type = 'orchestrator_gpu' and entity <> source_id order by entity limit 1";
    // the template alone tells of E10 or later, and here of a fleet that kills nobody
    let rows = bench.sql("s", demoted);
    assert_eq!(rows[0][1..], ["false", "level_demoted", "150"]);
    let kinds = "select count(*) from coverage where entity = 'scaling_decided'";
    assert_eq!(bench.sql("s", kinds), [["1"]]);
    // the source itself is heard, and an era by date alone is no proof
    assert_eq!(gpu(&bench), []);
    let bench = replayed(&Log::default().starts(0, GPU).cycles(0, GPU, 1, 10));
    assert_eq!(bench.sql("s", kinds), [["0"]]);
}

#[test]
fn a_source_that_is_down_while_another_logs_has_a_gap() {
    let other = "orchestrator_gpu-h3";
    let log = Log::default().starts(0, GPU).cycles(0, GPU, 1, 10).starts(5, other);
    let log = log.cycles(5, other, 1, 60).starts(1_500, GPU).cycles(1_500, GPU, 1, 9);
    // what was written meanwhile the other one may have written
    let metadata = format!(r#"{{"terminated_at": "{}"}}"#, at(900));
    let bench = replayed(&log.worker(WORKER, 30, Some(800), &metadata));
    let of_first = gaps(&bench, "orchestrator_gpu").into_iter().filter(|(id, ..)| id == GPU);
    let of_first: Vec<_> = of_first.map(|(_, cause, began, ended)| (cause, began, ended)).collect();
    assert_eq!(of_first, [gap("unsent", 280, 285), gap("process_down", 280, 1_500)]);
}

/// domain/orchestrator.md 1.2, 1.3, W16, W22.
#[test]
fn what_others_write_is_no_act_of_an_orchestrator() {
    let by_script =
        format!(r#"{{"terminated_at": "{}", "terminated_by": "shutdown_script"}}"#, at(900));
    let stuck = "Stuck task 00000000-0000-4000-8000-000000000001 (timeout: 1200s)";
    // the task was claimed 1,200 seconds before that, which nobody wrote
    let stuck = format!(r#"{{"error_time": "{}", "error_reason": "{stuck}"}}"#, at(2_100));
    let launched = format!(r#"{{"startup_script_launched_at": "{}"}}"#, at(945));
    let down = [gap("unsent", 280, 285), gap("process_down", 280, 1_500)];
    for log in [
        two_processes().worker(WORKER, 30, Some(250), &by_script),
        two_processes().worker(WORKER, 30, Some(250), &stuck),
        two_processes().worker("manual-gpu-1", 900, None, "{}"),
        two_processes().worker("manual-gpu-1", 900, None, &launched),
    ] {
        assert_eq!(gpu(&replayed(&log)), down);
    }
    // what it had written before it said that it stops, or another did later, is none of it
    let metadata = format!(r#"{{"terminated_at": "{}"}}"#, at(900));
    let said = two_processes().line(281, "orchestrator_gpu", GPU, "Orchestrator stopped by user");
    let bench = replayed(&said.worker(WORKER, 30, Some(250), &metadata));
    assert_eq!(gpu(&bench)[1], gap("process_down", 281, 1_500));
}

#[test]
fn a_process_that_ran_before_its_first_line_is_missing_those_before() {
    let edge = |log: Log| log.line(0, "edge_function", "task-counts", "counted");
    let log = edge(Log::default()).cycles(1_200, GPU, 121, 130);
    let bench = replayed(&log);
    assert_eq!(gpu(&bench), [gap("unknown", 0, 1_200)]);
    assert_eq!(why(&bench, "unknown")[0][2], "by the number of its first cycle it ran");
    let metadata = format!(r#"{{"promoted_to_active_at": "{}"}}"#, at(600));
    let bench = replayed(&log.worker(WORKER, 500, Some(1_300), &metadata));
    assert_eq!(gpu(&bench), [gap("logging_outage", 0, 1_200)]);
    // a worker's clock tells nothing of when the others could log
    let log = Log::default().line(0, "worker", WORKER, "HEADLESS: hello");
    let bench = replayed(&log.cycles(1_200, GPU, 121, 130).worker(WORKER, 0, Some(1_300), "{}"));
    assert_eq!(gpu(&bench), []);
    // between two processes: down until it began, and unheard from then on
    let log = Log::default().starts(0, GPU).cycles(0, GPU, 1, 10);
    let bench = replayed(&log.cycles(1_500, NEXT, 21, 40));
    let expected =
        [gap("unsent", 280, 285), gap("process_down", 280, 900), gap("unknown", 900, 1_500)];
    assert_eq!(gpu(&bench), expected);
}
