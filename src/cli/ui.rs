//! Where output goes: data to stdout; notes, progress and errors to stderr.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::fault::Fault;
use crate::cli::pager;

/// The terminal, or whatever stands in for it.
pub(crate) struct Ui {
    stdout: io::BufWriter<anstream::AutoStream<io::Stdout>>,
    stderr: anstream::AutoStream<io::Stderr>,
    grammar_files: Vec<PathBuf>,
    snapshot: Option<PathBuf>,
}

impl Ui {
    /// Colour only where it can be seen, and never under `NO_COLOR`.
    pub(crate) fn for_this_terminal(grammar_files: Vec<PathBuf>) -> Self {
        Self {
            grammar_files,
            snapshot: None,
            stdout: io::BufWriter::new(anstream::AutoStream::auto(io::stdout())),
            stderr: anstream::AutoStream::auto(io::stderr()),
        }
    }

    /// What `--grammar` named: what a line means is the same for every verb of a run.
    pub(crate) fn grammar_files(&self) -> &[PathBuf] {
        &self.grammar_files
    }

    /// Keeps which snapshot is read, for an error that does not know.
    pub(crate) fn reads(&mut self, snapshot: &Path) {
        self.snapshot = Some(snapshot.to_path_buf());
    }

    /// The snapshot that is read.
    pub(crate) fn snapshot(&self) -> Option<&Path> {
        self.snapshot.as_deref()
    }

    /// Data: what the command was asked for. Flush before returning.
    pub(crate) fn out(&mut self) -> &mut impl Write {
        &mut self.stdout
    }

    /// Data for machines: byte for byte, where [`out`](Self::out) takes colours, and whatever looks
    /// like them, out of what is not shown on a terminal. Flush before returning.
    pub(crate) fn verbatim(&mut self) -> io::Result<impl Write + use<>> {
        self.stdout.flush()?;
        Ok(io::BufWriter::with_capacity(1 << 16, io::stdout()))
    }

    /// Characters in a line of the terminal; `None` where data goes elsewhere.
    pub(crate) fn width(&self) -> Option<u16> {
        if io::stdout().is_terminal() { comfy_table::Table::new().width() } else { None }
    }

    /// Bytes that are all that was asked for.
    pub(crate) fn write_verbatim(&mut self, bytes: &[u8]) -> Result<ExitCode, Fault> {
        let mut out = self.verbatim()?;
        out.write_all(bytes)?;
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }

    /// A text for a person, through a pager where it is shown on a terminal and one is there.
    pub(crate) fn page(&mut self, text: &[u8], may_page: bool) -> io::Result<()> {
        self.stdout.flush()?;
        if may_page && io::stdout().is_terminal() && pager::shown(text)? {
            return Ok(());
        }
        self.stdout.write_all(text)?;
        self.stdout.flush()
    }

    /// Says something beside the data. Where nobody can hear it (a full disk behind standard error, a
    /// reader that left) the work goes on: what is asked for is the data.
    pub(crate) fn note(&mut self, text: &str) {
        drop(writeln!(self.stderr, "{text}"));
    }

    /// A counter of rows on a terminal, nothing elsewhere.
    pub(crate) fn progress(&self, what: &str) -> ProgressBar {
        if !io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let style = ProgressStyle::with_template("{spinner} {msg}: {human_pos} rows, {per_sec}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = ProgressBar::new_spinner().with_style(style).with_message(what.to_string());
        bar.enable_steady_tick(Duration::from_millis(120));
        bar
    }

    /// How much of something is done, in thousandths, on a terminal; nothing elsewhere.
    pub(crate) fn share(&self, what: &str) -> ProgressBar {
        if !io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let style = ProgressStyle::with_template("{msg} {bar:40} {percent} %, {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::new(1_000).with_style(style).with_message(what.to_string())
    }
}

impl Ui {
    /// Bytes read of all there are, on a terminal; nothing elsewhere.
    pub(crate) fn progress_bytes(&self, what: &str) -> ProgressBar {
        if !io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let template = "{spinner} {msg}: {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = ProgressBar::new(0).with_style(style).with_message(what.to_string());
        bar.enable_steady_tick(Duration::from_millis(120));
        bar
    }
}

/// The moment a command runs, the only clock there is; `BACKSTORY_NOW` pins it in tests.
pub(crate) fn now() -> crate::model::time::Micros {
    let pinned = std::env::var("BACKSTORY_NOW").ok();
    pinned
        .and_then(|text| crate::model::time::Micros::parse(&text))
        .unwrap_or_else(|| crate::model::time::Micros(jiff::Timestamp::now().as_microsecond()))
}
