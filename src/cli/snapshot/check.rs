//! `snapshot check`: compares what a server answers with what was kept.

use super::take::take;
use super::{difference, in_ci, remove, write};
use crate::cli::arguments::{CheckArguments, ContractArguments};
use crate::cli::exit;
use crate::cli::failure::{Failure, count};
use crate::cli::style;
use crate::config::Loaded;
use crate::snapshot::{PENDING, Set, Snapshot};
use std::io::Write;

pub(super) fn check(
    contract: &ContractArguments,
    arguments: &CheckArguments,
    settings: &Loaded,
) -> Result<u8, Failure> {
    let folder = &arguments.folder;
    let kept = Set::load(folder).map_err(|error| Failure::Usage(error.to_string()))?;
    if kept.snapshots.is_empty() {
        let why = format!("there are no snapshots in {}; `snapshot record --into` makes some", folder.display());
        return Err(Failure::Usage(why));
    }
    let may_write = !in_ci();
    let taken = take(contract, &arguments.course, &arguments.paths, settings, None)?;
    let mut out = anstream::stdout().lock();
    let (mut differ, mut pending) = (0, 0);
    for snapshot in &taken.snapshots {
        let key = snapshot.key();
        let path = Snapshot::path(folder, &key);
        let waiting = path.with_extension(PENDING);
        let before = kept.snapshots.get(&key);
        if before == Some(snapshot) {
            if may_write {
                // Of an earlier difference.
                remove(&waiting)?;
            }
            continue;
        }
        differ += 1;
        let what = if before.is_some() { style::bad("changed") } else { style::note("new") };
        writeln!(out, "{what} {} {}", style::strong(&snapshot.scenario), style::faint(&snapshot.title))?;
        if let Some(before) = before {
            writeln!(out, "{}", difference(&before.text(), &snapshot.text()))?;
        }
        if may_write {
            write(&waiting, &snapshot.text())?;
            pending += 1;
        }
    }
    let gone = kept.snapshots.keys().filter(|key| {
        let taken_now = taken.snapshots.binary_search_by(|taken| taken.key().cmp(key)).is_ok();
        taken.whole && key.0 == taken.profile && !taken_now
    });
    for (_, scenario) in gone {
        differ += 1;
        writeln!(out, "{} {} is not run for this target any more", style::bad("gone"), style::strong(scenario))?;
    }
    taken.tell_unused(&mut out)?;
    let all = count(taken.snapshots.len(), "scenario");
    if !taken.complete {
        writeln!(out, "{} before all had their turn", style::bad("ended"))?;
    }
    if differ == 0 {
        writeln!(out, "{} {all} of {} as in {}", style::good("the same"), taken.profile, folder.display())?;
        return Ok(if taken.complete { exit::SUCCESS } else { exit::FINDINGS });
    }
    let where_kept = format!("{} in {}", taken.profile, folder.display());
    writeln!(out, "{} {differ} of {all} of {where_kept}", style::bad("different"))?;
    if pending > 0 {
        writeln!(out, "to accept or reject what is new: milvus-conformance snapshot review {}", folder.display())?;
    }
    Ok(exit::FINDINGS)
}
