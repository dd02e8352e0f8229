//! The results in the Test Anything Protocol, version 13, which every consumer reads.

use super::words::{reason, sorted};
use crate::results::Results;
use crate::verdict::Verdict;
use serde_json::Value;

/// One test point a case, with its findings below it.
pub fn tap(results: &Results) -> String {
    let cases = sorted(results);
    let mut text = format!("TAP version 13\n1..{}\n", cases.len());
    for (index, case) in cases.iter().enumerate() {
        let (outcome, directive) = match case.verdict {
            Verdict::Pass => ("ok", String::new()),
            Verdict::Skipped | Verdict::Unsupported => ("ok", format!(" # SKIP {}", line(&reason(case)))),
            Verdict::Known => ("not ok", " # TODO a known failure".to_owned()),
            Verdict::Flaky => ("not ok", " # TODO flaky: it passed when it was repeated".to_owned()),
            Verdict::Fail | Verdict::Error | Verdict::Fixed => ("not ok", String::new()),
        };
        let (id, title) = (line(&case.id), line(&case.title));
        text.push_str(&format!("{outcome} {} - {id}: {title}{directive}\n", index + 1));
        let told = match case.verdict {
            Verdict::Error => Some(reason(case)),
            Verdict::Fixed => Some("listed as a known failure, yet it passed".to_owned()),
            _ => None,
        };
        if told.is_none() && case.findings.is_empty() {
            continue;
        }
        // A JSON text is YAML, too, and needs no rules about what has to be quoted.
        let quoted = |text: &str| Value::from(text).to_string();
        text.push_str(&format!("  ---\n  verdict: {}\n  file: {}\n", case.verdict, quoted(&case.file)));
        if let Some(told) = told {
            text.push_str(&format!("  message: {}\n", quoted(&told)));
        }
        if !case.findings.is_empty() {
            text.push_str("  findings:\n");
        }
        for finding in &case.findings {
            text.push_str(&format!("    - requirement: {}\n", quoted(&finding.requirement)));
            for (key, value) in [
                ("level", finding.level.word()),
                ("step", &finding.step),
                ("operation", &finding.operation),
                ("message", &finding.message),
                ("expected", &finding.expected),
                ("pointer", &finding.pointer),
                ("curl", &finding.curl),
            ] {
                text.push_str(&format!("      {key}: {}\n", quoted(value)));
            }
            text.push_str(&format!("      actual: {}\n", finding.actual));
        }
        text.push_str("  ...\n");
    }
    if !results.outcome.complete {
        text.push_str("Bail out! The run did not come to its end.\n");
    }
    text
}

/// One line in which nothing is taken for a directive.
fn line(text: &str) -> String {
    let flat: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    flat.replace('\\', "\\\\").replace('#', "\\#")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_become_a_directive_or_a_line() {
        assert_eq!(line("a # TODO b\nnot ok"), "a \\# TODO b not ok");
    }
}
