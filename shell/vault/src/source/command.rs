//! What a program prints.

use super::{Context, SourceError};
use crate::program::{self, Input, Output, ProgramError};
use city::Text;
use std::path::Path;

/// Runs the program, without a shell, and keeps what it prints. One that prints nothing gave no backup.
pub(super) fn gather(command: &[Text], into: &Path, context: &Context) -> Result<(), SourceError> {
    let declared = |why: &str| SourceError::Declared { what: command.join(" "), why: why.to_owned() };
    let (first, arguments) = command.split_first().ok_or_else(|| declared("it names no program"))?;
    let path = program::find(first).ok_or_else(|| ProgramError::Missing {
        program: first.to_string(),
        package: "it, or give its full path in the plan",
    })?;
    let mut command = program::command(&path);
    command.args(arguments.iter().map(Text::as_str));
    let name = program::name_of(first.as_str());
    let ran = program::run(&name, &mut command, &Input::Nothing, Output::File(into), context.bounds)?;
    if ran.bytes == 0 {
        return Err(SourceError::NotWhole { what: first.to_string(), why: "it printed nothing".to_owned() });
    }
    Ok(())
}
