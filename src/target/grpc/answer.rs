//! Answers in the envelope of HTTP, so that whoever judges them need not know how they came.

use super::call::Stop;
use crate::exchange::Response;
use crate::target::SendError;
use bytes::Bytes;
use serde_json::{Map, Value, json};

/// What stands in a successful answer beside its code.
#[derive(Debug)]
pub(super) struct Answer(Map<String, Value>);

impl Answer {
    /// An answer with data.
    pub(super) fn data(data: impl Into<Value>) -> Self {
        let mut body = Map::new();
        body.insert("data".to_owned(), data.into());
        Self(body)
    }

    /// The answer of a call that only does something.
    pub(super) fn done() -> Self {
        Self::data(Map::new())
    }

    /// The same with another key beside the data.
    pub(super) fn and(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }
}

/// The response that a server would have sent over HTTP.
pub(super) fn response(outcome: Result<Answer, Stop>) -> Result<Response, SendError> {
    let body = match outcome {
        Ok(Answer(mut body)) => {
            body.insert("code".to_owned(), 0.into());
            Value::Object(body)
        }
        Err(Stop::Failure { code, message }) => json!({"code": code, "message": message}),
        Err(Stop::None(error)) => return Err(error),
    };
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    Ok(Response { status: 200, headers: headers.into(), body: Bytes::from(body.to_string()) })
}
