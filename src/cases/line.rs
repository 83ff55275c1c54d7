//! One line of a case, taken apart.

use std::collections::BTreeMap;

use crate::cases::error::Problem;

/// Keys whose value is all that is left of the line.
const TO_THE_END: [&str; 2] = ["error", "output"];

/// `key=value` pairs. A value ends at the next space, or at its own closing quote, brace or bracket.
pub(super) fn pairs(mut rest: &str) -> Result<BTreeMap<&str, &str>, Problem> {
    let mut found = BTreeMap::new();
    while !rest.trim_start().is_empty() {
        let (key, more) =
            rest.trim_start().split_once('=').ok_or("a column is written `key=value`")?;
        let end = if TO_THE_END.contains(&key) { more.len() } else { value_end(more)? };
        let value = more[..end].trim_matches('"');
        found.insert(key, value);
        rest = &more[end..];
    }
    Ok(found)
}

/// Where the value at the beginning of a text ends.
fn value_end(text: &str) -> Result<usize, Problem> {
    match text.as_bytes().first() {
        Some(b'"') => {
            let closing = text[1..].find('"').ok_or("a quote is not closed")?;
            Ok(closing + 2)
        }
        Some(b'{' | b'[') => json_end(text).ok_or_else(|| "a brace is not closed".to_string()),
        _ => Ok(text.find(' ').unwrap_or(text.len())),
    }
}

/// Where the JSON at the beginning of a text ends.
fn json_end(text: &str) -> Option<usize> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_end_at_a_space_or_where_they_close() {
        let line = r#"a=1 b={"x": [1, "}"]} c="two words" error=the rest = all of it"#;
        let found = pairs(line).expect("pairs");
        assert_eq!(found["a"], "1");
        assert_eq!(found["b"], r#"{"x": [1, "}"]}"#);
        assert_eq!(found["c"], "two words");
        assert_eq!(found["error"], "the rest = all of it");
        assert!(pairs("a").is_err() && pairs("a={").is_err() && pairs("a=\"b").is_err());
    }
}
