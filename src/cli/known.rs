//! `known`: the list of known failures.

use super::arguments::{ContractArguments, KnownArguments, KnownCommand, KnownUpdateArguments};
use super::failure::{Failure, count};
use super::files;
use super::workspace::Workspace;
use super::{exit, style};
use crate::contract::Contract;
use crate::diagnostic::SourceText;
use crate::known::{self, Change, File, Seen};
use crate::results::Results;
use crate::verdict::{Finding, Verdict};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

pub(super) fn known(contract: &ContractArguments, arguments: &KnownArguments) -> Result<u8, Failure> {
    match &arguments.command {
        KnownCommand::Update(arguments) => update(contract, arguments),
    }
}

/// Reads a list.
pub(super) fn read(file: &Path, contract: &Contract) -> Result<File, Failure> {
    parsed(&SourceText::new(file.to_string_lossy(), files::text(file)?), contract)
}

fn parsed(source: &SourceText, contract: &Contract) -> Result<File, Failure> {
    File::read(source, contract.requirements.keys().map(String::as_str)).map_err(Failure::Mistakes)
}

fn update(contract: &ContractArguments, arguments: &KnownUpdateArguments) -> Result<u8, Failure> {
    let workspace = Workspace::load(contract)?;
    let results = files::results(&arguments.results)?;
    let file = &arguments.file;
    let listed = match files::text(file) {
        Err(Failure::Unreadable { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => String::new(),
        read => read?,
    };
    let source = SourceText::new(file.to_string_lossy(), listed);
    let list = parsed(&source, &workspace.contract)?;
    let seen: Vec<Seen<'_>> = results
        .cases
        .iter()
        .map(|case| Seen {
            case: &case.id,
            verdict: case.verdict,
            found: distinct(case.findings.iter()),
            gated: distinct(case.findings.iter().filter(|finding| finding.level <= results.head.gate)),
            held: case.requirements.iter().filter(|(_, tally)| tally.passed > 0).map(|(id, _)| id.as_str()).collect(),
        })
        .collect();
    let target = (results.head.profile, results.head.target.address.as_str());
    let updated = known::update(&source, &list, target, &seen, is_whole(&results, &workspace))
        .map_err(|error| Failure::Broken(format!("cannot write the list anew: {error}")))?;
    // What is written has to be a list again.
    parsed(&SourceText::new(source.file.clone(), updated.text.as_str()), &workspace.contract)?;
    if updated.text != *source.text {
        std::fs::write(file, &updated.text).map_err(|source| Failure::Unwritable { path: file.clone(), source })?;
    }
    let mut out = anstream::stdout().lock();
    for change in &updated.changes {
        match change {
            Change::Added(subject) => writeln!(out, "{} {subject}", style::note("added"))?,
            Change::Removed { subject, reason } => {
                writeln!(out, "{} {subject} {}", style::good("removed"), style::faint(&format!("({reason})")))?;
            }
        }
    }
    let changes =
        if updated.changes.is_empty() { "no changes".to_owned() } else { count(updated.changes.len(), "change") };
    writeln!(out, "{changes} in {}", file.display())?;
    Ok(exit::SUCCESS)
}

/// The requirements of findings, each once.
fn distinct<'f>(findings: impl Iterator<Item = &'f Finding>) -> Vec<&'f str> {
    findings.map(|finding| finding.requirement.as_str()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Whether every scenario of the contract was run, as far as it is for the profile.
fn is_whole(results: &Results, workspace: &Workspace) -> bool {
    let ran: BTreeSet<&str> = results
        .cases
        .iter()
        .filter(|case| case.verdict != Verdict::Skipped || case.reason.as_deref() != Some(crate::engine::FILTERED))
        .map(|case| case.id.as_str())
        .collect();
    results.outcome.complete && workspace.library.scenarios().all(|(id, _)| ran.contains(id.as_str()))
}
