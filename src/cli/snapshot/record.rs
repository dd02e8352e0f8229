//! `snapshot record`: keeps what a server answers.

use super::take::take;
use super::{remove, unwritable, write};
use crate::cli::arguments::{ContractArguments, RecordArguments};
use crate::cli::exit;
use crate::cli::failure::{Failure, count};
use crate::cli::style;
use crate::config::Loaded;
use crate::snapshot::{PENDING, Set, Snapshot};
use std::io::Write;

pub(super) fn record(
    contract: &ContractArguments,
    arguments: &RecordArguments,
    settings: &Loaded,
) -> Result<u8, Failure> {
    let folder = &arguments.into;
    // What is there has to be readable before a server is asked.
    let kept = Set::load(folder).map_err(|error| Failure::Usage(error.to_string()))?;
    let taken = take(contract, &arguments.course, &arguments.paths, settings, Some(folder))?;
    let (mut new, mut changed, mut same, mut removed) = (0, 0, 0, 0);
    for snapshot in &taken.snapshots {
        let key = snapshot.key();
        let path = Snapshot::path(folder, &key);
        match kept.snapshots.get(&key) {
            Some(before) if before == snapshot => same += 1,
            before => {
                *(if before.is_some() { &mut changed } else { &mut new }) += 1;
                write(&path, &snapshot.text())?;
            }
        }
        remove(&path.with_extension(PENDING))?;
    }
    if taken.whole {
        let gone = kept.snapshots.keys().filter(|key| {
            key.0 == taken.profile && taken.snapshots.binary_search_by(|taken| taken.key().cmp(key)).is_err()
        });
        for key in gone {
            let path = Snapshot::path(folder, key);
            std::fs::remove_file(&path).map_err(|error| unwritable(&path, &error))?;
            removed += 1;
        }
    }
    let mut out = anstream::stdout().lock();
    let early = taken.snapshots.iter().filter(|snapshot| snapshot.ended.is_some()).count();
    taken.tell_unused(&mut out)?;
    writeln!(
        out,
        "{} {} of {} in {}: {new} new, {changed} changed, {same} as before, {removed} removed",
        style::good("recorded"),
        count(taken.snapshots.len(), "scenario"),
        taken.profile,
        folder.display()
    )?;
    if early > 0 {
        writeln!(out, "{early} of them did not come to their end; their heads say why")?;
    }
    if taken.skipped > 0 {
        writeln!(out, "{}", style::faint(&format!("{} not for this target", count(taken.skipped, "scenario"))))?;
    }
    if !taken.complete {
        writeln!(out, "{} before all had their turn", style::bad("ended"))?;
        return Ok(exit::FINDINGS);
    }
    Ok(exit::SUCCESS)
}
