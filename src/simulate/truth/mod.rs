//! `truth.json`, written piece by piece: its lists grow on disk, not in memory.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use crate::simulate::part_file::PartFile;

pub(super) mod task;
pub(super) mod worker;

/// A list of the file that grows from anywhere.
#[derive(Clone, Copy, Debug)]
pub(super) enum List {
    FalsePositives,
    InjectedFaults,
    WorkerFaults,
    Outages,
    Workers,
    Tasks,
}

impl List {
    /// In the order of their numbers, with their keys.
    const ALL: [(Self, &'static str); 6] = [
        (Self::FalsePositives, "false_positive_workers"),
        (Self::InjectedFaults, "injected_faults"),
        (Self::WorkerFaults, "worker_faults"),
        (Self::Outages, "outage_windows"),
        (Self::Workers, "workers"),
        (Self::Tasks, "tasks"),
    ];
}

/// One list of the file, in a part file of its own until the end.
struct Part {
    path: PathBuf,
    out: BufWriter<File>,
    count: u64,
}

impl Part {
    fn create(path: PathBuf) -> io::Result<Self> {
        let out = BufWriter::new(File::create(&path)?);
        Ok(Self { path, out, count: 0 })
    }

    fn raw(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())
    }

    fn item(&mut self, item: &impl Serialize) -> io::Result<()> {
        let comma = if self.count == 0 { "\n" } else { ",\n" };
        self.count += 1;
        self.raw(comma)?;
        serde_json::to_writer(&mut self.out, item).map_err(io::Error::from)
    }

    /// Copies the list into the file and takes its part away.
    fn into_file(mut self, out: &mut impl Write) -> io::Result<()> {
        self.out.flush()?;
        io::copy(&mut File::open(&self.path)?, out)?;
        fs::remove_file(&self.path)
    }
}

/// The file in the making.
pub(super) struct TruthFile {
    path: PathBuf,
    lists: Vec<Part>,
    instances: Part,
    /// Apart, because a process of the API orchestrator may end within the list of the other's cycles.
    others: Part,
    cycles: u64,
}

impl TruthFile {
    pub(super) fn create(dir: &Path) -> io::Result<Self> {
        let part = |name: &str| Part::create(dir.join(format!(".truth-{name}.part")));
        let lists: Vec<Part> =
            List::ALL.iter().map(|(_, name)| part(name)).collect::<io::Result<_>>()?;
        Ok(Self {
            path: dir.join("truth.json"),
            lists,
            instances: part("instances")?,
            others: part("others")?,
            cycles: 0,
        })
    }

    /// Adds to a list.
    pub(super) fn add(&mut self, list: List, item: &impl Serialize) -> io::Result<()> {
        self.lists[list as usize].item(item)
    }

    /// An orchestrator process without cycles of its own.
    pub(super) fn instance(&mut self, value: &Value) -> io::Result<()> {
        self.others.item(value)
    }

    /// Opens the list of the cycles of the process that runs now.
    pub(super) fn begin_cycles(&mut self) -> io::Result<()> {
        let comma = if self.instances.count == 0 { "\n" } else { ",\n" };
        self.instances.count += 1;
        self.cycles = 0;
        self.instances.raw(comma)?;
        self.instances.raw("{\"cycles\":[")
    }

    /// One completed cycle of it.
    pub(super) fn cycle(&mut self, cycle: &impl Serialize) -> io::Result<()> {
        if self.cycles > 0 {
            self.instances.raw(",")?;
        }
        self.cycles += 1;
        serde_json::to_writer(&mut self.instances.out, cycle).map_err(io::Error::from)
    }

    /// Closes the list, with what else there is to say of the process.
    pub(super) fn end_cycles(&mut self, rest: &Value) -> io::Result<()> {
        let text = rest.to_string();
        let members = text.trim_start_matches('{');
        self.instances.raw("],")?;
        self.instances.raw(members)
    }

    /// Puts the file together: `head` is an object with everything but the lists.
    pub(super) fn finish(self, head: &Value) -> io::Result<()> {
        let mut out = PartFile::create(self.path)?;
        let text = head.to_string();
        out.write_all(text.strip_suffix('}').unwrap_or(&text).as_bytes())?;
        out.write_all(b",\n\"instances\":[")?;
        let both = self.instances.count > 0 && self.others.count > 0;
        self.instances.into_file(&mut out)?;
        out.write_all(if both { b"," } else { b"" })?;
        self.others.into_file(&mut out)?;
        for ((_, name), list) in List::ALL.into_iter().zip(self.lists) {
            write!(out, "],\n\"{name}\":[")?;
            list.into_file(&mut out)?;
        }
        out.write_all(b"]}\n")?;
        out.finish()
    }
}
