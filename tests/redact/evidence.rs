//! Tables full of canaries, as files and as rows of a database.

use std::collections::BTreeMap;
use std::path::Path;

use crate::redact::canary::{Cage, Kind};
use crate::redact::forms::{DETAILS, PARAMETERS, TASK, sentences};

/// One table: its columns, and rows of as many cells.
pub(crate) struct Rows {
    pub(crate) columns: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// Columns that hold what a person or a machine wrote, with the forms that belong there. Every other
/// column gets what betrays itself by its shape.
const SENTENCES: &[&str] = &["message", "error_message", "output_location"];
const REQUESTS: &[&str] = &["params"];
const NOTES: &[&str] = &["metadata", "result_data"];
const PLACES: &[&str] = &["location", "thumbnail_url"];
const OWN_WORDS: &[&str] =
    &["name", "copied_from_share", "idempotency_key", "caption", "user_name"];

/// The tables, with a few columns that no revision has.
const TABLES: &[(&str, &[&str])] = &[
    (
        "system_logs",
        &[
            "id",
            "timestamp",
            "source_type",
            "source_id",
            "log_level",
            "message",
            "task_id",
            "worker_id",
            "metadata",
            "remark",
        ],
    ),
    (
        "workers",
        &[
            "id",
            "instance_type",
            "created_at",
            "last_heartbeat",
            "status",
            "metadata",
            "current_model",
            "api_key",
        ],
    ),
    (
        "tasks",
        &[
            "id",
            "task_type",
            "params",
            "status",
            "output_location",
            "created_at",
            "updated_at",
            "project_id",
            "generation_processed_at",
            "generation_started_at",
            "worker_id",
            "generation_created",
            "attempts",
            "error_message",
            "result_data",
            "copied_from_share",
            "idempotency_key",
            "user_id",
            "caption",
        ],
    ),
    (
        "generations",
        &["id", "tasks", "params", "location", "type", "created_at", "thumbnail_url", "name"],
    ),
    (
        "generation_variants",
        &["id", "generation_id", "params", "location", "thumbnail_url", "name", "variant_type"],
    ),
    (
        "task_types",
        &["id", "name", "run_type", "category", "content_type", "description", "user_name"],
    ),
];

/// Every table with a canary of every kind in every dress in every column of text.
pub(crate) fn tables(cage: &mut Cage) -> BTreeMap<&'static str, Rows> {
    let tables = TABLES.iter().map(|(table, columns)| {
        let mut rows = Rows { columns: columns.to_vec(), rows: Vec::new() };
        for (at, column) in columns.iter().enumerate() {
            for (kind, form) in forms(table, column) {
                let mut row = plain(columns, rows.rows.len());
                let form = form.replace("TASK", TASK);
                row[at] = cage.fill(kind, &form, &format!("{table}.{column}"));
                rows.rows.push(row);
            }
        }
        (*table, rows)
    });
    tables.collect()
}

fn forms(table: &str, column: &str) -> Vec<(Kind, String)> {
    let owned = |forms: &[(Kind, &str)]| -> Vec<(Kind, String)> {
        forms.iter().map(|(kind, form)| (*kind, (*form).to_string())).collect()
    };
    match column {
        "id" | "timestamp" | "generation_created" => Vec::new(),
        // a time that is none is kept as it was written
        "created_at"
        | "updated_at"
        | "generation_processed_at"
        | "generation_started_at"
        | "last_heartbeat" => owned(&[(Kind::Email, "yesterday, says @@")]),
        "name" if table == "task_types" => owned(&[(Kind::Email, "@@"), (Kind::Jwt, "@@")]),
        _ if SENTENCES.contains(&column) => owned(&sentences()),
        _ if REQUESTS.contains(&column) => owned(PARAMETERS),
        _ if NOTES.contains(&column) => owned(DETAILS),
        _ if PLACES.contains(&column) => owned(&[
            (Kind::User, "https://abc.supabase.co/storage/v1/object/public/image_uploads/@@/x.png"),
            (Kind::User, "@@/tasks/TASK/x.png"),
            (Kind::Word, "https://cdn.example.com/a/@@.mp4?x=@@"),
            (Kind::Word, "https://cdn.example.com/@@"),
            (Kind::Word, "uploads/@@/my film.mp4"),
            (Kind::Jwt, "https://cdn.example.com/a.mp4?token=@@"),
        ]),
        _ if OWN_WORDS.contains(&column) => owned(&[(Kind::Words, "@@"), (Kind::Word, "@@")]),
        "user_id" => owned(&[(Kind::User, "@@")]),
        "api_key" => owned(&[(Kind::Word, "@@")]),
        _ => owned(&[(Kind::Email, "@@"), (Kind::SupabaseKey, "x @@"), (Kind::Ip, "at @@")]),
    }
}

/// A row without a canary that every verb understands.
fn plain(columns: &[&str], n: usize) -> Vec<String> {
    let cell = |column: &&str| match *column {
        "id" => format!("20000000-0000-4000-8000-{n:012}"),
        "timestamp"
        | "created_at"
        | "updated_at"
        | "generation_processed_at"
        | "generation_started_at"
        | "last_heartbeat" => {
            format!("2026-01-05 09:{:02}:{:02}+00", n / 60 % 60, n % 60)
        }
        "source_type" => "orchestrator_gpu".to_string(),
        "source_id" => "orchestrator_gpu-host1".to_string(),
        "log_level" => "INFO".to_string(),
        "message" => "Starting orchestrator cycle".to_string(),
        "status" => "Complete".to_string(),
        "task_type" | "name" => "single_image".to_string(),
        "output_location" => "https://cdn.example.com/".to_string(),
        "generation_created" => "f".to_string(),
        "attempts" => "0".to_string(),
        "params" | "metadata" | "result_data" => "{}".to_string(),
        "tasks" => "[]".to_string(),
        _ => String::new(),
    };
    columns.iter().map(cell).collect()
}

/// Writes `<table>.csv` files.
pub(crate) fn write_csv(tables: &BTreeMap<&str, Rows>, folder: &Path) {
    std::fs::create_dir_all(folder).expect("a folder");
    for (table, rows) in tables {
        let path = folder.join(format!("{table}.csv"));
        let mut file = csv::Writer::from_path(path).expect("a file");
        file.write_record(&rows.columns).expect("a header");
        rows.rows.iter().for_each(|row| file.write_record(row).expect("a row"));
        file.flush().expect("a whole file");
    }
}

/// Writes `<table>.ndjson` files; what is JSON stands there as JSON.
pub(crate) fn write_ndjson(tables: &BTreeMap<&str, Rows>, folder: &Path) {
    std::fs::create_dir_all(folder).expect("a folder");
    for (table, rows) in tables {
        let line = |row: &Vec<String>| {
            let cells = rows.columns.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
            let value = |cell: &String| {
                serde_json::from_str(cell)
                    .unwrap_or_else(|_| serde_json::Value::from(cell.as_str()))
            };
            let object: serde_json::Map<_, _> =
                cells.map(|(name, cell)| ((*name).to_string(), value(cell))).collect();
            serde_json::Value::Object(object).to_string()
        };
        let lines: Vec<String> = rows.rows.iter().map(line).collect();
        std::fs::write(folder.join(format!("{table}.ndjson")), lines.join("\n")).expect("a file");
    }
}
