//! What makes workers, edge functions and the API orchestrator silent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use backstory::events::History;
use backstory::model::metadata::Metadata;
use backstory::model::rows::{Facts, LogCapture, WorkerRow};
use backstory::model::state::GapCause;
use backstory::model::time::Micros;
use backstory::replay::replay;

use crate::gaps::log::{BEGAN, Log, at};
use crate::gaps::{GPU, gaps, replayed};
use crate::support::replayed::Bench;

const WORKER: &str = "gpu-20260102_060000-aaaaaaa1";
const SECOND: &str = "gpu-20260102_060000-aaaaaaa2";

/// An orchestrator that logs for an hour.
fn hour() -> Log {
    Log::default().starts(0, GPU).cycles(0, GPU, 1, 120)
}

/// Cause, begin and end of one source's gaps.
fn of(bench: &Bench, source_type: &str, id: &str) -> Vec<(String, i64, i64)> {
    let gaps = gaps(bench, source_type).into_iter().filter(|(source, ..)| source == id);
    gaps.map(|(_, cause, began, ended)| (cause, began, ended)).collect()
}

fn gap(cause: &str, began: i64, ended: i64) -> (String, i64, i64) {
    (cause.to_string(), began, ended)
}

#[test]
fn a_worker_is_heard_from_its_first_line_to_its_last_heartbeat() {
    let log = hour().worker(WORKER, 100, Some(1_000), "{}");
    let log = log.line(300, "worker", WORKER, "HEADLESS: hello");
    let bench = replayed(&log.line(900, "worker", WORKER, "HEADLESS: again"));
    // the log ends at 3580, and what happened in the last half minute may be on its way
    let expected = [gap("not_started", 100, 300), gap("no_heartbeat", 1_000, 3_550)];
    assert_eq!(of(&bench, "worker", WORKER), expected);
    // one that still beats at the end may yet send its lines
    let log = hour().worker(WORKER, 100, Some(3_540), "{}");
    let bench = replayed(&log.line(300, "worker", WORKER, "HEADLESS: hello"));
    assert_eq!(of(&bench, "worker", WORKER), [gap("not_started", 100, 300)]);
}

#[test]
fn a_worker_that_had_a_task_had_started() {
    let log = hour().worker(WORKER, 100, Some(1_000), "{}").task(1, WORKER, 300, 350);
    let bench = replayed(&log.line(900, "worker", WORKER, "HEADLESS: again"));
    let expected =
        [gap("not_started", 100, 300), gap("unknown", 300, 900), gap("no_heartbeat", 1_000, 3_550)];
    assert_eq!(of(&bench, "worker", WORKER), expected);
    // its line may come with the next heartbeat
    let log = hour().worker(WORKER, 100, Some(3_540), "{}").task(1, WORKER, 300, 350);
    let bench = replayed(&log.line(320, "worker", WORKER, "HEADLESS: hello"));
    assert_eq!(of(&bench, "worker", WORKER), [gap("not_started", 100, 320)]);
}

/// domain/orchestrator.md section 0: the log was first written to in E3.
#[test]
fn nothing_was_deleted_of_a_log_that_was_not_there() {
    let e3 = 1_760_548_800 - BEGAN;
    let log = hour().worker(WORKER, e3 - 5_000, Some(e3 + 100), "{}");
    let bench = replayed(&log.line(3_000, "worker", SECOND, "HEADLESS: hello"));
    let expected = [gap("no_such_source", e3 - 5_000, e3), gap("retention", e3, 0)];
    assert_eq!(of(&bench, "worker", WORKER)[..2], expected);
    assert_eq!(of(&bench, "orchestrator_gpu", GPU), [gap("retention", e3, 0)]);
}

#[test]
fn after_its_end_a_worker_says_nothing() {
    let metadata = format!(r#"{{"terminated_at": "{}", "termination_reason": "idle"}}"#, at(1_200));
    let log = hour().worker(WORKER, 100, Some(1_190), &metadata);
    let bench = replayed(&log.line(300, "worker", WORKER, "HEADLESS: hello"));
    let gaps = of(&bench, "worker", WORKER);
    let last = gaps.last().expect("gaps").clone();
    assert_eq!((last.0.as_str(), last.2), ("process_down", 3_550));
    assert!(1_190 <= last.1 && last.1 <= 1_230, "{gaps:?}");
    assert_eq!(gaps[0], gap("not_started", 100, 300));
}

#[test]
fn workers_without_a_line_are_in_the_ledger() {
    let log = hour().worker(WORKER, 100, None, "{}").worker(SECOND, 200, Some(3_570), "{}");
    let bench = replayed(&log);
    assert_eq!(of(&bench, "worker", WORKER), [gap("no_heartbeat", 100, 3_550)]);
    // heartbeats came, and no line with them: none was made, or they were lost
    assert_eq!(of(&bench, "worker", SECOND), [gap("unknown", 200, 3_570)]);
    let old = hour().worker(WORKER, -90_000, Some(-80_000), "{}");
    let bench = replayed(&old);
    assert_eq!(of(&bench, "worker", WORKER)[0], gap("retention", -90_000, 0));
}

#[test]
fn where_no_capture_took_the_log_no_source_was_heard() {
    let second = |second: i64| Some(Micros((BEGAN + second) * 1_000_000));
    let row = WorkerRow {
        id: WORKER.into(),
        instance_type: "NVIDIA".to_string(),
        status: "active".to_string(),
        created_at: second(0),
        last_heartbeat: second(900),
        metadata: Metadata::default(),
    };
    let log =
        LogCapture { from: None, until: second(930), last: None, is_empty: false, is_whole: true };
    let told = |logs: Vec<LogCapture>| {
        let facts =
            Facts { workers: vec![row.clone()], seen_at: second(930), logs, ..Facts::default() };
        let replayed = replay(History { facts, ..History::default() });
        let gaps = replayed.gaps.into_iter();
        let told = gaps.map(|gap| (gap.source.0.to_string(), gap.source.1.to_string(), gap.cause));
        told.collect::<Vec<_>>()
    };
    let untaken = told(vec![]);
    let wanted =
        [("orchestrator_gpu", "unknown"), ("worker", WORKER), ("edge_function", "task-counts")];
    for (kind, id) in wanted {
        let cause = GapCause::NotExported;
        assert!(untaken.contains(&(kind.to_string(), id.to_string(), cause)), "{untaken:?}");
    }
    // an empty log that was taken is another thing: nobody knows why it is empty
    assert!(told(vec![log]).iter().all(|(.., cause)| *cause != GapCause::NotExported));
}

#[test]
fn edge_functions_did_not_log_before_they_learned_to() {
    // three days after the commit the function is heard for the first time
    let day = 86_400;
    let committed = -24 * day - 21_600;
    let log = hour().task(1, WORKER, committed - 100, committed - 50);
    let first = "Authenticated via service-role key";
    let log = log.line(committed + 3 * day, "edge_function", "claim-next-task", first);
    let bench = replayed(&log);
    let deployed = committed + 3 * day;
    let expected =
        [gap("no_such_source", committed - 100, committed), gap("retention", committed, deployed)];
    assert_eq!(of(&bench, "edge_function", "claim-next-task"), expected);
    assert_eq!(of(&bench, "edge_function", "create-task"), expected);
    // those that learned it weeks after this log's last row
    let never = of(&bench, "edge_function", "generate-upload-url");
    assert_eq!(never, [gap("no_such_source", committed - 100, 3_550)]);
}

#[test]
fn an_edge_function_that_was_not_called_could_still_be_heard() {
    let log = hour().line(600, "edge_function", "claim-next-task", "Authenticated via PAT");
    let bench = replayed(&log);
    let heard = "select source_id, could_reach from coverage where source_id in \
                 ('claim-next-task', 'task-counts') and epoch(from_at) - epoch(until_at) < -3500 order by 1";
    assert_eq!(bench.sql("s", heard), [["claim-next-task", "true"], ["task-counts", "true"]]);
    // without a row of any of them nobody knows whether they were deployed
    let bench = replayed(&hour().api_worker("api-worker-main"));
    assert_eq!(of(&bench, "orchestrator_api", "unknown"), [gap("unknown", 0, 3_550)]);
    assert_eq!(of(&bench, "edge_function", "task-counts"), [gap("unknown", 0, 3_550)]);
}

#[test]
fn a_hole_of_the_table_is_a_hole_of_every_source() {
    let bench = Bench::new();
    let first = "Authenticated via PAT";
    let log = hour().line(600, "edge_function", "claim-next-task", first);
    log.worker(WORKER, 100, Some(3_560), "{}")
        .line(300, "worker", WORKER, "HEADLESS: a")
        .capture(&bench, "1");
    let log = Log::default().cycles(172_800, GPU, 5_761, 5_770);
    let log = log.line(172_900, "edge_function", "claim-next-task", first);
    log.worker(WORKER, 100, Some(173_050), "{}")
        .line(172_900, "worker", WORKER, "HEADLESS: b")
        .capture(&bench, "2");
    let hole = || gap("not_exported", 3_580, 172_800);
    assert_eq!(of(&bench, "edge_function", "claim-next-task"), [hole()]);
    assert_eq!(of(&bench, "worker", WORKER), [gap("not_started", 100, 300), hole()]);
}

#[test]
fn of_a_worker_only_the_hole_of_its_own_time_is_missing() {
    let bench = Bench::new();
    let ended = format!(r#"{{"terminated_at": "{}", "termination_reason": "idle"}}"#, at(1_200));
    let log = hour().worker(WORKER, 100, Some(1_190), &ended);
    log.line(300, "worker", WORKER, "HEADLESS: a").capture(&bench, "1");
    let log = Log::default().cycles(172_800, GPU, 5_761, 5_770);
    let log =
        log.worker(WORKER, 100, Some(1_190), &ended).worker(SECOND, 172_850, Some(173_050), "{}");
    log.line(172_900, "worker", SECOND, "HEADLESS: b").capture(&bench, "2");
    let causes = |id: &str| -> Vec<String> {
        of(&bench, "worker", id).into_iter().map(|(cause, ..)| cause).collect()
    };
    assert!(!causes(WORKER).contains(&"not_exported".to_string()), "{:?}", causes(WORKER));
    assert_eq!(of(&bench, "worker", SECOND), [gap("not_started", 172_850, 172_900)]);
    let first = format!(
        "select min(from_at) = '{}' from coverage where source_id = '{SECOND}'",
        at(172_850)
    );
    assert_eq!(bench.sql("s", &first), [["true"]]);
}

#[test]
fn what_was_sent_and_is_not_here_is_missing_of_every_source() {
    let edge = |log: Log, at: i64| {
        log.line(at, "edge_function", "claim-next-task", "Authenticated via PAT")
    };
    let api = |log: Log, at: i64| {
        log.line(
            at,
            "orchestrator_api",
            "orchestrator_api-a",
            "[WORKER_LOOP] Loop 1: active_tasks=0/10",
        )
    };
    let holed = |also: Option<i64>| {
        let log =
            Log::default().starts(0, GPU).cycles(0, GPU, 1, 9).counted(265, GPU, 9, [19, 0, 0]);
        let log = log.cycles(270, GPU, 10, 10).cycles(900, GPU, 31, 39);
        let log = log.counted(1_165, GPU, 39, [80, 0, 0]).cycles(1_170, GPU, 40, 44);
        let log = (0..10).fold(log, |log, n| api(log, n * 30));
        let log = (30..40).fold(log, |log, n| api(log, n * 30));
        let log = edge(edge(log, 283), 950).api_worker("api-worker-main");
        replayed(&also.into_iter().fold(log.task(1, "api-worker-main", 500, 520), edge))
    };
    let bench = holed(None);
    // from the last row of any source to the first
    let hole = gap("not_exported", 283, 900);
    assert_eq!(of(&bench, "edge_function", "claim-next-task"), [hole]);
    // the API orchestrator claimed meanwhile, and its lines are missing with all others
    let api = |bench: &Bench| of(bench, "orchestrator_api", "orchestrator_api-a").swap_remove(0);
    assert_eq!(api(&bench), gap("not_exported", 270, 900));
    // a row of another source in the middle, and it is the orchestrator's alone
    let bench = holed(Some(590));
    assert_eq!(of(&bench, "edge_function", "claim-next-task"), []);
    assert_eq!(api(&bench), gap("logging_outage", 270, 900));
}

#[test]
fn who_falls_silent_and_speaks_again_together_had_its_rows_taken_together() {
    let silent = |with_second: bool| {
        let log = Log::default().starts(0, GPU).cycles(0, GPU, 1, 20).cycles(2_400, GPU, 81, 120);
        // rows that it wrote meanwhile would prove an outage of its logging
        let killed =
            format!(r#"{{"terminated_at": "{}", "termination_reason": "idle"}}"#, at(1_500));
        let third = "gpu-20260102_060000-aaaaaaa3";
        let log = log.worker(third, 100, Some(1_490), &killed);
        let mut log =
            log.worker(WORKER, 100, Some(3_540), "{}").worker(SECOND, 100, Some(3_540), "{}");
        for id in [WORKER, SECOND].into_iter().take(1 + usize::from(with_second)) {
            for second in [300, 580, 2_390, 2_900] {
                log = log.line(second, "worker", id, "HEADLESS: hello");
            }
        }
        replayed(&log)
    };
    let bench = silent(true);
    let told = bench.sql("s", "select cause, why from gaps where source_type = 'orchestrator_gpu'");
    assert_eq!(told, [["not_exported", "no source has a row here"]]);
    for id in [WORKER, SECOND] {
        assert_eq!(
            of(&bench, "worker", id),
            [gap("not_started", 100, 300), gap("not_exported", 580, 2_390)]
        );
    }
    // one alone may have had nothing to say
    let bench = silent(false);
    assert_eq!(gaps(&bench, "orchestrator_gpu")[0].1, "logging_outage");
    assert_eq!(of(&bench, "worker", WORKER), [gap("not_started", 100, 300)]);
}

#[test]
fn a_capture_of_the_source_tells_deleted_from_silent() {
    const HOUR: i64 = 3_600;
    let second = |second: i64| Micros((BEGAN + second) * 1_000_000);
    let holes = |from: i64, until: i64| {
        let log = |from: i64, until: i64| LogCapture {
            is_empty: false,
            from: Some(second(from)),
            until: Some(second(until)),
            last: None,
            is_whole: true,
        };
        let logs = vec![log(0, HOUR), log(from, until)];
        let source = Arc::new(("worker".into(), WORKER.into()));
        let beats = [0, HOUR, from, until].map(|at| (second(at), None)).into_iter().collect();
        let facts = Facts { seen_at: Some(second(until)), logs, ..Facts::default() };
        let beats = BTreeMap::from([(source, beats)]);
        let replayed = replay(History { facts, beats, ..History::default() });
        let gaps = replayed.gaps.into_iter().filter(|gap| gap.cause == GapCause::NotExported);
        let seconds =
            gaps.map(|gap| [gap.began_at, gap.ended_at].map(|at| at.0 / 1_000_000 - BEGAN));
        // the same of every edge function
        seconds.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    // the second capture came within 48 hours: nothing was deleted, so nothing was there
    assert_eq!(holes(3 * HOUR, 20 * HOUR), Vec::<[i64; 2]>::new());
    assert_eq!(holes(60 * HOUR, 100 * HOUR), [[HOUR, 52 * HOUR]]);
    assert_eq!(holes(30 * HOUR, 100 * HOUR), [[HOUR, 30 * HOUR]]);
}

#[test]
fn claims_tell_whether_a_silent_api_orchestrator_worked() {
    let api = |log: Log| {
        let line = |log: Log, at: i64, id: &str| {
            log.line(at, "orchestrator_api", id, "[WORKER_LOOP] Loop 1: active_tasks=0/10")
        };
        let log = (0..10).fold(log, |log, n| line(log, n * 30, "orchestrator_api-a"));
        (0..90).fold(log, |log, n| line(log, 900 + n * 30, "orchestrator_api-b"))
    };
    let quiet = replayed(&api(hour().api_worker("api-worker-main")));
    let of = |bench: &Bench| {
        let gaps = gaps(bench, "orchestrator_api").into_iter();
        gaps.map(|(_, cause, began, ended)| (cause, began, ended)).collect::<Vec<_>>()
    };
    assert_eq!(of(&quiet), [gap("unsent", 270, 275), gap("process_down", 270, 900)]);
    let log = hour().api_worker("api-worker-main").task(1, "api-worker-main", 500, 520);
    assert_eq!(of(&replayed(&api(log)))[1], gap("logging_outage", 270, 900));
    let log = hour().api_worker("api-worker-main").task(1, WORKER, 500, 520);
    assert_eq!(of(&replayed(&api(log)))[1], gap("process_down", 270, 900));
}

#[test]
fn a_clock_of_somebody_else_moves_neither_the_beginning_nor_the_end() {
    const DAY: i64 = 86_400;
    let plain = || {
        let log = hour().worker(WORKER, 100, Some(3_540), "{}");
        log.line(300, "worker", WORKER, "HEADLESS: hello").worker(SECOND, -2 * DAY, None, "{}")
    };
    let told = |log: &Log| {
        let bench = replayed(log);
        let ends =
            "select max(epoch(until_at))::bigint from coverage where source_type <> 'browser'";
        let mut all = gaps(&bench, "orchestrator_gpu");
        all.extend(gaps(&bench, "worker").into_iter().filter(|(source, ..)| source == WORKER));
        (all, bench.sql("s", ends))
    };
    let expected = told(&plain());
    assert!(expected.0.iter().any(|(_, cause, ..)| cause == "retention"), "{:?}", expected.0);
    // a month back, and two days ahead, by a user's clock
    let browser = |at: i64| plain().line(at, "browser", "browser-1-00000000", "clicked");
    assert_eq!(told(&browser(-30 * DAY)), expected);
    assert_eq!(told(&browser(2 * DAY)), expected);
    // one line of a worker a day ahead: the heartbeats that carry its lines say when it was
    let ahead = plain().line(DAY, "worker", WORKER, "HEADLESS: what time is it?");
    assert_eq!(told(&ahead).1, expected.1);
}

/// What is missing of the table is missing of a function of which no row is left, too.
#[test]
fn a_function_without_a_row_is_missing_where_all_are() {
    let log = Log::default().starts(0, GPU).cycles(0, GPU, 1, 20).cycles(2_400, GPU, 81, 100);
    let others = [("edge_function", "claim-next-task"), ("edge_function", "update-task-status")];
    let lines = others.iter().flat_map(|other| [590, 2_410].map(|second| (second, *other)));
    let log = lines.fold(log, |log, (second, (kind, id))| log.line(second, kind, id, "x"));
    let bench = replayed(&log);
    for id in ["claim-next-task", "complete-task"] {
        assert_eq!(of(&bench, "edge_function", id), [gap("not_exported", 590, 2_400)], "{id}");
    }
}

/// A clock that is off by years ends no evidence.
#[test]
fn a_line_of_the_future_is_no_evidence_of_the_time_until_then() {
    const IN_2100: i64 = 4_102_444_800 - BEGAN;
    let log = hour().worker(WORKER, 100, Some(3_540), "{}");
    let bench = replayed(&log.starts(IN_2100, GPU));
    let ends = bench.sql("s", "select epoch(max(until_at))::bigint from coverage");
    let ends: i64 = ends[0][0].parse().expect("a number");
    assert!(ends - BEGAN <= 3_580 + 3_600, "{ends}");
}
