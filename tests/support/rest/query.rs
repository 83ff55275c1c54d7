//! The filters that an export uses, as SQL.

use crate::support::postgres::Database;

/// What a path and its query ask for.
pub(super) struct Query {
    pub(super) table: String,
    conditions: Vec<String>,
    order: Vec<String>,
    limit: usize,
    columns: String,
}

impl Query {
    /// `None` where the path is none of a table.
    pub(super) fn of(path: &str) -> Option<Self> {
        let (table, query) = path.strip_prefix('/')?.split_once('?').unwrap_or((&path[1..], ""));
        if table.is_empty() || !table.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
            return None;
        }
        let mut asked = Self {
            table: table.to_string(),
            conditions: Vec::new(),
            order: Vec::new(),
            limit: usize::MAX,
            columns: "*".to_string(),
        };
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            let value = decoded(value);
            match name {
                "select" if value == "*" => {}
                "select" => asked.columns = format!("\"{}\"", value.replace(',', "\", \"")),
                "limit" => asked.limit = value.parse().expect("a number"),
                "order" => asked.order = value.split(',').map(ordered).collect(),
                "or" => {
                    let inner = value.strip_prefix('(').and_then(|v| v.strip_suffix(')'));
                    let either: Vec<String> = parts(inner.expect("parentheses"))
                        .iter()
                        .map(|part| {
                            let (column, rest) = part.split_once('.').expect("a column");
                            condition(column, rest, true)
                        })
                        .collect();
                    asked.conditions.push(format!("({})", either.join(" or ")));
                }
                column => asked.conditions.push(condition(column, &value, false)),
            }
        }
        Some(asked)
    }

    fn selection(&self, limit: usize, skip: usize) -> String {
        let order = if self.order.is_empty() {
            String::new()
        } else {
            format!("order by {}", self.order.join(", "))
        };
        format!(
            "select {} from public.\"{}\" {} {order} limit {} offset {skip}",
            self.columns,
            self.table,
            self.filter(),
            self.limit.min(limit) - skip
        )
    }

    fn filter(&self) -> String {
        if self.conditions.is_empty() {
            String::new()
        } else {
            format!("where {}", self.conditions.join(" and "))
        }
    }

    /// How many rows, and their JSON, made as PostgREST lets the database make it.
    pub(super) fn rows(&self, database: &Database, limit: usize, skip: usize) -> (u64, String) {
        let selection = self.selection(limit, skip);
        let said = database.sql(&format!(
            "select count(_t), coalesce(json_agg(_t), '[]')::text from ({selection}) _t"
        ));
        let (count, body) = said.trim_end_matches('\n').split_once('|').expect("two columns");
        (count.parse().expect("a number"), body.to_string())
    }

    pub(super) fn count(&self, database: &Database) -> u64 {
        let said = database.sql(&format!(
            "select count(*) from public.\"{}\" {}",
            self.table,
            self.filter()
        ));
        said.trim().parse().expect("a number")
    }
}

fn ordered(part: &str) -> String {
    let (column, how) = part.split_once('.').expect("a direction");
    assert!(how == "asc" || how == "desc", "{part}");
    format!("\"{column}\" {how}")
}

fn condition(column: &str, rest: &str, quotes: bool) -> String {
    let (how, value) = rest.split_once('.').expect("an operator");
    let value = match value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).filter(|_| quotes) {
        Some(inner) => inner.replace("\\\"", "\"").replace("\\\\", "\\"),
        None => value.to_string(),
    };
    let how = match (how, value.as_str()) {
        ("is", "null") => return format!("\"{column}\" is null"),
        ("not", "is.null") => return format!("\"{column}\" is not null"),
        ("gt", _) => ">",
        ("gte", _) => ">=",
        ("lt", _) => "<",
        _ => panic!("an operator that no export uses: {rest}"),
    };
    format!("\"{column}\" {how} '{}'", value.replace('\'', "''"))
}

/// Splits at commas that stand outside quotes.
fn parts(text: &str) -> Vec<String> {
    let (mut found, mut quoted, mut escaped) = (vec![String::new()], false, false);
    for c in text.chars() {
        if c == ',' && !quoted {
            found.push(String::new());
            continue;
        }
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        found.last_mut().expect("one").push(c);
    }
    found
}

/// Percent-decoded.
pub(super) fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, more @ ..] = rest {
        let hex = more.get(..2).filter(|_| *first == b'%');
        let hex = hex.and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &more[2..];
            }
            None => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}

/// The OpenAPI document: names, formats, enums, keys and what is required, as PostgREST writes them.
pub(super) fn description(database: &Database) -> String {
    let sql = "
      with columns as (
        select c.relname, a.attname, a.attnotnull,
          case when t.typtype = 'd' then format_type(t.typbasetype, null)
               else format_type(t.oid, null) end as format,
          (select json_agg(e.enumlabel order by e.enumsortorder) from pg_enum e
           where e.enumtypid = t.oid) as labels,
          exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'p'
                  and a.attnum = any (k.conkey)) as is_key
        from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        join pg_type t on t.oid = a.atttypid
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')),
      tables as (
        select relname, json_build_object('type', 'object',
          'required', coalesce(json_agg(attname) filter (where attnotnull), '[]'),
          'properties', json_object_agg(attname, json_strip_nulls(json_build_object(
            'format', case when labels is null then format else 'public.' || format end,
            'enum', labels,
            'description', case when is_key then E'Note:\\nThis is a Primary Key.<pk/>' end)))) as definition
        from columns group by relname)
      select json_build_object('swagger', '2.0', 'info', json_build_object('version', '12.2.3'),
        'definitions', json_object_agg(relname, definition)) from tables";
    database.sql(&format!("set search_path = public; {sql}"))
}
