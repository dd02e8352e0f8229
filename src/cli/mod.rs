//! The command line: one file a command. Only this module prints.

mod announced;
mod arguments;
mod compare;
mod completions;
mod console;
mod coverage;
mod diff;
mod exit;
mod explain;
mod export;
mod failure;
mod files;
mod init;
mod judge;
mod known;
mod lint;
mod list;
mod man;
mod merge;
mod replay;
mod report;
mod run;
mod selftest;
mod serve;
mod settings;
mod snapshot;
mod style;
mod sweep;
mod workspace;
mod wrap;

use arguments::{Cli, Command};
use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};
use failure::Failure;
use std::ffi::OsString;
use std::process::ExitCode;

/// Parses the arguments, does what they say and answers with the exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let parsed = Cli::command().try_get_matches_from(arguments);
    let parsed = parsed.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches)));
    let (mut cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            // Help and version come this way, too; they are no mistakes.
            if error.use_stderr() && error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
                anstream::eprint!("{}", failure::usage(&error));
                return ExitCode::from(exit::USAGE);
            }
            let code = if error.use_stderr() { exit::USAGE } else { exit::SUCCESS };
            return if error.print().is_ok() { ExitCode::from(code) } else { ExitCode::from(exit::BROKEN) };
        }
    };
    let settings = match settings::settle(&mut cli.command, &matches) {
        Ok(settings) => settings,
        Err(failure) => {
            anstream::eprintln!("{}", failure.text());
            return ExitCode::from(failure.code());
        }
    };
    let done = match cli.command {
        Command::Run(arguments) => run::run(&cli.contract, &arguments),
        Command::List(arguments) => list::list(&cli.contract, &arguments),
        Command::Explain(arguments) => explain::explain(&cli.contract, &arguments),
        Command::Lint(arguments) => lint::lint(&cli.contract, &arguments),
        Command::Coverage(arguments) => coverage::coverage(&cli.contract, &arguments),
        Command::Export(arguments) => export::export(&cli.contract, &arguments),
        Command::Diff(arguments) => diff::diff(&cli.contract, &arguments),
        Command::Replay(arguments) => replay::replay(&arguments),
        Command::Report(arguments) => report::report(&arguments),
        Command::Compare(arguments) => compare::compare(&arguments),
        Command::Judge(arguments) => judge::judge(&cli.contract, &arguments),
        Command::Known(arguments) => known::known(&cli.contract, &arguments),
        Command::Serve(arguments) => serve::serve(&cli.contract, &arguments),
        Command::Selftest(arguments) => selftest::selftest(&cli.contract, &arguments),
        Command::Snapshot(arguments) => snapshot::snapshot(&cli.contract, &arguments, &settings),
        Command::Merge(arguments) => merge::merge(&cli.contract, &arguments),
        Command::Init(arguments) => init::init(&arguments),
        Command::Sweep(arguments) => sweep::sweep(&cli.contract, &arguments),
        Command::Completions(arguments) => completions::completions(&arguments),
        Command::Man => man::man(),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            // Whoever reads has seen enough, as in `list | head`.
            ExitCode::from(exit::SUCCESS)
        }
        Err(failure) => {
            anstream::eprintln!("{}", failure.text());
            ExitCode::from(failure.code())
        }
    }
}
