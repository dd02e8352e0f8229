//! Whether an answer holds what the step says.

use super::{Fault, Judgement, Outcome, Returns, shown};
use crate::contract::ProfileContract;
use crate::exchange::Response;
use crate::matcher::Matcher;
use serde_json::Value;
use std::borrow::Cow;

pub(super) fn judge(contract: &ProfileContract, returns: &Returns<'_>, judgement: &mut Judgement<'_>) {
    if matches!(judgement.outcome, Outcome::Unsupported | Outcome::Unclear(_)) || !judgement.unmet.is_empty() {
        return;
    }
    let Some(body) = &judgement.body else { return };
    for (path, matcher) in returns {
        let found = path.find(body);
        if let Err(mismatch) = matcher.check(found, contract.readings(), &mut judgement.readings) {
            let what = if mismatch.actual.is_none() { "is not there" } else { "is not as expected" };
            let place = match mismatch.pointer.as_str() {
                "" => path.to_string(),
                within => format!("{path}{within}"),
            };
            judgement.unmet.push(Fault {
                message: format!("`{place}` {what}"),
                expected: mismatch.expected,
                actual: mismatch.actual.as_ref().map(shown).unwrap_or_default(),
                pointer: format!("{}{}", path.pointer(), mismatch.pointer),
            });
        }
    }
}

/// Whether the header fields of an answer are what the step says. A field that is not there is no value.
pub fn judge_headers(
    contract: &ProfileContract,
    receives: &[(&str, Cow<'_, Matcher>)],
    response: &Response,
    judgement: &mut Judgement<'_>,
) {
    if judgement.outcome == Outcome::Unsupported {
        return;
    }
    for (name, matcher) in receives {
        let found = response.header(name).map(|value| Value::String(value.to_owned()));
        if let Err(mismatch) = matcher.check(found.as_ref(), contract.readings(), &mut judgement.readings) {
            let what = if mismatch.actual.is_none() { "is not there" } else { "is not as expected" };
            judgement.unmet.push(Fault {
                message: format!("the header field {name} {what}"),
                expected: mismatch.expected,
                actual: mismatch.actual.as_ref().map(shown).unwrap_or_default(),
                pointer: format!("header {name}"),
            });
        }
    }
}
