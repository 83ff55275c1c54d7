//! The columns of a table: those that rows have, of the types that the API tells or that we know.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::export::catalogue::{SourceColumn, SourceTable};
use crate::export::cells;
use crate::export::ndjson::raw_members;
use crate::export::output_class;
use crate::export::rest::described::{Described, column};
use crate::export::rest::error::RestError;
use crate::export::rest::spelling::Spelling;
use crate::export::roles::role;
use crate::export::select::{Selection, select};
use crate::model::table::Table;
use crate::redact::Redactor;
use crate::redact::role::Role;
use crate::snapshot::column::{ColumnType, Value};
use crate::snapshot::schema::{import_type, is_own};

/// How rows of a table become values.
pub(super) struct Shape {
    pub(super) source: SourceTable,
    pub(super) selection: Selection,
    /// Role and spelling of each column, and its place by its name.
    columns: Vec<(Role, Spelling)>,
    places: BTreeMap<String, usize>,
    output: Option<usize>,
}

impl Shape {
    /// The columns that a first row has; without one, those that the API tells.
    pub(super) fn of(
        table: Table,
        described: &Described,
        first: Option<&RawValue>,
        what: &str,
    ) -> Result<Self, RestError> {
        let told = described.tables.get(&table).cloned().unwrap_or_default();
        let columns = match first {
            None => told,
            Some(row) => {
                let members = raw_members(row.get()).map_err(|_| no_row(what))?;
                let of = |(name, _): (String, &RawValue)| {
                    let known = told.iter().find(|column| column.name == name).cloned();
                    known.unwrap_or_else(|| undescribed(table, &name))
                };
                members.into_iter().map(of).collect()
            }
        };
        let source = SourceTable {
            table,
            oid: 0,
            columns,
            may_select: true,
            hides_rows: false,
            in_parts: false,
        };
        let selection = select::<&str>(&source, &[]);
        let named = |name: &str| source.columns.iter().find(|column| column.name == name);
        let kept = || selection.columns.iter().filter_map(|column| named(&column.name));
        let columns = kept().map(|of| (role(table, &of.name), Spelling::of(of))).collect();
        let places = kept().enumerate().map(|(at, of)| (of.name.clone(), at)).collect();
        let output = output_class::position(table, &selection.columns);
        Ok(Self { source, selection, columns, places, output })
    }

    /// Where a column stands.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    /// The text of a row's column, as the server wrote it.
    pub(super) fn text<'a>(&self, row: &Members<'a>, name: &str) -> Option<Cow<'a, str>> {
        let raw = row.values[self.place(name)?];
        Spelling::Plain.text(raw).ok().flatten()
    }

    /// Takes a row apart. Each page has the columns of the first one.
    pub(super) fn members<'a>(
        &self,
        row: &'a RawValue,
        what: &str,
    ) -> Result<Members<'a>, RestError> {
        let members = raw_members(row.get()).map_err(|_| no_row(what))?;
        let mut values: Vec<Option<&RawValue>> = vec![None; self.columns.len()];
        for (name, value) in members {
            match self.places.get(&name) {
                Some(at) => values[*at] = Some(value),
                None if is_own(&name) => {}
                None => return Err(RestError::Changed(self.source.table)),
            }
        }
        let values: Option<Vec<&RawValue>> = values.into_iter().collect();
        Ok(Members { values: values.ok_or(RestError::Changed(self.source.table))? })
    }

    /// The values of a row, redacted, in the order of the columns, then the class of an output.
    pub(super) fn values<'a>(
        &self,
        row: &Members<'a>,
        redactor: &Redactor,
        what: &str,
    ) -> Result<Vec<Value<'a>>, RestError> {
        let mut values = Vec::with_capacity(row.values.len() + 1);
        let columns = self.columns.iter().zip(&self.selection.columns);
        let mut class = None;
        for (at, (raw, ((role, spelling), column))) in row.values.iter().zip(columns).enumerate() {
            let text = spelling.text(raw).map_err(|_| no_row(what))?;
            if self.output == Some(at) {
                class = Some(output_class::value(text.as_deref()));
            }
            values.push(match text {
                Some(text) => cells::value(column.kind, text, *role, redactor),
                None => Value::Null,
            });
        }
        values.extend(class);
        Ok(values)
    }
}

/// The values of a row as they are written, in the order of the columns.
pub(super) struct Members<'a> {
    values: Vec<&'a RawValue>,
}

fn no_row(what: &str) -> RestError {
    RestError::Answer { what: what.to_string(), why: "a row is no object" }
}

/// A column of a type that we take it to be.
fn undescribed(table: Table, name: &str) -> SourceColumn {
    let sql_type = match import_type(table, name) {
        ColumnType::Int => "bigint",
        ColumnType::Double => "double precision",
        ColumnType::Bool => "boolean",
        ColumnType::Timestamp => "timestamp with time zone",
        ColumnType::Text => "text",
    };
    column(name, sql_type, false, false)
}
