//! What was decided, and whether the rules of the era say the same (docs/decisions.md).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use backstory::model::state::Formula;
use backstory::replay::rules::defaults::DEFAULTS;
use backstory::simulate::{self, Era, Fault, Plan};
use serde_json::Value;

use crate::support;
use crate::support::replayed::{Bench, INCIDENTS, incident};
use crate::support::snapshot::TestSnapshot;

/// Rules speak as the orchestrator did in this share of the cases of which all inputs are known.
const AGREEMENT_MIN: f64 = 0.99;

/// Rules that no recorded incident and no simulated fleet shows with all inputs.
const WITHOUT_CASE: [Formula; 7] = [
    Formula::NoHeartbeat,
    Formula::ScriptRunningTimeout,
    Formula::StartupPhase,
    Formula::GpuNotDetected,
    Formula::NeverInitialised,
    Formula::IdleWithQueue,
    Formula::Promotion,
];

/// Cases of one rule: decided, of these known, of these agreed; and known ones in which nothing was done.
type Cases = BTreeMap<String, [u64; 4]>;

#[test]
fn the_rules_say_what_was_decided_in_recorded_incidents() {
    let mut all = Cases::new();
    for name in INCIDENTS {
        let Some(folder) = incident(name, "the rules") else { return };
        let bench = Bench::new();
        bench.replayed(&folder, "s");
        add(&mut all, &cases(&bench));
    }
    let idle = told_and_checked("recorded", &all);
    assert_eq!(idle, WITHOUT_CASE.map(Formula::name), "docs/decisions.md names these");
}

#[test]
fn the_rules_say_what_was_decided_in_simulated_fleets() {
    for era in Era::ALL {
        let mut all = Cases::new();
        for seed in [1, 2, 3] {
            let bench = Bench::new();
            let files = bench.path("files");
            let faults = Fault::ALL.iter().map(|(fault, _)| *fault).filter(|one| one.is_of(era));
            let plan = Plan {
                era,
                workers: 8,
                hours: 6.0,
                seed,
                tasks_per_hour: 80.0,
                faults: faults.collect(),
                hours_between: 2.0,
            };
            fs::create_dir_all(&files).expect("a folder");
            simulate::run(&plan, &files, &mut |_, _| {}).expect("a simulation");
            bench.replayed(&files, "s");
            add(&mut all, &cases(&bench));
        }
        told_and_checked(&format!("simulated {}", era.name()), &all);
    }
}

fn cases(bench: &Bench) -> Cases {
    let query = "select formula, count(decided), \
                   count(*) filter (decided is not null and recomputed is not null), \
                   count(*) filter (decided = recomputed), \
                   count(*) filter (recomputed is not null and decided in ('leave', '0')) \
                 from decisions where formula is not null group by formula";
    let count = |text: &String| text.parse().expect("a count");
    let rows = bench.sql("s", query).into_iter();
    rows.map(|row| (row[0].clone(), [1, 2, 3, 4].map(|at| count(&row[at])))).collect()
}

fn add(all: &mut Cases, more: &Cases) {
    for (rule, counts) in more {
        let sum = all.entry(rule.clone()).or_default();
        sum.iter_mut().zip(counts).for_each(|(sum, n)| *sum += n);
    }
}

/// Prints the table, holds it against the least share, and gives the rules that have no known case.
fn told_and_checked(of: &str, all: &Cases) -> Vec<&'static str> {
    let (mut idle, mut below) = (Vec::new(), Vec::new());
    for formula in Formula::ALL {
        let rule = formula.name();
        let [cases, known, agreed, left] = all.get(rule).copied().unwrap_or_default();
        if known == 0 {
            idle.push(rule);
        } else {
            let share = agreed as f64 / known as f64;
            support::told(&format!(
                "decisions: {of} | `{rule}` | {cases} | {known} | {left} | {agreed} | {share:.4} |"
            ));
            if share < AGREEMENT_MIN {
                below.push(format!("{rule}: {agreed} of {known}"));
            }
        }
    }
    support::told(&format!("decisions: {of}: no known case of {}", idle.join(", ")));
    let known: u64 = all.values().map(|[_, known, ..]| known).sum();
    assert!(known > 200, "{of}: only {known} known cases");
    assert_eq!(below, Vec::<String>::new(), "{of}");
    idle
}

#[test]
fn the_settings_that_lines_tell_are_those_of_the_process() {
    const SETTINGS: [(&str, &str); 4] = [
        ("min_active", "MIN_ACTIVE_GPUS"),
        ("overcapacity_idle_s", "GPU_OVERCAPACITY_IDLE_TIMEOUT_SEC"),
        ("stuck_timeout_s", "TASK_STUCK_TIMEOUT_SEC"),
        ("keep_idle", "MACHINES_TO_KEEP_IDLE"),
    ];
    let mut told = 0;
    for name in INCIDENTS {
        let Some(folder) = incident(name, "settings") else { return };
        let bench = Bench::new();
        bench.replayed(&folder, "s");
        let env = &truth(&folder)["env"];
        for (threshold, setting) in SETTINGS {
            let query = format!(
                "select distinct thresholds->>'{threshold}' from decisions \
                 where thresholds->>'{threshold}' is not null \
                 and not coalesce(thresholds->>'by_default' like '%\"{threshold}\"%', false)"
            );
            let values: Vec<String> =
                bench.sql("s", &query).into_iter().map(|row| row[0].clone()).collect();
            told += values.len();
            assert!(
                values.iter().all(|value| env[setting] == **value),
                "{name} {setting} {values:?}"
            );
        }
        let most = "select max((thresholds->>'max_active_at_least')::int) from decisions";
        let most: u64 = bench.sql("s", most)[0][0].parse().expect("a number");
        let max: u64 = env["MAX_ACTIVE_GPUS"].as_str().expect("a text").parse().expect("a number");
        assert!(most <= max, "{name}: {most} of {max}");
    }
    assert!(told >= 15, "only {told} settings were told");
}

#[test]
fn every_limit_and_formula_is_documented() {
    let documented = include_str!("../docs/decisions.md");
    for (limit, first, last, value) in DEFAULTS {
        let eras = if first == last { (*first).to_string() } else { format!("{first}-{last}") };
        let row = format!("| `{}` | {eras} | {value} |", limit.name());
        assert!(documented.contains(&row), "{row}");
    }
    for formula in Formula::ALL {
        assert!(documented.contains(&format!("`{}`", formula.name())), "{}", formula.name());
    }
}

/// Decisions that rest on a failed read: sort, worker or process, kind and worker of the read.
fn resting(bench: &Bench) -> Vec<[String; 4]> {
    let query = "select d.rule, d.subject_id, e.kind, e.worker_id from decisions d \
                 join events e on e.event_id = d.failed_read_event_id \
                 where d.based_on_failed_read order by all";
    let rows = bench.sql("s", query).into_iter();
    rows.map(|row| [row[0].clone(), row[1].clone(), row[2].clone(), row[3].clone()]).collect()
}

fn truth(folder: &Path) -> Value {
    let text = fs::read_to_string(folder.join("truth.json")).expect("the truth");
    serde_json::from_str(&text).expect("JSON")
}

/// Workers whose pod was dead at the time of a kill, by the truth.
fn dead_when_killed(truth: &Value) -> BTreeSet<String> {
    let workers = truth["workers"].as_array().expect("workers").iter();
    let dead = workers.filter(|worker| {
        let gone = worker["pod"]["dead"].as_str();
        let mut kills = worker["kills"].as_array().into_iter().flatten();
        gone.is_some_and(|gone| kills.any(|kill| kill["t"].as_str().is_some_and(|at| gone <= at)))
    });
    dead.map(|worker| worker["worker_id"].as_str().expect("an id").to_string()).collect()
}

#[test]
fn kills_of_healthy_workers_rest_on_the_probe_that_failed() {
    let Some(folder) = incident("false_positive_ssh", "failed reads") else { return };
    let bench = Bench::new();
    bench.replayed(&folder, "s");
    let resting = resting(&bench);
    for row in &resting {
        assert!(["kill", "health_verdict"].contains(&row[0].as_str()), "{row:?}");
        assert_eq!(row[1], row[3], "the read of another worker");
    }
    let probed = |worker: &str| {
        resting
            .iter()
            .any(|row| row[0] == "kill" && row[1] == worker && row[2] == "ssh_unreachable")
    };
    let truth = truth(&folder);
    let healthy = truth["false_positive_workers"].as_array().expect("a list");
    assert_eq!(healthy.len(), 13);
    for worker in healthy.iter().map(|id| id.as_str().expect("an id")) {
        assert!(probed(worker), "{worker}");
    }
    // a stale heartbeat was read
    let kills = bench.sql(
        "s",
        "select formula, count(*), count(failed_read_event_id) from decisions \
         where rule = 'kill' group by formula order by formula",
    );
    assert_eq!(kills, [["basic_health", "18", "18"], ["stale_heartbeat", "1", "0"]]);
}

#[test]
fn a_cloud_that_does_not_answer_is_a_failed_read_and_nothing_else_failed() {
    let Some(folder) = incident("log_outage_1755", "failed reads") else { return };
    let bench = Bench::new();
    bench.replayed(&folder, "s");
    let dead = dead_when_killed(&truth(&folder));
    let resting = resting(&bench);
    let kills: Vec<_> = resting.iter().filter(|row| row[0] == "kill").collect();
    assert_eq!(kills.len(), 2);
    for row in kills {
        assert_eq!(row[2], "pod_not_seen");
        assert!(dead.contains(&row[1]), "{row:?}: the pod was gone, which reads the same");
    }
    assert!(resting.iter().all(|row| ["kill", "health_verdict"].contains(&row[0].as_str())));
}

const A: &str = "gpu-20260101_100000-aaaaaaaa";
const B: &str = "gpu-20260101_100000-bbbbbbbb";

/// Log rows of one process in its cycles: cycle, level and message.
fn logged(lines: &[(u32, &str, &str)]) -> TestSnapshot {
    let mut rows =
        "id,timestamp,source_type,source_id,log_level,message,cycle_number\n".to_string();
    for (n, (cycle, level, message)) in lines.iter().enumerate() {
        let (at, n) = (cycle * 30 + n as u32 / 10, n as u32);
        let time = format!("2026-01-12 12:{:02}:{:02}.{:06}", at / 60 % 60, at % 60, n * 1_000);
        let message = message.replace('"', "\"\"");
        rows.push_str(&format!(
            "00000000-0000-4000-8000-{n:012},{time},orchestrator_gpu,o,{level},\"{message}\",{cycle}\n"
        ));
    }
    let workers = "id,instance_type,status,created_at,metadata\n\
                   gpu-20260101_100000-aaaaaaaa,g,active,2026-01-12 11:00:00,{}\n\
                   gpu-20260101_100000-bbbbbbbb,g,active,2026-01-12 11:00:00,{}\n";
    let tables = [("system_logs", rows.as_str()), ("workers", workers)];
    let snapshot = TestSnapshot::new().capture("2026-01-12T13:00:00Z", &tables);
    snapshot.run("replay", &[]).ok();
    snapshot
}

fn asked(snapshot: &TestSnapshot, query: &str) -> Vec<Vec<String>> {
    let said = snapshot.run("sql", &["--format", "csv", query]).ok();
    let mut reader = csv::Reader::from_reader(said.as_bytes());
    let rows = reader.records().map(|row| row.expect("a row"));
    rows.map(|row| row.iter().map(str::to_string).collect()).collect()
}

fn kill(reason: &str, worker: &str) -> String {
    format!("🔄 WORKER_LIFECYCLE [Worker {worker}] MARKING AS ERROR: {reason}")
}

fn decision(cycle: u32) -> String {
    format!("🎯 SCALING DECISION (Cycle #{cycle}): Current=2+0, Desired=2")
}

#[test]
fn only_a_read_that_feeds_the_rule_counts() {
    let (basic, stale) =
        ("Failed basic health check", "Stale heartbeat with active tasks (700s old)");
    let lines: Vec<(u32, &str, String)> = vec![
        // 1: the counts failed: a queue of none was believed, a held task was not
        (1, "ERROR", "❌ Task counts endpoint returned status 500: boom".into()),
        (1, "ERROR", kill(basic, A)),
        (1, "ERROR", kill(stale, B)),
        (1, "CRITICAL", decision(1)),
        // 2: the next cycle read them
        (2, "ERROR", kill(basic, A)),
        (2, "CRITICAL", decision(2)),
        // 3: the tasks of one worker: its own verdict, and how many are busy
        (3, "ERROR", format!("Failed to check running tasks for worker {A}: boom")),
        (3, "ERROR", kill(basic, A)),
        (3, "ERROR", kill(basic, B)),
        (3, "CRITICAL", decision(3)),
        // 4: a port is one worker's alone
        (
            4,
            "WARNING",
            format!("💓 HEALTH_CHECK [Worker {B}] ⚠️  SSH port not accessible (result: 11)"),
        ),
        (4, "ERROR", kill(basic, A)),
        (4, "ERROR", kill(basic, B)),
        (4, "CRITICAL", decision(4)),
        // 5: what the rule does not use, and what comes too late
        (5, "ERROR", format!("Failed to get task failure streak for worker {A}: boom")),
        (5, "ERROR", kill(basic, A)),
        (5, "CRITICAL", decision(5)),
        (5, "ERROR", "❌ Task counts endpoint returned status 500: boom".into()),
    ];
    let lines: Vec<(u32, &str, &str)> =
        lines.iter().map(|(cycle, level, text)| (*cycle, *level, text.as_str())).collect();
    let snapshot = logged(&lines);
    let rows = asked(
        &snapshot,
        "select d.cycle, d.rule, right(d.subject_id, 1), e.kind, e.evidence_key = \
         (select evidence_key from events f where f.cycle = d.cycle \
          and f.kind in ('read_failed', 'ssh_unreachable') order by f.happened_at limit 1) \
         from decisions d left join events e on e.event_id = d.failed_read_event_id \
         where d.rule in ('kill', 'scaling') order by d.cycle, d.rule, d.subject_id",
    );
    let rests = |cycle: &str, rule: &str, of: &str| {
        let row = rows.iter().find(|row| row[0] == cycle && row[1] == rule && row[2] == of);
        let row = row.expect("a decision");
        assert!(row[3].is_empty() || row[4] == "true", "{row:?}: another read");
        row[3].clone()
    };
    for (cycle, rule, of, expected) in [
        ("1", "kill", "a", "read_failed"),
        ("1", "kill", "b", ""),
        ("1", "scaling", "1", "read_failed"),
        ("2", "kill", "a", ""),
        ("2", "scaling", "1", ""),
        ("3", "kill", "a", "read_failed"),
        ("3", "kill", "b", ""),
        ("3", "scaling", "1", "read_failed"),
        ("4", "kill", "a", ""),
        ("4", "kill", "b", "ssh_unreachable"),
        ("4", "scaling", "1", ""),
        ("5", "kill", "a", ""),
        ("5", "scaling", "1", ""),
    ] {
        assert_eq!(rests(cycle, rule, of), expected, "cycle {cycle}, {rule} of {of}");
    }
}

#[test]
fn a_limit_that_a_line_tells_wins_over_the_default() {
    let stale = "Stale heartbeat with active tasks (400s old)";
    let told = format!(
        "[WORKER_HEALTH] Worker {B}: Idle worker with tasks queued. Heartbeat age: 9s, Timeout: 300s"
    );
    let query = "select recomputed, thresholds->>'idle_timeout_s', thresholds->>'by_default' \
                 from decisions where rule = 'kill'";
    let mark = kill(stale, A);
    let with = asked(&logged(&[(1, "INFO", &told), (1, "ERROR", &mark)]), query);
    assert_eq!(with, [["act", "300", ""]]);
    let without = asked(&logged(&[(1, "ERROR", &mark)]), query);
    assert_eq!(without, [["leave", "600", "[\"idle_timeout_s\"]"]], "600 s is only the default");
}

#[test]
fn a_decision_gathers_what_its_cycle_says() {
    let lines = [
        "🔢 TASK COUNT (Cycle #3): Queued=2, Active=3, Total=5",
        "🎯 SCALING DECISION (Cycle #3): Current=4+1, Desired=5",
        "   • Buffer requirement: 4 workers",
        "   • Minimum requirement: 2 workers",
        "   • Current capacity: 1 idle + 3 busy = 4 active, 1 spawning",
        "   • Failure rate check: ✅ PASS",
    ];
    let lines = lines.map(|line| (3, "INFO", line));
    let snapshot = logged(&lines);
    let rows = asked(
        &snapshot,
        "select inputs->>'queued_tasks', inputs->>'workers_idle', inputs->>'workers_busy', \
           thresholds->>'min_active', thresholds->>'keep_idle', decided, recomputed, \
           (select count(*) from event_evidence e where e.event_id = d.event_id) \
         from decisions d where rule = 'scaling'",
    );
    assert_eq!(rows, [["2", "1", "3", "2", "1", "5", "5", "5"]]);
}

#[test]
fn a_kill_that_only_a_row_tells_is_a_decision_once() {
    let metadata = r#"{""error_reason"": ""Spawning timeout"", ""error_time"": ""2026-01-12T12:00:40+00:00""}"#;
    let workers = format!(
        "id,instance_type,status,created_at,metadata\n{A},g,error,2026-01-12 11:40:00,\"{metadata}\"\n"
    );
    let header = "id,timestamp,source_type,source_id,log_level,message,cycle_number\n";
    let line = format!(
        "00000000-0000-4000-8000-000000000001,2026-01-12 12:00:33,orchestrator_gpu,o,ERROR,\"{}\",1\n",
        kill("Spawning timeout", A)
    );
    let query = "select rule, formula, run_id, inputs->>'worker_age_s' from decisions";
    for (logs, expected) in [
        (header.to_string(), ["kill", "spawning_timeout", "", "1240"]),
        (format!("{header}{line}"), ["kill", "spawning_timeout", "o#1", "1233"]),
    ] {
        let tables = [("system_logs", logs.as_str()), ("workers", workers.as_str())];
        let snapshot = TestSnapshot::new().capture("2026-01-12T13:00:00Z", &tables);
        snapshot.run("replay", &[]).ok();
        assert_eq!(asked(&snapshot, query), [expected]);
    }
}

/// E7 writes an early termination as an error (domain/orchestrator.md W9).
#[test]
fn an_early_termination_that_a_row_calls_an_error_is_no_kill() {
    let case = |line: &str| {
        format!(
            "
# early: one worker too many
on 2026-01-25
worker w1 created=09:00:00 status=terminated meta={{\"runpod_id\": \"{{p1}}\", \"error_reason\": \"Early termination: over-capacity (3 > 1)\", \"error_time\": \"@09:04:00\", \"terminated_at\": \"@09:04:02\"}}
log 09:03:00 gpu#6 INFO Starting orchestrator cycle
{line}log 09:05:00 gpu#10 INFO Starting orchestrator cycle
"
        )
    };
    let line = "log 09:04:02.1 gpu#8 INFO Terminated spawning worker {w1} (RunPod {p1})\n";
    for (line, run) in [("", ""), (line, "o")] {
        let bench = Bench::of_case(&case(line));
        let rows =
            bench.sql("s", "select rule, coalesce(left(run_id, 0) || 'o', '') from decisions");
        assert_eq!(rows, [["early_termination", run]], "{line}");
    }
}

/// The breaker says itself that it blocks, until E3b (domain/orchestrator.md 5.2).
#[test]
fn a_scale_up_that_the_breaker_blocked_is_not_judged_as_one_that_nobody_thought_of() {
    let lines = |blocked: &'static str| {
        [
            (1, "INFO", "Starting orchestrator cycle"),
            (1, "CRITICAL", "🔢 TASK COUNT (Cycle #1): Queued=5, Active=0, Total=5"),
            (1, "CRITICAL", "🎯 SCALING DECISION (Cycle #1): Current=0+0, Desired=5"),
            (1, "ERROR", blocked),
            (
                1,
                "INFO",
                "Cycle completed: {'workers_promoted': 0, 'workers_failed': 0, 'workers_spawned': 0, 'workers_terminated': 0, 'tasks_reset': 0}",
            ),
        ]
    };
    let query = "select decided, recomputed from decisions where rule = 'scale_up'";
    let blocked = "⚠️  SCALING BLOCKED: High failure rate detected, not spawning 5 workers";
    assert_eq!(asked(&logged(&lines(blocked)), query), [["0", ""]]);
    assert_eq!(asked(&logged(&lines("something else")), query), [["0", "5"]]);
}
