//! A span in seconds, as exact as it was told.

/// A span of time in seconds that lies between two bounds: a line prints whole seconds or tenths.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Age {
    least: f64,
    most: f64,
}

impl Age {
    /// Known to the microsecond.
    pub fn exact(seconds: f64) -> Self {
        Self { least: seconds, most: seconds }
    }

    /// Rounded to a whole second, as `{:.0f}` prints it (domain/orchestrator.md 9.8).
    pub fn whole(seconds: f64) -> Self {
        Self::within(seconds, 0.5)
    }

    /// Up to a tolerance.
    pub fn within(seconds: f64, tolerance: f64) -> Self {
        Self { least: seconds - tolerance, most: seconds + tolerance }
    }

    /// Whether it is more than a limit; `None` where the rounding hides it.
    pub fn exceeds(self, limit: f64) -> Option<bool> {
        let (surely, surely_not) = (self.least > limit, self.most <= limit);
        (surely || surely_not).then_some(surely)
    }

    /// Whether it is a limit or more; `None` where the rounding hides it.
    pub fn reaches(self, limit: f64) -> Option<bool> {
        let (surely, surely_not) = (self.least >= limit, self.most < limit);
        (surely || surely_not).then_some(surely)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rounded_age_at_its_limit_decides_nothing() {
        assert_eq!(Age::exact(600.26).exceeds(600.0), Some(true));
        assert_eq!(Age::exact(600.0).exceeds(600.0), Some(false));
        assert_eq!(Age::whole(600.0).exceeds(600.0), None);
        assert_eq!(Age::whole(601.0).exceeds(600.0), Some(true));
        assert_eq!(Age::whole(599.0).exceeds(600.0), Some(false));
        assert_eq!(Age::exact(600.0).reaches(600.0), Some(true));
        assert_eq!(Age::within(59.9, 0.05).reaches(60.0), Some(false));
        assert_eq!(Age::within(60.0, 0.05).reaches(60.0), None);
    }
}
