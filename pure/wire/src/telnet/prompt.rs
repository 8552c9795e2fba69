//! What servers ask for and answer, by their words.

/// What a prompt asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prompt {
    Name,
    Password,
}

/// What the last line of a server's text asks for, if it is a prompt.
pub(super) fn prompt(line: &[u8]) -> Option<Prompt> {
    let line = line.trim_ascii_end().strip_suffix(b":")?.trim_ascii_end().to_ascii_lowercase();
    // `Last login: yesterday`, of which only a part has come.
    if line.trim_ascii_start().starts_with(b"last ") {
        return None;
    }
    let ends = |words: &[&[u8]]| words.iter().any(|word| line.ends_with(word));
    if ends(&[b"password", b"passwd", b"passcode", b"kennwort", b"passwort", b"mot de passe"]) {
        Some(Prompt::Password)
    } else if ends(&[b"login", b"username", b"user name", b"user", b"account", b"benutzername", b"benutzer"])
    {
        Some(Prompt::Name)
    } else {
        None
    }
}

/// Whether a line says that a login has failed.
pub(super) fn refuses(line: &[u8]) -> bool {
    const WORDS: [&[u8]; 8] =
        [b"bad ", b"denied", b"fail", b"incorrect", b"invalid", b"not allowed", b"refused", b"wrong"];
    let line = line.to_ascii_lowercase();
    WORDS.iter().any(|word| line.windows(word.len()).any(|window| window == *word))
}
