//! The results as one page that needs nothing but itself.

use super::words::{counts, escaped, sentence, sorted, time};
use crate::base64;
use crate::engine::CaseReport;
use crate::results::Results;
use crate::verdict::{Source, Verdict};
use serde_json::{Map, Value, json};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Overview, requirements, cases with their calls, and the course of the run.
///
/// What a server said reaches the page as data, which the script shows as text; and whatever it may hold, the browser
/// runs no other script than the page's own, whose hash the page names.
///
/// # Errors
/// None that is known; writing JSON may fail in principle.
pub fn html(results: &Results) -> serde_json::Result<String> {
    let head = &results.head;
    let title = format!("{} conformance of {}", head.profile, head.target.address);
    let warnings = results.outcome.warnings.iter().map(|warning| ("proves less", warning.message.clone()));
    let facts = [
        ("target", head.target.address.clone()),
        ("contract", format!("{}, {}", head.profile, head.profile_reason)),
        ("gate", head.gate.to_string()),
        ("begun", head.started.clone()),
        ("took", format!("{}, {} calls", time(results.outcome.duration_ms), results.outcome.calls)),
        ("run", format!("{}, by {} {}", head.run, head.tool.name, head.tool.version)),
    ];
    let facts: String = facts
        .into_iter()
        .chain(warnings)
        .map(|(name, fact)| format!("<div><dt>{name}</dt><dd>{}</dd></div>", escaped(&fact)))
        .collect();
    let summary = counts(&results.cases);
    let good = results.outcome.complete && summary.fail + summary.error + summary.fixed == 0 && summary.ran() > 0;
    let body = format!(
        include_str!("body.html"),
        mood = if good { "good" } else { "bad" },
        sentence = escaped(&sentence(results)),
        facts = facts,
        counts = Verdict::ALL
            .into_iter()
            .filter(|verdict| summary.get(*verdict) > 0)
            .map(|verdict| format!("<li class=\"v-{verdict}\"><b>{}</b> {verdict}</li>", summary.get(verdict)))
            .collect::<String>(),
    );
    let data = serde_json::to_string(&data(results))?;
    Ok(plain_page(&Page { title: &title, body: &body, data: Some(&data), script: SCRIPT }))
}

/// What a page is made of.
pub(super) struct Page<'a> {
    pub(super) title: &'a str,
    /// Markup, in which what others said is escaped.
    pub(super) body: &'a str,
    /// JSON for the script.
    pub(super) data: Option<&'a str>,
    pub(super) script: &'a str,
}

/// A page by itself.
pub(super) fn plain_page(page: &Page<'_>) -> String {
    let hash = |text: &str| {
        let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        format!("'sha256-{}'", base64::encode(digest.as_ref()))
    };
    // `<` can only stand in texts of JSON; written as an escape it neither ends the element nor begins another.
    let data = page.data.map(|data| {
        format!("<script type=\"application/json\" id=\"data\">{}</script>\n", data.replace('<', "\\u003c"))
    });
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{}\n{}<script>{}</script>\n</body>\n</html>\n",
        hash(STYLE),
        hash(page.script),
        escaped(page.title),
        page.body,
        data.unwrap_or_default(),
        page.script,
    )
}

/// What the script shows, without what it has no use for.
fn data(results: &Results) -> Value {
    let mut latency: Vec<Value> = Vec::new();
    for (operation, times) in &results.outcome.latency {
        let [p50, p90, p99] = [0.5, 0.9, 0.99].map(|share| times.quantile(share));
        latency.push(json!({
            "operation": operation, "count": times.count, "min": times.min_ms, "p50": p50, "p90": p90, "p99": p99,
            "max": times.max_ms,
        }));
    }
    let mut undocumented: Vec<_> =
        results.cases.iter().flat_map(|case| &case.undocumented).map(|note| (&note.operation, &note.pointer)).collect();
    undocumented.sort();
    undocumented.dedup();
    let requirements: Vec<Value> = results
        .outcome
        .requirements
        .iter()
        .map(|stated| {
            let sources: Vec<String> = stated.sources.iter().map(Source::to_string).collect();
            json!({
                "id": stated.id, "level": stated.level, "verdict": stated.verdict, "statement": stated.statement,
                "passed": stated.passed, "failed": stated.failed, "not_testable": stated.not_testable,
                "sources": sources,
            })
        })
        .collect();
    json!({
        "gate": results.head.gate,
        "duration": results.outcome.duration_ms,
        "requirements": requirements,
        "cases": sorted(results).into_iter().map(case).collect::<Vec<_>>(),
        "latency": latency,
        "readings": results.outcome.readings,
        "undocumented": undocumented,
    })
}

fn case(case: &CaseReport) -> Value {
    let mut made = Map::new();
    let mut put = |key: &str, value: Value| {
        let empty = match &value {
            Value::Null => true,
            Value::Array(items) => items.is_empty(),
            Value::Number(number) => number.as_u64() == Some(0),
            _ => false,
        };
        if !empty {
            made.insert(key.to_owned(), value);
        }
    };
    put("id", json!(case.id));
    put("title", json!(case.title));
    put("file", json!(case.file));
    put("verdict", json!(case.verdict));
    put("reason", json!(case.reason));
    put("covers", json!(case.covers));
    put("offset", json!(case.offset_ms));
    put("duration", json!(case.duration_ms));
    put("calls", json!(case.calls));
    put("passed", json!(case.passed_checks));
    put("waits", json!(case.waits));
    put("exchanges", json!(case.exchanges));
    put("left_out", json!(case.exchanges_left_out));
    put("left", json!(case.cleanup.left));
    let findings: Vec<Value> = case
        .findings
        .iter()
        .map(|finding| {
            let sources: Vec<String> = finding.sources.iter().map(Source::to_string).collect();
            json!({
                "requirement": finding.requirement, "level": finding.level, "step": finding.step, "line": finding.line,
                "operation": finding.operation, "message": finding.message, "expected": finding.expected,
                "actual": finding.actual, "pointer": finding.pointer, "curl": finding.curl, "sources": sources,
            })
        })
        .collect();
    put("findings", Value::Array(findings));
    Value::Object(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_knows_every_verdict() {
        let listed = |start: &str| {
            let line = SCRIPT.lines().find(|line| line.trim_start().starts_with(start));
            line.unwrap_or_else(|| panic!("{start} is gone"))
        };
        for verdict in Verdict::ALL {
            assert!(listed("const VERDICTS =").contains(&format!("\"{verdict}\"")), "{verdict} would not be shown");
            assert!(listed("const SIGNS =").contains(&format!("{verdict}: ")), "{verdict} has no sign");
            assert!(STYLE.contains(&format!(".v-{verdict}")) && STYLE.contains(&format!(".f-{verdict}")), "{verdict}");
        }
    }
}
