//! What is to be said of one recorded answer. Nobody wrote down what was expected of it: a success is as good as a failure, and a
//! failure is held against the named failure that it is.

use super::Call;
use crate::contract::{CompiledOperation, KnownFailure, ProfileContract, automatic};
use crate::exchange::Response;
use crate::judge::{self, Fault, Judgement, Outcome, Question};
use crate::matcher::ReadingSeen;
use crate::replay::Trust;
use crate::scenario::Fails;
use crate::yaml::At;
use bytes::Bytes;
use serde_json::{Value, json};

/// The operation that a call went to.
#[derive(Clone, Copy, Debug)]
pub enum Matched<'a> {
    /// An operation of the profile.
    Operation(&'a CompiledOperation),
    /// A route of the API that the profile's contract does not have, or an operation called by another method.
    Unknown,
    /// Something else on the same server.
    Elsewhere,
}

/// Finds the operation of a call.
pub fn matched<'a>(contract: &'a ProfileContract, call: &Call) -> Matched<'a> {
    if !call.is_of_the_api() {
        return Matched::Elsewhere;
    }
    let operation = contract.whole().operation_at(call.route()).and_then(|found| contract.operation(&found.name));
    match operation.filter(|operation| operation.operation().file.method == call.request.method) {
        Some(operation) => Matched::Operation(operation),
        None => Matched::Unknown,
    }
}

/// All that is said of a recorded answer.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What the answer is.
    pub outcome: Outcome,
    /// The body, where it is JSON.
    pub body: Option<Value>,
    /// The checks by requirement, with the fault of those that did not hold.
    pub checks: Vec<(String, Option<Box<Fault>>)>,
    /// Properties that no document names, as JSON pointers.
    pub undocumented: Vec<String>,
    /// Readings met, with the form that the answer had.
    pub readings: Vec<ReadingSeen>,
    /// Whether the answer is a failure that is no named one, of which only the form is judged.
    pub unnamed: bool,
}

/// Judges the answer to a call; `None` when the recording does not show it. `answers` says that the same server is known to have
/// the operation, so that a bare 404 is no longer the word that it has not.
pub fn judge(contract: &ProfileContract, operation: &CompiledOperation, call: &Call, answers: bool) -> Option<Judged> {
    if call.left_out.is_some() {
        return None;
    }
    let response = response(call)?;
    let plain = Question { operation: Some(operation), refusable: true, answers, ..Question::default() };
    let first = judge::judge(contract, &plain, &[], &response);
    let named = match &first.outcome {
        Outcome::Failure { code, message } => named(contract, operation, *code, message),
        Outcome::Unclear(_) if response.status != 200 => with_status(contract, response.status),
        _ => return Some(read_as_broken(contract, operation, call, said(first, call, false))),
    };
    let unnamed = named.is_empty();
    let any = || vec![Fails::ANY.to_owned()];
    let named = if named.is_empty() { any() } else { named };
    // The stand-in for the vector core has texts of its own.
    let fails = Fails(At::nowhere(if call.trust == Trust::Core { any() } else { named }));
    let question = Question { fails: Some(&fails), refusable: false, ..plain };
    let judgement = judge::judge(contract, &question, &[], &response);
    let unclear = matches!(judgement.outcome, Outcome::Unclear(_));
    Some(read_as_broken(contract, operation, call, said(judgement, call, unnamed && !unclear)))
}

/// The reading of answers at which real servers were seen to break.
const BROKEN: &str = "answer.broken";

/// Takes the faults from an answer that real servers were seen to give when they break while they answer, and tells the reading.
fn read_as_broken(
    contract: &ProfileContract,
    operation: &CompiledOperation,
    call: &Call,
    mut judged: Judged,
) -> Judged {
    if judged.checks.iter().all(|(_, fault)| fault.is_none()) {
        return judged;
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let whole = json!({
        "operation": operation.operation().name,
        "status": call.status,
        "answer": call.body.as_deref().map(text),
        "request": text(&call.request.body),
    });
    if let Ok(form) = contract.readings().form_of(BROKEN, Some(&whole)) {
        judged.checks.clear();
        judged.unnamed = false;
        judged.readings.push((BROKEN.to_owned(), form));
    }
    judged
}

/// The answer as the judges take it. What is not shown is filled in with what is right, and not counted as a check later.
fn response(call: &Call) -> Option<Response> {
    let body = call.body.clone()?;
    let headers = call.headers.clone().unwrap_or_else(|| {
        let kind = if judge::read_json(&body).is_ok() { "application/json" } else { "text/plain" };
        vec![("content-type".to_owned(), kind.to_owned())]
    });
    Some(Response { status: call.status.unwrap_or(200), headers: headers.into(), body: Bytes::clone(&body) })
}

/// The named failures that a failure is: by code and message, those first that the operation lists. A message that belongs to
/// a failure of the operation names it although the code is another one.
fn named(contract: &ProfileContract, operation: &CompiledOperation, code: i64, message: &str) -> Vec<String> {
    let profile = contract.profile();
    let listed = |id: &str| operation.operation().file.errors.iter().any(|error| error.value == id);
    let has_code = |failure: &KnownFailure| failure.codes.get(profile).is_some_and(|codes| codes.contains(&code));
    let has_text = |failure: &KnownFailure| failure.message.get(profile).is_some_and(|text| text.0.finds(message));
    let any_text = |failure: &KnownFailure| failure.message.get(profile).is_none();
    let find = |fits: &dyn Fn(&str, &KnownFailure) -> bool| -> Vec<String> {
        let failures = contract.whole().failures.iter();
        failures.filter(|(id, failure)| fits(id, failure)).map(|(id, _)| id.clone()).collect()
    };
    [
        find(&|id, failure| listed(id) && has_code(failure) && has_text(failure)),
        find(&|_, failure| has_code(failure) && has_text(failure)),
        find(&|id, failure| listed(id) && has_code(failure) && any_text(failure)),
        find(&|id, failure| listed(id) && has_text(failure)),
    ]
    .into_iter()
    .find(|found| !found.is_empty())
    .unwrap_or_default()
}

/// The named failures that come with a status of their own, perhaps without an envelope.
fn with_status(contract: &ProfileContract, status: u16) -> Vec<String> {
    let failures = contract.whole().failures.iter();
    failures.filter(|(_, failure)| failure.status.contains(&status)).map(|(id, _)| id.clone()).collect()
}

fn said(judgement: Judgement<'_>, call: &Call, unnamed: bool) -> Judged {
    let shown = |requirement: &str| match requirement {
        automatic::STATUS => call.status.is_some(),
        automatic::CONTENT_TYPE => call.headers.is_some(),
        _ => true,
    };
    let mut checks: Vec<(String, Option<Box<Fault>>)> = judgement
        .checks
        .into_iter()
        .filter(|check| shown(check.requirement))
        .map(|check| (check.requirement.to_owned(), check.fault))
        .collect();
    // Nothing may pass in silence: an answer that is neither a success nor a failure breaks the form of answers.
    if let Outcome::Unclear(why) = &judgement.outcome
        && checks.iter().all(|(_, fault)| fault.is_none())
    {
        let fault = Fault {
            message: format!("neither a success nor a failure: {why}"),
            expected: "`code` with `data`, or `code` with `message`".to_owned(),
            actual: json!(call.status),
            pointer: "status".to_owned(),
        };
        checks.push((automatic::SHAPE.to_owned(), Some(Box::new(fault))));
    }
    Judged {
        outcome: judgement.outcome,
        body: judgement.body,
        checks,
        undocumented: judgement.undocumented,
        readings: judgement.readings,
        unnamed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Contract, Tree};
    use crate::profile::Profile;
    use crate::traffic::{Unreadable, each};
    use std::sync::Arc;

    /// What is said of one line: the outcome's kind, the failed checks, and whether the failure is an unnamed one.
    fn said_of(line: &str) -> (Vec<String>, bool) {
        let contract = Arc::new(Contract::load(&Tree::embedded()).unwrap()).compile(Profile::Milvus26).unwrap();
        let mut said = None;
        each(line.as_bytes(), |call| {
            let Matched::Operation(operation) = matched(&contract, &call) else { return Ok(()) };
            let judged = judge(&contract, operation, &call, true).unwrap();
            let failed = judged.checks.iter().filter(|(_, fault)| fault.is_some());
            said = Some((failed.map(|(id, _)| id.clone()).collect(), judged.unnamed));
            Ok::<(), Unreadable>(())
        })
        .unwrap();
        said.unwrap()
    }

    fn answer(status: u16, kind: &str, body: &str) -> (Vec<String>, bool) {
        let (kind, body) = (Value::from(kind), Value::from(body));
        said_of(&format!(
            r#"{{"method":"POST","path":"/v2/vectordb/partitions/has","status":{status},"response_headers":{{"content-type":{kind}}},"body_raw":{body}}}"#
        ))
    }

    const JSON: &str = "application/json";

    #[test]
    fn good_answers_have_no_fault() {
        for (status, kind, body, unnamed) in [
            (200, JSON, r#"{"code":0,"data":{"has":true}}"#, false),
            (200, JSON, r#"{"code":100,"message":"can't find collection[database=default][collection=a]"}"#, false),
            (401, JSON, r#"{"code":1800,"message":"user hasn't authenticated"}"#, false),
            (200, JSON, r#"{"code":4711,"message":"the moon is full"}"#, true),
        ] {
            assert_eq!(answer(status, kind, body), (vec![], unnamed), "{body}");
        }
    }

    #[test]
    fn each_fault_is_told() {
        let missing = r#"{"code":100,"message":"can't find collection[database=default][collection=a]"}"#;
        for (status, kind, body, fault) in [
            (200, JSON, r#"{"code":0,"data":{}}"#, "response.partitions/has"),
            (200, JSON, r#"{"code":0,"data":{"has":true},"code":0}"#, automatic::JSON),
            (200, "text/plain", r#"{"code":0,"data":{"has":true}}"#, automatic::CONTENT_TYPE),
            (500, JSON, missing, automatic::STATUS),
            (500, JSON, r#"{"code":4711,"message":"the moon is full"}"#, automatic::STATUS),
            (404, "text/plain", "404 page not found", automatic::SHAPE),
            (
                200,
                JSON,
                r#"{"code":4,"message":"can't find collection[database=default][collection=a]"}"#,
                "error.collection-not-found",
            ),
        ] {
            assert_eq!(answer(status, kind, body).0, [fault], "{body}");
        }
    }

    #[test]
    fn what_is_not_shown_is_not_judged() {
        let line = r#"{"method":"POST","path":"/v2/vectordb/partitions/has","status":null,"status_shown":false,"body":{"code":0,"data":{"has":1}}}"#;
        let contract = Arc::new(Contract::load(&Tree::embedded()).unwrap()).compile(Profile::Milvus26).unwrap();
        let mut checked = Vec::new();
        each(line.as_bytes(), |call| {
            let operation = contract.operation("partitions/has").unwrap();
            let judged = judge(&contract, operation, &call, true).unwrap();
            checked = judged.checks.into_iter().map(|(id, _)| id).collect();
            Ok::<(), Unreadable>(())
        })
        .unwrap();
        assert!(checked.iter().all(|id| id != automatic::STATUS && id != automatic::CONTENT_TYPE), "{checked:?}");
        assert!(checked.iter().any(|id| id == "response.partitions/has"));
    }

    #[test]
    fn routes_without_an_operation_are_told_apart_from_other_pages() {
        let contract = Arc::new(Contract::load(&Tree::embedded()).unwrap()).compile(Profile::Milvus24).unwrap();
        let mut found = Vec::new();
        let lines = [
            ("POST", "/v2/vectordb/collections/has"),
            ("GET", "/v2/vectordb/collections/has"),
            ("POST", "/v2/vectordb/collections/has/"),
            ("POST", "/v2/vectordb/collections/fields/add"),
            ("GET", "/metrics"),
        ];
        let lines =
            lines.map(|(method, path)| format!(r#"{{"method":"{method}","path":"{path}","status":200,"body":{{}}}}"#));
        each(lines.join("\n").as_bytes(), |call| {
            found.push(match matched(&contract, &call) {
                Matched::Operation(_) => "operation",
                Matched::Unknown => "unknown",
                Matched::Elsewhere => "elsewhere",
            });
            Ok::<(), Unreadable>(())
        })
        .unwrap();
        assert_eq!(found, ["operation", "unknown", "unknown", "unknown", "elsewhere"]);
    }
}
