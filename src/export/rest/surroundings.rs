//! Where the tables are, and what the API says of them.

use crate::export::error::ExportError;
use crate::export::rest::client::{Kind, Request};
use crate::export::rest::described::Described;
use crate::export::rest::error::RestError;
use crate::export::rest::interval::Place;
use crate::export::rest::query;
use crate::export::rest::reading::Reading;
use crate::model::table::Table;
use crate::model::time::Micros;

/// Where Supabase has its tables.
const SUPABASE_PATH: &str = "/rest/v1";

impl Reading<'_, '_> {
    /// Finds out below which path the tables are, and whether the key is good, before anything is read.
    pub(super) fn find_tables(&mut self) -> Result<(), ExportError> {
        let is_told = self.client.target().path.is_some();
        let table = Table::SystemLogs;
        let path = format!("/{table}?select=id&limit=1");
        if !is_told {
            self.client.look_below(SUPABASE_PATH);
        }
        let request = Request { path: &path, what: "the API", kind: Kind::Rows };
        let mut answer = self.ask(request)?;
        if answer.is_no_path() && !is_told {
            self.client.look_below("");
            answer = self.ask(request)?;
        }
        if answer.is_good() {
            // a page for people, or another API
            return if answer.rows("").is_ok() {
                Ok(())
            } else {
                Err(RestError::NotPostgrest(answer.status).into())
            };
        }
        let what = format!("rows of `{table}`");
        let error = answer.error_of(table, &what);
        let RestError::Key { code, .. } = error else { return Err(error.into()) };
        let (now, expires) = (self.client.now(), self.client.target().claims.expires);
        let over = expires.filter(|at| *at < now);
        let expired = over.map(|at| format!("; it says itself that it ended at {at}"));
        Err(RestError::Key { code, expired: expired.unwrap_or_default() }.into())
    }

    /// Reads what the API says of itself, and returns the version of the server.
    pub(super) fn look_around(&mut self) -> Result<Option<String>, ExportError> {
        let request =
            Request { path: "/", what: "the description of the API", kind: Kind::Description };
        let document = match self.ask(request) {
            Ok(answer) if answer.is_good() => answer.body().to_vec(),
            // many servers keep it to themselves
            Ok(_) | Err(ExportError::Rest(RestError::Status { .. })) => Vec::new(),
            Err(err) => return Err(err),
        };
        self.described = Described::of(&document);
        if self.described.tables.is_empty() {
            let note = "the API does not describe its tables: types of columns are taken to be those we know";
            self.note(note.to_string());
        }
        Ok(self.described.version.clone())
    }

    /// Where the last row stands of those under a filter, in the order of time and id.
    pub(super) fn last_place(
        &mut self,
        table: Table,
        filter: &str,
    ) -> Result<Option<Place>, ExportError> {
        let path =
            format!("/{table}?select=timestamp,id{filter}&order=timestamp.desc,id.desc&limit=1");
        let what = format!("the last row of `{table}`");
        let answer = self.ask(Request { path: &path, what: &what, kind: Kind::Rows })?;
        if !answer.is_good() {
            return Err(answer.error_of(table, &what).into());
        }
        let Some(row) = answer.rows(&what)?.into_iter().next() else { return Ok(None) };
        let row: serde_json::Value = serde_json::from_str(row.get()).unwrap_or_default();
        // a key that is a number is told as its digits
        let text =
            |key: &str| row[key].as_str().map_or_else(|| row[key].to_string(), str::to_string);
        Ok(Some(Place { time: text("timestamp"), id: text("id") }))
    }

    /// The time of the first row of the log, as the server writes it; what is infinite or before year 1 was no time
    /// at which anything was logged.
    pub(super) fn first_time(&mut self) -> Result<Option<String>, ExportError> {
        let table = Table::SystemLogs;
        let filter = query::between(Micros::parse("0001-01-01T00:00:00Z"), None);
        let path = format!("/{table}?select=timestamp{filter}&order=timestamp.asc&limit=1");
        let what = format!("the first row of `{table}`");
        let answer = self.ask(Request { path: &path, what: &what, kind: Kind::Rows })?;
        let rows = answer.rows(&what)?;
        let Some(row) = rows.first() else { return Ok(None) };
        let row: serde_json::Value = serde_json::from_str(row.get()).unwrap_or_default();
        Ok(row["timestamp"].as_str().map(str::to_string))
    }
}
