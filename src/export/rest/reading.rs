//! Pages and counts of one API, and rows on their way into the snapshot.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::export::core_columns;
use crate::export::error::ExportError;
use crate::export::odd_values::OddValues;
use crate::export::output_class::with_class;
use crate::export::postgres::Step;
use crate::export::rest::answer::Answer;
use crate::export::rest::client::{Client, Kind, Request};
use crate::export::rest::described::Described;
use crate::export::rest::error::RestError;
use crate::export::rest::query;
use crate::export::rest::shape::{Members, Shape};
use crate::export::table_reader::column_notes;
use crate::model::table::Table;
use crate::redact::Redactor;
use crate::snapshot::capture::CaptureWriter;
use crate::snapshot::capture::known_rows::Coming;
use crate::snapshot::table_writer::TableWriter;

/// Rows asked for at once. The server may send fewer: 1000 is what Supabase allows by default.
const PAGE_ROWS: usize = 5_000;
/// Fewer rows at once are not tried where the answer takes too long or is too large.
const PAGE_ROWS_MIN: usize = 20;
/// Rows between two reports of progress.
const REPORT_EVERY: u64 = 1_000;

/// What every table of one capture is read with.
pub(super) struct Reading<'a, 'w> {
    pub(super) client: Client<'a>,
    pub(super) described: Described,
    pub(super) redactor: &'a Redactor,
    pub(super) watch: &'w mut dyn FnMut(Step),
    limit: usize,
}

impl<'a, 'w> Reading<'a, 'w> {
    pub(super) fn new(
        client: Client<'a>,
        redactor: &'a Redactor,
        watch: &'w mut dyn FnMut(Step),
    ) -> Self {
        Self { client, described: Described::default(), redactor, watch, limit: PAGE_ROWS }
    }

    /// Says something.
    pub(super) fn note(&mut self, text: String) {
        (self.watch)(Step::Note(text));
    }

    /// Asks the API for something other than a page.
    pub(super) fn ask(&mut self, request: Request<'_>) -> Result<Answer, ExportError> {
        let watch = &mut *self.watch;
        self.client.ask(request, &mut |text| watch(Step::Note(text)))
    }

    /// The next rows under a filter. A page without a row is the end: one that is shorter than was asked for is
    /// not, as the server may have a limit of its own.
    pub(super) fn page(
        &mut self,
        table: Table,
        filter: &str,
        order: &str,
    ) -> Result<Answer, ExportError> {
        let what = what(table);
        loop {
            let path = query::page(table, filter, order, self.limit);
            let answer = self.ask(Request { path: &path, what: &what, kind: Kind::Rows })?;
            let is_too_much = answer.is_out_of_time() || answer.status == 413;
            if is_too_much && self.limit > PAGE_ROWS_MIN {
                self.limit = (self.limit / 4).max(PAGE_ROWS_MIN);
                let limit = self.limit;
                self.note(format!(
                    "{table}: too much at once for the server; {limit} rows a page now"
                ));
                continue;
            }
            if answer.is_good() || answer.status == 416 {
                return Ok(answer);
            }
            return Err(answer.error_of(table, &what).into());
        }
    }

    /// How many rows there are under a filter; `None` where the server does not say.
    pub(super) fn count(&mut self, table: Table, filter: &str) -> Result<Option<u64>, ExportError> {
        let (path, what) = (query::count(table, filter), format!("the count of `{table}`"));
        match self.ask(Request { path: &path, what: &what, kind: Kind::Count }) {
            Ok(answer) => Ok(answer.total.filter(|_| answer.is_good())),
            // a count that takes too long comes without a body that could say so
            Err(ExportError::Rest(RestError::Status { .. })) => Ok(None),
            Err(err) => Err(err),
        }
    }

    /// Begins a table whose first page has come.
    pub(super) fn begin(
        &mut self,
        table: Table,
        first: Option<&RawValue>,
        writer: &CaptureWriter,
        coming: Coming<'_>,
    ) -> Result<TableRows<'a>, ExportError> {
        let what = what(table);
        let shape = Shape::of(table, &self.described, first, &what)?;
        for note in column_notes(table, &shape.selection) {
            self.note(note);
        }
        // without a row and without a description nobody tells its columns
        if !shape.source.columns.is_empty() {
            core_columns::check(&shape.source)?;
        }
        let columns = with_class(table, &shape.selection.columns);
        let writer = writer.table(table, columns, coming)?;
        Ok(TableRows { shape, writer, redactor: self.redactor, odd: OddValues::default(), what })
    }

    /// Tells of the rows so far, now and then.
    pub(super) fn progress(&mut self, rows: &TableRows<'_>) {
        if rows.writer.rows_read().is_multiple_of(REPORT_EVERY) {
            (self.watch)(Step::Rows(rows.writer.rows_read()));
        }
    }
}

/// One table that is being written.
pub(super) struct TableRows<'a> {
    pub(super) shape: Shape,
    pub(super) writer: TableWriter,
    redactor: &'a Redactor,
    odd: OddValues,
    what: String,
}

impl TableRows<'_> {
    /// Takes a row apart.
    pub(super) fn members<'r>(&self, row: &'r RawValue) -> Result<Members<'r>, ExportError> {
        Ok(self.shape.members(row, &self.what)?)
    }

    /// The key of a row, by which the page after it is asked for.
    pub(super) fn id<'r>(&self, row: &Members<'r>) -> Result<Cow<'r, str>, ExportError> {
        let id = self.shape.text(row, "id");
        Ok(id.ok_or_else(|| self.nonsense("a row has no id"))?)
    }

    /// Writes a row.
    pub(super) fn push(&mut self, row: &Members<'_>) -> Result<(), ExportError> {
        let values = self.shape.values(row, self.redactor, &self.what)?;
        self.odd.see(&values);
        Ok(self.writer.push(&values, None)?)
    }

    /// An answer that no PostgREST gives.
    pub(super) fn nonsense(&self, why: &'static str) -> RestError {
        RestError::Answer { what: self.what.clone(), why }
    }

    /// What is odd about values of the table.
    pub(super) fn odd_notes(&self) -> Vec<String> {
        let table = self.shape.source.table;
        let told = self.odd.told(&self.shape.selection.columns).into_iter();
        told.map(|(column, kind, count)| {
            format!("{table}: `{column}`: {count} values are no {kind}: taken as NULL, their text is kept")
        })
        .collect()
    }
}

fn what(table: Table) -> String {
    format!("rows of `{table}`")
}
