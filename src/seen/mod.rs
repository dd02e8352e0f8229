//! What the calls of a run have shown of the contract, so that a stored run can tell its coverage.
//!
//! A case reports only what no case before it has shown, which keeps results small.

mod states;
mod types;

pub use states::{State, States};
pub use types::{Schemas, TYPES, Touched, USES, has_use};

use crate::contract::{CompiledOperation, Side};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What the calls of an operation have shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Seen {
    /// It has succeeded.
    #[serde(skip_serializing_if = "is_false")]
    pub success: bool,
    /// It has failed in the documented form.
    #[serde(skip_serializing_if = "is_false")]
    pub failure: bool,
    /// The named failures that it gave with their known code and message.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub errors: BTreeSet<String>,
    /// The rules of transport that were proven with its calls.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub rules: BTreeSet<String>,
    /// The states of a collection in which it was called.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub states: BTreeSet<State>,
    /// Documented properties of requests that were sent, as JSON pointers with `*` for positions in lists.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub request: BTreeSet<String>,
    /// Documented properties of answers that came.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub answer: BTreeSet<String>,
    /// The types of the fields that were made, written, read or indexed.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub types: BTreeSet<String>,
    /// The types of the fields that filters asked for.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub filtered: BTreeSet<String>,
    /// The productions of the grammar of filters that were read.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub grammar: BTreeSet<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field over by reference")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Seen {
    /// Takes in what another has.
    pub fn add(&mut self, other: &Seen) {
        self.success |= other.success;
        self.failure |= other.failure;
        self.errors.extend(other.errors.iter().cloned());
        self.rules.extend(other.rules.iter().cloned());
        self.states.extend(other.states.iter().copied());
        self.request.extend(other.request.iter().cloned());
        self.answer.extend(other.answer.iter().cloned());
        self.types.extend(other.types.iter().cloned());
        self.filtered.extend(other.filtered.iter().cloned());
        self.grammar.extend(other.grammar.iter().cloned());
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        let Seen { success, failure, errors, rules, states, request, answer, types, filtered, grammar } = self;
        let texts = [errors, rules, request, answer, types, filtered, grammar];
        !success && !failure && states.is_empty() && texts.iter().all(|texts| texts.is_empty())
    }
}

/// One call as far as it shows something.
#[derive(Debug, Default)]
pub struct Shown<'a> {
    /// Whether it succeeded; nothing when that cannot be told.
    pub success: Option<bool>,
    /// The body sent, when it went to the operation's own path.
    pub request: Option<&'a Value>,
    /// The body that came.
    pub answer: Option<&'a Value>,
    /// The named failures that came as known.
    pub errors: Vec<&'a str>,
    /// The rules of transport that it proved.
    pub rules: Vec<&'a str>,
    /// The state of the collection before it.
    pub state: Option<State>,
    /// What it touched.
    pub touched: Touched,
}

/// What a run has shown so far, by operation.
#[derive(Debug, Default)]
pub struct Register(BTreeMap<String, Known>);

#[derive(Debug, Default)]
struct Known {
    seen: Seen,
    /// Which documented properties came, by side and number.
    properties: [Vec<bool>; 3],
}

impl Known {
    /// Notes that a property came, and tells whether that is new.
    fn met(&mut self, side: Side, number: usize) -> bool {
        let met = &mut self.properties[side as usize];
        if met.len() <= number {
            met.resize(number + 1, false);
        }
        !std::mem::replace(&mut met[number], true)
    }
}

impl Register {
    /// Enters a call and answers with what it shows for the first time.
    pub fn enter(&mut self, name: &str, operation: Option<&CompiledOperation>, shown: &Shown) -> Seen {
        let known = match self.0.get_mut(name) {
            Some(known) => known,
            None => self.0.entry(name.to_owned()).or_default(),
        };
        let seen = &known.seen;
        let mut fresh = Seen {
            success: shown.success == Some(true) && !seen.success,
            failure: shown.success == Some(false) && !seen.failure,
            states: shown.state.filter(|state| !seen.states.contains(state)).into_iter().collect(),
            ..Seen::default()
        };
        let touched = &shown.touched;
        note_new(&mut fresh.errors, &seen.errors, shown.errors.iter().copied());
        note_new(&mut fresh.rules, &seen.rules, shown.rules.iter().copied());
        note_new(&mut fresh.types, &seen.types, touched.types.iter().map(String::as_str));
        note_new(&mut fresh.filtered, &seen.filtered, touched.filtered.iter().map(String::as_str));
        note_new(&mut fresh.grammar, &seen.grammar, touched.grammar.iter().map(String::as_str));
        if let Some(operation) = operation {
            let mut look = |side: Side, value: Option<&Value>, found: &mut BTreeSet<String>| {
                let Some(value) = value else { return };
                operation.named_in(side, value, &mut |number| {
                    if known.met(side, number) {
                        found.extend(operation.property(side, number).map(str::to_owned));
                    }
                });
            };
            look(Side::Request, shown.request, &mut fresh.request);
            match shown.success {
                Some(true) => look(Side::Success, shown.answer, &mut fresh.answer),
                Some(false) => look(Side::Failure, shown.answer, &mut fresh.answer),
                None => {}
            }
        }
        if !fresh.is_empty() {
            known.seen.add(&fresh);
        }
        fresh
    }
}

/// Notes which of these words were not seen before.
fn note_new<'w>(fresh: &mut BTreeSet<String>, seen: &BTreeSet<String>, words: impl Iterator<Item = &'w str>) {
    fresh.extend(words.filter(|word| !seen.contains(*word)).map(str::to_owned));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Contract, Tree};
    use crate::profile::Profile;
    use serde_json::json;
    use std::sync::Arc;

    #[test]
    fn only_what_is_new_is_told() {
        let contract = Arc::new(Contract::load(&Tree::embedded()).unwrap()).compile(Profile::Milvus26).unwrap();
        let operation = contract.operation("partitions/has");
        let (request, answer) = (json!({"collectionName": "a", "other": 1}), json!({"code": 0, "data": {"has": true}}));
        let shown = Shown {
            success: Some(true),
            request: Some(&request),
            answer: Some(&answer),
            state: Some(State::Loaded),
            ..Shown::default()
        };
        let mut register = Register::default();
        let first = register.enter("partitions/has", operation, &shown);
        assert!(first.success && !first.failure);
        assert_eq!(first.request.iter().collect::<Vec<_>>(), ["/collectionName"]);
        assert_eq!(first.answer.iter().collect::<Vec<_>>(), ["/code", "/data", "/data/has"]);
        assert!(register.enter("partitions/has", operation, &shown).is_empty());
        let failed = json!({"code": 100, "message": "none"});
        let shown = Shown { success: Some(false), answer: Some(&failed), errors: vec!["x"], ..Shown::default() };
        let second = register.enter("partitions/has", operation, &shown);
        assert!(second.failure && second.errors.contains("x") && second.answer.contains("/message"));
    }
}
