//! What is to be said of one answer: a pure function of the answer, the contract and what the step expects.

mod envelope;
mod expectation;
mod failure;
mod json;
mod payload;

use crate::contract::{CompiledOperation, ProfileContract};
use crate::exchange::Response;
use crate::matcher::{Matcher, Path, ReadingSeen};
use crate::scenario::Fails;
use serde_json::Value;
use std::borrow::Cow;

pub use expectation::judge_headers;
pub use json::{JsonFault, read as read_json};

/// What a step expects of an answer, with every template filled in.
#[derive(Clone, Debug, Default)]
pub struct Question<'a> {
    /// The operation called; `None` when the step goes to a path or method that is not the operation's own.
    pub operation: Option<&'a CompiledOperation>,
    /// The failures of which one must come; `None` when success must come.
    pub fails: Option<&'a Fails>,
    /// The HTTP status that must come.
    pub status: Option<u16>,
    /// Whether a failure is as good as a success.
    pub refusable: bool,
    /// Whether any well-formed answer will do.
    pub any: bool,
    /// Whether the route is known to be there, or is what the step is about, so that a bare 404 is an answer to be judged
    /// and not the word that there is no such operation.
    pub answers: bool,
}

/// What an answer must hold, with every template filled in.
pub type Returns<'r> = [(&'r Path, Cow<'r, Matcher>)];

/// What an answer is.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// A success.
    Success,
    /// A well-formed failure.
    Failure {
        /// Its code.
        code: i64,
        /// Its message.
        message: String,
    },
    /// Something that is not JSON, where that was expected.
    Plain,
    /// The target has no such operation.
    Unsupported,
    /// Neither success nor failure can be told, and why.
    Unclear(String),
}

/// A check that did not hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// One sentence: what is wrong.
    pub message: String,
    /// What would have been right.
    pub expected: String,
    /// What came; null when nothing did.
    pub actual: Value,
    /// JSON pointer into the body; `status` or `header NAME` outside it.
    pub pointer: String,
}

/// One automatic check: its requirement, and the fault when it did not hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Check<'a> {
    /// The requirement's id.
    pub requirement: &'a str,
    /// Why it did not hold.
    pub fault: Option<Box<Fault>>,
}

/// All that is said of one answer.
#[derive(Clone, Debug)]
pub struct Judgement<'a> {
    /// What the answer is.
    pub outcome: Outcome,
    /// The body, where it is JSON.
    pub body: Option<Value>,
    /// The checks that are made without a word from the author.
    pub checks: Vec<Check<'a>>,
    /// What the step expected and did not find, a wrong outcome first. Empty when everything came as expected.
    pub unmet: Vec<Fault>,
    /// Properties that no document names, as JSON pointers.
    pub undocumented: Vec<String>,
    /// Readings met, with the form that the answer had.
    pub readings: Vec<ReadingSeen>,
}

impl Judgement<'_> {
    /// Whether the answer is a success where success was expected, or a failure where failure was.
    pub fn came_as_expected(&self, question: &Question<'_>) -> bool {
        match self.outcome {
            Outcome::Success => question.fails.is_none(),
            Outcome::Failure { .. } => question.fails.is_some() || question.refusable || question.any,
            Outcome::Plain => true,
            Outcome::Unsupported | Outcome::Unclear(_) => false,
        }
    }
}

/// Judges one answer.
pub fn judge<'a>(
    contract: &'a ProfileContract,
    question: &Question<'a>,
    returns: &Returns<'_>,
    response: &Response,
) -> Judgement<'a> {
    let mut judgement = Judgement {
        outcome: Outcome::Plain,
        body: None,
        checks: Vec::with_capacity(8),
        unmet: Vec::new(),
        undocumented: Vec::new(),
        readings: Vec::new(),
    };
    envelope::judge(contract, question, response, &mut judgement);
    if let Some(operation) = question.operation {
        payload::judge(operation, &mut judgement);
    }
    failure::judge(contract, question, response, &mut judgement);
    expectation::judge(contract, returns, &mut judgement);
    judgement
}

/// A value as it is shown in a finding: long texts, lists and objects are cut.
pub(crate) fn shown(value: &Value) -> Value {
    const LONGEST: usize = 600;
    let text = value.to_string();
    if text.len() <= LONGEST {
        return value.clone();
    }
    let cut = text.char_indices().map(|(at, _)| at).take_while(|at| *at <= LONGEST).last().unwrap_or_default();
    Value::String(format!("{}… ({} bytes)", &text[..cut], text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Contract, Tree, automatic};
    use crate::profile::Profile;
    use bytes::Bytes;
    use std::sync::Arc;

    /// The failed automatic checks and the unmet expectations, in short, of an answer to partitions/has.
    fn said(fails: Option<&str>, status: Option<u16>, answer: (u16, &str, &str)) -> Vec<String> {
        let contract = Arc::new(Contract::load(&Tree::embedded()).unwrap()).compile(Profile::Milvus26).unwrap();
        let fails = fails.map(|id| Fails(crate::yaml::At::nowhere(vec![id.to_owned()])));
        let operation = contract.operation("partitions/has");
        let question =
            Question { operation, fails: fails.as_ref(), status, refusable: false, any: false, answers: true };
        let response = Response {
            status: answer.0,
            headers: vec![("content-type".to_owned(), answer.1.to_owned())].into(),
            body: Bytes::from(answer.2.to_owned()),
        };
        let path = Path::in_answer("has");
        let returns = [(&path, Cow::Owned(Matcher::Equals(Value::Bool(true))))];
        let judgement = judge(&contract, &question, if fails.is_none() { &returns } else { &[] }, &response);
        let failed = judgement.checks.iter().filter(|check| check.fault.is_some());
        let mut said: Vec<String> = failed.map(|check| check.requirement.to_owned()).collect();
        said.extend(judgement.unmet.iter().map(|fault| format!("unmet {}", fault.pointer)));
        said
    }

    const JSON: &str = "application/json; charset=utf-8";

    #[test]
    fn a_good_answer_has_no_fault() {
        for code in [0, 200] {
            let body = format!("{{\"code\":{code},\"data\":{{\"has\":true}}}}");
            assert_eq!(said(None, None, (200, JSON, &body)), [""; 0], "{body}");
        }
        let missing = r#"{"code":100,"message":"collection not found[database=default][collection=a]"}"#;
        assert_eq!(said(Some("collection-not-found"), None, (200, JSON, missing)), [""; 0]);
    }

    #[test]
    fn each_fault_is_told_of_the_check_that_it_is_about() {
        let shape = automatic::SHAPE;
        for (answer, faults) in [
            ((200, JSON, r#"{"code":0,"data":{"has":false}}"#), &["unmet /data/has"] as &[&str]),
            ((200, JSON, r#"{"code":0,"data":{}}"#), &["response.partitions/has", "unmet /data/has"]),
            ((200, JSON, r#"{"code":0}"#), &[shape, "response.partitions/has", "unmet /data/has"]),
            ((200, JSON, r#"{"code":"0","data":{"has":true}}"#), &[shape, "unmet "]),
            ((200, JSON, r#"{"code":7,"data":{"has":true}}"#), &[automatic::SUCCESS_CODE]),
            ((200, JSON, r#"{"code":200,"message":"partition not found"}"#), &["unmet "]),
            ((200, JSON, r#"{"code":100}"#), &[shape, "response.partitions/has", "unmet "]),
            ((200, "text/plain", r#"{"code":0,"data":{"has":true}}"#), &[automatic::CONTENT_TYPE]),
            ((200, JSON, r#"{"code":0,"data":{"has":true},"code":0}"#), &[automatic::JSON]),
            ((201, JSON, r#"{"code":0,"data":{"has":true}}"#), &[automatic::STATUS]),
            ((500, JSON, r#"{"code":5,"message":"broken"}"#), &[automatic::STATUS, "unmet "]),
            ((200, "text/html", "<html>"), &[automatic::CONTENT_TYPE, automatic::JSON, "unmet "]),
        ] {
            let mut said = said(None, None, answer);
            let mut faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            said.sort();
            faults.sort();
            assert_eq!(said, faults, "{answer:?}");
        }
    }

    #[test]
    fn where_a_failure_is_as_good_as_a_success_both_are_as_expected_and_nothing_else_is() {
        let contract = Arc::new(Contract::load(&Tree::embedded()).unwrap()).compile(Profile::Milvus26).unwrap();
        let operation = contract.operation("partitions/has");
        let question = Question { operation, refusable: true, answers: true, ..Question::default() };
        let came = |status: u16, body: &str| {
            let headers = vec![("content-type".to_owned(), JSON.to_owned())];
            let response = Response { status, headers: headers.into(), body: Bytes::from(body.to_owned()) };
            let judgement = judge(&contract, &question, &[], &response);
            judgement.came_as_expected(&question) && judgement.unmet.is_empty()
        };
        assert!(came(200, r#"{"code":0,"data":{"has":true}}"#));
        assert!(came(200, r#"{"code":100,"message":"collection not found[collection=a]"}"#));
        assert!(!came(200, "[]"));
        assert!(!came(404, "404 page not found"));
    }

    #[test]
    fn header_fields_are_held_against_what_the_step_says() {
        let contract = Arc::new(Contract::load(&Tree::embedded()).unwrap()).compile(Profile::Milvus26).unwrap();
        let response = Response {
            status: 307,
            headers: vec![("location".to_owned(), "/here".to_owned())].into(),
            body: Bytes::new(),
        };
        let question = Question { status: Some(307), answers: true, ..Question::default() };
        let faults = |name: &'static str, matcher: Matcher| {
            let mut judgement = judge(&contract, &question, &[], &response);
            judge_headers(&contract, &[(name, Cow::Owned(matcher))], &response, &mut judgement);
            judgement.unmet.into_iter().map(|fault| fault.pointer).collect::<Vec<_>>()
        };
        assert_eq!(faults("Location", Matcher::Equals(Value::from("/here"))), [""; 0]);
        assert_eq!(faults("Location", Matcher::Equals(Value::from("/there"))), ["header Location"]);
        assert_eq!(faults("Content-Type", Matcher::Absent), [""; 0]);
        assert_eq!(faults("Content-Type", Matcher::Present), ["header Content-Type"]);
    }

    #[test]
    fn a_status_that_the_step_asks_for_is_all_that_it_is_about() {
        for page in [(404, "text/plain", "404 page not found"), (404, JSON, "{}"), (404, "text/html", "<html>")] {
            assert_eq!(said(None, Some(404), page), [""; 0], "{page:?}");
        }
        assert_eq!(said(None, Some(404), (405, "text/html", "<html>")), ["unmet status"]);
    }
}
