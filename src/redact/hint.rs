//! The literals that betray a secret, found in one pass whatever their case.

use crate::redact::token::Shape;

/// What to look for where a literal stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hint {
    /// A token that is known by its own shape.
    Token(&'static Shape),
    /// The end of a key's name, whose value is the secret.
    Key(&'static str),
    /// `Bearer xyz`
    Bearer,
    /// `-----BEGIN `
    PemBegin,
    /// `-----END `
    PemEnd,
    /// `://`, perhaps with a password behind it.
    Dsn,
    /// `:\/\/`: the same where slashes are escaped. Only says that JSON has to be decoded.
    EscapedSlashes,
    /// A parameter of a signed URL.
    Parameter,
}

/// Every literal with what it hints at.
pub(super) const HINTS: &[(&str, Hint)] = &[
    ("eyj", Hint::Token(&Shape::JWT)),
    ("sb_secret_", Hint::Token(&Shape::word("sb_secret_", "supabase_key", 8))),
    ("sbp_", Hint::Token(&Shape::word("sbp_", "supabase_key", 16))),
    ("rpa_", Hint::Token(&Shape::alphanumeric("rpa_", "runpod_key", 12))),
    ("sk-", Hint::Token(&Shape::word("sk-", "api_key", 16))),
    ("sk_live_", Hint::Token(&Shape::alphanumeric("sk_live_", "api_key", 12))),
    ("sk_test_", Hint::Token(&Shape::alphanumeric("sk_test_", "api_key", 12))),
    ("whsec_", Hint::Token(&Shape::word("whsec_", "api_key", 12))),
    ("ghp_", Hint::Token(&Shape::alphanumeric("ghp_", "github_token", 16))),
    ("gho_", Hint::Token(&Shape::alphanumeric("gho_", "github_token", 16))),
    ("ghu_", Hint::Token(&Shape::alphanumeric("ghu_", "github_token", 16))),
    ("ghs_", Hint::Token(&Shape::alphanumeric("ghs_", "github_token", 16))),
    ("ghr_", Hint::Token(&Shape::alphanumeric("ghr_", "github_token", 16))),
    ("github_pat_", Hint::Token(&Shape::word("github_pat_", "github_token", 16))),
    ("hf_", Hint::Token(&Shape::alphanumeric("hf_", "huggingface_token", 16))),
    ("akia", Hint::Token(&Shape::aws("AKIA"))),
    ("asia", Hint::Token(&Shape::aws("ASIA"))),
    ("aiza", Hint::Token(&Shape::word("AIza", "api_key", 30))),
    ("xoxb-", Hint::Token(&Shape::word("xoxb-", "slack_token", 12))),
    ("xoxp-", Hint::Token(&Shape::word("xoxp-", "slack_token", 12))),
    ("xoxa-", Hint::Token(&Shape::word("xoxa-", "slack_token", 12))),
    ("xoxr-", Hint::Token(&Shape::word("xoxr-", "slack_token", 12))),
    ("xoxs-", Hint::Token(&Shape::word("xoxs-", "slack_token", 12))),
    ("xapp-", Hint::Token(&Shape::word("xapp-", "slack_token", 12))),
    ("rk_live_", Hint::Token(&Shape::alphanumeric("rk_live_", "api_key", 12))),
    ("rk_test_", Hint::Token(&Shape::alphanumeric("rk_test_", "api_key", 12))),
    ("gocspx-", Hint::Token(&Shape::word("GOCSPX-", "api_key", 16))),
    ("ya29.", Hint::Token(&Shape::word("ya29.", "api_key", 16))),
    ("r8_", Hint::Token(&Shape::alphanumeric("r8_", "api_key", 24))),
    ("glpat-", Hint::Token(&Shape::word("glpat-", "api_key", 16))),
    ("npm_", Hint::Token(&Shape::alphanumeric("npm_", "api_key", 24))),
    ("dop_v1_", Hint::Token(&Shape::alphanumeric("dop_v1_", "api_key", 24))),
    ("-----begin ", Hint::PemBegin),
    ("-----end ", Hint::PemEnd),
    ("bearer", Hint::Bearer),
    ("://", Hint::Dsn),
    (r":\/\/", Hint::EscapedSlashes),
    ("signature=", Hint::Parameter),
    ("credential=", Hint::Parameter),
    ("sig=", Hint::Parameter),
    ("authorization", Hint::Key("authorization")),
    ("password", Hint::Key("password")),
    ("passwd", Hint::Key("password")),
    ("passphrase", Hint::Key("password")),
    ("secret", Hint::Key("secret")),
    ("token", Hint::Key("token")),
    ("api_key", Hint::Key("api_key")),
    ("api-key", Hint::Key("api_key")),
    ("api key", Hint::Key("api_key")),
    ("apikey", Hint::Key("api_key")),
    ("fal_key", Hint::Key("api_key")),
    ("account_key", Hint::Key("access_key")),
    ("accountkey", Hint::Key("access_key")),
    ("encryption_key", Hint::Key("secret_key")),
    ("signing_key", Hint::Key("secret_key")),
    ("secret key", Hint::Key("secret_key")),
    ("access key", Hint::Key("access_key")),
    ("pwd", Hint::Key("password")),
    ("service_role_key", Hint::Key("service_role_key")),
    ("service_key", Hint::Key("service_role_key")),
    ("anon_key", Hint::Key("api_key")),
    ("private_key", Hint::Key("private_key")),
    ("privatekey", Hint::Key("private_key")),
    ("cookie", Hint::Key("cookie")),
    ("secret_key", Hint::Key("secret_key")),
    ("secretkey", Hint::Key("secret_key")),
    ("access_key", Hint::Key("access_key")),
    ("accesskey", Hint::Key("access_key")),
];

/// The kind of secret a key of this name holds, if any.
pub(super) fn key_kind(name: &str) -> Option<&'static str> {
    let name = name.trim().to_ascii_lowercase();
    HINTS.iter().find_map(|(literal, hint)| match hint {
        Hint::Key(kind) if name.ends_with(literal) => Some(*kind),
        Hint::Key(_)
        | Hint::Token(_)
        | Hint::Bearer
        | Hint::PemBegin
        | Hint::PemEnd
        | Hint::Dsn
        | Hint::EscapedSlashes
        | Hint::Parameter => None,
    })
}
