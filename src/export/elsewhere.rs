//! Where a table of ours is that is not among the tables of `public`.

use std::fmt;

use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::export::error::ExportError;
use crate::export::said::printable;
use crate::export::server_error::{Doing, explain};
use crate::model::table::Table;

/// What has the name of a table that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// Nothing that we may know of.
    Nowhere,
    /// Something in `public` that is no table: what it is.
    Other(&'static str),
    /// Something in this schema.
    Schema(String),
}

impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nowhere => Ok(()),
            Self::Other(kind) => write!(f, "; what has that name there is {kind}"),
            Self::Schema(name) => {
                write!(f, "; schema `{}` has something of that name", printable(name))
            }
        }
    }
}

/// Everybody may read the names of the catalogue, whatever else they may read.
const NAMED: &str = "
select n.nspname::text, c.relkind::text
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relname = $1 and c.relkind in ('r', 'p', 'v', 'm', 'f')
  and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
order by n.nspname <> 'public', n.nspname
limit 1";

/// Where a table is that `public` does not have.
pub(super) async fn find(client: &Client, table: Table) -> Result<Elsewhere, ExportError> {
    let rows = client.query_typed(NAMED, &[(&table.name(), Type::TEXT)]).await;
    let rows = rows.map_err(|err| explain(&err, Doing::Catalogue))?;
    let found = rows.first().map(|row| of(row.get(0), row.get(1)));
    Ok(found.unwrap_or(Elsewhere::Nowhere))
}

fn of(schema: String, kind: &str) -> Elsewhere {
    if schema != "public" {
        return Elsewhere::Schema(schema);
    }
    Elsewhere::Other(match kind {
        "v" => "a view",
        "m" => "a materialized view",
        "f" => "a foreign table",
        // it came the moment after the tables were looked at
        _ => "a table",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_the_name_is_told() {
        let told = |schema: &str, kind| of(schema.to_string(), kind).to_string();
        assert_eq!(told("public", "m"), "; what has that name there is a materialized view");
        assert_eq!(told("ap\np", "v"), "; schema `ap\\np` has something of that name");
        assert_eq!(Elsewhere::Nowhere.to_string(), "");
    }
}
