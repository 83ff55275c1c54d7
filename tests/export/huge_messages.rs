//! Messages of megabytes: what is written of them can be read again, in bounded memory.

use std::fmt::Write;
use std::fs::{self, File};

use backstory::model::table::Table;
use backstory::snapshot::open::Snapshot;
use backstory::snapshot::parquet_file::read_columns;
use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::support::files::with_core;
use crate::support::replayed::Bench;

/// Together more than one row group may hold; alike, so that they pack to almost nothing.
const MESSAGES: usize = 60;
const BYTES: usize = 5 << 20;

#[test]
fn huge_messages_are_read_a_few_at_a_time() {
    let bench = Bench::new();
    let files = bench.path("files");
    fs::create_dir(&files).expect("a new folder");
    let body = "x".repeat(BYTES);
    let mut logs =
        "id,timestamp,source_type,source_id,log_level,metadata,task_id,worker_id,message\n"
            .to_string();
    for at in 0..MESSAGES {
        let time = format!("2025-11-03 14:00:{at:02}+00");
        writeln!(logs, "m{at},{time},worker,w1,INFO,,,,{body}{}", at % 7).expect("a text");
    }
    fs::write(files.join("system_logs.csv"), logs).expect("a file");
    fs::write(files.join("workers.csv"), with_core("workers", "id,status\nw1,active\n"))
        .expect("a file");
    fs::write(files.join("tasks.csv"), with_core("tasks", "id,status\nt1,Queued\n"))
        .expect("a file");
    bench.import(&files, "snapshot");
    let snapshot = Snapshot::open(&bench.path("snapshot")).expect("a snapshot");
    let [file] = &snapshot.files(Table::SystemLogs)[..] else { panic!("one file") };

    let reader = SerializedFileReader::new(File::open(file).expect("a file")).expect("Parquet");
    let groups: Vec<i64> = reader.metadata().row_groups().iter().map(|g| g.num_rows()).collect();
    let most = (256 << 20) / BYTES as i64 + 2;
    assert!(groups.len() > 1 && groups.iter().all(|rows| *rows <= most), "{groups:?}");

    let mut batches = Vec::new();
    read_columns(file, &["id", "message"], |batch| {
        batches.push(batch.num_rows());
        Ok(())
    })
    .expect("a file of ours");
    assert_eq!(batches.iter().sum::<usize>(), MESSAGES);
    assert!(batches.iter().all(|rows| rows * BYTES <= 64 << 20), "{batches:?}");
    let mut of_ids = Vec::new();
    read_columns(file, &["id"], |batch| {
        of_ids.push(batch.num_rows());
        Ok(())
    })
    .expect("a file of ours");
    assert_eq!(of_ids, [MESSAGES], "what is small is read at once");
    bench.run("replay", "snapshot", &[]).ok();
}
