//! The settings of the orchestrators, from their data file.

use serde::Deserialize;

/// The file, compiled in.
const SETTINGS: &str = include_str!("settings.toml");

/// One setting of an orchestrator.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Setting {
    /// Its name in the environment.
    pub name: String,
    /// Value by eras (`E3c-`: from that era on; empty: no era is known), in order.
    pub default: Vec<(String, String)>,
    /// What it is.
    pub means: String,
    /// What it changes; `None` where the notes do not tell.
    pub effect: Option<String>,
    /// Its name among the thresholds of `decisions`, where a decision shows it.
    pub threshold: Option<String>,
    /// Why it has no effect, where it has none.
    pub dead: Option<String>,
}

#[derive(Deserialize)]
struct File {
    setting: Vec<Setting>,
}

/// Every setting, in the order of the file.
///
/// # Errors
/// When the file is wrong, which a test forbids.
pub(super) fn all() -> Result<Vec<Setting>, toml::de::Error> {
    toml::from_str::<File>(SETTINGS).map(|file| file.setting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_told_once() {
        let all = all().expect("a good file");
        let mut names: Vec<&str> = all.iter().map(|setting| setting.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all.len());
        let dead = all.iter().filter(|setting| setting.dead.is_some()).count();
        // domain/orchestrator.md 5.3 lists eight
        assert_eq!(dead, 8);
    }
}
