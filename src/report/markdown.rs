//! The results as Markdown, short enough for the summary of a CI job.

use super::words::{by_group, counts, reason, sentence, sorted, time};
use crate::engine::CaseReport;
use crate::results::Results;
use crate::verdict::{Finding, Source, Verdict};
use indexmap::IndexMap;

/// GitHub takes a summary of at most 1 MiB a step; the tables after the findings need some room, too.
const MOST: usize = 700 << 10;
/// So many places of one broken rule are told.
const PLACES: usize = 20;

/// Verdict, groups, what went wrong by rule, cases in error, readings.
pub fn markdown(results: &Results) -> String {
    let head = &results.head;
    let mut text = format!("# {}\n\n", plain(&sentence(results)));
    text.push_str(&format!(
        "{} `{}` as **{}** ({}), gate {}, {}, {} calls in {}\n\n",
        if head.target.embedded { "Target" } else { "Server" },
        head.target.address.replace('`', "'"),
        head.profile,
        plain(&head.profile_reason),
        head.gate,
        head.started,
        results.outcome.calls,
        time(results.outcome.duration_ms),
    ));
    warnings(results, &mut text);
    groups(results, &mut text);
    findings(results, &mut text);
    errors(results, &mut text);
    readings(results, &mut text);
    text.push_str(&format!("\n{} {}, run `{}`\n", head.tool.name, head.tool.version, head.run));
    text
}

/// What makes the run prove less than it seems to.
fn warnings(results: &Results, text: &mut String) {
    for warning in &results.outcome.warnings {
        text.push_str(&format!("> This run proves less than it seems to: {}\n>\n", plain(&warning.message)));
    }
    if !results.outcome.warnings.is_empty() {
        text.push('\n');
    }
}

fn groups(results: &Results, text: &mut String) {
    let shown: Vec<Verdict> =
        Verdict::ALL.into_iter().filter(|verdict| counts(&results.cases).get(*verdict) > 0).collect();
    if shown.is_empty() {
        return;
    }
    let heads: String = shown.iter().map(|verdict| format!(" {verdict} |")).collect();
    text.push_str(&format!("| cases |{heads}\n|---|{}\n", "--:|".repeat(shown.len())));
    let cell = |number: u64| if number == 0 { " · |".to_owned() } else { format!(" {number} |") };
    for (group, counts) in by_group(results) {
        let cells: String = shown.iter().map(|verdict| cell(counts.get(*verdict))).collect();
        // A group of which nothing ran has not passed.
        let mark = match counts.fail + counts.error + counts.fixed {
            0 if counts.ran() == 0 => "·",
            0 => "✓",
            _ => "✗",
        };
        text.push_str(&format!("| {mark} {} |{cells}\n", plain(group)));
    }
    let all = counts(&results.cases);
    let cells: String = shown.iter().map(|verdict| format!(" **{}** |", all.get(*verdict))).collect();
    text.push_str(&format!("| **all** |{cells}\n"));
}

fn findings(results: &Results, text: &mut String) {
    let mut broken: IndexMap<&str, Vec<(&CaseReport, &Finding)>> = IndexMap::new();
    for case in sorted(results) {
        for finding in &case.findings {
            broken.entry(&finding.requirement).or_default().push((case, finding));
        }
    }
    if broken.is_empty() {
        return;
    }
    // What is gated goes first; of the same level, in order of the ids.
    broken.sort_by(|one, some, other, more| (some[0].1.level, one).cmp(&(more[0].1.level, other)));
    text.push_str("\n## Broken rules\n");
    for (told, (id, places)) in broken.iter().enumerate() {
        if text.len() > MOST {
            text.push_str(&format!(
                "\n{} more rules are broken; the results file has them all.\n",
                broken.len() - told
            ));
            return;
        }
        let first = places[0].1;
        let below = if first.level > results.head.gate { ", below the gate" } else { "" };
        text.push_str(&format!("\n### `{id}` ({}{below})\n\n", first.level));
        let stated = results.outcome.requirements.iter().find(|stated| stated.id == *id);
        if let Some(stated) = stated {
            text.push_str(&format!("{}\n\n", plain(&stated.statement)));
        }
        let sources: Vec<String> = first.sources.iter().map(Source::to_string).collect();
        if !sources.is_empty() {
            text.push_str(&format!("Source: {}\n\n", plain(&sources.join("; "))));
        }
        for (case, finding) in places.iter().take(PLACES) {
            let at = if finding.pointer.is_empty() { String::new() } else { format!(" at {}", code(&finding.pointer)) };
            text.push_str(&format!(
                "- {} step {}, {}: {}\n  - expected {}\n  - got {}{at}\n  <details><summary>repeat</summary>\n\n{}\n  </details>\n",
                code(&case.id),
                finding.step,
                code(&finding.operation),
                plain(&finding.message),
                plain(&finding.expected),
                code(&short(&finding.actual.to_string())),
                fenced(&finding.curl, "  "),
            ));
        }
        if places.len() > PLACES {
            text.push_str(&format!("- and {} more\n", places.len() - PLACES));
        }
    }
}

fn errors(results: &Results, text: &mut String) {
    let cases = sorted(results);
    let broken: Vec<_> = cases.iter().filter(|case| matches!(case.verdict, Verdict::Error | Verdict::Fixed)).collect();
    if broken.is_empty() {
        return;
    }
    text.push_str("\n## Cases that say nothing of the target\n\n");
    for case in broken {
        if text.len() > MOST {
            text.push_str("- and more; the results file has them all\n");
            return;
        }
        let why = if case.verdict == Verdict::Fixed {
            "listed as a known failure, yet it passed".to_owned()
        } else {
            short(&reason(case))
        };
        text.push_str(&format!("- {}: {}\n", code(&case.id), plain(&why)));
    }
}

fn readings(results: &Results, text: &mut String) {
    if results.outcome.readings.is_empty() {
        return;
    }
    text.push_str("\n<details><summary>Where documents disagree, the target follows</summary>\n\n| point | form | answers |\n|---|---|--:|\n");
    for (reading, forms) in &results.outcome.readings {
        for (form, times) in forms {
            text.push_str(&format!("| {} | {} | {times} |\n", plain(reading), plain(form)));
        }
    }
    text.push_str("\n</details>\n");
}

/// Text in which nothing is markup, on one line.
pub(super) fn plain(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' => made.extend(['\\', char]),
            '<' => made.push_str("&lt;"),
            '>' => made.push_str("&gt;"),
            '&' => made.push_str("&amp;"),
            // A mention would tell a stranger of every run.
            '@' => made.push_str("&#64;"),
            char if char.is_control() => made.push(' '),
            char => made.push(char),
        }
    }
    made
}

/// A text as code within a line.
fn code(text: &str) -> String {
    let flat: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    let marks = "`".repeat(longest_run(&flat) + 1);
    let pad = if flat.starts_with('`') || flat.ends_with('`') || flat.is_empty() { " " } else { "" };
    format!("{marks}{pad}{flat}{pad}{marks}")
}

fn fenced(text: &str, indent: &str) -> String {
    let marks = "`".repeat(longest_run(text).max(2) + 1);
    let lines: String = text.lines().map(|line| format!("{indent}{line}\n")).collect();
    format!("{indent}{marks}sh\n{lines}{indent}{marks}")
}

fn longest_run(text: &str) -> usize {
    text.split(|char| char != '`').map(str::len).max().unwrap_or_default()
}

fn short(text: &str) -> String {
    const MOST: usize = 300;
    if text.chars().count() <= MOST { text.to_owned() } else { text.chars().take(MOST).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_cannot_become_markup() {
        assert_eq!(plain("<img src=x>|*a*\n@you"), "&lt;img src=x&gt;\\|\\*a\\* &#64;you");
        assert_eq!(code("a``b"), "```a``b```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(fenced("a ``` b", ""), "````sh\na ``` b\n````");
    }
}
