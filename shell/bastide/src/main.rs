//! `bastide`: the command line, and the one loop that carries out effects.

mod arguments;
mod failure;
mod reading;
mod record;
mod records;
mod ring;
mod show;
mod socket;
mod table;

use arguments::{Arguments, Command};
use clap::Parser;
use failure::Verdict;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers; anything else means that the command was not understood.
            let understood = !error.use_stderr();
            let _ = error.print();
            return if understood { ExitCode::SUCCESS } else { ExitCode::from(2) };
        }
    };
    let outcome = match arguments.command {
        Command::Records(command) => records::run(&command),
        Command::Completions { shell } => arguments::print_completions(shell),
        Command::Manual { into } => arguments::write_manual(&into),
    };
    match outcome {
        Ok(Verdict::Good) => ExitCode::SUCCESS,
        Ok(Verdict::Bad) => ExitCode::from(1),
        Err(error) if failure::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            failure::show(&error);
            ExitCode::from(2)
        }
    }
}
