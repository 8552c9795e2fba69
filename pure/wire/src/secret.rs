//! Names of things whose values must not be told.

/// Whether a name, or a text with names in it, speaks of a secret.
pub(crate) fn is_named_by(text: &[u8]) -> bool {
    const WORDS: [&str; 8] = ["pass", "pwd", "secret", "token", "auth", "psk", "key", "credential"];
    let text = String::from_utf8_lossy(text).to_ascii_lowercase();
    WORDS.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        assert!(is_named_by(b"lamp/WiFi-Password"));
        assert!(is_named_by(b"Properties/API Key"));
        assert!(!is_named_by(b"lamp/7/level"));
    }
}
