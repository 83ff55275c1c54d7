//! Spans of eras, as entries name them.

use std::fmt;

/// Eras of the orchestrators, in order (domain/orchestrator.md section 0).
const ORCHESTRATORS: &[&str] = &[
    "E0", "E1", "E1b", "E2", "E3", "E3a", "E3b", "E3c", "E4", "E5", "E6", "E7", "E8", "E8b", "E9",
    "E10", "E11", "E12", "E13",
];
/// Eras of workers and edge functions (domain/worker-app.md section 0).
const WORKERS: &[&str] = &["W0", "W1", "W2", "W3", "W4", "W5"];

/// The eras in which a template is written, first and last included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Eras {
    all: &'static [&'static str],
    first: usize,
    last: usize,
}

impl Eras {
    /// Reads `E3-E6`, `E7-`, `-E2` or `E4`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let known = |all: &&&[&str]| {
            let has = |era: &str| era.is_empty() || all.contains(&era);
            has(first) && has(last) && !(first.is_empty() && last.is_empty())
        };
        let all: &'static [&'static str] = [ORCHESTRATORS, WORKERS]
            .iter()
            .find(known)
            .ok_or_else(|| format!("`{text}` is no span of eras such as E3-E6, E7- or W4"))?;
        let place = |era: &str, open: usize| all.iter().position(|one| *one == era).unwrap_or(open);
        let (first, last) = (place(first, 0), place(last, all.len() - 1));
        if first > last {
            return Err(format!("`{text}` ends before it begins"));
        }
        Ok(Self { all, first, last })
    }

    /// Whether a template of one span can be written in the same process as one of another.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.all == other.all && self.first <= other.last && other.first <= self.last
    }
}

impl fmt::Display for Eras {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.all[self.first], self.all[self.last])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_compared() {
        let eras = |text| Eras::parse(text).expect("a span");
        assert_eq!(eras("E7-").to_string(), "E7-E13");
        assert_eq!(eras("-E2").to_string(), "E0-E2");
        assert_eq!(eras("W4").to_string(), "W4-W4");
        assert!(eras("E3-E6").overlaps(&eras("E6-")));
        assert!(!eras("E3-E6").overlaps(&eras("E7-")));
        assert!(!eras("W0-").overlaps(&eras("E0-")));
        for wrong in ["", "-", "E6-E3", "E99", "E3-W4", "E3 - E6"] {
            assert!(Eras::parse(wrong).is_err(), "{wrong}");
        }
    }
}
