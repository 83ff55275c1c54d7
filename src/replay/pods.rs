//! Pods: bound to which worker, made when, gone when, at what price.

use std::collections::BTreeMap;

use crate::events::History;
use crate::model::id::{EventId, PodId, WorkerId};
use crate::model::kind::EventKind;
use crate::model::state::EndKind;
use crate::model::time::Micros;
use crate::replay::bind::Bindings;
use crate::replay::seen::Seen;
use crate::replay::worker::end::WorkerEnd;

/// One pod.
#[derive(Clone, Debug, PartialEq)]
pub struct Pod {
    /// Its id.
    pub id: PodId,
    /// Its worker; `None` when the evidence names two or none.
    pub worker: Option<WorkerId>,
    /// The line that bound it, else the worker's row.
    pub created_at: Option<Micros>,
    /// When it was gone.
    pub ended_at: Option<Micros>,
    /// How its worker ended.
    pub end_kind: Option<EndKind>,
    /// Dollars an hour, where the row tells.
    pub cost_per_hour: Option<f64>,
    /// The event of its creation.
    pub created_event: Option<EventId>,
    /// The event of its end.
    pub ended_event: Option<EventId>,
}

/// When pods and rows of workers came to be, and when pods were ended.
#[derive(Default)]
pub struct Created {
    pods: BTreeMap<PodId, (Micros, EventId)>,
    ended: BTreeMap<PodId, (Micros, EventId)>,
    rows: BTreeMap<WorkerId, (Micros, EventId)>,
}

impl Created {
    /// The next event in the total order.
    pub fn see(&mut self, event: Seen<'_>) {
        if event.kind == EventKind::PodCreated
            && let Some(pod) = &event.pod
        {
            self.pods.entry(PodId::clone(pod)).or_insert((event.at, event.id));
        }
        if event.kind == EventKind::PodTerminated
            && let Some(pod) = &event.pod
        {
            self.ended.entry(PodId::clone(pod)).or_insert((event.at, event.id));
        }
        if event.kind == EventKind::WorkerCreated
            && let Some(worker) = &event.worker
        {
            self.rows.insert(worker.clone(), (event.at, event.id));
        }
    }
}

/// All pods, by id.
pub fn find(
    history: &History,
    bindings: Bindings,
    created: &Created,
    ends: &BTreeMap<WorkerId, WorkerEnd>,
) -> Vec<Pod> {
    let costs: BTreeMap<&WorkerId, f64> = history
        .facts
        .workers
        .iter()
        .filter_map(|row| {
            let paths = ["/pod_details/cost_per_hr", "/diagnostics/pod_status/cost_per_hr"];
            let cost = paths.iter().find_map(|path| row.metadata.pointer(path)?.as_f64())?;
            Some((&row.id, cost))
        })
        .collect();
    bindings
        .into_sorted()
        .into_iter()
        .map(|(id, worker)| {
            let end = worker.as_ref().and_then(|worker| ends.get(worker));
            // a process that said goodbye left its pod running
            let end = end.filter(|end| !end.of_process);
            let row = worker.as_ref().and_then(|worker| created.rows.get(worker));
            let made = created.pods.get(&id).or(row).copied();
            // an orphan has no worker whose end could tell (domain/orchestrator.md G136, G137)
            let gone = created.ended.get(&id).filter(|_| row.is_none());
            let unknown = gone.map(|_| EndKind::Unknown);
            Pod {
                created_at: made.map(|(at, _)| at),
                created_event: made.map(|(_, event)| event),
                ended_at: end.and_then(|end| end.ended_at).or(gone.map(|(at, _)| *at)),
                end_kind: end.map(|end| end.kind).or(unknown),
                ended_event: end.and_then(|end| end.event).or(gone.map(|(_, event)| *event)),
                cost_per_hour: worker.as_ref().and_then(|worker| costs.get(worker)).copied(),
                id,
                worker,
            }
        })
        .collect()
}
