//! Reasons without their numbers: what differs in an age or an id alone is one reason.

/// Hexadecimal digits in the first group of a uuid.
const GROUP: usize = 8;

/// `Stale heartbeat with active tasks (606s old)` as `Stale heartbeat with active tasks (Ns old)`.
pub(in crate::answers) fn masked(reason: &str) -> String {
    let mut made = String::new();
    let mut word = String::new();
    for c in reason.chars().chain(std::iter::once(' ')) {
        if c.is_ascii_alphanumeric() || c == '-' {
            word.push(c);
            continue;
        }
        made.push_str(&masked_word(&word));
        word.clear();
        made.push(c);
    }
    made.trim_end().to_string()
}

fn masked_word(word: &str) -> String {
    let is_id = word.contains('-')
        && word
            .split('-')
            .any(|group| group.len() >= GROUP && group.chars().all(|c| c.is_ascii_hexdigit()))
        && word.chars().any(|c| c.is_ascii_digit());
    if is_id {
        return "...".to_string();
    }
    let digits = word.chars().take_while(char::is_ascii_digit).count();
    if digits == 0 { word.to_string() } else { format!("N{}", &word[digits..]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_ids_are_masked_and_words_stay() {
        for (reason, told) in [
            (
                "Stale heartbeat with active tasks (606s old)",
                "Stale heartbeat with active tasks (Ns old)",
            ),
            (
                "Stuck task 44a4e60a-7aca-4f8f-b4ca-afa551a8e793 (timeout: 1200s)",
                "Stuck task ... (timeout: Ns)",
            ),
            ("Failed basic health check", "Failed basic health check"),
            (
                "FAILSAFE: Stale heartbeat with status active",
                "FAILSAFE: Stale heartbeat with status active",
            ),
            ("", ""),
        ] {
            assert_eq!(masked(reason), told);
        }
    }
}
