//! The project's own chores: `cargo xtask test`, `conformance`, `tidy`, `deny`, `docs`, `fuzz` and `bench`.

mod bench;
mod conformance;
mod dependencies;
mod fuzz;
mod house;
mod needs;
mod pages;
mod run;
mod test;
mod tidy;

use std::{env, process::ExitCode};

const HELP: &str = "\
The project's own chores.

  cargo xtask test                         everything that must hold before a change is proposed, as CI runs it
  cargo xtask tidy                         the house's rules: arrows, names, sizes, texts
  cargo xtask conformance [CASE]           what others read in the captures of BASTIDE_DATA, and how much of it we do
  cargo xtask deny                         licences, bans and sources of what is built in
  cargo xtask docs                         makes the pages of docs/protocols from what the protocols' modules say
  cargo xtask fuzz [TARGET] [--seconds N]  libFuzzer on one parser, or on each in turn (default 60 seconds each)
  cargo xtask bench [CAPTURE]              measures and writes docs/benchmarks.md; never part of the tests
  cargo xtask bench segmentation           measures how segmentation grows with the city, and writes that section
  cargo xtask bench backup                 measures backups beside restic, and writes that section
  cargo xtask bench restoration            measures how planning a city's way back grows, and writes that section
  cargo xtask bench exchange               measures TAXII beside medallion, and writes that section
  cargo xtask bench hunt                   measures hunting through a year of history, and writes that section
  cargo xtask bench pages                  measures each page of the console over a long log, and writes that section
  cargo xtask bench watch                  measures traffic held against a million indicators, and writes that section
  cargo xtask bench hardness               measures traffic made to exhaust the reader, and writes that section

Exit code: 0 all well, 1 something failed, 2 could not.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["test"] => test::run(),
        ["tidy"] => tidy::run(),
        ["conformance", rest @ ..] => conformance::run(rest),
        ["deny"] => dependencies::run(),
        ["docs"] => pages::run(),
        ["fuzz", rest @ ..] => fuzz::run(rest),
        ["bench", rest @ ..] => bench::run(rest),
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprint!("unknown chore `{}`\n\n{HELP}", words.join(" "));
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
