//! `report`: a report from a results file.

use super::arguments::ReportArguments;
use super::exit;
use super::failure::Failure;
use crate::results::{self, Results};
use std::io::Write;
use std::path::Path;

pub(super) fn report(arguments: &ReportArguments) -> Result<u8, Failure> {
    let results = read(&arguments.results, arguments.partial)?;
    let output = arguments.output.as_deref();
    let text = arguments.format.of(output).of(&results)?;
    write(output, &text)?;
    Ok(exit::SUCCESS)
}

/// Reads a results file; `partial` ones of runs that were cut off only when that is wanted.
pub(super) fn read(path: &Path, partial: bool) -> Result<Results, Failure> {
    let unreadable = |source| Failure::Unreadable { path: path.to_owned(), source };
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let text = String::from_utf8_lossy(&bytes);
    let found = if partial { results::read(&text) } else { results::read_whole(&text) };
    let found = found.map_err(|error| Failure::NoResults { path: path.to_owned(), error })?;
    if !found.outcome.complete {
        anstream::eprintln!(
            "{}: the run did not come to its end; only its {} cases are told",
            path.display(),
            found.cases.len()
        );
    }
    Ok(found)
}

/// Writes to the file, with its folder, or to standard output.
pub(super) fn write(output: Option<&Path>, text: &str) -> Result<(), Failure> {
    let Some(path) = output else { return Ok(std::io::stdout().write_all(text.as_bytes())?) };
    let not_written = |source| Failure::NotWritten { path: path.to_owned(), source };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(not_written)?;
    }
    std::fs::write(path, text).map_err(not_written)
}
