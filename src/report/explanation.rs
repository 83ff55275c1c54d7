//! The answer of `explain`, for a person: from the state down to the rows.

use std::io;

use crate::answers::explanation::{Event, Explanation, Rule, State};
use crate::report::plain::printable;
use crate::report::shorten::short;

/// Writes the chain.
pub fn write_text(out: &mut impl io::Write, made: &Explanation) -> io::Result<()> {
    let Explanation { subject, as_of, states, event, .. } = made;
    let when = as_of.as_ref().map_or(String::new(), |at| format!(" as of {at}"));
    let id = printable(&subject.id);
    match states.split_last() {
        Some((last, earlier)) => {
            writeln!(
                out,
                "{} {id}{when}: {} since {} ({})",
                subject.kind, last.state, last.entered_at, last.basis
            )?;
            if !earlier.is_empty() {
                writeln!(out, "\nbefore")?;
                earlier.iter().try_for_each(|state| write_state(out, state))?;
            }
        }
        None if subject.kind == "event" => writeln!(out, "event {id}{when}")?,
        None => writeln!(out, "{} {id}{when}: no event tells of it yet", subject.kind)?,
    }
    match event {
        Some(event) => write_event(out, event),
        None if subject.kind == "event" => writeln!(out, "it had not happened"),
        None => Ok(()),
    }
}

fn write_state(out: &mut impl io::Write, state: &State) -> io::Result<()> {
    let State { state, entered_at, basis, event_id, kind } = state;
    let by = match (kind, event_id) {
        (Some(kind), Some(id)) => format!("{kind}  {id}"),
        (_, _) => "nothing names it".to_string(),
    };
    writeln!(out, "  {entered_at}  {state:<24} {basis:<9} {by}")
}

fn write_event(out: &mut impl io::Write, event: &Event) -> io::Result<()> {
    writeln!(out, "\nbecause {} at {}", event.kind, event.happened_at)?;
    let mut told = |name: &str, text: &str| writeln!(out, "  {name:<9} {text}");
    told("event", &event.event_id)?;
    told("about", &format!("{} {}", event.subject.kind, printable(&event.subject.id)))?;
    if event.earliest != event.latest {
        told("between", &format!("{} and {}", event.earliest, event.latest))?;
    }
    told("known", &format!("{}, by the clock of {}", event.basis, printable(&event.clock)))?;
    for (name, value) in &event.names {
        told(name, &printable(&short(value)))?;
    }
    if event.attributes.as_object().is_some_and(|fields| !fields.is_empty()) {
        told("says", &printable(&short(&event.attributes.to_string())))?;
    }
    if let Some(site) = &event.call_site {
        told("code", &printable(&short(site)))?;
    }
    match &event.rule {
        Rule::Grammar { entry, eras, place, template } => {
            told("rule", &format!("grammar entry {entry} ({eras}, {place})"))?;
            told("", template)?;
        }
        Rule::Column { column } => told("rule", &format!("{column} records it"))?,
        Rule::Unknown => {
            told("rule", "an entry of another grammar: replay with --grammar as before")?
        }
    }
    for row in &event.rows {
        let time = row.time.as_deref().unwrap_or("");
        told(row.role, &format!("{time}  {}:{}", row.table, printable(&row.key)))?;
        told("", &format!("  {}", printable(&short(&row.text))))?;
    }
    for (n, what) in event.surer.iter().enumerate() {
        told(if n == 0 { "surer by" } else { "" }, &printable(&short(what)))?;
    }
    Ok(())
}
