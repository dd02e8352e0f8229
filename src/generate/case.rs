//! One case: what is sent, what is claimed of the answer, and its text as a scenario.

use super::{Base, FOLDER};
use crate::contract::{Hazard, Operation, ProfileContract};
use crate::diagnostic::SourceText;
use crate::hazard;
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// A scenario written by a machine.
#[derive(Clone, Debug)]
pub struct Generated {
    /// `generated/<operation>/<what>`.
    pub id: String,
    /// The operation whose request was changed.
    pub operation: String,
    /// The scenario, as it would stand in a file.
    pub text: SourceText,
}

impl Generated {
    /// The last part of its id.
    pub fn what(&self) -> &str {
        self.id.rsplit('/').next().unwrap_or_default()
    }
}

/// What is claimed of the answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Claim {
    /// It is a success; if not, the case says nothing of the target.
    Works,
    /// It is a success, as the requirement says.
    Passes(&'static str),
    /// It is a success, as the requirement says.
    PassesAs(String),
    /// It is this failure, or any, as the requirement says.
    Fails(&'static str, &'static str),
    /// It is a failure, as the requirement says.
    FailsAs(String),
    /// It has this HTTP status, as the requirement says.
    Status(u16, &'static str),
    /// It is a success or a failure, and well-formed.
    Answered,
}

/// The requirement that whatever is sent is answered.
const ANSWERED: &str = "transport.request.answered";
/// The requirement that a refused request makes nothing.
const NO_TRACE: &str = "transport.request.no-trace";

/// What is sent, beside the body.
#[derive(Clone, Debug, Default)]
pub(super) struct Sent {
    /// The body as JSON.
    pub(super) with: Option<Value>,
    /// Other keys of the step: `body`, `encoding`, `headers`, `method`.
    pub(super) more: Map<String, Value>,
    /// Steps after it, of whose answers as much is claimed.
    pub(super) then: Vec<Value>,
    /// Capabilities that it needs besides those of the base.
    pub(super) needs: Vec<&'static str>,
}

impl Sent {
    pub(super) fn json(with: Value) -> Self {
        Self { with: Some(with), ..Self::default() }
    }

    pub(super) fn text(body: impl Into<String>) -> Self {
        Self::default().and("body", Value::String(body.into()))
    }

    pub(super) fn and(mut self, key: &str, value: Value) -> Self {
        self.more.insert(key.to_owned(), value);
        self
    }
}

/// Makes the cases of one operation.
pub(super) struct Maker<'a> {
    pub(super) contract: &'a ProfileContract,
    pub(super) operation: &'a Operation,
    pub(super) base: &'a Base,
    pub(super) schema: &'a Value,
    /// The valid request, without keys that the profile does not know.
    pub(super) request: Map<String, Value>,
}

impl<'a> Maker<'a> {
    pub(super) fn new(
        contract: &'a ProfileContract,
        operation: &'a Operation,
        base: &'a Base,
        schema: &'a Value,
    ) -> Self {
        let known = schema["properties"].as_object();
        let mut request = base.with.as_object().cloned().unwrap_or_default();
        request.retain(|key, _| known.is_some_and(|known| known.contains_key(key)));
        Self { contract, operation, base, schema, request }
    }

    /// The keys that the documents require.
    pub(super) fn required(&self) -> impl Iterator<Item = &'a str> {
        self.schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str)
    }

    /// Whether the operation takes its request as a body.
    pub(super) fn has_body(&self) -> bool {
        self.operation.file.method == "POST"
    }

    /// Whether the operation is one of v1.
    pub(super) fn is_v1(&self) -> bool {
        self.operation.group() == "v1"
    }

    /// The request with another value of a key.
    pub(super) fn with(&self, key: &str, value: Value) -> Value {
        let mut request = self.request.clone();
        request.insert(key.to_owned(), value);
        Value::Object(request)
    }

    /// The request without a key.
    pub(super) fn without(&self, key: &str) -> Value {
        let mut request = self.request.clone();
        request.remove(key);
        Value::Object(request)
    }

    /// A case; nothing when the profile does not know the requirement that is claimed.
    pub(super) fn case(&self, what: &str, title: &str, sent: Sent, claim: Claim) -> Option<Generated> {
        let Sent { with, more, then, needs: more_needs } = sent;
        let unread = with.is_none() && more.contains_key("body");
        let mut claim = claim;
        if self.base.unsure && matches!(claim, Claim::Works | Claim::Passes(_)) {
            claim = Claim::Answered;
        }
        let named = match &claim {
            Claim::Passes(id) | Claim::Fails(_, id) | Claim::Status(_, id) => *id,
            Claim::PassesAs(id) | Claim::FailsAs(id) => id,
            Claim::Answered => ANSWERED,
            Claim::Works => "",
        };
        let holds = |id: &str| {
            self.contract
                .requirement(id)
                .is_some_and(|stated| stated.not_testable.is_none() && stated.bounds.hold_for(self.contract.profile()))
        };
        let mut proves = named.to_owned();
        if claim != Claim::Works && !holds(&proves) {
            if !holds(ANSWERED) || matches!(claim, Claim::PassesAs(_) | Claim::FailsAs(_)) {
                return None;
            }
            (claim, proves) = (Claim::Answered, ANSWERED.to_owned());
        }
        let mut step = Map::new();
        step.insert("call".to_owned(), json!(self.operation.name));
        step.extend(with.map(|with| ("with".to_owned(), with)));
        step.extend(more);
        step.insert("invalid".to_owned(), json!(true));
        match &claim {
            Claim::Works | Claim::Passes(_) | Claim::PassesAs(_) => {}
            Claim::Fails(failure, _) => drop(step.insert("fails".to_owned(), json!(failure))),
            Claim::FailsAs(_) => drop(step.insert("fails".to_owned(), json!("any"))),
            Claim::Status(status, _) => drop(step.insert("status".to_owned(), json!(status))),
            Claim::Answered => drop(step.insert("any-answer".to_owned(), json!(true))),
        }
        let mut covers = Vec::new();
        if claim != Claim::Works {
            step.insert("proves".to_owned(), json!([proves]));
            covers.push(proves);
        }
        let mut steps: Vec<Map<String, Value>> =
            self.base.before.iter().filter_map(Value::as_object).cloned().collect();
        let hazardous = hazard::of_step(self.contract.whole(), &self.operation.name, &step).is_some();
        steps.push(step);
        for after in then {
            let Value::Object(mut after) = after else { continue };
            after.insert("any-answer".to_owned(), json!(true));
            after.insert("proves".to_owned(), json!([ANSWERED]));
            steps.push(after);
        }
        steps.extend(self.trace(&claim, unread, &mut covers).filter(|_| holds(NO_TRACE)));
        covers.retain(|id| holds(id));
        let mut needs: Vec<&str> = self.base.needs.iter().map(String::as_str).collect();
        needs.extend(more_needs);
        needs.extend(hazardous.then_some("hazardous"));
        let id = format!("{FOLDER}/{}/{what}", self.operation.name);
        let text = self.written(title, &covers, &needs, &steps);
        Some(Generated { operation: self.operation.name.clone(), text: SourceText::new(id.clone(), text), id })
    }

    /// The case of a request that has ended a server.
    pub(super) fn hazard(&self, id: &str, hazard: &Hazard) -> Option<Generated> {
        let title = format!("A server survives this: {}", hazard.about.trim_end_matches('.'));
        let mut sent = Sent::json(hazard.provoked.with.clone());
        sent.then.clone_from(&hazard.provoked.then);
        self.case(&format!("hazard-{id}"), &title, sent, Claim::Answered)
    }

    /// The step that shows that nothing was made, where that is known: a create that is refused for more than the form of
    /// its request may leave something behind.
    fn trace(&self, claim: &Claim, unread: bool, covers: &mut Vec<String>) -> impl Iterator<Item = Map<String, Value>> {
        let refused = matches!(claim, Claim::Fails("missing-parameter" | "bad-json", _));
        let step = self.base.trace.as_ref().filter(|_| refused || unread && *claim == Claim::Answered).map(|trace| {
            let mut step: Map<String, Value> = trace.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
            if !refused {
                step.insert("after-refusal".to_owned(), json!(true));
            }
            step.insert("proves".to_owned(), json!([NO_TRACE]));
            covers.push(NO_TRACE.to_owned());
            step
        });
        step.into_iter()
    }

    fn written(&self, title: &str, covers: &[String], needs: &[&str], steps: &[Map<String, Value>]) -> String {
        let mut text = format!("title: {}\ncovers: {}\n", yaml(&json!(title)), yaml(&json!(covers)));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "tags: [{FOLDER}]");
        // Cases are made for one profile; nothing is said of others.
        let _ = writeln!(text, "since: \"2.3\"");
        if !needs.is_empty() {
            let _ = writeln!(text, "needs: {}", yaml(&json!(needs)));
        }
        if !self.base.given.is_empty() {
            let _ = writeln!(text, "given:");
            for (variable, given) in &self.base.given {
                let _ = writeln!(text, "  {variable}: {}", yaml(given));
            }
        }
        let _ = writeln!(text, "steps:");
        for step in steps {
            let _ = writeln!(text, "  - call: {}", yaml(&step["call"]));
            for key in ORDER {
                if let Some(value) = step.get(key) {
                    let _ = writeln!(text, "    {key}: {}", yaml(value));
                }
            }
        }
        text
    }
}

/// The keys of a step in the order in which they are written.
const ORDER: [&str; 14] = [
    "method",
    "headers",
    "with",
    "body",
    "encoding",
    "invalid",
    "after-refusal",
    "any-answer",
    "fails",
    "status",
    "returns",
    "eventually",
    "save",
    "proves",
];

/// A value as it stands in YAML: as in JSON, but that all letters outside of ASCII are written by their numbers.
fn yaml(value: &Value) -> String {
    let mut text = String::new();
    for character in value.to_string().chars() {
        match character {
            ' '..='~' => text.push(character),
            // Writing to a String cannot fail.
            other => drop(write!(text, "\\U{:08x}", u32::from(other))),
        }
    }
    text
}
