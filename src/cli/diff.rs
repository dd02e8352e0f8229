//! `diff`: what differs between the contracts of two profiles.

use super::arguments::{ContractArguments, DiffArguments};
use super::exit;
use super::failure::{Failure, count};
use super::style;
use super::workspace::Workspace;
use crate::diff::{Change, Diff, Kind, diff as compare};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write;

pub(super) fn diff(contract: &ContractArguments, arguments: &DiffArguments) -> Result<u8, Failure> {
    let workspace = Workspace::load(contract)?;
    let found = compare(&workspace.contract, arguments.from, arguments.to).map_err(Failure::Mistakes)?;
    let mut out = std::io::BufWriter::new(anstream::stdout().lock());
    if arguments.json {
        let json = json!({
            "from": found.from,
            "to": found.to,
            "summary": {"changes": found.changes.len(), "breaking": found.breaking()},
            "changes": found.changes,
        });
        writeln!(out, "{}", serde_json::to_string_pretty(&json).map_err(std::io::Error::from)?)?;
    } else {
        write!(out, "{}", text(&found))?;
    }
    out.flush()?;
    Ok(exit::SUCCESS)
}

fn text(found: &Diff) -> String {
    let mut text = String::new();
    let mut last: Option<&Option<String>> = None;
    for change in &found.changes {
        if last != Some(&change.operation) {
            let name = change.operation.as_deref().unwrap_or("limits");
            let _ = writeln!(text, "{}{}", if last.is_some() { "\n" } else { "" }, style::strong(name));
            last = Some(&change.operation);
        }
        text.push_str(&line(change));
    }
    let verdict = match found.breaking() {
        0 => style::good("none can break a client"),
        breaking => style::bad(&format!("{breaking} can break a client")),
    };
    let gap = if found.changes.is_empty() { "" } else { "\n" };
    let _ = writeln!(text, "{gap}{} → {}: {}, {verdict}", found.from, found.to, count(found.changes.len(), "change"));
    text
}

fn line(change: &Change) -> String {
    let sign = match change.change {
        Kind::Added => "+",
        Kind::Removed => "-",
        Kind::Changed => "~",
    };
    let (part, at) = (change.part.word(), &change.at);
    let what = match change.change {
        _ if at.is_empty() => part.to_owned(),
        Kind::Added => format!("{part} {at} {}", short(&change.after)),
        Kind::Removed => format!("{part} {at}"),
        Kind::Changed => format!("{part} {at} {} → {}", short(&change.before), short(&change.after)),
    };
    let head = format!("  {sign} {}", what.trim_end());
    if change.breaking { format!("{}\n      {}\n", style::bad(&head), change.why) } else { head + "\n" }
}

/// A value in few words: types for properties, numbers for codes and limits.
fn short(value: &Value) -> String {
    let list = |value: &Value| -> Vec<String> {
        let items = value.as_array().into_iter().flatten();
        items.map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect()
    };
    match value {
        Value::Null | Value::Bool(false) => String::new(),
        Value::Bool(true) => "required".to_owned(),
        Value::Array(_) => list(value).join(" or "),
        Value::Object(property) => {
            let mut words = vec![list(&value["types"]).join(" or ")];
            if let Some(values) = property.get("values") {
                words.push(format!("({})", list(values).join(", ")));
            }
            for (word, bound) in property.get("bounds").and_then(Value::as_object).into_iter().flatten() {
                words.push(format!("{word} {bound}"));
            }
            if property.contains_key("required") {
                words.push("required".to_owned());
            }
            words.retain(|word| !word.is_empty());
            words.join(" ")
        }
        other => other.to_string(),
    }
}
