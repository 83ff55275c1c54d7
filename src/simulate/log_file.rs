//! `system_logs.csv`, in the order of its timestamps, in memory that does not grow with it.
//!
//! Lines arrive out of order (a worker's clock is off, its lines travel with a heartbeat), but never
//! later than [`WINDOW_S`]: so a ring of seconds is enough to write them sorted. The same ring lets an
//! orchestrator that dies lose its last batch.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::path::Path;

use crate::model::time::SECOND;
use crate::simulate::dice::Uuid;
use crate::simulate::part_file::PartFile;
use crate::simulate::stamp::Stamp;

/// Longer than any line waits: a heartbeat, its jitter and the clocks' skew.
const WINDOW_S: i64 = 60;

/// The columns of the table (`domain/orchestrator.md` section 1.1).
const HEADER: &str = "id,timestamp,source_type,source_id,log_level,message,task_id,worker_id,cycle_number,metadata\n";

/// A log level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Debug,
    Info,
    Warning,
    Error,
    Critical,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
            Self::Critical => "CRITICAL",
        }
    }
}

/// Everything of a row but its id and its message.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogRow<'a> {
    /// When its sender says it was.
    pub(super) at: i64,
    /// Which process incarnation sent it; only orchestrators lose lines by it.
    pub(super) origin: u32,
    pub(super) source_type: &'a str,
    pub(super) source_id: &'a str,
    pub(super) level: Level,
    pub(super) task: Option<Uuid>,
    pub(super) worker: Option<&'a str>,
    pub(super) cycle: Option<u32>,
    /// JSON text.
    pub(super) metadata: &'a str,
}

#[derive(Default)]
struct Second {
    bytes: Vec<u8>,
    rows: Vec<Place>,
}

#[derive(Clone, Copy)]
struct Place {
    at: i64,
    origin: u32,
    start: usize,
    end: usize,
}

/// The file in the making.
pub(super) struct LogFile {
    out: PartFile,
    seconds: VecDeque<Second>,
    first: i64,
    spare: Vec<Second>,
    stamp: Stamp,
    scratch: String,
    /// Stretches whose rows are not in the file, from and to.
    lacking: Vec<(i64, i64)>,
    rows: u64,
    bytes: u64,
}

impl LogFile {
    pub(super) fn create(dir: &Path, starts_at: i64) -> io::Result<Self> {
        let mut out = PartFile::create(dir.join("system_logs.csv"))?;
        out.write_all(HEADER.as_bytes())?;
        Ok(Self {
            out,
            seconds: VecDeque::new(),
            first: starts_at.div_euclid(SECOND) - WINDOW_S,
            spare: Vec::new(),
            stamp: Stamp::default(),
            scratch: String::new(),
            lacking: Vec::new(),
            rows: 0,
            bytes: HEADER.len() as u64,
        })
    }

    /// Rows and bytes written.
    pub(super) fn written(&self) -> (u64, u64) {
        (self.rows, self.bytes)
    }

    /// Takes one row.
    pub(super) fn push(&mut self, id: Uuid, row: LogRow<'_>, message: fmt::Arguments<'_>) {
        let index = (row.at.div_euclid(SECOND) - self.first).max(0) as usize;
        while self.seconds.len() <= index {
            self.seconds.push_back(self.spare.pop().unwrap_or_default());
        }
        let second = &mut self.seconds[index];
        let out = &mut second.bytes;
        let start = out.len();
        out.extend_from_slice(&id.ascii());
        out.push(b',');
        self.stamp.postgres(row.at, out);
        for text in [row.source_type, row.source_id, row.level.name()] {
            out.push(b',');
            out.extend_from_slice(text.as_bytes());
        }
        out.push(b',');
        self.scratch.clear();
        // formatting into a String does not fail
        let _formatted: fmt::Result = self.scratch.write_fmt(message);
        quote(&self.scratch, out);
        out.push(b',');
        if let Some(task) = row.task {
            out.extend_from_slice(&task.ascii());
        }
        out.push(b',');
        out.extend_from_slice(row.worker.unwrap_or_default().as_bytes());
        out.push(b',');
        if let Some(cycle) = row.cycle {
            drop(write!(out, "{cycle}"));
        }
        out.push(b',');
        quote(row.metadata, out);
        out.push(b'\n');
        let end = out.len();
        second.rows.push(Place { at: row.at, origin: row.origin, start, end });
    }

    /// Forgets what an origin logged after an instant and returns how many lines that were.
    pub(super) fn lose(&mut self, origin: u32, after: i64) -> u64 {
        let mut lost = 0;
        for second in &mut self.seconds {
            let before = second.rows.len();
            second.rows.retain(|row| row.origin != origin || row.at <= after);
            lost += (before - second.rows.len()) as u64;
        }
        lost
    }

    /// Leaves out what was logged between two instants, the first of which is not written yet.
    pub(super) fn lacks(&mut self, from: i64, until: i64) {
        self.lacking.push((from, until));
    }

    /// Writes what no later line can precede.
    pub(super) fn advance(&mut self, now: i64) -> io::Result<()> {
        let keep_from = now.div_euclid(SECOND) - WINDOW_S;
        while self.first < keep_from {
            match self.seconds.pop_front() {
                Some(second) => self.write(second)?,
                None => {
                    self.first = keep_from;
                    return Ok(());
                }
            }
            self.first += 1;
        }
        Ok(())
    }

    /// Writes the rest, but nothing that was logged after the end.
    pub(super) fn finish(&mut self, end: i64) -> io::Result<()> {
        while let Some(mut second) = self.seconds.pop_front() {
            second.rows.retain(|row| row.at <= end);
            self.write(second)?;
        }
        self.out.finish()
    }

    fn write(&mut self, mut second: Second) -> io::Result<()> {
        let lacks = |row: &Place| self.lacking.iter().any(|(a, b)| *a <= row.at && row.at < *b);
        second.rows.retain(|row| !lacks(row));
        second.rows.sort_by_key(|row| (row.at, row.start));
        for row in &second.rows {
            self.out.write_all(&second.bytes[row.start..row.end])?;
            self.bytes += (row.end - row.start) as u64;
        }
        self.rows += second.rows.len() as u64;
        second.rows.clear();
        second.bytes.clear();
        // as many as can wait between two calls of `advance`, a minute apart
        if self.spare.len() < 2 * WINDOW_S as usize {
            self.spare.push(second);
        }
        Ok(())
    }
}

/// A quoted CSV field.
fn quote(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for piece in text.as_bytes().split_inclusive(|byte| *byte == b'"') {
        out.extend_from_slice(piece);
        if piece.last() == Some(&b'"') {
            out.push(b'"');
        }
    }
    out.push(b'"');
}
