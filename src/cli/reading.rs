//! What the verbs share that tell of a snapshot: which, as of when, how it is written.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::answers::ask::Ask;
use crate::answers::page::Page;
use crate::answers::subject::{Among, Meant, NAMED_MAX, Subject, find};
use crate::cli::Outcome;
use crate::cli::explain::one;
use crate::cli::fault::{Fault, FaultKind};
use crate::cli::kept::{self, Wanted};
use crate::cli::ui::Ui;
use crate::cli::when::{Asked, WhenArgs};
use crate::findings::short::Told;
use crate::model::time::Micros;
use crate::read::database::Database;
use crate::read::engine::Engine;
use crate::read::error::ReadError;
use crate::report::page_text::{Layout, write_text};

/// Options of a verb that tells of a snapshot.
#[derive(clap::Args, Debug)]
pub(super) struct ReadArgs {
    /// Snapshot directory (default: the one under ./snapshots with the latest capture)
    #[arg(long, value_name = "DIR")]
    snapshot: Option<PathBuf>,

    #[command(flatten)]
    when: WhenArgs,

    #[command(flatten)]
    pub(super) shape: ShapeArgs,
}

/// How a page is written.
#[derive(clap::Args, Debug)]
pub(super) struct ShapeArgs {
    /// How to write it
    #[arg(long, value_enum, default_value_t = Shape::Text)]
    format: Shape,

    /// Zone of the times in text: `Europe/Berlin`, `+02:00`, `local` (JSON is always UTC)
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = zone, allow_hyphen_values = true)]
    tz: Zone,

    /// Do not lead long text through a pager (BACKSTORY_PAGER, PAGER, else less)
    #[arg(long)]
    no_pager: bool,

    /// Draw with letters, where a terminal has no blocks
    #[arg(long)]
    ascii: bool,
}

/// What is told of, where it is less than all.
#[derive(clap::Args, Clone, Copy, Debug)]
pub(super) struct SpanArgs {
    /// Only what happened at or after this instant (UTC)
    #[arg(long, value_name = "INSTANT", value_parser = crate::cli::format::instant)]
    pub(super) since: Option<Micros>,

    /// Only what happened before this instant (UTC)
    #[arg(long, value_name = "INSTANT", value_parser = crate::cli::format::instant)]
    pub(super) until: Option<Micros>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Shape {
    /// For people
    Text,
    /// The documented JSON
    Json,
}

#[derive(Clone, Debug)]
struct Zone {
    name: String,
    zone: TimeZone,
}

/// How far clocks are set from UTC, in seconds: from Baker Island to the Line Islands.
const OFFSETS_S: std::ops::RangeInclusive<i64> = -12 * 3600..=14 * 3600;

/// A zone by its name in the IANA database, or by its offset.
fn zone(text: &str) -> Result<Zone, String> {
    let named = |zone: TimeZone| Zone { name: text.to_string(), zone };
    match text {
        "local" => TimeZone::try_system().map(named).map_err(|_| {
            "the zone of this machine is not known (see TZ and /etc/localtime): name one"
                .to_string()
        }),
        "UTC" | "utc" | "Z" | "z" => Ok(Zone { name: "UTC".to_string(), zone: TimeZone::UTC }),
        _ => {
            let fixed = format!("2026-01-01T00:00:00{text}").parse::<jiff::Timestamp>();
            if let Ok(at) = fixed {
                let midnight = "2026-01-01T00:00:00Z".parse::<jiff::Timestamp>();
                let offset = midnight.map(|utc| utc.as_second() - at.as_second()).ok();
                let offset = offset.filter(|seconds| OFFSETS_S.contains(seconds));
                let offset = offset.and_then(|seconds| i32::try_from(seconds).ok());
                let offset = offset.and_then(|s| jiff::tz::Offset::from_seconds(s).ok());
                return offset.map(|offset| named(TimeZone::fixed(offset))).ok_or_else(|| {
                    "no clock on earth is so far off: write an offset from -12:00 to +14:00"
                        .to_string()
                });
            }
            TimeZone::get(text).map(named).map_err(|_| {
                "no zone of this machine; write it as Europe/Berlin, +02:00 or local".to_string()
            })
        }
    }
}

/// Longer than it takes to look up an id.
const LIMIT: Duration = Duration::from_secs(60);

/// A snapshot opened for one verb.
pub(super) struct Reading {
    database: Rc<Database>,
    /// Whether the process goes on after it.
    goes_on: bool,
    as_of: Option<Micros>,
    /// The first and the last instant of the evidence; none where it covers no time.
    reach: Option<(Micros, Micros)>,
    asked: Asked,
    /// What was found, where it was kept and looked up already.
    kept: Option<Vec<Told>>,
}

impl SpanArgs {
    /// Refuses a span that ends before it begins: nothing found there would look like a clean bill.
    pub(super) fn check(&self) -> Result<(), Fault> {
        match (self.since, self.until) {
            (Some(since), Some(until)) if until <= since => Err(Fault::new(
                FaultKind::Usage,
                format!("--until {until} is not after --since {since}"),
            )
            .hint("times without a zone are UTC")),
            (Some(_) | None, Some(_) | None) => Ok(()),
        }
    }
}

impl ReadArgs {
    /// Refuses an instant, where one means nothing, and names what takes one.
    pub(super) fn refuse_instant(&self, why: &str, instead: &str) -> Result<(), Fault> {
        if !self.when.is_asked() {
            return Ok(());
        }
        let said = format!("--as-of and --as-seen mean nothing here: {why}");
        Err(Fault::new(FaultKind::Usage, said).hint(format!("for an instant: {instead}")))
    }

    /// Opens these tables of the snapshot (and `coverage`), as of the instant asked for.
    pub(super) fn open(&self, ui: &mut Ui, tables: &[&str]) -> Result<Reading, Fault> {
        self.opened(ui, tables, false)
    }

    /// The same for who wants the findings, too: what is kept of them is read meanwhile.
    pub(super) fn open_with_findings(
        &self,
        ui: &mut Ui,
        tables: &[&str],
    ) -> Result<Reading, Fault> {
        self.opened(ui, tables, true)
    }

    fn opened(&self, ui: &mut Ui, tables: &[&str], wants_findings: bool) -> Result<Reading, Fault> {
        take_part();
        let engine = Engine::start();
        let mut asked = self.when.open(ui, self.snapshot.as_deref())?;
        let tables = [tables, &["coverage"]].concat();
        let (database, kept) = rayon::join(
            || asked.database_of(engine, &tables),
            || if wants_findings { kept::kept(&asked.snapshot, Wanted::All) } else { None },
        );
        let mut database = database?;
        let reach = reach(&database, asked.as_of)?;
        if let Some((begins, ends)) = reach
            && asked.is_at_the_end(ui, begins, ends)?
        {
            database = asked.database_of(Engine::start(), &tables)?;
        }
        let (database, as_of) = (Rc::new(database), asked.as_of);
        let reading = Reading { database, goes_on: false, as_of, reach, asked, kept };
        if reading.reach.is_none() {
            ui.note("note: this snapshot covers no time: its tables are empty, or hold a single instant");
        }
        Ok(reading)
    }

    /// Writes a page as it was asked for.
    pub(super) fn show(&self, ui: &mut Ui, page: &Page) -> Outcome {
        self.shape.show(ui, page)
    }
}

impl ShapeArgs {
    /// How text is laid out here.
    pub(super) fn layout(&self, ui: &Ui) -> Layout {
        Layout {
            width: ui.width(),
            zone: self.tz.zone.clone(),
            zone_name: self.tz.name.clone(),
            ascii: self.ascii,
        }
    }

    /// Writes a page as it was asked for.
    pub(super) fn show(&self, ui: &mut Ui, page: &Page) -> Outcome {
        match self.format {
            Shape::Text => {
                let mut text = Vec::new();
                write_text(&mut text, page, &self.layout(ui))?;
                ui.page(&text, !self.no_pager)?;
            }
            Shape::Json => write_json(ui, page)?,
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The same in its place, without a pager, below a line that text alone has.
    pub(super) fn show_below(
        &self,
        ui: &mut Ui,
        page: &Page,
        line: &dyn Fn() -> String,
    ) -> Result<(), Fault> {
        match self.format {
            Shape::Text => {
                let layout = self.layout(ui);
                writeln!(ui.out(), "{}", line())?;
                write_text(&mut ui.out(), page, &layout)?;
                ui.out().flush()?;
            }
            // a document a line, for who reads them as they come
            Shape::Json => {
                let mut out = ui.verbatim()?;
                serde_json::to_writer(&mut out, page).map_err(std::io::Error::from)?;
                writeln!(out)?;
                out.flush()?;
            }
        }
        Ok(())
    }
}

fn write_json(ui: &mut Ui, page: &Page) -> Result<(), Fault> {
    let mut out = ui.verbatim()?;
    serde_json::to_writer_pretty(&mut out, page).map_err(std::io::Error::from)?;
    writeln!(out)?;
    Ok(out.flush()?)
}

impl Drop for Reading {
    /// The system takes back at once what the engine would give back piece by piece, while somebody waits for the
    /// end of the process.
    fn drop(&mut self) {
        if !self.goes_on && !self.database.has_spilled() {
            std::mem::forget(Rc::clone(&self.database));
        }
    }
}

impl Reading {
    /// Gives back what it takes when it is dropped, for a process that opens others after it.
    pub(super) fn going_on(self) -> Self {
        let mut reading = self;
        reading.goes_on = true;
        reading
    }

    /// What answers are made from.
    pub(super) fn ask(&self) -> Ask<'_> {
        Ask::ending(&self.database, self.reach.map(|(_, ends)| ends), self.as_of)
    }

    /// What the whole catalogue found, at the end of the evidence.
    pub(super) fn findings(&mut self, ui: &mut Ui) -> Result<Vec<Told>, Fault> {
        match self.kept.take() {
            Some(told) => Ok(told),
            None => kept::findings(ui, &self.asked.snapshot, Wanted::All),
        }
    }

    /// The same, at least what names one thing.
    pub(super) fn findings_about(
        &self,
        ui: &mut Ui,
        subject: &Subject,
    ) -> Result<Vec<Told>, Fault> {
        kept::findings(ui, &self.asked.snapshot, Wanted::Naming(&subject.id))
    }

    /// The one thing of a kind that an id, or the beginning of one, means; also what had not happened yet.
    pub(super) fn subject(&self, id: &str, kind: &str) -> Result<Subject, Fault> {
        let among = if self.as_of.is_some() { Among::Whole } else { Among::These };
        let meant = find(&self.database, id.trim(), &[kind], among, LIMIT)?;
        if matches!(meant, Meant::None(_)) && !id.trim().is_empty() {
            self.refuse_other_kind(id, kind, among)?;
        }
        one(meant, id)
    }

    /// Refuses the id of a worker where a task is asked for, and the other way round, by what it is. The verb may
    /// not have opened the tables of the other kind.
    fn refuse_other_kind(&self, id: &str, kind: &str, among: Among) -> Result<(), Fault> {
        let other = match kind {
            "task" => "worker",
            _ => "task",
        };
        let tables = ["tasks", "workers", "worker_states", "events"];
        let database = self.asked.database_of(Engine::start(), &tables)?;
        match find(&database, id.trim(), &[other], among, LIMIT)? {
            Meant::One(subject) => {
                let said = format!("`{id}` is a {other}, not a {kind}");
                Err(Fault::new(FaultKind::Usage, said)
                    .hint(format!("`backstory {other} {}`", subject.id)))
            }
            Meant::Several(some) => {
                let said = format!("`{id}` begins ids of {other}s, and of no {kind}");
                let named = some.iter().take(NAMED_MAX).map(|subject| subject.id.as_str());
                let named: Vec<&str> = named.collect();
                Err(Fault::new(FaultKind::Usage, said).hint(format!(
                    "`backstory {other} ID`, with more of it:\n      {}",
                    named.join("\n      ")
                )))
            }
            Meant::None(_) => Ok(()),
        }
    }

    /// Refuses a span of which nothing is known, and warns of one of which a part is.
    pub(super) fn check_span(&self, ui: &mut Ui, from: Micros, until: Micros) -> Result<(), Fault> {
        let Some((begins, ends)) = self.reach else { return Ok(()) };
        // of later than the instant asked for nothing is told
        let ends = self.as_of.map_or(ends, |at| ends.min(at));
        let reach = format!("the evidence reaches from {begins} to {ends}");
        if until <= begins || from > ends {
            let said = format!("nothing is known between {from} and {until}: {reach}");
            return Err(Fault::new(FaultKind::Usage, said).hint("times without a zone are UTC"));
        }
        if from < begins || until > ends {
            ui.note(&format!("note: of a part of this nothing is known: {reach}"));
        }
        Ok(())
    }
}

/// Makes this thread one of those that answer: to hand over to others and be woken by them takes longer than many a
/// question. There is another always, so that nothing waits for what this one alone could do.
fn take_part() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).max(2);
    // who looks again and again is one of them already
    drop(rayon::ThreadPoolBuilder::new().num_threads(threads).use_current_thread().build_global());
}

/// The first and the last instant of the evidence, whatever instant is asked of.
fn reach(
    database: &Database,
    as_of: Option<Micros>,
) -> Result<Option<(Micros, Micros)>, ReadError> {
    let table = if as_of.is_some() { "whole_coverage" } else { "coverage" };
    let sql = format!("select min(from_at), max(until_at) from {table}");
    let rows = database.query_ours(&sql, &[], LIMIT)?.rows;
    let time = |at: usize| rows.first()?.get(at)?.as_time();
    Ok(time(0).zip(time(1)))
}
