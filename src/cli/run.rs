//! `run`: scenarios against a target.

use super::arguments::{ContractArguments, RunArguments, TargetArguments};
use super::console::{Console, Detail};
use super::exit;
use super::failure::Failure;
use super::workspace::Workspace;
use crate::contract::Contract;
use crate::engine::{
    self, BROKE, Caller, CaseReport, Checked, Event, Filter, Interrupt, Ledger, OF_THE_EMBEDDED, Options, Plan, Session,
};
use crate::known::{Excuses, KnownSummary, Usage};
use crate::profile::Profile;
use crate::reference::{Config, Reference};
use crate::results::{self, Head, Outcome, Recorder, Results, SCHEMA, TargetFacts, Tool, Totals};
use crate::target::{Connection, Recognition, Redactor, Secret, Target, preflight};
use crate::verdict::Verdict;
use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc;

/// The profile that the embedded reference target has when none is named.
pub(super) const DEFAULT_PROFILE: Profile = Profile::Milvus26;

pub(super) fn run(contract: &ContractArguments, arguments: &RunArguments) -> Result<u8, Failure> {
    let workspace = Workspace::load(contract)?;
    let filter = arguments.filter.as_deref().map(Filter::parse).transpose()?;
    let known = arguments.known.as_deref().map(|file| super::known::read(file, &workspace.contract)).transpose()?;
    let library = workspace.selected(&arguments.paths)?;
    let mut checked = Checked::read(&library, &workspace.contract, filter.as_ref())?;
    let reached = Reached::new(&arguments.target)?;
    let reports = arguments.report.iter().map(|wanted| &wanted.file);
    let mut probed = Probed::default();
    for path in std::iter::once(&arguments.results).chain(reports) {
        probed.writable(path)?;
    }
    let runtime = runtime()?;
    let recognition = runtime.block_on(reached.recognise(&workspace.contract, &arguments.target))?;
    let profile = recognition.profile;
    if let Some(made) = workspace.generated(&arguments.paths, arguments.generated, profile)? {
        checked.read_generated(&made, &workspace.contract, filter.as_ref())?;
    }
    let mut plan = checked.plan(profile, &capabilities(&workspace.contract, &recognition, arguments, &reached));
    if let Some(shard) = arguments.shard {
        plan.keep(shard);
        if plan.cases.is_empty() {
            return Err(Failure::NothingToRun(format!(
                "nothing to run: no selected scenario falls into share {shard}"
            )));
        }
    }
    if plan.cases.is_empty() {
        return Err(Failure::NothingToRun(format!("nothing to run: {}", why_nothing(&plan))));
    }
    let compiled = workspace.contract.compile(profile).map_err(Failure::Mistakes)?;
    let name = Session::fresh_name();
    let ledger = if reached.embedded {
        Ledger::in_memory()
    } else {
        Ledger::create(&arguments.ledger, &name, reached.target.address())?
    };
    let caller = Caller::new(
        reached.target.clone(),
        reached.token.as_ref(),
        reached.redactor.clone(),
        arguments.db.clone(),
        arguments.target.timeout,
    );
    let interrupt = Arc::new(Interrupt::default());
    let address = reached.redactor.redact(reached.target.address()).into_owned();
    let today = jiff::Zoned::now().date();
    let excuses = Excuses::new(known.unwrap_or_default(), profile, address.clone(), today);
    let mut options = Options { known: Arc::new(excuses), ..options(arguments, &reached) };
    if !reached.embedded && plan.cases.iter().any(|case| case.hazardous) {
        // Whatever else ran at the same time would fail with the server.
        options.jobs = 1;
    }
    let session = Session::new(compiled, library, options, ledger, name, Arc::clone(&interrupt));
    let head = Head {
        schema: SCHEMA.to_owned(),
        tool: Tool::this(),
        target: TargetFacts { address, embedded: reached.embedded, auth: recognition.auth },
        profile,
        profile_reason: recognition.why,
        profile_certainty: recognition.certainty,
        run: session.run_name().to_owned(),
        started: jiff::Timestamp::now().round(jiff::Unit::Second).unwrap_or_default().to_string(),
        gate: arguments.gate,
    };
    let done =
        runtime.block_on(course(Arc::new(session), &caller, plan, head, arguments, &reached.redactor, &interrupt))?;
    // The process ends next; taking the contract apart piece by piece would only make the user wait.
    std::mem::forget(workspace);
    Ok(done)
}

/// A target with what is needed to talk to it.
pub(super) struct Reached {
    pub(super) target: Target,
    pub(super) token: Option<Secret>,
    pub(super) redactor: Redactor,
    embedded: bool,
}

impl Reached {
    /// Makes the client for a server, or the embedded reference target. Nothing is sent.
    pub(super) fn new(arguments: &TargetArguments) -> Result<Self, Failure> {
        let token = arguments.token.as_ref().filter(|token| !token.is_empty()).map(Secret::new);
        let Some(url) = &arguments.target else {
            let redactor = Redactor::new(token.as_ref(), []);
            let profile = arguments.profile.unwrap_or(DEFAULT_PROFILE);
            // Without a token of the user's own the embedded target has one, so that authorization is tried, too.
            let token = token.unwrap_or_else(|| Secret::new("root:Milvus"));
            let config = Config { profile, token: Some(token.expose().to_owned()) };
            let target = Target::InProcess(Arc::new(Reference::new(config)));
            return Ok(Self { target, token: Some(token), redactor, embedded: true });
        };
        let mut connection = Connection::new(url);
        connection.token.clone_from(&token);
        connection.ca_cert.clone_from(&arguments.ca_cert);
        connection.insecure = arguments.insecure;
        connection.proxy.clone_from(&arguments.proxy);
        let redactor = connection.redactor();
        let target = Target::connect(&connection)?;
        Ok(Self { target, token, redactor, embedded: false })
    }

    /// Looks whether the target can be used and which profile it has.
    pub(super) async fn recognise(
        &self,
        contract: &Contract,
        arguments: &TargetArguments,
    ) -> Result<Recognition, Failure> {
        let requested = match arguments.profile {
            None if self.embedded => Some(DEFAULT_PROFILE),
            named => named,
        };
        let mut recognition =
            preflight(&self.target, contract, self.token.as_ref(), requested, arguments.timeout).await?;
        if self.embedded && arguments.profile.is_none() {
            "the one it has when none is named".clone_into(&mut recognition.why);
        }
        Ok(recognition)
    }
}

/// A runtime for the command itself; cases have threads of their own.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Broken(format!("cannot start the runtime: {error}")))
}

/// Files made only to see whether they can be written. Those that are still empty in the end, because no run came about,
/// are taken away again.
#[derive(Default)]
struct Probed(Vec<PathBuf>);

impl Probed {
    fn writable(&mut self, path: &Path) -> Result<(), Failure> {
        let fresh = !path.exists();
        writable(path)?;
        self.0.extend(fresh.then(|| path.to_path_buf()));
        Ok(())
    }
}

impl Drop for Probed {
    fn drop(&mut self) {
        for path in &self.0 {
            if std::fs::metadata(path).is_ok_and(|file| file.len() == 0) {
                // An empty file that stays behind does no harm.
                let _ = std::fs::remove_file(path);
            }
        }
    }
}

/// Finds out whether a file can be written, without touching what is in it.
fn writable(path: &Path) -> Result<(), Failure> {
    let unwritable = |source| Failure::Unwritable { path: path.to_path_buf(), source };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| {
            let file = folder.ancestors().find(|above| above.is_file());
            unwritable(match file {
                Some(file) => std::io::Error::other(format!("{} is a file, not a folder", file.display())),
                None => error,
            })
        })?;
    }
    OpenOptions::new().append(true).create(true).open(path).map(drop).map_err(unwritable)
}

fn capabilities(
    contract: &Contract,
    recognition: &Recognition,
    arguments: &RunArguments,
    reached: &Reached,
) -> BTreeSet<String> {
    let mut capabilities = recognition.capabilities(contract, reached.token.as_ref());
    let flags = [(arguments.hazardous, "hazardous"), (arguments.heavy, "heavy")];
    capabilities.extend(flags.into_iter().filter(|(set, _)| *set).map(|(_, name)| name.to_owned()));
    if reached.embedded {
        capabilities.extend(OF_THE_EMBEDDED.map(str::to_owned));
    }
    capabilities
}

fn why_nothing(plan: &Plan) -> String {
    match plan.skipped.as_slice() {
        [] => "there are no scenarios there".to_owned(),
        [only] => format!("the only scenario is skipped: {}", only.why),
        [first, ..] if plan.skipped.iter().all(|skipped| skipped.why == first.why) => {
            format!("all {} scenarios are skipped: {}", plan.skipped.len(), first.why)
        }
        several => {
            format!("all {} scenarios are skipped, for several reasons; `list` shows what there is", several.len())
        }
    }
}

fn options(arguments: &RunArguments, reached: &Reached) -> Options {
    Options {
        jobs: arguments.jobs,
        case_timeout: arguments.case_timeout,
        patience: arguments.patience,
        deadline: arguments.deadline,
        max_failures: if arguments.fail_fast { Some(1) } else { arguments.max_failures },
        gate: arguments.gate,
        strict: arguments.strict,
        hazardous: arguments.hazardous,
        token: reached.token.clone(),
        tell_exchanges: arguments.verbose > 1,
        record_exchanges: arguments.record_exchanges,
        ..Options::default()
    }
}

/// The run itself: the engine works, the console and the recorder listen.
async fn course(
    session: Arc<Session>,
    caller: &Caller,
    plan: Plan,
    head: Head,
    arguments: &RunArguments,
    redactor: &Redactor,
    interrupt: &Arc<Interrupt>,
) -> Result<u8, Failure> {
    let detail = match (arguments.quiet, arguments.verbose) {
        (true, _) => Detail::Quiet,
        (_, 0) => Detail::Normal,
        (_, 1) => Detail::Cases,
        _ => Detail::Exchanges,
    };
    let mut console = Console::new(detail, plan.cases.len(), redactor.clone());
    let unwritable = |source| Failure::Unwritable { path: arguments.results.clone(), source };
    let mut recorder = Recorder::create(&arguments.results, &head).map_err(unwritable)?;
    let mut totals = Totals::default();
    let mut usage = Usage::new(&session.options().known);
    // Whoever reads may have seen enough, as in `run | head`; the run goes on, and cleans up.
    let hazardous = plan.cases.iter().filter(|case| case.hazardous).count();
    let mut shown = console
        .begin(&head, plan.cases.len(), plan.skipped.len(), session.options().jobs)
        .and_then(|()| console.hazardous(hazardous));
    // Reports are made from the file, so that the cases need not be held; what is no file cannot be read again.
    let is_file = std::fs::metadata(&arguments.results).is_ok_and(|results| results.is_file());
    let mut kept = (!arguments.report.is_empty() && !is_file).then(Vec::new);
    let planned = plan.cases.len();
    let skipped: Vec<CaseReport> = plan.skipped.iter().map(engine::Skipped::report).collect();
    let started = Instant::now();
    let (events, mut heard) = mpsc::channel(256);
    let running = engine::start(&session, caller, plan, &events)
        .map_err(|error| Failure::Broken(format!("cannot start the run: {error}")))?;
    drop(events);
    let listening = tokio::spawn(end_on_signal(Arc::clone(interrupt)));
    let mut broke = false;
    let mut begun = 0;
    let mut written = Ok(());
    for event in skipped.into_iter().map(|case| Event::CaseFinished(Box::new(case))) {
        take(&event, &mut totals, &mut recorder, &mut written, kept.as_mut());
    }
    while let Some(event) = heard.recv().await {
        shown = shown.and_then(|()| console.event(&event));
        begun += usize::from(matches!(event, Event::CaseStarted { .. }));
        if let Event::CaseFinished(case) = &event {
            let held = case.requirements.iter().filter(|(_, tally)| tally.passed > 0).map(|(id, _)| id.as_str());
            usage.add(&session.options().known, &case.id, case.verdict, &case.findings, held);
            broke |= case.reason.as_ref().is_some_and(|reason| reason.starts_with(BROKE));
        }
        take(&event, &mut totals, &mut recorder, &mut written, kept.as_mut());
    }
    running.join_last();
    listening.abort();
    let complete = !interrupt.is_set() && begun == planned;
    let contract = session.contract();
    let duration_ms = started.elapsed().as_secs_f64() * 1e3;
    let mut outcome = totals.outcome(contract.whole(), contract.profile(), duration_ms, complete);
    outcome.warnings = totals.warnings(contract.whole(), arguments.gate);
    outcome.known = arguments.known.as_ref().map(|file| {
        let whole = complete && arguments.paths.is_empty() && arguments.filter.is_none();
        usage.summary(&session.options().known, &file.to_string_lossy(), whole)
    });
    outcome.shard = arguments.shard.map(|shard| shard.to_string());
    recorder.finish(&outcome).and(written).map_err(Failure::Results)?;
    session.ledger().close().map_err(|error| Failure::Broken(error.to_string()))?;
    if let Some(cases) = kept {
        reports(&Results { head, cases, outcome: outcome.clone() }, arguments)?;
    } else if !arguments.report.is_empty() {
        let text = std::fs::read_to_string(&arguments.results).map_err(Failure::Results)?;
        let read = results::read(&text).map_err(|error| Failure::Broken(error.to_string()))?;
        reports(&read, arguments)?;
    }
    shown = shown.and_then(|()| console.end(&outcome, &arguments.results.to_string_lossy()));
    if let Err(error) = shown
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        return Err(Failure::Output(error));
    }
    Ok(if broke { exit::BROKEN } else { exit_code(&outcome) })
}

fn take(
    event: &Event,
    totals: &mut Totals,
    recorder: &mut Recorder,
    written: &mut std::io::Result<()>,
    kept: Option<&mut Vec<CaseReport>>,
) {
    let Event::CaseFinished(case) = event else { return };
    totals.add(case);
    if written.is_ok() {
        *written = recorder.record(case);
    }
    if let Some(kept) = kept {
        kept.push((**case).clone());
    }
}

/// The exit code of a run, or of several joined into one.
pub(super) fn exit_code(outcome: &Outcome) -> u8 {
    let counts = outcome.summary;
    let found = [Verdict::Fail, Verdict::Error, Verdict::Fixed].into_iter().any(|verdict| counts.get(verdict) > 0);
    let untrue = outcome.known.as_ref().is_some_and(KnownSummary::breaks_the_gate);
    // Of a run that was cut off, nobody knows what the rest would have shown.
    if found || untrue || !outcome.complete {
        exit::FINDINGS
    } else if counts.ran() == 0 {
        exit::NOTHING_RAN
    } else {
        exit::SUCCESS
    }
}

fn reports(results: &Results, arguments: &RunArguments) -> Result<(), Failure> {
    for wanted in &arguments.report {
        let text = wanted.format.of(Some(&wanted.file)).of(results)?;
        std::fs::write(&wanted.file, text).map_err(Failure::Results)?;
    }
    Ok(())
}

/// The first Ctrl-C ends the run in good order; the second at once, and the ledger tells `sweep` what is left. A polite
/// `kill`, as build servers send it, counts as Ctrl-C.
pub(super) async fn end_on_signal(interrupt: Arc<Interrupt>) {
    if !told_to_end().await {
        return;
    }
    interrupt.set();
    anstream::eprintln!("\nending the run: cleaning up, then writing the results; Ctrl-C again leaves at once");
    if told_to_end().await {
        anstream::eprintln!("left at once; `milvus-conformance sweep` removes what is left on the target");
        std::process::exit(i32::from(exit::FINDINGS));
    }
}

/// Waits for a signal that asks for the end; `false` when the system has none to give.
#[cfg(unix)]
pub(super) async fn told_to_end() -> bool {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return false;
    };
    tokio::select! {
        _ = interrupt.recv() => true,
        _ = terminate.recv() => true,
    }
}

/// Waits for a signal that asks for the end; `false` when the system has none to give.
#[cfg(not(unix))]
pub(super) async fn told_to_end() -> bool {
    tokio::signal::ctrl_c().await.is_ok()
}
