//! The Python reprs that orchestrators log: flat dicts of numbers, and lists of texts.

/// The numeric items of a dict's repr: `{'queued_only': 1, 'is_alive': True}`. Other values are left
/// out; a text that is no dict gives nothing.
pub fn numbers(repr: &str) -> Vec<(&str, f64)> {
    let Some(inside) = repr.strip_prefix('{').and_then(|r| r.strip_suffix('}')) else {
        return Vec::new();
    };
    inside
        .split(", ")
        .filter_map(|item| {
            let (key, value) = item.split_once(": ")?;
            let key = key.trim().trim_matches(['\'', '"']);
            let value = match value.trim() {
                "True" => 1.0,
                "False" => 0.0,
                other => other.parse().ok()?,
            };
            Some((key, value))
        })
        .collect()
}

/// The texts of a list's repr: `['a', 'b']`.
pub fn texts(repr: &str) -> Vec<&str> {
    let Some(inside) = repr.strip_prefix('[').and_then(|r| r.strip_suffix(']')) else {
        return Vec::new();
    };
    inside
        .split(',')
        .map(|item| item.trim().trim_matches(['\'', '"']))
        .filter(|s| !s.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dict_gives_its_numbers() {
        let found = numbers("{'a': 1, 'b': True, 'c': None, 'd': 'x', 'e': -2.5}");
        assert_eq!(found, [("a", 1.0), ("b", 1.0), ("e", -2.5)]);
        assert!(numbers("{'a': 1").is_empty());
    }

    #[test]
    fn a_list_gives_its_texts() {
        assert_eq!(texts("['gpu-1', \"gpu-2\"]"), ["gpu-1", "gpu-2"]);
        assert!(texts("[]").is_empty());
    }
}
