//! Status, content type, JSON and the two forms of an answer.

use super::{Check, Fault, JsonFault, Judgement, Outcome, Question, json, shown};
use crate::contract::{ProfileContract, automatic};
use crate::exchange::Response;
use serde_json::{Value, json};

pub(super) fn judge<'a>(
    contract: &'a ProfileContract,
    question: &Question<'a>,
    response: &Response,
    judgement: &mut Judgement<'a>,
) {
    let is_json = response.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
    let parsed = json::read(&response.body);
    let enveloped = matches!(&parsed, Ok((body, _)) if body.get("code").is_some());
    // A status other than 200 that is expected may come without an envelope: as plain text, or, where the step itself asks
    // for such a status, as anything. Which one it is then belongs to what the step proves.
    let expected = response.status != 200 && expected_statuses(contract, question).contains(&response.status);
    let asked = response.status != 200 && question.status.is_some_and(|status| status != 200);
    if !enveloped && (asked || (expected && !is_json)) {
        if expected {
            judgement.checks.push(Check { requirement: automatic::STATUS, fault: None });
        }
        return;
    }
    let gone = response.status == 404 && !question.answers;
    if question.any && !enveloped && !gone && matches!(response.status, 400..500) {
        // What no operation has seen may be turned away before it gets to one, in whatever form.
        return;
    }
    if response.status == 404 && !enveloped {
        judgement.outcome = if question.answers {
            Outcome::Unclear("HTTP 404, as if there were no such operation".to_owned())
        } else {
            Outcome::Unsupported
        };
        return;
    }
    judgement.checks.push(if is_json {
        Check { requirement: automatic::CONTENT_TYPE, fault: None }
    } else {
        failed(
            automatic::CONTENT_TYPE,
            Fault {
                message: "the answer is not sent as JSON".to_owned(),
                expected: "application/json".to_owned(),
                actual: json!(response.header("content-type")),
                pointer: "header Content-Type".to_owned(),
            },
        )
    });
    let body = match parsed {
        Ok((body, None)) => {
            judgement.checks.push(Check { requirement: automatic::JSON, fault: None });
            body
        }
        Ok((body, Some(JsonFault::DoubledKey(pointer)))) => {
            judgement.checks.push(failed(
                automatic::JSON,
                Fault {
                    message: "a key stands twice in one object".to_owned(),
                    expected: "each key once".to_owned(),
                    actual: body.pointer(&pointer).map(shown).unwrap_or_default(),
                    pointer,
                },
            ));
            body
        }
        Ok((_, Some(JsonFault::Syntax(message))))
        | Err(JsonFault::Syntax(message) | JsonFault::DoubledKey(message)) => {
            judgement.checks.push(failed(
                automatic::JSON,
                Fault {
                    message: format!("the body is not one JSON value: {message}"),
                    expected: "one JSON object".to_owned(),
                    actual: shown(&Value::String(String::from_utf8_lossy(&response.body).into_owned())),
                    pointer: String::new(),
                },
            ));
            judgement.outcome = Outcome::Unclear(format!("HTTP {} with a body that is not JSON", response.status));
            return;
        }
    };
    shape(contract, question, &body, judgement);
    judgement.body = Some(body);
}

/// Tells success from failure and checks that each has its parts.
fn shape<'a>(contract: &'a ProfileContract, question: &Question<'a>, body: &Value, judgement: &mut Judgement<'a>) {
    let wrong = |message: &str, expected: &str, pointer: &str| {
        failed(
            automatic::SHAPE,
            Fault {
                message: message.to_owned(),
                expected: expected.to_owned(),
                actual: body.pointer(pointer).map(shown).unwrap_or_default(),
                pointer: pointer.to_owned(),
            },
        )
    };
    let bare = question.operation.and_then(|operation| operation.operation().file.bare.as_deref());
    if bare.is_some_and(|key| body.get(key).is_some()) && body.get("code").is_none() {
        judgement.outcome = Outcome::Success;
        return;
    }
    let Some(code) = body.get("code").and_then(Value::as_i64) else {
        judgement.checks.push(wrong("`code` is not an integer", "an integer", "/code"));
        judgement.outcome = Outcome::Unclear("the answer has no `code`".to_owned());
        return;
    };
    // 200 counts as success only together with data: with a message alone it is the failure "partition not found".
    let reading = &contract.facts().success_codes.reading;
    let form = contract.readings().form_of(reading, body.get("code"));
    let success = form.is_ok() && (code == 0 || body.get("data").is_some());
    if success {
        judgement.outcome = Outcome::Success;
        judgement.readings.extend(form.ok().map(|form| (reading.clone(), form)));
        judgement.checks.push(Check { requirement: automatic::SUCCESS_CODE, fault: None });
        judgement.checks.push(match body.get("data") {
            Some(_) => Check { requirement: automatic::SHAPE, fault: None },
            None => wrong("a success without `data`", "`code` and `data`", ""),
        });
    } else if body.get("data").is_some_and(|data| !data.is_null()) && body.get("message").is_none() {
        judgement.outcome = Outcome::Success;
        judgement.checks.push(failed(
            automatic::SUCCESS_CODE,
            Fault {
                message: "a success with a code that no document names".to_owned(),
                expected: form.err().unwrap_or_default(),
                actual: json!(code),
                pointer: "/code".to_owned(),
            },
        ));
    } else {
        let message = body.get("message").and_then(Value::as_str);
        judgement.checks.push(match message {
            Some(_) => Check { requirement: automatic::SHAPE, fault: None },
            None => wrong("a failure without a `message` text", "`code` and `message`", "/message"),
        });
        judgement.outcome = Outcome::Failure { code, message: message.unwrap_or_default().to_owned() };
    }
}

/// The HTTP statuses that the answer may have, as far as the step says.
pub(super) fn expected_statuses(contract: &ProfileContract, question: &Question<'_>) -> Vec<u16> {
    if let Some(status) = question.status {
        return vec![status];
    }
    let named = question.fails.into_iter().flat_map(crate::scenario::Fails::named);
    let statuses: Vec<u16> =
        named.filter_map(|id| contract.failure(id)).flat_map(|failure| failure.status.iter().copied()).collect();
    if statuses.is_empty() { vec![200] } else { statuses }
}

pub(super) fn failed(requirement: &str, fault: Fault) -> Check<'_> {
    Check { requirement, fault: Some(Box::new(fault)) }
}
