//! A run: its cases side by side, its limits, its end.

use super::case::{milliseconds, run_case};
use super::room::Turns;
use super::shrink::shrink;
use super::steps::Caller;
use super::{CaseReport, Event, Ledger, Plan, PlannedCase};
use crate::contract::{CompiledOperation, ProfileContract};
use crate::known::Excuses;
use crate::scenario::{Fixture, Library};
use crate::seen::{Register, Seen, Shown};
use crate::target::Secret;
use crate::verdict::{Finding, Level, Verdict};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc};

/// How a run is done.
#[derive(Clone, Debug)]
pub struct Options {
    /// Cases at the same time.
    pub jobs: usize,
    /// How long a case may take when its scenario does not say.
    pub case_timeout: Duration,
    /// How long an awaited condition may take when its step does not say.
    pub patience: Duration,
    /// How long the whole run may take.
    pub deadline: Option<Duration>,
    /// After how many failed cases no further one begins.
    pub max_failures: Option<usize>,
    /// Findings of this level and of more binding ones make a case fail.
    pub gate: Level,
    /// Whether properties that no document names are findings.
    pub strict: bool,
    /// Whether requests that may end the server's process are sent, in scenarios that say that they send them.
    pub hazardous: bool,
    /// The token that calls carry, for scenarios that vary it.
    pub token: Option<Secret>,
    /// Whether each call is told as an event.
    pub tell_exchanges: bool,
    /// Whether the calls of every case are kept for reports, not only of those with findings or an error.
    pub record_exchanges: bool,
    /// Failures that are known already, and cases that are repeated when they fail.
    pub known: Arc<Excuses>,
}

impl Options {
    /// Cases at the same time, unless someone says otherwise. A run's time is waiting time, so that there are many more than
    /// processors; `benches/waiting/run.sh` measures what they bring.
    pub const JOBS: usize = 32;
}

impl Default for Options {
    fn default() -> Self {
        Self {
            jobs: Self::JOBS,
            case_timeout: Duration::from_mins(3),
            patience: Duration::from_mins(1),
            deadline: None,
            max_failures: None,
            gate: Level::Must,
            strict: false,
            hazardous: false,
            token: None,
            tell_exchanges: false,
            record_exchanges: false,
            known: Arc::default(),
        }
    }
}

/// A wish to end the run early, which any thread may set and any task may await.
#[derive(Debug, Default)]
pub struct Interrupt {
    set: AtomicBool,
    notify: Notify,
}

impl Interrupt {
    /// Ends the run: no case begins, and those that run end at their next step.
    pub fn set(&self) {
        self.set.store(true, Ordering::SeqCst);
        self.notify.notify_waiters();
    }

    /// Whether the run is to end.
    pub fn is_set(&self) -> bool {
        self.set.load(Ordering::SeqCst)
    }

    /// Returns after a pause, or at once when the run is to end. The pause is the growing interval between two questions
    /// of an awaited condition.
    pub(super) async fn or_after(&self, pause: Duration) {
        let notified = self.notify.notified();
        if !self.is_set() {
            // Timing out is the ordinary end of a pause.
            let _ = tokio::time::timeout(pause, notified).await;
        }
    }
}

/// Everything that the cases of a run share.
pub struct Session {
    contract: Arc<ProfileContract>,
    library: Arc<Library>,
    options: Options,
    ledger: Ledger,
    run: String,
    prefix: String,
    interrupt: Arc<Interrupt>,
    /// By the number of the operation, whether the target was seen to have it.
    answered: Box<[AtomicBool]>,
    /// What the calls have shown of the contract.
    seen: Mutex<Register>,
}

impl Session {
    /// Joins what a run needs. `run` is its name, from which every name that it makes begins.
    pub fn new(
        contract: impl Into<Arc<ProfileContract>>,
        library: impl Into<Arc<Library>>,
        options: Options,
        ledger: Ledger,
        run: impl Into<String>,
        interrupt: Arc<Interrupt>,
    ) -> Self {
        let (run, contract) = (run.into(), contract.into());
        Self {
            answered: contract.whole().operations.iter().map(|_| AtomicBool::new(false)).collect(),
            contract,
            library: library.into(),
            options,
            ledger,
            prefix: format!("{run}_"),
            run,
            interrupt,
            seen: Mutex::default(),
        }
    }

    /// A new name for a run, short and unlike that of any other.
    pub fn fresh_name() -> String {
        let mut generator = fastrand::Rng::new();
        let letters: String = (0..7).map(|_| generator.char('a'..='z')).collect();
        format!("mc_{letters}")
    }

    /// The contract.
    pub fn contract(&self) -> &ProfileContract {
        &self.contract
    }

    /// How the run is done.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// What the run has made.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The run's name.
    pub fn run_name(&self) -> &str {
        &self.run
    }

    /// Whether the target was seen to have this operation.
    pub(super) fn has_answered(&self, operation: &CompiledOperation) -> bool {
        self.answered.get(operation.number()).is_some_and(|answered| answered.load(Ordering::Relaxed))
    }

    /// Notes that the target has this operation.
    pub(super) fn note_answer(&self, operation: &CompiledOperation) {
        if let Some(answered) = self.answered.get(operation.number()) {
            answered.store(true, Ordering::Relaxed);
        }
    }

    /// Enters what a call shows and answers with what of it is new.
    pub(super) fn note_shown(&self, name: &str, operation: Option<&CompiledOperation>, shown: &Shown) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).enter(name, operation, shown)
    }

    pub(super) fn run_prefix(&self) -> &str {
        &self.prefix
    }

    pub(super) fn fixture(&self, name: &str) -> Option<&Fixture> {
        self.library.fixture(name)
    }

    pub(super) fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }
}

/// A run under way.
#[derive(Debug)]
pub struct Running {
    threads: Vec<JoinHandle<()>>,
    shared: Arc<Shared>,
}

impl Running {
    /// Waits until every case has been told as finished, which the end of the events says, too.
    pub fn join(self) {
        for thread in self.threads {
            // Panics of a case are caught where it runs; a thread has nothing else that could panic.
            let _ = thread.join();
        }
    }

    /// Waits as [`Self::join`] does, for a process that ends next: the plan is left to the system, since taking thousands
    /// of steps apart one by one would only make the user wait.
    pub fn join_last(self) {
        std::mem::forget(Arc::clone(&self.shared));
        self.join();
    }
}

/// Starts all cases of a plan, at most `jobs` at a time.
///
/// A case that does not begin, because the run was ended, its deadline passed or too many failed, is told as skipped.
///
/// The cases are shared out to one thread a processor, each with connections and a runtime of its own: an answer then
/// never has to wake another thread, which would cost more than judging it.
///
/// # Errors
/// When the system gives no more threads.
pub fn start(session: &Arc<Session>, caller: &Caller, plan: Plan, events: &mpsc::Sender<Event>) -> io::Result<Running> {
    let started = Instant::now();
    // One after the other they take as long in any order, and are easier to follow in that of the plan.
    let waits: Vec<u32> = plan.cases.iter().map(|case| case.waits).filter(|_| session.options.jobs > 1).collect();
    let turns = Turns::new(plan.cases.iter().map(|case| case.roles).collect(), &waits);
    let shared = Arc::new(Shared {
        cases: plan.cases,
        turns,
        failures: AtomicUsize::new(0),
        attempts: AtomicUsize::new(0),
        shrunk: AtomicUsize::new(0),
    });
    let jobs = session.options.jobs.clamp(1, shared.cases.len().max(1));
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(jobs);
    let mut running = Vec::with_capacity(threads);
    for thread in 0..threads {
        let jobs = jobs / threads + usize::from(thread < jobs % threads);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (session, shared, events) = (Arc::clone(session), Arc::clone(&shared), events.clone());
        let caller = caller.with_own_connections();
        let workers = async move {
            let worker = || work(&session, &caller, &shared, started, &events);
            // Only those workers are woken whose answers have come.
            let mut workers: FuturesUnordered<_> = (0..jobs).map(|_| worker()).collect();
            while workers.next().await.is_some() {}
        };
        running.push(std::thread::Builder::new().name(format!("cases-{thread}")).spawn(move || {
            // As a task like those of the connections, the workers take their turn after all answers that came together. A
            // panic, which ends the task, would have been caught in its case.
            let _ = runtime.block_on(runtime.spawn(workers));
        })?);
    }
    Ok(Running { threads: running, shared })
}

/// Runs one case by itself, without events. `number` keeps its names apart from those of the other cases of a session.
pub async fn run_one(session: &Session, caller: &Caller, number: usize, planned: &PlannedCase) -> CaseReport {
    let (events, _unheard) = mpsc::channel(1);
    run_case(session, caller, number, planned, &events).await
}

#[derive(Debug)]
struct Shared {
    cases: Vec<PlannedCase>,
    turns: Turns,
    failures: AtomicUsize,
    /// How often generated cases were run again.
    attempts: AtomicUsize,
    /// How many of them were made smaller.
    shrunk: AtomicUsize,
}

/// So many cases of a run are made smaller. Where more fail, there is hardly a request that would not.
const MOST_SHRUNK: usize = 50;

async fn work(session: &Session, caller: &Caller, shared: &Shared, started: Instant, events: &mpsc::Sender<Event>) {
    loop {
        let Some(turn) = shared.turns.take().await else { return };
        let index = turn.index;
        let Some(planned) = shared.cases.get(index) else { return };
        let begun = started.elapsed();
        let mut report = match reason_to_end(session, shared, started) {
            Some(why) => planned.report(Verdict::Skipped, Some(why)),
            None => {
                let begun = Event::CaseStarted { id: planned.id.clone() };
                if events.send(begun).await.is_err() {
                    return;
                }
                let mut report = guarded(session, caller, index + 1, planned, events).await;
                let known = &session.options.known;
                if matches!(report.verdict, Verdict::Fail | Verdict::Error)
                    && known.is_flaky(&planned.id)
                    && reason_to_end(session, shared, started).is_none()
                {
                    // Another number, so that the names of the second attempt are not those of the first.
                    let number = shared.cases.len() + index + 1;
                    report = repeated(report, guarded(session, caller, number, planned, events).await);
                }
                let again = planned.generated && !planned.hazardous && report.verdict == Verdict::Fail;
                if again && reason_to_end(session, shared, started).is_none() {
                    report = checked_again(session, caller, shared, planned, report, events).await;
                }
                excuse(session, &mut report);
                report
            }
        };
        report.offset_ms = milliseconds(begun);
        if report.verdict == Verdict::Fail || report.verdict == Verdict::Error {
            shared.failures.fetch_add(1, Ordering::Relaxed);
        }
        if events.send(Event::CaseFinished(Box::new(report))).await.is_err() {
            return;
        }
    }
}

/// Makes the request of a generated case that failed smaller, and repeats it once: only what fails again is a finding.
async fn checked_again(
    session: &Session,
    caller: &Caller,
    shared: &Shared,
    planned: &PlannedCase,
    first: CaseReport,
    events: &mpsc::Sender<Event>,
) -> CaseReport {
    let number = || 2 * shared.cases.len() + 1 + shared.attempts.fetch_add(1, Ordering::Relaxed);
    let (least, runs) = if shared.shrunk.fetch_add(1, Ordering::Relaxed) < MOST_SHRUNK {
        shrink(session, caller, planned, &first, &number, events).await
    } else {
        (planned.clone(), 0)
    };
    let again = guarded(session, caller, number(), &least, events).await;
    let mut report = repeated(first, again);
    if report.verdict == Verdict::Fail && runs > 0 {
        let again = report.reason.take().map(|reason| format!("; {reason}")).unwrap_or_default();
        report.reason = Some(format!("the request was made as small as it could be in {runs} runs{again}"));
    }
    report
}

/// Runs a case; a panic in it is told, and ends nothing but the case.
async fn guarded(
    session: &Session,
    caller: &Caller,
    number: usize,
    planned: &PlannedCase,
    events: &mpsc::Sender<Event>,
) -> CaseReport {
    let case = run_case(session, caller, number, planned, events);
    AssertUnwindSafe(case).catch_unwind().await.unwrap_or_else(|_| {
        planned.report(Verdict::Error, Some(format!("{BROKE}, which is a defect of milvus-conformance")))
    })
}

/// A case that failed, and was repeated.
fn repeated(first: CaseReport, mut second: CaseReport) -> CaseReport {
    if matches!(second.verdict, Verdict::Skipped | Verdict::Unsupported) {
        return first;
    }
    let (found, held) = (first.verdict, second.verdict == Verdict::Pass);
    let again = |what: &str| match &first.reason {
        Some(why) => format!("{what}: {why}"),
        None => what.to_owned(),
    };
    if held {
        second.verdict = Verdict::Flaky;
        second.reason = Some(again(&format!("{found} at first, and passed when it was repeated")));
        let findings = first.findings.into_iter().map(|finding| Finding { verdict: Verdict::Flaky, ..finding });
        second.findings.splice(0..0, findings);
    } else if second.verdict == Verdict::Fail {
        let gone = second.reason.take().map(|gone| format!("{gone}; it ")).unwrap_or_default();
        second.reason = Some(format!("{gone}failed again when it was repeated"));
    }
    second.calls += first.calls;
    second.duration_ms += first.duration_ms;
    for (status, times) in first.statuses {
        *second.statuses.entry(status).or_default() += times;
    }
    second.cleanup.left.extend(first.cleanup.left);
    second
}

/// Marks what is known already. What the harness itself broke is excused by no list.
fn excuse(session: &Session, report: &mut CaseReport) {
    if report.reason.as_ref().is_some_and(|reason| reason.starts_with(BROKE)) {
        return;
    }
    let gate = session.options.gate;
    let gated = |finding: &Finding| finding.level <= gate && finding.verdict == Verdict::Fail;
    if report.verdict == Verdict::Fail && !report.findings.iter().any(gated) {
        // It fails although no finding is gated: a request has ended the server.
        return;
    }
    let requirements = &report.requirements;
    let checked = |fits: &dyn Fn(&str) -> bool| requirements.iter().any(|(id, tally)| tally.passed > 0 && fits(id));
    let options = &session.options;
    let judged = options.known.judge(&report.id, report.verdict, options.gate, &mut report.findings, checked);
    if judged.reason.is_some() {
        report.reason = judged.reason;
    }
    report.verdict = judged.verdict;
}

/// How the reason of a case begins that ended because the harness itself broke.
pub const BROKE: &str = "the harness itself broke";

fn reason_to_end(session: &Session, shared: &Shared, started: Instant) -> Option<String> {
    if session.interrupt.is_set() {
        return Some("the run was ended".to_owned());
    }
    if session.options.deadline.is_some_and(|deadline| started.elapsed() >= deadline) {
        return Some("the deadline of the run had passed".to_owned());
    }
    let failures = shared.failures.load(Ordering::Relaxed);
    let limit = session.options.max_failures.filter(|limit| failures >= *limit)?;
    Some(format!("{limit} case{} had failed", if limit == 1 { "" } else { "s" }))
}
