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

    /// Whether it hides whatever a policy of this name hides. `secrets` is that of older versions.
    pub fn hides_all_of(self, name: &str) -> bool {
        let hidden = match self {
            Self::None => &["none"][..],
            Self::Standard => &["none", "secrets", "standard"],
            Self::Strict => &["none", "secrets", "standard", "strict"],
        };
        hidden.contains(&name)
    }

    /// The name in manifests and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Strict => "strict",
            Self::None => "none",
        }
    }
}
