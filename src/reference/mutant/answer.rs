//! Defects that the answers of any operation may have.

use super::{Kind, empty, is_failure, is_success, json_answer, parsed, rewritten, without_route};
use crate::contract::{Contract, Operation, automatic};
use crate::exchange::{Fields, Response};
use bytes::Bytes;
use serde_json::{Value, json};

/// The answers that a defect is found in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum On {
    All,
    Successes,
    Failures,
}

/// A defect of answers.
#[derive(Debug)]
pub(super) struct Defect {
    pub(super) id: &'static str,
    /// What is wrong, as the second half of a sentence.
    pub(super) about: &'static str,
    on: On,
    violates: Violates,
    spoil: fn(&Response, Value) -> Response,
}

/// The rule that a defect breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Violates {
    /// One of those that hold for every answer.
    Every(&'static str),
    /// The schema of the operation's successes.
    Response,
    /// The form of the operation's failures.
    Failure,
}

/// Every defect of answers.
pub(super) const DEFECTS: &[Defect] = &[
    defect("fails-always", "every call fails", On::All, RESPONSE, |_, _| {
        json_answer(200, &json!({"code": 65535, "message": "broken on purpose"}))
    }),
    defect("route-missing", "there is no such route", On::All, RESPONSE, |_, _| without_route()),
    defect("html", "the content type is text/html", On::All, Violates::Every(automatic::CONTENT_TYPE), |answer, _| {
        Response { headers: vec![("content-type".to_owned(), "text/html".to_owned())].into(), ..answer.clone() }
    }),
    defect(
        "no-content-type",
        "there is no content type",
        On::All,
        Violates::Every(automatic::CONTENT_TYPE),
        |answer, _| Response { headers: Fields::default(), ..answer.clone() },
    ),
    defect("not-json", "the body is not JSON", On::All, Violates::Every(automatic::JSON), |answer, _| {
        text(answer, "done")
    }),
    defect("empty-body", "the body is empty", On::All, Violates::Every(automatic::JSON), |answer, _| text(answer, "")),
    defect("list-body", "the body is a list", On::All, Violates::Every(automatic::JSON), |answer, body| {
        rewritten(answer, &json!([body]))
    }),
    defect(
        "two-values",
        "the body holds two JSON values",
        On::All,
        Violates::Every(automatic::JSON),
        |answer, body| text(answer, &format!("{body}{body}")),
    ),
    defect("doubled-key", "a key stands twice", On::All, Violates::Every(automatic::JSON), |answer, body| {
        text(answer, &body.to_string().replacen('{', r#"{"code":0,"#, 1))
    }),
    defect(
        "trailing-text",
        "text follows the JSON value",
        On::All,
        Violates::Every(automatic::JSON),
        |answer, body| text(answer, &format!("{body} and more")),
    ),
    defect(
        "byte-order-mark",
        "a byte order mark stands first",
        On::All,
        Violates::Every(automatic::JSON),
        |answer, body| text(answer, &format!("\u{feff}{body}")),
    ),
    defect(
        EXTRA_ID,
        "successes have a property that no document names",
        On::Successes,
        RESPONSE,
        |answer, mut body| {
            match body.get_mut("data") {
                Some(Value::Object(data)) => drop(data.insert(EXTRA[1..].to_owned(), json!(1))),
                _ => body[&EXTRA[1..]] = json!(1),
            }
            rewritten(answer, &body)
        },
    ),
    defect("status-500", "the HTTP status is 500", On::All, Violates::Every(automatic::STATUS), |answer, _| {
        status(answer, 500)
    }),
    defect(
        "success-status-201",
        "successes come with HTTP 201",
        On::Successes,
        Violates::Every(automatic::STATUS),
        |answer, _| status(answer, 201),
    ),
    defect(
        "success-status-500",
        "successes come with HTTP 500",
        On::Successes,
        Violates::Every(automatic::STATUS),
        |answer, _| status(answer, 500),
    ),
    defect(
        "failure-status-400",
        "failures come with HTTP 400",
        On::Failures,
        Violates::Every(automatic::STATUS),
        |answer, _| status(answer, 400),
    ),
    defect(
        "failure-status-500",
        "failures come with HTTP 500",
        On::Failures,
        Violates::Every(automatic::STATUS),
        |answer, _| status(answer, 500),
    ),
    defect("failure-is-404", "failures are bare 404s", On::Failures, FAILURE, |_, _| without_route()),
    defect("code-text", "`code` is text", On::All, Violates::Every(automatic::SHAPE), |answer, body| {
        let code = Value::String(body["code"].to_string());
        with(answer, body, "code", code)
    }),
    defect("code-missing", "`code` is missing", On::All, Violates::Every(automatic::SHAPE), |answer, body| {
        lacking(answer, body, "code")
    }),
    defect("code-fraction", "`code` is 0.5", On::All, Violates::Every(automatic::SHAPE), |answer, body| {
        with(answer, body, "code", json!(0.5))
    }),
    defect(
        "success-code-7",
        "successes have the code 7",
        On::Successes,
        Violates::Every(automatic::SUCCESS_CODE),
        |answer, body| with(answer, body, "code", json!(7)),
    ),
    defect(
        "success-code-200-bare",
        "successes have the code 200 and a message only",
        On::Successes,
        Violates::Every(automatic::SUCCESS_CODE),
        |answer, _| rewritten(answer, &json!({"code": 200, "message": "success"})),
    ),
    defect(
        "data-missing",
        "successes lack `data`",
        On::Successes,
        Violates::Every(automatic::SHAPE),
        |answer, body| lacking(answer, body, "data"),
    ),
    defect("data-null", "`data` is null", On::Successes, RESPONSE, |answer, body| {
        with(answer, body, "data", Value::Null)
    }),
    defect("data-text", "`data` is text", On::Successes, RESPONSE, |answer, body| {
        with(answer, body, "data", json!("done"))
    }),
    defect(
        "data-other-kind",
        "`data` is a list for an object and the other way round",
        On::Successes,
        RESPONSE,
        |answer, body| {
            let other = if body["data"].is_array() { empty() } else { json!([]) };
            with(answer, body, "data", other)
        },
    ),
    defect(
        "message-missing",
        "failures lack `message`",
        On::Failures,
        Violates::Every(automatic::SHAPE),
        |answer, body| lacking(answer, body, "message"),
    ),
    defect(
        "message-number",
        "`message` of failures is a number",
        On::Failures,
        Violates::Every(automatic::SHAPE),
        |answer, body| with(answer, body, "message", json!(42)),
    ),
    defect("failure-code-0", "failures have the code 0", On::Failures, FAILURE, |answer, body| {
        with(answer, body, "code", json!(0))
    }),
    defect("failure-code-4711", "failures have a code that nobody knows", On::Failures, FAILURE, |answer, body| {
        with(answer, body, "code", json!(4711))
    }),
    defect("failure-message-blank", "failures say nothing", On::Failures, FAILURE, |answer, body| {
        with(answer, body, "message", json!(""))
    }),
    defect("failure-is-success", "failures are answered as successes", On::Failures, FAILURE, |_, _| {
        json_answer(200, &json!({"code": 0, "data": {}}))
    }),
];

const RESPONSE: Violates = Violates::Response;
const FAILURE: Violates = Violates::Failure;

/// What the property is called that answers have too many, and the defect that adds it.
pub(super) const EXTRA: &str = "/neverHeardOf";
pub(super) const EXTRA_ID: &str = "extra-key";

const fn defect(
    id: &'static str,
    about: &'static str,
    on: On,
    violates: Violates,
    spoil: fn(&Response, Value) -> Response,
) -> Defect {
    Defect { id, about, on, violates, spoil }
}

impl Defect {
    /// The kind of the defect, and the requirement that an operation with it does not honour.
    pub(super) fn violates(&self, operation: &Operation) -> (Kind, String) {
        match self.violates {
            Violates::Every(id) if self.on == On::Failures => (Kind::Error, id.to_owned()),
            Violates::Every(id) => (Kind::Envelope, id.to_owned()),
            Violates::Response => (Kind::Payload, automatic::response(&operation.name)),
            Violates::Failure => {
                let first = operation.file.errors.first().map(|id| automatic::failure(id));
                (Kind::Error, first.unwrap_or_else(|| automatic::SHAPE.to_owned()))
            }
        }
    }

    /// The spoilt answer; `None` when the defect is not of this kind of answer.
    pub(super) fn spoil(&self, honest: &Response) -> Option<Response> {
        let body = parsed(honest);
        let concerned = match self.on {
            On::All => body.is_object(),
            On::Successes => is_success(&body),
            On::Failures => is_failure(&body),
        };
        concerned.then(|| (self.spoil)(honest, body))
    }
}

fn text(answer: &Response, text: &str) -> Response {
    Response { body: Bytes::from(text.to_owned()), ..answer.clone() }
}

fn status(answer: &Response, status: u16) -> Response {
    Response { status, ..answer.clone() }
}

fn with(answer: &Response, mut body: Value, key: &str, value: Value) -> Response {
    body[key] = value;
    rewritten(answer, &body)
}

fn lacking(answer: &Response, mut body: Value, key: &str) -> Response {
    if let Some(keys) = body.as_object_mut() {
        keys.remove(key);
    }
    rewritten(answer, &body)
}

/// A defect of one key in `data`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyDefect {
    Missing,
    Renamed,
    Null,
    WrongType,
}

impl KeyDefect {
    pub(super) const ALL: [KeyDefect; 4] =
        [KeyDefect::Missing, KeyDefect::Renamed, KeyDefect::Null, KeyDefect::WrongType];

    pub(super) fn word(self) -> &'static str {
        match self {
            KeyDefect::Missing => "missing",
            KeyDefect::Renamed => "renamed",
            KeyDefect::Null => "null",
            KeyDefect::WrongType => "of-another-type",
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            KeyDefect::Missing => "is missing",
            KeyDefect::Renamed => "has another name",
            KeyDefect::Null => "is null",
            KeyDefect::WrongType => "is of another type",
        }
    }

    /// The spoilt answer; `None` when the answer has no such key.
    pub(super) fn spoil(self, key: &str, honest: &Response) -> Option<Response> {
        let mut body = parsed(honest);
        if !is_success(&body) {
            return None;
        }
        let data = body.get_mut("data")?;
        let objects = match data {
            Value::Array(items) => items.iter_mut().collect(),
            other => vec![other],
        };
        let mut struck = false;
        for object in objects.into_iter().filter_map(Value::as_object_mut) {
            let Some(value) = object.get_mut(key) else { continue };
            struck = true;
            match self {
                KeyDefect::Missing => drop(object.remove(key)),
                KeyDefect::Renamed => {
                    let kept = value.take();
                    object.remove(key);
                    object.insert(format!("{key}Too"), kept);
                }
                KeyDefect::Null => *value = Value::Null,
                KeyDefect::WrongType => *value = of_another_type(value),
            }
        }
        struck.then(|| rewritten(honest, &body))
    }
}

fn of_another_type(value: &Value) -> Value {
    if value.is_object() { json!("text") } else { json!({"of": "another type"}) }
}

/// The keys that the response schema of an operation gives `data`, or the items of it.
pub(super) fn keys(contract: &Contract, operation: &str) -> Vec<String> {
    let path = format!("operations/{operation}.response.schema.json");
    let schema = contract.tree().file(&path).and_then(|file| serde_json::from_str::<Value>(&file.text).ok());
    let data = schema.as_ref().and_then(|schema| schema.pointer("/$defs/success/properties/data"));
    let places = ["/properties", "/items/properties"].into_iter();
    let objects = places.filter_map(|place| data?.pointer(place)?.as_object());
    objects.flat_map(|keys| keys.keys().cloned()).collect()
}
