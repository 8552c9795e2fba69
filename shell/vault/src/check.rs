//! The plan's own checks, on what was restored.

mod file;
mod page;

use crate::{
    isolation::Place,
    program::{self, Bounds, Input, Output},
};
use city::Text;
use std::path::{Path, PathBuf};

pub(crate) use file::{Wanted, check_file};
pub(crate) use page::check_page;

/// What stands for the folder with what was restored, in the commands of checks.
const PLACE: &str = "{place}";

/// What a program may print while it is tried.
const PRINTED: u64 = 1 << 30;

/// Runs a program on what was restored: it must end well.
pub(crate) fn check_run(
    place: &Place,
    restored: &Path,
    command: &[Text],
    bounds: Bounds,
) -> Result<(), String> {
    let (name, mut command) = in_place(place, restored, command)?;
    let bounds = Bounds { bytes: PRINTED, ..bounds };
    program::run(&name, &mut command, &Input::Nothing, Output::Lines, bounds)
        .map(drop)
        .map_err(|error| error.to_string())
}

/// A program of a check, to be run in a place, and its name.
fn in_place(
    place: &Place,
    restored: &Path,
    command: &[Text],
) -> Result<(String, std::process::Command), String> {
    let inside = place.inside(restored).to_string_lossy().into_owned();
    let mut words = command.iter().map(|word| word.replace(PLACE, &inside));
    let first = words.next().ok_or("the check names no program")?;
    // A program that was restored is only there inside.
    let path = if first.contains('/') {
        PathBuf::from(&first)
    } else {
        program::find(&first).ok_or_else(|| format!("`{first}` is not installed on this machine"))?
    };
    let mut made = place.command(&path).map_err(|error| error.to_string())?;
    made.args(words);
    Ok((program::name_of(&first), made))
}
