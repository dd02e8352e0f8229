//! `snapshot`: what a server answers, kept and compared.

mod check;
mod diff;
mod record;
mod review;
mod take;

use super::arguments::{ContractArguments, SnapshotArguments, SnapshotCommand};
use super::failure::Failure;
use super::style;
use crate::config::Loaded;
use similar::{ChangeTag, TextDiff};
use std::path::Path;

pub(super) fn snapshot(
    contract: &ContractArguments,
    arguments: &SnapshotArguments,
    settings: &Loaded,
) -> Result<u8, Failure> {
    match &arguments.command {
        SnapshotCommand::Record(arguments) => record::record(contract, arguments, settings),
        SnapshotCommand::Check(arguments) => check::check(contract, arguments, settings),
        SnapshotCommand::Review(arguments) => review::review(arguments),
        SnapshotCommand::Diff(arguments) => diff::diff(contract, arguments),
    }
}

/// Whether this runs on a build server, where nothing is accepted by accident.
fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !["", "0", "false"].contains(&value.as_str()))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Usage(format!("cannot write {}: {error}", path.display()))
}

/// Writes a file with its folder.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder).and_then(|()| std::fs::write(path, text)).map_err(|error| unwritable(path, &error))
}

/// Removes a file that may be there.
fn remove(path: &Path) -> Result<(), Failure> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(unwritable(path, &error)),
        _ => Ok(()),
    }
}

/// The lines that differ, with some around them, in colours.
fn difference(before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    let mut text = String::new();
    for (index, group) in diff.grouped_ops(3).iter().enumerate() {
        if index > 0 {
            text.push_str(&style::faint("  …\n"));
        }
        for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
            let line = change.value().trim_end_matches('\n');
            text.push_str(&match change.tag() {
                ChangeTag::Delete => style::bad(&format!("- {line}")),
                ChangeTag::Insert => style::good(&format!("+ {line}")),
                ChangeTag::Equal => format!("  {line}"),
            });
            text.push('\n');
        }
    }
    text
}
