//! `bastide`: the command line, and the one loop that carries out effects.

mod alerts;
mod answer;
mod arguments;
mod defend;
mod demo;
mod enforce;
mod engine;
mod failure;
mod firewall;
mod hunt;
mod identify;
mod incidents;
mod intel;
mod lesson;
mod live;
mod log;
mod offers;
mod pack;
mod past;
mod peers;
mod people;
mod plan;
mod play;
mod reading;
mod records;
mod recovery;
mod replay;
mod responses;
mod ring;
mod run;
mod serving;
mod share;
mod show;
mod socket;
mod state;
mod table;
mod telling;
mod unenforced;

use arguments::{Arguments, Command};
use clap::Parser;
use failure::Verdict;
use state::Question;
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
        Command::Demo(command) => demo::run(&command),
        Command::Run(command) => run::run(&command),
        Command::Replay(command) => replay::run(&command),
        Command::Records(command) => records::run(&command),
        Command::Assets(look) => answer::run(&look, &Question::Assets),
        Command::Findings(look) => answer::run(&look, &Question::Findings),
        Command::Incidents(command) => incidents::run(&command),
        Command::Lesson(command) => lesson::run(&command),
        Command::Notice(command) => lesson::notice(&command),
        Command::Share(command) => share::run(&command),
        Command::Services(look) => answer::run(&look, &Question::Services),
        Command::Responses(look) => answer::run(&look, &Question::Responses),
        Command::Decide(command) => responses::run(&command),
        Command::Identify(command) => identify::run(&command),
        Command::Hunt(command) => hunt::run(&command),
        Command::Intel(command) => intel::run(&command),
        Command::Plan(command) => plan::run(&command),
        Command::Defend(command) => defend::run(&command),
        Command::Pack(command) => pack::run(&command),
        Command::Backup(command) => recovery::backup(&command),
        Command::Drill(command) => recovery::drill(&command),
        Command::Restore(command) => recovery::restore(&command),
        Command::Recover(command) => recovery::recover(&command),
        Command::People(command) => people::run(&command),
        Command::Log(command) => log::run(&command),
        Command::Notify(command) => telling::try_out::run(&command),
        Command::Enforcer(command) => enforce::run_process(&command),
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
