//! Evidence with something wrong with it: what a recorded or simulated incident looks like after a bad day.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

/// What is done to an incident.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Damage {
    /// Every fifth log row is gone, by a hash of its id.
    FifthOfLogs,
    /// All log rows of a source type are gone.
    Source(&'static str),
    /// All log rows are gone: the last values of the rows are left.
    AllLogs,
    /// All log rows of half an hour in the middle are gone.
    HalfHour,
    /// Every log row stands there twice.
    Twice,
    /// The same, under another id: its batch was sent again, as its answer was lost.
    SentAgain,
    /// Half of the workers' clocks are ahead by so many seconds, or behind.
    WorkerClocks(i64),
}

impl Damage {
    pub(crate) const ALL: [Self; 13] = [
        Self::FifthOfLogs,
        Self::Source("edge_function"),
        Self::Source("worker"),
        Self::Source("orchestrator_gpu"),
        Self::Source("orchestrator_api"),
        Self::AllLogs,
        Self::HalfHour,
        Self::Twice,
        Self::SentAgain,
        Self::WorkerClocks(5),
        Self::WorkerClocks(-60),
        Self::WorkerClocks(900),
        Self::WorkerClocks(3_600),
    ];

    /// In words.
    pub(crate) fn name(self) -> String {
        match self {
            Self::FifthOfLogs => "a fifth of the log rows gone".to_string(),
            Self::Source(source) => format!("no {source} rows"),
            Self::AllLogs => "no log rows".to_string(),
            Self::HalfHour => "half an hour of log rows gone".to_string(),
            Self::Twice => "every log row twice".to_string(),
            Self::SentAgain => "every log row sent again".to_string(),
            Self::WorkerClocks(s @ 0..) => format!("half of the worker clocks {s} s ahead"),
            Self::WorkerClocks(s) => format!("half of the worker clocks {} s behind", -s),
        }
    }

    /// Damages the tables of an incident.
    pub(crate) fn apply(self, tables: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut damaged = tables.clone();
        let logs = damaged.get_mut("system_logs").expect("log rows");
        *logs = self.logs(logs);
        damaged
    }

    fn logs(self, text: &str) -> String {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let head = reader.headers().expect("a header").clone();
        let place = |name: &str| head.iter().position(|known| known == name).expect("a column");
        let (id, time, kind, source) =
            (place("id"), place("timestamp"), place("source_type"), place("source_id"));
        let rows: Vec<csv::StringRecord> =
            reader.records().map(|row| row.expect("a row")).collect();
        let middle = rows.get(rows.len() / 2).map(|row| instant(&row[time]));
        let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
        writer.write_record(&head).expect("in memory");
        for row in rows {
            let copies = match self {
                Self::FifthOfLogs => usize::from(!hash(&row[id]).is_multiple_of(5)),
                Self::Source(gone) => usize::from(&row[kind] != gone),
                Self::AllLogs => 0,
                Self::HalfHour => {
                    let off = middle.map(|middle| instant(&row[time]).duration_since(middle));
                    usize::from(off.is_none_or(|off| off.abs() > SignedDuration::from_mins(15)))
                }
                Self::Twice => 2,
                Self::WorkerClocks(_) | Self::SentAgain => 1,
            };
            let row = match self {
                Self::WorkerClocks(s)
                    if &row[kind] == "worker" && hash(&row[source]).is_multiple_of(2) =>
                {
                    let at = instant(&row[time]) + SignedDuration::from_secs(s);
                    let moved = at.strftime("%Y-%m-%d %H:%M:%S%.f+00").to_string();
                    let cells = row.iter().enumerate();
                    cells.map(|(n, cell)| if n == time { moved.as_str() } else { cell }).collect()
                }
                Self::FifthOfLogs
                | Self::Source(_)
                | Self::AllLogs
                | Self::HalfHour
                | Self::Twice
                | Self::SentAgain
                | Self::WorkerClocks(_) => row,
            };
            if matches!(self, Self::SentAgain) {
                let digest = blake3::hash(row[id].as_bytes());
                let first = digest.as_bytes()[..16].try_into().expect("sixteen bytes");
                let anew = uuid::Builder::from_random_bytes(first).into_uuid().to_string();
                let cells = row.iter().enumerate();
                let copy = cells.map(|(n, cell)| if n == id { anew.as_str() } else { cell });
                writer.write_record(copy).expect("in memory");
            }
            for _ in 0..copies {
                writer.write_record(&row).expect("in memory");
            }
        }
        String::from_utf8(writer.into_inner().expect("in memory")).expect("UTF-8")
    }
}

fn instant(text: &str) -> Timestamp {
    let text = text.replacen(' ', "T", 1);
    let text = text.strip_suffix("+00").map_or(text.clone(), |text| format!("{text}Z"));
    text.parse().expect("a time")
}

/// The same for the same text on every machine.
fn hash(text: &str) -> u64 {
    let digest = blake3::hash(text.as_bytes());
    digest.as_bytes()[..8].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}
