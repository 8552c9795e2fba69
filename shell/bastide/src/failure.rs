//! What a command comes to, and how it says that it could not.

use std::io::{self, Write};

/// What a command that could do its work comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Exit code 0: done.
    Good,
    /// Exit code 1: done, and the answer is no: a plan with errors, a log that was altered.
    Bad,
}

/// Shows an error with its causes, one line each, on standard error.
pub(crate) fn show(error: &anyhow::Error) {
    let mut stderr = io::stderr().lock();
    let _ = writeln!(stderr, "bastide: {error}");
    for cause in error.chain().skip(1) {
        let _ = writeln!(stderr, "  because: {cause}");
    }
}

/// Whether the reader of our output went away, as `head` does: that is no failure.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Tells of something on standard output. Whoever started the programme may have stopped reading; it goes on.
pub(crate) fn say(what: impl std::fmt::Display) {
    let _ = writeln!(io::stdout().lock(), "{what}");
}

/// Tells of something on standard error that did not stop the work.
pub(crate) fn warn(what: impl std::fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "bastide: {what}");
}
