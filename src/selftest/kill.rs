//! Running the mutants.

use super::suite::{Suite, SuiteError, caller, config};
use crate::engine::{CaseReport, run_one};
use crate::reference::mutant::{Broken, Mutant};
use crate::verdict::Verdict;
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// What became of a mutant.
#[derive(Clone, Debug)]
pub struct Fate {
    /// The mutant.
    pub mutant: Mutant,
    /// How many requests met the violation. A mutant that never struck shows nothing.
    pub strikes: u64,
    /// The cases that failed. Of a generated mutant the first is enough.
    pub killed_by: Vec<String>,
    /// The cases that ended in error, up to the first that failed.
    pub errors: Vec<String>,
    /// The requirements of which there were findings.
    pub tripped: BTreeSet<String>,
}

/// How many mutants or cases run at the same time: one that waits for what never comes true holds nobody up.
pub(super) const AT_ONCE: usize = 24;

/// How many times the reference target is run amid its mutants.
const CONTROLS: usize = 4;

/// Runs mutants, and amid them the reference target: what catches a mutant is its fault, and not the load of the machine.
/// `done` is called after each.
///
/// # Errors
/// When the reference target did not pass.
///
/// # Panics
/// When running a case panics.
pub async fn kill(
    suite: &Arc<Suite>,
    mutants: Vec<Mutant>,
    done: impl Fn() + Clone + Send + 'static,
) -> Result<Vec<Fate>, SuiteError> {
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let controls: Vec<_> = (0..CONTROLS)
        .map(|_| {
            let suite = Arc::clone(suite);
            tokio::spawn(async move { suite.passes().await })
        })
        .collect();
    let running: Vec<_> = mutants
        .into_iter()
        .map(|mutant| {
            let (suite, permits, done) = (Arc::clone(suite), Arc::clone(&permits), done.clone());
            tokio::spawn(async move {
                // The semaphore is never closed, so that this always is a permit.
                let _permit = permits.acquire_owned().await;
                let fate = suite.fate(mutant).await;
                done();
                fate
            })
        })
        .collect();
    let joined = |result: Result<_, tokio::task::JoinError>| match result {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    };
    let fates = join_all(running).await.into_iter().map(joined).collect();
    for control in controls {
        match control.await {
            Ok(result) => result?,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
    Ok(fates)
}

impl Suite {
    /// Runs the cases that call the mutated operations, those of its group first.
    async fn fate(&self, mutant: Mutant) -> Fate {
        let broken = Arc::new(Broken::new(config(self.profile), mutant.clone()));
        let caller = caller(Arc::clone(&broken) as _);
        let session = self.session();
        let names = &mutant.operations;
        let groups: Vec<&str> = names.iter().filter_map(|name| name.split('/').next()).collect();
        let is_near = |id: &str| groups.iter().any(|group| id.split('/').next() == Some(group));
        let mut cases: Vec<_> = self.cases.iter().enumerate().collect();
        cases.retain(|(_, case)| {
            let reached = names.is_empty() || names.iter().any(|name| case.operations.contains(name));
            let meant = || mutant.trips.iter().any(|id| case.planned.covers.iter().any(|covered| covered == id));
            reached && (!case.is_heavy() || meant())
        });
        cases.sort_by_key(|(_, case)| !is_near(&case.planned.id));
        let (mut killed_by, mut errors, mut tripped) = (Vec::new(), Vec::new(), BTreeSet::new());
        for (index, case) in cases {
            let report = run_one(&session, &caller, index + 1, &case.planned).await;
            if is_killed(&mutant, &report) {
                killed_by.push(report.id);
            } else if report.verdict == Verdict::Error {
                errors.push(report.id);
            }
            tripped.extend(report.findings.into_iter().map(|finding| finding.requirement));
            if !killed_by.is_empty() && !mutant.is_own() {
                break;
            }
        }
        Fate { strikes: broken.strikes(), mutant, killed_by, errors, tripped }
    }
}

fn is_killed(mutant: &Mutant, report: &CaseReport) -> bool {
    let pointers = report.undocumented.iter().map(|property| property.pointer.as_str());
    report.verdict == Verdict::Fail || mutant.is_told_by(pointers)
}
