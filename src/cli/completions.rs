//! `completions`: what a shell needs to complete the arguments.

use super::arguments::{Cli, CompletionsArguments};
use super::exit;
use super::failure::Failure;
use clap::CommandFactory;
use std::io::Write;

pub(super) fn completions(arguments: &CompletionsArguments) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "milvus-conformance", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(exit::SUCCESS)
}
