//! Replays whole recorded sessions with real servers against the reference target and compares the answers.
//!
//! The recordings do not belong to the repository; without them the test says so and passes.

#![expect(clippy::print_stdout, reason = "the figures are what the test is run for")]

#[path = "support/spaced.rs"]
mod spaced;

use bytes::Bytes;
use milvus_conformance::exchange::{Request, Response};
use milvus_conformance::profile::Profile;
use milvus_conformance::reference::{Config, Reference};
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use spaced::spaced;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

const TOKEN: &str = "root:Milvus";

/// The recorded sessions and the shares of lines, in percent, on which the reference target has to agree: on status
/// and code, and on everything that is compared.
const SESSIONS: [(&str, Profile, f64, f64); 8] = [
    ("2.4", Profile::Milvus24, 99.8, 98.5),
    ("2.4-auth", Profile::Milvus24, 99.8, 98.0),
    ("2.5", Profile::Milvus25, 99.8, 98.5),
    ("2.5-auth", Profile::Milvus25, 99.8, 98.0),
    ("2.6", Profile::Milvus26, 99.8, 99.7),
    ("2.6-auth", Profile::Milvus26, 99.8, 99.7),
    ("3.0", Profile::Milvus30, 99.8, 99.7),
    ("3.0-auth", Profile::Milvus30, 99.8, 99.7),
];

/// Disagreements on status or code that are left as they are: session, operation, note of the line. There are no
/// others; the reason stands above each.
const LEFT: [(&str, &str, &str); 6] = [
    // By the time of the call the collection had been loaded; here only calls that look at a load bring it on.
    ("2.5", "collections/refresh_load", ""),
    // A field was added before, by an operation that is not there yet.
    ("3.0", "collections/refresh_load", ""),
    // The vector core of the recorded servers took bounds in the wrong order for an empty range. Released servers
    // refuse them, and so does the reference target.
    ("2.4", "entities/search", "range wrong way"),
    ("2.5", "entities/search", "range wrong way"),
    ("2.6", "entities/search", "range wrong way"),
    ("3.0", "entities/search", "range wrong way"),
];

// What else differs, in texts and data alone, and is left as well:
// - The parser of filters lists in its message every token that it would have taken.
// - 2.4 and 2.5 answered some queries from before the last writes; here a read sees every write.
// - The store behind 2.4-auth and 2.5-auth held a collection `gg` before the session began.
// - A field that was added shows in the description of its collection.

/// Operations that the reference target does not have yet; their lines are left out.
const WITHOUT: [&str; 16] = [
    "users/",
    "roles/",
    "privilege_groups/",
    "resource_groups/",
    "jobs/",
    "segments/",
    "quotacenter/",
    "common/",
    "collections/compact",
    "collections/get_compaction_state",
    "collections/fields/",
    "collections/add_function",
    "collections/alter_function",
    "collections/drop_function",
    "collections/truncate",
    "file_resources/",
];

/// How often a repeated look is repeated here before it counts as a disagreement.
const LOOKS: usize = 4;

/// One line of a recording; its keys are told in the notes beside the recordings.
#[derive(Deserialize)]
struct Line {
    n: u32,
    case: String,
    #[serde(default)]
    note: String,
    method: String,
    path: String,
    #[serde(default)]
    headers: BTreeMap<String, Option<String>>,
    request: Option<Box<RawValue>>,
    request_raw: Option<String>,
    #[serde(default)]
    big: bool,
    status: u16,
    #[serde(default)]
    response_headers: BTreeMap<String, String>,
    body: Option<Value>,
    body_raw: Option<String>,
    body_text: Option<String>,
    #[serde(default)]
    poll: bool,
    trust: String,
}

impl Line {
    fn operation(&self) -> &str {
        self.path.strip_prefix("/v2/vectordb/").unwrap_or(&self.path)
    }

    fn request(&self, authorized: bool) -> Request {
        let mut headers = BTreeMap::from([("Content-Type".to_owned(), Some("application/json".to_owned()))]);
        if authorized {
            headers.insert("Authorization".to_owned(), Some(format!("Bearer {TOKEN}")));
        }
        headers.extend(self.headers.clone());
        let headers = headers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let body = match (&self.request_raw, &self.request) {
            (Some(text), _) => text.clone(),
            (None, Some(json)) => spaced(json.get()),
            (None, None) => String::new(),
        };
        Request { method: self.method.clone(), path: self.path.clone(), headers, body: Bytes::from(body) }
    }

    /// Whether the line says something about what the reference target has.
    fn counts(&self) -> bool {
        let other_user = self.headers.get("Authorization").is_some_and(|header| {
            header.as_deref().is_some_and(|header| header.contains(':') && !header.contains("root:"))
        });
        let beside = WITHOUT.iter().any(|prefix| self.operation().starts_with(prefix));
        !(self.trust == "none" || self.big || beside || other_user && self.status != 401)
    }
}

/// How far an answer is like the recorded one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    Other,
    StatusAndCode,
    Everything,
}

fn compare(line: &Line, response: &Response) -> Likeness {
    let text = String::from_utf8_lossy(&response.body).into_owned();
    let ours: Option<Value> = serde_json::from_str(&text).ok();
    let code = |body: Option<&Value>| body.and_then(|body| body.get("code")).cloned();
    if line.status != response.status || code(line.body.as_ref()) != code(ours.as_ref()) {
        return Likeness::Other;
    }
    let same = match (&line.body, &ours) {
        (Some(recorded), Some(ours)) => {
            let exact = line.body_text.as_ref().is_none_or(|recorded| without_ids(recorded) == without_ids(&text));
            normal(recorded) == normal(ours) && (exact || line.trust == "form")
        }
        (None, _) => line.body_raw.as_deref().unwrap_or_default() == text,
        _ => false,
    };
    let headers = line.response_headers.iter().all(|(name, value)| response.header(name) == Some(value));
    if same && headers { Likeness::Everything } else { Likeness::StatusAndCode }
}

static IDS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b4[3-9]\d{16}\b|\b[5-7]\d{17}\b"));
static NUMBERS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d{6,}"));
/// After a drop a message may name the collection by its former id.
static MISSING: LazyLock<Regex> = LazyLock::new(|| pattern(r"collection not found\[.*\]"));
static CHANNEL: LazyLock<Regex> = LazyLock::new(|| pattern(r"for channel \S+:"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the patterns of this file are well-formed")
}

fn without_ids(text: &str) -> String {
    IDS.replace_all(text, "{id}").into_owned()
}

/// A body without what differs from run to run: ids, and the order of lists that have none.
fn normal(value: &Value) -> Value {
    match value {
        Value::String(text) => {
            let text = NUMBERS.replace_all(text, "{id}");
            let text = MISSING.replace(&text, "collection not found[..]");
            CHANNEL.replace(&text, "for channel {ch}:").into_owned().into()
        }
        Value::Number(number) if IDS.is_match(&number.to_string()) => "{id}".into(),
        Value::Number(number) => number.as_f64().into(),
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(normal).collect();
            let unordered = |item: &Value| item.is_string() || item.get("key").is_some();
            if items.iter().all(unordered) {
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
        f64::from(part) * 100.0 / f64::from(self.lines.max(1))
    }
}

fn replay(name: &str, profile: Profile, lines: &[Line]) -> Tally {
    let authorized = name.ends_with("-auth");
    let reference = Reference::new(Config { profile, token: authorized.then(|| TOKEN.to_owned()) });
    let show = std::env::var("REPLAY_SHOW").unwrap_or_default();
    let mut by_operation: BTreeMap<String, Tally> = BTreeMap::new();
    let mut all = Tally::default();
    let mut left_out = 0;
    for (index, line) in lines.iter().enumerate() {
        let request = line.request(authorized);
        let mut response = reference.answer(&request);
        let again = lines.get(index + 1).is_some_and(|next| next.poll && next.path == line.path);
        if line.poll && again {
            continue;
        }
        if !line.counts() {
            left_out += 1;
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
        by_operation.entry(line.operation().to_owned()).or_default().add(likeness);
        all.add(likeness);
        let left = |(session, operation, note): &(&str, &str, &str)| {
            name.trim_end_matches("-auth") == *session && line.operation() == *operation && line.note == *note
        };
        if likeness == Likeness::Other && !LEFT.iter().any(left) {
            all.unexplained.push(format!("{name} line {}: {} {}", line.n, line.operation(), line.note));
        }
        let shown = likeness == Likeness::Other || likeness == Likeness::StatusAndCode && show == "all";
        if shown && !show.is_empty() {
            let Line { n, case, note, path, .. } = line;
            let sent = String::from_utf8_lossy(&request.body).chars().take(300).collect::<String>();
            println!("{name} {n} {case} {path} {note}\n  sent     {sent}");
            let recorded = line.body_text.clone().or_else(|| line.body.as_ref().map(Value::to_string));
            println!(
                "  recorded {} {}",
                line.status,
                recorded.or_else(|| line.body_raw.clone()).unwrap_or_default().trim()
            );
            println!("  ours     {} {}", response.status, String::from_utf8_lossy(&response.body).trim());
        }
    }
    println!("session {name}: {} lines compared, {left_out} left out", all.lines);
    for (operation, tally) in by_operation.iter().filter(|(_, tally)| tally.everything < tally.lines) {
        let Tally { lines, status_and_code, everything, .. } = tally;
        println!("  {operation}: of {lines} agree {status_and_code} on status and code, {everything} on everything");
    }
    println!(
        "  all: {:.2} % on status and code, {:.2} % on everything",
        all.share(all.status_and_code),
        all.share(all.everything)
    );
    all
}

#[test]
fn recorded_sessions_are_answered_as_they_were() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/facts/recorded");
    if !folder.is_dir() {
        println!("skipped: there are no recordings at {}", folder.display());
        return;
    }
    let mut short = Vec::new();
    let mut unexplained = Vec::new();
    for (name, profile, floor, full_floor) in SESSIONS {
        let text = std::fs::read_to_string(folder.join(format!("session-{name}.jsonl"))).unwrap();
        // One request is no JSON on purpose; its exact text stands beside it.
        let text = text.replace(r#""request":{"collectionName":NaN},"#, "");
        let lines: Vec<Line> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let tally = replay(name, profile, &lines);
        let reached = (tally.share(tally.status_and_code), tally.share(tally.everything));
        if reached.0 < floor || reached.1 < full_floor {
            short.push((name, reached));
        }
        unexplained.extend(tally.unexplained);
    }
    assert!(unexplained.is_empty(), "not answered as recorded: {unexplained:#?}");
    assert!(short.is_empty(), "below the floor: {short:?}");
}
