//! Which scenarios become cases, and why the others do not.

use super::{CaseReport, Filter, Shard, Subject, room};
use crate::contract::{Bounds, Contract, Requirement};
use crate::diagnostic::Diagnostic;
use crate::profile::Profile;
use crate::scenario::{Library, LibraryError, Scenario, ScenarioSource, Step, Surface, check, not_over_grpc};
use crate::verdict::Verdict;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What scenarios may need and only the embedded reference target has besides what its profile has: databases on every
/// plan, and something that stands in for files, models and nodes outside the API.
pub const OF_THE_EMBEDDED: [&str; 2] = ["databases", "stand-in"];

/// The capability of targets that are reached over gRPC: what HTTP lacks can be asked of them, and what only HTTP has cannot.
const GRPC: &str = "grpc";

/// A scenario bound to a profile and a target.
#[derive(Clone, Debug)]
pub struct PlannedCase {
    /// The scenario's id.
    pub id: String,
    /// The scenario's title.
    pub title: String,
    /// The requirements that it covers.
    pub covers: Vec<String>,
    /// Its file, as the user knows it.
    pub file: Arc<str>,
    /// How many roles it makes, of which a server holds only a few.
    pub(super) roles: u32,
    /// How often it waits for the target.
    pub(super) waits: u32,
    /// Whether it was made from a schema, so that its request can be made smaller and means as much.
    pub(super) generated: bool,
    /// Whether it may end the server's process.
    pub hazardous: bool,
    source: ScenarioSource,
    /// The scenario, when it is small enough to be kept; else it is read again when its turn comes.
    parsed: Option<Arc<Scenario>>,
}

impl PlannedCase {
    /// The scenario. Large sets are not kept in memory, so it may be read again here; it was checked when it was planned.
    ///
    /// # Errors
    /// When its file was changed or removed since, in words.
    pub fn scenario(&self) -> Result<Arc<Scenario>, String> {
        if let Some(scenario) = &self.parsed {
            return Ok(Arc::clone(scenario));
        }
        let source = self.source.text().map_err(|error| error.to_string())?;
        Library::parse(&source).map(Arc::new).map_err(|mistake| mistake.to_string())
    }

    /// The same case with another scenario.
    pub(super) fn with_scenario(&self, scenario: Arc<Scenario>) -> Self {
        Self { parsed: Some(scenario), ..self.clone() }
    }

    /// The line at which a place in its file stands, counted from 1; nothing when the file cannot be read any more.
    pub(super) fn line(&self, byte: usize) -> Option<u64> {
        let source = self.source.text().ok()?;
        Some(source.diagnostic(byte..byte, "").line() as u64)
    }

    /// The report of this case before anything was called.
    pub(super) fn report(&self, verdict: Verdict, reason: Option<String>) -> CaseReport {
        CaseReport::new(&self.id, &self.title, &self.file, &self.covers, verdict, reason)
    }
}

/// A scenario that is left out, and why.
#[derive(Clone, Debug)]
pub struct Skipped {
    case: PlannedCase,
    /// Why it is left out.
    pub why: String,
}

impl Skipped {
    /// The report of a scenario that does not become a case.
    pub fn report(&self) -> CaseReport {
        self.case.report(Verdict::Skipped, Some(self.why.clone()))
    }
}

/// What a run will do.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The cases, in order of their ids; those that may end the server last.
    pub cases: Vec<PlannedCase>,
    /// What is left out.
    pub skipped: Vec<Skipped>,
}

impl Plan {
    /// Leaves to other machines what is not in a share; nothing is told of it here.
    pub fn keep(&mut self, shard: Shard) {
        self.cases.retain(|case| shard.has(&case.id));
        self.skipped.retain(|skipped| shard.has(&skipped.case.id));
    }
}

/// The plan cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Scenarios have mistakes.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Mistakes(Vec<Diagnostic>),
    /// A scenario cannot be read.
    #[error(transparent)]
    Library(#[from] LibraryError),
}

/// Parsed scenarios are kept while their texts add up to at most this many bytes, so that memory does not grow with the
/// number of steps.
const KEPT: usize = 2 << 20;

/// Scenarios that were read and found to be sound, not yet bound to a profile.
#[derive(Debug)]
pub struct Checked(Vec<(PlannedCase, Facts)>);

/// What has to be known of a scenario to select it.
#[derive(Debug)]
struct Facts {
    bounds: Bounds,
    needs: Vec<String>,
    surface: Surface,
    /// The first of its operations that cannot be done over gRPC.
    not_over_grpc: Option<String>,
    selected: bool,
}

impl Checked {
    /// Reads and checks the scenarios of a library, on all processors.
    ///
    /// # Errors
    /// Every mistake in them.
    pub fn read(library: &Library, contract: &Contract, filter: Option<&Filter>) -> Result<Self, PlanError> {
        let sources: Vec<_> = library.scenarios().collect();
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(sources.len());
        let (next, kept) = (AtomicUsize::new(0), AtomicUsize::new(0));
        // Whichever thread is free takes the next: they are not equally quick, and the files not equally long.
        let read = || -> Vec<_> {
            let places = std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)));
            let taken = places.map_while(|place| Some((place, sources.get(place)?)));
            taken.map(|(place, (id, source))| (place, read_one(id, source, library, contract, filter, &kept))).collect()
        };
        let mut read: Vec<_> = std::thread::scope(|scope| {
            let running: Vec<_> = (1..threads).map(|_| scope.spawn(read)).collect();
            let mut all = read();
            for thread in running {
                all.extend(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            all
        });
        read.sort_unstable_by_key(|(place, _)| *place);
        let mut cases = Vec::with_capacity(sources.len());
        let mut problems = Vec::new();
        for (_, result) in read {
            match result {
                Ok(case) => cases.push(case),
                Err(PlanError::Mistakes(found)) => problems.extend(found),
                Err(unreadable) => return Err(unreadable),
            }
        }
        if problems.is_empty() { Ok(Self(cases)) } else { Err(PlanError::Mistakes(problems)) }
    }

    /// Adds the cases that were made from schemas.
    ///
    /// # Errors
    /// Every mistake in them.
    pub fn read_generated(
        &mut self,
        made: &Library,
        contract: &Contract,
        filter: Option<&Filter>,
    ) -> Result<(), PlanError> {
        let mut read = Self::read(made, contract, filter)?;
        read.0.iter_mut().for_each(|(case, _)| case.generated = true);
        self.0.append(&mut read.0);
        self.0.sort_by(|(left, _), (right, _)| left.id.cmp(&right.id));
        Ok(())
    }

    /// Binds the scenarios to a profile, and leaves out what is not for it or not wanted.
    pub fn plan(self, profile: Profile, capabilities: &BTreeSet<String>) -> Plan {
        let mut plan = Plan::default();
        for (case, facts) in self.0 {
            match facts.reason_to_skip(profile, capabilities) {
                Some(why) => plan.skipped.push(Skipped { case, why }),
                None => plan.cases.push(case),
            }
        }
        // What may end the server comes last, when nothing else can suffer from it any more.
        plan.cases.sort_by_key(|case| case.hazardous);
        plan
    }
}

fn read_one(
    id: &str,
    source: &ScenarioSource,
    library: &Library,
    contract: &Contract,
    filter: Option<&Filter>,
    kept: &AtomicUsize,
) -> Result<(PlannedCase, Facts), PlanError> {
    let text = source.text()?;
    let scenario = Library::parse(&text).map_err(|problem| PlanError::Mistakes(vec![problem]))?;
    let problems = check(&text, &scenario, contract, library);
    if !problems.is_empty() {
        return Err(PlanError::Mistakes(problems));
    }
    let keep = kept.fetch_add(text.text.len(), Ordering::Relaxed) <= KEPT;
    let facts = Facts {
        bounds: scenario.bounds(),
        needs: scenario.needs.iter().map(|need| need.value.clone()).collect(),
        surface: Surface::of(id, &scenario, contract),
        not_over_grpc: not_over_grpc(&scenario, library),
        selected: filter.is_none_or(|filter| filter.selects(&Subject::of(id, &scenario, contract))),
    };
    let case = PlannedCase {
        id: id.to_owned(),
        title: scenario.title.clone(),
        covers: scenario.covers.iter().map(|id| id.value.clone()).collect(),
        file: text.file,
        generated: false,
        hazardous: scenario.needs.iter().any(|need| need.value == "hazardous"),
        roles: room::roles(&scenario, library, contract),
        waits: room::waits(&scenario, library),
        source: source.clone(),
        parsed: keep.then(|| Arc::new(scenario)),
    };
    Ok((case, facts))
}

/// Why cases are left out that nobody asked for.
pub const FILTERED: &str = "left out by the filter";

/// Why cases are left out that try tokens.
pub const NEEDS_AUTH: &str = "needs a target that checks tokens, and a token";

/// Why cases are left out that need the user's name and password.
pub const NEEDS_PASSWORD: &str = "needs a token of the form user:password";

impl Facts {
    fn reason_to_skip(&self, profile: Profile, capabilities: &BTreeSet<String>) -> Option<String> {
        if !self.selected {
            return Some(FILTERED.to_owned());
        }
        if !self.bounds.hold_for(profile) {
            return Some(format!("not for {profile}"));
        }
        if capabilities.contains(GRPC) {
            if self.surface == Surface::Http {
                return Some("tries HTTP itself, and the target is reached over gRPC".to_owned());
            }
            if let Some(operation) = &self.not_over_grpc {
                return Some(format!("calls {operation}, which is not done over gRPC"));
            }
        }
        let lacking = self.needs.iter().find(|need| !capabilities.contains(*need))?;
        Some(match lacking.as_str() {
            "auth" => NEEDS_AUTH.to_owned(),
            "password" => NEEDS_PASSWORD.to_owned(),
            "hazardous" => "may end the server's process; only with --hazardous".to_owned(),
            "stand-in" => {
                "needs files, models or nodes outside the API, which only the embedded target stands in for".to_owned()
            }
            GRPC => "needs a target that is reached over gRPC".to_owned(),
            "heavy" => "makes many objects; only with --heavy".to_owned(),
            other => format!("needs {other}, which {profile} does not have"),
        })
    }
}

impl<'a> Subject<'a> {
    /// What filters are asked about a scenario.
    pub fn of(id: &'a str, scenario: &'a Scenario, contract: &'a Contract) -> Self {
        let requirements: Vec<&str> = scenario.covers.iter().map(|id| id.value.as_str()).collect();
        let stated = || requirements.iter().filter_map(|id| contract.requirements.get(*id));
        Subject {
            id,
            tags: &scenario.tags,
            levels: stated().map(|requirement| requirement.level).collect(),
            seeds: stated().flat_map(Requirement::seeds).collect(),
            operations: scenario
                .steps
                .iter()
                .flat_map(Step::all)
                .filter_map(|step| step.call.as_ref().map(|call| call.value.as_str()))
                .collect(),
            requirements,
        }
    }
}
