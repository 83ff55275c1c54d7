//! What an answer means: rows, a count, or which of PostgREST's errors.

use serde_json::value::RawValue;

use crate::export::rest::error::RestError;
use crate::export::rest::failure::asked;
use crate::model::table::Table;

/// A code of PostgREST (`PGRST205`) or PostgreSQL (`42P01`) has no more characters.
const CODE_LENGTH_MAX: usize = 8;
/// `undefined_column`.
const NO_COLUMN: &str = "42703";
/// `query_canceled`: the role's `statement_timeout` was over.
const OUT_OF_TIME: &str = "57014";

/// An answer that stays the same however often one asks.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// The total of a `Content-Range`.
    pub(super) total: Option<u64>,
    code: Option<String>,
    body: Vec<u8>,
}

impl Answer {
    pub(super) fn new(status: u16, range: Option<&str>, body: Vec<u8>) -> Self {
        let code = if status >= 400 { code(&body) } else { None };
        let total = range.and_then(|range| range.rsplit_once('/')?.1.trim().parse().ok());
        Self { status, total, code, body }
    }

    /// More bytes than we take.
    pub(super) fn too_large() -> Self {
        Self::new(413, None, Vec::new())
    }

    /// The error code, where it is one.
    pub(super) fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    pub(super) fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether fewer rows at once may do.
    pub(super) fn is_out_of_time(&self) -> bool {
        self.status >= 400 && self.code() == Some(OUT_OF_TIME)
    }

    /// Whether the table is not there, or is not shown. Older versions pass on what PostgreSQL says of it.
    pub(super) fn is_no_table(&self) -> bool {
        self.status == 404 && matches!(self.code(), Some("PGRST205" | "42P01"))
    }

    /// Whether someone answers that knows nothing of the path.
    pub(super) fn is_no_path(&self) -> bool {
        self.status == 404 && !self.is_no_table()
    }

    pub(super) fn is_json(&self) -> bool {
        serde_json::from_slice::<&RawValue>(&self.body).is_ok()
    }

    /// The rows of a page, each as it is written. None where `416` says that nothing is left.
    pub(super) fn rows(&self, what: &str) -> Result<Vec<&RawValue>, RestError> {
        if self.status == 416 {
            return Ok(Vec::new());
        }
        let why = "it is no list of rows";
        serde_json::from_slice(&self.body)
            .map_err(|_| RestError::Answer { what: what.to_string(), why })
    }

    /// The error that it is.
    pub(super) fn error(&self, what: &str, tries: u32) -> RestError {
        let code = self.code.as_ref().map_or_else(String::new, |code| format!(", {code}"));
        let what = what.to_string();
        match self.status {
            401 => RestError::Key { code, expired: String::new() },
            403 => RestError::Forbidden { what, code },
            300..=399 => RestError::Redirect(self.status),
            404 => RestError::NotPostgrest(404),
            status => RestError::Status { status, code, what, tries: asked(tries) },
        }
    }

    /// The same about a table.
    pub(super) fn error_of(&self, table: Table, what: &str) -> RestError {
        match self.code() {
            _ if self.is_no_table() => RestError::MissingTable(table),
            Some(NO_COLUMN) if table.is_append_only() => {
                RestError::NoColumn { table, column: "id` or `timestamp" }
            }
            Some(NO_COLUMN) => RestError::NoColumn { table, column: "id" },
            Some(_) | None => self.error(what, 1),
        }
    }
}

/// The `code` of an error, and nothing else of it: its text may hold row values.
fn code(body: &[u8]) -> Option<String> {
    let error: serde_json::Value = serde_json::from_slice(body).ok()?;
    let code = error.get("code")?.as_str()?;
    let is_code = !code.is_empty()
        && code.len() <= CODE_LENGTH_MAX
        && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    is_code.then(|| code.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer::new(status, Some("0-24/3573458"), body.as_bytes().to_vec())
    }

    #[test]
    fn codes_are_kept_and_texts_are_not() {
        let error = answer(500, r#"{"code":"57014","message":"user 7 was here","details":null}"#);
        assert!(error.is_out_of_time());
        assert_eq!(
            error.error("rows", 2).to_string(),
            "the server answered HTTP 500, 57014 to rows, asked 2 times"
        );
        assert_eq!(answer(400, r#"{"code":"my secret"}"#).code(), None);
        assert_eq!(answer(400, "<html>").code(), None);
    }

    #[test]
    fn a_table_that_is_not_there_is_no_wrong_path() {
        for code in ["PGRST205", "42P01"] {
            let text = format!(r#"{{"code":"{code}"}}"#);
            assert!(answer(404, &text).is_no_table(), "{code}");
        }
        assert!(answer(404, r#"{"code":"PGRST125"}"#).is_no_path());
        assert!(answer(404, r#"{"message":"no Route matched"}"#).is_no_path());
    }

    #[test]
    fn totals_and_rows_are_read() {
        assert_eq!(answer(206, "[]").total, Some(3_573_458));
        assert_eq!(Answer::new(200, Some("*/0"), Vec::new()).total, Some(0));
        assert_eq!(Answer::new(200, Some("0-9/*"), Vec::new()).total, None);
        let page = answer(200, r#"[{"a": 1.10}, {}]"#);
        let texts: Vec<&str> = page.rows("x").expect("rows").iter().map(|row| row.get()).collect();
        assert_eq!(texts, [r#"{"a": 1.10}"#, "{}"]);
        assert!(answer(416, r#"{"code":"PGRST103"}"#).rows("x").expect("no rows").is_empty());
        assert!(answer(200, "{}").rows("x").is_err());
    }
}
