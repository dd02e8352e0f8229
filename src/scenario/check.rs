//! Whether a scenario's words lead somewhere: operations, requirements, errors, readings, fixtures and variables.

use super::template::{self, TemplateError};
use super::{Expectations, Fixture, Given, Library, Scenario, Step, parse_duration};
use crate::contract::{Bounds, Contract, Effect};
use crate::diagnostic::{Diagnostic, SourceText};
use crate::yaml::At;
use serde_json::Value;
use std::collections::BTreeSet;
use std::ops::Range;

/// Variables that every case has: the prefix of its names, and the token where the run has one.
const BUILT_IN: [&str; 2] = ["run", "token"];

/// Finds every mistake in a scenario that can be seen without running it.
pub fn check(source: &SourceText, scenario: &Scenario, contract: &Contract, library: &Library) -> Vec<Diagnostic> {
    let mut check = Check { source, contract, known: builtin(), problems: Vec::new(), after: 0 };
    check.bounds(&scenario.bounds(), 0..0);
    if let Some(deadline) = &scenario.deadline {
        check.duration(deadline);
    }
    for need in &scenario.needs {
        let known: BTreeSet<&str> = contract
            .profiles
            .values()
            .flat_map(|facts| &facts.capabilities)
            .map(String::as_str)
            .chain(OPT_IN)
            .collect();
        if !known.contains(need.as_str()) {
            check.unknown(need, "capability", known.iter().copied());
        }
    }
    for (variable, given) in &scenario.given {
        check.given(variable, given, library);
    }
    for id in &scenario.covers {
        check.requirement(id);
    }
    if scenario.steps.is_empty() {
        check.report(0..0, "the scenario has no steps");
    }
    for step in &scenario.steps {
        check.step(step, &scenario.covers);
    }
    check.proofs(scenario);
    check.problems
}

/// Finds every mistake in a fixture.
pub(super) fn check_fixture(source: &SourceText, fixture: &Fixture, contract: &Contract) -> Vec<Diagnostic> {
    let mut check = Check { source, contract, known: builtin(), problems: Vec::new(), after: 0 };
    check.known.insert("name".to_owned());
    check.known.extend(fixture.params.keys().cloned());
    for step in &fixture.steps {
        check.step(step, &[]);
    }
    check.problems
}

/// Capabilities that the user grants with a flag.
const OPT_IN: [&str; 2] = ["hazardous", "heavy"];

fn builtin() -> BTreeSet<String> {
    BUILT_IN.map(str::to_owned).into()
}

struct Check<'a> {
    source: &'a SourceText,
    contract: &'a Contract,
    known: BTreeSet<String>,
    problems: Vec<Diagnostic>,
    /// Where the current step begins, so that templates are looked for from there.
    after: usize,
}

impl Check<'_> {
    fn report(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.problems.push(self.source.diagnostic(span, message));
    }

    fn unknown<'k>(&mut self, word: &At<String>, kind: &str, known: impl IntoIterator<Item = &'k str>) {
        let message = format!("there is no {kind} `{}`", word.value);
        self.problems.push(self.source.diagnostic(word.span(), message).suggest(word, known));
    }

    fn bounds(&mut self, bounds: &Bounds, span: Range<usize>) {
        if let Some(mistake) = bounds.mistake() {
            self.report(span, mistake);
        }
    }

    fn duration(&mut self, text: &At<String>) {
        if let Err(message) = parse_duration(text) {
            self.report(text.span(), message);
        }
    }

    fn requirement(&mut self, id: &At<String>) {
        let contract = self.contract;
        match contract.requirements.get(id.as_str()) {
            None => self.unknown(id, "requirement", contract.requirements.keys().map(String::as_str)),
            Some(requirement) if requirement.not_testable.is_some() => {
                self.report(id.span(), format!("`{}` is marked as not testable over REST", id.value));
            }
            Some(_) => {}
        }
    }

    fn given(&mut self, variable: &str, given: &Given, library: &Library) {
        let name = given.fixture();
        match library.fixture(name) {
            None => self.unknown(name, "fixture", library.fixtures().map(|(name, ..)| name)),
            Some(fixture) => {
                for (parameter, value) in given.with().into_iter().flatten() {
                    if !fixture.params.contains_key(parameter) {
                        let message = format!("the fixture `{}` has no parameter `{parameter}`", name.value);
                        let known = fixture.params.keys().map(String::as_str);
                        let problem = self.source.diagnostic(name.span(), message).suggest(parameter, known);
                        self.problems.push(problem);
                    }
                    self.templates(value);
                }
            }
        }
        self.known.insert(variable.to_owned());
    }

    fn step(&mut self, step: &Step, covers: &[At<String>]) {
        let start = step.all().find_map(|step| step.call.as_ref()).map_or(0..0, At::span);
        self.after = start.start;
        self.bounds(&step.bounds(), start.clone());
        match (&step.call, &step.together) {
            (Some(call), None) => self.call(step, call),
            (None, Some(steps)) => {
                if steps.iter().any(|inner| inner.together.is_some()) {
                    self.report(start, "`together` cannot stand inside `together`");
                }
            }
            _ => self.report(start, "a step has either `call` or `together`"),
        }
        for id in &step.proves {
            self.requirement(id);
            if !covers.iter().any(|covered| covered.value == id.value) {
                let known = covers.iter().map(|covered| covered.value.as_str());
                let message = format!("the scenario does not cover `{}`", id.value);
                self.problems.push(self.source.diagnostic(id.span(), message).suggest(id, known));
            }
        }
        self.rows_and_values(step);
        for inner in step.together.iter().flatten() {
            self.step(inner, covers);
        }
        self.known.extend(step.save.keys().cloned());
    }

    fn call(&mut self, step: &Step, call: &At<String>) {
        let contract = self.contract;
        let Some(operation) = contract.operations.get(call.as_str()) else {
            self.unknown(call, "operation", contract.operations.keys().map(String::as_str));
            return;
        };
        if step.with.is_some() && step.body.is_some() {
            self.report(call.span(), "a step sends `with` or `body`, not both");
        }
        for id in step.fails.iter().flat_map(super::Fails::named) {
            if !contract.failures.contains_key(id) {
                let span = step.fails.as_ref().map_or(0..0, |fails| fails.0.span());
                let problem = self.source.diagnostic(span, format!("there is no error `{id}`"));
                self.problems.push(problem.suggest(id, contract.failures.keys().map(String::as_str)));
            }
        }
        if operation.file.effect == Effect::Write && step.fails.is_none() && step.path.is_none() {
            self.own_target(step, call, operation.file.target.as_deref());
        }
    }

    /// A write has to name something of the run's own, so the name cannot be a plain text.
    fn own_target(&mut self, step: &Step, call: &At<String>, target: Option<&str>) {
        let (Some(target), Some(with)) = (target, &step.with) else { return };
        if let Some(Value::String(name)) = with.get(target)
            && !name.contains("${")
        {
            let message = format!("`{}` would change `{name}`, which is not the run's own", call.value);
            let problem = self.source.diagnostic(self.find(name), message);
            self.problems.push(problem.help("name a fixture's variable, or `${name(…)}`"));
        }
    }

    fn rows_and_values(&mut self, step: &Step) {
        let outer = self.known.clone();
        for row in step.each.iter().flatten() {
            self.known.extend(row.keys().cloned());
            row.values().for_each(|value| self.templates(value));
        }
        if let Some(with) = &step.with {
            self.templates(with);
        }
        let texts = step.body.iter().chain(step.headers.values().flatten()).chain(&step.path);
        texts.for_each(|text| self.templates(&Value::String(text.clone())));
        for expectations in [&step.returns, &step.eventually].into_iter().flatten() {
            self.expectations(expectations);
        }
        if let Some(within) = &step.within {
            self.duration(within);
        }
        self.known = outer;
    }

    fn expectations(&mut self, expectations: &Expectations) {
        for (path, matcher) in expectations {
            for reading in matcher.readings() {
                if !self.contract.readings.contains_key(reading) {
                    let problem =
                        self.source.diagnostic(self.find(reading), format!("there is no reading `{reading}`"));
                    self.problems.push(problem.suggest(reading, self.contract.readings.keys().map(String::as_str)));
                }
            }
            let mut values = Vec::new();
            let kept = matcher.fill(&mut |value: &Value| {
                values.push(value.clone());
                Ok::<_, TemplateError>(value.clone())
            });
            if let Err(error) = kept {
                self.report(self.find(&path.to_string()), error.to_string());
            }
            for value in &values {
                self.templates(value);
            }
        }
    }

    fn templates(&mut self, value: &Value) {
        match template::variables(value) {
            Ok(names) => {
                for name in names {
                    if !self.known.contains(&name) {
                        let span = self.find(&format!("${{{name}"));
                        let problem = self.source.diagnostic(span, format!("there is no variable `{name}` here"));
                        self.problems.push(problem.suggest(&name, self.known.iter().map(String::as_str)));
                    }
                }
            }
            Err(error) => {
                let (TemplateError::Open(text)
                | TemplateError::Unknown(text)
                | TemplateError::Function(text)
                | TemplateError::Pattern(text)) = &error;
                self.report(self.find(text), error.to_string());
            }
        }
    }

    /// The place of a text, looked for from the current step on, then from the top.
    fn find(&self, text: &str) -> Range<usize> {
        let from = |start: usize| self.source.text.get(start..).and_then(|rest| rest.find(text)).map(|at| start + at);
        from(self.after).or_else(|| from(0)).map_or(0..0, |at| at..at + text.len())
    }

    /// Each requirement that is covered needs a proof, and each expectation a requirement.
    fn proofs(&mut self, scenario: &Scenario) {
        let steps: Vec<&Step> = scenario.steps.iter().flat_map(Step::all).collect();
        let proven: BTreeSet<&str> =
            steps.iter().flat_map(|step| scenario.proofs(step)).map(|id| id.value.as_str()).collect();
        for id in &scenario.covers {
            if !proven.contains(id.as_str()) {
                let problem = self.source.diagnostic(id.span(), format!("no step is a proof of `{}`", id.value));
                self.problems.push(problem.help("say `proves: [id]` at the step that shows it"));
            }
        }
        for step in steps {
            let expects = step.fails.is_some() || step.returns.is_some();
            if expects && scenario.covers.len() > 1 && step.proves.is_empty() {
                let span = step.call.as_ref().map_or(0..0, At::span);
                let problem = self.source.diagnostic(span, "this step expects something, but of which requirement?");
                self.problems.push(problem.help("add `proves: [id]` with one of the ids in `covers`"));
            }
        }
    }
}
