//! How far a backup or a restoration is, on a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal};
use vault::{Progress, SoFar};

/// A bar on standard error; nothing where that is no terminal.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// A bar for what it says.
    pub(crate) fn new(what: String) -> Bar {
        let bar = ProgressBar::no_length();
        if !io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let style = ProgressStyle::with_template("{msg}: {bytes} {bar:20} {bytes_per_sec}, {elapsed}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        bar.set_message(what);
        Bar(bar)
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        self.0.finish_and_clear();
    }
}

impl Progress for Bar {
    fn tell(&self, so_far: SoFar) {
        if let Some(of) = so_far.of {
            self.0.set_length(of.max(so_far.bytes));
        }
        self.0.set_position(so_far.bytes);
    }
}
