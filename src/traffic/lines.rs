//! Traffic as JSON lines: one object a call, with the answer's parts beside those of the request or below `response`.

use super::read::{Ended, Unreadable};
use super::{Call, LeftOut};
use crate::base64;
use crate::exchange::{Fields, Request};
use crate::replay::{Trust, without_odd_numbers};
use bytes::Bytes;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::io::BufRead;

/// Header fields; one given as null was not sent.
type Headers = BTreeMap<String, Option<String>>;

/// A line, in either form.
#[derive(Deserialize)]
struct Line {
    server: Option<String>,
    method: Option<String>,
    path: Option<String>,
    headers: Option<Headers>,
    request: Option<Box<RawValue>>,
    request_raw: Option<String>,
    request_b64: Option<String>,
    status: Option<u16>,
    response_headers: Option<Headers>,
    /// The raw text, so that a doubled key stays one.
    #[serde(default, deserialize_with = "present")]
    body: Option<Box<RawValue>>,
    body_raw: Option<String>,
    body_text: Option<String>,
    body_cut: Option<IgnoredAny>,
    #[serde(default)]
    body_truncated: bool,
    /// `false`, or a word for what is shown instead.
    status_shown: Option<Value>,
    body_shown: Option<Value>,
    #[serde(default)]
    trust: Trust,
    response: Option<Response>,
    raw_request: Option<IgnoredAny>,
}

/// The request of a line that has a `response`.
#[derive(Deserialize)]
struct Sent {
    method: String,
    path: String,
    headers: Option<Headers>,
    #[serde(default, deserialize_with = "present")]
    body: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Response {
    status: Option<u16>,
    headers: Option<Headers>,
    #[serde(default, deserialize_with = "present")]
    body: Option<Box<RawValue>>,
}

/// Tells `null` from nothing.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(deserializer).map(Some)
}

pub(super) fn each<E>(mut input: impl BufRead, mut take: impl FnMut(Call) -> Result<(), E>) -> Result<(), Ended<E>> {
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        let read = input.read_until(b'\n', &mut text).map_err(|error| Ended::Unreadable(error.into()))?;
        if read == 0 {
            break;
        }
        if !text.trim_ascii().is_empty() {
            let call = call(line, &text).map_err(|why| Ended::Unreadable(Unreadable::Line { line, why }))?;
            take(call).map_err(Ended::Taken)?;
        }
    }
    Ok(())
}

fn call(place: u64, text: &[u8]) -> Result<Call, String> {
    let told = |error: serde_json::Error| {
        let text = error.to_string();
        text.rsplit_once(" at line ").map_or(text.clone(), |(why, _)| why.to_owned())
    };
    let line: Line = serde_json::from_slice(text).or_else(|error| {
        // A request that is no JSON on purpose may stand there nevertheless.
        let text = without_odd_numbers(&String::from_utf8_lossy(text));
        serde_json::from_str(&text).map_err(|_| told(error))
    })?;
    if line.raw_request.is_some() {
        return Ok(line.raw(place));
    }
    match line.response {
        Some(_) => line.nested(place).map_err(told),
        None => line.flat(place),
    }
}

impl Line {
    fn flat(self, place: u64) -> Result<Call, String> {
        let method = self.method.clone().ok_or("missing field `method`")?;
        let body = match (&self.request_raw, &self.request_b64, &self.request) {
            (_, Some(encoded), _) => Bytes::from(base64::decode(encoded).unwrap_or_default()),
            (Some(text), ..) => Bytes::from(text.clone()),
            (None, None, Some(json)) => Bytes::from(json.get().to_owned()),
            (None, None, None) => Bytes::new(),
        };
        let shown = is_shown(self.body_shown.as_ref()) && !self.body_truncated && self.body_cut.is_none();
        let answer = match (&self.body_text, &self.body_raw, &self.body) {
            (Some(text), ..) | (None, Some(text), _) => Some(text.clone()),
            (None, None, Some(json)) => Some(json.get().to_owned()),
            (None, None, None) => None,
        };
        let answer = answer.filter(|_| shown).map(Bytes::from);
        let left_out = if self.path.is_none() {
            Some(LeftOut::NoPath)
        } else if self.trust == Trust::None {
            Some(LeftOut::NotTrusted)
        } else if self.status.is_none() && is_shown(self.status_shown.as_ref()) {
            Some(LeftOut::NoAnswer)
        } else if answer.is_none() {
            Some(LeftOut::NoBody)
        } else {
            None
        };
        Ok(Call {
            place,
            server: self.server,
            request: Request {
                method,
                path: self.path.unwrap_or_default(),
                headers: fields(self.headers.unwrap_or_default()).into(),
                body,
            },
            status: self.status,
            headers: self.response_headers.map(fields).filter(|headers| declares(headers)),
            body: answer,
            trust: self.trust,
            left_out,
        })
    }

    fn nested(self, place: u64) -> Result<Call, serde_json::Error> {
        let request = self.request.as_deref().map_or("null", RawValue::get);
        let sent: Sent = serde_json::from_str(request)?;
        let Some(answer) = self.response else { return Ok(Self::raw(self, place)) };
        let text = |body: Option<Box<RawValue>>| {
            let body = body?;
            // A text is the body as it came; anything else is the body read as JSON.
            Some(serde_json::from_str::<String>(body.get()).unwrap_or_else(|_| body.get().to_owned()))
        };
        let body = text(answer.body).filter(|body| body != "null" && !is_cut(body)).map(Bytes::from);
        let left_out = match (answer.status, &body, self.trust) {
            (_, _, Trust::None) => Some(LeftOut::NotTrusted),
            (None, ..) => Some(LeftOut::NoAnswer),
            (_, None, _) => Some(LeftOut::NoBody),
            _ => None,
        };
        Ok(Call {
            place,
            server: self.server,
            request: Request {
                method: sent.method,
                path: sent.path,
                headers: fields(sent.headers.unwrap_or_default()).into(),
                body: text(sent.body).map(Bytes::from).unwrap_or_default(),
            },
            status: answer.status,
            headers: answer.headers.map(fields).filter(|headers| declares(headers)),
            body,
            trust: self.trust,
            left_out,
        })
    }

    fn raw(self, place: u64) -> Call {
        let request =
            Request { method: String::new(), path: String::new(), headers: Fields::default(), body: Bytes::new() };
        Call {
            place,
            server: self.server,
            request,
            status: None,
            headers: None,
            body: None,
            trust: self.trust,
            left_out: Some(LeftOut::Raw),
        }
    }
}

fn is_shown(mark: Option<&Value>) -> bool {
    mark.is_none_or(|mark| *mark == Value::Bool(true))
}

fn fields(headers: Headers) -> Vec<(String, String)> {
    headers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// Whether the recording kept how the answer is declared. Recorders keep some header fields and drop others, so that one
/// that is not there says nothing of the server.
fn declares(headers: &[(String, String)]) -> bool {
    headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
}

/// Whether a recorder says at the end of a text that it left out the rest.
fn is_cut(text: &str) -> bool {
    text.ends_with(" chars]") && text.rfind("…[cut, ").is_some_and(|at| text.len() - at < 40)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Call {
        call(7, text.as_bytes()).unwrap()
    }

    const CALL: &str = r#"{"method":"POST","path":"/v2/vectordb/collections/has""#;

    #[test]
    fn the_text_of_an_answer_is_kept_as_it_stands() {
        let body = |rest: &str| {
            let call = read(&format!(r#"{CALL},"status":200,{rest}}}"#));
            assert_eq!((call.place, call.left_out), (7, None));
            String::from_utf8(call.body.unwrap().to_vec()).unwrap()
        };
        assert_eq!(body(r#""body":{"code":0, "code":1}"#), r#"{"code":0, "code":1}"#);
        assert_eq!(body(r#""body":null"#), "null");
        assert_eq!(body(r#""body_raw":"404 page not found""#), "404 page not found");
        assert_eq!(body(r#""body":{"code":0},"body_text":"{\"code\":0}\n""#), "{\"code\":0}\n");
    }

    #[test]
    fn what_is_not_shown_is_left_out_with_its_reason() {
        let why = |line: &str| read(line).left_out;
        assert_eq!(why(&format!(r#"{CALL},"status":null}}"#)), Some(LeftOut::NoAnswer));
        assert_eq!(why(&format!(r#"{CALL},"status":200}}"#)), Some(LeftOut::NoBody));
        assert_eq!(why(&format!(r#"{CALL},"status":200,"body_cut":"{{"}}"#)), Some(LeftOut::NoBody));
        assert_eq!(why(&format!(r#"{CALL},"status":200,"body":null,"body_shown":false}}"#)), Some(LeftOut::NoBody));
        assert_eq!(why(&format!(r#"{CALL},"status":200,"body":null,"body_truncated":true}}"#)), Some(LeftOut::NoBody));
        assert_eq!(why(&format!(r#"{CALL},"status":200,"body":{{}},"trust":"none"}}"#)), Some(LeftOut::NotTrusted));
        assert_eq!(why(r#"{"method":"POST","path":null,"status":200,"body":{}}"#), Some(LeftOut::NoPath));
        assert_eq!(why(r#"{"raw_request":"hello","raw_response":""}"#), Some(LeftOut::Raw));
        let status = read(&format!(r#"{CALL},"status":null,"status_shown":false,"body":{{"code":0}}}}"#));
        assert_eq!((status.status, status.left_out), (None, None));
    }

    #[test]
    fn an_answer_may_stand_below_its_own_key() {
        let call = read(
            r#"{"n":1,"server":"2.3.5","request":{"method":"GET","path":"/v1/vector/collections","headers":{},"body":null},
            "response":{"status":200,"headers":{"Content-Type":"application/json"},"body":"{\"code\":200,\"data\":[]}"}}"#,
        );
        assert_eq!((call.request.method.as_str(), call.status), ("GET", Some(200)));
        assert_eq!(call.body.as_deref(), Some(&br#"{"code":200,"data":[]}"#[..]));
        assert!(call.headers.is_some());
        let cut = read(
            r#"{"request":{"method":"GET","path":"/"},"response":{"status":200,"body":"aaa…[cut, 5000136 chars]"}}"#,
        );
        assert_eq!(cut.left_out, Some(LeftOut::NoBody));
    }

    #[test]
    fn headers_that_say_nothing_of_the_kind_of_answer_are_as_good_as_none() {
        let kept = |headers: &str| read(&format!(r#"{CALL},"status":200,"body":{{}},"response_headers":{headers}}}"#));
        assert!(kept("{}").headers.is_none());
        assert!(kept(r#"{"date":"today"}"#).headers.is_none());
        assert!(kept(r#"{"Content-Type":"text/html"}"#).headers.is_some());
    }

    #[test]
    fn requests_that_are_no_json_do_no_harm() {
        let call =
            read(&format!(r#"{CALL},"request":{{"a":NaN}},"request_raw":"{{\"a\":NaN}}","status":200,"body":{{}}}}"#));
        assert_eq!(call.request.body, r#"{"a":NaN}"#);
        assert!(super::call(1, b"{\"status\":200}").unwrap_err().contains("method"));
    }
}
