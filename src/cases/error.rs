//! What can be wrong with a written case.

/// A line of a case that says nothing we know.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("line {number}, in case `{title}`: `{line}`: {problem}")]
pub struct CaseError {
    /// The line's number in its file, from 1.
    pub number: usize,
    /// The case's heading.
    pub title: String,
    /// The line as it stands.
    pub line: String,
    /// What is wrong with it.
    pub problem: String,
}

/// What is wrong with one line, before it is known where it stands.
pub(super) type Problem = String;
