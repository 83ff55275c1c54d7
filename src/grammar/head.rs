//! The part of a message that templates are about.

/// Bytes of a message that are looked at: templates are of the first line, and huge payloads follow.
const HEAD_BYTES_MAX: usize = 16_384;

/// The first line, without leading emoji, bullets and spaces: sanitizers drop parts of them.
pub fn head(message: &str) -> &str {
    let mut end = message.len().min(HEAD_BYTES_MAX);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    let message = &message[..end];
    let begins = |c: char| c.is_alphanumeric() || c == '[' || c == '_';
    // `...` begins the last line of a cut list
    let start = if message.starts_with(begins) || message.trim_start().starts_with("...") {
        message.trim_start()
    } else {
        message.trim_start_matches(|c: char| !begins(c))
    };
    let line = start.find('\n').map_or(start, |end| &start[..end]);
    line.trim_end_matches('\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoration_goes_and_the_first_line_stays() {
        assert_eq!(head("⚠️  SSH port"), "SSH port");
        assert_eq!(head("   • Total: 3\r\nmore"), "Total: 3");
        assert_eq!(head("   ... and 3 more"), "... and 3 more");
        assert_eq!(head("🔄 [X] y"), "[X] y");
        assert_eq!(head("⚠️ ..."), "");
        assert_eq!(head(&"é".repeat(20_000)).len(), HEAD_BYTES_MAX);
    }
}
