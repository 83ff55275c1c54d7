//! What must hold for any text, hostile ones too.

use proptest::prelude::*;

use crate::redact::tests::{JWT, PEM, redact, redactor};

#[test]
fn hostile_repetition_stays_linear() {
    let redactor = redactor();
    for part in [
        "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----",
        "eyJ.",
        "password='",
        "password=",
        "\\\"token\\\":\\\"",
        "://a:",
        "postgres://a:b@",
        "bearer ",
        "&sig=",
        "[{\"password\":",
        "('token', ",
        "\u{1b}[1mtoken\u{1b}[0m",
        "cookie: a=1; ",
        "a@b.",
        "[[\"token\",",
        "<token>",
        "token%3D",
        "pass=",
        "authorization: key a1b2c3 ",
        "authorization: x a=\"",
        "cookie: a=\"",
        "cookie: a='\"",
        "-----BEGIN PRIVATE KEY-----\n  AAAA\n",
        "AAAA\n  -----END PRIVATE KEY-----",
        "---- BEGIN SSH2 PRIVATE KEY ----",
        "password=\"\"\"",
        "token: '''a b",
        "password=f('",
        "'token': {'",
        "token=[[",
        "token: [(\"",
        "\u{1b}[36mssh_pass=",
        "sk-",
        "eyJ",
        "_eyJ1",
        "sbp_",
        "sbp_1_",
        "AKIA",
        "task-",
        "tokens={",
        "tokens=a",
        "auth=/",
        "auth%3D/",
        "bearer/",
        "xsig=",
        "sig%3D",
        "%26sig%3D",
        r"authorization: x\x1b[0m/",
        "private_key=-----BEGIN PRIVATE KEY-----",
        "redis://a:",
        r"a\u0040",
    ] {
        let text = part.repeat((1 << 20) / part.len());
        let began = std::time::Instant::now();
        let _masked = redactor.text(&text).len();
        assert!(began.elapsed().as_secs() < 20, "{part} took {:?}", began.elapsed());
    }
}

/// A JSON value whose strings, and the names of its members, are such texts.
pub(super) fn json_of<S: Strategy<Value = String> + 'static>(
    texts: impl Fn() -> S + 'static,
) -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        texts().prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::vec((texts(), inner.clone()), 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            inner.prop_map(|value| value.to_string().into()),
        ]
    })
}

fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "password",
            "token",
            "secret=",
            "api_key",
            ": ",
            "=",
            "\"",
            "'",
            "\\",
            "\\\"",
            "\n",
            "\\n",
            "?",
            "&",
            "://u:p@h",
            "Bearer ",
            "abc123def456",
            JWT,
            PEM,
            "{",
            "}",
            ",",
            "é",
            "-----BEGIN PRIVATE KEY-----",
            "-----END PRIVATE KEY-----",
            "AKIAIOSFODNN7EXAMPLE",
            "<redacted:token>",
            "authorization",
            "--",
            " from x: ",
            "sig=",
            "null",
            "DB_PASS",
            "auth",
            "%3D",
            "<pass>",
            "</pass>",
            "cookie: a=",
            "; b=",
            "authorization: ",
            "Key ",
            "password={",
            "tokens",
            "_2",
            "'",
            "SecretStr(",
            "(",
            "[",
            "\n  ",
            "\u{1b}[36m",
        ])
        .prop_map(str::to_string),
        "\\PC{0,4}",
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// Everything of a JSON text but what stands inside its strings.
pub(super) fn skeleton(json: &str) -> String {
    let mut out = String::new();
    let mut chars = json.chars();
    let mut inside = false;
    while let Some(char) = chars.next() {
        match char {
            '\\' => drop(chars.next()),
            '"' => inside = !inside,
            _ if inside => {}
            other => out.push(other),
        }
    }
    out
}

proptest! {
    #[test]
    fn json_stays_json(value in json_of(pieces)) {
        let text = value.to_string();
        let got = redact(&text);
        let parsed = serde_json::from_str::<serde_json::Value>(&got);
        prop_assert!(parsed.is_ok(), "{text} became {got}");
        prop_assert_eq!(skeleton(&got), skeleton(&text));
    }

    #[test]
    fn any_text_can_be_redacted_twice(text in pieces()) {
        redact(&text);
    }

    #[test]
    fn text_without_a_hint_is_not_copied(text in "[a-d0-9 _-]{0,40}") {
        prop_assert!(matches!(redactor().text(&text), std::borrow::Cow::Borrowed(_)));
    }
}
