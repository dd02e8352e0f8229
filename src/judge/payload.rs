//! Whether an answer fits its documented schema.

use super::envelope::failed;
use super::{Check, Fault, Judgement, Outcome, shown};
use crate::contract::CompiledOperation;

pub(super) fn judge<'a>(operation: &'a CompiledOperation, judgement: &mut Judgement<'a>) {
    let success = match judgement.outcome {
        Outcome::Success => true,
        Outcome::Failure { .. } => false,
        Outcome::Plain | Outcome::Unsupported | Outcome::Unclear(_) => return,
    };
    let Some(body) = &judgement.body else { return };
    let faults = operation.answer_faults(body, success);
    let requirement = operation.response_requirement();
    let Some(first) = faults.first() else {
        judgement.undocumented = operation.undocumented(body, success);
        judgement.checks.push(Check { requirement, fault: None });
        return;
    };
    let more = match faults.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    judgement.checks.push(failed(
        requirement,
        Fault {
            message: format!("the answer does not fit its documented schema{more}"),
            expected: format!("{}, as {} says", first.message, first.schema_pointer),
            actual: shown(&first.actual),
            pointer: first.pointer.clone(),
        },
    ));
}
