//! The Python reprs that orchestrators log: dicts, lists, tuples, strings, numbers, `None`, `True`.

/// How deep a repr may nest: a hostile one is refused, not followed.
const DEPTH_MAX: u32 = 32;

/// A value as `repr()` prints it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An int or a float.
    Number(f64),
    /// A string, its escapes undone.
    Text(String),
    /// A list, a tuple or a set.
    List(Vec<Value>),
    /// A dict, in its order.
    Dict(Vec<(Value, Value)>),
    /// What is none of these, as it stands: `<Level.INFO: 20>`, `datetime(2026, 1, 1)`.
    Other(String),
}

/// Reads one repr to its end; `None` when it is not one.
pub fn parse(repr: &str) -> Option<Value> {
    let mut reader = Reader { text: repr, at: 0 };
    let value = reader.value(0)?;
    reader.space();
    (reader.at == repr.len()).then_some(value)
}

/// The numeric items of a dict's repr: `{'queued_only': 1, 'is_alive': True}`. Other values are left
/// out; a text that is no dict gives nothing.
pub fn numbers(repr: &str) -> Vec<(String, f64)> {
    let Some(Value::Dict(items)) = parse(repr) else { return Vec::new() };
    let number = |(key, value)| match (key, value) {
        (Value::Text(key), Value::Number(number)) => Some((key, number)),
        (Value::Text(key), Value::Bool(flag)) => Some((key, f64::from(u8::from(flag)))),
        (
            Value::Text(_),
            Value::None | Value::Text(_) | Value::List(_) | Value::Dict(_) | Value::Other(_),
        )
        | (
            Value::None
            | Value::Bool(_)
            | Value::Number(_)
            | Value::List(_)
            | Value::Dict(_)
            | Value::Other(_),
            _,
        ) => None,
    };
    items.into_iter().filter_map(number).collect()
}

/// The texts of a list's repr: `['a', 'b']`; other items, and texts of nothing, are left out.
pub fn texts(repr: &str) -> Vec<String> {
    let Some(Value::List(items)) = parse(repr) else { return Vec::new() };
    let text = |item| match item {
        Value::Text(text) | Value::Other(text) => Some(text).filter(|text| !text.is_empty()),
        Value::None | Value::Bool(_) | Value::Number(_) | Value::List(_) | Value::Dict(_) => None,
    };
    items.into_iter().filter_map(text).collect()
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn takes(&mut self, token: char) -> bool {
        self.space();
        let found = self.rest().starts_with(token);
        self.at += if found { token.len_utf8() } else { 0 };
        found
    }

    fn value(&mut self, depth: u32) -> Option<Value> {
        if depth == DEPTH_MAX {
            return None;
        }
        self.space();
        match self.rest().chars().next()? {
            '\'' | '"' => self.string().map(Value::Text),
            '[' => self.items('[', ']', depth).map(Value::List),
            '(' => self.items('(', ')', depth).map(Value::List),
            '{' => self.dict(depth),
            _ => self.word(),
        }
    }

    fn string(&mut self) -> Option<String> {
        let quote = self.rest().chars().next()?;
        self.at += 1;
        let mut out = String::new();
        loop {
            let next = self.rest().chars().next()?;
            self.at += next.len_utf8();
            match next {
                _ if next == quote => return Some(out),
                '\\' => out.push(self.escape()?),
                _ => out.push(next),
            }
        }
    }

    /// What stands for the escape whose backslash was read.
    fn escape(&mut self) -> Option<char> {
        let kind = self.rest().chars().next()?;
        self.at += kind.len_utf8();
        let digits = match kind {
            'n' => return Some('\n'),
            't' => return Some('\t'),
            'r' => return Some('\r'),
            'x' => 2,
            'u' => 4,
            'U' => 8,
            other => return Some(other),
        };
        let code = self.rest().get(..digits).and_then(|hex| u32::from_str_radix(hex, 16).ok())?;
        self.at += digits;
        // half a surrogate pair has no character
        Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn items(&mut self, open: char, close: char, depth: u32) -> Option<Vec<Value>> {
        self.takes(open);
        let mut items = Vec::new();
        while !self.takes(close) {
            items.push(self.value(depth + 1)?);
            if !self.takes(',') {
                return self.takes(close).then_some(items);
            }
        }
        Some(items)
    }

    /// A dict, or a set, whose items have no values.
    fn dict(&mut self, depth: u32) -> Option<Value> {
        self.takes('{');
        let (mut pairs, mut items) = (Vec::new(), Vec::new());
        while !self.takes('}') {
            let key = self.value(depth + 1)?;
            if self.takes(':') {
                pairs.push((key, self.value(depth + 1)?));
            } else {
                items.push(key);
            }
            if !self.takes(',') {
                if !self.takes('}') {
                    return None;
                }
                break;
            }
        }
        match (pairs.is_empty(), items.is_empty()) {
            (_, true) => Some(Value::Dict(pairs)),
            (true, false) => Some(Value::List(items)),
            (false, false) => None,
        }
    }

    /// A word, up to what ends an item; brackets inside it are its own: `datetime(2026, 1, 1)`.
    fn word(&mut self) -> Option<Value> {
        let mut depth = 0_u32;
        let ends = |c: char| match c {
            '(' | '[' | '<' | '{' => {
                depth += 1;
                false
            }
            ')' | ']' | '>' | '}' if depth > 0 => {
                depth -= 1;
                false
            }
            ',' | ':' | ')' | ']' | '}' => depth == 0,
            _ => false,
        };
        let end = self.rest().find(ends).unwrap_or(self.rest().len());
        let word = self.rest()[..end].trim_end().to_string();
        self.at += end;
        Some(match word.as_str() {
            "" => return None,
            "None" => Value::None,
            "True" => Value::Bool(true),
            "False" => Value::Bool(false),
            _ => word.parse().map_or(Value::Other(word), Value::Number),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dict_gives_its_numbers() {
        let repr = "{'a': 1, 'b': True, 'c': None, 'd': 'x, \\'y\\': 3', 'e': -2.5, 'f': {'g': 7}, 'h': [1, 2]}";
        let found = numbers(repr);
        assert_eq!(found, [("a".into(), 1.0), ("b".into(), 1.0), ("e".into(), -2.5)]);
        assert!(numbers("{'a': 1").is_empty());
        assert!(numbers("{'a': 1} and more").is_empty());
    }

    #[test]
    fn a_list_gives_its_texts() {
        assert_eq!(texts("['gpu-1', \"gpu, '2'\"]"), ["gpu-1", "gpu, '2'"]);
        assert_eq!(texts("[<Level.INFO: 20>, 'a']"), ["<Level.INFO: 20>", "a"]);
        assert!(texts("[]").is_empty());
        assert!(texts("['a'").is_empty());
    }

    #[test]
    fn reprs_are_read_as_python_prints_them() {
        let text = |text: &str| Value::Text(text.into());
        assert_eq!(parse("'it\\'s \\x41\\u00e9\\n'"), Some(text("it's Aé\n")));
        assert_eq!(parse("(1,)"), Some(Value::List(vec![Value::Number(1.0)])));
        assert_eq!(parse("{'a', 'b'}"), Some(Value::List(vec![text("a"), text("b")])));
        assert_eq!(parse("{}"), Some(Value::Dict(Vec::new())));
        let date = Value::Other("datetime.datetime(2026, 1, 1)".into());
        let dict = vec![(text("at"), date), (text("n"), Value::None)];
        assert_eq!(
            parse("{'at': datetime.datetime(2026, 1, 1), 'n': None}"),
            Some(Value::Dict(dict))
        );
        for wrong in ["", "{'a': }", "[1 2", "'open", "{'a': 1, 'b'}", "'\\x4'"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        assert_eq!(parse(&"[".repeat(1_000_000)), None);
    }
}
