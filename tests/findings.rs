//! `findings`: the catalogue, what a finding must hold, and how it is told.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use backstory::findings::catalogue::{self, Query};
use backstory::findings::finding::{Severity, Verdict};
use backstory::findings::run::{Findings, ask, look_up};
use backstory::read::database::Database;
use backstory::snapshot::open::Snapshot;

use crate::support::files::sql_files;
use crate::support::snapshot::TestSnapshot;

/// The goldens are about one query; others come and go.
const ONLY: &str = "--only=task_missing_generation";

const TASKS: &str = "\
id,status,task_type,output_location,worker_id,generation_created,created_at,generation_processed_at
t1,Complete,travel_segment,https://x.supabase.co/tasks/t1/a.mp4,w1,false,2026-01-05 09:00:00,2026-01-05 09:10:05.200789
t2,Complete,travel_segment,https://x.supabase.co/tasks/t2/a.mp4,w1,true,2026-01-05 09:00:00,2026-01-05 09:11:00
t3,Complete,odd_type,https://x.supabase.co/tasks/t3/a.mp4,w2,false,2026-01-05 09:00:00,2026-01-05 09:09:00
";
const LOGS: &str = "\
id,timestamp,source_type,source_id,log_level,message,task_id
l1,2026-01-05 09:10:04.9,edge_function,update-task-status,INFO,Processing status update,t1
l2,2026-01-05 09:10:05.35,edge_function,update-task-status,INFO,\"Task status updated successfully\n\u{1b}[2Jmore\",t1
l3,2026-01-05 09:00:05,edge_function,claim-next-task,INFO,Task claimed successfully,t1
";
const GENERATIONS: &str = "\
task_id,expected,verdict,flag,linked,why,decided_at,basis,completed_event_id
t1,yes,missing_generation,false,0,due in F2 and nothing names it,2026-01-05 09:10:05.200789,recorded,e1
t2,yes,ok,true,1,,2026-01-05 09:11:00,recorded,e2
t3,yes,missing_generation,false,0,,2026-01-05 09:09:00,recorded,e3
";
const EVENTS: &str = "\
event_id,happened_at,subject_kind,subject_id,kind,task_id,basis,evidence_table,evidence_key,evidence_column,source_type,source_id
e1,2026-01-05 09:10:05.200789,task,t1,task_completed,t1,recorded,tasks,t1,generation_processed_at,,
e2,2026-01-05 09:11:00,task,t2,task_completed,t2,recorded,tasks,t2,generation_processed_at,,
e3,2026-01-05 09:09:00,task,t3,task_completed,t3,recorded,tasks,t3,generation_processed_at,,
e4,2026-01-05 09:10:05.2,task,t1,task_status_updated,t1,logged,system_logs,l2,message,edge_function,update-task-status
e5,2026-01-05 09:10:04.6,task,t1,task_status_requested,t1,logged,system_logs,l1,message,edge_function,update-task-status
e6,2026-01-05 09:10:04,task,t1,task_claimed,t1,logged,system_logs,l3,message,edge_function,claim-next-task
";

/// One task whose generation is missing by three rows, one that is well, one missing by one row.
fn fleet() -> TestSnapshot {
    fleet_of(TASKS, GENERATIONS)
}

fn fleet_of(tasks: &str, verdicts: &str) -> TestSnapshot {
    let tables = [("generation_variants", "id,params\n"), ("generations", "id,tasks\n")];
    let fleet = without_generations(tasks, verdicts);
    fleet.capture("2026-01-05T11:00:00Z", &tables)
}

fn without_generations(tasks: &str, verdicts: &str) -> TestSnapshot {
    let tables = [("system_logs", LOGS), ("workers", "id,status\nw1,active\n"), ("tasks", tasks)];
    TestSnapshot::new()
        .capture("2026-01-05T10:00:00Z", &tables)
        .derived("task_generations", verdicts)
        .derived("events", EVENTS)
        .derived("event_evidence", "event_id,evidence_table,evidence_key,evidence_column,role\n")
        .derived("task_attempts", "task_id,attempt,worker_id,outcome\nt1,1,w1,complete\n")
        .derived("pods", "pod_id,worker_id,created_at\np1,w1,2026-01-05 08:30:00\n")
}

#[test]
fn json_is_the_contract() {
    let fleet = fleet();
    let said = fleet.run("findings", &[ONLY, "--format", "json"]).ok();
    let said = said.replace(fleet.dir().to_str().expect("UTF-8"), "DIR");
    insta::assert_snapshot!(said, @r#"
    {
      "format": 1,
      "snapshot": "DIR",
      "findings": [
        {
          "query": "task_missing_generation",
          "severity": "high",
          "verdict": "probable",
          "subject_kind": "task",
          "subject_id": "t3",
          "happened_at": "2026-01-05T09:09:00.000000Z",
          "summary": "odd_type completed with an output, but no generation names it and generation_created is false",
          "evidence": [
            "e3",
            "tasks:t3"
          ],
          "columns": {
            "why": null,
            "kind": "missing_generation",
            "task_type": "odd_type",
            "completion_path": null,
            "worker_id": "w2",
            "pod_created_at": null,
            "output_host": "x.supabase.co",
            "affected_tasks": [
              "t3"
            ],
            "lost_worker_s": null
          }
        },
        {
          "query": "task_missing_generation",
          "severity": "high",
          "verdict": "confirmed",
          "subject_kind": "task",
          "subject_id": "t1",
          "happened_at": "2026-01-05T09:10:05.200789Z",
          "summary": "travel_segment completed with an output, but no generation names it and generation_created is false",
          "evidence": [
            "e1",
            "tasks:t1",
            "e5",
            "e4"
          ],
          "columns": {
            "why": "due in F2 and nothing names it",
            "kind": "missing_generation",
            "task_type": "travel_segment",
            "completion_path": "update-task-status",
            "worker_id": "w1",
            "pod_created_at": "2026-01-05T08:30:00.000000Z",
            "output_host": "x.supabase.co",
            "affected_tasks": [
              "t1"
            ],
            "lost_worker_s": null
          }
        }
      ],
      "stories": [
        {
          "query": "task_missing_generation",
          "severity": "high",
          "title": "travel_segment completed with an output, but no generation names it and generation_created is false",
          "cause": {
            "kind": "missing_generation",
            "completion_path": "update-task-status"
          },
          "members": [
            "t1"
          ],
          "first_at": "2026-01-05T09:10:05.200789Z",
          "last_at": "2026-01-05T09:10:05.200789Z",
          "verdicts": {
            "confirmed": 1
          },
          "blast": {
            "tasks": 1,
            "projects": 0,
            "worker_s": 0.0,
            "cost": 0.0
          },
          "border": null
        },
        {
          "query": "task_missing_generation",
          "severity": "high",
          "title": "odd_type completed with an output, but no generation names it and generation_created is false",
          "cause": {
            "kind": "missing_generation"
          },
          "members": [
            "t3"
          ],
          "first_at": "2026-01-05T09:09:00.000000Z",
          "last_at": "2026-01-05T09:09:00.000000Z",
          "verdicts": {
            "probable": 1
          },
          "blast": {
            "tasks": 1,
            "projects": 0,
            "worker_s": 0.0,
            "cost": 0.0
          },
          "border": null
        }
      ],
      "suppressed": [],
      "skipped": [],
      "failed": [],
      "incomplete": []
    }
    "#);
}

#[test]
fn text_is_for_a_person() {
    insta::assert_snapshot!(fleet().run("findings", &[ONLY]).ok(), @r"
    HIGH      travel_segment completed with an output, but no generation names it and generation_created is false
              kind missing_generation; completion path update-task-status
              2026-01-05 09:10:05; 1 confirmed; query task_missing_generation
              hit 1 task
    HIGH      odd_type completed with an output, but no generation names it and generation_created is false
              kind missing_generation
              2026-01-05 09:09:00; 1 probable; query task_missing_generation
              hit 1 task

    HIGH  A finished task never got its generation  (2)
        query      task_missing_generation
        harmless?  The user deleted the generation after it was made and the flag was reset by hand, or the task type was never meant to yield
                   one: compare `task_type` with the table `task_types`.
        do         The output is still at the task's output_location: insert the generation from it and set generation_created. Then see
                   `completion_path`: completions that bypass complete-task (update-task-status, a fallback to the provider's URL, SQL by hand)
                   never make one, so redeploy whatever still completes that way; an external URL expires, so save the file first.

      2026-01-05 09:09:00.000000  task t3  probable (one row only)
        what       odd_type completed with an output, but no generation names it and generation_created is false
        why        kind missing_generation; task type odd_type; worker id w2; output host x.supabase.co; affected tasks t3
        evidence   2026-01-05 09:09:00.000000  tasks:t3  generation_processed_at = 2026-01-05 09:09:00
                   2026-01-05 10:00:00.000000  tasks:t3  as captured: status = Complete, generation_created = false, output_location = https://…

      2026-01-05 09:10:05.200789  task t1  confirmed
        what       travel_segment completed with an output, but no generation names it and generation_created is false
        why        due in F2 and nothing names it; kind missing_generation; task type travel_segment; completion path update-task-status; worker
                   id w1; pod created at 2026-01-05 08:30:00.000000; output host x.supabase.co; affected tasks t1
        evidence   2026-01-05 09:10:04.900000  system_logs:l1  Processing status update
                   2026-01-05 09:10:05.200789  tasks:t1  generation_processed_at = 2026-01-05 09:10:05.200789
                   2026-01-05 09:10:05.350000  system_logs:l2  Task status updated successfully
                   2026-01-05 10:00:00.000000  tasks:t1  as captured: status = Complete, generation_created = false, output_location = https://…

    2 findings: 2 high, 1 confirmed, 1 probable, 1 of 1 questions asked
    ");
}

#[test]
fn an_empty_answer_says_what_was_asked() {
    let healthy = TASKS.replace("false", "true");
    let well = fleet_of(&healthy, &GENERATIONS.replace("missing_generation", "ok"));
    let said = well.run("findings", &[ONLY]).ok();
    insta::assert_snapshot!(said.replace(well.dir().to_str().expect("UTF-8"), "DIR"), @r"
    nothing found in DIR. What was asked:
      - Which tasks completed with an output and were due a generation, yet have none?
    0 findings: 1 of 1 questions asked
    ");
}

#[test]
fn csv_is_one_line_a_finding() {
    insta::assert_snapshot!(fleet().run("findings", &[ONLY, "--format", "csv"]).ok(), @r#"
    query,severity,verdict,subject_kind,subject_id,happened_at,summary,evidence,columns
    task_missing_generation,high,probable,task,t3,2026-01-05 09:09:00.000000,"odd_type completed with an output, but no generation names it and generation_created is false","[""e3"",""tasks:t3""]","{""why"":null,""kind"":""missing_generation"",""task_type"":""odd_type"",""completion_path"":null,""worker_id"":""w2"",""pod_created_at"":null,""output_host"":""x.supabase.co"",""affected_tasks"":[""t3""],""lost_worker_s"":null}"
    task_missing_generation,high,confirmed,task,t1,2026-01-05 09:10:05.200789,"travel_segment completed with an output, but no generation names it and generation_created is false","[""e1"",""tasks:t1"",""e5"",""e4""]","{""why"":""due in F2 and nothing names it"",""kind"":""missing_generation"",""task_type"":""travel_segment"",""completion_path"":""update-task-status"",""worker_id"":""w1"",""pod_created_at"":""2026-01-05T08:30:00.000000Z"",""output_host"":""x.supabase.co"",""affected_tasks"":[""t1""],""lost_worker_s"":null}"
    "#);
}

#[test]
fn without_the_table_of_generations_nothing_is_claimed() {
    let fleet = without_generations(TASKS, GENERATIONS);
    let said =
        fleet.run("findings", &[ONLY, "--format", "csv", "--verdict", "insufficient_evidence"]);
    assert_eq!(said.ok().lines().count(), 3);
    let said = fleet.run("findings", &[ONLY, "--fail-on", "info"]);
    assert_eq!(said.code, 0);
}

#[test]
fn fail_on_counts_what_is_at_least_that_bad() {
    let fleet = fleet();
    for (level, code) in [("none", 0), ("critical", 0), ("high", 1), ("info", 1)] {
        assert_eq!(fleet.run("findings", &[ONLY, "--fail-on", level]).code, code, "{level}");
        // `| head` in a script: who reads no further still learns it
        for format in ["text", "json", "csv"] {
            let asked = [ONLY, "--fail-on", level, "--format", format];
            let unread = fleet.run_into_closed_pipe("findings", &asked);
            assert_eq!(unread.code, code, "{level} {format}: {}", unread.stderr);
        }
    }
    let said = fleet.run("findings", &["--only", "task_mising_generation"]);
    assert_eq!(said.code, 2);
    assert!(said.stderr.contains("task_missing_generation"), "{}", said.stderr);
}

#[test]
fn a_snapshot_without_derived_tables_skips_and_says_so() {
    let bare = TestSnapshot::new().capture("2026-01-05T10:00:00Z", &[("tasks", TASKS)]);
    let said = bare.run("findings", &[ONLY]).ok();
    insta::assert_snapshot!(said.replace(bare.dir().to_str().expect("UTF-8"), "DIR"), @r"
    nothing could be asked of DIR
    not asked: task_missing_generation (the snapshot does not hold task_generations, events, task_attempts, pods)
    0 findings: 0 of 1 questions asked
    ");
}

/// A query of the tests' own: this SELECT under a plain header.
fn question(select: &str) -> Query {
    let text = format!(
        "--! id = \"t\"\n--! title = \"t\"\n--! severity = \"low\"\n--! question = \"t\"\n\
         --! reads = [\"tasks\"]\n--! grain = [\"subject_id\"]\n--! params = {{ n = 1 }}\n\
         --! innocent = \"t\"\n--! remedy = \"t\"\n--! guide = \"t\"\n--! incidents = []\n\
         select *, cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s\n\
         from ({select})"
    );
    Query::parse(Path::new("t.sql"), &text).expect("a good query")
}

fn answer(select: &str) -> Result<Findings, String> {
    const LIMIT: Duration = Duration::from_secs(60);
    let fleet = fleet();
    let snapshot = Snapshot::open(&fleet.dir()).expect("a snapshot");
    let database = Database::open(&snapshot).expect("a database");
    let answers = ask(&database, &[question(select)], LIMIT).and_then(Findings::whole);
    let mut answers = answers.map_err(|err| err.to_string())?;
    let found = answers.found.iter_mut().collect();
    look_up(&database, found, &answers.read_from, LIMIT).expect("its rows");
    Ok(answers)
}

/// A SELECT of the first tasks with these words in place of the usual ones.
fn row(verdict: &str, evidence: &str) -> String {
    format!(
        "select 'task' as subject_kind, id as subject_id, created_at as happened_at, \
         {verdict} as verdict, 's' as summary, {evidence} as evidence from tasks \
         where id <= 't' || $n order by id"
    )
}

#[test]
fn confirmed_needs_two_rows() {
    let verdict = |evidence: &str| {
        let found = answer(&row("'confirmed'", evidence)).expect("an answer").found;
        (found[0].verdict, found[0].lowered, found[0].pieces.len())
    };
    assert_eq!(verdict("['tasks:' || id, 'system_logs:l1']"), (Verdict::Confirmed, false, 2));
    assert_eq!(verdict("['e1', 'e4']"), (Verdict::Confirmed, false, 2));
    assert_eq!(verdict("['tasks:' || id]"), (Verdict::Probable, true, 1));
    // An event and the row it was read from are one piece, and a row that is not there is none.
    assert_eq!(verdict("['e1', 'tasks:t1']"), (Verdict::Probable, true, 2));
    assert_eq!(
        verdict("['tasks:' || id, 'tasks:nowhere', null, 'e99']"),
        (Verdict::Probable, true, 1)
    );
}

#[test]
fn a_summary_with_a_value_that_is_null_is_the_title() {
    let select = row("'probable'", "['tasks:' || id]").replace("'s' as", "format('{}', null) as");
    let found = answer(&select).expect("an answer").found;
    assert_eq!(found[0].summary, "t");
}

#[test]
fn a_query_that_breaks_its_promises_is_an_error() {
    let said = |select: &str| answer(select).expect_err("an error");
    let good = row("'probable'", "['tasks:' || id]");
    assert!(said(&row("'probable'", "[]::varchar[]")).contains("without evidence"));
    assert!(said(&row("'probable'", "['tasks:nowhere']")).contains("not in the snapshot"));
    assert!(said(&row("'perhaps'", "['tasks:' || id]")).contains("unknown verdict `perhaps`"));
    assert!(said(&row("null::varchar", "['tasks:' || id]")).contains("without a verdict"));
    assert!(
        said(&row("'probable'", "'tasks:' || id")).contains("must return evidence as column 6")
    );
    assert!(
        said(&good.replace("id as subject_id", "'x' as subject_id").replace("$n", "(2 + $n)"))
            .contains("two findings with the same subject_id")
    );
    assert!(said(&good.replace("$n", "1")).contains("could not be answered"));
    assert!(answer(&good).is_ok());
}

#[test]
fn a_query_cannot_write() {
    assert!(answer("copy (select 1) to '/tmp/x.csv'").is_err());
}

#[test]
fn every_query_file_is_in_the_catalogue_and_tells_who_it_is() {
    let queries = catalogue::all().expect("good headers");
    let listed: BTreeSet<&str> = queries.iter().map(|query| query.path.as_str()).collect();
    let files = sql_files(Path::new("queries"));
    assert_eq!(listed, files.iter().map(String::as_str).collect());
    for query in &queries {
        let stem = Path::new(&query.path).file_stem().and_then(|stem| stem.to_str());
        assert_eq!(stem, Some(query.header.id.as_str()));
        let sql = query.sql.to_lowercase();
        assert!(!sql.contains("timestamptz") && !sql.contains("at time zone"), "{}", query.path);
        assert!(query.sql.contains("order by"), "{} has no total order", query.path);
        assert!(query.header.severity <= Severity::Info);
    }
}

#[test]
fn every_query_binds_against_an_empty_snapshot() {
    let bare = TestSnapshot::new().capture("2026-01-05T10:00:00Z", &[("tasks", "id\n")]);
    let snapshot = Snapshot::open(&bare.dir()).expect("a snapshot");
    let database = Database::open(&snapshot).expect("a database");
    for query in catalogue::all().expect("good headers") {
        let answer = database.query(&query.sql, &query.header.bound(), Duration::from_secs(60));
        assert_eq!(answer.expect(&query.path).rows.len(), 0, "{}", query.path);
    }
}
