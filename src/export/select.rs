//! The COPY statement of a table: every column as one of a closed set of types.

use crate::export::catalogue::{SCHEMA, SourceColumn, SourceTable};
use crate::export::field::Wire;
use crate::snapshot::column::{Column, ColumnType};
use crate::snapshot::schema::is_own;

/// What is asked of one table.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    /// The COPY statement. Its first column is the row's `xmin`; then come `wires`.
    pub(super) sql: String,
    /// The columns of the snapshot.
    pub(super) columns: Vec<Column>,
    /// How each comes over the wire.
    pub(super) wires: Vec<Wire>,
    /// Columns whose names are taken by our own.
    pub(super) left_out: Vec<String>,
}

/// The selection of all columns of a table, of the rows that conditions on `t` leave, one after the other, or of
/// all where there are none.
pub(super) fn select<C: AsRef<str>>(source: &SourceTable, conditions: &[C]) -> Selection {
    let mut list = vec!["t.xmin".to_string()];
    let (mut columns, mut wires, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
    for column in in_order(&source.columns) {
        if is_own(&column.name) {
            left_out.push(column.name.clone());
            continue;
        }
        let (wire, expression) = expression(column);
        list.push(expression);
        wires.push(wire);
        columns.push(Column {
            name: column.name.clone(),
            kind: kind(column),
            source_type: column.type_name.clone(),
        });
    }
    let (list, table) = (list.join(", "), quote(source.table.name()));
    let all = format!("select {list} from {SCHEMA}.{table} t");
    let some = conditions.iter().map(|condition| format!("{all} where {}", condition.as_ref()));
    // joined by OR, ranges of pages would make the server look at every row
    let some: Vec<String> = some.collect();
    let rows = if some.is_empty() { all } else { some.join(" union all ") };
    let sql = format!("copy ({rows}) to stdout (format binary)");
    Selection { sql, columns, wires, left_out }
}

/// Whether a row of `t` was written at most so many transactions ago. An id that cannot be told old from new has
/// a negative age, and is read: too much, never too little.
pub(super) fn is_young(age_max: u32) -> String {
    format!("pg_catalog.age(t.xmin) <= {age_max}")
}

/// The columns as they stand in the table, but that of names which differ in case only the lower-case
/// one comes first: a reader that tells no case takes the first for all of them.
fn in_order(columns: &[SourceColumn]) -> impl Iterator<Item = &SourceColumn> {
    let is_late = |column: &&SourceColumn| {
        let lower = column.name.to_ascii_lowercase();
        lower != column.name && columns.iter().any(|other| other.name == lower)
    };
    columns.iter().filter(move |column| !is_late(column)).chain(columns.iter().filter(is_late))
}

/// A type of the user's that is called `int4` is not an int4. A key is a text, whatever it is at its source: it names a
/// row in every capture, and what other tables and lines say of it is text.
fn kind(column: &SourceColumn) -> ColumnType {
    if column.name == "id" {
        return ColumnType::Text;
    }
    if column.builtin { ColumnType::of_postgres(&column.type_name) } else { ColumnType::Text }
}

/// How a column of `t` comes over the wire, and what is asked for.
pub(super) fn expression(column: &SourceColumn) -> (Wire, String) {
    let name = format!("t.{}", quote(&column.name));
    let wire = match kind(column) {
        ColumnType::Int => Wire::Int,
        ColumnType::Double => Wire::Float,
        ColumnType::Bool => Wire::Bool,
        ColumnType::Timestamp if column.type_name == "timestamptz" => Wire::TimeWithZone,
        ColumnType::Timestamp => Wire::TimeWithoutZone,
        // what the server need not print, it sends faster
        ColumnType::Text if column.builtin && column.type_name == "uuid" => Wire::Uuid,
        ColumnType::Text if column.builtin && column.type_name == "jsonb" => Wire::Jsonb,
        ColumnType::Text => return (Wire::Text, as_text(column, name)),
    };
    (wire, name)
}

/// The text that PostgreSQL prints, which is not always what its cast to text gives: `inet` gains a
/// netmask, `xml` its encoding, `char(n)` loses its blanks, a domain over boolean says `true` instead of
/// `t`, and a type of the user's may have a cast that runs the user's code.
fn as_text(column: &SourceColumn, name: String) -> String {
    let type_name = column.type_name.as_str();
    let printed = format!("when {name} is distinct from null then pg_catalog.format('%s', {name})");
    if !column.builtin || matches!(type_name, "inet" | "cidr" | "xml") {
        format!("case {printed} end")
    } else if matches!(type_name, "text" | "varchar" | "bpchar" | "name") {
        name
    } else if type_name == "char" {
        // A byte that is no UTF-8 of its own: `\200`, as PostgreSQL itself prints it since version 16.
        let escaped = format!("pg_catalog.encode(pg_catalog.charsend({name}), 'escape')");
        format!("case when {name}::pg_catalog.int4 < 0 then {escaped} {printed} end")
    } else {
        format!("{name}::pg_catalog.text")
    }
}

/// An identifier as SQL spells it.
pub(super) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::table::Table;

    fn column(name: &str, type_name: &str, builtin: bool) -> SourceColumn {
        SourceColumn {
            name: name.to_string(),
            type_name: type_name.to_string(),
            sql_type: type_name.to_string(),
            builtin,
            not_null: false,
            default: None,
            generated: String::new(),
            identity: String::new(),
        }
    }

    #[test]
    fn every_type_is_one_of_the_closed_set() {
        let columns = vec![
            column("id", "uuid", true),
            column("odd \"name\"", "text", true),
            column("n", "int4", true),
            column("status", "task_status", false),
            column("mine", "int4", false),
            column("at", "timestamptz", true),
            column("captured_at", "timestamptz", true),
        ];
        let table = Table::Tasks;
        let none: &[&str] = &[];
        let selection = select(
            &SourceTable {
                table,
                oid: 1,
                columns,
                may_select: true,
                hides_rows: false,
                in_parts: false,
            },
            none,
        );
        insta::assert_snapshot!(selection.sql, @r#"copy (select t.xmin, t."id", t."odd ""name""", t."n", case when t."status" is distinct from null then pg_catalog.format('%s', t."status") end, case when t."mine" is distinct from null then pg_catalog.format('%s', t."mine") end, t."at" from public."tasks" t) to stdout (format binary)"#);
        assert_eq!(selection.left_out, ["captured_at"]);
        assert_eq!(selection.columns[4].kind, ColumnType::Text);
        let wires = [Wire::Uuid, Wire::Text, Wire::Int, Wire::Text, Wire::Text, Wire::TimeWithZone];
        assert_eq!(selection.wires, wires);
    }
}
