//! Every kind of secret in every dress, and near misses.

use std::sync::LazyLock;

use super::Redactor;
use super::policy::Policy;
use crate::model::token;

pub(super) const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2lnbmF0dXJl";
pub(super) const PEM: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ\n\
                   QyNTUxOQAAACBLaw==\n-----END OPENSSH PRIVATE KEY-----";

pub(super) fn redactor() -> &'static Redactor {
    static MADE: LazyLock<Redactor> = LazyLock::new(|| Redactor::new(Policy::Standard, &[7; 32]));
    &MADE
}

pub(super) fn redact(text: &str) -> String {
    let redactor = redactor();
    let once = redactor.text(text).into_owned();
    assert_eq!(redactor.text(&once), once, "redacting twice changes nothing");
    once
}

/// The same with tokens of personal data as their kinds: `~user~`.
pub(super) fn kinds(text: &str) -> String {
    let text = redact(text);
    let mut out = String::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        match token::end(&text, at) {
            Some(end) => {
                out.push_str(rest.split('-').next().unwrap_or_default());
                out.push('~');
                at = end;
            }
            None => {
                let char = rest.chars().next().unwrap_or_default();
                out.push(char);
                at += char.len_utf8();
            }
        }
    }
    out
}

/// Tokens that are known by their own shape, with their kinds.
fn tokens() -> Vec<(&'static str, String)> {
    vec![
        ("jwt", JWT.to_string()),
        ("supabase_key", "sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz".to_string()),
        ("supabase_key", format!("sbp_{}", "0a1b2c3d".repeat(5))),
        ("runpod_key", "rpa_ABCDEFGH1234567890IJKLMNOP".to_string()),
        ("api_key", "sk-proj-abcDEF1234567890_abcDEF".to_string()),
        ("github_token", format!("ghp_{}", "aB3d".repeat(9))),
        ("github_token", "github_pat_11ABCDEFG0abcdefghijkl_mnopqrstu".to_string()),
        ("huggingface_token", "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH".to_string()),
        ("aws_key", "AKIAIOSFODNN7EXAMPLE".to_string()),
        ("api_key", format!("r8_{}", "aB3d".repeat(9))),
        ("api_key", format!("rk_live_{}", "aB3d".repeat(6))),
        ("api_key", "r8_aB3daB3daB3d".to_string()),
        ("api_key", "npm_aB3daB3daB3daB3d".to_string()),
        ("api_key", "glpat-aB3daB3daB3d".to_string()),
        ("api_key", "AIzaSyB3daB3daB3daB3d".to_string()),
        ("private_key", "AGE-SECRET-KEY-1QYQSZQGPQY3X5".to_string()),
        ("slack_token", "xapp-1-A0123-456-abcdef0123".to_string()),
        ("api_key", "glrt-t1_aB3daB3daB3daB3d".to_string()),
        ("api_key", format!("doo_v1_{}", "0a1b2c3d".repeat(8))),
    ]
}

#[test]
fn tokens_are_masked_wherever_they_stand() {
    for (kind, token) in tokens() {
        let want = format!("<redacted:{kind}>");
        for around in [
            "X",
            "using X now",
            "key: (X)",
            "{'a': 'X', 'b': 1}",
            r#"{"a": "X"}"#,
            r#"{"a": "{\"b\": [\"line\nX\"]}"}"#,
            r"escaped\nX\nin a repr",
            "https://example.com/?x=X&y=1",
            "…X…",
            "\u{1b}[31mX\u{1b}[0m",
            r"\u001b[1;31mX\u001b[0m",
            r"\x1b[32mX",
            "[31mX",
            r"\033[0mX",
            "a%3DX",
            r"\u0022X\u0022",
            r"\0X",
            r"\bX",
            "token_X",
        ] {
            let text = around.replace('X', &token);
            let got = redact(&text);
            assert_eq!(got, around.replace('X', &want), "{kind} in {around}");
        }
    }
}

#[test]
fn values_of_secret_keys_are_masked() {
    for (text, want) in [
        (r#"{"password": "runpod"}"#, r#"{"password": "<redacted:password>"}"#),
        (
            r#"{"a": {"DB_PASSWD":"x"}, "n": 1}"#,
            r#"{"a": {"DB_PASSWD":"<redacted:password>"}, "n": 1}"#,
        ),
        (
            r#"{"apiKey": ["a", "b"]}"#,
            r#"{"apiKey": ["<redacted:api_key>", "<redacted:api_key>"]}"#,
        ),
        (
            r#"{"m": "{\"client_secret\": \"a\\\"b\", \"c\": 1}"}"#,
            r#"{"m": "{\"client_secret\": \"<redacted:secret>\", \"c\": 1}"}"#,
        ),
        ("{'password': 'runpod', 'port': 22}", "{'password': '<redacted:password>', 'port': 22}"),
        (r#"x={'token': "it's"} y"#, r#"x={'token': "<redacted:token>"} y"#),
        (
            r#"got {"token": "a\"b", "c": "d"} cut"#,
            r#"got {"token": "<redacted:token>", "c": "d"} cut"#,
        ),
        (r#"got {\"token\": \"a\\\"b\", \"c\""#, r#"got {\"token\": \"<redacted:token>\", \"c\""#),
        (r#"cut {"api_key": "abc"#, r#"cut {"api_key": "<redacted:api_key>"#),
        ("{'private_key': b'abc'}", "{'private_key': b'<redacted:private_key>'}"),
        (
            "SUPABASE_SERVICE_ROLE_KEY=abc DB=1",
            "SUPABASE_SERVICE_ROLE_KEY=<redacted:service_role_key> DB=1",
        ),
        (
            "export AWS_SECRET_ACCESS_KEY='a b'",
            "export AWS_SECRET_ACCESS_KEY='<redacted:access_key>'",
        ),
        ("PGPASSWORD=p,w&x;y psql", "PGPASSWORD=<redacted:password> psql"),
        ("Password from RunPod: pw1", "Password from RunPod: <redacted:password>"),
        ("password: hunter2.", "password: <redacted:password>."),
        ("login --password hunter2 -v", "login --password <redacted:password> -v"),
        ("RUNPOD_API_KEY: abc123def456", "RUNPOD_API_KEY: <redacted:api_key>"),
        (
            "RUNPOD_API_KEY_2=x password1: y",
            "RUNPOD_API_KEY_2=<redacted:api_key> password1: <redacted:password>",
        ),
        (
            "SUPABASE_SERVICE_ROLE_KEY_PROD=x1 RUNPOD_API_KEY_V2=x2 RUNPOD_API_KEY_DEV=x3",
            "SUPABASE_SERVICE_ROLE_KEY_PROD=<redacted:service_role_key> RUNPOD_API_KEY_V2=<redacted:api_key> RUNPOD_API_KEY_DEV=<redacted:api_key>",
        ),
        (
            "DB_PASSWORD_PROD: hunter HF_TOKEN_READ=ab12cd34 HF_TOKEN_WRITE: ab12cd34",
            "DB_PASSWORD_PROD: <redacted:password> HF_TOKEN_READ=<redacted:token> HF_TOKEN_WRITE: <redacted:token>",
        ),
        (
            r#"{"passwordProd": "x", "apiKeyV2": "y", "PASSWORD_TEST": "ab12cd34"}"#,
            r#"{"passwordProd": "<redacted:password>", "apiKeyV2": "<redacted:api_key>", "PASSWORD_TEST": "<redacted:password>"}"#,
        ),
        ("{'X-Amz-Signature': 'x1'}", "{'X-Amz-Signature': '<redacted:signature>'}"),
        (r#"{"x-amz-signature": "x1"}"#, r#"{"x-amz-signature": "<redacted:signature>"}"#),
        ("sent X-Amz-Signature=x1 y", "sent X-Amz-Signature=<redacted:signature> y"),
        (r#"{"pwd1": "x"}"#, r#"{"pwd1": "<redacted:password>"}"#),
        (
            "token2=ab12cd34 API_KEYS=ab12cd34",
            "token2=<redacted:token> API_KEYS=<redacted:api_key>",
        ),
    ] {
        assert_eq!(redact(text), want, "{text}");
    }
}

#[test]
fn however_key_and_value_are_joined() {
    for (text, want) in [
        (
            "\u{1b}[36mpassword\u{1b}[0m=\u{1b}[35mpw1\u{1b}[0m",
            "\u{1b}[36mpassword\u{1b}[0m=\u{1b}[35m<redacted:password>\u{1b}[0m",
        ),
        (
            "\u{1b}[36msshpass\u{1b}[0m=\u{1b}[33mx\u{1b}[0m",
            "\u{1b}[36msshpass\u{1b}[0m=\u{1b}[33m<redacted:password>\u{1b}[0m",
        ),
        (r"'\\x1b[1mdb_pass\\x1b[0m=x'", r"'\\x1b[1mdb_pass\\x1b[0m=<redacted:password>'"),
        (r"\x1b[1;32mpass\x1b[0m=x", r"\x1b[1;32mpass\x1b[0m=<redacted:password>"),
        ("API key:\u{1b}[0m abc123def456", "API key:\u{1b}[0m <redacted:api_key>"),
        ("password := hunter2hunter2", "password := <redacted:password>"),
        ("password=abc>hunter2|x", "password=<redacted:password>"),
        ("a|password=abc|b=1", "a|password=<redacted:password>|b=1"),
        ("<p>password=abc</p>", "<p>password=<redacted:password></p>"),
        ("secret => hunter2hunter2", "secret => <redacted:secret>"),
        ("password -> hunter2hunter2", "password -> <redacted:password>"),
        (r#"password == "hunter2""#, r#"password == "<redacted:password>""#),
        ("password=`hunter2`", "password=`<redacted:password>`"),
        ("password：hunter2", "password：<redacted:password>"),
        (
            "RUNPOD_API_KEY                 = x1",
            "RUNPOD_API_KEY                 = <redacted:api_key>",
        ),
        (
            "password                                                            :  hunter2",
            "password                                                            :  <redacted:password>",
        ),
        ("Server=x;Uid=y;Pwd=hunter2;", "Server=x;Uid=y;Pwd=<redacted:password>;"),
        ("FAL_KEY=0aa1:b2b", "FAL_KEY=<redacted:api_key>"),
        ("Cookie: session=aaaaaaaaaaaa1; other=bbbbb\nnext", "Cookie: <redacted:cookie>\nnext"),
        ("[('apikey', 'x1')]", "[('apikey', '<redacted:api_key>')]"),
        (
            "[(b'apikey', b'x1'), (b'a', b'c')]",
            "[(b'apikey', b'<redacted:api_key>'), (b'a', b'c')]",
        ),
        ("{'key': 'MY_TOKEN', 'value': 'x1'}", "{'key': 'MY_TOKEN', 'value': '<redacted:token>'}"),
        (
            r#"{"env":[{"key":"RUNPOD_API_KEY","value":"x1"},{"key":"A","value":"b"}]}"#,
            r#"{"env":[{"key":"RUNPOD_API_KEY","value":"<redacted:api_key>"},{"key":"A","value":"b"}]}"#,
        ),
        (
            r#"{"value":"x1","name":"Authorization"}"#,
            r#"{"value":"<redacted:authorization>","name":"Authorization"}"#,
        ),
        (
            r#"[["cookie","x1"],["accept","*"],["token","a","b"]]"#,
            r#"[["cookie","<redacted:cookie>"],["accept","*"],["token","a","b"]]"#,
        ),
    ] {
        assert_eq!(redact(text), want, "{text}");
    }
}

#[test]
fn short_names_of_secrets_are_words_of_their_own() {
    for (text, want) in [
        ("SMTP_PASS=hunter2hunter2 HOME=/", "SMTP_PASS=<redacted:password> HOME=/"),
        ("export DB_PASS='letmein'; x", "export DB_PASS='<redacted:password>'; x"),
        ("REDIS_PASS: letmein", "REDIS_PASS: <redacted:password>"),
        ("SSH_PASS=letmein PW=letmein", "SSH_PASS=<redacted:password> PW=<redacted:password>"),
        ("pass=letmein", "pass=<redacted:password>"),
        (r"env:\npass: x1y2z3", r"env:\npass: <redacted:password>"),
        ("login --pass letmein", "login --pass <redacted:password>"),
        (
            r#"{"env":{"SMTP_PASS":"letmein","pass":"x1y2z3","pw":"correcthorsebattery"}}"#,
            r#"{"env":{"SMTP_PASS":"<redacted:password>","pass":"<redacted:password>","pw":"<redacted:password>"}}"#,
        ),
        ("{'dbPass': 'a b', 'n': 1}", "{'dbPass': '<redacted:password>', 'n': 1}"),
        (
            r#"{"auths":{"r.io":{"auth":"dTpwYXNzd29yZA=="}}}"#,
            r#"{"auths":{"r.io":{"auth":"<redacted:authorization>"}}}"#,
        ),
        ("auth: bearer abc1", "auth: bearer <redacted:authorization>"),
        (r#"{"auth": "Basic abC="}"#, r#"{"auth": "<redacted:authorization>"}"#),
        (
            "credentials=x1y2z3a4 jwt: x1y2z3a4",
            "credentials=<redacted:credentials> jwt: <redacted:jwt>",
        ),
        ("bearer: x1y2z3a4", "bearer: <redacted:bearer>"),
        (
            "RUNPOD_KEY=a OPENAI_KEY=b",
            "RUNPOD_KEY=<redacted:api_key> OPENAI_KEY=<redacted:api_key>",
        ),
        (r#"{"serviceKey": "a"}"#, r#"{"serviceKey": "<redacted:service_role_key>"}"#),
        ("SECRET_KEY_BASE=a", "SECRET_KEY_BASE=<redacted:secret_key>"),
        (r#"{"password_hash": "$2b$x"}"#, r#"{"password_hash": "<redacted:password>"}"#),
    ] {
        assert_eq!(redact(text), want, "{text}");
    }
}

#[test]
fn long_words_after_a_colon_are_secrets() {
    for (text, want) in [
        ("Token: XPUKFKsMqRlujwgzwHVK", "Token: <redacted:token>"),
        ("secret: correcthorsebattery", "secret: <redacted:secret>"),
        ("api key -> aBcDeFgHiJ", "api key -> <redacted:api_key>"),
    ] {
        assert_eq!(redact(text), want, "{text}");
    }
}

#[test]
fn values_in_tags_and_behind_escapes() {
    for (text, want) in [
        ("<password>x 1</password>", "<password><redacted:password></password>"),
        (r#"{"a": "<token>x</token>"}"#, r#"{"a": "<token><redacted:token></token>"}"#),
        ("password%3Dx1%26x%3D1 y", "password%3D<redacted:password>%26x%3D1 y"),
        ("%22token%22%3A%20%22a%2C1%22%7D", "%22token%22%3A%20%22<redacted:token>%22%7D"),
        ("a%26pass%3Dhunter", "a%26pass%3D<redacted:password>"),
    ] {
        assert_eq!(redact(text), want, "{text}");
    }
}

#[test]
fn a_mail_address_ends_where_no_letter_goes_on() {
    for around in ["“X”", "«X»", "（X）", "—X—", "…X…", "\u{a0}X\u{a0}", "\u{200b}X\u{200b}"]
    {
        for mail in [
            "anna@mail.example.org",
            "anna%40mail.example.org",
            r"anna\u0040mail.example.org",
            r"anna\\u0040mail.example.org",
        ] {
            let got = kinds(&around.replace('X', mail));
            assert_eq!(got, around.replace('X', "~email~"), "{mail}");
        }
    }
}

#[test]
fn headers_and_urls_keep_what_is_no_secret() {
    for (text, want) in [
        ("Authorization: Bearer abc.def/ghi=", "Authorization: Bearer <redacted:authorization>"),
        ("sent Bearer 0123456789abcdef", "sent Bearer <redacted:bearer>"),
        (
            r#"{"headers": {"Authorization": "Bearer abc"}}"#,
            r#"{"headers": {"Authorization": "<redacted:authorization>"}}"#,
        ),
        ("-H 'apikey: abcdef'", "-H 'apikey: <redacted:api_key>'"),
        (
            "GET https://h.supabase.co/o/sign/a.mp4?token=abc&t=1 200",
            "GET https://h.supabase.co/~file~/sign/~file~.mp4?token=<redacted:token>&t=1 200",
        ),
        (
            "https://b.s3.amazonaws.com/k?X-Amz-Credential=a%2Fb&X-Amz-Signature=ff00&x=y",
            "https://b.s3.amazonaws.com/~file~?X-Amz-Credential=<redacted:signature>&X-Amz-Signature=<redacted:signature>&x=~text~",
        ),
        (
            "https://a.blob.core.windows.net/c/b?sv=1&sig=a%2B",
            "https://a.blob.core.windows.net/~file~/~file~?sv=1&sig=<redacted:signature>",
        ),
        (
            "postgres://user:p@ss@db.example.com:5432/postgres?sslmode=require",
            "postgres://user:<redacted:password>@db.example.com:5432/postgres?sslmode=require",
        ),
        ("amqp://u:a/b@mq/v", "amqp://u:<redacted:password>@mq/v"),
        ("redis://:pw@cache/0", "redis://:<redacted:password>@cache/0"),
        (r#"{"u": "postgres:\/\/u:pw@h\/d"}"#, r#"{"u": "postgres://u:<redacted:password>@h/d"}"#),
    ] {
        assert_eq!(kinds(text), want, "{text}");
    }
}

#[test]
fn private_keys_are_masked_whole_or_cut() {
    let escaped = PEM.replace('\n', "\\n");
    let one_line = PEM.replace('\n', " ");
    for key in [PEM, &escaped, &one_line] {
        assert_eq!(redact(&format!("key {key} end")), "key <redacted:private_key> end");
        let text = serde_json::json!({ "a": key, "b": 1 }).to_string();
        assert_eq!(redact(&text), r#"{"a":"<redacted:private_key>","b":1}"#);
        // Cut anywhere after its label, at either side.
        for cut in 40..key.len() {
            let got = redact(&format!("starts with: {}... (INFO)", &key[..cut]));
            assert!(got.starts_with("starts with: <redacted:private_key>"), "{got}");
            assert!(!got.contains("b3Blbn") && got.ends_with("... (INFO)"), "{got}");
        }
        let tail = redact(&format!("… {}", &key[60..]));
        assert!(!tail.contains("QyNTUx") || key == one_line, "{tail}");
    }
}

#[test]
fn near_misses_are_left_alone() {
    let redactor = redactor();
    for text in [
        "",
        "gpu-20251103_140000-da36e0d6 claimed task 579d9b8f-03f2-43c1-8af9-62d0c953e61d",
        "pod j214u4jk844syn of worker gpu-20251103_140000-da36e0d6",
        "  • Task-based scaling (queued + active): 3 workers",
        "task-0123456789abcdef0123 and disk-0123456789abcdef0123",
        "Key preview: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKx root@host",
        r#"{"ssh_password": null, "max_tokens": 512, "has_token": true, "token": 7, "secret": ""}"#,
        "{'ssh_password': None, 'token': False, 'access_key': 5}",
        "  - RUNPOD_SSH_PRIVATE_KEY: ✅ SET",
        "  - RUNPOD_SSH_PRIVATE_KEY: ❌ MISSING",
        "WAVESPEED_API_KEY not found in environment",
        "Missing SUPABASE_URL or token; cannot claim tasks. Auth: True",
        "[TASK_COUNT] Missing authentication token",
        "Invalid token: expired",
        "⚠️  FALLING BACK to PASSWORD authentication",
        "password authentication failed for user \"postgres\"",
        "Private key length: 411 chars",
        "✅ Using PRIVATE KEY from environment variable",
        "from huggingface_hub import hf_hub_download",
        "https://x.supabase.co/rest/v1/tasks?width=3&status=eq.Queued",
        "http://localhost:8080/scope/pkg",
        "eyJhbGci...",
        "bearer authentication is required",
        "config=abc&design=def",
        "PWD=/workspace/app and pwd: ~/x",
        "if token -> done; secret => none; password == other",
        r#"{"tags": ["password", "cookie", "x"], "name": "a", "value": "b"}"#,
        "get('key', 'value')",
        "if password == other: pass",
        "idempotency_key=abc123abc123",
        r#"{"idempotency_key": "abc123abc123", "token_type": "bearer"}"#,
        "first pass: done, pass 2 of 3, pass: 12 and bypass: abc123abc123",
        "   • Failure rate check: ✅ PASS",
        "compass=abc123abc123 two_pass=enabled passed=abc123abc123 ffmpeg --pass 1",
        r#"{"pass": "second", "passes": "abc123abc123", "render_pass": "high_noise", "auth": "required"}"#,
        "credentials: missing, auth: True, jwt: expired; credentials=/app/.aws/credentials",
        "auth: basic authentication failed, auth: bearer tokens, credentials: token expired",
        r#"{"auth": "Basic authentication", "credentials": "same-origin"}"#,
        "session_id=abc123abc123 route_key=abc123abc123 ssh_key=abc123abc123",
        "token: AuthenticationError, secret: PermissionDenied, token == confirmPassword",
        "Bearer <token> is what abc123abc123 needs, max_tokens%3D512",
        "tokens: 1,024, max_tokens=512 --max-tokens 512",
        "secrets: none, api_keys=3, secrets: SUPABASE_SERVICE_ROLE_KEY, token2: expired",
        "---- begin of run ----, -----BEGIN PUBLIC KEY-----, 2passes, dbpass2 of 3",
        "glrt-runner-3 and doo_v1_x",
        "r8_quantization npm_lifecyclescripts glpat-something-else AGE-SECRET-KEY-1 AIza...",
        "X-Amz-SignatureVersion=4, x-amz-signature: expired",
        "password_test: failed, api_key_test: PASS, token_new: expired, secret_read: 12, tokens_read=512",
        r#"{"password_test": "failed", "tokenRead": 5, "token_write": "enabled"}"#,
    ] {
        let got = redactor.text(text);
        assert!(matches!(got, std::borrow::Cow::Borrowed(_)), "{text} became {got}");
    }
}
