//! The report as Markdown, for a pull request or the summary of a CI step.

use super::{Change, Kind, Place, Regression};
use serde_json::Value;
use std::fmt::Write;

/// The report as Markdown.
pub fn markdown(regression: &Regression) -> String {
    let tally = regression.tally();
    let (from, to) = (&regression.from, &regression.to);
    let mut text = String::from("# What is answered otherwise\n\n");
    let _ = writeln!(text, "| | profile | from |\n|---|---|---|");
    for (word, side) in [("before", from), ("now", to)] {
        let _ = writeln!(text, "| {word} | {} | {} |", side.profile, cell(&side.name));
    }
    let _ = writeln!(
        text,
        "\n**{} breaking, {} announced, {} unexplained** of {}; {} of {} compared are the same.",
        tally.breaking, tally.announced, tally.unexplained, tally.changes, regression.same, regression.compared
    );
    for changes in regression.by_operation() {
        let operation = changes.first().map(|change| change.operation.as_str()).unwrap_or_default();
        let _ = writeln!(text, "\n## {}\n", if operation.is_empty() { "Readings" } else { operation });
        text.push_str("| | what | before | now | marks | where |\n|---|---|---|---|---|---|\n");
        for change in changes {
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} |",
                change.kind.sign(),
                cell(format!("{} {}", change.part.word(), change.at).trim_end()),
                value(change.before.as_ref()),
                value(change.after.as_ref()),
                marks(change),
                places(&change.places)
            );
        }
        for change in changes.iter().filter(|change| !change.text.is_empty()) {
            let what = format!("{} {}", change.part.word(), change.at);
            let what = what.trim_end().replace('&', "&amp;").replace('<', "&lt;");
            let fence = fence(&change.text);
            let _ = writeln!(
                text,
                "\n<details><summary>{what} as text</summary>\n\n{fence}diff\n{}\n{fence}\n\n</details>",
                change.text.trim_end()
            );
        }
    }
    if !regression.scenarios.is_empty() {
        text.push_str("\n## Scenarios\n\n| | scenario | before | now | marks |\n|---|---|---|---|---|\n");
        for scenario in &regression.scenarios {
            let mark = match (&scenario.announced, scenario.breaking) {
                (Some(why), _) => format!("announced: {}", cell(why)),
                (None, true) => "**breaking**".to_owned(),
                (None, false) => "unexplained".to_owned(),
            };
            let sign = match scenario.kind {
                Kind::Changed => "~",
                other => other.sign(),
            };
            let (name, before, after) = (cell(&scenario.scenario), cell(&scenario.before), cell(&scenario.after));
            let _ = writeln!(text, "| {sign} | {name} | {before} | {after} | {mark} |");
        }
    }
    if !regression.asked_otherwise.is_empty() {
        let _ = writeln!(
            text,
            "\n{} calls say nothing: the scenario asks the two something else there. {}",
            regression.asked_otherwise.len(),
            places(&regression.asked_otherwise)
        );
    }
    text
}

fn marks(change: &Change) -> String {
    let words = change.marks().into_iter().map(|word| if word == "breaking" { "**breaking**" } else { word });
    let words = words.collect::<Vec<_>>().join(", ");
    let reasons = change.reasons().map(cell).collect::<Vec<_>>().join("; ");
    if reasons.is_empty() { words } else { format!("{words}: {reasons}") }
}

/// The first places, and how many more there are.
fn places(places: &[Place]) -> String {
    let shown = places.iter().take(3).map(|place| match place.step.as_str() {
        "" => cell(&place.scenario),
        step => cell(&format!("{} step {step}", place.scenario)),
    });
    let shown = shown.collect::<Vec<_>>().join(", ");
    if places.len() > 3 { format!("{shown} and {} more", places.len() - 3) } else { shown }
}

fn value(value: Option<&Value>) -> String {
    let Some(value) = value else { return String::new() };
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let short: String = text.chars().take(160).collect();
    cell(&if short.len() < text.len() { format!("{short}…") } else { short })
}

/// A text that stays a text in a cell of a table, whatever a server has put into it.
fn cell(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for next in text.chars() {
        match next {
            '&' => made.push_str("&amp;"),
            '<' => made.push_str("&lt;"),
            '\n' | '\r' => made.push(' '),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '#' | '!' => made.extend(['\\', next]),
            other => made.push(other),
        }
    }
    made
}

/// A fence longer than any row of back quotes in the text.
fn fence(text: &str) -> String {
    let longest = text.split(|next| next != '`').map(str::len).max().unwrap_or_default();
    "`".repeat(longest.max(2) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_writes_stays_text() {
        assert_eq!(cell("<b>|`x`\n[a](b)"), "&lt;b>\\|\\`x\\` \\[a\\](b)");
        assert_eq!(fence("a ```` b"), "`````");
        assert_eq!(fence("a"), "```");
    }
}
