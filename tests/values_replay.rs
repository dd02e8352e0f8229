//! Replays recorded schemas, index parameters, rows and values of four real versions against the reference target.
//!
//! The recordings do not belong to the repository; without them the test says so and passes.

#![expect(clippy::print_stdout, reason = "the figures are what the test is run for")]

#[path = "support/recorded.rs"]
mod recorded;

use milvus_conformance::exchange::Response;
use milvus_conformance::profile::Profile;
use milvus_conformance::reference::{Config, Reference};
use milvus_conformance::replay::{Ids, Line, Trust};
use recorded::{Likeness, share};
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::LazyLock;

/// The recordings and the shares of lines, in percent, on which the reference target has to agree: on status and code,
/// and, of the lines that read stored values back, on every value.
const RECORDINGS: [(&str, Profile, f64, f64); 4] = [
    ("2.4", Profile::Milvus24, 99.5, 98.5),
    ("2.5", Profile::Milvus25, 99.5, 98.5),
    ("2.6", Profile::Milvus26, 99.5, 99.5),
    ("3.0", Profile::Milvus30, 99.0, 97.5),
];

/// The parts of a recording that are about schemas, indexes, rows and values.
const PARTS: [&str; 3] = ["insert types", "insert rows", "schema"];

/// What is left as it is, with the reasons.
const LEFT: &str = include_str!("values_replay.yaml");

/// How often a repeated look is repeated here before it counts as a disagreement.
const LOOKS: usize = 4;

/// A class of lines that disagree, and why they are left.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Class {
    reason: String,
    lines: Vec<Left>,
}

/// Lines that disagree: each part that is given has to fit.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Left {
    versions: Vec<String>,
    case: String,
    #[serde(default)]
    operation: String,
    /// A regular expression for the note of the line.
    #[serde(default)]
    note: String,
}

fn part(line: &Line) -> &str {
    line.case.split('/').next().unwrap_or_default()
}

/// Whether the answer is an accepted call's.
fn is_accepted(line: &Line) -> bool {
    line.answer().0.is_some_and(|body| body["code"] == 0)
}

/// Whether the line says something about schemas, indexes, rows or values.
fn counts(line: &Line) -> bool {
    let undecided = line.trust == Trust::None || line.trust == Trust::Core && is_accepted(line);
    !undecided && !line.server_ends && line.status.is_some()
}

/// Whether the line reads stored values back.
fn reads(line: &Line) -> bool {
    matches!(line.operation(), "entities/query" | "entities/get") && is_accepted(line)
}

fn compare(line: &Line, response: &Response) -> Likeness {
    let text = String::from_utf8_lossy(&response.body);
    if let Some(cut) = &line.body_cut {
        let same = line.status == Some(response.status) && text.starts_with(cut.as_str());
        return if same { Likeness::Everything } else { Likeness::Other };
    }
    let ours: Option<Value> = serde_json::from_str(&text).ok();
    let (body, exact) = line.answer();
    let code = |body: Option<&Value>| body.and_then(|body| body.get("code")).cloned();
    if line.status != Some(response.status) || code(body.as_ref()) != code(ours.as_ref()) {
        return Likeness::Other;
    }
    // Where the exact text of the answer is known it tells more than the value: a negative zero, say.
    let told: Option<Value> = exact.and_then(|text| serde_json::from_str(text).ok());
    let same = match (told.or(body), &ours) {
        (Some(recorded), Some(ours)) => {
            let digits = exact.is_none_or(|recorded| without_ids(recorded) == without_ids(&text));
            normal(&recorded) == normal(ours) && (digits || line.trust == Trust::Form)
        }
        (None, None) => true,
        _ => false,
    };
    if same { Likeness::Everything } else { Likeness::StatusAndCode }
}

static IDS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b4[3-9]\d{16}\b"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the patterns of this file are well-formed")
}

fn without_ids(text: &str) -> String {
    IDS.replace_all(text, "{id}").into_owned()
}

/// A body without what differs from run to run: ids, and the order of lists that have none. Integers stay exact.
fn normal(value: &Value) -> Value {
    match value {
        Value::String(text) => without_ids(text).into(),
        Value::Number(number) if IDS.is_match(&number.to_string()) => "{id}".into(),
        Value::Number(number) if number.is_f64() => match number.as_f64() {
            Some(whole) if whole.fract() == 0.0 && whole.abs() < 1e15 => format!("{whole:.0}").into(),
            float => float.map(|float| format!("{float:e}")).into(),
        },
        Value::Number(number) => number.to_string().into(),
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(normal).collect();
            if items.iter().all(|item| item.get("key").is_some()) {
                items.sort_by_key(ToString::to_string);
            }
            items.into()
        }
        Value::Object(entries) => entries.iter().map(|(key, value)| (key.clone(), normal(value))).collect(),
        other => other.clone(),
    }
}

#[derive(Default)]
struct Tally {
    lines: u32,
    status_and_code: u32,
    everything: u32,
    reads: u32,
    values: u32,
}

impl Tally {
    fn add(&mut self, line: &Line, likeness: Likeness) {
        self.lines += 1;
        self.status_and_code += u32::from(likeness >= Likeness::StatusAndCode);
        self.everything += u32::from(likeness >= Likeness::Everything);
        self.reads += u32::from(reads(line));
        self.values += u32::from(reads(line) && likeness == Likeness::Everything);
    }

    fn shares(&self) -> (f64, f64, f64) {
        (share(self.status_and_code, self.lines), share(self.everything, self.lines), share(self.values, self.reads))
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (code, everything, values) = self.shares();
        write!(f, "{} lines: {code:.2} % on status and code, {everything:.2} % on everything; ", self.lines)?;
        write!(f, "of {} that read values back {values:.2} %", self.reads)
    }
}

/// The classes of what is left, with the patterns of their notes, and which of them were met.
struct Leaving {
    entries: Vec<(Left, Regex)>,
    met: BTreeSet<usize>,
}

impl Leaving {
    fn read() -> Self {
        let classes: Vec<Class> = serde_saphyr::from_str(LEFT).expect("the list of what is left is readable");
        assert!(classes.iter().all(|class| !class.reason.is_empty()), "every class has its reason");
        let lines = classes.into_iter().flat_map(|class| class.lines);
        let entries = lines.map(|left| {
            let note = pattern(&left.note);
            (left, note)
        });
        Self { entries: entries.collect(), met: BTreeSet::new() }
    }

    fn has(&mut self, version: &str, line: &Line) -> bool {
        let fitting = self.entries.iter().position(|(left, note)| {
            left.versions.iter().any(|known| known == version)
                && line.case == left.case
                && (left.operation.is_empty() || left.operation == line.operation())
                && note.is_match(&line.note)
        });
        self.met.extend(fitting);
        fitting.is_some()
    }
}

fn replay(version: &str, profile: Profile, lines: &[Line], leaving: &mut Leaving) -> (Tally, Vec<String>) {
    let reference = Reference::new(Config { profile, token: None });
    let mut by_part: BTreeMap<&str, Tally> = BTreeMap::new();
    let (mut all, mut unexplained, mut shown) = (Tally::default(), Vec::new(), String::new());
    for (index, line) in lines.iter().enumerate() {
        let request = line.request(&Ids::default(), None);
        let mut response = reference.answer(&request);
        let again = lines.get(index + 1).is_some_and(|next| next.poll && next.path == line.path);
        if line.poll && again || !counts(line) {
            continue;
        }
        let mut likeness = compare(line, &response);
        for _ in 0..LOOKS {
            if !line.poll || likeness == Likeness::Everything {
                break;
            }
            response = reference.answer(&request);
            likeness = compare(line, &response);
        }
        by_part.entry(part(line)).or_default().add(line, likeness);
        all.add(line, likeness);
        if likeness == Likeness::Everything {
            continue;
        }
        let differs = likeness == Likeness::Other || reads(line);
        if differs && !leaving.has(version, line) {
            unexplained.push(format!("{version} line {}: {} {}: {}", line.n, line.case, line.operation(), line.note));
        }
        let (body, exact) = line.answer();
        let recorded = exact.map(str::to_owned).or_else(|| body.map(|body| body.to_string())).unwrap_or_default();
        let sent = String::from_utf8_lossy(&request.body).chars().take(400).collect::<String>();
        let ours = String::from_utf8_lossy(&response.body);
        let _ = writeln!(
            shown,
            "{likeness:?} {} {} | {} | {}\n  sent     {sent}\n  recorded {} {}\n  ours     {} {}",
            line.n,
            line.case,
            line.operation(),
            line.note,
            line.status.unwrap_or_default(),
            recorded.trim(),
            response.status,
            ours.trim(),
        );
    }
    println!("{version}: {all}");
    for (part, tally) in by_part {
        println!("  {part}: {tally}");
    }
    if let Some(folder) = std::env::var_os("REPLAY_SHOW") {
        std::fs::write(PathBuf::from(folder).join(format!("values-{version}.txt")), shown)
            .expect("the folder for what differs can be written to");
    }
    (all, unexplained)
}

#[test]
fn recorded_values_are_taken_refused_and_written_back_as_they_were() {
    let Some(folder) = recorded::folder() else { return };
    let mut leaving = Leaving::read();
    let (mut short, mut unexplained) = (Vec::new(), Vec::new());
    for (version, profile, floor, value_floor) in RECORDINGS {
        let of_parts = |case: &str| PARTS.contains(&case.split('/').next().unwrap_or_default());
        let lines = recorded::values(&folder, version, of_parts);
        let (tally, left) = replay(version, profile, &lines, &mut leaving);
        let (code, _, values) = tally.shares();
        if code < floor || values < value_floor {
            short.push((version, code, values));
        }
        unexplained.extend(left);
    }
    let stale: Vec<String> = (0..leaving.entries.len())
        .filter(|entry| !leaving.met.contains(entry))
        .map(|entry| {
            let left = &leaving.entries[entry].0;
            format!("{:?} {} {} {}", left.versions, left.case, left.operation, left.note)
        })
        .collect();
    assert!(unexplained.is_empty(), "{} lines differ: {unexplained:#?}", unexplained.len());
    assert!(stale.is_empty(), "listed as left, but nothing differs: {stale:#?}");
    assert!(short.is_empty(), "below the floor: {short:?}");
}
