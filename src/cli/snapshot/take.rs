//! Running scenarios to see what a server answers.

use crate::cli::arguments::{ContractArguments, SnapshotCourse};
use crate::cli::failure::{Failure, count};
use crate::cli::run::{Reached, end_on_signal, runtime};
use crate::cli::style;
use crate::cli::workspace::Workspace;
use crate::config::Loaded;
use crate::engine::{
    self, BROKE, Caller, CaseReport, Checked, Event, Filter, Interrupt, Ledger, Options, Plan, Session,
};
use crate::profile::Profile;
use crate::snapshot::{Call, Normaliser, Rules, Snapshot, transcript};
use crate::target::Redactor;
use crate::verdict::Verdict;
use std::collections::{BTreeSet, HashMap};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc;

/// What a server answers.
pub(super) struct Taken {
    pub(super) profile: Profile,
    /// In order of the scenarios.
    pub(super) snapshots: Vec<Snapshot>,
    /// Whether every scenario of the contract was asked for, and every one came to its turn.
    pub(super) whole: bool,
    /// How many scenarios were left out before the first call, because they are not for this target.
    pub(super) skipped: usize,
    /// Whether the run was ended before its time.
    pub(super) complete: bool,
    rules: Arc<Rules>,
}

impl Taken {
    /// Says which rules were of no use, when all scenarios had their turn.
    pub(super) fn tell_unused(&self, out: &mut dyn Write) -> std::io::Result<()> {
        for reason in self.rules.unused().filter(|_| self.whole) {
            writeln!(out, "{} a snapshot rule met nothing: {reason}", style::note("unused"))?;
        }
        Ok(())
    }
}

/// Runs the scenarios. `folder` is where snapshots will be written, so that a mistake there shows before anything is sent.
pub(super) fn take(
    contract: &ContractArguments,
    course: &SnapshotCourse,
    paths: &[String],
    settings: &Loaded,
    folder: Option<&Path>,
) -> Result<Taken, Failure> {
    let workspace = Workspace::load(contract)?;
    let filter = course.filter.as_deref().map(Filter::parse).transpose()?;
    let library = workspace.selected(paths)?;
    let checked = Checked::read(&library, &workspace.contract, filter.as_ref())?;
    let reached = Reached::new(&course.target)?;
    if let Some(folder) = folder {
        let unwritable = |source| Failure::Unwritable { path: folder.to_path_buf(), source };
        std::fs::create_dir_all(folder).map_err(unwritable)?;
    }
    let runtime = runtime()?;
    let recognition = runtime.block_on(reached.recognise(&workspace.contract, &course.target))?;
    let profile = recognition.profile;
    let plan = checked.plan(profile, &recognition.capabilities(&workspace.contract, reached.token.as_ref()));
    if plan.cases.is_empty() {
        return Err(Failure::NothingToRun("nothing to run: no selected scenario is for this target".to_owned()));
    }
    let compiled = workspace.contract.compile(profile).map_err(Failure::Mistakes)?;
    let name = Session::fresh_name();
    let ledger = match &course.target.target {
        None => Ledger::in_memory(),
        Some(_) => Ledger::create(&course.ledger, &name, reached.target.address())?,
    };
    let token = reached.token.clone();
    let redactor = match &course.target.target {
        // The embedded target has a token even when the user has none.
        None => Redactor::new(token.as_ref(), []),
        Some(_) => reached.redactor.clone(),
    };
    let caller =
        Caller::new(reached.target.clone(), token.as_ref(), redactor.clone(), course.db.clone(), course.target.timeout);
    let options =
        Options { jobs: course.jobs, patience: course.patience, token, tell_exchanges: true, ..Options::default() };
    let interrupt = Arc::new(Interrupt::default());
    let session = Arc::new(Session::new(compiled, library, options, ledger, &name, Arc::clone(&interrupt)));
    let rules = Arc::new(settings.snapshot_rules());
    let address = course.target.target.as_deref().and_then(|url| url.split_once("://"));
    let address = address.map(|(_, rest)| rest.trim_end_matches('/').to_owned());
    let skipped = plan.skipped.len();
    let numbers = plan.cases.iter().enumerate().map(|(index, case)| (case.id.clone(), index + 1)).collect();
    let maker = Maker { run: name, profile, redactor, address, rules: Arc::clone(&rules), numbers };
    let mut snapshots = runtime.block_on(follow(&session, &caller, plan, &maker, &interrupt))?;
    session.ledger().close().map_err(|error| Failure::Broken(error.to_string()))?;
    snapshots.sort_by_key(Snapshot::key);
    let complete = snapshots.len() == maker.numbers.len();
    let whole = paths.is_empty() && filter.is_none() && complete;
    Ok(Taken { profile, snapshots, whole, skipped, complete, rules })
}

async fn follow(
    session: &Arc<Session>,
    caller: &Caller,
    plan: Plan,
    maker: &Maker,
    interrupt: &Arc<Interrupt>,
) -> Result<Vec<Snapshot>, Failure> {
    let (events, mut heard) = mpsc::channel(256);
    let running = engine::start(session, caller, plan, &events)
        .map_err(|error| Failure::Broken(format!("cannot start the run: {error}")))?;
    drop(events);
    let listening = tokio::spawn(end_on_signal(Arc::clone(interrupt)));
    let mut calls: HashMap<String, Vec<Call>> = HashMap::new();
    let mut snapshots = Vec::new();
    let mut broke = None;
    let mut left = 0;
    while let Some(event) = heard.recv().await {
        match event {
            Event::CaseStarted { .. } => {}
            Event::Exchanged { id, step, exchange } => {
                let calls = calls.entry(id).or_default();
                // Of an awaited condition only the last answer counts.
                if calls.last().is_some_and(|last| last.step == step) {
                    calls.pop();
                }
                calls.push(Call { step, exchange: *exchange });
            }
            Event::CaseFinished(report) => {
                left += report.cleanup.left.len();
                let calls = calls.remove(&report.id).unwrap_or_default();
                match &report.reason {
                    Some(reason) if reason.starts_with(BROKE) => broke = Some(format!("{}: {reason}", report.id)),
                    _ if report.verdict == Verdict::Skipped => {}
                    _ => snapshots.push(maker.snapshot(&report, &calls)),
                }
            }
        }
    }
    running.join();
    listening.abort();
    if left > 0 {
        let what = count(left, "object");
        anstream::eprintln!("{what} may be left on the target; `milvus-conformance sweep` tries again");
    }
    broke.map_or(Ok(snapshots), |why| Err(Failure::Broken(why)))
}

/// Makes snapshots of cases.
struct Maker {
    run: String,
    profile: Profile,
    redactor: Redactor,
    /// Where the server is, which is no matter of what it answers.
    address: Option<String>,
    rules: Arc<Rules>,
    /// The number of each case in its run.
    numbers: HashMap<String, usize>,
}

impl Maker {
    fn snapshot(&self, report: &CaseReport, calls: &[Call]) -> Snapshot {
        let awaited: BTreeSet<String> = report.waits.iter().map(|wait| wait.step.clone()).collect();
        let (redactor, address) = (self.redactor.clone(), self.address.clone());
        let redact = move |text: &str| {
            let text = redactor.redact(text).into_owned();
            address.as_deref().map_or_else(|| text.clone(), |address| text.replace(address, "<target>"))
        };
        let number = self.numbers.get(&report.id).copied().unwrap_or_default();
        let mut normaliser = Normaliser::new(&self.run, redact).with_rules(Arc::clone(&self.rules)).of_case(number);
        let transcript = transcript(calls, &awaited, &mut normaliser);
        let early = matches!(report.verdict, Verdict::Error | Verdict::Unsupported);
        let ended = early.then(|| match &report.reason {
            Some(reason) => format!("{} ({})", report.verdict, normaliser.text(reason)),
            None => report.verdict.to_string(),
        });
        Snapshot { scenario: report.id.clone(), title: report.title.clone(), profile: self.profile, ended, transcript }
    }
}
