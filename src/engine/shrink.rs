//! A generated case that failed, with the smallest request that still fails.

use super::run::Session;
use super::steps::Caller;
use super::{CaseReport, Event, PlannedCase};
use crate::contract::{CompiledOperation, ProfileContract};
use crate::generate::{smaller, smaller_texts};
use crate::scenario::{Scenario, Step};
use crate::verdict::Verdict;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::mpsc;

/// So often a case is run at most to make its request smaller.
const MOST_RUNS: usize = 80;

/// Makes the request of a failed case smaller as long as the same requirement fails. Answers the smallest case, and how
/// often cases were run for it. `number` gives each run names of its own.
pub(super) async fn shrink(
    session: &Session,
    caller: &Caller,
    planned: &PlannedCase,
    failed: &CaseReport,
    number: &(dyn Fn() -> usize + Sync),
    events: &mpsc::Sender<Event>,
) -> (PlannedCase, usize) {
    let mut best = planned.clone();
    let mut runs = 0;
    let requirements: BTreeSet<&str> = failed.findings.iter().map(|finding| finding.requirement.as_str()).collect();
    let Ok(scenario) = planned.scenario() else { return (best, runs) };
    // One that the server did not survive is not sent again and again.
    let worth_trying = failed.verdict == Verdict::Fail && failed.reason.is_none() && !requirements.is_empty();
    let Some(at) = scenario.steps.iter().position(|step| step.invalid).filter(|_| worth_trying) else {
        return (best, runs);
    };
    let mut least = Arc::clone(&scenario);
    'smaller: loop {
        for step in steps_smaller(session.contract(), &scenario.steps[at], &least.steps[at]) {
            if runs == MOST_RUNS || session.interrupt().is_set() {
                break 'smaller;
            }
            runs += 1;
            let mut tried = Scenario::clone(&least);
            tried.steps[at] = step;
            let tried = Arc::new(tried);
            let candidate = planned.with_scenario(Arc::clone(&tried));
            let report = super::case::run_case(session, caller, number(), &candidate, events).await;
            let same = report.findings.iter().any(|finding| requirements.contains(finding.requirement.as_str()));
            if report.verdict == Verdict::Fail && same {
                (best, least) = (candidate, tried);
                continue 'smaller;
            }
        }
        break;
    }
    (best, runs)
}

/// The steps that are smaller and of which as much can be claimed as of the first one.
fn steps_smaller(contract: &ProfileContract, first: &Step, step: &Step) -> Vec<Step> {
    let mut found = Vec::new();
    let mut push = |change: &dyn Fn(&mut Step)| {
        let mut smaller = step.clone();
        change(&mut smaller);
        found.push(smaller);
    };
    // Credentials that are left out are what the step is about; other fields may be.
    for name in step.headers.keys() {
        push(&|smaller| drop(smaller.headers.shift_remove(name)));
    }
    if let Some(with) = &step.with {
        for with in smaller(with) {
            push(&|smaller| smaller.with = Some(with.clone()));
        }
    }
    if let Some(body) = &step.body {
        for body in smaller_texts(body) {
            push(&|smaller| smaller.body = Some(body.clone()));
        }
    }
    let operation = first.call.as_ref().and_then(|call| contract.operation(&call.value));
    found.retain(|smaller| operation.is_some_and(|operation| means_as_much(operation, first, smaller)));
    found
}

/// Whether what is claimed of the answer to one step can be claimed of the other.
fn means_as_much(operation: &CompiledOperation, first: &Step, smaller: &Step) -> bool {
    if first.any_answer {
        return true;
    }
    if first.headers != smaller.headers || first.body != smaller.body {
        return false;
    }
    if first.status.is_some() {
        return true;
    }
    let faults = |step: &Step| -> BTreeSet<(String, String)> {
        let faults = step.with.iter().flat_map(|with| operation.request_faults(with));
        faults.map(|fault| (fault.pointer, fault.message.chars().take(60).collect())).collect()
    };
    let (before, after) = (faults(first), faults(smaller));
    if first.fails.is_some() {
        // The mistake for which it has to be refused is still there.
        !before.is_empty() && before.is_subset(&after)
    } else {
        after.is_subset(&before)
    }
}
