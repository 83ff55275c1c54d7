//! Text for a terminal: captured messages may hold anything, escape sequences included.

/// The text without control characters (each becomes `\u{..}`), so that a message cannot move the
/// cursor or hide what it says. Line feeds and tabs become blanks.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' | '\r' => out.push(' '),
            c if is_unprintable(c) => {
                out.extend(c.escape_unicode());
            }
            c => out.push(c),
        }
    }
    out
}

/// Whether a character does something to a terminal instead of being shown.
pub(crate) fn is_unprintable(c: char) -> bool {
    c.is_control() || is_direction_mark(c)
}

/// Marks that make a terminal show characters in another order than they are in.
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text cut to so many characters, the last one `…` where something was cut.
pub fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_string();
    }
    let mut kept: String = text.chars().take(width.saturating_sub(1)).collect();
    kept.push('…');
    kept
}

/// The text broken at blanks into lines of at most so many characters; a longer word has a line of
/// its own.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let needed = line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && needed > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_move_the_cursor() {
        assert_eq!(printable("a\u{1b}[2Jb\nc\u{0}d"), "a\\u{1b}[2Jb c\\u{0}d");
        assert_eq!(printable("\u{202e}evil → é"), "\\u{202e}evil → é");
    }

    #[test]
    fn text_is_cut_and_wrapped_by_characters() {
        assert_eq!((cut("äöü", 3).as_str(), cut("äöüß", 3).as_str()), ("äöü", "äö…"));
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("", 7), [""]);
    }
}
