//! Mutants: the reference target with one deliberate violation each. A check that no mutant can trip does not count.
//!
//! The model stays as it is; a mutant stands in front of it and spoils what goes in or what comes out.

mod answer;
mod own;

use super::{Config, Reference, v1};
use crate::contract::{Contract, Effect, automatic};
use crate::exchange::{Request, Response};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

const PREFIX: &str = "/v2/vectordb/";

/// What a violation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The form of every answer.
    Envelope,
    /// What successes carry.
    Payload,
    /// Failures: whether they come, and how.
    Error,
    /// What calls do.
    State,
    /// Routes, headers and the reading of requests.
    Transport,
    /// What becomes of stored values.
    Values,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 6] = [Kind::Envelope, Kind::Payload, Kind::Error, Kind::State, Kind::Transport, Kind::Values];

    /// The word used in output.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Envelope => "envelope",
            Kind::Payload => "payload",
            Kind::Error => "error",
            Kind::State => "state",
            Kind::Transport => "transport",
            Kind::Values => "values",
        }
    }
}

/// One deliberate violation.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// The stable id: `partitions-release-nothing`.
    pub id: String,
    /// What is wrong, in one sentence.
    pub about: String,
    /// What it is about.
    pub kind: Kind,
    /// The requirement that it violates; of several the first.
    pub requirement: String,
    /// The operations that do wrong; empty when it is a matter of every request.
    pub operations: Vec<String>,
    /// The requirements of which a finding has to come. Only mutants written by hand name some.
    pub trips: Vec<&'static str>,
    fault: Fault,
}

#[derive(Clone, Debug)]
enum Fault {
    /// Every answer of the operation has this defect.
    Answer(&'static answer::Defect),
    /// A key of `data`, or of the items of it, has this defect.
    Key(String, answer::KeyDefect),
    /// The operation answers as it should, and does nothing.
    NoEffect,
    /// Written by hand.
    Own(&'static own::Own),
}

impl Mutant {
    /// All mutants: every defect of answers for every operation of the contract, and those written by hand.
    pub fn catalogue(contract: &Contract) -> Vec<Mutant> {
        let mut mutants = Vec::new();
        for operation in contract.operations.values() {
            let name = operation.name.as_str();
            let id = |defect: &str| format!("{}-{defect}", kebab(name));
            let mutant = |id: String, about: String, (kind, requirement): (Kind, String), fault: Fault| Mutant {
                id,
                about,
                kind,
                requirement,
                operations: vec![name.to_owned()],
                trips: Vec::new(),
                fault,
            };
            for defect in answer::DEFECTS {
                let about = format!("{name}: {}.", defect.about);
                mutants.push(mutant(id(defect.id), about, defect.violates(operation), Fault::Answer(defect)));
            }
            // A load goes on when it is looked at, so that even the read of its state has an effect.
            if operation.file.effect == Effect::Write || name == "collections/get_load_state" {
                let about = format!("{name} answers as it should, without effect.");
                mutants.push(mutant(id("no-effect"), about, (Kind::State, deed(contract, name)), Fault::NoEffect));
            }
            for key in answer::keys(contract, name) {
                for defect in answer::KeyDefect::ALL {
                    let about = format!("{name}: `{key}` in `data` {}.", defect.words());
                    let id = id(&format!("key-{}-{}", kebab(&key), defect.word()));
                    let violates = (Kind::Payload, automatic::response(name));
                    mutants.push(mutant(id, about, violates, Fault::Key(key.clone(), defect)));
                }
            }
        }
        mutants.extend(own::TABLES.iter().copied().flatten().map(|own| Mutant {
            id: own.id.to_owned(),
            about: own.about.to_owned(),
            kind: own.kind(),
            requirement: own.trips.first().copied().unwrap_or_default().to_owned(),
            operations: own.operations.iter().map(|name| (*name).to_owned()).collect(),
            trips: own.trips.to_vec(),
            fault: Fault::Own(own),
        }));
        mutants
    }

    /// Whether a run with these undocumented properties, as JSON pointers, tells of the violation. What adds a property
    /// breaks no rule, but has to be told.
    pub fn is_told_by<'p>(&self, undocumented: impl Iterator<Item = &'p str>) -> bool {
        let extra = matches!(self.fault, Fault::Answer(defect) if defect.id == answer::EXTRA_ID);
        extra && undocumented.into_iter().any(|pointer| pointer.ends_with(answer::EXTRA))
    }

    /// Whether it was written by hand, for the requirements that it names.
    pub fn is_own(&self) -> bool {
        matches!(self.fault, Fault::Own(_))
    }

    /// The part of the id that generated mutants of all operations have in common; empty for those written by hand.
    pub fn defect(&self) -> &str {
        match &self.fault {
            Fault::Answer(defect) => defect.id,
            Fault::Key(_, defect) => defect.word(),
            Fault::NoEffect => "no-effect",
            Fault::Own(_) => "",
        }
    }
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}

/// The requirement that an operation does not honour that does nothing: the first that can be tried, else what is said of
/// its answers.
fn deed(contract: &Contract, operation: &str) -> String {
    let about = |names: &[crate::yaml::At<String>]| names.iter().any(|name| name.value == operation);
    let mut stated = contract.requirements.values().filter(|one| !one.automatic && one.not_testable.is_none());
    let first = stated.find(|requirement| about(&requirement.operations));
    first.map_or_else(|| automatic::response(operation), |requirement| requirement.id.clone())
}

/// `partitions/get_stats` as part of an id.
fn kebab(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            'A'..='Z' => {
                text.push('-');
                text.push(character.to_ascii_lowercase());
            }
            'a'..='z' | '0'..='9' => text.push(character),
            _ => text.push('-'),
        }
    }
    text
}

/// A target with one deliberate violation.
#[derive(Debug)]
pub struct Broken {
    reference: Reference,
    mutant: Mutant,
    memory: Mutex<BTreeMap<String, Value>>,
    strikes: AtomicU64,
}

impl Broken {
    /// An empty target that has the fault of this mutant.
    pub fn new(config: Config, mutant: Mutant) -> Self {
        let memory = Mutex::new(BTreeMap::new());
        Self { reference: Reference::new(config), mutant, memory, strikes: AtomicU64::new(0) }
    }

    /// How many requests met the violation. A mutant that never struck shows nothing.
    pub fn strikes(&self) -> u64 {
        self.strikes.load(Ordering::Relaxed)
    }

    /// Answers one request.
    pub fn answer(&self, request: &Request) -> Response {
        let call = Call::new(request);
        let concerns = |names: &[String]| names.is_empty() || names.iter().any(|name| name == call.operation);
        if !concerns(&self.mutant.operations) {
            return self.reference.answer(request);
        }
        let (response, struck) = match &self.mutant.fault {
            Fault::Own(own) => own.answer(self, &call),
            Fault::NoEffect => (self.reference.copy().answer(request), true),
            Fault::Answer(defect) => {
                let honest = self.reference.answer(request);
                let spoilt = defect.spoil(&honest);
                (spoilt.clone().unwrap_or(honest), spoilt.is_some())
            }
            Fault::Key(key, defect) => {
                let honest = self.reference.answer(request);
                let spoilt = defect.spoil(key, &honest);
                (spoilt.clone().unwrap_or(honest), spoilt.is_some())
            }
        };
        if struck {
            self.strikes.fetch_add(1, Ordering::Relaxed);
        }
        response
    }

    fn memory(&self) -> MutexGuard<'_, BTreeMap<String, Value>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the model answers.
    fn honest(&self, call: &Call<'_>) -> Response {
        self.reference.answer(call.request)
    }

    /// What the model answers to another body.
    fn with_body(&self, call: &Call<'_>, body: &Value) -> Response {
        let request = Request { body: Bytes::from(body.to_string()), ..call.request.clone() };
        self.reference.answer(&request)
    }

    /// What the model answers to another call in the same database, with the same credentials.
    fn ask(&self, call: &Call<'_>, operation: &str, mut body: Value) -> Value {
        if let (Some(database), Some(keys)) = (call.body.get("dbName"), body.as_object_mut()) {
            keys.entry("dbName").or_insert_with(|| database.clone());
        }
        let mut request = call.request.clone();
        "POST".clone_into(&mut request.method);
        request.path = format!("{PREFIX}{operation}");
        request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("request-timeout"));
        request.body = Bytes::from(body.to_string());
        parsed(&self.reference.answer(&request))
    }
}

/// A request, taken apart.
struct Call<'r> {
    request: &'r Request,
    /// `partitions/drop`; empty when the path is none of the operations'.
    operation: &'r str,
    /// The first JSON value of the body, else the keys of the query; null when there are neither.
    body: Value,
}

impl<'r> Call<'r> {
    fn new(request: &'r Request) -> Self {
        let path = request.path.split('?').next().unwrap_or_default();
        let of_v1 = v1::at(path, true).map(|route| route.name);
        let operation = of_v1.or_else(|| path.strip_prefix(PREFIX)).unwrap_or_default();
        let mut values = serde_json::Deserializer::from_slice(&request.body).into_iter::<Value>();
        let body = values.next().and_then(Result::ok).filter(Value::is_object);
        let body = body.unwrap_or_else(|| v1::query(&request.path));
        Self { request, operation, body }
    }

    fn text(&self, key: &str) -> &str {
        self.body.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// Names a collection of one database, for what a mutant remembers.
    fn collection(&self) -> String {
        format!("{}/{}", self.text("dbName"), self.text("collectionName"))
    }
}

fn parsed(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap_or_default()
}

/// v1 says 200 for a success, which in v2 is a failure without data.
fn is_success(body: &Value) -> bool {
    body.get("code") == Some(&json!(0)) || body.get("code") == Some(&json!(200)) && body.get("data").is_some()
}

fn is_failure(body: &Value) -> bool {
    body.get("code").is_some() && !is_success(body)
}

/// The answer with another body.
fn rewritten(response: &Response, body: &Value) -> Response {
    Response { body: Bytes::from(body.to_string()), ..response.clone() }
}

fn json_answer(status: u16, body: &Value) -> Response {
    let headers = vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())];
    Response { status, headers: headers.into(), body: Bytes::from(body.to_string()) }
}

fn success(data: &Value) -> Response {
    json_answer(200, &json!({"code": 0, "data": data}))
}

fn refusal(code: i64, message: &str) -> Response {
    json_answer(200, &json!({"code": code, "message": message}))
}

fn without_route() -> Response {
    let headers = vec![("content-type".to_owned(), "text/plain".to_owned())];
    Response { status: 404, headers: headers.into(), body: Bytes::from_static(b"404 page not found") }
}

fn empty() -> Value {
    Value::Object(Map::new())
}
