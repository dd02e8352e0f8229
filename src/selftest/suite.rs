//! The suite of one profile, with what each case calls.

use crate::contract::{Contract, ProfileContract};
use crate::diagnostic::Diagnostic;
use crate::engine::{
    Caller, CaseReport, Checked, Interrupt, Ledger, Options, PlanError, PlannedCase, Session, run_one,
};
use crate::exchange::{Request, Response};
use crate::profile::Profile;
use crate::reference::{Config, Reference};
use crate::scenario::Library;
use crate::target::{Answer, Redactor, Secret, Target};
use crate::verdict::{Level, Verdict};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const TOKEN: &str = "root:Milvus";

/// Loads of the reference target end after three looks and imports after nine, whatever the time; a condition is looked at
/// ten times at least. What has not come true by then never will.
const PATIENCE: Duration = Duration::from_millis(50);

/// How long the target without a violation may take, which has to come to its end also where others need the processor.
const LONG_PATIENCE: Duration = Duration::from_secs(10);

/// How long one call may take; the target is in the same process.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A suite for one profile.
pub struct Suite {
    pub(super) profile: Profile,
    pub(super) contract: Arc<ProfileContract>,
    library: Arc<Library>,
    /// Those with the fewest calls first.
    pub(super) cases: Vec<SuiteCase>,
}

/// A case, with what it calls.
pub(super) struct SuiteCase {
    pub(super) planned: PlannedCase,
    pub(super) operations: BTreeSet<String>,
    calls: u64,
}

impl SuiteCase {
    /// Whether it makes a thousand calls or more, so that only mutants meant for it are to meet it.
    pub(super) fn is_heavy(&self) -> bool {
        self.planned.id.starts_with("heavy/")
    }
}

/// Why the suite cannot be tried.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// The contract or a scenario has mistakes.
    #[error("{} mistakes in the contract", .0.len())]
    Mistakes(Vec<Diagnostic>),
    /// The scenarios cannot be read.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The reference target itself does not pass.
    #[error("the reference target does not pass {case}: {why}")]
    Reference {
        /// The case.
        case: String,
        /// What came of it.
        why: String,
    },
}

/// Passes calls on and notes which operations they are for.
struct Listening {
    contract: Arc<ProfileContract>,
    reference: Reference,
    heard: Mutex<BTreeSet<String>>,
}

impl Answer for Listening {
    fn answer(&self, request: &Request) -> Response {
        let path = request.path.split('?').next().unwrap_or_default();
        if let Some(operation) = self.contract.whole().operation_at(path) {
            self.heard.lock().unwrap_or_else(PoisonError::into_inner).insert(operation.name.clone());
        }
        self.reference.answer(request)
    }
}

pub(super) fn config(profile: Profile) -> Config {
    Config { profile, token: Some(TOKEN.to_owned()) }
}

pub(super) fn caller(target: Arc<dyn Answer>) -> Caller {
    let token = Secret::new(TOKEN);
    let redactor = Redactor::new(Some(&token), []);
    Caller::new(Target::InProcess(target), Some(&token), redactor, None, TIMEOUT)
}

impl Suite {
    /// Plans the suite and runs it against the reference target, which has to pass without a finding.
    ///
    /// # Errors
    /// When the contract has mistakes, or the reference target does not pass.
    pub async fn new(contract: &Arc<Contract>, profile: Profile) -> Result<Self, SuiteError> {
        let library = Library::of_contract(contract.tree()).map_err(SuiteError::Mistakes)?;
        let facts = contract.profiles.get(&profile).into_iter().flat_map(|facts| facts.capabilities.iter().cloned());
        let capabilities = facts.chain(["password", "heavy", "stand-in"].map(str::to_owned)).collect();
        let plan = Checked::read(&library, contract, None)?.plan(profile, &capabilities);
        let mut suite = Self {
            profile,
            contract: Arc::new(contract.compile(profile).map_err(SuiteError::Mistakes)?),
            library: Arc::new(library),
            cases: Vec::new(),
        };
        let session = suite.session_of(LONG_PATIENCE);
        for (index, planned) in plan.cases.into_iter().enumerate() {
            let (contract, reference) = (Arc::clone(&suite.contract), Reference::new(config(profile)));
            let listening = Arc::new(Listening { contract, reference, heard: Mutex::default() });
            let report = run_one(&session, &caller(Arc::clone(&listening) as _), index + 1, &planned).await;
            passed(&report)?;
            let operations = std::mem::take(&mut *listening.heard.lock().unwrap_or_else(PoisonError::into_inner));
            suite.cases.push(SuiteCase { planned, operations, calls: report.calls });
        }
        suite.cases.sort_by(|left, right| (left.calls, &left.planned.id).cmp(&(right.calls, &right.planned.id)));
        Ok(suite)
    }

    /// How many cases there are.
    pub fn size(&self) -> usize {
        self.cases.len()
    }

    /// Whether a case covers the requirement, or it is checked at every answer.
    pub fn tries(&self, requirement: &str) -> bool {
        let automatic = self.contract.requirement(requirement).is_some_and(|one| one.automatic);
        automatic || self.cases.iter().any(|case| case.planned.covers.iter().any(|covered| covered == requirement))
    }

    /// A session with a mutant.
    pub(super) fn session(&self) -> Session {
        self.session_of(PATIENCE)
    }

    fn session_of(&self, patience: Duration) -> Session {
        let options =
            Options { patience, gate: Level::Observed, token: Some(Secret::new(TOKEN)), ..Options::default() };
        let (contract, library) = (Arc::clone(&self.contract), Arc::clone(&self.library));
        let interrupt = Arc::new(Interrupt::default());
        Session::new(contract, library, options, Ledger::in_memory(), "mc_selftest", interrupt)
    }

    /// Runs every case against the reference target once more.
    ///
    /// # Errors
    /// When it does not pass.
    pub(super) async fn passes(&self) -> Result<(), SuiteError> {
        let session = self.session_of(LONG_PATIENCE);
        let caller = caller(Arc::new(Reference::new(config(self.profile))));
        for (index, case) in self.cases.iter().enumerate().filter(|(_, case)| !case.is_heavy()) {
            let report = run_one(&session, &caller, index + 1, &case.planned).await;
            if matches!(report.verdict, Verdict::Fail | Verdict::Error) {
                passed(&report)?;
            }
        }
        Ok(())
    }
}

fn passed(report: &CaseReport) -> Result<(), SuiteError> {
    if report.verdict == Verdict::Pass && report.findings.is_empty() {
        return Ok(());
    }
    let findings: String = report.findings.iter().map(ToString::to_string).collect();
    let reason = report.reason.as_deref().unwrap_or_default();
    Err(SuiteError::Reference { case: report.id.clone(), why: format!("{} {reason}\n{findings}", report.verdict) })
}
