//! What the text of a message says, whichever row holds it.

use std::sync::Arc;

use crate::events::names::Names;
use crate::grammar::entry::{Entry, Meaning};
use crate::grammar::field::FieldType;
use crate::grammar::matcher::Match;
use crate::grammar::python;
use crate::model::attribute::{Attribute, Attributes};
use crate::model::event::Subject;
use crate::model::id::{PodId, TaskId, WorkerId};

/// A message under its template.
pub(super) struct Understood<'g> {
    pub(super) entry: &'g Entry,
    /// The entry's number in the grammar of its source.
    pub(super) number: usize,
    pub(super) worker: Option<WorkerId>,
    pub(super) task: Option<TaskId>,
    pub(super) pod: Option<PodId>,
    pub(super) attributes: Arc<Attributes>,
}

impl<'g> Understood<'g> {
    /// All that a message says.
    pub(super) fn of(found: &Match<'g, '_>, names: &mut Names) -> Self {
        // what only confirms makes no event to have fields
        let has_fields =
            found.entry.adds || !matches!(found.entry.meaning, Meaning::Confirms(_, None));
        let told = found.fields().len() + found.entry.fields.len();
        let attributes = if has_fields && told != 0 {
            let mut attributes = attributes(found);
            attributes.listed = listed(&attributes, names);
            Arc::new(attributes)
        } else {
            names.no_fields.clone()
        };
        let (worker, task, pod) = (None, None, None);
        let mut understood =
            Self { entry: found.entry, number: found.number, worker, task, pod, attributes };
        for (_, kind, text) in found.fields() {
            match kind {
                FieldType::Worker => understood.worker = Some(names.worker(text)),
                FieldType::Task => understood.task = Some(names.task(text)),
                FieldType::Pod => understood.pod = Some(PodId::from(text)),
                FieldType::Short
                | FieldType::Int
                | FieldType::Num
                | FieldType::Word
                | FieldType::Url
                | FieldType::Time
                | FieldType::Text
                | FieldType::Any
                | FieldType::List
                | FieldType::Dict => {}
            }
        }
        understood
    }
}

fn attributes(found: &Match<'_, '_>) -> Attributes {
    let told = &found.entry.fields;
    let mut attributes = Attributes::with_capacity(found.fields().len() + told.len());
    for (name, text) in told {
        attributes.insert(name.clone(), Attribute::Text(text.clone()));
    }
    for (name, kind, text) in found.fields() {
        let value = match kind {
            FieldType::Int => text.parse().ok().map(Attribute::Int),
            FieldType::Num => text.parse().ok().map(Attribute::Num),
            FieldType::List => {
                Some(Attribute::List(python::texts(text).into_iter().map(Arc::from).collect()))
            }
            FieldType::Dict => {
                for (key, number) in python::numbers(text) {
                    attributes.insert(key.as_str().into(), Attribute::Num(number));
                }
                None
            }
            FieldType::Short
            | FieldType::Word
            | FieldType::Url
            | FieldType::Time
            | FieldType::Text => Some(Attribute::Text(text.into())),
            FieldType::Worker | FieldType::Pod | FieldType::Task | FieldType::Any => None,
        };
        if let Some(value) = value {
            attributes.insert(name.clone(), value);
        }
    }
    attributes
}

fn listed(attributes: &Attributes, names: &mut Names) -> Vec<Subject> {
    let mut listed = Vec::new();
    for (name, value) in attributes.iter() {
        if let Attribute::List(items) = value {
            match name {
                "workers" => {
                    listed.extend(items.iter().map(|id| Subject::Worker(names.worker(id))));
                }
                "tasks" => listed.extend(items.iter().map(|id| Subject::Task(names.task(id)))),
                _ => {}
            }
        }
    }
    listed
}
