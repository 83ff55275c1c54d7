//! What is put down is taken up again.

use std::sync::Arc;

use proptest::prelude::*;
use uuid::Uuid;

use crate::events::stored::shelf::{Hand, Shelf};
use crate::model::attribute::{Attribute, Attributes};
use crate::model::column::Column;
use crate::model::cycle::Cycle;
use crate::model::event::{Basis, Clock, Event, Evidence, Further, RowNumber, RowNumbers, Subject};
use crate::model::id::{EventId, PodId, RowKey, RunId, TaskId, WorkerId};
use crate::model::kind::EventKind;
use crate::model::table::Table;
use crate::model::time::Micros;
use crate::spool::sorted::Piece;
use crate::spool::stored::Stored;

/// Few, so that they repeat; empty, and longer than what is kept.
fn any_text() -> impl Strategy<Value = Arc<str>> {
    let short = prop::sample::select(vec!["", "a", "gpu-1", "größe"]).prop_map(Arc::from);
    prop_oneof![4 => short, 1 => Just(Arc::from("long ".repeat(60)))]
}

fn any_value() -> impl Strategy<Value = Attribute> {
    prop_oneof![
        any::<i64>().prop_map(Attribute::Int),
        (-1e300f64..1e300).prop_map(Attribute::Num),
        any::<bool>().prop_map(Attribute::Bool),
        any_text().prop_map(Attribute::Text),
        prop::collection::vec(any_text(), 0..3).prop_map(Attribute::List),
    ]
}

fn any_subject() -> impl Strategy<Value = Subject> {
    (0..4, any_text()).prop_map(|(sort, id)| match sort {
        0 => Subject::Worker(WorkerId::of_shared(id)),
        1 => Subject::Task(TaskId::of_shared(id)),
        2 => Subject::Pod(PodId::of_shared(id)),
        _ => Subject::Run(RunId::of_shared(id)),
    })
}

fn any_fields() -> impl Strategy<Value = Arc<Attributes>> {
    let fields = prop::collection::vec((any_text(), any_value()), 0..4);
    (fields, prop::collection::vec(any_subject(), 0..3)).prop_map(|(fields, listed)| {
        let mut all: Attributes = fields.into_iter().collect();
        all.listed = listed;
        Arc::new(all)
    })
}

fn any_evidence() -> impl Strategy<Value = Evidence> {
    let column = prop::sample::select(Column::ALL);
    let uuid = any::<u128>().prop_map(|id| RowKey::Uuid(Uuid::from_u128(id)));
    let key = prop_oneof![uuid, any_text().prop_map(RowKey::Text)];
    (0..Table::ALL.len(), key, column).prop_map(|(table, key, column)| Evidence {
        table: Table::ALL[table],
        key,
        column,
    })
}

prop_compose! {
    fn any_event()(
        (at, bounds) in (any::<i64>(), prop::option::of(any::<[i64; 2]>())),
        [kind, basis, clock] in any::<[usize; 3]>(),
        (ordinal, cycle, id) in any::<(u8, Option<i64>, u128)>(),
        rows in any::<[Option<u32>; 2]>(),
        ids in prop::array::uniform5(prop::option::of(any_text())),
        source in (any_text(), any_text()),
        attributes in any_fields(),
        evidence in any_evidence(),
        confirmed_by in prop::collection::vec(any_evidence(), 0..3),
        contradicted_by in prop::option::of(any_evidence()),
    ) -> Event {
        let [worker, task, run, pod, call_site] = ids;
        let further = Further { confirmed_by, contradicted_by };
        let [earliest, latest] = bounds.unwrap_or([at; 2]);
        Event {
            at: Micros(at),
            earliest: Micros(earliest),
            latest: Micros(latest),
            kind: EventKind::ALL[kind % EventKind::ALL.len()].0,
            basis: Basis::ALL[basis % Basis::ALL.len()],
            clock: Clock::ALL[clock % Clock::ALL.len()],
            ordinal,
            rows: RowNumbers { worker: rows[0].and_then(RowNumber::of), task: rows[1].and_then(RowNumber::of) },
            worker: worker.map(WorkerId::of_shared),
            task: task.map(TaskId::of_shared),
            run: run.map(RunId::of_shared),
            pod: pod.map(PodId::of_shared).map(Box::new),
            cycle: cycle.and_then(Cycle::of),
            lists: !attributes.listed.is_empty(),
            attributes,
            source: Arc::new(source),
            id: EventId(Uuid::from_u128(id)),
            evidence,
            further: (further != Further::default()).then(|| Box::new(further)),
            call_site,
        }
    }
}

proptest! {
    #[test]
    fn an_event_reads_back(events in prop::collection::vec(any_event(), 1..8)) {
        let (shelf, mut hand) = (Shelf::default(), Hand::default());
        // again and again: what is seen a second time is kept, and then named
        for _ in 0..3 {
            for event in &events {
                let mut bytes = Vec::new();
                event.put(&shelf, &mut hand, &mut bytes).expect("it can be put");
                prop_assert_eq!(&Event::take(&shelf, &bytes).expect("it was put"), event);
                for cut in 0..bytes.len() {
                    prop_assert!(Event::take(&shelf, &bytes[..cut]).is_err());
                }
            }
        }
    }
}

proptest! {
    /// What decides among events of one time and kind is written for speed, and is the documented order.
    #[test]
    fn a_tie_is_decided_by_the_total_order(
        mut events in prop::array::uniform2(any_event()),
        same in any::<[bool; 4]>(),
    ) {
        let [one, other] = &mut events;
        (other.at, other.kind) = (one.at, one.kind);
        if same[0] {
            other.evidence.table = one.evidence.table;
        }
        if same[1] {
            other.source = one.source.clone();
        }
        if same[2] {
            other.evidence.key = one.evidence.key.clone();
        }
        if same[3] {
            other.ordinal = one.ordinal;
        }
        prop_assert_eq!(one.tie(other), one.order().cmp(&other.order()));
    }
}

#[test]
fn the_numbers_of_names_are_their_places() {
    assert!(Basis::ALL.iter().enumerate().all(|(place, basis)| *basis as usize == place));
    assert!(Clock::ALL.iter().enumerate().all(|(place, clock)| *clock as usize == place));
    assert!(Table::ALL.iter().enumerate().all(|(place, table)| *table as usize == place));
}
