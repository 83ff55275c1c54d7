//! A JSON file that carries the checksum of itself, so that a change of any byte of it shows.
//!
//! The checksum is the last field, and covers every byte before it. Builds that do not know it read
//! past it; files that older builds wrote have none.

use serde::Serialize;

const BEFORE: &[u8] = b",\n  \"checksum\": \"";
const AFTER: &[u8] = b"\"\n}\n";
const FIELD: &str = "checksum";
const HEX_LEN: usize = 64;

/// What a checksum says of its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seal {
    /// The bytes are those that were written.
    Whole,
    /// They are not.
    Broken,
    /// An older build wrote the file, without a checksum.
    Absent,
}

/// The bytes of a sealed file. The value must be an object with at least one field.
pub fn seal<T: Serialize>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    let Some(body) = bytes.len().checked_sub(2).filter(|at| bytes.ends_with(b"\n}") && *at > 1)
    else {
        return Err(serde::ser::Error::custom("only an object with fields can be sealed"));
    };
    bytes.truncate(body);
    let sum = blake3::hash(&bytes).to_hex();
    bytes.extend_from_slice(BEFORE);
    bytes.extend_from_slice(sum.as_bytes());
    bytes.extend_from_slice(AFTER);
    Ok(bytes)
}

/// Compares a file with its own checksum. `fields` are all that builds without checksums wrote: a
/// file with any other one was made by a build that seals, so that a change in the checksum's own
/// name cannot pass for age.
pub fn check(bytes: &[u8], json: &serde_json::Value, fields: &[&str]) -> Seal {
    match split(bytes) {
        Some((body, sum)) if blake3::hash(body).to_hex().as_bytes() == sum => Seal::Whole,
        Some(_) => Seal::Broken,
        None => {
            let old = |object: &serde_json::Map<String, serde_json::Value>| {
                !object.contains_key(FIELD)
                    && object.keys().all(|name| fields.contains(&name.as_str()))
            };
            if json.as_object().is_some_and(old) { Seal::Absent } else { Seal::Broken }
        }
    }
}

/// What is covered, and the checksum.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = bytes.strip_suffix(AFTER)?;
    let (rest, sum) = rest.split_at_checked(rest.len().checked_sub(HEX_LEN)?)?;
    Some((rest.strip_suffix(BEFORE)?, sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: [&str; 2] = ["a", "b"];

    fn checked(bytes: &[u8]) -> Option<Seal> {
        let json = serde_json::from_slice(bytes).ok()?;
        Some(check(bytes, &json, &FIELDS))
    }

    #[test]
    fn a_change_of_any_bit_shows() {
        let bytes = seal(&serde_json::json!({ "a": [1, "x"], "b": null })).expect("an object");
        assert_eq!(checked(&bytes), Some(Seal::Whole));
        let mut tried = 0;
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                let seen = checked(&flipped);
                assert!(
                    matches!(seen, None | Some(Seal::Broken)),
                    "byte {at}, bit {bit}: {seen:?}"
                );
                tried += 1;
            }
        }
        assert!(tried > 800, "{tried}");
    }

    #[test]
    fn an_older_file_is_told_from_one_that_lost_its_checksum() {
        assert_eq!(checked(b"{\"a\": 1}"), Some(Seal::Absent));
        assert_eq!(checked(b"{\"a\": 1, \"c\": 2}"), Some(Seal::Broken));
        assert_eq!(checked(b"{\"checksum\": \"ab\", \"a\": 1}"), Some(Seal::Broken));
        assert_eq!(checked(b"[]"), Some(Seal::Broken));
        assert!(seal(&serde_json::json!({})).is_err());
        assert!(seal(&7).is_err());
    }
}
