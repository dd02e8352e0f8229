//! One case from its fixtures to its cleaning up.

use super::calls::Calls;
use super::cleanup::remove;
use super::run::Session;
use super::steps::{Caller, prepare};
use super::{CaseReport, Entry, Event, Latency, PlannedCase, RequirementTally, Undocumented, Wait};
use crate::contract::{CompiledOperation, Operation, ProfileContract, automatic};
use crate::exchange::{Exchange, Fields, Request, Response};
use crate::judge::{Fault, Judgement, Outcome, Question, judge, judge_headers};
use crate::matcher::{Matcher, Path};
use crate::scenario::{Given, Scenario, Scope, Step, TIME, TemplateError, parse_duration};
use crate::seen::{Schemas, Shown, States, Touched};
use crate::target::SendError;
use crate::verdict::{Finding, Level, Source, Verdict};
use bytes::Bytes;
use indexmap::IndexMap;
use serde_json::Value;
use std::borrow::Cow;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Runs one case and cleans up behind it.
pub(super) async fn run_case(
    session: &Session,
    caller: &Caller,
    number: usize,
    planned: &PlannedCase,
    events: &mpsc::Sender<Event>,
) -> CaseReport {
    let started = Instant::now();
    let report = planned.report(Verdict::Pass, None);
    let most = if session.options().record_exchanges { MOST_CALLS_WANTED } else { MOST_CALLS };
    let prefix = format!("{}{number}_", session.run_prefix());
    let mut case = Case {
        session,
        caller,
        events,
        prefix,
        started,
        deadline: session.options().case_timeout,
        planned,
        report,
        held: Calls::new(most),
        checks: Vec::new(),
        made: Vec::new(),
        states: States::default(),
        schemas: Schemas::default(),
        refused: false,
        gone: None,
        hazardous: false,
    };
    let end = match planned.scenario() {
        Ok(scenario) => case.run(&scenario).await,
        Err(why) => Err(Stop::Error(why)),
    };
    case.report.duration_ms = milliseconds(started.elapsed());
    case.close(end);
    case.clean_up().await;
    case.report
}

/// Why a case ends before its last step.
enum Stop {
    /// The preparation or the harness broke.
    Error(String),
    /// The target has no such operation.
    Unsupported(String),
    /// A finding after which the rest makes no sense.
    Found,
    /// The user ended the run.
    Interrupted,
}

struct Case<'a> {
    session: &'a Session,
    caller: &'a Caller,
    events: &'a mpsc::Sender<Event>,
    /// What the names of this case begin with.
    prefix: String,
    started: Instant,
    deadline: Duration,
    planned: &'a PlannedCase,
    report: CaseReport,
    /// Calls that a report may show.
    held: Calls,
    /// Checks by requirement. A case meets few requirements many times, so looking through a list is quicker than hashing.
    checks: Vec<(String, RequirementTally)>,
    made: Vec<Entry>,
    /// The states of the collections that it made.
    states: States,
    schemas: Schemas,
    /// Whether the last call was refused.
    refused: bool,
    /// That the last call was not answered, and what became of the server.
    gone: Option<String>,
    /// Whether it may send what may end the server's process.
    hazardous: bool,
}

/// A step that is filled in and noted in the ledger.
struct Ready<'a, 's> {
    step: &'s Step,
    number: String,
    operation: &'a Operation,
    compiled: &'a CompiledOperation,
    request: Request,
    own_route: bool,
    /// The body as JSON, as far as it is any.
    body: Cow<'s, Value>,
    returns: Vec<(&'s Path, Cow<'s, Matcher>)>,
    receives: Vec<(&'s str, Cow<'s, Matcher>)>,
    /// The hazard that it holds.
    hazard: Option<String>,
}

/// What a step came to, before it is entered into the report.
struct Answered<'a, 's> {
    ready: Ready<'a, 's>,
    judgement: Judgement<'s>,
    /// Automatic checks that did not hold while a condition was awaited.
    faults_on_the_way: Vec<(&'s str, Fault)>,
    came_as_expected: bool,
    /// The last answer, on which the step was judged.
    last: Timed,
    /// That no answer came, and what became of the server.
    gone: Option<String>,
    /// Answers on the way to it that had faults.
    faulty: Vec<Timed>,
    /// How long the answers on the way to it took.
    on_the_way: Vec<Duration>,
    wait: Option<Wait>,
}

/// An answer with its time in the case.
struct Timed {
    offset: Duration,
    took: Duration,
    response: Response,
}

/// The requirement that a finding is about.
struct Proof {
    id: String,
    level: Level,
    sources: Vec<Source>,
}

impl<'a> Case<'a> {
    async fn run(&mut self, scenario: &Scenario) -> Result<(), Stop> {
        let deadline = scenario.deadline.as_ref().and_then(|text| parse_duration(text).ok());
        self.deadline = deadline.unwrap_or(self.session.options().case_timeout);
        // A scenario that says so becomes a case only when the user asked for such.
        self.hazardous =
            self.session.options().hazardous && scenario.needs.iter().any(|need| need.value == "hazardous");
        let mut scope = Scope::new(&self.prefix);
        scope.set("run", Value::String(self.session.run_prefix().to_owned()));
        if let Some(token) = &self.session.options().token {
            scope.set("token", Value::String(token.expose().to_owned()));
        }
        for (variable, given) in &scenario.given {
            self.make(variable, given, &mut scope).await?;
        }
        for (index, step) in scenario.steps.iter().enumerate() {
            self.step(Some(scenario), step, &(index + 1).to_string(), &mut scope).await?;
        }
        Ok(())
    }

    /// Makes a fixture and sets its variable.
    async fn make(&mut self, variable: &str, given: &Given, scope: &mut Scope) -> Result<(), Stop> {
        let name = given.fixture().value.as_str();
        let broken = |why: String| Stop::Error(format!("the fixture `{variable}` ({name}) could not be made: {why}"));
        let fixture = self.session.fixture(name).ok_or_else(|| broken("there is no such fixture".to_owned()))?;
        let object = scope.name(variable);
        let mut inner = scope.clone();
        inner.set("name", Value::String(object.clone()));
        for (parameter, default) in &fixture.params {
            let value = given.with().and_then(|with| with.get(parameter)).unwrap_or(default);
            inner.set(parameter.clone(), scope.fill(value).map_err(|error| broken(error.to_string()))?);
        }
        for (index, step) in fixture.steps.iter().enumerate() {
            let number = format!("{variable}.{}", index + 1);
            self.step(None, step, &number, &mut inner).await.map_err(|stop| match stop {
                Stop::Error(why) => broken(why),
                other => other,
            })?;
        }
        scope.set(variable, Value::String(object));
        Ok(())
    }

    /// One step of the file: its rows one after the other. A fixture's steps have no scenario.
    async fn step(
        &mut self,
        scenario: Option<&Scenario>,
        step: &Step,
        number: &str,
        scope: &mut Scope,
    ) -> Result<(), Stop> {
        if step.after_refusal && !self.refused {
            return Ok(());
        }
        if step.is_bound() && !step.bounds().hold_for(self.session.contract().profile()) {
            return Ok(());
        }
        if let Some(times) = step.times {
            for time in 1..=times {
                let mut inner = scope.clone();
                inner.set(TIME, Value::from(time));
                self.row(scenario, step, &format!("{number}.{time}"), &mut inner).await?;
            }
            return Ok(());
        }
        let Some(rows) = &step.each else { return self.row(scenario, step, number, scope).await };
        for (index, row) in rows.iter().enumerate() {
            let number = format!("{number}.{}", index + 1);
            let mut inner = scope.clone();
            for (key, value) in row {
                let value = inner.fill(value).map_err(|error| template_error(&number, &error))?;
                inner.set(key.clone(), value);
            }
            self.row(scenario, step, &number, &mut inner).await?;
            for variable in step.save.keys() {
                if let Some(value) = inner.get(variable) {
                    scope.set(variable.clone(), value.clone());
                }
            }
        }
        Ok(())
    }

    /// A step with its variables set: one call, or several at the same time.
    async fn row(
        &mut self,
        scenario: Option<&Scenario>,
        step: &Step,
        number: &str,
        scope: &mut Scope,
    ) -> Result<(), Stop> {
        if self.session.interrupt().is_set() {
            return Err(Stop::Interrupted);
        }
        if self.started.elapsed() > self.deadline {
            return Err(Stop::Error(format!("step {number}: the case took longer than {:?}", self.deadline)));
        }
        let Some(steps) = &step.together else {
            let ready = self.ready(step, number.to_owned(), scope)?;
            let answered = self.ask(ready).await?;
            return self.enter(scenario, answered, scope);
        };
        let profile = self.session.contract().profile();
        let mut ready = Vec::with_capacity(steps.len());
        for (index, inner) in steps.iter().enumerate().filter(|(_, step)| step.bounds().hold_for(profile)) {
            ready.push(self.ready(inner, format!("{number}.{}", index + 1), scope)?);
        }
        let this = &*self;
        let answers = futures_util::future::join_all(ready.into_iter().map(|ready| this.ask(ready))).await;
        let mut end = Ok(());
        for answer in answers {
            let entered = match answer {
                Ok(answered) => self.enter(scenario, answered, scope),
                Err(stop) => Err(stop),
            };
            end = end.and(entered);
        }
        end
    }

    /// Fills in a step, refuses what could harm, and notes what is about to be made.
    fn ready<'s>(&mut self, step: &'s Step, number: String, scope: &Scope) -> Result<Ready<'a, 's>, Stop> {
        let contract = self.session.contract();
        let name = step.call.as_ref().map(|call| call.value.as_str()).unwrap_or_default();
        let compiled = contract.operation(name);
        let compiled = compiled.ok_or_else(|| Stop::Unsupported(format!("{} has no {name}", contract.profile())))?;
        let operation = compiled.operation();
        let prepared = prepare(self.caller, contract, compiled, step, scope, self.session.run_prefix(), self.hazardous)
            .map_err(|error| Stop::Error(format!("step {number}, {name}: {error}")))?;
        let filled = |matcher: &'s Matcher| {
            if !matcher.has_templates() {
                return Ok(Cow::Borrowed(matcher));
            }
            let filled = matcher.fill(&mut |value: &Value| scope.fill(value));
            filled.map(Cow::Owned).map_err(|error| template_error(&number, &error))
        };
        let expectations = [&step.returns, &step.eventually].into_iter().flatten().flatten();
        let returns = expectations.map(|(path, matcher)| Ok((path, filled(matcher)?))).collect::<Result<_, _>>()?;
        let fields = step.receives.iter();
        let receives = fields.map(|(name, matcher)| Ok((name.as_str(), filled(matcher)?))).collect::<Result<_, _>>()?;
        if let Some(entry) = prepared.makes {
            self.session.ledger().make(&entry).map_err(|error| Stop::Error(error.to_string()))?;
            if !self.made.contains(&entry) {
                self.made.push(entry);
            }
        }
        Ok(Ready {
            step,
            number,
            operation,
            compiled,
            request: prepared.request,
            own_route: prepared.own_route,
            body: prepared.body,
            returns,
            receives,
            hazard: prepared.hazard,
        })
    }

    /// Sends a step and judges the answer; again and again when a condition is awaited.
    async fn ask<'s>(&self, ready: Ready<'a, 's>) -> Result<Answered<'a, 's>, Stop>
    where
        'a: 's,
    {
        let (step, session) = (ready.step, self.session);
        let contract: &'a ProfileContract = session.contract();
        let operation = ready.own_route.then_some(ready.compiled);
        // An operation that answered before has not gone; its bare 404 is a failure of another form than the documented.
        // A step that says its method or path is about the route itself, be it the operation's own.
        let about_route = step.method.is_some() || step.path.is_some();
        let answers = about_route || session.has_answered(ready.compiled);
        let question: Question<'s> = Question {
            operation,
            fails: step.fails.as_ref(),
            status: step.status,
            refusable: step.refusable,
            any: step.any_answer,
            answers,
        };
        let patient = step.eventually.is_some() || step.within.is_some();
        let within = step.within.as_ref().and_then(|text| parse_duration(text).ok());
        let asked = Instant::now();
        let mut pause = FIRST_PAUSE;
        let mut faults_on_the_way = Vec::new();
        let mut faulty = Vec::new();
        let mut on_the_way = Vec::new();
        let (judgement, last, held, gone) = loop {
            let offset = self.started.elapsed();
            let (response, took) = match self.caller.send(&ready.request).await {
                Ok(answer) => answer,
                Err(error) if self.tells_of_target(&ready, &error) => {
                    let gone = self.after_loss(&ready, &error).await;
                    let response = Response { status: NO_ANSWER, headers: Fields::default(), body: Bytes::new() };
                    let last = Timed { offset, took: self.started.elapsed().saturating_sub(offset), response };
                    break (unanswered(&gone), last, false, Some(gone));
                }
                Err(SendError::Unimplemented(what)) => return Err(Stop::Unsupported(what)),
                Err(error) => {
                    let why = format!("step {}, {}: {error}", ready.number, ready.operation.name);
                    return Err(Stop::Error(why));
                }
            };
            let mut judgement = judge(contract, &question, &ready.returns, &response);
            judge_headers(contract, &ready.receives, &response, &mut judgement);
            if ready.own_route && matches!(judgement.outcome, Outcome::Success | Outcome::Failure { .. }) {
                session.note_answer(ready.compiled);
            }
            if session.options().tell_exchanges {
                let response = response.clone();
                let exchange = Box::new(Exchange { request: ready.request.clone(), response, took });
                let event = Event::Exchanged { id: self.report.id.clone(), step: ready.number.clone(), exchange };
                // Nobody listens any more only when the whole run is being dropped.
                let _ = self.events.send(event).await;
            }
            let held = judgement.unmet.is_empty() && judgement.outcome != Outcome::Unsupported;
            let left = within.unwrap_or(session.options().patience).min(self.deadline).saturating_sub(asked.elapsed());
            // On a machine that stands still for a while, the time may be over before the target had its chances.
            let looked_enough = on_the_way.len() + 1 >= FEWEST_LOOKS || self.started.elapsed() > self.deadline;
            let over = (left.is_zero() && looked_enough) || judgement.outcome == Outcome::Unsupported;
            if !held && patient && session.interrupt().is_set() {
                // What was awaited might still have come true: nothing can be said of it.
                return Err(Stop::Interrupted);
            }
            if held || !patient || over {
                break (judgement, Timed { offset, took, response }, held, None);
            }
            on_the_way.push(took);
            let before = faults_on_the_way.len();
            let faults =
                judgement.checks.iter_mut().filter_map(|check| Some((check.requirement, *check.fault.take()?)));
            faults_on_the_way.extend(faults);
            if faults_on_the_way.len() > before && faulty.len() < MOST_FAULTY {
                faulty.push(Timed { offset, took, response });
            }
            session.interrupt().or_after(pause.min(left.max(FIRST_PAUSE))).await;
            pause = pause.mul_f64(1.6).min(LAST_PAUSE);
        };
        let wait = patient.then(|| Wait {
            step: ready.number.clone(),
            operation: ready.operation.name.clone(),
            waited_ms: milliseconds(asked.elapsed()),
            polls: on_the_way.len() as u64 + 1,
            held,
        });
        let came_as_expected = judgement.came_as_expected(&question) && (held || !patient);
        Ok(Answered { ready, judgement, faults_on_the_way, came_as_expected, last, gone, faulty, on_the_way, wait })
    }

    /// Whether it says something of the target that no answer came: of requests that are known to end servers, and of
    /// those that were made to find such.
    fn tells_of_target(&self, ready: &Ready<'_, '_>, error: &SendError) -> bool {
        let lost = matches!(error, SendError::Broken(_) | SendError::Timeout { .. });
        lost && (ready.hazard.is_some() || self.planned.generated || ready.step.any_answer)
    }

    /// Waits until the target answers again after a request that it did not answer, and says how long that took.
    async fn after_loss(&self, ready: &Ready<'_, '_>, error: &SendError) -> String {
        let hazard = ready.hazard.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
        let said = format!("the request was not answered{hazard}: {error}");
        let contract = self.session.contract();
        let Some(look) = ["collections/list", "v1/collections/list"].iter().find_map(|name| contract.operation(name))
        else {
            return said;
        };
        let request = self.caller.request(look.operation(), &Value::Object(serde_json::Map::new()));
        let (lost, mut pause) = (Instant::now(), FIRST_PAUSE);
        loop {
            if self.caller.send(&request).await.is_ok() {
                let seconds = (lost.elapsed().as_secs_f64() * 10.0).round() / 10.0;
                return format!("{said}; the server answered again after {seconds} s");
            }
            if lost.elapsed() >= self.session.options().patience || self.session.interrupt().is_set() {
                return format!("{said}; the server was gone, and not back after {} s", lost.elapsed().as_secs());
            }
            self.session.interrupt().or_after(pause).await;
            pause = pause.mul_f64(1.6).min(LAST_PAUSE);
        }
    }

    /// Enters what a step came to into the report, and takes its captures.
    fn enter(
        &mut self,
        scenario: Option<&Scenario>,
        answered: Answered<'_, '_>,
        scope: &mut Scope,
    ) -> Result<(), Stop> {
        let Answered { ready, judgement, faults_on_the_way, came_as_expected, last, gone, faulty, on_the_way, wait } =
            answered;
        self.report.calls += on_the_way.len() as u64 + 1;
        if gone.is_none() {
            *self.report.statuses.entry(last.response.status).or_default() += 1;
        }
        self.gone = gone;
        self.report.waits.extend(wait);
        self.timed(&ready.operation.name, on_the_way.into_iter().chain([last.took]));
        let before = self.report.findings.len();
        let end = self.judged(scenario, &ready, judgement, faults_on_the_way, came_as_expected, scope);
        let found = self.report.findings.len() > before || matches!(end, Err(Stop::Error(_)));
        let (step, operation) = (&ready.number, &ready.operation.name);
        for Timed { offset, took, response } in faulty {
            let exchange = Exchange { request: ready.request.clone(), response, took };
            self.held.hold(step, operation, offset, exchange, true);
        }
        let exchange = Exchange { request: ready.request, response: last.response, took: last.took };
        self.held.hold(step, operation, last.offset, exchange, found);
        end
    }

    /// Counts how long answers of an operation took. A case calls few operations, as with `checks`.
    fn timed(&mut self, operation: &str, answers: impl Iterator<Item = Duration>) {
        let latency = &mut self.report.latency;
        let index = latency.iter().position(|(known, _)| known == operation).unwrap_or_else(|| {
            latency.push((operation.to_owned(), Latency::default()));
            latency.len() - 1
        });
        answers.for_each(|took| latency[index].1.add(took));
    }

    /// Enters what an answer was found to be.
    fn judged(
        &mut self,
        scenario: Option<&Scenario>,
        ready: &Ready<'_, '_>,
        judgement: Judgement<'_>,
        faults_on_the_way: Vec<(&str, Fault)>,
        mut came_as_expected: bool,
        scope: &mut Scope,
    ) -> Result<(), Stop> {
        if judgement.outcome == Outcome::Unsupported {
            return Err(Stop::Unsupported(ready.operation.name.clone()));
        }
        self.refused = matches!(judgement.outcome, Outcome::Failure { .. } | Outcome::Plain);
        let proofs = scenario.map(|scenario| self.proofs(scenario, ready.step)).unwrap_or_default();
        self.notes(ready, &judgement);
        self.shows(ready, &judgement, &proofs);
        for (requirement, fault) in faults_on_the_way {
            self.automatic(ready, requirement, Some(fault));
        }
        for check in judgement.checks {
            self.automatic(ready, check.requirement, check.fault.map(|fault| *fault));
        }
        let mut unmet = judgement.unmet;
        if unmet.is_empty() {
            for (variable, path) in &ready.step.save {
                match judgement.body.as_ref().and_then(|body| path.find(body)) {
                    Some(value) => scope.set(variable.clone(), value.clone()),
                    None => {
                        came_as_expected = false;
                        unmet.push(Fault {
                            message: format!("there is nothing at `{path}` to keep as `{variable}`"),
                            expected: "any value".to_owned(),
                            actual: Value::Null,
                            pointer: path.pointer(),
                        });
                    }
                }
            }
        }
        let Some(first) = unmet.first() else {
            for id in proofs {
                self.passed(&id);
            }
            return Ok(());
        };
        if proofs.is_empty() {
            let note = ready.step.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
            let why = format!(
                "step {}, {}: {}; expected {}, got {}",
                ready.number, ready.operation.name, first.message, first.expected, first.actual
            );
            return Err(Stop::Error(self.caller.redactor().redact(&format!("{why}{note}")).into_owned()));
        }
        for id in proofs {
            let proof = self.proof(&id);
            for fault in &unmet {
                self.found(ready, &proof, fault.clone());
            }
        }
        if came_as_expected { Ok(()) } else { Err(Stop::Found) }
    }

    /// Undocumented properties and readings met.
    fn notes(&mut self, ready: &Ready<'_, '_>, judgement: &Judgement<'_>) {
        for found in &judgement.undocumented {
            let pointer: Vec<&str> = found
                .split('/')
                .map(|part| if part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty() { "*" } else { part })
                .collect();
            let note = Undocumented { operation: ready.operation.name.clone(), pointer: pointer.join("/") };
            if self.report.undocumented.contains(&note) {
                continue;
            }
            if self.session.options().strict {
                self.automatic(
                    ready,
                    &automatic::response(&ready.operation.name),
                    Some(Fault {
                        message: "a property that no document names".to_owned(),
                        expected: "only documented properties (--strict)".to_owned(),
                        actual: judgement
                            .body
                            .as_ref()
                            .and_then(|body| body.pointer(found))
                            .cloned()
                            .unwrap_or_default(),
                        pointer: found.clone(),
                    }),
                );
            }
            self.report.undocumented.push(note);
        }
        for (reading, form) in &judgement.readings {
            let forms = entry(&mut self.report.readings, reading);
            *entry(forms, form) += 1;
        }
    }

    /// Enters what the call shows of the contract.
    fn shows(&mut self, ready: &Ready<'_, '_>, judgement: &Judgement<'_>, proofs: &[Cow<'_, str>]) {
        let success = match judgement.outcome {
            Outcome::Success => Some(true),
            Outcome::Failure { .. } => Some(false),
            Outcome::Plain | Outcome::Unsupported | Outcome::Unclear(_) => None,
        };
        let name = &ready.operation.name;
        let held = judgement.checks.iter().filter(|check| check.fault.is_none());
        let proven = if judgement.unmet.is_empty() { proofs } else { &[] };
        let touched = match (success, ready.own_route, &judgement.body) {
            (Some(true), true, Some(body)) => self.schemas.succeeded(name, &ready.body, body),
            _ => Touched::default(),
        };
        let shown = Shown {
            success: success.filter(|_| ready.own_route),
            request: ready.own_route.then_some(&*ready.body),
            answer: judgement.body.as_ref().filter(|_| ready.own_route),
            errors: held.filter_map(|check| automatic::failure_of(check.requirement)).collect(),
            rules: proven.iter().map(AsRef::as_ref).filter(|id| id.starts_with(RULES)).collect(),
            state: self.states.of(&ready.body).filter(|_| ready.own_route && success.is_some()),
            touched,
        };
        let fresh = self.session.note_shown(name, Some(ready.compiled), &shown);
        if !fresh.is_empty() {
            self.report.seen.entry(name.clone()).or_default().add(&fresh);
        }
        if let (Some(true), true, Some(body)) = (success, ready.own_route, &judgement.body) {
            self.states.succeeded(name, &ready.body, body);
        }
    }

    fn automatic(&mut self, ready: &Ready<'_, '_>, requirement: &str, fault: Option<Fault>) {
        match fault {
            None => self.passed(requirement),
            Some(fault) => {
                let proof = self.proof(requirement);
                self.found(ready, &proof, fault);
            }
        }
    }

    /// The ids of the requirements that a step proves. Without a word about requirements a scenario is one of its own.
    fn proofs<'s>(&self, scenario: &'s Scenario, step: &'s Step) -> Vec<Cow<'s, str>> {
        let named = scenario.proofs(step);
        if named.is_empty() && scenario.covers.is_empty() && step.expects() {
            return vec![Cow::Owned(format!("{OWN}{}", self.report.id))];
        }
        named.iter().map(|id| Cow::Borrowed(id.as_str())).collect()
    }

    fn proof(&self, id: &str) -> Proof {
        if id.strip_prefix(OWN).is_some_and(|own| own == self.report.id) {
            let source = Source { doc: Some(self.report.file.clone()), ..Source::default() };
            return Proof { id: id.to_owned(), level: Level::Must, sources: vec![source] };
        }
        let stated = self.session.contract().requirement(id);
        Proof {
            id: id.to_owned(),
            level: stated.map_or(Level::Must, |requirement| requirement.level),
            sources: stated.map(|requirement| requirement.sources.clone()).unwrap_or_default(),
        }
    }

    fn passed(&mut self, requirement: &str) {
        self.report.passed_checks += 1;
        self.tally(requirement).passed += 1;
    }

    fn tally(&mut self, requirement: &str) -> &mut RequirementTally {
        let index = self.checks.iter().position(|(id, _)| id == requirement).unwrap_or_else(|| {
            self.checks.push((requirement.to_owned(), RequirementTally::default()));
            self.checks.len() - 1
        });
        &mut self.checks[index].1
    }

    fn found(&mut self, ready: &Ready<'_, '_>, proof: &Proof, fault: Fault) {
        self.tally(&proof.id).failed += 1;
        let redactor = self.caller.redactor();
        let mut actual = fault.actual;
        redactor.redact_value(&mut actual);
        let finding = Finding {
            requirement: proof.id.clone(),
            level: proof.level,
            verdict: Verdict::Fail,
            sources: proof.sources.clone(),
            step: ready.number.clone(),
            line: self.line(ready),
            operation: ready.operation.name.clone(),
            message: redactor.redact(&fault.message).into_owned(),
            expected: redactor.redact(&fault.expected).into_owned(),
            actual,
            pointer: fault.pointer,
            curl: self.caller.curl(&ready.request),
        };
        let same = |other: &Finding| {
            (&other.requirement, &other.step, &other.pointer) == (&finding.requirement, &finding.step, &finding.pointer)
        };
        if !self.report.findings.iter().any(same) {
            self.report.findings.push(finding);
        }
    }

    /// The line of a step, when it stands in the scenario's file; those of a fixture have its variable in their number.
    fn line(&self, ready: &Ready<'_, '_>) -> Option<u64> {
        let call =
            ready.step.call.as_ref().filter(|_| ready.number.starts_with(|first: char| first.is_ascii_digit()))?;
        self.planned.line(call.span().start)
    }

    /// Decides the verdict.
    fn close(&mut self, end: Result<(), Stop>) {
        self.report.requirements = self.checks.drain(..).collect();
        let gate = self.session.options().gate;
        let gated = self.report.findings.iter().any(|finding| finding.level <= gate);
        let (verdict, reason) = match end {
            Err(Stop::Error(why)) => (Verdict::Error, Some(why)),
            Err(Stop::Unsupported(name)) => (Verdict::Unsupported, Some(name)),
            Err(Stop::Interrupted) => (Verdict::Skipped, Some("the run was ended".to_owned())),
            // A proof below the gate failed and the rest could not be done.
            Err(Stop::Found) => (Verdict::Pass, Some("ended early at a finding below the gate".to_owned())),
            Ok(()) if self.report.passed_checks == 0 && self.report.findings.is_empty() => {
                (Verdict::Skipped, Some("no step applies to this profile".to_owned()))
            }
            Ok(()) => (Verdict::Pass, None),
        };
        let shown =
            self.session.options().record_exchanges || !self.report.findings.is_empty() || verdict == Verdict::Error;
        let held = std::mem::replace(&mut self.held, Calls::new(0));
        if shown {
            (self.report.exchanges, self.report.exchanges_left_out) = held.tell(self.caller.redactor());
        }
        // A server that a request has ended is told of, whatever the gate.
        let gone = self.gone.take().filter(|_| !self.report.findings.is_empty());
        self.report.verdict = if gated || gone.is_some() { Verdict::Fail } else { verdict };
        self.report.reason = if gated || gone.is_some() { gone } else { reason };
    }

    async fn clean_up(&mut self) {
        let made = std::mem::take(&mut self.made);
        for (entry, left) in remove(self.caller, self.session.contract(), &made).await {
            match left {
                None => {
                    // The object is gone whatever the ledger says; sweeping it once more does no harm.
                    let _ = self.session.ledger().gone(&entry);
                }
                Some(left) => self.report.cleanup.left.push(left),
            }
        }
    }
}

/// Stands for the HTTP status of an answer that did not come.
const NO_ANSWER: u16 = 0;

/// What is said of an answer that did not come.
fn unanswered(why: &str) -> Judgement<'static> {
    let fault = Fault {
        message: why.to_owned(),
        expected: "an answer".to_owned(),
        actual: Value::Null,
        pointer: String::new(),
    };
    Judgement {
        outcome: Outcome::Unclear("no answer".to_owned()),
        body: None,
        checks: Vec::new(),
        unmet: vec![fault],
        undocumented: Vec::new(),
        readings: Vec::new(),
    }
}

/// What the ids of rules of transport begin with.
const RULES: &str = "transport.";

/// How the requirement begins that a scenario states by itself, when it names none of the contract's.
const OWN: &str = "scenario.";

/// So many calls of a case are kept for reports, and so many when all were asked for.
const MOST_CALLS: usize = 50;
const MOST_CALLS_WANTED: usize = 1000;
/// So many faulty answers on the way to an awaited condition are kept; the others look like them.
const MOST_FAULTY: usize = 5;

/// An awaited condition is not given up before so many looks, unless the case has no time left.
const FEWEST_LOOKS: usize = 10;

/// The pauses between the questions of an awaited condition.
const FIRST_PAUSE: Duration = Duration::from_millis(4);
const LAST_PAUSE: Duration = Duration::from_secs(1);

fn template_error(number: &str, error: &TemplateError) -> Stop {
    Stop::Error(format!("step {number}: {error}"))
}

/// The entry of a key, without making a text of the key when it is there already.
fn entry<'m, T: Default>(map: &'m mut IndexMap<String, T>, key: &str) -> &'m mut T {
    let index = match map.get_index_of(key) {
        Some(index) => index,
        None => map.insert_full(key.to_owned(), T::default()).0,
    };
    &mut map[index]
}

pub(super) fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
