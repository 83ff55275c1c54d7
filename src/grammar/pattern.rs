//! Templates with typed captures, compiled to anchored regular expressions.

use regex::Regex;

/// A compiled template.
#[derive(Debug)]
pub struct Pattern {
    /// Matches the whole line.
    pub regex: Regex,
    /// Names and types of the captures, in order.
    pub fields: Vec<(String, FieldType)>,
    /// The longest fixed text: finds candidates.
    pub literal: String,
    /// Characters of fixed text: the more, the more specific.
    pub weight: usize,
}

/// What a capture holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// A worker id.
    Worker,
    /// A pod id.
    Pod,
    /// A task's uuid.
    Task,
    /// The first eight characters of a task's uuid.
    Short,
    /// A whole number.
    Int,
    /// A decimal number.
    Num,
    /// No white space.
    Word,
    /// Anything, at least one character.
    Text,
    /// Anything or nothing.
    Any,
    /// A Python list.
    List,
    /// A Python dict.
    Dict,
}

impl FieldType {
    fn of(name: &str, given: Option<&str>) -> Option<(Self, &'static str)> {
        let known = given.unwrap_or(match name {
            "worker" => "worker",
            "pod" => "pod",
            "task" => "task",
            _ => "",
        });
        Some(match known {
            "worker" => (Self::Worker, r"[A-Za-z0-9][A-Za-z0-9_.\-]*"),
            "pod" => (Self::Pod, r"[a-z0-9]+"),
            "task" => (Self::Task, r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
            "short" => (Self::Short, r"[0-9a-f]{8}"),
            "int" => (Self::Int, r"-?[0-9]+"),
            "num" => (Self::Num, r"-?[0-9]+(?:\.[0-9]+)?"),
            "word" => (Self::Word, r"\S+"),
            "text" => (Self::Text, r".+"),
            "any" => (Self::Any, r".*"),
            "list" => (Self::List, r"\[.*\]"),
            "dict" => (Self::Dict, r"\{.*\}"),
            "startup" => (Self::Text, r"Spawning|Script running"),
            // every answer of the cloud but the one that has an entry of its own
            "other_error" => (Self::Text, r"[^p].*|p[^o].*"),
            _ => return None,
        })
    }
}

impl Pattern {
    /// Compiles a template; the message says what is wrong with it.
    pub fn compile(template: &str) -> Result<Self, String> {
        let mut regex = String::from("(?s)^");
        let mut fields = Vec::new();
        let (mut literal, mut weight) = (String::new(), 0);
        let mut rest = template;
        while let Some(open) = rest.find('{') {
            let fixed = &rest[..open];
            keep_longest(&mut literal, &mut weight, fixed);
            regex.push_str(&regex::escape(fixed));
            let close = rest[open..].find('}').ok_or("a `{` is not closed")? + open;
            let inside = &rest[open + 1..close];
            if inside == "_" {
                regex.push_str(r"[^A-Za-z0-9\[(]*");
            } else {
                let (name, given) = match inside.split_once(':') {
                    Some((name, given)) => (name, Some(given)),
                    None => (inside, None),
                };
                let (kind, source) = FieldType::of(name, given)
                    .ok_or_else(|| format!("`{{{inside}}}` has no known type"))?;
                regex.push_str(&format!("({source})"));
                fields.push((name.to_string(), kind));
            }
            rest = &rest[close + 1..];
        }
        keep_longest(&mut literal, &mut weight, rest);
        regex.push_str(&regex::escape(rest));
        regex.push('$');
        let regex = Regex::new(&regex).map_err(|err| err.to_string())?;
        if literal.trim().is_empty() {
            return Err("there is no fixed text to find it by".to_string());
        }
        Ok(Self { regex, fields, literal, weight })
    }
}

fn keep_longest(literal: &mut String, weight: &mut usize, fixed: &str) {
    *weight += fixed.len();
    if fixed.len() > literal.len() {
        *literal = fixed.to_string();
    }
}
