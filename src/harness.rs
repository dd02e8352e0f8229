//! The suite as libtest trials, one a scenario, for an emulator author's own `cargo test`.
//!
//! ```no_run
//! // tests/conformance.rs, with `harness = false` under `[[test]]` in Cargo.toml
//! fn main() -> std::process::ExitCode {
//!     milvus_conformance::harness::Suite::new("http://127.0.0.1:19530").token("root:Milvus").main()
//! }
//! ```
//!
//! `cargo test -- partitions` runs those whose id has that in it, `-- --list` lists them; it works under `cargo nextest`,
//! where each scenario is a process of its own.

use crate::contract::{Contract, Tree};
use crate::diagnostic::Diagnostic;
use crate::engine::{Caller, CaseReport, Checked, Filter, Interrupt, Ledger, Options, PlannedCase, Session, run_one};
use crate::profile::Profile;
use crate::reference::{Config, Reference};
use crate::scenario::Library;
use crate::target::{Connection, Redactor, Secret, Target, preflight};
use crate::verdict::{Level, Verdict};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// A suite to be run against one server.
#[derive(Clone, Debug)]
#[must_use = "a suite does nothing until `main` runs it"]
pub struct Suite {
    url: Option<String>,
    token: Option<String>,
    profile: Option<Profile>,
    gate: Level,
    filter: Option<String>,
    paths: Vec<PathBuf>,
}

impl Suite {
    /// A suite against the server at this URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: Some(url.into()), ..Self::embedded() }
    }

    /// A suite against `MILVUS_URI` with `MILVUS_TOKEN`, and against the embedded reference target when that is not set.
    pub fn from_environment() -> Self {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self { url: set("MILVUS_URI"), token: set("MILVUS_TOKEN"), ..Self::embedded() }
    }

    /// A suite against the embedded reference target.
    pub fn embedded() -> Self {
        Self { url: None, token: None, profile: None, gate: Level::Must, filter: None, paths: Vec::new() }
    }

    /// Sends this token: `user:password`, or an API key.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Applies the contract of this profile instead of recognising the server.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = Some(profile);
        self
    }

    /// Lets findings of this level, too, fail a trial. The default is [`Level::Must`].
    pub fn gate(mut self, gate: Level) -> Self {
        self.gate = gate;
        self
    }

    /// Runs only what this filter selects, in the language of `--filter`.
    pub fn filter(mut self, filter: impl Into<String>) -> Self {
        self.filter = Some(filter.into());
        self
    }

    /// Runs the scenarios in this file or folder instead of the contract's own.
    pub fn scenarios(mut self, path: impl Into<PathBuf>) -> Self {
        self.paths.push(path.into());
        self
    }

    /// Runs the suite with the arguments of the test binary and answers with its exit code. A server that cannot be used
    /// and a mistake in a scenario fail the whole suite.
    #[expect(clippy::print_stderr, reason = "this is the main function of a test binary")]
    pub fn main(self) -> ExitCode {
        let arguments = Arguments::from_args();
        match self.trials() {
            Ok(trials) => libtest_mimic::run(&arguments, trials).exit_code(),
            Err(why) => {
                eprintln!("the conformance suite cannot run: {why}");
                ExitCode::FAILURE
            }
        }
    }

    /// One trial a scenario. Scenarios that are not for the profile, or need what the target lacks, are ignored with the
    /// reason.
    ///
    /// # Errors
    /// When the contract or a scenario has a mistake, or the server cannot be used.
    pub fn trials(self) -> Result<Vec<Trial>, SuiteError> {
        let contract = Arc::new(Contract::load(&Tree::embedded())?);
        let mut library = Library::of_contract(contract.tree())?;
        if !self.paths.is_empty() {
            let words: Vec<String> = self.paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
            library = library.select(&words).map_err(|error| SuiteError::Other(error.to_string()))?;
        }
        let filter = self.filter.as_deref().map(Filter::parse).transpose();
        let filter = filter.map_err(|error| SuiteError::Other(error.to_string()))?;
        let checked = Checked::read(&library, &contract, filter.as_ref())
            .map_err(|error| SuiteError::Other(error.to_string()))?;
        let runtime = Runtime::new().map_err(|error| SuiteError::Other(error.to_string()))?;
        let (target, token, redactor) = self.target()?;
        let requested = self.profile.or(if self.url.is_none() { Some(Profile::Milvus26) } else { None });
        let seen = runtime
            .block_on(preflight(&target, &contract, token.as_ref(), requested, REQUEST_TIMEOUT))
            .map_err(|error| SuiteError::Other(error.to_string()))?;
        let capabilities = seen.capabilities(&contract, token.as_ref());
        let plan = checked.plan(seen.profile, &capabilities);
        let options = Options { token: token.clone(), gate: self.gate, ..Options::default() };
        let caller = Caller::new(target, token.as_ref(), redactor, None, REQUEST_TIMEOUT);
        let compiled = contract.compile(seen.profile)?;
        let name = Session::fresh_name();
        let ledger = match &self.url {
            None => Ledger::in_memory(),
            Some(url) => Ledger::create(Path::new(Ledger::FOLDER), &name, url)
                .map_err(|error| SuiteError::Other(error.to_string()))?,
        };
        let session = Session::new(compiled, library, options, ledger, name, Arc::new(Interrupt::default()));
        let shared = Arc::new(Shared { runtime, session: Arc::new(session), caller });
        let skipped = plan.skipped.into_iter().map(|skipped| {
            let (id, why) = (skipped.report().id, skipped.why);
            Trial::ignorable_test(id, move || Ok(Completion::ignored_with(why)))
        });
        let cases = plan.cases.into_iter().enumerate().map(|(index, case)| {
            let shared = Arc::clone(&shared);
            Trial::ignorable_test(case.id.clone(), move || shared.run(index + 1, &case))
        });
        Ok(cases.chain(skipped).collect())
    }

    fn target(&self) -> Result<(Target, Option<Secret>, Redactor), SuiteError> {
        let token = self.token.as_ref().map(Secret::new);
        let Some(url) = &self.url else {
            let token = token.unwrap_or_else(|| Secret::new("root:Milvus"));
            let config =
                Config { profile: self.profile.unwrap_or(Profile::Milvus26), token: Some(token.expose().to_owned()) };
            let redactor = Redactor::new(Some(&token), []);
            return Ok((Target::InProcess(Arc::new(Reference::new(config))), Some(token), redactor));
        };
        let mut connection = Connection::new(url);
        connection.token.clone_from(&token);
        let target = Target::connect(&connection).map_err(|error| SuiteError::Other(error.to_string()))?;
        Ok((target, token, connection.redactor()))
    }
}

/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Why a suite cannot run.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// The contract or a scenario has mistakes.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Mistakes(Vec<Diagnostic>),
    /// The filter, a path or the server; in words.
    #[error("{0}")]
    Other(String),
}

impl From<Vec<Diagnostic>> for SuiteError {
    fn from(mistakes: Vec<Diagnostic>) -> Self {
        SuiteError::Mistakes(mistakes)
    }
}

struct Shared {
    runtime: Runtime,
    session: Arc<Session>,
    caller: Caller,
}

impl Drop for Shared {
    /// The ledger stays when something could not be removed; `sweep` finds it.
    fn drop(&mut self) {
        let _ = self.session.ledger().close();
    }
}

impl Shared {
    fn run(&self, number: usize, case: &PlannedCase) -> Result<Completion, Failed> {
        let report = self.runtime.block_on(run_one(&self.session, &self.caller, number, case));
        match report.verdict {
            Verdict::Pass | Verdict::Known | Verdict::Flaky => Ok(Completion::Completed),
            Verdict::Unsupported | Verdict::Skipped => {
                Ok(Completion::ignored_with(report.reason.unwrap_or_else(|| report.verdict.to_string())))
            }
            Verdict::Fail | Verdict::Error | Verdict::Fixed => Err(Failed::from(text(&report))),
        }
    }
}

fn text(report: &CaseReport) -> String {
    let findings: String = report.findings.iter().map(ToString::to_string).collect();
    format!("{}\n{}\n{findings}", report.title, report.reason.as_deref().unwrap_or_default())
}
