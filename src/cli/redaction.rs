//! `--redact POLICY` and `--redact-key-file FILE`.

use std::borrow::Cow;
use std::path::Path;

use crate::cli::fault::{Fault, FaultKind};
use crate::cli::ui::Ui;
use crate::export::key::RowKey;
use crate::redact::policy::Policy;
use crate::redact::without_passwords;
use crate::snapshot::manifest::MANIFEST;

/// What to do when a snapshot was made under another policy.
pub(super) const OTHER_POLICY: &str = "one snapshot has one policy (`secrets` is that of an older \
                                       version): use a new --snapshot, or name its policy with --redact";

/// What is hidden before a byte is written.
#[derive(clap::ValueEnum, Clone, Copy, Debug, Default)]
pub(super) enum Redact {
    /// Secrets are masked, personal data becomes tokens
    #[default]
    Standard,
    /// Also, of parameters and metadata only an allow-list of keys is kept
    Strict,
    /// Nothing is hidden: passwords, keys, prompts and addresses stand in the snapshot
    None,
}

impl Redact {
    /// The policy of this name.
    pub(super) fn policy(self) -> Policy {
        match self {
            Self::Standard => Policy::Standard,
            Self::Strict => Policy::Strict,
            Self::None => Policy::None,
        }
    }

    /// Warns when nothing is hidden.
    pub(super) fn warn(self, ui: &mut Ui) {
        match self {
            Self::Standard | Self::Strict => {}
            Self::None => {
                ui.note("warning: nothing is redacted: secrets and personal data stay readable");
            }
        }
    }
}

/// The key for what comes into a snapshot. It is made on first use, but not for a snapshot that has been begun: that
/// was made with one, and a new one would only stand in the place of a name that was mistyped.
pub(super) fn key(ui: &mut Ui, file: Option<&Path>, snapshot: &Path) -> Result<RowKey, Fault> {
    let is_of_a_database = |path: &Path| {
        let text = path.to_string_lossy();
        text.contains("://") || matches!(without_passwords(&text), Cow::Owned(_))
    };
    if is_of_a_database(snapshot) || file.is_some_and(is_of_a_database) {
        return Err(Fault::new(
            FaultKind::Usage,
            "--snapshot and --redact-key-file are paths, and neither URLs nor connection texts",
        )
        .hint("the database is named by --db, better by the variable BACKSTORY_DB"));
    }
    if file.is_some_and(|file| is_inside(file, snapshot)) {
        return Err(Fault::new(FaultKind::Usage, "the redaction key would lie in the snapshot").hint(
            "who gets the snapshot would get it, too: name a file outside, or move the one that is there",
        ));
    }
    let begun = snapshot.join(MANIFEST).exists();
    let key = if begun {
        RowKey::load(file).map_err(|err| {
            Fault::new(FaultKind::Usage, err).hint(
                "the snapshot was made with a key: name its file with --redact-key-file, or choose a new --snapshot",
            )
        })?
    } else {
        RowKey::load_or_create(file)?
    };
    if key.readable_by_others() {
        let path = key.path().display();
        ui.note(&format!("warning: others can read the redaction key; chmod 600 {path}"));
    }
    Ok(key)
}

/// Whether a file lies in a folder, or would: links are followed as far as they lead.
fn is_inside(file: &Path, folder: &Path) -> bool {
    let real = |path: &Path| {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        let there = path.ancestors().find_map(|part| Some((part, part.canonicalize().ok()?)));
        there.map_or_else(
            || path.clone(),
            |(part, real)| path.strip_prefix(part).map_or(real.clone(), |rest| real.join(rest)),
        )
    };
    real(file).starts_with(real(folder))
}
