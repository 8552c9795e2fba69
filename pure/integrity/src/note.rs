//! Signed notes (C2SP `signed-note`): a text, and under it lines by which named keys vouch for it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// The signature type of Ed25519 in key ids and encoded keys.
const ED25519: u8 = 1;
/// What begins a signature line: an em dash and a space.
const SIGNATURE_LINE: &str = "\u{2014} ";
/// The most signature lines read of one note, so that a hostile text costs little.
const SIGNATURES_MAX: usize = 100;

/// Why a text is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The name is empty, or holds `+` or white space.
    #[error("the name of a key is not empty and holds neither `+` nor white space")]
    BadName,
    /// The text does not have the form of an encoded key.
    #[error("this is not an Ed25519 key in the form of C2SP signed-note")]
    Malformed,
    /// The key's id does not belong to its name and bytes: one of the three was changed.
    #[error("the key's id does not fit its name and bytes")]
    IdMismatch,
}

/// Why a note is not to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// The text does not have the form of a signed note.
    #[error("this is not a signed note")]
    Malformed,
    /// No line is signed by the key.
    #[error("the note is not signed by the key")]
    NotSigned,
    /// A line claims to be signed by the key, and is not.
    #[error("the signature does not fit the text")]
    BadSignature,
}

fn check_name(name: &str) -> Result<(), KeyError> {
    let bad = name.is_empty() || name.contains(|c: char| c == '+' || c.is_whitespace());
    if bad { Err(KeyError::BadName) } else { Ok(()) }
}

/// The id of a key: the first four bytes of SHA-256 over its name, a line feed, its type and its bytes.
fn key_id(name: &str, public: &VerifyingKey) -> [u8; 4] {
    let hash = Sha256::new()
        .chain_update(name.as_bytes())
        .chain_update([b'\n', ED25519])
        .chain_update(public.as_bytes())
        .finalize();
    let mut id = [0; 4];
    id.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    id
}

/// Reads `NAME+ID+KEY`, and checks that the id is what `public` makes of the key.
fn parse_key<K>(
    text: &str,
    make: impl FnOnce([u8; 32]) -> Option<K>,
    public: impl FnOnce(&K) -> VerifyingKey,
) -> Result<(String, [u8; 4], K), KeyError> {
    let mut parts = text.splitn(3, '+');
    let mut part = || parts.next().ok_or(KeyError::Malformed);
    let (name, id, key) = (part()?, part()?, part()?);
    check_name(name)?;
    let id =
        (id.len() == 8).then(|| u32::from_str_radix(id, 16).ok()).flatten().ok_or(KeyError::Malformed)?;
    let bytes = STANDARD.decode(key).map_err(|_| KeyError::Malformed)?;
    let Some((&ED25519, bytes)) = bytes.split_first() else { return Err(KeyError::Malformed) };
    let bytes = bytes.try_into().map_err(|_| KeyError::Malformed)?;
    let key = make(bytes).ok_or(KeyError::Malformed)?;
    let expected = key_id(name, &public(&key));
    if expected != id.to_be_bytes() {
        return Err(KeyError::IdMismatch);
    }
    Ok((name.to_owned(), expected, key))
}

fn encode_key(name: &str, id: [u8; 4], bytes: &[u8; 32]) -> String {
    let mut typed = vec![ED25519];
    typed.extend_from_slice(bytes);
    format!("{name}+{:08x}+{}", u32::from_be_bytes(id), STANDARD.encode(typed))
}

/// A key that signs, with its name. `Debug` hides the key.
#[derive(Clone)]
pub struct Signer {
    name: String,
    id: [u8; 4],
    key: SigningKey,
}

/// What begins an encoded private key.
const PRIVATE: &str = "PRIVATE+KEY+";

impl Signer {
    /// A key from 32 bytes of chance.
    ///
    /// # Errors
    /// [`KeyError::BadName`].
    pub fn from_seed(name: &str, seed: [u8; 32]) -> Result<Signer, KeyError> {
        check_name(name)?;
        let key = SigningKey::from_bytes(&seed);
        Ok(Signer { name: name.to_owned(), id: key_id(name, &key.verifying_key()), key })
    }

    /// Reads what [`Signer::to_text`] wrote.
    ///
    /// # Errors
    /// The text is not such a key.
    pub fn from_text(text: &str) -> Result<Signer, KeyError> {
        let rest = text.trim_end().strip_prefix(PRIVATE).ok_or(KeyError::Malformed)?;
        let (name, id, key) =
            parse_key(rest, |seed| Some(SigningKey::from_bytes(&seed)), SigningKey::verifying_key)?;
        Ok(Signer { name, id, key })
    }

    /// The key as one line of text, in the form that Go's `note` package reads. It is a secret.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{PRIVATE}{}", encode_key(&self.name, self.id, &self.key.to_bytes()))
    }

    /// The key that checks what this one signs.
    #[must_use]
    pub fn verifier(&self) -> Verifier {
        Verifier { name: self.name.clone(), id: self.id, key: self.key.verifying_key() }
    }

    /// Signs a text, which must end with a line feed, and returns the note; `None` if it does not.
    #[must_use]
    pub fn sign(&self, text: &str) -> Option<String> {
        if !text.ends_with('\n') {
            return None;
        }
        let mut bytes = self.id.to_vec();
        bytes.extend_from_slice(&self.key.sign(text.as_bytes()).to_bytes());
        Some(format!("{text}\n{SIGNATURE_LINE}{} {}\n", self.name, STANDARD.encode(bytes)))
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({}, …)", self.verifier())
    }
}

/// A key that checks signatures, with its name. Displayed as one line of text in the form that Go's `note` package
/// reads, which is safe to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    id: [u8; 4],
    key: VerifyingKey,
}

impl Verifier {
    /// The name of the key.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode_key(&self.name, self.id, self.key.as_bytes()))
    }
}

impl std::str::FromStr for Verifier {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (name, id, key) =
            parse_key(text.trim_end(), |bytes| VerifyingKey::from_bytes(&bytes).ok(), |key| *key)?;
        Ok(Verifier { name, id, key })
    }
}

/// A text whose signature by one key was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    text: &'a str,
}

impl<'a> Note<'a> {
    /// Reads a note and checks that the key signed it. Lines signed by other keys are passed over.
    ///
    /// # Errors
    /// It is not a note, or the key did not sign it.
    pub fn verify(note: &'a str, key: &Verifier) -> Result<Note<'a>, NoteError> {
        if note.chars().any(|c| c.is_control() && c != '\n') {
            return Err(NoteError::Malformed);
        }
        let (text, signatures) = note.rsplit_once("\n\n").ok_or(NoteError::Malformed)?;
        // The line feed that ends the text belongs to it.
        let text = note.get(..=text.len()).ok_or(NoteError::Malformed)?;
        let signatures = signatures.strip_suffix('\n').ok_or(NoteError::Malformed)?;
        let mut found = Err(NoteError::NotSigned);
        for (count, line) in signatures.split('\n').enumerate() {
            let line = line.strip_prefix(SIGNATURE_LINE).filter(|_| count < SIGNATURES_MAX);
            let (name, encoded) = line.and_then(|l| l.split_once(' ')).ok_or(NoteError::Malformed)?;
            check_name(name).map_err(|_| NoteError::Malformed)?;
            let bytes = STANDARD.decode(encoded).map_err(|_| NoteError::Malformed)?;
            let (id, signature) = bytes.split_at_checked(4).ok_or(NoteError::Malformed)?;
            if name != key.name || id != key.id {
                continue;
            }
            let signature = Signature::from_slice(signature).map_err(|_| NoteError::Malformed)?;
            key.key.verify_strict(text.as_bytes(), &signature).map_err(|_| NoteError::BadSignature)?;
            found = Ok(Note { text });
        }
        found
    }

    /// The text that was signed, with the line feed that ends it.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // The example of Go's golang.org/x/mod/sumdb/note, which is deterministic and so a test vector.
    const PUBLIC: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const PRIVATE_KEY: &str =
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const TEXT: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    const SIGNATURE: &str = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn the_published_example_is_signed_and_verified() {
        let signer = Signer::from_text(PRIVATE_KEY).unwrap();
        assert_eq!(signer.to_text(), PRIVATE_KEY);
        assert_eq!(signer.verifier().to_string(), PUBLIC);
        let note = signer.sign(TEXT).unwrap();
        assert_eq!(note, format!("{TEXT}\n{SIGNATURE}"));
        let key: Verifier = PUBLIC.parse().unwrap();
        assert_eq!(Note::verify(&note, &key).unwrap().text(), TEXT);
        assert!(!format!("{signer:?}").contains("AYEKFALV"));
    }

    #[test]
    fn another_signer_is_passed_over_and_does_not_vouch() {
        let ours = Signer::from_seed("bastide.example", [1; 32]).unwrap();
        let other = Signer::from_seed("witness.example", [2; 32]).unwrap();
        let note = ours.sign("a\n").unwrap();
        let theirs = other.sign("a\n").unwrap();
        let both = format!("{note}{}", theirs.rsplit_once("\n\n").unwrap().1);
        assert!(Note::verify(&both, &ours.verifier()).is_ok());
        assert!(Note::verify(&both, &other.verifier()).is_ok());
        assert_eq!(Note::verify(&note, &other.verifier()), Err(NoteError::NotSigned));
        // The same name with another key is another key.
        let imposter = Signer::from_seed("bastide.example", [3; 32]).unwrap();
        assert_eq!(Note::verify(&note, &imposter.verifier()), Err(NoteError::NotSigned));
    }

    #[test]
    fn keys_that_are_not_keys_are_refused() {
        let changed_name = PUBLIC.replace("Peter", "Petra");
        for (text, why) in [
            ("", KeyError::Malformed),
            ("name+c74f20a3", KeyError::Malformed),
            ("+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::BadName),
            (changed_name.as_str(), KeyError::IdMismatch),
        ] {
            assert_eq!(text.parse::<Verifier>(), Err(why), "{text}");
        }
        assert!(Signer::from_seed("two words", [0; 32]).is_err());
        assert!(Signer::from_seed("a", [0; 32]).unwrap().sign("no line feed").is_none());
    }

    proptest! {
        #[test]
        fn one_flipped_bit_anywhere_is_seen(at in any::<prop::sample::Index>(), bit in 0..8u8) {
            let signer = Signer::from_seed("bastide.example", [9; 32]).unwrap();
            let note = signer.sign("bastide.example\n12\nAAAA\n").unwrap();
            let mut bytes = note.clone().into_bytes();
            let place = at.index(bytes.len());
            bytes[place] ^= 1 << bit;
            if let Ok(text) = std::str::from_utf8(&bytes) {
                prop_assert!(Note::verify(text, &signer.verifier()).is_err(), "{text}");
            }
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,40}\n\n\u{2014} a [A-Za-z0-9+/=]{0,120}\n") {
            let signer = Signer::from_seed("a", [9; 32]).unwrap();
            prop_assert!(Note::verify(&text, &signer.verifier()).is_err());
        }
    }
}
