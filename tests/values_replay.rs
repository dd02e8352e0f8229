//! Replays recorded schemas, index parameters, rows and values of four real versions against the reference target.
//!
//! The recordings do not belong to the repository; without them the test says so and passes.

#![expect(clippy::print_stdout, reason = "the figures are what the test is run for")]

use bytes::Bytes;
use milvus_conformance::exchange::{Request, Response};
use milvus_conformance::profile::Profile;
use milvus_conformance::reference::{Config, Reference};
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
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

/// One line of a recording; its keys are told in the notes beside the recordings.
#[derive(Deserialize)]
struct Line {
    n: u32,
    case: String,
    #[serde(default)]
    note: String,
    method: String,
    path: String,
    request: Option<Box<RawValue>>,
    request_raw: Option<String>,
    request_b64: Option<String>,
    status: Option<u16>,
    body: Option<Value>,
    body_text: Option<String>,
    body_cut: Option<String>,
    #[serde(default)]
    poll: bool,
    #[serde(default)]
    server_ends: bool,
    trust: String,
}

impl Line {
    fn operation(&self) -> &str {
        self.path.strip_prefix("/v2/vectordb/").unwrap_or(&self.path)
    }

    fn part(&self) -> &str {
        self.case.split('/').next().unwrap_or_default()
    }

    fn request(&self) -> Request {
        let body = match (&self.request_b64, &self.request_raw, &self.request) {
            (Some(text), ..) => Bytes::from(from_base64(text)),
            (_, Some(text), _) => Bytes::from(text.clone()),
            (.., Some(json)) => Bytes::from(spaced(json.get())),
            _ => Bytes::new(),
        };
        let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        Request { method: self.method.clone(), path: self.path.clone(), headers, body }
    }

    /// Whether the line says something about schemas, indexes, rows or values.
    fn counts(&self) -> bool {
        let accepted = self.body.as_ref().is_some_and(|body| body["code"] == 0);
        let undecided = self.trust == "none" || self.trust == "core" && accepted;
        PARTS.contains(&self.part()) && !undecided && !self.server_ends && self.status.is_some()
    }

    /// Whether the line reads stored values back.
    fn reads(&self) -> bool {
        matches!(self.operation(), "entities/query" | "entities/get")
            && self.body.as_ref().is_some_and(|body| body["code"] == 0)
    }
}

/// The bytes of a text in base64; recordings hold it in its standard form.
fn from_base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for digit in text.bytes().filter_map(|byte| ALPHABET.iter().position(|known| *known == byte)) {
        bits = bits << 6 | u32::try_from(digit).expect("there are 64 digits");
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}

/// The requests were sent with a blank after every comma and colon, which some answers show.
fn spaced(json: &str) -> String {
    let mut text = String::new();
    let (mut inside, mut escaped) = (false, false);
    for character in json.chars() {
        text.push(character);
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => inside = !inside,
            ',' | ':' if !inside => text.push(' '),
            _ => {}
        }
    }
    text
}

/// How far an answer is like the recorded one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    Other,
    StatusAndCode,
    Everything,
}

fn compare(line: &Line, response: &Response) -> Likeness {
    let text = String::from_utf8_lossy(&response.body);
    if let Some(cut) = &line.body_cut {
        let same = line.status == Some(response.status) && text.starts_with(cut.as_str());
        return if same { Likeness::Everything } else { Likeness::Other };
    }
    let ours: Option<Value> = serde_json::from_str(&text).ok();
    let code = |body: Option<&Value>| body.and_then(|body| body.get("code")).cloned();
    if line.status != Some(response.status) || code(line.body.as_ref()) != code(ours.as_ref()) {
        return Likeness::Other;
    }
    // Where the exact text of the answer is known it tells more than the value: a negative zero, say.
    let exact: Option<Value> = line.body_text.as_ref().and_then(|text| serde_json::from_str(text).ok());
    let same = match (exact.as_ref().or(line.body.as_ref()), &ours) {
        (Some(recorded), Some(ours)) => {
            let digits = line.body_text.as_ref().is_none_or(|recorded| without_ids(recorded) == without_ids(&text));
            normal(recorded) == normal(ours) && (digits || line.trust == "form")
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
        self.reads += u32::from(line.reads());
        self.values += u32::from(line.reads() && likeness == Likeness::Everything);
    }

    fn shares(&self) -> (f64, f64, f64) {
        let share = |part: u32, whole: u32| f64::from(part) * 100.0 / f64::from(whole.max(1));
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
        let request = line.request();
        let mut response = reference.answer(&request);
        let again = lines.get(index + 1).is_some_and(|next| next.poll && next.path == line.path);
        if line.poll && again || !line.counts() {
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
        by_part.entry(line.part()).or_default().add(line, likeness);
        all.add(line, likeness);
        if likeness == Likeness::Everything {
            continue;
        }
        let differs = likeness == Likeness::Other || line.reads();
        if differs && !leaving.has(version, line) {
            unexplained.push(format!("{version} line {}: {} {}: {}", line.n, line.case, line.operation(), line.note));
        }
        let recorded = line.body_text.clone().or_else(|| line.body.as_ref().map(Value::to_string)).unwrap_or_default();
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
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/facts/recorded");
    if !folder.is_dir() {
        println!("skipped: there are no recordings at {}", folder.display());
        return;
    }
    let mut leaving = Leaving::read();
    let (mut short, mut unexplained) = (Vec::new(), Vec::new());
    for (version, profile, floor, value_floor) in RECORDINGS {
        let text = std::fs::read_to_string(folder.join(format!("values-{version}.jsonl"))).unwrap();
        let lines: Vec<Line> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let lines: Vec<Line> = lines.into_iter().filter(|line| PARTS.contains(&line.part())).collect();
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
