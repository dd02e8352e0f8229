//! The findings as SARIF 2.1.0, each pointing at its step in the scenario's file.

use super::words::{reason, sorted};
use crate::engine::CaseReport;
use crate::results::Results;
use crate::verdict::{Finding, Level, Source, Verdict};
use indexmap::IndexMap;
use serde_json::{Value, json};

/// The findings by rule; cases in error are notes about the run, since they say nothing about the target.
pub fn sarif(results: &Results) -> String {
    let cases = sorted(results);
    let mut rules: IndexMap<&str, Value> = IndexMap::new();
    let mut found = Vec::new();
    for (case, finding) in cases.iter().flat_map(|case| case.findings.iter().map(move |finding| (*case, finding))) {
        let entry = rules.entry(&finding.requirement);
        let index = entry.index();
        entry.or_insert_with(|| rule(results, finding));
        found.push(result(results, case, finding, index));
    }
    let notes: Vec<Value> = cases
        .iter()
        .filter(|case| case.verdict == Verdict::Error)
        .map(|case| {
            json!({
                "level": "error",
                "message": {"text": format!("{}: {}", case.id, reason(case))},
                "locations": [location(&case.file, None)],
            })
        })
        .collect();
    let head = &results.head;
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": head.tool.name,
                "semanticVersion": head.tool.version,
                "rules": rules.values().collect::<Vec<_>>(),
            }},
            "automationDetails": {"id": format!("{}/{}/{}", head.tool.name, head.profile, head.run)},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": results.outcome.complete && notes.is_empty(),
                "startTimeUtc": head.started,
                "toolExecutionNotifications": notes,
            }],
            "properties": {"target": head.target.address, "profile": head.profile, "gate": head.gate},
            "results": found,
        }],
    });
    format!("{log:#}\n")
}

fn rule(results: &Results, finding: &Finding) -> Value {
    let stated = results.outcome.requirements.iter().find(|stated| stated.id == finding.requirement);
    let statement = stated.map_or(finding.message.as_str(), |stated| stated.statement.as_str());
    let sources: Vec<String> = finding.sources.iter().map(Source::to_string).collect();
    let mut rule = json!({
        "id": finding.requirement,
        "shortDescription": {"text": statement},
        "defaultConfiguration": {"level": level(finding.level)},
        "properties": {"level": finding.level},
    });
    if !sources.is_empty() {
        rule["help"] = json!({"text": format!("Where the rule comes from: {}", sources.join("; "))});
    }
    rule
}

fn result(results: &Results, case: &CaseReport, finding: &Finding, rule: usize) -> Value {
    let print = [case.id.as_str(), &finding.step, &finding.requirement, &finding.pointer].join(" ");
    let at = if finding.pointer.is_empty() { String::new() } else { format!(" at {}", finding.pointer) };
    let mut made = json!({
        "ruleId": finding.requirement,
        "ruleIndex": rule,
        "level": if finding.level <= results.head.gate { level(finding.level) } else { "note" },
        "message": {"text": format!(
            "{}, step {}, {}: {}. Expected {}; got {}{at}.",
            case.id, finding.step, finding.operation, finding.message, finding.expected, finding.actual,
        )},
        "locations": [location(&case.file, finding.line)],
        "partialFingerprints": {"case/step/rule/pointer": print},
        "properties": {"case": case.id, "step": finding.step, "curl": finding.curl},
    });
    if matches!(case.verdict, Verdict::Known | Verdict::Flaky) {
        made["suppressions"] = json!([{"kind": "external", "justification": "listed as a known failure"}]);
    }
    made
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Must => "error",
        Level::Should => "warning",
        Level::Observed => "note",
    }
}

fn location(file: &str, line: Option<u64>) -> Value {
    json!({"physicalLocation": {
        "artifactLocation": {"uri": uri(file)},
        "region": {"startLine": line.unwrap_or(1)},
    }})
}

/// A path as a URI reference.
fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    // Before the first slash a colon would end a scheme, as that of `C:/`.
    let prefix = if path.split('/').next().is_some_and(|first| first.contains(':')) { "file:///" } else { "" };
    let mut made = prefix.to_owned();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' | b':' => made.push(byte.into()),
            byte => made.push_str(&format!("%{byte:02X}")),
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_uri_reference() {
        for (path, expected) in [
            ("specs/scenarios/a.yaml", "specs/scenarios/a.yaml"),
            ("my files/ä#1?.yaml", "my%20files/%C3%A4%231%3F.yaml"),
            ("C:\\a\\b.yaml", "file:///C:/a/b.yaml"),
            ("/tmp/a.yaml", "/tmp/a.yaml"),
        ] {
            assert_eq!(uri(path), expected);
        }
    }
}
