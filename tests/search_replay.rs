//! Replays the recorded searches of the tables of values against the reference target and compares the answers.
//!
//! The recordings do not belong to the repository; without them the test says so and passes.

#![expect(clippy::print_stdout, reason = "the figures are what the test is run for")]

#[path = "support/recorded.rs"]
mod recorded;

use milvus_conformance::exchange::Response;
use milvus_conformance::profile::Profile;
use milvus_conformance::reference::{Config, Reference};
use milvus_conformance::replay::{Ids, Line, Trust};
use recorded::Likeness;
use serde_json::Value;
use std::collections::BTreeMap;

/// The recorded versions and the least shares, in percent, of answers with the recorded status and code, and of answers
/// that are alike in everything.
const TABLES: [(&str, Profile, f64, f64); 4] = [
    ("2.4", Profile::Milvus24, 97.0, 94.0),
    ("2.5", Profile::Milvus25, 97.0, 94.0),
    ("2.6", Profile::Milvus26, 97.0, 94.0),
    ("3.0", Profile::Milvus30, 97.0, 94.0),
];

/// The cases that hold searches; those that only make what is searched are sent as well.
const CASES: [&str; 4] = ["search params/", "filters/", "schema/functions", "insert rows/partition key"];

/// Disagreements on status or code that are left as they are: case and note. There are no others; the reason stands above
/// each.
const LEFT: [(&str, &str); 14] = [
    // The vector core of the recorded servers took bounds in the wrong order for an empty range. Released servers
    // refuse them, and so does the reference target.
    ("search params/range", "l2: radius 1 range_filter 5"),
    ("search params/range", "l2: radius 0.1 range_filter 0.9"),
    ("search params/range", "co: radius 5 range_filter 1"),
    ("search params/range", "co: radius 0.9 range_filter 0.1"),
    ("search params/range", "bv: radius 1 range_filter 5"),
    ("search params/range", "bv: radius 0.1 range_filter 0.9"),
    ("search params/range", "sp: radius 5 range_filter 1"),
    ("search params/range", "sp: radius 0.9 range_filter 0.1"),
    ("search params/range", "flat both wrong order"),
    ("search params/one vector", "radius 5 range_filter 1 (IP)"),
    ("search params/hybrid_search", "search params wrong order range"),
    // An infinite distance makes a server send an empty body; here the refusal is well-formed.
    ("search params/data", "l2: 3.4e38"),
    ("search params/data", "co: 3.4e38"),
    // The recorded core gave no value to group by, so that all rows were one group.
    ("search params/hybrid_search", "groupingField \"j\""),
];

// What else differs, in texts and data alone, and is left as well:
// - The parser of filters lists in its message every token that it would have taken.
// - The recorded core did not weigh words as BM25 does.
// - Go prints maps in a form of its own.

/// How far two distances of an equal hit may lie apart; the last digits of the recorded ones are not to be relied on.
const CLOSE: f64 = 1e-5;

fn is_search(line: &Line) -> bool {
    matches!(line.operation(), "entities/search" | "entities/hybrid_search" | "entities/advanced_search")
}

fn compare(line: &Line, response: &Response) -> Likeness {
    let ours: Option<Value> = serde_json::from_slice(&response.body).ok();
    if line.server_ends {
        let refused = ours.is_some_and(|body| body["code"].as_i64().is_some_and(|code| code != 0));
        return if refused { Likeness::Everything } else { Likeness::Other };
    }
    let (recorded, text) = line.answer();
    let code = |body: Option<&Value>| body.and_then(|body| body.get("code")).cloned();
    if line.status != Some(response.status) || code(recorded.as_ref()) != code(ours.as_ref()) {
        return Likeness::Other;
    }
    let same = match (&recorded, &ours) {
        (Some(recorded), Some(ours)) => alike(recorded, ours),
        _ => text.unwrap_or_default().as_bytes() == response.body,
    };
    if same { Likeness::Everything } else { Likeness::StatusAndCode }
}

/// Whether two values are equal but for the last digits of numbers.
fn alike(one: &Value, two: &Value) -> bool {
    match (one, two) {
        (Value::Number(one), Value::Number(two)) => {
            let (one, two) = (one.as_f64().unwrap_or_default(), two.as_f64().unwrap_or_default());
            (one - two).abs() <= CLOSE * one.abs().max(1.0)
        }
        (Value::Array(one), Value::Array(two)) => {
            one.len() == two.len() && one.iter().zip(two).all(|(one, two)| alike(one, two))
        }
        (Value::Object(one), Value::Object(two)) => {
            one.len() == two.len() && one.iter().all(|(key, one)| two.get(key).is_some_and(|two| alike(one, two)))
        }
        _ => one == two,
    }
}

#[derive(Default)]
struct Tally {
    /// What is neither the same nor left on purpose.
    unexplained: Vec<String>,
    lines: u32,
    status_and_code: u32,
    everything: u32,
}

impl Tally {
    fn add(&mut self, likeness: Likeness) {
        self.lines += 1;
        self.status_and_code += u32::from(likeness >= Likeness::StatusAndCode);
        self.everything += u32::from(likeness >= Likeness::Everything);
    }

    fn share(&self, part: u32) -> f64 {
        recorded::share(part, self.lines)
    }
}

fn replay(version: &str, profile: Profile, lines: &[Line]) -> Tally {
    let reference = Reference::new(Config { profile, token: None });
    let show = std::env::var("REPLAY_SHOW").unwrap_or_default();
    let mut by_case: BTreeMap<&str, Tally> = BTreeMap::new();
    let mut all = Tally::default();
    for line in lines {
        let request = line.request(&Ids::default(), None);
        let response = reference.answer(&request);
        if !is_search(line) || line.trust == Trust::None {
            continue;
        }
        let likeness = compare(line, &response);
        by_case.entry(&line.case).or_default().add(likeness);
        all.add(likeness);
        let left = LEFT.contains(&(line.case.as_str(), line.note.as_str()));
        if likeness == Likeness::Other && !left {
            all.unexplained.push(format!("{version} line {}: {} {}", line.n, line.case, line.note));
        }
        if likeness == Likeness::Other && !show.is_empty() || likeness == Likeness::StatusAndCode && show == "all" {
            let cut = |text: &str| text.trim().chars().take(600).collect::<String>();
            println!("{version} {} {} | {} {likeness:?}", line.n, line.case, line.note);
            println!("  sent     {}", cut(&String::from_utf8_lossy(&request.body)));
            let (body, text) = line.answer();
            let recorded = body.map(|body| body.to_string()).or_else(|| text.map(str::to_owned));
            println!("  recorded {:?} {}", line.status, cut(&recorded.unwrap_or_default()));
            println!("  ours     {} {}", response.status, cut(&String::from_utf8_lossy(&response.body)));
        }
    }
    println!("searches of {version}: {} compared", all.lines);
    for (case, tally) in by_case.iter().filter(|(_, tally)| tally.everything < tally.lines) {
        let Tally { lines, status_and_code, everything, .. } = tally;
        println!("  {case}: of {lines} agree {status_and_code} on status and code, {everything} on everything");
    }
    println!(
        "  all: {:.2} % on status and code, {:.2} % on everything",
        all.share(all.status_and_code),
        all.share(all.everything)
    );
    all
}

#[test]
fn recorded_searches_are_answered_as_they_were() {
    let Some(folder) = recorded::folder() else { return };
    let mut short = Vec::new();
    let mut unexplained = Vec::new();
    for (version, profile, floor, full_floor) in TABLES {
        let of_cases = |case: &str| CASES.iter().any(|start| case.starts_with(start));
        let lines = recorded::values(&folder, version, of_cases);
        let tally = replay(version, profile, &lines);
        assert!(tally.lines > 600, "only {} searches of {version} are compared", tally.lines);
        let reached = (tally.share(tally.status_and_code), tally.share(tally.everything));
        if reached.0 < floor || reached.1 < full_floor {
            short.push((version, reached));
        }
        unexplained.extend(tally.unexplained);
    }
    assert!(unexplained.is_empty(), "not answered as recorded: {unexplained:#?}");
    assert!(short.is_empty(), "below the floor: {short:?}");
}
