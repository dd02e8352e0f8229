//! Whether an answer holds what the step says.

use super::{Fault, Judgement, Outcome, Returns, shown};
use crate::contract::ProfileContract;

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
