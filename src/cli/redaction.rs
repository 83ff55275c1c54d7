//! `--redact POLICY`.

use crate::cli::ui::Ui;
use crate::redact::policy::Policy;

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
