//! Traffic as HAR 1.2, as browsers and proxies write it: one object, read entry by entry.

use super::read::{Ended, Unreadable};
use super::{Call, LeftOut};
use crate::base64;
use crate::exchange::Request;
use crate::replay::Trust;
use bytes::Bytes;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::io::BufRead;

#[derive(Deserialize)]
struct Entry {
    request: Sent,
    response: Answered,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Field>,
    post_data: Option<Content>,
}

#[derive(Deserialize)]
struct Answered {
    status: i64,
    #[serde(default)]
    headers: Vec<Field>,
    content: Content,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    value: String,
}

#[derive(Default, Deserialize)]
struct Content {
    text: Option<String>,
    encoding: Option<String>,
    size: Option<i64>,
}

impl Content {
    /// The bytes, where they are shown: a size without a text means that the recorder left it out.
    fn bytes(self) -> Option<Bytes> {
        match (self.text, self.encoding.as_deref()) {
            (Some(text), Some("base64")) => base64::decode(&text).ok().map(Bytes::from),
            (Some(text), _) => Some(Bytes::from(text)),
            (None, _) => (self.size == Some(0)).then(Bytes::new),
        }
    }
}

impl Entry {
    fn call(self, place: u64) -> Call {
        let fields = |fields: Vec<Field>| fields.into_iter().map(|field| (field.name, field.value));
        let status = u16::try_from(self.response.status).ok().filter(|status| *status > 0);
        let body = self.response.content.bytes();
        let left_out = match (status, &body) {
            (None, _) => Some(LeftOut::NoAnswer),
            (_, None) => Some(LeftOut::NoBody),
            _ => None,
        };
        Call {
            place,
            server: None,
            request: Request {
                method: self.request.method,
                path: path(&self.request.url).to_owned(),
                headers: fields(self.request.headers).collect(),
                body: self.request.post_data.and_then(Content::bytes).unwrap_or_default(),
            },
            status,
            headers: Some(fields(self.response.headers).collect()),
            body,
            trust: Trust::Full,
            left_out,
        }
    }
}

/// A URL without scheme and host.
fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("/", |at| &rest[at..])
}

pub(super) fn each<E>(input: impl BufRead, mut take: impl FnMut(Call) -> Result<(), E>) -> Result<(), Ended<E>> {
    let mut ended = None;
    let mut place = 0;
    let mut hand_over = |entry: Entry| {
        place += 1;
        take(entry.call(place)).map_err(|error| ended = Some(error)).is_ok()
    };
    let mut deserializer = serde_json::Deserializer::from_reader(input);
    let read = Within { key: "log", then: Within { key: "entries", then: Entries(&mut hand_over) } }
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end());
    match (ended, read) {
        (Some(error), _) => Err(Ended::Taken(error)),
        (None, Err(error)) if error.is_io() => Err(Ended::Unreadable(Unreadable::Io(error.into()))),
        (None, Err(error)) => Err(Ended::Unreadable(Unreadable::Har(error.to_string()))),
        (None, Ok(())) => Ok(()),
    }
}

/// What is under a key of an object, which has to be there; the other keys are read over.
struct Within<S> {
    key: &'static str,
    then: S,
}

impl<'de, S: DeserializeSeed<'de, Value = ()>> DeserializeSeed<'de> for Within<S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: DeserializeSeed<'de, Value = ()>> Visitor<'de> for Within<S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with the key `{}`", self.key)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut then = Some(self.then);
        while let Some(key) = map.next_key::<String>()? {
            match then.take_if(|_| key == self.key) {
                Some(then) => map.next_value_seed(then)?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if then.is_some() { Err(A::Error::missing_field(self.key)) } else { Ok(()) }
    }
}

/// The entries, handed over one by one until whoever takes them has enough.
struct Entries<'f>(&'f mut dyn FnMut(Entry) -> bool);

impl<'de> DeserializeSeed<'de> for Entries<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(entry) = entries.next_element::<Entry>()? {
            if !(self.0)(entry) {
                return Err(A::Error::custom("enough was read"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(entry: &Value) -> Call {
        let har = json!({"log": {"creator": {"name": "x"}, "entries": [entry], "pages": []}}).to_string();
        let mut calls = Vec::new();
        assert!(
            each(har.as_bytes(), |call| -> Result<(), ()> {
                calls.push(call);
                Ok(())
            })
            .is_ok()
        );
        calls.remove(0)
    }

    fn entry(status: i64, content: &Value) -> Value {
        json!({
            "startedDateTime": "2026-01-01T00:00:00Z",
            "request": {
                "method": "POST", "url": "https://in01.example.com:19530/v2/vectordb/collections/has?a=b",
                "headers": [{"name": "Content-Type", "value": "application/json"}],
                "postData": {"mimeType": "application/json", "text": "{\"collectionName\":\"books\"}"},
            },
            "response": {"status": status, "headers": [{"name": "Content-Type", "value": "text/html"}], "content": content},
        })
    }

    #[test]
    fn an_entry_is_a_call() {
        let call = read(&entry(200, &json!({"size": 10, "text": "{\"code\":0}"})));
        assert_eq!(call.request.path, "/v2/vectordb/collections/has?a=b");
        assert_eq!(call.request.body, r#"{"collectionName":"books"}"#);
        assert_eq!((call.status, call.left_out), (Some(200), None));
        assert_eq!(call.body.as_deref(), Some(&b"{\"code\":0}"[..]));
        let encoded = read(&entry(200, &json!({"size": 2, "text": "e30=", "encoding": "base64"})));
        assert_eq!(encoded.body.as_deref(), Some(&b"{}"[..]));
    }

    #[test]
    fn what_a_recorder_left_out_is_not_judged() {
        assert_eq!(read(&entry(0, &json!({"size": 0}))).left_out, Some(LeftOut::NoAnswer));
        assert_eq!(read(&entry(200, &json!({"size": 17}))).left_out, Some(LeftOut::NoBody));
        assert_eq!(read(&entry(200, &json!({}))).left_out, Some(LeftOut::NoBody));
        assert_eq!(read(&entry(204, &json!({"size": 0}))).left_out, None);
    }
}
