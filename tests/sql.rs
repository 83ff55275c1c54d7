//! `sql`: what is answered, in which words, and what is refused.

use std::fs;
use std::time::Instant;

use crate::support::snapshot::TestSnapshot;

const LOGS: &str = "\
id,timestamp,source_type,source_id,log_level,message,task_id,worker_id,cycle_number,metadata
l1,2026-01-05 09:00:00.603151,worker,w1,INFO,\"said \"\"hi\"\", twice\",t1,w1,,{}
l2,2026-01-05 09:00:01,orchestrator_gpu,o1,ERROR,\"two\nlines \u{1b}[31mred\",,,7,
";

fn fleet() -> TestSnapshot {
    TestSnapshot::new()
        .capture(
            "2026-01-05T10:00:00Z",
            &[
                ("system_logs", LOGS),
                ("workers", "id,status,extra\nw1,active,x\nw2,active,\n"),
                ("tasks", "id,status,attempts\nt1,Queued,0\n"),
            ],
        )
        .capture(
            "2026-01-05T11:00:00Z",
            &[
                ("system_logs", LOGS),
                ("workers", "id,status,extra\nw1,error,x\nw2,active,\n"),
                ("tasks", "id,status,attempts\nt1,Complete,1\n"),
            ],
        )
        .derived("events", "event_id,happened_at,kind\ne1,2026-01-05 09:00:00.5,task_created\n")
}

#[test]
fn csv_keeps_null_and_empty_apart_and_every_digit_of_a_time() {
    let said = fleet().run(
        "sql",
        &[
            "--format",
            "csv",
            "select \"timestamp\", message, worker_id, cycle_number, '' as e, true as b, 1.50 as d, \
             sum(cycle_number) over () as s, ['a', 'b'] as l, 0.1::double as f, date '2026-01-05' as day \
             from system_logs order by id",
        ],
    );
    insta::assert_snapshot!(said.ok().replace('\u{1b}', "<ESC>"), @r#"
    timestamp,message,worker_id,cycle_number,e,b,d,s,l,f,day
    2026-01-05 09:00:00.603151,"said ""hi"", twice",w1,,"",true,1.50,7,"[""a"",""b""]",0.1,2026-01-05
    2026-01-05 09:00:01.000000,"two
    lines <ESC>[31mred",,7,"",true,1.50,7,"[""a"",""b""]",0.1,2026-01-05
    "#);
}

#[test]
fn json_is_an_array_of_objects_in_the_order_of_the_select() {
    let fleet = fleet();
    let said = fleet.run(
        "sql",
        &[
            "--format",
            "json",
            "select worker_id as z, \"timestamp\" as a, cycle_number, 1 as a, [1, null] as l, \
             {'k': message} as r, 'nan'::double as n, 170141183460469231731687303715884105727::hugeint as h \
             from system_logs order by id",
        ],
    );
    insta::assert_snapshot!(said.ok(), @r#"
    [
    {"z":"w1","a":"2026-01-05T09:00:00.603151Z","cycle_number":null,"a_1":1,"l":[1,null],"r":{"k":"said \"hi\", twice"},"n":null,"h":"170141183460469231731687303715884105727"},
    {"z":null,"a":"2026-01-05T09:00:01.000000Z","cycle_number":7,"a_1":1,"l":[1,null],"r":{"k":"two\nlines \u001b[31mred"},"n":null,"h":"170141183460469231731687303715884105727"}
    ]
    "#);
    assert_eq!(fleet.run("sql", &["--format", "json", "select 1 where false"]).ok(), "[]\n");
}

#[test]
fn text_shows_no_control_characters() {
    let said =
        fleet().run("sql", &["select id, message, cycle_number from system_logs order by id"]);
    insta::assert_snapshot!(said.ok(), @r#"
    ┌────┬─────────────────────────┬──────────────┐
    │ id ┆ message                 ┆ cycle_number │
    ╞════╪═════════════════════════╪══════════════╡
    │ l1 ┆ said "hi", twice        ┆         NULL │
    │ l2 ┆ two lines \u{1b}[31mred ┆            7 │
    └────┴─────────────────────────┴──────────────┘
    2 rows
    "#);
}

#[test]
fn a_mutable_table_shows_the_latest_version_and_its_versions_show_all() {
    let fleet = fleet();
    let csv = |sql: &str| fleet.run("sql", &["--format", "csv", sql]).ok();
    insta::assert_snapshot!(
        csv("select id, status, extra, current_model, _capture, captured_at from workers order by id"),
        @r"
        id,status,extra,current_model,_capture,captured_at
        w1,error,x,,c000002,2026-01-05 11:00:00.000000
        w2,active,,,c000001,2026-01-05 10:00:00.000000
        "
    );
    assert_eq!(csv("select count(*) n from workers_versions"), "n\n3\n");
    assert_eq!(csv("select status, attempts from tasks"), "status,attempts\nComplete,1\n");
    assert_eq!(csv("select count(*) n from system_logs"), "n\n2\n");
}

#[test]
fn a_table_without_files_is_empty_and_still_has_its_columns() {
    let fleet = fleet();
    let csv = |sql: &str| fleet.run("sql", &["--format", "csv", sql]).ok();
    let generations =
        "select is_child and starred, created_at + interval 1 day, _xid + 1 from generations";
    assert_eq!(csv(generations).lines().count(), 1);
    assert_eq!(csv("select count(*) n from worker_ends where ended_at is null"), "n\n0\n");
    insta::assert_snapshot!(csv("select kind, cycle, subject_id, arrived_by from events"), @r"
    kind,cycle,subject_id,arrived_by
    task_created,,,
    ");
    insta::assert_snapshot!(
        csv("select table_name, held from snapshot_tables where table_name in \
             ('events', 'generations', 'tasks', 'tasks_versions', 'gaps') order by 1"),
        @r"
        table_name,held
        events,true
        gaps,false
        generations,false
        tasks,true
        tasks_versions,true
        "
    );
}

#[test]
fn only_one_select_is_run() {
    let fleet = fleet();
    let target = fleet.dir().join("stolen.csv");
    let copy = format!("copy (select 1) to '{}'", target.display().to_string().replace('\'', "''"));
    for sql in [
        copy.as_str(),
        "attach 'x.db'",
        "create table a as select 1",
        "insert into workers values (1)",
        "drop view workers",
        "pragma version",
        "set threads = 2",
        "load icu",
        "install httpfs",
        "call pragma_version()",
        "explain select 1",
        "select 1; select 2",
        "select 1; drop view workers",
        "",
        "-- nothing",
    ] {
        let said = fleet.run("sql", &["--format", "csv", sql]);
        assert_eq!((said.code, said.stdout.as_str()), (5, ""), "{sql}: {}", said.stderr);
        assert!(said.stderr.starts_with("error: refused: "), "{sql}: {}", said.stderr);
    }
    assert!(!target.exists());
    for sql in [
        "from range(2)",
        "values (1)",
        "with a as (select 1) from a;",
        "describe tasks",
        "show tables",
    ] {
        assert_eq!(fleet.run("sql", &[sql]).code, 0, "{sql}");
    }
}

#[test]
fn no_other_file_is_read() {
    let fleet = fleet();
    let outside = fleet.dir().parent().expect("a parent").join("outside.parquet");
    let inside = fleet.dir().join("derived/events/0001.parquet");
    fs::copy(inside, &outside).expect("a copy");
    let quoted = outside.display().to_string().replace('\'', "''");
    let up = fleet.dir().join("../outside.parquet").display().to_string().replace('\'', "''");
    for sql in [
        "select * from read_csv('/etc/passwd')".to_string(),
        "select * from read_text('/proc/self/environ')".to_string(),
        "select * from glob('/etc/*')".to_string(),
        "select * from '/etc/passwd'".to_string(),
        format!("select * from read_parquet('{quoted}')"),
        format!("select * from '{quoted}'"),
        format!("select * from read_parquet('{up}')"),
        "select * from read_parquet('https://example.com/x.parquet')".to_string(),
        "select * from query('select * from read_csv(''/etc/passwd'')')".to_string(),
    ] {
        let said = fleet.run("sql", &["--format", "csv", &sql]);
        assert_eq!((said.code, said.stdout.as_str()), (5, ""), "{sql}: {}", said.stderr);
    }
    let said = fleet.run("sql", &["select * from read_csv('/etc/passwd')"]);
    insta::assert_snapshot!(said.stderr, @r#"
    error: refused: a query can read the snapshot's own files and nothing else (Permission Error: Cannot access file "/etc/passwd" - file system operations are disabled by configuration)
    hint: import the file into a snapshot, or read it with another tool
    "#);
}

#[test]
fn a_query_that_takes_too_long_is_stopped() {
    let began = Instant::now();
    let endless =
        "select count(*) from range(10000000) a, range(10000000) b where a.range + b.range = -1";
    let said = fleet().run("sql", &["--timeout", "0.4", endless]);
    insta::assert_snapshot!(said.stderr, @r"
    error: the query was stopped after 0.4 s
    hint: ask for less, or give it more --timeout
    ");
    assert_eq!(said.code, 5);
    assert!(began.elapsed().as_secs() < 30);
    let streamed =
        fleet().run("sql", &["--timeout", "0.4", "--format", "csv", "from range(100000000000)"]);
    assert_eq!(streamed.code, 5, "{}", streamed.stderr);
}

#[test]
fn a_wrong_query_says_where() {
    let fleet = fleet();
    let syntax = fleet.run("sql", &["select *\nfrom tasks wher id = 'ö'"]);
    insta::assert_snapshot!(syntax.stderr, @r#"
    error: the query is not valid SQL: syntax error at or near "id"
      from tasks wher id = 'ö'
                      ^
    hint: `backstory sql "SHOW TABLES"` and "DESCRIBE <table>" say what can be asked
    "#);
    let column = fleet.run("sql", &["select statuss from tasks"]);
    assert_eq!(column.code, 5);
    assert!(column.stderr.contains("\"statuss\" not found"), "{}", column.stderr);
    let value = fleet.run("sql", &["select cast(message as int) from system_logs where id = 'l1'"]);
    assert_eq!(value.code, 5);
    assert!(!value.stderr.contains("said"), "{}", value.stderr);
    let parameter = fleet.run("sql", &["select $x"]);
    assert_eq!(parameter.code, 5);
    assert_eq!(fleet.run("sql", &["--timeout", "0", "select 1"]).code, 2);
}

#[test]
fn what_is_no_snapshot_is_said() {
    let empty = TestSnapshot::new();
    assert_eq!(empty.run("sql", &["select 1"]).code, 4);
    let fleet = fleet();
    let file = fleet.dir().join("derived/events/0001.parquet");
    fs::write(&file, b"PAR1 not really PAR1").expect("written");
    let said = fleet.run("sql", &["select 1"]);
    assert_eq!(said.code, 4, "{}", said.stderr);
}

#[test]
fn who_cannot_keep_timelines_is_told_who_can() {
    let fleet = fleet();
    fs::remove_dir_all(fleet.dir().join("derived")).expect("removed");
    // what stands in the place of the lock cannot be opened, as nothing can in a directory of another user
    fs::create_dir(fleet.dir().join(".replay.lock")).expect("a directory");
    let said = fleet.run("sql", &["select 1"]);
    assert_eq!(said.code, 2, "{}", said.stderr);
    assert!(said.stderr.contains("let its owner run `backstory replay`"), "{}", said.stderr);
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let fleet = fleet();
    let said = fleet.run_into_closed_pipe("sql", &["--format", "csv", "from range(10000000)"]);
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
    let said = fleet.run_into_closed_pipe("sql", &["--format", "json", "from range(10000000)"]);
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
}
