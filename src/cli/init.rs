//! `init`: a config file to begin with.

use super::arguments::InitArguments;
use super::exit;
use super::failure::Failure;
use crate::config::TEMPLATE;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

pub(super) fn init(arguments: &InitArguments) -> Result<u8, Failure> {
    let file = &arguments.file;
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::Usage(format!("{} is there already, and stays as it is", file.display())),
        _ => Failure::Usage(format!("cannot write {}: {error}", file.display())),
    };
    let mut made = OpenOptions::new().write(true).create_new(true).open(file).map_err(failed)?;
    made.write_all(TEMPLATE.as_bytes()).map_err(failed)?;
    writeln!(anstream::stdout(), "wrote {}; every line in it is a comment until you say otherwise", file.display())?;
    Ok(exit::SUCCESS)
}
