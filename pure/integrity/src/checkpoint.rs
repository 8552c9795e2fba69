//! Signed heads (C2SP `tlog-checkpoint`).

use crate::{Hash, Note, NoteError, Signer, Verifier};

/// What a log says of itself: how many records it has, and the head over them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log it is.
    pub origin: String,
    /// How many records it has.
    pub size: u64,
    /// The head over them.
    pub root: Hash,
    /// When it was said (RFC 3339), in an extension line of ours: `time 2026-01-02T03:04:05Z`.
    pub time: Option<String>,
}

/// Why a text is not a checkpoint to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The text was signed, and still is not a checkpoint.
    #[error("the note is not a checkpoint")]
    Malformed,
    /// It is not a note signed by the key.
    #[error(transparent)]
    Note(#[from] NoteError),
}

/// What begins our extension line.
const TIME: &str = "time ";

impl Checkpoint {
    /// The checkpoint as text, to be signed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.origin, self.size, self.root.to_base64());
        if let Some(time) = &self.time {
            text.push_str(TIME);
            text.push_str(time);
            text.push('\n');
        }
        text
    }

    /// The checkpoint as a signed note; `None` if the origin or time holds what would break its lines.
    #[must_use]
    pub fn sign(&self, signer: &Signer) -> Option<String> {
        let text = self.to_text();
        (Checkpoint::parse_text(&text).as_ref() == Some(self)).then(|| signer.sign(&text)).flatten()
    }

    /// Reads a signed note and checks that the key signed it.
    ///
    /// # Errors
    /// It is not signed by the key, or is not a checkpoint.
    pub fn verify(note: &str, key: &Verifier) -> Result<Checkpoint, CheckpointError> {
        let note = Note::verify(note, key)?;
        Checkpoint::parse_text(note.text()).ok_or(CheckpointError::Malformed)
    }

    /// Reads what [`Checkpoint::to_text`] wrote. Extension lines of others are passed over.
    fn parse_text(text: &str) -> Option<Checkpoint> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let origin = lines.next().filter(|origin| !origin.is_empty())?;
        // ASCII decimal without leading zeroes.
        let size = lines.next()?;
        let number = size.parse::<u64>().ok().filter(|number| number.to_string() == size)?;
        let root = Hash::from_base64(lines.next()?)?;
        let mut time = None;
        for line in lines {
            if line.is_empty() {
                return None;
            }
            time = time.or(line.strip_prefix(TIME));
        }
        Some(Checkpoint { origin: origin.to_owned(), size: number, root, time: time.map(str::to_owned) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Checkpoint {
        Checkpoint {
            origin: "bastide.example".into(),
            size: 12,
            root: Hash([5; 32]),
            time: Some("2026-01-02T03:04:05Z".into()),
        }
    }

    #[test]
    fn a_checkpoint_round_trips_through_its_signature() {
        let signer = Signer::from_seed("bastide.example", [4; 32]).unwrap();
        for checkpoint in [example(), Checkpoint { time: None, size: 0, ..example() }] {
            let note = checkpoint.sign(&signer).unwrap();
            assert_eq!(Checkpoint::verify(&note, &signer.verifier()), Ok(checkpoint));
        }
    }

    #[test]
    fn what_would_break_its_lines_is_not_signed() {
        let signer = Signer::from_seed("a", [4; 32]).unwrap();
        for bad in [
            Checkpoint { origin: "a\nb".into(), ..example() },
            Checkpoint { origin: String::new(), ..example() },
            Checkpoint { time: Some("a\n\nb".into()), ..example() },
        ] {
            assert_eq!(bad.sign(&signer), None);
        }
    }

    #[test]
    fn a_signed_text_that_is_no_checkpoint_is_refused() {
        let signer = Signer::from_seed("a", [4; 32]).unwrap();
        let root = Hash([5; 32]).to_base64();
        for text in [
            "a\n".to_owned(),
            format!("a\n01\n{root}\n"),
            format!("a\n+1\n{root}\n"),
            "a\n1\nAAAA\n".to_owned(),
            format!("a\n1\n{root}\n\nb\n"),
        ] {
            let note = signer.sign(&text).unwrap();
            assert_eq!(
                Checkpoint::verify(&note, &signer.verifier()),
                Err(CheckpointError::Malformed),
                "{text}"
            );
        }
        // The first line of somebody else's extension is no harm.
        let note = signer.sign(&format!("a\n1\n{root}\nsomething else\n")).unwrap();
        assert!(Checkpoint::verify(&note, &signer.verifier()).is_ok());
    }
}
