//! The results as one indented JSON document in one order, also of a run that was cut off.

use super::words::sorted;
use crate::results::Results;

/// The results, with the cases in order of their ids, so that two reports can be compared line by line.
///
/// # Errors
/// None that is known; writing JSON may fail in principle.
pub fn json(results: &Results) -> serde_json::Result<String> {
    let cases = sorted(results).into_iter().cloned().collect();
    let results = Results { head: results.head.clone(), cases, outcome: results.outcome.clone() };
    let mut text = serde_json::to_string_pretty(&results)?;
    text.push('\n');
    Ok(text)
}
