//! Workflow commands, which GitHub shows beside the scenarios of a change.

use super::words::{reason, sentence, sorted};
use crate::results::Results;
use crate::verdict::Verdict;

/// One command a finding and a case in error, errors first, since only the first of each kind are shown.
pub fn annotations(results: &Results) -> String {
    let mut errors = String::new();
    let mut warnings = String::new();
    for case in sorted(results) {
        for finding in &case.findings {
            let gated = finding.level <= results.head.gate && !matches!(case.verdict, Verdict::Known | Verdict::Flaky);
            let title = format!("{} ({})", finding.requirement, finding.level);
            let message = format!(
                "{}, step {}, {}: {}\nexpected {}\ngot {}{}",
                case.id,
                finding.step,
                finding.operation,
                finding.message,
                finding.expected,
                finding.actual,
                if finding.pointer.is_empty() { String::new() } else { format!(" at {}", finding.pointer) },
            );
            let (lines, kind) = if gated { (&mut errors, "error") } else { (&mut warnings, "warning") };
            lines.push_str(&command(kind, &case.file, finding.line, &title, &message));
        }
        match case.verdict {
            Verdict::Error => errors.push_str(&command("error", &case.file, None, &case.id, &reason(case))),
            Verdict::Fixed => {
                let message = "listed as a known failure, yet it passed";
                errors.push_str(&command("error", &case.file, None, &case.id, message));
            }
            _ => {}
        }
    }
    let summary = format!("::notice title=milvus-conformance {}::{}\n", results.head.profile, data(&sentence(results)));
    errors + &warnings + &summary
}

fn command(kind: &str, file: &str, line: Option<u64>, title: &str, message: &str) -> String {
    let line = line.unwrap_or(1);
    format!("::{kind} file={},line={line},title={}::{}\n", property(file), property(title), data(message))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_end_its_command_or_begin_another() {
        let line = command("error", "C:\\a,b.yaml", Some(3), "x::y", "100 %\n::error::z");
        assert_eq!(line, "::error file=C%3A\\a%2Cb.yaml,line=3,title=x%3A%3Ay::100 %25%0A::error::z\n");
    }
}
