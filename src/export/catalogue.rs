//! What the source's catalogue says of the tables we keep.

use std::collections::BTreeMap;

use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::export::error::ExportError;
use crate::export::server_error::{Doing, explain};
use crate::model::table::Table;

/// The schema the orchestrator's tables live in.
pub(super) const SCHEMA: &str = "public";

/// A table as the source has it now.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SourceTable {
    pub(super) table: Table,
    /// The table's own number: another one is another table of the same name.
    pub(super) oid: u32,
    pub(super) columns: Vec<SourceColumn>,
    pub(super) may_select: bool,
    /// Whether row-level security would keep rows from us.
    pub(super) hides_rows: bool,
    /// Partitions or heirs hold rows of it.
    pub(super) in_parts: bool,
}

/// A column as the source has it now.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SourceColumn {
    pub(super) name: String,
    /// `pg_type.typname`.
    pub(super) type_name: String,
    /// The type as SQL spells it, with its modifier.
    pub(super) sql_type: String,
    /// Whether the type is PostgreSQL's own.
    pub(super) builtin: bool,
    pub(super) not_null: bool,
    /// The expression of the default, or of a generated column.
    pub(super) default: Option<String>,
    /// `s` or `v` where `default` computes the column, as in `pg_attribute.attgenerated`; else empty.
    pub(super) generated: String,
    /// `a` or `d` where the server counts, as in `pg_attribute.attidentity`; else empty.
    pub(super) identity: String,
}

/// A key as the source declares it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SourceKey {
    pub(super) table: String,
    pub(super) name: String,
    /// `p`, `u` or `f`, as in `pg_constraint.contype`.
    pub(super) kind: String,
    pub(super) columns: Vec<String>,
    pub(super) definition: String,
}

const TABLES: &str = "
select c.relname::text,
       has_table_privilege(c.oid, 'select'),
       row_security_active(c.oid),
       c.oid,
       c.relkind = 'p' or exists (select from pg_inherits i where i.inhparent = c.oid)
from pg_class c
where c.relnamespace = (select oid from pg_namespace where nspname = 'public')
  and c.relkind in ('r', 'p')
order by c.relname";

const COLUMNS: &str = "
select c.relname::text, a.attname::text, t.typname::text,
       format_type(a.atttypid, a.atttypmod),
       n.nspname = 'pg_catalog',
       a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid),
       a.attgenerated::text,
       a.attidentity::text
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_type t on t.oid = a.atttypid
join pg_namespace n on n.oid = t.typnamespace
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where c.relnamespace = (select oid from pg_namespace where nspname = 'public')
  and c.relkind in ('r', 'p') and c.relname = any ($1)
order by c.relname, a.attnum";

const KEYS: &str = "
select c.relname::text, k.conname::text, k.contype::text,
       array(select a.attname::text from unnest(k.conkey) with ordinality u(attnum, place)
             join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.attnum
             order by u.place),
       pg_get_constraintdef(k.oid)
from pg_constraint k
join pg_class c on c.oid = k.conrelid
where c.relnamespace = (select oid from pg_namespace where nspname = 'public')
  and k.contype in ('p', 'u', 'f')
order by c.relname, k.conname";

/// The tables of ours that are there, in the order in which they are exported, with their columns. Whoever holds a
/// lock on one of them that excludes reading is waited for: defaults are printed under a lock of their own.
pub(super) async fn tables(client: &Client) -> Result<Vec<SourceTable>, ExportError> {
    let mut columns: BTreeMap<String, Vec<SourceColumn>> = BTreeMap::new();
    let names: Vec<&str> = Table::ALL.into_iter().map(Table::name).collect();
    let described = client.query_typed(COLUMNS, &[(&names, Type::TEXT_ARRAY)]).await;
    for row in described.map_err(|err| explain(&err, Doing::Catalogue))? {
        let column = SourceColumn {
            name: row.get(1),
            type_name: row.get(2),
            sql_type: row.get(3),
            builtin: row.get(4),
            not_null: row.get(5),
            default: row.get(6),
            generated: row.get(7),
            identity: row.get(8),
        };
        columns.entry(row.get(0)).or_default().push(column);
    }
    let mut found = bare_tables(client).await?;
    for source in &mut found {
        source.columns = columns.remove(source.table.name()).unwrap_or_default();
    }
    Ok(found)
}

/// The same without their columns, which waits for nobody.
pub(super) async fn bare_tables(client: &Client) -> Result<Vec<SourceTable>, ExportError> {
    let mut found = Vec::new();
    for row in query(client, TABLES).await? {
        let name: String = row.get(0);
        if let Some(table) = Table::from_name(&name) {
            found.push(SourceTable {
                table,
                oid: row.get(3),
                columns: Vec::new(),
                may_select: row.get(1),
                hides_rows: row.get(2),
                in_parts: row.get(4),
            });
        }
    }
    found.sort_by_key(|source| source.table);
    Ok(found)
}

/// Primary, unique and foreign keys of the schema's tables.
pub(super) async fn keys(client: &Client) -> Result<Vec<SourceKey>, ExportError> {
    let rows = query(client, KEYS).await?;
    Ok(rows
        .iter()
        .map(|row| SourceKey {
            table: row.get(0),
            name: row.get(1),
            kind: row.get(2),
            columns: row.get(3),
            definition: row.get(4),
        })
        .collect())
}

async fn query(client: &Client, sql: &str) -> Result<Vec<tokio_postgres::Row>, ExportError> {
    client.query_typed(sql, &[]).await.map_err(|err| explain(&err, Doing::Catalogue))
}
