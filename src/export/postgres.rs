//! One capture over a direct connection: look, lock, read everything at one instant.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Client;

use crate::export::access::Access;
use crate::export::attend::{Limits, attend};
use crate::export::before::{same_redaction, since_last_time};
use crate::export::catalogue;
use crate::export::connect::{self, connect};
use crate::export::drift;
use crate::export::error::ExportError;
use crate::export::instant::{self, Instant, describe_source};
use crate::export::parts::Parts;
use crate::export::server_error::{Doing, explain};
use crate::export::since::Since;
use crate::export::source_schema::describe;
use crate::export::standing::standing;
use crate::export::sweep::Sweep;
use crate::export::table_reader::Reading;
use crate::export::tables::{Source, read_all};
use crate::export::target::Target;
use crate::export::user_type::user_types;
use crate::model::table::Table;
use crate::model::time::Micros;
use crate::redact::Redactor;
use crate::snapshot::capture::{CaptureOptions, CaptureWriter, place};
use crate::snapshot::manifest::{Redaction, SOURCE_SCHEMA, read_json};
use crate::snapshot::open::Snapshot;

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
    // before anyone is asked for an hour in vain
    place::check(&plan.dir)?;
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
    let role = plan.target.role().map(str::to_string);
    let done = runtime.block_on(attend(limits, &came, &note, run(plan, &mut heard)));
    // a name that is being looked up is not waited for
    runtime.shutdown_background();
    done.map_err(|err| err.of_role(role.as_deref()))
}

async fn run(plan: Plan<'_>, watch: &mut dyn FnMut(Step)) -> Result<Exported, ExportError> {
    plan.target.notes.iter().for_each(|note| watch(Step::Note(note.clone())));
    let began_at = (plan.now)();
    let client = connect(plan.target.clone()).await?;
    let mut note = |text| watch(Step::Note(text));
    let (mut source, access, wanted) = look(&client, &plan.target, &mut note).await?;
    let instant = instant::begin(&client, &wanted, &mut note).await?;
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
    let earlier = writer.before().map(|before| before.dir().join(SOURCE_SCHEMA));
    let earlier = earlier.and_then(|path| read_json(&path).ok()).unwrap_or_default();
    let standing = standing(writer.before(), &asked, (&earlier, &schema), &instant);
    let server_version = major_version(&asked);
    let standing = &standing;
    let reading = Reading { client: &client, redactor, next_xid, since, server_version, standing };
    let mut outcome = same_redaction(&writer, &ours).map(|()| None);
    if outcome.is_ok() {
        let limits = Limits { stop: plan.stop, silence_max: plan.silence_max };
        let source = Source { tables: &instant.tables, keys: &keys, parts: parts.as_ref(), limits };
        outcome = read_all(&reading, &source, &mut writer, watch).await;
    }
    let oldest_log = outcome?;
    writer.write_schema(&schema)?;
    writer.publish_tables()?;
    // from here on there may be a manifest that names the files
    sweep.keep();
    let snapshot = writer.finish((plan.now)(), BTreeMap::new(), Vec::new())?;
    Ok(Exported { snapshot, oldest_log })
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

/// `15` of `15.18 (Debian 15.18-0+deb12u1)`; 0 where it is spelled otherwise.
fn major_version(source: &BTreeMap<String, String>) -> u32 {
    let told = source.get("server_version").map_or("", String::as_str);
    let digits = told.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    digits.parse().unwrap_or(0)
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
    let why = match Since::of(Table::SystemLogs, writer.before(), asked, is_same_shape, instant) {
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
