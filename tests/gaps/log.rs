//! Log rows by the second, and what stands beside them.

use std::fmt::Write;

use jiff::Timestamp;

use crate::support::replayed::{Bench, write_tables};

/// 2026-01-02 06:00:00 UTC.
pub(crate) const BEGAN: i64 = 1_767_333_600;
const LOGS: &str = "id,timestamp,source_type,source_id,log_level,message,task_id,worker_id,cycle_number,metadata\n";
const WORKERS: &str = "id,instance_type,created_at,last_heartbeat,status,metadata\n";
const TASKS: &str = "id,task_type,status,created_at,worker_id,generation_started_at,\
                     generation_processed_at,updated_at,attempts,generation_created,error_message\n";

/// Rows in the making; seconds count from [`BEGAN`].
#[derive(Default)]
pub(crate) struct Log {
    rows: u32,
    logs: String,
    workers: String,
    tasks: String,
}

/// A second as a database prints it.
pub(crate) fn at(second: i64) -> String {
    let at = Timestamp::from_second(BEGAN + second).expect("a time");
    at.strftime("%Y-%m-%d %H:%M:%S+00").to_string()
}

impl Log {
    /// One line.
    pub(crate) fn line(mut self, second: i64, source: &str, id: &str, text: &str) -> Self {
        self.push(second, (source, id), text, None);
        self
    }

    fn push(&mut self, second: i64, (source, id): (&str, &str), text: &str, cycle: Option<i64>) {
        self.rows += 1;
        let worker = if source == "worker" { id } else { "" };
        let cycle = cycle.map_or(String::new(), |cycle| cycle.to_string());
        let text = text.replace('"', "\"\"");
        writeln!(
            self.logs,
            "00000000-0000-4000-9000-{:012x},{},{source},{id},INFO,\"{text}\",,{worker},{cycle},{{}}",
            u64::from(self.rows) + second.unsigned_abs() * 1_000,
            at(second),
        )
        .expect("in memory");
    }

    /// A GPU orchestrator begins to log.
    pub(crate) fn starts(self, second: i64, id: &str) -> Self {
        let text = format!("✅ Database logging enabled: {id} -> Supabase");
        self.line(second, "orchestrator_gpu", id, &text)
    }

    /// Whole cycles `from..=to`, one each 30 seconds, the first at `second`.
    pub(crate) fn cycles(mut self, second: i64, id: &str, from: i64, to: i64) -> Self {
        for cycle in from..=to {
            self = self.begins(second + (cycle - from) * 30, id, cycle);
            let done = "Cycle completed: {'workers_promoted': 0, 'workers_failed': 0, \
                        'workers_spawned': 0, 'workers_terminated': 0, 'tasks_reset': 0}";
            let at = second + (cycle - from) * 30 + 10;
            self.push(at, ("orchestrator_gpu", id), done, Some(cycle));
        }
        self
    }

    /// The first line of a cycle alone.
    pub(crate) fn begins(mut self, second: i64, id: &str, cycle: i64) -> Self {
        self.push(second, ("orchestrator_gpu", id), "Starting orchestrator cycle", Some(cycle));
        self
    }

    /// The statistics line of the log handler.
    pub(crate) fn counted(mut self, second: i64, id: &str, cycle: i64, counts: [i64; 3]) -> Self {
        let [queued, dropped, errors] = counts;
        let text = format!(
            "📊 Database logging stats: {{'source_type': 'orchestrator_gpu', 'source_id': '{id}', \
             'total_logs_queued': {queued}, 'total_logs_sent': {queued}, 'total_logs_dropped': {dropped}, \
             'total_batches_sent': 9, 'total_errors': {errors}, 'queue_size': 0, 'is_alive': True}}"
        );
        self.push(second, ("orchestrator_gpu", id), &text, Some(cycle));
        self
    }

    /// A worker's row; metadata as JSON.
    pub(crate) fn worker(mut self, id: &str, created: i64, beat: Option<i64>, meta: &str) -> Self {
        let (kind, meta) = ("NVIDIA", meta.replace('"', "\"\""));
        let beat = beat.map_or(String::new(), at);
        writeln!(self.workers, "{id},{kind},{},{beat},active,\"{meta}\"", at(created))
            .expect("in memory");
        self
    }

    /// An API orchestrator's own row.
    pub(crate) fn api_worker(mut self, id: &str) -> Self {
        writeln!(self.workers, "{id},api,{},,active,{{}}", at(0)).expect("in memory");
        self
    }

    /// A task that a worker completed.
    pub(crate) fn task(mut self, n: u8, worker: &str, claimed: i64, done: i64) -> Self {
        let (claimed, done) = (at(claimed), at(done));
        writeln!(
            self.tasks,
            "00000000-0000-4000-8000-{n:012},wan_2_2_t2i,Complete,{claimed},{worker},{claimed},{done},{claimed},0,true,"
        )
        .expect("in memory");
        self
    }

    /// Takes a capture of the rows and replays.
    pub(crate) fn capture(&self, bench: &Bench, name: &str) {
        let tables = [
            ("workers".to_string(), format!("{WORKERS}{}", self.workers)),
            ("tasks".to_string(), format!("{TASKS}{}", self.tasks)),
            ("system_logs".to_string(), format!("{LOGS}{}", self.logs)),
        ];
        let folder = bench.path(name);
        write_tables(&folder, &tables.into_iter().collect());
        bench.import(&folder, "s");
        bench.run("replay", "s", &[]).ok();
    }
}
