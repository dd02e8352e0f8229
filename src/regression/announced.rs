//! What the contracts of two profiles say will differ.

use super::Kind;
use serde_json::Value;
use std::fmt;

/// A difference between two contracts that answers may show.
#[derive(Clone, Debug, PartialEq)]
pub enum Announced {
    /// The operation is new or gone.
    Operation {
        /// Its name.
        operation: String,
        /// What became of it.
        kind: Kind,
    },
    /// A property of requests.
    Request {
        /// The operation.
        operation: String,
        /// JSON pointer to it; positions in lists are written as `*`.
        at: String,
        /// What became of it.
        kind: Kind,
    },
    /// A property of answers.
    Answer {
        /// The operation.
        operation: String,
        /// JSON pointer to it; positions in lists are written as `*`.
        at: String,
        /// What became of it.
        kind: Kind,
    },
    /// A failure with its codes.
    Failure {
        /// The operation.
        operation: String,
        /// The failure's id.
        failure: String,
        /// Its codes before; none when it did not come.
        before: Vec<i64>,
        /// Its codes now.
        after: Vec<i64>,
    },
    /// A number that the server keeps to.
    Limit {
        /// Its name.
        name: String,
        /// What it was.
        before: Value,
        /// What it is.
        after: Value,
    },
}

/// An answer on both sides, as far as an announcement looks at it.
pub(super) struct Seen<'a> {
    pub(super) operation: &'a str,
    /// The request's body.
    pub(super) request: Option<&'a Value>,
    /// The codes of both answers.
    pub(super) codes: [Option<i64>; 2],
    /// The messages of both answers.
    pub(super) messages: [&'a str; 2],
}

impl Announced {
    /// Whether it says that a value of a body differs in this way.
    pub(super) fn covers_value(&self, operation: &str, at: &str, kind: Kind) -> bool {
        match self {
            Announced::Operation { operation: name, .. } => name == operation,
            Announced::Answer { operation: name, at: known, kind: its } => {
                let same = known == at && (*its == kind || *its == Kind::Changed);
                // A property comes and goes with all that is in it, and with what it is in.
                let around =
                    |outer: &str, inner: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'));
                name == operation
                    && (same || *its == kind && kind != Kind::Changed && (around(known, at) || around(at, known)))
            }
            Announced::Request { .. } | Announced::Failure { .. } | Announced::Limit { .. } => false,
        }
    }

    /// Whether it says that an answer has another code, another message or another outcome.
    pub(super) fn covers_outcome(&self, seen: &Seen<'_>) -> bool {
        match self {
            Announced::Operation { operation, .. } => operation == seen.operation,
            Announced::Request { operation, at, kind } => {
                let sent = seen.request.is_some_and(|request| has(request, at));
                let flips = (seen.codes[0] == Some(0)) != (seen.codes[1] == Some(0));
                // What is no longer needed, or newly demanded, is missing; all else is there.
                operation == seen.operation && flips && (sent || *kind == Kind::Changed && leads_to(seen.request, at))
            }
            Announced::Failure { operation, before, after, .. } => {
                let [old, new] = seen.codes;
                operation == seen.operation
                    && old != new
                    && match (before.is_empty(), after.is_empty()) {
                        (false, false) => {
                            old.is_some_and(|code| before.contains(&code))
                                && new.is_some_and(|code| after.contains(&code))
                        }
                        (true, _) => new.is_some_and(|code| after.contains(&code)),
                        (false, true) => old.is_some_and(|code| before.contains(&code)),
                    }
            }
            Announced::Limit { before, after, .. } => {
                let [old, new] = seen.messages;
                names(old, before) && names(new, after) && !names(old, after)
            }
            Announced::Answer { .. } => false,
        }
    }
}

/// Whether a body has something at a pointer in which `*` stands for any position.
fn has(value: &Value, pointer: &str) -> bool {
    let Some(rest) = pointer.strip_prefix('/') else { return true };
    let (key, rest) = rest.split_once('/').map_or((rest, ""), |(key, _)| (key, &rest[key.len()..]));
    match value {
        Value::Array(items) if key == "*" => items.iter().any(|item| has(item, rest)),
        Value::Object(members) => {
            let key = key.replace("~1", "/").replace("~0", "~");
            members.get(&key).is_some_and(|member| has(member, rest))
        }
        _ => false,
    }
}

/// Whether a body has what a pointer's last step is taken from.
fn leads_to(value: Option<&Value>, pointer: &str) -> bool {
    let above = pointer.rsplit_once('/').map_or("", |(above, _)| above);
    value.is_some_and(|value| has(value, above))
}

/// Whether a message names a number.
fn names(message: &str, number: &Value) -> bool {
    let number = number.to_string();
    message.split(|next: char| !next.is_ascii_digit()).any(|word| word == number)
}

impl fmt::Display for Announced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let became = |kind: &Kind| match kind {
            Kind::Appeared => "is new",
            Kind::Disappeared => "is gone",
            Kind::Changed => "is another",
        };
        match self {
            Announced::Operation { operation, kind } => write!(f, "the operation {operation} {}", became(kind)),
            Announced::Request { at, kind, .. } => write!(f, "in requests, {at} {}", became(kind)),
            Announced::Answer { at, kind, .. } => write!(f, "in answers, {at} {}", became(kind)),
            Announced::Failure { failure, before, after, .. } => {
                let codes = |codes: &[i64]| match codes {
                    [] => "nothing".to_owned(),
                    codes => codes.iter().map(i64::to_string).collect::<Vec<_>>().join(" or "),
                };
                write!(f, "the failure {failure} has {} instead of {}", codes(after), codes(before))
            }
            Announced::Limit { name, before, after } => write!(f, "the limit {name} is {after} instead of {before}"),
        }
    }
}
