//! Which scenarios become cases, and why the others do not.

use super::{CaseReport, Filter, Subject};
use crate::contract::{Contract, ProfileContract};
use crate::diagnostic::{Diagnostic, SourceText};
use crate::scenario::{Library, Scenario, Step, check};
use crate::verdict::Verdict;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A scenario bound to a profile and a target.
#[derive(Clone, Debug)]
pub struct PlannedCase {
    /// The scenario's id.
    pub id: String,
    /// The scenario's title.
    pub title: String,
    /// The requirements that it covers.
    pub covers: Vec<String>,
    /// The text that it is read from.
    pub source: SourceText,
    /// The scenario, when it is small enough to be kept; else it is read again when its turn comes.
    parsed: Option<Arc<Scenario>>,
}

impl PlannedCase {
    /// The scenario. Large sets are not kept in memory, so it may be read again here; it was checked when it was planned.
    ///
    /// # Errors
    /// None for a case that was planned; kept because the text is parsed.
    pub fn scenario(&self) -> Result<Arc<Scenario>, Diagnostic> {
        match &self.parsed {
            Some(scenario) => Ok(Arc::clone(scenario)),
            None => Library::parse(&self.source).map(Arc::new),
        }
    }
}

impl PlannedCase {
    /// The report of this case before anything was called.
    pub(super) fn report(&self, verdict: Verdict, reason: Option<String>) -> CaseReport {
        CaseReport::new(&self.id, &self.title, &self.source.file, &self.covers, verdict, reason)
    }
}

impl Skipped {
    /// The report of a scenario that does not become a case.
    pub fn report(&self) -> CaseReport {
        CaseReport::new(&self.id, &self.title, &self.file, &self.covers, Verdict::Skipped, Some(self.why.clone()))
    }
}

/// A scenario that is left out.
#[derive(Clone, Debug)]
pub struct Skipped {
    /// The scenario's id.
    pub id: String,
    /// The scenario's title.
    pub title: String,
    /// Its file.
    pub file: String,
    /// Why it is left out.
    pub why: String,
    /// The requirements that it covers.
    pub covers: Vec<String>,
}

/// What a run will do.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The cases, in order of their ids.
    pub cases: Vec<PlannedCase>,
    /// What is left out.
    pub skipped: Vec<Skipped>,
}

/// What the user wants of a run.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The selection; nothing means all.
    pub filter: Option<Filter>,
    /// What the target and the user allow: capabilities of the profile, `auth`, `hazardous`, `heavy`.
    pub capabilities: BTreeSet<String>,
}

/// The plan cannot be made, because scenarios have mistakes.
#[derive(Debug, thiserror::Error)]
#[error("{} mistakes in scenarios", .0.len())]
pub struct PlanError(pub Vec<Diagnostic>);

/// Parsed scenarios are kept while their texts add up to at most this many bytes, so that memory does not grow with the
/// number of steps.
const KEPT: usize = 4 << 20;

impl Plan {
    /// Reads, checks and selects the scenarios of a library.
    ///
    /// # Errors
    /// Every mistake in them; nothing has been sent then.
    pub fn new(library: &Library, contract: &ProfileContract, wanted: &Wanted) -> Result<Self, PlanError> {
        let sources: Vec<_> = library.scenarios().collect();
        let keep = sources.iter().map(|(_, source)| source.text.len()).sum::<usize>() <= KEPT;
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(sources.len().max(1));
        let share = sources.len().div_ceil(threads).max(1);
        let read = |part: &[(&String, &SourceText)]| -> Vec<Result<Planned, Vec<Diagnostic>>> {
            part.iter().map(|(id, source)| planned(id, source, library, contract, wanted, keep)).collect()
        };
        let parts: Vec<_> = std::thread::scope(|scope| {
            let running: Vec<_> = sources.chunks(share).map(|part| scope.spawn(move || read(part))).collect();
            running.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
        });
        let mut plan = Plan::default();
        let mut problems = Vec::new();
        for part in parts {
            for result in part.unwrap_or_else(|panic| std::panic::resume_unwind(panic)) {
                match result {
                    Ok(Planned::Case(case)) => plan.cases.push(case),
                    Ok(Planned::Skipped(skipped)) => plan.skipped.push(skipped),
                    Err(found) => problems.extend(found),
                }
            }
        }
        if problems.is_empty() { Ok(plan) } else { Err(PlanError(problems)) }
    }
}

enum Planned {
    Case(PlannedCase),
    Skipped(Skipped),
}

fn planned(
    id: &str,
    source: &SourceText,
    library: &Library,
    contract: &ProfileContract,
    wanted: &Wanted,
    keep: bool,
) -> Result<Planned, Vec<Diagnostic>> {
    let scenario = Library::parse(source).map_err(|problem| vec![problem])?;
    let problems = check(source, &scenario, contract.whole(), library);
    if !problems.is_empty() {
        return Err(problems);
    }
    let covers = scenario.covers.iter().map(|id| id.value.clone()).collect();
    Ok(match reason_to_skip(id, &scenario, contract, wanted) {
        Some(why) => Planned::Skipped(Skipped {
            id: id.to_owned(),
            title: scenario.title,
            file: source.file.to_string(),
            why,
            covers,
        }),
        None => Planned::Case(PlannedCase {
            id: id.to_owned(),
            title: scenario.title.clone(),
            covers,
            source: source.clone(),
            parsed: keep.then(|| Arc::new(scenario)),
        }),
    })
}

fn reason_to_skip(id: &str, scenario: &Scenario, contract: &ProfileContract, wanted: &Wanted) -> Option<String> {
    if wanted.filter.as_ref().is_some_and(|filter| !filter.selects(&subject(id, scenario, contract.whole()))) {
        return Some("left out by the filter".to_owned());
    }
    let profile = contract.profile();
    if !scenario.bounds().hold_for(profile) {
        return Some(format!("not for {profile}"));
    }
    let lacking = scenario.needs.iter().find(|need| !wanted.capabilities.contains(need.as_str()))?;
    Some(match lacking.as_str() {
        "auth" => "needs a target that checks tokens, and a token".to_owned(),
        "hazardous" => "may end the server's process; only with --hazardous".to_owned(),
        "heavy" => "makes many objects; only with --heavy".to_owned(),
        other => format!("needs {other}, which {profile} does not have"),
    })
}

/// What filters are asked about a scenario.
pub(super) fn subject<'a>(id: &'a str, scenario: &'a Scenario, contract: &'a Contract) -> Subject<'a> {
    let requirements: Vec<&str> = scenario.covers.iter().map(|id| id.value.as_str()).collect();
    let stated = || requirements.iter().filter_map(|id| contract.requirements.get(*id));
    Subject {
        id,
        tags: &scenario.tags,
        levels: stated().map(|requirement| requirement.level).collect(),
        seeds: stated().flat_map(|requirement| requirement.seeds()).collect(),
        operations: scenario
            .steps
            .iter()
            .flat_map(Step::all)
            .filter_map(|step| step.call.as_ref().map(|call| call.value.as_str()))
            .collect(),
        requirements,
    }
}
