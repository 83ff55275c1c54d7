//! The types of a user's own that the tables are made of, and what those are made of.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio_postgres::{Client, Row};

use crate::export::error::ExportError;
use crate::export::server_error::{Doing, explain};
use crate::model::table::Table;

/// A type that has to exist before a table can be made again.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct UserType {
    /// As SQL spells it.
    pub(super) name: String,
    pub(super) shape: Shape,
}

/// What a type is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// Labels in their order.
    Enum(Vec<String>),
    Domain {
        base: String,
        not_null: bool,
        default: Option<String>,
        /// `CHECK (...)` clauses.
        checks: Vec<String>,
    },
    /// Names and types of the fields.
    Composite(Vec<(String, String)>),
    Range {
        subtype: String,
        multirange: Option<String>,
    },
    /// Made by code, as those of extensions are.
    Base,
}

/// Every type that our tables reach, the parts before the whole.
fn statement() -> String {
    let tables = Table::ALL.map(|table| format!("'{table}'")).join(", ");
    format!(
        "with recursive used (id, depth) as (
           select a.atttypid, 0 from pg_attribute a join pg_class c on c.oid = a.attrelid
           where c.relnamespace = (select oid from pg_namespace where nspname = 'public')
             and c.relkind in ('r', 'p') and c.relname in ({tables})
             and a.attnum > 0 and not a.attisdropped
           union
           select part.id, used.depth + 1
           from used join pg_type t on t.oid = used.id
           cross join lateral (
             select t.typelem as id where t.typelem <> 0
             union all select t.typbasetype where t.typbasetype <> 0
             union all select a.atttypid from pg_attribute a
               where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
             union all select r.rngsubtype from pg_range r where r.rngtypid = t.oid
             union all select (to_jsonb(r) ->> 'rngtypid')::oid from pg_range r
               where (to_jsonb(r) ->> 'rngmultitypid')::oid = t.oid
           ) part
         )
         select format_type(t.oid, null), t.typtype::text,
           array(select e.enumlabel::text from pg_enum e where e.enumtypid = t.oid
                 order by e.enumsortorder),
           case t.typtype when 'd' then format_type(t.typbasetype, t.typtypmod)
             when 'r' then format_type(r.rngsubtype, null) end,
           t.typnotnull, t.typdefault,
           array(select pg_get_constraintdef(k.oid) from pg_constraint k
                 where k.contypid = t.oid and k.contype = 'c' order by k.conname),
           array(select a.attname::text from pg_attribute a
                 where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
                 order by a.attnum),
           array(select format_type(a.atttypid, a.atttypmod) from pg_attribute a
                 where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
                 order by a.attnum),
           format_type((to_jsonb(r) ->> 'rngmultitypid')::oid, null)
         from (select id, max(depth) as depth from used group by id) u
         join pg_type t on t.oid = u.id
         left join pg_range r on r.rngtypid = t.oid
         where t.typnamespace not in (select oid from pg_namespace
             where nspname in ('pg_catalog', 'information_schema'))
           and t.typtype <> 'm' and not exists (select from pg_type e where e.typarray = t.oid)
         order by u.depth desc, 1"
    )
}

/// The types that the columns of our tables need, in an order in which they can be made.
pub(super) async fn user_types(client: &Client) -> Result<Vec<UserType>, ExportError> {
    let rows = client.query_typed(&statement(), &[]).await;
    let rows = rows.map_err(|err| explain(&err, Doing::Catalogue))?;
    Ok(rows.iter().map(user_type).collect())
}

fn user_type(row: &Row) -> UserType {
    let kind: String = row.get(1);
    let base = || row.get::<_, Option<String>>(3).unwrap_or_default();
    let shape = match kind.as_str() {
        "e" => Shape::Enum(row.get(2)),
        "d" => Shape::Domain {
            base: base(),
            not_null: row.get(4),
            default: row.get(5),
            checks: row.get(6),
        },
        "c" => {
            let (names, types): (Vec<String>, Vec<String>) = (row.get(7), row.get(8));
            Shape::Composite(names.into_iter().zip(types).collect())
        }
        "r" => Shape::Range { subtype: base(), multirange: row.get(9) },
        _ => Shape::Base,
    };
    UserType { name: row.get(0), shape }
}

/// The labels of the enums among them, by name.
pub(super) fn enums(types: &[UserType]) -> BTreeMap<&str, &[String]> {
    let labels = types.iter().filter_map(|of| match &of.shape {
        Shape::Enum(labels) => Some((of.name.as_str(), labels.as_slice())),
        Shape::Domain { .. } | Shape::Composite(_) | Shape::Range { .. } | Shape::Base => None,
    });
    labels.collect()
}

/// A type as `source_schema.json` has it; `safe` redacts the SQL that someone wrote.
pub(super) fn describe(of: &UserType, safe: &dyn Fn(&str) -> String) -> Value {
    match &of.shape {
        Shape::Enum(labels) => json!({ "name": of.name, "kind": "enum", "labels": labels }),
        Shape::Domain { base, not_null, default, checks } => json!({
            "name": of.name,
            "kind": "domain",
            "base": base,
            "not_null": not_null,
            "default": default.as_deref().map(safe),
            "checks": checks.iter().map(|check| safe(check)).collect::<Vec<_>>(),
        }),
        Shape::Composite(fields) => {
            let field =
                |(name, sql_type): &(String, String)| json!({ "name": name, "type": sql_type });
            let fields: Vec<Value> = fields.iter().map(field).collect();
            json!({ "name": of.name, "kind": "composite", "fields": fields })
        }
        Shape::Range { subtype, multirange } => json!({
            "name": of.name,
            "kind": "range",
            "subtype": subtype,
            "multirange": multirange,
        }),
        Shape::Base => json!({ "name": of.name, "kind": "base" }),
    }
}
