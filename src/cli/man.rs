//! `man`: the manual page, made from the same definitions as the help.

use super::arguments::Cli;
use super::exit;
use super::failure::Failure;
use clap::CommandFactory;
use std::io::Write;

pub(super) fn man() -> Result<u8, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    for command in Cli::command().get_subcommands().filter(|command| command.get_name() != "help") {
        let named = command.clone().display_name(format!("milvus-conformance {}", command.get_name()));
        clap_mangen::Man::new(named).render(&mut page)?;
    }
    std::io::stdout().write_all(&page)?;
    Ok(exit::SUCCESS)
}
