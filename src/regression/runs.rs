//! Two results files.

use super::announced::Announced;
use super::{Change, Kind, Part, Place, Regression, Side, scenarios};
use crate::engine::CaseReport;
use crate::results::Results;
use crate::verdict::{Level, Verdict};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a change is of: the operation, the part, where, and which requirement or form.
type Key = (String, Part, String, String);

/// Compares what two runs found.
pub fn of_runs(
    [from, to]: [Side; 2],
    [before, after]: [&Results; 2],
    announced: &[Announced],
    is_for: &dyn Fn(&str, &Side) -> bool,
) -> Regression {
    let [one, other] = [before, after].map(seen);
    let mut changes = Vec::new();
    for (key, (value, level, places)) in &one {
        if !other.contains_key(key) {
            changes.push(change(key, Kind::Disappeared, value, *level, places, announced));
        }
    }
    for (key, (value, level, places)) in &other {
        if !one.contains_key(key) {
            changes.push(change(key, Kind::Appeared, value, *level, places, announced));
        }
    }
    changes.sort_by(|left, right| {
        (&left.operation, left.part, &left.at, left.kind).cmp(&(&right.operation, right.part, &right.at, right.kind))
    });
    let ends = |results: &Results| -> BTreeMap<String, String> {
        let ran = results.cases.iter().filter(|case| case.verdict != Verdict::Skipped);
        ran.map(|case| (case.id.clone(), case.verdict.to_string())).collect()
    };
    let (one, other) = (ends(before), ends(after));
    let compared = one.keys().filter(|id| other.contains_key(*id)).count();
    let scenarios = scenarios([&from, &to], [&one, &other], is_for);
    let same = compared - scenarios.iter().filter(|scenario| scenario.kind == Kind::Changed).count();
    Regression { from, to, changes, scenarios, asked_otherwise: Vec::new(), compared, same }
}

/// What is seen of a key: its value, how binding it is, and where.
type Sight = (Value, Option<Level>, Vec<Place>);

fn seen(results: &Results) -> BTreeMap<Key, Sight> {
    let mut seen: BTreeMap<Key, Sight> = BTreeMap::new();
    let mut add = |key: Key, value: Value, level, case: &CaseReport, step: &str| {
        let (_, _, places) = seen.entry(key).or_insert((value, level, Vec::new()));
        let place = Place { scenario: case.id.clone(), step: step.to_owned() };
        if places.last() != Some(&place) {
            places.push(place);
        }
    };
    for case in &results.cases {
        for finding in &case.findings {
            let key = (finding.operation.clone(), Part::Finding, finding.pointer.clone(), finding.requirement.clone());
            let value = json!(format!("{}: {}", finding.requirement, finding.message));
            add(key, value, Some(finding.level), case, &finding.step);
        }
        for property in &case.undocumented {
            let key = (property.operation.clone(), Part::Undocumented, property.pointer.clone(), String::new());
            add(key, json!("no document names it"), None, case, "");
        }
        for (reading, forms) in &case.readings {
            for form in forms.keys() {
                add((String::new(), Part::Reading, reading.clone(), form.clone()), json!(form), None, case, "");
            }
        }
    }
    seen
}

fn change(
    (operation, part, at, _): &Key,
    kind: Kind,
    value: &Value,
    level: Option<Level>,
    places: &[Place],
    announced: &[Announced],
) -> Change {
    let said = announced.iter().find(|said| said.covers_value(operation, at, kind)).map(ToString::to_string);
    let breaking = match (part, kind, level) {
        (Part::Finding, Kind::Appeared, Some(Level::Must)) => Some("a document demands what is not met now".to_owned()),
        _ => None,
    };
    let (before, after) =
        if kind == Kind::Appeared { (None, Some(value.clone())) } else { (Some(value.clone()), None) };
    Change {
        operation: operation.clone(),
        part: *part,
        at: at.clone(),
        kind,
        before,
        after,
        unexplained: said.is_none() && breaking.is_none(),
        announced: said,
        breaking,
        places: places.to_vec(),
        text: String::new(),
    }
}
