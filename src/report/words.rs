//! What several reports say in the same words.

use crate::engine::CaseReport;
use crate::results::{Counts, RequirementResult, Results};
use crate::verdict::Verdict;
use std::collections::BTreeMap;

/// The group of a case or a requirement: the first part of its id.
pub(super) fn group(id: &str) -> &str {
    id.split(['/', '.']).next().unwrap_or_default()
}

/// The cases in order of their ids, whatever ended first.
pub(super) fn sorted(results: &Results) -> Vec<&CaseReport> {
    let mut cases: Vec<_> = results.cases.iter().collect();
    cases.sort_by(|left, right| left.id.cmp(&right.id));
    cases
}

/// Cases by verdict, counted from the cases, since the file of a run that was cut off has no sum.
pub(super) fn counts<'c>(cases: impl IntoIterator<Item = &'c CaseReport>) -> Counts {
    let mut counts = Counts::default();
    cases.into_iter().for_each(|case| counts.add(case.verdict));
    counts
}

/// Cases by group and verdict.
pub(super) fn by_group(results: &Results) -> BTreeMap<&str, Counts> {
    let mut groups: BTreeMap<&str, Counts> = BTreeMap::new();
    results.cases.iter().for_each(|case| groups.entry(group(&case.id)).or_default().add(case.verdict));
    groups
}

/// One sentence: what came of it all.
pub(super) fn sentence(results: &Results) -> String {
    let counts = counts(&results.cases);
    let ran = counts.ran();
    let cases = if ran == 1 { "case" } else { "cases" };
    let mut parts = Vec::new();
    for (number, word) in
        [(counts.fail, "failed"), (counts.error, "ended in error"), (counts.fixed, "passed unexpectedly")]
    {
        if number > 0 {
            parts.push(format!("{number} {word}"));
        }
    }
    let mut sentence = match parts.as_slice() {
        [] if ran == 0 => "Nothing ran".to_owned(),
        [] => format!("All {ran} {cases} passed"),
        _ => format!("Of {ran} {cases}, {}", parts.join(" and ")),
    };
    if !results.outcome.complete {
        sentence.push_str("; the run did not come to its end");
    }
    sentence.push('.');
    sentence
}

/// Whether a requirement counts for the verdict: one that is gated and of which something was learned.
pub(super) fn is_gated(results: &Results, requirement: &RequirementResult) -> bool {
    requirement.level <= results.head.gate
        && matches!(requirement.verdict, Verdict::Pass | Verdict::Fail | Verdict::Error)
}

/// Why a case was not run, is unsupported or ended in error.
pub(super) fn reason(case: &CaseReport) -> String {
    let reason = case.reason.clone().unwrap_or_default();
    if case.verdict == Verdict::Unsupported { format!("the target has no {reason}") } else { reason }
}

/// A time as people read it.
pub(super) fn time(ms: f64) -> String {
    if ms < 1.0 {
        format!("{ms:.2} ms")
    } else if ms < 10.0 {
        format!("{ms:.1} ms")
    } else if ms < 1000.0 {
        format!("{ms:.0} ms")
    } else {
        format!("{:.1} s", ms / 1e3)
    }
}

/// Text in HTML and XML, in an attribute as well.
pub(super) fn escaped(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => made.push_str("&amp;"),
            '<' => made.push_str("&lt;"),
            '>' => made.push_str("&gt;"),
            '"' => made.push_str("&quot;"),
            '\'' => made.push_str("&#39;"),
            char => made.push(char),
        }
    }
    made
}
