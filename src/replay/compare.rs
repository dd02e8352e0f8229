//! One answer beside the recorded one.

use super::ids::{self, Ids};
use super::recording::{Line, Trust};
use crate::exchange::Response;
use regex::Regex;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// In what an answer is another than the recorded one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// There is none.
    NoAnswer,
    /// The HTTP status.
    Status,
    /// The code in the body.
    Code,
    /// Keys or types.
    Shape,
    /// Values.
    Data,
    /// The message.
    Message,
    /// A header field.
    Header,
    /// The text of a body whose values are the same: order of keys, escapes, forms of numbers, line ends.
    Text,
}

impl Kind {
    /// All kinds, the gravest first.
    pub const ALL: [Kind; 8] =
        [Kind::NoAnswer, Kind::Status, Kind::Code, Kind::Shape, Kind::Data, Kind::Message, Kind::Header, Kind::Text];

    /// The word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::NoAnswer => "no-answer",
            Kind::Status => "status",
            Kind::Code => "code",
            Kind::Shape => "shape",
            Kind::Data => "data",
            Kind::Message => "message",
            Kind::Header => "header",
            Kind::Text => "text",
        }
    }
}

/// One thing in which an answer is another than the recorded one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// In what.
    pub kind: Kind,
    /// JSON pointer to the first place; the name of a header field; empty for the answer as a whole.
    pub at: String,
    /// What was recorded.
    pub expected: Value,
    /// What came.
    pub actual: Value,
}

/// What was found of one answer.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// In what it is another; empty when it agrees.
    pub differences: Vec<Difference>,
    /// Whether keys and types agree, where the recorded answer is JSON.
    pub shape: Option<bool>,
    /// Whether the values agree, where the recorded answer has any and is to be trusted in them.
    pub data: Option<bool>,
    /// Whether the messages agree, where there is a recorded one that is to be trusted.
    pub message: Option<bool>,
    /// The ids that were paired.
    pub pairs: Ids,
}

impl Judged {
    /// There was no answer, for this reason.
    pub fn unanswered(line: &Line, why: &str) -> Self {
        let mut judged = Self::of(line.answer().0.as_ref(), line.trust == Trust::Full);
        judged.differ(Kind::NoAnswer, "", json!(line.status), json!(why));
        judged
    }

    /// What is counted of a line, with nothing found to agree yet.
    fn of(recorded: Option<&Value>, trusted: bool) -> Self {
        let has_data = recorded.is_some_and(|body| data_of(body) != json!({}));
        let has_message = recorded.and_then(message_of).is_some_and(|message| !message.is_empty());
        Self {
            shape: recorded.map(|_| false),
            data: (has_data && trusted).then_some(false),
            message: (has_message && trusted).then_some(false),
            ..Self::default()
        }
    }

    fn differ(&mut self, kind: Kind, at: &str, expected: Value, actual: Value) {
        self.differences.push(Difference { kind, at: at.to_owned(), expected, actual });
    }

    /// Whether nothing differs.
    pub fn agrees(&self) -> bool {
        self.differences.is_empty()
    }

    /// Whether status and code agree.
    pub fn status_and_code(&self) -> bool {
        self.differences.iter().all(|difference| difference.kind > Kind::Code)
    }
}

/// Compares an answer with the recorded one. `ids` are the pairs so far. With `strict` values are compared also where the
/// recording is to be trusted in form only.
pub fn compare(line: &Line, response: &Response, ids: &Ids, strict: bool) -> Judged {
    let (recorded, text) = line.answer();
    let trusted = line.trust == Trust::Full || strict;
    let mut judged = Judged::of(recorded.as_ref(), trusted);
    let came = String::from_utf8_lossy(&response.body);
    let actual: Option<Value> = serde_json::from_slice(&response.body).ok();
    let mut pairing = Pairing { known: ids, fresh: Ids::default() };
    let messages = recorded.as_ref().and_then(message_of).zip(actual.as_ref().and_then(message_of));
    let same_message = messages.is_none_or(|(expected, came)| pairing.same_text(expected, came));
    judged.message = judged.message.map(|_| messages.is_some() && same_message);

    if line.status != Some(response.status) {
        judged.differ(Kind::Status, "", json!(line.status), json!(response.status));
        return judged;
    }
    let code = |body: Option<&Value>| body.and_then(|body| body.get("code")).cloned();
    let (expected, actual_code) = match &line.body_cut {
        Some(cut) => (code_in(cut).map(Value::from), code_in(&came).map(Value::from)),
        None => (code(recorded.as_ref()), code(actual.as_ref())),
    };
    if expected != actual_code {
        judged.differ(Kind::Code, "/code", expected.unwrap_or_default(), actual_code.unwrap_or_default());
        return judged;
    }
    match (&recorded, &actual) {
        _ if line.body_cut.is_some() => {}
        (Some(recorded), Some(actual)) => {
            if let Some((at, expected, actual)) = other_shape(recorded, actual) {
                judged.differ(Kind::Shape, &at, expected, actual);
            } else {
                judged.shape = Some(true);
                let top = Place::top(is_unordered(line.operation()));
                let found = pairing.other_value(&top, &data_of(recorded), &data_of(actual));
                judged.data = judged.data.map(|_| found.is_none());
                if let Some((at, expected, actual)) = found.filter(|_| trusted) {
                    judged.differ(Kind::Data, &at, expected, actual);
                }
            }
            if let Some((expected, came)) = messages.filter(|_| !same_message && trusted) {
                judged.differ(Kind::Message, "/message", json!(expected), json!(came));
            }
            // What differs in value differs in its text, too, and is told already.
            let text = text.filter(|_| line.trust == Trust::Full && judged.agrees());
            if let Some(expected) = text.filter(|expected| !pairing.same_text(expected, &came)) {
                judged.differ(Kind::Text, "", json!(expected), json!(came));
            }
        }
        (Some(recorded), None) => judged.differ(Kind::Shape, "", recorded.clone(), json!(came)),
        (None, _) => {
            let expected = text.unwrap_or_default();
            if expected != came {
                judged.differ(Kind::Text, "", json!(expected), json!(came));
            }
        }
    }
    for (name, expected) in &line.response_headers {
        let actual = response.header(name);
        if actual != Some(expected) {
            judged.differ(Kind::Header, name, json!(expected), json!(actual));
        }
    }
    judged.pairs = pairing.fresh;
    judged
}

fn message_of(body: &Value) -> Option<&str> {
    body.get("message").and_then(Value::as_str)
}

/// The body without its code and its message.
fn data_of(body: &Value) -> Value {
    let Value::Object(members) = body else { return body.clone() };
    let rest = members.iter().filter(|(key, _)| !matches!(key.as_str(), "code" | "message"));
    rest.map(|(key, value)| (key.clone(), value.clone())).collect::<Map<_, _>>().into()
}

/// The code in the beginning of a body.
fn code_in(text: &str) -> Option<i64> {
    let after = text.split_once("\"code\":")?.1.trim_start();
    let end = after.find(|next: char| next != '-' && !next.is_ascii_digit()).unwrap_or(after.len());
    after[..end].parse().ok()
}

/// Whether the list that the operation answers is in no particular order.
fn is_unordered(operation: &str) -> bool {
    operation.ends_with("/list") || matches!(operation, "users/describe" | "roles/describe" | "/v1/vector/collections")
}

/// Whether nobody can foretell the value of a member.
fn is_unsteady(key: &str, recorded: &Value) -> bool {
    match key {
        "indexState" => recorded != "Finished",
        "loadProgress" => recorded.as_f64().is_some_and(|progress| progress > 0.0 && progress < 100.0),
        _ => UNSTEADY.contains(&key),
    }
}

/// Progress in the background and times.
const UNSTEADY: [&str; 10] = [
    "indexedRows",
    "pendingIndexRows",
    "minIndexVersion",
    "maxIndexVersion",
    "createTime",
    "completeTime",
    "updateTime",
    "createdTime",
    "createdTimestamp",
    "updateTimestamp",
];

/// The kinds of values at one place; lists and objects with what they hold.
#[derive(Default)]
struct Shape<'v> {
    kinds: BTreeMap<&'static str, &'v Value>,
    members: BTreeMap<&'v str, Shape<'v>>,
    items: Option<Box<Shape<'v>>>,
    /// How many items lists have here.
    count: usize,
}

impl<'v> Shape<'v> {
    fn take(&mut self, value: &'v Value) {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(items) => {
                self.count += items.len();
                for item in items {
                    self.items.get_or_insert_default().take(item);
                }
                "array"
            }
            Value::Object(members) => {
                for (key, member) in members {
                    self.members.entry(key).or_default().take(member);
                }
                "object"
            }
        };
        self.kinds.entry(kind).or_insert(value);
    }

    fn names(&self) -> Value {
        json!(self.kinds.keys().collect::<Vec<_>>())
    }

    /// The first place where the other shape is another. Of lists that hold more or fewer items, the keys of these may be
    /// others, since not all items need have them all.
    fn differs(&self, other: &Shape, at: &str, same_keys: bool) -> Option<(String, Value, Value)> {
        let common = self.kinds.keys().any(|kind| other.kinds.contains_key(kind));
        if !common {
            return Some((at.to_owned(), self.names(), other.names()));
        }
        let both_objects = self.kinds.contains_key("object") && other.kinds.contains_key("object");
        if same_keys && both_objects && !self.members.keys().eq(other.members.keys()) {
            let (expected, actual): (Vec<_>, Vec<_>) = (self.members.keys().collect(), other.members.keys().collect());
            return Some((at.to_owned(), json!(expected), json!(actual)));
        }
        let mut members = self.members.iter().filter(|_| both_objects);
        let same_count = same_keys && self.count == other.count;
        members
            .find_map(|(key, shape)| shape.differs(other.members.get(key)?, &format!("{at}/{key}"), same_keys))
            .or_else(|| self.items.as_ref()?.differs(other.items.as_ref()?, &format!("{at}/*"), same_count))
    }
}

/// The first place where two bodies have other keys or types. The items of a list count together, and an empty list is
/// like any other.
fn other_shape(recorded: &Value, actual: &Value) -> Option<(String, Value, Value)> {
    let (mut expected, mut came) = (Shape::default(), Shape::default());
    expected.take(recorded);
    came.take(actual);
    expected.differs(&came, "", true)
}

/// A place in a body.
struct Place<'p> {
    pointer: String,
    key: Option<&'p str>,
    /// The list here, or at `data` below, is in no particular order.
    unordered: bool,
}

impl<'p> Place<'p> {
    fn top(unordered: bool) -> Self {
        Place { pointer: String::new(), key: None, unordered }
    }

    fn member(&self, key: &'p str) -> Self {
        Place {
            pointer: format!("{}/{key}", self.pointer),
            key: Some(key),
            unordered: self.unordered && self.pointer.is_empty() && key == "data",
        }
    }

    fn item(&self, index: usize) -> Self {
        Place { pointer: format!("{}/{index}", self.pointer), key: self.key, unordered: false }
    }

    /// Whether the list here is made of a map or a set.
    fn is_unordered(&self, items: &[Value]) -> bool {
        let keyed = |item: &Value| item.get("key").is_some();
        self.unordered
            || matches!(
                self.key,
                Some("aliases" | "details" | "indexParams" | "privileges" | "properties" | "records" | "roles")
            )
            || !items.is_empty() && items.iter().all(keyed)
    }
}

struct Pairing<'i> {
    known: &'i Ids,
    fresh: Ids,
}

static MISSING: LazyLock<Regex> = LazyLock::new(|| pattern(r"collection not found\[.*\]"));
static CHANNEL: LazyLock<Regex> = LazyLock::new(|| pattern(r"for channel \S+:"));

fn pattern(text: &str) -> Regex {
    #[expect(clippy::expect_used, reason = "the patterns stand in this file")]
    Regex::new(text).expect("a well-formed pattern")
}

/// A message without what changes with the state of caches: after a drop it may name the collection by its former id,
/// and channels are numbered as they come. Files of imports are told with one blank or two, by the build of the server.
fn steady(text: &str) -> String {
    let text = MISSING.replace(text, "collection not found[..]").replace("  paths:", " paths:");
    CHANNEL.replace(&text, "for channel ..:").into_owned()
}

impl Pairing<'_> {
    fn pair(&mut self, recorded: &str, target: &str) -> bool {
        match (self.known.of_target(recorded), self.known.of_recording(target)) {
            (Some(known), _) => known == target,
            (None, Some(_)) => false,
            (None, None) => self.fresh.pair(recorded, target),
        }
    }

    fn same_text(&mut self, recorded: &str, actual: &str) -> bool {
        let (recorded, actual) = (steady(recorded), steady(actual));
        let mut rest = actual.as_str();
        let mut end = 0;
        for found in ids::find(&recorded) {
            let Some(after) = rest.strip_prefix(&recorded[end..found.start()]) else { return false };
            let length = after.find(|next: char| !next.is_ascii_digit()).unwrap_or(after.len());
            let (id, after) = after.split_at(length);
            if id.is_empty() || !self.pair(found.as_str(), id) {
                return false;
            }
            rest = after;
            end = found.end();
        }
        rest == &recorded[end..]
    }

    /// The first place where the values are others.
    fn other_value(&mut self, place: &Place, recorded: &Value, actual: &Value) -> Option<(String, Value, Value)> {
        let here = || Some((place.pointer.clone(), recorded.clone(), actual.clone()));
        match (recorded, actual) {
            (_, _) if place.key.is_some_and(|key| is_unsteady(key, recorded)) => None,
            (Value::String(expected), Value::String(came)) => {
                let in_one_order = |text: &str| text.split(',').map(str::to_owned).collect::<BTreeSet<_>>();
                let only_in_order = place.key == Some("privileges") && in_one_order(expected) == in_one_order(came);
                if only_in_order || self.same_text(expected, came) { None } else { here() }
            }
            (Value::Number(expected), Value::Number(came)) => {
                let (expected, came) = (expected.to_string(), came.to_string());
                let whole = came.bytes().all(|byte| byte.is_ascii_digit());
                let same = if ids::is_id(&expected) && whole {
                    self.pair(&expected, &came)
                } else {
                    expected == came || same_number(&expected, &came)
                };
                if same { None } else { here() }
            }
            (Value::Array(expected), Value::Array(came)) if expected.len() == came.len() => {
                let unordered = place.is_unordered(expected);
                let (expected, came) = if unordered {
                    (self.sorted(expected, true), self.sorted(came, false))
                } else {
                    (expected.iter().collect(), came.iter().collect())
                };
                let mut pairs = expected.into_iter().zip(came).enumerate();
                pairs.find_map(|(index, (expected, came))| self.other_value(&place.item(index), expected, came))
            }
            (Value::Object(expected), Value::Object(came)) if expected.keys().eq(came.keys()) => {
                let mut members = expected.iter().zip(came.values());
                members.find_map(|((key, expected), came)| self.other_value(&place.member(key), expected, came))
            }
            _ if recorded == actual => None,
            _ => here(),
        }
    }

    /// The items in an order that does not hang on ids not yet paired.
    fn sorted<'v>(&self, items: &'v [Value], recorded: bool) -> Vec<&'v Value> {
        let mut items: Vec<&Value> = items.iter().collect();
        items.sort_by_cached_key(|item| {
            let text = if recorded { self.known.translated(&item.to_string()) } else { item.to_string() };
            let mut made = String::with_capacity(text.len());
            let mut rest = text.as_str();
            while let Some(at) = rest.find(|next: char| next.is_ascii_digit()) {
                made.push_str(&rest[..at]);
                let length = rest[at..].find(|next: char| !next.is_ascii_digit()).unwrap_or(rest.len() - at);
                let digits = &rest[at..at + length];
                let paired = self.known.of_recording(digits).is_some();
                made.push_str(if length < LONG || paired { digits } else { "#" });
                rest = &rest[at + length..];
            }
            made + rest
        });
        items
    }
}

/// Digits of this number and more are ids where nothing else is known of them.
const LONG: usize = 15;

/// Whether two texts are the same number: `1` and `1.0`. Whole numbers are compared to the last digit.
fn same_number(expected: &str, came: &str) -> bool {
    let whole = |text: &str| text.parse::<i128>().is_ok();
    if whole(expected) && whole(came) {
        return false;
    }
    let (expected, came) = (expected.parse::<f64>(), came.parse::<f64>());
    matches!((expected, came), (Ok(expected), Ok(came)) if expected.partial_cmp(&came) == Some(Ordering::Equal))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::Recording;
    use bytes::Bytes;

    fn line(rest: &str) -> Line {
        let text = format!(r#"{{"n":1,"method":"POST","path":"/v2/vectordb/partitions/list","status":200,{rest}}}"#);
        Recording::read(&text).unwrap().lines.remove(0)
    }

    fn answer(status: u16, body: &str) -> Response {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Response { status, headers: headers.into(), body: Bytes::from(body.to_owned()) }
    }

    fn kinds(rest: &str, status: u16, body: &str) -> Vec<Kind> {
        let judged = compare(&line(rest), &answer(status, body), &Ids::default(), false);
        judged.differences.iter().map(|difference| difference.kind).collect()
    }

    #[test]
    fn what_differs_is_named() {
        let recorded = r#""body":{"code":0,"data":{"a":1,"b":["x"]}}"#;
        let told = |status, body| kinds(recorded, status, body);
        assert_eq!(told(200, r#"{"data":{"b":["x"],"a":1.0},"code":0}"#), []);
        assert_eq!(told(404, "404 page not found"), [Kind::Status]);
        assert_eq!(told(200, "no JSON"), [Kind::Code]);
        assert_eq!(told(200, r#"{"code":100,"message":"m"}"#), [Kind::Code]);
        assert_eq!(told(200, r#"{"code":0,"data":{"a":"1","b":["x"]}}"#), [Kind::Shape]);
        assert_eq!(told(200, r#"{"code":0,"data":{"a":1}}"#), [Kind::Shape]);
        assert_eq!(told(200, r#"{"code":0,"data":{"a":1,"b":["x"]},"cost":0}"#), [Kind::Shape]);
        assert_eq!(told(200, r#"{"code":0,"data":{"a":2,"b":["x"]}}"#), [Kind::Data]);
        assert_eq!(told(200, r#"{"code":0,"data":{"a":1,"b":[]}}"#), [Kind::Data]);
        let refused = r#""body":{"code":100,"message":"no such thing"},"response_headers":{"content-type":"x"}"#;
        assert_eq!(kinds(refused, 200, r#"{"code":100,"message":"none"}"#), [Kind::Message, Kind::Header]);
        assert_eq!(kinds(r#""body_raw":"404 page""#, 200, "404 pages"), [Kind::Text]);
        let exact = r#""body":{"code":0,"data":1},"body_text":"{\"data\":1,\"code\":0}""#;
        assert_eq!(kinds(exact, 200, r#"{"code":0,"data":1}"#), [Kind::Text]);
        assert_eq!(kinds(r#""body_cut":"{\"code\":0,\"da""#, 200, r#"{"code":100}"#), [Kind::Code]);
    }

    #[test]
    fn whole_numbers_are_compared_to_the_last_digit() {
        let recorded = r#""body":{"code":0,"data":9007199254740993}"#;
        assert_eq!(kinds(recorded, 200, r#"{"code":0,"data":9007199254740992}"#), [Kind::Data]);
    }

    #[test]
    fn values_are_not_compared_where_only_the_form_is_trusted() {
        let recorded = r#""trust":"form","body":{"code":0,"data":[{"id":1}]}"#;
        assert_eq!(kinds(recorded, 200, r#"{"code":0,"data":[{"id":2},{"id":3}]}"#), []);
        assert_eq!(kinds(recorded, 200, r#"{"code":0,"data":[{"key":2}]}"#), [Kind::Shape]);
        assert_eq!(kinds(recorded, 200, r#"{"code":0,"data":[{"id":"2"},{"a":3}]}"#), [Kind::Shape]);
        let strict = compare(&line(recorded), &answer(200, r#"{"code":0,"data":[{"id":2}]}"#), &Ids::default(), true);
        assert_eq!(strict.differences[0].kind, Kind::Data);
    }

    #[test]
    fn ids_keep_their_identity() {
        let text = |ids: [u64; 3]| {
            format!(r#"{{"code":0,"data":{{"a":{},"b":["{}"],"c":"of [{}]."}}}}"#, ids[0], ids[1], ids[2])
        };
        let recorded =
            format!(r#""body":{}"#, text([460_000_000_000_000_001, 460_000_000_000_000_001, 460_000_000_000_000_002]));
        assert_eq!(kinds(&recorded, 200, &text([7, 7, 8])), []);
        assert_eq!(kinds(&recorded, 200, &text([7, 8, 8])), [Kind::Data]);
        assert_eq!(kinds(&recorded, 200, &text([7, 7, 7])), [Kind::Data]);
        let judged = compare(&line(&recorded), &answer(200, &text([7, 7, 8])), &Ids::default(), false);
        assert_eq!(judged.pairs.of_target("460000000000000002"), Some("8"));
        let again = compare(&line(&recorded), &answer(200, &text([8, 8, 7])), &judged.pairs, false);
        assert_eq!(again.differences[0].at, "/data/a");
    }

    #[test]
    fn lists_made_of_maps_come_in_any_order_and_others_do_not() {
        assert_eq!(kinds(r#""body":{"code":0,"data":["a","b"]}"#, 200, r#"{"code":0,"data":["b","a"]}"#), []);
        let recorded = r#""body":{"code":0,"data":{"p":[{"key":"a"},{"key":"b"}],"ids":["a","b"]}}"#;
        assert_eq!(kinds(recorded, 200, r#"{"code":0,"data":{"p":[{"key":"b"},{"key":"a"}],"ids":["a","b"]}}"#), []);
        let other = r#"{"code":0,"data":{"p":[{"key":"a"},{"key":"b"}],"ids":["b","a"]}}"#;
        assert_eq!(kinds(recorded, 200, other), [Kind::Data]);
    }

    #[test]
    fn what_is_counted_hangs_on_what_was_recorded() {
        let of = |rest: &str| {
            let judged = compare(&line(rest), &answer(404, "404"), &Ids::default(), false);
            (judged.shape, judged.data, judged.message)
        };
        assert_eq!(of(r#""body":{"code":0,"data":{}}"#), (Some(false), Some(false), None));
        assert_eq!(of(r#""body":{"code":1,"message":"m"}"#), (Some(false), None, Some(false)));
        assert_eq!(of(r#""trust":"form","body":{"code":1,"message":"m"}"#), (Some(false), None, None));
        assert_eq!(of(r#""body_raw":"no JSON""#), (None, None, None));
    }
}
