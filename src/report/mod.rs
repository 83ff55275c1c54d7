//! The documented model of each verb's answer, and its renderings. Reads no files.

pub mod captures;
mod captures_narrow;
pub mod captures_words;
mod cards;
pub mod coverage;
pub mod explanation;
pub mod findings;
pub mod findings_csv;
pub mod findings_junit;
mod findings_stories;
pub mod findings_text;
pub mod lanes;
mod marks;
mod page_table;
pub mod page_text;
pub mod plain;
pub mod query_check;
pub mod query_list;
pub mod query_why;
pub mod rows_csv;
pub mod rows_json;
pub mod rows_text;
pub mod score_text;
mod shorten;
pub mod verify;
pub mod words;
