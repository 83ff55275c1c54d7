//! What a template captures: the type of a field, where it can end, and its regular expression.

/// What a capture holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// A worker id.
    Worker,
    /// A pod id.
    Pod,
    /// A task's uuid.
    Task,
    /// The first eight characters of a task's uuid.
    Short,
    /// A whole number.
    Int,
    /// A decimal number.
    Num,
    /// No white space.
    Word,
    /// An address of the web.
    Url,
    /// A time, in whatever form.
    Time,
    /// Anything, at least one character.
    Text,
    /// Anything or nothing.
    Any,
    /// A Python list.
    List,
    /// A Python dict.
    Dict,
}

/// Which texts a field takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Those of its type.
    Of(FieldType),
    /// One of these.
    OneOf(Vec<String>),
    /// Any text that does not begin like this.
    Except(String),
    /// Emoji and spaces inside a line, or nothing.
    Decoration,
}

const TYPES: [(&str, FieldType); 13] = [
    ("worker", FieldType::Worker),
    ("pod", FieldType::Pod),
    ("task", FieldType::Task),
    ("short", FieldType::Short),
    ("int", FieldType::Int),
    ("num", FieldType::Num),
    ("word", FieldType::Word),
    ("url", FieldType::Url),
    ("time", FieldType::Time),
    ("text", FieldType::Text),
    ("any", FieldType::Any),
    ("list", FieldType::List),
    ("dict", FieldType::Dict),
];

impl FieldType {
    fn from_name(name: &str) -> Option<Self> {
        TYPES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    /// The regular expression of its texts.
    fn regex(self) -> &'static str {
        match self {
            Self::Worker => r"[A-Za-z0-9][A-Za-z0-9_.\-]*",
            Self::Pod => "[a-z0-9]+",
            Self::Task => "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            Self::Short => "[0-9a-f]{8}",
            Self::Int => "-?[0-9]+",
            Self::Num => r"-?[0-9]+(?:\.[0-9]+)?",
            Self::Word => r"[^ \t]+",
            Self::Url => r"https?://[^ \t]+",
            Self::Time => r"[0-9][0-9T:.+\-Z ]*",
            Self::Text => ".+",
            Self::Any => ".*",
            Self::List => r"\[.*\]",
            Self::Dict => r"\{.*\}",
        }
    }
}

/// A field as a pattern writes it, without its braces: its name, what the capture holds, its shape.
pub(super) fn parse(inside: &str) -> Result<(String, FieldType, Shape), String> {
    if inside == "_" {
        return Ok((String::new(), FieldType::Any, Shape::Decoration));
    }
    let unknown = || format!("`{{{inside}}}` is no field: write {{name:type}}");
    let named = |name: &str| {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !name.is_empty() && name.chars().all(good) {
            Ok(name.to_string())
        } else {
            Err(unknown())
        }
    };
    let Some(at) = inside.find([':', '=', '!']) else {
        let kind = match inside {
            "worker" => FieldType::Worker,
            "pod" => FieldType::Pod,
            "task" => FieldType::Task,
            _ => return Err(unknown()),
        };
        return Ok((inside.to_string(), kind, Shape::Of(kind)));
    };
    let (name, rest) = (named(&inside[..at])?, &inside[at + 1..]);
    match inside.as_bytes()[at] {
        b':' if rest == "bool" => {
            let both = vec!["True".to_string(), "False".to_string()];
            Ok((name, FieldType::Word, Shape::OneOf(both)))
        }
        b':' => {
            let kind = FieldType::from_name(rest)
                .ok_or_else(|| format!("`{{{inside}}}`: there is no type `{rest}`"))?;
            Ok((name, kind, Shape::Of(kind)))
        }
        b'=' => {
            let texts: Vec<String> = rest.split('|').map(str::to_string).collect();
            if texts.iter().any(String::is_empty) {
                return Err(format!("`{{{inside}}}` allows an empty text"));
            }
            Ok((name, FieldType::Text, Shape::OneOf(texts)))
        }
        _ if rest.is_empty() => Err(unknown()),
        _ => Ok((name, FieldType::Text, Shape::Except(rest.to_string()))),
    }
}

impl Shape {
    /// The regular expression of its texts; that of [`Shape::Except`] takes the excepted ones too.
    pub(super) fn regex(&self) -> String {
        match self {
            Self::Of(kind) => kind.regex().to_string(),
            Self::OneOf(texts) => {
                texts.iter().map(|text| regex::escape(text)).collect::<Vec<_>>().join("|")
            }
            Self::Except(_) => ".+".to_string(),
            Self::Decoration => r"[^A-Za-z0-9\[(]*".to_string(),
        }
    }

    /// Whether its texts may hold anything: what follows must be fixed then.
    pub(super) fn is_open(&self) -> bool {
        match self {
            Self::Of(FieldType::Text | FieldType::Any) | Self::Except(_) => true,
            Self::Of(
                FieldType::Worker
                | FieldType::Pod
                | FieldType::Task
                | FieldType::Short
                | FieldType::Int
                | FieldType::Num
                | FieldType::Word
                | FieldType::Url
                | FieldType::Time
                | FieldType::List
                | FieldType::Dict,
            )
            | Self::OneOf(_)
            | Self::Decoration => false,
        }
    }
}
