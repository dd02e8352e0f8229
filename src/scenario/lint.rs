//! Whether the whole contract is sound: every word leads somewhere, every schema compiles, every example fits, every
//! requirement has a proof.

use super::check::check_fixture;
use super::{Library, Scenario, Step, check};
use crate::contract::{Bounds, Contract, Effect, Operation, ProfileContract, automatic, mark_mistakes};
use crate::diagnostic::{Diagnostic, SourceText};
use crate::profile::Profile;
use crate::verdict::{Level, Source};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What lint found, and how much it looked at.
#[derive(Debug, Default)]
pub struct LintReport {
    /// Every mistake, in order of the files.
    pub problems: Vec<Diagnostic>,
    /// Operations seen.
    pub operations: usize,
    /// Requirements stated, without the automatic ones made from operations and errors.
    pub requirements: usize,
    /// Of them, those that are marked as not testable.
    pub not_testable: usize,
    /// Errors seen.
    pub errors: usize,
    /// Readings seen.
    pub readings: usize,
    /// Scenarios seen.
    pub scenarios: usize,
    /// Steps in them.
    pub steps: usize,
    /// Examples held against their schemas, once for each profile.
    pub examples: usize,
}

/// Checks a contract with all its scenarios.
pub fn lint(contract: &Arc<Contract>, library: &Library) -> LintReport {
    let mut lint = Lint { contract, report: LintReport::default(), produced: BTreeSet::new() };
    lint.operations();
    lint.requirements();
    lint.failures_and_readings();
    lint.profiles();
    lint.scenarios(library);
    lint.report
}

struct Lint<'a> {
    contract: &'a Arc<Contract>,
    report: LintReport,
    /// The failures that a scenario makes come.
    produced: BTreeSet<String>,
}

impl Lint<'_> {
    fn problem(&mut self, problem: Diagnostic) {
        self.report.problems.push(problem);
    }

    fn file(&self, path: &str) -> SourceText {
        self.contract.tree().file(path).unwrap_or_else(|| SourceText::new(path, ""))
    }

    fn bounds(&mut self, source: &SourceText, key: &str, bounds: &Bounds) {
        if let Some(mistake) = bounds.mistake() {
            self.problem(source.diagnostic(source.key(key), mistake));
        }
    }

    fn operations(&mut self) {
        let contract = self.contract;
        self.report.operations = contract.operations.len();
        for operation in contract.operations.values() {
            let source = &operation.source;
            let bound = if operation.bounds.since.is_some() { "since" } else { "until" };
            self.bounds(source, bound, &operation.bounds);
            self.request_keys(operation);
            for id in &operation.file.errors {
                if !contract.failures.contains_key(id.as_str()) {
                    let known = contract.failures.keys().map(String::as_str);
                    let problem = source.diagnostic(id.span(), format!("there is no error `{}`", id.value));
                    self.problem(problem.suggest(id, known));
                }
            }
            // The paths of v1 lead with no group: what is `v1/entities/get` here is `/v1/vector/get` there.
            let of_v1 = operation.group() == "v1" && operation.file.path.starts_with("/v1/vector/");
            if !of_v1 && !operation.file.path.ends_with(&operation.name) {
                let message = format!("the path does not end in the operation's name, {}", operation.name);
                self.problem(source.diagnostic(source.key("path"), message));
            }
            if operation.file.effect == Effect::Write && operation.file.target.is_none() {
                let problem = source.diagnostic(source.key("effect"), "a write has to say what it changes");
                self.problem(problem.help("add `target:` with the request key that names it"));
            }
            if operation.file.sources.is_empty() {
                self.problem(source.diagnostic(source.key("sources"), "an operation needs a source"));
            }
        }
    }

    /// What a write changes and makes is read from the request; under a key that is not in it, nothing would be found, and
    /// nothing guarded.
    fn request_keys(&mut self, operation: &Operation) {
        let path = format!("operations/{}.request.schema.json", operation.name);
        let Some(schema) = self.contract.tree().file(&path) else { return };
        let Ok(schema) = serde_json::from_str::<Value>(&schema.text) else { return };
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
        let named = operation.file.creates.as_ref().map(|created| created.named.as_str());
        for (key, named) in [("target", operation.file.target.as_deref()), ("creates", named)] {
            let Some(named) = named.filter(|named| !properties.contains_key(*named)) else { continue };
            let source = &operation.source;
            let problem = source.diagnostic(source.key(key), format!("the request has no key `{named}`"));
            self.problem(problem.suggest(named, properties.keys().map(String::as_str)));
        }
    }

    fn marks(&mut self) {
        let sources: Vec<SourceText> = ["envelope", "operations"]
            .iter()
            .flat_map(|folder| self.contract.tree().files(folder, ".schema.json"))
            .map(|(_, source)| source)
            .collect();
        for source in sources {
            // A file that is not JSON is told when it is compiled.
            let Ok(schema) = serde_json::from_str::<Value>(&source.text) else { continue };
            for (pointer, mistake) in mark_mistakes(&schema) {
                let (message, help) = mistake.split_once("; ").unwrap_or((&mistake, ""));
                let problem = source.diagnostic(source.json_pointer(&pointer), message);
                self.problem(if help.is_empty() { problem } else { problem.help(help) });
            }
        }
    }

    fn requirements(&mut self) {
        let contract = self.contract;
        for id in automatic::ENVELOPE {
            if contract.requirements.get(id).is_none_or(|requirement| !requirement.automatic) {
                let source = self.file("requirements/transport.yaml");
                let message = format!("`{id}` is checked at every answer and has to be stated with `automatic: true`");
                self.problem(source.diagnostic(source.key(id), message));
            }
        }
        for requirement in contract.requirements.values() {
            let source = &requirement.source;
            let made = is_made(&requirement.id);
            // What was made of an operation or an error has its mistakes there.
            if made && requirement.sources.is_empty() {
                continue;
            }
            let at = match requirement.id.strip_prefix("error.") {
                Some(id) => source.key(id),
                None if made => source.key("sources"),
                None => source.key(&requirement.id),
            };
            if !made {
                self.bounds(source, &requirement.id, &requirement.bounds);
                if requirement.automatic && !automatic::ENVELOPE.contains(&requirement.id.as_str()) {
                    let message = format!("nothing checks `{}` at every answer", requirement.id);
                    let problem = source.diagnostic(at.clone(), message);
                    self.problem(problem.help("leave `automatic` out and write a scenario"));
                }
            }
            for operation in &requirement.operations {
                if !contract.operations.contains_key(operation.as_str()) {
                    let message = format!("there is no operation `{}`", operation.value);
                    let known = contract.operations.keys().map(String::as_str);
                    self.problem(source.diagnostic(operation.span(), message).suggest(operation, known));
                }
            }
            if !supports(requirement.level, &requirement.sources) {
                let wanted = match requirement.level {
                    Level::Must | Level::Should => "`seed` or `doc`",
                    Level::Observed => "`measured` or `code`",
                };
                let message = format!("a requirement of level {} needs a source of kind {wanted}", requirement.level);
                self.problem(source.diagnostic(at, message));
            }
        }
    }

    fn failures_and_readings(&mut self) {
        let contract = self.contract;
        self.report.errors = contract.failures.len();
        self.report.readings = contract.readings.len();
        let errors = self.file("errors.yaml");
        for (id, failure) in &contract.failures {
            let unknown = failure.codes.unknown_names().chain(failure.message.unknown_names());
            for name in unknown {
                let problem = errors.diagnostic(errors.key(id), format!("`{name}` is neither a profile nor `all`"));
                self.problem(problem.suggest(name, Profile::ALL.iter().map(|profile| profile.name())));
            }
            if failure.sources.is_empty() {
                self.problem(errors.diagnostic(errors.key(id), "an error needs a source"));
            }
        }
        let readings = self.file("readings.yaml");
        for (id, reading) in &contract.readings {
            if reading.forms.is_empty() {
                self.problem(readings.diagnostic(readings.key(id), "a reading needs at least one form"));
            }
            for form in &reading.forms {
                self.bounds(&readings, id, &form.bounds());
            }
        }
    }

    fn profiles(&mut self) {
        let contract = self.contract;
        self.marks();
        let mut misfits = BTreeMap::new();
        for profile in Profile::ALL {
            let path = format!("profiles/{profile}.yaml");
            let source = self.file(&path);
            if let Some(facts) = contract.profiles.get(&profile)
                && !contract.readings.contains_key(&facts.success_codes.reading)
            {
                let message = format!("there is no reading `{}`", facts.success_codes.reading);
                self.problem(source.diagnostic(source.key("success-codes"), message));
            }
            let tellings = contract.profiles.get(&profile).map(|facts| facts.recognised.answers.as_slice());
            for telling in tellings.unwrap_or_default() {
                let called = contract.operations.get(&telling.call);
                if called.is_none_or(|operation| operation.file.effect != Effect::Read) {
                    let message = format!("`{}` is no operation that only reads, so it is not asked", telling.call);
                    self.problem(source.diagnostic(source.key("recognised"), message));
                }
            }
            match contract.compile(profile) {
                Ok(compiled) => self.examples(&compiled, &mut misfits),
                Err(problems) => {
                    let new: Vec<_> =
                        problems.into_iter().filter(|problem| !self.report.problems.contains(problem)).collect();
                    self.report.problems.extend(new);
                }
            }
        }
        for ((name, message), profiles) in misfits {
            let source = &contract.operations[&name].source;
            let message = format!("{message}, for {}", profiles.join(", "));
            self.problem(source.diagnostic(source.key("examples"), message));
        }
    }

    /// Notes each misfit, by operation and in words, with the profiles in which it is one.
    fn examples(&mut self, compiled: &ProfileContract, misfits: &mut BTreeMap<(String, String), Vec<&'static str>>) {
        for operation in self.contract.operations_of(compiled.profile()) {
            let Some(schemas) = compiled.operation(&operation.name) else { continue };
            let examples = operation.file.examples.iter().enumerate();
            for (index, example) in examples.filter(|(_, each)| each.bounds().hold_for(compiled.profile())) {
                self.report.examples += 1;
                let request = example.request.iter().map(|body| ("request", schemas.request_faults(body)));
                let response = example.response.iter().map(|body| {
                    let success = body.get("message").is_none() || body.get("data").is_some();
                    ("response", schemas.answer_faults(body, success))
                });
                for (direction, faults) in request.chain(response) {
                    for fault in faults {
                        let message = format!(
                            "the {direction} of example {} does not fit its schema: {} at `{}`",
                            index + 1,
                            fault.message,
                            fault.pointer
                        );
                        let profiles: &mut Vec<_> = misfits.entry((operation.name.clone(), message)).or_default();
                        profiles.push(compiled.profile().name());
                    }
                }
            }
        }
    }

    fn scenarios(&mut self, library: &Library) {
        for (_, source, fixture) in library.fixtures() {
            self.report.problems.extend(check_fixture(source, fixture, self.contract));
        }
        let mut proven: BTreeMap<String, Vec<Bounds>> = BTreeMap::new();
        for (_, source) in library.scenarios() {
            self.report.scenarios += 1;
            // The scenarios of a contract are in memory.
            let Ok(source) = source.text() else { continue };
            match Library::parse(&source) {
                Ok(scenario) => self.scenario(&source, &scenario, library, &mut proven),
                Err(problem) => self.problem(problem),
            }
        }
        self.uncovered(&proven);
        self.unproduced();
    }

    fn scenario(
        &mut self,
        source: &SourceText,
        scenario: &Scenario,
        library: &Library,
        proven: &mut BTreeMap<String, Vec<Bounds>>,
    ) {
        self.report.steps += scenario.steps.iter().flat_map(Step::all).count();
        self.report.problems.extend(check(source, scenario, self.contract, library));
        if scenario.covers.is_empty() {
            let problem = source.diagnostic(source.key("title"), "the scenario covers nothing");
            self.problem(problem.help("name the requirements that it proves in `covers`"));
        }
        let failures = scenario.steps.iter().flat_map(Step::all).filter_map(|step| step.fails.as_ref());
        self.produced.extend(failures.flat_map(crate::scenario::Fails::named).map(str::to_owned));
        for id in &scenario.covers {
            proven.entry(id.value.clone()).or_default().push(scenario.bounds());
        }
    }

    /// A failure that no scenario makes come has to say why, and one that a scenario does must not.
    fn unproduced(&mut self) {
        let contract = self.contract;
        let errors = self.file("errors.yaml");
        for (id, failure) in &contract.failures {
            match (self.produced.contains(id.as_str()), &failure.not_producible) {
                (false, None) => {
                    let problem = errors.diagnostic(errors.key(id), format!("no scenario makes `{id}` come"));
                    let help = "write one with `fails`, or say in `not-producible` why there can be none";
                    self.problem(problem.help(help));
                }
                (true, Some(_)) => {
                    let message = format!("`{id}` is marked as not producible, and a scenario makes it come");
                    self.problem(errors.diagnostic(errors.key(id), message));
                }
                (true, None) | (false, Some(_)) => {}
            }
        }
    }

    fn uncovered(&mut self, proven: &BTreeMap<String, Vec<Bounds>>) {
        let nowhere = BTreeSet::new();
        for requirement in self.contract.requirements.values() {
            if !is_made(&requirement.id) {
                self.report.requirements += 1;
            }
            if requirement.not_testable.is_some() {
                self.report.not_testable += 1;
                continue;
            }
            if requirement.automatic {
                continue;
            }
            let covered: BTreeSet<Profile> = proven.get(&requirement.id).map_or_else(
                || nowhere.clone(),
                |all| {
                    Profile::ALL.into_iter().filter(|profile| all.iter().any(|each| each.hold_for(*profile))).collect()
                },
            );
            let wanted = Profile::ALL.into_iter().filter(|profile| requirement.bounds.hold_for(*profile));
            let bare: Vec<&str> = wanted.filter(|profile| !covered.contains(profile)).map(Profile::name).collect();
            if !bare.is_empty() {
                let source = &requirement.source;
                let message = format!("no scenario covers `{}` for {}", requirement.id, bare.join(", "));
                self.report.problems.push(
                    source
                        .diagnostic(source.key(&requirement.id), message)
                        .help("write one, or say in `not-testable` why there can be none"),
                );
            }
        }
    }
}

/// Whether a requirement was made of an operation or an error.
fn is_made(id: &str) -> bool {
    id.starts_with("response.") || id.starts_with("error.")
}

/// Whether the sources are of a kind that the level rests on.
fn supports(level: Level, sources: &[Source]) -> bool {
    sources.iter().any(|source| match level {
        Level::Must | Level::Should => source.seed.is_some() || source.doc.is_some(),
        Level::Observed => source.measured.is_some() || source.code.is_some(),
    })
}
