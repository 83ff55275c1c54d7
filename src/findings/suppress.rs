//! Findings that somebody has looked at and answers for, until a day: `--suppress FILE`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::findings::finding::{Finding, Severity, Verdict};
use crate::model::time::Micros;

/// The id under which an outlived suppression is found.
pub const EXPIRED: &str = "suppression_expired";

/// A file of suppressions.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    suppress: Vec<Suppression>,
}

/// Which findings are known, why, and until when somebody answers for that.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Suppression {
    /// The query's id.
    pub query: String,
    /// The subjects; `*` stands for any text.
    pub subject: String,
    /// Why they are no news.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The first day, UTC, on which it counts no more.
    pub expires: String,
}

/// Why a file holds no suppressions.
#[derive(Debug, thiserror::Error)]
pub enum SuppressError {
    /// It cannot be read.
    #[error("suppressions {path}")]
    Io {
        /// The file.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
    /// It is not what it should be.
    #[error("suppressions {path}: {problem}")]
    Bad {
        /// The file.
        path: String,
        /// What is wrong.
        problem: String,
    },
}

/// A finding that was suppressed.
#[derive(Clone, Debug, Serialize)]
pub struct Suppressed {
    /// The query.
    pub query: String,
    /// The subject.
    pub subject_id: String,
    /// Why it is no news.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Until when.
    pub expires: String,
}

/// The suppressions of a file; those of queries that do not exist are errors, as they suppress nothing.
pub fn read(path: &Path, ids: &[&str]) -> Result<Vec<Suppression>, SuppressError> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|source| SuppressError::Io { path: name.clone(), source })?;
    let bad = |problem: String| SuppressError::Bad { path: name.clone(), problem };
    let file: File = toml::from_str(&text).map_err(|err| bad(err.to_string()))?;
    for one in &file.suppress {
        if !ids.contains(&one.query.as_str()) {
            return Err(bad(format!("there is no query `{}`", one.query)));
        }
        if one.day().is_none() {
            return Err(bad(format!(
                "`expires = \"{}\"` is no day such as 2026-12-31",
                one.expires
            )));
        }
        if one.reason.trim().is_empty() || one.owner.trim().is_empty() {
            return Err(bad(format!(
                "a suppression of `{}` needs a reason and an owner",
                one.query
            )));
        }
    }
    Ok(file.suppress)
}

/// Takes out what is suppressed at an instant, and adds a finding for each suppression that has outlived
/// its day.
pub fn apply(
    findings: &mut Vec<Finding>,
    suppressions: &[Suppression],
    at: Micros,
) -> Vec<Suppressed> {
    let mut suppressed = Vec::new();
    let (over, valid): (Vec<&Suppression>, Vec<&Suppression>) =
        suppressions.iter().partition(|one| one.day().is_some_and(|day| day <= at));
    findings.retain(|finding| {
        let Some(by) = valid.iter().find(|one| one.covers(finding)) else { return true };
        suppressed.push(Suppressed {
            query: finding.query.clone(),
            subject_id: finding.subject_id.clone(),
            reason: by.reason.clone(),
            owner: by.owner.clone(),
            expires: by.expires.clone(),
        });
        false
    });
    let outlived: Vec<Finding> = over.iter().map(|one| one.outlived(findings)).collect();
    findings.extend(outlived);
    suppressed
}

impl Suppression {
    fn day(&self) -> Option<Micros> {
        Micros::parse(&format!("{}T00:00:00Z", self.expires))
    }

    fn covers(&self, finding: &Finding) -> bool {
        self.query == finding.query && matches(&self.subject, &finding.subject_id)
    }

    /// What it would still hide stands as evidence.
    fn outlived(&self, findings: &[Finding]) -> Finding {
        let hides: Vec<&Finding> = findings.iter().filter(|finding| self.covers(finding)).collect();
        let mut evidence: Vec<String> =
            hides.iter().filter_map(|finding| finding.evidence.first().cloned()).collect();
        evidence.dedup();
        Finding {
            query: EXPIRED.to_string(),
            severity: Severity::Low,
            verdict: Verdict::Confirmed,
            subject_kind: "query".to_string(),
            subject_id: self.query.clone(),
            happened_at: self.day(),
            summary: format!(
                "the suppression of `{}` for `{}` ({}, {}) expired on {}; {} findings that it hid are \
                 shown again",
                self.query,
                self.subject,
                self.reason,
                self.owner,
                self.expires,
                hides.len()
            ),
            evidence,
            columns: Vec::new(),
            pieces: Vec::new(),
            lowered: false,
        }
    }
}

/// Whether a text fits a pattern in which `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text) in
            [("*", ""), ("a*", "abc"), ("*c", "abc"), ("a*c", "abc"), ("abc", "abc")]
        {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a*", "ba"), ("ab*bc", "abc"), ("abc", "abcd"), ("", "a")] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    fn finding(subject: &str) -> Finding {
        Finding {
            query: "late".to_string(),
            severity: Severity::High,
            verdict: Verdict::Confirmed,
            subject_kind: "task".to_string(),
            subject_id: subject.to_string(),
            happened_at: None,
            summary: String::new(),
            evidence: vec![format!("tasks:{subject}")],
            columns: Vec::new(),
            pieces: Vec::new(),
            lowered: false,
        }
    }

    #[test]
    fn what_is_suppressed_is_counted_and_what_has_expired_is_found() {
        let one = Suppression {
            query: "late".to_string(),
            subject: "a*".to_string(),
            reason: "known".to_string(),
            owner: "ops".to_string(),
            expires: "2026-02-01".to_string(),
        };
        let at = |text: &str| Micros::parse(text).expect("a time");
        let mut findings = vec![finding("a1"), finding("b1")];
        let hidden = apply(&mut findings, std::slice::from_ref(&one), at("2026-01-31T23:59:59Z"));
        assert_eq!((hidden.len(), findings.len()), (1, 1));
        assert_eq!(findings[0].subject_id, "b1");
        let mut findings = vec![finding("a1"), finding("b1")];
        let hidden = apply(&mut findings, &[one], at("2026-02-01T00:00:00Z"));
        assert_eq!((hidden.len(), findings.len()), (0, 3));
        assert_eq!((findings[2].query.as_str(), findings[2].evidence.len()), (EXPIRED, 1));
    }
}
