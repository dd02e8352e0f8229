//! Whether a scenario's words lead somewhere: operations, requirements, errors, readings, fixtures and variables.

use super::template::{self, TemplateError};
use super::{Expectations, Fixture, Given, Library, Scenario, Step, parse_duration};
use crate::contract::{Bounds, Contract, Effect};
use crate::diagnostic::{Diagnostic, SourceText};
use crate::matcher::{Matcher, Path};
use crate::templated::{has_template, is_template};
use crate::yaml::At;
use serde_json::Value;
use std::collections::BTreeSet;
use std::ops::Range;

/// Variables that every case has: the prefix of its names, and the token where the run has one.
const BUILT_IN: [&str; 2] = ["run", "token"];

/// Finds every mistake in a scenario that can be seen without running it.
pub fn check(source: &SourceText, scenario: &Scenario, contract: &Contract, library: &Library) -> Vec<Diagnostic> {
    let over_grpc = scenario.needs.iter().any(|need| need.value == "grpc");
    let mut check = Check { source, contract, known: builtin(), problems: Vec::new(), over_grpc, after: 0 };
    check.bounds(&scenario.bounds(), scenario.since.as_ref().or(scenario.until.as_ref()), |source| source.key("only"));
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
    for (index, id) in scenario.covers.iter().enumerate() {
        check.requirement(id);
        if scenario.covers[..index].iter().any(|before| before.value == id.value) {
            check.report(id.span(), format!("`{}` stands in `covers` twice", id.value));
        }
    }
    if scenario.steps.is_empty() {
        check.report(source.key("steps"), "the scenario has no steps");
    }
    for (index, step) in scenario.steps.iter().enumerate() {
        check.step(step, &(index + 1).to_string(), &scenario.covers);
    }
    check.proofs(scenario);
    check.problems
}

/// Finds every mistake in a fixture.
pub(super) fn check_fixture(source: &SourceText, fixture: &Fixture, contract: &Contract) -> Vec<Diagnostic> {
    let mut check = Check { source, contract, known: builtin(), problems: Vec::new(), over_grpc: false, after: 0 };
    check.known.insert("name".to_owned());
    check.known.extend(fixture.params.keys().cloned());
    for (index, step) in fixture.steps.iter().enumerate() {
        check.step(step, &(index + 1).to_string(), &[]);
    }
    check.problems
}

/// Where a step stands, as far as its parts know: at its own call, else at that of a step inside.
fn place(step: &Step) -> Option<Range<usize>> {
    let own = step.call.as_ref().map(At::span);
    own.or_else(|| step.together.iter().flatten().find_map(place))
        .or_else(|| step.fails.as_ref().map(|fails| fails.0.span()))
        .or_else(|| step.proves.first().map(At::span))
}

/// Capabilities that no profile names: a token with a password, what the user allows with a flag, what only the
/// embedded reference target has, and targets that are reached over gRPC.
const OPT_IN: [&str; 5] = ["password", "hazardous", "heavy", "stand-in", "grpc"];

/// The variable that counts the times of a step with `times`.
pub(crate) const TIME: &str = "n";

fn builtin() -> BTreeSet<String> {
    BUILT_IN.map(str::to_owned).into()
}

struct Check<'a> {
    source: &'a SourceText,
    contract: &'a Contract,
    known: BTreeSet<String>,
    problems: Vec<Diagnostic>,
    /// Whether the scenario is for targets that are reached over gRPC.
    over_grpc: bool,
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

    fn bounds(
        &mut self,
        bounds: &Bounds,
        version: Option<&At<String>>,
        else_at: impl FnOnce(&SourceText) -> Range<usize>,
    ) {
        if let Some(mistake) = bounds.mistake() {
            self.report(version.map_or_else(|| else_at(self.source), At::span), mistake);
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
            Some(requirement) if requirement.not_testable.is_some() && !self.over_grpc => {
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

    fn step(&mut self, step: &Step, number: &str, covers: &[At<String>]) {
        let start = place(step).unwrap_or_else(|| self.source.key("steps"));
        self.after = start.start;
        self.bounds(&step.bounds(), step.since.as_ref().or(step.until.as_ref()), |_| start.clone());
        match (&step.call, &step.together) {
            (Some(call), None) => self.call(step, call),
            (None, Some(steps)) => self.together(step, steps, &start, number),
            (Some(_), Some(_)) => {
                self.report(start, format!("step {number} has `call` and `together`; it is one or the other"));
            }
            (None, None) => self.report(start, format!("step {number} has neither `call` nor `together`")),
        }
        if step.each.as_ref().is_some_and(Vec::is_empty) {
            self.report(self.key("each"), format!("`each` has no rows, so that step {number} is never done"));
        }
        if step.times == Some(0) {
            self.report(self.key("times"), format!("`times` is 0, so that step {number} is never done"));
        }
        if step.times.is_some() && step.each.is_some() {
            self.report(self.key("times"), format!("step {number} has `times` and `each`; it is one or the other"));
        }
        self.refusable(step, number);
        for id in &step.proves {
            self.requirement(id);
            if self.contract.requirements.contains_key(id.as_str())
                && !covers.iter().any(|covered| covered.value == id.value)
            {
                let message = format!("the scenario does not cover `{}`", id.value);
                self.problems.push(self.source.diagnostic(id.span(), message).help("add it to `covers`"));
            }
        }
        self.rows_and_values(step);
        for (index, inner) in step.together.iter().flatten().enumerate() {
            self.step(inner, &format!("{number}.{}", index + 1), covers);
        }
        self.known.extend(step.save.keys().cloned());
    }

    /// Calls at the same time. What a step of them expects stands at that step; here it would be looked at by nobody.
    fn together(&mut self, step: &Step, steps: &[Step], start: &Range<usize>, number: &str) {
        if steps.is_empty() {
            self.report(self.key("together"), format!("`together` is empty, so that step {number} does nothing"));
        }
        if steps.iter().any(|inner| inner.together.is_some()) {
            self.report(start.clone(), "`together` cannot stand inside `together`");
        }
        let words = [
            ("with", step.with.is_some()),
            ("body", step.body.is_some()),
            ("headers", !step.headers.is_empty()),
            ("method", step.method.is_some()),
            ("path", step.path.is_some()),
            ("invalid", step.invalid),
            ("fails", step.fails.is_some()),
            ("status", step.status.is_some()),
            ("returns", step.returns.is_some()),
            ("receives", !step.receives.is_empty()),
            ("refusable", step.refusable),
            ("eventually", step.eventually.is_some()),
            ("within", step.within.is_some()),
            ("save", !step.save.is_empty()),
            ("proves", !step.proves.is_empty()),
        ];
        for (word, _) in words.into_iter().filter(|(_, is_there)| *is_there) {
            let message = format!("`{word}` cannot stand beside `together`");
            let problem = self.source.diagnostic(start.clone(), message);
            self.problems.push(problem.help("write it at one of the steps inside"));
        }
    }

    /// A step that may be refused expects nothing unless a reading tells what came.
    fn refusable(&mut self, step: &Step, number: &str) {
        if step.any_answer
            && (step.fails.is_some() || step.refusable || step.returns.is_some() || step.eventually.is_some())
        {
            let message = format!("to step {number} any answer will do, so that it can expect none");
            self.report(self.key("any-answer"), message);
        }
        if !step.refusable {
            return;
        }
        if step.fails.is_some() || step.eventually.is_some() {
            let message = format!("step {number} may be refused, so that `fails` and `eventually` have no place there");
            self.report(self.key("refusable"), message);
        }
        let of_all = |path: &Path| path.pointer().is_empty();
        let told = step.returns.iter().flatten().any(|(path, matcher)| of_all(path) && !matcher.readings().is_empty());
        if !told {
            let message = format!("step {number} may be refused, and nothing tells whether it was");
            let problem = self.source.diagnostic(self.key("refusable"), message);
            self.problems.push(problem.help("add `returns: {$: {reading: id}}`"));
        }
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
            && !is_template(name)
            && !name.trim().is_empty()
        {
            let message = format!("`{}` would change `{name}`, which is not the run's own", call.value);
            let problem = self.source.diagnostic(self.find(name), message);
            self.problems.push(problem.help("name a fixture's variable, or `${name(…)}`"));
        }
    }

    fn rows_and_values(&mut self, step: &Step) {
        let outer = (step.each.is_some() || step.times.is_some()).then(|| self.known.clone());
        if step.times.is_some() {
            self.known.insert(TIME.to_owned());
        }
        for row in step.each.iter().flatten() {
            self.known.extend(row.keys().cloned());
            row.values().for_each(|value| self.templates(value));
        }
        if let Some(with) = &step.with {
            self.templates(with);
        }
        let texts = step.body.iter().chain(step.headers.values().flatten()).chain(&step.path);
        texts.filter(|text| is_template(text)).for_each(|text| self.templates(&Value::String(text.clone())));
        for (word, expectations) in [("returns", &step.returns), ("eventually", &step.eventually)] {
            if let Some(expectations) = expectations {
                self.expectations(word, expectations);
            }
        }
        self.values(step.receives.iter().map(|(name, matcher)| (name.as_str(), matcher)));
        if let Some(within) = &step.within {
            self.duration(within);
        }
        if let Some(outer) = outer {
            self.known = outer;
        }
    }

    fn expectations(&mut self, word: &str, expectations: &Expectations) {
        if expectations.is_empty() {
            let problem = self.source.diagnostic(self.key(word), format!("`{word}` is empty and expects nothing"));
            self.problems.push(problem.help("leave it out to expect a success and no more"));
        }
        self.values(expectations.iter().map(|(path, matcher)| (path.as_str(), matcher)));
    }

    /// What the values at these places have to be.
    fn values<'m>(&mut self, expected: impl Iterator<Item = (&'m str, &'m Matcher)>) {
        for (path, matcher) in expected {
            for reading in matcher.readings() {
                if !self.contract.readings.contains_key(reading) {
                    let problem =
                        self.source.diagnostic(self.find(reading), format!("there is no reading `{reading}`"));
                    self.problems.push(problem.suggest(reading, self.contract.readings.keys().map(String::as_str)));
                }
            }
            if !matcher.has_templates() {
                continue;
            }
            let mut values = Vec::new();
            let kept = matcher.fill(&mut |value: &Value| {
                values.push(value.clone());
                Ok::<_, TemplateError>(value.clone())
            });
            if let Err(error) = kept {
                self.report(self.find(path), error.to_string());
            }
            for value in &values {
                self.templates(value);
            }
        }
    }

    fn templates(&mut self, value: &Value) {
        if !has_template(value) {
            return;
        }
        match template::variables(value) {
            Ok(names) => {
                for name in names {
                    if !self.known.contains(&name) {
                        let span = self.find_template(&name);
                        let problem = if name.is_empty() {
                            self.source.diagnostic(span, "this template names no variable")
                        } else {
                            self.source.diagnostic(span, format!("there is no variable `{name}` here"))
                        };
                        self.problems.push(problem.suggest(&name, self.known.iter().map(String::as_str)));
                    }
                }
            }
            Err(error) => {
                let span = match &error {
                    TemplateError::Open(text) => self.find_where(text, |next| next != '}'),
                    TemplateError::Unknown(text) | TemplateError::Function(text) | TemplateError::Pattern(text) => {
                        self.find(text)
                    }
                };
                let text = error.to_string();
                let (message, help) = text.split_once("; ").unwrap_or((&text, ""));
                let problem = self.source.diagnostic(span, message);
                self.problems.push(if help.is_empty() { problem } else { problem.help(help) });
            }
        }
    }

    /// The place of a text, looked for from the current step on, then from the top.
    fn find(&self, text: &str) -> Range<usize> {
        self.find_where(text, |_| true)
    }

    /// The place of a template that names a variable, and not only one whose name begins alike.
    fn find_template(&self, name: &str) -> Range<usize> {
        self.find_where(&format!("${{{name}"), |next| !next.is_alphanumeric() && !['_', '-'].contains(&next))
    }

    /// The place of a key, looked for from the current step on.
    fn key(&self, key: &str) -> Range<usize> {
        let found = self.find(&format!("{key}:"));
        found.start..found.start + key.len()
    }

    /// As [`Self::find`], where the character behind the text is one that is wanted.
    fn find_where(&self, text: &str, wanted: impl Fn(char) -> bool) -> Range<usize> {
        let whole = &*self.source.text;
        let from = |start: usize| {
            let mut found = whole.get(start..)?.match_indices(text).map(|(at, _)| start + at);
            found.find(|at| whole[at + text.len()..].chars().next().is_none_or(&wanted))
        };
        // Blanks inside of a template keep it from being found; the step is near enough then.
        from(self.after).or_else(|| from(0)).map_or(self.after..self.after, |at| at..at + text.len())
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
            let expects = step.expects();
            if expects && scenario.covers.len() > 1 && step.proves.is_empty() {
                let span = step.call.as_ref().map_or(0..0, At::span);
                let problem = self.source.diagnostic(span, "this step expects something, but of which requirement?");
                self.problems.push(problem.help("add `proves: [id]` with one of the ids in `covers`"));
            }
        }
    }
}
