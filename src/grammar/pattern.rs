//! Templates with typed captures: read, and held against a line.
//!
//! A line is walked piece by piece, as a greedy regular expression would. A line that makes the walk go
//! back too often is given to that expression itself, whose time is linear.

use std::sync::{Arc, OnceLock};

use regex::Regex;

use crate::grammar::field::{self, FieldType, Shape};

/// Fields that a template may have.
const FIELDS_MAX: usize = 12;
/// Places that a walk may try before the regular expression takes over.
const TRIES_MAX: u32 = 512;

/// A compiled template.
#[derive(Debug)]
pub struct Pattern {
    pieces: Vec<Piece>,
    fields: Vec<(Arc<str>, FieldType)>,
    weight: usize,
    regex: String,
    compiled: OnceLock<Option<Regex>>,
}

#[derive(Debug)]
enum Piece {
    Fixed(String),
    Field { shape: Shape, capture: Option<usize> },
}

/// Where the fields of a template stand in a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spans([(u32, u32); FIELDS_MAX]);

impl Spans {
    /// The text of one field.
    pub fn text<'m>(&self, line: &'m str, field: usize) -> &'m str {
        let (from, to) = self.0[field];
        line.get(from as usize..to as usize).unwrap_or_default()
    }

    fn set(&mut self, capture: Option<usize>, from: usize, to: usize) {
        if let Some(field) = capture {
            // a line has at most 16 KiB
            self.0[field] = (from as u32, to as u32);
        }
    }
}

struct Walk<'m> {
    line: &'m str,
    spans: Spans,
    tries: u32,
}

impl Pattern {
    /// Compiles a template.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn compile(template: &str) -> Result<Self, String> {
        let mut made = Self {
            pieces: Vec::new(),
            fields: Vec::new(),
            weight: 0,
            regex: "^".to_string(),
            compiled: OnceLock::new(),
        };
        let mut rest = template;
        while let Some(open) = rest.find('{') {
            made.fixed(&rest[..open]);
            let close = rest[open..].find('}').ok_or("a `{` is not closed")? + open;
            made.field(&rest[open + 1..close])?;
            rest = &rest[close + 1..];
        }
        made.fixed(rest);
        made.regex.push('$');
        made.check()?;
        Ok(made)
    }

    fn fixed(&mut self, text: &str) {
        if !text.is_empty() {
            self.weight += text.len();
            self.regex.push_str(&regex::escape(text));
            self.pieces.push(Piece::Fixed(text.to_string()));
        }
    }

    fn field(&mut self, inside: &str) -> Result<(), String> {
        let (name, kind, shape) = field::parse(inside)?;
        let capture = (shape != Shape::Decoration).then_some(self.fields.len());
        let group = if capture.is_some() { "(" } else { "(?:" };
        self.regex.push_str(&format!("{group}{})", shape.regex()));
        if let Some(Piece::Field { shape: before, .. }) = self.pieces.last()
            && before.is_open()
        {
            return Err(format!("`{{{inside}}}` follows a field that takes anything"));
        }
        if capture.is_some() {
            if self.fields.len() == FIELDS_MAX {
                return Err(format!("it has more than {FIELDS_MAX} fields"));
            }
            if self.fields.iter().any(|(other, _)| **other == *name) {
                return Err(format!("it has two fields `{name}`"));
            }
            self.fields.push((name.into(), kind));
        }
        self.pieces.push(Piece::Field { shape, capture });
        Ok(())
    }

    fn check(&self) -> Result<(), String> {
        match self.longest_fixed().trim() {
            "" => Err("there is no fixed text to find it by".to_string()),
            _ => Ok(()),
        }
    }

    /// Whether its regular expression can be made: it is when a line is first held against it, and one of a template
    /// of absurd length cannot.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn check_regex(&self) -> Result<(), String> {
        Regex::new(&self.regex).map(drop).map_err(|err| err.to_string())
    }

    /// Names and types of the captures, in order.
    pub fn fields(&self) -> &[(Arc<str>, FieldType)] {
        &self.fields
    }

    /// Bytes of fixed text: the more, the more specific.
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// The fixed text that it begins with; empty when it begins with a field.
    pub fn prefix(&self) -> &str {
        match self.pieces.first() {
            Some(Piece::Fixed(text)) => text,
            Some(Piece::Field { .. }) | None => "",
        }
    }

    /// The fixed text that it ends with; empty when it ends with a field.
    fn suffix(&self) -> &str {
        match self.pieces.last() {
            Some(Piece::Fixed(text)) => text,
            Some(Piece::Field { .. }) | None => "",
        }
    }

    /// Its longest fixed text.
    pub fn longest_fixed(&self) -> &str {
        let texts = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Fixed(text) => Some(text.as_str()),
            Piece::Field { .. } => None,
        });
        texts.max_by_key(|text| text.len()).unwrap_or_default()
    }

    /// Holds it against a whole line.
    pub fn find(&self, line: &str) -> Option<Spans> {
        // most candidates end here: each is cheaper to refute than to walk
        let (prefix, suffix) = (self.prefix(), self.suffix());
        if line.len() < self.weight || !begins(line, prefix) || !ends(line, suffix) {
            return None;
        }
        let mut walk = Walk { line, spans: Spans::default(), tries: 0 };
        if self.walk(usize::from(!prefix.is_empty()), prefix.len(), &mut walk) {
            Some(walk.spans)
        } else if walk.tries > TRIES_MAX {
            self.find_by_regex(line)
        } else {
            None
        }
    }

    fn walk(&self, piece: usize, at: usize, walk: &mut Walk<'_>) -> bool {
        let line = walk.line;
        match self.pieces.get(piece) {
            None => at == line.len(),
            Some(Piece::Fixed(text)) => {
                line[at..].starts_with(text.as_str()) && self.walk(piece + 1, at + text.len(), walk)
            }
            Some(Piece::Field { shape, capture }) => {
                let next = match self.pieces.get(piece + 1) {
                    Some(Piece::Fixed(text)) => text.as_str(),
                    Some(Piece::Field { .. }) | None => "",
                };
                let is_last = piece + 1 == self.pieces.len();
                let found = shape.each_end(line, at, next, &mut |end| {
                    walk.spans.set(*capture, at, end);
                    if is_last {
                        return end == line.len();
                    }
                    walk.tries += 1;
                    // out of tries: nothing more is tried, and the answer does not count
                    walk.tries > TRIES_MAX || self.walk(piece + 1, end, walk)
                });
                found && walk.tries <= TRIES_MAX
            }
        }
    }

    /// The regular expression that takes the same lines; that of a field with an exception takes more.
    pub fn regex(&self) -> &str {
        &self.regex
    }

    /// How far into a line that does not match it fits, piece by piece, each field as short as what
    /// follows allows: to explain, not to decide.
    pub fn fits_up_to(&self, line: &str) -> usize {
        let mut at = 0;
        for (n, piece) in self.pieces.iter().enumerate() {
            match piece {
                Piece::Fixed(text) => {
                    let rest = &line[at..];
                    if !rest.starts_with(text.as_str()) {
                        let same = rest.char_indices().zip(text.chars());
                        let same = same.take_while(|((_, a), b)| a == b).last();
                        return at + same.map_or(0, |((from, c), _)| from + c.len_utf8());
                    }
                    at += text.len();
                }
                Piece::Field { shape, .. } => {
                    let next = match self.pieces.get(n + 1) {
                        Some(Piece::Fixed(text)) => text.as_str(),
                        Some(Piece::Field { .. }) | None => "",
                    };
                    let mut end = None;
                    shape.each_end(line, at, next, &mut |to| {
                        end = Some(to);
                        next.is_empty()
                    });
                    if end.is_none() && !shape.is_open() {
                        // what follows does not stand there: the field itself may fit all the same
                        shape.each_end(line, at, "", &mut |to| {
                            end = Some(to);
                            true
                        });
                    }
                    match end {
                        Some(to) => at = to,
                        None => return at,
                    }
                }
            }
        }
        at
    }

    /// The same by its regular expression: slower, and the oracle of the tests.
    pub fn find_by_regex(&self, line: &str) -> Option<Spans> {
        let regex = self.compiled.get_or_init(|| Regex::new(&self.regex).ok());
        let captures = regex.as_ref()?.captures(line)?;
        let mut spans = Spans::default();
        for field in 0..self.fields.len() {
            let found = captures.get(field + 1)?;
            spans.set(Some(field), found.start(), found.end());
        }
        let allowed = |piece: &Piece| match piece {
            Piece::Field { shape: Shape::Except(head), capture: Some(field) } => {
                !spans.text(line, *field).starts_with(head.as_str())
            }
            Piece::Field { .. } | Piece::Fixed(_) => true,
        };
        self.pieces.iter().all(allowed).then_some(spans)
    }
}

/// Whether a line begins with a text; its last byte tells most texts of one beginning apart.
fn begins(line: &str, text: &str) -> bool {
    let last = text.len().saturating_sub(1);
    text.is_empty()
        || (line.as_bytes().get(last) == text.as_bytes().get(last) && line.starts_with(text))
}

/// Whether a line ends with a text.
fn ends(line: &str, text: &str) -> bool {
    text.is_empty() || (line.as_bytes().last() == text.as_bytes().last() && line.ends_with(text))
}
