//! Whether the outcome is the expected one, with a status it may have, and a failure the known one.

use super::envelope::{expected_statuses, failed};
use super::{Check, Fault, Judgement, Outcome, Question, shown};
use crate::contract::{KnownFailure, ProfileContract, automatic};
use crate::exchange::Response;
use crate::scenario::Fails;
use serde_json::{Value, json};

pub(super) fn judge<'a>(
    contract: &'a ProfileContract,
    question: &Question<'a>,
    response: &Response,
    judgement: &mut Judgement<'a>,
) {
    let wrong_outcome = match (&judgement.outcome, question.fails) {
        (Outcome::Success, Some(fails)) => Some(Fault {
            message: "a success where a failure must come".to_owned(),
            expected: format!("the failure {}", fails.0.join(" or ")),
            actual: judgement.body.as_ref().map(shown).unwrap_or_default(),
            pointer: String::new(),
        }),
        (Outcome::Failure { code, message }, None) if !question.refusable && !question.any => Some(Fault {
            message: format!("a failure where a success must come: {code} {message}"),
            expected: "a success".to_owned(),
            actual: judgement.body.as_ref().map(shown).unwrap_or_default(),
            pointer: String::new(),
        }),
        (Outcome::Unclear(why), _) => Some(Fault {
            message: format!("neither a success nor a failure: {why}"),
            expected: match question {
                Question { any: true, .. } => "a well-formed success or failure",
                Question { fails: Some(_), .. } => "a well-formed failure",
                _ => "a success",
            }
            .to_owned(),
            actual: judgement.body.as_ref().map(shown).unwrap_or_default(),
            pointer: String::new(),
        }),
        _ => None,
    };
    let as_expected = wrong_outcome.is_none();
    judgement.unmet.extend(wrong_outcome);
    if let Some(expected) = question.status
        && expected != response.status
        && judgement.outcome != Outcome::Unsupported
    {
        // The step itself asks for this status, so that it belongs to what the step proves and to no automatic check.
        judgement.unmet.push(Fault {
            message: format!("the HTTP status is {}", response.status),
            expected: format!("HTTP {expected}"),
            actual: json!(response.status),
            pointer: "status".to_owned(),
        });
    } else if question.any && judgement.outcome != Outcome::Unsupported && response.status >= 500 {
        judgement.unmet.push(Fault {
            message: format!("the HTTP status is {}", response.status),
            expected: "HTTP 200, or 400 to 499".to_owned(),
            actual: json!(response.status),
            pointer: "status".to_owned(),
        });
    } else if judgement.outcome != Outcome::Unsupported && judgement.outcome != Outcome::Plain {
        status(contract, question, response, as_expected, judgement);
    }
    if let (Outcome::Failure { code, message }, Some(fails)) = (&judgement.outcome, question.fails) {
        let check = known(contract, fails, *code, message);
        judgement.checks.extend(check);
    }
}

fn status<'a>(
    contract: &'a ProfileContract,
    question: &Question<'a>,
    response: &Response,
    as_expected: bool,
    judgement: &mut Judgement<'a>,
) {
    let expected = expected_statuses(contract, question);
    // Of an outcome that was not expected, no document says which status it has, unless the server broke.
    let any_failure = question.status.is_none() && question.fails.is_some_and(|fails| fails.named().next().is_none());
    let lenient = (!as_expected || any_failure || question.any) && response.status < 500;
    judgement.checks.push(if lenient || expected.contains(&response.status) {
        Check { requirement: automatic::STATUS, fault: None }
    } else {
        let expected: Vec<String> = expected.iter().map(u16::to_string).collect();
        failed(
            automatic::STATUS,
            Fault {
                message: format!("the HTTP status is {}", response.status),
                expected: format!("HTTP {}", expected.join(" or ")),
                actual: json!(response.status),
                pointer: "status".to_owned(),
            },
        )
    });
}

/// The check that a failure has the known code and message of one of the failures that the step names.
fn known<'a>(contract: &'a ProfileContract, fails: &'a Fails, code: i64, message: &str) -> Option<Check<'a>> {
    let profile = contract.profile();
    let named: Vec<(&str, &KnownFailure)> =
        fails.named().filter_map(|id| contract.failure(id).map(|failure| (id, failure))).collect();
    if fails.0.iter().any(|id| id == Fails::ANY) {
        return None;
    }
    let fits = |failure: &KnownFailure| {
        let code_fits = failure.codes.get(profile).is_none_or(|codes| codes.contains(&code));
        let message_fits = failure.message.get(profile).is_none_or(|pattern| pattern.0.finds(message));
        (code_fits, message_fits)
    };
    let requirement = |id: &str| {
        contract
            .whole()
            .requirements
            .get_key_value(&automatic::failure(id))
            .map(|(requirement, _)| requirement.as_str())
    };
    if let Some((id, _)) = named.iter().find(|(_, failure)| fits(failure) == (true, true)) {
        return Some(Check { requirement: requirement(id)?, fault: None });
    }
    // The failure whose code fits is the likeliest to be meant.
    let (id, failure) = named.iter().find(|(_, failure)| fits(failure).0).or(named.first())?;
    let (code_fits, _) = fits(failure);
    let pattern = failure.message.get(profile).map(|pattern| pattern.0.as_str());
    let fault = if code_fits {
        Fault {
            message: format!("another message than the known one of {id}"),
            expected: format!("text that matches `{}`", pattern.unwrap_or_default()),
            actual: shown(&Value::String(message.to_owned())),
            pointer: "/message".to_owned(),
        }
    } else {
        let codes = failure.codes.get(profile).into_iter().flatten();
        let codes: Vec<String> = codes.map(i64::to_string).collect();
        Fault {
            message: format!("another code than the known one of {id}: {message}"),
            expected: codes.join(" or "),
            actual: json!(code),
            pointer: "/code".to_owned(),
        }
    };
    Some(failed(requirement(id)?, fault))
}
