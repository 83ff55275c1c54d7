//! `truth.json`, written piece by piece: its lists grow on disk, not in memory.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

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

    fn item(&mut self, value: &Value) -> io::Result<()> {
        let comma = if self.count == 0 { "\n" } else { ",\n" };
        self.count += 1;
        self.raw(comma)?;
        serde_json::to_writer(&mut self.out, value).map_err(io::Error::from)
    }

    /// Copies the list into the file and takes its part away.
    fn into_file(mut self, out: &mut impl Write) -> io::Result<()> {
        self.out.flush()?;
        let mut part = BufReader::new(File::open(&self.path)?);
        let mut block = vec![0; 1 << 16];
        loop {
            let read = part.read(&mut block)?;
            if read == 0 {
                break;
            }
            out.write_all(&block[..read])?;
        }
        fs::remove_file(&self.path)
    }
}

/// The file in the making.
pub(super) struct TruthFile {
    path: PathBuf,
    workers: Part,
    tasks: Part,
    instances: Part,
    /// Apart, because a process of the API orchestrator may end within the list of the other's cycles.
    others: Part,
    cycles: u64,
}

impl TruthFile {
    pub(super) fn create(dir: &Path) -> io::Result<Self> {
        let part = |name: &str| Part::create(dir.join(format!(".truth-{name}.part")));
        Ok(Self {
            path: dir.join("truth.json"),
            workers: part("workers")?,
            tasks: part("tasks")?,
            instances: part("instances")?,
            others: part("others")?,
            cycles: 0,
        })
    }

    pub(super) fn worker(&mut self, value: &Value) -> io::Result<()> {
        self.workers.item(value)
    }

    pub(super) fn task(&mut self, value: &Value) -> io::Result<()> {
        self.tasks.item(value)
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
    pub(super) fn cycle(&mut self, value: &Value) -> io::Result<()> {
        if self.cycles > 0 {
            self.instances.raw(",")?;
        }
        self.cycles += 1;
        self.instances.raw(&value.to_string())
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
        let part = self.path.with_extension("json.part");
        let mut out = BufWriter::new(File::create(&part)?);
        let text = head.to_string();
        out.write_all(text.trim_end_matches('}').as_bytes())?;
        out.write_all(b",\n\"instances\":[")?;
        let both = self.instances.count > 0 && self.others.count > 0;
        self.instances.into_file(&mut out)?;
        out.write_all(if both { b"," } else { b"" })?;
        self.others.into_file(&mut out)?;
        for (name, list) in [("workers", self.workers), ("tasks", self.tasks)] {
            write!(out, "],\n\"{name}\":[")?;
            list.into_file(&mut out)?;
        }
        out.write_all(b"]}\n")?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(part, self.path)
    }
}
