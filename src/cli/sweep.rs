//! `sweep`: removes what unfinished runs left on a server.

use super::arguments::{ContractArguments, SweepArguments};
use super::failure::{Failure, count};
use super::run::{Reached, runtime};
use super::workspace::Workspace;
use super::{exit, style};
use crate::engine::{Caller, Ledger, Unfinished, remove};
use std::io::Write;

pub(super) fn sweep(contract: &ContractArguments, arguments: &SweepArguments) -> Result<u8, Failure> {
    let Some(url) = &arguments.target.target else {
        return Err(Failure::Usage("say which server to sweep: --target URL, or MILVUS_URI".to_owned()));
    };
    let workspace = Workspace::load(contract)?;
    let reached = Reached::new(&arguments.target)?;
    let (here, elsewhere): (Vec<Unfinished>, Vec<Unfinished>) = Ledger::unfinished(&arguments.ledger)?
        .into_iter()
        .partition(|unfinished| same_server(&unfinished.target, reached.target.address()));
    let mut out = anstream::stdout().lock();
    if !elsewhere.is_empty() {
        let targets: Vec<&str> = elsewhere.iter().map(|unfinished| unfinished.target.as_str()).collect();
        writeln!(out, "left alone: {} of other servers ({})", count(elsewhere.len(), "ledger"), targets.join(", "))?;
    }
    if here.is_empty() {
        writeln!(out, "nothing to sweep: no ledger in {} is of {url}", arguments.ledger.display())?;
        return Ok(exit::SUCCESS);
    }
    let runtime = runtime()?;
    let recognition = runtime.block_on(reached.recognise(&workspace.contract, &arguments.target))?;
    let compiled = workspace.contract.compile(recognition.profile).map_err(Failure::Mistakes)?;
    let caller = Caller::new(
        reached.target.clone(),
        reached.token.as_ref(),
        reached.redactor.clone(),
        None,
        arguments.target.timeout,
    );
    let mut left = 0;
    for unfinished in here {
        let removed = runtime.block_on(remove(&caller, &compiled, &unfinished.left));
        let failed: Vec<_> = removed.iter().filter_map(|(_, left)| left.as_ref()).collect();
        for leftover in &failed {
            writeln!(out, "{} {} {}: {}", style::bad("left"), leftover.object.word(), leftover.name, leftover.why)?;
        }
        writeln!(
            out,
            "{} {} of run {}",
            style::good("removed"),
            count(removed.len() - failed.len(), "object"),
            unfinished.run
        )?;
        left += failed.len();
        if failed.is_empty() {
            std::fs::remove_file(&unfinished.path)?;
        }
    }
    Ok(if left == 0 { exit::SUCCESS } else { exit::FINDINGS })
}

/// Whether two addresses are of one server; a slash at the end makes no difference.
fn same_server(left: &str, right: &str) -> bool {
    left.trim_end_matches('/').eq_ignore_ascii_case(right.trim_end_matches('/'))
}
