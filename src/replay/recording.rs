//! Reading a recording: one JSON object a line, in the order in which the calls were made.

use super::ids::Ids;
use crate::base64;
use crate::exchange::Request;
use crate::profile::Profile;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// The credentials that the recorded servers with authorization had.
const RECORDED_TOKEN: &str = "root:Milvus";

/// What operations are called, after this.
const ROUTES: &str = "/v2/vectordb/";

/// Operations that tell how far something in the background has come.
const LOOKS: [&str; 5] = [
    "collections/get_load_state",
    "collections/get_compaction_state",
    "collections/get_stats",
    "jobs/import/describe",
    "jobs/import/get_progress",
];

/// The calls of one file.
#[derive(Debug)]
pub struct Recording {
    /// The calls in the order in which they were made.
    pub lines: Vec<Line>,
}

/// A file that is no recording.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// A line is not what a recorded call is.
    #[error("line {line}: {why}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// There is not one call in it.
    #[error("there are no calls in it")]
    Empty,
    /// Calls of several servers are no one session.
    #[error("calls of several servers, {0} and {1}; a recording is one session with one server")]
    Servers(String, String),
}

/// How far a recorded answer is to be trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// In everything.
    #[default]
    Full,
    /// In status, code, keys and types, but not in values.
    Form,
    /// A part of the server decided that was not the real one; nothing is compared.
    Core,
    /// In nothing; the call was made, and that is all.
    None,
}

/// One recorded call.
#[derive(Debug, Deserialize)]
pub struct Line {
    /// The number in the file.
    pub n: u32,
    /// The product and version that answered.
    #[serde(default)]
    pub server: Option<String>,
    /// Whether it asked for credentials.
    #[serde(default)]
    pub auth: bool,
    /// The group of calls that this one belongs to.
    #[serde(default)]
    pub case: String,
    /// What is tried.
    #[serde(default)]
    pub note: String,
    /// A setting of the server that is not the usual one.
    #[serde(default)]
    pub config: Option<String>,
    /// The HTTP method.
    pub method: String,
    /// The path as sent, with its query.
    pub path: String,
    /// Header fields beside the usual ones; one given as null was not sent.
    #[serde(default)]
    headers: BTreeMap<String, Option<String>>,
    request: Option<Box<RawValue>>,
    request_raw: Option<String>,
    request_b64: Option<String>,
    /// The request was longer than what stands here.
    #[serde(default)]
    big: bool,
    /// The HTTP status; none when there was no answer.
    pub status: Option<u16>,
    /// Header fields of the answer that were kept.
    #[serde(default)]
    pub response_headers: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "present")]
    body: Option<Value>,
    body_raw: Option<String>,
    body_text: Option<String>,
    /// The beginning of an answer that was too long to be kept.
    pub body_cut: Option<String>,
    /// The call was repeated until something settled.
    #[serde(default)]
    pub poll: bool,
    /// The server's process ended by the call.
    #[serde(default)]
    pub server_ends: bool,
    /// How far the answer is to be trusted.
    #[serde(default)]
    pub trust: Trust,
}

/// Tells a body of `null` from no body.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Recording {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// When a line is no recorded call, when there is none, and when they are of several servers.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        let mut lines = Vec::new();
        for (index, text) in text.lines().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
            let line = line(text).map_err(|why| Unreadable::Line { line: index + 1, why })?;
            lines.push(line);
        }
        let mut servers = lines.iter().filter_map(|line: &Line| line.server.as_ref());
        if let Some(first) = servers.next()
            && let Some(other) = servers.find(|server| *server != first)
        {
            return Err(Unreadable::Servers(first.clone(), other.clone()));
        }
        if lines.is_empty() {
            return Err(Unreadable::Empty);
        }
        let (strangers, jobs) = (strangers(&lines), made_jobs(&lines));
        for line in &mut lines {
            line.forget(&strangers);
            line.forget_jobs(&jobs);
        }
        Ok(Self { lines })
    }

    /// The server that answered, as the file calls it.
    pub fn server(&self) -> Option<&str> {
        self.lines.iter().find_map(|line| line.server.as_deref())
    }

    /// The profile of the server that answered.
    pub fn profile(&self) -> Option<Profile> {
        self.server()?.parse().ok()
    }

    /// The credentials that the server asked for.
    pub fn token(&self) -> Option<&'static str> {
        self.lines.iter().any(|line| line.auth).then_some(RECORDED_TOKEN)
    }

    /// The lines in steps: one line each, but for a call that was repeated until something settled, which is one step.
    pub fn steps(&self) -> Vec<Range<usize>> {
        let mut steps: Vec<Range<usize>> = Vec::new();
        for (index, line) in self.lines.iter().enumerate() {
            match steps.last_mut() {
                Some(last) if line.repeats(&self.lines[last.end - 1]) => last.end = index + 1,
                _ => steps.push(index..index + 1),
            }
        }
        steps
    }
}

/// What every server has from its beginning.
const BUILT_IN: [&str; 3] = ["root", "admin", "public"];

/// The collections, users and roles that are listed although no call of the recording names them: they were on the server
/// before it began, and a target cannot know of them.
fn strangers(lines: &[Line]) -> BTreeSet<String> {
    let mut said = String::new();
    for line in lines {
        said.extend([line.path.as_str(), "\""]);
        said.push_str(line.request_raw.as_deref().unwrap_or_default());
        said.push_str(line.request.as_ref().map_or("", |json| json.get()));
    }
    let is_named = |name: &str| said.contains(&format!("\"{name}\"")) || said.contains(&format!("={name}\""));
    let names = lines.iter().flat_map(Line::listed).collect::<BTreeSet<_>>().into_iter();
    names.filter(|name| !BUILT_IN.contains(name) && !is_named(name)).map(str::to_owned).collect()
}

/// The jobs that the calls of the recording made.
fn made_jobs(lines: &[Line]) -> BTreeSet<String> {
    let ids =
        lines.iter().filter(|line| !line.operation().ends_with("/list")).filter_map(|line| line.data()?.get("jobId"));
    ids.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A call in the form of transcripts of v1: request and answer are objects of their own, their bodies texts.
#[derive(Deserialize)]
struct Transcript {
    n: u32,
    #[serde(default)]
    case: String,
    server: Option<String>,
    request: Asked,
    response: Answered,
}

#[derive(Deserialize)]
struct Asked {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: Option<String>,
}

#[derive(Deserialize)]
struct Answered {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Option<String>,
}

/// What stands at the end of a body of which only the beginning was kept.
const CUT: &str = "…[cut,";

impl From<Transcript> for Line {
    fn from(transcript: Transcript) -> Self {
        let Transcript { n, case, server, request, response } = transcript;
        // These show all header fields of the call, so that the usual ones are not to be added.
        let mut headers = BTreeMap::from(["Content-Type", "Authorization"].map(|name| (name.to_owned(), None)));
        headers.extend(request.headers.into_iter().map(|(name, value)| (name, Some(value))));
        let kept = |name: &str| name.eq_ignore_ascii_case("content-type");
        let text = response.body.unwrap_or_default();
        let is_cut = text.contains(CUT);
        let body = serde_json::from_str(&text).ok().filter(Value::is_object);
        Line {
            n,
            auth: server.as_deref() == Some("auth"),
            server,
            case: "v1".to_owned(),
            note: case,
            config: None,
            method: request.method,
            path: request.path,
            headers,
            request: None,
            big: request.body.as_ref().is_some_and(|body| body.contains(CUT)),
            request_raw: request.body,
            request_b64: None,
            status: Some(response.status),
            response_headers: response.headers.into_iter().filter(|(name, _)| kept(name)).collect(),
            body_raw: (body.is_none() && !is_cut).then(|| text.clone()),
            body,
            body_text: None,
            body_cut: is_cut.then_some(text),
            poll: false,
            server_ends: false,
            trust: Trust::Full,
        }
    }
}

fn line(text: &str) -> Result<Line, String> {
    if let Ok(transcript) = serde_json::from_str::<Transcript>(text) {
        return Ok(transcript.into());
    }
    let told = |error: serde_json::Error| {
        let text = error.to_string();
        text.rsplit_once(" at line ").map_or(text.clone(), |(why, _)| why.to_owned())
    };
    serde_json::from_str(text).or_else(|error| {
        // A request that is no JSON on purpose may stand there nevertheless, beside its exact text.
        let line: Line = serde_json::from_str(&without_odd_numbers(text)).map_err(|_| told(error))?;
        if line.request_raw.is_some() || line.request_b64.is_some() {
            Ok(line)
        } else {
            Err("NaN and Infinity are no JSON; give the exact text as `request_raw`".to_owned())
        }
    })
}

/// Puts `null` where a number stands that JSON does not have.
pub(crate) fn without_odd_numbers(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    let mut rest = text;
    let (mut inside, mut escaped) = (false, false);
    while let Some(character) = rest.chars().next() {
        let odd = ["NaN", "-Infinity", "Infinity"].into_iter().find(|odd| !inside && rest.starts_with(odd));
        if let Some(odd) = odd {
            made.push_str("null");
            rest = &rest[odd.len()..];
            continue;
        }
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => inside = !inside,
            _ => {}
        }
        made.push(character);
        rest = &rest[character.len_utf8()..];
    }
    made
}

impl Line {
    /// The operation: the path without what all paths begin with and without its query.
    pub fn operation(&self) -> &str {
        let path = self.path.split('?').next().unwrap_or_default();
        path.strip_prefix(ROUTES).unwrap_or(path)
    }

    /// Whether the answer is compared.
    pub fn is_compared(&self) -> bool {
        !self.big && self.status.is_some() && matches!(self.trust, Trust::Full | Trust::Form)
    }

    /// The request with the ids and the credentials of the target.
    pub fn request(&self, ids: &Ids, token: Option<&str>) -> Request {
        let mut headers = BTreeMap::from([("Content-Type", Some("application/json".to_owned()))]);
        if self.auth {
            headers.insert("Authorization", Some(format!("Bearer {RECORDED_TOKEN}")));
        }
        headers.extend(self.headers.iter().map(|(name, value)| (name.as_str(), value.clone())));
        let own = |value: String| match token {
            Some(token) => value.replace(RECORDED_TOKEN, token),
            None => value,
        };
        let headers = headers.into_iter().filter_map(|(name, value)| Some((name.to_owned(), own(value?)))).collect();
        Request { method: self.method.clone(), path: self.path.clone(), headers, body: self.request_body(ids) }
    }

    fn request_body(&self, ids: &Ids) -> Bytes {
        if let Some(bytes) = self.request_b64.as_ref().and_then(|text| base64::decode(text).ok()) {
            return Bytes::from(bytes);
        }
        let text = match (&self.request_raw, &self.request) {
            (Some(text), _) => text.clone(),
            (None, Some(json)) => self.exact(json.get()).unwrap_or_else(|| spaced(json.get())),
            (None, None) => String::new(),
        };
        Bytes::from(ids.translated(&text))
    }

    /// The text that was sent, where the recording keeps it as it stood: recordings of v1 do, when it is no object.
    fn exact(&self, json: &str) -> Option<String> {
        let is_v1 = self.path.starts_with("/v1/");
        is_v1.then(|| serde_json::from_str(json).ok()).flatten()
    }

    /// The request, where it is JSON.
    pub(super) fn request_json(&self) -> Option<Value> {
        serde_json::from_str(self.request.as_ref()?.get()).ok()
    }

    /// What is at `data` in the answer.
    pub(super) fn data(&self) -> Option<&Value> {
        self.body.as_ref()?.get("data")
    }

    /// Whether the answer lists names of what there is on the server.
    fn lists_names(&self) -> bool {
        matches!(self.operation(), "collections/list" | "users/list" | "roles/list" | "/v1/vector/collections")
    }

    /// The names that the answer lists.
    fn listed(&self) -> impl Iterator<Item = &str> {
        let data = self.body.as_ref().filter(|_| self.lists_names()).and_then(|body| body.get("data")?.as_array());
        data.into_iter().flatten().filter_map(Value::as_str)
    }

    /// Takes these names from the list that was answered.
    fn forget(&mut self, names: &BTreeSet<String>) {
        if !self.listed().any(|name| names.contains(name)) {
            return;
        }
        self.body_text = None;
        if let Some(Value::Array(listed)) = self.body.as_mut().and_then(|body| body.get_mut("data")) {
            listed.retain(|name| !name.as_str().is_some_and(|name| names.contains(name)));
        }
    }

    /// Takes all jobs but these from the list that was answered.
    fn forget_jobs(&mut self, made: &BTreeSet<String>) {
        let records = self.body.as_mut().and_then(|body| body.get_mut("data")?.get_mut("records"));
        if let Some(Value::Array(records)) = records {
            let count = records.len();
            records.retain(|job| job["jobId"].as_str().is_none_or(|id| made.contains(id)));
            if records.len() < count {
                self.body_text = None;
            }
        }
    }

    /// The answer as JSON and as text, as far as it was kept.
    pub fn answer(&self) -> (Option<Value>, Option<&str>) {
        match (&self.body, &self.body_raw) {
            (Some(body), _) => (Some(body.clone()), self.body_text.as_deref()),
            (None, Some(raw)) => (serde_json::from_str(raw).ok().filter(Value::is_object), Some(raw)),
            (None, None) => (None, None),
        }
    }

    /// Whether the call is the one before again, made to see whether something has settled. Not all recordings mark it.
    fn repeats(&self, before: &Line) -> bool {
        let body = |line: &Line| line.request.as_ref().map(|json| json.get().to_owned());
        let same = self.path == before.path
            && body(self) == body(before)
            && self.headers == before.headers
            && self.case == before.case;
        let marked = self.poll && before.poll;
        let looks = LOOKS.contains(&self.operation()) && self.poll == before.poll && self.note == before.note;
        same && (marked || looks)
    }
}

/// The requests were sent with a blank after every comma and colon, which some answers show.
fn spaced(json: &str) -> String {
    let mut text = String::with_capacity(json.len() + json.len() / 8);
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

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: &str =
        r#"{"n":1,"server":"milvus-2.6","method":"POST","path":"/v2/vectordb/collections/has","status":200"#;

    fn body(line: &str) -> String {
        let recording = Recording::read(line).unwrap();
        String::from_utf8(recording.lines[0].request(&Ids::default(), None).body.to_vec()).unwrap()
    }

    #[test]
    fn transcripts_of_v1_are_read_as_they_were_sent() {
        let read = |request: &str, response: &str| {
            let text = format!(r#"{{"n":7,"case":"x","server":"noauth","request":{request},"response":{response}}}"#);
            Recording::read(&text).unwrap().lines.remove(0)
        };
        let get = r#"{"method":"GET","path":"/v1/vector/collections","headers":{},"body":null}"#;
        let line = read(get, r#"{"status":200,"headers":{"Content-Type":"a","Date":"b"},"body":"{\"code\":200}"}"#);
        assert_eq!((line.n, line.note.as_str(), line.status), (7, "x", Some(200)));
        assert_eq!(line.answer().0, Some(serde_json::json!({"code": 200})));
        assert_eq!(line.response_headers.len(), 1, "dates and the like say nothing");
        assert_eq!(line.request(&Ids::default(), None).headers[..], [], "what was not sent is not sent");
        let cut = r#"{"method":"POST","path":"/v1/vector/insert","headers":{},"body":"{\"data\":…[cut, 9 chars]"}"#;
        let line = read(cut, r#"{"status":404,"headers":{},"body":"404 page not found"}"#);
        assert!(!line.is_compared());
        assert_eq!(line.answer(), (None, Some("404 page not found")));
    }

    #[test]
    fn what_was_on_the_server_before_is_no_part_of_a_recording() {
        let call = |n: u32, path: &str, rest: &str| {
            format!("{{\"n\":{n},\"method\":\"POST\",\"path\":\"/v2/vectordb/{path}\",\"status\":200,{rest}}}\n")
        };
        let text =
            call(1, "collections/list", r#""request":{},"body":{"code":0,"data":["old","mine"]},"body_text":"x""#)
                + &call(2, "collections/drop", r#""request":{"collectionName":"mine"},"body":{"code":0,"data":{}}"#)
                + &call(3, "users/list", r#""request":{},"body":{"code":0,"data":["root","old"]}"#)
                + &call(4, "jobs/import/create", r#""request":{},"body":{"code":0,"data":{"jobId":"5"}}"#)
                + &call(
                    5,
                    "jobs/import/list",
                    r#""request":{},"body":{"data":{"records":[{"jobId":"4"},{"jobId":"5"}]}}"#,
                );
        let recording = Recording::read(&text).unwrap();
        let data: Vec<&Value> = recording.lines.iter().filter_map(Line::data).collect();
        assert_eq!(data[0], &serde_json::json!(["mine"]));
        assert_eq!(data[2], &serde_json::json!(["root"]));
        assert_eq!(data[4], &serde_json::json!({"records": [{"jobId": "5"}]}));
        assert_eq!(recording.lines[0].body_text, None, "the text has the old names, too");
    }

    #[test]
    fn requests_are_sent_as_they_were() {
        assert_eq!(body(&format!(r#"{CALL},"request":{{"a":[1,"x,\"y:z"]}}}}"#)), r#"{"a": [1, "x,\"y:z"]}"#);
        assert_eq!(body(&format!(r#"{CALL},"request":{{"a":NaN}},"request_raw":"{{\"a\":NaN}}"}}"#)), r#"{"a":NaN}"#);
        assert_eq!(body(&format!(r#"{CALL},"request_raw":"","request_b64":"YQ=="}}"#)), "a");
        assert_eq!(body(&format!("{CALL}}}")), "");
    }

    #[test]
    fn headers_given_as_null_are_not_sent_and_credentials_are_those_of_the_target() {
        let sent = |headers: &str| {
            let text = format!(r#"{CALL},"auth":true,"headers":{headers}}}"#);
            Recording::read(&text).unwrap().lines[0].request(&Ids::default(), Some("me:secret")).headers
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            sent("{}")[..],
            [pair("Authorization", "Bearer me:secret"), pair("Content-Type", "application/json")]
        );
        assert_eq!(
            sent(r#"{"Content-Type":null,"Authorization":"Bearer root:wrong"}"#)[..],
            [pair("Authorization", "Bearer root:wrong")]
        );
    }

    #[test]
    fn calls_that_were_repeated_are_one_step() {
        let line = |rest: &str| format!("{CALL},{rest}}}");
        let text = [
            line(r#""request":{}"#),
            line(r#""request":{},"poll":true"#),
            line(r#""request":{},"poll":true"#),
            line(r#""request":{"a":1},"poll":true"#),
        ];
        assert_eq!(Recording::read(&text.join("\n")).unwrap().steps(), [0..1, 1..3, 3..4]);
    }

    #[test]
    fn what_is_no_recording_is_told_with_its_line() {
        let told = |text: &str| Recording::read(text).unwrap_err().to_string();
        assert_eq!(told(""), "there are no calls in it");
        assert_eq!(told(&format!("{CALL}}}\n{{\"n\":2}}")), "line 2: missing field `method`");
        assert!(told(&format!(r#"{CALL},"request":{{"a":NaN}}}}"#)).contains("request_raw"));
        let other = CALL.replace("2.6", "2.5");
        assert!(told(&format!("{CALL}}}\n{other}}}")).contains("milvus-2.6 and milvus-2.5"));
    }
}
