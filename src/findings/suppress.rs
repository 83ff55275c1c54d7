//! Findings that somebody has looked at and answers for, until a day: `--suppress FILE`.

use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize};

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
    #[serde(deserialize_with = "day_or_text")]
    pub expires: String,
}

/// A day as TOML writes one, in quotes or not.
fn day_or_text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Day {
        Text(String),
        Date(toml::value::Datetime),
    }
    let day = Day::deserialize(from)
        .map_err(|_| serde::de::Error::custom("`expires` is no day such as 2026-12-31"))?;
    Ok(match day {
        Day::Text(text) => text,
        Day::Date(date) => date.to_string(),
    })
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
    /// It names a query that does not exist, and would suppress nothing.
    #[error("suppressions {path}: there is no query `{query}`")]
    Unknown {
        /// The file.
        path: String,
        /// The id.
        query: String,
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
pub fn read(path: &Path, ids: &[String]) -> Result<Vec<Suppression>, SuppressError> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|source| SuppressError::Io { path: name.clone(), source })?;
    let bad = |problem: String| SuppressError::Bad { path: name.clone(), problem };
    let file: File = toml::from_str(&text).map_err(|err| bad(err.to_string()))?;
    for one in &file.suppress {
        if !ids.contains(&one.query) {
            return Err(SuppressError::Unknown { path: name.clone(), query: one.query.clone() });
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

/// The suppressions of the queries asked that match nothing of what was found, a sentence each: they could go.
pub fn idle(findings: &[Finding], suppressions: &[Suppression], asked: &[&str]) -> Vec<String> {
    let idle = suppressions.iter().filter(|one| {
        asked.contains(&one.query.as_str()) && !findings.iter().any(|finding| one.covers(finding))
    });
    idle.map(|one| {
        format!("the suppression of `{}` for `{}` matches no finding", one.query, one.subject)
    })
    .collect()
}

/// Takes out what is suppressed at an instant, and adds a finding for each suppression that has outlived its
/// day and would still hide something.
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
    // what a later entry answers for, or is refuted, nobody has to look at again
    let outlived: Vec<Finding> = over.iter().filter_map(|one| one.outlived(findings)).collect();
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

    /// What it would still hide stands as evidence; none where that is nothing.
    fn outlived(&self, findings: &[Finding]) -> Option<Finding> {
        let hides = findings.iter().filter(|finding| self.covers(finding));
        let hides: Vec<&Finding> =
            hides.filter(|finding| finding.verdict != Verdict::Refuted).collect();
        if hides.is_empty() {
            return None;
        }
        let mut evidence: Vec<String> =
            hides.iter().filter_map(|finding| finding.evidence.first().cloned()).collect();
        evidence.dedup();
        Some(Finding {
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
        })
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

    fn until(expires: &str) -> Suppression {
        Suppression {
            query: "late".to_string(),
            subject: "a*".to_string(),
            reason: "known".to_string(),
            owner: "ops".to_string(),
            expires: expires.to_string(),
        }
    }

    /// What is left, and how many were suppressed.
    fn applied(known: &[Suppression], at: &str) -> (Vec<Finding>, usize) {
        let mut findings = vec![finding("a1"), finding("b1")];
        let at = Micros::parse(at).expect("a time");
        let suppressed = apply(&mut findings, known, at);
        (findings, suppressed.len())
    }

    #[test]
    fn what_is_suppressed_is_counted_and_what_has_expired_is_found() {
        let known = [until("2026-02-01")];
        let (findings, suppressed) = applied(&known, "2026-01-31T23:59:59Z");
        assert_eq!((suppressed, findings.len()), (1, 1));
        assert_eq!(findings[0].subject_id, "b1");
        let (findings, suppressed) = applied(&known, "2026-02-01T00:00:00Z");
        assert_eq!((suppressed, findings.len()), (0, 3));
        assert_eq!((findings[2].query.as_str(), findings[2].evidence.len()), (EXPIRED, 1));
    }

    #[test]
    fn what_has_expired_is_no_finding_when_it_was_renewed_or_hides_nothing() {
        let renewed = [until("2026-02-01"), until("2026-04-01")];
        let (findings, suppressed) = applied(&renewed, "2026-03-01T00:00:00Z");
        assert_eq!((suppressed, findings.len()), (1, 1));
        let gone = [Suppression { subject: "c*".to_string(), ..until("2026-02-01") }];
        let (findings, suppressed) = applied(&gone, "2026-03-01T00:00:00Z");
        assert_eq!((suppressed, findings.len()), (0, 2));
        let said = ["the suppression of `late` for `c*` matches no finding"];
        assert_eq!(idle(&findings, &gone, &["late"]), said);
        assert!(idle(&findings, &gone, &["other"]).is_empty(), "it was not asked");
        assert!(idle(&findings, &renewed, &["late"]).is_empty());
    }

    #[test]
    fn a_day_stands_in_quotes_or_not() {
        let day = |text: &str| {
            let file = format!(
                "[[suppress]]\nquery = 'a'\nsubject = '*'\nreason = 'r'\nowner = 'o'\nexpires = {text}\n"
            );
            toml::from_str::<File>(&file).map(|file| file.suppress[0].day())
        };
        let march = Micros::parse("2027-03-01T00:00:00Z");
        assert_eq!(day("2027-03-01").expect("a day"), march);
        assert_eq!(day("'2027-03-01'").expect("a day"), march);
        assert_eq!(day("2027-03-01T10:00:00").expect("a time"), None);
        assert!(day("20270301").expect_err("a number").to_string().contains("no day such as"));
    }
}
