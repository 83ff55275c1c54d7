//! How much a snapshot may hold.

/// What is hidden before a byte is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// Secrets, and personal data as tokens.
    #[default]
    Standard,
    /// That, and of every document only what the allow-list names.
    Strict,
    /// Nothing.
    None,
}

impl Policy {
    /// Every policy.
    pub const ALL: [Self; 3] = [Self::Standard, Self::Strict, Self::None];

    /// The name in manifests and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Strict => "strict",
            Self::None => "none",
        }
    }
}
