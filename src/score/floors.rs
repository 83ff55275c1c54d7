//! What a score must at least reach.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::score::Score;

/// Bounds of one figure; both ends belong to what is allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Floor {
    /// The least it may be.
    #[serde(default)]
    pub min: Option<f64>,
    /// The most it may be.
    #[serde(default)]
    pub max: Option<f64>,
    /// Whether it must have a value; a figure of nothing to compare has none.
    #[serde(default)]
    pub required: bool,
}

/// Bounds by the path of a figure inside [`Score`], such as `task_states.live_agreement`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Floors(pub BTreeMap<String, Floor>);

impl Floors {
    /// What every recorded or made fleet must reach, whatever was done to it: nothing false is said.
    pub fn of_any_fleet() -> Self {
        let least =
            |path: &str, min: f64| (path.to_string(), Floor { min: Some(min), ..Floor::default() });
        let most =
            |path: &str, max: f64| (path.to_string(), Floor { max: Some(max), ..Floor::default() });
        Self(BTreeMap::from([
            most("task_states.not_contiguous", 0.0),
            least("task_states.live_agreement", 0.99),
            most("task_attempts.false_names", 0.0),
            most("worker_ends.false_ends", 0.0),
            least("killed_while_healthy.confirmed_precision", 1.0),
            least("missing_generation.confirmed_precision", 1.0),
        ]))
    }
}

impl Score {
    /// A sentence for each figure that is beyond its bounds, in the order of paths; none when all hold.
    pub fn shortfalls(&self, floors: &Floors) -> Vec<String> {
        // A score holds texts, numbers and lists of them: it always has a JSON form.
        let all = serde_json::to_value(self).unwrap_or_default();
        floors.0.iter().filter_map(|(path, floor)| shortfall(&all, path, *floor)).collect()
    }
}

fn shortfall(all: &Value, path: &str, floor: Floor) -> Option<String> {
    let figure = path.split('.').try_fold(all, |value, part| value.get(part));
    let value = match figure {
        None => return Some(format!("{path}: there is no such figure")),
        Some(Value::Null) if floor.required => {
            return Some(format!("{path}: it has no value, and must have one"));
        }
        Some(Value::Null) => return None,
        Some(value) => value,
    };
    let Some(number) = value.as_f64() else {
        return Some(format!("{path}: it is no number"));
    };
    match (floor.min, floor.max) {
        (Some(min), _) if number < min => Some(format!("{path}: {number}, must be at least {min}")),
        (_, Some(max)) if max < number => Some(format!("{path}: {number}, must be at most {max}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_must_be_there_and_inside_its_bounds() {
        let all = serde_json::json!({"a": {"half": 0.5, "none": null, "ids": ["x"]}});
        let floor = |min, max, required| Floor { min, max, required };
        let said = |path, floor| shortfall(&all, path, floor).unwrap_or_default();
        assert_eq!(said("a.half", floor(Some(0.5), Some(0.5), true)), "");
        assert_eq!(
            said("a.half", floor(Some(0.6), None, false)),
            "a.half: 0.5, must be at least 0.6"
        );
        assert_eq!(
            said("a.half", floor(None, Some(0.4), false)),
            "a.half: 0.5, must be at most 0.4"
        );
        assert_eq!(said("a.none", floor(Some(1.0), None, false)), "");
        assert!(said("a.none", floor(Some(1.0), None, true)).contains("must have one"));
        assert!(said("a.nothing", Floor::default()).contains("no such figure"));
        assert!(said("a.ids", Floor::default()).contains("no number"));
    }

    #[test]
    fn floors_are_read_as_they_are_written() {
        let text = r#"{"task_states.live_agreement": {"min": 0.99, "required": true}}"#;
        let floors: Floors = serde_json::from_str(text).expect("floors");
        let floor = floors.0["task_states.live_agreement"];
        assert_eq!((floor.min, floor.max, floor.required), (Some(0.99), None, true));
        assert!(serde_json::from_str::<Floors>(r#"{"x": {"mn": 1}}"#).is_err());
    }
}
