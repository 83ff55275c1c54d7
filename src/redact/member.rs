//! A key that is itself a member: of a pair, of a list of arguments, of an object that names it.

use crate::redact::quoted;
use crate::redact::scan::{after_spaces, run};

/// Blanks between two members, or before the first.
const BLANKS_MAX: usize = 64;

/// Where the value of the key begins whose name begins at `name`, and behind whose quote `from` stands:
/// `('apikey', 'value')`, `['run', '--apikey', 'value']`, `'name': 'apikey', 'value': 'value'`,
/// `name="apikey" value="value"`.
pub(super) fn value(text: &str, name: usize, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let is_quote = |at: usize| matches!(bytes.get(at), Some(b'"' | b'\''));
    let begins_string = |at: usize| {
        is_quote(at) || (matches!(bytes.get(at), Some(b'b' | b'u')) && is_quote(at + 1))
    };
    let quote = name.checked_sub(1).filter(|quote| is_quote(*quote))?;
    let head = match &bytes[..quote] {
        [head @ .., b'b' | b'u'] => head,
        head => head,
    };
    let blanks = head.iter().rev().take(BLANKS_MAX).take_while(|b| b.is_ascii_whitespace()).count();
    let head = &head[..head.len() - blanks];
    let listed = bytes[from] == b',';
    let at = after_blanks(bytes, from + usize::from(listed));
    if listed && text[name..].starts_with("--") {
        let value = quoted::string(text, at)?;
        return (!text[value.from..].starts_with('-')).then_some(at);
    }
    if listed && matches!(head, [.., b'(' | b'[']) && begins_string(at) {
        return Some(at);
    }
    let at = at + run(bytes, at, |b| b == b'\\');
    let (quoted, at) = (is_quote(at), at + usize::from(is_quote(at)));
    let stands = |word: &&str| {
        bytes
            .get(at..at + word.len())
            .is_some_and(|there| there.eq_ignore_ascii_case(word.as_bytes()))
    };
    let word = ["value", "val"].into_iter().find(stands)?;
    let end = at + word.len();
    let end = end + run(bytes, end, |b| b == b'\\');
    let ends = is_quote(end) == quoted;
    let joint = after_spaces(bytes, end + usize::from(quoted));
    let joins = ends && matches!(bytes.get(joint), Some(b':' | b'='));
    joins.then_some(joint + 1)
}

/// Where the blanks at `at` end, line ends among them, as they are or escaped: members may stand on lines of their own.
fn after_blanks(bytes: &[u8], at: usize) -> usize {
    let limit = bytes.len().min(at + BLANKS_MAX);
    let mut to = at;
    while to < limit {
        match &bytes[to..] {
            [byte, ..] if byte.is_ascii_whitespace() => to += 1,
            [b'\\', b'n' | b'r' | b't', ..] => to += 2,
            _ => break,
        }
    }
    after_spaces(bytes, to)
}

#[cfg(test)]
mod tests {
    use crate::redact::tests::redact;

    #[test]
    fn values_beside_the_names_of_their_keys() {
        for (text, want) in [
            (
                "pod {\n  \"env\": [\n    {\n      \"key\": \"API_KEY\",\n      \"value\": \"x\"\n    }\n  ]\n}",
                "pod {\n  \"env\": [\n    {\n      \"key\": \"API_KEY\",\n      \"value\": \"<redacted:api_key>\"\n    }\n  ]\n}",
            ),
            (
                r#"body "{\n  \"key\": \"API_KEY\",\n  \"value\": \"x\"\n}""#,
                r#"body "{\n  \"key\": \"API_KEY\",\n  \"value\": \"<redacted:api_key>\"\n}""#,
            ),
            (
                "[ [ 'accept', '*/*' ], [ 'x-api-key', 'x' ] ]",
                "[ [ 'accept', '*/*' ], [ 'x-api-key', '<redacted:api_key>' ] ]",
            ),
            ("['w.py',\n '--token',\n 'x']", "['w.py',\n '--token',\n '<redacted:token>']"),
            (
                "curl -H x-api-key:\\ Zk29LmXw https://x",
                "curl -H x-api-key:\\ <redacted:api_key> https://x",
            ),
            (
                "run ['w.py', '--token', 'x', 'y']",
                "run ['w.py', '--token', '<redacted:token>', 'y']",
            ),
            (r#"cmd: ["--api-key", "x""#, r#"cmd: ["--api-key", "<redacted:api_key>""#),
            (
                r#"cut {\"cmd\": [\"w\", \"--password\", \"x\"]"#,
                r#"cut {\"cmd\": [\"w\", \"--password\", \"<redacted:password>\"]"#,
            ),
            (
                r#"{"cmd": ["w", "--token", "x", "--n", "3", 5, "--secret", "y"]}"#,
                r#"{"cmd": ["w", "--token", "<redacted:token>", "--n", "3", 5, "--secret", "<redacted:secret>"]}"#,
            ),
            (r#"{key: "API_KEY", value: "x"}"#, r#"{key: "API_KEY", value: "<redacted:api_key>"}"#),
            (
                "[{'Name': 'API_KEY', 'Value': 'x'}, {'name': 'DB_PASSWORD', 'VALUE': 'y'}]",
                "[{'Name': 'API_KEY', 'Value': '<redacted:api_key>'}, {'name': 'DB_PASSWORD', 'VALUE': '<redacted:password>'}]",
            ),
            (
                r#"<Variable Name="API_KEY" Value="x"/>"#,
                r#"<Variable Name="API_KEY" Value="<redacted:api_key>"/>"#,
            ),
            (
                "EnvVar(name='API_KEY', value='x')",
                "EnvVar(name='API_KEY', value='<redacted:api_key>')",
            ),
            (
                r#"<env name="API_KEY" value="x"/>"#,
                r#"<env name="API_KEY" value="<redacted:api_key>"/>"#,
            ),
        ] {
            assert_eq!(redact(text), want, "{text}");
        }
    }

    #[test]
    fn names_of_keys_however_they_are_spelt() {
        for (text, want) in [
            (
                "w.py --service-role-key x -v",
                "w.py --service-role-key <redacted:service_role_key> -v",
            ),
            (r#"{"Secret-Key": "x"}"#, r#"{"Secret-Key": "<redacted:secret_key>"}"#),
            ("aws.secret.access.key=x y", "aws.secret.access.key=<redacted:access_key> y"),
            ("private key: Zk29LmXw4RtY8uPs", "private key: <redacted:private_key>"),
            ("Supabase key: Zk29LmXw4RtY8uPs", "Supabase key: <redacted:api_key>"),
            ("REIGH_PAT=Zk29LmXw4RtY8uPs x", "REIGH_PAT=<redacted:token> x"),
            ("WAVESPEED_KEY=x1 y", "WAVESPEED_KEY=<redacted:api_key> y"),
            (
                "os.environ['RUNPOD_API_KEY'] = 'x'",
                "os.environ['RUNPOD_API_KEY'] = '<redacted:api_key>'",
            ),
            (
                "DETAIL:  Key (api_key)=(Zk29LmXw) already exists.",
                "DETAIL:  Key (api_key)=(<redacted:api_key>) already exists.",
            ),
        ] {
            assert_eq!(redact(text), want, "{text}");
        }
    }

    #[test]
    fn neighbours_that_are_no_values() {
        for text in [
            "['--token', '--verbose', 'x']",
            "['--tokenizer', 'x', '--max-tokens', '512']",
            r#"{"cmd": ["--token", "--verbose", "x", "--tokens", "the"], "n": "x"}"#,
            r#"{"cmd": ["--token", 5, "x"]}"#,
            "KeyError: 'token' values='x'",
            "KeyError: 'token', Values='x', 'Valued': 'x'",
            "('a', 'token', 'x')",
            "if headers['token'] == 'x': pass",
            "key = config['api_key'] = load()",
            "cannot open private key: No such file, /etc/ssl/secret.key: permission denied",
        ] {
            assert_eq!(redact(text), text);
        }
    }
}
