//! `import`, from bytes in files to bytes in a snapshot, through the binary.

use std::fs;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use arrow::array::Array;
use arrow::util::display::array_value_to_string;
use backstory::export::csv::CsvReader;
use backstory::model::state::Guarantee;
use backstory::model::table::Table;
use backstory::model::time::Micros;
use backstory::snapshot::capture::known_rows::Coming;
use backstory::snapshot::capture::{CaptureOptions, CaptureWriter};
use backstory::snapshot::column::{Column, ColumnType, Value};
use backstory::snapshot::open::Snapshot;
use backstory::snapshot::parquet_file::read_columns;
use proptest::prelude::*;

use crate::support::files::with_core;

const LOGS: &str = "id,timestamp,source_type,source_id,log_level,message,task_id,worker_id,cycle_number,metadata\n";
const LOG: &str = "l1,2025-11-03 14:00:00.5+00,orchestrator_gpu,o1,INFO,hello,,,3,\n";
const WORKERS: &str = "id,instance_type,created_at,last_heartbeat,status,metadata\n";
const WORKER: &str = "w1,gpu,2025-11-03 14:00:00+00,,active,\"{\"\"ready\"\": true}\"\n";
const TASKS: &str =
    "id,task_type,params,status,created_at,generation_created,attempts,error_message\n";
const TASK: &str = "t1,edit,{},Queued,2025-11-03 14:00:00+00,f,0,\n";

/// A directory of its own, with a configuration folder of its own.
struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    /// With one row in each of the required tables.
    fn new() -> Self {
        let bench = Self { dir: tempfile::tempdir().expect("a temporary directory") };
        fs::create_dir(bench.path("from")).expect("a source directory");
        bench.source("system_logs.csv", format!("{LOGS}{LOG}"));
        bench.source("workers.csv", format!("{WORKERS}{WORKER}"));
        bench.whole("tasks.csv", &format!("{TASKS}{TASK}"));
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn source(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path("from").join(name), content).expect("a source file");
    }

    /// With the columns that no import goes without.
    fn whole(&self, name: &str, csv: &str) {
        let table = name.strip_suffix(".csv").expect("a CSV");
        self.source(name, with_core(table, csv));
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.path("from").join(name)).expect("the file was there");
    }

    fn import_with(&self, more: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_backstory"))
            .args(["import", "--from", "from", "--snapshot", "snap"])
            .args(more)
            .current_dir(self.dir.path())
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("BACKSTORY_NOW", "2025-11-03T20:00:00Z")
            .env("NO_COLOR", "1")
            .output()
            .expect("the binary runs")
    }

    /// Imports and returns what was said; the exit code must be this one.
    fn import(&self, code: i32) -> String {
        let output = self.import_with(&[]);
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(output.stdout.is_empty(), "an import has no data to print");
        said
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot::open(&self.path("snap")).expect("a readable snapshot")
    }

    /// What the first capture could not read.
    fn unreadable(&self) -> Vec<String> {
        self.snapshot().captures()[0].unreadable.clone()
    }

    /// One column of a table, as text, over all captures in order; NULL is `None`.
    fn column(&self, table: Table, column: &str) -> Vec<Option<String>> {
        let mut values = Vec::new();
        for file in self.snapshot().files(table) {
            read_columns(&file, &[column], |batch| {
                let array = batch.column_by_name(column).expect("the column is there");
                values.extend((0..array.len()).map(|row| {
                    let text = || array_value_to_string(array, row).expect("a printable value");
                    array.is_valid(row).then(text)
                }));
                Ok(())
            })
            .expect("readable Parquet");
        }
        values
    }
}

fn some(texts: &[&str]) -> Vec<Option<String>> {
    texts.iter().map(|text| Some(text.to_string())).collect()
}

fn gzip(content: &str) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(content.as_bytes()).expect("memory takes it");
    packed.finish().expect("memory takes it")
}

/// A field as `COPY ... CSV` writes it.
fn quoted(field: &Option<String>) -> String {
    match field {
        None => String::new(),
        Some(text) if text.is_empty() || text.contains([',', '"', '\n', '\r']) => {
            format!("\"{}\"", text.replace('"', "\"\""))
        }
        Some(text) => text.clone(),
    }
}

proptest! {
    #[test]
    fn what_postgres_writes_is_what_is_read(
        rows in prop::collection::vec(
            prop::collection::vec(prop::option::of("[a,\"\n\r é]{0,6}|\\PC{0,4}"), 2..5), 0..6),
        buffer in 1usize..9,
        last_line_feed in any::<bool>(),
    ) {
        let lines: Vec<String> =
            rows.iter().map(|row| row.iter().map(quoted).collect::<Vec<_>>().join(",")).collect();
        let mut file = lines.join("\n");
        if last_line_feed && !rows.is_empty() {
            file.push('\n');
        }
        let mut reader = CsvReader::new(BufReader::with_capacity(buffer, file.as_bytes()));
        let mut got = Vec::new();
        let mut line = 1;
        while let Some(record) = reader.read().expect("memory has no IO errors") {
            let record = record.expect("a good record");
            let fields: Vec<Option<String>> =
                (0..record.len()).map(|at| record.field(at).map(str::to_string)).collect();
            let breaks = lines[got.len()].matches('\n').count() as u64 + 1;
            got.push(fields);
            prop_assert_eq!(reader.line(), line);
            line += breaks;
        }
        prop_assert_eq!(got, rows);
    }
}

#[test]
fn rows_arrive_with_their_types_and_nulls() {
    let bench = Bench::new();
    let rows = "t2,edit,\"{\"\"a\"\": \"\"x\ny\"\"}\",Queued,infinity,t,x7,\"\"\n";
    bench.whole("tasks.csv", &format!("{TASKS}{TASK}{rows}"));
    bench.remove("workers.csv");
    bench.source("workers.csv.gz", gzip(&format!("{WORKERS}{WORKER}")));
    bench.source(
        "generations.ndjson",
        "{\"id\":\"g1\",\"tasks\":[],\"params\":{\"n\": 1},\"starred\":true,\"odd\":1.50}\n",
    );
    bench.source("notes.txt", "mine");
    // as it is: what redaction makes of a text is asked elsewhere
    let output = bench.import_with(&["--redact", "none"]);
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("ignored, not a table file: notes.txt"), "{said}");
    assert!(said.contains("no file for `task_types`"), "{said}");
    assert_eq!(bench.column(Table::Tasks, "error_message"), [None, Some(String::new())]);
    assert_eq!(bench.column(Table::Tasks, "params"), some(&["{}", "{\"a\": \"x\ny\"}"]));
    assert_eq!(bench.column(Table::Tasks, "generation_created"), some(&["false", "true"]));
    assert_eq!(bench.column(Table::Tasks, "attempts"), [Some("0".to_string()), None]);
    let verbatim = r#"{"attempts":"x7","created_at":"infinity"}"#;
    assert_eq!(bench.column(Table::Tasks, "_verbatim"), [None, Some(verbatim.to_string())]);
    assert_eq!(bench.column(Table::SystemLogs, "timestamp"), some(&["2025-11-03T14:00:00.500"]));
    assert_eq!(bench.column(Table::SystemLogs, "cycle_number"), some(&["3"]));
    assert_eq!(bench.column(Table::Workers, "id"), some(&["w1"]));
    assert_eq!(bench.column(Table::Generations, "params"), some(&["{\"n\": 1}"]));
    assert_eq!(bench.column(Table::Generations, "starred"), some(&["true"]));
    assert_eq!(bench.column(Table::Generations, "odd"), some(&["1.50"]));
    let snapshot = bench.snapshot();
    assert_eq!(snapshot.manifest().source["kind"], "files");
    assert_eq!(snapshot.captures()[0].guarantee, "as_given");
    assert_eq!(snapshot.captures()[0].source_files.len(), 4);
    snapshot.check_hashes().expect("what was written is what is there");
    let schema = fs::read_to_string(bench.path("snap/source_schema.json")).expect("a schema");
    assert!(schema.contains("error_message"), "{schema}");
}

#[test]
fn one_row_hashes_the_same_from_csv_and_ndjson() {
    let csv = Bench::new();
    csv.import(0);
    let key = csv.path("config/backstory/redact.key");
    let json = Bench::new();
    json.remove("workers.csv");
    let row = r#"{"metadata":{"ready": true},"id":"w1","instance_type":"gpu","status":"active","created_at":"2025-11-03T14:00:00Z","last_heartbeat":null}"#;
    json.source("workers.ndjson.gz", gzip(row));
    let output = json.import_with(&["--redact-key-file", &key.display().to_string()]);
    assert!(output.status.success());
    let hash = |bench: &Bench| bench.column(Table::Workers, "_row_hash");
    assert_eq!(hash(&csv), hash(&json));
}

#[test]
fn a_line_at_a_time_that_only_a_database_has_is_kept() {
    let bench = Bench::new();
    let odd = ["infinity", "-infinity", "0044-03-15 00:00:00+00 BC", "10000-01-01 00:00:00+00"];
    let rows = odd.iter().enumerate();
    let rows = rows.map(|(n, at)| format!("odd{n},{at},orchestrator_gpu,o1,INFO,hello,,,3,\n"));
    bench.source("system_logs.csv", format!("{LOGS}{LOG}{}", rows.collect::<String>()));
    let said = bench.import(0);
    assert!(said.contains("5 rows read"), "{said}");
    assert!(bench.unreadable().is_empty(), "{said}");
    assert_eq!(bench.column(Table::SystemLogs, "timestamp").iter().flatten().count(), 1);
    let told: Vec<String> =
        bench.column(Table::SystemLogs, "_verbatim").into_iter().flatten().collect();
    assert_eq!(told, odd.map(|at| format!("{{\"timestamp\":\"{at}\"}}")));
}

#[test]
fn json_has_such_a_time_in_another_spelling() {
    let (csv, json) = (Bench::new(), Bench::new());
    csv.whole("workers.csv", "id,status,created_at\nw1,active,0044-03-15 12:00:00+00 BC\n");
    let row = r#"{"id":"w1","status":"active","created_at":"0044-03-15T12:00:00+00:00 BC","last_heartbeat":null,"metadata":null,"instance_type":null}"#;
    std::fs::remove_file(json.path("from").join("workers.csv")).expect("it was there");
    json.source("workers.ndjson", row);
    for bench in [&csv, &json] {
        bench.source("system_logs.csv", format!("{LOGS}{LOG}"));
        bench.import(0);
    }
    let told = |bench: &Bench| bench.column(Table::Workers, "_verbatim");
    assert_eq!(told(&csv), told(&json));
}

/// What `sql` says, in CSV.
fn asked(bench: &Bench, query: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_backstory"))
        .args(["sql", "--snapshot", "snap", "--format", "csv", query])
        .current_dir(bench.dir.path())
        .env("XDG_CONFIG_HOME", bench.path("config"))
        .output()
        .expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// No generation of a task proves nothing where only an earlier capture read them.
#[test]
fn a_table_that_the_last_capture_lacks_is_not_whole() {
    let bench = Bench::new();
    let task = |id: &str, at: &str| {
        format!(
            "{id},wan_2_2_i2v,{{}},Complete,2025-11-03 14:00:00+00,2025-11-03 {at}:00+00,\
             https://x.supabase.co/storage/v1/object/public/image_uploads/{id}.mp4,f\n"
        )
    };
    let header = "id,task_type,params,status,created_at,generation_processed_at,output_location,generation_created\n";
    bench.source("system_logs.csv", format!("{LOGS}{LOG}"));
    bench.source("workers.csv", format!("{WORKERS}{WORKER}"));
    bench.whole("tasks.csv", &format!("{header}{}", task("t1", "14:10")));
    bench.source("generations.csv", "id,tasks,created_at\n");
    bench.source("generation_variants.csv", "id,generation_id,params,created_at\n");
    bench.source("task_types.csv", "id,name,category,is_active\n1,wan_2_2_i2v,generation,t\n");
    bench.import(0);
    let whole = "select is_whole from snapshot_tables where table_name = 'generations'";
    let due = "select task_id, expected from task_generations order by 1";
    assert_eq!(asked(&bench, whole), "is_whole\ntrue\n");
    assert_eq!(asked(&bench, due), "task_id,expected\nt1,yes\n");
    bench.whole("tasks.csv", &format!("{header}{}{}", task("t1", "14:10"), task("t2", "14:20")));
    std::fs::remove_file(bench.path("from").join("generations.csv")).expect("it was there");
    bench.import(0);
    assert_eq!(asked(&bench, whole), "is_whole\nfalse\n");
    assert_eq!(asked(&bench, due), "task_id,expected\nt1,unknown\nt2,unknown\n");
    let lacking = "capture c000002, the last, has no `generations`, which earlier ones have";
    assert!(warned(&bench).contains(lacking), "{}", warned(&bench));
    bench.source("generations.csv", "id,tasks,created_at\n");
    bench.import(0);
    assert!(!warned(&bench).contains("the last, has no"), "{}", warned(&bench));
}

/// What `findings` says beside its answer.
fn warned(bench: &Bench) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_backstory"))
        .args(["findings", "--snapshot", "snap"])
        .current_dir(bench.dir.path())
        .env("XDG_CONFIG_HOME", bench.path("config"))
        .output()
        .expect("the binary runs");
    String::from_utf8(output.stderr).expect("UTF-8")
}

#[test]
fn dependencies_are_ids_however_they_are_spelled() {
    let bench = Bench::new();
    let spelled = [
        ("a1", "uuid-1", "uuid-1"),
        ("a2", "{uuid-1,uuid-2}", "{uuid-1,uuid-2}"),
        ("a3", "{}", "{}"),
        ("a4", r#"["uuid-1"]"#, "{uuid-1}"),
        ("a5", r#"["uuid-1", "uuid-2"]"#, "{uuid-1,uuid-2}"),
        ("a6", r#"{"uuid-1", uuid-2}"#, "{uuid-1,uuid-2}"),
        ("a7", "[0:1]={uuid-1,uuid-2}", "{uuid-1,uuid-2}"),
        ("a8", r#"[["uuid-1"],[null]]"#, "{uuid-1}"),
        ("a9", "[]", ""),
    ];
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let rows = spelled.iter().map(|(id, text, _)| format!("{id},Queued,{}\n", quoted(text)));
    bench.source("system_logs.csv", format!("{LOGS}{LOG}"));
    bench.source("workers.csv", format!("{WORKERS}{WORKER}"));
    bench.whole("tasks.csv", &format!("id,status,dependant_on\n{}", rows.collect::<String>()));
    bench.import(0);
    let ids = "select id || ' ' || coalesce(dependant_on, '') as said from tasks order by id";
    let said = asked(&bench, ids).replace('"', "");
    let want = spelled.iter().map(|(id, _, want)| format!("{id} {want}\n"));
    assert_eq!(said, format!("said\n{}", want.collect::<String>()));
}

#[test]
fn unreadable_lines_are_kept_out_and_named() {
    let bench = Bench::new();
    let mut logs = format!("{LOGS}{LOG}l2,secretvalue\n").into_bytes();
    logs.extend_from_slice(b"l3,2025-11-03 14:00:01+00,a,b,INFO,\xff\xfe,,,,\n");
    logs.extend_from_slice(b",2025-11-03 14:00:01+00,a,b,INFO,no id,,,,\n");
    logs.extend_from_slice(b"l4,yesterday,a,b,INFO,secretvalue,,,,\n");
    logs.extend_from_slice(b"l5,2025-11-03 14:00:02+00,a,b,INFO,\"two\nlines\",,,,\n");
    logs.extend_from_slice(b"l6,2025-11-03 14:00:03+00,a,b,INFO,\"never closed,,,,\nl7,x\n");
    bench.source("system_logs.csv", logs);
    bench.source("workers.csv", format!("{WORKERS}{WORKER}"));
    let said = bench.import(0);
    assert_eq!(bench.column(Table::SystemLogs, "id"), some(&["l1", "l5"]));
    let named = bench.unreadable();
    let want = [
        "system_logs.csv:3: 2 fields where the header has 10",
        "system_logs.csv:4: invalid UTF-8",
        "system_logs.csv:5: no id",
        "system_logs.csv:6: `timestamp` is no time",
        "system_logs.csv:9: the quote opened in this record is never closed; nothing after it was read",
    ];
    assert_eq!(named, want);
    for line in want {
        assert!(said.contains(line), "{said}");
    }
    assert!(said.contains("2 rows read") && said.contains("5 unreadable"), "{said}");
    assert!(!said.contains("secretvalue"), "{said}");
}

#[test]
fn ndjson_lines_can_be_unreadable_too() {
    let bench = Bench::new();
    bench.remove("workers.csv");
    bench.source(
        "workers.ndjson",
        "{\"id\":\"w1\",\"status\":\"active\",\"created_at\":null,\"last_heartbeat\":null,\"metadata\":null,\"instance_type\":null}\n\nnot json\n{\"id\":null}\n{\"id\":\"w2\",\"late\":1}\n",
    );
    bench.import(0);
    assert_eq!(bench.column(Table::Workers, "late"), [None, Some("1".to_string())]);
    let named = bench.unreadable();
    assert_eq!(named.len(), 2, "{named:?}");
    assert!(named[0].starts_with("workers.ndjson:3: not one JSON object"), "{named:?}");
    assert_eq!(named[1], "workers.ndjson:4: no id");
}

#[test]
fn many_unreadable_lines_are_counted() {
    let bench = Bench::new();
    bench.source("workers.csv", format!("{WORKERS}{WORKER}{}", "x\n".repeat(1_500)));
    let said = bench.import(0);
    assert!(said.lines().count() < 30 && said.contains("1490 more lines"), "{said}");
    let named = bench.unreadable();
    assert_eq!(named.len(), 1_001);
    assert_eq!(named[1_000], "workers.csv: 500 further lines are unreadable");
}

/// A worker's row with this as its metadata.
fn worker_with(metadata: &str) -> String {
    let quoted = metadata.replace('"', "\"\"");
    format!("{WORKERS}w1,gpu,2026-01-05 09:00:00+00,,active,\"{quoted}\"\n")
}

#[test]
fn metadata_as_python_prints_a_dictionary_is_refused() {
    let bench = Bench::new();
    bench.source("workers.csv", worker_with("{'runpod_id': 'p1', 'ready': True}"));
    let said = bench.import(3);
    assert!(
        said.contains("not one of the 1 values of `metadata` in workers.csv is JSON"),
        "{said}"
    );
    assert!(said.contains("json.dumps"), "{said}");
    assert!(!bench.path("snap").join("manifest.json").exists(), "nothing was captured");
    let good = worker_with(r#"{"runpod_id": "p1"}"#);
    bench
        .source("workers.csv", format!("{good}w2,gpu,2026-01-05 09:00:00+00,,active,{{'a': 1}}\n"));
    let said = bench.import(0);
    assert!(said.contains("`metadata`: 1 values are no JSON: nothing can be read"), "{said}");
}

/// Taken for an empty table, a file that cannot be read would say that there was no worker.
#[test]
fn a_table_of_which_not_one_row_can_be_read_is_refused() {
    let bench = Bench::new();
    bench.source("workers.csv", format!("{},extra\n{WORKER}{WORKER}", WORKERS.trim_end()));
    let said = bench.import(3);
    assert!(
        said.contains("error: not one of the 2 lines of workers.csv can be read as a row"),
        "{said}"
    );
    assert!(said.contains("workers.csv:2: 6 fields where the header has 7"), "{said}");
    assert!(!said.contains("an empty table") && said.contains("\nhint: "), "{said}");
    assert!(!bench.path("snap").join("manifest.json").exists(), "nothing was captured");
    bench.source("workers.csv", format!("{WORKERS}{WORKER}"));
    bench.import(0);
}

#[test]
fn empty_tables_are_no_error() {
    let bench = Bench::new();
    bench.source("workers.csv", WORKERS);
    bench.source("generations.csv", "id,tasks\n");
    let said = bench.import(0);
    assert_eq!(said.matches("(an empty table)").count(), 2, "{said}");
    assert!(bench.snapshot().holds(Table::Generations));
    assert!(bench.snapshot().files(Table::Generations).is_empty());
}

/// Supabase's table editor calls the file of `workers` so.
#[test]
fn a_file_of_rows_is_the_table_s() {
    let bench = Bench::new();
    fs::rename(bench.path("from/workers.csv"), bench.path("from/workers_rows.csv")).expect("there");
    let said = bench.import(0);
    assert!(!said.contains("ignored"), "{said}");
    assert_eq!(bench.column(Table::Workers, "id"), some(&["w1"]));
}

#[test]
fn a_csv_without_a_header_is_no_empty_table() {
    let bench = Bench::new();
    bench.source("workers.csv", WORKERS);
    bench.source("generations.csv", "");
    let said = bench.import(3);
    assert!(said.contains("generations.csv: it has no header line"), "{said}");
}

#[test]
fn a_source_that_cannot_be_read_leaves_nothing_behind() {
    type Spoil = fn(&Bench);
    let cases: [(&str, Spoil); 19] = [
        ("has no file for the table `tasks`", |b| b.remove("tasks.csv")),
        ("table `tasks`; tasks_rows.sql is neither .csv nor .ndjson", |b| {
            b.remove("tasks.csv");
            b.source("tasks_rows.sql", "insert into tasks");
        }),
        ("tasks.csv and tasks_rows.csv are files of one table", |b| {
            b.whole("tasks_rows.csv", TASKS)
        }),
        ("workers.csv: its columns are separated by ';'", |b| {
            b.source("workers.csv", WORKERS.replace(',', ";"))
        }),
        (r"workers.csv: its columns are separated by '\t'", |b| {
            b.source("workers.csv", WORKERS.replace(',', "\t"))
        }),
        // a line of data is never quoted, whatever stands between its fields
        ("workers.csv: there is no column `id`; is the first line the header?", |b| {
            b.source("workers.csv", "w1;gpu;2025-11-03;;active;\n")
        }),
        ("holds no table files", |b| {
            for name in ["system_logs.csv", "workers.csv", "tasks.csv"] {
                b.remove(name);
            }
        }),
        ("is not a directory", |b| {
            fs::remove_dir_all(b.path("from")).expect("removable");
            fs::write(b.path("from"), "a file").expect("writable");
        }),
        ("is not a directory", |b| fs::remove_dir_all(b.path("from")).expect("removable")),
        ("the column `ID` stands twice", |b| b.whole("tasks.csv", "id,status,ID\n")),
        ("there is no column `status`", |b| b.source("tasks.csv", "id,statuz\n")),
        ("there is no column `tasks`", |b| b.source("generations.csv", "id,tsks\n")),
        ("there is no column `timestamp`", |b| {
            b.source("system_logs.csv", "id,source_type,message\n")
        }),
        // taken for NULL, it would say that no result ever came
        ("there is no column `output_location`, without which nothing is told rightly", |b| {
            b.source(
                "tasks.csv",
                with_core("tasks", "id\n").replace("output_location", "dependant_on"),
            )
        }),
        ("there is no column `metadata`; the nearest it has is `meta_data`", |b| {
            b.source("system_logs.csv", LOGS.replace("metadata", "meta_data"))
        }),
        ("generations.ndjson: it has no line", |b| b.source("generations.ndjson", "")),
        ("generations.ndjson: no line of it is one JSON object", |b| {
            b.source("generations.ndjson", "[{\"id\":1}]\n")
        }),
        ("tasks.csv and tasks.csv.gz are files of one table", |b| {
            b.source("tasks.csv.gz", gzip(TASKS));
        }),
        ("the column name `_row_hash` is one of our own", |b| {
            b.whole("tasks.csv", "id,status,_row_hash\n")
        }),
    ];
    for (want, spoil) in cases {
        let bench = Bench::new();
        spoil(&bench);
        let said = bench.import(3);
        assert!(said.contains(want) && said.contains("hint: "), "{want}: {said}");
        assert!(!bench.path("snap").exists(), "{want}");
    }
}

#[test]
fn a_truncated_gzip_file_adds_nothing() {
    let bench = Bench::new();
    bench.import(0);
    let whole = gzip(&format!("{WORKERS}{}", WORKER.repeat(500)));
    bench.remove("workers.csv");
    bench.source("workers.csv.gz", &whole[..whole.len() - 12]);
    let said = bench.import(3);
    assert!(said.contains("cannot read from/workers.csv.gz to its end"), "{said}");
    assert_eq!(bench.snapshot().captures().len(), 1);
}

#[test]
fn the_same_bytes_are_taken_once() {
    let bench = Bench::new();
    bench.import(0);
    let said = bench.import(2);
    assert!(said.contains("capture c000001 of snap was made from the same files"), "{said}");
    assert_eq!(bench.snapshot().captures().len(), 1);
}

#[test]
fn a_log_row_that_changed_is_told_and_the_first_stays() {
    let bench = Bench::new();
    bench.import(0);
    bench.source("system_logs.csv", format!("{LOGS}{}", LOG.replace("hello", "goodbye")));
    let said = bench.import(0);
    let want = "warning: system_logs.csv: 1 rows have the id of a row of an earlier capture";
    assert!(said.contains(want), "{said}");
    assert_eq!(bench.column(Table::SystemLogs, "message"), some(&["hello"]));
    assert_eq!(bench.snapshot().captures()[1].tables["system_logs"].rows_changed, 1);
}

#[test]
fn ids_that_stand_twice_in_one_dump_are_counted_and_told() {
    let bench = Bench::new();
    let changed = TASK.replace("Queued", "Complete");
    bench.whole("tasks.csv", &format!("{TASKS}{TASK}{changed}{TASK}"));
    let said = bench.import(0);
    let want = "note: tasks.csv: 2 rows repeat an id of a line above; one row of each id counts";
    assert!(said.contains(want), "{said}");
    assert_eq!(said.matches("repeat an id").count(), 1, "{said}");
    assert_eq!(bench.snapshot().captures()[0].tables["tasks"].rows_repeated, 2);
}

#[test]
fn values_that_are_none_of_their_type_are_told() {
    let bench = Bench::new();
    let header = "id,task_type,status,worker_id,created_at,attempts\n";
    let rows = "t1,x,Queued,,not a date,1\nt2,x,Queued,,infinity,99999999999999999999999\nt3,x,Queued,,,2\n";
    bench.whole("tasks.csv", &format!("{header}{rows}"));
    let said = bench.import(0);
    for want in ["`created_at`: 1 values are no time", "`attempts`: 1 values are no whole number"] {
        assert!(said.contains(&format!("warning: tasks.csv: {want}")), "{said}");
    }
    assert!(!bench.import(2).contains("values are no"), "the same files are not read again");
}

#[test]
fn what_other_tools_write_for_null_is_null() {
    let header = "id,task_type,status,worker_id,created_at,generation_created,error_message,params,generation_started_at\n";
    let row = |id: &str, null: &str, truth: &str, at: &str| {
        format!("{id},x,Queued,{null},2025-11-03 14:00:00+00,{truth},{null},{null},{at}\n")
    };
    for word in ["NULL", "null", "\\N", "[NULL]"] {
        let bench = Bench::new();
        let rows = row("t1", word, "True", "") + &row("t2", "other", "0", word);
        bench.whole("tasks.csv", &format!("{header}{rows}"));
        let said = bench.import(0);
        assert!(!said.contains("taken as NULL"), "{said}");
        let other = Some("other".to_string());
        assert_eq!(bench.column(Table::Tasks, "worker_id"), [None, other.clone()], "{word}");
        assert_eq!(bench.column(Table::Tasks, "error_message"), [None, other], "{word}");
        assert_eq!(bench.column(Table::Tasks, "generation_created"), some(&["true", "false"]));
        // JSON knows its own
        let json = (word == "null").then(|| word.to_string());
        assert_eq!(bench.column(Table::Tasks, "params")[0], json);
        // where no other column says so, it is a text
        let bench = Bench::new();
        bench.whole("tasks.csv", &format!("{header}{}", row("t1", word, "t", "")));
        bench.import(0);
        assert_eq!(bench.column(Table::Tasks, "worker_id"), some(&[word]), "{word}");
    }
}

#[test]
fn a_later_dump_adds_what_is_new_or_changed() {
    let bench = Bench::new();
    bench.source("workers.csv", format!("{WORKERS}{WORKER}w2,gpu,,,active,\nw3,gpu,,,active,\n"));
    bench.import(0);
    bench.source(
        "system_logs.csv",
        format!("{LOGS}{LOG}l2,2025-11-03 15:00:00+00,a,b,INFO,new,,,,\n"),
    );
    bench.source("workers.csv", format!("{WORKERS}{WORKER}w2,gpu,,,terminated,\n"));
    let said = bench.import(0);
    assert!(said.contains("2 rows read,         1 new"), "{said}");
    assert!(
        said.contains(
            "rows of `workers` that the snapshot holds are not in these files: 1 (`backstory"
        ),
        "{said}"
    );
    let snapshot = bench.snapshot();
    let capture = &snapshot.captures()[1];
    assert_eq!(capture.tables["system_logs"].rows_new, 1);
    assert_eq!(capture.tables["workers"].rows_new, 1);
    assert_eq!(capture.tables["workers"].disappeared, ["w3"]);
    assert_eq!(capture.tables["tasks"].rows_new, 0);
    assert_eq!(bench.column(Table::SystemLogs, "id"), some(&["l1", "l2"]));
    let states = some(&["active", "active", "active", "terminated"]);
    assert_eq!(bench.column(Table::Workers, "status"), states);
    bench.source(
        "system_logs.csv",
        format!("{LOGS}{LOG}l3,2025-11-03 16:00:00+00,a,b,INFO,newer,,,,\n"),
    );
    let said = bench.import(0);
    assert!(!said.contains("not in these"), "that was said once: {said}");
}

#[test]
fn a_row_that_is_gone_is_told_once_whichever_captures_have_its_table() {
    let bench = Bench::new();
    bench.source("generations.csv", "id,tasks\ng1,{t1}\ng2,{t2}\n");
    bench.import(0);
    bench.source("generations.csv", "id,tasks\ng1,{t1}\n");
    let gone = "rows of `generations` that the snapshot holds are not in these files: 1 ";
    assert!(bench.import(0).contains(gone));
    bench.remove("generations.csv");
    bench.import(0);
    bench.source("workers.csv", format!("{WORKERS}{WORKER}w2,gpu,,,active,\n"));
    bench.source("generations.csv", "id,tasks\ng1,{t1}\n");
    let said = bench.import(0);
    assert!(!said.contains("not in these"), "that was said before: {said}");
    bench.source("generations.csv", "id,tasks\n");
    assert!(bench.import(0).contains(gone), "g1 is gone now, too, and g2 was told");
}

#[test]
fn another_key_is_refused_and_a_key_is_made_private() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let said = bench.import(0);
    let key = bench.path("config/backstory/redact.key");
    assert!(said.contains("made a redaction key"), "{said}");
    let mode = fs::metadata(&key).expect("the key is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    bench.whole("tasks.csv", TASKS);
    let output = bench.import_with(&["--redact-key-file", "no.key"]);
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("the snapshot was made with a key"), "{said}");
    assert!(!bench.path("no.key").exists(), "none is made beside a snapshot that has one");
    fs::write(bench.path("other.key"), [7; 32]).expect("writable");
    let output = bench.import_with(&["--redact-key-file", "other.key"]);
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("was written with the redaction key"), "{said}");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("it is ours");
    assert!(bench.import(0).contains("others can read the redaction key"));
    fs::write(&key, "short").expect("writable");
    assert!(bench.import(2).contains("has not exactly 32 bytes"));
}

#[test]
fn a_url_in_a_wrong_place_does_not_show_its_password() {
    let bench = Bench::new();
    let url = "postgres://ann:hunter2x@db.example/x";
    let output = Command::new(env!("CARGO_BIN_EXE_backstory"))
        .args(["import", "--from", "from", "--snapshot", url])
        .current_dir(bench.path("."))
        .env("XDG_CONFIG_HOME", bench.path("config"))
        .output()
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(!bench.path("postgres:").exists(), "no directory has a password in its name");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("hunter2x"), "{output:?}");
    for name in [url, "host=a password=hunter2x", "ann:hunter2x@db:5432"] {
        let output = bench.import_with(&["--redact-key-file", name]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(!bench.path(name).exists(), "no file has a password in its name");
        for args in [["verify", "--snapshot", name], ["export", "--retries", name]] {
            let output = Command::new(env!("CARGO_BIN_EXE_backstory")).args(args).output();
            let output = output.expect("the binary runs");
            assert!(!output.status.success());
            assert!(!String::from_utf8_lossy(&output.stderr).contains("hunter2x"), "{output:?}");
        }
    }
    let output = Command::new(env!("CARGO_BIN_EXE_backstory"))
        .args(["import", "--from", url, "--snapshot", "snap"])
        .current_dir(bench.path("."))
        .env("XDG_CONFIG_HOME", bench.path("config"))
        .output()
        .expect("the binary runs");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("hunter2x"), "{output:?}");
}

#[test]
fn a_key_in_the_snapshot_is_refused_before_it_is_made() {
    let bench = Bench::new();
    let refused = |key: &str| {
        let output = bench.import_with(&["--redact-key-file", key]);
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("would lie in the snapshot"), "{said}");
    };
    refused("snap/redact.key");
    assert!(!bench.path("snap").exists(), "nothing is made");
    bench.import(0);
    bench.whole("tasks.csv", TASKS);
    std::os::unix::fs::symlink(bench.path("snap"), bench.path("link")).expect("a link");
    refused("link/parts/redact.key");
    refused("./snap/../snap/redact.key");
    let beside = bench.import_with(&["--redact-key-file", "snap.key"]);
    let said = String::from_utf8(beside.stderr).expect("UTF-8");
    assert!(said.contains("the snapshot was made with a key"), "{said}");
}

#[test]
fn damaged_snapshots_are_refused_and_left_alone() {
    let bench = Bench::new();
    bench.import(0);
    bench.whole("tasks.csv", TASKS);
    let path = bench.path("snap/manifest.json");
    let manifest = fs::read_to_string(&path).expect("a manifest");
    for (content, want) in [
        (manifest.replace("\"format\": 1", "\"format\": 99"), "has snapshot format 99"),
        (manifest[..manifest.len() / 2].to_string(), "is damaged"),
        (manifest.replace("\"redaction\"", "\"reduction\""), "is damaged"),
    ] {
        fs::write(&path, &content).expect("writable");
        let said = bench.import(4);
        assert!(said.contains(want) && said.contains("hint: "), "{said}");
        assert_eq!(fs::read_to_string(&path).expect("still there"), content);
    }
    fs::write(&path, &manifest).expect("writable");
    // of the right size: keys read from it would make rows new, and others gone
    let tasks = bench.snapshot().files(Table::Tasks)[0].clone();
    let mut bytes = fs::read(&tasks).expect("a file of evidence");
    bytes[10] ^= 1;
    fs::write(&tasks, bytes).expect("writable");
    let said = bench.import(4);
    assert!(said.contains("does not have the content that was written"), "{said}");
    assert_eq!(bench.snapshot().captures().len(), 1);
    fs::remove_file(&tasks).expect("a file of evidence");
    assert!(bench.import(4).contains("is missing"));
}

#[test]
fn a_directory_of_someone_else_is_not_filled() {
    let bench = Bench::new();
    fs::create_dir(bench.path("snap")).expect("writable");
    fs::write(bench.path("snap/thesis.doc"), "mine").expect("writable");
    let said = bench.import(2);
    assert!(said.contains("is neither empty nor a snapshot"), "{said}");
    assert_eq!(fs::read_dir(bench.path("snap")).expect("readable").count(), 1);
}

#[test]
fn a_capture_that_dies_halfway_leaves_the_snapshot_as_it_was() {
    let bench = Bench::new();
    bench.import(0);
    let before = fs::read(bench.path("snap/manifest.json")).expect("a manifest");
    let old = bench.snapshot();
    let options = CaptureOptions {
        source: old.manifest().source.clone(),
        redaction: old.manifest().redaction.clone(),
        row_key: [7; 32],
        began_at: Micros(0),
        database_snapshot: None,
        guarantee: Guarantee::AsGiven,
    };
    let id = Column { name: "id".into(), kind: ColumnType::Text, source_type: "text".into() };
    {
        let mut writer = CaptureWriter::begin(&bench.path("snap"), options).expect("begins");
        let mut done = writer.table(Table::Tasks, vec![id.clone()], Coming::All).expect("a table");
        done.push(&[Value::Text("t9".into())], None).expect("a row");
        writer.finish_table(done, 0).expect("published, but named by no manifest");
        let mut open = writer.table(Table::Workers, vec![id], Coming::All).expect("a table");
        open.push(&[Value::Text("w9".into())], None).expect("a row");
    }
    assert_eq!(fs::read(bench.path("snap/manifest.json")).expect("a manifest"), before);
    bench.snapshot().check_hashes().expect("as it was");
    assert_eq!(bench.column(Table::Tasks, "id"), some(&["t1"]));
    bench.whole("tasks.csv", &format!("{TASKS}{TASK}{}", TASK.replace("t1", "t2")));
    bench.import(0);
    assert_eq!(bench.column(Table::Tasks, "id"), some(&["t1", "t2"]));
    bench.snapshot().check_hashes().expect("whole again");
}

#[test]
fn no_secret_reaches_a_byte_of_the_snapshot() {
    const SECRETS: [&str; 5] = [
        "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2lnbmF0dXJl",
        "rpa_ABCDEFGH1234567890IJKLMNOP",
        "hunter2hunter2",
        "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ",
        "pgpassw0rd",
    ];
    let bench = Bench::new();
    let [jwt, rpa, password, pem, dsn] = SECRETS;
    let message = format!(
        "\"apikey: {jwt} Password from RunPod: {password}\nPrivate key starts with: \
         -----BEGIN OPENSSH PRIVATE KEY-----\n{pem} postgres://u:{dsn}@h/db\""
    );
    let metadata = format!(
        "\"{{\"\"ssh_details\"\": {{\"\"password\"\": \"\"{password}\"\"}}, \"\"k\"\": \"\"{rpa}\"\"}}\""
    );
    bench.source(
        "system_logs.csv",
        format!("{LOGS}l1,2025-11-03 14:00:00+00,a,{rpa},INFO,{message},,,{jwt},{metadata}\n{LOG}"),
    );
    bench.source("workers.csv", format!("{WORKERS}w1,gpu,{jwt},,active,{metadata}\n"));
    let said = bench.import(0);
    let mut bytes = said.into_bytes();
    let mut rows = String::new();
    collect(&bench.path("snap"), &mut bytes, &mut rows);
    assert!(rows.contains("<redacted:password>") && rows.contains("hello"), "{rows}");
    for secret in SECRETS {
        let raw = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!raw && !rows.contains(secret), "{secret} in {rows}");
    }
    let json = bench.column(Table::Workers, "metadata").remove(0).expect("metadata");
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON stays JSON");
    assert_eq!(json["ssh_details"]["password"], "<redacted:password>");
}

/// All bytes of all files, and every value in every Parquet file as text.
fn collect(dir: &Path, bytes: &mut Vec<u8>, rows: &mut String) {
    for entry in fs::read_dir(dir).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            collect(&path, bytes, rows);
            continue;
        }
        bytes.extend(fs::read(&path).expect("readable"));
        if path.extension().is_some_and(|ext| ext == "parquet") {
            let names: Vec<String> = parquet_columns(&path);
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            read_columns(&path, &names, |batch| {
                for array in batch.columns() {
                    for row in 0..array.len() {
                        rows.push_str(&array_value_to_string(array, row).expect("printable"));
                        rows.push('\n');
                    }
                }
                Ok(())
            })
            .expect("readable Parquet");
        }
    }
}

fn parquet_columns(path: &Path) -> Vec<String> {
    let file = fs::File::open(path).expect("readable");
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file);
    let schema = reader.expect("Parquet").schema().clone();
    schema.fields().iter().map(|field| field.name().clone()).collect()
}
