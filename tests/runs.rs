//! Processes of orchestrators: what tells one from the next, and when each began though its first lines are gone.

use crate::gaps::log::{BEGAN, Log};
use crate::support::replayed::Bench;

const GPU: &str = "orchestrator_gpu-h1";
const API: &str = "orchestrator_api-h1";

/// Turns `from..=to` of an API orchestrator, one each 12 seconds, the first at `second`.
fn turns(mut log: Log, second: i64, from: i64, to: i64) -> Log {
    for turn in from..=to {
        let text = format!("[WORKER_LOOP] Loop #{turn}: Active tasks: 0, Capacity: 20");
        log = log.line(second + (turn - from) * 12, "orchestrator_api", API, &text);
    }
    log
}

/// When each process began, in seconds since the log began.
fn began(log: &Log) -> Vec<(String, i64)> {
    let bench = Bench::new();
    log.capture(&bench, "1");
    let sql =
        format!("select run_id, epoch(started_at)::bigint - {BEGAN} from runs order by started_at");
    let second = |text: &str| text.parse().expect("a number");
    bench.sql("s", &sql).into_iter().map(|row| (row[0].clone(), second(&row[1]))).collect()
}

fn run(id: &str, number: u32, second: i64) -> (String, i64) {
    (format!("{id}#{number}"), second)
}

/// evidence-rules class 22.
#[test]
fn a_start_beyond_the_horizon_is_told_by_the_number_of_the_cycle() {
    let log = Log::default().cycles(600, GPU, 41, 60);
    assert_eq!(began(&log), [run(GPU, 1, 600 - 40 * 30)]);
    assert_eq!(began(&Log::default().cycles(600, GPU, 41, 42)), [run(GPU, 1, 600 - 40 * 30)]);
    // the first cycle may be cut, and of one alone nobody knows how long it takes
    assert_eq!(began(&Log::default().cycles(600, GPU, 41, 41)), [run(GPU, 1, 600)]);
}

/// domain/orchestrator.md A8.
#[test]
fn a_start_beyond_the_horizon_is_told_by_the_number_of_the_turn() {
    let log = turns(Log::default(), 600, 101, 200);
    assert_eq!(began(&log), [run(API, 1, 600 - 100 * 12)]);
    assert_eq!(began(&turns(Log::default(), 600, 101, 101)), [run(API, 1, 600)]);
    let says = "[STARTUP] ✅ Centralized database logging initialized";
    let log = Log::default().line(590, "orchestrator_api", API, says);
    assert_eq!(began(&turns(log, 600, 1, 20)), [run(API, 1, 590)], "its line is there");
}

#[test]
fn turns_that_count_from_the_beginning_are_another_process() {
    let log = turns(turns(Log::default(), 600, 101, 200), 2_400, 4, 50);
    assert_eq!(began(&log), [run(API, 1, 600 - 100 * 12), run(API, 2, 2_400 - 3 * 12)]);
    // two lines of one batch that changed places are none
    let log = turns(turns(turns(Log::default(), 0, 1, 40), 480, 42, 42), 481, 41, 41);
    assert_eq!(began(&turns(log, 504, 43, 60)), [run(API, 1, 0)]);
}

/// domain/orchestrator.md 1.1: the number of cycles begins again with each process.
#[test]
fn cycles_that_fall_after_a_silence_are_another_process() {
    let log = Log::default().starts(0, GPU).cycles(0, GPU, 1, 100).cycles(6_000, GPU, 20, 60);
    assert_eq!(began(&log), [run(GPU, 1, 0), run(GPU, 2, 6_000 - 19 * 30)]);
}

#[test]
fn each_start_line_is_a_process_however_short_it_was() {
    let log = Log::default().starts(0, GPU).starts(20, GPU).starts(40, GPU).cycles(41, GPU, 1, 9);
    assert_eq!(began(&log), [run(GPU, 1, 0), run(GPU, 2, 20), run(GPU, 3, 40)]);
    // two lines of one start
    let log = Log::default().starts(0, GPU).starts(1, GPU).cycles(2, GPU, 1, 9);
    assert_eq!(began(&log), [run(GPU, 1, 0)]);
}
