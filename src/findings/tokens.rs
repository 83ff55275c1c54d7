//! The words, numbers, texts and signs of a query, with their places. Only what lints and mutants need:
//! the engine's own parser decides what a query means.

/// One word, number, text or sign, outside comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// Counted from 1.
    pub(super) line: usize,
    /// Where it begins, in bytes.
    pub(super) start: usize,
    /// As it stands.
    pub(super) text: &'a str,
    /// Whether it is a text in single quotes.
    pub(super) is_string: bool,
}

/// Signs of more than one character, longest first.
const SIGNS: [&str; 10] = ["->>", "<>", "<=", ">=", "!=", "->", "=>", "||", "::", "=="];

/// The tokens of a query.
pub(super) fn tokens(sql: &str) -> Vec<Token<'_>> {
    parts(sql).filter(|part| !is_comment(part.text)).collect()
}

/// The query without its comments.
pub(super) fn without_comments(sql: &str) -> String {
    let (mut kept, mut at) = (String::with_capacity(sql.len()), 0);
    for comment in parts(sql).filter(|part| is_comment(part.text)) {
        kept.push_str(&sql[at..comment.start]);
        // what stood on both sides stays apart
        kept.push(' ');
        at = comment.start + comment.text.len();
    }
    kept.push_str(&sql[at..]);
    kept
}

/// The comments of a query with their lines, header lines too.
pub(super) fn comments(sql: &str) -> Vec<(usize, &str)> {
    let comments = parts(sql).filter(|part| is_comment(part.text));
    comments.map(|part| (part.line, part.text)).collect()
}

fn is_comment(text: &str) -> bool {
    text.starts_with("--") || text.starts_with("/*")
}

fn parts(sql: &str) -> impl Iterator<Item = Token<'_>> {
    let (mut at, mut line) = (0, 1);
    std::iter::from_fn(move || {
        loop {
            let rest = &sql[at..];
            let first = rest.chars().next()?;
            let length = length(rest, first);
            let text = &rest[..length];
            let token = Token { line, start: at, text, is_string: first == '\'' };
            line += text.matches('\n').count();
            at += length;
            if !first.is_whitespace() {
                return Some(token);
            }
        }
    })
}

fn length(rest: &str, first: char) -> usize {
    if rest.starts_with("--") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return rest.find("*/").map_or(rest.len(), |at| at + "*/".len());
    }
    if matches!(first, '\'' | '"') {
        return quote_end(rest, first);
    }
    if is_word(first) {
        return rest.find(|c| !is_word(c) && c != '.').unwrap_or(rest.len());
    }
    let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
    sign.map_or(first.len_utf8(), |sign| sign.len())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// Where the quoted text at the beginning ends; two quotes are one inside it.
fn quote_end(text: &str, quote: char) -> usize {
    let mut from = 1;
    while let Some(at) = text[from..].find(quote) {
        from += at + 1;
        if !text[from..].starts_with(quote) {
            return from;
        }
        from += 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_falls_into_its_tokens() {
        let sql = "--! id = 'x'\nselect a.b<>1.5 -- why\n  , 'it''s'::text where $p >= 2";
        let texts: Vec<&str> = tokens(sql).iter().map(|token| token.text).collect();
        assert_eq!(
            texts,
            ["select", "a.b", "<>", "1.5", ",", "'it''s'", "::", "text", "where", "$p", ">=", "2"]
        );
        assert_eq!(comments(sql), [(1, "--! id = 'x'"), (2, "-- why")]);
        let last = tokens(sql).last().copied().expect("a token");
        assert_eq!((last.line, &sql[last.start..]), (3, "2"));
    }

    #[test]
    fn comments_can_be_taken_out() {
        let sql = "--! id = 'x'\na = '--b' -- c\nand/* d\n -- e */f";
        assert_eq!(without_comments(sql), " \na = '--b'  \nand f");
        assert_eq!(tokens(sql).len(), tokens(&without_comments(sql)).len());
    }
}
