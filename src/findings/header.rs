//! What a query file says about itself.

use std::collections::BTreeMap;

use crate::findings::error::HeaderError;
use crate::findings::finding::Severity;
use crate::read::cell::Cell;

/// The start of every header line.
const MARK: &str = "--!";

/// A forensic question: what it asks, what it needs, and how to read its answer.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Its name, which is also its file's: the bad thing, not the remedy.
    pub id: String,
    /// The bad thing in a sentence.
    pub title: String,
    /// How bad it is when the answer is yes.
    pub severity: Severity,
    /// The question.
    pub question: String,
    /// The tables without which it cannot be asked.
    pub reads: Vec<String>,
    /// Columns that no two findings agree in.
    pub grain: Vec<String>,
    /// The incidents of the domain's catalogues that it detects (`O1` of orchestrator.md section 8, `X1` of
    /// worker-app.md section 8).
    pub incidents: Vec<String>,
    /// Parameters of the SQL, with their values.
    #[serde(default)]
    pub params: BTreeMap<String, toml::Value>,
    /// The harmless explanation, and how to recognise it.
    pub innocent: String,
    /// What to do about it.
    pub remedy: String,
    /// How to go on: what to look at next, and what each outcome means.
    pub guide: String,
    /// Columns in which the members of one story agree; none: every finding is a story.
    #[serde(default)]
    pub cause: Vec<String>,
    /// A SELECT of everything the question could have been asked of, `subject_id` first, then what may
    /// explain who was hit: times, or texts.
    pub population: Option<String>,
    /// The commit or date that mended the source, where there is one.
    pub known_fix: Option<String>,
}

impl Header {
    /// Reads the header of a query file.
    pub fn parse(text: &str) -> Result<Self, HeaderError> {
        let lines: Vec<&str> = text.lines().map_while(|line| line.strip_prefix(MARK)).collect();
        if lines.is_empty() {
            return Err(HeaderError::Missing);
        }
        let header: Self = toml::from_str(&lines.join("\n"))?;
        header.check()?;
        Ok(header)
    }

    /// The parameters as they are bound.
    pub fn bound(&self) -> Vec<(String, Cell)> {
        self.params
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), as_cell(value)?)))
            .collect()
    }

    fn check(&self) -> Result<(), HeaderError> {
        let wrong = |key, problem: &str| Err(HeaderError::Value { key, problem: problem.into() });
        if !self.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
            return wrong("id", "may hold a-z, 0-9 and _ only");
        }
        for (key, text) in [
            ("id", &self.id),
            ("title", &self.title),
            ("question", &self.question),
            ("innocent", &self.innocent),
            ("remedy", &self.remedy),
            ("guide", &self.guide),
        ] {
            if text.trim().is_empty() {
                return wrong(key, "must not be empty");
            }
        }
        for (key, names) in [("reads", &self.reads), ("grain", &self.grain)] {
            if names.is_empty() {
                return wrong(key, "must name at least one");
            }
        }
        let incident = |name: &String| {
            let number = name.strip_prefix(['O', 'X']).unwrap_or_default();
            !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
        };
        if !self.incidents.iter().all(incident) {
            return wrong("incidents", "must be names such as O1 or X12");
        }
        match self.params.iter().find(|(_, value)| as_cell(value).is_none()) {
            Some((name, _)) => wrong("params", &format!("`{name}` must be a number, text or bool")),
            None => Ok(()),
        }
    }
}

fn as_cell(value: &toml::Value) -> Option<Cell> {
    match value {
        toml::Value::String(text) => Some(Cell::Text(text.clone())),
        toml::Value::Integer(number) => Some(Cell::Int(*number)),
        toml::Value::Float(number) => Some(Cell::Float(*number)),
        toml::Value::Boolean(value) => Some(Cell::Bool(*value)),
        toml::Value::Datetime(_) | toml::Value::Array(_) | toml::Value::Table(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"--! id = "too_late"
--! title = "Too late"
--! severity = "medium"
--! question = "Was it late?"
--! reads = ["events"]
--! grain = ["subject_id"]
--! params = { tolerance_s = 5, strict = false }
--! innocent = """
--!   The clock was wrong."""
--! remedy = "Mend the clock."
--! guide = "Look at the clock."
--! incidents = ["O1"]

select 1 -- the question itself
--! id = "not a header any more"
"#;

    #[test]
    fn a_header_is_the_marked_lines_at_the_top() {
        let header = Header::parse(GOOD).expect("a good header");
        assert_eq!((header.id.as_str(), header.severity), ("too_late", Severity::Medium));
        assert_eq!(header.innocent.trim(), "The clock was wrong.");
        assert_eq!(
            header.bound(),
            [("strict".to_string(), Cell::Bool(false)), ("tolerance_s".to_string(), Cell::Int(5)),]
        );
    }

    #[test]
    fn what_a_header_must_not_be_is_said() {
        let said = |text: &str| {
            let err = Header::parse(text).expect_err("a bad header");
            match std::error::Error::source(&err) {
                Some(cause) => format!("{err}: {cause}"),
                None => err.to_string(),
            }
        };
        assert!(said("select 1").contains("no header"));
        assert!(said(&GOOD.replace("remedy", "remedies")).contains("unknown field `remedies`"));
        assert!(said(&GOOD.replace("\"medium\"", "\"bad\"")).contains("unknown variant `bad`"));
        assert!(said(&GOOD.replace("[\"subject_id\"]", "[]")).contains("`grain` must name"));
        assert!(said(&GOOD.replace("too_late", "Too Late")).contains("`id` may hold"));
        assert!(said(&GOOD.replace("O1", "P1")).contains("`incidents` must be"));
        assert!(said(&GOOD.replace("= 5", "= [5]")).contains("`tolerance_s` must be"));
        assert!(said(&GOOD.replace("Mend the clock.", " ")).contains("`remedy` must not be empty"));
    }
}
