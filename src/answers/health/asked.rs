//! What the tables say of an instant: its parts are asked beside each other.

use crate::answers::ask::{Ask, Row};
use crate::answers::fleet::blind;
use crate::answers::fleet::open::OpenTasks;
use crate::answers::fleet::pulse::{self, Pulse};
use crate::answers::fleet::queue::{Limit, Queue};
use crate::answers::fleet::rates::{self, Rates};
use crate::answers::fleet::serving::{Member, fleet};
use crate::answers::fleet::strange::Strange;
use crate::answers::health::{errors, orphans};
use crate::findings::short::Told;
use crate::model::time::Micros;
use crate::read::error::ReadError;

/// All that is asked.
pub(super) struct Asked {
    /// Every worker.
    pub(super) fleet: Vec<Member>,
    /// How many of them fail.
    pub(super) rates: Rates,
    /// The open tasks.
    pub(super) queue: Queue,
    /// How long one may be in progress.
    pub(super) longest: Limit,
    /// Tasks that no rule knows what to do with.
    pub(super) strange: Strange,
    /// The orchestrators.
    pub(super) pulses: Vec<Pulse>,
    /// Pods that run.
    pub(super) pods: Vec<Row>,
    /// Errors of the last hour, the newest.
    pub(super) errors: Vec<Row>,
    /// Where we are blind.
    pub(super) gaps: Vec<Row>,
}

impl Asked {
    /// Asks; what ended counts from one instant to another.
    pub(super) fn read(
        ask: Ask<'_>,
        told: &[Told],
        (since, until): (Micros, Micros),
        limit: usize,
    ) -> Result<Self, ReadError> {
        let workers = |ask: Ask<'_>| ask.join(|ask| fleet(ask, (since, until)), rates::era);
        let tasks = |ask: Ask<'_>| {
            let (open, strange) = OpenTasks::read(ask)?.parted();
            Ok((Queue::of_tasks(ask, open)?, Strange::of_tasks(strange)))
        };
        let watch = |ask: Ask<'_>| Ok((pulse::pulses(ask)?, orphans::running(ask)?));
        let trouble = |ask: Ask<'_>| {
            let gaps = blind::read(ask, ask.at, ask.at)?;
            Ok((errors::read(ask, limit)?, gaps, Limit::read(ask)?))
        };
        // who has done its part takes what the other has not begun
        let signs = |ask: Ask<'_>| ask.join(watch, trouble);
        let (workers, (tasks, signs)) = ask.join(workers, |ask| ask.join(tasks, signs))?;
        let ((fleet, era), (queue, strange)) = (workers, tasks);
        let rates = Rates::of(era.as_ref(), &fleet, told, ask.at, (since, until));
        let ((pulses, pods), (errors, gaps, longest)) = signs;
        Ok(Self { fleet, rates, queue, longest, strange, pulses, pods, errors, gaps })
    }
}
