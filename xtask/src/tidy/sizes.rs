//! Sizes: of source files, of other files, of all captures together.

/// Above this, a source file has a second idea inside.
const LINES_MAX: usize = 800;

/// Source files that are longer, with the length they must not grow beyond. The list may only shrink.
const LONGER: &[(&str, usize)] = &[];

/// A file this large makes every clone slow.
const FILE_BYTES_MAX: u64 = 8 << 20;

/// What all captures of the demo cities may take.
const CAPTURES_BYTES_MAX: u64 = 20 << 20;

/// A source file that is too long, or shorter than the list of longer ones says.
pub(super) fn of_source(path: &str, text: &str) -> Option<String> {
    let lines = text.lines().count();
    let listed = LONGER.iter().find(|(listed, _)| *listed == path).map(|(_, lines)| *lines);
    judge(path, lines, listed)
}

fn judge(path: &str, lines: usize, listed: Option<usize>) -> Option<String> {
    match listed {
        Some(limit) if lines > limit => {
            Some(format!("{path}: {lines} lines, and it must not grow beyond {limit}"))
        }
        Some(limit) if lines < limit => Some(format!(
            "{path}: only {lines} lines now; lower its limit in xtask/src/tidy/sizes.rs from {limit}"
        )),
        None if lines > LINES_MAX => {
            Some(format!("{path}: {lines} lines; above {LINES_MAX}, look for the second idea inside"))
        }
        _ => None,
    }
}

/// The sizes of all files, as they are seen.
#[derive(Default)]
pub(super) struct Sizes {
    captures: u64,
}

impl Sizes {
    /// Notes a file, and says whether it is too large.
    pub(super) fn see(&mut self, path: &str, bytes: u64) -> Option<String> {
        if path.starts_with("cities/") && path.contains("/captures/") {
            self.captures += bytes;
        }
        (bytes > FILE_BYTES_MAX)
            .then(|| format!("{path}: {bytes} bytes; no file may be above {FILE_BYTES_MAX}"))
    }

    /// Says whether the captures together are too large.
    pub(super) fn together(&self) -> Option<String> {
        let Sizes { captures } = self;
        (*captures > CAPTURES_BYTES_MAX).then(|| {
            format!("cities: {captures} bytes of captures; no more than {CAPTURES_BYTES_MAX} in all")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_may_only_shrink() {
        assert_eq!(judge("a.rs", 800, None), None);
        assert!(judge("a.rs", 801, None).is_some());
        assert_eq!(judge("a.rs", 900, Some(900)), None);
        assert!(judge("a.rs", 901, Some(900)).is_some_and(|problem| problem.contains("must not grow")));
        assert!(judge("a.rs", 850, Some(900)).is_some_and(|problem| problem.contains("lower its limit")));
    }

    #[test]
    fn captures_are_counted_together() {
        let mut sizes = Sizes::default();
        for n in 0..3 {
            assert_eq!(sizes.see(&format!("cities/town/captures/{n}.pcap.zst"), 7 << 20), None);
        }
        assert!(sizes.together().is_some());
        assert!(sizes.see("docs/picture.png", 9 << 20).is_some());
    }
}
