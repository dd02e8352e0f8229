//! Two sets of snapshots.

use super::announced::{Announced, Seen};
use super::{Change, Kind, Part, Place, Regression, ScenarioChange, Side};
use crate::contract::{CompiledOperation, ProfileContract, SchemaFault};
use crate::matcher::push_pointer;
use crate::snapshot::{Body, Exchanged, Snapshot, exchanges, shown};
use serde_json::{Value, json};
use similar::TextDiff;
use std::collections::{BTreeMap, BTreeSet};

/// Compares the snapshots of one profile with those of another or the same, by scenario.
///
/// `old` is the contract that clients of the first side hold to; `is_for` tells whether a scenario is for a profile at all.
///
/// # Errors
/// A snapshot that cannot be read, by its scenario.
pub fn of_snapshots(
    [from, to]: [Side; 2],
    [before, after]: [&BTreeMap<String, Snapshot>; 2],
    old: &ProfileContract,
    announced: &[Announced],
    is_for: &dyn Fn(&str, &Side) -> bool,
) -> Result<Regression, String> {
    let mut made =
        Comparison { old, announced, found: BTreeMap::new(), asked_otherwise: Vec::new(), compared: 0, same: 0 };
    for (scenario, one) in before {
        if let Some(other) = after.get(scenario) {
            let read = |snapshot: &Snapshot, side: &Side| {
                exchanges(&snapshot.transcript).map_err(|why| format!("{scenario} in {}: {why}", side.name))
            };
            made.scenario(scenario, &read(one, &from)?, &read(other, &to)?);
        }
    }
    let ends = |set: &BTreeMap<String, Snapshot>| -> BTreeMap<String, String> {
        let end = |snapshot: &Snapshot| snapshot.ended.clone().unwrap_or_else(|| WHOLE.to_owned());
        set.iter().map(|(id, snapshot)| (id.clone(), end(snapshot))).collect()
    };
    let scenarios = scenarios([&from, &to], [&ends(before), &ends(after)], is_for);
    let changes = made.found.into_values().collect();
    let Comparison { asked_otherwise, compared, same, .. } = made;
    Ok(Regression { from, to, changes, scenarios, asked_otherwise, compared, same })
}

/// How a scenario ended that came to its end.
const WHOLE: &str = "whole";

/// The scenarios of one side only, and those that ended otherwise, from how each ended.
pub fn scenarios(
    [from, to]: [&Side; 2],
    [before, after]: [&BTreeMap<String, String>; 2],
    is_for: &dyn Fn(&str, &Side) -> bool,
) -> Vec<ScenarioChange> {
    let ids: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut changes = Vec::new();
    for id in ids {
        let bounds = |side: &Side| (!is_for(id, side)).then(|| format!("the scenario is not for {}", side.profile));
        let (one, other) = (before.get(id), after.get(id));
        let (kind, announced) = match (one, other) {
            (Some(one), Some(other)) if one == other => continue,
            (Some(_), Some(_)) => (Kind::Changed, None),
            (None, _) => (Kind::Appeared, bounds(from)),
            (Some(_), None) => (Kind::Disappeared, bounds(to)),
        };
        let fine = |end: &String| end == WHOLE || end == "pass";
        changes.push(ScenarioChange {
            scenario: id.clone(),
            kind,
            before: one.cloned().unwrap_or_default(),
            after: other.cloned().unwrap_or_default(),
            announced,
            breaking: one.is_some_and(fine) && other.is_some_and(|end| !fine(end)),
        });
    }
    changes
}

/// What makes two changes the same one: all but names, ids and places.
type Same = (String, Part, String, Kind, String, String);

struct Comparison<'a> {
    old: &'a ProfileContract,
    announced: &'a [Announced],
    found: BTreeMap<Same, Change>,
    asked_otherwise: Vec<Place>,
    compared: usize,
    same: usize,
}

/// A difference before it is marked.
struct Found {
    part: Part,
    at: String,
    kind: Kind,
    before: Option<Value>,
    after: Option<Value>,
    announced: Option<String>,
    breaking: Option<String>,
}

impl Comparison<'_> {
    fn scenario(&mut self, scenario: &str, before: &[Exchanged], after: &[Exchanged]) {
        let place = |step: &str| Place { scenario: scenario.to_owned(), step: step.to_owned() };
        let steps: BTreeMap<&str, &Exchanged> = after.iter().map(|call| (call.step.as_str(), call)).collect();
        for one in before {
            let Some(other) = steps.get(one.step.as_str()) else {
                self.asked_otherwise.push(place(&one.step));
                continue;
            };
            let asked = |call: &Exchanged| {
                let parts = (call.method.clone(), call.operation.clone(), call.request_headers.clone());
                (parts, call.request.clone())
            };
            if asked(one) != asked(other) {
                self.asked_otherwise.push(place(&one.step));
                continue;
            }
            self.compared += 1;
            let found = self.call(one, other);
            self.same += usize::from(found.is_empty());
            for found in found {
                self.enter(found, one, other, place(&one.step));
            }
        }
        let known: BTreeSet<&str> = before.iter().map(|call| call.step.as_str()).collect();
        self.asked_otherwise
            .extend(after.iter().filter(|call| !known.contains(&*call.step)).map(|call| place(&call.step)));
    }

    fn enter(&mut self, found: Found, one: &Exchanged, other: &Exchanged, place: Place) {
        let general =
            |value: &Option<Value>| value.as_ref().map(|value| without_tokens(&value.to_string())).unwrap_or_default();
        let same = (
            one.operation.clone(),
            found.part,
            found.at.clone(),
            found.kind,
            general(&found.before),
            general(&found.after),
        );
        let change = self.found.entry(same).or_insert_with(|| Change {
            operation: one.operation.clone(),
            part: found.part,
            at: found.at,
            kind: found.kind,
            before: found.before.as_ref().map(shown),
            after: found.after.as_ref().map(shown),
            unexplained: found.announced.is_none() && found.breaking.is_none(),
            announced: found.announced,
            breaking: found.breaking,
            places: Vec::new(),
            text: TextDiff::from_lines(&one.text, &other.text).unified_diff().context_radius(2).to_string(),
        });
        if change.places.last() != Some(&place) {
            change.places.push(place);
        }
    }

    /// What differs between two answers to the same request.
    fn call(&self, one: &Exchanged, other: &Exchanged) -> Vec<Found> {
        let operation = one.operation.as_str();
        let mut found = Vec::new();
        let change = |part, before: Value, after: Value| Found {
            part,
            at: String::new(),
            kind: Kind::Changed,
            before: Some(before),
            after: Some(after),
            announced: None,
            breaking: None,
        };
        if one.status != other.status {
            let good = |status: u16| (200..300).contains(&status);
            let breaks = good(one.status) && !good(other.status);
            found.push(Found {
                announced: self
                    .covers(|said| matches!(said, Announced::Operation { operation: name, .. } if name == operation)),
                breaking: breaks.then(|| "what was accepted no longer is".to_owned()),
                ..change(Part::Status, json!(one.status), json!(other.status))
            });
        }
        if one.answer_headers != other.answer_headers {
            found.push(change(Part::Header, json!(one.answer_headers), json!(other.answer_headers)));
        }
        match (&one.answer, &other.answer) {
            (one, other) if one == other => {}
            (Body::Json(before), Body::Json(after)) => {
                self.bodies(operation, one.request.json(), [before, after], [&one.answer, &other.answer], &mut found);
            }
            (before, after) => {
                let text = |body: &Body| match body {
                    Body::None => json!("(no body)"),
                    Body::Json(value) => value.clone(),
                    Body::Text(text) => json!(text),
                };
                let was_json = before.json().is_some();
                found.push(Found {
                    announced: self.covers(
                        |said| matches!(said, Announced::Operation { operation: name, .. } if name == operation),
                    ),
                    breaking: was_json.then(|| "the answer is no JSON any more".to_owned()),
                    ..change(Part::Body, text(before), text(after))
                });
            }
        }
        found
    }

    fn covers(&self, says: impl Fn(&Announced) -> bool) -> Option<String> {
        self.announced.iter().find(|said| says(said)).map(ToString::to_string)
    }

    fn bodies(
        &self,
        operation: &str,
        request: Option<&Value>,
        [before, after]: [&Value; 2],
        [old_body, new_body]: [&Body; 2],
        found: &mut Vec<Found>,
    ) {
        let codes = [before, after].map(code);
        let messages = [before, after].map(|body| body["message"].as_str().unwrap_or_default());
        let seen = Seen { operation, request, codes, messages };
        let [old_success, new_success] = codes.map(|code| code == Some(0));
        if old_success != new_success {
            // Everything else follows from this.
            let outcome = |body: &Value, success| if success { json!("success") } else { json!(failure(body)) };
            found.push(Found {
                part: Part::Outcome,
                at: String::new(),
                kind: Kind::Changed,
                before: Some(outcome(before, old_success)),
                after: Some(outcome(after, new_success)),
                announced: self.covers(|said| said.covers_outcome(&seen)),
                breaking: old_success.then(|| "what succeeded fails now".to_owned()),
            });
            return;
        }
        let compiled = self.old.operation(operation);
        let faults = new_faults(compiled, old_body, new_body, new_success);
        let mut differences = Vec::new();
        differ("", before, after, &mut differences);
        for (at, old, new) in differences {
            let kind = match (old, new) {
                (None, _) => Kind::Appeared,
                (_, None) => Kind::Disappeared,
                _ => Kind::Changed,
            };
            let of_failure = !new_success && (at == "/code" || at == "/message");
            let announced = self.covers(|said| {
                if of_failure { said.covers_outcome(&seen) } else { said.covers_value(operation, &at, kind) }
            });
            let unknown_code = at == "/code" && !new_success && !self.knows(operation, codes[1]);
            let breaking = if unknown_code {
                Some(format!("{} does not list this code for {operation}", self.old.profile()))
            } else {
                faults.iter().find(|fault| is_about(fault, &at, kind)).map(|fault| fault.message.clone())
            };
            found.push(Found {
                part: Part::Body,
                at,
                kind,
                before: old.cloned(),
                after: new.cloned(),
                announced,
                breaking,
            });
        }
    }

    /// Whether the contract of the first side lists a code among the failures of an operation.
    fn knows(&self, operation: &str, code: Option<i64>) -> bool {
        let (Some(operation), Some(code)) = (self.old.whole().operations.get(operation), code) else { return true };
        let mut failures = operation.file.errors.iter().filter_map(|id| self.old.failure(id.value.as_str()));
        failures.any(|failure| failure.codes.get(self.old.profile()).is_some_and(|codes| codes.contains(&code)))
    }
}

/// The code of an answer; 200 is the success of older versions and counts as 0.
fn code(body: &Value) -> Option<i64> {
    body["code"].as_i64().map(|code| if code == 200 { 0 } else { code })
}

fn failure(body: &Value) -> String {
    match (&body["code"], body["message"].as_str()) {
        (code, Some(message)) => format!("{code}: {message}"),
        (code, None) => code.to_string(),
    }
}

/// Where the new answer does not fit the old schema and the old answer does.
fn new_faults(compiled: Option<&CompiledOperation>, old: &Body, new: &Body, success: bool) -> Vec<SchemaFault> {
    let (Some(compiled), Some(old), Some(new)) = (compiled, old.typical(), new.typical()) else { return Vec::new() };
    let same = |fault: &SchemaFault| (starred(&fault.pointer), fault.schema_pointer.clone());
    let known: BTreeSet<_> = compiled.answer_faults(&old, success).iter().map(same).collect();
    compiled.answer_faults(&new, success).into_iter().filter(|fault| !known.contains(&same(fault))).collect()
}

/// Whether a fault comes from a difference.
fn is_about(fault: &SchemaFault, at: &str, kind: Kind) -> bool {
    let pointer = starred(&fault.pointer);
    let within = |outer: &str, inner: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if fault.schema_pointer.ends_with("/required") {
        // The object is named that lacks something, and in the message what it lacks.
        let key = at.rsplit('/').next().unwrap_or_default();
        return kind == Kind::Disappeared
            && push_pointer(&pointer, key) == at
            && fault.message.contains(&format!("\"{key}\""));
    }
    within(&pointer, at) || within(at, &pointer)
}

/// A pointer with `*` for every position in a list.
fn starred(pointer: &str) -> String {
    let segment = |segment: &str| {
        let position = !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
        if position { "*".to_owned() } else { segment.to_owned() }
    };
    pointer.split('/').map(segment).collect::<Vec<_>>().join("/")
}

type Difference<'a> = (String, Option<&'a Value>, Option<&'a Value>);

/// The smallest parts in which two values differ.
fn differ<'a>(at: &str, one: &'a Value, other: &'a Value, found: &mut Vec<Difference<'a>>) {
    match (one, other) {
        (one, other) if one == other => {}
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for key in keys {
                let at = push_pointer(at, key);
                match (one.get(key), other.get(key)) {
                    (Some(one), Some(other)) => differ(&at, one, other, found),
                    (one, other) => found.push((at, one, other)),
                }
            }
        }
        (before_all @ Value::Array(one), after_all @ Value::Array(other)) => {
            let at = format!("{at}/*");
            let (mut old, mut new) = (only(one, other).into_iter(), only(other, one).into_iter());
            let before = found.len();
            loop {
                match (old.next(), new.next()) {
                    (None, None) => break,
                    (Some(one), Some(other)) => differ(&at, one, other, found),
                    (one, other) => found.push((at.clone(), one, other)),
                }
            }
            if found.len() == before {
                // The same items in another order.
                found.push((at.strip_suffix("/*").unwrap_or(&at).to_owned(), Some(before_all), Some(after_all)));
            }
        }
        (one, other) => found.push((at.to_owned(), Some(one), Some(other))),
    }
}

/// The items of a list that another one lacks: what is in both, in whatever place, differs in nothing.
fn only<'a>(mine: &'a [Value], theirs: &[Value]) -> Vec<&'a Value> {
    let mut rest: Vec<&Value> = theirs.iter().collect();
    let mut only = Vec::new();
    for item in mine {
        match rest.iter().position(|known| *known == item) {
            Some(place) => drop(rest.swap_remove(place)),
            None => only.push(item),
        }
    }
    only
}

/// A text without what tokens are called.
fn without_tokens(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let Some(end) = rest[at..].find('>') else { break };
        made.push_str(&rest[..=at]);
        rest = &rest[at + end..];
    }
    made + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Contract, Tree};
    use crate::profile::Profile;
    use std::sync::Arc;

    fn snapshot(answer: &str) -> BTreeMap<String, Snapshot> {
        let transcript = format!(
            "## 1\n> POST partitions/has {{\"collectionName\": \"<books>\", \"partitionName\": \"p\"}}\n< {answer}\n"
        );
        let snapshot = Snapshot {
            scenario: "a/b".to_owned(),
            title: String::new(),
            profile: Profile::Milvus25,
            ended: None,
            transcript,
        };
        BTreeMap::from([("a/b".to_owned(), snapshot)])
    }

    fn compared(before: &str, after: &str, announced: &[Announced]) -> Regression {
        let contract = Arc::new(Contract::load(&Tree::embedded()).unwrap());
        let old = contract.compile(Profile::Milvus25).unwrap();
        let side = |profile| Side { name: "side".to_owned(), profile };
        let sides = [side(Profile::Milvus25), side(Profile::Milvus26)];
        of_snapshots(sides, [&snapshot(before), &snapshot(after)], &old, announced, &|_, _| true).unwrap()
    }

    fn marks(before: &str, after: &str, announced: &[Announced]) -> Vec<(Part, String, Vec<&'static str>)> {
        let found = compared(before, after, announced);
        found.changes.iter().map(|change| (change.part, change.at.clone(), change.marks())).collect()
    }

    const TRUE: &str = "200 {\"code\": 0, \"data\": {\"has\": true}}";

    #[test]
    fn equal_answers_differ_in_nothing() {
        let same = compared(TRUE, TRUE, &[]);
        assert!(same.changes.is_empty() && same.scenarios.is_empty() && same.is_harmless());
        assert_eq!((same.compared, same.same), (1, 1));
    }

    #[test]
    fn what_does_not_fit_the_old_schema_is_breaking() {
        let text = "200 {\"code\": 0, \"data\": {\"has\": \"true\"}}";
        assert_eq!(marks(TRUE, text, &[]), [(Part::Body, "/data/has".to_owned(), vec!["breaking"])]);
        let missing = "200 {\"code\": 0, \"data\": {}}";
        assert_eq!(marks(TRUE, missing, &[]), [(Part::Body, "/data/has".to_owned(), vec!["breaking"])]);
        let failure = "200 {\"code\": 100, \"message\": \"collection not found\"}";
        assert_eq!(marks(TRUE, failure, &[]), [(Part::Outcome, String::new(), vec!["breaking"])]);
        let gone = "404 text \"404 page not found\"";
        assert_eq!(
            marks(TRUE, gone, &[]),
            [(Part::Status, String::new(), vec!["breaking"]), (Part::Body, String::new(), vec!["breaking"])]
        );
    }

    #[test]
    fn what_fits_the_old_schema_is_announced_or_unexplained() {
        let more = "200 {\"code\": 0, \"data\": {\"has\": true, \"extra\": 1}}";
        let extra = "/data/extra".to_owned();
        assert_eq!(marks(TRUE, more, &[]), [(Part::Body, extra.clone(), vec!["unexplained"])]);
        let said = |operation: &str, at: &str, kind| Announced::Answer {
            operation: operation.to_owned(),
            at: at.to_owned(),
            kind,
        };
        let right = said("partitions/has", "/data/extra", Kind::Appeared);
        assert_eq!(marks(TRUE, more, &[right]), [(Part::Body, extra.clone(), vec!["announced"])]);
        for wrong in [
            said("partitions/list", "/data/extra", Kind::Appeared),
            said("partitions/has", "/data/extra", Kind::Disappeared),
            said("partitions/has", "/data/ext", Kind::Appeared),
        ] {
            assert_eq!(marks(TRUE, more, &[wrong]), [(Part::Body, extra.clone(), vec!["unexplained"])]);
        }
    }

    #[test]
    fn another_code_is_breaking_unless_it_was_listed() {
        let old = "200 {\"code\": 100, \"message\": \"a\"}";
        let new = "200 {\"code\": 77777, \"message\": \"a\"}";
        assert_eq!(marks(old, new, &[]), [(Part::Body, "/code".to_owned(), vec!["breaking"])]);
        let said = Announced::Failure {
            operation: "partitions/has".to_owned(),
            failure: "x".to_owned(),
            before: vec![100],
            after: vec![77777],
        };
        assert_eq!(marks(old, new, &[said]), [(Part::Body, "/code".to_owned(), vec!["breaking", "announced"])]);
        let message = "200 {\"code\": 100, \"message\": \"b\"}";
        assert_eq!(marks(old, message, &[]), [(Part::Body, "/message".to_owned(), vec!["unexplained"])]);
    }

    #[test]
    fn a_limit_explains_the_message_that_names_it() {
        let old = "200 {\"code\": 1100, \"message\": \"at most 64 fields\"}";
        let new = "200 {\"code\": 1100, \"message\": \"at most 128 fields\"}";
        let limit = Announced::Limit { name: "fields".to_owned(), before: json!(64), after: json!(128) };
        assert_eq!(marks(old, new, &[limit]), [(Part::Body, "/message".to_owned(), vec!["announced"])]);
    }

    #[test]
    fn lists_are_compared_by_what_is_in_them() {
        let list = |items: &[i32]| json!({"data": items});
        for (one, other, wants) in [
            (list(&[1, 2, 3]), list(&[2, 3]), vec![("/data/*".to_owned(), Some(json!(1)), None)]),
            (list(&[1]), list(&[1, 4]), vec![("/data/*".to_owned(), None, Some(json!(4)))]),
            (list(&[1, 2]), list(&[1, 5]), vec![("/data/*".to_owned(), Some(json!(2)), Some(json!(5)))]),
            (list(&[1, 2]), list(&[2, 1]), vec![("/data".to_owned(), Some(json!([1, 2])), Some(json!([2, 1])))]),
        ] {
            let mut found = Vec::new();
            differ("", &one, &other, &mut found);
            let found: Vec<_> = found.into_iter().map(|(at, old, new)| (at, old.cloned(), new.cloned())).collect();
            assert_eq!(found, wants);
        }
    }

    #[test]
    fn changes_that_differ_in_names_only_are_one() {
        assert_eq!(without_tokens("collection not found[collection=<books:2>]"), "collection not found[collection=<>]");
        assert_eq!(without_tokens("a < b"), "a < b");
    }

    #[test]
    fn scenarios_of_one_side_are_announced_when_they_are_not_for_the_other() {
        let side = |profile| Side { name: "side".to_owned(), profile };
        let (from, to) = (side(Profile::Milvus25), side(Profile::Milvus26));
        let ends = |ends: &[(&str, &str)]| ends.iter().map(|(id, end)| ((*id).to_owned(), (*end).to_owned())).collect();
        let before = ends(&[("gone", WHOLE), ("worse", WHOLE), ("same", WHOLE)]);
        let after = ends(&[("new", WHOLE), ("worse", "unsupported"), ("same", WHOLE)]);
        let found = scenarios([&from, &to], [&before, &after], &|id, side| id != "new" || side.profile == to.profile);
        let told: Vec<_> =
            found.iter().map(|it| (&*it.scenario, it.kind, it.announced.is_some(), it.breaking)).collect();
        assert_eq!(
            told,
            [
                ("gone", Kind::Disappeared, false, false),
                ("new", Kind::Appeared, true, false),
                ("worse", Kind::Changed, false, true)
            ]
        );
    }
}
