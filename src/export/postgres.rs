//! One capture over a direct connection: look, lock, read everything at one instant.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Client;

use crate::export::access::Access;
use crate::export::attend::{Limits, attend};
use crate::export::catalogue::{self, SourceKey, SourceTable};
use crate::export::connect::{self, BYTES_AS_THEY_ARE, connect};
use crate::export::drift;
use crate::export::error::ExportError;
use crate::export::instant::{self, Instant, describe_source};
use crate::export::output_class::with_class;
use crate::export::parts::{Parts, Shared, Work};
use crate::export::select::{is_young, select};
use crate::export::server_error::{Doing, explain};
use crate::export::since::Since;
use crate::export::source_schema::describe;
use crate::export::sweep::Sweep;
use crate::export::table_reader::{Reading, left_out_note, read_table, young_keys};
use crate::export::target::Target;
use crate::export::user_type::user_types;
use crate::model::table::Table;
use crate::model::time::Micros;
use crate::redact::Redactor;
use crate::snapshot::capture::known_rows::Coming;
use crate::snapshot::capture::{CaptureOptions, CaptureWriter};
use crate::snapshot::manifest::{Redaction, SOURCE_SCHEMA, read_json};
use crate::snapshot::open::Snapshot;
use crate::snapshot::table_writer::TableWriter;

/// What one export is made from; `T` says where the source is.
pub struct Plan<'a, T = Target> {
    /// The snapshot directory.
    pub dir: PathBuf,
    /// The source.
    pub target: T,
    /// Connections, at most, over which a large table is read.
    pub jobs: NonZeroUsize,
    /// The policy.
    pub redactor: &'a Redactor,
    /// The key of the row hashes.
    pub row_key: [u8; 32],
    /// What the manifest says of the key.
    pub key_fingerprint: String,
    /// The clock.
    pub now: &'a dyn Fn() -> Micros,
    /// Whether to stop, asked again and again; nothing is left behind then.
    pub stop: &'a dyn Fn() -> bool,
    /// For how long the server may say nothing.
    pub silence_max: Duration,
}

/// What an export tells while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Something the user should know.
    Note(String),
    /// A table begins.
    Begin(Table),
    /// So many of its rows were read so far.
    Rows(u64),
    /// A table is whole.
    End {
        /// The table.
        table: Table,
        /// Rows read.
        read: u64,
        /// Rows that no earlier capture had.
        new: u64,
    },
}

/// A finished export.
pub struct Exported {
    /// The snapshot with the new capture.
    pub snapshot: Snapshot,
    /// The time of the oldest log line at the source.
    pub oldest_log: Option<Micros>,
}

/// Reads all our tables in one transaction and adds them to the snapshot as one capture.
pub fn export(plan: Plan<'_>, watch: &mut dyn FnMut(Step)) -> Result<Exported, ExportError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(ExportError::Runtime)?;
    let limits = Limits { stop: plan.stop, silence_max: plan.silence_max };
    let (came, watch) = (Cell::new(false), RefCell::new(watch));
    let tell = |step| (watch.borrow_mut())(step);
    let mut heard = |step| {
        came.set(true);
        tell(step);
    };
    let note = |text| tell(Step::Note(text));
    let done = runtime.block_on(attend(limits, &came, &note, run(plan, &mut heard)));
    // a name that is being looked up is not waited for
    runtime.shutdown_background();
    done
}

async fn run(plan: Plan<'_>, watch: &mut dyn FnMut(Step)) -> Result<Exported, ExportError> {
    plan.target.notes.iter().for_each(|note| watch(Step::Note(note.clone())));
    let began_at = (plan.now)();
    let client = connect(plan.target.clone()).await?;
    let mut note = |text| watch(Step::Note(text));
    let (mut source, access, wanted) = look(&client, &plan.target, &mut note).await?;
    let instant = instant::begin(&client, &wanted).await?;
    let parts = Parts::of(&client, plan.target, (plan.jobs, access), &mut note).await?;
    let keys = catalogue::keys(&client).await?;
    let schema = describe(&instant.tables, &keys, &user_types(&client).await?, plan.redactor);
    let fingerprint = blake3::hash(schema.to_string().as_bytes()).to_hex();
    source.insert("schema_fingerprint".to_string(), fingerprint[..16].to_string());
    let asked = source.clone();
    let options = CaptureOptions {
        source,
        redaction: Redaction {
            policy: plan.redactor.policy().name().to_string(),
            key_fingerprint: plan.key_fingerprint,
        },
        row_key: plan.row_key,
        began_at,
        database_snapshot: Some(instant.snapshot.clone()),
        guarantee: access.guarantee(),
    };
    let made_dir = !plan.dir.exists();
    let ours = options.redaction.clone();
    let mut writer = CaptureWriter::begin(&plan.dir, options)?;
    let sweep = Sweep::new(&plan.dir, made_dir);
    for note in since_last_time(&writer, &asked, &schema) {
        watch(Step::Note(note));
    }
    let since = since(&client, &writer, &asked, &schema, &instant, watch).await?;
    let (redactor, next_xid) = (plan.redactor, instant.next_xid);
    let reading = Reading { client: &client, redactor, next_xid, since };
    let mut outcome = same_redaction(&writer, &ours).map(|()| None);
    if outcome.is_ok() {
        let limits = Limits { stop: plan.stop, silence_max: plan.silence_max };
        let source = Source { tables: &instant.tables, keys: &keys, parts: parts.as_ref(), limits };
        outcome = read_all(&reading, &source, &mut writer, watch).await;
    }
    let oldest_log = outcome?;
    writer.write_schema(&schema)?;
    // from here on there may be a manifest that names the files
    sweep.keep();
    let snapshot = writer.finish((plan.now)(), BTreeMap::new(), Vec::new())?;
    Ok(Exported { snapshot, oldest_log })
}

/// Tokens and hashes of two keys or policies cannot be compared, so one snapshot has one of each.
pub(super) fn same_redaction(writer: &CaptureWriter, ours: &Redaction) -> Result<(), ExportError> {
    let Some(before) = writer.before() else { return Ok(()) };
    let (theirs, ours) = (before.manifest().redaction.clone(), ours.clone());
    if theirs.policy != ours.policy {
        return Err(ExportError::OtherPolicy { theirs: theirs.policy, ours: ours.policy });
    }
    if theirs.key_fingerprint != ours.key_fingerprint {
        let (theirs, ours) = (theirs.key_fingerprint, ours.key_fingerprint);
        return Err(ExportError::OtherKey { theirs, ours });
    }
    Ok(())
}

/// What is not as it was when the snapshot was last added to.
pub(super) fn since_last_time(
    writer: &CaptureWriter,
    asked: &BTreeMap<String, String>,
    schema: &serde_json::Value,
) -> Vec<String> {
    let Some(before) = writer.before() else { return Vec::new() };
    // Without a readable schema of the last capture there is nothing to compare with.
    let earlier = read_json(&before.dir().join(SOURCE_SCHEMA)).unwrap_or_default();
    let mut notes = drift::notes(&earlier, schema);
    notes.extend(drift::moves(&earlier, schema));
    notes.extend(other_source_note(writer, asked));
    notes
}

/// A restored or another database may hold rows that share keys with those of the snapshot and
/// nothing else. Every row is read anyway, and told apart by key and hash; but nobody should be
/// surprised by it.
pub(super) fn other_source_note(
    writer: &CaptureWriter,
    asked: &BTreeMap<String, String>,
) -> Option<String> {
    let before = &writer.before()?.manifest().source;
    let identity = ["kind", "database", "system_identifier", "timeline", "endpoint"];
    let mut differing = identity.into_iter().filter(|name| before.get(*name) != asked.get(*name));
    let first = differing.next()?;
    let names = differing.fold(first.to_string(), |names, name| format!("{names}, {name}"));
    Some(format!("the snapshot was made from another database (differs in {names})"))
}

/// Who the source is, how we reach it, and which tables it has: one transaction, which is over before the
/// one that reads begins.
async fn look(
    client: &Client,
    target: &Target,
    note: &mut dyn FnMut(String),
) -> Result<(BTreeMap<String, String>, Access, Vec<Table>), ExportError> {
    connect::begin(client, connect::READ_ONLY).await?;
    let source = describe_source(client).await?;
    let access = Access::of(client, target, note).await?;
    let wanted = instant::check(client, note).await?;
    let over = client.batch_execute("commit").await;
    over.map_err(|err| explain(&err, Doing::Session))?;
    Ok((source, access, wanted))
}

/// How old a transaction may be before it is worth a word.
const OPEN_S_MAX: f64 = 600.0;

/// Which rows of the log are asked for, and what the user should know of it.
async fn since(
    client: &Client,
    writer: &CaptureWriter,
    asked: &BTreeMap<String, String>,
    schema: &serde_json::Value,
    instant: &Instant,
    watch: &mut dyn FnMut(Step),
) -> Result<Option<(u64, u32)>, ExportError> {
    let log = Table::SystemLogs.name();
    let earlier = writer.before().map(|before| before.dir().join(SOURCE_SCHEMA));
    let earlier: Option<serde_json::Value> = earlier.and_then(|path| read_json(&path).ok());
    let is_same_shape =
        earlier.is_some_and(|earlier| drift::columns(&earlier, log) == drift::columns(schema, log));
    let why = match Since::of(writer.before(), asked, is_same_shape, instant) {
        Since::Beginning => return Ok(None),
        Since::Everything(why) => why,
        Since::Xid(xid) => match instant::age(client, xid).await? {
            Some(age) => {
                let open_s = instant::oldest_transaction_s(client).await?;
                if let Some(open_s) = open_s.filter(|open_s| *open_s > OPEN_S_MAX) {
                    watch(Step::Note(format!(
                        "a transaction has been open for {:.1} hours: the rows since it began are read \
                         again by every capture until it ends",
                        open_s / 3_600.0
                    )));
                }
                return Ok(Some((xid, age)));
            }
            None => "too many transactions lie between",
        },
    };
    watch(Step::Note(format!("{log}: all rows are read and told apart by key: {why}")));
    Ok(None)
}

/// What is read, and how.
struct Source<'a> {
    tables: &'a [SourceTable],
    keys: &'a [SourceKey],
    /// Further connections.
    parts: Option<&'a Parts>,
    /// What ends them before their time.
    limits: Limits<'a>,
}

/// Every table, one after the other; returns the time of the oldest log line.
async fn read_all(
    reading: &Reading<'_>,
    all: &Source<'_>,
    writer: &mut CaptureWriter,
    watch: &mut dyn FnMut(Step),
) -> Result<Option<Micros>, ExportError> {
    let asked = reading.client.batch_execute(BYTES_AS_THEY_ARE).await;
    asked.map_err(|err| explain(&err, Doing::Session))?;
    let mut oldest_log = None;
    for source in all.tables {
        let table = source.table;
        let since = reading.since.filter(|_| table.is_append_only());
        watch(Step::Begin(table));
        let conditions = match all.parts {
            Some(parts) if since.is_none() && !writer.holds(table) => {
                parts.conditions(reading.client, source).await?
            }
            Some(_) | None => Vec::new(),
        };
        let (oldest, (read, new)) = match all.parts.filter(|_| !conditions.is_empty()) {
            Some(parts) => read_parts(reading, all, source, (parts, &conditions), writer, watch)?,
            None => read_whole(reading, all, source, since, writer, watch).await?,
        };
        if table == Table::SystemLogs {
            oldest_log = oldest;
        }
        writer.asked(table, source.oid, since.map(|(xid, _)| xid));
        watch(Step::End { table, read, new });
        writer.losses(table).into_iter().for_each(|text| watch(Step::Note(text)));
    }
    let ended = reading.client.batch_execute("commit").await;
    ended.map_err(|err| explain(&err, Doing::Ending))?;
    Ok(oldest_log)
}

/// The earliest time of a table, and how many of its rows were read and were new.
type Outcome = (Option<Micros>, (u64, u64));

/// Over this connection; of an append-only table what came since.
async fn read_whole(
    reading: &Reading<'_>,
    all: &Source<'_>,
    source: &SourceTable,
    since: Option<(u64, u32)>,
    writer: &mut CaptureWriter,
    watch: &mut dyn FnMut(Step),
) -> Result<Outcome, ExportError> {
    let table = source.table;
    let young = since.map(|(_, age)| is_young(age));
    let selection = select(source, young.as_deref());
    left_out_note(table, &selection).into_iter().for_each(|note| watch(Step::Note(note)));
    let coming = match since {
        Some((_, age)) => Some(young_keys(reading.client, table, age).await?),
        None => None,
    };
    let columns = with_class(table, &selection.columns);
    let coming = coming.as_ref().map_or(Coming::All, Coming::Keys);
    let mut rows = writer.table(table, columns, coming)?;
    if has_unique_ids(all.keys, table) {
        rows.keys_are_unique();
    }
    let mut progress = |rows| watch(Step::Rows(rows));
    let mut oldest = read_table(reading, &selection, &mut rows, &mut progress).await?;
    if since.is_some() {
        oldest = instant::oldest(reading.client, source).await?;
        oldest.into_iter().for_each(|at| rows.reaches_back_to(at));
    }
    Ok((oldest, writer.finish_table(rows, 0)?))
}

/// Over several connections.
fn read_parts(
    reading: &Reading<'_>,
    all: &Source<'_>,
    source: &SourceTable,
    (parts, conditions): (&Parts, &[String]),
    writer: &mut CaptureWriter,
    watch: &mut dyn FnMut(Step),
) -> Result<Outcome, ExportError> {
    let table = source.table;
    let selection = select(source, None);
    left_out_note(table, &selection).into_iter().for_each(|note| watch(Step::Note(note)));
    let columns = with_class(table, &selection.columns);
    let mut files = writer.table_in_parts(table, &columns, conditions.len())?;
    if has_unique_ids(all.keys, table) {
        files.iter_mut().for_each(TableWriter::keys_are_unique);
    }
    let (redactor, next_xid) = (reading.redactor, reading.next_xid);
    let shared = Shared { redactor, next_xid, silence_max: all.limits.silence_max };
    let work = Work { source, conditions, files, stop: all.limits.stop };
    let (files, oldest) = parts.read(&shared, work, watch)?;
    Ok((oldest, writer.finish_parts(files)?))
}

/// Whether the source lets no id stand twice in a table.
fn has_unique_ids(keys: &[SourceKey], table: Table) -> bool {
    keys.iter().any(|key| {
        let is_unique = matches!(key.kind.as_str(), "p" | "u");
        key.table == table.name() && is_unique && key.columns == ["id"]
    })
}
