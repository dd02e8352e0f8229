//! `merge`: one results file of several.

use super::arguments::ContractArguments;
use super::arguments::MergeArguments;
use super::failure::{Failure, count};
use super::files;
use super::run::exit_code;
use super::workspace::Workspace;
use crate::results::{self, Recorder};
use std::io::Write;

pub(super) fn merge(contract: &ContractArguments, arguments: &MergeArguments) -> Result<u8, Failure> {
    let workspace = Workspace::load(contract)?;
    let mut parts = Vec::with_capacity(arguments.files.len());
    for file in &arguments.files {
        parts.push((file.display().to_string(), files::results(file)?));
    }
    let merged = results::merge(&parts, &workspace.contract).map_err(|why| Failure::Usage(why.to_string()))?;
    let unwritable = |error| Failure::Usage(format!("cannot write {}: {error}", arguments.output.display()));
    let mut recorder = Recorder::create(&arguments.output, &merged.head).map_err(unwritable)?;
    for case in &merged.cases {
        recorder.record(case).map_err(unwritable)?;
    }
    recorder.finish(&merged.outcome).map_err(unwritable)?;
    let mut out = anstream::stdout().lock();
    let summary = merged.outcome.summary;
    writeln!(
        out,
        "{} of {} in {}: {} pass, {} fail, {} error",
        count(merged.cases.len(), "case"),
        count(parts.len(), "file"),
        arguments.output.display(),
        summary.pass,
        summary.fail,
        summary.error
    )?;
    if !merged.outcome.complete {
        writeln!(out, "not the whole: a run was cut off, or a share is missing")?;
    }
    Ok(exit_code(&merged.outcome))
}
