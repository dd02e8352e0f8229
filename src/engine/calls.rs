//! The calls of a case that reports show: few, short, and without secrets.

use crate::exchange::Exchange;
use crate::target::Redactor;
use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A call with its answer, as reports show it: secrets are taken out, and long bodies cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Call {
    /// The step, as in findings; steps of a fixture begin with its variable.
    pub step: String,
    /// The operation called.
    pub operation: String,
    /// From the beginning of the case until it was sent, in milliseconds.
    pub offset_ms: f64,
    /// Until the answer was there, in milliseconds.
    pub took_ms: f64,
    /// What was sent.
    pub request: CallRequest,
    /// What came.
    pub response: CallResponse,
}

/// What was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CallRequest {
    /// The HTTP method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Names and values, as sent.
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(flatten)]
    pub body: Body,
}

/// What came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CallResponse {
    /// The HTTP status.
    pub status: u16,
    /// Names and values, as received.
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(flatten)]
    pub body: Body,
}

/// A body as text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Body {
    /// The text, up to its first 4 KiB; bytes that are no text are replaced.
    pub body: String,
    /// The length in bytes, when the text was cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_from: Option<u64>,
}

/// So much of a body is shown.
const SHOWN: usize = 4 << 10;
/// So much of a body is held while its case goes on. More than is shown, since taking secrets out may shorten it.
const HELD: usize = 16 << 10;
/// So much is left away at the end of what was held, since a secret may have been cut through there.
const FRAYED: usize = 1 << 10;

/// Calls of a case while it goes on; the oldest that found nothing make way when there are too many.
#[derive(Debug)]
pub(super) struct Calls {
    held: Vec<Held>,
    most: usize,
    left_out: u64,
}

#[derive(Debug)]
struct Held {
    step: String,
    operation: String,
    offset: Duration,
    exchange: Exchange,
    lengths: (usize, usize),
    found: bool,
}

impl Calls {
    /// Holds at most so many calls.
    pub(super) fn new(most: usize) -> Self {
        Self { held: Vec::new(), most, left_out: 0 }
    }

    /// Holds a call. `found` says that a check of its answer did not hold.
    pub(super) fn hold(&mut self, step: &str, operation: &str, offset: Duration, exchange: Exchange, found: bool) {
        if self.held.len() >= self.most {
            self.left_out += 1;
            match self.held.iter().position(|held| !held.found) {
                Some(oldest) => drop(self.held.remove(oldest)),
                None => return,
            }
        }
        let mut exchange = exchange;
        let lengths = (exchange.request.body.len(), exchange.response.body.len());
        for body in [&mut exchange.request.body, &mut exchange.response.body] {
            if body.len() > HELD {
                // A copy, so that the rest is given back.
                *body = Bytes::copy_from_slice(&body[..HELD]);
            }
        }
        let (step, operation) = (step.to_owned(), operation.to_owned());
        self.held.push(Held { step, operation, offset, exchange, lengths, found });
    }

    /// The calls in the order in which they were sent, and how many are missing.
    pub(super) fn tell(mut self, redactor: &Redactor) -> (Vec<Call>, u64) {
        self.held.sort_by_key(|held| held.offset);
        (self.held.into_iter().map(|held| held.tell(redactor)).collect(), self.left_out)
    }
}

impl Held {
    fn tell(self, redactor: &Redactor) -> Call {
        let headers = |headers: &[(String, String)]| {
            let clean = |text: &str| redactor.redact(text).into_owned();
            headers.iter().map(|(name, value)| (clean(name), clean(value))).collect()
        };
        let (request, response) = (&self.exchange.request, &self.exchange.response);
        Call {
            offset_ms: super::case::milliseconds(self.offset),
            took_ms: super::case::milliseconds(self.exchange.took),
            request: CallRequest {
                method: redactor.redact(&request.method).into_owned(),
                path: redactor.redact(&request.path).into_owned(),
                headers: headers(&request.headers),
                body: text(&request.body, self.lengths.0, redactor),
            },
            response: CallResponse {
                status: response.status,
                headers: headers(&response.headers),
                body: text(&response.body, self.lengths.1, redactor),
            },
            step: self.step,
            operation: self.operation,
        }
    }
}

/// The body without secrets, cut to what is shown. `length` is that of the whole.
fn text(held: &[u8], length: usize, redactor: &Redactor) -> Body {
    let whole = String::from_utf8_lossy(held);
    let mut body = redactor.redact(&whole).into_owned();
    let sound = if held.len() < length { body.len().saturating_sub(FRAYED) } else { body.len() };
    let mut end = sound.min(if body.len() > SHOWN { SHOWN } else { body.len() });
    while !body.is_char_boundary(end) {
        end -= 1;
    }
    let cut = end < body.len();
    body.truncate(end);
    Body { body, cut_from: cut.then_some(length as u64) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{Request, Response};
    use crate::target::Secret;

    const TOKEN: &str = "root:hunter22";

    fn exchange(sent: &[u8], came: &[u8]) -> Exchange {
        let header = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        Exchange {
            request: Request {
                method: "POST".to_owned(),
                path: "/v2".to_owned(),
                headers: header("Authorization", "Bearer root:hunter22").into(),
                body: Bytes::copy_from_slice(sent),
            },
            response: Response {
                status: 200,
                headers: header("x-echo", "hunter22").into(),
                body: Bytes::copy_from_slice(came),
            },
            took: Duration::from_micros(1500),
        }
    }

    fn told(calls: Calls) -> (Vec<Call>, u64) {
        calls.tell(&Redactor::new(Some(&Secret::new(TOKEN)), []))
    }

    fn body_of(came: &str) -> Body {
        let mut calls = Calls::new(1);
        calls.hold("1", "a/b", Duration::ZERO, exchange(b"", came.as_bytes()), true);
        told(calls).0.remove(0).response.body
    }

    #[test]
    fn secrets_are_taken_out_everywhere() {
        let mut calls = Calls::new(5);
        calls.hold(
            "1",
            "users/create",
            Duration::ZERO,
            exchange(br#"{"password":"hunter22"}"#, b"root:hunter22"),
            false,
        );
        let text = serde_json::to_string(&told(calls).0).unwrap();
        assert!(!text.contains("hunter22") && text.contains("Bearer $MILVUS_TOKEN"), "{text}");
    }

    #[test]
    fn no_part_of_a_secret_is_left_where_a_body_is_cut() {
        for before in HELD - 20..HELD + 2 {
            let body = body_of(&format!("{}{TOKEN}{}", "x".repeat(before), "y".repeat(99)));
            assert!(!body.body.contains("root") && body.cut_from.is_some());
        }
        // What was replaced made the text so short that its cut end is near.
        let body = body_of(&format!("{}{}", TOKEN.repeat(HELD / TOKEN.len()), TOKEN));
        assert!(!body.body.contains("root"), "{}", &body.body[body.body.len() - 40..]);
    }

    #[test]
    fn a_short_body_is_whole_and_a_long_one_says_how_long_it_was() {
        assert_eq!(body_of("short"), Body { body: "short".to_owned(), cut_from: None });
        let long = body_of(&"é".repeat(HELD));
        assert_eq!((long.body.len(), long.cut_from), (SHOWN, Some(2 * HELD as u64)));
        assert_eq!(body_of(&"x".repeat(SHOWN + 1)).cut_from, Some(SHOWN as u64 + 1));
    }

    #[test]
    fn what_found_something_stays_when_there_is_too_much() {
        let mut calls = Calls::new(3);
        for (index, found) in [false, true, false, false, true, false].into_iter().enumerate() {
            let step = (index + 1).to_string();
            calls.hold(&step, "a/b", Duration::from_millis(index as u64), exchange(b"", b""), found);
        }
        let (calls, left_out) = told(calls);
        assert_eq!(calls.iter().map(|call| call.step.as_str()).collect::<Vec<_>>(), ["2", "5", "6"]);
        assert_eq!(left_out, 3);
    }
}
